"""Writes special_tokens/golden.json: folders whose special and added tokens are named in every way that transformers
reads, and what its AutoTokenizer makes of them, which test_special_tokens.c compares with.

    python3 tests/reference/make_special_tokens_golden.py [CASES [FILE [TYPE]...]]

A case is a base, which is a set of tokenizer files, and further files; drawn at random, the same for the same number of
CASES. "refused" stands where the files give a token another id than transformers does. Needs transformers and tokenizers.
"""

import json
import os
import pathlib
import random
import sys
import tempfile

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error")

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX  # noqa: E402

SEED = 20261130
FOLDER = pathlib.Path(__file__).resolve().parent / "special_tokens"
NAMES = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"]
# Of the vocabulary, of none, one within a word, one that lower case changes.
TOKENS = ["<s>", "</s>", "<|endoftext|>", "<unk>", "<pad>", "<|im_start|>", "<|im_end|>", "ab", "<X>", "[CLS]", "<mask>"]
TEXTS = ["ab <s>ba</s> b", "x <|endoftext|> a<|im_start|>b <|im_end|> ", " <X> <x>ab abc  ab <mask> a", "<pad>a[CLS] [SEP]b<unk>"]
LETTERS = "abcdefgimnoprstux<>|/_[]ACDEKLMPSUX"


def byte_level(names, space="\u0120"):
    vocab = {token: i for i, token in enumerate([*names, *LETTERS, space, "ab", space + "a"])}
    return vocab, [("a", "b"), (space, "a")]


def of_gpt2():
    vocab, merges = byte_level(["<|endoftext|>", "<s>"])
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges, continuing_subword_prefix="", end_of_word_suffix=""))
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens(["<|endoftext|>"])
    return {"tokenizer.json": json.loads(t.to_str())}


def of_neox():
    t = Tokenizer.from_str(json.dumps(of_gpt2()["tokenizer.json"]))
    t.normalizer = normalizers.NFC()
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)])
    return {"tokenizer.json": json.loads(t.to_str())}


def of_qwen():
    t = Tokenizer.from_str(json.dumps(of_gpt2()["tokenizer.json"]))
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), behavior="isolated"),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return {"tokenizer.json": json.loads(t.to_str())}


def of_llama():
    vocab, merges = byte_level(["<unk>", "<s>", "</s>"], "\u2581")
    vocab.update({f"<0x{byte:02X}>": len(vocab) + byte for byte in range(256)})
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges, fuse_unk=True, byte_fallback=True))
    t.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="first", split=False)
    t.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
                                   decoders.Strip(content=" ", left=1)])
    t.add_special_tokens(["<s>", "</s>"])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)])
    return {"tokenizer.json": json.loads(t.to_str())}


def of_gemma():
    vocab, merges = byte_level(["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"], "\u2581")
    vocab.update({f"<0x{byte:02X}>": len(vocab) + byte for byte in range(256)})
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Replace(" ", "\u2581")
    t.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    t.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse()])
    t.add_special_tokens(["<pad>", "<eos>", "<bos>", "<unk>"])
    t.post_processor = processors.TemplateProcessing(single="<bos> $A", pair="<bos> $A $B",
                                                     special_tokens=[("<bos>", 2)])
    return {"tokenizer.json": json.loads(t.to_str())}


def of_cohere():
    vocab, merges = byte_level(["<PAD>", "<UNK>", "<CLS>", "<SEP>", "<MASK_TOKEN>", "<BOS_TOKEN>", "<EOS_TOKEN>",
                                "<|END_OF_TURN_TOKEN|>"])
    t = Tokenizer(models.BPE(vocab=vocab, merges=merges, continuing_subword_prefix="", end_of_word_suffix=""))
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=True)])
    t.decoder = decoders.ByteLevel(add_prefix_space=False, trim_offsets=True)
    t.add_special_tokens(["<PAD>", "<UNK>", "<CLS>", "<SEP>", "<MASK_TOKEN>", "<BOS_TOKEN>", "<EOS_TOKEN>",
                          "<|END_OF_TURN_TOKEN|>"])
    t.post_processor = processors.TemplateProcessing(single="<BOS_TOKEN> $A", pair="<BOS_TOKEN> $A $B",
                                                     special_tokens=[("<BOS_TOKEN>", 5)])
    return {"tokenizer.json": json.loads(t.to_str())}


def of_lower_case():
    """A tokenizer that stands as it is (a class of no pipeline), in which the form of a token matters."""
    tokenizer = of_gpt2()["tokenizer.json"]
    t = Tokenizer.from_str(json.dumps(tokenizer))
    t.normalizer = normalizers.Lowercase()
    return {"tokenizer.json": json.loads(t.to_str())}


