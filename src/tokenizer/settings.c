#include "tokenizer/settings.h"

#include "tokenizer/pipeline.h"

#include <string.h>

/* A special token is written as its text, or as an object with the text under "content". */
static hs_status read_name(const tok_place *place, const hs_json_value *root, const char *key, char **name,
                           hs_error *error)
{
    const hs_json_value *value = hs_json_get(root, key);
    const char *text = NULL;
    size_t length = 0;
    if (*name != NULL || value == NULL || hs_json_kind_of(value) == HS_JSON_NULL)
        return HS_OK;
    if (hs_json_kind_of(value) == HS_JSON_OBJECT) {
        tok_place below = tok_place_key(place, key);
        HS_TRY(tok_key_string(&below, value, "content", &text, &length, error));
    } else {
        HS_TRY(tok_key_string(place, root, key, &text, &length, error));
    }
    *name = hs_string_copy_n(text, length, error);
    return *name != NULL ? HS_OK : error->status;
}

static hs_status read_names(const tok_place *place, const hs_json_value *root, tok_settings *settings, hs_error *error)
{
    static const char *const KEYS[TOK_N_NAMES] = {
        [TOK_UNK] = "unk_token", [TOK_BOS] = "bos_token", [TOK_EOS] = "eos_token",  [TOK_CLS] = "cls_token",
        [TOK_SEP] = "sep_token", [TOK_PAD] = "pad_token", [TOK_MASK] = "mask_token"};
    for (size_t i = 0; i < TOK_N_NAMES; i++)
        HS_TRY(read_name(place, root, KEYS[i], &settings->names[i], error));
    return HS_OK;
}

static hs_status read_config(const tok_place *place, const hs_json_value *root, tok_settings *settings, hs_error *error)
{
    const char *class = NULL;
    size_t length = 0;
    HS_TRY(read_names(place, root, settings, error));
    HS_TRY(tok_key_boolean_optional(place, root, "do_lower_case", &settings->lowercase, error));
    HS_TRY(tok_key_boolean_optional(place, root, "tokenize_chinese_chars", &settings->handle_chinese_chars, error));
    HS_TRY(tok_key_boolean_optional(place, root, "add_prefix_space", &settings->add_prefix_space, error));
    settings->strip_accents = settings->lowercase;
    HS_TRY(tok_key_boolean_optional(place, root, "strip_accents", &settings->strip_accents, error));
    HS_TRY(tok_key_string_optional(place, root, "tokenizer_class", &class, &length, error));
    if (class == NULL)
        return HS_OK;
    if (length > 4 && strcmp(class + length - 4, "Fast") == 0)
        length -= 4;
    settings->class = hs_string_copy_n(class, length, error);
    return settings->class != NULL ? HS_OK : error->status;
}

static hs_status read_file(const char *folder, const char *name,
                           hs_status (*read)(const tok_place *, const hs_json_value *, tok_settings *, hs_error *),
                           tok_settings *settings, hs_error *error)
{
    hs_json *json = NULL;
    hs_status status = HS_OK;
    char *path = hs_path_join(folder, name, error);
    if (path == NULL)
        return error->status;
    tok_place place = {.file = path};
    if (!hs_path_exists(path))
        goto done;
    HS_GOTO_DONE(hs_json_read(path, TOK_MAX_FILE_BYTES, &json, error));
    status = read(&place, hs_json_root(json), settings, error);
done:
    hs_json_free(json);
    hs_free(path);
    return status;
}

hs_status tok_settings_read(const char *folder, tok_settings *settings, hs_error *error)
{
    settings->lowercase = true;
    settings->handle_chinese_chars = true;
    settings->strip_accents = true;
    HS_TRY(read_file(folder, "tokenizer_config.json", read_config, settings, error));
    return read_file(folder, "special_tokens_map.json", read_names, settings, error);
}

void tok_settings_clear(tok_settings *settings)
{
    for (size_t i = 0; i < TOK_N_NAMES; i++)
        hs_free(settings->names[i]);
    hs_free(settings->class);
    *settings = (tok_settings){0};
}

const char *tok_settings_name(const tok_settings *settings, tok_name which, const char *otherwise)
{
    return settings->names[which] != NULL ? settings->names[which] : otherwise;
}
