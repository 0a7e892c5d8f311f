/*
 * settings: what the files beside the tokenizer say of it. tokenizer_config.json, special_tokens_map.json and
 * added_tokens.json name tokens, which may not be in the tokenizer's own files; config.json says of what kind the model
 * is, on which it depends what transformers puts in where these files say nothing. Without a tokenizer.json that says
 * it all, tokenizer_config.json also says how a text is prepared.
 */
#ifndef HEADSWEEP_TOKENIZER_SETTINGS_H
#define HEADSWEEP_TOKENIZER_SETTINGS_H

#include "tokenizer/added.h"
#include "tokenizer/classes.h"
#include "tokenizer/json_keys.h"

/* A token as a file or a class names it. */
typedef struct tokenizer_named_token {
    char *content;               /* NULL: there is none */
    char *key;                   /* "image_token"; NULL but in tokenizer_settings.specific */
    tokenizer_added_token token; /* its flags; id TOKENIZER_NO_ID where none is said */
    tokenizer_place place;       /* in a file; file NULL: the class's own */
} tokenizer_named_token;

/* Owns the contents. */
typedef struct tokenizer_named_list {
    tokenizer_named_token *items;
    size_t n;
    size_t capacity;
} tokenizer_named_list;

enum { TOKENIZER_N_SETTINGS_FILES = 4 };

/* Initialise with {0}. */
typedef struct tokenizer_settings {
    tokenizer_named_token names[TOKENIZER_N_NAMES]; /* as the files say, else of the class */
    bool said[TOKENIZER_N_NAMES];                   /* by a file, though it be null */
    tokenizer_named_list specific;                  /* special tokens under keys of their own, such as "image_token" */
    tokenizer_named_list extras;                    /* special tokens without a key */
    tokenizer_named_list numbered; /* with ids, ascending: "added_tokens_decoder", else added_tokens.json */
    bool lists_added;              /* there is an "added_tokens_decoder" */
    char *declared;                /* "BertTokenizer", without "Fast"; NULL: not said */
    char *model_type;              /* of config.json; NULL: not said */
    char *class_name;              /* of the class that transformers takes; NULL: nothing says */
    const tokenizer_class *class;  /* its row, NULL where there is none */
    bool lowercase;
    bool handle_chinese_chars;
    bool strip_accents;
    bool add_prefix_space;
    bool add_bos;
    bool add_eos;
    bool says_inputs;                        /* there is a "model_input_names" */
    bool gives_types;                        /* which has token_type_ids */
    bool cuts_start;                         /* "truncation_side" is left */
    char *paths[TOKENIZER_N_SETTINGS_FILES]; /* the files, which the places name */
} tokenizer_settings;

/* Gives the token a copy of its text, in the place of what it had. HS_ERROR_INPUT: no text of a token. */
hs_status hs__tokenizer_named_set(tokenizer_named_token *named, const char *content, size_t length,
                                  tokenizer_added_token token, const tokenizer_place *place, hs_error *error);
void hs__tokenizer_named_clear(tokenizer_named_token *named);
hs_status hs__tokenizer_named_append(tokenizer_named_list *list, tokenizer_named_token **item_out, hs_error *error);

/* Special tokens, the usual ones first: those with a key are the first ..._n_named. Content NULL: none. */
size_t hs__tokenizer_settings_n_special(const tokenizer_settings *settings);
size_t hs__tokenizer_settings_n_named(const tokenizer_settings *settings);
const tokenizer_named_token *hs__tokenizer_settings_special(const tokenizer_settings *settings, size_t index);
/* "bos_token" */
const char *hs__tokenizer_name_key(tokenizer_name name);
void hs__tokenizer_settings_clear(tokenizer_settings *settings);

#endif
