/*
 * experts: MLPs of which a row runs the few that a router chooses (sparsely gated mixtures of experts, Shazeer et al.
 * 2017, arXiv:1701.06538; as in Mixtral, arXiv:2401.04088).
 *
 * The rows of an expert are gathered, so that it has one product a block of rows. Which they are is decided by the rows
 * themselves: two walks that compute a row's residual with other last bits can choose differently only where two
 * experts are as good as equal.
 */
#ifndef HEADSWEEP_ENGINE_EXPERTS_H
#define HEADSWEEP_ENGINE_EXPERTS_H

#include "engine/buffers.h"
#include "engine/work.h"

/*
 * out [n_rows, width] += the sum over the chosen experts of share * down(hidden(in)), in [n_rows, width], n_rows at
 * most work->block_rows. The shares are the softmax of the router's scores, over all experts or, where the model
 * normalises them, over those that are chosen. `out` is not `in`: no model has both experts and norms
 * that come after. Of two equal scores the lower expert's counts as the higher one.
 */
hs_status hs__engine_add_experts(float *out, const float *in, size_t n_rows, const hs_mixture *mixture,
                                 const hs_model_shape *shape, const struct hs_work *work, hs_error *error);

/* Floating-point operations of one row in their matrix products; see cost.h. */
double hs__engine_experts_flops(const hs_mixture *mixture);

/*
 * Lists the buffers of work->experts for blocks of `block_rows` in list [HS_EXPERT_BUFFERS]; returns how many: none
 * without experts.
 */
enum { HS_EXPERT_BUFFERS = 6 };
size_t hs__engine_list_expert_buffers(struct hs_buffer *list, struct hs_work *work, const hs_model_shape *shape,
                                      size_t block_rows);

#endif
