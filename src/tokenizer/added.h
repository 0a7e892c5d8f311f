/*
 * added: tokens beside the model's vocabulary, recognised in the text before anything else is done to it. Of two that
 * start at the same place the longer wins (leftmost-longest).
 */
#ifndef HEADSWEEP_TOKENIZER_ADDED_H
#define HEADSWEEP_TOKENIZER_ADDED_H

#include "tokenizer/piece_model.h"
#include "tokenizer/step.h"
#include "tokenizer/trie.h"

typedef struct tokenizer_added_token {
    int32_t id;
    bool special;
    bool single_word; /* not within a word */
    bool lstrip;      /* takes the white space on its left with it */
    bool rstrip;
    bool normalized;   /* looked for in the normalised text, by its own normalised form */
    size_t form_start; /* the form that is looked for and decoded to, in tokenizer_added.forms */
    size_t form_length;
} tokenizer_added_token;

/* Initialise with {0}. */
typedef struct tokenizer_added {
    tokenizer_vocabulary vocabulary;
    tokenizer_added_token *tokens;
    size_t n;
    size_t capacity;
    hs_text forms;
    tokenizer_table by_id; /* id -> index in tokens */
    int32_t largest_id;    /* of the tokens; 0 without any */
    size_t n_listed;       /* the first so many stand in files with their ids */
    tokenizer_trie plain;
    tokenizer_trie normalized;
} tokenizer_added;

/* The key "added_tokens" of a tokenizer.json. */
hs_status hs__tokenizer_added_read(const char *file, const hs_json_value *root, const tokenizer_model *model,
                                   const tokenizer_steps *normalizers, tokenizer_added *added, hs_error *error);
/*
 * The id that `tokenizers` gives a token: that which it has already, among the added ones or in the model; else the
 * next one.
 */
int32_t hs__tokenizer_added_id(const tokenizer_added *added, const tokenizer_model *model, const char *content,
                               size_t length);
/* Which of added->tokens it is; added->n if it is not one. */
size_t hs__tokenizer_added_index(const tokenizer_added *added, const char *content, size_t length);
/*
 * One token; fails if the id belongs to another token of the model. One that is there already takes on the new flags,
 * and remains special if it was.
 */
hs_status hs__tokenizer_added_put(tokenizer_added *added, const tokenizer_model *model,
                                  const tokenizer_steps *normalizers, const char *content, size_t length,
                                  tokenizer_added_token token, hs_error *error);
void hs__tokenizer_added_clear(tokenizer_added *added);

/* Cuts the tokens of one trie out of the pieces of text. */
hs_status hs__tokenizer_added_split(const tokenizer_added *added, const tokenizer_trie *trie, tokenizer_workspace *work,
                                    hs_error *error);
/* NULL if `id` is not an added token. `text_out` is what it decodes to, of token->form_length bytes. */
const tokenizer_added_token *hs__tokenizer_added_find(const tokenizer_added *added, int32_t id, const char **text_out);

#endif
