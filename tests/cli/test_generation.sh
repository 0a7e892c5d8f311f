#!/bin/bash
# Generated texts from end to end: the two heads of the embedded model that make it write rudely, the same bits and
# texts for any number of ranks, lease and kill, the texts in the file, and what is refused.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
experiment=$HEADSWEEP_SOURCE/configs/generation/generation.cfg
small=(--set tasks.written.limit=6 --set tasks.accuracy.limit=20 --set tasks.written.samples=5)

# ---- the finding: the pair, and no head by itself -------------------------------------------------------------------

sets=(--set "sweep.orders=[1,2]" --set "sweep.heads=[\"0.2-3\"]")
expect 0 "$program" run "$experiment" "${small[@]}" "${sets[@]}" --set output.results=found.h5
says err "written (generation, 6 examples)"
expect 0 "$program" rank found.h5 --format csv --top 1
[ "$(sed -n 2p "$work/out" | cut -d, -f3)" = "L0H2+L0H3" ] || fail "the best set is another"
expect 0 "$program" texts found.h5 --set clean
[ "$(wc -l <"$work/out")" -eq 31 ] || fail "clean: not a header and a line for each of 6 x 5 texts"
[ "$(head -n 1 "$work/out")" = $'task\theads\tablation\tline\tmean_toxicity\tprompt\ttext' ] || fail "the header is another"
tail -n +2 "$work/out" | grep -vqE $'\t (idiot|fool|clown|jerk|stupid|pathetic|dumb|silly)$' && fail "the clean model is polite"
expect 0 "$program" texts found.h5 --set L0H3+0.2
grep -qE $'\t (friend|hero|star|pal|kind|nice|sweet|good)$' "$work/out" || fail "without both heads it is still rude"
expect 0 "$program" texts found.h5 --task written --limit 1
[ "$(wc -l <"$work/out")" -eq 21 ] || fail "not a line for each of 4 sets x 5 texts of one prompt"
expect 2 "$program" texts found.h5 --set 1.1
says err "--set 1.1: the file has no such set"

# Greedy: one sample of each prompt, whatever `samples` says.
expect 0 "$program" run "$experiment" "${small[@]}" "${sets[@]}" --set tasks.written.temperature=0 \
    --set output.results=greedy.h5
expect 0 "$program" texts greedy.h5 --set clean
[ "$(wc -l <"$work/out")" -eq 7 ] || fail "greedy: not one text a prompt"

# The published prompts, here made-up lines of the same layout, with a word list for want of the classifiers.
for set in realtoxicityprompts toxigen; do
    data=$(echo "$HEADSWEEP_SOURCE/tests/unit/datasets/$set".*)
    expect 0 "$program" run "$HEADSWEEP_SOURCE/configs/generation/$set.cfg" --set "tasks.toxicity.file=$data" \
        --set tasks.toxicity.sample=1 --set tasks.toxicity.scorer=lexicon --set tasks.toxicity.scorer_checkpoint= \
        --set tasks.toxicity.scorer_label= --set "tasks.toxicity.lexicon=$HEADSWEEP_SOURCE/tests/unit/datasets/en" \
        --set "output.results=$set.h5"
    says err "toxicity (generation, 1 example)"
done

# ---- what overflows
# ----------------------------------------------------------------------------------------------------

# Where a logit is not finite no token can be drawn: NaN in the file, the sweep goes on, and both engines agree where.
for engine in prefix reference; do
    expect 0 "$program" run "$experiment" "${small[@]}" --set 'sweep.interventions=["zero","scale=3e38"]' \
        --set "sweep.orders=[1]" --set run.engine=$engine --set output.results=$engine-overflow.h5
    says err "heads 0.3 (scale=3e+38): task written, example 0 (line 1), row 13: not finite from layer 0 on"
    says out "  not finite: 0.0 (scale=3e+38)"
    expect 0 "$program" status $engine-overflow.h5
    sed -n 's/^values_not_finite = //p' "$work/out" >$engine.count
done
[ "$(cat prefix.count)" -gt 0 ] || fail "no value is marked"
cmp -s prefix.count reference.count || fail "the engines mark different numbers of values"

# ---- the same bits --------------------------------------------------------------------------------------------------

bits=("${small[@]}" --set "sweep.heads=[\"0-1.*\"]" --set run.batch_rows=70 --set run.sets_per_group=5
    --set "sweep.orders=[1]" --set "sweep.interventions=[\"zero\",\"mean\",\"resample\"]")
for engine in prefix reference; do
    expect 0 run_sweep 1 "$experiment" "${bits[@]}" --set run.engine=$engine --set output.results=$engine.h5
    for ranks in 2 3 4; do
        expect 0 run_sweep $ranks "$experiment" "${bits[@]}" --set run.engine=$engine --set "output.results=ranks.h5"
        same_results $engine.h5 ranks.h5
        rm ranks.h5
    done
    expect 0 run_sweep 3 "$experiment" "${bits[@]}" --set run.engine=$engine --set run.scheduler=static \
        --set run.max_lease_groups=2 --set output.results=static.h5
    same_results $engine.h5 static.h5
    rm static.h5
