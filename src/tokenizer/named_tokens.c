/*
 * named_tokens: special and added tokens as the files beside a tokenizer write them: under the
 * usual keys, under keys of their own, in lists, and with their ids.
 */
#include "tokenizer/named_tokens.h"

#include <stdlib.h>
#include <string.h>

/* AddedToken of `tokenizers`: what is not said is false, and only what is not special is normalised. */
static hs_status read_object(const tokenizer_place *place, const hs_json_value *value, bool always_special,
                             tokenizer_named_token *named, hs_error *error)
{
    const char *content = NULL;
    size_t length = 0;
    tokenizer_added_token token = {.id = TOKENIZER_NO_ID};
    HS_TRY(
        hs__tokenizer_check_keys(place, value, "__type content single_word lstrip rstrip normalized special", error));
    HS_TRY(hs__tokenizer_key_string(place, value, "content", &content, &length, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "single_word", &token.single_word, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "lstrip", &token.lstrip, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "rstrip", &token.rstrip, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "special", &token.special, error));
    token.special = token.special || always_special;
    token.normalized = !token.special;
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "normalized", &token.normalized, error));
    return hs__tokenizer_named_set(named, content, length, token, place, error);
}

/* A special token is written as its text, or as an object. */
static hs_status read_special(const tokenizer_place *place, const hs_json_value *value, tokenizer_named_token *named,
                              hs_error *error)
{
    const hs_json_kind kind = hs_json_kind_of(value);
    if (kind == HS_JSON_OBJECT)
        return read_object(place, value, true, named, error);
    if (kind != HS_JSON_STRING)
        return hs__tokenizer_fail_at(place, error, "must be a string, or an object with its \"content\", is %s",
                                     hs_json_kind_name(kind));
    return hs__tokenizer_named_set(named, hs_json_string(value), hs_json_size(value),
                                   (tokenizer_added_token){.id = TOKENIZER_NO_ID, .special = true}, place, error);
}

static size_t find_name(const char *key)
{
    size_t i = 0;
    while (i < TOKENIZER_N_NAMES && strcmp(hs__tokenizer_name_key((tokenizer_name)i), key) != 0)
        i++;
    return i;
}

static bool ends_in_token(const char *key, size_t length)
{
    static const char ending[] = "_token";
    const size_t n = sizeof ending - 1;
    return length > n && memcmp(key + length - n, ending, n) == 0;
}

/* "image_token" and the like; "add_bos_token" is a switch. */
static bool is_specific(const char *key, size_t length, const hs_json_value *value)
{
    const hs_json_kind kind = hs_json_kind_of(value);
    return ends_in_token(key, length) && (kind == HS_JSON_STRING || kind == HS_JSON_OBJECT);
}

static size_t find_specific(const tokenizer_settings *settings, const char *key)
{
    size_t i = 0;
    while (i < settings->specific.n && strcmp(settings->specific.items[i].key, key) != 0)
        i++;
    return i;
}

/*
 * A later file that has the same key replaces the token in its place, since the order of the list
 * is the order of adding.
 */
static hs_status read_specific(const tokenizer_place *place, const char *key, const hs_json_value *value,
                               tokenizer_settings *settings, hs_error *error)
{
    const size_t index = find_specific(settings, key);
    tokenizer_named_token *specific = NULL;
    if (index < settings->specific.n)
        return read_special(place, value, &settings->specific.items[index], error);
    char *copy = hs_string_copy(key, error);
    if (copy == NULL)
        return error->status;
    if (hs__tokenizer_named_append(&settings->specific, &specific, error) != HS_OK) {
        hs_free(copy);
        return error->status;
    }
    specific->key = copy;
    return read_special(place, value, specific, error);
}

/* null takes away what the class, or the file before, would give. */
static hs_status read_name(const tokenizer_place *place, const hs_json_value *value, size_t name,
                           tokenizer_settings *settings, hs_error *error)
{
    settings->said[name] = true;
    hs__tokenizer_named_clear(&settings->names[name]);
    return hs__tokenizer_is_absent(value) ? HS_OK : read_special(place, value, &settings->names[name], error);
}

static hs_status check_object(const tokenizer_place *place, const hs_json_value *value, const char *wanted,
                              hs_error *error)
{
    const hs_json_kind kind = hs_json_kind_of(value);
    return kind == HS_JSON_OBJECT
               ? HS_OK
               : hs__tokenizer_fail_at(place, error, "must be %s, is %s", wanted, hs_json_kind_name(kind));
}

/*
 * Walks the file instead of asking for keys: "image_token" and the like cannot be known, and their
 * order in the file counts.
 */
hs_status hs__tokenizer_read_names(const tokenizer_place *place, const hs_json_value *root,
                                   tokenizer_settings *settings, hs_error *error)
{
    const char *key = NULL;
    size_t length = 0;
    const hs_json_value *value = NULL;
    hs_json_iterator *iterator = NULL;
    HS_TRY(check_object(place, root, "an object", error));
    while ((iterator = hs_json_next(root, iterator, &key, &length, &value)) != NULL) {
        tokenizer_place below = hs__tokenizer_place_key(place, key);
        const size_t name = find_name(key);
        if (name < TOKENIZER_N_NAMES)
            HS_TRY(read_name(&below, value, name, settings, error));
        else if (is_specific(key, length, value))
            HS_TRY(read_specific(&below, key, value, settings, error));
    }
    return HS_OK;
}

