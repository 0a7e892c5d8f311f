/*
 * reference: one full pass of the model for every ablation, the plain statement of what an answer is.
 */
#ifndef HEADSWEEP_ENGINE_REFERENCE_H
#define HEADSWEEP_ENGINE_REFERENCE_H

#include "engine/forward.h"

/* Buffers of a pass over the workload's sequences, or over its donors if these are more. */
struct hs_scratch_size hs_reference_size(const hs_engine *engine, const hs_workload *workload, size_t n_scored_rows);
/* The ablation made ready for a pass; the edit borrows the scratch of `prepared`. */
hs_status hs_reference_edit(struct hs_edit *edit, const hs_engine *engine, struct hs_prepared *prepared,
                            const hs_ablation *ablation, hs_error *error);

#endif
