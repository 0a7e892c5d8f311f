#!/bin/bash
# The main job on the embedded model: installs what is missing, builds, sweeps all heads and all pairs of the model in
# configs/quickstart with 2 ranks, and prints the ranking. Arguments are passed on to `headsweep run`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=jobs/prepare.sh
source jobs/prepare.sh

prepare_packages "${HEADSWEEP_BUILD_PACKAGES[@]}"
prepare_build build -DHEADSWEEP_TESTS=OFF
prepare_mpi
mpirun -n "${HEADSWEEP_RANKS:-2}" build/headsweep run configs/quickstart/quickstart.cfg "$@"
[ $# -gt 0 ] || echo "
build/headsweep report results/quickstart.h5 makes a page of it: results/quickstart.html"
