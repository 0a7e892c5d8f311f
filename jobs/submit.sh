#!/bin/bash
# A sweep and, when it is finished, its report, as two SLURM jobs; prints their ids. From the project's top folder, or by its path from
# any other:
#     jobs/submit.sh [SBATCH OPTION]... EXPERIMENT.cfg [headsweep run options]
#     jobs/submit.sh --ntasks=64 --time=8:00:00 configs/my.cfg --set run.seed=3
# Options before the experiment go to the sweep's sbatch; write them as --name=value.
set -euo pipefail

options=()
while [ $# -gt 0 ] && [[ $1 == -* ]]; do
    options+=("$1")
    shift
done
if [ $# -eq 0 ]; then
    sed -n 's/^# \{0,1\}//; 2,6p' "$0" >&2
    exit 2
fi
[ -r "$1" ] || { echo "$1: there is no such experiment file" >&2 && exit 2; }

HEADSWEEP_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export HEADSWEEP_HOME
sweep=$(sbatch --parsable "${options[@]}" "$HEADSWEEP_HOME/jobs/sweep.sbatch" "$@")
report=$(sbatch --parsable --dependency="afterok:${sweep%%;*}" --kill-on-invalid-dep=yes \
    "$HEADSWEEP_HOME/jobs/report.sbatch" "$@")
echo "sweep  ${sweep%%;*}"
echo "report ${report%%;*}"
