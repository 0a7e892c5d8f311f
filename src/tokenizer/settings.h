/*
 * settings: what tokenizer_config.json and special_tokens_map.json say beside the tokenizer: the names of the special
 * tokens, and how the text is prepared where there is no tokenizer.json that says it all.
 */
#ifndef HEADSWEEP_TOKENIZER_SETTINGS_H
#define HEADSWEEP_TOKENIZER_SETTINGS_H

#include "tokenizer/keys.h"

typedef enum tok_name { TOK_UNK, TOK_BOS, TOK_EOS, TOK_CLS, TOK_SEP, TOK_PAD, TOK_MASK, TOK_N_NAMES } tok_name;

/* Initialise with {0}. */
typedef struct tok_settings {
    char *names[TOK_N_NAMES]; /* contents of the special tokens; NULL: not said */
    char *class;              /* "BertTokenizer", without "Fast"; NULL: not said */
    bool lowercase;
    bool handle_chinese_chars;
    bool strip_accents;
    bool add_prefix_space;
} tok_settings;

/* Both files may be absent: then everything is as in transformers' classes. HS_ERROR_INPUT names file and key. */
hs_status tok_settings_read(const char *folder, tok_settings *settings, hs_error *error);
void tok_settings_clear(tok_settings *settings);

/* The name of a token, or `otherwise`. */
const char *tok_settings_name(const tok_settings *settings, tok_name which, const char *otherwise);

#endif