def of_files():
    vocab, merges = byte_level(["<|endoftext|>", "<s>"])
    return {"vocab.json": vocab, "merges.txt": "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges)}


def of_bert_names():
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "ab", "##a", "##b", "x", "<", ">", "s", "/", "<s>"]


def of_vocab_txt():
    return {"vocab.txt": "".join(token + "\n" for token in of_bert_names())}


def of_bert():
    t = Tokenizer(models.WordPiece(vocab={token: i for i, token in enumerate(of_bert_names())}, unk_token="[UNK]"))
    t.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, lowercase=True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.decoder = decoders.WordPiece(prefix="##")
    t.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return {"tokenizer.json": json.loads(t.to_str())}


def of_albert():
    names = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]", "\u2581", "a", "b", "ab", "\u2581a", "\u2581ab", "x", "s", "<s>"]
    t = Tokenizer(models.Unigram([(token, -float(i)) for i, token in enumerate(names)], unk_id=1))
    t.normalizer = normalizers.Sequence([normalizers.Replace("``", '"'), normalizers.Replace("''", '"'),
                                         normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()])
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(),
                                               pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="always")])
    t.decoder = decoders.Metaspace(replacement="\u2581", prepend_scheme="always")
    t.add_special_tokens(["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"])
    return {"tokenizer.json": json.loads(t.to_str())}


# Base: its files, the kinds of model and the classes with which transformers keeps its pipeline.
BASES = {
    "gpt2": (of_gpt2, ["gpt2", "llama", "mistral", "phi", "olmo2", "opt", "gpt_neo", "bloom", "falcon", "gptj", "ministral"],
             [None, "GPT2Tokenizer", "CodeGenTokenizer", "PreTrainedTokenizerFast", "TokenizersBackend"]),
    "neox": (of_neox, ["gpt_neox", "llama", "olmo", "mpt", "stablelm"],
             [None, "GPTNeoXTokenizerFast", "PreTrainedTokenizerFast"]),
    "qwen": (of_qwen, ["qwen2", "qwen3"], [None, "Qwen2Tokenizer", "PreTrainedTokenizerFast"]),
    "cohere": (of_cohere, ["cohere"], [None, "CohereTokenizer", "CohereTokenizerFast", "PreTrainedTokenizerFast"]),
    "llama": (of_llama, ["llama", "mistral", "phi3"], ["LlamaTokenizer", "LlamaTokenizerFast", "PreTrainedTokenizerFast"]),
    "gemma": (of_gemma, ["gemma", "gemma2"], [None, "GemmaTokenizer", "GemmaTokenizerFast", "PreTrainedTokenizerFast"]),
    "lower": (of_lower_case, ["llama", "mistral"], ["PreTrainedTokenizerFast", "NoSuchTokenizer"]),
    "files": (of_files, ["gpt2", "phi", "opt", "gpt_neo"], [None, "GPT2Tokenizer", "CodeGenTokenizer"]),
    "vocab": (of_vocab_txt, ["bert", "distilbert", "electra"], [None, "BertTokenizer"]),
    "bert": (of_bert, ["bert", "distilbert", "electra"], [None, "BertTokenizerFast", "DistilBertTokenizer"]),
    "albert": (of_albert, ["albert"], [None, "AlbertTokenizer", "AlbertTokenizerFast"]),
}


# ---- files beside the tokenizer, drawn -------------------------------------------------------------------------------

def object_of(draw, content, mark):
    flags = {flag: draw.random() < 0.3 for flag in ("lstrip", "rstrip", "single_word", "normalized")}
    return {**({"__type": "AddedToken", "special": draw.random() < 0.5} if mark else {}), "content": content, **flags}


def draw_names(draw, share, mark):
    names = {}
    for name in NAMES:
        if draw.random() < share:
            token = draw.choice(TOKENS)
            names[name] = draw.choice([token, token, object_of(draw, token, mark), None])
    # Classes make "None" of some.
    return {name: token for name, token in names.items() if token is not None or name not in ("unk_token", "cls_token", "sep_token")}


def known_ids(files):
    """Ids of the tokens in the base's own files, and the next one."""
    if "tokenizer.json" in files:
        vocab = files["tokenizer.json"]["model"]["vocab"]
        vocab = dict(vocab) if isinstance(vocab, dict) else {token: i for i, (token, _) in enumerate(vocab)}
        vocab.update({token["content"]: token["id"] for token in files["tokenizer.json"]["added_tokens"]})
    elif "vocab.json" in files:
        vocab = dict(files["vocab.json"])
    else:
        vocab = {token: i for i, token in enumerate(files["vocab.txt"].split())}
    return vocab


