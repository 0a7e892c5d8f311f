"""Writes family_golden.json: config.json and the tensors' names and shapes as Hugging Face transformers saves them.

One case an option of the family rows. Run with torch and transformers installed:

    python3 tests/reference/make_family_golden.py
"""

import json
import pathlib
import tempfile

import torch
import transformers
from safetensors import safe_open
from transformers import AlbertConfig, AlbertForMaskedLM, AlbertForPreTraining, AlbertForSequenceClassification
from transformers import AlbertModel
from transformers import BloomConfig, BloomForCausalLM, FalconConfig, FalconForCausalLM, MptConfig, MptForCausalLM
from transformers import BertConfig, BertForMaskedLM, BertForPreTraining, BertForSequenceClassification, BertModel
from transformers import CamembertConfig, CamembertForMaskedLM, CamembertForSequenceClassification
from transformers import DistilBertConfig, DistilBertForMaskedLM, DistilBertForSequenceClassification, DistilBertModel
from transformers import ElectraConfig, ElectraForMaskedLM, ElectraForSequenceClassification, ElectraModel
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM
from transformers import RobertaConfig, RobertaForMaskedLM, RobertaForSequenceClassification, RobertaModel
from transformers import XLMRobertaConfig, XLMRobertaForMaskedLM, XLMRobertaForSequenceClassification
from transformers import MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM
from transformers import GPTNeoConfig, GPTNeoForCausalLM, OPTConfig, OPTForCausalLM
from transformers import GemmaConfig, GemmaForCausalLM, Gemma2Config, Gemma2ForCausalLM
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, Olmo3Config, Olmo3ForCausalLM
from transformers import OlmoConfig, OlmoForCausalLM, Olmo2Config, Olmo2ForCausalLM
from transformers import GPT2ForSequenceClassification, GPTNeoXForSequenceClassification, LlamaForSequenceClassification
from transformers import MistralForSequenceClassification, PhiForSequenceClassification, Qwen2ForSequenceClassification
from transformers import Qwen3ForSequenceClassification
from transformers import MixtralConfig, MixtralForCausalLM, OlmoeConfig, OlmoeForCausalLM
from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM
from transformers import AlbertForTokenClassification, BertForTokenClassification, DistilBertForTokenClassification
from transformers import ElectraForTokenClassification, RobertaForTokenClassification
from transformers import GraniteConfig, GraniteForCausalLM
from transformers import CohereConfig, CohereForCausalLM, GPTJConfig, GPTJForCausalLM, Phi3Config, Phi3ForCausalLM
from transformers import ArceeConfig, ArceeForCausalLM, HeliumConfig, HeliumForCausalLM, MinistralConfig
from transformers import MinistralForCausalLM, SeedOssConfig, SeedOssForCausalLM
from transformers import StableLmConfig, StableLmForCausalLM
from transformers import PhiConfig, PhiForCausalLM, Qwen3Config, Qwen3ForCausalLM

GPT2 = dict(n_layer=2, n_head=2, n_embd=8, n_positions=6, vocab_size=11)
LLAMA = dict(num_hidden_layers=2, num_attention_heads=4, hidden_size=16, intermediate_size=12,
             max_position_embeddings=32, vocab_size=11)
BERT = dict(num_hidden_layers=2, num_attention_heads=4, hidden_size=16, intermediate_size=12,
            max_position_embeddings=8, vocab_size=11)
OPT = dict(num_hidden_layers=2, num_attention_heads=4, hidden_size=16, ffn_dim=12, max_position_embeddings=8,
           vocab_size=11, word_embed_proj_dim=16)
GPT_NEO = dict(num_layers=2, num_heads=4, hidden_size=16, max_position_embeddings=8, vocab_size=11,
               attention_types=[[["global", "local"], 1]])
BLOOM = dict(n_layer=2, n_head=4, hidden_size=16, vocab_size=11)
MPT = dict(n_layers=2, n_heads=4, d_model=16, max_seq_len=8, vocab_size=11)
FALCON = dict(num_hidden_layers=2, num_attention_heads=4, hidden_size=16, max_position_embeddings=8, vocab_size=11)
DISTILBERT = dict(n_layers=2, n_heads=4, dim=16, hidden_dim=12, max_position_embeddings=8, vocab_size=11)
LABELS = {"id2label": {0: "a", 1: "b", 2: "c"}}

