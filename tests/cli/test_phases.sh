#!/bin/bash
# Controls and pruning curves from end to end: what plan and run say, the same bits for 1 to 4 ranks, a sweep that is
# stopped or killed within and between its phases and goes on, rank --pruning in every format, and what is refused.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
echo "0.0 1.1 2.1 3.0" >sets.txt
# The slower engine, so that phases last long enough to be cut.
options=(--set tasks.toxicity.limit=60 --set tasks.accuracy.limit=60 --set run.engine=reference --set "sweep.orders=[1]"
    --set "sweep.sets_file=$work/sets.txt" --set pruning.curve=both --set pruning.candidates=4 --set pruning.max_heads=9
    --set controls.random_sets=5 --set analysis.resamples=200 --set analysis.permutations=640)

expect 0 "$program" plan "$quickstart" "${options[@]}"
says out "sets = 35"
says out "later_phases = 10"
says out "later_sets_at_most = $((8 + 8 * 4 + 5))"
predicted=$(sed -n 's/^results_file_bytes = \([0-9]*\).*/\1/p' "$work/out")

expect 0 "$program" run "$quickstart" "${options[@]}" --set output.results=one.h5
says err "then    importance, greedy, controls: up to 45 more sets in 10 phases"
says err "phase   1 of 11, enumerated: 35 sets"
says err "phase   2 of 11, importance: 8 sets"
says err "phase   11 of 11, controls: "
says out "control: "
size=$(stat -c %s one.h5)
difference=$((size > predicted ? size - predicted : predicted - size))
[ "$difference" -le $((size / 100 + 65536)) ] || fail "plan predicted $predicted bytes, the file has $size"
expect 0 "$program" status one.h5
says out "phases = 11"
says out "phases_chosen = 11"
sets=$(sed -n 's/^sets = //p' "$work/out")
[ "$sets" -gt 60 ] || fail "only $sets sets in all phases"

# The same bits for any number of ranks.
for ranks in 2 3 4; do
    expect 0 run_sweep $ranks "$quickstart" "${options[@]}" --set "output.results=ranks$ranks.h5"
    same_results one.h5 "ranks$ranks.h5"
done

# Again: nothing is chosen or computed anew.
cp one.h5 before.h5
expect 0 "$program" run "$quickstart" "${options[@]}" --set output.results=one.h5
says err "was finished already"
same_results one.h5 before.h5

is_alive() {
    [ -d "/proc/$1" ] && ! grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null
}

chosen_phases() {
    "$program" status "$1" 2>/dev/null | sed -n 's/^phases_chosen = //p'
}

# What a kill would leave at any moment: copies of the file while it is written, torn ones among them. One of each
# number of phases goes on, on another number of ranks, to the same bits.
"$program" run --quiet "$quickstart" "${options[@]}" --set output.results=live.h5 >"$work/out" 2>"$work/err" &
sweep=$!
n=0
while is_alive $sweep; do
    [ ! -e live.h5 ] || cp live.h5 "copy$((n++)).h5"
    sleep 0.005
done
wait $sweep || fail "the sweep that was copied"
n_between=0
last=0
for ((i = 0; i < n; i++)); do
    chosen=$(chosen_phases "copy$i.h5")
    if [ "${chosen:-0}" -gt "$last" ] && [ "$n_between" -lt 6 ]; then
        [ "$chosen" -eq 11 ] || expect 3 "$program" status "copy$i.h5"
        last=$chosen
        n_between=$((n_between + (chosen < 11)))
        expect 0 run_sweep $((i % 3 + 1)) "$quickstart" "${options[@]}" --set "output.results=copy$i.h5"
        same_results one.h5 "copy$i.h5"
    fi
    rm -f "copy$i.h5"
done
[ "$n_between" -gt 0 ] || fail "none of $n copies lacks a phase"

# And real kills, of everything at once.
for delay in 0.3 0.5 0.7; do
    setsid "$HEADSWEEP_MPIEXEC" -n 2 "$program" run --quiet "$quickstart" "${options[@]}" --set output.results=cut.h5 \
        >"$work/out" 2>"$work/err" </dev/null &
    launcher=$!
    sleep $delay
    mapfile -t ranks < <(pgrep -P $launcher)
    kill -9 $launcher "${ranks[@]}" 2>/dev/null
    wait $launcher 2>/dev/null
    for rank in "${ranks[@]}"; do
        while is_alive "$rank"; do sleep 0.02; done
    done
done
expect 0 run_sweep 3 "$quickstart" "${options[@]}" --set output.results=cut.h5
same_results one.h5 cut.h5

expect 0 "$program" rank one.h5 --pruning
says out "pruning by importance, zero ablation: the model keeps "
says out "pruning by greedy, zero ablation: the model keeps "
says out " of its accuracy.acc above chance (35.3%) without "
expect 0 "$program" rank one.h5 --pruning --format csv
[ "$(head -n 1 "$work/out")" = "method,ablation,removed,set,head,share_removed,kept,kept_low,kept_high,reduced,reduced_low,reduced_high,chance" ] ||
    fail "the CSV header is another"
[ "$(grep -c '^greedy,zero,' "$work/out")" -eq 10 ] || fail "the greedy curve has another number of points than 10"
expect 0 "$program" rank one.h5 --pruning --format json
python3 -c 'import json, sys; c = json.load(sys.stdin)["curves"]; assert [len(k["points"]) for k in c] == [10, 10]' \
    <"$work/out" 2>"$work/err" || fail "the JSON cannot be read or lacks points"
expect 0 "$program" rank one.h5 --pruning --format md
says out "| removed | share | head |"

# What cannot be chosen is refused before the sweep.
expect 2 "$program" run "$quickstart" "${options[@]}" --set pruning.metric=accuracy.f1 --set output.results=none.h5
says err '--set pruning.metric=accuracy.f1: pruning.metric: task "accuracy" has no metric "f1"; there are: acc, acc_norm'
expect 2 "$program" run "$quickstart" "${options[@]}" --set objective.reduce= --set objective.keep= --set output.results=none.h5
says err "state"
[ ! -e none.h5 ] || fail "a results file was made"
# Another curve is another experiment.
expect 6 "$program" run "$quickstart" "${options[@]}" --set pruning.curve=greedy --set output.results=one.h5
says err "pruning.curve"
expect 0 "$program" run "$quickstart" --set tasks.toxicity.limit=5 --set tasks.accuracy.limit=5 --set "sweep.orders=[1]" \
    --set output.results=plain.h5
expect 2 "$program" rank plain.h5 --pruning
says err "the file has no pruning curve"
echo "phases: passed; went on from $n_between numbers of phases"
