#!/usr/bin/python3
"""Reads a results file of the quickstart's sweep with xarray, as the README shows. Usage: read_xarray.py RESULTS.h5"""
import importlib.util
import sys
import warnings

import numpy as np
import xarray

warnings.simplefilter("error")
path = sys.argv[1]
engines = {"h5netcdf": "h5netcdf", "netcdf4": "netCDF4"}
available = [engine for engine, module in engines.items() if importlib.util.find_spec(module)]


def check(condition, message):
    if not condition:
        sys.exit("FAILED: " + message)


def labels(dataset, name):
    """Fixed-length texts are bytes to h5netcdf."""
    return list(dataset[name].values.astype(str))


def read(engine):
    with xarray.open_dataset(path, engine=engine) as root:
        check(labels(root, "set")[0] == "clean", f"{engine}: the root has no names of sets")
    for group in ("sets", "ranking", "provenance", "reference"):
        with xarray.open_dataset(path, group=group, engine=engine) as dataset:
            check(len(dataset.variables) > 1, f"{engine}: /{group} is empty")
    with xarray.open_dataset(path, group="results/toxicity", engine=engine) as results:
        results = results.assign_coords(set=results["set"].astype(str), metric=results["metric"].astype(str))
        check(results["values"].dims == ("set", "example", "metric"), f"{engine}: axes {results['values'].dims}")
        check(int(results["example"][0]) == 1, f"{engine}: examples are not lines of the data file")
        pair = results.where(results["intervention"] == 0, drop=True)["values"].sel(set="0.2+0.3", metric="contrast")
        clean = results["values"].sel(set="clean", metric="contrast")
        delta = float((pair.astype(float) - clean.astype(float)).mean())
    with xarray.open_dataset(path, group="ranking/toxicity", engine=engine) as ranking:
        check(labels(ranking, "stability_field")[0] == "split_half", f"{engine}: stability has no names")
        ranking = ranking.assign_coords(set=ranking["set"].astype(str), metric=ranking["metric"].astype(str))
        stored = ranking.where(ranking["intervention"] == 0, drop=True)["delta"].sel(set="0.2+0.3", metric="contrast")
        check(abs(delta - float(stored)) < 1e-9, f"{engine}: delta {delta}, in the ranking {float(stored)}")
    with xarray.open_datatree(path, engine=engine) as tree:
        check(tree["results/toxicity"]["values"].dims == ("set", "example", "metric"), f"{engine}: the tree has other axes")
        check(bool(np.isfinite(tree["ranking/accuracy"]["mean"]).all()), f"{engine}: the tree lacks numbers")
    return delta


deltas = {engine: read(engine) for engine in available}
check(available and len(set(deltas.values())) == 1, f"engines {available} differ: {deltas}")
print("read with", ", ".join(available), "and without", ", ".join(sorted(set(engines) - set(available))) or "none")
