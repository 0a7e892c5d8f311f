#!/bin/bash
# kill -9 of a worker, of the coordinator, of mpirun, or of everything, at random moments of a sweep and right when
# its file is made, its first new cells are there or its ranking begins; it is started again each time with another
# number of ranks until it is finished: no done cell is lost, the file can always be read, and the bytes equal an
# undisturbed run. Every other sweep has all sets in one group, so that kills are in the middle of it: the cells of the
# sets that were finished stay.
# HEADSWEEP_KILLS sets the number of kills (default 40), HEADSWEEP_SEED the random numbers.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/../cli/library.sh"

kills=${HEADSWEEP_KILLS:-40}
RANDOM=${HEADSWEEP_SEED:-1}
small=(--set tasks.toxicity.limit=60 --set tasks.accuracy.limit=60 --set run.batch_rows=300 --set pruning.curve=both
    --set pruning.max_heads=5 --set pruning.candidates=4)
large=(--set run.batch_rows=300 --set run.sets_per_group=4096)
targets=(worker coordinator launcher everything)
moments=(any any creation cells ranking)
declare -A n_hit

expect 0 run_sweep 2 "$quickstart" "${small[@]}" --set output.results=small.h5
expect 0 run_sweep 2 "$quickstart" "${large[@]}" --set output.results=large.h5
expect 0 "$HEADSWEEP_PROGRAM" plan "$quickstart" "${large[@]}"
n_sets=$(sed -n 's/^sets = //p' "$work/out")

cells_done() {
    local n
    n=$("$HEADSWEEP_PROGRAM" status "$1" 2>/dev/null | sed -n 's/^cells_done = //p')
    echo "${n:-0}"
}

# The ranks of a launcher, rank 0 first (it is started first).
ranks_of() {
    pgrep -P "$1" | sort -n
}

is_alive() {
    [ -d "/proc/$1" ] && ! grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null
}

# await_moment MOMENT LAUNCHER FILE: returns when it has come, or when the launcher is gone.
await_moment() {
    case $1 in
    any) sleep "0.$(printf '%03d' $((RANDOM % 900 + 50)))" ;;
    creation) while is_alive "$2" && ! compgen -G "$3*" >/dev/null; do :; done ;;
    cells) while is_alive "$2" && [ "$(cells_done "$3")" -le "$before" ]; do :; done ;;
    ranking) while is_alive "$2" && ! grep -q '^sweep .* cells in' "$work/err"; do sleep 0.002; done ;;
    esac
}

# Open MPI 4.1's mpirun has been seen to wait for ever for a lock of PMIx in its own clean-up, its ranks long gone.
end_launcher() {
    for _ in $(seq 3000); do
        is_alive "$1" || break
        sleep 0.02
    done
    ! is_alive "$1" || { kill -9 "$1" && echo "kill: a launcher hung in its clean-up"; }
    wait "$1" 2>/dev/null
    code=$?
}

# strike TARGET LAUNCHER: false if nothing was left to kill. Waits until all that was killed is gone.
strike() {
    local target=$1 launcher=$2 ranks victims rank
    mapfile -t ranks < <(ranks_of "$launcher")
    case $target in
    coordinator) victims=("${ranks[@]:0:1}") ;;
    worker) victims=("${ranks[@]: -1}") ;;
    launcher) victims=("$launcher") ;;
    everything) victims=("$launcher" "${ranks[@]}") ;;
    esac
    [ ${#ranks[@]} -gt 0 ] || victims=("$launcher")
    kill -9 "${victims[@]}" 2>/dev/null
    local struck=$?
    for rank in "${ranks[@]}"; do
        while is_alive "$rank"; do sleep 0.02; done
    done
    end_launcher "$launcher"
    return "$struck"
}

# A file that is there can be read, and nothing that was done before is missing.
check_file() {
    local state after
    "$HEADSWEEP_PROGRAM" status "$1" >"$work/status" 2>&1
    state=$?
    [ "$state" -eq 0 ] || [ "$state" -eq 3 ] || fail "status gives $state after a kill: $(cat "$work/status")"
    grep -q '^cells_damaged = 0$' "$work/status" || fail "a done cell is damaged: $(cat "$work/status")"
    after=$(cells_done "$1")
    [ "$after" -ge "$before" ] || fail "$before cells were done before the run and $after after it"
    [ "$after" -eq "$before" ] || n_gained=$((n_gained + 1))
    [ "$groups" = small ] || [ $((after % n_sets)) -eq 0 ] || n_within=$((n_within + 1))
    before=$after
}

n_killed=0
n_sweeps=0
n_gained=0
n_within=0
while [ "$n_killed" -lt "$kills" ]; do
    n_sweeps=$((n_sweeps + 1))
    file=crash$n_sweeps.h5
    before=0
    groups=small
    [ $((n_sweeps % 2)) -eq 0 ] || groups=large
    declare -n options=$groups
    code=1
    while [ "$code" -ne 0 ] && [ "$n_killed" -lt "$kills" ]; do
        target=${targets[RANDOM % ${#targets[@]}]}
        moment=${moments[RANDOM % ${#moments[@]}]}
        # The launcher in a session of its own, so that nothing of this test's is hit.
        : >"$work/err"
        setsid "$HEADSWEEP_MPIEXEC" -n $((RANDOM % 3 + 1)) "$HEADSWEEP_PROGRAM" run "$quickstart" "${options[@]}" \
            --set "output.results=$file" >"$work/out" 2>"$work/err" </dev/null &
        launcher=$!
        await_moment "$moment" "$launcher" "$file"
        if strike "$target" "$launcher"; then
            n_killed=$((n_killed + 1))
            n_hit[$target,$moment]=$((${n_hit[$target,$moment]:-0} + 1))
        fi
        [ ! -e "$file" ] || check_file "$file"
    done
    expect 0 run_sweep 2 "$quickstart" "${options[@]}" --set "output.results=$file"
    same_results "$groups.h5" "$file"
    rm -f "$file"
done
# Some kills are on time; that none is would mean that cells wait for their groups.
[ "$kills" -lt 40 ] || [ "$n_within" -gt 0 ] || fail "no kill in the middle of a group left cells of it"
echo "kill: $n_killed kills in $n_sweeps sweeps, nothing lost; $n_gained starts had gained cells, $n_within in the middle of a group"
for hit in "${!n_hit[@]}"; do echo "  $hit ${n_hit[$hit]}"; done | sort
