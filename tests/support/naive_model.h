/*
 * The model in plain double loops, written from the description in headsweep/model.h and sharing no code with the
 * engine: what the engine's results are compared with.
 */
#ifndef HEADSWEEP_TESTS_NAIVE_MODEL_H
#define HEADSWEEP_TESTS_NAIVE_MODEL_H

#include "headsweep/model.h"

/* What a test does to one row of one head; either may be NULL. */
struct naive_edit {
    void *context;
    void (*pattern)(void *context, size_t layer, size_t head, size_t row, double *weights, size_t n_visible);
    void (*z)(void *context, size_t layer, size_t head, size_t row, double *z); /* [head_dim] */
};

/* Where not NULL, filled for every layer. */
struct naive_sites {
    double *residual_before_attention; /* [n_layers, length, width] */
    double *pattern;                   /* [n_layers, n_heads, length, length] */
    double *z;                         /* [n_layers, length, n_heads * head_dim], after the edit */
    double *attention_output;          /* [n_layers, length, width] */
    double *residual_before_mlp;       /* [n_layers, length, width] */
    double *mlp_hidden;                /* [n_layers, length, mlp_width] */
    double *mlp_output;                /* [n_layers, length, width] */
    double *residual_after_mlp;        /* [n_layers, length, width] */
};

/* logits [length, n_outputs] of one sequence; edit and sites may be NULL. */
void naive_logits(double *logits, const hs_model *model, const int32_t *tokens, size_t length,
                  const struct naive_edit *edit, const struct naive_sites *sites);

/* log sum exp of values [n]. */
double naive_log_sum(const double *values, size_t n);

#endif
