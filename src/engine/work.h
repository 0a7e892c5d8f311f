/* work: the room that an operation needs for one block of rows, how wide rows are, and who may give a pass up. */
#ifndef HEADSWEEP_ENGINE_WORK_H
#define HEADSWEEP_ENGINE_WORK_H

#include "engine/device.h"
#include "headsweep/engine.h"

/* Room for the experts of one block of rows; NULLs where a model has none. */
struct hs_expert_work {
    float *scores;    /* [block_rows, n_experts] */
    float *in;        /* [block_rows, width] the rows of one expert, gathered */
    float *out;       /* [block_rows, width] what it gives them */
    float *shares;    /* [block_rows, n_chosen_experts] */
    uint32_t *chosen; /* [block_rows, n_chosen_experts] */
    uint32_t *places; /* [block_rows] of one expert among `chosen` */
};

/* Room for one block of rows, small enough to stay in the cache between one operation and the next. */
struct hs_work {
    float *normed; /* [block_rows, hs_widest_row] */
    float *hidden; /* [block_rows, hs_hidden_width] */
    float *gate;   /* the same, of gated MLPs */
    struct hs_expert_work experts;
    size_t block_rows;
    /* Where all rows of the MLP's inside are kept for an observer; NULL: nobody looks. */
    float *seen_hidden; /* [n_rows, mlp_width] */
    float *seen_output; /* [n_rows, width] */
    const struct hs_device *device;
    const hs_engine_options *options; /* whose poll is asked after every product; NULL: nobody is */
};

/*
 * Asked after every matrix product of a layer, and between the small ones of attention: HS_UNFINISHED if whoever is
 * polled gives the pass up. Whatever has products returns it at once, its rows half computed.
 */
hs_status hs__engine_poll(const hs_engine_options *options, hs_error *error);

/* Columns of z, of the keys of a row (as many as of its values), and of query, key and value side by side. */
static inline size_t hs_z_width(const hs_model_shape *shape)
{
    return shape->n_heads * shape->head_dim;
}

static inline size_t hs_kv_width(const hs_model_shape *shape)
{
    return shape->n_kv_heads * shape->head_dim;
}

/* Does the rest of a layer need the residual before attention? */
static inline bool hs_keeps_before(const hs_model_shape *shape)
{
    return shape->parallel_residual || shape->norms_outputs;
}

static inline size_t hs_heads_width(const hs_model_shape *shape)
{
    return hs_z_width(shape) + 2 * hs_kv_width(shape);
}

/* Columns of the widest row outside the MLP: of the residual, or of embeddings that are projected to it. */
static inline size_t hs_widest_row(const hs_model_shape *shape)
{
    return shape->embedding_width > shape->width ? shape->embedding_width : shape->width;
}

/* Columns of the widest MLP of a layer or of an expert. */
static inline size_t hs_hidden_width(const hs_model_shape *shape)
{
    return shape->expert_width > shape->mlp_width ? shape->expert_width : shape->mlp_width;
}

#endif
