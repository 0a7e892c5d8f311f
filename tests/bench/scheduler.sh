#!/bin/bash
# How busy a sweep keeps its ranks, in virtual time: the table of the README's chapter At scale, in Markdown.
#
#   usage: scheduler.sh [RANKS...]     default 64 1000 4000 10000; about a minute, and no room on the disk
#
# Every cell is the share of the ranks' time in which they compute, of `headsweep bench scheduler --simulate`: groups,
# their counted costs and the scheduler are those of a run; a rank does 50 GFLOP/s; rank 0 computes too and answers
# after one matrix product. Prompts are 300 of 64 random tokens whose last position is scored; checkpoints are holes.
#
# HEADSWEEP_PROGRAM names the program (default headsweep).
set -euo pipefail

program=${HEADSWEEP_PROGRAM:-headsweep}
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
ranks=("${@:-}")
[ -n "${ranks[0]}" ] || ranks=(64 1000 4000 10000)

prompts=(--prompts 300 --tokens 64)
xl=(--layers 48 --heads 25 --width 1600)
narrow=(--family llama --layers 32 --heads 32 --width 128 --mlp 256 --vocabulary 512)
llama=(--family llama --layers 32 --heads 32 --kv-heads 8 --width 4096 --mlp 14336 --vocabulary 128256)

# simulate RANKS OPTION...: key = value lines
simulate() {
    local n=$1
    shift
    "$program" bench scheduler --simulate --ranks "$n" "$@" 2>/dev/null
}

# row NAME OPTION...
row() {
    local name=$1 n figures shares=""
    shift
    for n in "${ranks[@]}"; do
        figures=$(simulate "$n" "$@")
        shares+=$(awk '$1 == "virtual_efficiency" { printf " %.0f%% |", 100 * $3 }' <<<"$figures")
    done
    awk -v name="$name" -v shares="$shares" '{ figure[$1] = $3 } END {
        printf "| %s | %d | %d | %.0f |%s\n", name, figure["virtual_sets"], figure["virtual_groups"],
            figure["virtual_flops"] / 50e9, shares }' <<<"$figures"
}

printf '| sweep | sets | groups | core-seconds |%s\n' "$(printf ' %s ranks |' "${ranks[@]}")"
printf '|---|---|---|---|%s\n' "$(printf '%.0s---|' "${ranks[@]}")"
row "the quickstart" --experiment "$source/configs/quickstart/quickstart.cfg"
row "GPT-2 small, single heads" "${prompts[@]}" --order 1
row "GPT-2 small, all pairs" "${prompts[@]}"
row "32 x 32 heads of 4 dimensions, all pairs" "${prompts[@]}" "${narrow[@]}"
row "GPT-2 XL, all pairs" "${prompts[@]}" "${xl[@]}"
row "Llama 3 8B, all pairs" "${prompts[@]}" "${llama[@]}"
