#!/usr/bin/env python3
"""Makes the golden files of the tokenizer tests with Hugging Face `tokenizers` (0.23) and `transformers` (5.24).

The Unigram ones are trained with `sentencepiece` (0.2), whose table of replacements they hold.

    python make_tokenizer_golden.py [SHARED_DATA]

Writes, under tokenizer/ beside this script:
    texts.jsonl            short texts, one JSON string a line
    large.txt              a generated multilingual text, one text a line
    newer.txt              the same with young characters
    NAME/tokenizer.json    small tokenizers trained on the text below, which between them use every kind of step
    NAME/vocab.*, ...      the files that checkpoints without a tokenizer.json have, read by transformers' own classes
    NAME/expected.jsonl    for each short text: [ids, ids with special tokens, decoded, decoded without special tokens]
    NAME/large.txt         for each line of large.txt: number of ids and 64-bit FNV-1a of the ids as 32-bit little-endian
    NAME/newer.txt         the same of newer.txt
    shared/NAME.txt        the same for the tokenizers in SHARED_DATA, where that is given

The trainers of `tokenizers` break ties by an order that changes from run to run: a NAME/tokenizer.json that is there is
kept and only what is expected of it is written anew. Delete it to train another one.

newer.txt holds characters of Unicode 9 to 17, in whose versions PCRE2, utf8proc and the parts of `tokenizers` differ.
"""
import io
import json
import os
import random
import sys
import tempfile

import sentencepiece
import transformers
from sentencepiece import sentencepiece_model_pb2
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SEED = 20240229
HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizer")

SENTENCES = [
    "The quick brown fox jumps over the lazy dog, and nobody was hurt.",
    "I can't believe they're saying we'll see what you've done; she'd know, it's HE'S fault!",
    "All human beings are born free and equal in dignity and rights.",
    "Él niño comió piñas mientras la cigüeña volaba sobre el río Ñuble.",
    "Übergrößenträger müssen heiße Äpfel in der Straße essen.",
    "Où est passé l'été ? Là-bas, près du garçon naïf et de l'œuvre.",
    "Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "Zażółć gęślą jaźń, powiedział Łukasz.",
    "Pijamalı hasta yağız şoföre çabucak güvendi. İstanbul ILIK ışık.",
    "Tôi có thể ăn thủy tinh mà không hại gì. Cụ thể, bạn sẽ tham gia một nhóm.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. ΣΟΦΟΣ σοφός",
    "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "Щастям б'єш жук їх глицю в фон й ґедзь пріч.",
    "نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر",
    "في البَدْءِ خَلَقَ اللهُ السَّماواتِ والأرضَ ١٢٣٤٥",
    "דג סקרן שט בים מאוכזב ולפתע מצא חברה",
    "בְּרֵאשִׁית בָּרָא אֱלֹהִים אֵת הַשָּׁמַיִם",
    "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश करने वाले १२३",
    "সকল মানুষ স্বাধীনভাবে সমান মর্যাদা এবং অধিকার নিয়ে জন্মগ্রহণ করে",
    "மனிதப் பிறிவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்",
    "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า กว่าบรรดาฝูงสัตว์เดรัจฉาน ๑๒๓",
    "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心。",
    "いろはにほへと ちりぬるを。カタカナとﾊﾝｶｸと漢字を読みます！",
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "ყველა ადამიანი იბადება თავისუფალი და თანასწორი",
    "Բոլոր մարդիկ ծնվում են ազատ ու հավասար",
    "ሰዎች ሁሉ ነጻ ሆነው ተወልደዋል",
    "def f(x, y=3.14): return {'a': [x**2, y], \"b\": f\"{x!r}\"}  # comment",
    "for (size_t i = 0; i < n; ++i) { sum += a[i] * b[i]; }\n\treturn sum;",
    "SELECT * FROM t WHERE id >= 1000 AND name LIKE '%x_y%';",
    "https://example.org/path?q=1&r=%20#frag user@example.org +49 (0)30 1234567",
    "1 22 333 4444 55555 666666 7777777 3.14159e-10 1,000,000 ½ ² Ⅷ ⑨ 0x1F",
    "👩‍👩‍👧‍👦 family 🏳️‍🌈 flag 👍🏽 thumbs 🇩🇪🇫🇷 ❤️ ☕ 😀😃😄",
    "e\u0301 o\u0308\u0304 a\u0323\u0302 ﬁ ﬃ ＦＵＬＬ ｗｉｄｔｈ Å K Ω ㎏ ① ㈱ ĳ ŉ",
    "«quotes» „tief“ ‘single’ “double” — dash – en… ellipsis •bullet ©®™ €£¥₹ ±×÷≠≤≥∞",
]

