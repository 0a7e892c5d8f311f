#!/bin/bash
# A SLURM of our own on this machine, on loopback only and without systemd, for the tests. Sourced.
#   cluster_up FOLDER NODES CPUS    starts munged, slurmctld and NODES slurmds; all state lies in FOLDER
#   cluster_down                    ends just these, by process id
# Several slurmds on one host need a build with MULTIPLE_SLURMD, as Debian's is.

cluster_programs_missing() {
    local program
    for program in munged slurmctld slurmd sbatch; do
        command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || { echo "$program" && return 0; }
    done
    return 1
}

# The first of n + 1 ports that nobody listens on.
cluster_free_ports() {
    local base=$((20000 + RANDOM % 20000)) port
    for ((port = base; port <= base + $1; port++)); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            cluster_free_ports "$1"
            return
        fi
    done
    echo "$base"
}

# cred_expire is how long a requeued job waits, 120 s where nobody sets it. Let go sooner by hand, it can meet what is
# left of its first run: a credential of the second in which the old one was revoked counts as revoked too (the job
# FAILED), and slurmstepd holds the PMIx socket of a step that was cancelled for 3 s, under the name that the new step
# 0 needs (srun says "task 0 launch failed: Unspecified error").
cluster_configure() {
    local nodes=$1 cpus=$2 port user
    port=$(cluster_free_ports "$nodes")
    user=$(id -un)
    cat >"$cluster/slurm.conf" <<CONF
ClusterName=headsweep
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$cluster/munge/socket,cred_expire=15
CredType=cred/munge
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool.%n
TmpFS=$cluster/tmp.%n
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd.%n.pid
SlurmctldLogFile=$cluster/log/slurmctld
SlurmdLogFile=$cluster/log/slurmd.%n
MailProg=/bin/true
MpiDefault=none
SwitchType=switch/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
SlurmdTimeout=15
KillWait=5
MinJobAge=3600
JobRequeue=1
SlurmdParameters=config_overrides
PlugStackConfig=$cluster/plugstack.conf
NodeName=n[1-$nodes] NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + nodes))] CPUs=$cpus RealMemory=16000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
    echo "CgroupPlugin=cgroup/v1" >"$cluster/cgroup.conf"
    : >"$cluster/plugstack.conf"
}

cluster_up() {
    local nodes=$2 node
    cluster=$1
    PATH=$PATH:/usr/sbin
    export PATH SLURM_CONF=$cluster/slurm.conf
    mkdir -p "$cluster"/{state,log,munge}
    chmod 700 "$cluster/munge"
    for ((node = 1; node <= nodes; node++)); do mkdir -p "$cluster"/{spool,tmp}.n$node; done
    cluster_configure "$nodes" "$3"
    (umask 077 && dd if=/dev/urandom of="$cluster/munge/key" bs=128 count=1 status=none)
    munged --force --key-file="$cluster/munge/key" --socket="$cluster/munge/socket" --pid-file="$cluster/munge/pid" \
        --log-file="$cluster/munge/log" --seed-file="$cluster/munge/seed" 2>>"$cluster/log/munged" || return 1
    slurmctld -i || return 1
    for ((node = 1; node <= nodes; node++)); do slurmd -N "n$node" || return 1; done
    for _ in $(seq 150); do
        [ "$(sinfo -h -N -o %T 2>/dev/null | grep -c '^idle$')" -eq "$nodes" ] && return 0
        sleep 0.2
    done
    tail -n 20 "$cluster"/log/* >&2
    return 1
}

# Is this process there, no zombie, and the program of that name?
cluster_is_running() {
    [ -n "$1" ] && grep -qs "^Name:[[:space:]]*$2\$" "/proc/$1/status" &&
        ! grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"
}

cluster_stop() {
    local pid
    pid=$(cat "$1" 2>/dev/null)
    cluster_is_running "$pid" "$2" || return 0
    kill "$pid"
    for _ in $(seq 50); do
        cluster_is_running "$pid" "$2" || return 0
        sleep 0.1
    done
    kill -9 "$pid"
}

cluster_down() {
    local file
    scancel --me -Q 2>/dev/null
    for _ in $(seq 50); do
        [ -n "$(squeue -h 2>/dev/null)" ] || break
        sleep 0.2
    done
    for file in "$cluster"/slurmd.*.pid; do cluster_stop "$file" slurmd; done
    cluster_stop "$cluster/slurmctld.pid" slurmctld
    cluster_stop "$cluster/munge/pid" munged
}
