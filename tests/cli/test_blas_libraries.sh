#!/bin/bash
# Behind the libblas of a build another library can stand where it runs: each that is here computes right, on one
# thread whatever the environment asks for, and is called by its name. HEADSWEEP_BLAS_LIBRARIES names more of them,
# with colons in between.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

needed=$(ldd "$HEADSWEEP_PROGRAM" | grep -oE 'lib(open)?blas\.so\.[0-9]+' | head -n 1)
[ -n "$needed" ] || { echo "SKIPPED: the program has its BLAS within it, or one whose name is not known here"; exit 77; }
libraries=(/usr/lib/*/blas/libblas.so.3 /usr/lib/*/blis-*/libbl*.so.? /usr/lib/*/openblas-*/libopenblas.so.0
    /usr/lib/*/libflexiblas.so.3 /usr/lib/*/libmkl_rt.so)
IFS=: read -ra more <<<"${HEADSWEEP_BLAS_LIBRARIES:-}"
unset OPENBLAS_CORETYPE
export OPENBLAS_NUM_THREADS=2 OMP_NUM_THREADS=2 BLIS_NUM_THREADS=2 MKL_NUM_THREADS=2 FLEXIBLAS_NUM_THREADS=2
tried=0
for library in "${libraries[@]}" "${more[@]}"; do
    [ -r "$library" ] || continue
    mkdir -p "$work/other" && ln -sf "$library" "$work/other/$needed"
    with=(env "LD_LIBRARY_PATH=$work/other:$(dirname "$library")${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}")
    expect 0 "${with[@]}" "$HEADSWEEP_BUILD/tests/test_blas"
    name=$(sed -n 's/^library \(.*\), core.*/\1/p' "$work/out" "$work/err" | head -n 1)
    case $library in
    *openblas*) [[ $name == OpenBLAS* ]] || fail "$library is called $name" ;;
    *libblis*) [[ $name == BLIS* ]] || fail "$library is called $name" ;;
    *flexiblas*) [[ $name == FlexiBLAS* ]] || fail "$library is called $name" ;;
    *mkl*) [[ $name == MKL* ]] || fail "$library is called $name" ;;
    esac
    said=$(sed -n 's/^library //p' "$work/out" "$work/err" | head -n 1)
    # Without threads OpenBLAS has no locks, and several threads may not call it.
    code=0
    [[ $library != *openblas-serial* ]] || code=2
    expect $code "${with[@]}" "$HEADSWEEP_PROGRAM" run --quiet "$quickstart" --set "sweep.orders=[1]" --set tasks.toxicity.limit=8 \
        --set tasks.accuracy.limit=8 --set run.threads_per_rank=2 --set "output.results=$tried.h5"
    [ $code -eq 0 ] || says err "is built for one thread"
    [[ $said == *" 1 threads" ]] || { expect 0 "${with[@]}" "$HEADSWEEP_PROGRAM" plan "$quickstart" && says err "threads for a product of"; }
    echo "$library: $said"
    tried=$((tried + 1))
done
[ "$tried" -gt 0 ] || { echo "SKIPPED: no other BLAS is here"; exit 77; }
echo "blas_libraries: passed with $tried libraries"
