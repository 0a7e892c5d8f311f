/*
 * settings: reads four files in the order in which transformers lets one replace what another
 * says, null included; then the class fills in what nobody said.
 */
#include "tokenizer/settings.h"


#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const NAME_KEYS[TOK_N_NAMES] = {
    [TOK_BOS] = "bos_token", [TOK_EOS] = "eos_token", [TOK_UNK] = "unk_token",  [TOK_SEP] = "sep_token",
    [TOK_PAD] = "pad_token", [TOK_CLS] = "cls_token", [TOK_MASK] = "mask_token"};

const char *hs__tokenizer_name_key(tok_name name)
{
    return NAME_KEYS[name];
}

/* Tokens as they are written. */

static void clear_token(tok_named_token *named)
{
    hs_free(named->content);
    named->content = NULL;
}

static hs_status set_token(tok_named_token *named, const char *content, size_t length, tok_added_token token,
                           const tok_place *place, hs_error *error)
{
    clear_token(named);
    if (length == 0 || strlen(content) != length)
        return hs__tokenizer_fail_at(place, error, "must be a text of a token, is %s",
                                     length == 0 ? "empty" : "a text with a zero character");
    named->content = hs_string_copy_n(content, length, error);
    named->token = token;
    named->place = *place;
    return named->content != NULL ? HS_OK : error->status;
}

/* AddedToken of `tokenizers`: what is not said is false, and only what is not special is normalised. */
static hs_status read_object(const tok_place *place, const hs_json_value *value, bool always_special,
                             tok_named_token *named, hs_error *error)
{
    const char *content = NULL;
    size_t length = 0;
    tok_added_token token = {.id = TOK_NO_ID};
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
    return set_token(named, content, length, token, place, error);
}

/* A special token is written as its text, or as an object. */
static hs_status read_special(const tok_place *place, const hs_json_value *value, tok_named_token *named,
                              hs_error *error)
{
    const hs_json_kind kind = hs_json_kind_of(value);
    if (kind == HS_JSON_OBJECT)
        return read_object(place, value, true, named, error);
    if (kind != HS_JSON_STRING)
        return hs__tokenizer_fail_at(place, error, "must be a string, or an object with its \"content\", is %s",
                                     hs_json_kind_name(kind));
    return set_token(named, hs_json_string(value), hs_json_size(value),
                     (tok_added_token){.id = TOK_NO_ID, .special = true}, place, error);
}

static hs_status append(tok_named_list *list, tok_named_token **item_out, hs_error *error)
{
    HS_TRY(hs_reserve(&list->items, &list->capacity, list->n + 1, sizeof *list->items, "special tokens", error));
    *item_out = &list->items[list->n++];
    **item_out = (tok_named_token){0};
    return HS_OK;
}

/* Special tokens. */

