/*
 * named_tokens: what a file beside a tokenizer says of tokens, added to the settings. HS_ERROR_INPUT names file and
 * key.
 */
#ifndef HEADSWEEP_TOKENIZER_NAMED_TOKENS_H
#define HEADSWEEP_TOKENIZER_NAMED_TOKENS_H

#include "tokenizer/settings.h"

/* "bos_token" and its like, and special tokens under keys of their own. */
hs_status hs__tokenizer_read_names(const tokenizer_place *place, const hs_json_value *root,
                                   tokenizer_settings *settings, hs_error *error);
/* Further special tokens under `key`: a list, or an object that gives each a name of its own. */
hs_status hs__tokenizer_read_extras(const tokenizer_place *place, const hs_json_value *root, const char *key,
                                    tokenizer_settings *settings, hs_error *error);
/* Those under the newer key, or else those under the older one. */
hs_status hs__tokenizer_read_all_extras(const tokenizer_place *place, const hs_json_value *root,
                                        tokenizer_settings *settings, hs_error *error);
/* "added_tokens_decoder": tokens with ids. */
hs_status hs__tokenizer_read_decoder(const tokenizer_place *place, const hs_json_value *root,
                                     tokenizer_settings *settings, hs_error *error);
/* added_tokens.json: texts with ids. */
hs_status hs__tokenizer_read_added(const tokenizer_place *place, const hs_json_value *root,
                                   tokenizer_settings *settings, hs_error *error);

#endif
