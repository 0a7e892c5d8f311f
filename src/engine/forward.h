/*
 * forward: one pass of the whole model over packed sequences, with named sites.
 */
#ifndef HEADSWEEP_ENGINE_FORWARD_H
#define HEADSWEEP_ENGINE_FORWARD_H

#include "engine/intervention.h"
#include "engine/scratch.h"

/* What one pass reads and where it works; scratch->residual holds the last layer's output afterwards. */
struct hs_pass {
    const hs_engine *engine;
    const hs_sequences *sequences;
    struct hs_scratch *scratch;
    const struct hs_edit *edit;  /* NULL: the clean model */
    const hs_observer *observer; /* NULL: nobody reads */
    float *observed_pattern;     /* [longest, longest] if the observer reads patterns */
};

/* Fills the angles that rotary models need, [longest, rotary_dim / 2], for positions below `longest`. */
void hs_fill_angles(float *cosines, float *sines, const hs_model *model, size_t longest);
/* The embedding of a token at a position into out [width]; work [width] is for models that norm it. */
void hs_embed(float *out, float *work, const hs_model *model, int32_t token, size_t position);
/* out, in [n_rows, width]. */
void hs_apply_norm(float *out, const float *in, const hs_norm *norm, size_t n_rows, const hs_model_shape *shape);
/*
 * Query, key and value as one product where they lie side by side, as in GPT-2's c_attn: thrice as many columns a
 * call. `first`: 0 for all three, 1 for key and value. Their outputs follow each other. Returns their number.
 */
size_t hs_list_head_products(hs_linear products[3], const hs_model_layer *layer, size_t first);

/*
 * What attention or the MLP reads of a residual [n_rows, width]: its norm, in `normed`, or itself where the norms come
 * after.
 */
const float *hs_read_residual(float *normed, const float *residual, const hs_norm *norm, size_t n_rows,
                              const hs_model_shape *shape);
/*
 * All that comes between the last residual, rows [n_rows, width], and the unembedding. Returns where the result is:
 * rows or work, both of which are overwritten.
 */
const float *hs_apply_head(float *rows, float *work, size_t n_rows, const hs_model *model);

hs_status hs_forward(const struct hs_pass *pass, hs_error *error);

/* Output head and unembedding of the residual's rows rows[0 .. n_rows): logits [n_rows, n_outputs]. */
void hs_unembed(const struct hs_pass *pass, float *logits, const uint32_t *rows, size_t n_rows);

bool hs_is_observed(const struct hs_pass *pass, hs_site site);
/* Shows values [n_rows, n_columns] to the observer if it reads the site. */
hs_status hs_show(const struct hs_pass *pass, hs_site site, size_t layer, const float *values, size_t n_rows,
                  size_t n_columns, hs_error *error);

#endif
