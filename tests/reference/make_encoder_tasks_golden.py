#!/usr/bin/env python3
"""Writes encoder_tasks_golden.json: what the task kinds for encoders say of the tiny checkpoints in engine/, computed by
transformers in float64, clean and with heads zeroed by a hook on the output projection's input.

    python3 make_encoder_tasks_golden.py

A case: model, kind, lines (the data file; of texts, of pairs or of ids with types), sets of heads, values [set][example][metric], summaries [set][metric] of
metrics that are not means. Texts are words of VOCABULARY, whose ids are its indices.
"""
import argparse
import json
import math
import pathlib
import random

import torch
from transformers import AutoModelForMaskedLM, AutoModelForSequenceClassification, AutoModelForTokenClassification
from transformers import BertTokenizer

HERE = pathlib.Path(__file__).parent
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + list("abcdefghijklmnopqr")
CLS, SEP, MASK, FIRST_WORD = 2, 3, 4, 5
SETS = [[], [[0, 1]], [[0, 0], [1, 3]], [[0, 0], [0, 1], [0, 2], [0, 3]]]
TOKENIZER = BertTokenizer({word: i for i, word in enumerate(VOCABULARY)})
POSITIONS = 16  # of all these checkpoints but RoBERTa's, whose data is ids
ENDINGS = ("attention.output.dense", "attention.dense", "attention.out_lin", "attn.c_proj", "self_attn.o_proj")


def logits_of(model, read, heads):
    """Logits [T, V] or [labels] of (ids, types) with the heads' part of the output projection's input set to zero."""
    size = getattr(model.config, "head_dim", None) or model.config.hidden_size // model.config.num_attention_heads

    layers = iter(range(model.config.num_hidden_layers))  # one a call: ALBERT's share a module

    def hook(_, arguments):
        z = arguments[0].clone()
        layer = next(layers)
        for _, head in (pair for pair in heads if pair[0] == layer):
            z[..., head * size:(head + 1) * size] = 0
        return (z,)

    modules = [module for name, module in model.named_modules() if name.endswith(ENDINGS)]
    handles = [module.register_forward_pre_hook(hook) for module in modules]
    ids, types = read
    typed = {} if model.config.model_type in ("distilbert", "gpt2", "llama") else {"token_type_ids": torch.tensor([types])}
    with torch.no_grad():
        logits = model(torch.tensor([ids]), **typed).logits[0]
    for handle in handles:
        handle.remove()
    return logits


def pll(model, read, heads):
    """[pseudo-log-likelihood, tokens] of the ids that are neither CLS nor SEP."""
    total = 0.0
    ids, types = read
    scored = [at for at, token in enumerate(ids) if token not in (CLS, SEP)]
    for at in scored:
        masked = ids[:at] + [MASK] + ids[at + 1:]
        total += torch.log_softmax(logits_of(model, (masked, types), heads)[at], -1)[ids[at]].item()
    return [total, len(scored)]


def words(rng, low, high):
    return " ".join(rng.choice(VOCABULARY[FIRST_WORD:]) for _ in range(rng.randint(low, high)))


def read(line, name="text"):
    """(ids, types) of a line: a text, a pair, or ids with their types."""
    if not isinstance(line[name], str):
        return line[name], line.get("token_type_ids", [0] * len(line[name]))
    call = TOKENIZER(line[name], line.get("pair"), truncation="longest_first", max_length=POSITIONS)
    return call["input_ids"], call["token_type_ids"]


def with_ids(lines, rng):
    """Some end with GPT-2's padding, 1, others are the beginning of another one."""
    for line in lines:
        ids = [rng.randrange(FIRST_WORD, len(VOCABULARY)) for _ in range(rng.randint(1, 9))]
        line["text"] = rng.choice([ids, ids + [1], ids + [1, 1], lines[0]["text"] + ids if line is not lines[0] else ids])
    return lines


def with_pair(lines, rng):
    return [line | {"pair": words(rng, 1, 9)} for line in lines]


