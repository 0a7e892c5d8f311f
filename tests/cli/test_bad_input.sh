#!/bin/bash
# Bad input and bad places: each ends in one clear error and the documented exit code, and nothing is written over.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
source_folder=$HEADSWEEP_SOURCE/configs/quickstart
small=(--set tasks.toxicity.limit=5 --set tasks.accuracy.limit=5 --set "sweep.orders=[1]")

# fresh_copy: the quickstart experiment in copy/, for spoiling.
fresh_copy() {
    rm -rf copy
    mkdir copy
    cp -r "$source_folder/model" "$source_folder"/*.jsonl "$source_folder/quickstart.cfg" copy/
}

# refused EXIT_CODE TEXT: the spoiled copy is refused so, before any file is made.
refused() {
    expect "$1" "$program" run copy/quickstart.cfg "${small[@]}"
    says err "$2"
    [ ! -e results/quickstart.h5 ] || fail "a results file was made"
}

fresh_copy
truncate -s -100 copy/model/model.safetensors
refused 4 "model.safetensors"

fresh_copy
printf '\377\377\377\377\377\377\377\177' | dd of=copy/model/model.safetensors conv=notrunc status=none
refused 4 "model.safetensors"

# The last four bytes of the file are a weight: make it a NaN.
fresh_copy
printf '\000\000\300\177' | dd of=copy/model/model.safetensors bs=1 conv=notrunc status=none \
    seek=$(($(stat -c %s copy/model/model.safetensors) - 4))
refused 4 "not finite"

fresh_copy
sed -i 's/"gpt2"/"gpt9"/; s/GPT2LMHeadModel/GPT9LMHeadModel/' copy/model/config.json
refused 4 "gpt9"

# A tokenizer that cannot be read is not an obstacle to token ids, and is named where a text needs it.
fresh_copy
sed -i 's/"type": *"BPE"/"type": "Other"/' copy/model/tokenizer.json
refused 4 'tokenizer.json: model.type: "Other" is not supported'
expect 0 "$program" inspect copy/model
says out 'tokenizer = not read: copy/model/tokenizer.json: model.type: "Other" is not supported'
says out "heads = 4"
printf '{"prompt": [1, 2], "toxic": [3], "benign": [4]}\n%.0s' 1 2 3 >copy/toxicity.jsonl
printf '{"context": [1, 2], "choices": [[3], [4]], "label": 1}\n%.0s' 1 2 3 >copy/accuracy.jsonl
expect 0 "$program" run copy/quickstart.cfg "${small[@]}"
says err 'note    all texts are token ids, so the tokenizer is not needed; it is not read: '
rm -r results

fresh_copy
head -c 200 copy/model/config.json >short.json && mv short.json copy/model/config.json
refused 4 "config.json"

fresh_copy
rm copy/model/model.safetensors
touch copy/model/pytorch_model.bin
refused 4 "pytorch_model.bin"

fresh_copy
sed -i '3s/.*/{"prompt": "a", "toxic": " b"}/' copy/toxicity.jsonl
refused 4 "toxicity.jsonl:3"

fresh_copy
sed -i '4s/.*/{"prompt": "a\xff", "toxic": " b", "benign": " c"}/' copy/toxicity.jsonl
refused 4 "toxicity.jsonl:4"

fresh_copy
sed -i "2s/\"context\": \"/&$(printf 'word %.0s' $(seq 200))/" copy/accuracy.jsonl
expect 4 "$program" run copy/quickstart.cfg "${small[@]}" --set tasks.accuracy.too_long=error
says err "accuracy.jsonl:2"
expect 0 "$program" plan copy/quickstart.cfg "${small[@]}"
says err "task accuracy: 1 of 5 examples are longer than the model's 64 positions"

# What looks like an accident in a data file is told of before anything runs, of the reference set too.
fresh_copy
printf 'context\tlabel\n"Tom says"\t0\n"Ida\nsays"\t1\n' >copy/a.tsv
printf '{"text": "Tom \\ud83d says"}\n' | gzip >copy/r.jsonl.gz
expect 0 "$program" plan copy/quickstart.cfg "${small[@]}" --set tasks.accuracy.file=a.tsv --set tasks.accuracy.quote=double \
    --set 'tasks.accuracy.choices=[" yes"," no"]' --set reference.file=r.jsonl.gz
says err "warning task accuracy: copy/a.tsv:3: a quote begins a field of several lines"
says err "warning reference set: copy/r.jsonl.gz:1: half of a surrogate pair"

fresh_copy
sed -i 's/sweep: {/sweep: { unti = "kv_group";/' copy/quickstart.cfg
refused 2 "quickstart.cfg:"
says err "unti"

# Places that cannot be written. Root may write anywhere, so there the folder is a file.
fresh_copy
touch "no folder"
expect 5 "$program" run copy/quickstart.cfg "${small[@]}" --set "output.results=\"no folder/r.h5\""
says err "no folder"
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked && chmod 555 locked
    expect 5 "$program" run copy/quickstart.cfg "${small[@]}" --set output.results=locked/r.h5
    says err "locked"
fi

# A file-size limit stands for a full disk: the error comes before the sweep, and nothing is left behind. MPI itself
# needs files of some megabytes, so the results file is made larger than those.
expect 5 bash -c 'ulimit -f 16000; exec "$@"' limited "$program" run copy/quickstart.cfg --set "sweep.orders=[1,2,3]" \
    --set "sweep.interventions=zero,flip,scale=0.5,uniform,first_token,scale=2" --set output.results=full.h5
says err "full.h5"
if [ -e full.h5 ] || [ -e full.h5.headsweep-tmp ]; then fail "a part of the file was left behind"; fi

# A truncated results file is refused and left as it is.
expect 0 "$program" run copy/quickstart.cfg "${small[@]}" --set output.results=cut.h5
truncate -s 1000 cut.h5
for command in "status cut.h5" "rank cut.h5"; do
    # shellcheck disable=SC2086  # two words
    expect 6 "$program" $command
    says err "cut.h5"
done
expect 6 "$program" run copy/quickstart.cfg "${small[@]}" --set output.results=cut.h5
[ "$(stat -c %s cut.h5)" -eq 1000 ] || fail "a damaged file was written over"

# With several ranks the error is printed once and is the launcher's exit code too.
expect 5 run_sweep 3 copy/quickstart.cfg --set "tasks.toxicity.file=none.jsonl"
says err "none.jsonl"
[ "$(grep -c '^headsweep: ' "$work/err")" -eq 1 ] || fail "the error is not printed exactly once"
echo "bad input: passed"