CASES = [
    ("gpt2", GPT2LMHeadModel, GPT2Config(**GPT2)),
    ("gpt2 untied, n_inner, relu", GPT2LMHeadModel,
     GPT2Config(**GPT2, n_inner=20, activation_function="relu", tie_word_embeddings=False)),
    ("gpt2 unscaled by inverse layer", GPT2LMHeadModel,
     GPT2Config(**GPT2, scale_attn_weights=False, scale_attn_by_inverse_layer_idx=True, reorder_and_upcast_attn=True)),
    ("llama", LlamaForCausalLM, LlamaConfig(**LLAMA)),
    ("llama grouped, head_dim 6, tied", LlamaForCausalLM,
     LlamaConfig(**LLAMA, num_key_value_heads=2, head_dim=6, tie_word_embeddings=True)),
    ("llama with biases", LlamaForCausalLM, LlamaConfig(**LLAMA, attention_bias=True, mlp_bias=True)),
    ("llama linear scaling", LlamaForCausalLM,
     LlamaConfig(**LLAMA, rope_parameters={"rope_type": "linear", "factor": 2.0, "rope_theta": 5e5})),
    ("mistral", MistralForCausalLM, MistralConfig(**LLAMA, num_key_value_heads=2, sliding_window=None)),
    ("qwen2", Qwen2ForCausalLM, Qwen2Config(**LLAMA, num_key_value_heads=2)),
    ("gpt_neox", GPTNeoXForCausalLM, GPTNeoXConfig(**LLAMA, rotary_pct=0.5)),
    ("gpt_neox without biases, tied", GPTNeoXForCausalLM,
     GPTNeoXConfig(**LLAMA, rotary_pct=0.5, attention_bias=False, tie_word_embeddings=True)),
    ("phi", PhiForCausalLM, PhiConfig(**LLAMA)),
    ("phi grouped, tied", PhiForCausalLM, PhiConfig(**LLAMA, num_key_value_heads=2, tie_word_embeddings=True)),
    ("phi3", Phi3ForCausalLM, Phi3Config(**LLAMA, pad_token_id=None, num_key_value_heads=2)),
    ("phi3 tied", Phi3ForCausalLM, Phi3Config(**LLAMA, pad_token_id=None, tie_word_embeddings=True)),
    ("stablelm", StableLmForCausalLM, StableLmConfig(**{**LLAMA, "hidden_size": 32}, num_key_value_heads=2)),
    ("stablelm parallel, biases, tied", StableLmForCausalLM,
     StableLmConfig(**{**LLAMA, "hidden_size": 32}, num_key_value_heads=4, use_parallel_residual=True, use_qkv_bias=True,
                    tie_word_embeddings=True)),
    ("cohere", CohereForCausalLM, CohereConfig(**LLAMA, pad_token_id=None, num_key_value_heads=2)),
    ("cohere norms, biases, untied", CohereForCausalLM,
     CohereConfig(**LLAMA, pad_token_id=None, head_dim=6, use_qk_norm=True, attention_bias=True,
                  tie_word_embeddings=False)),
    ("gptj", GPTJForCausalLM, GPTJConfig(**GPT2, rotary_dim=2)),
    ("granite", GraniteForCausalLM,
     GraniteConfig(**LLAMA, embedding_multiplier=3.0, residual_multiplier=0.4, tie_word_embeddings=True)),
    ("arcee", ArceeForCausalLM, ArceeConfig(**LLAMA, num_key_value_heads=2)),
    ("helium with biases", HeliumForCausalLM,
     HeliumConfig(**{**LLAMA, "hidden_size": 32}, pad_token_id=None, num_key_value_heads=2, head_dim=8,
                  attention_bias=True, mlp_bias=True)),
    ("seed_oss", SeedOssForCausalLM,
     SeedOssConfig(**LLAMA, pad_token_id=None, num_key_value_heads=2, head_dim=6, attention_out_bias=True)),
    ("ministral", MinistralForCausalLM, MinistralConfig(**LLAMA, num_key_value_heads=2, head_dim=6)),
    ("qwen3", Qwen3ForCausalLM, Qwen3Config(**LLAMA, num_key_value_heads=2, head_dim=6)),
    ("opt", OPTForCausalLM, OPTConfig(**OPT, activation_function="gelu")),
    ("opt post norm", OPTForCausalLM, OPTConfig(**OPT, do_layer_norm_before=False)),
    ("opt projected", OPTForCausalLM, OPTConfig(**{**OPT, "word_embed_proj_dim": 8}, do_layer_norm_before=False)),
    ("opt without last norm", OPTForCausalLM, OPTConfig(**OPT, _remove_final_layer_norm=True)),
    ("opt without biases, untied", OPTForCausalLM, OPTConfig(**OPT, enable_bias=False, tie_word_embeddings=False)),
    ("gpt_neo", GPTNeoForCausalLM, GPTNeoConfig(**GPT_NEO, window_size=3)),
    ("gpt_neo untied", GPTNeoForCausalLM, GPTNeoConfig(**GPT_NEO, intermediate_size=20, tie_word_embeddings=False)),
    ("gemma", GemmaForCausalLM, GemmaConfig(**LLAMA, num_key_value_heads=1, head_dim=6)),
    ("gemma2", Gemma2ForCausalLM, Gemma2Config(**LLAMA, num_key_value_heads=2, head_dim=6, tie_word_embeddings=False)),
    ("gemma3", Gemma3ForCausalLM, Gemma3TextConfig(**LLAMA, num_key_value_heads=2, head_dim=6)),
    ("olmo3", Olmo3ForCausalLM, Olmo3Config(**LLAMA)),
    ("olmo", OlmoForCausalLM, OlmoConfig(**LLAMA, clip_qkv=1.0)),
    ("olmo2 grouped, tied", Olmo2ForCausalLM,
     Olmo2Config(**LLAMA, num_key_value_heads=2, head_dim=6, tie_word_embeddings=True)),
    ("gpt2 classifier", GPT2ForSequenceClassification, GPT2Config(**GPT2, **LABELS, pad_token_id=3)),
    ("llama classifier", LlamaForSequenceClassification, LlamaConfig(**LLAMA, **LABELS)),
    ("mistral classifier", MistralForSequenceClassification, MistralConfig(**LLAMA, num_key_value_heads=2)),
    ("qwen2 classifier", Qwen2ForSequenceClassification, Qwen2Config(**LLAMA, num_key_value_heads=2)),
    ("qwen3 classifier", Qwen3ForSequenceClassification, Qwen3Config(**LLAMA, num_key_value_heads=2, head_dim=6)),
    ("gpt_neox classifier", GPTNeoXForSequenceClassification, GPTNeoXConfig(**LLAMA, rotary_pct=0.5)),
    ("phi classifier", PhiForSequenceClassification, PhiConfig(**LLAMA)),
    ("mixtral", MixtralForCausalLM, MixtralConfig(**LLAMA, num_key_value_heads=2, num_local_experts=3)),
    ("qwen3_moe", Qwen3MoeForCausalLM,
     Qwen3MoeConfig(**LLAMA, num_key_value_heads=2, num_experts=3, num_experts_per_tok=2, moe_intermediate_size=8,
                    mlp_only_layers=[1])),
    ("olmoe", OlmoeForCausalLM, OlmoeConfig(**LLAMA, num_experts=3, num_experts_per_tok=2)),
    ("bloom", BloomForCausalLM, BloomConfig(**BLOOM)),
    ("bloom untied", BloomForCausalLM, BloomConfig(**BLOOM, tie_word_embeddings=False)),
    ("mpt", MptForCausalLM, MptConfig(**MPT)),
    ("mpt untied", MptForCausalLM, MptConfig(**MPT, tie_word_embeddings=False)),
    ("falcon", FalconForCausalLM, FalconConfig(**FALCON)),
    ("falcon new", FalconForCausalLM,
     FalconConfig(**FALCON, new_decoder_architecture=True, num_kv_heads=2, ffn_hidden_size=12)),
    ("falcon new with one norm", FalconForCausalLM,
     FalconConfig(**FALCON, new_decoder_architecture=True, num_ln_in_parallel_attn=1, bias=True,
                  tie_word_embeddings=False)),
    ("falcon sequential with alibi", FalconForCausalLM,
     FalconConfig(**FALCON, alibi=True, multi_query=False, parallel_attn=False, bias=True)),
    ("bert masked", BertForMaskedLM, BertConfig(**BERT)),
    ("bert pretraining", BertForPreTraining, BertConfig(**BERT)),
    ("bert classifier", BertForSequenceClassification, BertConfig(**BERT, **LABELS)),
    ("bert bare", BertModel, BertConfig(**BERT)),
    ("distilbert masked", DistilBertForMaskedLM, DistilBertConfig(**DISTILBERT)),
    ("distilbert classifier", DistilBertForSequenceClassification, DistilBertConfig(**DISTILBERT, **LABELS)),
    ("distilbert bare", DistilBertModel, DistilBertConfig(**DISTILBERT)),
    ("roberta masked", RobertaForMaskedLM, RobertaConfig(**BERT)),
    ("roberta classifier", RobertaForSequenceClassification, RobertaConfig(**BERT, **LABELS)),
    ("roberta bare", RobertaModel, RobertaConfig(**BERT)),
    ("xlm-roberta masked", XLMRobertaForMaskedLM, XLMRobertaConfig(**BERT)),
    ("xlm-roberta classifier", XLMRobertaForSequenceClassification, XLMRobertaConfig(**BERT)),
    ("camembert masked", CamembertForMaskedLM, CamembertConfig(**BERT)),
    ("camembert classifier", CamembertForSequenceClassification, CamembertConfig(**BERT)),
    ("bert tokens", BertForTokenClassification, BertConfig(**BERT, **LABELS)),
    ("distilbert tokens", DistilBertForTokenClassification, DistilBertConfig(**DISTILBERT, **LABELS)),
    ("roberta tokens", RobertaForTokenClassification, RobertaConfig(**BERT)),
    ("electra tokens", ElectraForTokenClassification, ElectraConfig(**BERT, embedding_size=6)),
    ("albert tokens", AlbertForTokenClassification, AlbertConfig(**BERT, embedding_size=6)),
    ("electra masked", ElectraForMaskedLM, ElectraConfig(**BERT, embedding_size=6)),
    ("electra classifier", ElectraForSequenceClassification, ElectraConfig(**BERT, **LABELS, embedding_size=16)),
    ("electra bare", ElectraModel, ElectraConfig(**BERT, embedding_size=6)),
    ("albert masked", AlbertForMaskedLM, AlbertConfig(**BERT, embedding_size=6)),
    ("albert pretraining", AlbertForPreTraining, AlbertConfig(**BERT, embedding_size=6, num_hidden_groups=2)),
    ("albert classifier", AlbertForSequenceClassification, AlbertConfig(**BERT, **LABELS, embedding_size=16)),
    ("albert bare", AlbertModel, AlbertConfig(**BERT, embedding_size=6)),
]

# What no output depends on.
UNUSED = {"bert pretraining": ("pooler", "seq_relationship"), "bert bare": ("pooler",), "roberta bare": ("pooler",),
          "albert pretraining": ("pooler", "sop_classifier"), "albert bare": ("pooler",)}


def saved(model_class, config):
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        model_class(config).save_pretrained(folder)
        text = pathlib.Path(folder, "config.json").read_text()
        with safe_open(pathlib.Path(folder, "model.safetensors"), framework="pt") as file:
            return text, {name: file.get_slice(name).get_shape() for name in file.keys()}


def main():
    cases = []
    for name, model_class, config in CASES:
        text, tensors = saved(model_class, config)
        cases.append({"name": name, "config": text, "tensors": tensors,
                      "n_parameters": sum(parameter.numel() for parameter_name, parameter
                                          in model_class(config).named_parameters()
                                          if not any(part in parameter_name for part in UNUSED.get(name, ())))})
    golden = {"made_by": f"make_family_golden.py with transformers {transformers.__version__}", "cases": cases}
    path = pathlib.Path(__file__).with_name("family_golden.json")
    path.write_text(json.dumps(golden, indent=0) + "\n")


main()
