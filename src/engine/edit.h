/*
 * edit: an ablation made ready for one pass, and what it does to z and to the attention pattern.
 *
 * z_h <- scale * z_h + shift. With folded value biases z_h = z'_h + b_V,h and the intervention is one of z', so b_V,h
 * comes back afterwards: zero and scale then add (1 - scale) b_V,h; means and donor values hold b_V,h already. A
 * pattern is an average of values whose weights sum to 1, so it is the same both ways.
 */
#ifndef HEADSWEEP_ENGINE_EDIT_H
#define HEADSWEEP_ENGINE_EDIT_H

#include "engine/edge.h"
#include "engine/kernels.h"
#include "headsweep/engine.h"

enum { HS_NOT_SCORED = UINT32_MAX };

/* Clean z of the donor sequences: values [n_layers, rows of sequences, n_heads * head_dim]. */
struct hs_donor_values {
    const float *values;
    hs_sequences sequences;
    const uint32_t *donors; /* the donor of each sequence of the workload */
};

struct hs_edit {
    const hs_model *model;
    const struct hs_kernels *kernels;
    hs_intervention intervention;
    hs_value_bias value_bias;
    struct hs_edge_list list;  /* what is edited, all layers; borrowed */
    const uint32_t *row_slots; /* NULL: all rows are edited; else those whose slot is not HS_NOT_SCORED */
    const hs_reference_means *means;
    struct hs_donor_values donors;
};

/* HS_ERROR_INPUT: means or donor values that the intervention needs are missing or of another shape. */
hs_status hs__engine_edit_check(const struct hs_edit *edit, hs_error *error);

/*
 * Replaces the pattern of one head, pattern [n_rows, stride], row r seeing the columns visible[r] and being row
 * packed_row + r of the workload: all of them get the same weight, or the first of them all. Does nothing unless the
 * head's pattern is edited.
 */
void hs__engine_edit_pattern(const struct hs_edit *edit, size_t layer, size_t head, float *pattern, size_t stride,
                             size_t n_rows, const struct hs_range *visible, size_t packed_row);
/* z <- scale * z + shift_scale * shift; shift NULL counts as zeros. */
struct hs_replacement {
    float scale;
    const float *shift; /* [head_dim] */
    float shift_scale;
};

/* What the edit does to z of one head in one row; not of pattern interventions. */
struct hs_replacement hs__engine_edit_replacement(const struct hs_edit *edit, size_t layer, size_t head,
                                                  size_t sequence, size_t position);
/* Edits z [n_heads * head_dim] of the edge's layer in a row at `position` of a sequence. */
void hs__engine_edit_z_row(const struct hs_edit *edit, const struct hs_edge *edge, float *z, size_t sequence,
                           size_t position);
/* Edits z [rows, n_heads * head_dim] of one layer, if it is edited there. */
void hs__engine_edit_z(const struct hs_edit *edit, size_t layer, float *z, const hs_sequences *sequences);

#endif
