/* The sheets of a report in other formats than the page. */
#include <string.h>

#include "report/contents.h"

static hs_status fail_name(const char *name, hs_error *error)
{
    hs_names names = {0};

    for (size_t i = 0; i < hs__report_n_sheets; ++i)
        hs_names_put(&names, hs__report_sheets[i].name);
    return hs_fail_name(error, HS_ERROR_USAGE, &names, name, "--table %s: there is no such table", name);
}

/* A sheet by itself is nothing but rows; of several each has its name above it. */
static void put_csv(const report_table *table, const report_sheet *sheet, bool is_first, bool is_alone, hs_text *text)
{
    if (!is_alone)
        hs_text_putf(text, "%s# %s\n", is_first ? "" : "\n", sheet->name);
    hs__report_table_as_csv(table, text);
}

static void put_json(const report_table *table, const report_sheet *sheet, bool is_first, bool is_alone, hs_text *text)
{
    hs_json_writer json = {.text = text};

    if (!is_alone)
        hs_text_putf(text, "%s\n  \"%s\": ", is_first ? "{" : ",", sheet->name);
    hs__report_table_as_json(table, &json);
}

static void put_markdown(const report_table *table, const report_sheet *sheet, bool is_first, bool is_alone,
                         hs_text *text)
{
    (void)is_alone;
    hs_text_putf(text, "%s## %s\n\n", is_first ? "" : "\n", sheet->title);
    if (sheet->note[0] != '\0')
        hs_text_putf(text, "%s\n\n", sheet->note);
    hs__report_table_as_markdown(table, text);
}

/* A row a format: what comes after the last sheet, by itself and of several. */
static const struct {
    void (*put)(const report_table *table, const report_sheet *sheet, bool is_first, bool is_alone, hs_text *text);
    const char *after_one, *after_all;
} formats[] = {
    [HS_REPORT_TABLE] = {NULL, "", ""},
    [HS_REPORT_CSV] = {put_csv, "", ""},
    [HS_REPORT_JSON] = {put_json, "\n", "\n}\n"},
    [HS_REPORT_MARKDOWN] = {put_markdown, "", ""},
};

/* One sheet is filled, written and freed at a time: all of them may be larger than memory wants. */
hs_status hs_report_tables(const hs_report *report, const char *name, hs_report_format format, hs_text *text,
                           hs_error *error)
{
    size_t n = 0;

    if (formats[format].put == NULL)
        return hs_fail(error, HS_ERROR_USAGE, "a report has the formats html, csv, json and md");
    for (size_t i = 0; i < hs__report_n_sheets; ++i) {
        report_table table = {0};
        if (name != NULL && strcmp(name, hs__report_sheets[i].name) != 0)
            continue;
        hs_status status = hs__report_fill_sheet(report, &hs__report_sheets[i], &table, error);
        if (status == HS_OK)
            formats[format].put(&table, &hs__report_sheets[i], n == 0, name != NULL, text);
        hs__report_table_clear(&table);
        HS_TRY(status);
        ++n;
    }
    if (n == 0)
        return fail_name(name, error);
    hs_text_put(text, name != NULL ? formats[format].after_one : formats[format].after_all);
    return hs_text_status(text, error);
}
