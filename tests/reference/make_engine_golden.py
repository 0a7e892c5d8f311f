"""Writes engine/CASE/: a tiny random checkpoint as Hugging Face transformers saves it, and the logits that transformers gets
from it in float64, clean and with heads changed by a forward_pre_hook on the output projection.

expected.safetensors (F64 and I64): seqI token ids; seqI_clean logits [T, V], [1, labels] of a classifier; sets [interventions, K, 2] of (layer, head), the
set of each intervention, padded with -1; seqI_INTERVENTION logits [T, V]; zeroed [N, 2, 2], every single head and ten
pairs, and seqI_zeroed [N, V], the last row's logits with each of them zeroed. Means are over all rows of both sequences,
donors are the other sequence. Run with torch, transformers and safetensors installed:

    python3 tests/reference/make_engine_golden.py [CASE]...

Cases that are named are done again, the others stay.
"""

import pathlib
import shutil
import sys
import zlib

import torch
from safetensors.torch import save_file
from transformers import AlbertConfig, AlbertForMaskedLM, AlbertForSequenceClassification
from transformers import BloomConfig, BloomForCausalLM, FalconConfig, FalconForCausalLM, MptConfig, MptForCausalLM
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification
from transformers import DistilBertConfig, DistilBertForMaskedLM, DistilBertForSequenceClassification
from transformers import ElectraConfig, ElectraForMaskedLM, ElectraForSequenceClassification
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM
from transformers import RobertaConfig, RobertaForMaskedLM, RobertaForSequenceClassification
from transformers import MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM
from transformers import GPTNeoConfig, GPTNeoForCausalLM, OPTConfig, OPTForCausalLM
from transformers import GemmaConfig, GemmaForCausalLM, Gemma2Config, Gemma2ForCausalLM
from transformers import Gemma3ForCausalLM, Gemma3TextConfig, Olmo3Config, Olmo3ForCausalLM
from transformers import OlmoConfig, OlmoForCausalLM, Olmo2Config, Olmo2ForCausalLM
from transformers import GPT2ForSequenceClassification, GPTNeoXForSequenceClassification, LlamaForSequenceClassification
from transformers import MistralForSequenceClassification, PhiForSequenceClassification, Qwen2ForSequenceClassification
from transformers import BloomForSequenceClassification, FalconForSequenceClassification, MptForSequenceClassification
from transformers import MixtralForSequenceClassification, Qwen3MoeForSequenceClassification
from transformers import GemmaForSequenceClassification, Gemma2ForSequenceClassification, GPTNeoForSequenceClassification
from transformers import OlmoForSequenceClassification, Olmo2ForSequenceClassification, OPTForSequenceClassification
from transformers import Qwen3ForSequenceClassification
from transformers import Gemma3TextForSequenceClassification, Olmo3ForSequenceClassification
from transformers import Phi3ForSequenceClassification, StableLmForSequenceClassification, GPTJForSequenceClassification
from transformers import ArceeForSequenceClassification, HeliumForSequenceClassification
from transformers import SeedOssForSequenceClassification, MinistralForSequenceClassification
from transformers import MixtralConfig, MixtralForCausalLM, OlmoeConfig, OlmoeForCausalLM
from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM
from transformers import AlbertForTokenClassification, BertForTokenClassification, DistilBertForTokenClassification
from transformers import ElectraForTokenClassification, RobertaForTokenClassification
from transformers import ArceeConfig, ArceeForCausalLM, CohereConfig, CohereForCausalLM, GPTJConfig, GPTJForCausalLM
from transformers import GraniteConfig, GraniteForCausalLM
from transformers import HeliumConfig, HeliumForCausalLM, MinistralConfig, MinistralForCausalLM
from transformers import Phi3Config, Phi3ForCausalLM, SeedOssConfig, SeedOssForCausalLM, StableLmConfig
from transformers import StableLmForCausalLM
from transformers import PhiConfig, PhiForCausalLM, Qwen3Config, Qwen3ForCausalLM

GPT2 = dict(n_layer=2, n_head=4, n_embd=16, n_positions=16, vocab_size=23, bos_token_id=0, eos_token_id=1)
LLAMA = dict(num_hidden_layers=2, num_attention_heads=4, hidden_size=16, intermediate_size=20,
             max_position_embeddings=64, vocab_size=23, bos_token_id=0, eos_token_id=1)
LINEAR = {"rope_type": "linear", "factor": 2.5, "rope_theta": 1000.0}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 32, "rope_theta": 500.0}
YARN = {"rope_type": "yarn", "factor": 4.0, "beta_fast": 2.0, "beta_slow": 0.5, "original_max_position_embeddings": 16,
        "rope_theta": 100.0}
OPT = dict(num_hidden_layers=2, num_attention_heads=4, hidden_size=16, ffn_dim=20, max_position_embeddings=16,
           vocab_size=23, bos_token_id=0, eos_token_id=1, pad_token_id=2, word_embed_proj_dim=16)
GPT_NEO = dict(num_layers=2, num_heads=4, hidden_size=16, max_position_embeddings=16, vocab_size=23, bos_token_id=0,
               eos_token_id=1, attention_types=[[["global", "local"], 1]])
BLOOM = dict(n_layer=2, n_head=4, hidden_size=16, vocab_size=23, seq_length=16, bos_token_id=0, eos_token_id=1)
MPT = dict(n_layers=2, n_heads=4, d_model=16, max_seq_len=16, vocab_size=23, bos_token_id=0, eos_token_id=1)
FALCON = dict(num_hidden_layers=2, num_attention_heads=4, hidden_size=16, max_position_embeddings=16, vocab_size=23,
              bos_token_id=0, eos_token_id=1)
