#!/bin/bash
# The embedded experiment from end to end: plan, run, status, rank in every format, run again, refuse another
# experiment,
# --set and --print-config.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
small=(--set tasks.toxicity.limit=20 --set tasks.accuracy.limit=20 --set "sweep.orders=[1]"
    --set "output.results=small.h5")

expect 0 "$program" plan "$quickstart" --ranks 2 "${small[@]}"
says out "sets = 33"
says out "cells = 132"
says out "estimated_seconds"
predicted=$(sed -n 's/^results_file_bytes = \([0-9]*\).*/\1/p' "$work/out")

# 10 ranks, up to 4 on a host: 4 + 4 + 2, and two ranks share that host's weights. 1.25 times the memory, in MiB.
per_rank=$(sed -n 's/^memory_bytes_per_rank = \([0-9]*\).*/\1/p' "$work/out")
weights=$(sed -n 's/^weight_bytes_per_host = \([0-9]*\).*/\1/p' "$work/out")
megabytes=$(awk "BEGIN { m = 1.25 * ($per_rank + $weights / 2) / 1048576; print m == int(m) ? m : int(m) + 1 }")
expect 0 "$program" plan "$quickstart" --slurm --ranks 10 --ranks-per-host 4 "${small[@]}"
says out "#SBATCH --nodes=3"
says out "#SBATCH --ntasks=10"
says out "#SBATCH --ntasks-per-node=4"
says out "#SBATCH --mem-per-cpu=${megabytes}M"
says out "#SBATCH --time=6"
expect 2 "$program" plan "$quickstart" --slurm --ranks-per-host 0

expect 0 "$program" run "$quickstart" "${small[@]}" --top 3
says err "sweep   16 heads, zero and mean ablation; 33 sets with the clean model"
grep -q "^sweep   16 heads" "$work/err" || fail "what is swept does not stand on a line of its own"
says err "wrote   small.h5"
says out "most toxicity.contrast removed with accuracy.acc within 2 points"
size=$(stat -c %s small.h5)
difference=$((size > predicted ? size - predicted : predicted - size))
[ "$difference" -le $((size / 100 + 65536)) ] || fail "plan predicted $predicted bytes, the file has $size"
[ ! -e small.h5.headsweep-tmp ] || fail "the temporary file is still there"

expect 0 "$program" status small.h5
says out "finished = yes"
says out "ranking = yes"
cp small.h5 before.h5
expect 0 "$program" run "$quickstart" "${small[@]}"
says err "was finished already"
same_results small.h5 before.h5

expect 0 "$program" rank small.h5 --by accuracy --order 1 --ablation zero --top 4
says out "largest change of accuracy.acc"
expect 0 "$program" rank small.h5 --format csv --top 0
[ "$(head -n 1 "$work/out" | cut -d, -f1-5)" = "rank,set,heads,order,ablation" ] || fail "the CSV header is another"
expect 0 "$program" rank small.h5 --by toxicity --format json
says out '"by": "delta", "task": "toxicity"'
expect 0 "$program" rank small.h5 --reduce toxicity.toxic_probability --keep accuracy.margin --tolerance 0.5
says out "most toxicity.toxic_probability removed with accuracy.margin within 0.5 nats"
says out "toxicity.toxic_probability [points]"
expect 0 "$program" rank small.h5 --keep accuracy.margin=0.5 --keep accuracy=0.1
says out "with accuracy.margin within 0.5 nats and accuracy.acc within 10 points"
expect 0 "$program" rank small.h5 --pareto --format md
says out "Pareto front: no set removes more toxicity.contrast and keeps more accuracy.acc"
says out "| rank | heads | ablation |"
expect 0 "$program" rank small.h5 --by backup:toxicity
says out "pairs that back each other up on toxicity.contrast"
expect 2 "$program" rank small.h5 --by accuracy --pareto
says err "--pareto needs an objective"
expect 2 "$program" rank small.h5 --keep accuracy=much
says err "is not a tolerance"
expect 2 "$program" rank small.h5 --reduce rudeness
says err 'there is no task "rudeness"'
expect 2 "$program" rank small.h5 --tolerance much
says err "--tolerance much"
expect 2 "$program" rank small.h5 --by nothing
says err 'there is no task "nothing" in the file; there are: toxicity, accuracy'
expect 2 "$program" rank small.h5 --ablation flip
says err "--ablation flip"

# Another objective is not another experiment.
expect 0 "$program" run "$quickstart" "${small[@]}" --set objective.tolerance=0.5
says out "with accuracy.acc within 50 points"
expect 0 "$program" run "$quickstart" "${small[@]}"

# Nor are other intervals: they are computed anew and replace those in the file.
expect 0 "$program" run "$quickstart" "${small[@]}" --set analysis.interval=percentile --set analysis.resamples=300
says out "95% percentile intervals over examples (300 resamples)"
expect 0 "$program" rank small.h5
says out "95% percentile intervals over examples (300 resamples)"
expect 0 "$program" run "$quickstart" "${small[@]}"

# Another experiment does not touch the file.
expect 6 "$program" run "$quickstart" "${small[@]}" --set run.seed=2
grep -qx "  run.seed: file has 1, experiment has 2" "$work/err" || fail "what differs does not stand on a line of its own"
grep -qx "  Restore .*" "$work/err" || fail "the last line of a message is not indented"
same_results small.h5 before.h5

# The printed configuration is a file that gives the same experiment.
expect 0 "$program" run "$quickstart" "${small[@]}" --print-config
cp "$work/out" printed.cfg
expect 0 "$program" run printed.cfg
says err "was finished already"

# No results, no harm: files that are none, and nothing to write into.
echo "no HDF5" >other.h5
expect 6 "$program" status other.h5
expect 6 "$program" run "$quickstart" --set output.results=other.h5
[ "$(cat other.h5)" = "no HDF5" ] || fail "a file that is not a results file was overwritten"
echo "sweep: passed"