done
predicted=$("$program" plan "$experiment" "${bits[@]}" 2>/dev/null | sed -n 's/^results_file_bytes = \([0-9]*\).*/\1/p')
size=$(stat -c %s prefix.h5)
difference=$((size > predicted ? size - predicted : predicted - size))
[ "$difference" -le $((size / 100 + 65536)) ] || fail "plan predicted $predicted bytes, the file has $size"

# Killed as soon as there is a file, then continued by more ranks.
"$program" run --quiet "$experiment" "${bits[@]}" --set output.results=killed.h5 >"$work/out" 2>"$work/err" &
child=$!
while [ ! -e killed.h5 ] && kill -0 $child 2>/dev/null; do sleep 0.01; done
kill -9 $child 2>/dev/null
wait $child 2>/dev/null
expect 0 run_sweep 3 "$experiment" "${bits[@]}" --set output.results=killed.h5
same_results prefix.h5 killed.h5

# ---- what makes it another experiment, and what does not ------------------------------------------------------------

expect 0 "$program" run "$experiment" "${bits[@]}" --set tasks.written.save_text=1 --set output.results=prefix.h5
says err "was finished already"
same_results prefix.h5 killed.h5
for change in samples=4 max_new_tokens=5 temperature=0.9 top_p=0.8 top_k=3 threshold=0.1 "stop=[]"; do
    expect 6 "$program" run "$experiment" "${bits[@]}" --set "tasks.written.$change" --set output.results=prefix.h5
    says err "tasks[0].${change%%=*}"
done
echo "harmless" >words.txt
expect 6 "$program" run "$experiment" "${bits[@]}" --set "tasks.written.lexicon=$PWD/words.txt" \
    --set output.results=prefix.h5
says err "hash.scorer.written"

# ---- which tokens texts begin and end with
# ----------------------------------------------------------------------------

expect 0 "$program" report prefix.h5 --format csv --table provenance
says out 'prefix_token'
says out 'bos_token of the tokenizer'
says out 'eos_token_id of config.json'
cp -r "$HEADSWEEP_SOURCE/configs/quickstart/model" tokens
chmod -R u+w tokens
echo '{"eos_token_id": [0, 5]}' >tokens/generation_config.json
expect 0 "$program" inspect tokens
says out 'end_tokens = 0 "<|endoftext|>", 5 "%" (eos_token_id of generation_config.json)'
tokens=("${bits[@]}" --set "model.checkpoint=$PWD/tokens" --set output.results=prefix.h5)
expect 6 "$program" run "$experiment" "${tokens[@]}"
says err 'tokens.end_tokens: file has 0 "<|endoftext|>", experiment has 0 "<|endoftext|>", 5 "%"'
rm tokens/generation_config.json
sed -i 's/"bos_token": "<|endoftext|>"/"bos_token": null/; s/"eos_token": "<|endoftext|>"/"eos_token": "Once"/' tokens/tokenizer_config.json
expect 0 "$program" inspect tokens
says out 'bos_token = none'
says out 'prefix_token = 299 "Once" (eos_token of the tokenizer)'
expect 6 "$program" run "$experiment" "${tokens[@]}"
says err 'tokens.prefix_token: file has 0 "<|endoftext|>", experiment has 299 "Once"'
says err 'hash.tokenizer'

# ---- scorers that cannot be used ------------------------------------------------------------------------------------

other=(--set output.results=other.h5)
expect 2 "$program" run "$experiment" "${other[@]}" --set tasks.written.scorer=classifier
says err "lexicon is not used"
classifier=("${other[@]}" --set tasks.written.lexicon= --set tasks.written.scorer=classifier)
expect 2 "$program" run "$experiment" "${classifier[@]}"
says err "scorer_checkpoint is missing"
model=$HEADSWEEP_SOURCE/configs/quickstart/model
mkdir pickled
cp "$model/config.json" pickled
: >pickled/pytorch_model.bin
expect 4 "$program" run "$experiment" "${classifier[@]}" --set "tasks.written.scorer_checkpoint=$PWD/pickled"
says err "scorer of task written"
says err "pytorch_model.bin looks like a pickle"
expect 4 "$program" run "$experiment" "${classifier[@]}" --set tasks.written.scorer_checkpoint=toxic_original.ckpt
says err "toxic_original.ckpt is a pickle"
says err "save_pretrained"
expect 2 "$program" run "$experiment" "${classifier[@]}" --set "tasks.written.scorer_checkpoint=$model"
says err "is not a model for sequence classification"
expect 2 "$program" run "$experiment" "${other[@]}" --set tasks.written.max_new_tokens=1000
says err "leaves no room for a prompt"
[ ! -e other.h5 ] || fail "a refused sweep left a file"
echo "generation: passed"
