#!/bin/bash
# Names of what the linker sees (src/README.md, style rule 4): hs_ROOM_x is public and stands in include/headsweep;
# hs__ROOM_x is private to a room and is not there; what one file alone uses is static. base's public names go without
# the room: hs_text_clear.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

objects=$1
cd "$HEADSWEEP_SOURCE" || fail "no source folder"

# Rooms that are being moved: their names are already those of the place they go to.
also='engine:blas'

grep -ohE '\b(hs|HS)_\w+' include/headsweep/*.h | sort -u >"$work/public"
grep -rohE '\b(hs|HS)_\w+' tests --include='*.c' --include='*.h' | sort -u >"$work/tested"
# Objects of sources that have gone stay in a folder that is built again: they are not part of the library.
(cd "$objects" && find . -name '*.o') | while read -r object; do
    [ ! -e "src/${object%.o}" ] || echo "$object"
done >"$work/objects"
(cd "$objects" && xargs nm -A --extern-only) <"$work/objects" >"$work/symbols" || fail "no objects in $objects"
# A line of nm is "./ROOM/FILE.c.o:ADDRESS KIND NAME"; U is a use of what another file defines.
awk -v also="$also" '
    FILENAME ~ /public$/ { public[$1]; next }
    FILENAME ~ /tested$/ { used[$1]; next }
    $NF ~ /^(__|_GLOBAL_|asan)/ { next }
    { split($1, place, ":"); file = substr(place[1], 3, length(place[1]) - 4) }
    $(NF - 1) == "U" || $1 == "U" { used[$NF]; next }
    { defined[$NF] = file }
    function complain(what) { print defined[name] ": " name " " what; wrong++ }
    END {
        n = split(also, pairs, " ")
        for (i = 1; i <= n; i++) { split(pairs[i], pair, ":"); moving[pair[1] "," pair[2]] }
        for (name in defined) {
            total++
            room = defined[name]; sub(/\/.*/, "", room)
            private = name ~ /^(hs|HS)__/
            word = tolower(name); sub(/^hs__?/, "", word); sub(/_.*/, "", word)
            if (name !~ /^(hs|HS)_/ || (room != "base" && word != room && !((room "," word) in moving)))
                complain("is named neither hs_" room "_x nor hs__" room "_x")
            if (private && name in public) complain("is private by its name and stands in include/headsweep")
            if (!private && !(name in public)) complain("is public by its name and does not stand in include/headsweep")
            if (private && !(name in used)) complain("is used in its own file alone: make it static")
        }
        if (total < 900) { print "only " total " names found"; exit 1 }
        print total " external names"
        exit wrong > 0
    }' "$work/public" "$work/tested" "$work/symbols" || fail "names are not as src/README.md says"

# One name for each thing: a type that more than one file knows is defined in one of them, and a file's name says
# which it is.
grep -rHoE '^(typedef )?(struct|enum|union) hs_\w+ \{|^\} hs_\w+;' include src --include='*.h' --include='*.c' |
    sed -E 's/^([^:]+):.*\b(hs_\w+).*/\2 \1/' | sort -u |
    awk '{ n[$1]++; where[$1] = where[$1] " " $2 }
         END { for (type in n) if (n[type] > 1) { print type ":" where[type]; wrong++ } exit wrong > 0 }' ||
    fail "a type is defined twice"
find src -name '*.[ch]' -printf '%f\n' | sort | uniq -d >"$work/twice"
[ ! -s "$work/twice" ] || fail "files of src share a name: $(tr '\n' ' ' <"$work/twice")"

echo "symbols: passed"
