/* json_keys: reading the keys of a tokenizer file, with errors that name file and key. */
#ifndef HEADSWEEP_TOKENIZER_JSON_KEYS_H
#define HEADSWEEP_TOKENIZER_JSON_KEYS_H

#include "headsweep/base.h"

enum { TOKENIZER_MAX_PLACE = 160, TOKENIZER_MAX_FILE_BYTES = 1 << 28 };

/* Where in which file a value stands, e.g. {"m/tokenizer.json", "pre_tokenizer.pretokenizers[1]"}. */
typedef struct tokenizer_place {
    const char *file;
    char key[TOKENIZER_MAX_PLACE];
} tokenizer_place;

/* The place of a key, or of an element, below `place`. */
tokenizer_place hs__tokenizer_place_key(const tokenizer_place *place, const char *key);
tokenizer_place hs__tokenizer_place_index(const tokenizer_place *place, const char *key, size_t index);

/* HS_ERROR_INPUT "FILE: KEY: ...". */
hs_status hs__tokenizer_fail_at(const tokenizer_place *place, hs_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts file and key before a message that another function has recorded. */
hs_status hs__tokenizer_name_place(const tokenizer_place *place, hs_error *error);

/* True if `key` is one of the words of `known`, which blanks separate. */
bool hs__tokenizer_is_listed(const char *known, const char *key, size_t length);
/* HS_ERROR_INPUT unless `value` is an object whose keys are all among `known`, separated by blanks. */
hs_status hs__tokenizer_check_keys(const tokenizer_place *place, const hs_json_value *value, const char *known,
                                   hs_error *error);

/* Not there, or null. */
bool hs__tokenizer_is_absent(const hs_json_value *value);
/* Each reads a key of `object`; an absent key is an error unless the name says otherwise. */
hs_status hs__tokenizer_key_boolean(const tokenizer_place *place, const hs_json_value *object, const char *key,
                                    bool *out, hs_error *error);
/* Absent or null leaves *out as it is. */
hs_status hs__tokenizer_key_boolean_optional(const tokenizer_place *place, const hs_json_value *object, const char *key,
                                             bool *out, hs_error *error);
/* Zero-terminated and owned by the document; may contain zeros, hence the length. */
hs_status hs__tokenizer_key_string(const tokenizer_place *place, const hs_json_value *object, const char *key,
                                   const char **out, size_t *length_out, hs_error *error);
/* Absent or null gives NULL and 0. */
hs_status hs__tokenizer_key_string_optional(const tokenizer_place *place, const hs_json_value *object, const char *key,
                                            const char **out, size_t *length_out, hs_error *error);
/* From `least` to `most`. */
hs_status hs__tokenizer_key_integer(const tokenizer_place *place, const hs_json_value *object, const char *key,
                                    int64_t least, int64_t most, int64_t *out, hs_error *error);
/* An array; its length by hs_json_size. */
hs_status hs__tokenizer_key_array(const tokenizer_place *place, const hs_json_value *object, const char *key,
                                  const hs_json_value **out, hs_error *error);

#endif
