/*
 * reference: one full pass of the model for every ablation, the plain statement of what an answer is.
 */
#ifndef HEADSWEEP_ENGINE_REFERENCE_H
#define HEADSWEEP_ENGINE_REFERENCE_H

#include "engine/forward.h"
#include "engine/generate.h"

/* Buffers of a pass over the workload's sequences, or over its donors if these are more. */
struct hs_scratch_size hs__engine_reference_size(const hs_engine *engine, const hs_workload *workload,
                                                 size_t n_scored_rows);
/* Clean z of the donors into the scratch. */
hs_status hs__engine_reference_donors(const hs_engine *engine, struct hs_prepared *prepared, hs_error *error);
/* The ablation made ready for a pass; the edit borrows the scratch of `prepared`. */
hs_status hs__engine_reference_edit(struct hs_edit *edit, const hs_engine *engine, struct hs_prepared *prepared,
                                    const hs_ablation *ablation, hs_error *error);
/*
 * After HS_ERROR_NUMERIC about the pass's one sequence: puts the ablation, and its first layer that is not finite,
 * before.
 */
hs_status hs__engine_reference_explain(const struct hs_pass *failed, const hs_ablation *ablation, hs_error *error);

/* generate_reference.c */
hs_status hs__engine_reference_generate(hs_engine *engine, const struct hs_generate_call *generation, hs_error *error);
hs_status hs__engine_reference_count_generation(const hs_engine *engine, const struct hs_generate_call *generation,
                                                hs_engine_cost *cost, hs_error *error);

#endif
