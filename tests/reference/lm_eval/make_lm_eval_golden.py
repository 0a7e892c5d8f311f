"""Compares headsweep with EleutherAI's lm-evaluation-harness on the tasks of tasks.cfg, item by item.

Without --program: writes the data files and expected.json, the log-likelihoods and metrics of the harness on the
quickstart checkpoint, and expected_tokens.json, the same where the tokenizer names other tokens than config.json; test_lm_eval.c
compares with both. With --program: runs the harness and headsweep on any
checkpoint, prints the largest differences and fails beyond 1e-4. Nothing is fetched: tasks and data are local.

    python3 tests/reference/lm_eval/make_lm_eval_golden.py
    python3 tests/reference/lm_eval/make_lm_eval_golden.py --program build/headsweep --checkpoint path/to/checkpoint

Needs lm-eval, torch and transformers, and h5py with --program.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile

FOLDER = pathlib.Path(__file__).resolve().parent
QUICKSTART = FOLDER.parents[2] / "configs" / "quickstart" / "model"
TOLERANCE = 1e-4

LONG = " ".join(["Tom gave the key to Eve.", "Ann has a red hat.", "Here the cow by the owls is big."] * 12)

# ---- data, made up: a file of each layout with what is difficult in it ----------------------------------------------

CHOICE = [
    {"context": "Today Tom has a red hat. So the hat is", "choices": ["blue", "red", "green", "pink"], "label": 1},
    # White space at the context's end moves to the continuation, however much there is of it.
    {"context": "Here the cow by the owls ", "choices": ["is", "are"], "label": 0},
    {"context": "Here the cow by the owls \n\t ", "choices": ["is", "are"], "label": 1},
    {"context": "So the hat\n", "choices": ["is red", "is\nred", " is  red"], "label": 2},
    # Nothing before it: BOS.
    {"context": "", "choices": ["Tom has a hat.", "hat a has Tom."], "label": 0},
    {"context": "", "choices": ["a", "b", "<|endoftext|>a"], "label": 1},
    # The first of equal ones wins.
    {"context": "The hat is", "choices": ["red", "red", "blue"], "label": 0},
    {"context": "The hat is", "choices": ["blue", "red", "red"], "label": 2},
    # Characters are not bytes, and a choice's own space counts as one.
    {"context": "Gr\u00fc\u00dfe an", "choices": ["\u00c4nne", "Anna", "\u4e2d\u6587", "\U0001f600!"], "label": 2},
    {"context": "The hat is", "choices": ["  red", "red ", "red"], "label": 1},
    # A continuation that changes the context's last token.
    {"context": "The hat is bl", "choices": ["ue.", "ack.", "own."], "label": 0, "note": "delimiter comes between"},
    # Beyond the model's positions: the context loses its first tokens, for each choice as many as it must.
    {"context": LONG, "choices": ["Tom", "Tom gave the key to Eve and Eve gave it to Ann.", "x"], "label": 1},
    {"context": "<|endoftext|>Tom has", "choices": ["a hat", "the hat"], "label": 0},
    {"context": "1 + 1 =", "choices": ["2", "3", "11"], "label": 0},
]

ARC = [
    {"id": "a", "question": "Which of these is red?", "answerKey": "B",
     "choices": {"text": ["the sky", "a red hat", "the cow"], "label": ["A", "B", "C"]}},
    {"id": "b", "question": "Who has the key, Tom or Eve?\nTom gave it to Eve.", "answerKey": "1",
     "choices": {"text": ["Eve", "Tom"], "label": ["1", "2"]}},
    {"id": "c", "question": "{Is} the cow big? ", "answerKey": "D",
     "choices": {"text": ["no", "yes", "maybe", "not"], "label": ["A", "B", "C", "D"]}},
]

PIQA = [
    {"goal": "To open the door,", "sol1": "use the key.", "sol2": "use the hat.", "label": 0},
    {"goal": "Keep warm", "sol1": "put on \u201ca coat\u201d", "sol2": "put on a hat", "label": 1},
]

SST2 = [
    ("the hat is good , and the cow is kind", 1),
    ('a "dull" tale', 0),
    ("it is , at best , a long walk to the shed\tand back", 0),
]

BLIMP = [
    {"sentence_good": "The cow by the owls is big.", "sentence_bad": "The cow by the owls are big."},
    {"sentence_good": "Tom met Eve.", "sentence_bad": "Tom met Eve."},
    {"sentence_good": "Ann has a hat", "sentence_bad": "Ann have a hat"},
    {"sentence_good": "<|endoftext|>Ann", "sentence_bad": "Ann Ann"},
]

LAMBADA = [
    {"text": "Bob gave the key to Eve. Later Eve met Bob"},
    {"text": "Today Tom has a red hat. So the hat is red"},
    {"text": "Here the cow by the owls  is"},
    {"text": LONG + " Tom has a hat"},
    {"text": "Tom says: \u00e9t\u00e9"},
]

CLOZE = [
    {"context": "Today Tom has a red", "target": " hat. So the hat is red"},
    {"context": "Today Tom has a red  ", "target": "hat"},
    {"context": "", "target": "Tom has"},
    {"context": LONG, "target": " Here the cow by the owls is big."},
]

# One continuation behind each context: `sentence` cut at its blank, as the harness's own task does.
WINOGRANDE = [
    {"before": "Tom gave the key to Eve because ", "option1": "Tom", "option2": "Eve", "after": "has the hat.",
     "answer": "2"},
    {"before": "The hat and the cow: the ", "option1": "hat", "option2": "cow", "after": "is red .", "answer": "1"},
    {"before": LONG + " ", "option1": "Ann", "option2": "Bob ", "after": "has a hat", "answer": "1"},
]

CONTEXTS = [
    {"context": ["Tom gave Ida a", "Tom gave Bob a"], "target": "hat", "label": 0},
    {"context": ["The cow is", "The cow is ", "Is"], "target": "big", "label": 2},
]

DOCUMENTS = [
    {"text": "Tom gave the key to Eve. Later Eve met Tom."},
    {"text": LONG},
    {"text": LONG[:220]},
    {"text": "two\nlines \n\n and  \u00e4\u00f6\u00fc \u4e2d\u6587 "},
    {"text": "a"},
    {"text": "<|endoftext|>Tom has a hat."},
]


def write_data(folder):
    """The data files; SST-2 is tab-separated, here with quotes as RFC 4180 has them."""
    lines = {"choice": CHOICE, "arc": ARC, "piqa": PIQA, "blimp": BLIMP, "lambada": LAMBADA, "cloze": CLOZE,
             "documents": DOCUMENTS, "winogrande": WINOGRANDE, "contexts": CONTEXTS}
    for name, rows in lines.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")

    def field(text):
        return '"' + text.replace('"', '""') + '"' if any(c in text for c in '"\t\n') else text

    text = "sentence\tlabel\n" + "".join(f"{field(sentence)}\t{label}\n" for sentence, label in SST2)
    (folder / "sst2.tsv").write_text(text, encoding="utf-8")


# ---- the harness's side of tasks.cfg -----------------------------------------------------------------------------------

ACCURACIES = [{"metric": metric} for metric in ("acc", "acc_norm", "acc_bytes")]


def task(name, file, output_type, **members):
    """A task as its YAML file would have it."""
    is_table = file.endswith(".tsv")
    return {
        "task": name,
        "dataset_path": "csv" if is_table else "json",
        "dataset_kwargs": {"data_files": {"test": str(FOLDER / file)}, **({"delimiter": "\t"} if is_table else {})},
        "test_split": "test",
        "output_type": output_type,
        "num_fewshot": 0,
        **members,
    }


def choice_task(name, file, **members):
    return task(name, file, "multiple_choice", metric_list=ACCURACIES, **members)


def tasks():
    """One row per task of tasks.cfg; those that end in _bos have add_bos_token = True, in _nobos False."""
    rows = []
    for suffix in ("", "_bos", "_nobos"):
        rows += [
            choice_task("choice" + suffix, "choice.jsonl", doc_to_text="context", doc_to_choice="choices",
                        doc_to_target="label"),
            choice_task("blimp" + suffix, "blimp.jsonl", doc_to_text="", doc_to_target=0,
                        doc_to_choice="{{[sentence_good, sentence_bad]}}"),
            task("lambada" + suffix, "lambada.jsonl", "loglikelihood", doc_to_text="{{text.split(' ')[:-1]|join(' ')}}",
                 doc_to_target="{{' '+text.split(' ')[-1]}}", metric_list=[{"metric": "perplexity"}, {"metric": "acc"}]),
            task("documents" + suffix, "documents.jsonl", "loglikelihood_rolling", doc_to_text="", doc_to_target="text",
                 metric_list=[{"metric": "word_perplexity"}, {"metric": "byte_perplexity"},
                              {"metric": "bits_per_byte"}]),
        ]
    return rows + [
        choice_task("blimp_plain", "blimp.jsonl", doc_to_text="", doc_to_target=0, target_delimiter="",
                    doc_to_choice="{{[sentence_good, sentence_bad]}}"),
        choice_task("arc", "arc.jsonl", doc_to_text="Question: {{question}}\nAnswer:", doc_to_choice="{{choices.text}}",
                    doc_to_target="{{choices.label.index(answerKey)}}"),
        choice_task("piqa", "piqa.jsonl", doc_to_text="Question: {{goal}}\nAnswer:", doc_to_target="label",
                    doc_to_choice="{{[sol1, sol2]}}"),
        choice_task("sst2", "sst2.tsv", doc_to_target="label", doc_to_choice=["negative", "positive"],
                    doc_to_text="{{sentence}}\nQuestion: Is this sentence positive or negative?\nAnswer:"),
        choice_task("winogrande", "winogrande.jsonl", doc_to_text=lambda doc: int(doc["answer"]) - 1,
                    doc_to_target="after", doc_to_choice=lambda doc: [doc["before"] + doc["option1"],
                                                                      doc["before"] + doc["option2"]]),
        choice_task("contexts", "contexts.jsonl", doc_to_text=lambda doc: doc["label"], doc_to_target="target",
                    doc_to_choice="context"),
        task("cloze", "cloze.jsonl", "loglikelihood", doc_to_text="context", doc_to_target="target",
             metric_list=[{"metric": "perplexity"}, {"metric": "acc"}]),
    ]


# Copies of the checkpoint in which the tokenizer names other tokens than config.json, and the tasks they are tried on.
VARIANTS = {
    "eos_alone": {"bos_token": None, "eos_token": "Once"},
    "another_bos": {"bos_token": "Now", "eos_token": "Once"},
}
VARIANT_TASKS = ("choice", "blimp", "lambada", "documents")


def make_variant(checkpoint, tokens, folder):
    """The names and texts of the files that differ, with links to the others."""
    config = json.loads((checkpoint / "tokenizer_config.json").read_text())
    files = {"tokenizer_config.json": json.dumps({**config, **tokens})}
    for path in checkpoint.iterdir():
        if path.name not in files:
            (folder / path.name).symlink_to(path)
    for name, text in files.items():
        (folder / name).write_text(text)
    return files


def evaluate(checkpoint, max_length, wanted_of):
    """{task: {"items": [{log_likelihoods, metrics}], "summary": {metric: value}}} of the harness, its own tokenizer included."""
    import lm_eval
    from lm_eval.models.huggingface import HFLM

    results = {}
    for add_bos_token, suffix in ((None, ""), (True, "_bos"), (False, "_nobos")):
        wanted = [row for row in tasks() if suffix_of(row["task"]) == suffix and wanted_of(row["task"])]
        if not wanted:
            continue
        # Without its cache of logits: where a request of several tokens and one of a single token share context +
        # continuation[:-1], as in cloze and choice here, 0.4.13 reads the single token's logit at the wrong position.
        model = HFLM(pretrained=str(checkpoint), add_bos_token=add_bos_token, device="cpu", dtype="float32",
                     batch_size=1, max_length=max_length, logits_cache=False)
        output = lm_eval.simple_evaluate(model=model, tasks=wanted, log_samples=True, bootstrap_iters=0, verbosity="ERROR")
        for row in wanted:
            samples = sorted(output["samples"][row["task"]], key=lambda sample: sample["doc_id"])
            summary = output["results"][row["task"]]
            results[row["task"]] = {
                "items": [item_of(row, sample) for sample in samples],
                "summary": {key.split(",")[0]: value for key, value in summary.items()
                            if isinstance(value, float) and "stderr" not in key},
            }
    return results


def evaluate_variants(checkpoint, max_length):
    variants = {}
    for name, tokens in VARIANTS.items():
        suffixes = ("", "_nobos") if tokens["bos_token"] is None else ("", "_bos")
        wanted = {task + suffix for task in VARIANT_TASKS for suffix in suffixes}
        with tempfile.TemporaryDirectory() as folder:
            files = make_variant(checkpoint, tokens, pathlib.Path(folder))
            variants[name] = {"files": files, "tasks": evaluate(folder, max_length, wanted.__contains__)}
    return variants


def suffix_of(name):
    return next((suffix for suffix in ("_nobos", "_bos") if name.endswith(suffix)), "")


def item_of(row, sample):
    """What an item was given: a log-likelihood for each request, and the metrics of headsweep's name."""
    output_type = row["output_type"]
    responses = [response[0] for response in sample["resps"]]
    if output_type == "loglikelihood_rolling":
        return {"log_likelihoods": [float(responses[0])], "nll": -float(responses[0])}
    item = {"log_likelihoods": [float(response[0]) for response in responses]}
    if output_type == "loglikelihood":
        return {**item, "acc": float(sample["acc"]), "log_probability": item["log_likelihoods"][0]}
    others = list(item["log_likelihoods"])
    # Where each choice is a context, the text of a document is the number of the right one.
    multiple_input = callable(row["doc_to_text"])
    gold = others.pop(row["doc_to_text"](sample["doc"]) if multiple_input else int(sample["target"]))
    return {**item, **{name: float(sample[name]) for name in ("acc", "acc_norm", "acc_bytes")},
            "margin": gold - max(others), "gold_log_likelihood": gold}