static size_t find_name(const char *key)
{
    size_t i = 0;
    while (i < TOK_N_NAMES && strcmp(NAME_KEYS[i], key) != 0)
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

static size_t find_specific(const tok_settings *settings, const char *key)
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
static hs_status read_specific(const tok_place *place, const char *key, const hs_json_value *value,
                               tok_settings *settings, hs_error *error)
{
    const size_t index = find_specific(settings, key);
    tok_named_token *specific = NULL;
    if (index < settings->specific.n)
        return read_special(place, value, &settings->specific.items[index], error);
    char *copy = hs_string_copy(key, error);
    if (copy == NULL)
        return error->status;
    if (append(&settings->specific, &specific, error) != HS_OK) {
        hs_free(copy);
        return error->status;
    }
    specific->key = copy;
    return read_special(place, value, specific, error);
}

/* null takes away what the class, or the file before, would give. */
static hs_status read_name(const tok_place *place, const hs_json_value *value, size_t name, tok_settings *settings,
                           hs_error *error)
{
    settings->said[name] = true;
    clear_token(&settings->names[name]);
    return hs__tokenizer_is_absent(value) ? HS_OK : read_special(place, value, &settings->names[name], error);
}

/*
 * Walks the file instead of asking for keys: "image_token" and the like cannot be known, and their
 * order in the file counts.
 */
static hs_status read_names(const tok_place *place, const hs_json_value *root, tok_settings *settings, hs_error *error)
{
    const char *key = NULL;
    size_t length = 0;
    const hs_json_value *value = NULL;
    hs_json_iterator *iterator = NULL;
    if (hs_json_kind_of(root) != HS_JSON_OBJECT)
        return hs__tokenizer_fail_at(place, error, "must be an object, is %s",
                                     hs_json_kind_name(hs_json_kind_of(root)));
    while ((iterator = hs_json_next(root, iterator, &key, &length, &value)) != NULL) {
        tok_place below = hs__tokenizer_place_key(place, key);
        const size_t name = find_name(key);
        if (name < TOK_N_NAMES)
            HS_TRY(read_name(&below, value, name, settings, error));
        else if (is_specific(key, length, value))
            HS_TRY(read_specific(&below, key, value, settings, error));
    }
    return HS_OK;
}

/* Names of their own. */
static hs_status read_extra_object(const tok_place *place, const hs_json_value *value, tok_settings *settings,
                                   hs_error *error)
{
    const char *key = NULL;
    size_t length = 0;
    const hs_json_value *below = NULL;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(value, iterator, &key, &length, &below)) != NULL) {
        tok_place where = hs__tokenizer_place_key(place, key);
        HS_TRY(read_specific(&where, key, below, settings, error));
    }
    return HS_OK;
}

/* A list of tokens, or in files of some models an object that gives each a name of its own. */
static hs_status read_extras(const tok_place *place, const hs_json_value *root, const char *key, tok_settings *settings,
                             hs_error *error)
{
    const hs_json_value *list = hs_json_get(root, key);
    tok_place below = hs__tokenizer_place_key(place, key);
    if (hs__tokenizer_is_absent(list))
        return HS_OK;
    if (hs_json_kind_of(list) == HS_JSON_OBJECT)
        return read_extra_object(&below, list, settings, error);
    HS_TRY(hs__tokenizer_key_array(place, root, key, &list, error));
    for (size_t i = 0; i < hs_json_size(list); i++) {
        tok_named_token *extra = NULL;
        tok_place where = hs__tokenizer_place_index(place, key, i);
        HS_TRY(append(&settings->extras, &extra, error));
        HS_TRY(read_special(&where, hs_json_at(list, i), extra, error));
    }
    return HS_OK;
}

/* A list under the newer key goes before the older one. */
static hs_status read_all_extras(const tok_place *place, const hs_json_value *root, tok_settings *settings,
                                 hs_error *error)
{
    HS_TRY(read_extras(place, root, "extra_special_tokens", settings, error));
    if (settings->extras.n > 0)
        return HS_OK;
    return read_extras(place, root, "additional_special_tokens", settings, error);
}

/* Tokens with ids. */

static int compare_ids(const void *left, const void *right)
{
    const tok_named_token *a = left;
    const tok_named_token *b = right;
    return (a->token.id > b->token.id) - (a->token.id < b->token.id);
}

static void sort_numbered(tok_named_list *list)
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
    return *end == '\0' && *id_out < TOK_MAX_VOCABULARY;
}

/* {"400": {"content": "<|im_start|>", ...}} */
static hs_status read_decoder(const tok_place *place, const hs_json_value *root, tok_settings *settings,
                              hs_error *error)
{
    const hs_json_value *list = hs_json_get(root, "added_tokens_decoder");
    tok_place whole = hs__tokenizer_place_key(place, "added_tokens_decoder");
    const char *key = NULL;
    size_t length = 0;
    const hs_json_value *value = NULL;
    hs_json_iterator *iterator = NULL;
    if (list == NULL)
        return HS_OK;
    settings->lists_added = true;
    if (hs_json_kind_of(list) != HS_JSON_OBJECT)
        return hs__tokenizer_fail_at(&whole, error, "must be an object of ids, is %s",
                                     hs_json_kind_name(hs_json_kind_of(list)));
    while ((iterator = hs_json_next(list, iterator, &key, &length, &value)) != NULL) {
        tok_named_token *named = NULL;
        tok_place below = hs__tokenizer_place_key(&whole, key);
        int64_t id = 0;
        if (!read_id(key, &id))
            return hs__tokenizer_fail_at(&below, error, "the key must be a token id, 0 to %d", TOK_MAX_VOCABULARY - 1);
        HS_TRY(append(&settings->numbered, &named, error));
        HS_TRY(read_object(&below, value, false, named, error));
        named->token.id = (int32_t)id;
    }
    sort_numbered(&settings->numbered);
    return HS_OK;
}

