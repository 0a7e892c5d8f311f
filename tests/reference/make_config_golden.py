"""Writes config_golden.json: what Hugging Face transformers makes of the checkpoints in engine/ when a key of their
config.json is changed, added or left out.

Every field of every supported family's configuration class is changed in every family, and so is every other name that
transformers looks up in a configuration while it loads and runs a model, and what VALUES lists by hand.

changes are [key, JSON text of its value], the text null for a key that is left out. A case has a checkpoint in engine/,
its config.json as JSON texts by key, logits, and outcomes, a character a change: "=" transformers gives the same logits,
"d" others, in different[its index], "x" it refuses or would make weights up, "-" no change in this case. Logits are
the first n_logits of the last row of each sequence, in float64. `refused` are values by key that headsweep may
refuse where transformers gives logits; null stands for a key that is left out as well. Run with torch and transformers installed:

    python3 tests/reference/make_config_golden.py [CASE]...

Cases that are named are done again; in the others only the changes that the file does not have yet, as a family's new
keys give them to all.
"""

import collections
import dataclasses
import json
import os
import pathlib
import re
import sys
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSequenceClassification
from transformers import PreTrainedConfig

HERE = pathlib.Path(__file__).parent
N_LOGITS = 3
SEQUENCES = [[5, 11, 7, 19, 3, 8, 14, 6, 21, 9, 4, 17], [9, 1, 12, 2, 0, 18, 1, 10, 7]]

# Name, checkpoint in engine/, what its config.json is overlaid with; ... takes a key out.
CASES = [
    ("gpt2", "gpt2", {}),
    ("llama", "llama", {}),
    ("llama grouped", "llama_grouped_head_dim_tied", {}),
    ("llama linear", "llama_linear_f16", {}),
    ("llama linear in version 4", "llama_linear_f16",
     {"rope_parameters": ..., "rope_theta": 1000.0, "rope_scaling": {"type": "linear", "factor": 2.5}}),
    ("llama llama3", "llama_llama3_bf16", {}),
    ("mistral", "mistral", {}),
    ("mistral with a window", "mistral", {"sliding_window": 32}),
    ("qwen2", "qwen2", {}),
    ("qwen2 with a window", "qwen2",
     {"sliding_window": 32, "use_sliding_window": True, "max_window_layers": 1, "layer_types": ...}),
    ("gpt_neox", "gpt_neox", {"num_attention_heads": 2}),
    ("gpt_neox in version 4", "gpt_neox",
     {"num_attention_heads": 2, "rope_parameters": ..., "rotary_pct": 0.5, "rotary_emb_base": 100}),
    ("gpt_neox linear", "gpt_neox_linear_bf16", {"num_attention_heads": 2}),
    ("phi", "phi", {"num_attention_heads": 2, "num_key_value_heads": 2}),
    ("phi in version 4", "phi",
     {"num_attention_heads": 2, "num_key_value_heads": 2, "rope_parameters": ..., "partial_rotary_factor": 0.5,
      "rope_theta": 1000.0}),
    ("qwen3", "qwen3", {}),
    ("qwen3 with a window", "qwen3",
     {"sliding_window": 32, "use_sliding_window": True, "max_window_layers": 1, "layer_types": ...}),
    ("bert masked", "bert_masked", {}),
    ("bert classifier", "bert_classifier", {}),
    ("distilbert masked", "distilbert_masked", {}),
    ("distilbert classifier", "distilbert_classifier", {}),
    ("roberta masked", "roberta_masked", {}),
    ("roberta classifier", "roberta_classifier_bf16", {}),
    ("xlm-roberta masked", "roberta_masked", {"model_type": "xlm-roberta", "architectures": ["XLMRobertaForMaskedLM"]}),
    ("camembert masked", "roberta_masked", {"model_type": "camembert", "architectures": ["CamembertForMaskedLM"]}),
]

ANYTHING = [True, False, None, 0, 2, "x"]

