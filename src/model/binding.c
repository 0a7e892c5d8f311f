/*
 * binding: goes through the family's rules once and finds the tensor of each, under which name
 * ever. transformers fills what is missing with random numbers and warns; here it is an error.
 * Tensors that no rule takes are extras.c's.
 */
#include "model/binding.h"

#include <stdlib.h>
#include <string.h>

#include "model/extras.h"
#include "model/pruned.h"
#include "model/quantised.h"
#include "model/tensor_names.h"
#include "model/weights.h"

enum { ARENA_ALIGNMENT = 64 / sizeof(float) };

/* What the functions of this file share while one checkpoint is bound. */
typedef struct binder {
    const hs_binding_source *source;
    hs_family_options *options;
    bool is_tied; /* by the config */
    hs_tensor_names names;
    bool *is_used; /* [table->n_tensors] */
    hs_binding_list *list;
    hs_note_list *notes;
} binder;

/* Expected shapes. */

static const char *const axis_names[] = {
    [HS_DIM_NONE] = "none",
    [HS_DIM_WIDTH] = "width",
    [HS_DIM_EMBEDDING] = "embedding width",
    [HS_DIM_QUERY] = "heads x head_dim",
    [HS_DIM_KV] = "KV heads x head_dim",
    [HS_DIM_HEAD] = "head_dim",
    [HS_DIM_HEADS] = "heads",
    [HS_DIM_KV_HEADS] = "KV heads",
    [HS_DIM_QUERY_KEY_VALUE] = "query + key + value",
    [HS_DIM_MLP] = "MLP width",
    [HS_DIM_EXPERTS] = "experts",
    [HS_DIM_EXPERT_MLP] = "expert width",
    [HS_DIM_GATE_UP] = "gate + up",
    [HS_DIM_VOCABULARY] = "vocabulary",
    [HS_DIM_POSITIONS] = "positions",
    [HS_DIM_TOKEN_TYPES] = "token types",
    [HS_DIM_LABELS] = "labels",
};

/*
 * A table of positions also has the rows before the first one that is used (RoBERTa's start after
 * the padding token), hence the sum.
 */
static size_t axis_length(const hs_model_shape *shape, hs_dimension axis)
{
    size_t query = shape->n_heads * shape->head_dim, kv = shape->n_kv_heads * shape->head_dim;
    const size_t lengths[] = {
        [HS_DIM_NONE] = 1,
        [HS_DIM_WIDTH] = shape->width,
        [HS_DIM_EMBEDDING] = hs_embedding_width(shape),
        [HS_DIM_QUERY] = query,
        [HS_DIM_KV] = kv,
        [HS_DIM_HEAD] = shape->head_dim,
        [HS_DIM_HEADS] = shape->n_heads,
        [HS_DIM_KV_HEADS] = shape->n_kv_heads,
        [HS_DIM_QUERY_KEY_VALUE] = query + 2 * kv,
        [HS_DIM_MLP] = shape->mlp_width,
        [HS_DIM_EXPERTS] = shape->n_experts,
        [HS_DIM_EXPERT_MLP] = shape->expert_width,
        [HS_DIM_GATE_UP] = 2 * shape->mlp_width,
        [HS_DIM_VOCABULARY] = shape->vocabulary,
        [HS_DIM_POSITIONS] = shape->first_position + shape->n_positions,
        [HS_DIM_TOKEN_TYPES] = shape->n_token_types,
        [HS_DIM_LABELS] = shape->n_outputs,
    };
    return lengths[axis];
}

static hs_status fail_shape(const hs_tensor *tensor, const hs_dimension axes[2], const size_t *expected,
                            size_t n_expected, hs_error *error)
{
    char have[256], want[256];
    bool is_head = axes[0] == HS_DIM_LABELS;
    return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s has shape %s, expected %s (%s%s%s)%s", tensor->path,
                   tensor->name, hs__model_shape_format(tensor->shape, tensor->n_dimensions, have, sizeof have),
                   hs__model_shape_format(expected, n_expected, want, sizeof want), axis_names[axes[0]],
                   n_expected > 1 ? ", " : "", n_expected > 1 ? axis_names[axes[1]] : "",
                   is_head ? ": config.json must say how many labels there are, with id2label or num_labels; without "
                             "these there are two"
                           : "");
}

