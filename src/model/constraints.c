/*
 * constraints: an option that is passed over in silence would give the numbers of another model.
 * So each that the engine lacks is refused by name, with what to do about it.
 */
#include "model/constraints.h"

#include <float.h>
#include <string.h>

#include "model/quantised.h"

static hs_status is_false(const hs_config *config, const char *key, bool *holds_out, hs_error *error)
{
    bool flag = false;
    HS_TRY(hs__model_config_flag(config, key, &flag, error));
    *holds_out = !flag;
    return HS_OK;
}

/* transformers asks for truth, which null lacks. */
static bool is_true_or_absent(const hs_config *config, const char *key)
{
    const hs_json_value *value = hs_json_get(config->object, key);
    return value == NULL || (hs_json_kind_of(value) == HS_JSON_BOOLEAN && hs_json_true(value));
}

static bool is_empty(const hs_config *config, const char *key)
{
    const hs_json_value *value = hs_json_get(config->object, key);
    bool holds_items = hs_json_kind_of(value) == HS_JSON_OBJECT || hs_json_kind_of(value) == HS_JSON_ARRAY;
    return !hs__model_config_has(config, key) || (holds_items && hs_json_size(value) == 0);
}

static hs_status is_number(const hs_config *config, const char *key, double expected, bool *holds_out, hs_error *error)
{
    double number = expected;
    HS_TRY(hs__model_config_real(config, key, -DBL_MAX, DBL_MAX, &number, error));
    *holds_out = number == expected;
    return HS_OK;
}

static hs_status does_cover(const hs_config *config, const char *key, size_t least, bool *holds_out, hs_error *error)
{
    size_t size = SIZE_MAX;
    HS_TRY(hs__model_config_size(config, key, SIZE_MAX, &size, error));
    *holds_out = size >= least;
    return HS_OK;
}

static hs_status is_word(const hs_config *config, const char *key, const char *expected, bool *holds_out,
                         hs_error *error)
{
    const char *word = expected;
    HS_TRY(hs__model_config_text(config, key, &word, error));
    *holds_out = strcmp(word, expected) == 0;
    return HS_OK;
}

static hs_status is_size(const hs_config *config, const char *key, size_t expected, bool *holds_out, hs_error *error)
{
    size_t size = expected;
    HS_TRY(hs__model_config_size(config, key, SIZE_MAX, &size, error));
    *holds_out = size == expected;
    return HS_OK;
}

/* Without a default, so that the compiler warns of a new demand that is not checked here. */
static hs_status is_met(const hs_config *config, const char *key, hs_demand demand, const hs_model_shape *shape,
                        bool *holds_out, hs_error *error)
{
    *holds_out = true;
    switch (demand) {
    case HS_DEMAND_EMPTY:
        *holds_out = is_empty(config, key);
        return HS_OK;
    case HS_DEMAND_TRUE:
        *holds_out = is_true_or_absent(config, key);
        return HS_OK;
    case HS_DEMAND_FALSE:
        return is_false(config, key, holds_out, error);
    case HS_DEMAND_ONE:
        return is_number(config, key, 1.0, holds_out, error);
    case HS_DEMAND_FOUR:
        return is_number(config, key, 4.0, holds_out, error);
    case HS_DEMAND_EIGHT:
        return is_number(config, key, 8.0, holds_out, error);
    case HS_DEMAND_COVERS_POSITIONS:
        return does_cover(config, key, shape->n_positions, holds_out, error);
    case HS_DEMAND_ABSOLUTE:
        return is_word(config, key, "absolute", holds_out, error);
    case HS_DEMAND_MULTIHEAD:
        return is_word(config, key, "multihead_attention", holds_out, error);
    case HS_DEMAND_LOW_PRECISION:
        return is_word(config, key, "low_precision_layernorm", holds_out, error);
    case HS_DEMAND_HEAD_DIM:
        return is_size(config, key, shape->head_dim, holds_out, error);
    case HS_DEMAND_NOT_NULL:
        *holds_out = hs_json_get(config->object, key) == NULL || hs__model_config_has(config, key);
        return HS_OK;
    }
    return hs_fail(error, HS_ERROR_INTERNAL, "constraint on \"%s\" has no demand", key);
}

hs_status hs__model_constraints_check(const hs_config *config, const hs_config_constraint *constraints,
                                      const hs_model_shape *shape, hs_error *error)
{
    for (; constraints->key != NULL; constraints++) {
        bool holds = true;
        hs_config object;
        const char *key = NULL;
        HS_TRY(hs__model_config_locate(config, constraints->key, &object, &key, error));
        HS_TRY(is_met(&object, key, constraints->demand, shape, &holds, error));
        if (!holds)
            return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\" cannot have this value: %s", config->path,
                           constraints->key, constraints->reason);
    }
    return HS_OK;
}

/*
 * Keys that transformers obeys whatever the model's class is. The message says what each would
 * have done, because few people have written it themselves.
 */
hs_status hs__model_constraints_check_all_families(const hs_config *config, hs_error *error)
{
    static const hs_config_constraint constraints[] = {
        {"auto_map", HS_DEMAND_EMPTY,
         "it names code that transformers can run in place of the family's own, which may compute anything; remove the "
         "key if the model is a plain one of its family"},
        {"attribute_map", HS_DEMAND_EMPTY, "it would give the keys of this file other meanings"},
        {"per_layer_config", HS_DEMAND_EMPTY, "layers that differ from each other in their options are not supported"},
        {"transformers_weights", HS_DEMAND_EMPTY,
         "transformers would read the weights of that file; only model.safetensors and its shards are read, so rename "
         "the file and remove the key"},
        {"configuration_files", HS_DEMAND_EMPTY,
         "transformers would read one of these in place of config.json; rename the right one to config.json"},
        {0},
    };
    HS_TRY(hs__model_quantised_refuse(config, error));
    return hs__model_constraints_check(config, constraints, NULL, error);
}
