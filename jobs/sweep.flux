#!/bin/bash
# One sweep as a Flux job, from the project's top folder or, by its path, from any other:
#     flux batch -n 64 -t 4h jobs/sweep.flux my/experiment.cfg [headsweep run options]
# Flux sends SIGUSR1 ahead of the limit. A sweep that is not finished is submitted again with the same resources, at most
# HEADSWEEP_REQUEUES (20) times. MPI needs flux's PMI or PMIx (the plugin flux-pmix for Open MPI).
#flux: --job-name=headsweep
#flux: --time-limit=4h
#flux: --signal=USR1@3m
#flux: --output=headsweep-{{id}}.log
set -uo pipefail
# module load openmpi hdf5-parallel openblas

if [ $# -eq 0 ] || [ -z "${FLUX_URI:-}" ]; then
    echo "usage: flux batch -n RANKS jobs/sweep.flux EXPERIMENT.cfg [options]" >&2
    exit 2
fi
# Flux runs a copy of this script, which knows its own place no more.
home=${HEADSWEEP_HOME:-$PWD}
if [ ! -r "$home/jobs/launch.sh" ]; then
    echo "$home/jobs/launch.sh is not there: set HEADSWEEP_HOME to headsweep's folder" >&2
    exit 2
fi
# shellcheck source=jobs/launch.sh
source "$home/jobs/launch.sh"
launch_threads "$@" || exit
cores=$(flux resource list -n -s free,allocated -o '{ncores}' | awk '{ n += $1 } END { print n }')
ranks=$((cores / threads))
export HEADSWEEP_LAUNCHER="${HEADSWEEP_LAUNCHER:-flux run -n $ranks -c $threads -o cpu-affinity=per-task}"
launch_sweep "$ranks" "$@"
code=$?
starts=${HEADSWEEP_STARTS:-0}
if [ "$code" -eq 3 ] && [ "$gained" -le 0 ]; then
    echo "headsweep was stopped before it had a new cell: not submitted again; ask for more time" >&2
elif [ "$code" -eq 3 ] && [ "$starts" -lt "${HEADSWEEP_REQUEUES:-20}" ]; then
    echo "headsweep is not finished, with $gained more cells: submitted again (start $((starts + 1)))" >&2
    flux proxy "$(flux getattr parent-uri)" flux batch -n "$ranks" -c "$threads" \
        --env=HEADSWEEP_HOME="$home" --env=HEADSWEEP_STARTS=$((starts + 1)) "$home/jobs/sweep.flux" "$@"
fi
exit "$code"
