/*
 * selectors: the words of sweep.heads and the lines of a file of sets, as components of the kind
 * that is swept.
 */
#include "sweep/selectors.h"

#include <string.h>

#include "headsweep/sweep.h"

enum { SET_FILE_MAX_BYTES = 256 * 1024 * 1024, NUMBER_MAX = 1000000 };

static const char *title_of(const component_grid *grid)
{
    return hs_sets_kind((int32_t)grid->kind)->title;
}

/* Reads a number at *cursor and moves past it; false if there is none or it is absurdly large. */
static bool parse_number(const char **cursor, size_t *number_out)
{
    size_t number = 0;
    const char *start = *cursor;

    while (**cursor >= '0' && **cursor <= '9' && number <= NUMBER_MAX)
        number = number * 10 + (size_t)(*(*cursor)++ - '0');
    *number_out = number;
    return *cursor > start && number <= NUMBER_MAX;
}

typedef struct index_range {
    size_t first;
    size_t last;
} index_range;

/* "*", "7" or "2-5"; moves past it. */
static bool parse_range(const char **cursor, size_t n, index_range *range_out)
{
    if (**cursor == '*') {
        ++*cursor;
        *range_out = (index_range){0, n - 1};
        return true;
    }
    if (!parse_number(cursor, &range_out->first))
        return false;
    range_out->last = range_out->first;
    if (**cursor != '-')
        return true;
    ++*cursor;
    return parse_number(cursor, &range_out->last) && range_out->first <= range_out->last;
}

/* Past what the letters of a kind are set between: "." and "kv" of "2.kv1", "KV" of "L2KV1". */
static bool skip_letters(const char **cursor, bool spelt, int32_t kind)
{
    const char *letters = spelt ? hs_sets_kind(kind)->letters : hs_sets_kind(kind)->prefix;
    const char *at = *cursor;

    if (!spelt && *at++ != '.')
        return false;
    if (strncmp(at, letters, strlen(letters)) != 0)
        return false;
    *cursor = at + strlen(letters);
    return true;
}

static hs_component component_at(const component_grid *grid, size_t layer, size_t index)
{
    return (hs_component){(int32_t)grid->kind, (int32_t)layer, (int32_t)index};
}

static hs_status fail_gone(const component_grid *grid, size_t layer, size_t index, hs_error *error)
{
    return hs_fail(error, HS_ERROR_USAGE,
                   "%s %zu.%zu is not in the checkpoint: it was pruned (\"pruned_heads\" of config.json), so there is "
                   "nothing to ablate",
                   title_of(grid), layer, index);
}

/* Marks rather than lists, so that selectors may overlap and the order of the table is kept. */
hs_status hs__sweep_selector_mark(const char *selector, const component_grid *grid, bool *selected, hs_error *error)
{
    /*
     * "L4H7", as heads are named in CSV, is "4.7"; that names the swept kind's component too where it is
     * another one.
     */
    const bool spelt = selector[0] == 'L';
    const char *cursor = selector + spelt;
    index_range layers;
    index_range indices = {0, grid->n_indices - 1};
    bool well_formed = parse_range(&cursor, grid->n_layers, &layers);

    if (well_formed &&
        (skip_letters(&cursor, spelt, (int32_t)grid->kind) || skip_letters(&cursor, spelt, HS_COMPONENT_HEAD)))
        well_formed = parse_range(&cursor, grid->n_indices, &indices);
    if (!well_formed || *cursor != '\0')
        return hs_fail(
            error, HS_ERROR_USAGE,
            "sweep.heads: \"%s\" is not a selector; write \"*\", a layer \"3\", or layers and heads \"0-2.*\", "
            "\"1.0-3\", \"4.7\"",
            selector);
    if (layers.last >= grid->n_layers || indices.last >= grid->n_indices)
        return hs_fail(error, HS_ERROR_USAGE,
                       "sweep.heads: \"%s\" is outside the model, which has layers 0 to %zu and %ss 0 to %zu", selector,
                       grid->n_layers - 1, title_of(grid), grid->n_indices - 1);
    if (layers.first == layers.last && indices.first == indices.last &&
        hs_sets_component_is_gone(component_at(grid, layers.first, indices.first), grid->shape))
        return fail_gone(grid, layers.first, indices.first, error);
    for (size_t layer = layers.first; layer <= layers.last; ++layer)
        for (size_t index = indices.first; index <= indices.last; ++index)
            selected[layer * grid->n_indices + index] =
                !hs_sets_component_is_gone(component_at(grid, layer, index), grid->shape);
    return HS_OK;
}