static bool list_has(const tok_named_list *list, const char *content)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i].content, content) == 0)
            return true;
    return false;
}

static bool is_named(const tok_settings *settings, const char *content)
{
    for (size_t i = 0; i < TOK_N_NAMES; i++)
        if (settings->names[i].content != NULL && strcmp(settings->names[i].content, content) == 0)
            return true;
    return list_has(&settings->extras, content);
}

/* added_tokens.json: {"<|im_start|>": 400} */
static hs_status read_added(const tok_place *place, const hs_json_value *root, tok_settings *settings, hs_error *error)
{
    const char *key = NULL;
    size_t length = 0;
    const hs_json_value *value = NULL;
    hs_json_iterator *iterator = NULL;
    if (hs_json_kind_of(root) != HS_JSON_OBJECT)
        return hs__tokenizer_fail_at(place, error, "must be an object of ids, is %s",
                                     hs_json_kind_name(hs_json_kind_of(root)));
    while ((iterator = hs_json_next(root, iterator, &key, &length, &value)) != NULL) {
        tok_named_token *named = NULL;
        tok_place below = hs__tokenizer_place_key(place, key);
        const bool special = is_named(settings, key);
        int64_t id = 0;
        HS_TRY(hs__tokenizer_key_integer(place, root, key, 0, TOK_MAX_VOCABULARY - 1, &id, error));
        HS_TRY(append(&settings->numbered, &named, error));
        HS_TRY(set_token(named, key, length,
                         (tok_added_token){.id = (int32_t)id, .special = special, .normalized = !special}, &below,
                         error));
    }
    sort_numbered(&settings->numbered);
    return HS_OK;
}

/* Files. */

static hs_status copy_class(const tok_place *place, const hs_json_value *root, tok_settings *settings, hs_error *error)
{
    const char *class = NULL;
    size_t length = 0;
    HS_TRY(hs__tokenizer_key_string_optional(place, root, "tokenizer_class", &class, &length, error));
    if (class == NULL || settings->declared != NULL)
        return HS_OK;
    if (length > 4 && strcmp(class + length - 4, "Fast") == 0)
        length -= 4;
    settings->declared = hs_string_copy_n(class, length, error);
    return settings->declared != NULL ? HS_OK : error->status;
}

/*
 * A class that comes as code with the checkpoint is what transformers would run. It is never run here, and its files
 * need not mean what they seem to; a class of transformers' own goes before such code there too.
 */
static hs_status refuse_own_code(const tok_place *place, const hs_json_value *root, const tok_settings *settings,
                                 hs_error *error)
{
    static const char generic[] = "PreTrainedTokenizer TokenizersBackend";
    const char *name = settings->declared;
    if (hs_json_get(hs_json_get(root, "auto_map"), "AutoTokenizer") == NULL ||
        (name != NULL &&
         (hs__tokenizer_class_find(name) != NULL || hs__tokenizer_is_listed(generic, name, strlen(name)))))
        return HS_OK;
    return hs__tokenizer_fail_at(
        place, error,
        "auto_map: the tokenizer is code that comes with the checkpoint, which is not run; give "
        "token ids in the evaluation set");
}

/* Whether the model gets token types, and which end of a text is cut. */
static hs_status read_call(const tok_place *place, const hs_json_value *root, tok_settings *settings, hs_error *error)
{
    const hs_json_value *inputs = hs_json_get(root, "model_input_names");
    const char *side = NULL;
    size_t length = 0;
    HS_TRY(hs__tokenizer_key_string_optional(place, root, "truncation_side", &side, &length, error));
    settings->cuts_start = side != NULL && strcmp(side, "left") == 0;
    settings->says_inputs = hs_json_kind_of(inputs) == HS_JSON_ARRAY;
    for (size_t i = 0; settings->says_inputs && i < hs_json_size(inputs); i++) {
        const char *name = hs_json_string(hs_json_at(inputs, i));
        settings->gives_types = settings->gives_types || (name != NULL && strcmp(name, "token_type_ids") == 0);
    }
    return HS_OK;
}

