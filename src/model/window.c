/*
 * window: sliding_window, layer_types, Qwen2's use_sliding_window and max_window_layers, GPT-Neo's attention_layers,
 * attention_types and window_size, as the configuration classes of transformers read them.
 */
#include "model/window.h"

#include <string.h>

static const char layers_key[] = "layer_types";

/* "layer_types" of config.json. */
typedef struct layer_kinds {
    bool are_given;
    size_t period;      /* without a list every so many-th layer has none; 0: not by a period */
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

/* All are looked at, whatever the rule makes of them: a kind that is not known is not the window's alone. */
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

static bool has_window(const layer_kinds *kinds, const hs_window_rule *rule, size_t layer)
{
    if (rule->layers == HS_WINDOW_ALL || rule->layers == HS_WINDOW_REFUSED)
        return true;
    if (!kinds->are_given)
        return kinds->period > 0 ? (layer + 1) % kinds->period != 0 : (double)layer >= kinds->first_layer;
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
static hs_status list_windows(const layer_kinds *kinds, const hs_window_rule *rule, size_t window, size_t n_layers,
                              size_t **windows_out, hs_error *error)
{
    size_t n = 0;
    for (size_t i = 0; i < n_layers; i++)
        n += has_window(kinds, rule, i);
    if (n == 0)
        return HS_OK;
    HS_TRY(hs_allocate(windows_out, n_layers, sizeof **windows_out, "the windows of layers", error));
    for (size_t i = 0; i < n_layers; i++)
        (*windows_out)[i] = has_window(kinds, rule, i) ? window : 0;
    return HS_OK;
}

/* GPT-Neo's. */

typedef struct local_layers {
    const hs_config *config;
    size_t *windows; /* [n_layers] */
    size_t n_layers;
    size_t n; /* listed so far */
    size_t window;
} local_layers;

static hs_status fail_local(const local_layers *layers, hs_error *error)
{
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: \"attention_layers\" or \"attention_types\" is not a \"global\" or \"local\" for each of %zu "
                   "layers",
                   layers->config->path, layers->n_layers);
}

static hs_status add_local(local_layers *layers, const hs_json_value *names, hs_error *error)
{
    for (size_t i = 0; i < hs_json_size(names); i++) {
        const char *name = hs_json_string(hs_json_at(names, i));
        bool is_local = name != NULL && strcmp(name, "local") == 0;
        if (name == NULL || (!is_local && strcmp(name, "global") != 0) || layers->n == layers->n_layers)
            return fail_local(layers, error);
        layers->windows[layers->n++] = is_local ? layers->window : 0;
    }
    return HS_OK;
}

/* [[["global", "local"], 12]]: names that are repeated, group after group. */
static hs_status repeat_local(local_layers *layers, const hs_json_value *groups, hs_error *error)
{
    for (size_t i = 0; i < hs_json_size(groups); i++) {
        const hs_json_value *group = hs_json_at(groups, i);
        const hs_json_value *names = hs_json_at(group, 0);
        int64_t n_times = hs_json_integer(hs_json_at(group, 1));
        if (hs_json_kind_of(group) != HS_JSON_ARRAY || hs_json_size(group) != 2 ||
            hs_json_kind_of(names) != HS_JSON_ARRAY || !hs_json_is_integer(hs_json_at(group, 1)) ||
            n_times > HS_MAX_LAYERS)
            return fail_local(layers, error);
        for (int64_t time = 0; time < n_times; time++)
            HS_TRY(add_local(layers, names, error));
    }
    return HS_OK;
}

/* The list by layer counts where there is one, then the groups, then what transformers takes: every second of 24. */
static hs_status list_local(const hs_config *config, hs_model_shape *shape, size_t **windows_out, hs_error *error)
{
    local_layers layers = {.config = config, .n_layers = shape->n_layers, .window = 256};
    const hs_json_value *list = hs_json_get(config->object, "attention_layers");
    const hs_json_value *groups = hs_json_get(config->object, "attention_types");
    if (hs_json_get(config->object, "window_size") != NULL)
        HS_TRY(hs__model_config_require(config, "window_size", "gpt_neo", error));
    HS_TRY(hs__model_config_size(config, "window_size", HS_MAX_POSITIONS, &layers.window, error));
    if (layers.window >= shape->n_positions)
        layers.window = 0;
    HS_TRY(hs_allocate(windows_out, shape->n_layers, sizeof **windows_out, "the windows of layers", error));
    layers.windows = *windows_out;
    if (list != NULL)
        HS_TRY(hs_json_kind_of(list) == HS_JSON_ARRAY ? add_local(&layers, list, error) : fail_local(&layers, error));
    else if (hs__model_config_has(config, "attention_types"))
        HS_TRY(hs_json_kind_of(groups) == HS_JSON_ARRAY ? repeat_local(&layers, groups, error)
                                                        : fail_local(&layers, error));
    else
        for (; layers.n < shape->n_layers && shape->n_layers == 24; layers.n++)
            layers.windows[layers.n] = layers.n % 2 == 1 ? layers.window : 0;
    return layers.n == shape->n_layers ? HS_OK : fail_local(&layers, error);
}

/*
 * Qwen2's switch comes last, because a window must be in use where a layer asks for one. One that reaches
 * over all positions changes nothing and counts as none, unless layers with one rotate otherwise.
 */
hs_status hs__model_window_read(const hs_config *config, const hs_window_rule *rule, hs_model_shape *shape,
                                size_t **windows_out, hs_error *error)
{
    layer_kinds kinds = {.period = rule != NULL ? rule->period : 0};
    size_t window = 0;
    *windows_out = NULL;
    if (rule == NULL)
        return HS_OK;
    HS_TRY(read_size(config, rule, &window, error));
    HS_TRY(read_kinds(config, shape->n_layers, &kinds, error));
    if (rule->layers == HS_WINDOW_SWITCHED)
        HS_TRY(apply_switch(config, &kinds, &window, error));
    if (rule->period_key != NULL)
        HS_TRY(hs__model_config_size(config, rule->period_key, HS_MAX_LAYERS, &kinds.period, error));
    for (size_t i = 0; kinds.period > 0 && i < shape->n_layers; i++)
        kinds.has_sliding = kinds.has_sliding || has_window(&kinds, rule, i);
    if (kinds.has_sliding && window == 0)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: \"%s\" has layers with a window, but no \"sliding_window\" is in use", config->path,
                       layers_key);
    window = window < shape->n_positions || shape->rotates_windows_apart ? window : 0;
    if (rule->layers == HS_WINDOW_REFUSED || rule->layers == HS_WINDOW_LOCAL)
        shape->window = window;
    if (rule->layers == HS_WINDOW_LOCAL)
        return list_local(config, shape, windows_out, error);
    if (rule->layers != HS_WINDOW_REFUSED && window > 0)
        return list_windows(&kinds, rule, window, shape->n_layers, windows_out, error);
    return HS_OK;
}
