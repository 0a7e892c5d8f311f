#!/bin/bash
# Faults that a whole program meets: numbers that are not finite, two jobs on one file with and without HDF5's locks, weights
# that are cut, a clock that jumps. Bad files and folders are in test_bad_input.sh, kills in tests/crash.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
small=(--set tasks.toxicity.limit=10 --set tasks.accuracy.limit=10 --set "sweep.orders=[1]")

# Times 3e38 some heads leave single precision on some examples: those are marked, by both engines and any number of ranks.
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

# Two jobs on one file, started at the same moment: the lock is the run's own, so HDF5's may be off. The other one goes on until it
# is told to stop, and then nothing is lost.
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
fi
echo "faults: passed"
