#!/bin/bash
# A file system with quotas. Btrfs copies what is rewritten, so a results file that had room when it was created can
# meet the quota at every later write: the run ends with the reason, no rank waits for another, and the same command
# goes on once there is room. What is mounted is seen by this script alone, and goes with it.
if [ -z "${HEADSWEEP_OWN_MOUNTS-}" ] && unshare --mount true 2>/dev/null; then
    HEADSWEEP_OWN_MOUNTS=1 exec unshare --mount "$BASH" "$0"
fi
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"
trap 'umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT

make_disk() {
    [ -n "${HEADSWEEP_OWN_MOUNTS-}" ] && command -v mkfs.btrfs && truncate --size 128M disk.img && mkfs.btrfs --quiet disk.img &&
        mkdir disk && mount -t btrfs -o loop,commit=300 disk.img disk && btrfs quota enable disk && btrfs subvolume create disk/mine
} >disk.log 2>&1

if ! make_disk; then
    echo "SKIPPED: no disk with quotas can be made here (root and btrfs-progs make one): $(tail -n 1 disk.log)"
    exit 77
fi

program=$HEADSWEEP_PROGRAM
pairs=("$quickstart" --set "sweep.orders=[1,2]" --set output.results=disk/mine/pairs.h5)
expect 0 run_sweep 2 "$quickstart" --set "sweep.orders=[1,2]" --set output.results=pairs.h5
kilobytes=$(($(stat --format %s pairs.h5) / 1024))

# run_with_quota RANKS PERCENT: with a quota of so much of the whole file. A rank that waits for ever must end the test.
run_with_quota() {
    btrfs qgroup limit $((kilobytes * $2 / 100))K disk/mine >>disk.log
    expect 5 timeout 60 "$HEADSWEEP_MPIEXEC" -n "$1" "$program" run --quiet "${pairs[@]}"
    says err "Disk quota exceeded"
    [ "$(grep -c "^headsweep: .*disk/mine/pairs.h5" "$work/err")" -eq 1 ] || fail "not one message with the file's name"
}

for ranks in 1 2; do
    run_with_quota $ranks 50
    says err "no room for the results file"
    [ -z "$(ls disk/mine)" ] || fail "a refused file leaves something behind: $(ls disk/mine)"
    for percent in 125 175; do
        run_with_quota $ranks $percent
        says err "run the same command again to continue"
        btrfs qgroup limit none disk/mine >>disk.log
        expect 0 run_sweep 2 "${pairs[@]}"
        same_results pairs.h5 disk/mine/pairs.h5
        rm disk/mine/pairs.h5
        sync --file-system disk/mine
    done
done
echo "quota: passed"
