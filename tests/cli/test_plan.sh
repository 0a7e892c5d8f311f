#!/bin/bash
# headsweep plan: from headers alone whatever the size of the model, the same counts as a run, what it says of ranks and
# hours, and what it refuses as a run does. Nothing here depends on time: --gflops states it.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM

# figure KEY: its value in the last output, without the remark behind it.
figure() {
    sed -n "s/^$1 = \([^ ]*\).*/\1/p" "$work/out"
}

# holds EXPRESSION: of awk, with the figures that it names as $(figure KEY).
holds() {
    awk "BEGIN { exit !($1) }" || fail "$1 does not hold"
}

echo "plan: a checkpoint of 23 GB, in an address space that would not hold it"
expect 0 "$program" bench --inputs large --sparse --family llama --layers 24 --heads 32 --kv-heads 8 --width 4096 \
    --mlp 14336 --vocabulary 128256 --tokens 16 --prompts 4 --order 1
[ "$(stat -c %s large/model.safetensors)" -gt 20000000000 ] || fail "the checkpoint is smaller than it says"
[ "$(stat -c %b large/model.safetensors)" -lt 2000 ] || echo "plan: this file system knows no holes"
limit=4000000
[ -z "$HEADSWEEP_LINK_FLAGS" ] || limit=unlimited
expect 0 bash -c "ulimit -v $limit; exec '$program' plan large/experiment.cfg --gflops 50"
says out "sets = 769"
holds "$(figure weight_bytes_per_host) > 20e9"
flops=$(figure flops_executed)

echo "plan: ranks, hours and core-hours of a stated rate"
holds "$(figure gflops_per_rank) == 50 && $(figure sweep_gflops_per_rank) < 50 && $(figure sweep_gflops_per_rank) > 40"
holds "$(figure estimated_seconds) * $(figure sweep_gflops_per_rank) * 1e9 / $flops > 0.99"
holds "$(figure core_hours) * 3600 / $(figure estimated_seconds) < 1.01"
seconds=$(figure estimated_seconds)
expect 0 "$program" plan large/experiment.cfg --gflops 50 --hours "$(awk "BEGIN { print $seconds / 3600 / 8 }")"
holds "$(figure ranks) >= 8 && $(figure ranks) <= 12 && $(figure ranks_in_time) == $(figure ranks)"
says out "in_time = yes"
expect 0 "$program" plan large/experiment.cfg --gflops 50 --ranks 2 --hours "$(awk "BEGIN { print $seconds / 3600 / 8 }")"
says out "in_time = no"
holds "$(figure ranks) == 2"
expect 0 "$program" plan large/experiment.cfg --gflops 50 --hours 0.0001
says out "no number of ranks is done by then"
expect 0 "$program" plan large/experiment.cfg --gflops 50 --ranks 100000
holds "$(figure ranks_kept_busy) < 100000 && $(figure rank_efficiency) < 0.9"
holds "$(figure ranks_without_work) > 0"
says err "warning of 100000 ranks' time "
expect 0 "$program" plan large/experiment.cfg --gflops 50 --ranks "$(figure ranks_kept_busy)"
holds "$(figure rank_efficiency) >= 0.9"
expect 0 "$program" plan large/experiment.cfg --full-node
holds "$(figure full_node_share) > 0 && $(figure gflops_per_rank) > 0"
expect 2 "$program" plan large/experiment.cfg --gflops 0
says err "expected a number above 0"

# On one core of 50 GFLOP/s: a cell within ten minutes, a stop within twenty seconds; and so does its job know when.
echo "plan: how far it is to another cell and to a stop, for GPT-2 XL and Llama-3-8B"
prompts=(--sparse --tokens 64 --prompts 8 --order 1)
expect 0 "$program" bench --inputs xl --family gpt2 --layers 48 --heads 25 --width 1600 --vocabulary 50257 "${prompts[@]}"
expect 0 "$program" bench --inputs 8b --family llama --layers 32 --heads 32 --kv-heads 8 --width 4096 --mlp 14336 \
    --vocabulary 128256 "${prompts[@]}"