/* strip_accents is what do_lower_case is where it is not said, and is therefore read after it. */
static hs_status read_config(const tok_place *place, const hs_json_value *root, tok_settings *settings, hs_error *error)
{
    HS_TRY(read_names(place, root, settings, error));
    HS_TRY(read_all_extras(place, root, settings, error));
    HS_TRY(read_decoder(place, root, settings, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, root, "do_lower_case", &settings->lowercase, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, root, "tokenize_chinese_chars", &settings->handle_chinese_chars,
                                              error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, root, "add_prefix_space", &settings->add_prefix_space, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, root, "add_bos_token", &settings->add_bos, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, root, "add_eos_token", &settings->add_eos, error));
    HS_TRY(read_call(place, root, settings, error));
    settings->strip_accents = settings->lowercase;
    HS_TRY(hs__tokenizer_key_boolean_optional(place, root, "strip_accents", &settings->strip_accents, error));
    HS_TRY(copy_class(place, root, settings, error));
    return refuse_own_code(place, root, settings, error);
}

/* It goes before tokenizer_config.json, but in the list of further tokens. */
static hs_status read_map(const tok_place *place, const hs_json_value *root, tok_settings *settings, hs_error *error)
{
    const bool has_extras = settings->extras.n > 0;
    HS_TRY(read_names(place, root, settings, error));
    HS_TRY(read_extras(place, root, "extra_special_tokens", settings, error));
    return has_extras ? HS_OK : read_extras(place, root, "additional_special_tokens", settings, error);
}

static hs_status read_model_type(const tok_place *place, const hs_json_value *root, tok_settings *settings,
                                 hs_error *error)
{
    const char *type = NULL;
    size_t length = 0;
    HS_TRY(hs__tokenizer_key_string_optional(place, root, "model_type", &type, &length, error));
    settings->model_type = type != NULL ? hs_string_copy_n(type, length, error) : NULL;
    if (type != NULL && settings->model_type == NULL)
        return error->status;
    return copy_class(place, root, settings, error);
}

/* The files in the order in which they are read. */
static const struct settings_file {
    const char *name;
    hs_status (*read)(const tok_place *, const hs_json_value *, tok_settings *, hs_error *);
    bool replaced; /* by an "added_tokens_decoder" */
} FILES[TOK_N_SETTINGS_FILES] = {{"tokenizer_config.json", read_config, false},
                                 {"special_tokens_map.json", read_map, true},
                                 {"added_tokens.json", read_added, true},
                                 {"config.json", read_model_type, false}};

/*
 * A missing file says nothing. Some are passed over where tokenizer_config.json lists the added
 * tokens with their ids, as transformers does.
 */
static hs_status read_file(const char *folder, size_t index, tok_settings *settings, hs_error *error)
{
    hs_json *json = NULL;
    hs_status status = HS_OK;
    char *path = settings->paths[index] = hs_path_join(folder, FILES[index].name, error);
    if (path == NULL)
        return error->status;
    tok_place place = {.file = path};
    if (!hs_path_exists(path) || (FILES[index].replaced && settings->lists_added))
        return HS_OK;
    HS_GOTO_DONE(hs_json_read(path, TOK_MAX_FILE_BYTES, &json, error));
    status = FILES[index].read(&place, hs_json_root(json), settings, error);
done:
    hs_json_free(json);
    return status;
}

/* Class. */

static hs_status speaks_of_byte_level(const char *tokenizer_json, bool *speaks_out, hs_error *error)
{
    static const char word[] = "\"ByteLevel\"";
    char *bytes = NULL;
    size_t n_bytes = 0;
    HS_TRY(hs_file_read(tokenizer_json, TOK_MAX_FILE_BYTES, &bytes, &n_bytes, error));
    *speaks_out = false;
    for (const char *at = bytes; !*speaks_out && (at = memchr(at, '"', n_bytes - (size_t)(at - bytes))) != NULL; at++)
        *speaks_out = n_bytes - (size_t)(at - bytes) >= sizeof word - 1 && memcmp(at, word, sizeof word - 1) == 0;
    hs_free(bytes);
    return HS_OK;
}

