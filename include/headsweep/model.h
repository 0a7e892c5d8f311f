/*
 * model: a Hugging Face checkpoint folder -> the canonical transformer that the engine runs.
 *
 * A family is one row of a table (src/model/decoder_families.c and its like): how its config.json fields and
 * tensor names map to what is described here. The engine never sees a family, only this description.
 *
 * Outputs of a row: final_norm, head_dense, head_activation, head_norm, unembedding, of which a model has some.
 *
 * Weights are read-only. A tensor that needs no conversion (F32, suitable layout) points into the mapped file, which
 * the processes of a host share through the page cache; everything else is expanded into the arena, one block of
 * hs_model_arena_bytes() that the caller provides (so that it can be shared between processes too).
 */
#ifndef HEADSWEEP_MODEL_H
#define HEADSWEEP_MODEL_H

#include "headsweep/base.h"

typedef enum hs_norm_kind { HS_NORM_LAYER, HS_NORM_RMS } hs_norm_kind;
/* What the norms (RMS) of queries and keys, before they rotate, go over. */
typedef enum hs_query_key_norm {
    HS_QUERY_KEY_NORM_NONE,
    HS_QUERY_KEY_NORM_EACH,
    HS_QUERY_KEY_NORM_ALL,
    HS_QUERY_KEY_NORM_LAYER /* not RMS: a layer norm of each head, with weights of its own */
} hs_query_key_norm;
/* The last two are in scores: slope * (position of the key - that of the query), a slope for each head. */
typedef enum hs_position_kind {
    HS_POSITION_LEARNED,
    HS_POSITION_ROTARY,
    HS_POSITION_ALIBI,
    /* slope * position of the key, rounded to bfloat16 as Falcon does it, then multiplied by attention_scale */
    HS_POSITION_ALIBI_ROUNDED,
} hs_position_kind;
typedef enum hs_activation {
    HS_ACTIVATION_GELU,
    HS_ACTIVATION_GELU_TANH,
    HS_ACTIVATION_RELU,
    HS_ACTIVATION_SILU,
    HS_ACTIVATION_TANH,
    HS_ACTIVATION_RELU_SQUARED,
    HS_ACTIVATION_NONE, /* of head_dense where that only projects */
} hs_activation;

/* What the outputs of a row are about. */
typedef enum hs_head_kind {
    HS_HEAD_LANGUAGE_MODEL,        /* every row predicts the token after it */
    HS_HEAD_MASKED_LANGUAGE_MODEL, /* every row predicts the token at its own place */
    HS_HEAD_CLASSIFIER,            /* one row of a sequence predicts its label: hs_engine_label_row */
    HS_HEAD_TOKEN_CLASSIFIER,      /* every row predicts its own label */
} hs_head_kind;

/* The canonical description. Dimensions in elements. */
typedef struct hs_model_shape {
    size_t n_layers;
    size_t n_heads;    /* query heads per layer */
    size_t n_kv_heads; /* divides n_heads; query head h reads KV head h / (n_heads / n_kv_heads) */
    size_t head_dim;   /* from the config where it is given, never hidden / heads by default of ours */
    size_t width;      /* of the residual stream */
    size_t mlp_width;
    size_t embedding_width;  /* of embeddings before they are projected, and of what is unembedded; 0: width */
    size_t n_experts;        /* of a layer whose MLP is a mixture of experts; 0: no layer has any */
    size_t n_chosen_experts; /* that a row runs */
    size_t expert_width;     /* of the MLP that an expert is */
    bool normalises_shares;  /* the shares of the chosen experts sum to 1 */
    size_t vocabulary;       /* token ids */
    size_t n_outputs;        /* rows of the unembedding: the vocabulary, or the labels of a classifier */
    size_t n_positions;      /* longest sequence */
    size_t window; /* tokens beyond which a family that computes no windows is refused; 0: none. Others: layers */
    size_t n_token_types;  /* 0 where there are none; hs_sequences has those of a text */
    size_t first_position; /* row of position_embedding for position 0 (RoBERTa: 2); an encoder's row before is that of
                              the padding token, whose id is this row's number and which is not counted in positions */
    hs_norm_kind norm;
    double norm_epsilon;
    double head_limit; /* queries, keys and values are clipped to -limit .. limit before all else; 0: they are not */
    hs_query_key_norm query_key_norm; /* each head by itself, or all heads of a row as one vector */
    hs_position_kind position;
    bool rotates_windows_apart;      /* layers with a window have rotary frequencies of their own */
    bool positions_after_projection; /* position_embedding is as wide as the residual, and added after the projection */
    size_t rotary_dim; /* dimensions of a head that rotate; pairs (i, i + rotary_dim / 2) as Hugging Face has them */
    hs_activation activation;
    bool gated_mlp;         /* activation(gate(x)) * up(x), else activation(up(x)) */
    bool parallel_residual; /* attention and MLP both read the layer's input residual */
    bool bidirectional;     /* a row sees the whole sequence, not only what is before it (encoders) */
    bool norms_outputs;     /* residual += norm(attention), residual += norm(MLP) */
    bool post_norm;         /* residual = norm(residual + attention), then norm(residual + MLP): the norms come after */
    bool tied_unembedding;
    bool scale_by_inverse_layer; /* GPT-2 scale_attn_by_inverse_layer_idx: scores divided by layer + 1 as well */
    double embedding_scale;      /* of the token embedding as a row begins, not as it is unembedded; usually 1 */
    double residual_scale;       /* of what attention and MLP add to the residual; usually 1 */
    double logit_scale;          /* of the logits; usually 1 */
    double attention_scale;      /* scores = q . k * attention_scale; usually head_dim^-1/2 */
    double score_cap;            /* scores become cap tanh(scores / cap) before the softmax; 0: they do not */
    double logit_cap;            /* the same of logits */
    const bool *gone_heads;      /* [n_layers * n_heads] heads that the checkpoint lacks, whose weights are zeros and
                                    that are not swept; NULL: it has all. Owned by the model */
    hs_head_kind head;
    hs_activation head_activation; /* of head_dense */
    int32_t padding_token;         /* decoder that classifies: a text's last token of another kind is what counts; -1 */
    bool multi_label;              /* classifier: labels are independent (logistic of each), else softmax over them */
} hs_model_shape;

