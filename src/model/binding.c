#include "model/binding.h"

#include <stdlib.h>
#include <string.h>

#include "model/weights.h"

enum { MAX_PATTERN = 256, ARENA_ALIGNMENT = 64 / sizeof(float) };

/* What the functions of this file share while one checkpoint is bound. */
typedef struct binder {
    const char *folder;
    const hs_family *family;
    const hs_architecture *architecture;
    const hs_family_options *options;
    const hs_tensor_table *table;
    const char *prefix; /* of the file's names: the family's, or "" */
    bool *is_used;      /* [table->n_tensors] */
    hs_binding_list *list;
} binder;

/* ---- expected shapes --------------------------------------------------------------------------------------------- */

static const char *const axis_names[] = {
    [HS_AXIS_NONE] = "none",
    [HS_AXIS_WIDTH] = "width",
    [HS_AXIS_QUERY] = "heads x head_dim",
    [HS_AXIS_KV] = "KV heads x head_dim",
    [HS_AXIS_QUERY_KEY_VALUE] = "query + key + value",
    [HS_AXIS_MLP] = "MLP width",
    [HS_AXIS_VOCABULARY] = "vocabulary",
    [HS_AXIS_POSITIONS] = "positions",
    [HS_AXIS_TOKEN_TYPES] = "token types",
    [HS_AXIS_LABELS] = "labels",
};

static size_t axis_length(const hs_model_shape *shape, hs_axis axis)
{
    size_t query = shape->n_heads * shape->head_dim, kv = shape->n_kv_heads * shape->head_dim;
    const size_t lengths[] = {
        [HS_AXIS_NONE] = 1,
        [HS_AXIS_WIDTH] = shape->width,
        [HS_AXIS_QUERY] = query,
        [HS_AXIS_KV] = kv,
        [HS_AXIS_QUERY_KEY_VALUE] = query + 2 * kv,
        [HS_AXIS_MLP] = shape->mlp_width,
        [HS_AXIS_VOCABULARY] = shape->vocabulary,
        [HS_AXIS_POSITIONS] = shape->first_position + shape->n_positions,
        [HS_AXIS_TOKEN_TYPES] = shape->n_token_types,
        [HS_AXIS_LABELS] = shape->n_outputs,
    };
    return lengths[axis];
}

static hs_status fail_shape(const hs_tensor *tensor, const hs_axis axes[2], const size_t *expected, size_t n_expected,
                            hs_error *error)
{
    char have[256], want[256];
    return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s has shape %s, expected %s (%s%s%s)", tensor->path,
                   tensor->name, hs_shape_format(tensor->shape, tensor->n_dimensions, have, sizeof have),
                   hs_shape_format(expected, n_expected, want, sizeof want), axis_names[axes[0]],
                   n_expected > 1 ? ", " : "", n_expected > 1 ? axis_names[axes[1]] : "");
}

static hs_status check_tensor(const hs_tensor *tensor, const hs_tensor_rule *rule, const hs_model_shape *shape,
                              hs_error *error)
{
    size_t expected[2] = {axis_length(shape, rule->shape[0]), axis_length(shape, rule->shape[1])};
    size_t n_expected = rule->shape[1] == HS_AXIS_NONE ? 1 : 2;
    if (tensor->n_dimensions != n_expected || memcmp(tensor->shape, expected, n_expected * sizeof *expected) != 0)
        return fail_shape(tensor, rule->shape, expected, n_expected, error);
    if (!hs_dtype_is_weight(tensor->dtype))
        return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s is of type %s; F32, F16 and BF16 are read", tensor->path,
                       tensor->name, hs_dtype_name(tensor->dtype));
    return HS_OK;
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

static bool is_expected(const hs_family_options *options, hs_presence presence)
{
    switch (presence) {
    case HS_PRESENT_ALWAYS:
        return true;
    case HS_PRESENT_WITH_QKV_BIAS:
        return options->query_key_value_bias;
    case HS_PRESENT_WITH_OUTPUT_BIAS:
        return options->output_bias;
    case HS_PRESENT_WITH_MLP_BIAS:
        return options->mlp_bias;
    case HS_PRESENT_UNTIED:
        return !options->shape.tied_unembedding;
    }
    return false;
}