SHORT = [
    "", " ", "  ", "   ", "\t", "\n", "\n\n", "\n \n", " \n", "\r\n\r\n", "a", " a", "a ", "  a  b   c    ", "Hello world",
    " Hello  world ", "Hello, y'all! How are you 😁 ?", "I'M you'RE 'Tis 'ſ ’s", "x\u00a0y\u2003z\u3000w\u2028v\u0085u\u180et\u200bs\ufeffr",
    "\u0085\u0085 \u180e \u200b", "a\u0000b", "\x01\x02\x7f", "0123456789 12 345 6789", "ＡＢＣ１２３ ﬁ ½ ② Ⅳ", "áéíóú a\u0301\u0323 a\u0323\u0301 q\u0307\u0323",
    "각 \u1100\u1161\u11a8 \u1112\u1161\u11ab", "İIıi ΑΣ ΑΣΑ ǅ ẞß", "<s>hello</s>", "<s> hello </s> world<unk>", "<|begin_of_text|>hi<|end|> there",
    " <mask> ", "a <mask> b", "a<mask>b", "x  <mask>\n\n<mask>  y", "nowordnow now now, nowise", "TOKEN token Token", "Fancy fancy FANCY",
    "▁already ▁▁ marked▁", "a|b||c|", "|", "--a--b-c---", "α-β--γ", "word1word22word333", "¿qué? ¡sí! «a» ‹b› $+<=>^`|~",
    "\u0301abc", "\u200d\u200c a\u200db", "👩‍👩‍👧‍👦", "\U0001F1E9\U0001F1EA", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟘𝟙𝟚", "\U00020000\U0002A6D6 漢字", "<0x41><0x0A>", "<0xE2><0x96>",
    "unreachable xyzzy xyzzyx", "\t\ttabs\t and  spaces \t mixed\n\n\n", "ends with newline\n", "a\rb\r\nc", "don't DON'T we'll WE'LL I'd",
    "[CLS] a [MASK] b[SEP]", "We do not stop . Why ? No , he ' s n't 've 're !", "你好world 𠀀x㐀 한국", "ÀÉ İı ﬁ Ｆ \ufffd\u00ad\u0600a",
    "unbelievablylong " + "a" * 101 + " " + "b" * 100, "the <mask>  <mask>.<pad>",
]


