#!/bin/bash
# What all jobs share: starts `headsweep run`, hands signals on, starts it again when a rank dies. Sourced.
#
#   launch_sweep RANKS ARGUMENT...    runs `headsweep run ARGUMENT...` on RANKS ranks; returns
#       0    finished
#       3    unfinished: SIGUSR1 or SIGTERM came, all that was done is in the file
#       else the error that ended it (exit codes: headsweep --help)
#     and sets `gained` to how many cells it has added to the file
#   launch_results ARGUMENT...        sets `results` to the results file that those arguments name, newlines at its end included
#   launch_threads ARGUMENT...        sets `threads` to the experiment's run.threads_per_rank
#   launch_stop_after SECONDS         asks launch_sweep to stop in good order then, where no SIGUSR1 comes from the batch system
#
# A rank that dies takes the whole MPI job with it, so the answer is to start again: at once, in the same allocation, up to
# HEADSWEEP_RELAUNCHES (3) times in a row without a new cell in the file. Errors of the experiment are not tried again, and no
# other launcher is tried: where srun cannot start the ranks four times in a row, somebody should look at the log.

# The program that was built or installed beside these scripts, wherever they are called from; else the one on PATH.
launch_find_program() {
    local here candidate
    here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    program=${HEADSWEEP:-$here/build/headsweep}
    for candidate in "$program" "$here/../../bin/headsweep" "$(command -v headsweep)"; do
        [ -x "$program" ] || [ -n "${HEADSWEEP:-}" ] || program=${candidate:-$program}
    done
    [ -x "$program" ] && return
    echo "$program is not there: build it first (see README.md), or set HEADSWEEP to where it is" >&2
    exit 2
}
launch_find_program
# Products are cut among the rank's own threads (run.threads_per_rank): BLAS needs none, and starts none then.
export OPENBLAS_NUM_THREADS=1

launch_results() {
    results=$("$program" run --print-results "$@" && echo .) || return
    results=${results%$'\n.'}
}

launch_threads() {
    threads=$("$program" run --print-threads "$@")
}

launch_stop_after() {
    stop_after=$(($1 > 0 ? $1 : 0))
}

# srun knows a SLURM allocation best, but works only where SLURM and MPI share PMIx. HEADSWEEP_LAUNCHER overrides. A rank of
# several threads is given as many cores of its own; where a rank has one thread, binding is left to the site.
launch_choose() {
    local ranks=$1 threads=$2
    if [ -n "${HEADSWEEP_LAUNCHER:-}" ]; then
        read -ra launcher <<<"$HEADSWEEP_LAUNCHER"
    elif [ -n "${SLURM_JOB_ID:-}" ] && srun --mpi=list 2>&1 | grep -q pmix; then
        if [ "$threads" -gt "${SLURM_CPUS_PER_TASK:-1}" ]; then
            echo "run.threads_per_rank is $threads, but the job has ${SLURM_CPUS_PER_TASK:-1} CPU for a task: submit it with" \
                "--cpus-per-task=$threads" >&2
            return 2
        fi
        launcher=(srun --mpi=pmix --kill-on-bad-exit=1 --ntasks="$ranks" --cpus-per-task="$threads")
        [ "$threads" -eq 1 ] || launcher+=(--cpu-bind=cores)
    else
        launcher=(mpirun -n "$ranks")
        [ "$threads" -eq 1 ] || launch_bind "$threads"
    fi
}

# How a launcher is told, by the name it goes by.
launch_bind() {
    case $(mpirun --version 2>&1) in
    *"Open MPI"* | *OpenRTE* | *PRRTE*)
        unset OMPI_MCA_hwloc_base_binding_policy
        launcher+=(--map-by "slot:PE=$1" --bind-to core)
        ;;
    *HYDRA*) launcher+=(-bind-to "core:$1") ;;
    *) echo "mpirun is none that is known: ranks of $1 threads are bound as it likes" >&2 ;;
    esac
}

# Waits for the launcher; its exit code. srun loses a signal that comes while it starts the ranks, so once a stop is asked
# for, it is asked for again until the launcher ends: the sweep would run into its time limit otherwise.
launch_wait() {
    local code
    [ -n "$stopped" ] || wait "$1"
    code=$?
    [ -n "$stopped" ] || return "$code"
    while kill -USR1 "$1" 2>/dev/null; do sleep 1; done
    wait "$1"
}

launch_cells_done() {
    "$program" status -- "$1" 2>/dev/null | sed -n 's/^cells_done = //p'
}

launch_sweep() {
    local ranks=$1 launcher child='' clock='' stopped='' code results threads done_first done_before done_now failures=0
    shift
    gained=0
    # USR1 reaches every rank through either launcher; TERM would make mpirun kill them, so they get USR1 instead.
    # Before anything else, since a shell without a trap dies of USR1, and the job with it.
    trap 'stopped=yes; [ -z "$child" ] || kill -USR1 "$child" 2>/dev/null' USR1 TERM
    if [ -n "${stop_after:-}" ]; then
        (
            trap 'kill $!' TERM
            sleep "$stop_after" &
            wait $! && kill -USR1 $$
        ) >/dev/null 2>&1 &
        clock=$!
    fi
    launch_results "$@" || return
    launch_threads "$@" || return
    launch_choose "$ranks" "$threads" || return
    done_first=$(launch_cells_done "$results")
    done_before=$done_first
    while :; do
        # A signal before the start, or too late for a stop in good order: the file is whole all the same.
        [ -z "$stopped" ] || { code=3 && break; }
        "${launcher[@]}" "$program" run "$@" &
        child=$!
        launch_wait "$child"
        code=$?
        # srun has been seen to return 0 where it could not start the ranks: the file knows better.
        [ "$code" -ne 0 ] || "$program" status -- "$results" >/dev/null || code=9
        case $code in
        0 | 2 | 3 | 4 | 6 | 7 | 8) break ;;
        esac
        [ -z "$stopped" ] || continue
        done_now=$(launch_cells_done "$results")
        failures=$((failures + 1))
        [ "${done_now:-0}" -le "${done_before:-0}" ] || failures=1
        done_before=$done_now
        echo "headsweep ended with code $code and ${done_now:-0} cells done; failure $failures without progress" >&2
        [ "$failures" -le "${HEADSWEEP_RELAUNCHES:-3}" ] || break
        # For what the dead ranks leave behind to be cleared away. What stays, as the PMIx socket of a node that crashed,
        # is not in the way of the next step, which has a name of its own.
        sleep "${HEADSWEEP_RELAUNCH_SECONDS:-5}"
    done
    [ -z "$clock" ] || kill "$clock" 2>/dev/null
    trap - USR1 TERM
    done_now=$(launch_cells_done "$results")
    # shellcheck disable=SC2034  # for who sources this
    gained=$((${done_now:-0} - ${done_first:-0}))
    return "$code"
}