REFINED_WEB = dict(alibi=True, multi_query=False, parallel_attn=False, bias=True)
LONGROPE = {"rope_type": "longrope", "short_factor": [1.0, 1.25, 2.0], "long_factor": [1.0, 4.0, 9.5],
            "rope_theta": 100.0}
NO_PADDING = {"pad_token_id": None}
BERT = dict(num_hidden_layers=2, num_attention_heads=4, hidden_size=16, intermediate_size=20,
            max_position_embeddings=16, vocab_size=23)
DISTILBERT = dict(n_layers=2, n_heads=4, dim=16, hidden_dim=20, max_position_embeddings=16, vocab_size=23)
# Rotations by kind of layer.
APART = {"full_attention": {"rope_type": "linear", "factor": 2.5, "rope_theta": 1000.0},
         "sliding_attention": {"rope_type": "default", "rope_theta": 50.0}}
YARN_APART = {"full_attention": {"rope_type": "yarn", "factor": 4.0, "rope_theta": 500.0,
                                 "original_max_position_embeddings": 16},
              "sliding_attention": {"rope_type": "default", "rope_theta": 500.0}}
GLOBAL_LAST = ["sliding_attention", "full_attention"]
GLOBAL_FIRST = ["full_attention", "sliding_attention"]
THREE_LABELS = {"id2label": {0: "first", 1: "second", 2: "third"}}
FIRST_TOKEN = 3  # of encoders: those before it are padding and the like

