/*
 * key_list: the table of keys as Markdown, for --help-config and the README; a test compares the
 * two, so that neither can be forgotten.
 */
#include "config/keys.h"

#include <string.h>

/* A | would end the cell of a Markdown table, also within code. */
static void append_cell(hs_text *text, const char *cell)
{
    for (const char *c = cell; *c != '\0'; c++)
        hs_text_putf(text, *c == '|' ? "\\%c" : "%c", *c);
}

static bool is_numeric(key_type type)
{
    return type == KEY_INTEGER || type == KEY_REAL || type == KEY_INTEGER_LIST;
}

static void append_range(hs_text *text, const key_row *row)
{
    if (row->maximum == INT64_MAX)
        hs_text_putf(text, ", at least %lld", (long long)row->minimum);
    else
        hs_text_putf(text, ", %lld to %lld", (long long)row->minimum, (long long)row->maximum);
}

/* "integer, at least 0", "`all` or `scored`", "number, at least 0, or `auto`". */
static void append_type(hs_text *text, const key_row *row)
{
    if (row->list == NULL)
        append_cell(text, hs__config_key_type_name(row->type));
    if (is_numeric(row->type))
        append_range(text, row);
    for (size_t i = 0; row->list != NULL && row->list->rows[i].text != NULL; i++)
        hs_text_putf(text, "%s`%s`", i > 0 ? " or " : "", row->list->rows[i].text);
    if (row->instead != NULL)
        hs_text_putf(text, ", or `%s`", row->instead);
}

/* Cells are escaped and the numbers come from the row, hence no key is described twice. */
static void append_row(hs_text *text, const key_row *row)
{
    hs_text_putf(text, "| `%s` | ", row->path);
    append_type(text, row);
    if (row->default_text == NULL) {
        hs_text_put(text, " | required | ");
    } else {
        hs_text_put(text, " | `");
        append_cell(text, row->default_text);
        hs_text_put(text, "` | ");
    }
    append_cell(text, row->meaning);
    if (row->unit != NULL)
        hs_text_putf(text, " Unit: %s.", row->unit);
    hs_text_put(text, " |\n");
}

/*
 * The sentence at the end follows from the rows too: a key that is in neither the identity nor the
 * hash is free to change, as are paths of inputs, whose contents are hashed instead.
 */
hs_status hs_config_describe_keys(hs_text *text, hs_error *error)
{
    bool first = true;
    hs_text_put(text, "| key | type | default | meaning |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < hs__config_key_count(); i++)
        append_row(text, hs__config_key_at(i));
    hs_text_put(text, "\nA sweep that has begun may be continued with other values of ");
    for (size_t i = 0; i < hs__config_key_count(); i++) {
        if (hs__config_key_at(i)->identity || hs__config_key_at(i)->hashed || hs__config_key_at(i)->type == KEY_PATH_IN)
            continue;
        hs_text_putf(text, "%s`%s`", first ? "" : ", ", hs__config_key_at(i)->path);
        first = false;
    }
    hs_text_putf(text, ", and from files that have moved; any other change makes it another "
                       "experiment.\n");
    return hs_text_status(text, error);
}
