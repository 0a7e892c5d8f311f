/*
 * special_ids: bos_token_id and eos_token_id, each an id or a list of them, from the file that
 * transformers' generate would ask.
 */
#include "model/special_ids.h"

#include <inttypes.h>

#include "model/families.h"

/* Appends the ids of a key that are in the vocabulary. */
static hs_status read_ids(const hs_config *config, const char *key, size_t vocabulary, int32_t **ids, size_t *n,
                          hs_error *error)
{
    const hs_json_value *value = hs_json_get(config->object, key);
    const bool is_list = value != NULL && hs_json_kind_of(value) == HS_JSON_ARRAY;
    const size_t n_given = is_list ? hs_json_size(value) : hs__model_config_has(config, key) ? 1 : 0;
    HS_TRY(hs_allocate(ids, n_given + 1, sizeof **ids, "token ids", error));
    for (size_t i = 0; i < n_given; i++) {
        const hs_json_value *item = is_list ? hs_json_at(value, i) : value;
        if (!hs_json_is_integer(item))
            return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\" must be a token id or a list of them, but holds %s",
                           config->path, key, hs_json_kind_name(hs_json_kind_of(item)));
        const int64_t id = hs_json_integer(item);
        if (id >= 0 && (uint64_t)id < vocabulary)
            (*ids)[(*n)++] = (int32_t)id;
    }
    return HS_OK;
}

static hs_status read_first(const hs_config *config, const char *key, size_t vocabulary, int32_t *id_out,
                            hs_error *error)
{
    int32_t *ids = NULL;
    size_t n = 0;
    hs_status status = read_ids(config, key, vocabulary, &ids, &n, error);
    *id_out = status == HS_OK && n > 0 ? ids[0] : HS_NO_TOKEN;
    hs_free(ids);
    return status;
}

static hs_status read_end(const hs_config *config, size_t vocabulary, hs_special_ids *ids, hs_error *error)
{
    if (hs_json_kind_of(config->object) != HS_JSON_OBJECT)
        return hs_fail(error, HS_ERROR_INPUT, "%s: not a JSON object", config->path);
    return read_ids(config, "eos_token_id", vocabulary, &ids->end, &ids->n_end, error);
}

/*
 * As transformers' generate: a generation_config.json counts alone, so that one without
 * eos_token_id means that no token ends a text; config.json is asked only where there is no such
 * file.
 */
hs_status hs__model_special_ids_read(const char *folder, const hs_config *config, size_t vocabulary,
                                     hs_special_ids *ids_out, hs_error *error)
{
    hs_json *json = NULL;
    hs_status status = HS_OK;
    char *path = hs_path_join(folder, "generation_config.json", error);
    if (path == NULL)
        return error->status;
    ids_out->end_file = "config.json";
    HS_GOTO_DONE(read_first(config, "bos_token_id", vocabulary, &ids_out->bos, error));
    HS_GOTO_DONE(read_first(config, "eos_token_id", vocabulary, &ids_out->eos, error));
    if (!hs_path_exists(path)) {
        status = read_end(config, vocabulary, ids_out, error);
        goto done;
    }
    ids_out->end_file = "generation_config.json";
    HS_GOTO_DONE(hs_json_read(path, HS_MAX_CONFIG_BYTES, &json, error));
    const hs_config generation = {.path = path, .section = "", .object = hs_json_root(json)};
    status = read_end(&generation, vocabulary, ids_out, error);
done:
    hs_json_free(json);
    hs_free(path);
    return status;
}

hs_status hs__model_special_ids_padding(const hs_config *config, size_t vocabulary, int32_t *id_inout, hs_error *error)
{
    static const char key[] = "pad_token_id";
    if (hs_json_get(config->object, key) == NULL)
        return HS_OK;
    if (hs_json_kind_of(hs_json_get(config->object, key)) == HS_JSON_ARRAY)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\" must be one token id", config->path, key);
    return read_first(config, key, vocabulary, id_inout, error);
}

void hs__model_special_ids_clear(hs_special_ids *ids)
{
    hs_free(ids->end);
    *ids = (hs_special_ids){0};
}
