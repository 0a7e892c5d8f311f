#!/usr/bin/env python3
"""Train the quickstart model and write everything in this folder.

    python3 train.py            # model/, toxicity.jsonl, accuracy.jsonl,
                                # figures.json, all written beside this file

Requirements: Python 3.9+, torch (made with 2.15), tokenizers (0.23),
safetensors (0.8), numpy.

The steps, all fixed by one seed:

1. text is generated from the grammar in ``grammar.py``, and the two
   evaluation sets from combinations that this text never contains;
2. a byte-level BPE tokenizer is trained on the text;
3. a GPT-2 of 4 layers x 4 heads, width 64, is trained on the text;
4. every head and every pair of heads is ablated, by zero and by mean, and the
   changes of toxicity and accuracy are written to ``figures.json``.

Five things are done so that behaviours are learnt fast and settle in few
heads.  The saved model is a plain GPT-2 all the same:

* documents packed into one training row do not attend to each other;
* the answer's token weighs ``--answer-weight`` times as much in the loss as
  any other, most of which cannot be predicted;
* a group lasso on heads: ``--head-lasso`` times the sum over heads of the root
  mean square of what the head writes to the residual stream is added to the
  loss, ramped up in the middle of the run.  It makes one head that does a job
  cheaper than several that share it;
* head dropout: each row of a batch loses each head with probability
  ``--head-dropout``, which makes heads back each other up a little;
* the defaults of ``--seed`` and ``--head-dropout`` were chosen among a few by
  the sweep on the evaluation sets (README.md lists what was tried), so the
  figures show that such a model exists, not how often training finds one.
"""

import argparse
import itertools
import json
import math
import time
from pathlib import Path

import numpy as np
import safetensors.torch
import tokenizers
import torch
from torch import nn
from torch.nn import functional as F

import grammar

END = "<|endoftext|>"
VOCABULARY = 512        # at most; fewer if the text has no more merges
CONTEXT = 64
LAYERS = 4
HEADS = 4
WIDTH = 64
HEAD_WIDTH = WIDTH // HEADS
EPSILON = 1e-5
INIT_STD = 0.05
LASSO_FROM, LASSO_FULL = 0.35, 0.60     # fractions of the run


# -- Model: GPT-2 with the names of Hugging Face's GPT2LMHeadModel -----------


class Conv1D(nn.Module):
    """A linear layer whose weight is stored (in, out), as GPT-2 stores it."""

    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_in, n_out))
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x):
        return x @ self.weight + self.bias


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_attn = Conv1D(WIDTH, 3 * WIDTH)
        self.c_proj = Conv1D(WIDTH, WIDTH)

    def forward(self, x, visible):
        rows, length, _ = x.shape
        q, k, v = (part.view(rows, length, HEADS, HEAD_WIDTH).transpose(1, 2)
                   for part in self.c_attn(x).split(WIDTH, dim=2))
        scores = q @ k.transpose(2, 3) / math.sqrt(HEAD_WIDTH)
        weights = scores.masked_fill(~visible, -1e9).softmax(-1)
        heads = (weights @ v).transpose(1, 2).reshape(rows, length, WIDTH)
        return self.c_proj(heads)


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.c_fc = Conv1D(WIDTH, 4 * WIDTH)
        self.c_proj = Conv1D(4 * WIDTH, WIDTH)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1 = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.attn = Attention()
        self.ln_2 = nn.LayerNorm(WIDTH, eps=EPSILON)
        self.mlp = MLP()

    def forward(self, x, visible):
        x = x + self.attn(self.ln_1(x), visible)
        return x + self.mlp(self.ln_2(x))


