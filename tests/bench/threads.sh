#!/bin/bash
# What threads cost against ranks: the same sweep of a GPT-2-XL-wide model (2 layers, 25 heads, width 1600, random
# weights) on two ranks of one thread and on one rank of two. On two idle cores; by hand:
#     tests/bench/threads.sh [ROUNDS]        program: $HEADSWEEP, else build/headsweep
# Prints seconds of each and ranks_over_threads: above 1 where threads are faster; at least 0.9 is wanted.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=jobs/prepare.sh
source "$top/jobs/prepare.sh"
prepare_mpi
program=${HEADSWEEP:-$top/build/headsweep}
folder=$(mktemp -d "${TMPDIR:-/tmp}/headsweep-threads.XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
"$program" bench --inputs inputs --layers 2 --heads 25 --width 1600 --vocabulary 2000 --tokens 64 >/dev/null

# sweep RANKS THREADS: seconds of the sweep phase.
sweep() {
    local binding=()
    [ "$2" -eq 1 ] || binding=(--map-by "slot:PE=$2" --bind-to core)
    rm -f r.h5
    (
        [ "$2" -eq 1 ] || unset OMPI_MCA_hwloc_base_binding_policy
        mpirun -n "$1" "${binding[@]}" "$program" run inputs/experiment.cfg --set tasks.prompts.limit=4 --set 'sweep.heads=["0-1.0-5"]' \
            --set run.sets_per_group=16 --set analysis.resamples=100 --set run.threads_per_rank="$2" --set output.results=r.h5 2>&1 >/dev/null
    ) | sed -n 's/^sweep .* cells in .*(\([0-9.]*\) s).*/\1/p'
}

for ((round = 1; round <= ${1:-3}; round++)); do
    ranks=$(sweep 2 1)
    threads=$(sweep 1 2)
    awk -v r="$ranks" -v t="$threads" 'BEGIN { printf "seconds_2_ranks = %s\nseconds_2_threads = %s\nranks_over_threads = %.3f\n", r, t, r / t }'
done
