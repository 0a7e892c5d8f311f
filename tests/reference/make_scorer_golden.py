#!/usr/bin/env python3
"""Writes scorer_golden.json: how transformers scores texts with bert-toxic-tiny, by softmax and by logistic.

Texts are every 40th line of the model's test set, by number, and some of our own: empty, accents, cut at the model's 64
positions. Usage: make_scorer_golden.py SHARED_DATA (needs torch and transformers)
"""
import argparse
import json
import pathlib

import torch
from transformers import AutoModelForSequenceClassification, BertTokenizer

OWN = ["", " ", "You are a real idiot.", "Caf\u00e9 na\u00efve \u4f60\u597d", "YOU ARE SO STUPID!!!", "\ufffd broken \ufffd",
       "you are kind " * 30, "you are an idiot and " * 30]
PAIRS = [["You are a", "real idiot."], ["Tom says: you are so", "kind"], ["", "You are stupid"],
         ["you are an idiot and " * 9, "you are kind " * 20], ["so long " * 40, "dumb"]]
LABEL = 1


def main():
    """Scores the texts one by one, without padding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", type=pathlib.Path, help="folder of the shared test material")
    folder = parser.parse_args().shared / "models/bert-toxic-tiny"
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = BertTokenizer.from_pretrained(folder)

    def score(text, pair=None):
        inputs = tokenizer(text, pair, return_tensors="pt", truncation=True, max_length=64)
        with torch.no_grad():
            logits = model(**inputs).logits[0].double()
        return [round(torch.softmax(logits, -1)[LABEL].item(), 8), round(torch.sigmoid(logits)[LABEL].item(), 8)]

    lines = (folder / "heldout_test.jsonl").read_text(encoding="utf-8").splitlines()
    numbers = range(0, len(lines), 40)
    golden = {"lines": [{"line": i + 1, "scores": score(json.loads(lines[i])["text"])} for i in numbers],
              "own": [{"text": text, "scores": score(text)} for text in OWN],
              "pairs": [{"prompt": a, "text": b, "scores": score(a, b)} for a, b in PAIRS]}
    path = pathlib.Path(__file__).parent / "scorer_golden.json"
    path.write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
