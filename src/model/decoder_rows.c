/* decoder_rows: rules that several tables of decoders point to. */
#include "model/decoder_rows.h"

const hs_tensor_rule hs__model_lm_head_rules[] = {UNEMBEDDING("lm_head.weight"), {0}};

const hs_window_rule hs__model_no_window_unless_given = {0};

const hs_config_constraint hs__model_llama_constraints[] = {DECODER_CONSTRAINTS, NOT_PARTIAL, {0}};
