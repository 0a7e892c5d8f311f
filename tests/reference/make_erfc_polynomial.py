#!/usr/bin/env python3
"""The coefficients in src/engine/activation_loops.h of log(erfc(t)) = t P(t), 0 <= t <= 5.5.

A weighted least-squares fit (numpy, scipy), reweighted towards the smallest largest error of erfc(t), with a floor of
the weights that keeps the tail's relative error small. Prints the coefficients, the constant first, and both errors.
"""
import argparse

import numpy as np
from scipy.special import erfc, log_ndtr

LIMIT, FLOOR, ROUNDS = 5.5, 1e-4, 200


def fit(n_coefficients):
    t = (1 - np.cos(np.linspace(0, np.pi, 20001))) / 2 * LIMIT
    expected = np.log(2) + log_ndtr(-np.sqrt(2) * t)
    powers = np.stack([t ** (k + 1) for k in range(n_coefficients)], axis=1)
    weights = wanted = erfc(t) + FLOOR
    for _ in range(ROUNDS):
        found = np.linalg.lstsq(powers * weights[:, None], expected * weights, rcond=None)[0]
        errors = np.abs(powers @ found - expected) * wanted
        weights = weights * (0.2 + errors / errors.max()) ** 0.1
    error = powers @ found - expected
    return found, np.abs(np.expm1(error) * erfc(t)).max(), np.abs(np.expm1(error)).max()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--coefficients", type=int, default=11)
    found, absolute, relative = fit(parser.parse_args().coefficients)
    for value in found:
        print(f"{value:.9g}f,")
    print(f"largest error: {absolute:.2g} absolute, {relative:.2g} relative")


if __name__ == "__main__":
    main()
