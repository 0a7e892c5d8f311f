#!/usr/bin/env python3
"""Odd and multilingual lines, and the ids that Hugging Face `tokenizers` (0.23) makes of them, for tokenizers in the manner of
the families that headsweep reads.

    python make_tokenizer_lines.py [N_LINES FOLDER]

Writes under tokenizer_lines/ beside this script (300 lines, the golden), or under FOLDER (try 10,000):
    lines.jsonl             one JSON string a line
    NAME/tokenizer.json     a tokenizer trained on such lines; one that is there is kept, as trainers break ties at random
    NAME/ids.txt            for each line: number of ids and 64-bit FNV-1a of the ids as 32-bit little-endian
and NAME/ids.txt for those of tokenizer/ too, whose tokenizer.json are copied. test_tokenizer_lines.c reads them;
HEADSWEEP_TOKENIZER_LINES names another FOLDER.
"""
import json
import os
import random
import shutil
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
BLOCKS = [(0x20, 0x7E), (0xA1, 0x17F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x591, 0x5F4), (0x600, 0x6FF),
          (0x900, 0x97F), (0x980, 0x9FF), (0xB80, 0xBFF), (0xE01, 0xE5B), (0xF00, 0xFFF), (0x1000, 0x109F),
          (0x10A0, 0x10FF), (0x1100, 0x11FF), (0x1200, 0x137F), (0x1780, 0x17FF), (0x1E00, 0x1FFF), (0x2000, 0x206F),
          (0x20A0, 0x20BF), (0x2100, 0x22FF), (0x2460, 0x25FF), (0x2E80, 0x2FDF), (0x3000, 0x30FF), (0x4E00, 0x9FCC),
          (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFB00, 0xFDFF), (0xFE00, 0xFE0F), (0xFE20, 0xFFEF), (0x10300, 0x1034A),
          (0x1D400, 0x1D7FF), (0x1F300, 0x1F64F), (0x20000, 0x2A6D6), (0xE0001, 0xE007F), (0x0, 0x1F), (0x7F, 0x9F)]
WORDS = ("the of and to in is that it was for on are with as I his they be at one have this from or had by hot but some what "
         "there we can out other were all your when up use word how said an each she which do their time if will way about "
         "many then them would write like so these her long make thing see him two has look more day could go come did my "
         "sound no most number who over know water than call first people may down side been now find can't I'll we've "
         "Straße naïve façade œuvre Łódź žluťoučký ΣΟΦΟΣ мир привет שלום مرحبا العربية हिन्दी ภาษาไทย 日本語 中文 한국어 "
         "tiếng Việt İstanbul ﬁne Ⅷ ½ ①").split()
CODE = ["for (size_t i = 0; i < n; ++i) {", "\tif (x[i] != y[i])", "        return -1;", "}", "def f(x, *, y=3.14):",
        "    return {'a': [x**2, y], \"b\": f\"{x!r}\"}", "#include <stdio.h>", "SELECT * FROM t WHERE id>=1000;", "\\frac{a}{b}",
        "https://example.org/?q=1&r=%20#f", "user@example.org", "0x1F 1e-10 1,000,000 3.14", "<div class=\"x\">&nbsp;</div>",
        "!!! ??? ... --- === ### @@@", "\"'`´’‘“”«»"]
SEQUENCES = ["👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪🇫🇷", "❤️", "1️⃣", "👨🏿‍🚀", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "e\u0301", "a\u0323\u0302", "q\u0307\u0323", "\u1112\u1161\u11ab",
             "क\u094dष", "น\u0e49ำ", "ل\u0627", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u2028", "\u2029", "\u0085", "\u180e",
             "\u202e", "\ufffd", "▁", "<s>", "</s>", "<|endoftext|>", "<bos>", "<0x41>"]
SPACES = [" ", "  ", "   ", "    ", "\t", "\t\t", "\n", "\n\n", "\n\n\n\n", "\r\n", "\r", " \n ", "\n\t", "\u00a0", "\u2003", "\u3000", "\v", "\f"]


def block_text(rng):
    low, high = rng.choice(BLOCKS)
    return "".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 8)))


def piece(rng):
    return rng.choices([lambda: rng.choice(WORDS), lambda: rng.choice(CODE), lambda: rng.choice(SEQUENCES),
                        lambda: block_text(rng), lambda: str(rng.randint(0, 10 ** rng.randint(1, 12))),
                        lambda: rng.choice(WORDS).upper(), lambda: rng.choice(WORDS).capitalize(),
                        lambda: rng.choice("abçд文 ا.") * rng.randint(2, 60)],
                       [10, 2, 3, 5, 2, 1, 1, 0.4])[0]()


def one_line(rng):
    """Mostly words with single spaces; here and there anything, glued together or apart."""
    text = rng.choice(SPACES) if rng.random() < 0.15 else ""
    for _ in range(rng.choice([1, 2, 4, 8, 16])):
        text += piece(rng) + (" " if rng.random() < 0.6 else rng.choice(SPACES) if rng.random() < 0.6 else "")
    return text


