#!/bin/bash
# A sweep on this machine without SLURM, the same way as in a job: starts again when a rank dies, ends in good order on
# SIGTERM or SIGUSR1. From the project's top folder, or by its path from any other:
#     jobs/local.sh EXPERIMENT.cfg [headsweep run options]
# HEADSWEEP_RANKS sets the number of ranks (default: as many as have a core for each of their threads).
set -uo pipefail
if [ $# -eq 0 ]; then
    echo "usage: jobs/local.sh EXPERIMENT.cfg [options]" >&2
    exit 2
fi
folder=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=jobs/prepare.sh
source "$folder/prepare.sh"
# shellcheck source=jobs/launch.sh
source "$folder/launch.sh"
prepare_mpi
launch_threads "$@" || exit
fitting=$(($(nproc) / threads))
launch_sweep "${HEADSWEEP_RANKS:-$((fitting > 0 ? fitting : 1))}" "$@"
