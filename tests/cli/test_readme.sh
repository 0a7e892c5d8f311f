#!/bin/bash
# The README's tables of keys and tasks are the program's own, and its Python code is the file that a test runs.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

readme=$HEADSWEEP_SOURCE/README.md

# between MARK: the lines of the README between <!-- MARK --> and <!-- end -->, without code fences.
between() {
    sed -n "/^<!-- $1 -->\$/,/^<!-- end -->\$/p" "$readme" | grep -v -e '^<!--' -e '^```'
}

same_as_readme() {
    between "$1" >readme.txt
    [ -s readme.txt ] || fail "README.md has no part marked $1"
    diff readme.txt "$2" >"$work/out" || fail "README.md, part \"$1\": replace it with the output of $3"
}

expect 0 "$HEADSWEEP_PROGRAM" run --help-config
cp "$work/out" keys.txt
same_as_readme "keys" keys.txt "headsweep run --help-config"
expect 0 "$HEADSWEEP_PROGRAM" run --help-tasks
cp "$work/out" tasks.txt
same_as_readme "tasks" tasks.txt "headsweep run --help-tasks"
sed -n '/^import h5py/,$p' "$HEADSWEEP_SOURCE/tests/cli/read_results.py" >python.txt
same_as_readme "python" python.txt "tests/cli/read_results.py from its imports on"

# The commands that need no data of the reader's own work as they stand, from the project's top folder, one after the
# other.
mkdir top top/build && ln -s "$HEADSWEEP_SOURCE/configs" top/configs && ln -s "$HEADSWEEP_PROGRAM" top/build/headsweep
commands=$(sed -n -e ':join' -e '/\\$/ { N; s/\\\n */ /; b join' -e '}' -e 's/^    //p' "$readme" |
    grep -E '^(mpirun -n [0-9]+ )?build/headsweep [a-z]+ (configs/|results/(quickstart|generation|pruned)\.h5)')
[ "$(wc -l <<<"$commands")" -ge 4 ] || fail "README.md has fewer commands than it had: $commands"
while read -r command; do
    command=${command/mpirun/\"\$HEADSWEEP_MPIEXEC\"}
    (cd top && bash -c "${command%%#*}") </dev/null >"$work/out" 2>"$work/err" || fail "README.md's command fails: $command"
done <<<"$commands"
echo "readme: passed"
