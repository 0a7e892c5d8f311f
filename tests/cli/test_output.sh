#!/bin/bash
# What is written: reports never over what is somebody else's or an input, results never into a disk that is full
# without a word.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
expect 0 run_sweep 1 "$quickstart" --set tasks.toxicity.limit=10 --set tasks.accuracy.limit=10 --set "sweep.orders=[1]" \
    --set output.results=r.h5
cp r.h5 before.h5
cp "$quickstart" mine.cfg
echo rude >words.txt

# unharmed: the results file, the experiment and the word list are what they were, and nothing else is there.
unharmed() {
    cmp -s r.h5 before.h5 || fail "$1: the results file was changed"
    cmp -s mine.cfg "$quickstart" || fail "$1: the experiment was changed"
    [ "$(cat words.txt)" = rude ] || fail "$1: the word list was changed"
    [ -z "$(find . -name '.headsweep-*')" ] || fail "$1: a temporary file was left behind"
}

# ---- reports -------------------------------------------------------------------------------------------------------

# Over the file that is read: by its name, another way to it, a hard link, a symbolic link, and by force.
ln r.h5 hard.html
ln -s r.h5 link.html
mkdir folder
ln -s ../r.h5 folder/far.html
for output in r.h5 ./r.h5 "$PWD/r.h5" hard.html link.html folder/far.html; do
    for force in "" --force; do
        for format in html csv; do
            # shellcheck disable=SC2086  # nothing, where it is empty
            expect 2 "$program" report r.h5 --format $format -o "$output" $force
            says err "$output is read here and is not written over"
            unharmed "report -o $output $force"
        done
    done
done
rm hard.html link.html
expect 0 "$program" report r.h5 -o link.html
ln -s link.html chain.html
cp link.html keep.html
expect 2 "$program" report r.h5 -o chain.html --force
says err "chain.html is a symbolic link"
cmp -s link.html keep.html || fail "a link was written through"

# Over what is somebody else's: only by force. What is ours is replaced, whatever it is called.
for output in mine.cfg words.txt; do
    expect 2 "$program" report r.h5 -o $output
    says err "$output exists and is not what headsweep writes here"
    expect 2 "$program" report r.h5 --format csv -o $output
    says err "$output exists already"
    unharmed "report -o $output"
done
cp words.txt page.html
expect 2 "$program" report r.h5 -o page.html
expect 0 "$program" report r.h5 -o page.html --force
expect 0 "$program" report r.h5 -o page.html
cmp -s page.html keep.html || fail "the page is another"
expect 0 "$program" report r.h5
cmp -s r.html page.html || fail "the page is another"
expect 0 "$program" report r.h5
expect 0 "$program" report r.h5 --format csv --table ranking -o table.csv
expect 2 "$program" report r.h5 --format csv --table ranking -o table.csv
expect 0 "$program" report r.h5 --format csv --table ranking -o table.csv --force
expect 0 "$program" report r.h5 --format csv --table ranking
cmp -s out table.csv || fail "the table is another"
expect 0 "$program" report r.h5 -o -
cmp -s out page.html || fail "the page on standard output is another"
expect 0 "$program" report r.h5 -o /dev/stdout
cmp -s out page.html || fail "the page on standard output is another"

# Figures: the same.
expect 0 "$program" report r.h5 --figures figures
expect 0 "$program" report r.h5 --figures figures
figure=$(find figures -name 'heads*' | sort | head -n 1)
echo mine >"$figure"
expect 2 "$program" report r.h5 --figures figures
says err "$figure exists"
[ "$(cat "$figure")" = mine ] || fail "somebody's figure was written over"
rm "$figure"
ln -s ../words.txt "$figure"
expect 2 "$program" report r.h5 --figures figures --force
unharmed "report --figures"

# What is not a file is left alone.
expect 2 "$program" report r.h5 -o folder
says err "folder is a folder"
mkfifo pipe.html
expect 2 "$program" report r.h5 -o pipe.html --force
says err "pipe.html is a pipe"
expect 2 "$program" report r.h5 -o /dev/null
says err "/dev/null is a character device"
if mkdir small && mount -t tmpfs -o size=700k tmpfs small 2>/dev/null; then
    cp page.html small/page.html 2>/dev/null || echo "<meta name=\"generator\" content=\"headsweep\">" >small/page.html
    dd if=/dev/zero of=small/fill bs=1k count=700 2>/dev/null
    cp small/page.html old.html
    expect 5 "$program" report r.h5 -o small/page.html
    says err "small/page.html cannot be written: No space left on device"
    cmp -s small/page.html old.html || fail "a full disk costs the report that was there"
    [ "$(find small -type f | wc -l)" -eq 2 ] || fail "a full disk holds what was not written"
    umount small
