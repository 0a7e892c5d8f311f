#!/bin/bash
# A sweep over two hosts with Open MPI over TCP between them; then a host dies, its daemon dies, its cable is pulled:
# the job ends, the same command finishes it, and the bytes equal an undisturbed run on one host. Exit code 77: hosts
# cannot be made here.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/../cli/library.sh"
# shellcheck source=tests/hosts/hosts.sh
source "$HEADSWEEP_SOURCE/tests/hosts/hosts.sh"

if ! hosts_possible; then
    echo "SKIPPED: hosts as network namespaces need root, iproute2 and a kernel that allows them"
    exit 77
fi
if ! "$HEADSWEEP_MPIEXEC" --version 2>&1 | grep -Eq "Open MPI|OpenRTE"; then
    echo "SKIPPED: this test steers Open MPI's launcher"
    exit 77
fi
unset OMPI_MCA_orte_tmpdir_base OMPI_MCA_btl_vader_backing_directory
state=$(mktemp -d "${TMPDIR:-/tmp}/headsweep-hosts.XXXXXX")
trap 'hosts_down; rm -rf "$state" "$work"' EXIT
hosts_up "$state" 2
cp -r "$(dirname "$quickstart")"/* "$state/"
cd "$state" || exit 99
# Long enough for faults to strike.
sed -i 's/interventions = .*/interventions = ["zero", "mean", "flip"];/' quickstart.cfg
options="--set run.engine=reference --set run.batch_rows=300"

# sweep_on_hosts FILE: four ranks, two a host; rank 0 is on h1.
sweep_on_hosts() {
    # shellcheck disable=SC2086
    hosts_run h0 env OPENBLAS_NUM_THREADS=1 timeout 120 "$HEADSWEEP_MPIEXEC" --mca plm_rsh_agent "$hosts_shell" --mca btl self,vader,tcp \
        --mca oob_tcp_keepalive_time 2 --mca oob_tcp_keepalive_intvl 1 --mca oob_tcp_keepalive_probes 3 \
        --host h1:2,h2:2 -n 4 "$HEADSWEEP_PROGRAM" run quickstart.cfg $options --set "output.results=$1"
}

# process_of HOST NAME: the number, inside the host, of its first process of that name.
process_of() {
    hosts_run "$1" "grep -l '^Name:[[:space:]]*$2\$' /proc/[0-9]*/status" 2>/dev/null | head -n 1 | cut -d/ -f3
}

fault_host() {
    hosts_crash 2
}
mend_host() {
    hosts_revive 2
}
fault_first_host() {
    hosts_crash 1
}
mend_first_host() {
    hosts_revive 1
}
fault_daemon() {
    hosts_run h2 kill -9 "$(process_of h2 orted)"
}
mend_daemon() {
    :
}
fault_cable() {
    hosts_cut 2
}
# Until a host that was cut off reaches the others again, Open MPI fails to connect, warns that it may now hang, and
# does.
mend_cable() {
    hosts_join 2
    await_answer h2 10.77.0.1
    await_answer h1 10.77.0.2
}

# await_answer HOST ADDRESS: a refused connection is an answer.
await_answer() {
    for _ in $(seq 30); do
        hosts_run "$1" "timeout 1 bash -c '</dev/tcp/$2/9'" 2>/dev/null
        [ $? -eq 124 ] || return 0
    done
    fail "$1 does not reach $2"
}

# shellcheck disable=SC2086
expect 0 "$HEADSWEEP_PROGRAM" run quickstart.cfg $options --set output.results=whole.h5
expect 0 sweep_on_hosts both.h5
for host in h1 h2; do
    grep -aq "$host" both.h5 || fail "the file's provenance does not name $host"
done
same_results whole.h5 both.h5
echo "hosts: a sweep over two hosts equals one on one host"

# A host with a checkpoint of its own, one bit of it another: nothing is computed.
cp model/model.safetensors other.safetensors
printf '\x01' | dd of=other.safetensors bs=1 seek=$(($(stat -c %s other.safetensors) - 4)) conv=notrunc status=none
hosts_run h2 "mount --bind '$state/other.safetensors' '$state/model/model.safetensors'"
expect 4 sweep_on_hosts mixed.h5
says err "host h2 reads another checkpoint model ("
[ ! -e mixed.h5 ] || fail "a file was made of two checkpoints"
hosts_run h2 "umount '$state/model/model.safetensors'"
echo "hosts: another checkpoint on one host is refused"

for fault in daemon host first_host cable; do
    sweep_on_hosts "$fault.h5" >"$work/out" 2>"$work/err" </dev/null &
    launcher=$!
    for _ in $(seq 200); do
        [ ! -e "$fault.h5" ] || break
        sleep 0.05
    done
    [ -e "$fault.h5" ] || fail "the sweep made no file"
    sleep 1
    "fault_$fault"
    # A cut cable is noticed by the keepalive settings above within 10 s.
    for _ in $(seq 300); do
        kill -0 "$launcher" 2>/dev/null || break
        sleep 0.1
    done
    kill -0 "$launcher" 2>/dev/null && fail "$fault: the job still runs 30 s later"
    wait "$launcher" && fail "$fault: the job ended as if nothing had happened"
    "mend_$fault"
    # Ranks that were only cut off may have finished all cells, but not the ranking.
    "$HEADSWEEP_PROGRAM" status "$fault.h5" >"$work/status" 2>&1
    code=$?
    [ "$code" -eq 3 ] || [ "$code" -eq 0 ] || fail "$fault: status gives $code: $(cat "$work/status")"
    # 124: hung for want of a connection all the same, as above; users and jobs start again too.
    code=0
    sweep_on_hosts "$fault.h5" >"$work/out" 2>"$work/err" </dev/null || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 124 ] || fail "$fault: the resumed sweep ends with $code"
    expect 0 sweep_on_hosts "$fault.h5"
    same_results whole.h5 "$fault.h5"
    echo "hosts: $fault lost, $(sed -n 's/^cells_done = //p' "$work/status") cells kept, finished with equal bytes"
done
echo "hosts: passed"
