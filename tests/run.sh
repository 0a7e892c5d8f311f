#!/bin/bash
# All tests: installs what is missing, builds, and runs ctest.
#   tests/run.sh [--sanitize] [--cluster] [--browser] [CTEST OPTION]...     e.g. tests/run.sh -L unit
# --sanitize builds with AddressSanitizer and UndefinedBehaviorSanitizer in a folder of its own; --cluster also
# installs what the tests labelled slurm and hosts and the one of quotas need, --browser what those labelled report do
# (they are skipped without).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=jobs/prepare.sh
source jobs/prepare.sh

folder=build-tests
options=(-DHEADSWEEP_TESTS=ON -DHEADSWEEP_WERROR=ON)
packages=("${HEADSWEEP_BUILD_PACKAGES[@]}" libcmocka-dev python3-h5py)
while :; do
    case ${1:-} in
    --sanitize)
        folder=build-sanitize
        options+=(-DHEADSWEEP_SANITIZE=ON)
        ;;
    --cluster) packages+=(slurm-wlm munge iproute2 btrfs-progs) ;;
    --browser) packages+=(chromium chromium-driver) ;;
    *) break ;;
    esac
    shift
done

prepare_packages "${packages[@]}"
prepare_build "$folder" "${options[@]}"
[ -d ../shared/data ] || echo "Note: ../shared/data is not there; tests that need its checkpoints will say SKIPPED."
exec ctest --test-dir "$folder" --output-on-failure -j "$(nproc)" "$@"
