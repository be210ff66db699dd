#!/usr/bin/env bash
# A Slurm of one's own on this machine's loopback, for tests: one controller, and two nodes of one processor each.
#
#   scripts/slurm-local.sh start          starts it
#   eval "$(scripts/slurm-local.sh env)"  lets sbatch, squeue and octavo find it
#   scripts/slurm-local.sh restart-controller
#   scripts/slurm-local.sh stop           ends it, and all its jobs
#
# It needs Debian's slurm-wlm and munge, but neither systemd nor root, and leaves a Slurm of the system alone: keys,
# sockets, configuration and state are below OCTAVO_SLURM (by default a folder of the user's in TMPDIR).
set -euo pipefail

root=${OCTAVO_SLURM:-${TMPDIR:-/tmp}/octavo-slurm-$(id -u)}
port=${OCTAVO_SLURM_PORT:-26817}
PATH=$PATH:/usr/sbin:/usr/local/sbin
export SLURM_CONF=$root/slurm.conf

need() {
    local program
    for program in munged slurmctld slurmd sbatch; do
        command -v "$program" >/dev/null || {
            echo "error: there is no $program; scripts/install-dependencies.sh --slurm installs it" >&2
            exit 1
        }
    done
}

configure() {
    mkdir -p "$root"/{munge,state,spool,log}
    chmod 0755 "$root" "$root/munge"
    [ -f "$root/munge/key" ] || (umask 077 && head -c 128 /dev/urandom >"$root/munge/key")
    local host user memory
    host=$(hostname -s)
    user=$(id -un)
    # Each node promises half of what the machine has.
    memory=$(awk '/MemTotal/ { print int($2 / 2048) }' /proc/meminfo)
    cat >"$SLURM_CONF" <<CONF
ClusterName=octavo
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$root/munge/socket
StateSaveLocation=$root/state
SlurmdSpoolDir=$root/spool/%n
SlurmctldPidFile=$root/slurmctld.pid
SlurmdPidFile=$root/slurmd.%n.pid
SlurmctldLogFile=$root/log/slurmctld.log
SlurmdLogFile=$root/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
KillWait=2
SchedulerParameters=sched_min_interval=100000,sched_interval=2
NodeName=node1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=1 RealMemory=$memory State=UNKNOWN
NodeName=node2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=1 RealMemory=$memory State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
}

# Ends the process of a pid file, if it is the program it should be: numbers are given anew.
end() {
    local file=$1 program=$2 pid
    [ -f "$file" ] || return 0
    pid=$(cat "$file")
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$program" ]; then
        kill "$pid"
        for _ in $(seq 100); do
            [ -d "/proc/$pid" ] || break
            sleep 0.1
        done
        [ ! -d "/proc/$pid" ] || kill -9 "$pid"
    fi
    rm -f "$file"
}

start_controller() { slurmctld; }

start() {
    need
    if [ -f "$root/slurmctld.pid" ] && [ "$(cat "/proc/$(cat "$root/slurmctld.pid")/comm" 2>/dev/null)" = slurmctld ]; then
        echo "it runs already, in $root" >&2
        return
    fi
    configure
    munged --force --key-file="$root/munge/key" --socket="$root/munge/socket" --pid-file="$root/munge/pid" \
        --log-file="$root/log/munged.log" --seed-file="$root/munge/seed"
    start_controller
    for node in node1 node2; do slurmd -N "$node"; done
    for _ in $(seq 150); do
        if [ "$(sinfo --noheader --format=%t --Node 2>/dev/null | grep -c idle)" = 2 ]; then
            echo "two nodes are idle; eval \"\$(scripts/slurm-local.sh env)\" lets programs find them" >&2
            return
        fi
        sleep 0.2
    done
    echo "error: the nodes did not come up; see $root/log" >&2
    sinfo --Node --long >&2 || true
    exit 1
}

stop() {
    if [ -f "$SLURM_CONF" ] && [ -f "$root/slurmctld.pid" ]; then
        scancel --quiet --user="$(id -un)" 2>/dev/null || true
    fi
    for node in node1 node2; do end "$root/slurmd.$node.pid" slurmd; done
    end "$root/slurmctld.pid" slurmctld
    end "$root/munge/pid" munged
    rm -rf "$root"
}

case ${1:-} in
start) start ;;
stop) stop ;;
restart-controller)
    end "$root/slurmctld.pid" slurmctld
    start_controller
    ;;
stop-controller) end "$root/slurmctld.pid" slurmctld ;;
start-controller) start_controller ;;
env) echo "export SLURM_CONF='$SLURM_CONF'" ;;
*)
    sed -n '2,10s/^# \{0,1\}//p' "$0"
    exit 64
    ;;
esac