/* As the file has it, of a layer that may lack heads: only families with as many KV heads as heads can. */
static size_t kept_length(const hs_model_shape *shape, size_t layer, hs_dimension axis)
{
    const size_t kept = hs__model_pruned_n_kept(shape, layer) * shape->head_dim;
    if (shape->gone_heads == NULL || (axis != HS_DIM_QUERY && axis != HS_DIM_KV && axis != HS_DIM_QUERY_KEY_VALUE))
        return axis_length(shape, axis);
    return axis == HS_DIM_QUERY_KEY_VALUE ? 3 * kept : kept;
}

static hs_status check_tensor(const hs_tensor *tensor, const hs_tensor_rule *rule, const size_t expected[2],
                              hs_error *error)
{
    size_t n_expected = rule->shape[1] == HS_DIM_NONE ? 1 : 2;
    if (tensor->n_dimensions != n_expected || memcmp(tensor->shape, expected, n_expected * sizeof *expected) != 0)
        return fail_shape(tensor, rule->shape, expected, n_expected, error);
    if (!hs__model_dtype_is_weight(tensor->dtype))
        return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s is of type %s; F32, F64, F16 and BF16 are read: %s",
                       tensor->path, tensor->name, hs__model_dtype_name(tensor->dtype), hs__model_quantised_advice);
    return HS_OK;
}

/* Rules. */

/* Without a default, so that the compiler warns of a new presence that has no answer here. */
static bool is_expected(const binder *b, hs_presence presence, size_t layer)
{
    const hs_family_options *options = b->options;
    bool is_sparse = b->source->is_sparse != NULL && b->source->is_sparse[layer];
    switch (presence) {
    case HS_PRESENT_ALWAYS:
        return true;
    case HS_PRESENT_WITH_QKV_BIAS:
        return options->query_key_value_bias;
    case HS_PRESENT_WITH_OUTPUT_BIAS:
        return options->output_bias;
    case HS_PRESENT_WITH_MLP_BIAS:
        return options->mlp_bias;
    case HS_PRESENT_PROJECTED:
        return hs_embedding_width(&options->shape) != options->shape.width;
    case HS_PRESENT_SEQUENTIAL:
        return !options->shape.parallel_residual;
    case HS_PRESENT_WITH_ONE_NORM:
        return options->shape.parallel_residual && options->n_parallel_norms == 1;
    case HS_PRESENT_WITH_TWO_NORMS:
        return options->shape.parallel_residual && options->n_parallel_norms == 2;
    case HS_PRESENT_WITH_FINAL_NORM:
        return !options->shape.post_norm && !options->lacks_final_norm;
    case HS_PRESENT_IN_DENSE_LAYERS:
        return !is_sparse;
    case HS_PRESENT_IN_SPARSE_LAYERS:
        return is_sparse;
    case HS_PRESENT_WITH_HEAD_NORMS:
        return options->has_head_norms;
    case HS_PRESENT_PARALLEL:
        return options->shape.parallel_residual;
    case HS_PRESENT_UNTIED:
        return !options->shape.tied_unembedding;
    }
    return false;
}

/* The tensor that the file has for `name`, which counts as used from now on; NULL if there is none. */
static hs_status find(binder *b, const char *name, const hs_tensor **tensor_out, hs_error *error)
{
    const hs_tensor_table *table = b->source->table;
    size_t t = table->n_tensors;
    *tensor_out = NULL;
    HS_TRY(hs__model_tensor_names_find(&b->names, name, b->is_used, &t, error));
    if (t < table->n_tensors)
        *tensor_out = table->tensors[t];
    return HS_OK;
}

static bool is_token_embedding(const hs_tensor_rule *rule)
{
    return rule->target == offsetof(hs_model, token_embedding) && !hs__model_pattern_is_per_layer(rule->pattern);
}

const hs_tensor *hs__model_binding_token_embedding(const hs_binding_list *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (is_token_embedding(list->items[i].rule))
            return list->items[i].tensor;
    return NULL;
}