for folder in xl 8b; do
    expect 0 "$program" plan $folder/experiment.cfg --gflops 50
    holds "$(figure seconds_to_cell) > 10 && $(figure seconds_to_cell) < 600 && $(figure seconds_to_stop) < 20"
    stop=$(figure seconds_to_stop)
    expect 0 "$program" plan $folder/experiment.cfg --gflops 50 --slurm
    lead=$(sed -n 's/^#SBATCH --signal=B:USR1@//p' "$work/out")
    holds "$lead >= 60 + 3 * $stop && $lead < 63 + 3 * $stop"
done

echo "plan: a rank is bounded unless it is asked not to be, weights apart"
expect 0 "$program" plan large/experiment.cfg --gflops 50 --set sweep.orders=[2]
holds "$(figure memory_bytes_per_rank) <= 1024 * 1048576"
expect 0 "$program" plan large/experiment.cfg --gflops 50 --set sweep.orders=[2] --set run.memory_per_rank=0
holds "$(figure memory_bytes_per_rank) > 1024 * 1048576"

echo "plan: the scheduler's own simulation says the same"
expect 0 "$program" bench scheduler --simulate --ranks 64 --experiment large/experiment.cfg
efficiency=$(figure virtual_efficiency)
holds "$(figure virtual_flops) == $flops && $(figure virtual_ranks) == 64"
expect 0 "$program" plan large/experiment.cfg --gflops 50 --ranks 64
holds "$(figure rank_efficiency) - $efficiency < 0.02 && $efficiency - $(figure rank_efficiency) < 0.02"
# All pairs of GPT-2 small on 300 prompts: 51 core-seconds a rank keep 4,000 ranks busy.
expect 0 "$program" bench scheduler --simulate --ranks 4000 --prompts 300
holds "$(figure virtual_efficiency) >= 0.9 && $(figure virtual_idle_ranks) == 0"
expect 0 "$program" bench scheduler --simulate --ranks 64 --layers 2 --heads 2 --width 16 --vocabulary 50 --tokens 8
says out "virtual_sets = 7"
expect 2 "$program" bench engine --simulate --ranks 64
says err "bench scheduler"
expect 2 "$program" bench scheduler --simulate
says err "needs --ranks"

echo "plan: what a run counts, with means and donors that are not there"
options=(--set tasks.toxicity.limit=12 --set tasks.accuracy.limit=12 --set sweep.orders=[1]
    --set "sweep.interventions=[\"zero\",\"mean\",\"mean_position\",\"resample\"]" --set output.results=run.h5)
expect 0 "$program" plan "$quickstart" "${options[@]}"
flops=$(figure flops_executed)
bytes=$(figure results_file_bytes)
run_sweep 1 "$quickstart" "${options[@]}" || fail "the run failed"
size=$(stat -c %s run.h5)
holds "($size - $bytes)^2 < ($size / 100 + 65536)^2"
# HDF5 has an attribute's text behind its name; no tool of HDF5 is needed to read it.
tr -c '0-9a-z_.+' '\n' <run.h5 >words.txt
counted=$(sed -n '/^flops_executed$/,/^flops_naive$/s/^\([0-9.]*e+[0-9]*\)$/\1/p' words.txt)
[ -n "$counted" ] || fail "the file has no count"
holds "$counted / $flops < 1.001 && $flops / $counted < 1.001"

echo "plan: refuses what a run refuses"
expect 0 "$program" bench --inputs small --layers 2 --heads 2 --width 16 --vocabulary 50 --tokens 8
truncate -s -1 small/model.safetensors
for command in plan run; do
    expect 4 "$program" $command small/experiment.cfg
    says err "was the file cut off?"
done
echo "plan: passed"
