#!/bin/bash
# h5py reads everything the README shows, and finds the same deltas as `headsweep rank`.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

# Debian's h5py belongs to the system's Python, which need not be the first on PATH.
python=/usr/bin/python3
if ! "$python" -c 'import h5py' 2>/dev/null; then
    echo "SKIPPED: $python has no h5py (Debian: python3-h5py)"
    exit 77
fi
expect 0 run_sweep 2 "$quickstart" --set tasks.toxicity.limit=20 --set tasks.accuracy.limit=20 \
    --set "sweep.orders=[1]" --set output.results=r.h5
expect 0 "$python" "$HEADSWEEP_SOURCE/tests/cli/read_results.py" r.h5
cp "$work/out" python.txt
says out "33 sets: clean, 0.0, 0.1, 0.2 ... under zero, mean"
says out "finished"

expect 0 "$HEADSWEEP_PROGRAM" rank r.h5 --by toxicity --format csv --top 0
column=$(head -n 1 "$work/out" | tr ',' '\n' | grep -n '^toxicity.contrast.delta$' | cut -d: -f1)
n_compared=0
while IFS=, read -r -a row; do
    [ "${row[7]}" = ranked ] || continue
    name=${row[5]}.${row[6]}
    [ "${row[2]}" = "L${row[5]}H${row[6]}" ] || fail "${row[2]} is not head $name"
    delta=$(printf '%+.4f' "${row[column - 1]}")
    grep -qE "^ +${name//./\\.} ${row[4]} .*contrast ${delta//+/\\+}" python.txt ||
        fail "h5py does not find toxicity ${delta} for $name under ${row[4]}"
    n_compared=$((n_compared + 1))
done < <(tail -n +2 "$work/out")
[ "$n_compared" -eq 32 ] || fail "$n_compared of 32 sets were compared"
echo "h5py: passed"
