/*
 * Names of sets, written and read: "2.1+3.0". A set of many is named by its first components and its last, which are
 * found without writing the set out.
 */
#include "sets/set_table.h"

#include <string.h>

/* A set of more than MOST_NAMED components is named by its first ones and its last. */
enum { MOST_NAMED = 12, FIRST_NAMED = 8, MOST_PARSED = 64 };

/* Those that are named, in order; `order`: how many the set has. */
typedef struct named {
    hs_component of[MOST_NAMED + 1];
    size_t n;
    size_t order;
} named;

/* Into the first `most` of a sorted list, if it belongs there. */
static void keep_first(hs_component *list, size_t *n, size_t most, const hs_component *component)
{
    size_t at = *n;

    if (*n == most && hs_sets_compare(component, 1, &list[most - 1], 1) > 0)
        return;
    if (*n < most)
        *n += 1;
    else
        at = most - 1;
    for (; at > 0 && hs_sets_compare(component, 1, &list[at - 1], 1) < 0; --at)
        list[at] = list[at - 1];
    list[at] = *component;
}

/* One way up through the parents; what each added is sorted. */
static void find_named(const hs_sets *sets, uint64_t set, named *found)
{
    const size_t order = hs_sets_order(sets, set), most = order <= MOST_NAMED ? MOST_NAMED : FIRST_NAMED;
    hs_component last = {0};
    bool has_last = false;

    *found = (named){.order = order};
    for (uint64_t parent; set > 0; set = parent) {
        size_t n_own;
        const hs_component *own = hs__sets_own(sets, set, &n_own, &parent);
        for (size_t i = 0; i < n_own && i < most; ++i)
            keep_first(found->of, &found->n, most, &own[i]);
        if (n_own > 0 && (!has_last || hs_sets_compare(&own[n_own - 1], 1, &last, 1) > 0))
            last = own[n_own - 1];
        has_last = has_last || n_own > 0;
    }
    if (order > MOST_NAMED)
        found->of[found->n++] = last;
}

static named named_of(const hs_component *components, size_t n)
{
    const size_t n_first = n <= MOST_NAMED ? n : FIRST_NAMED;
    named found = {.n = n_first, .order = n};

    if (n_first > 0)
        memcpy(found.of, components, n_first * sizeof *components);
    if (n > MOST_NAMED)
        found.of[found.n++] = components[n - 1];
    return found;
}

/* What stands before component `i` in a name. */
static const char *separator_of(const named *found, size_t i)
{
    if (i == 0)
        return "";
    return found->order > MOST_NAMED && i == FIRST_NAMED ? "+...+" : "+";
}

static hs_status append_named(const named *found, hs_text *text, hs_error *error)
{
    char name[HS_COMPONENT_NAME_BYTES];

    if (found->order == 0)
        return hs_text_appendf(text, error, "clean");
    for (size_t i = 0; i < found->n; ++i)
        HS_TRY(
            hs_text_appendf(text, error, "%s%s", separator_of(found, i), hs_sets_component_name(found->of[i], name)));
    return found->order > MOST_NAMED ? hs_text_appendf(text, error, " (%zu)", found->order) : HS_OK;
}

hs_status hs_sets_name(const hs_sets *sets, uint64_t set, hs_text *text, hs_error *error)
{
    named found;

    find_named(sets, set, &found);
    return append_named(&found, text, error);
}

hs_status hs_sets_components_name(const hs_component *components, size_t n, hs_text *text, hs_error *error)
{
    const named found = named_of(components, n);

    return append_named(&found, text, error);
}

static size_t n_digits(size_t number)
{
    size_t n = 1;

    for (; number >= 10; number /= 10)
        ++n;
    return n;
}

size_t hs_sets_name_length(const hs_sets *sets, uint64_t set)
{
    char name[HS_COMPONENT_NAME_BYTES];
    named found;
    size_t length;

    find_named(sets, set, &found);
    if (found.order == 0)
        return strlen("clean");
    length = found.order > MOST_NAMED ? strlen(" ()") + n_digits(found.order) : 0;
    for (size_t i = 0; i < found.n; ++i)
        length += strlen(separator_of(&found, i)) + strlen(hs_sets_component_name(found.of[i], name));
    return length;
}

/*
 * A component twice is refused rather than dropped: the name would be another set's than the one
 * whose order it has.
 */
bool hs_sets_parse_name(const char *name, hs_component *components, size_t capacity, size_t *n_out)
{
    size_t n = 0;

    *n_out = 0;
    do {
        if (n == capacity || !hs_sets_read_component(&name, &components[n]))
            return false;
        ++n;
    } while (*name++ == '+');
    hs_sets_sort_components(components, n);
    for (size_t i = 1; i < n; ++i)
        if (hs_sets_compare(&components[i - 1], 1, &components[i], 1) == 0)
            return false;
    *n_out = n;
    return name[-1] == '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/*
 * For CSV, where spreadsheets make 3.1 and 3.10 one number. Works on a name as a text, so that
 * what is printed of a set too large to parse is spelt as well.
 */
hs_status hs_sets_spell_name(const char *name, hs_text *text, hs_error *error)
{
    hs_component component;
    char spelling[HS_COMPONENT_NAME_BYTES];

    for (const char *at = name; *at != '\0';) {
        if (hs_sets_read_component(&at, &component)) {
            HS_TRY(hs_text_appendf(text, error, "%s", hs_sets_component_spelling(component, spelling)));
            continue;
        }
        /* A number that is not a component goes as a whole, or its tail would be one. */
        do
            HS_TRY(hs_text_append(text, at++, 1, error));
        while (is_digit(at[-1]) && is_digit(*at));
    }
    return HS_OK;
}

/* Sets of more than this are named by what is printed of them alone. */
static bool has_components(const hs_sets *sets, uint64_t set, const hs_component *components, size_t n)
{
    hs_component own[MOST_PARSED];

    if (hs_sets_order(sets, set) != n)
        return false;
    hs_sets_view(sets, set, own);
    return hs_sets_compare(own, n, components, n) == 0;
}

/*
 * By components first, which any order of writing names; by the printed text for sets of which
 * only a part is printed.
 */
hs_status hs_sets_is_named(const hs_sets *sets, uint64_t set, const char *name, bool *is_out, hs_error *error)
{
    hs_component components[MOST_PARSED];
    hs_text own = {0}, spelt = {0};
    size_t n = 0;
    hs_status status;

    *is_out = hs_sets_parse_name(name, components, MOST_PARSED, &n) && has_components(sets, set, components, n);
    if (*is_out)
        return HS_OK;
    HS_GOTO_DONE(hs_sets_name(sets, set, &own, error));
    HS_GOTO_DONE(hs_sets_spell_name(hs_text_string(&own), &spelt, error));
    *is_out = strcmp(hs_text_string(&own), name) == 0 || strcmp(hs_text_string(&spelt), name) == 0;
done:
    hs_text_clear(&own);
    hs_text_clear(&spelt);
    return status;
}