# name, model class, config, stored type
CASES = [
    ("gpt2", GPT2LMHeadModel, GPT2Config(**GPT2), torch.float32),
    ("gpt2_inverse_layer", GPT2LMHeadModel,
     GPT2Config(**GPT2, scale_attn_by_inverse_layer_idx=True, activation_function="gelu"), torch.float32),
    ("gpt2_unscaled_relu_untied", GPT2LMHeadModel,
     GPT2Config(**GPT2, scale_attn_weights=False, activation_function="relu", tie_word_embeddings=False, n_inner=20),
     torch.float32),
    ("gpt2_silu_f16", GPT2LMHeadModel, GPT2Config(**GPT2, activation_function="silu"), torch.float16),
    ("gpt2_epsilon_bf16", GPT2LMHeadModel, GPT2Config(**GPT2, layer_norm_epsilon=0.1), torch.bfloat16),
    ("gpt2_f64", GPT2LMHeadModel, GPT2Config(**GPT2), torch.float64),
    ("llama", LlamaForCausalLM, LlamaConfig(**LLAMA), torch.float32),
    ("llama_grouped_head_dim_tied", LlamaForCausalLM,
     LlamaConfig(**LLAMA, num_key_value_heads=2, head_dim=6, tie_word_embeddings=True), torch.float32),
    ("llama_biases_gelu", LlamaForCausalLM,
     LlamaConfig(**LLAMA, num_key_value_heads=1, attention_bias=True, mlp_bias=True, hidden_act="gelu_pytorch_tanh"),
     torch.float32),
    ("llama_linear_f16", LlamaForCausalLM, LlamaConfig(**LLAMA, head_dim=8, rope_parameters=LINEAR), torch.float16),
    ("llama_llama3_bf16", LlamaForCausalLM,
     LlamaConfig(**LLAMA, num_key_value_heads=2, head_dim=16, rope_parameters=LLAMA3), torch.bfloat16),
    ("llama_yarn", LlamaForCausalLM, LlamaConfig(**LLAMA, num_key_value_heads=2, head_dim=8, rope_parameters=YARN),
     torch.float32),
    ("mistral", MistralForCausalLM, MistralConfig(**LLAMA, num_key_value_heads=2, sliding_window=None), torch.float32),
    ("qwen2", Qwen2ForCausalLM, Qwen2Config(**LLAMA, num_key_value_heads=2), torch.float32),
    ("gpt_neox", GPTNeoXForCausalLM, GPTNeoXConfig(**LLAMA, rotary_pct=0.5, rotary_emb_base=100), torch.float32),
    ("gpt_neox_sequential_tied_f16", GPTNeoXForCausalLM,
     GPTNeoXConfig(**LLAMA, rotary_pct=1.0, use_parallel_residual=False, attention_bias=False, hidden_act="gelu_new",
                   tie_word_embeddings=True), torch.float16),
    ("gpt_neox_linear_bf16", GPTNeoXForCausalLM,
     GPTNeoXConfig(**LLAMA, rope_parameters={**LINEAR, "partial_rotary_factor": 0.5}), torch.bfloat16),
    ("bert_masked", BertForMaskedLM, BertConfig(**BERT), torch.float32),
    ("bert_masked_relu_f16", BertForMaskedLM, BertConfig(**BERT, hidden_act="relu", layer_norm_eps=0.1),
     torch.float16),
    ("bert_classifier", BertForSequenceClassification, BertConfig(**BERT, **THREE_LABELS, type_vocab_size=3),
     torch.float32),
    ("distilbert_masked", DistilBertForMaskedLM, DistilBertConfig(**DISTILBERT, activation="relu"), torch.float32),
    ("distilbert_classifier", DistilBertForSequenceClassification, DistilBertConfig(**DISTILBERT), torch.float32),
    ("roberta_masked", RobertaForMaskedLM, RobertaConfig(**BERT, type_vocab_size=1, hidden_act="gelu_new"),
     torch.float32),
    ("roberta_classifier_bf16", RobertaForSequenceClassification,
     RobertaConfig(**BERT, **THREE_LABELS, pad_token_id=2, problem_type="multi_label_classification"), torch.bfloat16),
    ("electra_masked", ElectraForMaskedLM, ElectraConfig(**BERT, embedding_size=6), torch.float32),
    ("electra_masked_wide_relu_f16", ElectraForMaskedLM,
     ElectraConfig(**BERT, embedding_size=40, hidden_act="relu", layer_norm_eps=0.1, type_vocab_size=1), torch.float16),
    ("electra_masked_untied_bf16", ElectraForMaskedLM,
     ElectraConfig(**BERT, embedding_size=10, tie_word_embeddings=False), torch.bfloat16),
    ("electra_classifier", ElectraForSequenceClassification,
     ElectraConfig(**BERT, **THREE_LABELS, embedding_size=16), torch.float32),
    ("albert_masked", AlbertForMaskedLM, AlbertConfig(**BERT, embedding_size=6), torch.float32),
    ("albert_masked_groups_bf16", AlbertForMaskedLM,
     AlbertConfig(**BERT, embedding_size=20, num_hidden_groups=2, hidden_act="relu", layer_norm_eps=0.1,
                  type_vocab_size=1), torch.bfloat16),
    ("albert_classifier_f16", AlbertForSequenceClassification,
     AlbertConfig(**BERT, **THREE_LABELS, embedding_size=16, problem_type="multi_label_classification"), torch.float16),
    ("bert_tokens", BertForTokenClassification, BertConfig(**BERT, **THREE_LABELS), torch.float32),
    ("distilbert_tokens_f16", DistilBertForTokenClassification, DistilBertConfig(**DISTILBERT, **THREE_LABELS),
     torch.float16),
    ("roberta_tokens_bf16", RobertaForTokenClassification, RobertaConfig(**BERT, **THREE_LABELS, pad_token_id=2),
     torch.bfloat16),
    ("electra_tokens", ElectraForTokenClassification, ElectraConfig(**BERT, **THREE_LABELS, embedding_size=6), torch.float32),
    ("albert_tokens", AlbertForTokenClassification, AlbertConfig(**BERT, **THREE_LABELS, embedding_size=20), torch.float32),
    ("phi", PhiForCausalLM, PhiConfig(**LLAMA), torch.float32),
    ("opt_classifier", OPTForSequenceClassification, OPTConfig(**OPT, **THREE_LABELS), torch.float32),
    ("gpt_neo_classifier", GPTNeoForSequenceClassification, GPTNeoConfig(**GPT_NEO, **THREE_LABELS, window_size=3),
     torch.float32),
    ("gemma_classifier", GemmaForSequenceClassification,
     GemmaConfig(**LLAMA, **THREE_LABELS, num_key_value_heads=1, head_dim=6), torch.float32),
    ("gemma2_classifier", Gemma2ForSequenceClassification,
     Gemma2Config(**LLAMA, **THREE_LABELS, num_key_value_heads=2, head_dim=6, attn_logit_softcapping=0.8,
                  final_logit_softcapping=0.5, query_pre_attn_scalar=5, sliding_window=3), torch.float32),
    ("olmo_classifier", OlmoForSequenceClassification, OlmoConfig(**LLAMA, **THREE_LABELS, pad_token_id=2),
     torch.float32),
    ("olmo2_classifier", Olmo2ForSequenceClassification, Olmo2Config(**LLAMA, **THREE_LABELS, pad_token_id=2),
     torch.float32),
    ("gemma3_classifier", Gemma3TextForSequenceClassification,
     Gemma3TextConfig(**LLAMA, **THREE_LABELS, num_key_value_heads=2, head_dim=6, pad_token_id=2, sliding_window=3,
                      layer_types=GLOBAL_LAST, rope_parameters=APART), torch.float32),
    ("olmo3_classifier", Olmo3ForSequenceClassification,
     Olmo3Config(**LLAMA, **THREE_LABELS, pad_token_id=2, sliding_window=3, layer_types=GLOBAL_LAST), torch.float32),
    ("phi3_classifier", Phi3ForSequenceClassification,
     Phi3Config(**{**LLAMA, "hidden_size": 24}, **THREE_LABELS, pad_token_id=2, num_key_value_heads=2), torch.float32),
    ("stablelm_classifier", StableLmForSequenceClassification,
     StableLmConfig(**{**LLAMA, "hidden_size": 32}, **THREE_LABELS, pad_token_id=2, num_key_value_heads=2),
     torch.float32),
    ("gptj_classifier", GPTJForSequenceClassification,
     GPTJConfig(**GPT2, **THREE_LABELS, pad_token_id=2, rotary_dim=2), torch.float32),
    ("arcee_classifier", ArceeForSequenceClassification,
     ArceeConfig(**LLAMA, **THREE_LABELS, pad_token_id=2, num_key_value_heads=2), torch.float32),
    ("helium_classifier", HeliumForSequenceClassification,
     HeliumConfig(**LLAMA, **THREE_LABELS, pad_token_id=2, num_key_value_heads=2, head_dim=4), torch.float32),
    ("seed_oss_classifier", SeedOssForSequenceClassification,
     SeedOssConfig(**LLAMA, **THREE_LABELS, pad_token_id=2, num_key_value_heads=2, head_dim=6), torch.float32),
    ("ministral_classifier", MinistralForSequenceClassification,
     MinistralConfig(**LLAMA, **THREE_LABELS, pad_token_id=2, num_key_value_heads=2, head_dim=6, sliding_window=4,
                     layer_types=["sliding_attention", "full_attention"]), torch.float32),
    ("bloom_classifier", BloomForSequenceClassification, BloomConfig(**BLOOM, **THREE_LABELS), torch.float32),
    ("mpt_classifier", MptForSequenceClassification, MptConfig(**MPT, **THREE_LABELS), torch.float32),
    ("falcon_classifier", FalconForSequenceClassification, FalconConfig(**FALCON, **THREE_LABELS, pad_token_id=1),
     torch.float32),
    ("mixtral_classifier", MixtralForSequenceClassification,
     MixtralConfig(**LLAMA, **THREE_LABELS, num_key_value_heads=2, num_local_experts=4), torch.float32),
    ("qwen3_moe_classifier", Qwen3MoeForSequenceClassification,
     Qwen3MoeConfig(**LLAMA, **THREE_LABELS, num_key_value_heads=2, head_dim=6, num_experts=4, num_experts_per_tok=2,
                    moe_intermediate_size=12, mlp_only_layers=[0], norm_topk_prob=True), torch.float32),
    ("phi_classifier", PhiForSequenceClassification, PhiConfig(**LLAMA, **THREE_LABELS), torch.float32),
    ("gpt_neox_classifier", GPTNeoXForSequenceClassification,
     GPTNeoXConfig(**LLAMA, **THREE_LABELS, rotary_pct=0.5, problem_type="multi_label_classification"), torch.float32),
    ("gpt2_classifier", GPT2ForSequenceClassification, GPT2Config(**GPT2, **THREE_LABELS, pad_token_id=1), torch.float32),
    ("llama_labels_grouped_bf16", LlamaForSequenceClassification,
     LlamaConfig(**LLAMA, **THREE_LABELS, num_key_value_heads=2, head_dim=6, problem_type="multi_label_classification"),
     torch.bfloat16),
    ("mistral_labels_window_f16", MistralForSequenceClassification,
     MistralConfig(**LLAMA, **THREE_LABELS, num_key_value_heads=2, sliding_window=3), torch.float16),
    ("qwen2_classifier", Qwen2ForSequenceClassification,
     Qwen2Config(**LLAMA, **THREE_LABELS, num_key_value_heads=2, tie_word_embeddings=True), torch.float32),
    ("qwen3_classifier", Qwen3ForSequenceClassification,
     Qwen3Config(**LLAMA, **THREE_LABELS, num_key_value_heads=1, head_dim=8), torch.float32),
    ("phi_grouped_linear_tied_bf16", PhiForCausalLM,
     PhiConfig(**LLAMA, num_key_value_heads=2, head_dim=6, hidden_act="gelu", layer_norm_eps=0.1,
               rope_parameters={**LINEAR, "partial_rotary_factor": 0.7}, tie_word_embeddings=True), torch.bfloat16),
    ("phi3", Phi3ForCausalLM, Phi3Config(**{**LLAMA, "hidden_size": 24}, **NO_PADDING, num_key_value_heads=2,
                                         original_max_position_embeddings=32, rope_parameters=LONGROPE),
     torch.float32),
    ("phi3_window_partial_tied_bf16", Phi3ForCausalLM,
     Phi3Config(**LLAMA, **NO_PADDING, num_key_value_heads=1, sliding_window=3, hidden_act="gelu", rms_norm_eps=0.1,
                tie_word_embeddings=True,
                rope_parameters={"rope_type": "default", "rope_theta": 100.0, "partial_rotary_factor": 0.5}),
     torch.bfloat16),
    ("phi3_long_partial_f16", Phi3ForCausalLM,
     Phi3Config(**{**LLAMA, "hidden_size": 32}, **NO_PADDING, original_max_position_embeddings=16,
                rope_parameters={**LONGROPE, "partial_rotary_factor": 0.75, "factor": 2.0}), torch.float16),
    ("stablelm", StableLmForCausalLM,
     StableLmConfig(**{**LLAMA, "hidden_size": 32}, num_key_value_heads=2), torch.float32),
    ("stablelm_parallel_biases_bf16", StableLmForCausalLM,
     StableLmConfig(**LLAMA, num_key_value_heads=4, use_parallel_residual=True, use_qkv_bias=True, layer_norm_eps=0.1,
                    rope_parameters={**LINEAR, "partial_rotary_factor": 0.5}), torch.bfloat16),
    ("stablelm_grouped_tied_f16", StableLmForCausalLM,
     StableLmConfig(**LLAMA, num_key_value_heads=1, use_qkv_bias=True, hidden_act="gelu", tie_word_embeddings=True,
                    rope_parameters={**YARN, "partial_rotary_factor": 1.0}), torch.float16),
    ("cohere", CohereForCausalLM,
     CohereConfig(**LLAMA, **NO_PADDING, num_key_value_heads=2, logit_scale=0.3, use_qk_norm=True), torch.float32),
    ("cohere_biases_untied_bf16", CohereForCausalLM,
     CohereConfig(**LLAMA, **NO_PADDING, num_key_value_heads=1, head_dim=6, attention_bias=True,
                  tie_word_embeddings=False, hidden_act="gelu", layer_norm_eps=0.1,
                  rope_parameters={**LINEAR, "rope_theta": 50.0}), torch.bfloat16),
    ("cohere_biases_norms_f16", CohereForCausalLM,
     CohereConfig(**LLAMA, **NO_PADDING, head_dim=8, attention_bias=True, use_qk_norm=True, logit_scale=2.0,
                  rope_parameters=LLAMA3), torch.float16),
    ("gptj", GPTJForCausalLM, GPTJConfig(**GPT2, rotary_dim=2), torch.float32),
    ("gptj_whole_heads_tied_f16", GPTJForCausalLM,
     GPTJConfig(**{**GPT2, "n_embd": 32}, rotary_dim=8, n_inner=20, activation_function="relu",
                tie_word_embeddings=True), torch.float16),
    ("gptj_half_heads_bf16", GPTJForCausalLM,
     GPTJConfig(**{**GPT2, "n_embd": 32}, rotary_dim=4, layer_norm_epsilon=0.1), torch.bfloat16),
    ("granite", GraniteForCausalLM,
     GraniteConfig(**LLAMA, num_key_value_heads=2, embedding_multiplier=3.25, residual_multiplier=0.4,
                   attention_multiplier=0.8, logits_scaling=3.0), torch.float32),
    ("granite_biases_tied_bf16", GraniteForCausalLM,
     GraniteConfig(**LLAMA, num_key_value_heads=1, head_dim=6, attention_bias=True, mlp_bias=True,
                   embedding_multiplier=12.0, residual_multiplier=0.22, attention_multiplier=0.1, logits_scaling=8.0,
                   tie_word_embeddings=True), torch.bfloat16),
    ("granite_unscaled_yarn_f16", GraniteForCausalLM,
     GraniteConfig(**LLAMA, head_dim=8, hidden_act="gelu", rope_parameters=YARN, residual_multiplier=1.5),
     torch.float16),
    ("arcee", ArceeForCausalLM, ArceeConfig(**LLAMA, num_key_value_heads=2), torch.float32),
    ("arcee_biases_yarn_tied_bf16", ArceeForCausalLM,
     ArceeConfig(**LLAMA, num_key_value_heads=1, head_dim=8, attention_bias=True, mlp_bias=True, hidden_act="silu",
                 tie_word_embeddings=True, rope_parameters=YARN), torch.bfloat16),
    ("arcee_head_dim_f16", ArceeForCausalLM, ArceeConfig(**LLAMA, head_dim=6, rms_norm_eps=0.1), torch.float16),
    ("helium", HeliumForCausalLM, HeliumConfig(**LLAMA, **NO_PADDING, num_key_value_heads=2, head_dim=4),
     torch.float32),
    ("helium_biases_tied_bf16", HeliumForCausalLM,
     HeliumConfig(**{**LLAMA, "hidden_size": 32}, **NO_PADDING, num_key_value_heads=4, head_dim=8, attention_bias=True,
                  mlp_bias=True, tie_word_embeddings=True, rope_parameters=LINEAR), torch.bfloat16),
    ("helium_gelu_f16", HeliumForCausalLM,
     HeliumConfig(**{**LLAMA, "hidden_size": 24}, **NO_PADDING, num_key_value_heads=1, head_dim=6, hidden_act="gelu",
                  rms_norm_eps=0.1, rope_parameters=LLAMA3), torch.float16),
    ("seed_oss", SeedOssForCausalLM,
     SeedOssConfig(**LLAMA, **NO_PADDING, num_key_value_heads=2, head_dim=6, attention_out_bias=True), torch.float32),
    ("seed_oss_mlp_bias_tied_bf16", SeedOssForCausalLM,
     SeedOssConfig(**LLAMA, **NO_PADDING, num_key_value_heads=1, head_dim=8, mlp_bias=True, tie_word_embeddings=True,
                   rope_parameters=YARN), torch.bfloat16),
    ("seed_oss_unbiased_f16", SeedOssForCausalLM,
     SeedOssConfig(**LLAMA, **NO_PADDING, num_key_value_heads=4, head_dim=4, attention_bias=False, hidden_act="gelu"),
     torch.float16),
    ("ministral", MinistralForCausalLM,
     MinistralConfig(**LLAMA, num_key_value_heads=2, head_dim=6, sliding_window=4,
                     layer_types=["sliding_attention", "full_attention"]), torch.float32),
    ("ministral_all_windows_bf16", MinistralForCausalLM,
     MinistralConfig(**LLAMA, num_key_value_heads=1, head_dim=8, sliding_window=3, rope_parameters=YARN),
     torch.bfloat16),
    ("ministral_tied_f16", MinistralForCausalLM,
     MinistralConfig(**LLAMA, num_key_value_heads=4, head_dim=4, sliding_window=32, tie_word_embeddings=True),
     torch.float16),
    ("qwen3", Qwen3ForCausalLM, Qwen3Config(**LLAMA, num_key_value_heads=2, head_dim=6), torch.float32),
    ("qwen3_biases_linear_tied_f16", Qwen3ForCausalLM,
     Qwen3Config(**LLAMA, num_key_value_heads=1, head_dim=8, attention_bias=True, hidden_act="gelu", rms_norm_eps=0.1,
                 rope_parameters=LINEAR, tie_word_embeddings=True), torch.float16),
    ("qwen3_llama3_bf16", Qwen3ForCausalLM,
     Qwen3Config(**LLAMA, num_key_value_heads=4, head_dim=4, rope_parameters=LLAMA3), torch.bfloat16),
    ("gemma", GemmaForCausalLM, GemmaConfig(**LLAMA, num_key_value_heads=1, head_dim=6), torch.float32),
    ("gemma_biases_grouped_untied_f16", GemmaForCausalLM,
     GemmaConfig(**{**LLAMA, "hidden_size": 20}, num_key_value_heads=2, head_dim=8, attention_bias=True,
                 hidden_act="silu", rms_norm_eps=0.1, rope_parameters=LINEAR, tie_word_embeddings=False),
     torch.float16),
    ("gemma_bf16", GemmaForCausalLM,
     GemmaConfig(**{**LLAMA, "hidden_size": 20}, num_key_value_heads=4, head_dim=16, rope_parameters=LLAMA3),
     torch.bfloat16),
    ("olmo2", Olmo2ForCausalLM, Olmo2Config(**LLAMA, pad_token_id=2), torch.float32),
    ("olmo2_biases_head_dim_tied_f16", Olmo2ForCausalLM,
     Olmo2Config(**LLAMA, pad_token_id=2, num_key_value_heads=2, head_dim=6, attention_bias=True, rms_norm_eps=0.1,
                 rope_parameters=LINEAR, tie_word_embeddings=True), torch.float16),
    ("olmo2_multi_query_gelu_bf16", Olmo2ForCausalLM,
     Olmo2Config(**LLAMA, pad_token_id=2, num_key_value_heads=1, hidden_act="gelu", rope_parameters={**LLAMA3}),
     torch.bfloat16),
    ("olmo_clip", OlmoForCausalLM, OlmoConfig(**LLAMA, pad_token_id=2, clip_qkv=0.6), torch.float32),
    ("olmo_grouped_tied_bf16", OlmoForCausalLM,
     OlmoConfig(**LLAMA, pad_token_id=2, num_key_value_heads=2, head_dim=6, tie_word_embeddings=True), torch.bfloat16),
    ("olmo_clip_biases_f16", OlmoForCausalLM,
     OlmoConfig(**LLAMA, pad_token_id=2, num_key_value_heads=1, attention_bias=True, clip_qkv=1.0, hidden_act="relu",
                rope_parameters=LINEAR), torch.float16),
    ("gemma2", Gemma2ForCausalLM,
     Gemma2Config(**LLAMA, num_key_value_heads=2, head_dim=6, attn_logit_softcapping=0.8, final_logit_softcapping=2.0,
                  query_pre_attn_scalar=5, sliding_window=3), torch.float32),
    ("gemma2_biases_untied_f16", Gemma2ForCausalLM,
     Gemma2Config(**{**LLAMA, "hidden_size": 20}, num_key_value_heads=1, head_dim=8, attention_bias=True,
                  attn_logit_softcapping=1.5, final_logit_softcapping=6.0, hidden_activation="gelu",
                  rms_norm_eps=0.1, sliding_window=4, layer_types=["full_attention", "sliding_attention"],
                  rope_parameters=LINEAR, tie_word_embeddings=False),
     torch.float16),
    ("gemma3", Gemma3ForCausalLM,
     Gemma3TextConfig(**LLAMA, num_key_value_heads=2, head_dim=6, query_pre_attn_scalar=5, sliding_window=3,
                      layer_types=GLOBAL_LAST, rope_parameters=APART), torch.float32),
    ("gemma3_biases_untied_f16", Gemma3ForCausalLM,
     Gemma3TextConfig(**{**LLAMA, "hidden_size": 20}, num_key_value_heads=1, head_dim=8, attention_bias=True,
                      final_logit_softcapping=6.0, hidden_activation="gelu", rms_norm_eps=0.1, sliding_window=4,
                      layer_types=GLOBAL_FIRST, tie_word_embeddings=False), torch.float16),
    ("gemma3_wide_window_bf16", Gemma3ForCausalLM,
     Gemma3TextConfig(**{**LLAMA, "hidden_size": 20}, num_key_value_heads=4, head_dim=4, query_pre_attn_scalar=1,
                      sliding_window=64, layer_types=GLOBAL_LAST), torch.bfloat16),
    ("olmo3", Olmo3ForCausalLM,
     Olmo3Config(**LLAMA, pad_token_id=2, sliding_window=3, layer_types=GLOBAL_LAST, rope_parameters=YARN_APART),
     torch.float32),
    ("olmo3_biases_head_dim_tied_f16", Olmo3ForCausalLM,
     Olmo3Config(**LLAMA, pad_token_id=2, num_key_value_heads=2, head_dim=6, attention_bias=True, rms_norm_eps=0.1,
                 sliding_window=4, tie_word_embeddings=True), torch.float16),
    ("olmo3_multi_query_gelu_bf16", Olmo3ForCausalLM,
     Olmo3Config(**LLAMA, pad_token_id=2, num_key_value_heads=1, hidden_act="gelu", sliding_window=5,
                 layer_types=GLOBAL_FIRST, rope_parameters=APART), torch.bfloat16),
    ("gemma2_published_caps_bf16", Gemma2ForCausalLM,
     Gemma2Config(**{**LLAMA, "hidden_size": 20}, num_key_value_heads=4, head_dim=4, query_pre_attn_scalar=1,
                  sliding_window=64), torch.bfloat16),
    ("mixtral", MixtralForCausalLM, MixtralConfig(**LLAMA, num_key_value_heads=2, num_local_experts=4), torch.float32),
    ("mixtral_window_one_expert_tied_bf16", MixtralForCausalLM,
     MixtralConfig(**LLAMA, num_key_value_heads=1, head_dim=6, num_local_experts=3, num_experts_per_tok=1,
                   sliding_window=3, hidden_act="gelu", tie_word_embeddings=True), torch.bfloat16),
    ("qwen3_moe", Qwen3MoeForCausalLM,
     Qwen3MoeConfig(**LLAMA, num_key_value_heads=2, head_dim=6, num_experts=4, num_experts_per_tok=2,
                    moe_intermediate_size=12, mlp_only_layers=[0], norm_topk_prob=True), torch.float32),
    ("qwen3_moe_step_biases_f16", Qwen3MoeForCausalLM,
     Qwen3MoeConfig(**LLAMA, num_key_value_heads=4, num_experts=5, num_experts_per_tok=3, moe_intermediate_size=28,
                    decoder_sparse_step=2, attention_bias=True, rope_parameters=LINEAR), torch.float16),
    ("olmoe", OlmoeForCausalLM, OlmoeConfig(**LLAMA, num_experts=4, num_experts_per_tok=2), torch.float32),
    ("olmoe_grouped_normalised_tied_bf16", OlmoeForCausalLM,
     OlmoeConfig(**LLAMA, num_key_value_heads=2, num_experts=6, num_experts_per_tok=4, norm_topk_prob=True,
                 rms_norm_eps=0.1, tie_word_embeddings=True), torch.bfloat16),
    ("mistral_window_bf16", MistralForCausalLM,
     MistralConfig(**LLAMA, num_key_value_heads=2, head_dim=6, sliding_window=3), torch.bfloat16),
    ("qwen2_window_tied", Qwen2ForCausalLM,
     Qwen2Config(**LLAMA, num_key_value_heads=2, use_sliding_window=True, sliding_window=4, max_window_layers=1,
                 tie_word_embeddings=True), torch.float32),
    ("opt", OPTForCausalLM, OPTConfig(**OPT), torch.float32),
    ("opt_unbiased_gelu_untied_f16", OPTForCausalLM,
     OPTConfig(**OPT, enable_bias=False, activation_function="gelu", tie_word_embeddings=False), torch.float16),
    ("opt_post_norm_bf16", OPTForCausalLM, OPTConfig(**OPT, do_layer_norm_before=False), torch.bfloat16),
    ("opt_without_last_norm", OPTForCausalLM, OPTConfig(**OPT, _remove_final_layer_norm=True), torch.float32),
    ("opt_350m_bf16", OPTForCausalLM,
     OPTConfig(**{**OPT, "word_embed_proj_dim": 8}, do_layer_norm_before=False), torch.bfloat16),
    ("opt_projected_untied", OPTForCausalLM,
     OPTConfig(**{**OPT, "word_embed_proj_dim": 6}, tie_word_embeddings=False), torch.float32),
    ("gpt_neo", GPTNeoForCausalLM, GPTNeoConfig(**GPT_NEO, window_size=3), torch.float32),
    ("gpt_neo_gelu_f16", GPTNeoForCausalLM,
     GPTNeoConfig(**{**GPT_NEO, "attention_types": [[["local", "global"], 1]]}, window_size=4,
                  activation_function="gelu"), torch.float16),
    ("gpt_neo_local_untied_bf16", GPTNeoForCausalLM,
     GPTNeoConfig(**{**GPT_NEO, "attention_types": [[["local"], 2]]}, window_size=5, intermediate_size=20,
                  layer_norm_epsilon=0.1, tie_word_embeddings=False), torch.bfloat16),
    ("bloom", BloomForCausalLM, BloomConfig(**BLOOM), torch.float32),
    ("bloom_six_heads_untied_f16", BloomForCausalLM,
     BloomConfig(**{**BLOOM, "n_head": 6, "hidden_size": 18}, tie_word_embeddings=False), torch.float16),
    ("bloom_epsilon_bf16", BloomForCausalLM,
     BloomConfig(**{**BLOOM, "n_head": 5, "hidden_size": 20}, layer_norm_epsilon=0.1), torch.bfloat16),
    ("mpt", MptForCausalLM, MptConfig(**MPT), torch.float32),
    ("mpt_scale_untied_bf16", MptForCausalLM,
     MptConfig(**{**MPT, "n_heads": 6, "d_model": 18}, attn_config={"softmax_scale": 0.9}, layer_norm_epsilon=0.1,
               tie_word_embeddings=False), torch.bfloat16),
    ("mpt_seven_heads_clip_f16", MptForCausalLM,
     MptConfig(**{**MPT, "n_heads": 7, "d_model": 14}, attn_config={"clip_qkv": 0.6}), torch.float16),
    ("falcon", FalconForCausalLM, FalconConfig(**FALCON), torch.float32),
    ("falcon_heads_untied_f16", FalconForCausalLM,
     FalconConfig(**FALCON, multi_query=False, bias=True, activation="gelu_new", tie_word_embeddings=False),
     torch.float16),
    ("falcon_new_grouped_bf16", FalconForCausalLM,
     FalconConfig(**FALCON, new_decoder_architecture=True, num_kv_heads=2, ffn_hidden_size=20, layer_norm_epsilon=0.1),
     torch.bfloat16),
    ("falcon_new_one_norm_linear", FalconForCausalLM,
     FalconConfig(**FALCON, new_decoder_architecture=True, num_kv_heads=1, num_ln_in_parallel_attn=1, bias=True,
                  rope_parameters=LINEAR), torch.float32),
    ("falcon_alibi", FalconForCausalLM, FalconConfig(**FALCON, **REFINED_WEB), torch.float32),
    ("falcon_alibi_six_heads_bf16", FalconForCausalLM,
     FalconConfig(**{**FALCON, "num_attention_heads": 6, "hidden_size": 18}, alibi=True, multi_query=True,
                  parallel_attn=True, tie_word_embeddings=False), torch.bfloat16),
]

