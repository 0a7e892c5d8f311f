#!/usr/bin/python3
"""Reads a results file with h5py and numpy alone; the README shows this code. Usage: read_results.py RESULTS.h5"""
import sys

import h5py
import numpy as np

with h5py.File(sys.argv[1], "r") as f:
    sets = f["set"].asstr()[:]                        # "clean", "2.1", "2.1+3.0", ...
    intervention = f["sets/intervention"][:]          # row of its name, -1 for the clean model
    interventions = f["sets/intervention_name"].asstr()[:]
    order = f["sets/order"][:]
    print(len(sets), "sets:", ", ".join(sets[:4]), "... under", ", ".join(interventions))

    for task in f["results"]:
        values = f["results"][task]["values"]         # [set, example, metric], NaN until computed
        metrics = f["results"][task]["metric"].asstr()[:]
        units = f["results"][task]["metric"].attrs["unit"].astype(str)
        axes = [dimension.label for dimension in values.dims]
        print(f"{task}: {dict(zip(axes, values.shape))}, metrics",
              ", ".join(f"{m} ({u})" for m, u in zip(metrics, units)))

        mean = values[:].astype(float).mean(axis=1)            # [set, metric]
        delta = mean - mean[0]                                  # set 0 is the clean model
        for s in np.flatnonzero(order == 1):
            print(f"  {sets[s]:>6} {interventions[intervention[s]]:<8}",
                  "  ".join(f"{m} {d:+.4f}" for m, d in zip(metrics, delta[s])))

    print("finished" if f["ranking/commit"][0] else "not ranked yet")