def draw_added(draw, files):
    """{id: token}, mostly with the ids that come next."""
    vocab = known_ids(files)
    added = {}
    n = len(vocab)
    for token in draw.sample(TOKENS, draw.randint(1, 4)):
        if token in vocab:
            added[vocab[token]] = token
        else:
            added[n] = token
            n += 1
    if draw.random() < 0.1:
        added[n + 3] = added.pop(max(added))
    return added


def draw_case(draw):
    base = draw.choice(list(BASES))
    make, types, classes = BASES[base]
    files = make()
    extra = {"config.json": {"model_type": draw.choice(types)}}
    config = draw_names(draw, 0.3, True)
    tokenizer_class = draw.choice(classes)
    if tokenizer_class is not None:
        config["tokenizer_class"] = tokenizer_class
    if draw.random() < 0.3:
        config["additional_special_tokens"] = draw.sample(TOKENS, 2)
    if draw.random() < 0.15:
        config["extra_special_tokens"] = draw.choice([draw.sample(TOKENS, 2), {"image_token": draw.choice(TOKENS)}])
    if draw.random() < 0.15:
        config["image_token"] = draw.choice(TOKENS)
    if draw.random() < 0.15:
        config[draw.choice(["add_bos_token", "add_eos_token"])] = draw.random() < 0.7
    way = draw.choice(["none", "none", "decoder", "decoder", "added"])
    if way == "decoder":
        config["added_tokens_decoder"] = {
            str(i): {**object_of(draw, token, False), "special": draw.random() < 0.7}
            for i, token in draw_added(draw, files).items()}
    if way == "added":
        extra["added_tokens.json"] = {token: i for i, token in draw_added(draw, files).items()}
    if draw.random() < 0.3:
        extra["special_tokens_map.json"] = draw_names(draw, 0.3, False)
    if config or draw.random() < 0.5:
        extra["tokenizer_config.json"] = config
    return {"base": base, "files": extra}


# ---- what transformers makes of them ---------------------------------------------------------------------------------

def write_files(folder, files):
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")


def given_ids(case):
    """[(token, id)] as the files have it."""
    config = case["files"].get("tokenizer_config.json", {})
    if "added_tokens_decoder" in config:
        return [(token["content"], int(i)) for i, token in config["added_tokens_decoder"].items()]
    return list(case["files"].get("added_tokens.json", {}).items())


def expect(case, files):
    with tempfile.TemporaryDirectory() as folder:
        write_files(folder, {**files, **case["files"]})
        t = AutoTokenizer.from_pretrained(folder)
    if any(t.convert_tokens_to_ids(token) != i for token, i in given_ids(case)):
        return {"refused": True}
    texts = []
    for text in TEXTS:
        plain = t.encode(text, add_special_tokens=False)
        texts.append([plain, t.encode(text), t.backend_tokenizer.decode(plain, skip_special_tokens=True)])
    return {"bos": t.bos_token_id, "eos": t.eos_token_id, "pad": t.pad_token_id, "n": max(t.get_vocab().values()) + 1,
            "texts": texts}


def main():
    n_cases = int(sys.argv[1]) if len(sys.argv) > 1 else 80
    path = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER / "golden.json"
    types = sys.argv[3:]
    draw = random.Random(SEED + n_cases)
    bases = {name: row[0]() for name, row in BASES.items()}
    cases = []
    while len(cases) < n_cases:
        case = draw_case(draw)
        try:
            case["expected"] = expect(case, bases[case["base"]])
        except Exception as error:  # transformers refuses what it cannot read, and so may headsweep
            print(f"left out: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
            continue
        cases.append(case)
    if types:
        cases = [case for case in cases if case["files"].get("config.json", {}).get("model_type") in types]
    bases = {name: {file: content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
                    for file, content in files.items()} for name, files in bases.items()}
    for case in cases:
        case["files"] = {file: json.dumps(content, ensure_ascii=False) for file, content in case["files"].items()}
    path.parent.mkdir(exist_ok=True)
    kept = json.loads(path.read_text(encoding="utf-8"))["cases"] if types else []
    lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in kept + cases)
    head = json.dumps({"texts": TEXTS, "bases": bases}, ensure_ascii=False, separators=(",", ":"))
    path.write_text(head[:-1] + ',"cases":[\n' + lines + "\n]}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
