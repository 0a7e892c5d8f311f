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

/* A sheet on its way into a text, part by part. */
typedef struct sheet_stream {
    const report_sheet *sheet;
    bool is_first_sheet;
    bool is_alone;
    table_part part;
    hs_json_writer json;
    hs_text *text;
} sheet_stream;

/* A sheet by itself is nothing but rows; of several each has its name above it. */
static void put_csv(const report_table *table, sheet_stream *stream)
{
    if (stream->part.is_first && !stream->is_alone)
        hs_text_putf(stream->text, "%s# %s\n", stream->is_first_sheet ? "" : "\n", stream->sheet->name);
    hs__report_table_as_csv(table, stream->part, stream->text);
}

static void put_json(const report_table *table, sheet_stream *stream)
{
    if (stream->part.is_first && !stream->is_alone)
        hs_text_putf(stream->text, "%s\n  \"%s\": ", stream->is_first_sheet ? "{" : ",", stream->sheet->name);
    hs__report_table_as_json(table, stream->part, &stream->json);
}

static void put_markdown(const report_table *table, sheet_stream *stream)
{
    hs_text_putf(stream->text, "%s## %s\n\n", stream->is_first_sheet ? "" : "\n", stream->sheet->title);
    if (stream->sheet->note[0] != '\0')
        hs_text_putf(stream->text, "%s\n\n", stream->sheet->note);
    hs__report_table_as_markdown(table, stream->text);
}

/* A row a format: whether people read it, who get no more than the first rows; what comes after the last sheet. */
static const struct {
    void (*put)(const report_table *table, sheet_stream *stream);
    bool for_people;
    const char *after_one, *after_all;
} formats[] = {
    [HS_REPORT_TABLE] = {NULL, true, "", ""},
    [HS_REPORT_CSV] = {put_csv, false, "", ""},
    [HS_REPORT_JSON] = {put_json, false, "\n", "\n}\n"},
    [HS_REPORT_MARKDOWN] = {put_markdown, true, "", ""},
};

/* The stream and how it is written. */
typedef struct pouring {
    sheet_stream stream;
    hs_report_format format;
} pouring;

static void pour_part(report_table *table, void *context)
{
    pouring *p = context;

    formats[p->format].put(table, &p->stream);
    p->stream.part.is_first = false;
}

/* Sheets of many rows come in parts, so that memory does not grow with the sets. */
static hs_status put_sheet(const hs_report *report, const report_sheet *sheet, hs_report_format format,
                           bool is_first_sheet, bool is_alone, hs_text *text, hs_error *error)
{
    pouring p = {{sheet, is_first_sheet, is_alone, {true, false}, {.text = text}, text}, format};
    report_table table = {0};

    if (!formats[format].for_people) {
        table.pour = pour_part;
        table.pour_context = &p;
    }
    hs_status status = hs__report_fill_sheet(report, sheet, &table, error);
    p.stream.part.is_last = true;
    if (status == HS_OK)
        pour_part(&table, &p);
    hs__report_table_clear(&table);
    return status;
}

/* The analysis is asked last: a statistic that could not be read has come as NaN, and it keeps that. */
hs_status hs_report_tables(const hs_report *report, const char *name, hs_report_format format, hs_text *text,
                           hs_error *error)
{
    size_t n = 0;

    if (formats[format].put == NULL)
        return hs_fail(error, HS_ERROR_USAGE, "a report has the formats html, csv, json and md");
    for (size_t i = 0; i < hs__report_n_sheets; ++i)
        if (name == NULL || strcmp(name, hs__report_sheets[i].name) == 0)
            HS_TRY(put_sheet(report, &hs__report_sheets[i], format, n++ == 0, name != NULL, text, error));
    if (n == 0)
        return fail_name(name, error);
    hs_text_put(text, name != NULL ? formats[format].after_one : formats[format].after_all);
    HS_TRY(hs_analysis_check(report->analysis, error));
    return hs_text_status(text, error);
}
