#!/bin/bash
# What `headsweep plan` says of memory against what runs take, on random checkpoints: key = value lines, a case each.
#
#   usage: memory.sh [CASE...]     all cases by default, about 5 minutes and 750 MB of $TMPDIR
#
#   planned_rank    MB that plan states for a rank, weights apart
#   weights         MB of weights that the ranks share
#   peak_rank       MB resident at the peak of the largest rank, weights included
#   ratio           peak_rank / (planned_rank + weights): 0.85 to 1.15 is wanted
#   pss_all         MB that all ranks take together at the peak, shared pages counted once (2 ranks or more)
#   pss_ratio       pss_all / (weights + ranks * planned_rank): at most 1 is wanted
#
# HEADSWEEP_PROGRAM and HEADSWEEP_MPIEXEC name the program and the launcher (default headsweep and mpirun).
set -euo pipefail

program=${HEADSWEEP_PROGRAM:-headsweep}
mpiexec=${HEADSWEEP_MPIEXEC:-mpirun}
work=$(mktemp -d "${TMPDIR:-/tmp}/headsweep-memory.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

tiny=(--family llama --layers 5 --heads 8 --kv-heads 4 --width 64 --mlp 172 --vocabulary 512 --tokens 200)
small=(--tokens 64) # the shape of GPT-2 small: 498 MB in f32
singles=(--set 'sweep.orders=[1]' --set 'sweep.heads=["*.0"]')
pairs=(--set 'sweep.orders=[2]' --set 'sweep.heads=["*.0"]' --set sweep.max_sets=1000)
few_pairs=(--set 'sweep.orders=[2]' --set 'sweep.heads=["0-3.0"]' --set run.sets_per_group=2)
many_resamples=(--set 'sweep.orders=[1,2]' --set analysis.resamples=20000)
more_pairs=(--set 'sweep.orders=[2]' --set 'sweep.heads=["0-5.0"]' --set tasks.prompts.limit=8)

# inputs NAME OPTION...: a checkpoint is made when the first case needs it.
inputs() {
    local name=$1
    shift
    [ -d "$name" ] || "$program" bench --inputs "$name" "$@"
}

# megabytes of what plan printed under a key
planned() {
    awk -v key="$1" '$1 == key { printf "%.1f", $3 / 1e6 }' plan.txt
}

# megabytes that the run says its largest rank had at its peak
peaked() {
    awk '$1 == "memory" { print $2 * ($3 == "kB" ? 1e-3 : $3 == "GB" ? 1e3 : 1) }' run.txt
}

# The largest sum of Pss (MB) over the launcher's children, which are the ranks, until it ends.
watch() {
    local launcher=$1 most=0 sum pids
    while kill -0 "$launcher" 2>/dev/null; do
        read -r -a pids <<<"$(cat "/proc/$launcher/task/"*/children 2>/dev/null)"
        sum=$(cat "${pids[@]/%//smaps_rollup}" 2>/dev/null | awk '$1 == "Pss:" { sum += $2 } END { print sum + 0 }')
        most=$((sum > most ? sum : most))
        sleep 0.1
    done
    awk -v most="$most" 'BEGIN { print most * 1024 / 1e6 }'
}

# measure NAME INPUTS RANKS OPTION...
measure() {
    local name=$1 folder=$2 ranks=$3 rank_mb weights_mb peak pss
    shift 3
    cd "$work/$folder"
    "$program" plan experiment.cfg "$@" >plan.txt 2>/dev/null
    rank_mb=$(planned memory_bytes_per_rank)
    weights_mb=$(planned weight_bytes_per_host)
    rm -f results.h5
    "$mpiexec" -n "$ranks" "$program" run experiment.cfg "$@" >run.txt 2>&1 &
    local launcher=$!
    pss=$(cd /proc && watch $launcher)
    wait $launcher || { cat run.txt >&2 && return 1; }
    peak=$(peaked)
    awk -v name="$name" -v rank="$rank_mb" -v weights="$weights_mb" -v peak="$peak" -v pss="$pss" -v n="$ranks" 'BEGIN {
        printf "%s_planned_rank = %.1f\n%s_weights = %.1f\n", name, rank, name, weights
        printf "%s_peak_rank = %.1f\n%s_ratio = %.3f\n", name, peak, name, peak / (rank + weights)
        if (n > 1)
            printf "%s_pss_all = %.1f\n%s_pss_ratio = %.3f\n", name, pss, name, pss / (weights + n * rank)
    }'
    cd "$work"
}

tiny_singles() { inputs tiny "${tiny[@]}" && measure "$1" tiny 1 "${singles[@]}"; }
tiny_pairs() { inputs tiny "${tiny[@]}" && measure "$1" tiny 1 "${pairs[@]}"; }
tiny_ranks4() { inputs tiny "${tiny[@]}" && measure "$1" tiny 4 --set 'sweep.orders=[2]'; }
tiny_bounded() { inputs tiny "${tiny[@]}" && measure "$1" tiny 1 --set run.memory_per_rank=40 "${pairs[@]}"; }
tiny_statistics() { inputs tiny "${tiny[@]}" && measure "$1" tiny 1 "${many_resamples[@]}"; }
small_singles() { inputs small "${small[@]}" && measure "$1" small 1 "${singles[@]}"; }
small_pairs() { inputs small "${small[@]}" && measure "$1" small 1 "${few_pairs[@]}"; }
small_bounded() { inputs small "${small[@]}" && measure "$1" small 1 --set run.memory_per_rank=200 "${more_pairs[@]}"; }
small_ranks4() { inputs small "${small[@]}" && measure "$1" small 4 "${few_pairs[@]}"; }
bf16_pairs() { inputs bf16 "${small[@]}" --bf16 && measure "$1" bf16 1 "${few_pairs[@]}"; }
bf16_ranks4() { inputs bf16 "${small[@]}" --bf16 && measure "$1" bf16 4 "${few_pairs[@]}"; }

cases=(tiny_singles tiny_pairs tiny_ranks4 tiny_bounded tiny_statistics small_singles small_pairs small_bounded
    small_ranks4 bf16_pairs bf16_ranks4)
for case in "${@:-${cases[@]}}"; do
    [[ " ${cases[*]} " == *" $case "* ]] || { echo "there is no case $case: ${cases[*]}" >&2 && exit 2; }
    "$case" "$case"
done
