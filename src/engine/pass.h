/* pass: what a full pass over packed sequences reads, where it works, and how it shows what it computes. */
#ifndef HEADSWEEP_ENGINE_PASS_H
#define HEADSWEEP_ENGINE_PASS_H

#include "engine/edit.h"
#include "engine/scratch.h"

/* scratch->residual holds the last layer's output afterwards. */
struct hs_pass {
    const hs_engine *engine;
    const hs_sequences *sequences;
    struct hs_scratch *scratch;
    const struct hs_edit *edit;  /* NULL: the clean model */
    const hs_observer *observer; /* NULL: nobody reads */
    float *observed_pattern;     /* [longest, longest] if the observer reads patterns */
};

bool hs__engine_is_observed(const struct hs_pass *pass, hs_site site);
/* Shows values [n_rows, n_columns] to the observer if it reads the site. */
hs_status hs__engine_show(const struct hs_pass *pass, hs_site site, size_t layer, const float *values, size_t n_rows,
                          size_t n_columns, hs_error *error);

#endif
