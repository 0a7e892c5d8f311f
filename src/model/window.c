/*
 * window: sliding_window, layer_types and Qwen2's use_sliding_window and max_window_layers, as the
 * configuration classes of transformers read them.
 */
#include "model/window.h"

#include <string.h>

static const char layers_key[] = "layer_types";

/* "layer_types" of config.json. */
typedef struct layer_kinds {
    bool are_given;
    bool has_sliding;   /* a layer with a window is among them */
    double first_layer; /* where none are given: from which on there are windows */
    const hs_json_value *list;
} layer_kinds;

/* transformers has two names for a layer without a window. */
static hs_status check_kind(const hs_config *config, const hs_json_value *value, bool *is_sliding_out, hs_error *error)
{
    const char *name = hs_json_string(value);
    bool is_full = name != NULL && (strcmp(name, "full_attention") == 0 || strcmp(name, "attention") == 0);
    *is_sliding_out = name != NULL && strcmp(name, "sliding_attention") == 0;
    if (!*is_sliding_out && !is_full)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: \"%s\" has a layer that is neither \"full_attention\" nor \"sliding_attention\"",
                       config->path, layers_key);
    return HS_OK;
}

static hs_status read_kinds(const hs_config *config, size_t n_layers, layer_kinds *kinds, hs_error *error)
{
    kinds->list = hs_json_get(config->object, layers_key);
    kinds->are_given = hs__model_config_has(config, layers_key);
    if (!kinds->are_given)
        return HS_OK;
    if (hs_json_kind_of(kinds->list) != HS_JSON_ARRAY)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\" is not a list", config->path, layers_key);
    if (hs_json_size(kinds->list) != n_layers)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\" has %zu layers, the model %zu", config->path, layers_key,
                       hs_json_size(kinds->list), n_layers);
    for (size_t i = 0; i < n_layers; i++) {
        bool is_sliding = false;
        HS_TRY(check_kind(config, hs_json_at(kinds->list, i), &is_sliding, error));
        kinds->has_sliding = kinds->has_sliding || is_sliding;
    }
    return HS_OK;
}

static bool has_window(const layer_kinds *kinds, hs_window_layers layers, size_t layer)
{
    if (layers == HS_WINDOW_ALL || layers == HS_WINDOW_REFUSED)
        return true;
    if (!kinds->are_given)
        return (double)layer >= kinds->first_layer;
    return strcmp(hs_json_string(hs_json_at(kinds->list, layer)), "sliding_attention") == 0;
}

/* Qwen2's windows have a switch, and without a list of layers begin at some layer. */
static hs_status apply_switch(const hs_config *config, layer_kinds *kinds, size_t *window_inout, hs_error *error)
{
    bool is_on = false;
    kinds->first_layer = 28; /* transformers' own */
    HS_TRY(hs__model_config_flag(config, "use_sliding_window", &is_on, error));
    HS_TRY(hs__model_config_real(config, "max_window_layers", 0, HS_MAX_LAYERS, &kinds->first_layer, error));
    if (!is_on)
        *window_inout = 0;
    return HS_OK;
}

/* A null window means none, an absent one what transformers takes by default. */
static hs_status read_size(const hs_config *config, const hs_window_rule *rule, size_t *window_out, hs_error *error)
{
    static const char key[] = "sliding_window";
    *window_out = hs_json_get(config->object, key) == NULL ? rule->absent : 0;
    return hs__model_config_size(config, key, HS_MAX_POSITIONS, window_out, error);
}

/* No list where no layer has a window. */
static hs_status list_windows(const layer_kinds *kinds, hs_window_layers layers, size_t window, size_t n_layers,
                              size_t **windows_out, hs_error *error)
{
    size_t n = 0;
    for (size_t i = 0; i < n_layers; i++)
        n += has_window(kinds, layers, i);
    if (n == 0)
        return HS_OK;
    HS_TRY(hs_allocate(windows_out, n_layers, sizeof **windows_out, "the windows of layers", error));
    for (size_t i = 0; i < n_layers; i++)
        (*windows_out)[i] = has_window(kinds, layers, i) ? window : 0;
    return HS_OK;
}

/*
 * Qwen2's switch comes last, because a window must be in use where a layer asks for one. One that reaches
 * over all positions changes nothing and counts as none.
 */
hs_status hs__model_window_read(const hs_config *config, const hs_window_rule *rule, hs_model_shape *shape,
                                size_t **windows_out, hs_error *error)
{
    layer_kinds kinds = {0};
    size_t window = 0;
    *windows_out = NULL;
    if (rule == NULL)
        return HS_OK;
    HS_TRY(read_size(config, rule, &window, error));
    HS_TRY(read_kinds(config, shape->n_layers, &kinds, error));
    if (rule->layers == HS_WINDOW_SWITCHED)
        HS_TRY(apply_switch(config, &kinds, &window, error));
    if (kinds.has_sliding && window == 0)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: \"%s\" has layers with a window, but no \"sliding_window\" is in use", config->path,
                       layers_key);
    if (window == 0 || window >= shape->n_positions)
        return HS_OK;
    if (rule->layers != HS_WINDOW_REFUSED)
        return list_windows(&kinds, rule->layers, window, shape->n_layers, windows_out, error);
    shape->window = window;
    return HS_OK;
}
