/*
 * forward_attention: attention of one layer of the reference pass, sequence by sequence and head by head.
 */
#ifndef HEADSWEEP_ENGINE_FORWARD_ATTENTION_H
#define HEADSWEEP_ENGINE_FORWARD_ATTENTION_H

#include "engine/pass.h"

/* z [rows, n_heads * head_dim] of the pass's scratch from its heads, rotated already. Edits and shows patterns. */
hs_status hs__engine_forward_attention(const struct hs_pass *pass, size_t layer, hs_error *error);

#endif