static hs_status fail_missing(const binder *b, const char *name, const char *reason, hs_error *error)
{
    const hs_binding_source *source = b->source;
    const char *first = source->table->n_tensors > 0 ? source->table->tensors[0]->name : "";
    bool is_foreign = b->list->n_items == 0 && first[0] != '\0';
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: missing tensor %s: needed by family %s (%s)%s%s%s; transformers would start it at random or "
                   "at zero and say so",
                   source->folder, name, source->family->model_type, source->architecture->name, reason,
                   is_foreign ? "; the file has others, such as " : "", is_foreign ? first : "");
}

/* Tensors that may stand for each other. */

/* With tied embeddings either of the two is enough, and transformers takes the one that is there. */
static hs_status find_embedding(binder *b, const hs_tensor **tensor_inout, hs_error *error)
{
    const hs_tensor_rule *rule = b->source->architecture->rules;
    while (rule->pattern != NULL && rule->presence != HS_PRESENT_UNTIED)
        rule++;
    if (*tensor_inout != NULL || !b->is_tied || rule->pattern == NULL)
        return HS_OK;
    return find(b, rule->pattern, tensor_inout, error);
}

/* transformers computes with what is under the name that wins; the other is its source only where the two are tied. */
static hs_status find_winner(binder *b, const hs_tensor_rule *rule, const hs_tensor **tensor_inout, hs_error *error)
{
    const char *name = b->source->architecture->winning_bias;
    const hs_tensor *winner = NULL;
    if (name == NULL || rule->target != offsetof(hs_model, unembedding.bias) ||
        hs__model_pattern_is_per_layer(rule->pattern))
        return HS_OK;
    HS_TRY(find(b, name, &winner, error));
    if (winner != NULL && *tensor_inout != NULL && !hs__model_tensor_is_equal(winner, *tensor_inout))
        HS_TRY(hs__model_note_add(b->notes, error, "%s and %s differ; %s counts, as in transformers 5", winner->name,
                                  (*tensor_inout)->name, winner->name));
    if (winner == NULL && *tensor_inout != NULL && !b->is_tied)
        return fail_missing(
            b, name,
            ": \"tie_word_embeddings\" is false, and then transformers 5 takes zeros and transformers 4 "
            "takes the bias without \"decoder\"; rename the one that is there to this name, or set "
            "\"tie_word_embeddings\" to true",
            error);
    if (winner != NULL)
        *tensor_inout = winner;
    return HS_OK;
}

/* Tied in the config, but in the file all the same: it counts where it is another matrix. */
static hs_status check_tie(binder *b, const hs_tensor *unembedding, bool *is_expected_inout, hs_error *error)
{
    const hs_tensor *embedding = hs__model_binding_token_embedding(b->list);
    if (embedding == NULL || hs__model_tensor_is_equal(embedding, unembedding))
        return HS_OK;
    b->options->shape.tied_unembedding = false;
    *is_expected_inout = true;
    return hs__model_note_add(
        b->notes, error,
        "%s differs from %s, so they are not tied although \"tie_word_embeddings\" says so, as in "
        "transformers 5 (transformers 4 takes %s for both)",
        unembedding->name, embedding->name, embedding->name);
}

/* Binding. */

/* The number in the tensors' names of a layer, as transformers computes which group of layers it is in. */
static size_t stored_layer(const hs_family_options *options, size_t layer)
{
    if (options->n_layer_groups == 0)
        return layer;
    return (size_t)((double)layer / ((double)options->shape.n_layers / (double)options->n_layer_groups));
}

/* The name is a copy: expanded patterns live in the caller's buffer. */
static hs_status append_binding(binder *b, const hs_tensor_rule *rule, hs_pattern_place place, const hs_tensor *tensor,
                                const char *name, hs_error *error)
{
    const hs_model_shape *shape = &b->options->shape;
    hs_binding_list *list = b->list;
    HS_TRY(hs_reserve(&list->items, &list->capacity, list->n_items + 1, sizeof *list->items, b->source->folder, error));
    hs_binding *binding = &list->items[list->n_items];
    *binding = (hs_binding){.rule = rule, .place = place, .tensor = tensor, .arena_offset = HS_BINDING_MAPPED};
    for (size_t i = 0; i < 2; i++)
        binding->shape[i] = axis_length(shape, rule->shape[i]);
    binding->lacks_heads = tensor->n_elements != binding->shape[0] * binding->shape[1];
    binding->name = hs_string_copy(name, error);
    if (binding->name == NULL)
        return error->status;
    list->n_items++;
    return HS_OK;
}

