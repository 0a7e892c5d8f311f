/* Tables of the page. The script sorts them by data-v and chooses sets by data-s. */
#include <inttypes.h>
#include <math.h>

#include "report/escape.h"
#include "report/table.h"

static void put_head(const report_table *table, hs_text *text)
{
    hs_text_put(text, "<thead><tr>");
    for (size_t column = 0; column < table->n_columns; ++column) {
        hs_text_put(text, table->columns[column].kind == TABLE_TEXT ? "<th scope=\"col\">"
                                                                    : "<th scope=\"col\" class=\"number\">");
        hs__report_put_html(table->columns[column].title, text);
        hs_text_put(text, "</th>");
    }
    hs_text_put(text, "</tr></thead>\n<tbody>\n");
}

/*
 * data-v has the number unrounded, so that sorting does not depend on how it is shown; a row of a
 * set leads to it by data-s.
 */
static void put_row(const report_table *table, size_t row, hs_text *scratch, hs_text *text)
{
    if (row < table->n_row_sets)
        hs_text_putf(text, "<tr data-s=\"%" PRIu64 "\">", table->row_sets[row]);
    else
        hs_text_put(text, "<tr>");
    for (size_t column = 0; column < table->n_columns; ++column) {
        const double value = hs__report_table_cell(table, row, column)->value;
        if (table->columns[column].kind == TABLE_TEXT)
            hs_text_put(text, table->columns[column].of_heads ? "<td class=\"heads\">" : "<td>");
        else if (isfinite(value))
            hs_text_putf(text, "<td class=\"number\" data-v=\"%.9g\">", value);
        else
            hs_text_put(text, "<td class=\"number\">");
        hs_text_empty(scratch);
        hs__report_table_put_cell(table, row, column, scratch);
        hs__report_put_html(hs_text_kept(text, scratch), text);
        hs_text_put(text, "</td>");
    }
    hs_text_put(text, "</tr>\n");
}

/* Cut between two rows, so that what is there is a whole table; a note says what is missing and how to get it. */
void hs__report_table_as_html(const report_table *table, const char *name, const char *caption, size_t n_most_bytes,
                              hs_text *text)
{
    const size_t before = text->length;
    hs_text scratch = {0};
    size_t n = 0;

    hs_text_putf(text, "<div class=\"scroll\"><table id=\"table-%s\" class=\"data\"%s><caption>", name,
                 table->by_set ? " data-by-set" : "");
    hs__report_put_html(caption, text);
    hs_text_put(text, "</caption>\n");
    put_head(table, text);
    for (; n < hs__report_table_n_rows(table) && text->length - before < n_most_bytes; ++n)
        put_row(table, n, &scratch, text);
    hs_text_put(text, "</tbody></table></div>\n");
    if (n < hs__report_table_n_rows(table))
        hs_text_putf(
            text,
            "<p class=\"note\">The first %zu of %zu rows: with all of them the page would be too large. headsweep "
            "report --format csv --table %s has the rest.</p>\n",
            n, hs__report_table_n_rows(table), name);
    hs_text_keep(text, scratch.status);
    hs_text_clear(&scratch);
}
