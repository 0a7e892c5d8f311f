/*
 * The table of kinds of components, and what follows from it: names, reading and order. What is added here as a
 * row can be swept, named, stored and drawn; what its site needs in the engine stands in src/engine/README.md.
 */
#include "headsweep/sets.h"

#include <stdlib.h>
#include <string.h>

static const char *const SITE_NAMES[HS_SITE_COUNT] = {
    [HS_SITE_RESIDUAL_BEFORE_ATTENTION] = "residual before attention",
    [HS_SITE_PATTERN] = "pattern",
    [HS_SITE_Z] = "z",
    [HS_SITE_ATTENTION_OUTPUT] = "attention output",
    [HS_SITE_RESIDUAL_BEFORE_MLP] = "residual before the MLP",
    [HS_SITE_MLP_HIDDEN] = "MLP hidden",
    [HS_SITE_MLP_OUTPUT] = "MLP output",
    [HS_SITE_RESIDUAL_AFTER_MLP] = "residual after the MLP",
    [HS_SITE_LOGITS] = "logits",
};

const char *hs_sets_site_name(hs_site site)
{
    return SITE_NAMES[site];
}

size_t hs_sets_site_parts(hs_site site, const hs_model_shape *shape)
{
    if (site == HS_SITE_PATTERN || site == HS_SITE_Z)
        return shape->n_heads;
    return site == HS_SITE_MLP_HIDDEN ? shape->mlp_width : 1;
}

static size_t count_heads(const hs_model_shape *shape)
{
    return shape->n_heads;
}

static size_t count_kv_groups(const hs_model_shape *shape)
{
    return shape->n_kv_heads;
}

static const hs_kind KINDS[HS_COMPONENT_KINDS] = {
    [HS_COMPONENT_HEAD] = {"head", "", "H", "n_heads", HS_SITE_Z, count_heads},
    [HS_COMPONENT_KV_GROUP] = {"KV group", "kv", "KV", "n_kv_heads", HS_SITE_Z, count_kv_groups},
};

const hs_kind *hs_sets_kind(int32_t kind)
{
    return kind >= 0 && kind < HS_COMPONENT_KINDS ? &KINDS[kind] : NULL;
}

/*
 * What a component stands for at its site: its own part, or for a KV group the run of query heads
 * that share its keys and values. Any component that reaches the engine went through here, so that
 * it exists.
 */
hs_status hs_sets_component_parts(hs_component component, const hs_model_shape *shape, hs_parts *parts_out,
                                  hs_error *error)
{
    const hs_kind *kind = hs_sets_kind(component.kind);

    if (kind == NULL)
        return hs_fail(error, HS_ERROR_INPUT, "component kind %d does not exist", (int)component.kind);
    size_t n_indices = kind->count(shape);
    if (component.layer < 0 || (size_t)component.layer >= shape->n_layers || component.index < 0 ||
        (size_t)component.index >= n_indices)
        return hs_fail(error, HS_ERROR_INPUT, "%s %d.%d does not exist: the model has %zu layers with %zu each",
                       kind->title, (int)component.layer, (int)component.index, shape->n_layers, n_indices);
    size_t n_each = hs_sets_site_parts(kind->site, shape) / n_indices;
    *parts_out = (hs_parts){kind->site, (size_t)component.index * n_each, n_each};
    return HS_OK;
}

/* Whose parts are not heads has them all. */
bool hs_sets_component_is_gone(hs_component component, const hs_model_shape *shape)
{
    hs_parts parts = {0};
    hs_error ignored = {0};

    if (shape->gone_heads == NULL || hs_sets_component_parts(component, shape, &parts, &ignored) != HS_OK ||
        (parts.site != HS_SITE_Z && parts.site != HS_SITE_PATTERN))
        return false;
    for (size_t i = 0; i < parts.n; i++)
        if (!shape->gone_heads[(size_t)component.layer * shape->n_heads + parts.first + i])
            return false;
    return true;
}