static hs_status check_shape(const binder *b, const hs_tensor *tensor, const hs_tensor_rule *rule, size_t layer,
                             hs_error *error)
{
    const hs_model_shape *shape = &b->options->shape;
    const size_t kept[2] = {kept_length(shape, layer, rule->shape[0]), kept_length(shape, layer, rule->shape[1])};
    return check_tensor(tensor, rule, kept, error);
}

static hs_status find_for_rule(binder *b, const hs_tensor_rule *rule, const char *name, const hs_tensor **tensor_out,
                               hs_error *error)
{
    HS_TRY(find(b, name, tensor_out, error));
    if (is_token_embedding(rule))
        HS_TRY(find_embedding(b, tensor_out, error));
    return find_winner(b, rule, tensor_out, error);
}

/*
 * A bias that the config switches off is not looked for: if the file has it, it is an extra, and
 * refused. An unembedding is looked for even where it is tied, because what the file has may be
 * another matrix.
 */
static hs_status bind_rule(binder *b, const hs_tensor_rule *rule, hs_pattern_place place, hs_error *error)
{
    char name[HS_MAX_TENSOR_PATTERN];
    const hs_tensor *tensor = NULL;
    const hs_pattern_place stored = {stored_layer(b->options, place.layer), place.expert};
    hs__model_pattern_expand(rule->pattern, b->source->family->base_prefix, stored, name, sizeof name);
    bool expected = is_expected(b, rule->presence, place.layer);
    if (!expected && rule->presence != HS_PRESENT_UNTIED)
        return HS_OK;
    HS_TRY(find_for_rule(b, rule, name, &tensor, error));
    if (tensor == NULL && expected)
        return fail_missing(b, name,
                            rule->presence == HS_PRESENT_UNTIED
                                ? ": a base model without an output head, whose embeddings are not tied, gives no "
                                  "probabilities"
                                : "",
                            error);
    if (tensor == NULL)
        return HS_OK;
    HS_TRY(check_shape(b, tensor, rule, place.layer, error));
    if (!expected)
        HS_TRY(check_tie(b, tensor, &expected, error));
    return expected ? append_binding(b, rule, place, tensor, name, error) : HS_OK;
}

static hs_status bind_rules(binder *b, const hs_tensor_rule *rules, hs_error *error)
{
    const hs_model_shape *shape = &b->options->shape;
    for (const hs_tensor_rule *rule = rules; rule->pattern != NULL; rule++) {
        size_t n_layers = hs__model_pattern_is_per_layer(rule->pattern) ? shape->n_layers : 1;
        size_t n_experts = hs__model_pattern_is_per_expert(rule->pattern) ? shape->n_experts : 1;
        for (size_t layer = 0; layer < n_layers; layer++)
            for (size_t expert = 0; expert < n_experts; expert++)
                HS_TRY(bind_rule(b, rule, (hs_pattern_place){layer, expert}, error));
    }
    return HS_OK;
}

static hs_status note_wrapper(binder *b, hs_error *error)
{
    const hs_tensor *embedding = hs__model_binding_token_embedding(b->list);
    const char *wrapper = b->names.wrapper;
    if (wrapper[0] == '\0' || embedding == NULL || strncmp(embedding->name, wrapper, strlen(wrapper)) != 0)
        return HS_OK;
    return hs__model_note_add(
        b->notes, error, "the tensors' names begin with \"%s\", which is left out; transformers would not find them",
        wrapper);
}

/* The arena. */

static int compare_name(const void *a, const void *b)
{
    const hs_binding *left = a, *right = b;
    return strcmp(left->name, right->name);
}

bool hs__model_place_is_pairs(hs_place place)
{
    return place == HS_PLACE_LINEAR_PAIRS || place == HS_PLACE_PAIRS;
}

bool hs__model_place_is_sorted(hs_place place)
{
    return place == HS_PLACE_HEADS_QKV || place == HS_PLACE_HEADS_QKV_BIAS || hs__model_place_is_pairs(place);
}

