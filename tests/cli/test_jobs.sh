#!/bin/bash
# The job scripts from other folders, as copies that know their place no more, and with names of every kind. A real
# SLURM is in tests/slurm; here are stand-ins for its commands.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

jobs=$HEADSWEEP_SOURCE/jobs
export HEADSWEEP=$HEADSWEEP_PROGRAM HEADSWEEP_RELAUNCHES=0 HEADSWEEP_RANKS=2
program=$HEADSWEEP_PROGRAM
small=(--set tasks.toxicity.limit=4 --set tasks.accuracy.limit=4 --set "sweep.orders=[1]" --set analysis.resamples=100)
mkdir "odd names"
cd "odd names" || exit 99
cp -r "$HEADSWEEP_SOURCE/configs/quickstart/." .
cp quickstart.cfg "it's \"mine\".cfg"

# Names of results that a shell or a parser could trip over.
tab=$'a\tb.h5'
# shellcheck disable=SC2016  # a dollar is a dollar
for results in plain.h5 'two words.h5' "it's.h5" 'a"b.h5' 'a\b.h5' 'a\\.h5' "$tab" -r.h5 '$HOME.h5' '*.h5' 'é.h5' 'new folder/r.h5'; do
    expect 0 "$program" run --print-results quickstart.cfg --set "output.results=$results"
    [ "$(cat "$work/out")" = "$results" ] || fail "--print-results gives another name than $results"
    expect 0 bash "$jobs/local.sh" "it's \"mine\".cfg" "${small[@]}" --set "output.results=$results"
    says err "wrote   $results"
    expect 0 "$program" status -- "$results"
    says out "finished = yes"
    expect 0 bash "$jobs/report.sbatch" "it's \"mine\".cfg" "${small[@]}" --set "output.results=$results"
    for file in txt csv html; do
        [ -s "${results%.h5}.$file" ] || fail "there is no report ${results%.h5}.$file"
    done
done
# Those that a terminal must not be shown as they are.
for results in $'two\nlines.h5' $'red\e[31m.h5' $'end.h5\n'; do
    expect 0 bash "$jobs/local.sh" quickstart.cfg "${small[@]}" --set "output.results=$results"
    says err "wrote   ${results//[$'\n\e']*/}"
    expect 0 "$program" status -- "$results"
    rm -- "$results"
done
[ "$(find . -name '*.h5' | wc -l)" -eq 12 ] || fail "results are somewhere else: $(find . -name '*.h5')"

# A report is written again, and over nothing that is none.
expect 0 bash "$jobs/report.sbatch" quickstart.cfg "${small[@]}" --set output.results=plain.h5
cp plain.h5 words.h5
echo rude >words.txt
expect 5 bash "$jobs/report.sbatch" quickstart.cfg "${small[@]}" --set output.results=words.h5
says err "words.txt exists and is none of this job's"
[ "$(cat words.txt)" = rude ] || fail "a word list was written over"
rm words.txt
echo "a,b" >words.csv
expect 5 bash "$jobs/report.sbatch" quickstart.cfg "${small[@]}" --set output.results=words.h5
[ "$(cat words.csv)" = "a,b" ] || fail "a table was written over"