INTERVENTIONS = ["zero", "mean", "mean_position", "resample", "flip", "scale=0.5"]
SETS = [[(0, 1)], [(0, 2), (1, 0)], [(1, 3)], [(0, 0), (0, 3)], [(1, 1), (1, 2)], [(0, 0), (0, 1), (0, 2), (0, 3)]]
LENGTHS = [9, 5]
SINGLES = [[(layer, head)] for layer in range(2) for head in range(4)]
PAIRS = [[(0, 0), (0, 1)], [(0, 0), (0, 3)], [(0, 1), (0, 2)], [(0, 2), (0, 3)], [(0, 0), (1, 0)], [(0, 1), (1, 3)],
         [(0, 3), (1, 1)], [(0, 2), (1, 2)], [(1, 0), (1, 2)], [(1, 1), (1, 3)]]


def randomise(model, generator):
    """Weights that make every part of the model matter; transformers' own start near zero."""
    norm_weight = 0.0 if "Gemma" in type(model).__name__ else 1.0  # Gemma adds one
    for name, parameter in model.named_parameters():
        values = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() >= 2:
            is_embedding = any(part in name for part in ("wte", "wpe", "embed_tokens", "embed_in", "embed_positions",
                                                         "embeddings"))
            values *= 0.7 if is_embedding else 1.4 * parameter.shape[-1] ** -0.5
        elif "norm" in name.lower() or "ln_" in name:
            values = values * 0.1 + (0.0 if name.endswith("bias") else norm_weight)
        else:
            values *= 0.3
        parameter.data.copy_(values)