# Values that no rule below would think of.
VALUES = {
    "layer_types": [["full_attention"] * 2, ["attention"] * 2, ["sliding_attention"] * 2, ["full_attention"], [],
                    ["full_attention", "sliding_attention"], ["chunked_attention"] * 2],
    "sliding_window": [None, 1, 4, 11, 12, 13, 32, 64, 4096],
    "attention_chunk_size": [4, 64],
    "max_window_layers": [0, 1, 2],
    "rope_scaling": [{"type": "linear", "factor": 2.0}, {"rope_type": "linear", "factor": 2.0, "rope_theta": 100.0},
                     {"type": "dynamic", "factor": 2.0}, {"type": "yarn", "factor": 4.0}, {"type": "default"},
                     {"type": "linear", "rope_type": "default", "factor": 2.0}, {"factor": 2.0}, {},
                     {"type": "linear", "factor": 2.0, "partial_rotary_factor": 0.5},
                     {"type": "linear", "factor": 0.5}, {"rope_type": "proportional", "partial_rotary_factor": 0.5},
                     {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0},
                     {"rope_type": "longrope", "short_factor": [1.0, 1.0], "long_factor": [2.0, 2.0]}],
    "rope_parameters": [{"rope_type": "default", "rope_theta": 50.0}, {"rope_theta": 50.0}, {}, None,
                        {"rope_type": "default", "rope_theta": 50.0, "partial_rotary_factor": 0.5},
                        {"rope_type": "linear", "factor": 3.0, "rope_theta": 50.0},
                        {"rope_type": "linear", "factor": 3.0},
                        {"rope_type": "linear", "factor": 3.0, "rope_theta": 50.0, "partial_rotary_factor": 1.0},
                        {"full_attention": {"rope_type": "default", "rope_theta": 50.0}},
                        {"rope_type": "dynamic", "factor": 3.0, "rope_theta": 50.0},
                        {"rope_type": "yarn", "factor": 3.0, "rope_theta": 50.0, "attention_factor": 2.0}],
    "original_max_position_embeddings": [16, 32, 64],
    "partial_rotary_factor": [0.5, 1.0],
    "rope_theta": [50, 1e6],
    "rotary_pct": [0.25, 0.5, 1.0],
    "rotary_emb_base": [50, 10000],
    "head_dim": [2, 4, 8],
    "num_labels": [2, 3, 4],
    "id2label": [{"0": "a", "1": "b"}, {"0": "a", "1": "b", "2": "c"}],
    "problem_type": ["regression", "single_label_classification", "multi_label_classification"],
    "per_layer_config": [{}, {"0": {"hidden_act": "relu", "activation_function": "relu"}}, {"1": {"skip": ["mlp"]}},
                         {"0": {"sliding_window": 4}}],
    "transformers_weights": ["model.safetensors", "other.safetensors"],
    "configuration_files": [["config.4.0.0.json"], []],
    "quantization_config": [{"quant_method": "bitsandbytes", "load_in_8bit": True}, {}],
    "auto_map": [{"AutoModel": "modeling_x.XModel"}, {"AutoModelForCausalLM": "modeling_x.XForCausalLM"}, {}],
    "attribute_map": [{}, {"n_head": "x", "num_attention_heads": "x"}],
    "text_config": [{"model_type": "llama"}],
    "position_embedding_type": ["absolute", "relative_key", "relative_key_query"],
    "use_bidirectional_attention": [True, False],
    "attn_implementation": ["eager", "sdpa"],
    "_attn_implementation": ["eager", "sdpa"],
    "adapters": [{}], "pruned_heads": [{}, {"0": [1]}],
    "torch_dtype": ["float16", "bfloat16", "float32"], "dtype": ["float16", "float32"],
    "sinusoidal_pos_embds": [True, False],
    "hidden_size": [8, 16, 32], "num_attention_heads": [1, 2, 4, 8], "n_head": [2], "n_heads": [2],
    "num_hidden_layers": [1, 2, 3], "max_position_embeddings": [13, 16, 64],
    "dim": [16, 8],
}

AUTO = {"ForCausalLM": AutoModelForCausalLM, "LMHeadModel": AutoModelForCausalLM, "ForMaskedLM": AutoModelForMaskedLM,
        "ForSequenceClassification": AutoModelForSequenceClassification}
