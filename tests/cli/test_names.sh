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

echo "names: all that was misspelt was found"