def large_lines():
    """Sentences cut, joined and disturbed: odd spaces, digits, marks, symbols."""
    rng = random.Random(SEED)
    spaces = [" ", " ", " ", "  ", "   ", "\t", "\u00a0", "\u2003", "\u3000", "\u200b", "\u180e", "\u0085", "\u2028", " \t "]
    odd = ["\u0301", "\u0308", "\u200d", "\ufe0f", "'s", "'LL", "123", "4567", "…", "--", "!!", "\r", "_", "▁", "🎉", "٣", "<s>", "<mask>",
           "TOKEN", "now", "\u0323\u0301", "İ", "ﬃ", "|", "$", "\ufeff"]
    blocks = [(0x21, 0x7E), (0xA1, 0x17F), (0x391, 0x3A1), (0x410, 0x44F), (0x5D0, 0x5EA), (0x621, 0x64A), (0x905, 0x939),
              (0xE01, 0xE2E), (0x1E00, 0x1EF9), (0x2190, 0x21FF), (0x2460, 0x24FF), (0x3041, 0x3096), (0x4E00, 0x9FCC),
              (0xAC00, 0xD7A3), (0xF900, 0xFA2D), (0xFF01, 0xFF5E), (0x1D400, 0x1D454), (0x1F600, 0x1F64F)]
    lines = []
    for sentence in SENTENCES:
        lines.append(sentence.replace("\n", " "))
    while len(lines) < 700:
        words = []
        for _ in range(rng.randint(1, 4)):
            parts = rng.choice(SENTENCES).replace("\n", " ").split(" ")
            start = rng.randrange(len(parts))
            words += parts[start:start + rng.randint(1, 6)]
        text = ""
        for word in words:
            if rng.random() < 0.12:
                word = word[:rng.randint(0, len(word))] + rng.choice(odd) + word
            if rng.random() < 0.08:
                low, high = rng.choice(blocks)
                word += "".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 5)))
            if rng.random() < 0.05:
                word = word.upper()
            text += word + rng.choice(spaces)
        lines.append(text if rng.random() < 0.3 else text.rstrip(" "))
    return [line for line in lines if "\n" not in line]


# Blocks with characters of Unicode 9 to 17, and such as have changed since.
NEWER = [(0x0870, 0x08FF), (0x0CF1, 0x0CF3), (0x1734, 0x1735), (0x1885, 0x1886), (0x1AB0, 0x1ADD), (0x1C80, 0x1C8A),
         (0x1C90, 0x1CBF), (0x1CF0, 0x1CFA), (0x2BBA, 0x2BFF), (0x2E43, 0x2E5D), (0x2FFC, 0x2FFF), (0x31E4, 0x31E5),
         (0x32FF, 0x32FF), (0x4DB6, 0x4DBF), (0x9FD6, 0x9FFF), (0xA7AE, 0xA7F6), (0xA9BD, 0xA9BD), (0xAB66, 0xAB6B),
         (0x10570, 0x105BC), (0x105C0, 0x105F3), (0x10780, 0x107BA), (0x10D00, 0x10D8F), (0x10E80, 0x10EFF),
         (0x111C9, 0x111CC), (0x11380, 0x113E2), (0x11700, 0x11746), (0x11900, 0x11959), (0x11DA0, 0x11DE9),
         (0x11F00, 0x11F5A), (0x16D40, 0x16D79), (0x16E40, 0x16EB8), (0x16FE0, 0x16FF6), (0x18800, 0x18AFF),
         (0x1B000, 0x1B167), (0x1CC00, 0x1CCF9), (0x1CF00, 0x1CFC3), (0x1D2C0, 0x1D2F3), (0x1DF00, 0x1DF2A),
         (0x1E000, 0x1E08F), (0x1E100, 0x1E14F), (0x1E290, 0x1E2FF), (0x1E4D0, 0x1E4F9), (0x1E5D0, 0x1E5FF),
         (0x1E900, 0x1E95F), (0x1EC71, 0x1ED3D), (0x1F12F, 0x1F16F), (0x1F6D3, 0x1F6FC), (0x1F774, 0x1F7FF),
         (0x1F8B2, 0x1F8C1), (0x1F900, 0x1FAFF), (0x1FB00, 0x1FBF9), (0x2EBF0, 0x2EE5D), (0x30000, 0x323AF)]


def newer_lines():
    rng = random.Random(SEED + 1)
    lines = []
    for _ in range(120):
        text = ""
        for _ in range(rng.randint(3, 12)):
            low, high = rng.choice(NEWER)
            text += rng.choice(["", " ", "a", "Z", "7", "e\u0301", ".", "ก", "\u0323", "文", " 👍"]) + chr(rng.randint(low, high))
        lines.append(text)
    return lines