ACTIVATIONS = ["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python", "gelu_python_tanh", "gelu_10",
               "gelu_accurate", "quick_gelu", "relu", "relu2", "relu6", "silu", "swish", "tanh", "sigmoid", "linear",
               "leaky_relu", "mish", "x"]

# What headsweep may refuse where transformers gives logits, values by key; all of them where there is none.
REFUSED = {
    # Mathematics that it does not have.
    **{key: ["gelu_10", "leaky_relu", "linear", "mish", "quick_gelu", "relu2", "relu6", "sigmoid"]
       for key in ("hidden_act", "activation_function", "activation")},
    "sliding_window": [1, 4, 11], "attention_chunk_size": [4],
    "layer_types": [["sliding_attention"] * 2, ["full_attention", "sliding_attention"], ["chunked_attention"] * 2],
    "rope_scaling": [value for value in VALUES["rope_scaling"]
                     if value.get("rope_type", value.get("type")) not in ("default", "linear", None)
                     or value.get("factor") == 0.5 or value.get("partial_rotary_factor") == 0.5],
    "rope_parameters": [value for value in VALUES["rope_parameters"] if value and (
        value.get("rope_type") in ("dynamic", "yarn") or value.get("partial_rotary_factor") == 0.5
        or "full_attention" in value)],
    "partial_rotary_factor": [0.5],
    "problem_type": ["regression"], "per_layer_config": [],
    "is_decoder": [True], "add_cross_attention": [True], "is_encoder_decoder": [True],
    # Attention that runs both ways, or does not, by the version of transformers and the kind of attention it takes.
    "is_causal": [True, False, None],
    # transformers 5 knows no relative positions; transformers 4 did.
    "position_embedding_type": ["relative_key", "relative_key_query"],
    # Other code or weights than those of the folder.
    "auto_map": [], "transformers_weights": [], "attribute_map": [], "pruned_heads": [],
    # GPT-NeoX: heads that divide the hidden size otherwise than the rotation, or of which an odd number would rotate.
    "head_dim": [2, 4], "num_attention_heads": [8],
    # Layers that the weights do not have, or have and do not need; a size that only training needs to be told.
    "num_hidden_layers": [1], "n_layer": [0, 1], "n_layers": [0, 1], "max_position_embeddings": [None],
    "attention_bias": [False],
}

# What names no key of a model: Python's own, and what decides how transformers writes and not what it computes.
PRIVATE = {"_heterogeneity_spec", "_rope_type_labels", "_post_init_done", "_attn_implementation_internal",
           "_experts_implementation_internal", "sub_configs", "sub_configs_defaults", "is_heterogeneous"}


def run(folder, architecture):
    """The logits that a row holds, or None where transformers fails or makes weights up."""
    auto = next(value for ending, value in AUTO.items() if architecture.endswith(ending))
    try:
        model, info = auto.from_pretrained(folder, dtype=torch.float64, output_loading_info=True)
        if info["missing_keys"] or info["mismatched_keys"]:
            return None
        logits = []
        with torch.no_grad():
            for tokens in SEQUENCES:
                output = model.eval()(torch.tensor([tokens]))
                output = output.logits if hasattr(output, "logits") else output[0]
                logits += torch.atleast_2d(output[0])[-1, :N_LOGITS].tolist()
        return [float(f"{value:.7g}") for value in logits]
    except Exception:
        return None


def names_looked_up():
    """What transformers asks a configuration for while it loads and runs models, whether it is there or not."""
    names = set()
    plain = PreTrainedConfig.__getattribute__

    def recording(self, key):
        names.add(key)
        return plain(self, key)

    PreTrainedConfig.__getattribute__ = recording
    for _, checkpoint, _ in CASES:
        folder = HERE / "engine" / checkpoint
        architecture = json.loads((folder / "config.json").read_text())["architectures"][0]
        assert run(folder, architecture) is not None
    PreTrainedConfig.__getattribute__ = plain
    return {name for name in names if not name.startswith("__") and not callable(getattr(PreTrainedConfig, name, None))}


