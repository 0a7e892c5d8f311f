#!/bin/bash
# run.threads_per_rank: the same bits again and on any number of ranks; part of what an experiment is; said wherever
# ranks are.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

program=$HEADSWEEP_PROGRAM
small=(--set tasks.toxicity.limit=40 --set tasks.accuracy.limit=30 --set 'sweep.heads=["0-3.0-2"]' --set analysis.resamples=100)
for threads in 1 2 3; do
    for ranks in 1 2 3; do
        expect 0 run_sweep $ranks "$quickstart" "${small[@]}" --set run.threads_per_rank=$threads \
            --set output.results=t$threads-r$ranks.h5
    done
    same_results t$threads-r1.h5 t$threads-r2.h5
    same_results t$threads-r1.h5 t$threads-r3.h5
done
expect 0 run_sweep 1 "$quickstart" "${small[@]}" --set run.threads_per_rank=2 --set output.results=again.h5
same_results t2-r1.h5 again.h5
# The key's default is what there was before it.
expect 0 run_sweep 1 "$quickstart" "${small[@]}" --set output.results=plain.h5
same_results t1-r1.h5 plain.h5

expect 6 run_sweep 1 "$quickstart" "${small[@]}" --set run.threads_per_rank=3 --set output.results=t2-r1.h5
says err "plan.threads_per_rank: file has 2, experiment has 3"
expect 6 run_sweep 1 "$quickstart" "${small[@]}" --set output.results=t2-r1.h5
says err "plan.threads_per_rank: file has 2, experiment has nothing"
expect 2 "$program" plan "$quickstart" --set run.threads_per_rank=0
says err "run.threads_per_rank"

expect 0 "$program" run --print-threads "$quickstart" --set run.threads_per_rank=5
[ "$(cat "$work/out")" = 5 ] || fail "--print-threads says $(cat "$work/out")"
expect 0 "$program" plan "$quickstart" "${small[@]}" --ranks 4 --set run.threads_per_rank=2
says err "4 ranks, 2 threads each"
expect 0 "$program" plan "$quickstart" "${small[@]}" --ranks 4 --slurm --set run.threads_per_rank=2
says out "#SBATCH --cpus-per-task=2"
if command -v taskset >/dev/null; then
    first=$(taskset -pc $$ | sed 's/.*: *//; s/[,-].*//')
    expect 0 taskset -c "$first" "$program" plan "$quickstart" "${small[@]}" --set run.threads_per_rank=2
    says err "run.threads_per_rank is 2, and a rank here may use 1 processor: give it more"
fi
# Whatever the environment asks of the BLAS, its bits are those of one thread.
expect 0 env OPENBLAS_NUM_THREADS=2 "$program" run --quiet "$quickstart" "${small[@]}" --set output.results=environment.h5
same_results plain.h5 environment.h5
echo "threads: passed"