def round_embedding_scale(model, stored_type):
    """Gemma's, as transformers rounds it where it computes in the type of the weights."""
    embedding = model.get_input_embeddings()
    if hasattr(embedding, "embed_scale"):
        embedding.embed_scale = embedding.embed_scale.to(stored_type).to(torch.float64)


def output_projections(model):
    endings = ("attn.c_proj", "self_attn.o_proj", "attention.dense", "self_attn.dense", "attention.output.dense",
               "attention.out_lin", "attn.out_proj", "attention.out_proj")
    return [module for name, module in model.named_modules() if name.endswith(endings)]


def run(model, tokens, edit=None):
    """Logits [T, V] or [1, labels], and z [layers][T, heads * head_dim] before the edit."""
    z = []

    def hook(_, arguments):
        z.append(arguments[0][0].detach().clone())  # one more is one more layer: ALBERT's share a module
        return (edit(len(z) - 1, arguments[0][0].clone())[None],) if edit else None

    handles = [module.register_forward_pre_hook(hook) for module in output_projections(model)]
    with torch.no_grad():
        logits = model(torch.tensor([tokens])).logits[0]
    for handle in handles:
        handle.remove()
    return torch.atleast_2d(logits), z


def edit_of(intervention, heads, head_dim, means, position_means, donor):
    def edit(layer, z):
        for _, head in (pair for pair in heads if pair[0] == layer):
            columns = slice(head * head_dim, (head + 1) * head_dim)
            rows = torch.arange(z.shape[0])
            replaced = {
                "zero": lambda: 0 * z[:, columns],
                "mean": lambda: means[layer][columns].expand(z.shape[0], -1),
                "mean_position": lambda: position_means[layer][rows.clamp(max=len(position_means[layer]) - 1)][:, columns],
                "resample": lambda: donor[layer][rows.clamp(max=len(donor[layer]) - 1)][:, columns],
                "flip": lambda: -z[:, columns],
                "scale=0.5": lambda: 0.5 * z[:, columns],
            }[intervention]()
            z[:, columns] = replaced
        return z
    return edit