def special(content, **flags):
    return AddedToken(content, special=True, normalized=False, **flags)


def llama3():
    """Llama 3: its split pattern, then bytes; whole words that are tokens are not merged."""
    pattern = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
               r"\s*[\r\n]+|\s+(?!\S)|\s+")
    t = Tokenizer(models.BPE(ignore_merges=True))
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), "isolated", invert=False),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    data = json.loads(t.to_str())
    data["model"]["vocab"]["Ġxyzzy"] = len(data["model"]["vocab"])
    t = Tokenizer.from_str(json.dumps(data))
    t.add_special_tokens([special("<|begin_of_text|>"), special("<|end|>")])
    begin = t.token_to_id("<|begin_of_text|>")
    t.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A $B",
                                      special_tokens=[("<|begin_of_text|>", begin)])])
    return json.loads(t.to_str())


def llama2():
    """Llama 2: no pre-tokenizer, spaces as metaspaces by the normalizer, unknown characters as bytes."""
    reserved = ["<unk>", "<s>", "</s>"]
    fallback = [f"<0x{byte:02X}>" for byte in range(256)]
    t = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.pre_tokenizer = pre_tokenizers.Metaspace()
    t.train_from_iterator(SENTENCES[:12], trainers.BpeTrainer(
        vocab_size=800, special_tokens=reserved + fallback, limit_alphabet=120, show_progress=False))
    data = json.loads(t.to_str())
    data["added_tokens"] = [a for a in data["added_tokens"] if a["content"] in reserved]
    t = Tokenizer.from_str(json.dumps(data))
    t.pre_tokenizer = None
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                   decoders.Strip(" ", 1, 0)])
    data = json.loads(t.to_str())
    data["model"]["merges"] = [" ".join(pair) for pair in data["model"]["merges"]]
    del data["model"]["vocab"]["<0x9F>"]  # so that some characters have no byte form and become <unk>
    data["model"]["vocab"]["<none>"] = 3 + 0x9F
    return data


def metaspace():
    """Metaspace before the first word only, single unknown tokens, added tokens that take the space beside them."""
    t = Tokenizer(models.BPE(unk_token="<unk>"))
    t.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"[\t\n]{2,}"), " "),
                                         normalizers.Strip(left=False, right=True)])
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    t.decoder = decoders.Metaspace(prepend_scheme="first")
    t.train_from_iterator(SENTENCES[:20], trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<unk>", "<s>", "</s>"], limit_alphabet=200, show_progress=False))
    t.add_tokens([AddedToken("<mask>", lstrip=True, rstrip=True, normalized=True),
                  AddedToken("now", single_word=True, normalized=False)])
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 1))
    return json.loads(t.to_str())


def subwords():
    """Compatibility forms, no accents; digits one by one; continuing prefix and end-of-word suffix."""
    t = Tokenizer(models.BPE(unk_token="[UNK]", fuse_unk=True, continuing_subword_prefix="##", end_of_word_suffix="</w>"))
    t.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.NFKD(), normalizers.StripAccents(),
                                         normalizers.Lowercase()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("isolated"),
                                               pre_tokenizers.Digits(individual_digits=True)])
    t.decoder = decoders.BPEDecoder("</w>")
    t.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=1100, special_tokens=["[UNK]"], limit_alphabet=250, show_progress=False,
        continuing_subword_prefix="##", end_of_word_suffix="</w>"))
    t.add_tokens([AddedToken("Fancy", normalized=True), AddedToken("TOKEN", normalized=False)])
    return json.loads(t.to_str())


