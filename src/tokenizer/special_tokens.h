/* special_tokens: tokens that are named outside the tokenizer's own files, and what stands around a text. */
#ifndef HEADSWEEP_TOKENIZER_SPECIAL_TOKENS_H
#define HEADSWEEP_TOKENIZER_SPECIAL_TOKENS_H

#include "tokenizer/pipeline.h"

/*
 * Adds the tokens of the settings as transformers does: those with ids first, then the special ones by name, each with
 * the next id if the vocabulary lacks it. What changes ids or texts by it enters tokenizer->hash. HS_ERROR_INPUT names
 * file and key: an id that transformers would not give.
 */
hs_status hs__tokenizer_special_tokens_add(const tokenizer_settings *settings, hs_tokenizer *tokenizer,
                                           hs_error *error);

/*
 * Puts special tokens around a text; TOKENIZER_N_NAMES: none. HS_ERROR_INPUT: the class's own, which the vocabulary
 * lacks.
 */
hs_status hs__tokenizer_special_tokens_frame(const tokenizer_settings *settings, tokenizer_name before,
                                             tokenizer_name behind, hs_tokenizer *tokenizer, hs_error *error);
/* Those of the class where it does not leave that to the tokenizer.json, or that has none. */
hs_status hs__tokenizer_special_tokens_frame_of_class(const tokenizer_settings *settings, hs_tokenizer *tokenizer,
                                                      hs_error *error);

#endif