int hs_sets_compare_components(const hs_component *left, const hs_component *right)
{
    if (left->layer != right->layer)
        return left->layer < right->layer ? -1 : 1;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

static int compare_pointed(const void *left, const void *right)
{
    return hs_sets_compare_components(left, right);
}

void hs_sets_sort_components(hs_component *components, size_t n)
{
    if (n > 0)
        qsort(components, n, sizeof *components, compare_pointed);
}

int hs_sets_compare(const hs_component *left, size_t n_left, const hs_component *right, size_t n_right)
{
    if (n_left != n_right)
        return n_left < n_right ? -1 : 1;
    for (size_t i = 0; i < n_left; i++) {
        int difference = hs_sets_compare_components(&left[i], &right[i]);
        if (difference != 0)
            return difference;
    }
    return 0;
}

static const char *prefix_of(hs_component component)
{
    const hs_kind *kind = hs_sets_kind(component.kind);
    return kind != NULL ? kind->prefix : "?";
}

const char *hs_sets_component_name(hs_component component, char name[HS_COMPONENT_NAME_BYTES])
{
    snprintf(name, HS_COMPONENT_NAME_BYTES, "%d.%s%d", (int)component.layer, prefix_of(component),
             (int)component.index);
    return name;
}

const char *hs_sets_component_spelling(hs_component component, char name[HS_COMPONENT_NAME_BYTES])
{
    const hs_kind *kind = hs_sets_kind(component.kind);
    snprintf(name, HS_COMPONENT_NAME_BYTES, "L%d%s%d", (int)component.layer, kind != NULL ? kind->letters : "?",
             (int)component.index);
    return name;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits at *cursor, and moves past them; false if there are none, or more than any file has. */
static bool read_number(const char **cursor, int32_t *number_out)
{
    const char *start = *cursor;
    int32_t number = 0;

    while (is_digit(**cursor) && number <= HS_COMPONENT_MAX_NUMBER)
        number = number * 10 + (*(*cursor)++ - '0');
    *number_out = number;
    return *cursor > start && number <= HS_COMPONENT_MAX_NUMBER;
}

/* A component as it is written; its kind only as the letters that say it. */
struct written {
    hs_component component;
    bool spelt; /* as L2H1, not as 2.1 */
    const char *letters;
    size_t n_letters;
};

/*
 * The letters are kept as they are: what they mean depends on the table, and a message about
 * letters that mean nothing must quote them. The cursor moves only past a whole component.
 */
static bool read_written(const char **cursor, struct written *out)
{
    const char *at = *cursor;
    *out = (struct written){.spelt = *at == 'L'};
    at += out->spelt;
    if (!read_number(&at, &out->component.layer) || (!out->spelt && *at++ != '.'))
        return false;
    out->letters = at;
    while ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z'))
        at++;
    out->n_letters = (size_t)(at - out->letters);
    if (!read_number(&at, &out->component.index))
        return false;
    *cursor = at;
    return true;
}

static bool find_kind(struct written *written)
{
    for (int kind = 0; kind < HS_COMPONENT_KINDS; kind++) {
        const char *letters = written->spelt ? KINDS[kind].letters : KINDS[kind].prefix;
        if (strlen(letters) == written->n_letters && strncmp(letters, written->letters, written->n_letters) == 0) {
            written->component.kind = kind;
            return true;
        }
    }
    return false;
}

bool hs_sets_read_component(const char **cursor, hs_component *component_out)
{
    const char *at = *cursor;
    struct written written;

    if (!read_written(&at, &written) || !find_kind(&written))
        return false;
    *component_out = written.component;
    *cursor = at;
    return true;
}

/* Names as they would be under each kind, for the message. */
static hs_status fail_kind(const struct written *written, const char *name, hs_error *error)
{
    char candidates[HS_COMPONENT_KINDS][HS_COMPONENT_NAME_BYTES];
    hs_component component = written->component;
    hs_names names = {0};

    for (int32_t kind = 0; kind < HS_COMPONENT_KINDS; kind++) {
        component.kind = kind;
        hs_names_put(&names, written->spelt ? hs_sets_component_spelling(component, candidates[kind])
                                            : hs_sets_component_name(component, candidates[kind]));
    }
    return hs_fail_name(error, HS_ERROR_USAGE, &names, name, "\"%s\": there is no kind of component \"%.*s\"", name,
                        (int)written->n_letters, written->letters);
}

hs_status hs_sets_parse_component(const char **cursor, hs_component *component_out, hs_error *error)
{
    const char *at = *cursor;
    struct written written;
    char name[2 * HS_COMPONENT_NAME_BYTES];

    if (hs_sets_read_component(cursor, component_out))
        return HS_OK;
    if (!read_written(&at, &written))
        return hs_fail(error, HS_ERROR_USAGE, "\"%.20s\" is not a head; write layer.head, as in \"2.1\"", *cursor);
    snprintf(name, sizeof name, "%.*s", (int)(at - *cursor), *cursor);
    return fail_kind(&written, name, error);
}

/*
 * "heads ", ", KV groups ": before the first component of a kind, where another stands before it; "+" before
 * the others.
 */
static int append_lead(char *buffer, size_t capacity, const hs_component *components, size_t i)
{
    if (i > 0 && components[i].kind == components[i - 1].kind)
        return snprintf(buffer, capacity, "+");
    const hs_kind *kind = hs_sets_kind(components[i].kind);
    return snprintf(buffer, capacity, "%s%ss ", i > 0 ? ", " : "", kind != NULL ? kind->title : "component");
}

/*
 * For messages about a set in hand, which may come from no table; of a set of hundreds the first
 * ones and the number of the others, because a line is to stay a line. snprintf() returns what it
 * would have written, hence the length checks.
 */
const char *hs_sets_ablation_name(const hs_ablation *ablation, char *buffer, size_t capacity)
{
    enum { LONGEST_NAMED = 12 };
    if (ablation == NULL || ablation->n_components == 0) {
        snprintf(buffer, capacity, "clean model");
        return buffer;
    }
    size_t length = 0;
    size_t n_named = ablation->n_components < LONGEST_NAMED ? ablation->n_components : LONGEST_NAMED;
    for (size_t i = 0; i < n_named && length < capacity; i++) {
        const hs_component *component = &ablation->components[i];
        length += (size_t)append_lead(buffer + length, capacity - length, ablation->components, i);
        if (length < capacity)
            length += (size_t)snprintf(buffer + length, capacity - length, "%d.%d", (int)component->layer,
                                       (int)component->index);
    }
    char name[64];
    hs_sets_intervention_name(ablation->intervention, name, sizeof name);
    if (length < capacity && n_named < ablation->n_components)
        snprintf(buffer + length, capacity - length, "+%zu more (%s)", ablation->n_components - n_named, name);
    else if (length < capacity)
        snprintf(buffer + length, capacity - length, " (%s)", name);
    return buffer;
}
