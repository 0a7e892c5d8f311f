/*
 * tensor_names: looks a tensor up under every name that the checkpoint may have for it. Two of
 * them may be there, if they are equal.
 */
#include "model/tensor_names.h"

#include <string.h>

/* What is put around a model: data parallelism, torch.compile, PEFT, FSDP, DeepSpeed, trl, Lightning. */
static const char *const wrappers[] = {
    "module.",           "_orig_mod.", "_fsdp_wrapped_module.", "_forward_module.", "base_model.model.",
    "pretrained_model.", "model."};

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool any_starts_with(const hs_tensor_table *table, const char *first, const char *second)
{
    size_t length = strlen(first);
    for (size_t t = 0; t < table->n_tensors; t++)
        if (starts_with(table->tensors[t]->name, first) && starts_with(table->tensors[t]->name + length, second))
            return true;
    return false;
}

void hs__model_tensor_names_init(const hs_tensor_table *table, const hs_family *family, hs_tensor_names *names_out)
{
    *names_out = (hs_tensor_names){.table = table, .family = family};
    char *wrapper = names_out->wrapper;
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0];) {
        size_t length = strlen(wrapper);
        bool is_around = strcmp(wrappers[i], family->base_prefix) != 0 &&
                         any_starts_with(table, wrapper, wrappers[i]) &&
                         length + strlen(wrappers[i]) < sizeof names_out->wrapper;
        if (is_around)
            snprintf(wrapper + length, sizeof names_out->wrapper - length, "%s", wrappers[i]);
        i = is_around ? 0 : i + 1;
    }
}

/* What one lookup carries along. */
typedef struct lookup {
    const hs_tensor_names *names;
    bool *is_used;
    size_t found;
    hs_error *error;
} lookup;

/*
 * Which of two tensors the author meant cannot be known, so that they must be equal; both count as
 * used, and neither is an extra.
 */
static hs_status take(lookup *l, const char *name)
{
    const hs_tensor_table *table = l->names->table;
    size_t t = hs__model_tensor_table_find(table, name);
    if (t == table->n_tensors || t == l->found)
        return HS_OK;
    if (l->is_used != NULL)
        l->is_used[t] = true;
    if (l->found == table->n_tensors)
        l->found = t;
    else if (!hs__model_tensor_is_equal(table->tensors[t], table->tensors[l->found]))
        return hs_fail(l->error, HS_ERROR_INPUT,
                       "%s: tensor %s differs from %s, but the two are names of one tensor; remove the one that does "
                       "not count",
                       table->tensors[t]->path, name, table->tensors[l->found]->name);
    return HS_OK;
}

static hs_status take_joined(lookup *l, const char *prefix, const char *name)
{
    char joined[2 * HS_MAX_TENSOR_PATTERN];
    const char *wrapper = l->names->wrapper;
    snprintf(joined, sizeof joined, "%s%s%s", wrapper, prefix, name);
    HS_TRY(take(l, joined));
    return wrapper[0] != '\0' ? take(l, joined + strlen(wrapper)) : HS_OK;
}

/* As it is, without the prefix, and with one more. */
static hs_status take_with_prefixes(lookup *l, const char *name)
{
    const char *prefix = l->names->family->base_prefix;
    HS_TRY(take_joined(l, "", name));
    if (starts_with(name, prefix))
        HS_TRY(take_joined(l, "", name + strlen(prefix)));
    return take_joined(l, prefix, name);
}

/*
 * Does not stop at the first name that is found, since a second tensor for the same place has to
 * be compared with it.
 */
hs_status hs__model_tensor_names_find(const hs_tensor_names *names, const char *name, bool *is_used, size_t *index_out,
                                      hs_error *error)
{
    char other[HS_MAX_TENSOR_PATTERN];
    lookup l = {.names = names, .is_used = is_used, .found = names->table->n_tensors, .error = error};
    *index_out = l.found;
    HS_TRY(take_with_prefixes(&l, name));
    const hs_tensor_alias *alias = names->family->aliases;
    for (size_t length = strlen(name); alias != NULL && alias->ending != NULL; alias++) {
        size_t ending = strlen(alias->ending);
        if (length < ending || strcmp(name + length - ending, alias->ending) != 0)
            continue;
        snprintf(other, sizeof other, "%.*s%s", (int)(length - ending), name, alias->other_ending);
        HS_TRY(take_with_prefixes(&l, other));
    }
    if (l.found < names->table->n_tensors && is_used != NULL)
        is_used[l.found] = true;
    *index_out = l.found;
    return HS_OK;
}

const char *hs__model_tensor_names_strip(const hs_tensor_names *names, const char *name)
{
    if (starts_with(name, names->wrapper))
        name += strlen(names->wrapper);
    while (starts_with(name, names->family->base_prefix))
        name += strlen(names->family->base_prefix);
    return name;
}