static bool is_usable_in_place(const hs_binding *binding)
{
    const hs_tensor *tensor = binding->tensor;
    return tensor->dtype == HS_DTYPE_F32 && tensor->file_offset % sizeof(float) == 0 && !binding->lacks_heads &&
           !hs__model_place_is_sorted(binding->rule->place) && binding->rule->place != HS_PLACE_ONE_AND;
}

/*
 * In the order of names, so that every process that opens the same files finds the same offsets. A tensor that is taken
 * more than once (the one norm of a layer with parallel residuals, the layers of a group) has its bindings side by side
 * then.
 */
static hs_status lay_out_arena(hs_binding_list *list, const char *folder, hs_error *error)
{
    qsort(list->items, list->n_items, sizeof *list->items, compare_name);
    for (size_t i = 0; i < list->n_items; i++) {
        list->items[i].is_shared = i > 0 && list->items[i].tensor == list->items[i - 1].tensor;
        if (list->items[i].is_shared)
            list->items[i].arena_offset = list->items[i - 1].arena_offset;
        if (list->items[i].is_shared || is_usable_in_place(&list->items[i]))
            continue;
        size_t n = list->items[i].shape[0] * list->items[i].shape[1];
        if (n > SIZE_MAX / 16 - list->arena_floats)
            return hs_fail(error, HS_ERROR_MEMORY, "%s: the weights are larger than any memory", folder);
        list->items[i].arena_offset = list->arena_floats;
        list->arena_floats += (n + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    }
    return HS_OK;
}

/*
 * Signs of adapters and the like come first, because they explain tensors that would be reported
 * as missing. Extras are known only when the rules of both, family and architecture, are served.
 */
hs_status hs__model_binding_list_make(const hs_binding_source *source, hs_family_options *options_inout,
                                      hs_binding_list *list_out, hs_note_list *notes, hs_error *error)
{
    const hs_tensor_table *table = source->table;
    hs_status status = HS_OK;
    size_t n_stored = stored_layer(options_inout, options_inout->shape.n_layers - 1) + 1;
    *list_out = (hs_binding_list){0};
    binder b = {.source = source,
                .options = options_inout,
                .is_tied = options_inout->shape.tied_unembedding,
                .list = list_out,
                .notes = notes};
    hs__model_tensor_names_init(table, source->family, &b.names);
    HS_GOTO_DONE(hs_allocate(&b.is_used, table->n_tensors, sizeof *b.is_used, source->folder, error));
    HS_GOTO_DONE(hs__model_extras_check_signs(&b.names, error));
    HS_GOTO_DONE(bind_rules(&b, source->family->rules, error));
    HS_GOTO_DONE(bind_rules(&b, source->architecture->rules, error));
    HS_GOTO_DONE(note_wrapper(&b, error));
    HS_GOTO_DONE(hs__model_extras_check(&b.names, source->architecture, n_stored, b.is_used, notes, error));
    HS_GOTO_DONE(lay_out_arena(list_out, source->folder, error));
done:
    hs_free(b.is_used);
    if (status != HS_OK)
        hs__model_binding_list_clear(list_out);
    return status;
}

/* What may be tied or absent says nothing of whether the file has this head. */
hs_status hs__model_binding_has_head(const hs_binding_source *source, bool *has_out, hs_error *error)
{
    char name[HS_MAX_TENSOR_PATTERN];
    hs_tensor_names names;
    hs__model_tensor_names_init(source->table, source->family, &names);
    *has_out = source->architecture->has_outputs;
    for (const hs_tensor_rule *rule = source->architecture->rules; rule->pattern != NULL && *has_out; rule++) {
        size_t t = 0;
        bool may_lack = rule->presence == HS_PRESENT_UNTIED || rule->target == offsetof(hs_model, unembedding.bias);
        hs__model_pattern_expand(rule->pattern, source->family->base_prefix, (hs_pattern_place){0, 0}, name,
                                 sizeof name);
        HS_TRY(hs__model_tensor_names_find(&names, name, NULL, &t, error));
        *has_out = may_lack || t < source->table->n_tensors;
    }
    return HS_OK;
}

void hs__model_binding_list_clear(hs_binding_list *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        hs_free(list->items[i].name);
    hs_free(list->items);
    *list = (hs_binding_list){0};
}