/* What stands in a set file, for messages. */
typedef struct set_line {
    const char *path;
    size_t number;
    const component_grid *grid;
} set_line;

/* Where the swept kind is another one, a plain "0.1" names that kind's component too. */
static hs_status check_component(const set_line *line, const hs_component *component, hs_error *error)
{
    const component_grid *grid = line->grid;

    if (component->kind != HS_COMPONENT_HEAD && component->kind != (int32_t)grid->kind)
        return hs_fail(error, HS_ERROR_USAGE, "a %s in a set, and sweep.unit is \"%s\"",
                       hs_sets_kind(component->kind)->title, hs_config_word(&HS_CONFIG_UNITS, (int)grid->kind));
    if ((size_t)component->layer >= grid->n_layers || (size_t)component->index >= grid->n_indices)
        return hs_fail(error, HS_ERROR_USAGE,
                       "%s %d.%d is outside the model, which has layers 0 to %zu and %ss 0 to %zu", title_of(grid),
                       (int)component->layer, (int)component->index, grid->n_layers - 1, title_of(grid),
                       grid->n_indices - 1);
    const hs_component meant = component_at(grid, (size_t)component->layer, (size_t)component->index);
    if (hs_sets_component_is_gone(meant, grid->shape))
        return fail_gone(grid, (size_t)component->layer, (size_t)component->index, error);
    return HS_OK;
}

static hs_status parse_head(const char **cursor, const set_line *line, hs_component *component_out, hs_error *error)
{
    const char *start = *cursor;
    hs_status status = hs_sets_parse_component(cursor, component_out, error);

    if (status == HS_OK && **cursor != '\0' && strchr(" \t\r+,#", **cursor) == NULL)
        status = hs_fail(error, HS_ERROR_USAGE, "\"%.20s\" is not a head; write layer.head, as in \"0.1 2.3\"", start);
    if (status == HS_OK)
        status = check_component(line, component_out, error);
    if (status != HS_OK)
        return hs_error_prefix(error, "%s:%zu", line->path, line->number);
    component_out->kind = (int32_t)line->grid->kind;
    return HS_OK;
}

/* Separators may be blanks, commas or plus signs, as people copy sets from rankings and tables. */
static hs_status parse_line(const char *text, const set_line *line, hs_sets *sets, hs_error *error)
{
    hs_component components[HS_SPACE_MAX_ORDER];
    size_t n = 0;

    for (const char *cursor = text + strspn(text, " \t\r+,"); *cursor != '\0' && *cursor != '#';
         cursor += strspn(cursor, " \t\r+,")) {
        if (n == HS_SPACE_MAX_ORDER)
            return hs_fail(error, HS_ERROR_USAGE, "%s:%zu: more than %d heads in one set", line->path, line->number,
                           HS_SPACE_MAX_ORDER);
        HS_TRY(parse_head(&cursor, line, &components[n++], error));
    }
    if (n == 0)
        return HS_OK;
    hs_sets_sort_components(components, n);
    for (size_t i = 1; i < n; ++i)
        if (hs_sets_compare_components(&components[i - 1], &components[i]) == 0)
            return hs_fail(error, HS_ERROR_USAGE, "%s:%zu: %d.%d stands twice in one set", line->path, line->number,
                           components[i].layer, components[i].index);
    return hs_sets_append(sets, 0, 0, components, n, error);
}

/* Newlines are cut in place, since the text is ours and messages need the line's number. */
hs_status hs__sweep_set_file_read(const char *path, const component_grid *grid, hs_sets *sets, hs_error *error)
{
    char *text = NULL;
    size_t n_bytes = 0;
    hs_status status = hs_text_file_read(path, SET_FILE_MAX_BYTES, &text, &n_bytes, error);
    set_line line = {path, 0, grid};

    for (char *start = text, *end; status == HS_OK && start < text + n_bytes; start = end + 1) {
        end = start + strcspn(start, "\n");
        *end = '\0';
        ++line.number;
        status = parse_line(start, &line, sets, error);
    }
    hs_free(text);
    return status;
}
