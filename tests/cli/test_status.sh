#!/bin/bash
# What is seen of a sweep from outside: status --watch beside a run, beside one that was killed and goes on, on a
# terminal and in a log; and rank on a file that is not finished.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
# The slower engine, so that there is something to watch.
slow=(--set run.engine=reference --set tasks.toxicity.limit=60 --set tasks.accuracy.limit=60)

cells_done() {
    "$program" status "$1" 2>/dev/null | sed -n 's/^cells_done = //p'
}

# wait_for PROCESS CONDITION...: until it holds; a process that ends before is a failure.
wait_for() {
    local process=$1
    shift
    until "$@"; do
        kill -0 "$process" 2>/dev/null || "$@" || fail "process $process ended before: $*"
        sleep 0.05
    done
}

has_cells() {
    local cells
    cells=$(cells_done "$1")
    [ "${cells:-0}" -ge "$2" ]
}

# check_log FILE: every line has the form of the manual, counts and phases never fall, percent agrees with the counts.
check_log() {
    awk '
        !/^status  [0-9]+\.[0-9]%  [0-9]+\/[0-9]+ cells(  [0-9.]+ cells\/s  [0-9d:. ]+ left)?  0 damaged  0 not finite  phase [0-9]+ of [0-9]+(  no new cell for [0-9d: ]+|  no run holds this file; run the same command again to continue|  statistics running)?(  finished)?$/ {
            print "line " NR ": " $0; exit 1 }
        { split($3, cells, "/"); split($0, parts, "phase "); phase = parts[2] + 0
          if (cells[1] < done || phase < last) { print "falls: " $0; exit 1 }
          if ($2 + 0 > 100 * cells[1] / cells[2] || $2 + 0.1001 < 100 * cells[1] / cells[2]) { print "percent: " $0; exit 1 }
          done = cells[1]; last = phase }' "$1" || fail "the log of a watch is wrong: $(cat "$1")"
}

# Beside a run of several phases: counts rise, and the watch ends by itself.
"$program" run --quiet "$quickstart" "${slow[@]}" --set "sweep.orders=[1]" --set pruning.curve=greedy --set pruning.max_heads=6 \
    --set pruning.candidates=8 --set analysis.resamples=200 --set output.results=live.h5 >run.out 2>run.err </dev/null &
run=$!
wait_for $run test -e live.h5
expect 0 "$program" status --watch 0.1 live.h5
wait $run || fail "the run that was watched: $(cat run.err)"
cp "$work/out" watch.log
check_log watch.log
[ "$(sed 's/.*  \([0-9]*\/[0-9]*\) cells.*/\1/' watch.log | sort -u | wc -l)" -gt 2 ] || fail "nothing rises: $(cat watch.log)"
grep -q ' cells/s  .* left ' watch.log || fail "no line has a rate: $(cat watch.log)"
tail -n 1 watch.log | grep -q '^status  100.0%  .*  phase 6 of 6  finished$' || fail "the last line: $(tail -n 1 watch.log)"
expect 0 "$program" status live.h5
says out "run = none"
total=$(sed -n 's/^cells_total = //p' "$work/out")
tail -n 1 watch.log | grep -qF "  $total/$total cells" || fail "status has $total cells, the watch: $(tail -n 1 watch.log)"

# A run that is killed: the file says whose it is, then that it is nobody's; the same command again goes on under the
# same watch.
again=(run --quiet "$quickstart" --set run.engine=reference --set tasks.toxicity.limit=8 --set tasks.accuracy.limit=8
    --set "sweep.orders=[1,2,3]" --set analysis.resamples=200 --set output.results=killed.h5)
"$program" "${again[@]}" >run.out 2>run.err </dev/null &
run=$!
wait_for $run test -e killed.h5
expect 3 "$program" status killed.h5
says out "run = process $run on host "
# One shard a task: with more than half of the cells some sets are complete.
total=$(sed -n 's/^cells_total = //p' "$work/out")
wait_for $run has_cells killed.h5 $((total * 6 / 10))
kill -9 $run
wait $run 2>/dev/null
expect 3 "$program" status killed.h5
says out "run = none"
cp killed.h5 part.h5
"$program" status --watch=0.1 killed.h5 >killed.log 2>killed.err </dev/null &
watch=$!
wait_for $watch grep -q "no run holds this file; run the same command again to continue" killed.log
expect 0 "$program" "${again[@]}"
wait $watch || fail "the watch of the run that went on: $(cat killed.log killed.err)"
check_log killed.log
tail -n 1 killed.log | grep -q '  finished$' || fail "the last line: $(tail -n 1 killed.log)"

