#!/usr/bin/env python3
"""Writes lexicon_golden.txt: for each line of bert-toxic-tiny's test set, whether an entry of the LDNOOBW list occurs in it.

Independent of the project: Python's regular expressions on NFKC-normalised, case-folded text. A word is letters, marks and
digits, so that "_" counts as punctuation. Usage: make_lexicon_golden.py SHARED_DATA
"""
import argparse
import json
import pathlib
import re
import unicodedata


def fold(text):
    """Text without differences of case and of form; single spaces."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split())


def pattern(entry):
    """The entry where neither end lies within a word; an end that is not a word needs no boundary."""
    word = r"[^\W_]"
    before = rf"(?<!{word})" if re.match(word, entry[0]) else ""
    after = rf"(?!{word})" if re.match(word, entry[-1]) else ""
    return before + re.escape(entry) + after


def main():
    """Reads both files and writes one digit a line of the test set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", type=pathlib.Path, help="folder of the shared test material")
    shared = parser.parse_args().shared
    entries = {fold(line) for line in (shared / "eval/toxicity/en").read_text(encoding="utf-8").splitlines()} - {""}
    any_entry = re.compile("|".join(pattern(entry) for entry in sorted(entries)))
    lines = (shared / "models/bert-toxic-tiny/heldout_test.jsonl").read_text(encoding="utf-8").splitlines()
    found = "".join("1" if any_entry.search(fold(json.loads(line)["text"])) else "0" for line in lines)
    (pathlib.Path(__file__).parent / "lexicon_golden.txt").write_text(found + "\n", encoding="ascii")
    print(f"{found.count('1')} of {len(found)}")


if __name__ == "__main__":
    main()