def examples():
    """A value of each key that some family has, or None."""
    keys = {name: None for name in names_looked_up() - PRIVATE}
    for _, checkpoint, _ in CASES:
        config = json.loads((HERE / "engine" / checkpoint / "config.json").read_text())
        config_class = transformers.AutoConfig.from_pretrained(HERE / "engine" / checkpoint).__class__
        keys.update({field.name: field.default for field in dataclasses.fields(config_class)
                     if field.default is not dataclasses.MISSING and keys.get(field.name) is None})
        keys.update({key: value for key, value in config.items() if keys.get(key) is None})
    keys.update({key: None for key in VALUES if key not in keys})
    for key in ("model_type", "architectures", "transformers_version"):
        keys.pop(key)
    return keys


def values_of(key, example):
    if key in VALUES:
        return VALUES[key]
    if key in ("hidden_act", "activation_function", "activation"):
        return ACTIVATIONS
    if isinstance(example, bool):
        return [True, False, None]
    if isinstance(example, int):
        return [0, 1, 2, 3, 16, 32, None]
    if isinstance(example, float):
        return [0.0, 0.1, 1.0, None]
    return ANYTHING


def all_changes():
    return [[key, text] for key, example in sorted(examples().items())
            for text in [None] + list(dict.fromkeys(map(json.dumps, values_of(key, example))))]


def outcome_of(folder, config, key, text, plain):
    if config.get(key) == text:
        return "-"
    changed = {name: old for name, old in config.items() if name != key}
    if text is not None:
        changed[key] = text
    write(folder, changed)
    logits = run(folder, json.loads(config["architectures"])[0])
    return "x" if logits is None else "=" if logits == plain else logits


def write(folder, config):
    members = ", ".join(f"{json.dumps(key)}: {text}" for key, text in config.items())
    pathlib.Path(folder, "config.json").write_text("{" + members + "}")


def recorded(golden, name):
    """The outcomes that the file has of a case, by change."""
    case = next((case for case in golden["cases"] if case["name"] == name), None)
    if case is None:
        return {}
    outcomes = [case["different"].get(str(i), outcome) for i, outcome in enumerate(case["outcomes"])]
    return {tuple(change): outcome for change, outcome in zip(golden["changes"], outcomes)}


def case_of(name, checkpoint, overlay, changes, known):
    source = HERE / "engine" / checkpoint
    config = {**json.loads((source / "config.json").read_text()), **overlay}
    config = {key: json.dumps(value) for key, value in config.items() if value is not ...}
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "model.safetensors").write_bytes((source / "model.safetensors").read_bytes())
        write(folder, config)
        plain = run(folder, json.loads(config["architectures"])[0])
        assert plain is not None
        outcomes = [known[key, text] if (key, text) in known else outcome_of(folder, config, key, text, plain)
                    for key, text in changes]
    different = {index: outcome for index, outcome in enumerate(outcomes) if isinstance(outcome, list)}
    outcomes = "".join("d" if isinstance(outcome, list) else outcome for outcome in outcomes)
    print(name, collections.Counter(outcomes), flush=True)
    return {"name": name, "checkpoint": checkpoint, "config": config, "logits": plain, "outcomes": outcomes,
            "different": different}


def main():
    path = HERE / "config_golden.json"
    changes = all_changes()
    named = sys.argv[1:]
    golden = json.loads(path.read_text()) if named else {}
    cases = [case_of(*case, changes, {} if not named or case[0] in named else recorded(golden, case[0]))
             for case in CASES]
    refused = {key: [json.dumps(value) for value in values] for key, values in REFUSED.items()}
    golden = {"made_by": f"make_config_golden.py with transformers {transformers.__version__}",
              "sequences": SEQUENCES, "n_logits": N_LOGITS, "refused": refused, "changes": changes, "cases": cases}
    text = json.dumps(golden, indent=1)
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: "[" + re.sub(r",\s+", ", ", found[1]) + "]", text)
    path.write_text(text + "\n")


main()
