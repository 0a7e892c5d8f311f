/* Names of heads and sets as people type them. */
#include "headsweep/sets.h"
#include "results/layout.h"

#include <string.h>

bool hs_results_read_component(const char **cursor, int32_t fields_out[3])
{
    hs_component component;
    if (!hs_sets_read_component(cursor, &component))
        return false;
    fields_out[0] = component.kind;
    fields_out[1] = component.layer;
    fields_out[2] = component.index;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

hs_status hs_results_spell_name(const char *name, hs_text *text, hs_error *error)
{
    hs_component component;
    char spelling[HS_COMPONENT_NAME_BYTES];
    for (const char *at = name; *at != '\0';) {
        if (hs_sets_read_component(&at, &component)) {
            HS_TRY(hs_text_appendf(text, error, "%s", hs_sets_component_spelling(component, spelling)));
            continue;
        }
        /* A number that is no component goes as a whole, or its tail would be one. */
        do
            HS_TRY(hs_text_append(text, at++, 1, error));
        while (is_digit(at[-1]) && is_digit(*at));
    }
    return HS_OK;
}

static bool has_component(const int32_t *components, size_t n, const int32_t fields[3])
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(components + i * HS_LAYOUT_COMPONENT_FIELDS, fields, HS_LAYOUT_COMPONENT_FIELDS * sizeof *fields) ==
            0)
            return true;
    return false;
}

/* Every component of `name`, in any order, is one of the set's, and they are as many different ones. */
static bool spells_components(const char *name, const int32_t *components, size_t n)
{
    int32_t fields[HS_LAYOUT_MAX_NAMED][HS_LAYOUT_COMPONENT_FIELDS];
    size_t n_read = 0;
    while (n_read < n && n <= HS_LAYOUT_MAX_NAMED) {
        if (!hs_results_read_component(&name, fields[n_read]) || !has_component(components, n, fields[n_read]) ||
            has_component(&fields[0][0], n_read, fields[n_read]))
            return false;
        n_read++;
        if (*name == '\0')
            return n_read == n;
        if (*name++ != '+')
            return false;
    }
    return false;
}

hs_status hs_results_set_is_named(const hs_results_sets *sets, uint64_t set, const char *name, bool *is_out,
                                  hs_error *error)
{
    const int32_t *components = sets->components + set * sets->max_order * HS_LAYOUT_COMPONENT_FIELDS;
    hs_text own = {0}, spelt = {0};
    hs_status status;
    *is_out = sets->order[set] > 0 && spells_components(name, components, (size_t)sets->order[set]);
    if (*is_out)
        return HS_OK;
    HS_GOTO_DONE(hs_results_set_name(sets, set, &own, error));
    HS_GOTO_DONE(hs_results_spell_name(hs_text_string(&own), &spelt, error));
    *is_out = strcmp(hs_text_string(&own), name) == 0 || strcmp(hs_text_string(&spelt), name) == 0;
done:
    hs_text_clear(&own);
    hs_text_clear(&spelt);
    return status;
}