def with_short_pair(lines, rng):
    return [line | {"pair": words(rng, 1, 3)} for line in lines]


def pseudo_likelihood(name, rng, of=lambda lines, _: lines):
    model = AutoModelForMaskedLM.from_pretrained(HERE / "engine" / name, dtype=torch.float64).eval()
    lines = of([{"text": words(rng, 1, 10)} for _ in range(6)], rng)
    values = [[pll(model, read(line), heads) for line in lines] for heads in SETS]
    summaries = [{"pll": sum(v[0] for v in rows) / sum(v[1] for v in rows)} for rows in values]
    return {"model": name, "kind": "pseudo_likelihood", "lines": lines, "values": values, "summaries": summaries}


def minimal_pair(name, rng):
    model = AutoModelForMaskedLM.from_pretrained(HERE / "engine" / name, dtype=torch.float64).eval()
    lines = [{"good": words(rng, 2, 6), "bad": words(rng, 2, 6)} for _ in range(5)]
    values = []
    for heads in SETS:
        margins = [pll(model, read(line, "good"), heads)[0] - pll(model, read(line, "bad"), heads)[0]
                   for line in lines]
        values.append([[float(margin > 0), margin] for margin in margins])
    return {"model": name, "kind": "minimal_pair", "lines": lines, "values": values}


def f1(gold, predicted):
    """F1 by precision and recall, from lists of booleans."""
    hits = sum(g and p for g, p in zip(gold, predicted))
    if hits == 0:
        return 0.0
    precision, recall = hits / sum(predicted), hits / sum(gold)
    return 2 * precision * recall / (precision + recall)


def with_f1(rows, gold, predicted, names):
    """Rows with each label's count, and the summaries; gold and predicted are [example][label] booleans."""
    values = [row + [g + p for g, p in zip(*flags)] for row, flags in zip(rows, zip(gold, predicted))]
    by_label = [f1([g[i] for g in gold], [p[i] for p in predicted]) for i in range(len(names))]
    occurs = [i for i in range(len(names)) if any(g[i] for g in gold) or any(p[i] for p in predicted)]
    summaries = {"macro_f1": sum(by_label[i] for i in occurs) / len(occurs)}
    summaries.update({f"f1_{name}": value for name, value in zip(names, by_label)})
    return values, summaries


def exclusive(name, rng, of=lambda lines, _: lines):
    model = AutoModelForSequenceClassification.from_pretrained(HERE / "engine" / name, dtype=torch.float64).eval()
    names = [model.config.id2label[i] for i in range(model.config.num_labels)]
    n = len(names)
    lines = [{"text": words(rng, 1, 12), "label": rng.choice([i, names[i]])} for i in rng.choices(range(n), k=16)]
    lines = of(lines, rng)
    gold = [names.index(line["label"]) if isinstance(line["label"], str) else line["label"] for line in lines]
    values, summaries = [], []
    for heads in SETS:
        logs = [torch.log_softmax(logits_of(model, read(line), heads), -1).tolist() for line in lines]
        best = [max(range(n), key=row.__getitem__) for row in logs]
        rows = [[float(b == g), b, -row[g], row[g] - max(v for i, v in enumerate(row) if i != g), g]
                for row, b, g in zip(logs, best, gold)]
        filled, summary = with_f1(rows, [[i == g for i in range(n)] for g in gold],
                                  [[i == b for i in range(n)] for b in best], names)
        values.append(filled)
        summaries.append(summary)
    return {"model": name, "kind": "classification", "lines": lines, "values": values, "summaries": summaries}


def with_types(lines, rng):
    return [line | {"token_type_ids": [rng.randrange(2) for _ in line["text"]]} for line in lines]


