#!/usr/bin/env python3
"""Writes pairs_golden.json: how transformers joins and cuts texts and pairs of texts, by post-processor and setting.

    python3 make_pairs_golden.py

A case: files (name -> text) of a tokenizer folder, gives_types (whether its class hands token types to the model), rows
[first, second or null, special tokens, max_length or 0, ids, token types, mask of the special tokens].
"""
import itertools
import json
import pathlib
import tempfile

from transformers import AutoTokenizer

HERE = pathlib.Path(__file__).parent
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list("abcdefghij")
SHORT, LONG, OTHER = "a b", "c d e f g h i j a", "j i h g f"
TEXTS = [(SHORT, None), (LONG, None), (SHORT, OTHER), (LONG, SHORT), (LONG, OTHER), (OTHER, LONG), ("", SHORT), (SHORT, ""),
         ("a [SEP] b", "c")]
LIMITS = [0, 9, 6]
IDS = {word: {"id": word, "ids": [WORDS.index(word)], "tokens": [word]} for word in ("[CLS]", "[SEP]")}


def template(single, pair):
    """TemplateProcessing of "[CLS]:0 A:0 [SEP]:0"."""
    def piece(text):
        name, kind = text.split(":")
        return {"Sequence" if len(name) == 1 else "SpecialToken": {"id": name, "type_id": int(kind)}}
    return {"type": "TemplateProcessing", "single": [piece(p) for p in single.split()],
            "pair": [piece(p) for p in pair.split()], "special_tokens": IDS}


BERT = template("[CLS]:0 A:0 [SEP]:0", "[CLS]:0 A:0 [SEP]:0 B:1 [SEP]:1")
PROCESSORS = [
    BERT,
    template("[CLS]:0 A:0 [SEP]:0", "[CLS]:0 A:0 [SEP]:0 [SEP]:0 B:0 [SEP]:0"),
    template("A:0 [SEP]:0 [CLS]:2", "[SEP]:1 B:1 A:0 [SEP]:0 [CLS]:2"),
    template("A:1", "A:1 [SEP]:1 B:0"),
    {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
    {"type": "RobertaProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2], "trim_offsets": True, "add_prefix_space": False},
    {"type": "Sequence", "processors": [{"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False,
                                         "use_regex": True}, BERT]},
    {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
]
NAMES = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "unk_token": "[UNK]", "mask_token": "[MASK]"}
BASE = {"tokenizer_class": "PreTrainedTokenizerFast", **NAMES}


def word_level(processor):
    added = [{"id": i, "content": word, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
              "special": True} for i, word in enumerate(WORDS[:5])]
    return json.dumps({"version": "1.0", "truncation": None, "padding": None, "added_tokens": added, "normalizer": None,
                       "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": processor, "decoder": None,
                       "model": {"type": "WordLevel", "vocab": {w: i for i, w in enumerate(WORDS)}, "unk_token": "[UNK]"}})


def row(tokenizer, texts, special, limit):
    cut = {"truncation": "longest_first", "max_length": limit} if limit else {}
    call = tokenizer(*texts, add_special_tokens=special, return_token_type_ids=True, return_special_tokens_mask=True, **cut)
    return [*texts, special, limit, call["input_ids"], call["token_type_ids"], call["special_tokens_mask"]]


def case(files, config, base=False):
    """`base`: of no model's class, so that only the call says whether types are wanted."""
    files = files | {"tokenizer_config.json": json.dumps(config)}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")
        tokenizer = AutoTokenizer.from_pretrained(folder)
    gives_types = base or "token_type_ids" in tokenizer.model_input_names
    rows = [row(tokenizer, texts, special, limit)
            for texts, limit, special in itertools.product(TEXTS, LIMITS, (True, False))]
    return {"files": files, "gives_types": gives_types, "rows": rows}


def main():
    cases = [case({"tokenizer.json": word_level(processor)}, BASE, base=True) for processor in PROCESSORS]
    cases.append(case({"tokenizer.json": word_level(BERT)}, BASE | {"truncation_side": "left"}, base=True))
    for names in (["input_ids", "attention_mask"], ["input_ids", "token_type_ids", "attention_mask"]):
        cases.append(case({"tokenizer.json": word_level(BERT)}, BASE | {"model_input_names": names}))
    vocabulary = {"vocab.txt": "".join(word + "\n" for word in WORDS)}
    for name in ("BertTokenizer", "DistilBertTokenizer", "BertTokenizerFast"):
        cases.append(case(vocabulary, NAMES | {"tokenizer_class": name}))
    letters = {token: i for i, token in enumerate(["<s>", "<pad>", "</s>", "<unk>", *"abcdefghijĠ", "<mask>"])}
    bpe = {"vocab.json": json.dumps(letters), "merges.txt": "#version: 0.2\n"}
    cases.append(case(bpe, {"tokenizer_class": "RobertaTokenizer"}))
    text = json.dumps({"cases": cases}, separators=(",", ":")).replace('{"files"', '\n{"files"')
    (HERE / "pairs_golden.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
