#!/bin/bash
# A quota that is reached at any write of a run: it ends with the reason and exit code 5, no rank waits for another, and the same
# command goes on once there is room. First every kind of write is refused in turn, then a real file system does it.
# What is mounted is seen by this script alone, and goes with it.
if [ -z "${HEADSWEEP_OWN_MOUNTS-}" ] && unshare --mount true 2>/dev/null; then
    HEADSWEEP_OWN_MOUNTS=1 exec unshare --mount "$BASH" "$0"
fi
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"
trap 'umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT

program=$HEADSWEEP_PROGRAM
# Each rank's share is fixed, and so is how often it writes.
small=(--set tasks.toxicity.limit=10 --set tasks.accuracy.limit=10 --set "sweep.orders=[1]" --set run.scheduler=static)
expect 0 run_sweep 2 "$quickstart" "${small[@]}" --set output.results=whole.h5

# ended_by_quota EXIT_CODE RESULTS: what the last command said of its end. Runs are given a minute each, which none needs: a rank
# that waits for ever must end the test.
ended_by_quota() {
    local code=$1 results=$2
    [ "$code" -eq 5 ] || fail "exit code $code instead of 5"
    says err "Disk quota exceeded"
    [ "$(grep -c "^headsweep: .*$results" "$work/err")" -eq 1 ] || fail "not one message with the file's name"
}

# ---- refused writes ---------------------------------------------------------------------------------------------------------

if [ -n "$HEADSWEEP_LINK_FLAGS" ]; then
    echo "SKIPPED in part: nothing can be preloaded before the sanitizers"
else
    cat >quota.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static long n_writes;

/* Counts writes to results files; QUOTA_WRITES of them succeed on the rank QUOTA_RANK, on others all do. */
static int refused(int file)
{
    char link[64], path[4096];
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 3 || memcmp(path + length - 3, ".h5", 3) != 0 || strcmp(rank ? rank : "0", getenv("QUOTA_RANK")) != 0)
        return 0;
    if (n_writes < atol(getenv("QUOTA_WRITES"))) {
        n_writes++;
        return 0;
    }
    errno = EDQUOT;
    return 1;
}

/* How many there were, where the process ends in good order. */
__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("QUOTA_COUNT");
    FILE *file = path && n_writes > 0 ? fopen(path, "w") : NULL;
    if (file) {
        fprintf(file, "%ld\n", n_writes);
        fclose(file);
    }
}

#define REFUSING(name, parameters, arguments)                      \
    ssize_t name parameters                                        \
    {                                                              \
        ssize_t(*real) parameters;                                 \
        if (refused(file))                                         \
            return -1;                                             \
        *(void **)&real = dlsym(RTLD_NEXT, #name);                 \
        return real arguments;                                     \
    }
REFUSING(write, (int file, const void *bytes, size_t n), (file, bytes, n))
REFUSING(pwrite, (int file, const void *bytes, size_t n, off_t at), (file, bytes, n, at))
REFUSING(pwrite64, (int file, const void *bytes, size_t n, off64_t at), (file, bytes, n, at))
REFUSING(pwritev, (int file, const struct iovec *parts, int n, off_t at), (file, parts, n, at))
REFUSING(pwritev64, (int file, const struct iovec *parts, int n, off64_t at), (file, parts, n, at))
C
    cc -shared -fPIC -o quota.so quota.c -ldl || fail "the quota does not compile"

    # run_with_quota RANKS REFUSED_RANK WRITES FILE: its exit code. The loader splits its list at spaces, so the library has no path.
    run_with_quota() {
        local code=0
        QUOTA_RANK=$2 QUOTA_WRITES=$3 QUOTA_COUNT=$work/count timeout 60 "$HEADSWEEP_MPIEXEC" -n "$1" -x QUOTA_RANK \
            -x QUOTA_WRITES -x QUOTA_COUNT -x "LD_LIBRARY_PATH=$work${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" -x LD_PRELOAD=quota.so \
            "$program" run --quiet "$quickstart" "${small[@]}" --set output.results="$4" >"$work/out" 2>"$work/err" </dev/null || code=$?
        return "$code"
    }

    # The first write of all, writes of the sweep, of the ranking and of closing; the last one is HDF5's own, after the same bytes.
    for place in "1 0" "2 0" "2 1"; do
        read -r ranks refused <<<"$place"
        run_with_quota "$ranks" "$refused" 1000000 "all-$ranks-$refused.h5" || fail "a quota that is not reached ends a run"
        all=$(<count)
        [ "$all" -gt 10 ] || fail "rank $refused of $ranks writes only $all times"
        for writes in 0 1 $((all / 4)) $((all / 2)) $((all - 3)) $((all - 2)); do
            results=$ranks-$refused-$writes.h5
            code=0
            run_with_quota "$ranks" "$refused" "$writes" "$results" || code=$?
            ended_by_quota "$code" "$results"
            "$program" status "$results" >"$work/out" 2>"$work/err" || [ $? -eq 3 ] || fail "status fails after a quota"
            says out "cells_damaged = 0"
            expect 0 run_sweep 2 "$quickstart" "${small[@]}" --set output.results="$results"
            same_results whole.h5 "$results"
        done
    done
fi

# ---- a file system with quotas ----------------------------------------------------------------------------------------------

# Btrfs copies what is rewritten, so a file that had room when it was created can meet the quota at every later write.
make_disk() {
    [ -n "${HEADSWEEP_OWN_MOUNTS-}" ] && command -v mkfs.btrfs && truncate --size 128M disk.img && mkfs.btrfs --quiet disk.img &&
        mkdir disk && mount -t btrfs -o loop,commit=300 disk.img disk && btrfs quota enable disk && btrfs subvolume create disk/mine
} >disk.log 2>&1

if ! make_disk; then
    echo "SKIPPED in part: no disk with quotas can be made here (root and btrfs-progs make one): $(tail -n 1 disk.log)"
else
    pairs=(--set "sweep.orders=[1,2]" --set output.results=disk/mine/pairs.h5)
    expect 0 run_sweep 2 "$quickstart" --set "sweep.orders=[1,2]" --set output.results=pairs.h5
    kilobytes=$(($(stat --format %s pairs.h5) / 1024))
    for ranks in 1 2; do
        btrfs qgroup limit $((kilobytes / 2))K disk/mine >>disk.log
        expect 5 timeout 60 "$HEADSWEEP_MPIEXEC" -n "$ranks" "$program" run --quiet "$quickstart" "${pairs[@]}"
        says err "no room for the results file"
        [ -z "$(ls disk/mine)" ] || fail "a refused file leaves something behind: $(ls disk/mine)"
        for percent in 125 175; do
            btrfs qgroup limit $((kilobytes * percent / 100))K disk/mine >>disk.log
            code=0
            timeout 60 "$HEADSWEEP_MPIEXEC" -n "$ranks" "$program" run --quiet "$quickstart" "${pairs[@]}" >"$work/out" 2>"$work/err" ||
                code=$?
            ended_by_quota "$code" disk/mine/pairs.h5
            btrfs qgroup limit none disk/mine >>disk.log
            expect 0 run_sweep 2 "$quickstart" "${pairs[@]}"
            same_results pairs.h5 disk/mine/pairs.h5
            rm disk/mine/pairs.h5
            sync --file-system disk/mine
        done
    done
fi
echo "quota: passed"
