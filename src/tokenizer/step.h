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

typedef enum tokenizer_prepend_scheme {
    TOKENIZER_PREPEND_ALWAYS,
    TOKENIZER_PREPEND_FIRST,
    TOKENIZER_PREPEND_NEVER
} tokenizer_prepend_scheme;

typedef struct tokenizer_step_kind tokenizer_step_kind;

/* What the keys say; each kind uses some of it. */
typedef struct tokenizer_step {
    const tokenizer_step_kind *kind;
    tokenizer_pattern *pattern;
    tokenizer_charsmap *charsmap;
    char *text; /* prefix, replacement, suffix or content */
    size_t text_length;
    tokenizer_behaviour behaviour;
    tokenizer_prepend_scheme prepend_scheme;
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
} tokenizer_step;

struct tokenizer_step_kind {
    const char *type;
    const char *keys; /* besides "type", separated by blanks */
    hs_status (*read)(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step, hs_error *error);
    hs_status (*apply)(const tokenizer_step *step, tokenizer_workspace *work, hs_error *error);
    int option; /* what sets this row apart from others with the same functions */
};

/* The kinds that a key of the file can have. */
typedef struct tokenizer_step_table {
    const char *key;      /* "normalizer" */
    const char *sequence; /* the key under which a Sequence lists its steps */
    const tokenizer_step_kind *kinds;
    size_t n_kinds;
} tokenizer_step_table;

extern const tokenizer_step_table HS__TOKENIZER_NORMALIZERS;
extern const tokenizer_step_table HS__TOKENIZER_PRE_TOKENIZERS;
extern const tokenizer_step_table HS__TOKENIZER_DECODERS;

/* Initialise with {0}. */
typedef struct tokenizer_steps {
    tokenizer_step *items;
    size_t n;
    size_t capacity;
} tokenizer_steps;

/* Reads the value of table->key; null or absent means no step, a Sequence becomes its steps. */
hs_status hs__tokenizer_steps_read(const tokenizer_step_table *table, const char *file, const hs_json_value *root,
                                   tokenizer_steps *steps, hs_error *error);
hs_status hs__tokenizer_steps_apply(const tokenizer_steps *steps, tokenizer_workspace *work, hs_error *error);
/* True if a step of this type is among them. */
bool hs__tokenizer_steps_have(const tokenizer_steps *steps, const char *type);
void hs__tokenizer_steps_clear(tokenizer_steps *steps);

/* What the kinds' read functions share. */

hs_status hs__tokenizer_read_nothing(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                                     hs_error *error);
/* A string key into step->text. */
hs_status hs__tokenizer_read_text(const tokenizer_place *place, const hs_json_value *value, const char *key,
                                  tokenizer_step *step, hs_error *error);
/* The key "pattern": {"String": ...} or {"Regex": ...}. */
hs_status hs__tokenizer_read_pattern(const tokenizer_place *place, const hs_json_value *value, bool any_bytes,
                                     tokenizer_step *step, hs_error *error);
/* Keys of Metaspace, which is a pre-tokenizer and a decoder. */
hs_status hs__tokenizer_read_metaspace(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                                       hs_error *error);
/* Keys of ByteLevel, likewise. */
hs_status hs__tokenizer_read_byte_level(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                                        hs_error *error);

/* A tokenizer_rewrite whose `how` is a step with pattern and text. */
hs_status hs__tokenizer_rewrite_replace(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                        bool *at_origin_inout, hs_error *error);

#endif
