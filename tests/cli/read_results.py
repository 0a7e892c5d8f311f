#!/usr/bin/python3
"""Reads results/quickstart.h5 with h5py and numpy alone; the README shows this code, and a test pastes it from there."""
import h5py
import numpy as np

with h5py.File("results/quickstart.h5", "r") as f:
    sets = f["set"].asstr()[:]                        # "clean", "2.1", "2.1+3.0", ...
    ablations = f["sets/intervention_name"].asstr()[:]
    ablation = f["sets/intervention"][:]              # row of its name, -1 for the clean model
    order = f["sets/order"][:]                        # heads in the set
    print(len(sets), "sets:", ", ".join(sets[:4]), "... under", ", ".join(ablations))

    for task, group in f["results"].items():
        axes = [dimension.label for dimension in group["values"].dims]
        print(f"{task}: {dict(zip(axes, group['values'].shape))}")
        values = group["values"][:].astype(float)     # NaN where it is not computed yet, or not finite
        done = (group["commit"][:] != 0).all(axis=1)  # every cell of the set is written
        metrics, units = group["metric"].asstr()[:], group["metric"].attrs["unit"].astype(str)
        for m, per in enumerate(group["metric"].attrs["per"]):
            if per == -1:                             # the mean over the examples
                summary = values[:, :, m].mean(axis=1)
            elif per >= 0:                            # such as nats by token: a ratio of sums
                total = values[:, :, per].sum(axis=1)
                summary = values[:, :, m].sum(axis=1) / np.where(total != 0, total, np.nan)
            else:                                     # F1 is not a mean of examples: see /ranking
                print(f"  {metrics[m]}: in ranking/{task}/mean")
                continue
            delta = summary - summary[0]              # set 0 is the clean model
            for s in np.flatnonzero(done & (order == 1) & np.isfinite(delta)):
                print(f"  {sets[s]:>6} {ablations[ablation[s]]:<8} {metrics[m]} {delta[s]:+.4f} {units[m]}")

    print("finished" if f["ranking/commit"][0] else "not ranked yet")
