#!/bin/bash
# What the shell tests share: a temporary folder of their own, and assertions that say what was expected.
# Environment from ctest: HEADSWEEP_PROGRAM, HEADSWEEP_MPIEXEC, HEADSWEEP_COMPARE, HEADSWEEP_SOURCE.
# shellcheck disable=SC2034  # names for the tests that source this file
set -u

work=$(mktemp -d "${TMPDIR:-/tmp}/headsweep test.XXXXXX")
# Open MPI leaves its session folder and shared segments behind when it is killed: they go with this folder.
export OMPI_MCA_orte_tmpdir_base="$work" OMPI_MCA_btl_vader_backing_directory="$work"
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99

quickstart=$HEADSWEEP_SOURCE/configs/quickstart/quickstart.cfg

fail() {
    echo "FAILED: $*" >&2
    [ -s "$work/out" ] && sed 's/^/  stdout: /' "$work/out" >&2
    [ -s "$work/err" ] && sed 's/^/  stderr: /' "$work/err" >&2
    exit 1
}

# expect EXIT_CODE COMMAND...: runs it, keeps its output in $work/out and $work/err.
expect() {
    local expected=$1 code=0
    shift
    "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?
    [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected: $*"
}

# says FILE TEXT: the output holds this text.
says() {
    grep -qF -- "$2" "$work/$1" || fail "$1 does not say: $2"
}

# run_sweep RANKS ARGUMENT...: a sweep with that many ranks.
run_sweep() {
    local ranks=$1
    shift
    "$HEADSWEEP_MPIEXEC" -n "$ranks" "$HEADSWEEP_PROGRAM" run --quiet "$@"
}

same_results() {
    "$HEADSWEEP_COMPARE" "$1" "$2" || fail "$1 and $2 differ"
}