def deepseek():
    """DeepSeek's splits: numbers, CJK by ranges, then letters with marks against punctuation with symbols."""
    pattern = (r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|"
               r"\s*[\r\n]+|\s+(?!\S)|\s+")
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"\p{N}{1,3}"), "isolated"),
        pre_tokenizers.Split(Regex("[一-龥\u3040-ゟ゠-ヿ]+"), "isolated"),
        pre_tokenizers.Split(Regex(pattern), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    t.train_from_iterator(SENTENCES + [" 🩵", " 🩵🫨 🪿", "x🩵"] * 9, trainers.BpeTrainer(
        vocab_size=500, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    return json.loads(t.to_str())


def words():
    """WordLevel over words and runs of symbols; decoded by joining with spaces."""
    t = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    t.normalizer = normalizers.Sequence([normalizers.NFD(), normalizers.StripAccents(), normalizers.Strip()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=False)])
    t.train_from_iterator(SENTENCES, trainers.WordLevelTrainer(vocab_size=400, special_tokens=["[UNK]", "[CLS]", "[SEP]"],
                                                               show_progress=False))
    t.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return json.loads(t.to_str())


def splits():
    """Every behaviour of Split, by text and by expression, over byte-level BPE with GPT-2's own split."""
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split("|", "removed"),
        pre_tokenizers.Split("-", "merged_with_previous"),
        pre_tokenizers.Split(Regex(r"(?=[A-Z])"), "merged_with_next"),
        pre_tokenizers.Split(Regex(r"\p{Han}"), "contiguous"),
        pre_tokenizers.Split(Regex(r"\w+\b|\W"), "isolated", invert=True),
        pre_tokenizers.CharDelimiterSplit("_"),
        pre_tokenizers.ByteLevel(add_prefix_space=True)])
    t.decoder = decoders.Sequence([decoders.ByteLevel(), decoders.Replace(Regex(r"\s{2,}"), " ")])
    t.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=700, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    return json.loads(t.to_str())


def bert():
    """BERT uncased: WordPiece whose short words alone fit, so that long ones become [UNK]."""
    t = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=12))
    t.normalizer = normalizers.BertNormalizer(lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    t.train_from_iterator(SENTENCES, trainers.WordPieceTrainer(
        vocab_size=900, special_tokens=names, limit_alphabet=300, show_progress=False))
    t.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
                                                     special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    t.decoder = decoders.WordPiece(prefix="##", cleanup=True)
    t.add_tokens([AddedToken("Fancy", normalized=True), AddedToken("TOKEN", normalized=False)])
    return json.loads(t.to_str())


def roberta():
    """RoBERTa: GPT-2's byte-level BPE between <s> and </s>; <mask> takes the space before it."""
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    names = ["<s>", "<pad>", "</s>", "<unk>"]
    t.train_from_iterator(SENTENCES, trainers.BpeTrainer(
        vocab_size=700, special_tokens=names, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    t.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    return json.loads(t.to_str())


# What SentencePiece's table of the smaller Unigram tokenizers replaces; nmt_nfkc itself has 8,000 rules.
RULES = {"\u00a0": " ", "\u3000": " ", "\t": " ", "\n": " ", "\r": " ", "\u200b": " ", "\u2581": " ", "\x01": "", "\x7f": "",
         "\ufeff": "", "ﬁ": "fi", "ﬃ": "ffi", "½": "1⁄2", "①": "1", "㈱": "(株)", "…": "...", "’": "'", "“": '"', "”": '"',
         "e\u0301": "é", "o\u0308": "ö", "a\u0323": "ạ", "a\u0302": "â", "o\u0308\u0304": "ȫ", "か\u3099": "が", "ﾊﾞ": "バ",
         "ﾊ": "ハ", "ﾝ": "ン", "ｶ": "カ", "ｸ": "ク", "İ": "i\u0307", "\u212b": "Å", "\u1100\u1161": "\uac00", "क\u093c": "\u0958",
         "★": "✩", "👍🏽": "👍", "☕\ufe0f": "☕"}
RULES.update({chr(0xFF21 + i): chr(0x41 + i) for i in range(26)})
RULES.update({chr(0xFF41 + i): chr(0x61 + i) for i in range(26)})


def sentence_pieces(vocab_size, **options):
    """[[token, score]...] without the first three, and the table of replacements."""
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as rules:
        for source, target in RULES.items():
            rules.write(" ".join(f"{ord(c):X}" for c in source) + "\t" + " ".join(f"{ord(c):X}" for c in target) + "\n")
        rules.flush()
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(SENTENCES), model_writer=model, vocab_size=vocab_size, model_type="unigram",
            normalization_rule_tsv=rules.name, minloglevel=2, **options)
    proto = sentencepiece_model_pb2.ModelProto.FromString(model.getvalue())
    return [[p.piece, p.score] for p in proto.pieces][3:], proto.normalizer_spec.precompiled_charsmap


def xlm_roberta():
    """XLM-RoBERTa: words at white space, a table of replacements, <mask> that takes the space before it."""
    pieces, table = sentence_pieces(660, character_coverage=0.985)
    vocab = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]] + pieces + [["<mask>", 0.0]]
    t = Tokenizer(models.Unigram([tuple(token) for token in vocab], unk_id=3, byte_fallback=False))
    t.normalizer = normalizers.Sequence([normalizers.Precompiled(table), normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(),
                                               pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")])
    t.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    t.post_processor = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>",
                                                     special_tokens=[("<s>", 0), ("</s>", 2)])
    t.add_special_tokens([special(name) for name in ("<s>", "<pad>", "</s>", "<unk>")])
    t.add_special_tokens([special("<mask>", lstrip=True)])
    return json.loads(t.to_str())


def t5():
    """T5 as it is newly made: the mark before the text only, which is not split; bytes for what is in no token."""
    pieces, table = sentence_pieces(800, byte_fallback=True, character_coverage=0.98)
    vocab = [["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]] + pieces + [["▁the", -50.5], ["<extra_id_0>", 0.0]]
    t = Tokenizer(models.Unigram([tuple(token) for token in vocab], unk_id=2, byte_fallback=True))
    t.normalizer = normalizers.Precompiled(table)
    t.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    t.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    t.post_processor = processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 1)])
    t.add_special_tokens([special(name) for name in ("<pad>", "</s>", "<unk>", "<extra_id_0>")])
    return json.loads(t.to_str())


