#!/bin/bash
# Rooms stand in an order, and none knows one that comes after it (src/README.md): neither its header nor its private
# ones; and each library that one room keeps in is used there alone.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

cd "$HEADSWEEP_SOURCE" || fail "no source folder"
order=$(sed -n 's/^foreach(room \(.*\))$/\1/p' CMakeLists.txt)
[ "$(wc -w <<<"$order")" -ge 12 ] || fail "CMakeLists.txt does not list the rooms: $order"

# Headers of include/headsweep whose name is not their room's.
declare -A room_of=([comm]=base [energy]=base [threads]=base [words]=config [metric]=config [phases]=analysis)
wrong=0
complain() {
    echo "$1"
    wrong=$((wrong + 1))
}

# place ROOM: its number in the order; the program's own room comes last.
place() {
    local number=0 room
    for room in $order cli; do
        number=$((number + 1))
        [ "$room" = "$1" ] && echo $number && return
    done
    fail "there is no room $1 in CMakeLists.txt"
}

# check FILE ROOM
check() {
    local file=$1 room=$2 header used
    while read -r header; do
        used=${header%%/*}
        if [ "$used" = headsweep ]; then
            used=${header#headsweep/}
            used=${room_of[$used]:-$used}
            [ "$(place "$used")" -le "$(place "$room")" ] || complain "$file knows headsweep/${header#*/}.h, of a later room"
        elif [ "$used" != "$room" ]; then
            complain "$file includes $header.h, which is private to another room"
        fi
    done < <(sed -n 's/^#include "\(.*\)\.h"$/\1/p' "$file")
}

for file in include/headsweep/*.h; do
    name=$(basename "$file" .h)
    check "$file" "${room_of[$name]:-$name}"
done
for room in $order cli; do
    for file in "src/$room"/*.[ch]; do
        check "$file" "$room"
    done
done

# only FILES HEADER: a library's header, and the files that may include it.
only() {
    local file
    for file in $(grep -lE "^#include <$2" -r src include); do
        [[ $file =~ ^$1 ]] || complain "$file includes <${2/\\/}>"
    done
}
only 'src/(base/comm|results|sweep)' 'mpi\.h'
only 'src/results' 'hdf5'
only 'src/blas' 'cblas'
only 'src/base/json' 'jansson'
only 'src/config' 'libconfig'
only 'src/base' 'zlib'

# The sweep reaches the model through its evaluator.
! grep -qE '"headsweep/(engine|tasks|tokenizer|model)\.h"' src/sweep/*.[ch] include/headsweep/sweep.h ||
    complain "the sweep knows the model by more than its evaluator and its shape (sets.h)"
[ $wrong -eq 0 ] || fail "$wrong includes go through a wall"
echo "walls: passed"
