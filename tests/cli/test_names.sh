#!/bin/bash
# A name that there is not is found before the first cell, by plan and run alike: with its key, where it stands, what it
# could mean and what there is.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
source_folder=$HEADSWEEP_SOURCE/configs/quickstart
cp -r "$source_folder/model" "$source_folder"/*.jsonl .
cp "$source_folder/quickstart.cfg" e.cfg
small=(--set tasks.toxicity.limit=5 --set tasks.accuracy.limit=5 --set "sweep.orders=[1]" --set output.results=none.h5)

# unknown TEXT [--set KEY=VALUE]...: plan and run say the same.
unknown() {
    local text=$1 command
    shift
    for command in plan run; do
        expect 2 "$program" $command e.cfg "${small[@]}" "$@"
        says err "$text"
        [ ! -e none.h5 ] || fail "a results file was made"
    done
}

unknown '--set objective.keep_metric=ac: objective.keep_metric: task "accuracy" has no metric "ac"; did you mean "acc"? There are: acc, acc_norm' \
    --set objective.keep_metric=ac
unknown 'objective.reduce_metric: task "toxicity" has no metric "contrasts"; did you mean "contrast"?' \
    --set objective.reduce_metric=contrasts
unknown 'objective.keep_also: task "accuracy" has no metric "margn"; did you mean "margin"?' \
    --set 'objective.keep_also=["accuracy.acc_norm", "accuracy.margn=0.5"]'
unknown 'pruning.metric: task "accuracy" has no metric "nll"; there are: acc' --set pruning.metric=accuracy.nll
unknown 'pruning.intervention = "maen" is none of sweep.interventions; did you mean "mean"?' --set pruning.intervention=maen
unknown '--set sweep.interventions=["zeroo"]: sweep.interventions: there is no intervention "zeroo"; did you mean "zero"?' \
    --set 'sweep.interventions=["zeroo"]'
unknown '--set sweep.heads=["9.*"]: sweep.heads: "9.*" is outside the model' --set 'sweep.heads=["9.*"]'
unknown '--set tasks.accuracy.limit=5): kind = "multiple_choise" is unknown; did you mean "multiple_choice"?' \
    --set tasks.accuracy.kind=multiple_choise
unknown 'this kind of task has no field "contex"; did you mean "context"?' --set tasks.accuracy.fields.contex=x

# In the file, the line.
line=$(grep -n 'objective' e.cfg | cut -d: -f1)
sed -i "${line}s/{/{ keep_metric = \"marjin\";/" e.cfg
unknown "e.cfg:$line: objective.keep_metric: task \"accuracy\" has no metric \"marjin\"; did you mean \"margin\"?"

# So are those on the command line.
expect 0 "$program" run --quiet "$source_folder/quickstart.cfg" "${small[@]}" --set output.results=r.h5
wrong() {
    local text=$1
    shift
    expect 2 "$program" "$@"
    says err "$text"
}
wrong 'unknown option --bye; did you mean "by"?' rank r.h5 --bye toxicity
wrong 'ambiguous option --t' rank r.h5 --t 3
wrong '--pareto takes no value' rank r.h5 --pareto=x
wrong 'unknown option -q' report r.h5 -qz
POSIXLY_CORRECT=1 wrong '--by: POSIXLY_CORRECT is set' rank r.h5 --by toxicity
wrong '--ablation zeroo: the file has no such intervention; did you mean "zero"? There are: zero, mean' rank r.h5 --ablation zeroo
wrong '--keep: "accuracy=5%": "5%" is not a tolerance: write 0.05 for 5%' rank r.h5 --keep accuracy=5%
wrong 'keep: "toxicity=5%": "5%" is not a tolerance: write 0.05' rank r.h5 --keep accuracy --keep toxicity=5%
wrong 'there is no task "toxicty" in the file; did you mean "toxicity"?' rank r.h5 --by toxicty
wrong '--set 9.9: the file has no such set' report r.h5 --set 9.9 -o x.html
wrong '--task toxicty: the file has no such task; did you mean "toxicity"?' texts r.h5 --task toxicty
wrong '--task toxicity: r.h5 keeps no such texts' texts r.h5 --task toxicity

echo "names: all that was misspelt was found"