def average(zs):
    """Means over all rows, and by position over the sequences that reach it."""
    longest = max(len(z) for z in zs)
    by_position = torch.stack([torch.stack([z[t] for z in zs if t < len(z)]).mean(0) for t in range(longest)])
    return torch.cat(zs).mean(0), by_position


def expected(model, generator):
    config = model.config
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    first = FIRST_TOKEN if "embeddings" in dir(model.base_model) else 0
    sequences = [torch.randint(first, config.vocab_size, (length,), generator=generator).tolist()
                 for length in LENGTHS]
    clean = [run(model, tokens) for tokens in sequences]
    means, position_means = zip(*[average([z[layer] for _, z in clean]) for layer in range(config.num_hidden_layers)])
    longest = max(map(len, SETS))
    tensors = {"sets": torch.tensor([heads + [(-1, -1)] * (longest - len(heads)) for heads in SETS])}
    for i, tokens in enumerate(sequences):
        tensors[f"seq{i}"] = torch.tensor(tokens)
        tensors[f"seq{i}_clean"] = clean[i][0]
        for intervention, heads in zip(INTERVENTIONS, SETS):
            edit = edit_of(intervention, heads, head_dim, means, position_means, clean[1 - i][1])
            tensors[f"seq{i}_{intervention}"] = run(model, tokens, edit)[0]
        edits = [edit_of("zero", heads, head_dim, means, position_means, None) for heads in SINGLES + PAIRS]
        tensors[f"seq{i}_zeroed"] = torch.stack([run(model, tokens, edit)[0][-1] for edit in edits])
    tensors["zeroed"] = torch.tensor([(heads + [(-1, -1)])[:2] for heads in SINGLES + PAIRS])
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


