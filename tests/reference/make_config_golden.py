"""Writes config_keys/: what Hugging Face transformers makes of the checkpoints in engine/ when a key of their config.json
is changed, added or left out; a file for each case, and refused.json.

Every field of the family's configuration class is changed, every name that transformers looks up in the configuration
while it loads and runs the checkpoint, and what VALUES lists by hand.

A case has a checkpoint in engine/, its config.json as JSON texts by key, the logits of it, and by changed key what comes
of each JSON text, "" for a key that is left out: "same" logits, "fails" where transformers refuses or would make weights
up, or the "other" logits. Logits are the first n_logits of the last row of each sequence, in float64. refused.json has
the texts by KEY or MODEL_TYPE/KEY that headsweep may refuse where transformers gives logits, [] for all of them. Run with
torch and transformers installed:

    python3 tests/reference/make_config_golden.py [CASE]...

Cases that are named are done again, the others stay; with none named, in all of them the changes that they lack.
"""

import collections
import dataclasses
import json
import math
import os
import pathlib
import sys
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSequenceClassification
from transformers import AutoModelForTokenClassification
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
    ("phi3", "phi3", {}),
    ("phi3 in version 4", "phi3_long_partial_f16",
     {"rope_parameters": ..., "rope_theta": 100.0, "partial_rotary_factor": 0.75, "max_position_embeddings": 32,
      "rope_scaling": {"type": "yarn", "short_factor": [1.0, 1.25, 2.0], "long_factor": [1.0, 4.0, 9.5]}}),
    ("phi3 with a window", "phi3_window_partial_tied_bf16", {"rms_norm_eps": 1e-5, "hidden_act": "silu"}),
    ("stablelm", "stablelm", {}),
    ("cohere", "cohere", {"logit_scale": 0.0625}),
    ("cohere with biases", "cohere_biases_untied_bf16", {"layer_norm_eps": 1e-5, "hidden_act": "silu"}),
    ("gptj", "gptj_half_heads_bf16", {"layer_norm_epsilon": 1e-5}),
    ("granite", "granite", {}),
    ("arcee", "arcee", {}),
    ("helium", "helium", {}),
    ("seed_oss", "seed_oss", {}),
    ("ministral", "ministral", {}),
    ("qwen3", "qwen3", {}),
    ("qwen3 with a window", "qwen3",
     {"sliding_window": 32, "use_sliding_window": True, "max_window_layers": 1, "layer_types": ...}),
    ("opt", "opt", {}),
    ("opt post norm", "opt_post_norm_bf16", {}),
    ("opt 350m", "opt_350m_bf16", {}),
    ("gpt_neo", "gpt_neo", {}),
    ("gpt_neo by groups", "gpt_neo", {"attention_layers": ...}),
    ("gemma", "gemma", {}),
    ("gemma2", "gemma2", {}),
    ("gemma2 in version 4", "gemma2", {"layer_types": ..., "rope_parameters": ..., "rope_theta": 1000.0}),
    ("gemma3", "gemma3", {}),
    ("gemma3 in version 4", "gemma3",
     {"layer_types": ..., "rope_parameters": ..., "rope_theta": 1000.0, "rope_local_base_freq": 50.0,
      "rope_scaling": {"rope_type": "linear", "factor": 2.5}, "sliding_window_pattern": 2}),
    ("olmo3", "olmo3", {}),
    ("olmo3 in version 4", "olmo3",
     {"rope_parameters": ..., "rope_theta": 500000.0,
      "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}}),
    ("olmo", "olmo_clip", {}),
    ("olmo2", "olmo2", {}),
    ("gpt2 classifier", "gpt2_classifier", {}),
    ("llama classifier", "llama_labels_grouped_bf16", {}),
    ("gpt_neox classifier", "gpt_neox_classifier", {"num_attention_heads": 2}),
    ("mixtral", "mixtral", {"head_dim": 4}),
    ("qwen3_moe", "qwen3_moe", {"norm_topk_prob": False}),
    ("qwen3_moe by steps", "qwen3_moe_step_biases_f16", {}),
    ("olmoe", "olmoe", {}),
    ("bloom", "bloom", {}),
    ("mpt", "mpt", {}),
    ("falcon", "falcon", {}),
    ("falcon new", "falcon_new_grouped_bf16", {}),
    ("falcon alibi", "falcon_alibi", {}),
    ("bert masked", "bert_masked", {}),
    ("bert classifier", "bert_classifier", {}),
    ("bert tokens", "bert_tokens", {}),
    ("distilbert masked", "distilbert_masked", {}),
    ("distilbert classifier", "distilbert_classifier", {}),
    ("roberta masked", "roberta_masked", {}),
    ("roberta classifier", "roberta_classifier_bf16", {}),
    ("electra masked", "electra_masked", {}),
    ("electra classifier", "electra_classifier", {}),
    ("albert masked", "albert_masked", {}),
    ("albert classifier", "albert_classifier_f16", {}),
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
    "attention_layers": [["local"] * 2, ["global"] * 2, ["global", "local"], ["global"], ["x"] * 2, [], None],
    "attention_types": [[[["global", "local"], 1]], [[["local"], 2]], [[["global"], 1], [["local"], 1]],
                        [[["global"], 1]], [[["x"], 2]], [], None],
    "window_size": [None, 0, 1, 4, 11, 12, 16, 64],
    "word_embed_proj_dim": [8, 16, None],
    "attn_config": [{}, {"softmax_scale": 0.7}, {"clip_qkv": 0.4}, {"clip_qkv": None, "alibi": True}, {"alibi": False},
                    {"alibi_bias_max": 4}, {"alibi_bias_max": 8}, {"qk_ln": True}, {"prefix_lm": True},
                    {"attn_type": "multiquery_attention"}, {"attn_uses_sequence_id": True}, None],
    "n_embed": [8, 16, 32], "num_kv_heads": [1, 2, 4, None],
    "num_layers": [1, 2, 3, None], "num_heads": [1, 2, 4, 8, None],
    "mlp_only_layers": [[], [0], [1], [0, 1], [5], [-1], ["0"], 1, None],
    "decoder_sparse_step": [1, 2, 3, 0],
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
    "num_labels": [2, 3, 4], "pad_token_id": [None, -1, 0, 1, 2, 3, 7, 10, 17, 32],
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
        "ForSequenceClassification": AutoModelForSequenceClassification,
        "ForTokenClassification": AutoModelForTokenClassification}
ACTIVATIONS = ["gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_python", "gelu_python_tanh", "gelu_10",
               "gelu_accurate", "quick_gelu", "relu", "relu2", "relu6", "silu", "swish", "tanh", "sigmoid", "linear",
               "leaky_relu", "mish", "x"]

# What headsweep may refuse where transformers gives logits, values by "key" of all families or by "model_type/key"; all
# of them where there is none.
REFUSED = {
    # Mathematics that it does not have.
    **{key: ["gelu_10", "leaky_relu", "linear", "mish", "quick_gelu", "relu2", "relu6", "sigmoid"]
       for key in ("hidden_act", "hidden_activation", "activation_function", "activation")},
    "sliding_window": [1, 4, 11], "attention_chunk_size": [4],
    "layer_types": [["sliding_attention"] * 2, ["full_attention", "sliding_attention"], ["chunked_attention"] * 2],
    "rope_scaling": [value for value in VALUES["rope_scaling"]
                     if value.get("rope_type") in ("proportional", "longrope")
                     or value.get("factor") == 0.5 or value.get("partial_rotary_factor") == 0.5],
    "rope_parameters": [value for value in VALUES["rope_parameters"] if value and (
        value.get("partial_rotary_factor") == 0.5 or "full_attention" in value)],
    "partial_rotary_factor": [0.5],
    # Parameters that are not of a kind of layer, or in two places; a cap that the class does not look at.
    "gemma3_text/rope_parameters": [], "gemma3_text/rope_scaling": [], "gemma3_text/attn_logit_softcapping": [],
    "gemma3_text/use_bidirectional_attention": [True], "gemma3_text/is_causal": [],
    "gemma3_text/final_logit_softcapping": [0.0], "gemma3_text/rope_local_base_freq": [0.1],
    "olmo3/rope_parameters": [], "olmo3/rope_scaling": [], "olmo3/rope_theta": [], "olmo/clip_qkv": [0.0],
    # A cap of nothing.
    "gemma2/attn_logit_softcapping": [0.0], "gemma2/final_logit_softcapping": [0.0],
    # Gemma, to both sides: another kind of model.
    "gemma2/is_causal": [],
    "gemma/use_bidirectional_attention": [True], "gemma2/use_bidirectional_attention": [True],
    "problem_type": ["regression"], "per_layer_config": [],
    # OPT's norms without weights; sizes that transformers takes for granted; a window of nothing, which sees all alike.
    "opt/layer_norm_elementwise_affine": [False, None], "opt/enable_bias": [False, None],
    "opt/do_layer_norm_before": [None, False], "opt/_remove_final_layer_norm": [True],
    "gpt_neo/num_layers": [1, None], "gpt_neo/num_heads": [None], "gpt_neo/is_causal": [], "gpt_neo/window_size": [0],
    # What transformers passes over and the authors of MPT do not; biases that BLOOM's slow way leaves out.
    "mpt/attn_config": [{"alibi": False}, {"alibi_bias_max": 4}, {"qk_ln": True}, {"prefix_lm": True},
                        {"attn_type": "multiquery_attention"}, {"attn_uses_sequence_id": True}],
    "mpt/expansion_ratio": [], "mpt/logit_scale": [], "mpt/no_bias": [False, None], "mpt/norm_type": [],
    "bloom/apply_residual_connection_post_layernorm": [True], "bloom/slow_but_exact": [True],
    "falcon/multi_query": [None],
    "falcon/num_ln_in_parallel_attn": [0, 3],
    # Biases and a norm that the weights have.
    "falcon/attn_implementation": ["eager"], "falcon/_attn_implementation": ["eager"],
    "falcon/bias": [False, None], "falcon/parallel_attn": [True, None],
    # With it transformers adds a mask of truth values to scores.
    "falcon/output_attentions": [], "falcon/_output_attentions": [],
    "bloom/n_head": [None], "bloom/n_layer": [None, 1], "mpt/n_heads": [None], "mpt/n_layers": [None, 1],
    "bloom/seq_length": [0, 1, 2, 3], "mpt/max_seq_len": [1],
    **{f"{family}/is_causal": [] for family in ("bloom", "mpt", "falcon")},
    "is_decoder": [True], "add_cross_attention": [True], "is_encoder_decoder": [True],
    # Attention that runs both ways, or does not, by the version of transformers and the kind of attention it takes.
    "is_causal": [True, False, None, 0, 2, "x"],
    # transformers 5 knows no relative positions; transformers 4 did.
    "position_embedding_type": ["relative_key", "relative_key_query"],
    # Other code or weights than those of the folder.
    "auto_map": [], "transformers_weights": [], "attribute_map": [], "pruned_heads": [],
    # GPT-NeoX: heads that divide the hidden size otherwise than the rotation, or of which an odd number would rotate.
    "head_dim": [2, 4], "num_attention_heads": [8, None],
    # Layers that the weights do not have, or have and do not need; a size that only training needs to be told.
    "num_hidden_layers": [1, None], "n_layer": [0, 1], "n_layers": [0, 1], "max_position_embeddings": [None],
    "attention_bias": [False],
    # Scales of nothing, tensors that transformers would leave out, a length that it would make up.
    "cohere/logit_scale": [0.0], "granite/embedding_multiplier": [0.0], "granite/residual_multiplier": [0.0],
    "cohere/use_qk_norm": [], "stablelm/use_parallel_residual": [True],
    "gptj/n_positions": [None], "cohere/attention_bias": [None], "seed_oss/attention_out_bias": [False, None],
    # ALBERT without layers.
    "inner_group_num": [0],
    # Layers whose experts do nothing.
    "num_experts_per_tok": [0], "num_experts": [0], "num_local_experts": [0], "mlp_only_layers": [[-1], ["0"], 1],
    # Sizes and biases that are transformers' own by chance.
    "qwen3_moe/num_key_value_heads": [None], "qwen3_moe/attention_bias": [None],
}

# What names no key of a model: Python's own, and what decides how transformers writes and not what it computes.
PRIVATE = {"_heterogeneity_spec", "_rope_type_labels", "_post_init_done", "_attn_implementation_internal",
           "_experts_implementation_internal", "sub_configs", "sub_configs_defaults", "is_heterogeneous"}


def run(folder, architecture):
    """The logits that a row holds, or None where transformers fails, makes weights up or gives none that are finite."""
    auto = next(value for ending, value in AUTO.items() if architecture.endswith(ending))
    try:
        model, info = auto.from_pretrained(folder, dtype=torch.float64, experts_implementation="eager",
                                           output_loading_info=True)
        if info["missing_keys"] or info["mismatched_keys"]:
            return None
        logits = []
        with torch.no_grad():
            for tokens in SEQUENCES:
                output = model.eval()(torch.tensor([tokens]))
                output = output.logits if hasattr(output, "logits") else output[0]
                logits += torch.atleast_2d(output[0])[-1, :N_LOGITS].tolist()
        return [float(f"{value:.7g}") for value in logits] if all(map(math.isfinite, logits)) else None
    except Exception:
        return None


def names_looked_up(folder, architecture):
    """What transformers asks the configuration for while it loads and runs the model, whether it is there or not."""
    names = set()
    plain = PreTrainedConfig.__getattribute__

    def recording(self, key):
        names.add(key)
        return plain(self, key)

    PreTrainedConfig.__getattribute__ = recording
    try:
        assert run(folder, architecture) is not None
    finally:
        PreTrainedConfig.__getattribute__ = plain
    return {name for name in names if not name.startswith("__") and not callable(getattr(PreTrainedConfig, name, None))}


def examples(folder, config):
    """The keys of a case, each with a value that it can have, or None."""
    architecture = json.loads(config["architectures"])[0]
    keys = {name: None for name in names_looked_up(folder, architecture) - PRIVATE}
    config_class = transformers.AutoConfig.from_pretrained(folder).__class__
    keys.update({field.name: field.default for field in dataclasses.fields(config_class)
                 if field.default is not dataclasses.MISSING})
    keys.update({key: json.loads(text) for key, text in config.items() if keys.get(key) is None})
    keys.update({key: None for key in VALUES if key not in keys})
    return {key: example for key, example in sorted(keys.items())
            if key not in ("model_type", "architectures", "transformers_version")}


def values_of(key, example):
    if key in VALUES:
        return VALUES[key]
    if key in ("hidden_act", "hidden_activation", "activation_function", "activation"):
        return ACTIVATIONS
    if key.endswith("softcapping"):
        return [0.0, 0.1, 1.0, None]
    if isinstance(example, bool):
        return [True, False, None]
    if isinstance(example, int):
        return [0, 1, 2, 3, 16, 32, None]
    if isinstance(example, float):
        return [0.0, 0.1, 1.0, None]
    return ANYTHING


def texts_of(key, example):
    """What the key is changed to; first it is left out."""
    return [""] + list(dict.fromkeys(map(json.dumps, values_of(key, example))))


def outcome_of(folder, config, key, text, plain):
    """"same", "fails" or other logits."""
    changed = {name: old for name, old in config.items() if name != key}
    if text:
        changed[key] = text
    write(folder, changed)
    logits = run(folder, json.loads(config["architectures"])[0])
    return "fails" if logits is None else "same" if logits == plain else logits


def write(folder, config):
    members = ", ".join(f"{json.dumps(key)}: {text}" for key, text in config.items())
    pathlib.Path(folder, "config.json").write_text("{" + members + "}")


def outcomes_of_key(folder, config, key, example, plain, known):
    outcomes = dict(known)
    for text in texts_of(key, example):
        if text not in outcomes and config.get(key, "") != text:
            outcomes[text] = outcome_of(folder, config, key, text, plain)
    grouped = {name: [text for text, outcome in outcomes.items() if outcome == name] for name in ("same", "fails")}
    grouped["other"] = {text: outcome for text, outcome in outcomes.items() if isinstance(outcome, list)}
    return {name: texts for name, texts in grouped.items() if texts}


def known_outcomes(golden, key):
    """What the file has of a key, by text."""
    grouped = golden.get("keys", {}).get(key, {})
    outcomes = {text: name for name in ("same", "fails") for text in grouped.get(name, [])}
    return {**outcomes, **grouped.get("other", {})}


def case_of(name, checkpoint, overlay, golden):
    source = HERE / "engine" / checkpoint
    config = {**json.loads((source / "config.json").read_text()), **overlay}
    config = {key: json.dumps(value) for key, value in config.items() if value is not ...}
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "model.safetensors").write_bytes((source / "model.safetensors").read_bytes())
        write(folder, config)
        plain = run(folder, json.loads(config["architectures"])[0])
        assert plain is not None
        keys = {key: outcomes_of_key(folder, config, key, example, plain, known_outcomes(golden, key))
                for key, example in examples(folder, config).items()}
    keys = {**golden.get("keys", {}), **{key: grouped for key, grouped in keys.items() if grouped}}
    print(name, collections.Counter(outcome if isinstance(outcome, str) else "other" for key in keys
                                    for outcome in known_outcomes({"keys": keys}, key).values()), flush=True)
    return {"made_by": f"make_config_golden.py with transformers {transformers.__version__}", "name": name,
            "checkpoint": checkpoint, "sequences": SEQUENCES, "n_logits": N_LOGITS, "config": config, "logits": plain,
            "keys": dict(sorted(keys.items()))}


def write_lines(path, members):
    """A JSON object with a member a line, of `config` and `keys` too."""
    def text_of(value, indent):
        if not isinstance(value, dict) or indent > 1:
            return json.dumps(value)
        inner = ",\n".join(" " * (indent + 1) + f"{json.dumps(key)}: {text_of(value[key], indent + 1)}" for key in value)
        return "{\n" + inner + "\n" + " " * indent + "}"
    path.write_text(text_of(members, 0) + "\n")


def main():
    folder = HERE / "config_keys"
    folder.mkdir(exist_ok=True)
    named = sys.argv[1:]
    assert set(named) <= {name for name, _, _ in CASES}
    for name, checkpoint, overlay in CASES:
        path = folder / (name.replace(" ", "_") + ".json")
        if not named or name in named:
            known = json.loads(path.read_text()) if path.exists() and not named else {}
            write_lines(path, case_of(name, checkpoint, overlay, known))
    write_lines(folder / "refused.json",
                {key: [json.dumps(value) for value in values] for key, values in REFUSED.items()})


if __name__ == "__main__":
    main()
