#!/bin/bash
# Faults that a whole program meets: numbers that are not finite, two jobs on one file with and without HDF5's locks,
# weights that are cut, a clock that jumps, an address space that is limited, a library that never returns. Bad files
# and folders are in test_bad_input.sh, kills in tests/crash.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
small=(--set tasks.toxicity.limit=10 --set tasks.accuracy.limit=10 --set "sweep.orders=[1]")

# Times 3e38 some heads leave single precision on some examples: those are marked, by both engines and any number of
# ranks.
overflow=("${small[@]}" --set 'sweep.interventions=["zero","scale=3e38"]')
for engine in prefix reference; do
    expect 0 "$program" run "$quickstart" "${overflow[@]}" --set run.engine=$engine --set output.results=$engine-1.h5
    says err "warning: set 20, heads 0.3 (scale=3e+38): task toxicity, example 0 (line 1), row 13: not finite from layer 0 on"
    [ "$(grep -c "its metrics are stored as NaN" "$work/err")" -le 5 ] || fail "more than five places are told of"
    says err "values are not finite"
    says out "  not finite: 0.0 (scale=3e+38)"
    marked=$(sed -n 's/^warning: \([0-9]*\) values are not finite.*/\1/p' "$work/err")
    expect 0 "$program" status $engine-1.h5
    says out "finished = yes"
    says out "values_not_finite = $marked"
    for ranks in 2 3; do
        expect 0 run_sweep $ranks "$quickstart" "${overflow[@]}" --set run.engine=$engine \
            --set output.results=$engine-$ranks.h5
        says err "warning: $marked values are not finite"
        same_results $engine-1.h5 $engine-$ranks.h5
    done
    expect 0 "$program" rank $engine-1.h5 --by toxicity --format json --top 0
    says out '"not_finite_sets": [20, 22, 23]'
done
[ "$("$program" status prefix-1.h5 | grep values)" = "$("$program" status reference-1.h5 | grep values)" ] ||
    fail "the engines mark different numbers of values"

# Two jobs on one file, started at the same moment: the lock is the run's own, so HDF5's may be off. The other one
# goes on until it is told to stop, and then nothing is lost.
for locking in TRUE FALSE; do
    pids=()
    for job in 1 2; do
        HDF5_USE_FILE_LOCKING=$locking "$program" run "$quickstart" --set run.engine=reference --set "sweep.orders=[1,2,3]" \
            --set output.results=$locking.h5 >job-$job.out 2>job-$job.err </dev/null &
        pids+=($!)
    done
    code=0
    wait -n -p ended "${pids[@]}" || code=$?
    loser=1 winner=${pids[1]}
    [ "$ended" = "${pids[0]}" ] || { loser=2 winner=${pids[0]}; }
    [ "$code" -eq 6 ] || fail "of two jobs on one file the first to end has exit code $code: $(cat job-*.err)"
    grep -q "$locking.h5" job-$loser.err || fail "the refusal names no file: $(cat job-$loser.err)"
    until [ -e $locking.h5 ] || ! kill -0 "$winner" 2>/dev/null; do sleep 0.1; done
    sleep 1
    kill -USR1 "$winner"
    code=0
    wait "$winner" || code=$?
    [ "$code" -eq 3 ] || fail "the job that was not refused has exit code $code: $(cat job-*.err)"
    expect 3 "$program" status $locking.h5
    says out "cells_damaged = 0"
done

# Weights that are cut while they are in use: they are mapped, so nothing but a signal tells of it.
cp -r "$HEADSWEEP_SOURCE/configs/quickstart" copy
long=(copy/quickstart.cfg --set run.engine=reference --set "sweep.orders=[1,2]" --set output.results=cut.h5)
"$program" run --quiet "${long[@]}" >"$work/out" 2>"$work/err" </dev/null &
until [ -e cut.h5 ] || ! kill -0 $! 2>/dev/null; do sleep 0.1; done
truncate --size 4096 copy/model/model.safetensors
code=0
wait $! || code=$?
[ "$code" -eq 5 ] || fail "a run whose weights are cut has exit code $code"
says err "/copy/model/model.safetensors: its bytes cannot be read any more"
cp "$HEADSWEEP_SOURCE/configs/quickstart/model/model.safetensors" copy/model/
expect 0 run_sweep 2 "${long[@]}"
expect 0 run_sweep 2 "${long[@]}" --set output.results=whole.h5
same_results cut.h5 whole.h5

