#!/bin/bash
# The same bits for 1, 2, 3 and 4 ranks, for both scheduling policies, and for any way of cutting the groups into
# leases; with each engine, and where only one rank can read the experiment file.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

options=(--set tasks.toxicity.limit=30 --set tasks.accuracy.limit=30 --set run.batch_rows=200 --set "sweep.heads=[\"1-2.*\"]"
    --set "sweep.interventions=[\"zero\",\"mean\",\"mean_position\",\"resample\",\"flip\",\"uniform\"]")

sweep() { # file ranks option...
    local file=$1 ranks=$2
    shift 2
    expect 0 run_sweep "$ranks" "$quickstart" "${options[@]}" --set "output.results=$file" "$@"
}

for engine in prefix reference; do
    sweep $engine.h5 1 --set run.engine=$engine
    for ranks in 2 3 4; do
        sweep "$engine$ranks.h5" "$ranks" --set run.engine=$engine
        same_results $engine.h5 "$engine$ranks.h5"
    done
    sweep static.h5 3 --set run.engine=$engine --set run.scheduler=static --set run.max_lease_groups=2
    same_results $engine.h5 static.h5
    rm static.h5
done

# Rank 0 alone reads the experiment file and what it includes: on other hosts there may be none, or another version of
# it.
mkdir parts none other
expect 0 "$HEADSWEEP_PROGRAM" run "$quickstart" "${options[@]}" --set "output.results=\"$work/read_once.h5\"" --print-config
cp "$work/out" parts/all.cfg
echo '@include "parts/all.cfg"' >e.cfg
echo 'run: { seed = 7' >other/e.cfg
expect 0 "$HEADSWEEP_MPIEXEC" -n 1 "$HEADSWEEP_PROGRAM" run e.cfg : \
    -n 1 -wdir "$work/none" "$HEADSWEEP_PROGRAM" run e.cfg : -n 1 -wdir "$work/other" "$HEADSWEEP_PROGRAM" run e.cfg
same_results prefix.h5 read_once.h5

# Ranks with other kernels of OpenBLAS, and a file that is continued with others, are told of (Debian's has all
# kernels in one).
other=Prescott
expect 0 "$HEADSWEEP_PROGRAM" plan "$quickstart" "${options[@]}"
core=$(sed -n "s/^model .*, //p" "$work/err")
if [ "$core" != "$other" ] && OPENBLAS_CORETYPE=$other "$HEADSWEEP_PROGRAM" plan "$quickstart" 2>&1 | grep -q "$other\$"; then
    expect 0 "$HEADSWEEP_MPIEXEC" -n 1 "$HEADSWEEP_PROGRAM" run "$quickstart" "${options[@]}" --set output.results=mixed.h5 : \
        -n 1 env OPENBLAS_CORETYPE=$other "$HEADSWEEP_PROGRAM" run "$quickstart" "${options[@]}" --set output.results=mixed.h5
    says err "some ranks run OpenBLAS's $core kernels and others $other"
    expect 0 env OPENBLAS_CORETYPE=$other "$HEADSWEEP_PROGRAM" run "$quickstart" "${options[@]}" --set output.results=mixed.h5
    says err "begun with OpenBLAS's $core kernels and is continued with $other"
fi
echo "bits: passed"
