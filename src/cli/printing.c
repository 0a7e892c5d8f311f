/*
 * printing: what goes to the streams: errors line by line to stderr, texts to stdout, harmless on
 * a terminal and untouched in a pipe.
 */
#include "cli/printing.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_error_line(const hs_error *error)
{
    fputs("headsweep: ", stderr);
    if (error->has_rank)
        fprintf(stderr, "rank %d: ", error->rank);
    hs_print_visible(stderr, error->message, strlen(error->message), true);
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
