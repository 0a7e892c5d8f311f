/* Names of heads and sets as people type them. */
#include "headsweep/engine.h"
#include "results/layout.h"

#include <string.h>

/* Digits at *cursor, and moves past them; false if there are none, or more than any file has. */
static bool read_number(const char **cursor, int32_t *number_out)
{
    const char *start = *cursor;
    int32_t number = 0;
    while (**cursor >= '0' && **cursor <= '9' && number <= HS_LAYOUT_MAX_INDEX)
        number = number * 10 + (*(*cursor)++ - '0');
    *number_out = number;
    return *cursor > start && number <= HS_LAYOUT_MAX_INDEX;
}

/* What stands between layer and index, by spelling. */
static const struct {
    const char *before, *between;
    int32_t kind;
} spellings[] = {{"", ".kv", HS_COMPONENT_KV_GROUP},
                 {"", ".", HS_COMPONENT_HEAD},
                 {"L", "KV", HS_COMPONENT_KV_GROUP},
                 {"L", "H", HS_COMPONENT_HEAD}};

bool hs_results_read_component(const char **cursor, int32_t fields_out[3])
{
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        const char *at = *cursor;
        if (strncmp(at, spellings[i].before, strlen(spellings[i].before)) != 0)
            continue;
        at += strlen(spellings[i].before);
        fields_out[0] = spellings[i].kind;
        if (!read_number(&at, &fields_out[1]) || strncmp(at, spellings[i].between, strlen(spellings[i].between)) != 0)
            continue;
        at += strlen(spellings[i].between);
        if (!read_number(&at, &fields_out[2]))
            continue;
        *cursor = at;
        return true;
    }
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

hs_status hs_results_spell_name(const char *name, hs_text *text, hs_error *error)
{
    int32_t fields[3];
    for (const char *at = name; *at != '\0';) {
        if (hs_results_read_component(&at, fields)) {
            HS_TRY(hs_text_appendf(text, error, "L%d%s%d", fields[1], fields[0] == HS_COMPONENT_KV_GROUP ? "KV" : "H",
                                   fields[2]));
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
    HS_GOTO_DONE(hs_results_spell_name(own.text, &spelt, error));
    *is_out = strcmp(own.text, name) == 0 || strcmp(spelt.text, name) == 0;
done:
    hs_text_clear(&own);
    hs_text_clear(&spelt);
    return status;
}
