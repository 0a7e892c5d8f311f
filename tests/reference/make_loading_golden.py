"""Writes loading_golden.json: which checkpoint transformers computes with, where a file is not as it writes them today.

Each case changes a checkpoint of family_golden.json by edits of its tensors and members of config.json. Where
transformers loads it, `equal` are the edits of a plain checkpoint that gives the same logits; else `transformers` says
what it does instead.
Run with torch, safetensors and transformers installed:

    python3 tests/reference/make_loading_golden.py
"""

import copy
import json
import pathlib
import tempfile

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSequenceClassification

HERE = pathlib.Path(__file__).parent
CAUSAL, MASKED, LABELS = AutoModelForCausalLM, AutoModelForMaskedLM, AutoModelForSequenceClassification
BERT_BIAS, BERT_DECODER = "cls.predictions.bias", "cls.predictions.decoder"
WORDS = "embeddings.word_embeddings.weight"
BOTH_BERT = ["copy", BERT_BIAS, BERT_DECODER + ".bias"], ["change", BERT_DECODER + ".bias"]
BOTH_ROBERTA = ["copy", "lm_head.bias", "lm_head.decoder.bias"], ["change", "lm_head.decoder.bias"]
UNTIED_BERT = ["copy", "bert." + WORDS, BERT_DECODER + ".weight"], ["change", BERT_DECODER + ".weight"]
UNTIED = {"tie_word_embeddings": False}
VALUE_HEAD = ["add", "v_head.summary.weight", [1, 8]], ["add", "v_head.summary.bias", [1]]
BUFFERS = [edit for i in range(2) for edit in (["add", f"transformer.h.{i}.attn.bias", [6, 6]],
                                               ["add", f"transformer.h.{i}.attn.masked_bias", [1]])]

RANDOM, LEFT_OUT = "starts at random or zero", "leaves out"

