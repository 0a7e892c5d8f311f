#!/bin/bash
# The page of a report in a browser: numbers, clicks, keys, tables, light, dark, print, and texts that try to break out.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/../cli/library.sh"

folder=$HEADSWEEP_SOURCE/tests/report
python=/usr/bin/python3
if ! reason=$("$python" -B -c "import sys; sys.path.insert(0, sys.argv[1]); import h5py, browser
missing = browser.missing(); print(missing or ''); sys.exit(missing is not None)" "$folder" 2>&1); then
    echo "SKIPPED: ${reason##*$'\n'}"
    exit 77
fi
export PYTHONDONTWRITEBYTECODE=1

# check PAGE RANKING OPTION...: keeps the page and what the browser showed where HEADSWEEP_REPORT_KEEP names a folder.
check() {
    expect 0 "$python" "$folder/check_page.py" "$1" "$2" "${HEADSWEEP_REPORT_KEEP:-$work}" "${@:3}"
    cat "$work/out"
    [ -z "${HEADSWEEP_REPORT_KEEP:-}" ] || cp "$1" "$HEADSWEEP_REPORT_KEEP"
}

expect 0 run_sweep 2 "$quickstart" --set output.results=q.h5
expect 0 "$HEADSWEEP_PROGRAM" report q.h5
says err "wrote q.html"
"$HEADSWEEP_PROGRAM" rank q.h5 --top 0 --by toxicity --format json >q.json || fail "no ranking"
"$HEADSWEEP_PROGRAM" rank q.h5 --top 0 --by toxicity >q.txt || fail "no ranking"
check q.html q.json --table q.txt

# Pruning curves: only where the file has some, and the same in page, figures and tables as `rank --pruning` says.
if grep -q 'id="pruning"' q.html; then fail "a page without curves has a section for them"; fi
expect 0 run_sweep 2 "$quickstart" --set pruning.curve=both --set controls.random_sets=5 --set output.results=pruned.h5
expect 0 "$HEADSWEEP_PROGRAM" report pruned.h5
"$HEADSWEEP_PROGRAM" rank pruned.h5 --top 0 --by toxicity --format json >pruned.json || fail "no ranking"
"$HEADSWEEP_PROGRAM" rank pruned.h5 --pruning --format json >curves.json || fail "no curves"
check pruned.html pruned.json --pruning curves.json
expect 0 "$HEADSWEEP_PROGRAM" report pruned.h5 --figures pruned
grep -q "greedy, zero: keeps " pruned/pruning.svg || fail "the figure of the curves says nothing"
expect 0 "$HEADSWEEP_PROGRAM" report pruned.h5 --format csv --table pruning
"$HEADSWEEP_PROGRAM" rank pruned.h5 --pruning --format csv >curves.csv || fail "no curves"
"$python" -c 'import csv, sys
table, curves = (list(csv.DictReader(open(path))) for path in sys.argv[1:])
assert table == [{key: row[key] for key in table[0]} for row in curves] and len(table) > 30' out curves.csv ||
    fail "the table of the curves is another than that of rank --pruning"
expect 0 "$HEADSWEEP_PROGRAM" report pruned.h5 --format md
says out "With heads removed greedily (zero), the model keeps "

# A phase whose sets are still to be chosen: all sets of the file are complete, and yet it is not finished.
cp pruned.h5 phases.h5
"$python" -c 'import h5py, sys
with h5py.File(sys.argv[1], "r+") as file:
    file["ranking/commit"][0] = 0
    file["sets/phase"][12:] = 0' phases.h5 || fail "the file cannot be changed"
expect 0 "$HEADSWEEP_PROGRAM" report phases.h5 --format csv --table caveats
says out "still to be chosen and swept"
says out "The curve by greedy has "

# A finished file of the same sets whose texts are hostile.
cp q.h5 hostile.h5
"$python" "$folder/hostile.py" hostile.h5 || fail "the file cannot be changed"
expect 0 "$HEADSWEEP_PROGRAM" report hostile.h5 -o hostile.html --title '</title><script>window.broken = 1</script>'
check hostile.html q.json --hostile

# A file that is not finished: the sets that are complete, and the page says so.
cp q.h5 part.h5
"$python" -c 'import h5py, sys
with h5py.File(sys.argv[1], "r+") as file:
    file["ranking/commit"][0] = 0
    file["results/accuracy/commit"][40:] = 0' part.h5 || fail "the file cannot be changed"
expect 0 "$HEADSWEEP_PROGRAM" report part.h5 --set 0.2
grep -q "<b>unfinished file:</b> 40 of 273 sets are complete" part.html || fail "the page says nothing of it"
"$HEADSWEEP_PROGRAM" rank part.h5 --top 0 --by toxicity --format json >part.json 2>err || fail "no ranking"
check part.html part.json --hostile

# All pairs of GPT-2 small: under 5 MB, every number there. A larger file is cut to what matters most.
expect 0 "$HEADSWEEP_WRITE_LARGE" large.h5
expect 0 "$HEADSWEEP_PROGRAM" report large.h5
"$HEADSWEEP_PROGRAM" rank large.h5 --top 0 --by toxicity --format json >large.json || fail "no ranking"
check large.html large.json --largest 5000000
expect 0 "$HEADSWEEP_WRITE_LARGE" larger.h5 14 16
expect 0 "$HEADSWEEP_PROGRAM" report larger.h5
[ "$(wc -c <larger.html)" -lt 6000000 ] || fail "larger.html has $(wc -c <larger.html) bytes"

# Every figure is a file of its own that any XML reader takes.
expect 0 "$HEADSWEEP_PROGRAM" report hostile.h5 --figures figures
n_figures=$(find figures -name '*.svg' | wc -l)
[ "$n_figures" -gt 20 ] || fail "$n_figures figures"
"$python" -c 'import sys, xml.dom.minidom as xml
for path in sys.argv[1:]: xml.parse(path)' figures/*.svg || fail "a figure is not XML"

# The same rows in every format.
expect 0 "$HEADSWEEP_PROGRAM" report q.h5 --format json
"$python" -c 'import json, sys
report = json.load(open(sys.argv[1])); ranking = json.load(open(sys.argv[2]))
known = {(e["name"], e["ablation"]): e for e in ranking["ranking"]}
assert report["ranking"] and report["experiment"] and report["examples"] and len(report["finding"]) == 1
for row in report["ranking"]:
    expected = known[row["set"], row["ablation"]]["tasks"]["toxicity"]["contrast"]
    assert row["toxicity.contrast.delta"] == expected["delta"], row
    assert row["toxicity.contrast.delta_low"] == expected["delta_low"], row' out q.json || fail "JSON differs"
expect 0 "$HEADSWEEP_PROGRAM" report q.h5 --format csv --table ranking
n_lines=$(wc -l <out)
[ "$n_lines" -eq "$("$HEADSWEEP_PROGRAM" rank q.h5 --top 0 | grep -cE '^ +[0-9]+  [0-9]|^ +rank ')" ] || fail "CSV has $n_lines lines"
expect 0 "$HEADSWEEP_PROGRAM" report q.h5 --format md
says out "## Caveats"
expect 0 "$HEADSWEEP_PROGRAM" report hostile.h5 --format json
"$python" -c 'import json, sys; json.load(open(sys.argv[1]))' out || fail "hostile texts break JSON"

# What the model writes, as `headsweep texts` has it.
expect 0 run_sweep 2 "$HEADSWEEP_SOURCE/configs/generation/generation.cfg" --set tasks.written.limit=6 \
    --set tasks.accuracy.limit=20 --set tasks.written.samples=2 --set 'sweep.heads=["0.2-3"]' \
    --set output.results=texts.h5
expect 0 "$HEADSWEEP_PROGRAM" texts texts.h5
cp out texts.tsv
expect 0 "$HEADSWEEP_PROGRAM" report texts.h5
expect 0 "$HEADSWEEP_PROGRAM" report texts.h5 --format json --table texts
"$python" -c 'import collections, json, sys
rows = json.load(open(sys.argv[1]))
texts = collections.defaultdict(list)
for line in list(open(sys.argv[2]))[1:]:
    task, name, ablation, number, _, _, text = line.rstrip("\n").split("\t")
    texts[name, ablation, int(number)].append(text)
assert rows
for row in rows:
    assert row["clean_text"].split("\n") == texts["clean", "", row["line"]], row
    assert row["ablated_text"].split("\n") == texts[row["heads"], row["ablation"], row["line"]], row
' out texts.tsv || fail "the texts differ"

# Fluency is known where texts are written: how likely they are to the clean model.
unknown="what ablation does to fluency is not known"
expect 0 "$HEADSWEEP_PROGRAM" report q.h5 --format csv --table caveats
says out "$unknown"
expect 0 "$HEADSWEEP_PROGRAM" report texts.h5 --format csv --table caveats
if grep -q "$unknown" out; then fail "texts tell nothing of fluency"; fi

# What cannot be done is said.
expect 2 "$HEADSWEEP_PROGRAM" report q.h5 --format table
says err "there is html, csv, json and md"
expect 2 "$HEADSWEEP_PROGRAM" report q.h5 --format csv --table rankings
says err "did you mean \"ranking\"?"
says err "backup"
expect 2 "$HEADSWEEP_PROGRAM" report q.h5 --set 9.9
says err "--set 9.9"
expect 5 "$HEADSWEEP_PROGRAM" report q.h5 -o missing/q.html
says err "missing/q.html"
echo "report: passed"
