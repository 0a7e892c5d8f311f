#!/bin/bash
# Settings that change no value, on a file that is finished: published everywhere, or refused by name.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
small=(--set tasks.toxicity.limit=30 --set tasks.accuracy.limit=30 --set "sweep.orders=[1]" --set analysis.resamples=300)

# tells FILE: all that a file says of its ranking.
tells() {
    "$program" rank "$1" --top 0 && "$program" rank "$1" --top 0 --format csv &&
        "$program" report "$1" --title page -o - | grep -v -E 'experiment hash|command_line|<td>[0-9]{4}-' &&
        "$program" report "$1" --format csv --table ranking
}

# same FILE OTHER: both say the same of everything but when and how they were made.
same() {
    tells "$1" >one 2>one.err || fail "$1 tells nothing: $(cat one.err)"
    tells "$2" >two 2>two.err || fail "$2 tells nothing: $(cat two.err)"
    [ ! -s one.err ] || fail "$1 is not finished: $(cat one.err)"
    sed -i -E "s/${1%.h5}|${2%.h5}/FILE/g" one two
    diff one two >difference || fail "$1 and $2 differ: $(head -c 600 difference)"
}

# Each changes the ranking or what is said of it. The file says the same as one that was made so.
expect 0 run_sweep 1 "$quickstart" "${small[@]}" --set output.results=again.h5
while read -r -a words; do
    settings=()
    for word in "${words[@]}"; do settings+=(--set "$word"); done
    rm -f fresh.h5
    expect 0 run_sweep 1 "$quickstart" "${small[@]}" "${settings[@]}" --set output.results=fresh.h5
    mv out fresh.out
    expect 0 run_sweep 2 "$quickstart" "${small[@]}" "${settings[@]}" --set output.results=again.h5
    cmp -s out fresh.out || fail "the run prints another ranking: ${words[*]}"
    mv out printed
    expect 0 "$program" rank again.h5
    cmp -s out printed || fail "rank says another ranking than the run: ${words[*]}"
    same again.h5 fresh.h5
    [[ ${words[0]#*=} =~ ^[a-z0-9.]+$ ]] || continue
    expect 0 "$program" report again.h5 --format csv --table experiment
    says out "${words[0]/=/,}"
done <<'END'
objective.tolerance=0.5
objective.keep_metric=margin objective.tolerance=3.5
objective.reduce=accuracy objective.keep=toxicity
objective.keep_also=["accuracy.margin=0.75"]
analysis.confidence=0.8
analysis.permutations=640 analysis.interval=percentile
objective.reduce="" objective.keep=""
objective.tolerance=0.02
END

# Back where it began, to the byte but for the record of runs.
expect 0 run_sweep 1 "$quickstart" "${small[@]}" --set output.results=again.h5
expect 0 run_sweep 1 "$quickstart" "${small[@]}" --set output.results=once.h5
same_results again.h5 once.h5

# A name that does not exist leaves the ranking that is there.
tells again.h5 >before 2>&1
for setting in objective.keep_metric=none objective.reduce_metric=none objective.keep_also='["accuracy.none"]'; do
    code=0
    "$program" run "$quickstart" "${small[@]}" --set "$setting" --set output.results=again.h5 >out 2>err || code=$?
    [ $code -eq 2 ] || fail "exit code $code: $setting"
    says err none
    tells again.h5 >after 2>&1
    cmp -s before after || fail "$setting was taken into the file"
done

# Sets that were chosen by a setting: another one is refused by name, and the file stays.
pruned=("${small[@]}" --set pruning.curve=importance --set pruning.max_heads=3 --set output.results=pruned.h5)
expect 0 run_sweep 1 "$quickstart" "${pruned[@]}"
cp pruned.h5 pruned-before.h5
expect 6 run_sweep 1 "$quickstart" "${pruned[@]}" --set objective.keep_metric=margin
says err "objective.keep_metric: the file has \"\", the experiment \"margin\", but its pruning curve follows it"
expect 6 run_sweep 1 "$quickstart" "${pruned[@]}" --set pruning.max_heads=4
says err "pruning.max_heads: file has 3, experiment has 4"
expect 6 run_sweep 1 "$quickstart" "${pruned[@]}" --set controls.random_sets=4
says err "controls.random_sets: file has 0, experiment has 4"
cmp -s pruned.h5 pruned-before.h5 || fail "a refused run changed the file"
expect 0 run_sweep 1 "$quickstart" "${pruned[@]}" --set objective.tolerance=0.4 --set pruning.kept=0.5 --set pruning.chance=0.25
expect 0 "$program" rank pruned.h5
says out "within 40 points"
expect 0 "$program" rank pruned.h5 --pruning --format json
mv out again.json
rm -f pruned.h5
expect 0 run_sweep 1 "$quickstart" "${pruned[@]}" --set objective.tolerance=0.4 --set pruning.kept=0.5 --set pruning.chance=0.25
expect 0 "$program" rank pruned.h5 --pruning --format json
cmp -s out again.json || fail "the curve is another than that of a file that was made so"
controlled=("${small[@]}" --set controls.random_sets=2 --set output.results=controlled.h5)
expect 0 run_sweep 1 "$quickstart" "${controlled[@]}"
expect 6 run_sweep 1 "$quickstart" "${controlled[@]}" --set objective.tolerance=0.4
says err "its control sets (controls.random_sets) were chosen by it"
says err "headsweep rank"
expect 0 "$program" rank controlled.h5 --tolerance 0.4
says out "within 40 points"
echo "restated: passed"