# A clock that jumps by hours, back and forth, at every look: it goes into the record of runs and nowhere else.
if [ -n "$HEADSWEEP_LINK_FLAGS" ]; then
    echo "SKIPPED in part: nothing can be preloaded before the sanitizers"
else
    cat >clock.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

static long jump(void)
{
    static unsigned n;
    static const long hours[] = {0, 5, -3, 48, -1000, 1};
    return 3600 * hours[__atomic_fetch_add(&n, 1, __ATOMIC_RELAXED) % 6];
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int (*real)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int code = real(clock, now);
    if (code == 0 && clock == CLOCK_REALTIME)
        now->tv_sec += jump();
    return code;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    int (*real)(struct timeval *, void *) = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
    int code = real(now, zone);
    now->tv_sec += jump();
    return code;
}

time_t time(time_t *out)
{
    struct timeval now;
    gettimeofday(&now, 0);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}
C
    cc -shared -fPIC -o "$work/clock.so" clock.c -ldl || fail "the clock does not compile"
    expect 0 run_sweep 2 "$quickstart" "${small[@]}" --set output.results=steady.h5
    # The loader splits its list at spaces: the program knows the library by a name without one.
    LD_LIBRARY_PATH=$work${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} LD_PRELOAD=clock.so \
        "$program" run --quiet "$quickstart" "${small[@]}" --set output.results=jumping.h5 >"$work/out" 2>"$work/err" ||
        fail "a clock that jumps ends a run"
    same_results steady.h5 jumping.h5
    expect 0 "$HEADSWEEP_MPIEXEC" -n 2 -x "LD_LIBRARY_PATH=$work" -x LD_PRELOAD=clock.so "$program" run --quiet "$quickstart" \
        "${small[@]}" --set output.results=jumping-2.h5
    same_results steady.h5 jumping-2.h5

    # A limited address space: OpenBLAS would ask for its buffers for ever. Done, or refused with the reason.
    limited() {
        bash -c 'ulimit "$1" "$2" && shift 2 && exec timeout -s KILL 60 "$@"' limited "$@"
    }
    run=("$program" run --quiet "$quickstart" "${small[@]}" --set output.results=limited.h5)
    for threads in "" 1 2; do
        export OPENBLAS_NUM_THREADS=$threads
        [ -n "$threads" ] || unset OPENBLAS_NUM_THREADS
        rm -f limited.h5
        for limit in "-v 160000" "-d 20000" "-d 100000"; do
            # shellcheck disable=SC2086  # two words
            expect 8 limited $limit "${run[@]}"
            says err "OpenBLAS needs"
            says err "of address space for the buffers of"
            says err "(ulimit ${limit% *} is "
            [ ! -e limited.h5 ] || fail "a run without memory has made a file"
            # What needs no product needs no room for one.
            # shellcheck disable=SC2086
            expect 0 limited $limit "$program" status steady.h5
        done
        [ "$threads" = 2 ] || expect 0 limited -v 550000 "${run[@]}"
        [ "$threads" = 2 ] || same_results steady.h5 limited.h5
    done
    export OPENBLAS_NUM_THREADS=1
    expect 8 limited -v 160000 "$program" plan "$quickstart" "${small[@]}"
    says err "OpenBLAS needs"

    # A product that never returns: SIGTERM ends the run all the same, after a while or when it comes again.
    cat >hang.c <<'C'
void cblas_sgemm(void);
void cblas_sgemm(void)
{
    for (volatile int forever = 1; forever != 0;) {
    }
}
C
    cc -shared -fPIC -o "$work/hang.so" hang.c || fail "the product does not compile"
    for again in yes no; do
        LD_LIBRARY_PATH=$work${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} LD_PRELOAD=hang.so "$program" run "$quickstart" \
            "${small[@]}" --set output.results=hang.h5 >"$work/out" 2>"$work/err" </dev/null &
        pid=$!
        # It spins when it has used some time of the processor.
        until [ "$(cut -d ' ' -f 14 /proc/$pid/stat)" -gt 100 ]; do sleep 0.2; done
        kill -TERM $pid
        sleep 3
        kill -0 $pid || fail "one SIGTERM kills a run at once"
        if [ $again = yes ]; then kill -TERM $pid; fi
        start=$SECONDS code=0
        wait $pid || code=$?
        [ $code -eq 143 ] || fail "a run that hangs has exit code $code after SIGTERM"
        [ $((SECONDS - start)) -le 30 ] || fail "a run that hangs takes $((SECONDS - start)) s to end"
        if [ $again = no ]; then says err "ended where it was, some time after SIGTERM"; fi
    done
fi
echo "faults: passed"
