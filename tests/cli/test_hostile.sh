#!/bin/bash
# A results file from somebody else: nothing in it, nor in a file's name, acts on the terminal that it is shown on.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
escape=$'\e[31m'
python=/usr/bin/python3

# harmless: no control but tab and newline, no C1, no mark or override of direction, in what the program printed.
harmless() {
    ! LC_ALL=C.UTF-8 grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\x{80}|\x{9b}|\x{202e}|\x{2066}' "$work/out" "$work/err" ||
        fail "$1: a control character is printed"
}

expect 5 "$program" rank "no${escape}such.h5"
says err "no\\x1b[31msuch.h5"
harmless "a name that is not there"
expect 2 "$program" rank "--b${escape}=x" no.h5
harmless "an option"
expect 4 "$program" inspect $'two\nlines'
says err 'two\nlines'

if ! "$python" -c 'import h5py' 2>/dev/null; then
    echo "SKIPPED: $python has no h5py (Debian: python3-h5py)"
    exit 77
fi
expect 0 "$program" run --quiet "$quickstart" --set tasks.toxicity.limit=10 --set tasks.accuracy.limit=10 \
    --set "sweep.orders=[1]" --set output.results=good.h5
"$python" - <<'EOF' || fail "the file cannot be changed"
import shutil

import h5py
import numpy as np

HOSTILE = "\x1b[2J\u202e\u009b31m"

def rewrite(attributes, name):
    shape = attributes[name].shape
    attributes[name] = np.full(shape, HOSTILE.encode(), dtype="S64")

shutil.copy("good.h5", "bad.h5")
with h5py.File("bad.h5", "r+") as f:
    for task in f["results"]:
        group = f["results"][task]
        if isinstance(group, h5py.Group) and "metric" in group:
            rewrite(group["metric"].attrs, "unit")
            rewrite(group["metric"].attrs, "metric_meaning")
    for name in f["provenance"].attrs:
        if f["provenance"].attrs[name].dtype.kind in "SO":
            rewrite(f["provenance"].attrs, name)
shutil.copy("bad.h5", "worse.h5")
with h5py.File("worse.h5", "r+") as f:
    for name in f["experiment"].attrs:
        if f["experiment"].attrs[name].dtype.kind in "SO":
            rewrite(f["experiment"].attrs, name)
    rewrite(f["results/toxicity"].attrs, "kind")
EOF
for arguments in "status worse.h5" "rank worse.h5" "report worse.h5 -o worse.html"  "status bad.h5" "rank bad.h5" "rank bad.h5 --format markdown" "rank bad.h5 --format json" \
    "report bad.h5 --format md -o -" "texts bad.h5" "report bad.h5 -o bad.html"; do
    # shellcheck disable=SC2086
    "$program" $arguments >"$work/out" 2>"$work/err" </dev/null
    harmless "headsweep $arguments"
done
expect 0 "$program" rank bad.h5
says out '\x1b[2J\u202e\u009b31m'
[ ! -e bad.html ] || ! grep -qP '\x1b|\xe2\x80\xae' bad.html || fail "the page holds a control character"
echo "hostile: passed"
