/* piece_model: a piece of text -> ids. A table of kinds, as for steps. */
#ifndef HEADSWEEP_TOKENIZER_PIECE_MODEL_H
#define HEADSWEEP_TOKENIZER_PIECE_MODEL_H

#include "headsweep/tokenizer.h"
#include "tokenizer/json_keys.h"
#include "tokenizer/prefixes.h"
#include "tokenizer/workspace.h"

typedef struct tokenizer_model tokenizer_model;

typedef struct tokenizer_model_kind {
    const char *type;
    const char *keys; /* besides "type" and "vocab", separated by blanks */
    const char *description;
    /* The key "vocab". */
    hs_status (*read_vocabulary)(const tokenizer_place *place, const hs_json_value *value, tokenizer_model *model,
                                 hs_error *error);
    hs_status (*read)(const tokenizer_place *place, const hs_json_value *value, tokenizer_model *model,
                      hs_error *error);
    hs_status (*encode)(const tokenizer_model *model, tokenizer_workspace *work, const char *text, size_t length,
                        hs_token_list *ids, hs_error *error);
} tokenizer_model_kind;

/* Initialise with {0} and clear in any case. */
struct tokenizer_model {
    const tokenizer_model_kind *kind;
    tokenizer_vocabulary vocabulary;
    char *unknown; /* text of the token for what is not in the vocabulary, NULL: there is none */
    int32_t unknown_id;
    /* BPE */
    tokenizer_table merges; /* (left id, right id) -> (rank, id of the two together) */
    char *prefix;           /* of every character but a word's first; NULL: none */
    char *suffix;           /* of a word's last character; NULL: none */
    bool fuse_unknown;
    bool byte_fallback;
    bool ignore_merges;
    int32_t byte_ids[256]; /* of "<0x00>" to "<0xFF>" */
    /* WordPiece, with `prefix` too */
    size_t max_word_characters; /* a longer word is unknown */
    size_t longest_token;       /* in bytes: no longer stretch of a word need be looked up */
    /* Unigram, with `byte_ids` too */
    tokenizer_prefixes tokens;
    double *scores;       /* [vocabulary.size] */
    double unknown_score; /* of a character that is in no token */
};

extern const tokenizer_model_kind HS__TOKENIZER_BPE;
extern const tokenizer_model_kind HS__TOKENIZER_UNIGRAM;
extern const tokenizer_model_kind HS__TOKENIZER_WORD_PIECE;

/* The key "model" of a tokenizer.json. */
hs_status hs__tokenizer_model_read(const char *file, const hs_json_value *root, tokenizer_model *model,
                                   hs_error *error);
void hs__tokenizer_model_clear(tokenizer_model *model);

/* An object of token: id, into the vocabulary. */
hs_status hs__tokenizer_model_read_vocabulary(const tokenizer_place *place, const hs_json_value *value,
                                              tokenizer_model *model, hs_error *error);
/* The key "unk_token": a string, null or absent. Its id is TOKENIZER_NO_ID if the vocabulary has no such token. */
hs_status hs__tokenizer_model_read_unknown(const tokenizer_place *place, const hs_json_value *value,
                                           tokenizer_model *model, hs_error *error);

/* Fills byte_ids from the vocabulary. */
void hs__tokenizer_model_find_byte_ids(tokenizer_model *model);
/* Whether each byte of the text has an id in byte_ids. */
bool hs__tokenizer_model_has_bytes(const tokenizer_model *model, const char *text, size_t length);

/* The merge "left right" of rank `rank` into a model whose vocabulary is complete. */
hs_status hs__tokenizer_bpe_add_merge_line(tokenizer_model *model, const char *line, size_t length, size_t rank,
                                           hs_error *error);

/* What WordPiece derives from vocabulary and `unknown_id`. HS_ERROR_INPUT without the unknown token. */
hs_status hs__tokenizer_word_piece_finish(tokenizer_model *model, hs_error *error);

hs_status hs__tokenizer_ids_add(hs_token_list *ids, int32_t id, hs_error *error);

#endif
