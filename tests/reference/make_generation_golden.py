"""Writes generation/: what Hugging Face transformers continues prompts with, and which tokens its logits warpers keep.

FAMILY.safetensors (I64), greedy continuations by the checkpoint engine/FAMILY, clean and with heads set to zero by a
forward_pre_hook on the output projection: prompts [N, L] padded with -1; sets [S, K, 2] of (layer, head) padded with
-1; tokens [S, N, T] padded with -1 after the end token, which is in `end_token` [1]. Prompts and end token are drawn
until every step's best logit is ahead of the second by MARGIN, some continuations end early but most do not, and they
differ between the sets.

warpers.safetensors: logits [N, V] (F64, each a float32, with ties); settings [M, 3] of (temperature, top_k, top_p)
(F64); kept [M, N, V] (I64). Needs torch, transformers and safetensors, and the checkpoints of make_engine_golden.py:

    python3 tests/reference/make_generation_golden.py [FAMILY]...

Families that are named are done again, the others stay.
"""

import pathlib
import sys
import zlib

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

FAMILIES = ["gpt2", "llama_grouped_head_dim_tied", "mistral", "qwen2", "gpt_neox", "phi", "qwen3",
            "phi3", "phi3_window_partial_tied_bf16", "stablelm", "stablelm_parallel_biases_bf16",
            "cohere_biases_norms_f16", "gptj",
            "gemma_biases_grouped_untied_f16", "gemma2_biases_untied_f16", "olmo3", "olmo_clip", "olmo2",
            "mixtral", "qwen3_moe", "olmoe", "mistral_window_bf16", "qwen2_window_tied", "opt",
            "opt_350m_bf16", "gpt_neo",
            "bloom_six_heads_untied_f16", "mpt_scale_untied_bf16", "falcon", "falcon_new_grouped_bf16",
            "falcon_alibi_six_heads_bf16"]
# Those that were drawn before seeds went by name.
PLACES = ["gpt2", "llama_grouped_head_dim_tied", "mistral", "qwen2", "gpt_neox", "phi", "qwen3", "mistral_window_bf16",
          "qwen2_window_tied"]
SETS = [[], [(0, 1)], [(0, 2), (1, 0)], [(1, 3)], [(0, 0), (0, 3), (1, 1)]]
LENGTHS = [2, 5, 7]
NEW_TOKENS = 9
MARGIN = 1e-2

VOCABULARY = 300
SETTINGS = [(1.0, 0, 0.9), (0.7, 0, 0.9), (1.5, 0, 0.5), (1.0, 20, 1.0), (1.0, 40, 0.8), (2.0, 3, 0.95), (1.0, 0, 0.05),
            (1.0, 1, 1.0), (1.0, 1000, 0.99)]


def output_projections(model):
    if hasattr(model, "transformer"):
        endings = ("attn.c_proj", "attention.out_proj", "attn.out_proj", "self_attention.dense")
        return [module for name, module in model.named_modules() if name.endswith(endings)]
    if hasattr(model, "gpt_neox"):
        return [layer.attention.dense for layer in model.gpt_neox.layers]
    if hasattr(model.model, "decoder"):
        return [layer.self_attn.out_proj for layer in model.model.decoder.layers]
    return [getattr(layer.self_attn, "o_proj", None) or layer.self_attn.dense for layer in model.model.layers]


def zero_heads(model, heads):
    config = model.config
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads

    def hook_of(layer):
        def hook(_, arguments):
            z = arguments[0].clone()
            for _, head in (pair for pair in heads if pair[0] == layer):
                z[..., head * head_dim:(head + 1) * head_dim] = 0
            return (z,)
        return hook

    return [module.register_forward_pre_hook(hook_of(layer))
            for layer, module in enumerate(output_projections(model))]


def generate(model, prompt, heads, end_token):
    """New tokens, and the smallest lead of a step's best logit."""
    handles = zero_heads(model, heads)
    out = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
                         do_sample=False, max_new_tokens=NEW_TOKENS, eos_token_id=end_token, pad_token_id=end_token,
                         output_logits=True, return_dict_in_generate=True)
    for handle in handles:
        handle.remove()
    best = torch.stack(out.logits)[:, 0].topk(2).values
    return out.sequences[0, len(prompt):].tolist(), (best[:, 0] - best[:, 1]).min().item()


def pad(rows, length, value):
    return [row + [value] * (length - len(row)) for row in rows]


def greedy(model, generator):
    while True:
        prompts = [torch.randint(2, model.config.vocab_size, (length,), generator=generator).tolist()
                   for length in LENGTHS]
        end_token = int(torch.randint(model.config.vocab_size, (), generator=generator))
        results = [[generate(model, prompt, heads, end_token) for prompt in prompts] for heads in SETS]
        n_ended = sum(len(tokens) < NEW_TOKENS for row in results for tokens, _ in row)
        differing = {tuple(tokens) for row in results for tokens, _ in row}
        lead = min(lead for row in results for _, lead in row)
        if lead > MARGIN and 0 < n_ended <= 5 and len(differing) >= 10:
            break
    longest = max(map(len, SETS))
    return {"prompts": torch.tensor(pad(prompts, max(LENGTHS), -1)),
            "sets": torch.tensor([heads + [(-1, -1)] * (longest - len(heads)) for heads in SETS]),
            "tokens": torch.tensor([pad([tokens for tokens, _ in row], NEW_TOKENS, -1) for row in results]),
            "end_token": torch.tensor([end_token])}


def kept(logits, temperature, top_k, top_p):
    scores = TemperatureLogitsWarper(temperature)(None, logits) if temperature != 1 else logits
    scores = TopKLogitsWarper(top_k)(None, scores) if top_k > 0 else scores
    scores = TopPLogitsWarper(top_p)(None, scores) if top_p < 1 else scores
    return torch.isfinite(scores).long()


def warpers(generator):
    logits = 3 * torch.randn(6, VOCABULARY, generator=generator)
    logits[1] = (2 * logits[1]).round() / 2  # many ties
    logits[2, 10:] -= 30  # a few tokens have it all
    logits[3] = logits[3] * 0.01  # nearly flat
    logits[4] = 100 + logits[4]
    return {"logits": logits.double(), "settings": torch.tensor(SETTINGS, dtype=torch.float64),
            "kept": torch.stack([kept(logits, *setting) for setting in SETTINGS])}


def seed_of(family):
    return PLACES.index(family) if family in PLACES else zlib.crc32(family.encode())


def load(folder):
    """In single precision; Gemma's factor of the embeddings is rounded as in make_engine_golden.py."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    embedding = model.get_input_embeddings()
    if hasattr(embedding, "embed_scale"):
        embedding.embed_scale = embedding.embed_scale.to(AutoConfig.from_pretrained(folder).dtype).float()
    return model


def main():
    root = pathlib.Path(__file__).with_name("generation")
    root.mkdir(exist_ok=True)
    named = sys.argv[1:]
    for family in FAMILIES:
        if named and family not in named:
            continue
        save_file(greedy(load(root.with_name("engine") / family), torch.Generator().manual_seed(seed_of(family))), root / f"{family}.safetensors")
    if not named:
        save_file(warpers(torch.Generator().manual_seed(100)), root / "warpers.safetensors")
    for path in root.iterdir():
        path.chmod(0o644)


main()