static hs_status choose_class(const char *tokenizer_json, tok_settings *settings, hs_error *error)
{
    tok_class_signs signs = {.model_type = settings->model_type, .declared = settings->declared};
    if (tokenizer_json != NULL && hs__tokenizer_class_asks_for_byte_level(&signs))
        HS_TRY(speaks_of_byte_level(tokenizer_json, &signs.byte_level, error));
    const char *name = hs__tokenizer_class_choose(&signs);
    return name != NULL ? hs__tokenizer_settings_set_class(settings, name, error) : HS_OK;
}

static hs_status set_default(tok_named_token *named, const char *content, bool lstrip, hs_error *error)
{
    const tok_place none = {0};
    return set_token(named, content, strlen(content),
                     (tok_added_token){.id = TOK_NO_ID, .special = true, .lstrip = lstrip}, &none, error);
}

/*
 * The class gives only what no file said, not even as null; its further tokens only if no file has
 * any.
 */
hs_status hs__tokenizer_settings_set_class(tok_settings *settings, const char *name, hs_error *error)
{
    const tok_class *class = hs__tokenizer_class_find(name);
    hs_free(settings->class_name);
    settings->class_name = hs_string_copy(name, error);
    settings->class = class;
    if (settings->class_name == NULL)
        return error->status;
    for (size_t i = 0; class != NULL && i < TOK_N_NAMES; i++)
        if (!settings->said[i] && class->tokens[i] != NULL)
            HS_TRY(set_default(&settings->names[i], class->tokens[i], i == TOK_MASK && class->mask_strips, error));
    if (class == NULL || settings->extras.n > 0)
        return HS_OK;
    for (size_t i = 0; i < TOK_MAX_CLASS_EXTRAS && class->extras[i] != NULL; i++) {
        tok_named_token *extra = NULL;
        HS_TRY(append(&settings->extras, &extra, error));
        HS_TRY(set_default(extra, class->extras[i], false, error));
    }
    return HS_OK;
}

/* All together. */

hs_status hs__tokenizer_settings_read(const char *folder, const char *tokenizer_json, tok_settings *settings,
                                      hs_error *error)
{
    settings->lowercase = true;
    settings->handle_chinese_chars = true;
    settings->strip_accents = true;
    for (size_t i = 0; i < TOK_N_SETTINGS_FILES; i++)
        HS_TRY(read_file(folder, i, settings, error));
    return choose_class(tokenizer_json, settings, error);
}

size_t hs__tokenizer_settings_n_named(const tok_settings *settings)
{
    return TOK_N_NAMES + settings->specific.n;
}

size_t hs__tokenizer_settings_n_special(const tok_settings *settings)
{
    return hs__tokenizer_settings_n_named(settings) + settings->extras.n;
}

const tok_named_token *hs__tokenizer_settings_special(const tok_settings *settings, size_t index)
{
    const size_t n_named = hs__tokenizer_settings_n_named(settings);
    if (index < TOK_N_NAMES)
        return &settings->names[index];
    return index < n_named ? &settings->specific.items[index - TOK_N_NAMES] : &settings->extras.items[index - n_named];
}

static void clear_list(tok_named_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        clear_token(&list->items[i]);
        hs_free(list->items[i].key);
    }
    hs_free(list->items);
}

void hs__tokenizer_settings_clear(tok_settings *settings)
{
    for (size_t i = 0; i < TOK_N_NAMES; i++)
        clear_token(&settings->names[i]);
    clear_list(&settings->specific);
    clear_list(&settings->extras);
    clear_list(&settings->numbered);
    hs_free(settings->declared);
    hs_free(settings->model_type);
    hs_free(settings->class_name);
    for (size_t i = 0; i < TOK_N_SETTINGS_FILES; i++)
        hs_free(settings->paths[i]);
    *settings = (tok_settings){0};
}
