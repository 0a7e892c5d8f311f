#!/usr/bin/env python3
"""The rate of a sweep by family of models, beside Llama's on the same shape: what a family costs beyond its products.

usage: families.py PROGRAM [--rounds N] [FAMILY...]

Random checkpoints of 4 layers, 12 heads on 4, width 768, MLPs of 2,048 (vocabulary 4,000), made by transformers: run with torch and
transformers installed, about 20 seconds a family and round on an idle core. Each round sweeps the pairs of 2 heads per layer on 16
prompts of 64 tokens and divides the operations that `plan` counts by the processor seconds of `run` beyond those of a run of one set.

Prints for each family the best rate in GFLOP/s and its share of Llama's; 0.97 and more is wanted. Where a family has 4 query heads on
each KV head, as Llama here, the shape is the same; MPT, BLOOM, GPT-J and OPT have a KV head for each.
"""
import argparse
import json
import os
import pathlib
import subprocess
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers as t

SIZES = dict(num_hidden_layers=4, num_attention_heads=12, hidden_size=768, intermediate_size=2048, vocab_size=4000,
             max_position_embeddings=128, num_key_value_heads=4)
EXPERTS = dict(num_experts_per_tok=2, norm_topk_prob=True)
WITHOUT = {"pad_token_id": None, "bos_token_id": None, "eos_token_id": None}

FAMILIES = {
    "llama": lambda: t.LlamaForCausalLM(t.LlamaConfig(**SIZES)),
    "mistral window": lambda: t.MistralForCausalLM(t.MistralConfig(**SIZES, sliding_window=32)),
    "qwen3": lambda: t.Qwen3ForCausalLM(t.Qwen3Config(**SIZES, head_dim=64)),
    "gemma2": lambda: t.Gemma2ForCausalLM(t.Gemma2Config(**SIZES, head_dim=64, sliding_window=32)),
    "gemma3": lambda: t.Gemma3ForCausalLM(t.Gemma3TextConfig(**SIZES, head_dim=64, sliding_window=32)),
    "olmo2": lambda: t.Olmo2ForCausalLM(t.Olmo2Config(**SIZES, **WITHOUT)),
    "phi3": lambda: t.Phi3ForCausalLM(t.Phi3Config(**SIZES, **WITHOUT)),
    "cohere": lambda: t.CohereForCausalLM(t.CohereConfig(**SIZES, **WITHOUT)),
    "stablelm": lambda: t.StableLmForCausalLM(t.StableLmConfig(**SIZES, **WITHOUT)),
    "falcon": lambda: t.FalconForCausalLM(t.FalconConfig(
        vocab_size=4000, hidden_size=768, num_hidden_layers=4, num_attention_heads=12, num_kv_heads=4,
        new_decoder_architecture=True, ffn_hidden_size=3072, **WITHOUT)),
    "bloom": lambda: t.BloomForCausalLM(t.BloomConfig(vocab_size=4000, hidden_size=768, n_layer=4, n_head=12, **WITHOUT)),
    "opt": lambda: t.OPTForCausalLM(t.OPTConfig(
        vocab_size=4000, hidden_size=768, num_hidden_layers=4, num_attention_heads=12, ffn_dim=3072,
        max_position_embeddings=128, word_embed_proj_dim=768, **WITHOUT)),
    "mixtral": lambda: t.MixtralForCausalLM(t.MixtralConfig(**SIZES, num_local_experts=8, num_experts_per_tok=2)),
    "qwen3_moe": lambda: t.Qwen3MoeForCausalLM(t.Qwen3MoeConfig(
        **SIZES, head_dim=64, num_experts=32, moe_intermediate_size=1024, **EXPERTS)),
}

N_PROMPTS, N_TOKENS = 16, 64


def write_inputs(name, folder):
    torch.manual_seed(1)
    FAMILIES[name]().save_pretrained(folder / "model")
    prompts = torch.randint(3, 4000, (N_PROMPTS, N_TOKENS)).tolist()
    lines = [json.dumps({"prompt": prompt, "target": [5], "distractor": [7]}) for prompt in prompts]
    (folder / "prompts.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "experiment.cfg").write_text(
        f'model: {{ checkpoint = "{folder}/model"; }};\nsweep: {{ interventions = ["zero"]; }};\n'
        f'tasks = ({{ name = "t"; kind = "logit_diff"; file = "{folder}/prompts.jsonl"; }});\n'
        f'output: {{ results = "{folder}/r.h5"; }};\n')


def arguments_of(folder, heads):
    return [f"{folder}/experiment.cfg", "--set", f'sweep.heads=["{heads}"]', "--set", "sweep.orders=[1,2]",
            "--set", "analysis.resamples=100"]


def seconds(program, folder, heads):
    for path in folder.glob("r.h5*"):
        path.unlink()
    process = subprocess.Popen([program, "run", "--quiet", *arguments_of(folder, heads)], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    messages = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(messages.decode())
    return usage.ru_utime + usage.ru_stime


def operations(program, folder, heads):
    text = subprocess.run([program, "plan", *arguments_of(folder, heads)], check=True, capture_output=True, text=True).stdout
    line = next(line for line in text.splitlines() if line.startswith("flops_executed"))
    return float(line.split()[2])


def rate(program, folder, rounds):
    """Both differences leave out what every run does once."""
    done = operations(program, folder, "0-3.0-1") - operations(program, folder, "0.0")
    return max(done / (seconds(program, folder, "0-3.0-1") - seconds(program, folder, "0.0")) for _ in range(rounds)) / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("families", nargs="*", metavar="FAMILY")
    given = parser.parse_intermixed_args()
    program, llama = pathlib.Path(given.program).resolve(), None
    for name in ["llama"] + [name for name in given.families or FAMILIES if name != "llama"]:
        with tempfile.TemporaryDirectory() as folder:
            write_inputs(name, pathlib.Path(folder))
            gflops = rate(program, pathlib.Path(folder), given.rounds)
        llama = llama or gflops
        print(f"{name} = {gflops:.1f}  # {gflops / llama:.3f} of Llama's", flush=True)


main()