# ---- headsweep's side ----------------------------------------------------------------------------------------------------

def run_headsweep(program, checkpoint, folder):
    """{task: {metric: [value of each item]}} of the clean model."""
    import h5py

    results = folder / "results.h5"
    subprocess.run([program, "run", "--quiet", FOLDER / "tasks.cfg", "--set", f"model.checkpoint={checkpoint}", "--set",
                    f"output.results={results}"], check=True, stdout=subprocess.DEVNULL)
    with h5py.File(results, "r") as file:
        return {name: dict(zip(group["metric"].asstr()[:], group["values"][0].T.tolist()))
                for name, group in file["results"].items()}


def compare(expected, actual):
    """Prints the largest difference of each metric; True if all are within the tolerance."""
    largest = {}
    for name, result in expected.items():
        assert len(result["items"]) == len(next(iter(actual[name].values()))), name
        for index, item in enumerate(result["items"]):
            for metric, value in item.items():
                if metric in actual[name]:
                    difference = abs(actual[name][metric][index] - value)
                    largest.setdefault((name, metric), []).append(difference)
    for (name, metric), differences in largest.items():
        mark = "" if max(differences) <= TOLERANCE else "  BEYOND THE TOLERANCE"
        print(f"{name:>16} {metric:<20} {len(differences):3} items, largest difference {max(differences):.1e}{mark}")
    return all(max(differences) <= TOLERANCE for differences in largest.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="headsweep, to be compared")
    parser.add_argument("--checkpoint", default=QUICKSTART, type=pathlib.Path, help="folder (default: the quickstart's)")
    arguments = parser.parse_args()
    checkpoint = arguments.checkpoint.resolve()
    config = json.loads((checkpoint / "config.json").read_text())
    max_length = config.get("n_positions") or config["max_position_embeddings"]
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_HOME=folder, TQDM_DISABLE="1")
        if arguments.program is None:
            write_data(FOLDER)
        expected = evaluate(checkpoint, max_length, lambda task: True)
        if arguments.program is not None:
            actual = run_headsweep(arguments.program, checkpoint, pathlib.Path(folder))
            raise SystemExit(0 if compare(expected, actual) else 1)
    import lm_eval
    golden = {"lm_eval": lm_eval.__version__, "tasks": expected}
    (FOLDER / "expected.json").write_text(json.dumps(golden, indent=1) + "\n")
    variants = {"lm_eval": lm_eval.__version__, "variants": evaluate_variants(checkpoint, max_length)}
    (FOLDER / "expected_tokens.json").write_text(json.dumps(variants, indent=1) + "\n")


if __name__ == "__main__":
    main()
