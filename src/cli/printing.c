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

void hs__cli_print_text(hs_text *text)
{
    hs_print_visible(stdout, text->text, text->length, false);
    hs_text_clear(text);
}

void hs__cli_print_data(hs_text *text)
{
    if (isatty(STDOUT_FILENO))
        hs_print_visible(stdout, text->text, text->length, false);
    else if (text->text != NULL)
        fwrite(text->text, 1, text->length, stdout);
    hs_text_clear(text);
}

void hs__cli_print_report(hs_text *text, hs_report_format format)
{
    if (format == HS_REPORT_TABLE || format == HS_REPORT_MARKDOWN)
        hs__cli_print_text(text);
    else
        hs__cli_print_data(text);
}