/* Are the outputs labels? Else they are tokens. */
static inline bool hs_has_labels(const hs_model_shape *shape)
{
    return shape->head == HS_HEAD_CLASSIFIER || shape->head == HS_HEAD_TOKEN_CLASSIFIER;
}

/* Columns of the tables of embeddings. */
static inline size_t hs_embedding_width(const hs_model_shape *shape)
{
    return shape->embedding_width > 0 ? shape->embedding_width : shape->width;
}

/*
 * y = scale (x W + b) with x [rows, n_in], y [rows, n_out]. `transposed` false: element (i, o) at values[i * stride +
 * o] (GPT-2's Conv1D); true: at values[o * stride + i] (torch's Linear). bias may be NULL.
 */
typedef struct hs_linear {
    const float *values;
    const float *bias;
    size_t n_in;
    size_t n_out;
    size_t stride;
    bool transposed;
    float scale; /* 1 but for the shape's residual_scale and logit_scale */
} hs_linear;

typedef struct hs_norm {
    const float *weight; /* [width], or as many as the norm goes over */
    const float *bias;   /* the same, or NULL */
} hs_norm;

/* One of several MLPs, with the model's activation. */
typedef struct hs_expert {
    hs_linear gate; /* values NULL unless gated_mlp */
    hs_linear up;   /* n_out = expert_width */
    hs_linear down;
} hs_expert;

/* MLPs of which each row runs those with the highest scores; n_experts 0: the layer has one MLP that all rows run. */
typedef struct hs_mixture {
    hs_linear router;         /* n_out = n_experts: the scores */
    const hs_expert *experts; /* [n_experts] */
    size_t n_experts;
    size_t n_chosen;
} hs_mixture;

typedef struct hs_model_layer {
    size_t window;          /* a row sees so many rows, itself the last of them; 0: all that are before it */
    hs_norm attention_norm; /* of what attention reads (weight NULL: the residual as it is); with post_norm of the
                               residual after it. So is mlp_norm */
    hs_linear query;        /* n_out = n_heads * head_dim */
    hs_linear key;          /* n_out = n_kv_heads * head_dim */
    hs_linear value;        /* the same */
    hs_norm query_norm;     /* weight [head_dim], of HS_QUERY_KEY_NORM_ALL and _LAYER [n_heads * head_dim]; or NULL */
    hs_norm key_norm;       /* the same of KV heads */
    hs_linear output;       /* n_in = n_heads * head_dim, n_out = width: reads z */
    hs_norm attention_output_norm; /* weight NULL without norms_outputs; so is mlp_output_norm */
    hs_norm mlp_norm;
    hs_linear mlp_gate; /* values NULL unless gated_mlp */
    hs_linear mlp_up;
    hs_linear mlp_down;
    hs_norm mlp_output_norm;
    hs_mixture mixture; /* instead of the three before it */
} hs_model_layer;

