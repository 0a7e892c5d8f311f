/*
 * forward: one pass of the whole model over packed sequences, with named sites.
 */
#ifndef HEADSWEEP_ENGINE_FORWARD_H
#define HEADSWEEP_ENGINE_FORWARD_H

#include "engine/edit.h"
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

hs_status hs__engine_forward(const struct hs_pass *pass, hs_error *error);

/* Output head and unembedding of the residual's rows rows[0 .. n_rows): logits [n_rows, n_outputs]. */
hs_status hs__engine_unembed_rows(const struct hs_pass *pass, float *logits, const uint32_t *rows, size_t n_rows,
                                  hs_error *error);

bool hs__engine_is_observed(const struct hs_pass *pass, hs_site site);
/* Shows values [n_rows, n_columns] to the observer if it reads the site. */
hs_status hs__engine_show(const struct hs_pass *pass, hs_site site, size_t layer, const float *values, size_t n_rows,
                          size_t n_columns, hs_error *error);

#endif
