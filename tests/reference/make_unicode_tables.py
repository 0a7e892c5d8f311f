#!/usr/bin/env python3
"""Writes src/tokenizer/unicode_tables.c: what Hugging Face `tokenizers` (0.23.3) knows of the characters.

    python make_unicode_tables.py

Needs the Python packages `tokenizers` and `regex`, and perl (Unicode 14 or later). Everything is asked of `tokenizers`
itself, code point by code point, so that the tables hold whatever version of Unicode each of its parts has. Two things it
does not show: when a character came (perl), and the grapheme classes, which come from `regex` (Unicode 18) without the
characters that `tokenizers` (unicode-segmentation 1.13, Unicode 17) does not yet join.

The parts and what they agree with, as far as that is needed (checked here for every code point):
    oniguruma (\\p{...}, \\w)             Unicode 16
    regex (added tokens, Whitespace)     Unicode 16
    unicode_categories (BERT)            Unicode 8, but for 6 characters
    unicode-normalization (NF*)          Unicode 9, but for 3 characters
    Rust's own (numbers, lower case)     Unicode 17
"""
import os
import struct
import subprocess

import regex
from tokenizers import Regex, normalizers, pre_tokenizers

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
    """Code point -> class of tokenizer_grapheme_class."""
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


CATEGORIES = ("Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co").split()
BINARY = "Alphabetic Uppercase Lowercase Ideographic Emoji Emoji_Presentation Emoji_Modifier".split()


def matched(pattern, text):
    """The characters of `text` that oniguruma's `pattern` matches one by one."""
    left = pre_tokenizers.Split(Regex(pattern), "removed").pre_tokenize_str(text)
    return set(text) - {c for piece, _ in left for c in piece}


def categories():
    """Code point -> oniguruma's general category."""
    return {ord(c): name for name in CATEGORIES if name != "Cs" for c in matched(r"\p{%s}" % name, ALL)}


def present_in(version):
    """The code points that Unicode `version` has, by perl."""
    program = ('my $p = qr/\\p{Present_In=%s}/; for my $c (0 .. 0x10FFFF) '
               '{ next if $c >= 0xD800 && $c < 0xE000; print "$c\\n" if chr($c) =~ $p }') % version
    return {int(line) for line in subprocess.run(["perl", "-e", program], check=True, capture_output=True).stdout.split()}


def ages(category):
    """Code point -> place in tokenizer_age; what no version of oniguruma's has is old."""
    versions = [present_in(version) for version in ("8.0", "9.0", "14.0")]
    return {c: 0 if name == "Cn" else next((i for i, known in enumerate(versions) if c in known), 3)
            for c, name in category.items()}


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
        if len(line) + len(row) + 2 > 117:
            file.write("   " + line + "\n")
            line = ""
        line += " " + row + ","
    file.write("   " + line + "\n};\n")


def write_characters(file, category, age):
    keys = {c: (CATEGORIES.index(category[c]), age[c]) for c in CODE_POINTS}
    keys.update(dict.fromkeys(range(0xD800, 0xE000), (CATEGORIES.index("Cs"), 0)))
    rows = [f"0x{first << 7 | later << 5 | name:X}" for first, _, (name, later) in runs(keys)]
    write_rows(file, "const uint32_t HS__TOKENIZER_CHARACTERS[]", rows)
    file.write("const size_t HS__TOKENIZER_N_CHARACTERS = sizeof HS__TOKENIZER_CHARACTERS / sizeof *HS__TOKENIZER_CHARACTERS;\n")


def write_lower(file):
    """Rows of every character, or of every second one, that the same distance parts from its lower case."""
    normalizer = normalizers.Lowercase()
    rows = []
    for c in CODE_POINTS:
        lower = normalizer.normalize_str(chr(c))
        if lower == chr(c) or len(lower) != 1:  # U+0130 alone becomes two, and stands in the code
            continue
        row = rows[-1] if rows else [0, -9, 0, 0]
        step = c - row[1]
        if row[3] == ord(lower) - c and (step == row[2] or (row[2] == 0 and step in (1, 2))):
            row[1:3] = [c, step]
        else:
            rows.append([c, c, 0, ord(lower) - c])
    rows = [f"{{0x{a:X}, 0x{b:X}, {s or 1}, {d}}}" for a, b, s, d in rows]
    write_rows(file, "const tokenizer_lower_row HS__TOKENIZER_LOWER[]", rows)
    file.write("const size_t HS__TOKENIZER_N_LOWER = sizeof HS__TOKENIZER_LOWER / sizeof *HS__TOKENIZER_LOWER;\n")


def script_names():
    """Names of each script, the long one first, by perl."""
    program = 'use Unicode::UCD qw(prop_values prop_value_aliases); print join(" ", prop_value_aliases("sc", $_)), "\\n" for prop_values("sc")'
    lines = subprocess.run(["perl", "-e", program], check=True, capture_output=True, text=True).stdout.splitlines()
    return [sorted(set(line.split()), key=len, reverse=True) for line in lines if line.strip()]