def albert():
    """ALBERT: quotes, no accents, lower case, then the table; and Nmt, which T5 and mBART of old have."""
    pieces, table = sentence_pieces(600, character_coverage=0.98)
    vocab = [["<pad>", 0.0], ["<unk>", 0.0], ["[CLS]", 0.0], ["[SEP]", 0.0], ["[MASK]", 0.0]] + pieces
    t = Tokenizer(models.Unigram([tuple(token) for token in vocab], unk_id=1, byte_fallback=False))
    t.normalizer = normalizers.Sequence([
        normalizers.Nmt(), normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.NFKD(),
        normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Precompiled(table),
        normalizers.Strip(left=False, right=True), normalizers.Replace(Regex(" {2,}"), "▁")])
    t.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    t.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    t.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
                                                     special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    t.add_special_tokens([special(name) for name in ("<pad>", "<unk>", "[CLS]", "[SEP]")])
    t.add_special_tokens([special("[MASK]", lstrip=True)])
    data = json.loads(t.to_str())
    del data["model"]["type"]  # as in the first versions
    return data


def trained(make):
    with open(os.path.join(HERE, make, "tokenizer.json"), encoding="utf-8") as file:
        return json.load(file)["model"]


def vocab_txt(name, **settings):
    """The vocabulary of `bert` as a vocab.txt, cased or not as the settings say."""
    vocab = trained("bert")["vocab"]
    folder = os.path.join(HERE, name)
    write(os.path.join(folder, "vocab.txt"), sorted(vocab, key=vocab.get))
    write(os.path.join(folder, "tokenizer_config.json"), [json.dumps(dict(settings, tokenizer_class="BertTokenizer"))])
    return transformers.BertTokenizer.from_pretrained(folder).backend_tokenizer


