#!/bin/bash
# xarray opens a results file with both of its engines for HDF5, every group and the tree of them, with labels on the
# axes.
# HEADSWEEP_PYTHON: a Python that has them; else Debian's, which need not.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

python=${HEADSWEEP_PYTHON:-/usr/bin/python3}
if ! "$python" -c 'import importlib.util as u, sys, xarray
sys.exit(0 if u.find_spec("h5netcdf") or u.find_spec("netCDF4") else 1)' 2>/dev/null; then
    echo "SKIPPED: $python has no xarray with h5netcdf or netCDF4 (pip install xarray h5netcdf netCDF4; HEADSWEEP_PYTHON)"
    exit 77
fi
expect 0 run_sweep 2 "$quickstart" --set tasks.toxicity.limit=20 --set tasks.accuracy.limit=20 \
    --set 'sweep.heads=["0.2-3"]' --set output.results=r.h5
expect 0 "$python" "$HEADSWEEP_SOURCE/tests/cli/read_xarray.py" r.h5
cat "$work/out"
echo "xarray: passed"