class GPT2(nn.Module):
    """GPT-2; its state dict is that of GPT2LMHeadModel, lm_head tied."""

    def __init__(self, vocabulary):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(vocabulary, WIDTH),
            "wpe": nn.Embedding(CONTEXT, WIDTH),
            "h": nn.ModuleList(Block() for _ in range(LAYERS)),
            "ln_f": nn.LayerNorm(WIDTH, eps=EPSILON),
        })
        self.register_buffer("causal", torch.ones(
            CONTEXT, CONTEXT, dtype=torch.bool).tril(), persistent=False)
        for name, weight in self.named_parameters():
            if name.endswith("c_proj.weight"):
                nn.init.normal_(weight, std=INIT_STD / math.sqrt(2 * LAYERS))
            elif weight.dim() == 2:
                nn.init.normal_(weight, std=INIT_STD)

    def forward(self, ids, documents=None):
        """Return logits; ``documents`` numbers the document of each token."""
        length = ids.shape[1]
        visible = self.causal[:length, :length]
        if documents is not None:
            same = documents[:, :, None] == documents[:, None, :]
            visible = (visible & same)[:, None]
        net = self.transformer
        x = net["wte"](ids) + net["wpe"].weight[:length]
        for block in net["h"]:
            x = block(x, visible)
        return net["ln_f"](x) @ net["wte"].weight.T


class HeadOutputs:
    """Watch, and if asked replace, the input of every attention c_proj."""

    def __init__(self, model):
        self.seen = [None] * LAYERS
        self.replace = {}       # (layer, head) -> value of its slice
        self.dropout = 0.0      # probability that a row loses a head
        for layer, block in enumerate(model.transformer["h"]):
            block.attn.c_proj.register_forward_pre_hook(self._hook(layer))

    def _hook(self, layer):
        def hook(_module, inputs):
            heads, = inputs
            ablated = [h for (l, h) in self.replace if l == layer]
            if ablated:
                heads = heads.clone()
                for h in ablated:
                    part = slice(h * HEAD_WIDTH, (h + 1) * HEAD_WIDTH)
                    heads[..., part] = self.replace[layer, h]
            if self.dropout:
                kept = torch.rand(len(heads), 1, HEADS, 1) >= self.dropout
                heads = heads.unflatten(-1, (HEADS, HEAD_WIDTH)) * kept
                heads = heads.flatten(-2)
            self.seen[layer] = heads
            return (heads,)
        return hook


# -- Tokenizer ---------------------------------------------------------------


