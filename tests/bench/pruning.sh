#!/bin/bash
# A greedy pruning curve through every head of a model with the shape of Llama-3-8B's heads and next to no width: what
# its table of sets costs, which grows with the square of the heads. key = value lines.
#
#   usage: pruning.sh [LAYERS [HEADS [RANKS]]]     32, 32 and 1 by default: 524,801 sets of up to 1,024 heads, 15
# minutes
#
#   planned_rank, planned_tables   MB that plan states for a rank, and of them for tables of sets and tasks
#   peak_rank                      MB resident at the peak of the largest rank
#   seconds                        of the run
#   file, file_sets                MB of the results file, and of its table of sets (names apart)
#   status, rank, report, again    MB resident at the peak of reading it, and of a run that finds it finished
#
# HEADSWEEP_PROGRAM and HEADSWEEP_MPIEXEC name the program and the launcher (default headsweep and mpirun).
set -euo pipefail

program=${HEADSWEEP_PROGRAM:-headsweep}
mpiexec=${HEADSWEEP_MPIEXEC:-mpirun}
layers=${1:-32}
heads=${2:-32}
ranks=${3:-1}
work=$(mktemp -d "${TMPDIR:-/tmp}/headsweep-pruning.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

"$program" bench --inputs inputs --layers "$layers" --heads "$heads" --width "$heads" --mlp 16 --vocabulary 64 --tokens 2
cd inputs
options=(--set 'sweep.orders=[1]' --set pruning.curve=greedy --set pruning.metric=prompts --set sweep.max_sets=2000000
    --set tasks.prompts.limit=1 --set analysis.resamples=200 --set analysis.permutations=1000)

# megabytes NAME COMMAND...: its peak
megabytes() {
    local name=$1
    shift
    /usr/bin/time -f "$name = %M" -o peak.txt "$@" >out.txt 2>err.txt || { cat err.txt >&2 && return 1; }
    awk '{ printf "%s = %.1f\n", $1, $3 * 1024 / 1e6 }' peak.txt
}

"$program" plan experiment.cfg "${options[@]}" >plan.txt 2>/dev/null
awk '$1 == "memory_bytes_per_rank" { printf "planned_rank = %.1f\n", $3 / 1e6 }
     $1 == "memory_tables_bytes" { printf "planned_tables = %.1f\n", $3 / 1e6 }' plan.txt
start=$SECONDS
"$mpiexec" -n "$ranks" "$program" run experiment.cfg "${options[@]}" >run.txt 2>&1 || { cat run.txt >&2 && exit 1; }
awk '$1 == "memory" { printf "peak_rank = %.1f\n", $2 * ($3 == "kB" ? 1e-3 : $3 == "GB" ? 1e3 : 1) }' run.txt
echo "seconds = $((SECONDS - start))"
awk -v bytes="$(stat -c %s results.h5)" 'BEGIN { printf "file = %.1f\n", bytes / 1e6 }'
awk '$1 == "later_sets_at_most" { later = $3 } $1 == "sets" { first = $3 }
     END { printf "file_sets = %.1f\n", (first + later) * (3 * 4 + 8 + 3 * 4 + 4) / 1e6 }' plan.txt
megabytes status "$program" status results.h5
megabytes rank "$program" rank results.h5
megabytes report "$program" report results.h5 -o report.html
megabytes again "$program" run experiment.cfg "${options[@]}"
