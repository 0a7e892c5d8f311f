#!/bin/bash
# The measurements on a tiny shape: every figure is printed and is a positive number, and what is counted is the same
# in two runs. Nothing here depends on time.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
shape=(--layers 2 --heads 2 --width 16 --vocabulary 50 --tokens 8)
mkdir inputs
export TMPDIR=$work/inputs

# figure KEY: its value in the last output, without the remark behind it.
figure() {
    sed -n "s/^$1 = \([^ ]*\).*/\1/p" "$work/out"
}

is_positive() {
    awk -v value="$(figure "$1")" 'BEGIN { exit !(value ~ /^[0-9.]+(e[-+]?[0-9]+)?$/ && value + 0 > 0) }' ||
        fail "$1 is \"$(figure "$1")\", which is not a positive number"
}

left_nothing() {
    [ -z "$(ls -A inputs)" ] || fail "the temporary folder was not removed"
}

expect 0 "$program" bench "${shape[@]}"
keys=(layers heads width vocabulary tokens blas_threads flops_ratio_pairs flops_ratio_singles sgemm_gflops sweep_gflops
    sgemm_share tiny_sgemm_share tokens_per_second generate_gflops generate_sgemm_share generate_flops_ratio rank_seconds_1 rank_seconds_2 rank_scaling scheduler_ranks scheduler_leases lease_service_us
    ranks_fed_10ms ranks_fed_1s)
for key in "${keys[@]}"; do
    is_positive "$key"
done
says out "blas_core = "
says out "scheduler_lost = 0"
says out "scheduler_done_twice = 0"
[ "$(figure layers) $(figure heads) $(figure width)" = "2 2 16" ] || fail "the shape is another"
left_nothing

# Two layers of two heads: 6 pairs or 4 heads, and the clean model.
says out "executed, 7 sets"
says out "executed, 5 sets"
grep '^flops_ratio' "$work/out" >first.txt
expect 0 "$program" bench engine "${shape[@]}"
grep '^flops_ratio' "$work/out" | cmp -s - first.txt || fail "the counted ratios differ between two runs"
grep -q '^rank_scaling' "$work/out" && fail "a section ran that was not asked for"

expect 0 "$HEADSWEEP_MPIEXEC" -n 3 "$program" bench scheduler
says out "scheduler_ranks = 3"
expect 2 "$HEADSWEEP_MPIEXEC" -n 2 "$program" bench ranks
says err "run it without one"
expect 2 "$program" bench scheduler --here
says err "needs two ranks"

expect 0 "$program" bench --help
says out "usage: headsweep bench"

# The generator by itself: checkpoints that the program reads, of either family and type.
expect 0 "$program" bench --inputs made/gpt2 "${shape[@]}"
expect 0 "$program" inspect made/gpt2
says out "family = gpt2"
says out "weights = F32"
expect 0 "$program" bench --inputs made/llama --family llama --bf16 --layers 2 --heads 4 --kv-heads 2 --width 16 --mlp 24
expect 0 "$program" inspect made/llama
says out "family = llama"
says out "weights = BF16"
says out "kv_heads = 2"
says out "mlp_width = 24"
cp -r made/gpt2 kept
expect 2 "$program" bench --inputs made/gpt2 "${shape[@]}"
says err "made/gpt2/config.json exists already; choose another name"
diff -r made/gpt2 kept || fail "a folder's files were written over"
expect 2 "$program" bench --inputs made --family bert
says err "gpt2 or llama is needed"
expect 2 "$program" bench --heads 4 --kv-heads 3 --width 16
says err "is not a multiple of --kv-heads"

# Wrong use says what is right, and a launcher that is not there leaves nothing behind.
expect 2 "$program" bench --heads 3 --width 16
says err "is not a multiple of"
expect 2 "$program" bench --nonsense
says err "unknown option --nonsense"
expect 2 "$program" bench speed
says err 'unexpected argument "speed"'
expect 2 env HEADSWEEP_MPIEXEC=no-such-launcher "$program" bench ranks "${shape[@]}"
says err "HEADSWEEP_MPIEXEC names another one"
left_nothing
expect 9 env HEADSWEEP_MPIEXEC=false "$program" bench ranks "${shape[@]}"
left_nothing
echo "bench: passed"