def independent(name, rng, of=lambda lines, _: lines):
    model = AutoModelForSequenceClassification.from_pretrained(HERE / "engine" / name, dtype=torch.float64).eval()
    names = [model.config.id2label[i] for i in range(model.config.num_labels)]
    lines = []
    for _ in range(12):
        ids = [rng.randrange(FIRST_WORD, len(VOCABULARY)) for _ in range(rng.randint(2, 9))]
        lines.append({"text": ids, "label": [label for label in names if rng.random() < 0.5]})
    lines = of(lines, rng)
    gold = [[label in line["label"] for label in names] for line in lines]
    values, summaries = [], []
    for heads in SETS:
        probabilities = [torch.sigmoid(logits_of(model, read(line), heads)).tolist() for line in lines]
        predicted = [[p >= 0.5 for p in row] for row in probabilities]
        rows = []
        for row, g, p in zip(probabilities, gold, predicted):
            right = [value if flag else 1 - value for value, flag in zip(row, g)]
            rows.append([float(g == p), sum(p), -sum(map(math.log, right)) / len(names),
                         min(math.log(r / (1 - r)) for r in right), sum(g)])
        filled, summary = with_f1(rows, gold, predicted, names)
        values.append(filled)
        summaries.append(summary)
    return {"model": name, "kind": "classification", "lines": lines, "values": values, "summaries": summaries}


def token_classification(name, rng):
    """Words of one token and of three; a word's label is that of its first, and -100 is none."""
    model = AutoModelForTokenClassification.from_pretrained(HERE / "engine" / name, dtype=torch.float64).eval()
    names = [model.config.id2label[i] for i in range(model.config.num_labels)]
    lines = []
    for _ in range(10):
        tokens = [rng.choice([*VOCABULARY[FIRST_WORD:], "a-b", "xyz"]) for _ in range(rng.randint(1, 14))]
        label = [rng.choice([*range(len(names)), *names, -100]) for _ in tokens]
        lines.append({"tokens": tokens, "label": [rng.randrange(len(names)), *label[1:]]})
    values = []
    for heads in SETS:
        values.append([])
        for line in lines:
            call = TOKENIZER(line["tokens"], is_split_into_words=True, truncation=True, max_length=POSITIONS)
            logs = torch.log_softmax(logits_of(model, (call["input_ids"], [0] * len(call["input_ids"])), heads), -1)
            sums, seen = [0.0, 0.0, 0.0, 0], set()
            for row, word in enumerate(call.word_ids()):
                label = None if word is None else line["label"][word]
                gold = names.index(label) if isinstance(label, str) else label
                if word is None or word in seen or gold == -100:
                    continue
                seen.add(word)
                row = logs[row].tolist()
                margin = row[gold] - max(v for i, v in enumerate(row) if i != gold)
                sums = [a + b for a, b in zip(sums, [float(margin > 0), -row[gold], margin, 1])]
            values[-1].append(sums)
    summaries = [{metric: sum(row[i] for row in rows) / sum(row[3] for row in rows)
                  for i, metric in enumerate(["acc", "log_loss", "margin"])} for rows in values]
    return {"model": name, "kind": "token_classification", "lines": lines, "values": values, "summaries": summaries}


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rng = random.Random(7)
    cases = [pseudo_likelihood("bert_masked", rng), pseudo_likelihood("distilbert_masked", rng),
             pseudo_likelihood("roberta_masked", rng), minimal_pair("bert_masked", rng),
             exclusive("bert_classifier", rng), exclusive("distilbert_classifier", rng),
             independent("roberta_classifier_bf16", rng),
             pseudo_likelihood("bert_masked", rng, with_short_pair),
             pseudo_likelihood("distilbert_masked", rng, with_short_pair),
             exclusive("bert_classifier", rng, with_pair), exclusive("distilbert_classifier", rng, with_pair),
             independent("roberta_classifier_bf16", rng, with_types),
             exclusive("gpt2_classifier", rng, with_ids), independent("llama_labels_grouped_bf16", rng),
             token_classification("bert_tokens", rng), token_classification("albert_tokens", rng)]
    golden = {"vocabulary": VOCABULARY, "sets": SETS, "cases": cases}
    text = json.dumps(golden, default=float, separators=(",", ":"))
    (HERE / "encoder_tasks_golden.json").write_text(text.replace('{"model"', '\n{"model"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
