/*
 * scratch: every buffer of a forward pass, listed in one place.
 *
 * What hs_engine_memory_bytes promises and what is allocated come from the same list, and an evaluation allocates
 * nothing.
 */
#ifndef HEADSWEEP_ENGINE_SCRATCH_H
#define HEADSWEEP_ENGINE_SCRATCH_H

#include "engine/buffers.h"
#include "engine/edge.h"
#include "engine/layer.h"

struct hs_scratch_size {
    const hs_model_shape *shape;
    size_t n_rows;        /* packed rows of the larger of workload and donor sequences */
    size_t n_scored_rows; /* rows that queries read */
    size_t longest;       /* tokens of the longest sequence, donors included */
    size_t n_donor_rows;  /* 0: donor values are not kept */
    bool keeps_logits;    /* all scored rows at once, not in blocks */
};

/* Rows of activations are dense: their widths are multiples of a cache line in nearly every model. */
struct hs_scratch {
    struct hs_memory memory;
    /* Activations of all rows. */
    float *residual;         /* [n_rows, width] */
    float *attention_output; /* [n_rows, width]; changes places with residual once a layer */
    float *heads;            /* [n_rows, (n_heads + 2 n_kv_heads) * head_dim]: queries, keys, values side by side */
    float *z;                /* [n_rows, n_heads * head_dim] */
    struct hs_work work;
    /* Attention of one head and one block of rows. */
    float *pattern;          /* [HS_ATTENTION_ROWS, longest rounded up] */
    struct hs_angles angles; /* of `longest` positions */
    /* Scored rows. */
    float *logits;         /* [logits_rows, n_outputs] */
    double *log_sums;      /* [logits_rows] */
    uint32_t *greedy;      /* [logits_rows] */
    uint32_t *row_slots;   /* [n_rows]: the row's place among the scored rows, or HS_NOT_SCORED */
    uint32_t *scored_rows; /* [n_scored_rows] packed rows, ascending */
    uint8_t *statistics;   /* [n_scored_rows]: whether a query reads more of the row than single logits */
    /* Interventions. */
    struct hs_edge *edges;    /* of one ablation of any components */
    struct hs_part_run *runs; /* of the edges */
    float *donor_z;           /* [n_layers, n_donor_rows, n_heads * head_dim] */
    /* Sizes of the above. */
    size_t logits_rows;
};

enum {
    HS_UNEMBED_ROWS = 256, /* rows that are normed and unembedded at a time */
};

/* Of a pass of the model, whose shape is size->shape; device, model and options are borrowed. */
hs_status hs__engine_scratch_init(struct hs_scratch *scratch, const struct hs_scratch_size *size,
                                  const struct hs_device *device, const hs_model *model,
                                  const hs_engine_options *options, hs_error *error);
void hs__engine_scratch_clear(struct hs_scratch *scratch);
/* What hs__engine_scratch_init allocates; SIZE_MAX if that is more than any memory holds. */
size_t hs__engine_scratch_bytes(const struct hs_scratch_size *size);

#endif
