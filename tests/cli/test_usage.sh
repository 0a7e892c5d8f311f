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
for command in run plan status rank inspect; do
    expect 0 "$program" "$command" --help
    says out "usage: headsweep $command"
    expect 2 "$program" "$command"
    says err "is missing"
    expect 2 "$program" "$command" --nonsense
    says err "unknown option --nonsense"
    expect 2 "$program" "$command" one two
    says err "unexpected argument \"two\""
done
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
echo "usage: passed"
