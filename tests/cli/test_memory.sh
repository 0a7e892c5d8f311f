#!/bin/bash
# run.memory_per_rank: what is too little is refused with a number that then suffices, for the sweep and for the
# statistics after it; the numbers do not depend on the ranks under it either; and plan's figure is near what a run
# takes. Memory is not a timing: the tolerances hold on a machine that is busy.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
expect 0 "$program" bench --inputs inputs --layers 4 --heads 4 --width 256 --vocabulary 2000 --tokens 64
experiment=inputs/experiment.cfg

# sweep FILE RANKS OPTION...: pairs of two heads per layer, and what needs means and donors; statistics that need less
# than that.
options=(--set "sweep.heads=[\"*.0-1\"]" --set "sweep.interventions=[\"zero\",\"mean\",\"resample\",\"uniform\"]"
    --set sweep.orders=[1,2] --set analysis.resamples=200)
sweep() {
    local file=$1 ranks=$2
    shift 2
    expect 0 "$HEADSWEEP_MPIEXEC" -n "$ranks" "$program" run $experiment "${options[@]}" --set "output.results=$file" "$@"
}

planned() { # KEY OPTION...
    local key=$1
    shift
    expect 0 "$program" plan $experiment "${options[@]}" "$@"
    sed -n "s/^$key = \([0-9]*\).*/\1/p" "$work/out"
}

# near LOW HIGH WHAT OPTION...: the peak that the last run stated over what plan states. With a sanitizer a process is
# another size.
near() {
    local low=$1 high=$2 what=$3 peak ratio
    shift 3
    peak=$(sed -n 's/^memory  \([0-9.]*\) MB at the peak.*/\1/p' "$work/err")
    if [ -z "$peak" ] || [ -n "$HEADSWEEP_LINK_FLAGS" ]; then
        echo "memory: the peak of $what was not compared: not known, or a build with sanitizers"
        return
    fi
    ratio=$(awk -v peak="$peak" -v planned="$(planned memory_bytes_per_rank "$@")" \
        -v weights="$(planned weight_bytes_per_host)" 'BEGIN { print peak * 1e6 / (planned + weights) }')
    echo "memory: $peak MB at the peak of $what, $ratio of what was planned"
    awk -v ratio="$ratio" -v low="$low" -v high="$high" 'BEGIN { exit !(ratio >= low && ratio <= high) }' ||
        fail "$what: peak over plan is $ratio"
}

# refused WHAT OPTION...: 1 MiB less than the error says is refused too; sets `least`
refused() {
    local what=$1
    shift
    expect 2 "$program" run $experiment "${options[@]}" "$@"
    says err "too little for $what"
    least=$(sed -n 's/.*at least \([0-9]*\) is needed.*/\1/p' "$work/err")
    [ "${least:-0}" -gt 1 ] || fail "the error does not say how much is needed"
    expect 2 "$program" run $experiment "${options[@]}" "$@" --set run.memory_per_rank=$((least - 1))
    says err "at least $least is needed"
}

# Too little, and just enough. What does not fit is named.
expect 2 "$program" run $experiment "${options[@]}" --set run.memory_per_rank=1
says err "one set on line 1 of task prompts, 64 tokens"
refused "this model" --set run.memory_per_rank=1
[ "$(planned batch_rows --set "run.memory_per_rank=$least")" -lt 64 ] || fail "an example is not alone in its shard"
sweep least.h5 1 --set "run.memory_per_rank=$least"

# In between: smaller than without a bound, the same bits on 1 and 3 ranks, and another experiment than without it.
full=$(planned memory_bytes_per_rank)
bound=$(((least + full / 1048576) / 2))
[ "$bound" -gt "$least" ] || fail "there is nothing between $least MiB and $full bytes"
[ "$(planned memory_bytes_per_rank --set run.memory_per_rank=$bound)" -le $((bound * 1048576)) ] ||
    fail "plan states more than the bound"
sweep bound1.h5 1 --set run.memory_per_rank=$bound
sweep bound3.h5 3 --set run.memory_per_rank=$bound
same_results bound1.h5 bound3.h5
expect 6 "$program" run $experiment "${options[@]}" --set output.results=bound1.h5
says err "run.memory_per_rank"

sweep full.h5 1
near 0.7 1.3 "the sweep"

# Statistics that need more than the sweep: refused under its bound, though neither sizes nor experiment are others.
resamples="analysis.resamples=60000"
refused "the statistics" --set run.memory_per_rank=$bound --set $resamples
[ "$least" -gt $bound ] || fail "the statistics need no more than the sweep"
sweep statistics.h5 1 --set "run.memory_per_rank=$least" --set $resamples
near 0.85 1.15 "the statistics" --set "run.memory_per_rank=$least" --set $resamples
sweep bound1.h5 1 --set run.memory_per_rank=$bound --set analysis.resamples=300
says err "was finished already"
echo "memory: passed"