# name, class, case of family_golden.json, edits, members of config.json; then edits and members of the equal one, or
# what transformers does instead and headsweep's reason for refusing (or edits of what it reads).
CASES = [
    ("value head", CAUSAL, "gpt2", [*VALUE_HEAD], {}, [], {}),
    ("value head of a llama", CAUSAL, "llama", [["add", "v_head.summary.weight", [1, 16]]], {}, [], {}),
    ("old buffers", CAUSAL, "gpt2", BUFFERS, {}, [], {}),
    ("old buffers of rotation", CAUSAL, "llama",
     [["add", "model.layers.0.self_attn.rotary_emb.inv_freq", [2]], ["add", "model.rotary_emb.inv_freq", [2]]],
     {}, [], {}),
    ("old buffers of neox", CAUSAL, "gpt_neox",
     [["add", "gpt_neox.layers.0.attention.bias", [32, 32]], ["add", "gpt_neox.layers.1.attention.masked_bias", [1]],
      ["add", "gpt_neox.layers.1.attention.rotary_emb.inv_freq", [2]]], {}, [], {}),
    ("old buffers of bert", MASKED, "bert masked",
     [["add", "bert.embeddings.position_ids", [1, 8]], ["add", "bert.pooler.dense.weight", [16, 16]],
      ["add", "bert.pooler.dense.bias", [16]], ["add", "cls.seq_relationship.weight", [2, 16]]], {}, [], {}),
    ("old parts of electra", MASKED, "electra masked",
     [["add", "electra.embeddings.position_ids", [1, 8]],
      ["add", "discriminator_predictions.dense.weight", [16, 16]]], {}, [], {}),
    ("electra without its projection", MASKED, "electra masked", [["remove", "electra.embeddings_project.weight"]], {},
     RANDOM, "missing tensor electra.embeddings_project.weight"),
    ("old parts of albert", MASKED, "albert masked",
     [["add", "albert.pooler.weight", [16, 16]], ["add", "albert.pooler.bias", [16]],
      ["add", "sop_classifier.classifier.weight", [2, 16]]], {}, [], {}),
    ("no prefix of albert", MASKED, "albert masked", [["strip", "albert."]], {}, [], {}),
    ("two biases of albert that differ", MASKED, "albert masked",
     [["copy", "predictions.bias", "predictions.decoder.bias"], ["change", "predictions.decoder.bias"]], {},
     [["change", "predictions.bias"]], {}),
    ("another task's head", MASKED, "bert masked",
     [["add", "classifier.weight", [3, 16]], ["add", "qa_outputs.bias", [2]]], {}, [], {}),
    ("masked head beside labels", LABELS, "roberta classifier",
     [["add", "lm_head.dense.weight", [16, 16]], ["add", "lm_head.bias", [11]]], {}, [], {}),
    ("copy of the embedding", CAUSAL, "gpt2", [["copy", "transformer.wte.weight", "lm_head.weight"]], {}, [], {}),
    ("a copy that differs", CAUSAL, "gpt2",
     [["copy", "transformer.wte.weight", "lm_head.weight"], ["change", "lm_head.weight"]], {},
     [["copy", "transformer.wte.weight", "lm_head.weight"], ["change", "lm_head.weight"]], UNTIED),
    ("only the unembedding", CAUSAL, "gpt2", [["rename", "transformer.wte.weight", "lm_head.weight"]], {}, [], {}),
    ("only the unembedding of neox", CAUSAL, "gpt_neox without biases, tied",
     [["rename", "gpt_neox.embed_in.weight", "embed_out.weight"]], {}, [], {}),
    ("neox by its name inside", CAUSAL, "gpt_neox", [["rename", "embed_out.weight", "lm_head.weight"]], {}, [], {}),
    ("only the unembedding of phi", CAUSAL, "phi grouped, tied",
     [["rename", "model.embed_tokens.weight", "lm_head.weight"]], {}, [], {}),
    ("only the unembedding of opt", CAUSAL, "opt",
     [["rename", "model.decoder.embed_tokens.weight", "lm_head.weight"]], {}, [], {}),
    ("no prefix of opt", CAUSAL, "opt", [["strip", "model."]], {}, [], {}),
    ("bare opt", CAUSAL, "opt", [["strip", "model."]], {"architectures": ["OPTModel"]}, [], {}),
    ("no prefix of gpt_neo", CAUSAL, "gpt_neo", [["strip", "transformer."]], {}, [], {}),
    ("bare gpt_neo", CAUSAL, "gpt_neo", [["strip", "transformer."]], {"architectures": ["GPTNeoModel"]}, [], {}),
    ("old buffers of gpt_neo", CAUSAL, "gpt_neo",
     [["add", "transformer.h.0.attn.attention.bias", [1, 1, 8, 8]],
      ["add", "transformer.h.1.attn.attention.masked_bias", [1]]], {}, [], {}),
    ("no prefix", CAUSAL, "gpt2", [["strip", "transformer."]], {}, [], {}),
    ("no prefix of a llama", CAUSAL, "llama", [["strip", "model."]], {}, [], {}),
    ("one name without prefix", CAUSAL, "gpt2", [["rename", "transformer.wpe.weight", "wpe.weight"]], {}, [], {}),
    ("no prefix of bert", MASKED, "bert masked", [["strip", "bert."]], {}, [], {}),
    ("prefix twice", CAUSAL, "llama", [["prefix", "model."]], {}, [], {}),
    ("bare gpt2", CAUSAL, "gpt2", [["strip", "transformer."]], {"architectures": ["GPT2Model"]}, [], {}),
    ("bare llama, tied", CAUSAL, "llama grouped, head_dim 6, tied", [["strip", "model."]],
     {"architectures": ["LlamaModel"]}, [], {}),
    ("bare llama, untied", CAUSAL, "llama", [["strip", "model."], ["remove", "lm_head.weight"]],
     {"architectures": ["LlamaModel"]}, RANDOM, "missing tensor lm_head.weight"),
    ("llama without its head", CAUSAL, "llama",
     [["remove", "lm_head.weight"]], {}, RANDOM, "missing tensor lm_head.weight"),
    ("bare phi, tied", CAUSAL, "phi grouped, tied", [["strip", "model."], ["remove", "lm_head.bias"]],
     {"architectures": ["PhiModel"]}, RANDOM, "missing tensor lm_head.bias"),
    ("bare qwen3, untied", CAUSAL, "qwen3", [["strip", "model."], ["remove", "lm_head.weight"]],
     {"architectures": ["Qwen3Model"]}, RANDOM, "missing tensor lm_head.weight"),
    ("qwen3 without a norm of keys", CAUSAL, "qwen3", [["remove", "model.layers.1.self_attn.k_norm.weight"]], {},
     RANDOM, "missing tensor model.layers.1.self_attn.k_norm.weight"),
    ("phi3 without its gates", CAUSAL, "phi3", [["remove", "model.layers.0.mlp.gate_up_proj.weight"]], {}, RANDOM,
     "missing tensor model.layers.0.mlp.gate_up_proj.weight"),
    ("bare phi3, tied", CAUSAL, "phi3 tied", [["strip", "model."]], {"architectures": ["Phi3Model"]}, [], {}),
    ("bare stablelm, tied", CAUSAL, "stablelm parallel, biases, tied", [["strip", "model."]],
     {"architectures": ["StableLmModel"]}, [], {}),
    ("bare cohere, tied", CAUSAL, "cohere", [["strip", "model."]], {"architectures": ["CohereModel"]}, [], {}),
    ("gptj without its bias", CAUSAL, "gptj", [["remove", "lm_head.bias"]], {}, RANDOM, "missing tensor lm_head.bias"),
    ("no architectures", CAUSAL, "llama", [], {"architectures": None}, [], {}),
    ("no architectures of bert", MASKED, "bert masked", [], {"architectures": None}, [], {}),
    ("no architectures of labels", LABELS, "bert classifier", [], {"architectures": None}, [], {}),
    ("base model named, masked head there", MASKED, "roberta masked", [], {"architectures": ["RobertaModel"]}, [], {}),
    ("two biases, equal", MASKED, "bert masked", [BOTH_BERT[0]], {}, [], {}),
    ("two biases that differ", MASKED, "bert masked", [*BOTH_BERT], {}, [["change", BERT_BIAS]], {}),
    ("the second bias only", MASKED, "bert masked", [["rename", BERT_BIAS, BERT_DECODER + ".bias"]], {}, [], {}),
    ("two biases that differ, roberta", MASKED, "roberta masked",
     [*BOTH_ROBERTA], {}, [["change", "lm_head.bias"]], {}),
    ("the second bias only, camembert", MASKED, "camembert masked",
     [["rename", "lm_head.bias", "lm_head.decoder.bias"]], {}, [], {}),
    ("untied, two biases that differ", MASKED, "bert masked", [*UNTIED_BERT, *BOTH_BERT], UNTIED,
     [*UNTIED_BERT, ["rename", BERT_BIAS, BERT_DECODER + ".bias"], ["change", BERT_DECODER + ".bias"]], UNTIED),
    ("untied, the second bias only", MASKED, "bert masked",
     [*UNTIED_BERT, ["rename", BERT_BIAS, BERT_DECODER + ".bias"]], UNTIED,
     [*UNTIED_BERT, ["copy", BERT_BIAS, BERT_DECODER + ".bias"]], UNTIED),
    ("untied, the first bias only", MASKED, "bert masked",
     [*UNTIED_BERT], UNTIED, RANDOM, "missing tensor cls.predictions.decoder.bias"),
    ("untied, no second matrix", MASKED, "bert masked",
     [*BOTH_BERT], UNTIED, RANDOM, "missing tensor cls.predictions.decoder.weight"),
    ("no bias", MASKED, "bert masked", [["remove", BERT_BIAS]], {}, RANDOM, "missing tensor cls.predictions.bias"),
    ("a bias of the unembedding", CAUSAL, "gpt2",
     [["add", "lm_head.bias", [11]]], {}, LEFT_OUT, "unexpected tensor lm_head.bias"),
    ("a bias that the options lack", CAUSAL, "llama", [["add", "model.layers.0.self_attn.q_proj.bias", [16]]], {},
     LEFT_OUT, "unexpected tensor model.layers.0.self_attn.q_proj.bias"),
    ("a norm that the family lacks", CAUSAL, "llama", [["add", "model.layers.0.self_attn.q_norm.weight", [4]]], {},
     LEFT_OUT, "unexpected tensor model.layers.0.self_attn.q_norm.weight"),
    ("norms of queries and keys that the options lack", CAUSAL, "phi",
     [["add", "model.layers.0.self_attn.q_layernorm.weight", [4]]], {}, LEFT_OUT,
     "unexpected tensor model.layers.0.self_attn.q_layernorm.weight"),
    ("a layer more", CAUSAL, "llama",
     [["add", "model.layers.2.input_layernorm.weight", [16]]], {}, LEFT_OUT,
     "the weights have more layers than config.json says"),
    ("low-rank updates", CAUSAL, "llama",
     [["add", "model.layers.0.self_attn.q_proj.lora_A.default.weight", [2, 16]]],
     {}, LEFT_OUT, "an adapter lies beside the weights"),
    ("quantised", CAUSAL, "llama", [["add", "model.layers.0.self_attn.q_proj.weight_scale", [1]]], {}, LEFT_OUT,
     "quantised weights are not read"),
    ("a compiled layer", CAUSAL, "gpt2",
     [["rename", "transformer.h.0.ln_1.weight", "transformer.h.0._orig_mod.ln_1.weight"]], {}, RANDOM,
     "a module inside the model is wrapped"),
    ("data parallel", CAUSAL, "gpt2", [["prefix", "module."]], {}, RANDOM, []),
    ("compiled", CAUSAL, "llama", [["prefix", "_orig_mod."]], {}, RANDOM, []),
    ("compiled and data parallel", MASKED, "bert masked",
     [["prefix", "_orig_mod."], ["prefix", "module."]], {}, RANDOM, []),
    ("peft", CAUSAL, "llama", [["prefix", "base_model.model."]], {}, RANDOM, []),
    ("lightning", LABELS, "distilbert classifier", [["prefix", "model."]], {}, RANDOM, []),
]


