/*
 * key_list: the table of keys as Markdown, for --help-config and the README; a test compares the
 * two, so that neither can be forgotten.
 */
#include "config/keys.h"

#include <string.h>

/* A | would end the cell of a Markdown table, also within code. */
static hs_status append_cell(hs_text *text, const char *cell, hs_error *error)
{
    for (const char *c = cell; *c != '\0'; c++)
        HS_TRY(hs_text_appendf(text, error, *c == '|' ? "\\%c" : "%c", *c));
    return HS_OK;
}

static bool is_numeric(key_type type)
{
    return type == KEY_INTEGER || type == KEY_REAL || type == KEY_INTEGER_LIST;
}

static hs_status append_range(hs_text *text, const key_row *row, hs_error *error)
{
    if (row->maximum == INT64_MAX)
        return hs_text_appendf(text, error, ", at least %lld", (long long)row->minimum);
    return hs_text_appendf(text, error, ", %lld to %lld", (long long)row->minimum, (long long)row->maximum);
}

/* "integer, at least 0", "`all` or `scored`", "number, at least 0, or `auto`". */
static hs_status append_type(hs_text *text, const key_row *row, hs_error *error)
{
    if (row->list == NULL)
        HS_TRY(append_cell(text, hs__config_key_type_name(row->type), error));
    if (is_numeric(row->type))
        HS_TRY(append_range(text, row, error));
    for (size_t i = 0; row->list != NULL && row->list->rows[i].text != NULL; i++)
        HS_TRY(hs_text_appendf(text, error, "%s`%s`", i > 0 ? " or " : "", row->list->rows[i].text));
    if (row->instead != NULL)
        HS_TRY(hs_text_appendf(text, error, ", or `%s`", row->instead));
    return HS_OK;
}

/* Cells are escaped and the numbers come from the row, hence no key is described twice. */
static hs_status append_row(hs_text *text, const key_row *row, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "| `%s` | ", row->path));
    HS_TRY(append_type(text, row, error));
    if (row->default_text == NULL) {
        HS_TRY(hs_text_appendf(text, error, " | required | "));
    } else {
        HS_TRY(hs_text_appendf(text, error, " | `"));
        HS_TRY(append_cell(text, row->default_text, error));
        HS_TRY(hs_text_appendf(text, error, "` | "));
    }
    HS_TRY(append_cell(text, row->meaning, error));
    if (row->unit != NULL)
        HS_TRY(hs_text_appendf(text, error, " Unit: %s.", row->unit));
    return hs_text_appendf(text, error, " |\n");
}

/*
 * The sentence at the end follows from the rows too: a key that is in neither the identity nor the
 * hash is free to change, as are paths of inputs, whose contents are hashed instead.
 */
hs_status hs_config_describe_keys(hs_text *text, hs_error *error)
{
    bool first = true;
    HS_TRY(hs_text_appendf(text, error, "| key | type | default | meaning |\n| --- | --- | --- | --- |\n"));
    for (size_t i = 0; i < hs__config_key_count(); i++)
        HS_TRY(append_row(text, hs__config_key_at(i), error));
    HS_TRY(hs_text_appendf(text, error, "\nA sweep that has begun may be continued with other values of "));
    for (size_t i = 0; i < hs__config_key_count(); i++) {
        if (hs__config_key_at(i)->identity || hs__config_key_at(i)->hashed || hs__config_key_at(i)->type == KEY_PATH_IN)
            continue;
        HS_TRY(hs_text_appendf(text, error, "%s`%s`", first ? "" : ", ", hs__config_key_at(i)->path));
        first = false;
    }
    return hs_text_appendf(text, error,
                           ", and from files that have moved; any other change makes it another "
                           "experiment.\n");
}
