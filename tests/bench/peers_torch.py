"""The two loops in PyTorch that peers.py compares headsweep with. Started by peers.py, one process a worker.

Arguments: FOLDER (checkpoint and workloads), "lens" or "loop", number of threads. Then one request a line on stdin, as
JSON, and one answer a line on stdout:

    {"workload": NAME, "sets": [[[layer, head], ...], ...], "batch": N, "most": sequences,
     "products": "mkl" | "onednn"}
    {"seconds": of the loop alone, "values": [set][sequence]}
    {"products": ...} alone                      {"gflops": of a product of 1024 x 768 x 3072}

A value is the logit of the target minus that of the distractor, or the log-probability of a choice.
"""

import functools
import json
import os
import pathlib
import sys
import time

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402: the environment comes first
import torch.nn.functional as F  # noqa: E402
import transformers  # noqa: E402


class Linear(torch.nn.Module):
    """GPT-2's Conv1D, through MKL as PyTorch comes or through oneDNN with the weight packed once."""

    products = "mkl"

    def __init__(self, conv):
        super().__init__()
        self.weight = conv.weight.t().contiguous()
        self.bias = conv.bias
        self.packed = torch.ops.mkldnn._reorder_linear_weight(self.weight, 2048)

    def forward(self, x):
        if Linear.products == "mkl":
            return F.linear(x, self.weight, self.bias)
        return torch.ops.mkldnn._linear_pointwise(x, self.packed, self.bias, "none", [], "")


class Loop:
    """The best loop without reuse: only scored rows are unembedded, fused attention and activation."""

    def __init__(self, folder):
        self.model = transformers.GPT2LMHeadModel.from_pretrained(
            folder, attn_implementation="sdpa", activation_function="gelu_pytorch_tanh").eval()
        self.head_dim = self.model.config.n_embd // self.model.config.n_head
        with torch.inference_mode():
            for block in self.model.transformer.h:
                for part, name in ((block.attn, "c_attn"), (block.attn, "c_proj"), (block.mlp, "c_fc"),
                                   (block.mlp, "c_proj")):
                    setattr(part, name, Linear(getattr(part, name)))

    def ablate(self, module, arguments, head, rows):
        z = arguments[0].clone()
        z[:, rows, head * self.head_dim:(head + 1) * self.head_dim] = 0
        return (z,)

    def logits(self, tokens, heads, rows, first_scored):
        blocks = self.model.transformer.h
        hooks = [blocks[layer].attn.c_proj.register_forward_pre_hook(
            functools.partial(self.ablate, head=head, rows=rows)) for layer, head in heads]
        try:
            hidden = self.model.transformer(tokens, use_cache=False).last_hidden_state[:, first_scored:]
        finally:
            for hook in hooks:
                hook.remove()
        return self.model.lm_head(hidden)


class Lens:
    """TransformerLens' hook loop, with the weights as they are (no_processing) so that zero means the same."""

    def __init__(self, folder):
        hf_model = transformers.GPT2LMHeadModel.from_pretrained(folder)
        try:
            from transformer_lens.model_bridge import TransformerBridge
            self.model = TransformerBridge.boot_transformers(str(folder), hf_model=hf_model, device="cpu")
            self.model.enable_compatibility_mode(no_processing=True)
        except ImportError:  # before TransformerLens 3
            from transformer_lens import HookedTransformer
            self.model = HookedTransformer.from_pretrained_no_processing("gpt2", hf_model=hf_model, device="cpu")

    @staticmethod
    def ablate(z, hook, head, rows):
        z[:, rows, head, :] = 0
        return z

    def logits(self, tokens, heads, rows, first_scored):
        hooks = [(f"blocks.{layer}.attn.hook_z", functools.partial(self.ablate, head=head, rows=rows))
                 for layer, head in heads]
        return self.model.run_with_hooks(tokens, fwd_hooks=hooks, return_type="logits")[:, first_scored:]


def load_workload(folder, name):
    workload = json.loads((folder / f"{name}.torch.json").read_text())
    workload["tokens"] = torch.tensor(workload["tokens"])
    workload["targets"] = torch.tensor(workload["targets"])
    return workload


def score(logits, targets, metric):
    """logits [sequences, scored rows, vocabulary]; targets [sequences, scored rows], or the two rivals."""
    if metric == "logit_diff":
        picked = logits[:, -1].gather(1, targets)
        return picked[:, 0] - picked[:, 1]
    return torch.log_softmax(logits, -1).gather(2, targets[:, :, None]).sum((1, 2))


def run(side, workload, sets, batch, most):
    rows = slice(-1, None) if workload["ablated"] == "last" else slice(None)
    values = []
    start = time.perf_counter()
    for heads in sets:
        of_set = []
        for first in range(0, min(most, len(workload["tokens"])), batch):
            logits = side.logits(workload["tokens"][first:first + batch], heads, rows, workload["first_scored"])
            of_set.append(score(logits, workload["targets"][first:first + batch], workload["metric"]))
        values.append(torch.cat(of_set).tolist())
    return {"seconds": time.perf_counter() - start, "values": values}


def product_rate(repeats=20):
    x, conv = torch.randn(1024, 768), transformers.pytorch_utils.Conv1D(3072, 768)
    linear = Linear(conv)
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        linear(x)
        best = min(best, time.perf_counter() - start)
    return {"gflops": 2 * 1024 * 768 * 3072 / best * 1e-9}


@torch.inference_mode()
def main():
    folder, which, threads = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(threads)
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not be taken for an answer
    side = {"lens": Lens, "loop": Loop}[which](folder)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    workloads = {}
    for line in sys.stdin:
        request = json.loads(line)
        Linear.products = request.get("products", "mkl")
        name = request.get("workload")
        if name is not None and name not in workloads:
            workloads[name] = load_workload(folder, name)
        answer = product_rate() if name is None else run(side, workloads[name], request["sets"], request["batch"],
                                                             request["most"])
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
