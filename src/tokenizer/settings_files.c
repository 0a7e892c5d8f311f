/*
 * settings_files: reads four files in the order in which transformers lets one replace what another
 * says, null included; then the class fills in what nobody said.
 */
#include "tokenizer/settings_files.h"

#include <string.h>

#include "tokenizer/named_tokens.h"

static hs_status copy_class(const tokenizer_place *place, const hs_json_value *root, tokenizer_settings *settings,
                            hs_error *error)
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
static hs_status refuse_own_code(const tokenizer_place *place, const hs_json_value *root,
                                 const tokenizer_settings *settings, hs_error *error)
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
static hs_status read_call(const tokenizer_place *place, const hs_json_value *root, tokenizer_settings *settings,
                           hs_error *error)
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
static hs_status read_config(const tokenizer_place *place, const hs_json_value *root, tokenizer_settings *settings,
                             hs_error *error)
{
    HS_TRY(hs__tokenizer_read_names(place, root, settings, error));
    HS_TRY(hs__tokenizer_read_all_extras(place, root, settings, error));
    HS_TRY(hs__tokenizer_read_decoder(place, root, settings, error));
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
static hs_status read_map(const tokenizer_place *place, const hs_json_value *root, tokenizer_settings *settings,
                          hs_error *error)
{
    const bool has_extras = settings->extras.n > 0;
    HS_TRY(hs__tokenizer_read_names(place, root, settings, error));
    HS_TRY(hs__tokenizer_read_extras(place, root, "extra_special_tokens", settings, error));
    return has_extras ? HS_OK : hs__tokenizer_read_extras(place, root, "additional_special_tokens", settings, error);
}

static hs_status read_model_type(const tokenizer_place *place, const hs_json_value *root, tokenizer_settings *settings,
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
    hs_status (*read)(const tokenizer_place *, const hs_json_value *, tokenizer_settings *, hs_error *);
    bool replaced; /* by an "added_tokens_decoder" */
} FILES[TOKENIZER_N_SETTINGS_FILES] = {{"tokenizer_config.json", read_config, false},
                                       {"special_tokens_map.json", read_map, true},
                                       {"added_tokens.json", hs__tokenizer_read_added, true},
                                       {"config.json", read_model_type, false}};

/*
 * A missing file says nothing. Some are passed over where tokenizer_config.json lists the added
 * tokens with their ids, as transformers does.
 */
static hs_status read_file(const char *folder, size_t index, tokenizer_settings *settings, hs_error *error)
{
    hs_json *json = NULL;
    hs_status status = HS_OK;
    char *path = settings->paths[index] = hs_path_join(folder, FILES[index].name, error);
    if (path == NULL)
        return error->status;
    tokenizer_place place = {.file = path};
    if (!hs_path_exists(path) || (FILES[index].replaced && settings->lists_added))
        return HS_OK;
    HS_GOTO_DONE(hs_json_read(path, TOKENIZER_MAX_FILE_BYTES, &json, error));
    status = FILES[index].read(&place, hs_json_root(json), settings, error);
done:
    hs_json_free(json);
    return status;
}

static hs_status speaks_of_byte_level(const char *tokenizer_json, bool *speaks_out, hs_error *error)
{
    static const char word[] = "\"ByteLevel\"";
    char *bytes = NULL;
    size_t n_bytes = 0;
    HS_TRY(hs_file_read(tokenizer_json, TOKENIZER_MAX_FILE_BYTES, &bytes, &n_bytes, error));
    *speaks_out = false;
    for (const char *at = bytes; !*speaks_out && (at = memchr(at, '"', n_bytes - (size_t)(at - bytes))) != NULL; at++)
        *speaks_out = n_bytes - (size_t)(at - bytes) >= sizeof word - 1 && memcmp(at, word, sizeof word - 1) == 0;
    hs_free(bytes);
    return HS_OK;
}

static hs_status choose_class(const char *tokenizer_json, tokenizer_settings *settings, hs_error *error)
{
    tokenizer_class_signs signs = {.model_type = settings->model_type, .declared = settings->declared};
    if (tokenizer_json != NULL && hs__tokenizer_class_asks_for_byte_level(&signs))
        HS_TRY(speaks_of_byte_level(tokenizer_json, &signs.byte_level, error));
    const char *name = hs__tokenizer_class_choose(&signs);
    return name != NULL ? hs__tokenizer_settings_set_class(settings, name, error) : HS_OK;
}

static hs_status set_default(tokenizer_named_token *named, const char *content, bool lstrip, hs_error *error)
{
    const tokenizer_place none = {0};
    return hs__tokenizer_named_set(named, content, strlen(content),
                                   (tokenizer_added_token){.id = TOKENIZER_NO_ID, .special = true, .lstrip = lstrip},
                                   &none, error);
}

/*
 * The class gives only what no file said, not even as null; its further tokens only if no file has
 * any.
 */
hs_status hs__tokenizer_settings_set_class(tokenizer_settings *settings, const char *name, hs_error *error)
{
    const tokenizer_class *class = hs__tokenizer_class_find(name);
    hs_free(settings->class_name);
    settings->class_name = hs_string_copy(name, error);
    settings->class = class;
    if (settings->class_name == NULL)
        return error->status;
    for (size_t i = 0; class != NULL && i < TOKENIZER_N_NAMES; i++)
        if (!settings->said[i] && class->tokens[i] != NULL)
            HS_TRY(
                set_default(&settings->names[i], class->tokens[i], i == TOKENIZER_MASK && class->mask_strips, error));
    if (class == NULL || settings->extras.n > 0)
        return HS_OK;
    for (size_t i = 0; i < TOKENIZER_MAX_CLASS_EXTRAS && class->extras[i] != NULL; i++) {
        tokenizer_named_token *extra = NULL;
        HS_TRY(hs__tokenizer_named_append(&settings->extras, &extra, error));
        HS_TRY(set_default(extra, class->extras[i], false, error));
    }
    return HS_OK;
}

hs_status hs__tokenizer_settings_read(const char *folder, const char *tokenizer_json, tokenizer_settings *settings,
                                      hs_error *error)
{
    settings->lowercase = true;
    settings->handle_chinese_chars = true;
    settings->strip_accents = true;
    for (size_t i = 0; i < TOKENIZER_N_SETTINGS_FILES; i++)
        HS_TRY(read_file(folder, i, settings, error));
    return choose_class(tokenizer_json, settings, error);
}