# As SLURM runs them: copies in a spool folder. Where they came from it tells, or HEADSWEEP_HOME, or the folder of the
# submission.
mkdir "$work/spool" "$work/bin"
cat >"$work/bin/scontrol" <<'SCRIPT'
#!/bin/bash
[ -n "${FAKE_SCRIPT:-}" ] || exit 1
printf '   StartTime=now\n   Command=%s my.cfg --set a=b\n   WorkDir=/\n' "$FAKE_SCRIPT"
SCRIPT
printf '#!/bin/bash\nexit 1\n' >"$work/bin/srun"
chmod +x "$work"/bin/*
export PATH=$work/bin:$PATH SLURM_NTASKS=2 SLURM_JOB_ID=17
for script in sweep report; do
    cp "$jobs/$script.sbatch" "$work/spool/slurm_script"
    job=("$work/spool/slurm_script" quickstart.cfg "${small[@]}" --set output.results=plain.h5)
    expect 2 env SLURM_SUBMIT_DIR="$PWD" bash "${job[@]}"
    says err "set HEADSWEEP_HOME to headsweep's folder"
    expect 0 env SLURM_SUBMIT_DIR="$PWD" FAKE_SCRIPT="$jobs/$script.sbatch" bash "${job[@]}"
    expect 0 env SLURM_SUBMIT_DIR="$PWD" HEADSWEEP_HOME="$HEADSWEEP_SOURCE" bash "${job[@]}"
    expect 0 env SLURM_SUBMIT_DIR="$HEADSWEEP_SOURCE" bash "${job[@]}"
done
cp "$jobs/sweep_array.sbatch" "$work/spool/slurm_script"
SLURM_SUBMIT_DIR=$PWD SLURM_ARRAY_TASK_ID=3 expect 0 env FAKE_SCRIPT="$jobs/sweep_array.sbatch" bash "$work/spool/slurm_script" \
    quickstart.cfg -- "${small[@]}" --set "output.results=index {}.h5"
expect 0 "$program" status "index 3.h5"
expect 5 bash "$jobs/sweep.sbatch" missing.cfg
says err "missing.cfg"

# A job that was stopped goes into the queue again if it has gained a cell, and only then.
cat >"$work/bin/scontrol" <<'SCRIPT'
#!/bin/bash
[ "$1" = requeue ] && echo "$2" >>requeued
exit 1 # a real one would end the job here
SCRIPT
printf '#!/bin/bash\necho RUNNING None\n' >"$work/bin/squeue"
cat >"$work/bin/stopped" <<'SCRIPT'
#!/bin/bash
# A program that has some cells more each time that it is stopped.
case "$1 ${2:-}" in
"run --print-results") echo stopped.h5 ;;
"run --print-threads") echo 1 ;;
"run "*) echo $(($(cat cells) + FAKE_GAIN)) >cells && exit 3 ;;
"status "*) echo "cells_done = $(cat cells)" && exit 3 ;;
esac
SCRIPT
chmod +x "$work"/bin/*
echo 7 >cells
stopped=(env HEADSWEEP="$work/bin/stopped" HEADSWEEP_LAUNCHER=env)
expect 3 "${stopped[@]}" FAKE_GAIN=0 bash "$jobs/sweep.sbatch" quickstart.cfg
says err "stopped before it had a new cell, and is not requeued"
[ ! -e requeued ] || fail "a job that has gained nothing was requeued"
expect 3 "${stopped[@]}" FAKE_GAIN=5 bash "$jobs/sweep.sbatch" quickstart.cfg
says err "not finished, with 5 more cells: into the queue again (requeue 1)"
[ "$(cat requeued)" = 17 ] || fail "a job that has gained cells was not requeued"

# A sweep and its report, submitted from here.
cat >"$work/bin/sbatch" <<'SCRIPT'
#!/bin/bash
printf '%s\n' "$HEADSWEEP_HOME" "$@" >>submitted
echo "41;cluster"
SCRIPT
chmod +x "$work/bin/sbatch"
expect 0 bash "$jobs/submit.sh" --ntasks=4 quickstart.cfg --set "output.results=two words.h5"
says out "sweep  41"
top=$(cd "$HEADSWEEP_SOURCE" && pwd)
for line in "$top" "$top/jobs/sweep.sbatch" "$top/jobs/report.sbatch" --ntasks=4 --dependency=afterok:41 "output.results=two words.h5"; do
    grep -qxF -- "$line" submitted || fail "sbatch is not given $line"
done

# Ranks of several threads get their cores, or are told to ask for them.
cat >"$work/bin/srun" <<'SCRIPT'
#!/bin/bash
[ "$1" != --mpi=list ] || { echo "pmix" && exit; }
while [[ $1 == -* ]]; do echo "$1" >>launched && shift; done
unset SLURM_NTASKS
exec "$@"
SCRIPT
expect 0 env SLURM_CPUS_PER_TASK=2 bash "$jobs/sweep.sbatch" quickstart.cfg "${small[@]}" --set run.threads_per_rank=2 \
    --set output.results=threads.h5
for line in --ntasks=2 --cpus-per-task=2 --cpu-bind=cores; do
    grep -qxF -- "$line" launched || fail "srun is not given $line"
done
expect 2 bash "$jobs/sweep.sbatch" quickstart.cfg "${small[@]}" --set run.threads_per_rank=2 --set output.results=threads.h5
says err "--cpus-per-task=2"
printf '#!/bin/bash\nexit 1\n' >"$work/bin/srun"
cat >"$work/bin/mpirun" <<'SCRIPT'
#!/bin/bash
[ "$1" != --version ] || { echo "mpirun (Open MPI) 4.1.4" && exit; }
printf '%s\n' "$@" >launched
while [ "${1##*/}" != "$(basename "$HEADSWEEP")" ]; do shift; done
exec "$@"
SCRIPT
chmod +x "$work/bin/mpirun"
expect 0 env -u SLURM_JOB_ID HEADSWEEP_RANKS=3 bash "$jobs/local.sh" quickstart.cfg "${small[@]}" --set run.threads_per_rank=2 \
    --set output.results=threads2.h5
