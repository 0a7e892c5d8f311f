#!/bin/bash
# Installs the Debian packages that are missing and builds headsweep. Sourced by jobs/quickstart.sh and tests/run.sh:
#   prepare_packages PACKAGE...    prepare_build FOLDER [CMAKE OPTION]...    prepare_mpi
# Packages are asked of dpkg, so nothing needs root, or the network, when all are there.

# shellcheck disable=SC2034  # for the scripts that source this one
HEADSWEEP_BUILD_PACKAGES=(gcc make cmake pkg-config openmpi-bin libopenmpi-dev libhdf5-openmpi-dev libopenblas-dev
    libconfig-dev libjansson-dev libpcre2-dev libutf8proc-dev libxxhash-dev zlib1g-dev)

prepare_fail() {
    printf '%s\n' "$@" >&2
    exit 2
}

package_is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Abbrev}' "$1" 2>/dev/null)" = "ii " ]
}

prepare_packages() {
    local package missing=() as_root=()
    command -v dpkg-query >/dev/null ||
        prepare_fail "This is no Debian or Ubuntu. Install a C compiler, CMake 3.20, MPI 3, parallel HDF5 1.10, OpenBLAS," \
            "libconfig, jansson, PCRE2, utf8proc, xxHash and zlib with your system's means, then build with CMake (see README.md)."
    for package in "$@"; do
        package_is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    echo "Missing Debian packages: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
            prepare_fail "You may not install them. Ask an administrator of this machine to run" "" \
                "    apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" "" \
                "and then run the same command again."
        fi
        as_root=(sudo)
    fi
    echo "Installing them (apt-get; this takes a minute or two) ..."
    local log
    log=$(mktemp)
    if ! { "${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 update &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y \
            --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        prepare_fail "Installing the packages failed; the lines above say why."
    fi
    rm -f "$log"
}

# Configures and builds into FOLDER; the output is shown only where something fails.
prepare_build() {
    local folder=$1 log
    shift
    mkdir -p "$folder"
    log=$folder/build.log
    echo "Building headsweep in ${folder#"$PWD"/} ..."
    if ! { cmake -S . -B "$folder" "$@" && cmake --build "$folder" -j "$(nproc)"; } >"$log" 2>&1; then
        grep -A 6 -E 'error|Error' "$log" | head -n 40 >&2
        prepare_fail "Building failed; all of its output is in $log."
    fi
}

# Open MPI refuses root and more ranks than cores unless it is told; other MPIs ignore these.
prepare_mpi() {
    if [ "$(id -u)" -eq 0 ]; then
        export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
    fi
    export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1
    export OPENBLAS_NUM_THREADS=1
    # hwloc would look for X displays at each start: seconds of name look-ups on a machine without /etc/hosts.
    export HWLOC_COMPONENTS=-gl
}
