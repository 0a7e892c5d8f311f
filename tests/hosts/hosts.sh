#!/bin/bash
# Several hosts on one machine for the tests: network, host name, IPC, mount and process namespaces joined by a bridge
# that lies in a namespace of its own, so nothing is added to the machine's own network. Needs root. Sourced.
#   hosts_up FOLDER N          a head h0 and hosts h1..hN, addresses 10.77.0.100 and 10.77.0.1.. ; files are shared
# but /dev/shm
#   hosts_run HOST COMMAND...  runs it there; hosts_shell is the same as a program, for mpirun as its remote shell.
# From outside and h0
#   hosts_cut I, hosts_join I  pull host I's cable, and put it back
#   hosts_crash I, hosts_revive I   end a host with all that runs on it, and start it again, empty
#   hosts_down                 ends all of it

hosts_possible() {
    [ "$(id -u)" -eq 0 ] && command -v ip >/dev/null && command -v nsenter >/dev/null &&
        unshare --net --uts --ipc --mount --pid --fork ip link add probe type bridge 2>/dev/null
}

# hosts_hold NAME [UNSHARE OPTION]...: the process that keeps a host's namespaces; its number goes to FOLDER/NAME.pid.
hosts_hold() {
    local name=$1 parent holder=''
    shift
    # The holder is process 1 of its host and reaps what is left to it. disown: its end is not news.
    # shellcheck disable=SC2016
    setsid unshare --net --uts --ipc --mount --propagation private "$@" --fork --kill-child=KILL bash -c \
        'hostname "$1"; exec </dev/null >/dev/null 2>&1; trap : CHLD; while :; do sleep 3600 & wait $!; done' _ "$name" \
        </dev/null >>"$hosts/holders.log" 2>&1 &
    parent=$!
    disown
    for _ in $(seq 250); do
        holder=$(cat "/proc/$parent/task/$parent/children" 2>/dev/null)
        holder=${holder%% *}
        [ -n "$holder" ] && [ "$(nsenter -t "$holder" -u hostname 2>/dev/null)" = "$name" ] && break
        sleep 0.02
    done
    echo "$holder" >"$hosts/$name.pid"
}

hosts_add() {
    local number=$1 address=$1 holder switch
    switch=$(cat "$hosts/switch.pid")
    if [ "$number" -eq 0 ]; then
        address=100
        hosts_hold h0
    else
        hosts_hold "h$number" --pid --mount-proc
    fi
    holder=$(cat "$hosts/h$number.pid")
    nsenter -t "$switch" -n ip link del "port$number" 2>/dev/null
    nsenter -t "$switch" -n ip link add "port$number" type veth peer name eth0 netns "$holder"
    nsenter -t "$switch" -n ip link set "port$number" master bridge up
    nsenter -t "$holder" -n sh -c "ip link set lo up; ip addr add 10.77.0.$address/24 dev eth0; ip link set eth0 up"
    nsenter -t "$holder" -m sh -c "mount -t tmpfs -o size=256m shm /dev/shm; mount --bind '$hosts/names' /etc/hosts"
}

hosts_up() {
    local number
    hosts=$1
    mkdir -p "$hosts/tmp"
    { echo "127.0.0.1 localhost" && echo "10.77.0.100 h0"; } >"$hosts/names"
    for ((number = 1; number <= $2; number++)); do echo "10.77.0.$number h$number" >>"$hosts/names"; done
    hosts_hold switch
    nsenter -t "$(cat "$hosts/switch.pid")" -n sh -c 'ip link add bridge type bridge && ip link set bridge up'
    for ((number = 0; number <= $2; number++)); do hosts_add "$number"; done
    # A process cannot enter a process namespace beside its own, so mpirun runs on h0, which has the machine's.
    cat >"$hosts/shell" <<SHELL
#!/bin/sh
export TMPDIR="$hosts/tmp"
host=\$1
shift
holder=\$(cat "$hosts/\$host.pid") || exit 255
case \$host in h0) flag= ;; *) flag=-p ;; esac
exec nsenter -t "\$holder" -n -u -i -m \$flag -- /bin/sh -c "cd '\$PWD' 2>/dev/null; \$*"
SHELL
    chmod +x "$hosts/shell"
    hosts_shell=$hosts/shell
}

hosts_run() {
    "$hosts_shell" "$@"
}

hosts_cut() {
    nsenter -t "$(cat "$hosts/switch.pid")" -n ip link set "port$1" down
}

hosts_join() {
    nsenter -t "$(cat "$hosts/switch.pid")" -n ip link set "port$1" up
}

hosts_crash() {
    kill -9 "$(cat "$hosts/h$1.pid")"
}

hosts_revive() {
    hosts_add "$1"
}

# Ends what runs in the network namespaces of these hosts, and nothing else.
hosts_down() {
    local file namespace process own
    own=$(readlink /proc/self/ns/net)
    for file in "$hosts"/h*.pid "$hosts/switch.pid"; do
        namespace=$(readlink "/proc/$(cat "$file" 2>/dev/null)/ns/net" 2>/dev/null)
        if [ -z "$namespace" ] || [ "$namespace" = "$own" ]; then continue; fi
        for process in /proc/[0-9]*; do
            [ "$(readlink "$process/ns/net" 2>/dev/null)" != "$namespace" ] || kill -9 "${process#/proc/}" 2>/dev/null
        done
    done
}
