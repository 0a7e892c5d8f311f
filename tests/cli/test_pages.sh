#!/bin/bash
# What the pages for developers name is there: files, and functions, types and macros by their prefix.
# shellcheck source=tests/cli/library.sh
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

cd "$HEADSWEEP_SOURCE" || fail "no source folder"

# has_file PAGE NAME: from the top, from src (as the rooms are named), from the page's folder or among the fixtures.
has_file() {
    [ -e "$2" ] || [ -e "src/$2" ] || [ -e "$(dirname "$1")/$2" ] || [ -e "tests/support/$2" ]
}

for page in src/README.md src/engine/README.md tests/README.md; do
    [ "$(wc -l <"$page")" -le 150 ] || fail "$page has more than 150 lines"
    n=0
    for name in $(grep -oE '[A-Za-z_./-]+\.(c|h|sh|py|md|txt)\b' "$page" | grep -vE 'ROOM|WHAT' | sort -u); do
        has_file "$page" "$name" || fail "$page: there is no $name"
        n=$((n + 1))
    done
    for name in $(grep -oE '\b(hs_|HS_)[A-Za-z0-9_]+' "$page" | grep -vE 'room' | sort -u); do
        grep -rqwF -- "$name" src include --include=*.h --include=*.c || fail "$page: nothing is called $name"
        n=$((n + 1))
    done
    [ "$n" -gt 10 ] || fail "$page names $n files and functions: are they read at all?"
done
echo "pages: passed"
