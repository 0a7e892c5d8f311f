/*
 * json_keys: every key is read by one of these functions or refused, because one that is passed
 * over may mean other ids.
 */
#include "tokenizer/json_keys.h"

#include <inttypes.h>
#include <string.h>

tokenizer_place hs__tokenizer_place_key(const tokenizer_place *place, const char *key)
{
    tokenizer_place below = {.file = place->file};
    snprintf(below.key, sizeof below.key, "%.90s%s%.60s", place->key, place->key[0] != '\0' ? "." : "", key);
    return below;
}

tokenizer_place hs__tokenizer_place_index(const tokenizer_place *place, const char *key, size_t index)
{
    tokenizer_place below = {.file = place->file};
    snprintf(below.key, sizeof below.key, "%.90s%s%.30s[%zu]", place->key, place->key[0] != '\0' ? "." : "", key,
             index);
    return below;
}

hs_status hs__tokenizer_fail_at(const tokenizer_place *place, hs_error *error, const char *format, ...)
{
    char message[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    hs_fail(error, HS_ERROR_INPUT, "%s", message);
    return hs__tokenizer_name_place(place, error);
}

hs_status hs__tokenizer_name_place(const tokenizer_place *place, hs_error *error)
{
    if (place->key[0] == '\0')
        return hs_error_prefix(error, "%s", place->file);
    return hs_error_prefix(error, "%s: %s", place->file, place->key);
}

bool hs__tokenizer_is_listed(const char *known, const char *key, size_t length)
{
    const char *word = known;
    while (*word != '\0') {
        size_t n = strcspn(word, " ");
        if (n == length && memcmp(word, key, n) == 0)
            return true;
        word += n + strspn(word + n, " ");
    }
    return false;
}

hs_status hs__tokenizer_check_keys(const tokenizer_place *place, const hs_json_value *value, const char *known,
                                   hs_error *error)
{
    if (hs_json_kind_of(value) != HS_JSON_OBJECT)
        return hs__tokenizer_fail_at(place, error, "must be an object, is %s",
                                     hs_json_kind_name(hs_json_kind_of(value)));
    const char *key = NULL;
    size_t length = 0;
    const hs_json_value *unused = NULL;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(value, iterator, &key, &length, &unused)) != NULL)
        if (!hs__tokenizer_is_listed(known, key, length))
            return hs__tokenizer_fail_at(place, error, "unknown key \"%.80s\"; understood are: %s", key, known);
    return HS_OK;
}

static hs_status fail_kind(const tokenizer_place *place, const char *key, const hs_json_value *value,
                           const char *wanted, hs_error *error)
{
    tokenizer_place below = hs__tokenizer_place_key(place, key);
    if (value == NULL)
        return hs__tokenizer_fail_at(&below, error, "is missing; %s is needed", wanted);
    return hs__tokenizer_fail_at(&below, error, "must be %s, is %s", wanted, hs_json_kind_name(hs_json_kind_of(value)));
}

bool hs__tokenizer_is_absent(const hs_json_value *value)
{
    return value == NULL || hs_json_kind_of(value) == HS_JSON_NULL;
}

hs_status hs__tokenizer_key_boolean(const tokenizer_place *place, const hs_json_value *object, const char *key,
                                    bool *out, hs_error *error)
{
    const hs_json_value *value = hs_json_get(object, key);
    if (value == NULL || hs_json_kind_of(value) != HS_JSON_BOOLEAN)
        return fail_kind(place, key, value, "true or false", error);
    *out = hs_json_true(value);
    return HS_OK;
}

hs_status hs__tokenizer_key_boolean_optional(const tokenizer_place *place, const hs_json_value *object, const char *key,
                                             bool *out, hs_error *error)
{
    return hs__tokenizer_is_absent(hs_json_get(object, key))
               ? HS_OK
               : hs__tokenizer_key_boolean(place, object, key, out, error);
}

hs_status hs__tokenizer_key_string(const tokenizer_place *place, const hs_json_value *object, const char *key,
                                   const char **out, size_t *length_out, hs_error *error)
{
    const hs_json_value *value = hs_json_get(object, key);
    if (value == NULL || hs_json_kind_of(value) != HS_JSON_STRING)
        return fail_kind(place, key, value, "a string", error);
    *out = hs_json_string(value);
    *length_out = hs_json_size(value);
    return HS_OK;
}

hs_status hs__tokenizer_key_string_optional(const tokenizer_place *place, const hs_json_value *object, const char *key,
                                            const char **out, size_t *length_out, hs_error *error)
{
    *out = NULL;
    *length_out = 0;
    if (hs__tokenizer_is_absent(hs_json_get(object, key)))
        return HS_OK;
    return hs__tokenizer_key_string(place, object, key, out, length_out, error);
}

hs_status hs__tokenizer_key_integer(const tokenizer_place *place, const hs_json_value *object, const char *key,
                                    int64_t least, int64_t most, int64_t *out, hs_error *error)
{
    const hs_json_value *value = hs_json_get(object, key);
    if (value == NULL || !hs_json_is_integer(value))
        return fail_kind(place, key, value, "an integer", error);
    *out = hs_json_integer(value);
    if (*out >= least && *out <= most)
        return HS_OK;
    tokenizer_place below = hs__tokenizer_place_key(place, key);
    return hs__tokenizer_fail_at(&below, error, "must be between %" PRId64 " and %" PRId64 ", is %" PRId64, least, most,
                                 *out);
}

hs_status hs__tokenizer_key_array(const tokenizer_place *place, const hs_json_value *object, const char *key,
                                  const hs_json_value **out, hs_error *error)
{
    *out = hs_json_get(object, key);
    if (*out == NULL || hs_json_kind_of(*out) != HS_JSON_ARRAY)
        return fail_kind(place, key, *out, "an array", error);
    return HS_OK;
}
