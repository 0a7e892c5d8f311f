"""Writes rope_golden.json: rotary frequencies as Hugging Face transformers computes them.

Each case is a set of config.json members in one of the spellings that are found in the wild; the frequencies are
LlamaRotaryEmbedding's inv_freq for it, attention_factor what
it multiplies cosines and sines by, and n_positions_out how many positions they are for: transformers changes dynamic and
longrope frequencies by the longest position of a call. Run with torch and transformers installed:

    python3 tests/reference/make_rope_golden.py
"""

import json
import pathlib

import torch
import transformers
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

LLAMA3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}

SHORT = [1.0, 1.25, 1.5, 2]
LONG = [1.0, 3.0, 9.0, 27.5]

# name, head_dim, max_position_embeddings, further members of config.json
CASES = [
    ("nothing said", 16, 64, {}),
    ("theta", 64, 4096, {"rope_theta": 500000.0}),
    ("null scaling", 8, 512, {"rope_theta": 10000.0, "rope_scaling": None}),
    ("default, transformers 5", 32, 512, {"rope_parameters": {"rope_type": "default", "rope_theta": 1000000.0}}),
    ("linear, old spelling", 16, 8192, {"rope_theta": 10000.0, "rope_scaling": {"type": "linear", "factor": 4.0}}),
    ("linear, new spelling", 128, 8192,
     {"rope_theta": 20000.0, "rope_scaling": {"rope_type": "linear", "factor": 2.5}}),
    ("llama3 as Llama 3.1", 128, 131072, {"rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", **LLAMA3}}),
    ("llama3 as Llama 3.2", 64, 131072,
     {"rope_theta": 500000.0, "rope_scaling": {"rope_type": "llama3", **LLAMA3, "factor": 32.0}}),
    ("llama3, transformers 5", 64, 131072,
     {"rope_parameters": {"rope_type": "llama3", "rope_theta": 500000.0, **LLAMA3}}),
    ("llama3, small", 16, 256,
     {"rope_scaling": {"type": "llama3", "factor": 4.0, "low_freq_factor": 1.5, "high_freq_factor": 6.0,
                       "original_max_position_embeddings": 64}}),
    ("dynamic", 16, 64, {"rope_scaling": {"type": "dynamic", "factor": 4.0}}),
    ("dynamic, transformers 5", 8, 128, {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 500.0}}),
    ("yarn as Qwen2.5", 128, 32768, {"rope_theta": 1000000.0,
     "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}}),
    ("yarn, betas", 64, 4096, {"rope_scaling": {"rope_type": "yarn", "factor": 16.0, "beta_fast": 16, "beta_slow": 2.5,
                                                "original_max_position_embeddings": 256}}),
    ("yarn, borders between pairs", 32, 4096,
     {"rope_scaling": {"rope_type": "yarn", "factor": 8.0, "truncate": False, "original_max_position_embeddings": 512}}),
    ("yarn, attention factor", 16, 256, {"rope_parameters": {"rope_type": "yarn", "factor": 3.0, "rope_theta": 50.0,
                                                             "attention_factor": 2.0}}),
    ("yarn, mscale", 64, 4096,
     {"rope_scaling": {"type": "yarn", "factor": 40.0, "mscale": 0.707, "mscale_all_dim": 1.3, "beta_fast": 0,
                       "original_max_position_embeddings": 1024}}),
    ("yarn, one mscale", 64, 4096, {"original_max_position_embeddings": 128,
     "rope_scaling": {"type": "yarn", "factor": 40.0, "mscale": 0.707, "original_max_position_embeddings": 1024}}),
    ("yarn, factor 1, one border", 4, 64, {"rope_theta": 1e9, "rope_scaling": {"type": "yarn", "factor": 1.0}}),
    ("longrope", 8, 4096, {"original_max_position_embeddings": 512,
     "rope_scaling": {"type": "longrope", "short_factor": SHORT, "long_factor": LONG}}),
    ("longrope, length inside", 8, 4096,
     {"rope_parameters": {"rope_type": "longrope", "short_factor": SHORT, "long_factor": LONG, "factor": 6.0,
                          "rope_theta": 500.0, "original_max_position_embeddings": 1024}}),
    ("longrope, attention factor", 8, 4096,
     {"rope_scaling": {"type": "longrope", "short_factor": SHORT, "long_factor": LONG, "attention_factor": 1.5}}),
    ("longrope, one list", 8, 4096, {"original_max_position_embeddings": 512,
     "rope_scaling": {"type": "longrope", "short_factor": SHORT, "long_factor": SHORT}}),
]


def rotary(head_dim, n_positions, members):
    config = LlamaConfig.from_dict({
        "model_type": "llama", "hidden_size": 2 * head_dim, "num_attention_heads": 2, "head_dim": head_dim,
        "max_position_embeddings": n_positions, **json.loads(json.dumps(members)),
    })
    embedding = LlamaRotaryEmbedding(config)
    first = [float(value) for value in embedding.inv_freq]

    def stays_at(length):
        embedding(torch.zeros(1), torch.tensor([[length - 1]]))
        return [float(value) for value in embedding.inv_freq] == first

    length = config.rope_parameters.get("original_max_position_embeddings", n_positions)
    assert stays_at(min(length, n_positions))
    return {"frequencies": first, "attention_factor": float(embedding.attention_scaling),
            "n_positions_out": n_positions if stays_at(n_positions) else length}


def main():
    cases = [
        {"name": name, "head_dim": head_dim, "n_positions": n_positions,
         "members": json.dumps(members)[1:-1], **rotary(head_dim, n_positions, members)}
        for name, head_dim, n_positions, members in CASES
    ]
    golden = {"made_by": f"make_rope_golden.py with transformers {transformers.__version__}", "cases": cases}
    path = pathlib.Path(__file__).with_name("rope_golden.json")
    path.write_text(json.dumps(golden, indent=1) + "\n")


main()
