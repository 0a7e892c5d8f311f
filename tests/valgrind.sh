#!/bin/bash
# The unit and mpi tests under valgrind, by hand: tests/valgrind.sh [CTEST OPTION]... All of them take some 20 minutes
# on 2 cores; the longest property tests run a quarter of their rounds. 64 ranks are left out: so many valgrinds are
# more than a small machine holds. It shows them a processor with AVX2: of the kernels those for AVX-512 are not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=jobs/prepare.sh
source jobs/prepare.sh

folder=$PWD/build-valgrind
runner="valgrind;--quiet;--error-exitcode=99;--leak-check=full;--errors-for-leak-kinds=definite"
runner+=";--suppressions=$PWD/tests/support/valgrind.supp"
prepare_packages "${HEADSWEEP_BUILD_PACKAGES[@]}" libcmocka-dev valgrind
prepare_build "$folder" -DHEADSWEEP_TESTS=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DHEADSWEEP_TEST_RUNNER=$runner"
cc -shared -fPIC -o "$folder/preload.so" tests/support/keep_plugins.c tests/support/no_jit.c
# OpenBLAS must not choose kernels for the real processor. Tests that have an allocator or a processor of their own
# skip.
export OPENBLAS_CORETYPE=Haswell LD_PRELOAD=$folder/preload.so HEADSWEEP_VALGRIND=1
exec ctest --test-dir "$folder" --output-on-failure -j "$(nproc)" -L '^(unit|mpi)$' -E '_ranks64$' "$@"