def edited(tensors, edits):
    tensors = dict(tensors)
    for operation, *operands in edits:
        if operation == "add":
            tensors[operands[0]] = torch.randn(operands[1])
        elif operation == "change":
            tensors[operands[0]] = tensors[operands[0]] + 1.0
        elif operation == "copy":
            tensors[operands[1]] = tensors[operands[0]].clone()
        elif operation == "rename":
            tensors[operands[1]] = tensors.pop(operands[0])
        elif operation == "remove":
            del tensors[operands[0]]
        elif operation == "prefix":
            tensors = {operands[0] + name: tensor for name, tensor in tensors.items()}
        elif operation == "strip":
            tensors = {name.removeprefix(operands[0]): tensor for name, tensor in tensors.items()}
    return tensors


def load(model_class, config, tensors):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "config.json").write_text(json.dumps(config))
        save_file(tensors, pathlib.Path(folder, "model.safetensors"), metadata={"format": "pt"})
        model, info = model_class.from_pretrained(folder, output_loading_info=True)
    with torch.no_grad():
        logits = model.eval()(torch.tensor([[3, 4, 5, 6]])).logits
    return logits, {key: sorted(info[key]) for key in ("missing_keys", "unexpected_keys")}


def run(case, golden):
    name, model_class, base, edits, members, equal, equal_members = case
    torch.manual_seed(0)
    tensors = {key: torch.randn(shape) for key, shape in golden["tensors"].items()}
    config = json.loads(golden["config"])
    logits, info = load(model_class, {**config, **members}, edited(tensors, edits))
    row = {"name": name, "case": base, "edits": edits, "config": members}
    if equal in (RANDOM, LEFT_OUT):
        keys = info["missing_keys"] if equal == RANDOM else info["unexpected_keys"]
        assert keys and (equal == RANDOM or torch.equal(logits, load(model_class, config, tensors)[0])), name
        ours = {"refused": equal_members} if isinstance(equal_members, str) else {"equal": [], "equal_config": {}}
        return {**row, "transformers": f"{equal}: {', '.join(keys[:2])}", **ours}
    expected, _ = load(model_class, {**config, **equal_members}, edited(tensors, equal))
    assert torch.equal(logits, expected), name
    return {**row, "equal": equal, "equal_config": equal_members}


def main():
    transformers.logging.set_verbosity_error()
    golden = {case["name"]: case for case in json.loads((HERE / "family_golden.json").read_text())["cases"]}
    rows = [run(copy.deepcopy(case), golden[case[2]]) for case in CASES]
    lines = ",\n  ".join(json.dumps(row) for row in rows)
    made_by = f"make_loading_golden.py, transformers {transformers.__version__}"
    (HERE / "loading_golden.json").write_text(f'{{"made_by": "{made_by}", "cases": [\n  {lines}\n]}}\n')


main()
