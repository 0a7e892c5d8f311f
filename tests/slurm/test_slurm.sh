#!/bin/bash
# jobs/ on a real SLURM that this test starts itself: a sweep to its end, a time limit and a signal that requeue, a
# cancellation that does not, an array, a report that waits for its sweep. Exit code 77: SLURM is not installed.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/../cli/library.sh"
# shellcheck source=tests/slurm/cluster.sh
source "$HEADSWEEP_SOURCE/tests/slurm/cluster.sh"

if missing=$(cluster_programs_missing); then
    echo "SKIPPED: $missing is not installed (Debian: slurm-wlm munge)"
    exit 77
fi
# Two nodes on one host share /dev/shm and addresses, so their ranks talk over loopback.
export OMPI_MCA_btl=self,tcp OMPI_MCA_btl_tcp_if_include=lo OMPI_MCA_oob_tcp_if_include=lo
unset OMPI_MCA_btl_vader_backing_directory
# SLURM's paths may not hold spaces.
state=$(mktemp -d "${TMPDIR:-/tmp}/headsweep-slurm.XXXXXX")
trap 'cluster_down; rm -rf "$state" "$work"' EXIT
cluster_up "$state" 2 2 || fail "SLURM did not come up"

# Jobs run from the project's top folder, with the program that is tested.
cd "$HEADSWEEP_SOURCE" || exit 99
export HEADSWEEP=$HEADSWEEP_PROGRAM
small=(--set tasks.toxicity.limit=40 --set tasks.accuracy.limit=40)
log=(--output="$work/%x-%A-%a.log")

# finished JOB FILE: the results that the job wrote.
finished() {
    "$HEADSWEEP_PROGRAM" status "$2" >"$work/status" 2>&1 || fail_job "$1" "$2 is not finished: $(cat "$work/status")"
}

# 0 where there is no file yet: the signal may come before the sweep has one.
cells_done() {
    local n
    n=$("$HEADSWEEP_PROGRAM" status "$1" 2>/dev/null | sed -n 's/^cells_done = //p')
    echo "${n:-0}"
}

has_cells() {
    [ "$(cells_done "$1")" -gt 0 ]
}

