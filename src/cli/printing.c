/*
 * printing: what goes to the streams: errors line by line to stderr, texts to stdout, harmless on
 * a terminal and untouched in a pipe.
 */
#include "cli/printing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Further lines of a message begin with two spaces, so that a name with a line's end in it cannot pass for a message of
 * its own; any other end of a line comes from a name, and is made visible.
 */
static void print_message(const char *message)
{
    const char *line = message;

    for (const char *end; (end = strstr(line, "\n  ")) != NULL; line = end + 1) {
        hs_print_visible(stderr, line, (size_t)(end - line), true);
        fputc('\n', stderr);
    }
    hs_print_visible(stderr, line, strlen(line), true);
}

static void print_error_line(const hs_error *error)
{
    fputs("headsweep: ", stderr);
    if (error->has_rank)
        fprintf(stderr, "rank %d: ", error->rank);
    print_message(error->message);
    fputc('\n', stderr);
}

void hs__cli_print_and_clear_error(hs_error *error)
{
    if (error->message[0] != '\0')
        print_error_line(error);
    error->message[0] = '\0';
}

static void print(const char *bytes, size_t n_bytes, bool is_data)
{
    if (!is_data || isatty(STDOUT_FILENO))
        hs_print_visible(stdout, bytes, n_bytes, false);
    else if (bytes != NULL)
        fwrite(bytes, 1, n_bytes, stdout);
}

void hs__cli_print_text(hs_text *text)
{
    print(text->text, text->length, false);
    hs_text_clear(text);
}

void hs__cli_print_data(hs_text *text)
{
    print(text->text, text->length, true);
    hs_text_clear(text);
}

static bool is_data(hs_report_format format)
{
    return format != HS_REPORT_TABLE && format != HS_REPORT_MARKDOWN;
}

void hs__cli_print_report(hs_text *text, hs_report_format format)
{
    print(text->text, text->length, is_data(format));
    hs_text_clear(text);
}

/* What standard output refuses is found when the program ends, as for all that is printed. */
static hs_status take_text(void *context, const char *bytes, size_t n_bytes, hs_error *error)
{
    (void)context;
    (void)error;
    print(bytes, n_bytes, false);
    return HS_OK;
}

static hs_status take_data(void *context, const char *bytes, size_t n_bytes, hs_error *error)
{
    (void)context;
    (void)error;
    print(bytes, n_bytes, true);
    return HS_OK;
}

hs_text_sink hs__cli_printing_sink(hs_report_format format)
{
    return (hs_text_sink){.take = is_data(format) ? take_data : take_text};
}
