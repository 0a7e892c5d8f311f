#!/bin/bash
# As many tasks as BLiMP has paradigms and more: planned, swept on 2 ranks, stopped by nothing, ranked and reported.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
n_tasks=70
mkdir data
for ((i = 0; i < n_tasks; i++)); do
    for word in cat dog; do
        printf '{"sentence_good": "the %s %d sits", "sentence_bad": "the %s %d sit"}\n' $word "$i" $word "$i"
    done >"$(printf 'data/paradigm %02d.jsonl' "$i")"
done
also=$(for ((i = 2; i < n_tasks; i++)); do printf '%s"blimp_paradigm_%02d.margin=%d"' "$([ "$i" -gt 2 ] && echo ', ')" "$i" "$i"; done)
cat >e.cfg <<END
model: { checkpoint = "$HEADSWEEP_SOURCE/configs/quickstart/model"; };
sweep: { orders = [1]; heads = ["0.*"]; interventions = ["zero", "mean"]; };
tasks = ( { name = "blimp"; kind = "minimal_pair"; file = "data/*.jsonl";
            fields = { good = "sentence_good"; bad = "sentence_bad"; }; } );
objective: { reduce = "blimp_paradigm_00"; reduce_metric = "margin"; keep = "blimp_paradigm_01"; tolerance = 1;
             keep_also = [$also]; };
analysis: { resamples = 100; permutations = 100; };
output: { results = "r.h5"; };
END

expect 0 "$program" plan e.cfg
says out "cells = $((n_tasks * 9))"
says err "blimp_paradigm_69 (minimal_pair, 2 examples)"
expect 0 run_sweep 2 e.cfg
expect 0 "$program" status r.h5
says out "cells_done = $((n_tasks * 9))"
expect 0 "$program" rank r.h5 --top 1
says out "blimp_paradigm_06.margin within 6 nats and 63 more"
[ "$(sed -n 3p "$work/out" | grep -o '\[' | wc -l)" -le 13 ] || fail "the table is wider than people can read"
expect 0 "$program" rank r.h5 --by blimp_paradigm_69.margin --top 0 --format csv
head -n 1 "$work/out" | grep -q blimp_paradigm_42.acc || fail "the CSV lacks a task"
expect 0 "$program" report r.h5 -o page.html
grep -q blimp_paradigm_69 page.html || fail "the page lacks a task"

# Another number of ranks, the same bits; and the printed file is the same experiment.
expect 0 "$program" run --quiet e.cfg --set output.results=one.h5
same_results r.h5 one.h5
expect 0 "$program" run e.cfg --print-config
cp "$work/out" printed.cfg
expect 0 "$program" run --quiet printed.cfg

# One file more is another experiment.
cp "data/paradigm 00.jsonl" data/z.jsonl
expect 6 "$program" run --quiet e.cfg
says err "blimp_z"
rm -r data
expect 2 "$program" run e.cfg
says err 'e.cfg:3: tasks[0].file = "data/*.jsonl" matches no file'
echo "many tasks: passed"
