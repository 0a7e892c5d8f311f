#!/bin/bash
# run.memory_per_rank: what is too little is refused with a number that then suffices; the numbers do not depend on the
# ranks under it either; and plan's figure is near what a run takes. Memory is no timing: the tolerances hold on a
# machine that is busy.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
expect 0 "$program" bench --inputs inputs --layers 4 --heads 4 --width 256 --vocabulary 2000 --tokens 64
experiment=inputs/experiment.cfg

# sweep FILE RANKS OPTION...: pairs of two heads a layer, and what needs means and donors.
options=(--set "sweep.heads=[\"*.0-1\"]" --set "sweep.interventions=[\"zero\",\"mean\",\"resample\",\"uniform\"]"
    --set sweep.orders=[1,2])
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

# near RATIO LOW HIGH WHAT
near() {
    awk -v ratio="$1" -v low="$2" -v high="$3" 'BEGIN { exit !(ratio >= low && ratio <= high) }' || fail "$4: $1"
}

# Too little, and just enough.
expect 2 "$program" run $experiment "${options[@]}" --set run.memory_per_rank=1
least=$(sed -n 's/.*at least \([0-9]*\) is needed.*/\1/p' "$work/err")
[ "${least:-0}" -gt 1 ] || fail "the error does not say how much is needed"
expect 2 "$program" run $experiment "${options[@]}" --set run.memory_per_rank=$((least - 1))
says err "at least $least is needed"
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

# With a sanitizer a process is another size; else the prediction is near the truth, which the run says itself.
sweep full.h5 1
peak=$(sed -n 's/^memory  \([0-9.]*\) MB at the peak.*/\1/p' "$work/err")
if [ -z "$peak" ] || [ -n "$HEADSWEEP_LINK_FLAGS" ]; then
    echo "memory: the peak was not compared: not known, or a build with sanitizers"
else
    weights=$(planned weight_bytes_per_host)
    ratio=$(awk -v peak="$peak" -v planned=$((full + weights)) 'BEGIN { print peak * 1e6 / planned }')
    echo "memory: $peak MB at the peak, $ratio of what was planned"
    near "$ratio" 0.7 1.3 "peak over plan"
fi
echo "memory: passed"
