/*
 * generate_prefix: generation by the prefix engine.
 *
 * Prompts and ablations are taken in blocks. Prefill is an evaluation of the block's token forest under its ablation
 * tree that keeps keys and values: those of a tree node only of live rows and of layers after its own, since all before
 * are its parent's. Decoding then adds one row for each sample and token, all pairs of prompt and ablation stacked.
 *
 * New rows form a forest too: samples that agree so far are one row. A row sees the prompt's rows, whose keys and
 * values the samples share, and the rows on its way to the prompt. Ended samples have no further rows.
 */
#ifndef HEADSWEEP_ENGINE_GENERATE_PREFIX_H
#define HEADSWEEP_ENGINE_GENERATE_PREFIX_H

#include "engine/generate.h"
#include "engine/prefix.h"

/* Blocks are [n_live, 2 * n_kv_heads * head_dim]: a key and a value per row. */
struct hs_prompt_cache {
    struct hs_memory memory;
    struct hs_memory block_memory;
    float *root;         /* [n_layers] blocks of the clean model */
    float *blocks;       /* of each node's layers after its own */
    size_t *first_block; /* [n_nodes of the tree] */
    float *residual;     /* [max_ablations, n_scored, width]: where the last layer's MLP begins */
    float *before;       /* the same of those before attention, where hs_keeps_before */
    size_t block_capacity;
    size_t node_capacity;
};

/* For a prepared workload and at most max_ablations of a call; clear after a failure too. */
hs_status hs__engine_prompt_cache_init(struct hs_prompt_cache *cache, const struct hs_prefix *prefix,
                                       size_t max_ablations, hs_error *error);
void hs__engine_prompt_cache_clear(struct hs_prompt_cache *cache);
/* Room for the nodes of the tree that was built. */
hs_status hs__engine_prompt_cache_reserve(struct hs_prompt_cache *cache, const struct hs_prefix *prefix,
                                          hs_error *error);
/* What both allocate. */
size_t hs__engine_prompt_cache_bytes(const struct hs_prefix *prefix, size_t max_ablations);

/* Keeps the live rows of a node; `keys` is the first one's key in a batch's heads, followed by its value. */
void hs__engine_prompt_cache_keep(const struct hs_prefix *prefix, uint32_t node, size_t layer, const float *keys);
/* Keeps what a node that ends `ablation` has come to: residual [n_scored, width]. */
void hs__engine_prompt_cache_finish(const struct hs_prefix *prefix, uint32_t ablation, const float *residual,
                                    const float *before);
/* The block that holds under an ablation. */
const float *hs__engine_prompt_cache_find(const struct hs_prefix *prefix, uint32_t ablation, size_t layer);

enum { HS_NEW_ATTENTION_ROWS = 32 }; /* whose pattern is worked on at a time, for all heads */

/* How a call is cut, from shapes alone. */
struct hs__engine_decode_plan {
    size_t n_samples;     /* of a prompt, as far as they differ */
    size_t max_ablations; /* of a block */
    size_t max_prompts;
    size_t max_rows; /* at work at the same time */
    size_t n_rows;   /* in the whole block */
    size_t logits_rows;
    size_t longest; /* rows that a row may see */
};

/* What follows a prompt under an ablation as far as these samples agree. Rows of a step follow each other. */
struct hs_new_row {
    uint32_t parent;   /* row, or HS_NO_PARENT: the prompt's last row, which has no token of its own */
    uint32_t ablation; /* of the block */
    uint32_t slot;     /* of the prompt's last row among the scored ones */
    int32_t token;
    uint32_t first_sample; /* a range of the decoder's samples */
    uint32_t n_samples;
};

struct hs_new_sample {
    uint32_t prompt; /* of the block */
    uint32_t sample;
    int32_t token; /* the newest */
};

/* What a prompt's last row sees: runs of forest rows. */
struct hs_prompt_view {
    const struct hs_run *runs;
    size_t n_runs;
    size_t length;
    size_t sequence; /* one of the block's that end here */
};

struct hs_decoder {
    hs_engine *engine;
    const struct hs_generate_call *generation;
    struct hs__engine_decode_plan plan;
    struct hs_sampler sampler;
    struct hs_memory memory;
    struct hs_new_row *rows;       /* [plan.n_rows] */
    struct hs_new_sample *samples; /* [plan.max_rows], those at work */
    float *keys;                   /* [n_layers, plan.n_rows, 2 * n_kv_heads * head_dim] */
    float *logits;                 /* [plan.logits_rows, n_outputs] */
    float *pattern;                /* [threads, n_heads, HS_NEW_ATTENTION_ROWS, longest rounded up] */
    uint32_t *chains;              /* [plan.max_rows, max_new_tokens]: the new rows that each row sees */
    struct hs_angles angles;       /* of plan.longest positions */
    struct hs_edit *edits;         /* [plan.max_ablations] */
    uint8_t *abandoned;            /* [plan.max_ablations, plan.max_prompts]: left to the reference engine */
    /* The prompts at work. */
    struct hs_prefix *prefix;
    struct hs_prompt_view *views; /* [n_scored] */
    size_t first_prompt;
    /* The block at work. */
    size_t first_ablation;
    size_t n_ablations;
    size_t step;      /* tokens before the one that is chosen */
    size_t first_row; /* rows of the step */
    size_t end_row;
};

struct hs__engine_decode_plan hs__engine_decode_plan(const hs_model_shape *shape,
                                                     const struct hs_generate_call *generation);
hs_status hs__engine_decoder_init(struct hs_decoder *decoder, hs_engine *engine,
                                  const struct hs_generate_call *generation, hs_error *error);
void hs__engine_decoder_clear(struct hs_decoder *decoder);
size_t hs__engine_decoder_bytes(const hs_engine *engine, const struct hs_generate_call *generation);
/* Of one thread, for the rows of a group: all its heads. */
size_t hs__engine_decode_pattern_floats(const hs_model_shape *shape, const struct hs__engine_decode_plan *plan);

/* Generates for the block after its prefill, whose states the prefix's cache holds. */
hs_status hs__engine_decode_block(struct hs_decoder *decoder, hs_error *error);

/* generate_attention.c: z of the step's rows from their heads, edited. */
hs_status hs__engine_decode_attention(struct hs_decoder *decoder, size_t layer, hs_error *error);

#endif