def with_perl(name, characters):
    """The code points among `characters` that have a property as of perl's Unicode; None if it does not know it."""
    program = 'my $p = qr/\\p{%s}/; while (<STDIN>) { chomp; print "$_\\n" if chr($_) =~ $p }' % name
    result = subprocess.run(["perl", "-e", program], input="\n".join(map(str, characters)), capture_output=True, text=True)
    return {int(line) for line in result.stdout.split()} if result.returncode == 0 else None


def write_additions(file, category):
    """What PCRE2 of Unicode 14 lacks of scripts and binary properties: name without separators -> code points."""
    assigned = [c for c in CODE_POINTS if category[c] not in ("Cn", "Co")]
    text = "".join(map(chr, assigned))
    rows = []
    for names in sorted(script_names() + [[name] for name in BINARY]):
        there = with_perl(names[0] if names[0] in BINARY else "sc=" + names[0], assigned)
        try:
            here = {ord(c) for c in matched(r"\p{%s}" % names[0], text)}
        except Exception:  # oniguruma does not know it
            continue
        if names[0] == "Unknown":
            continue
        if there - here:
            print(f"{names[0]}: oniguruma has no longer {[hex(c) for c in sorted(there - here)]}")
        for name in names if here - there else ():
            rows += [f'{{"{name.replace("_", "").lower()}", 0x{a:X}, 0x{b:X}}}'
                     for a, b, _ in runs(dict.fromkeys(here - there, 0))]
    write_rows(file, "const tokenizer_addition_row HS__TOKENIZER_ADDITIONS[]", rows)
    file.write("const size_t HS__TOKENIZER_N_ADDITIONS = sizeof HS__TOKENIZER_ADDITIONS / sizeof *HS__TOKENIZER_ADDITIONS;\n")


# ---- what the code makes of the tables ------------------------------------------------------------------------------


def check(name, said, derived):
    """Stops unless `tokenizers` says of exactly these code points what tokenizer/characters.c derives."""
    if said != derived:
        raise SystemExit(f"{name}: {[hex(c) for c in sorted(said ^ derived)][:20]}")


def check_classes(category, age):
    of = lambda letters, latest: {c for c in CODE_POINTS if category[c] in letters.split() and age[c] <= latest}
    removed = lambda step: {c for c in CODE_POINTS if step.normalize_str("a" + chr(c) + "b") == "ab"}
    alone = lambda step: {c for c in CODE_POINTS if len(step.pre_tokenize_str("ab" + chr(c) + "cd")) == 3}
    clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    accents = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    ascii_symbols = {ord(c) for c in "$+<=>^`|~"}
    circled = {c for a, b in ((0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189))
               for c in range(a, b + 1)}
    words = of("Lu Ll Lt Lm Lo Mn Mc Me Nd Nl Pc", 3) | circled
    check("marks", removed(normalizers.StripAccents()), of("Mn Mc Me", 1) - {0x111C9} | {0x1CF2, 0x1CF3})
    check("nonspacing", removed(accents), of("Mn", 0) - {0x1885, 0x1886, 0xA9BD, 0x111C9} | {0x1734, 0x1171E})
    check("controls", removed(clean), of("Cc Cf Co", 0) - {0x9, 0xA, 0xD} | {0xFFFD})
    check("punctuation", alone(pre_tokenizers.Punctuation()),
          of("Pc Pd Ps Pe Pi Pf Po", 0) | ascii_symbols | {0x166D, 0x111C9})
    check("numbers", alone(pre_tokenizers.Digits(individual_digits=True)),
          of("Nd Nl No", 3) | set(range(0x11DE0, 0x11DEA)) | set(range(0x16FF4, 0x16FF7)))
    check("words", {c for c in CODE_POINTS if len(pre_tokenizers.Whitespace().pre_tokenize_str("a" + chr(c))) == 1 and
                    pre_tokenizers.Whitespace().pre_tokenize_str("a" + chr(c))[0][0] == "a" + chr(c)},
          words | {0x200C, 0x200D})
    check("words of patterns", {ord(c) for c in matched(r"\w", ALL)}, words | {0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE})


def write_graphemes(file):
    rows = [f"{{0x{first:X}, 0x{last:X}, TOKENIZER_GRAPHEME_{name}}}" for first, last, name in runs(grapheme_classes())]
    write_rows(file, "const tokenizer_grapheme_row HS__TOKENIZER_GRAPHEMES[]", rows)
    file.write("const size_t HS__TOKENIZER_N_GRAPHEMES = sizeof HS__TOKENIZER_GRAPHEMES / sizeof *HS__TOKENIZER_GRAPHEMES;\n")


def main():
    with open(OUT, "w", encoding="ascii", newline="\n") as file:
        file.write("/* Written by tests/reference/make_unicode_tables.py: change that, not this. */\n")
        file.write('#include "tokenizer/unicode_tables.h"\n\n/* clang-format off */\n')
        category = categories()
        age = ages(category)
        check_classes(category, age)
        write_characters(file, category, age)
        write_lower(file)
        write_additions(file, category)
        write_graphemes(file)


if __name__ == "__main__":
    main()
