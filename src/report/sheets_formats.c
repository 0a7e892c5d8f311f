/* The tables of a report in other formats than the page. */
#include <string.h>

#include "report/contents.h"

static hs_status list_names(const char *table, hs_error *error)
{
    hs_text names = {0};
    hs_status status = HS_OK;

    for (size_t i = 0; status == HS_OK && i < hs__report_n_sheets; ++i)
        status = hs_text_appendf(&names, error, "%s%s", i > 0 ? ", " : "", hs__report_sheets[i].name);
    if (status == HS_OK)
        status = hs_fail(error, HS_ERROR_USAGE, "--table %s: there is %s", table, names.text);
    hs_text_clear(&names);
    return status;
}

/* A table by itself is nothing but rows; of several each has its name above it. */
static hs_status print_one(const report_table *s, const report_sheet *row, hs_report_format format, bool alone,
                           bool first, hs_text *text, hs_error *error)
{
    switch (format) {
    case HS_REPORT_CSV:
        if (!alone)
            HS_TRY(hs_text_appendf(text, error, "%s# %s\n", first ? "" : "\n", row->name));
        return hs__report_table_as_csv(s, text, error);
    case HS_REPORT_JSON:
        if (!alone)
            HS_TRY(hs_text_appendf(text, error, "%s\n  \"%s\": ", first ? "{" : ",", row->name));
        return hs__report_table_as_json(s, text, error);
    case HS_REPORT_MARKDOWN:
        HS_TRY(hs_text_appendf(text, error, "%s## %s\n\n", first ? "" : "\n", row->title));
        if (row->note[0] != '\0')
            HS_TRY(hs_text_appendf(text, error, "%s\n\n", row->note));
        return hs__report_table_as_markdown(s, text, error);
    default:
        return hs_fail(error, HS_ERROR_USAGE, "a report has the formats html, csv, json and md");
    }
}

hs_status hs_report_tables(const hs_report *report, const char *table, hs_report_format format, hs_text *text,
                           hs_error *error)
{
    size_t n = 0;

    for (size_t i = 0; i < hs__report_n_sheets; ++i) {
        report_table s = {0};
        if (table != NULL && strcmp(table, hs__report_sheets[i].name) != 0)
            continue;
        hs_status status = hs__report_sheets[i].write(report, &s, error);
        if (status == HS_OK)
            status = print_one(&s, &hs__report_sheets[i], format, table != NULL, n == 0, text, error);
        hs__report_table_clear(&s);
        HS_TRY(status);
        ++n;
    }
    if (n == 0)
        return list_names(table, error);
    return format == HS_REPORT_JSON ? hs_text_appendf(text, error, table != NULL ? "\n" : "\n}\n") : HS_OK;
}
