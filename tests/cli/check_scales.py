#!/usr/bin/python3
"""Every axis of every dataset has a scale that is in the dataset's own group, under the axis' name and of its length.
That is what netCDF and xarray read a file by. Usage: check_scales.py RESULTS.h5"""
import sys

import h5py


def check(file, name, dataset):
    group = file[name].parent
    scales = [dimension.keys() for dimension in dataset.dims]
    if h5py.h5ds.is_scale(dataset.id):
        assert dataset.ndim == 1 and not any(scales), f"{name} is a scale and has one"
        assert dataset.dims[0].label == name.rsplit("/", 1)[-1], f"{name} names its axis {dataset.dims[0].label}"
        return 0
    for dimension, keys in zip(dataset.dims, scales):
        assert len(keys) == 1, f"{name}: axis {dimension.label} has {len(keys)} scales"
        assert dimension.label in group, f"{name}: there is no {dimension.label} beside it"
        assert dimension[0] == group[dimension.label], f"{name}: {dimension.label} beside it is another"
    assert [len(dimension[0]) for dimension in dataset.dims] == list(dataset.shape), f"{name}: scales of other lengths"
    return 1


with h5py.File(sys.argv[1], "r") as f:
    names = []

    def collect(group):
        for key, item in group.items():
            if isinstance(item, h5py.Group):
                collect(item)
            else:
                names.append(f"{group.name.rstrip('/')}/{key}")

    collect(f)
    n_checked = sum(check(f, name, f[name]) for name in names)
    print(f"{n_checked} datasets have all their scales, of {len(names)}")
