/* Writes CSV: the one place that knows its commas and quotes. */
#include "headsweep/base.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void begin_field(hs_csv_writer *writer)
{
    if (writer->is_due)
        hs_text_put(writer->text, ",");
    writer->is_due = true;
}

void hs_csv_put_string(hs_csv_writer *writer, const char *string)
{
    begin_field(writer);
    if (strpbrk(string, ",\"\r\n") == NULL) {
        hs_text_put(writer->text, string);
        return;
    }
    hs_text_put(writer->text, "\"");
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
    writer->is_due = false;
}
