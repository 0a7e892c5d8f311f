"""Writes engine/CASE_pruned/: tiny random checkpoints of which transformers 4 has removed heads (prune_heads), with what
make_engine_golden.py writes of others. An edit of a head that is gone changes nothing. transformers 5 has no pruning, so this
is run with the last transformers 4 (4.57), torch and safetensors:

    python3 tests/reference/make_pruned_golden.py [CASE]...
"""

import pathlib
import shutil
import sys

sys.argv[1:] = ["none of its cases", *sys.argv[1:]]
import make_engine_golden as golden
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM, DistilBertConfig, DistilBertForSequenceClassification
from transformers import ElectraConfig, ElectraForMaskedLM, GPT2Config, GPT2LMHeadModel, RobertaConfig, RobertaForSequenceClassification

# name, model class, config, stored type, heads that are removed
CASES = [
    ("gpt2_pruned", GPT2LMHeadModel, GPT2Config(**golden.GPT2), torch.float32, {0: [1, 3], 1: [0]}),
    ("gpt2_pruned_f16", GPT2LMHeadModel, GPT2Config(**golden.GPT2), torch.float16, {1: [1, 2]}),
    ("bert_pruned", BertForMaskedLM, BertConfig(**golden.BERT), torch.float32, {0: [2], 1: [0, 1, 3]}),
    ("distilbert_pruned", DistilBertForSequenceClassification, DistilBertConfig(**golden.DISTILBERT),
     torch.float32, {0: [0]}),
    ("roberta_pruned_bf16", RobertaForSequenceClassification,
     RobertaConfig(**golden.BERT, **golden.THREE_LABELS, pad_token_id=2), torch.bfloat16, {0: [1, 2], 1: [3]}),
    ("electra_pruned", ElectraForMaskedLM, ElectraConfig(**golden.BERT, embedding_size=8), torch.float32, {1: [2, 3]}),
]
N_HEADS, HEAD_DIM = 4, 4


def all_heads(z, gone):
    """z [T, kept heads * head_dim] with zeros in the places of heads that are gone."""
    full = torch.zeros(z.shape[0], N_HEADS * HEAD_DIM, dtype=z.dtype)
    full[:, kept_columns(gone)] = z
    return full


def kept_columns(gone):
    return [head * HEAD_DIM + i for head in range(N_HEADS) if head not in gone for i in range(HEAD_DIM)]


def run_with(removed):
    """In place of make_engine_golden's run: hooks see all heads of the layer."""
    def run(model, tokens, edit=None):
        z = []

        def hook_of(layer):
            gone = removed.get(layer, [])

            def hook(_, arguments):
                full = all_heads(arguments[0][0].detach(), gone)
                z.append(full.clone())
                return (edit(layer, full)[:, kept_columns(gone)][None],) if edit else None
            return hook

        handles = [module.register_forward_pre_hook(hook_of(layer))
                   for layer, module in enumerate(golden.output_projections(model))]
        with torch.no_grad():
            logits = model(torch.tensor([tokens])).logits[0]
        for handle in handles:
            handle.remove()
        return torch.atleast_2d(logits), z
    return run


def main():
    root = pathlib.Path(__file__).with_name("engine")
    for seed, (name, model_class, config, stored_type, removed) in enumerate(CASES):
        if sys.argv[2:] and name not in sys.argv[2:]:
            continue
        generator = torch.Generator().manual_seed(1000 + seed)
        folder = root / name
        shutil.rmtree(folder, ignore_errors=True)
        model = model_class(config)
        golden.randomise(model, generator)
        model.prune_heads(removed)
        model.to(stored_type).save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        reread = model_class.from_pretrained(folder, attn_implementation="eager", dtype=torch.float64).eval()
        golden.run = run_with(removed)
        save_file(golden.expected(reread, generator), folder / "expected.safetensors")
        for path in folder.iterdir():
            path.chmod(0o644)


main()