def bert_uncased():
    return vocab_txt("bert_uncased")


def bert_cased():
    return vocab_txt("bert_cased", do_lower_case=False, tokenize_chinese_chars=False, strip_accents=None)


def bert_accents():
    return vocab_txt("bert_accents", do_lower_case=True, strip_accents=False)


def roberta_files():
    """vocab.json and merges.txt with <mask> in the vocabulary, and a space put in front of every text."""
    folder = os.path.join(HERE, "roberta_files")
    model = trained("roberta")
    vocab = dict(model["vocab"])
    vocab["<mask>"] = len(vocab)
    write(os.path.join(folder, "vocab.json"), [json.dumps(vocab, ensure_ascii=False, separators=(",", ":"))])
    write(os.path.join(folder, "merges.txt"), ["#version: 0.2"] + [" ".join(pair) for pair in model["merges"]])
    write(os.path.join(folder, "tokenizer_config.json"),
          [json.dumps({"tokenizer_class": "RobertaTokenizer", "add_prefix_space": True})])
    return transformers.RobertaTokenizer.from_pretrained(
        folder, mask_token=AddedToken("<mask>", lstrip=True, special=True)).backend_tokenizer


def fnv1a(ids):
    value = 0xCBF29CE484222325
    for token in ids:
        for byte in token.to_bytes(4, "little"):
            value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def write(path, lines):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("".join(line + "\n" for line in lines))


def write_hashes(path, tokenizer, lines):
    encoded = [tokenizer.encode(line, add_special_tokens=False).ids for line in lines]
    write(path, [f"{len(ids)} {fnv1a(ids):016x}" for ids in encoded])


def write_expected(name, t, lines):
    folder = os.path.join(HERE, name)
    rows = []
    for text in SHORT:
        plain = t.encode(text, add_special_tokens=False).ids
        full = t.encode(text, add_special_tokens=True).ids
        rows.append(json.dumps([plain, full, t.decode(full, skip_special_tokens=False),
                                t.decode(full, skip_special_tokens=True)], separators=(",", ":")))
    write(os.path.join(folder, "expected.jsonl"), rows)
    write_hashes(os.path.join(folder, "large.txt"), t, lines)
    write_hashes(os.path.join(folder, "newer.txt"), t, newer_lines())


def main():
    lines = large_lines()
    write(os.path.join(HERE, "texts.jsonl"), [json.dumps(text) for text in SHORT])
    write(os.path.join(HERE, "large.txt"), lines)
    write(os.path.join(HERE, "newer.txt"), newer_lines())
    for make in (llama3, llama2, metaspace, subwords, words, splits, bert, roberta, xlm_roberta, t5, albert, deepseek):
        path = os.path.join(HERE, make.__name__, "tokenizer.json")
        if not os.path.exists(path):
            write(path, [json.dumps(make(), ensure_ascii=False, separators=(",", ":"))])
        write_expected(make.__name__, Tokenizer.from_file(path), lines)
    for make in (bert_uncased, bert_cased, bert_accents, roberta_files):
        write_expected(make.__name__, make(), lines)
    shared = sys.argv[1] if len(sys.argv) > 1 else None
    for name in ("tokenizers/gpt2", "tokenizers/neox-20b", "models/stories260K") if shared else ():
        t = Tokenizer.from_file(os.path.join(shared, name, "tokenizer.json"))
        write_hashes(os.path.join(HERE, "shared", os.path.basename(name) + ".txt"), t, lines)
    for name in ("tokenizers/bert-uncased", "models/bert-toxic-tiny") if shared else ():
        t = transformers.BertTokenizer.from_pretrained(os.path.join(shared, name)).backend_tokenizer
        write_hashes(os.path.join(HERE, "shared", os.path.basename(name) + ".txt"), t, lines)


if __name__ == "__main__":
    main()
