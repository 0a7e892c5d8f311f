"""Writes rope_golden.json: rotary frequencies as Hugging Face transformers computes them.

Each case is a set of config.json members in one of the spellings that are found in the wild; the frequencies are
LlamaRotaryEmbedding's inv_freq for it. Run with torch and transformers installed:

    python3 tests/reference/make_rope_golden.py
"""

import json
import pathlib

import transformers
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

LLAMA3 = {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}

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
]


def frequencies(head_dim, n_positions, members):
    config = LlamaConfig.from_dict({
        "model_type": "llama", "hidden_size": 2 * head_dim, "num_attention_heads": 2, "head_dim": head_dim,
        "max_position_embeddings": n_positions, **json.loads(json.dumps(members)),
    })
    return [float(value) for value in LlamaRotaryEmbedding(config).inv_freq]


def main():
    cases = [
        {"name": name, "head_dim": head_dim, "n_positions": n_positions,
         "members": json.dumps(members)[1:-1], "frequencies": frequencies(head_dim, n_positions, members)}
        for name, head_dim, n_positions, members in CASES
    ]
    golden = {"made_by": f"make_rope_golden.py with transformers {transformers.__version__}", "cases": cases}
    path = pathlib.Path(__file__).with_name("rope_golden.json")
    path.write_text(json.dumps(golden, indent=1) + "\n")


main()