/* An object that gives each token a name of its own. */
static hs_status read_extra_object(const tokenizer_place *place, const hs_json_value *value,
                                   tokenizer_settings *settings, hs_error *error)
{
    const char *key = NULL;
    size_t length = 0;
    const hs_json_value *below = NULL;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(value, iterator, &key, &length, &below)) != NULL) {
        tokenizer_place where = hs__tokenizer_place_key(place, key);
        HS_TRY(read_specific(&where, key, below, settings, error));
    }
    return HS_OK;
}

/* A list of tokens, or in files of some models an object that gives each a name of its own. */
hs_status hs__tokenizer_read_extras(const tokenizer_place *place, const hs_json_value *root, const char *key,
                                    tokenizer_settings *settings, hs_error *error)
{
    const hs_json_value *list = hs_json_get(root, key);
    tokenizer_place below = hs__tokenizer_place_key(place, key);
    if (hs__tokenizer_is_absent(list))
        return HS_OK;
    if (hs_json_kind_of(list) == HS_JSON_OBJECT)
        return read_extra_object(&below, list, settings, error);
    HS_TRY(hs__tokenizer_key_array(place, root, key, &list, error));
    for (size_t i = 0; i < hs_json_size(list); i++) {
        tokenizer_named_token *extra = NULL;
        tokenizer_place where = hs__tokenizer_place_index(place, key, i);
        HS_TRY(hs__tokenizer_named_append(&settings->extras, &extra, error));
        HS_TRY(read_special(&where, hs_json_at(list, i), extra, error));
    }
    return HS_OK;
}

/* A list under the newer key goes before the older one. */
hs_status hs__tokenizer_read_all_extras(const tokenizer_place *place, const hs_json_value *root,
                                        tokenizer_settings *settings, hs_error *error)
{
    HS_TRY(hs__tokenizer_read_extras(place, root, "extra_special_tokens", settings, error));
    if (settings->extras.n > 0)
        return HS_OK;
    return hs__tokenizer_read_extras(place, root, "additional_special_tokens", settings, error);
}

static int compare_ids(const void *left, const void *right)
{
    const tokenizer_named_token *a = left;
    const tokenizer_named_token *b = right;
    return (a->token.id > b->token.id) - (a->token.id < b->token.id);
}

static void sort_numbered(tokenizer_named_list *list)
{
    if (list->n > 0)
        qsort(list->items, list->n, sizeof *list->items, compare_ids);
}

static bool read_id(const char *text, int64_t *id_out)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9')
        return false;
    *id_out = strtoll(text, &end, 10);
    return *end == '\0' && *id_out < TOKENIZER_MAX_VOCABULARY;
}

/* {"400": {"content": "<|im_start|>", ...}} */
hs_status hs__tokenizer_read_decoder(const tokenizer_place *place, const hs_json_value *root,
                                     tokenizer_settings *settings, hs_error *error)
{
    const hs_json_value *list = hs_json_get(root, "added_tokens_decoder");
    tokenizer_place whole = hs__tokenizer_place_key(place, "added_tokens_decoder");
    const char *key = NULL;
    size_t length = 0;
    const hs_json_value *value = NULL;
    hs_json_iterator *iterator = NULL;
    if (list == NULL)
        return HS_OK;
    settings->lists_added = true;
    HS_TRY(check_object(&whole, list, "an object of ids", error));
    while ((iterator = hs_json_next(list, iterator, &key, &length, &value)) != NULL) {
        tokenizer_named_token *named = NULL;
        tokenizer_place below = hs__tokenizer_place_key(&whole, key);
        int64_t id = 0;
        if (!read_id(key, &id))
            return hs__tokenizer_fail_at(&below, error, "the key must be a token id, 0 to %d",
                                         TOKENIZER_MAX_VOCABULARY - 1);
        HS_TRY(hs__tokenizer_named_append(&settings->numbered, &named, error));
        HS_TRY(read_object(&below, value, false, named, error));
        named->token.id = (int32_t)id;
    }
    sort_numbered(&settings->numbered);
    return HS_OK;
}

static bool list_has(const tokenizer_named_list *list, const char *content)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i].content, content) == 0)
            return true;
    return false;
}

static bool is_named(const tokenizer_settings *settings, const char *content)
{
    for (size_t i = 0; i < TOKENIZER_N_NAMES; i++)
        if (settings->names[i].content != NULL && strcmp(settings->names[i].content, content) == 0)
            return true;
    return list_has(&settings->extras, content);
}

/* added_tokens.json: {"<|im_start|>": 400} */
hs_status hs__tokenizer_read_added(const tokenizer_place *place, const hs_json_value *root,
                                   tokenizer_settings *settings, hs_error *error)
{
    const char *key = NULL;
    size_t length = 0;
    const hs_json_value *value = NULL;
    hs_json_iterator *iterator = NULL;
    HS_TRY(check_object(place, root, "an object of ids", error));
    while ((iterator = hs_json_next(root, iterator, &key, &length, &value)) != NULL) {
        tokenizer_named_token *named = NULL;
        tokenizer_place below = hs__tokenizer_place_key(place, key);
        const bool special = is_named(settings, key);
        int64_t id = 0;
        HS_TRY(hs__tokenizer_key_integer(place, root, key, 0, TOKENIZER_MAX_VOCABULARY - 1, &id, error));
        HS_TRY(hs__tokenizer_named_append(&settings->numbered, &named, error));
        HS_TRY(hs__tokenizer_named_set(
            named, key, length, (tokenizer_added_token){.id = (int32_t)id, .special = special, .normalized = !special},
            &below, error));
    }
    sort_numbered(&settings->numbered);
    return HS_OK;
}