[ "$(head -n 6 launched | tr '\n' ' ')" = "-n 3 --map-by slot:PE=2 --bind-to core " ] || fail "mpirun is given $(cat launched)"

# The other batch systems: where the ranks come from, when the job is to stop, and how it comes again.
cat >"$work/bin/qstat" <<'SCRIPT'
#!/bin/bash
printf '    Resource_List.select = 2:ncpus=1\n    Resource_List.walltime = 00:00:%s\n' "${FAKE_SECONDS:-59}"
SCRIPT
printf '#!/bin/bash\nprintf "%%s\\n" "$@" >submitted\n' >"$work/bin/qsub"
chmod +x "$work/bin/qstat" "$work/bin/qsub"
printf 'node1\nnode1\n' >nodes
cp "$jobs/sweep.pbs" "$work/spool/pbs_script"
pbs=(env -u SLURM_JOB_ID PBS_JOBID=9 PBS_NODEFILE=nodes "PBS_O_WORKDIR=$PWD" "HEADSWEEP_HOME=$HEADSWEEP_SOURCE" EXPERIMENT=quickstart.cfg)
expect 0 "${pbs[@]}" HEADSWEEP_STOP_SECONDS=1 OPTIONS="${small[*]:0:4} --set sweep.orders=[1] --set output.results=pbs.h5" bash "$work/spool/pbs_script"
expect 0 "$program" status pbs.h5
expect 2 env -u EXPERIMENT "${pbs[@]:0:7}" bash "$work/spool/pbs_script"
says err "qsub -v EXPERIMENT"
rm -f submitted
expect 3 "${pbs[@]}" HEADSWEEP_STOP_SECONDS=59 OPTIONS="--set output.results=pbs2.h5" bash "$work/spool/pbs_script"
says err "headsweep was stopped before it had a new cell"
[ ! -e submitted ] || fail "a job without a new cell is submitted again"
expect 0 env -u SLURM_JOB_ID LSB_DJOB_NUMPROC=2 bash "$jobs/sweep.lsf" quickstart.cfg "${small[@]}" --set output.results=lsf.h5
expect 0 "$program" status lsf.h5
expect 2 bash "$jobs/sweep.lsf" quickstart.cfg
cat >"$work/bin/flux" <<'SCRIPT'
#!/bin/bash
case $1 in
resource) echo 4 ;;
run)
    printf '%s\n' "$@" >launched
    while [ "${1##*/}" != "$(basename "$HEADSWEEP")" ]; do shift; done
    exec "$@"
    ;;
esac
SCRIPT
chmod +x "$work/bin/flux"
expect 0 env -u SLURM_JOB_ID FLUX_URI=local "HEADSWEEP_HOME=$HEADSWEEP_SOURCE" bash "$jobs/sweep.flux" quickstart.cfg "${small[@]}" \
    --set run.threads_per_rank=2 --set output.results=flux.h5
[ "$(head -n 5 launched | tr '\n' ' ')" = "run -n 2 -c 2 " ] || fail "flux is given $(cat launched)"
expect 0 "$program" status flux.h5
rm "$work/bin/mpirun"

# The program: beside the scripts, whatever folder they are called from.
unset HEADSWEEP
mkdir -p "$work/project/build"
cp -r "$jobs" "$work/project/jobs"
ln -s "$program" "$work/project/build/headsweep"
expect 0 bash "$work/project/jobs/local.sh" quickstart.cfg "${small[@]}" --set output.results=plain.h5
rm "$work/project/build/headsweep"
expect 2 bash "$work/project/jobs/local.sh" quickstart.cfg
says err "build it first"
echo "jobs: passed"
