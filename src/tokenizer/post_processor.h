/* post_processor: the special tokens around a text. All kinds come down to ids before and ids behind. */
#ifndef HEADSWEEP_TOKENIZER_POST_PROCESSOR_H
#define HEADSWEEP_TOKENIZER_POST_PROCESSOR_H

#include "headsweep/tokenizer.h"
#include "tokenizer/keys.h"

/* Initialise with {0}. */
typedef struct tok_post_processor {
    hs_token_list before;
    hs_token_list behind;
} tok_post_processor;

/* The key "post_processor" of a tokenizer.json; null or absent adds nothing. Ids must be below `vocabulary`. */
hs_status tok_post_processor_read(const char *file, const hs_json_value *root, size_t vocabulary,
                                  tok_post_processor *processor, hs_error *error);
void tok_post_processor_clear(tok_post_processor *processor);

#endif
