#!/bin/bash
# A results file that one rank alone cannot read or write, from any moment of a run on: all ranks end, with one
# message, and the same command goes on to the same bytes. HEADSWEEP_FAULTS: moments for each call and rank (6).
# Memory is tests/crash/test_memory_failures.c's.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

if [ -n "$HEADSWEEP_LINK_FLAGS" ]; then
    echo "SKIPPED: nothing can be preloaded before the sanitizers"
    exit 77
fi
program=$HEADSWEEP_PROGRAM
n_faults=${HEADSWEEP_FAULTS:-6}
# Each rank's share is fixed, and so is how often it calls.
experiment=("$quickstart" --set tasks.toxicity.limit=10 --set tasks.accuracy.limit=10 --set "sweep.orders=[1]" --set pruning.curve=both
    --set run.scheduler=static)
expect 0 run_sweep 2 "${experiment[@]}" --set output.results=whole.h5
# The loader splits its list at spaces: the program knows the library by a name without one.
cp "$HEADSWEEP_FAILING_CALLS" failing_calls.so || fail "the library of failing calls is not there"

# run_with_fault RANKS CALL RANK AFTER RESULTS: its exit code. A rank that waits for ever must end the test.
run_with_fault() {
    local code=0
    FAIL_CALL=$2 FAIL_RANK=$3 FAIL_AFTER=$4 FAIL_COUNT=$work/count timeout --kill-after 10 60 "$HEADSWEEP_MPIEXEC" -n "$1" \
        -x FAIL_CALL -x FAIL_RANK -x FAIL_AFTER -x FAIL_COUNT -x "LD_LIBRARY_PATH=$work${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" \
        -x LD_PRELOAD=failing_calls.so "$program" run --quiet "${experiment[@]}" --set output.results="$5" \
        >"$work/out" 2>"$work/err" </dev/null || code=$?
    return "$code"
}

# ended_in_good_order CALL EXIT_CODE: what the last run said of its end.
ended_in_good_order() {
    case $1-$2 in
    read-5 | read-6) ;; # 6: HDF5 takes zeros of what is its own, which Open MPI hands it, for damage
    write-5) says err "Disk quota exceeded" ;;
    *) fail "a failing $1 ends with exit code $2" ;;
    esac
    [ "$(grep -c "^headsweep: " "$work/err")" -eq 1 ] || fail "not one message"
}

for place in "1 write 0" "2 write 0" "2 write 1" "2 read 0" "2 read 1"; do
    read -r ranks call rank <<<"$place"
    run_with_fault "$ranks" "$call" "$rank" 1000000000 all.h5 || fail "a run without a fault fails"
    all=$(<count)
    [ "$all" -gt 25 ] || fail "rank $rank of $ranks has only $all calls of $call"
    echo "rank $rank of $ranks: $all calls of $call"
    rm all.h5 count
    # The last write is HDF5's own, of bytes that were written just before.
    last=$((all - 1))
    [ "$call" != write ] || last=$((all - 2))
    for ((i = 0; i < n_faults; i++)); do
        code=0
        run_with_fault "$ranks" "$call" "$rank" $((last * i / (n_faults - 1))) part.h5 || code=$?
        ended_in_good_order "$call" "$code"
        [ "$call-$i" != read-0 ] || says err "part.h5 cannot be read: Input/output error"
        [ ! -e part.h5 ] || "$program" status part.h5 >"$work/out" 2>"$work/err" || [ $? -eq 3 ] || fail "status fails after a fault"
        expect 0 run_sweep 2 "${experiment[@]}" --set output.results=part.h5
        same_results whole.h5 part.h5
        rm part.h5
    done
done
echo "one rank: passed"