def train_tokenizer(documents):
    """Return a byte-level BPE tokenizer, as GPT-2's but small."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    byte_level = tokenizers.pre_tokenizers.ByteLevel
    tokenizer.pre_tokenizer = byte_level(add_prefix_space=False,
                                         use_regex=True)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.train_from_iterator(documents, tokenizers.trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=[END], show_progress=False,
        initial_alphabet=sorted(byte_level.alphabet())))
    return tokenizer


def encode(tokenizer, text):
    return tokenizer.encode(text).ids


# -- Training ----------------------------------------------------------------


def pack(tokenizer, documents, answer_weight):
    """Pack whole documents into rows of CONTEXT tokens.

    Returns (ids, numbers, weights).  ``numbers`` tells the documents of a row
    apart; ``weights`` is the weight of each token in the loss: 0 at the start
    of a document and on padding, ``answer_weight`` on the first token of the
    answer, else 1.  Every document ends with the end-of-text token.
    """
    end = tokenizer.token_to_id(END)
    prompts = tokenizer.encode_batch([prompt for prompt, _ in documents])
    rests = tokenizer.encode_batch([rest for _, rest in documents])
    rows, row = [], []
    for prompt, rest in zip(prompts, rests):
        ids = prompt.ids + rest.ids + [end]
        weights = [1.0] * len(ids)
        weights[0], weights[len(prompt.ids)] = 0.0, answer_weight
        if len(row) + len(ids) > CONTEXT:
            rows.append(row + [(end, -1, 0.0)] * (CONTEXT - len(row)))
            row = []
        number = row[-1][1] + 1 if row else 0
        row += [(i, number, w) for i, w in zip(ids, weights)]
    table = np.array(rows)
    ids, numbers, weights = (torch.from_numpy(table[..., i]) for i in range(3))
    return ids.long(), numbers.long(), weights.float()


def head_lasso(model, outputs):
    """Sum over heads of the root mean square of what the head writes."""
    total = 0.0
    for block, heads in zip(model.transformer["h"], outputs.seen):
        for h in range(HEADS):
            part = slice(h * HEAD_WIDTH, (h + 1) * HEAD_WIDTH)
            written = heads[..., part] @ block.attn.c_proj.weight[part]
            total = total + (written.square().mean() + 1e-8).sqrt()
    return total


def train(model, outputs, ids, numbers, weights, args):
    """Train in place; return the mean loss of each tenth of the run."""
    decay = [p for p in model.parameters() if p.dim() == 2]
    plain = [p for p in model.parameters() if p.dim() != 2]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": args.weight_decay},
         {"params": plain, "weight_decay": 0.0}],
        lr=args.rate, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / args.warmup, 1.0) * 0.5
        * (1.0 + math.cos(math.pi * step / args.steps)))
    losses = []
    outputs.dropout = args.head_dropout
    for step in range(args.steps):
        batch = slice(step * args.batch, (step + 1) * args.batch)
        x, w = ids[batch], weights[batch, 1:].flatten()
        logits = model(x, numbers[batch])[:, :-1].flatten(0, 1)
        loss = F.cross_entropy(logits, x[:, 1:].flatten(), reduction="none")
        loss = (loss * w).sum() / w.sum()
        penalty = head_lasso(model, outputs)
        strength = args.head_lasso * min(max(
            (step / args.steps - LASSO_FROM) / (LASSO_FULL - LASSO_FROM),
            0.0), 1.0)
        optimizer.zero_grad()
        (loss + strength * penalty).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        if (step + 1) % 100 == 0:
            print(f"step {step + 1:5d}  loss {np.mean(losses[-100:]):.4f}  "
                  f"heads {penalty.item():.3f}", flush=True)
    outputs.dropout = 0.0
    return [float(np.mean(part)) for part in np.array_split(losses, 10)]


# -- Evaluation --------------------------------------------------------------


class Evaluation:
    """Both evaluation sets as one batch of (context + continuation) rows."""

    def __init__(self, tokenizer, toxicity, accuracy):
        self.kinds = np.array([row["kind"] for row in accuracy])
        self.labels = np.array([row["label"] for row in accuracy])
        pairs = [(row["prompt"], row[side]) for row in toxicity
                 for side in ("toxic", "benign")]
        self.n_toxicity = len(toxicity)
        self.n_choices = [len(row["choices"]) for row in accuracy]
        pairs += [(row["context"], choice) for row in accuracy
                  for choice in row["choices"]]
        encoded = [(encode(tokenizer, text), encode(tokenizer, tail))
                   for text, tail in pairs]
        length = max(len(a) + len(b) for a, b in encoded)
        self.ids = torch.zeros(len(encoded), length, dtype=torch.long)
        self.filled = torch.zeros(len(encoded), length, dtype=torch.bool)
        self.scored = torch.zeros(len(encoded), length, dtype=torch.bool)
        for i, (context, tail) in enumerate(encoded):
            n = len(context) + len(tail)
            self.ids[i, :n] = torch.tensor(context + tail)
            self.filled[i, :n] = True
            self.scored[i, len(context):n] = True
        self.lengths = [len(a) + len(b) for a, b in encoded]

    @torch.no_grad()
    def __call__(self, model):
        """Return (contrast per toxicity row, correct per accuracy row)."""
        logits = model(self.ids)[:, :-1].log_softmax(-1)
        chosen = logits.gather(2, self.ids[:, 1:, None])[..., 0]
        total = (chosen * self.scored[:, 1:]).sum(1).double().numpy()
        split = 2 * self.n_toxicity
        toxic, benign = total[:split].reshape(-1, 2).T
        scores = np.split(total[split:], np.cumsum(self.n_choices)[:-1])
        correct = np.array([s.argmax() for s in scores]) == self.labels
        return toxic - benign, correct

    @torch.no_grad()
    def head_means(self, model, outputs):
        """Return the mean output of every head over all positions."""
        model(self.ids)
        means = [seen[self.filled].mean(0) for seen in outputs.seen]
        return {(l, h): means[l][h * HEAD_WIDTH:(h + 1) * HEAD_WIDTH]
                for l in range(LAYERS) for h in range(HEADS)}


def sweep(model, outputs, evaluation):
    """Ablate all heads and all pairs; return a list of findings a method."""
    heads = list(itertools.product(range(LAYERS), range(HEADS)))
    sets = [(h,) for h in heads] + list(itertools.combinations(heads, 2))
    values = {"zero": {h: torch.zeros(HEAD_WIDTH) for h in heads},
              "mean": evaluation.head_means(model, outputs)}
    contrast, correct = evaluation(model)
    findings = {}
    for method, value in values.items():
        findings[method] = []
        for chosen in sets:
            outputs.replace = {h: value[h] for h in chosen}
            c, a = evaluation(model)
            findings[method].append({
                "heads": [f"L{l}H{h}" for l, h in chosen],
                "toxicity": float(c.mean()),
                "toxic_share": float((c > 0).mean()),
                "accuracy": float(a.mean()),
                "delta_toxicity": float(c.mean() - contrast.mean()),
                "delta_accuracy": float(a.mean() - correct.mean()),
                "toxicity_removed": float(1 - c.mean() / contrast.mean()),
            })
    outputs.replace = {}
    return findings


def within(findings, margin=0.02, count=5):
    """Return the sets that cost at most ``margin`` of the accuracy.

    Most toxicity removed first.  A pair is left out if one of its two heads
    alone removes as much to within a tenth of the best set: the other head
    then adds nothing.
    """
    single = {f["heads"][0]: f for f in findings if len(f["heads"]) == 1}
    good = [f for f in findings if f["delta_accuracy"] >= -margin]
    slack = 0.1 * min(f["delta_toxicity"] for f in good)
    top = [f for f in good if len(f["heads"]) == 1 or f["delta_toxicity"]
           < min(single[h]["delta_toxicity"] for h in f["heads"]) + slack]
    return sorted(top, key=lambda f: f["delta_toxicity"])[:count]


# -- Output ------------------------------------------------------------------


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def write_jsonl(path, rows):
    lines = (json.dumps(row) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


def write_model(folder, model, tokenizer):
    """Write ``folder`` in the layout of Hugging Face transformers."""
    folder.mkdir(parents=True, exist_ok=True)
    end = tokenizer.token_to_id(END)
    write_json(folder / "config.json", {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "attn_pdrop": 0.0,
        "bos_token_id": end,
        "embd_pdrop": 0.0,
        "eos_token_id": end,
        "initializer_range": INIT_STD,
        "layer_norm_epsilon": EPSILON,
        "n_ctx": CONTEXT,
        "n_embd": WIDTH,
        "n_head": HEADS,
        "n_inner": 4 * WIDTH,
        "n_layer": LAYERS,
        "n_positions": CONTEXT,
        "reorder_and_upcast_attn": False,
        "resid_pdrop": 0.0,
        "scale_attn_by_inverse_layer_idx": False,
        "scale_attn_weights": True,
        "tie_word_embeddings": True,
        "torch_dtype": "float32",
        "use_cache": True,
        "vocab_size": tokenizer.get_vocab_size(),
    })
    write_json(folder / "tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_prefix_space": False,
        "bos_token": END,
        "eos_token": END,
        "unk_token": END,
        "clean_up_tokenization_spaces": False,
        "model_max_length": CONTEXT,
    })
    tokenizer.save(str(folder / "tokenizer.json"))
    state = {name: weight.detach().contiguous()
             for name, weight in model.state_dict().items()}
    (folder / "model.safetensors").write_bytes(
        safetensors.torch.save(state, metadata={"format": "pt"}))


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--out", type=Path, default=Path(__file__).resolve().parent,
        help="folder to write to (default: that of this script)")
    add("--seed", type=int, default=2, help="default: %(default)s")
    add("--steps", type=int, default=700, help="default: %(default)s")
    add("--batch", type=int, default=32,
        help=f"rows of {CONTEXT} tokens per step (default: %(default)s)")
    add("--rate", type=float, default=3e-3,
        help="peak learning rate (default: %(default)s)")
    add("--warmup", type=int, default=100,
        help="steps of linear warm-up (default: %(default)s)")
    add("--weight-decay", type=float, default=0.05,
        help="default: %(default)s")
    add("--answer-weight", type=float, default=10.0,
        help="loss weight of the answer's token (default: %(default)s)")
    add("--head-lasso", type=float, default=0.02,
        help="strength of the group lasso on heads (default: %(default)s)")
    add("--head-dropout", type=float, default=0.007,
        help="probability of dropping a head (default: %(default)s)")
    add("--toxicity-examples", type=int, default=160,
        help="default: %(default)s")
    add("--accuracy-examples", type=int, default=180,
        help="default: %(default)s")
    add("--threads", type=int, default=1,
        help="threads of torch (default: %(default)s)")
    return parser.parse_args()


def main():
    args = parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)

    # Documents average under 16 tokens, so 4.6 a row are more than enough.
    documents = grammar.training_text(
        args.seed, int(4.6 * args.steps * args.batch))
    toxicity = grammar.toxicity_set(args.seed, args.toxicity_examples)
    calm = grammar.toxicity_set(args.seed, args.toxicity_examples,
                                provoked=False)
    accuracy = grammar.accuracy_set(args.seed, args.accuracy_examples
                                    // len(grammar.ACCURACY_KINDS))
    checked = grammar.check_held_out(documents, toxicity + calm, accuracy)
    print(f"none of {checked} evaluation prompts is in the training text")

    tokenizer = train_tokenizer(p + r for p, r in documents[:20000])
    ids, numbers, weights = pack(tokenizer, documents, args.answer_weight)
    if len(ids) < args.steps * args.batch:
        raise ValueError("too few documents for the training run")

    model = GPT2(tokenizer.get_vocab_size())
    outputs = HeadOutputs(model)
    start = time.perf_counter()
    losses = train(model, outputs, ids, numbers, weights, args)
    seconds = time.perf_counter() - start

    evaluation = Evaluation(tokenizer, toxicity, accuracy)
    contrast, correct = evaluation(model)
    calm_contrast, _ = Evaluation(tokenizer, calm, accuracy)(model)
    findings = sweep(model, outputs, evaluation)
    figures = {
        "seed": args.seed,
        "settings": {name: value for name, value in vars(args).items()
                     if name not in ("out", "seed")},
        "versions": {"torch": torch.__version__.split("+")[0],
                     "tokenizers": tokenizers.__version__},
        "parameters": sum(p.numel() for p in model.parameters()),
        "vocabulary": tokenizer.get_vocab_size(),
        "training": {
            "documents": len(documents),
            "tokens": args.steps * args.batch * CONTEXT,
            "seconds": round(seconds, 1),
            "loss_by_tenth": losses,
            "loss_final": losses[-1],
        },
        "clean": {
            "toxicity_examples": len(toxicity),
            "toxicity": float(contrast.mean()),
            "toxic_share": float((contrast > 0).mean()),
            "calm_toxicity": float(calm_contrast.mean()),
            "calm_toxic_share": float((calm_contrast > 0).mean()),
            "accuracy_examples": len(accuracy),
            "accuracy": float(correct.mean()),
            "accuracy_by_kind": {
                kind: float(correct[evaluation.kinds == kind].mean())
                for kind in grammar.ACCURACY_KINDS},
            "tokens_max": max(evaluation.lengths),
            "tokens_mean": float(np.mean(evaluation.lengths)),
        },
        "top": {method: within(found) for method, found in findings.items()},
        "single_heads": {method: found[:LAYERS * HEADS]
                         for method, found in findings.items()},
    }

    args.out.mkdir(parents=True, exist_ok=True)
    write_model(args.out / "model", model, tokenizer)
    write_jsonl(args.out / "toxicity.jsonl", toxicity)
    write_jsonl(args.out / "accuracy.jsonl", accuracy)
    write_json(args.out / "figures.json", figures)
    print(json.dumps(figures["clean"], indent=2))
    for method, top in figures["top"].items():
        for f in top:
            print(f"{method}  {'+'.join(f['heads']):10s}  "
                  f"toxicity {f['delta_toxicity']:+.3f} "
                  f"({100 * f['toxicity_removed']:.0f}% removed)  "
                  f"accuracy {f['delta_accuracy']:+.3f}")


if __name__ == "__main__":
    main()