/* The tensor of that name, which counts as used from now on; NULL if there is none. */
static const hs_tensor *take(binder *b, const char *name)
{
    size_t t = hs_tensor_table_find(b->table, name);
    if (t == b->table->n_tensors)
        return NULL;
    b->is_used[t] = true;
    return b->table->tensors[t];
}

/* The tensor that the file has under the other name of `name`. */
static const hs_tensor *take_alias(binder *b, const char *name)
{
    char other[MAX_PATTERN];
    size_t length = strlen(name);
    for (const hs_tensor_alias *alias = b->family->aliases; alias != NULL && alias->ending != NULL; alias++) {
        size_t ending = strlen(alias->ending);
        if (length < ending || strcmp(name + length - ending, alias->ending) != 0)
            continue;
        snprintf(other, sizeof other, "%.*s%s", (int)(length - ending), name, alias->other_ending);
        return take(b, other);
    }
    return NULL;
}

static hs_status append_binding(binder *b, const hs_tensor_rule *rule, size_t layer, const hs_tensor *tensor,
                                const hs_tensor *alias, hs_error *error)
{
    char name[MAX_PATTERN];
    hs_binding_list *list = b->list;
    HS_TRY(hs_reserve(&list->items, &list->capacity, list->n_items + 1, sizeof *list->items, b->folder, error));
    hs_binding *binding = &list->items[list->n_items];
    *binding =
        (hs_binding){.rule = rule, .layer = layer, .tensor = tensor, .alias = alias, .arena_offset = HS_BINDING_MAPPED};
    binding->name =
        hs_string_copy(hs_pattern_expand(rule->pattern, b->family->base_prefix, layer, name, sizeof name), error);
    if (binding->name == NULL)
        return error->status;
    list->n_items++;
    return HS_OK;
}

/* The rules of the base come first, so the token embedding is bound when a copy of it turns up. */
static void note_tied_copy(binder *b, const hs_tensor *copy)
{
    for (size_t i = 0; i < b->list->n_items; i++) {
        const hs_tensor_rule *rule = b->list->items[i].rule;
        if (rule->target == offsetof(hs_model, token_embedding) && !hs_pattern_is_per_layer(rule->pattern))
            b->list->items[i].tied_copy = copy;
    }
}

static hs_status bind_rule(binder *b, const hs_tensor_rule *rule, size_t layer, hs_error *error)
{
    char name[MAX_PATTERN];
    hs_pattern_expand(rule->pattern, b->prefix, layer, name, sizeof name);
    bool expected = is_expected(b->options, rule->presence);
    if (!expected && rule->presence != HS_PRESENT_UNTIED)
        return HS_OK;
    const hs_tensor *tensor = take(b, name), *alias = take_alias(b, name);
    if (tensor == NULL && alias == NULL && expected)
        return hs_fail(error, HS_ERROR_INPUT, "%s: missing tensor %s: needed by family %s (%s)", b->folder, name,
                       b->family->model_type, b->architecture->name);
    if (tensor == NULL && alias == NULL)
        return HS_OK;
    if (tensor == NULL) {
        tensor = alias;
        alias = NULL;
    }
    HS_TRY(check_tensor(tensor, rule, &b->options->shape, error));
    if (expected)
        return append_binding(b, rule, layer, tensor, alias, error);
    note_tied_copy(b, tensor);
    return HS_OK;
}

static hs_status bind_rules(binder *b, const hs_tensor_rule *rules, hs_error *error)
{
    size_t n_layers = b->options->shape.n_layers;
    for (const hs_tensor_rule *rule = rules; rule->pattern != NULL; rule++)
        for (size_t layer = 0; layer < (hs_pattern_is_per_layer(rule->pattern) ? n_layers : 1); layer++)
            HS_TRY(bind_rule(b, rule, layer, error));
    return HS_OK;
}