# fail_job JOB MESSAGE: with the ends of SLURM's logs and, last, of the job's own. Short, since long output may be cut.
fail_job() {
    local file
    for file in "$cluster"/log/slurm* "$work"/*-"${1/_/-}"*.log; do
        printf -- '-- %s\n%s\n' "$(basename "$file")" "$(tail -n 12 "$file" | cut -c 1-200)" >&2
    done
    scontrol --oneliner show job "$1" | grep -oE '(JobState|Reason|Restarts|ExitCode|StartTime|EndTime)=[^ ]*' |
        paste -sd ' ' >&2
    echo "FAILED: job $1: $2" >&2
    exit 1
}

job_field() {
    scontrol show job "$1" | grep -o "\b$2=[^ ]*" | head -n 1 | cut -d= -f2
}

# log_says JOB TEXT
log_says() {
    grep -qF -- "$2" "$work"/*-"${1/_/-}"*.log
}

job_is() {
    [ "$(job_field "$1" JobState)" = "$2" ]
}

# await SECONDS COMMAND...: until the command succeeds.
await() {
    local tenths=${1}0
    shift
    for _ in $(seq "$tenths"); do
        "$@" 2>/dev/null && return 0
        sleep 0.1
    done
    return 1
}

# await_end JOB SECONDS: until a job ends for good, through its requeues.
await_end() {
    local job=$1 state='' n_ended=0
    for _ in $(seq "$2"); do
        state=$(job_field "$job" JobState)
        case $state in
        COMPLETED) return 0 ;;
        PENDING | RUNNING | COMPLETING | CONFIGURING | REQUEUED) n_ended=0 ;;
        # On its way into the queue a job is CANCELLED for a moment.
        *) n_ended=$((n_ended + 1)) ;;
        esac
        [ "$n_ended" -lt 5 ] || fail_job "$job" "ended as $state"
        sleep 1
    done
    fail_job "$job" "still $state after $2 s"
}

echo "slurm: the lines of headsweep plan"
expect 0 "$HEADSWEEP_PROGRAM" plan configs/quickstart/quickstart.cfg --slurm --ranks 3 --ranks-per-host 2 "${small[@]}"
{
    echo "#!/bin/bash"
    cat "$work/out"
    echo "true"
} >"$work/planned.sbatch"
expect 0 sbatch --test-only "$work/planned.sbatch"
says err "on nodes n[1-2]"

echo "slurm: a sweep to its end, and its report after it"
undisturbed=$work/whole.h5
expect 0 jobs/submit.sh --ntasks=3 --nodes=2 "${log[@]}" configs/quickstart/quickstart.cfg "${small[@]}" \
    --set output.results="$undisturbed"
sweep=$(sed -n 's/^sweep  //p' "$work/out")
report=$(sed -n 's/^report //p' "$work/out")
await_end "$sweep" 120
finished "$sweep" "$undisturbed"
await_end "$report" 60
grep -q "most toxicity.contrast removed" "$work/whole.txt" || fail "the report holds no ranking"
[ "$(wc -l <"$work/whole.csv")" -gt 100 ] || fail "the report's CSV is short"
grep -q "</html>" "$work/whole.html" || fail "the report holds no page"
rm -f headsweep-report-"$report".log

echo "slurm: a sweep that is submitted from another folder"
mkdir "$work/else where"
job=$(cd "$work/else where" && sbatch --parsable --ntasks=2 "${log[@]}" "$HEADSWEEP_SOURCE/jobs/sweep.sbatch" \
    "$HEADSWEEP_SOURCE/configs/quickstart/quickstart.cfg" "${small[@]}" --set "output.results=my results.h5")
await_end "$job" 120
finished "$job" "$work/else where/my results.h5"
same_results "$undisturbed" "$work/else where/my results.h5"

echo "slurm: a signal as at preemption"
long=("${small[@]}" --set run.engine=reference --set run.batch_rows=300)
expect 0 jobs/local.sh configs/quickstart/quickstart.cfg "${long[@]}" --set output.results="$work/long.h5"
job=$(sbatch --parsable --ntasks=2 "${log[@]}" jobs/sweep.sbatch configs/quickstart/quickstart.cfg "${long[@]}" \
    --set output.results="$work/signal.h5")
await 60 has_cells "$work/signal.h5" || fail_job "$job" "it does not start"
scancel --signal=USR1 --batch "$job"
await_end "$job" 180
log_says "$job" "into the queue again (requeue 1)" || fail_job "$job" "it was not requeued"
finished "$job" "$work/signal.h5"
same_results "$work/long.h5" "$work/signal.h5"

echo "slurm: a job that is cancelled stays cancelled"
job=$(sbatch --parsable --ntasks=2 "${log[@]}" jobs/sweep.sbatch configs/quickstart/quickstart.cfg "${long[@]}" \
    --set run.batch_rows=60 --set output.results="$work/cancel.h5")
await 60 test -e "$work/cancel.h5" || fail_job "$job" "it does not start"
scancel "$job"
await 60 job_is "$job" CANCELLED || fail_job "$job" "it is not cancelled"
! log_says "$job" "into the queue again" || fail_job "$job" "it was requeued"

echo "slurm: a signal while the launcher is deaf"
cat >"$state/deaf" <<'SCRIPT'
#!/bin/bash
trap '' USR1
: >"$(dirname "$0")/started"
sleep 2
trap - USR1
exec "$HEADSWEEP_MPIEXEC" -n 2 "$@"
SCRIPT
chmod +x "$state/deaf"
HEADSWEEP_LAUNCHER="$state/deaf" jobs/local.sh configs/quickstart/quickstart.cfg "${long[@]}" \
    --set output.results="$work/deaf.h5" >"$work/out" 2>"$work/err" &
await 60 test -e "$state/started" || fail "the launcher does not start"
kill -USR1 $!
wait $!
code=$?
[ "$code" -eq 3 ] || fail "exit code $code instead of 3"

echo "slurm: a job that is stopped before its first cell does not go into the queue again"
rm "$state/started"
# It stops while the ranks are still to be started: how soon these have a cell is not this test's.
cat >"$state/early" <<'SCRIPT'
#!/bin/bash
trap 'exit 3' USR1
: >"$(dirname "$0")/started"
while :; do sleep 0.1; done
SCRIPT
chmod +x "$state/early"
job=$(HEADSWEEP_LAUNCHER="$state/early" sbatch --parsable --ntasks=2 "${log[@]}" jobs/sweep.sbatch \
    configs/quickstart/quickstart.cfg "${long[@]}" --set output.results="$work/none.h5")
await 60 test -e "$state/started" || fail_job "$job" "it does not start"
scancel --signal=USR1 --batch "$job"
await 60 job_is "$job" FAILED || fail_job "$job" "it has not failed"
log_says "$job" "stopped before it had a new cell, and is not requeued" || fail_job "$job" "it does not say why"

# The last task has the array's own id.
echo "slurm: an array, one seed an index, and a signal to its last task alone"
array=$(sbatch --parsable --array=1-2 --ntasks=1 "${log[@]}" jobs/sweep_array.sbatch configs/quickstart/quickstart.cfg -- \
    "${long[@]}" --set "run.seed={}" --set "output.results=$work/seed-{}.h5")
await 60 has_cells "$work/seed-2.h5" || fail_job "${array}_2" "it does not start"
scancel --signal=USR1 --batch "${array}_2"
for index in 1 2; do
    await_end "${array}_$index" 180
    finished "${array}_$index" "$work/seed-$index.h5"
    [ "$(job_field "${array}_$index" Restarts)" -eq $((index - 1)) ] || fail_job "${array}_$index" "requeues"
done

# The controller looks every 30 s only and signals up to 60 s ahead, so the sweep is one that takes that long. It goes
# on after that; its end would show no more than that of the signalled one.
echo "slurm: a time limit"
limited=(--set run.engine=reference --set "sweep.orders=[1,2,3]" --set "sweep.interventions=[\"zero\",\"mean\",\"flip\"]")
job=$(sbatch --parsable --ntasks=2 --time=1 --signal=B:USR1@30 "${log[@]}" jobs/sweep.sbatch \
    configs/quickstart/quickstart.cfg "${limited[@]}" --set output.results="$work/limit.h5")
await 120 log_says "$job" "into the queue again (requeue 1)" || fail_job "$job" "the time limit did not strike"
n_done=$(cells_done "$work/limit.h5")
more_done() {
    [ "$(cells_done "$work/limit.h5")" -gt "$n_done" ]
}
await 180 more_done || fail_job "$job" "it does not go on after $n_done cells"
echo "slurm: passed"
