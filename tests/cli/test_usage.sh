#!/bin/bash
# Help, versions and wrong command lines: what is said, and the exit codes of the contract.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
expect 2 "$program"
expect 0 "$program" --help
says out "usage: headsweep COMMAND"
says out "3  the sweep is not finished"
expect 0 "$program" --version
says out "headsweep 0."
for command in run plan status rank texts report inspect; do
    expect 0 "$program" "$command" --help
    says out "usage: headsweep $command"
    expect 2 "$program" "$command"
    says err "is missing"
    expect 2 "$program" "$command" --nonsense
    says err "unknown option --nonsense"
    expect 2 "$program" "$command" one two
    says err "unexpected argument \"two\""
done
# Help and reader are one table: what is listed is known, with a value or without, and each option stands there once.
for command in run plan status rank texts report inspect bench; do
    "$program" "$command" --help >help.txt
    grep -oE '^  (-., )?--[a-z0-9-]+' help.txt | grep -oE -- '--[a-z0-9-]+' >options.txt || [ "$command" = inspect ]
    [ -z "$(sort options.txt | uniq -d)" ] || fail "$command --help lists an option twice"
    while read -r option; do
        expect 2 "$program" "$command" "$option=/dev/null/none" one two </dev/null
        ! grep -q -e unknown -e ambiguous "$work/err" || fail "$command does not know $option, which its help lists"
    done <options.txt
done
[ "$("$program" plan --help | grep -c -- '^  --')" -eq 7 ] || fail "plan --help does not list its options"
expect 2 "$program" sweep
says err "there is no command \"sweep\""
expect 2 "$program" rank --top few results.h5
says err "--top few: expected a whole number from 0 on"
expect 2 "$program" rank --format xml results.h5
says err "there is table, csv, json and md"
expect 2 "$program" rank --by
says err "--by needs a value"
expect 0 "$program" run --help-config
says out "sweep.interventions"
expect 0 "$program" run --help-tasks
says out "multiple_choice"
expect 5 "$program" run "no such file.cfg"
says err "no such file.cfg"
expect 5 "$program" status missing.h5
says err "missing.h5"

# Processes that another MPI's launcher started are alone without knowing it: one of them says so, and nothing is
# touched.
run=("$program" run "$quickstart" --set "sweep.orders=[1]" --set tasks.toxicity.limit=4 --set tasks.accuracy.limit=4
    --set output.results=alone/r.h5)
expect 2 env SLURM_NTASKS=3 SLURM_STEP_NUM_TASKS=3 SLURM_PROCID=0 "${run[@]}"
says err "3 processes were started by srun, but each of them is alone"
says err "srun --mpi=pmix"
expect 2 env SLURM_NTASKS=3 SLURM_STEP_NUM_TASKS=3 SLURM_PROCID=2 "${run[@]}"
[ ! -s err ] || fail "every process says that it is alone"
expect 2 env PMI_SIZE=4 PMI_RANK=0 "${run[@]}"
says err "4 processes were started by the launcher of MPICH's kin"
[ ! -e alone ] || fail "processes that are alone have made a folder"
# No false alarm: one rank in an allocation for many, a step of one, one MPI job of many in such a step, and by choice.
expect 0 env SLURM_JOB_ID=7 SLURM_NTASKS=8 SLURM_PROCID=0 "${run[@]}"
expect 0 env SLURM_NTASKS=8 SLURM_STEP_NUM_TASKS=1 SLURM_PROCID=0 "${run[@]}"
expect 0 env SLURM_STEP_NUM_TASKS=3 HEADSWEEP_ALONE=1 "${run[@]}"
expect 0 env SLURM_STEP_NUM_TASKS=3 "$HEADSWEEP_MPIEXEC" -n 1 "${run[@]}"
expect 0 env SLURM_STEP_NUM_TASKS=3 "$HEADSWEEP_MPIEXEC" -n 2 "${run[@]}"
echo "usage: passed"