typedef struct hs_model {
    hs_model_shape shape;
    const char *family;        /* model_type of the config: "gpt2", "llama" */
    const char *architecture;  /* "GPT2LMHeadModel" */
    const char *weight_type;   /* "F32", "F64", "F16", "BF16" or "mixed": as stored */
    size_t n_parameters;       /* tied ones once */
    int32_t bos_token;         /* of config.json; -1 if absent or outside the vocabulary */
    int32_t eos_token;         /* the same (the first one where the file lists several) */
    const int32_t *end_tokens; /* [n_end_tokens] where generation ends: eos_token_id of generation_config.json, or of */
    size_t n_end_tokens;       /*   config.json where there is no such file, those of the vocabulary; owned here */
    const char *end_tokens_file;     /* which of the two */
    const float *token_embedding;    /* [vocabulary, width], or embedding_width where that is given; so are the next */
    const float *position_embedding; /* [first_position + n_positions, width] or NULL */
    const float *token_type_embedding; /* [n_token_types, width] or NULL */
    const float *rotary_frequencies;   /* [rotary_dim / 2] radians a position, scaling applied, or NULL */
    const float *window_frequencies;   /* the same of layers with a window; NULL unless rotates_windows_apart */
    double rotary_scale;               /* of the cosines and sines, so of a query and of a key; usually 1 */
    const float *alibi_slopes;         /* [n_heads] or NULL */
    hs_norm embedding_norm;            /* of the sum of embeddings; weight NULL where there is none */
    hs_linear embedding_projection;    /* of what comes out of that to width; values NULL where there is none */
    hs_model_layer *layers;            /* [n_layers] */
    hs_expert *experts;                /* [n_layers, n_experts] of the layers that are mixtures, or NULL */
    hs_norm final_norm;                /* weight NULL where there is none */
    hs_linear head_dense;              /* of width: pooler, pre_classifier, MLM transform; values NULL where none */
    hs_norm head_norm;                 /* after head_dense and head_activation; weight NULL where there is none */
    hs_linear unembedding;             /* n_in = width or embedding_width, n_out = n_outputs */
    const char *const *labels; /* [n_outputs] names of a classifier's labels (id2label), owned here; else NULL */
    const char *const *notes;  /* [n_notes] sentences on what was read in a way that should be known; owned here */
    size_t n_notes;
    struct hs_checkpoint *checkpoint; /* the model room's own: mapped files, arena bookkeeping */
} hs_model;

/*
 * Reads config.json and the headers of model.safetensors (or of the shards named by model.safetensors.index.json),
 * checks every tensor's presence, shape and type and fills shape, family and sizes. No weight is touched yet, but where
 * a file has two tensors for one place. Tensors are found and left out as transformers does, with a note where it would
 * warn. HS_ERROR_INPUT: unsupported architecture or option, missing or misshapen tensor, one that shows the weights to
 * be of another model, hostile header; the message names the file and the tensor or key. What is not a checkpoint
 * folder is called what it is.
 */
hs_status hs_model_open(const char *folder, hs_model **model_out, hs_error *error);
/*
 * The same for who only counts: nothing but config.json and the headers is mapped, however large the files are, and
 * two tensors for one place are compared in a few places. Matrices have their sizes, and NULL as values. Not for
 * hs_model_load, hs_model_hash, and what computes.
 */
hs_status hs_model_outline(const char *folder, hs_model **model_out, hs_error *error);
void hs_model_free(hs_model *model);

/* Bytes of converted weights that hs_model_load will place in the arena; 0 if all are used from the mapped file. */
size_t hs_model_arena_bytes(const hs_model *model);

/*
 * Binds all weights. `arena` (hs_model_arena_bytes() long, 64-byte aligned) must outlive the model. Part `part` of
 * n_parts of each tensor is written into it as far as it is converted, and checked to be finite (HS_ERROR_INPUT names
 * tensor and element); a `part` that is not below n_parts is none. The other parts were or will be filled by other
 * processes of this host from the same files.
 */
hs_status hs_model_load(hs_model *model, float *arena, size_t part, size_t n_parts, hs_error *error);

/* Hash of shape and weights as stored; reads all of the files. Equal for the same tensors however they are sharded. */
uint64_t hs_model_hash(const hs_model *model);

/* Appends the heads that the checkpoint lacks, "0.1, 2.3", or "none". */
hs_status hs_model_describe_gone_heads(const hs_model_shape *shape, hs_text *text, hs_error *error);

/* Appends lines `key = value` for `headsweep inspect`. */
hs_status hs_model_describe(const hs_model *model, hs_text *text, hs_error *error);

#endif
