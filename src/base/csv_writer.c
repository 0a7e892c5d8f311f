/* Writes CSV: the one place that knows its commas and quotes. */
#include "headsweep/base.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void begin_field(hs_csv_writer *writer)
{
    if (writer->is_due)
        hs_text_put(writer->text, ",");
    writer->is_due = true;
}

/* A spreadsheet runs what begins like this as a formula; an apostrophe before it says that it is text. */
static bool is_formula(const char *string)
{
    char *end;

    if (string[0] == '\0' || string[1] == '\0' || strchr("=+-@\t\r", string[0]) == NULL)
        return false;
    (void)strtod(string, &end);
    return *end != '\0' || end == string;
}

void hs_csv_put_string(hs_csv_writer *writer, const char *string)
{
    const bool formula = is_formula(string);

    begin_field(writer);
    if (!formula && strpbrk(string, ",\"\r\n") == NULL) {
        hs_text_put(writer->text, string);
        return;
    }
    hs_text_put(writer->text, formula ? "\"'" : "\"");
    for (const char *c = string; *c != '\0'; ++c)
        hs_text_putf(writer->text, "%s%c", *c == '"' ? "\"" : "", *c);
    hs_text_put(writer->text, "\"");
}

void hs_csv_put_number(hs_csv_writer *writer, double number)
{
    begin_field(writer);
    if (isfinite(number))
        hs_text_putf(writer->text, "%.9g", number);
}

void hs_csv_put_whole(hs_csv_writer *writer, int64_t number)
{
    begin_field(writer);
    hs_text_putf(writer->text, "%" PRId64, number);
}

void hs_csv_end_row(hs_csv_writer *writer)
{
    hs_text_put(writer->text, "\n");
    hs_text_pour(writer->text);
    writer->is_due = false;
}
