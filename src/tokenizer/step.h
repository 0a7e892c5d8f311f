/*
 * step: one stage of the pipeline as the file declares it. Normalizers, pre-tokenizers and decoders are tables of
 * kinds: a type's name, the keys it may have, how they are read and what it does to the pieces of a text. A new type is
 * a new row.
 */
#ifndef HEADSWEEP_TOKENIZER_STEP_H
#define HEADSWEEP_TOKENIZER_STEP_H

#include "tokenizer/charsmap.h"
#include "tokenizer/json_keys.h"
#include "tokenizer/workspace.h"

typedef enum tok_prepend_scheme { TOK_PREPEND_ALWAYS, TOK_PREPEND_FIRST, TOK_PREPEND_NEVER } tok_prepend_scheme;

typedef struct tok_step_kind tok_step_kind;

/* What the keys say; each kind uses some of it. */
typedef struct tok_step {
    const tok_step_kind *kind;
    tok_pattern *pattern;
    tok_charsmap *charsmap;
    char *text; /* prefix, replacement, suffix or content */
    size_t text_length;
    tok_behaviour behaviour;
    tok_prepend_scheme prepend_scheme;
    bool invert;
    bool add_prefix_space;
    bool use_regex;
    bool split;
    bool strip_left;
    bool strip_right;
    bool clean_text;
    bool handle_chinese_chars;
    bool strip_accents;
    bool lowercase;
    bool cleanup;
    size_t start;
    size_t stop;
} tok_step;

struct tok_step_kind {
    const char *type;
    const char *keys; /* besides "type", separated by blanks */
    hs_status (*read)(const tok_place *place, const hs_json_value *value, tok_step *step, hs_error *error);
    hs_status (*apply)(const tok_step *step, tok_workspace *work, hs_error *error);
    int option; /* what sets this row apart from others with the same functions */
};

/* The kinds that a key of the file can have. */
typedef struct tok_step_table {
    const char *key;      /* "normalizer" */
    const char *sequence; /* the key under which a Sequence lists its steps */
    const tok_step_kind *kinds;
    size_t n_kinds;
} tok_step_table;

extern const tok_step_table HS__TOKENIZER_NORMALIZERS;
extern const tok_step_table HS__TOKENIZER_PRE_TOKENIZERS;
extern const tok_step_table HS__TOKENIZER_DECODERS;

/* Initialise with {0}. */
typedef struct tok_steps {
    tok_step *items;
    size_t n;
    size_t capacity;
} tok_steps;

/* Reads the value of table->key; null or absent means no step, a Sequence becomes its steps. */
hs_status hs__tokenizer_steps_read(const tok_step_table *table, const char *file, const hs_json_value *root,
                                   tok_steps *steps, hs_error *error);
hs_status hs__tokenizer_steps_apply(const tok_steps *steps, tok_workspace *work, hs_error *error);
/* True if a step of this type is among them. */
bool hs__tokenizer_steps_have(const tok_steps *steps, const char *type);
void hs__tokenizer_steps_clear(tok_steps *steps);

/* What the kinds' read functions share. */

hs_status hs__tokenizer_read_nothing(const tok_place *place, const hs_json_value *value, tok_step *step,
                                     hs_error *error);
/* A string key into step->text. */
hs_status hs__tokenizer_read_text(const tok_place *place, const hs_json_value *value, const char *key, tok_step *step,
                                  hs_error *error);
/* The key "pattern": {"String": ...} or {"Regex": ...}. */
hs_status hs__tokenizer_read_pattern(const tok_place *place, const hs_json_value *value, bool any_bytes, tok_step *step,
                                     hs_error *error);
/* Keys of Metaspace, which is a pre-tokenizer and a decoder. */
hs_status hs__tokenizer_read_metaspace(const tok_place *place, const hs_json_value *value, tok_step *step,
                                       hs_error *error);
/* Keys of ByteLevel, likewise. */
hs_status hs__tokenizer_read_byte_level(const tok_place *place, const hs_json_value *value, tok_step *step,
                                        hs_error *error);

/* A tok_rewrite whose `how` is a step with pattern and text. */
hs_status hs__tokenizer_rewrite_replace(const void *how, tok_workspace *work, const char *text, size_t length,
                                        bool *at_origin_inout, hs_error *error);

#endif