# Ctrl-C ends a watch with the exit code of a file that is not finished.
"$program" status --watch 0.1 part.h5 >stopped.log 2>stopped.err </dev/null &
watch=$!
wait_for $watch test -s stopped.log
kill -INT $watch
code=0
wait $watch || code=$?
[ "$code" -eq 3 ] || fail "Ctrl-C ends a watch with exit code $code: $(cat stopped.log stopped.err)"

# The ranking of what there is says how much that is.
expect 0 "$program" rank part.h5 --by toxicity --top 3
says err "unfinished file"
complete=$(sed -n 's/^ *unfinished: \([0-9]*\) of 1393 sets are complete .*; only these are ranked$/\1/p' "$work/out")
((${complete:-0} > 0 && complete < 1393)) || fail "the table does not say how many sets are complete"

# Intervals are computed from as many resamples as are asked for, or left out; the estimates are the same.
expect 0 "$program" rank part.h5 --by toxicity --top 3 --resamples 0
says out "without intervals and tests"
! grep -v 'control:' "$work/out" | grep -q '\[[-+0-9.]*,' || fail "there are intervals from no resamples"
expect 0 "$program" rank part.h5 --by toxicity --top 3 --resamples 200 --format json
says out '"resamples": 200,'
expect 0 "$program" rank killed.h5 --by toxicity --top 1 --resamples 150
says out "(150 resamples)"
expect 2 "$program" rank part.h5 --resamples -1

# What would take one process hours is left out unless it is asked for: 1,393 sets, 100,000 resamples.
"$program" "${again[@]/=200/=100000}" --set output.results=many.h5 >run.out 2>run.err </dev/null &
run=$!
wait_for $run test -e many.h5
kill -9 $run
wait $run 2>/dev/null
expect 0 timeout 60 "$program" rank many.h5 --by toxicity --top 3
says err "without intervals: 100000 resamples of 1393 sets take one process long"
expect 0 "$program" rank many.h5 --by toxicity --top 3 --resamples 100
! grep -q "without intervals" "$work/out" "$work/err" || fail "resamples that were asked for are left out"

# A file whose every cell is there needs one look; wrong arguments need none.
expect 0 "$program" status --watch killed.h5
[ "$(wc -l <"$work/out")" -eq 1 ] || fail "a finished file is looked at more than once"
expect 5 "$program" status --watch missing.h5
says err "missing.h5"
for seconds in 0 1e9 often; do
    expect 2 "$program" status --watch=$seconds killed.h5
    says err "--watch $seconds: expected seconds from 0.1 to 86400"
done
expect 2 "$program" status --watch 2
says err "RESULTS.h5 is missing"

# On a terminal.
if ! script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    echo "SKIPPED in part: script(1) cannot make a terminal here"
else
    script -qec "'$program' status --watch 0.1 killed.h5" terminal.log >/dev/null </dev/null || fail "a watch on a terminal"
    # The bar of a run that goes on: the first task is done, so it tells of a finding from its first moment on.
    cp part.h5 bar.h5
    printf -v quoted '%q ' "$program" "${again[@]}" --set output.results=bar.h5
    script -qec "${quoted/--quiet /}" bar.log >/dev/null </dev/null || fail "a run on a terminal: $(cat bar.log)"
    expect 0 "$program" rank bar.h5 --by objective --order 1 --top 1 --format csv
    best=$(tr '\r' '\n' <bar.log | sed -n 's/^\[#* *\] [0-9]*\/1393 sets .*  best head \([0-9.]* [a-z]* [-+0-9.]*\) t.*/\1/p' | tail -n 1)
    [ -n "$best" ] || fail "the bar tells of no finding: $(cat bar.log)"
    awk -F, -v best="$best" '
        NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
        NR == 2 { split(best, part, " ")
                  difference = part[3] - $column["toxicity.contrast.delta"]
                  exit !(part[1] == $column["layer"] "." $column["head"] && part[2] == $column["ablation"] && difference ^ 2 < 0.006 ^ 2) }' \
        "$work/out" || fail "best head: $best"
    for text in '[########################################]  100.0%' 'cells       2786 of 2786' 'phase       1 of 1, enumerated' \
        'run         finished'; do
        grep -qF "$text" terminal.log || fail "the view lacks \"$text\": $(cat terminal.log)"
    done
fi
echo "status: passed"
