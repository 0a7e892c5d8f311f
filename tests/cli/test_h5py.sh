#!/bin/bash
# The README's Python, pasted as it stands, finds the same deltas as `headsweep rank`, and averages only what may be
# averaged.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

# Debian's h5py belongs to the system's Python, which need not be the first on PATH.
python=/usr/bin/python3
if ! "$python" -c 'import h5py' 2>/dev/null; then
    echo "SKIPPED: $python has no h5py (Debian: python3-h5py)"
    exit 77
fi
sed -n '/^<!-- python -->$/,/^<!-- end -->$/p' "$HEADSWEEP_SOURCE/README.md" | grep -v -e '^<!--' -e '^```' >pasted.py
mkdir results
expect 0 run_sweep 2 "$quickstart" --set tasks.toxicity.limit=20 --set tasks.accuracy.limit=20 \
    --set "sweep.orders=[1]" --set output.results=results/quickstart.h5
expect 0 "$python" "$HEADSWEEP_SOURCE/tests/cli/check_scales.py" results/quickstart.h5
# What the run has cost: a little, and joules if the counters may be read.
"$python" - <<'EOF' || fail "core-hours or joules cannot be"
import h5py
import math
with h5py.File("results/quickstart.h5", "r") as f:
    hours, joules = f["provenance/core_hours"][:], f["provenance/energy"][:]
assert 0 < hours[0] < 1 and math.isnan(hours[1]), hours
assert math.isnan(joules[0]) or 0 <= joules[0] < 1e6, joules
EOF
expect 0 "$python" pasted.py
cp "$work/out" python.txt
says out "33 sets: clean, 0.0, 0.1, 0.2 ... under zero, mean"
says out "finished"

expect 0 "$HEADSWEEP_PROGRAM" rank results/quickstart.h5 --by toxicity --format csv --top 0
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

# A set that is not finished, one with a value that is not finite, F1 and a ratio over nothing: no number is made of
# them.
"$python" - <<'EOF' || fail "the file cannot be changed"
import h5py
import numpy as np
with h5py.File("results/quickstart.h5", "r+") as f:
    f["results/toxicity/commit"][5] = 0
    f["results/toxicity/values"][6, 3, :] = np.nan
    f["results/toxicity/values"][:, :, 2] = 0
    f["results/toxicity/metric"].attrs["per"] = np.array([-1, 2, -2], dtype="i4")
EOF
expect 0 "$python" -W error pasted.py
says out "  toxic_preferred: in ranking/toxicity/mean"
sed '/^accuracy/,$d' "$work/out" >toxicity.txt
[ "$(grep -c ' contrast ' toxicity.txt)" -eq 30 ] || fail "sets without all of their numbers are averaged"
if grep -qE ' toxic_probability [-+]|nan' toxicity.txt; then fail "a ratio over nothing is a number"; fi
echo "h5py: passed"
