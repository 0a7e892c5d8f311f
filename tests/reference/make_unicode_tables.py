#!/usr/bin/env python3
"""Writes src/tokenizer/unicode_tables.c: what Hugging Face `tokenizers` (0.23.3) knows of the characters.

    python make_unicode_tables.py

Needs the Python packages `tokenizers` and `regex`. Everything is asked of `tokenizers` itself, code point by code point,
so that the tables hold whatever version of Unicode each of its parts has. Only the grapheme classes, which it does not
show one by one, come from `regex` (Unicode 18), without the characters that `tokenizers` (unicode-segmentation 1.13,
Unicode 17) does not yet join.
"""
import os
import struct

import regex
from tokenizers import normalizers

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "tokenizer", "unicode_tables.c")
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
ALL = "".join(map(chr, CODE_POINTS))


# ---- what tokenizers says ------------------------------------------------------------------------------------------


def charsmap(key, value):
    """A precompiled_charsmap of SentencePiece that replaces the ASCII character `key` alone."""
    leaf = ord(key) ^ 0x11
    units = [0x80000000] * 256
    units[0] = 0
    units[ord(key)] = 0x11 << 10 | 1 << 8 | ord(key)
    units[leaf] = 0
    return struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + value.encode() + b"\0"


def joined():
    """The code points that belong to the character before them, and those that belong to the one behind."""
    normalizer = normalizers.Precompiled(charsmap("a", "b"))
    before = {c for c in CODE_POINTS if c != ord("a") and normalizer.normalize_str("a" + chr(c)) == "b"}
    behind = {c for c in CODE_POINTS if normalizer.normalize_str(chr(c) + "a\u0301").endswith("b\u0301")}
    return before, behind


def with_property(name):
    return {ord(c) for match in regex.finditer(r"\p{%s}+" % name, ALL) for c in match.group()}


def grapheme_classes():
    """Code point -> class of tok_grapheme_class."""
    before, behind = joined()
    linkers = with_property("InCB=Linker")
    in_conjuncts = with_property("InCB=Extend")
    classes = {}
    for name, gcb in (("CONTROL", "Control"), ("REGIONAL", "Regional_Indicator"), ("ZWJ", "ZWJ"), ("L", "L"), ("V", "V"),
                      ("T", "T")):
        classes.update(dict.fromkeys(with_property("GCB=" + gcb), name))
    classes.update(dict.fromkeys(with_property("GCB=Prepend") & behind, "PREPEND"))
    classes.update(dict.fromkeys(with_property("GCB=SpacingMark") & before, "SPACING_MARK"))
    for c in with_property("GCB=Extend") & before:
        classes[c] = "LINKER" if c in linkers else "EXTEND" if c in in_conjuncts else "EXTEND_ONLY"
    classes.update(dict.fromkeys(with_property("InCB=Consonant"), "CONSONANT"))
    classes.update(dict.fromkeys(with_property("Extended_Pictographic"), "PICTURE"))
    return classes


# ---- tables ---------------------------------------------------------------------------------------------------------


def runs(values):
    """[first, last, value] of each run of code points with the same value."""
    rows = []
    for c in sorted(values):
        if rows and rows[-1][1] == c - 1 and rows[-1][2] == values[c]:
            rows[-1][1] = c
        else:
            rows.append([c, c, values[c]])
    return rows


def write_rows(file, declaration, rows):
    file.write(f"\n{declaration} = {{\n")
    line = ""
    for row in rows:
        if len(line) + len(row) + 2 > 118:
            file.write("   " + line + "\n")
            line = ""
        line += " " + row + ","
    file.write("   " + line + "\n};\n")


def write_graphemes(file):
    rows = [f"{{0x{first:X}, 0x{last:X}, TOK_GRAPHEME_{name}}}" for first, last, name in runs(grapheme_classes())]
    write_rows(file, "const tok_grapheme_row TOK_GRAPHEMES[]", rows)
    file.write("const size_t TOK_N_GRAPHEMES = sizeof TOK_GRAPHEMES / sizeof *TOK_GRAPHEMES;\n")


def main():
    with open(OUT, "w", encoding="ascii", newline="\n") as file:
        file.write("/* Written by tests/reference/make_unicode_tables.py: change that, not this. */\n")
        file.write('#include "tokenizer/unicode_tables.h"\n\n/* clang-format off */\n')
        write_graphemes(file)


if __name__ == "__main__":
    main()
