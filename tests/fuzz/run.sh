#!/bin/bash
# Fuzzes every reader of foreign bytes with libFuzzer under AddressSanitizer and UndefinedBehaviorSanitizer.
#   tests/fuzz/run.sh [--seconds N | --runs N] [TARGET]...     e.g. tests/fuzz/run.sh --runs 1000000 tokenizer
# Seeds lie in tests/fuzz/corpus/TARGET and among the other tests; what is found on the way goes to
# build-fuzz/corpus/TARGET, a failing input to build-fuzz/TARGET-*, and its test belongs into tests/unit. Ends with 1
# if any target fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=jobs/prepare.sh
source jobs/prepare.sh

limit=(-max_total_time=15)
case ${1:-} in
--seconds) limit=("-max_total_time=$2") && shift 2 ;;
--runs) limit=("-runs=$2") && shift 2 ;;
esac
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(experiment tokenizer config safetensors task results layout)

prepare_packages "${HEADSWEEP_BUILD_PACKAGES[@]}" libcmocka-dev clang libclang-rt-dev
mkdir -p build-fuzz
CC=clang cmake -S . -B build-fuzz -DHEADSWEEP_TESTS=ON -DHEADSWEEP_FUZZ=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo >build-fuzz/build.log
cmake --build build-fuzz -j "$(nproc)" --target fuzz headsweep_program >>build-fuzz/build.log 2>&1 ||
    prepare_fail "Building failed; all of its output is in build-fuzz/build.log."
prepare_mpi
export ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=1024

# Seeds that the tests have anyway, and a results file as this version writes it.
seeds=build-fuzz/seeds
rm -rf "$seeds"
mkdir -p "$seeds"/{experiment,tokenizer,config,safetensors,task,results,layout}
cp configs/quickstart/quickstart.cfg "$seeds/experiment/"
for file in configs/datasets/*.cfg configs/generation/*.cfg; do cp "$file" "$seeds/experiment/"; done
{ printf '@include "all.cfg"\n\0' && cat configs/quickstart/quickstart.cfg && printf '\0'; } >"$seeds/experiment/block"
cp configs/quickstart/model/tokenizer.json "$seeds/tokenizer/"
for file in tests/reference/tokenizer/*/tokenizer.json; do cp "$file" "$seeds/tokenizer/$(basename "$(dirname "$file")").json"; done
for file in tests/reference/engine/*/config.json; do cp "$file" "$seeds/config/$(basename "$(dirname "$file")").json"; done
ASAN_OPTIONS=detect_leaks=0 build-fuzz/headsweep run --quiet configs/quickstart/quickstart.cfg --set tasks.toxicity.limit=1 \
    --set tasks.accuracy.limit=1 --set "sweep.orders=[1,2]" --set 'sweep.heads=["0.2-3"]' \
    --set 'sweep.interventions=["zero"]' --set output.results="$seeds/results/quickstart.h5" >/dev/null

failed=0
for target in "${targets[@]}"; do
    mkdir -p "build-fuzz/corpus/$target"
    log=build-fuzz/$target.log
    kept=()
    [ ! -d "tests/fuzz/corpus/$target" ] || kept=("tests/fuzz/corpus/$target")
    # HDF5 keeps memory from one file to the next, which libFuzzer would look into after each: leaks are found at the
    # end.
    case $target in results | layout) kept+=(-detect_leaks=0) ;; esac
    # The resident limit is libFuzzer's own guard against readers that allocate without bound.
    if "build-fuzz/tests/fuzz_$target" "${limit[@]}" -timeout=20 -rss_limit_mb=2048 -max_len=262144 -print_final_stats=1 \
        "-artifact_prefix=build-fuzz/$target-" "build-fuzz/corpus/$target" "$seeds/$target" "${kept[@]}" \
        >"$log" 2>&1; then
        echo "fuzz: $target $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions, no finding"
    else
        echo "fuzz: $target FAILED; see $log:" >&2
        grep -E '^(SUMMARY|==.*ERROR|Test unit written)|runtime error' "$log" >&2 || tail -n 5 "$log" >&2
        failed=1
    fi
done
exit "$failed"