fi
unharmed report

# ---- standard output -----------------------------------------------------------------------------------------------

expect 0 "$program" run mine.cfg --print-config
cp -r "$HEADSWEEP_SOURCE/configs/quickstart" copy
while read -r command; do
    read -ra words <<<"$command"
    code=0
    "$program" "${words[@]}" >/dev/full 2>err || code=$?
    [ "$code" -eq 5 ] || fail "exit code $code on a full disk: $command"
    says err "headsweep: standard output cannot be written: No space left on device"
    code=0
    "$program" "${words[@]}" >&- 2>err || code=$?
    [ "$code" -eq 5 ] || fail "exit code $code without standard output: $command"
    says err "headsweep: standard output cannot be written: Bad file descriptor"
    # A reader who has seen enough is told nothing.
    (trap '' PIPE && "$program" "${words[@]}" 2>err | true)
    if grep -q headsweep: err; then fail "a closed pipe is complained of: $command"; fi
    ("$program" "${words[@]}" 2>err | true)
    if grep -q headsweep: err; then fail "a closed pipe is complained of: $command"; fi
done <<'END'
--help
--version
run --help
run --help-config
run --help-tasks
run copy/quickstart.cfg --print-config
plan copy/quickstart.cfg --set sweep.orders=[1] --set tasks.toxicity.limit=2 --set tasks.accuracy.limit=2
status r.h5
rank r.h5
rank r.h5 --format csv --top 0
rank r.h5 --format json
report r.h5 --format csv
report r.h5 --format md
report r.h5 -o -
inspect copy/model
END

# A run that has no standard output must not take the results file for it.
expect 5 bash -c 'exec "$@" >&-' closed "$program" run --quiet copy/quickstart.cfg --set "sweep.orders=[1]" \
    --set tasks.toxicity.limit=10 --set tasks.accuracy.limit=10 --set output.results=closed.h5
expect 0 "$program" status closed.h5
says out "cells_damaged = 0"
"$program" rank r.h5 >one
"$program" rank closed.h5 >two
cmp -s one two || fail "a run without standard output has other results"
# ---- the results file ----------------------------------------------------------------------------------------------

# Somebody's file where the results are to be: called what it is before the model is read, and left as it is.
printf 'CDF\x01' >other.nc
: >empty.h5
mkdir taken.h5
ln -s nowhere.h5 dangling.h5
ln -s words.txt words.h5
printf 'precious' >new.h5.lock
while read -r output what; do
    for command in run plan; do
        code=0
        "$program" $command copy/quickstart.cfg --set output.results="$output" --set model.checkpoint=none >out 2>err || code=$?
        [ $code -ne 0 ] || fail "$command takes $output for its results"
        says err "headsweep: output.results: $output is $what"
        if grep -qi delete err; then fail "a file of another kind is to be deleted"; fi
    done
done <<'END'
mine.cfg a text file
words.txt a text file
words.h5 a text file
copy/accuracy.jsonl a text file
copy/model/model.safetensors not an HDF5 file
other.nc a netCDF file
empty.h5 empty
taken.h5 a folder
dangling.h5 a symbolic link to nothing
END
expect 6 "$program" run copy/quickstart.cfg --set output.results=new.h5
says err "new.h5.lock exists and is not a lock file of headsweep"
[ "$(cat new.h5.lock)" = precious ] || fail "somebody's file was taken for a lock"
[ ! -e nowhere.h5 ] || fail "a link was written through"
expect 0 diff -r copy "$HEADSWEEP_SOURCE/configs/quickstart"
unharmed "output.results"

# A link to a results file is that file.
ln -s r.h5 alias.h5
expect 0 "$program" run mine.cfg --set tasks.toxicity.limit=10 --set tasks.accuracy.limit=10 --set "sweep.orders=[1]" \
    --set model.checkpoint=copy/model --set tasks.toxicity.file=copy/toxicity.jsonl \
    --set tasks.accuracy.file=copy/accuracy.jsonl --set output.results=alias.h5
says err "was finished already"
echo "output: passed"