# Cases that were drawn before seeds went by name.
PLACES = ["gpt2", "gpt2_inverse_layer", "gpt2_unscaled_relu_untied", "gpt2_silu_f16", "gpt2_epsilon_bf16", "llama",
          "llama_grouped_head_dim_tied", "llama_biases_gelu", "llama_linear_f16", "llama_llama3_bf16", "mistral", "qwen2",
          "gpt_neox", "gpt_neox_sequential_tied_f16", "gpt_neox_linear_bf16", "bert_masked", "bert_masked_relu_f16",
          "bert_classifier", "distilbert_masked", "distilbert_classifier", "roberta_masked", "roberta_classifier_bf16",
          "phi", "phi_grouped_linear_tied_bf16", "qwen3", "qwen3_biases_linear_tied_f16", "qwen3_llama3_bf16",
          "mistral_window_bf16", "qwen2_window_tied"]


def seed_of(name):
    return PLACES.index(name) if name in PLACES else zlib.crc32(name.encode())


def attention_of(config):
    """Eager, but for ALiBi in Falcon: there transformers 5.24 adds it twice, in its mask and to the scores."""
    return "sdpa" if config.model_type == "falcon" and config.alibi else "eager"


def main():
    root = pathlib.Path(__file__).with_name("engine")
    named = sys.argv[1:]
    for name, model_class, config, stored_type in CASES:
        if named and name not in named:
            continue
        generator = torch.Generator().manual_seed(seed_of(name))
        folder = root / name
        shutil.rmtree(folder, ignore_errors=True)
        model = model_class(config)
        randomise(model, generator)
        model.to(stored_type).save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        reread = model_class.from_pretrained(folder, attn_implementation=attention_of(config), experts_implementation="eager",
                                             dtype=torch.float64).eval()
        round_embedding_scale(reread, stored_type)
        save_file(expected(reread, generator), folder / "expected.safetensors")
        for path in folder.iterdir():
            path.chmod(0o644)


main()
