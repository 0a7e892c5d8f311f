/* decoder_rows: what the rows of causal language models have in common. */
#ifndef HEADSWEEP_MODEL_DECODER_ROWS_H
#define HEADSWEEP_MODEL_DECODER_ROWS_H

#include "model/family_rows.h"

/* A language model with nothing between the last norm and the unembedding. */
extern const hs_tensor_rule hs__model_lm_head_rules[];
/* transformers generates with a window that the model's class knows nothing of: its cache obeys the key. */
extern const hs_window_rule hs__model_no_window_unless_given;
extern const hs_config_constraint hs__model_llama_constraints[];

/* clang-format off */

#define LANGUAGE_MODEL(name_, head_rules) \
    {.name = name_, .head = HS_HEAD_LANGUAGE_MODEL, .has_outputs = true, .rules = head_rules}
/* All families have it alike: the last row that is not padding, without a bias. */
#define SEQUENCE_CLASSIFIER(name_) \
    {.name = name_, .head = HS_HEAD_CLASSIFIER, .has_outputs = true, .rules = (const hs_tensor_rule[]){ \
        {"score.weight", HS_PRESENT_ALWAYS, HS_PLACE_LINEAR, IN_MODEL(unembedding), {HS_DIM_LABELS, HS_DIM_WIDTH}}, \
        {0}}}
/* AutoModelForCausalLM takes it for the language model, of which it has all if the embeddings are tied. */
#define READ_AS(name_, architecture) {.name = name_, .read_as = architecture}

/* What transformers obeys in every causal family. */
#define DECODER_CONSTRAINTS \
    {"is_causal", HS_DEMAND_TRUE, \
     "transformers would attend both ways; remove it, or set it to true, if the model predicts from what is before"}, \
    {"attention_chunk_size", HS_DEMAND_COVERS_POSITIONS, "attention in chunks is not supported"}, \
    {"kv_sharing_modes", HS_DEMAND_EMPTY, "layers that share keys and values are not supported"}, \
    {"is_encoder_decoder", HS_DEMAND_FALSE, "encoder-decoder models are not supported"}
#define NOT_PARTIAL \
    {"partial_rotary_factor", HS_DEMAND_ONE, "rotation of a part of each head is not part of this family"}

/* What Llama and its relatives have in common: sizes, tensors and shape. */
#define LLAMA_SIZES \
    SIZE_REQUIRED("num_hidden_layers", shape.n_layers, HS_MAX_LAYERS), \
    SIZE_REQUIRED("num_attention_heads", shape.n_heads, HS_MAX_HEADS), \
    SIZE("head_dim", shape.head_dim, HS_MAX_HEAD_DIM), \
    SIZE_REQUIRED("hidden_size", shape.width, HS_MAX_WIDTH), \
    SIZE_REQUIRED("intermediate_size", shape.mlp_width, HS_MAX_MLP_WIDTH), \
    SIZE_REQUIRED("max_position_embeddings", shape.n_positions, HS_MAX_POSITIONS), \
    SIZE_REQUIRED("vocab_size", shape.vocabulary, HS_MAX_VOCABULARY), \
    REAL("rope_theta", rope.theta, HS_MIN_ROPE_THETA, HS_MAX_ROPE_THETA), \
    FLAG("tie_word_embeddings", shape.tied_unembedding)
#define LLAMA_FIELDS LLAMA_SIZES, REAL("rms_norm_eps", shape.norm_epsilon, 0.0, 1.0), ACTIVATION("hidden_act")
#define LLAMA_BIASES FLAG("attention_bias", query_key_value_bias), FLAG("attention_bias", output_bias)

#define LLAMA_LAYER "{base}layers.{layer}."
#define NORM_WEIGHT(name, member) VECTOR(name ".weight", IN_LAYER(member.weight), HS_DIM_WIDTH)
#define LLAMA_VALUE_OUTPUT \
    LINEAR(LLAMA_LAYER "self_attn.v_proj", value, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_WITH_QKV_BIAS), \
    LINEAR(LLAMA_LAYER "self_attn.o_proj", output, HS_DIM_QUERY, HS_DIM_WIDTH, HS_PRESENT_WITH_OUTPUT_BIAS)
#define LLAMA_ATTENTION \
    LINEAR(LLAMA_LAYER "self_attn.q_proj", query, HS_DIM_WIDTH, HS_DIM_QUERY, HS_PRESENT_WITH_QKV_BIAS), \
    LINEAR(LLAMA_LAYER "self_attn.k_proj", key, HS_DIM_WIDTH, HS_DIM_KV, HS_PRESENT_WITH_QKV_BIAS), \
    LLAMA_VALUE_OUTPUT
/* The same where dimensions (2 i, 2 i + 1) of a head rotate together. */
#define LLAMA_PAIRED_ATTENTION \
    PAIRED(LLAMA_LAYER "self_attn.q_proj", query, HS_DIM_QUERY, HS_PRESENT_WITH_QKV_BIAS), \
    PAIRED(LLAMA_LAYER "self_attn.k_proj", key, HS_DIM_KV, HS_PRESENT_WITH_QKV_BIAS), \
    LLAMA_VALUE_OUTPUT
#define LLAMA_UP_DOWN \
    LINEAR(LLAMA_LAYER "mlp.up_proj", mlp_up, HS_DIM_WIDTH, HS_DIM_MLP, HS_PRESENT_WITH_MLP_BIAS), \
    LINEAR(LLAMA_LAYER "mlp.down_proj", mlp_down, HS_DIM_MLP, HS_DIM_WIDTH, HS_PRESENT_WITH_MLP_BIAS)
#define LLAMA_MLP \
    LINEAR(LLAMA_LAYER "mlp.gate_proj", mlp_gate, HS_DIM_WIDTH, HS_DIM_MLP, HS_PRESENT_WITH_MLP_BIAS), \
    LLAMA_UP_DOWN
#define LLAMA_PROJECTIONS LLAMA_ATTENTION, LLAMA_MLP
#define LLAMA_EMBEDDING_AND_NORMS \
    TABLE("{base}embed_tokens.weight", token_embedding, HS_DIM_VOCABULARY), \
    NORM_WEIGHT(LLAMA_LAYER "input_layernorm", attention_norm), \
    NORM_WEIGHT(LLAMA_LAYER "post_attention_layernorm", mlp_norm), \
    VECTOR("{base}norm.weight", IN_MODEL(final_norm.weight), HS_DIM_WIDTH)
#define LLAMA_RULES LLAMA_EMBEDDING_AND_NORMS, LLAMA_PROJECTIONS

#define LLAMA_SHAPE(epsilon, activation_) \
    .norm_epsilon = epsilon, .position = HS_POSITION_ROTARY, .activation = activation_, .gated_mlp = true
/* `base` counts where the configuration gives none. */
#define LLAMA_ROTATION_BY(base) \
    .scale_attention = true, .rotary_share = 1.0, .rope = {.kind = HS_ROPE_DEFAULT, .theta = base, .factor = 1.0}
#define LLAMA_ROTATION LLAMA_ROTATION_BY(10000.0)
/* What follows the activation goes into the shape. */
#define LLAMA_PRESET(epsilon, activation_, ...) \
    .shape = {.norm = HS_NORM_RMS, LLAMA_SHAPE(epsilon, activation_), __VA_ARGS__}, LLAMA_ROTATION

/* clang-format on */

#endif
