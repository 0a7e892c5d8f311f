#!/bin/bash
# kill -9 of a worker, of the coordinator, or of everything, at random moments of a sweep that is started again each time with
# another number of ranks, until it is finished: no done cell is lost, and the bytes equal an undisturbed run.
# HEADSWEEP_KILLS sets the number of kills (default 20).
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/../cli/library.sh"

kills=${HEADSWEEP_KILLS:-20}
RANDOM=${HEADSWEEP_SEED:-1}
options=(--set tasks.toxicity.limit=60 --set tasks.accuracy.limit=60 --set run.batch_rows=300)

expect 0 run_sweep 2 "$quickstart" "${options[@]}" --set output.results=whole.h5

cells_done() {
    "$HEADSWEEP_PROGRAM" status "$1" 2>/dev/null | sed -n 's/^cells_done = //p'
}

# The processes of a launcher: its descendants that run headsweep, lowest first (rank 0 is started first).
ranks_of() {
    pgrep -P "$1" | sort -n
}

n_killed=0
round=0
while [ "$n_killed" -lt "$kills" ]; do
    round=$((round + 1))
    file=crash$round.h5
    before=0
    while [ "$n_killed" -lt "$kills" ]; do
        ranks=$((RANDOM % 3 + 1))
        # The launcher in a process group of its own, so that "everything" can be killed at once.
        setsid "$HEADSWEEP_MPIEXEC" -n "$ranks" "$HEADSWEEP_PROGRAM" run --quiet "$quickstart" "${options[@]}" \
            --set "output.results=$file" >"$work/out" 2>"$work/err" </dev/null &
        launcher=$!
        sleep "0.$(printf '%03d' $((RANDOM % 900 + 50)))"
        mapfile -t children < <(ranks_of "$launcher")
        case $((RANDOM % 3)) in
        0) victims=("${children[@]:0:1}") ;;
        1) victims=("${children[@]: -1}") ;;
        *) victims=("$launcher" "${children[@]}") ;;
        esac
        [ ${#children[@]} -gt 0 ] || victims=("$launcher")
        kill -9 "${victims[@]}" 2>/dev/null && n_killed=$((n_killed + 1))
        wait "$launcher" 2>/dev/null
        code=$?
        for child in "${children[@]}"; do
            while [ -d "/proc/$child" ] && ! grep -q '^State:.*Z' "/proc/$child/status" 2>/dev/null; do sleep 0.02; done
        done
        if [ -e "$file" ]; then
            "$HEADSWEEP_PROGRAM" status "$file" >"$work/status" 2>&1
            state=$?
            [ "$state" -eq 0 ] || [ "$state" -eq 3 ] || fail "status gives $state after a kill: $(cat "$work/status")"
            grep -q '^cells_damaged = 0$' "$work/status" || fail "a done cell is damaged: $(cat "$work/status")"
            after=$(cells_done "$file")
            [ "$after" -ge "$before" ] || fail "$before cells were done before the run and $after after it"
            before=$after
        fi
        [ "$code" -ne 0 ] || break
    done
    expect 0 run_sweep 2 "$quickstart" "${options[@]}" --set "output.results=$file"
    same_results whole.h5 "$file"
    rm -f "$file"
done
echo "kill: $n_killed kills in $round sweeps, nothing lost"