/* ---- the rest of the table --------------------------------------------------------------------------------------- */

static void mark_ignored(binder *b)
{
    char name[MAX_PATTERN];
    for (const char *const *pattern = b->family->ignored_patterns; *pattern != NULL; pattern++) {
        size_t n_layers = hs_pattern_is_per_layer(*pattern) ? b->options->shape.n_layers : 1;
        for (size_t layer = 0; layer < n_layers; layer++) {
            hs_pattern_expand(*pattern, b->prefix, layer, name, sizeof name);
            take(b, name);
        }
    }
}

static hs_status check_all_used(const binder *b, hs_error *error)
{
    for (size_t t = 0; t < b->table->n_tensors; t++)
        if (!b->is_used[t])
            return hs_fail(
                error, HS_ERROR_INPUT,
                "%s: unexpected tensor %s: family %s (%s) with %zu layers and these options has none of that name",
                b->table->tensors[t]->path, b->table->tensors[t]->name, b->family->model_type, b->architecture->name,
                b->options->shape.n_layers);
    return HS_OK;
}

static const char *choose_prefix(const hs_family *family, const hs_tensor_table *table)
{
    for (size_t t = 0; t < table->n_tensors; t++)
        if (strncmp(table->tensors[t]->name, family->base_prefix, strlen(family->base_prefix)) == 0)
            return family->base_prefix;
    return "";
}

/* ---- the arena --------------------------------------------------------------------------------------------------- */

static int compare_name(const void *a, const void *b)
{
    const hs_binding *left = a, *right = b;
    return strcmp(left->name, right->name);
}

bool hs_place_is_sorted(hs_place place)
{
    return place == HS_PLACE_HEADS_QKV || place == HS_PLACE_HEADS_QKV_BIAS;
}

static bool is_usable_in_place(const hs_binding *binding)
{
    const hs_tensor *tensor = binding->tensor;
    return tensor->dtype == HS_DTYPE_F32 && (uintptr_t)tensor->bytes % sizeof(float) == 0 &&
           !hs_place_is_sorted(binding->rule->place);
}

/* In the order of names, so that every process that opens the same files finds the same offsets. */
static hs_status lay_out_arena(hs_binding_list *list, const char *folder, hs_error *error)
{
    qsort(list->items, list->n_items, sizeof *list->items, compare_name);
    for (size_t i = 0; i < list->n_items; i++) {
        if (is_usable_in_place(&list->items[i]))
            continue;
        size_t n = list->items[i].tensor->n_elements;
        if (n > SIZE_MAX / 16 - list->arena_floats)
            return hs_fail(error, HS_ERROR_MEMORY, "%s: the weights are larger than any memory", folder);
        list->items[i].arena_offset = list->arena_floats;
        list->arena_floats += (n + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    }
    return HS_OK;
}

hs_status hs_binding_list_make(const char *folder, const hs_family *family, const hs_architecture *architecture,
                               const hs_family_options *options, const hs_tensor_table *table,
                               hs_binding_list *list_out, hs_error *error)
{
    *list_out = (hs_binding_list){0};
    hs_status status = HS_OK;
    binder b = {.folder = folder,
                .family = family,
                .architecture = architecture,
                .options = options,
                .table = table,
                .prefix = choose_prefix(family, table),
                .list = list_out};
    HS_GOTO_DONE(hs_allocate(&b.is_used, table->n_tensors, sizeof *b.is_used, folder, error));
    HS_GOTO_DONE(bind_rules(&b, family->rules, error));
    HS_GOTO_DONE(bind_rules(&b, architecture->rules, error));
    mark_ignored(&b);
    HS_GOTO_DONE(check_all_used(&b, error));
    HS_GOTO_DONE(lay_out_arena(list_out, folder, error));
done:
    hs_free(b.is_used);
    if (status != HS_OK)
        hs_binding_list_clear(list_out);
    return status;
}

void hs_binding_list_clear(hs_binding_list *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        hs_free(list->items[i].name);
    hs_free(list->items);
    *list = (hs_binding_list){0};
}