def lines(n):
    rng = random.Random(14)
    made = ["", " ", "\n", "a", "x" * 5000, "é" * 700, " " * 300, "\n" * 70, "文" * 600, "👍🏽" * 90]
    while len(made) < n:
        text = one_line(rng)
        if not any(0xD800 <= ord(c) < 0xE000 for c in text):
            made.append(text)
    return made[:n]


def training():
    """A NUL is in no published vocabulary; headsweep's JSON reader takes none in a key."""
    return [text.replace("\0", "") for text in lines(2000)]


def added(content, **flags):
    return AddedToken(content, special=True, normalized=False, **flags)


def byte_level(pre, normalizer=None, names=("<|endoftext|>",)):
    t = Tokenizer(models.BPE())
    if normalizer is not None:
        t.normalizer = normalizer
    t.pre_tokenizer = pre_tokenizers.Sequence(pre)
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(training(), trainers.BpeTrainer(
        vocab_size=700, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    t.add_special_tokens([added(name) for name in names])
    return t


def split(pattern):
    return [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]


def byte_fallback(normalizer, pre, names):
    reserved = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.train_from_iterator(training(), trainers.BpeTrainer(
        vocab_size=900, special_tokens=reserved, limit_alphabet=300, show_progress=False))
    data = json.loads(t.to_str())
    data["added_tokens"] = [a for a in data["added_tokens"] if not a["content"].startswith("<0x")]
    data["pre_tokenizer"] = None
    t = Tokenizer.from_str(json.dumps(data))
    t.normalizer = normalizer
    if pre is not None:
        t.pre_tokenizer = pre
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    t.add_special_tokens(names)
    return t


def gemma():
    return byte_fallback(normalizers.Replace(" ", "▁"), pre_tokenizers.Split(" ", "merged_with_previous"), [added("<bos>")])


def phi3():
    return byte_fallback(normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), None,
                         [added("<|user|>", rstrip=True), added("<|endoftext|>", rstrip=True)])


def qwen2():
    return byte_level(split(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
                            r"\s*[\r\n]+|\s+(?!\S)|\s+"), normalizers.NFC())


def phi4():
    """o200k's pattern, of Phi-4-mini and gpt-oss: words by the case of their letters."""
    upper, lower = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
    ending = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    return byte_level(split(rf"[^\r\n\p{{L}}\p{{N}}]?{upper}*{lower}+{ending}|[^\r\n\p{{L}}\p{{N}}]?{upper}+{lower}*{ending}|"
                            r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"))


def falcon():
    return byte_level([pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.ByteLevel(add_prefix_space=False),
                       pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated")])


def bloom():
    return byte_level(split(r" ?[^(\s|[.,!?…。，、।۔،])]+"), names=("<s>", "</s>"))


def cohere():
    return byte_level([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)],
                      normalizers.NFC())


def neox():
    return byte_level([pre_tokenizers.ByteLevel(add_prefix_space=False)], normalizers.NFC())


def mbart():
    """The golden's XLM-RoBERTa with mBART's steps: Metaspace alone, and the language at the end."""
    t = Tokenizer.from_file(os.path.join(HERE, "tokenizer", "xlm_roberta", "tokenizer.json"))
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    t.add_special_tokens([added("en_XX")])
    t.post_processor = processors.TemplateProcessing(
        single="$A </s> en_XX", pair="$A $B </s> en_XX",
        special_tokens=[("</s>", t.token_to_id("</s>")), ("en_XX", t.token_to_id("en_XX"))])
    return t


MADE = [gemma, phi3, qwen2, phi4, falcon, bloom, cohere, neox, mbart]
KEPT = ["llama3", "llama2", "t5", "xlm_roberta", "albert", "deepseek", "roberta"]


def fnv(ids):
    value = 0xCBF29CE484222325
    for byte in b"".join(i.to_bytes(4, "little") for i in ids):
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def make_tokenizer(name, folder):
    path = os.path.join(folder, name, "tokenizer.json")
    golden = os.path.join(HERE, "tokenizer_lines", name, "tokenizer.json")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    source = golden if name not in KEPT else os.path.join(HERE, "tokenizer", name, "tokenizer.json")
    if not os.path.exists(path) and os.path.exists(source):
        shutil.copyfile(source, path)
    if not os.path.exists(path):
        data = json.loads(next(make for make in MADE if make.__name__ == name)().to_str())
        with open(path, "w", encoding="utf-8") as file:
            json.dump(data, file, ensure_ascii=False, separators=(",", ":"))
    return Tokenizer.from_file(path)


def main():
    n, folder = (int(sys.argv[1]), sys.argv[2]) if len(sys.argv) > 2 else (300, os.path.join(HERE, "tokenizer_lines"))
    os.makedirs(folder, exist_ok=True)
    texts = lines(n)
    with open(os.path.join(folder, "lines.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(text) + "\n" for text in texts)
    is_golden = len(sys.argv) <= 2
    for name in [make.__name__ for make in MADE] + ([] if is_golden else KEPT):
        t = make_tokenizer(name, folder)
        with open(os.path.join(folder, name, "ids.txt"), "w", encoding="ascii") as file:
            for text in texts:
                ids = t.encode(text, add_special_tokens=False).ids
                file.write(f"{len(ids)} {fnv(ids):016x}\n")


main()
