#!/bin/bash
# Layout as .clang-format decides it (src, include, tests), and src under the checks of .clang-tidy: neither may find
# a thing.
#   tests/lint/run.sh [FILE]...     some four minutes on two cores; with files of src, clang-tidy looks at these alone
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=jobs/prepare.sh
source jobs/prepare.sh

prepare_packages "${HEADSWEEP_BUILD_PACKAGES[@]}" libcmocka-dev clang-format clang-tidy

echo "clang-format ..."
find src include tests -name '*.[ch]' -print0 | xargs -0 clang-format --dry-run -Werror

# Only what is generated has to be built; the commands are those of a build without tests.
cmake -S . -B build-lint -DHEADSWEEP_TESTS=OFF -DCMAKE_EXPORT_COMPILE_COMMANDS=ON >/dev/null
if [ $# -eq 0 ]; then
    mapfile -t files < <(find src -name '*.c' | sort)
    set -- "${files[@]}"
fi
echo "clang-tidy, $# files ..."
# A process each: of several files, version 14 takes va_start in the second for unknown. Its own progress is left out.
printf '%s\0' "$@" | xargs -0 -P "$(nproc)" -n 1 clang-tidy -p build-lint -quiet -warnings-as-errors='*' 2>build-lint/tidy.log || {
    grep -E 'error:' build-lint/tidy.log >&2 || true
    echo "clang-tidy is not content: see the lines above (.clang-tidy says what is checked and why)." >&2
    exit 1
}
echo "lint: passed"
