/* Command-line reading that the subcommands share. */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include <getopt.h>

#include "headsweep/base.h"
#include "headsweep/report.h"

/* Reads the next option as getopt_long does, but reports what is wrong with it as an error: -1 at the end. */
hs_status hs__cli_next_option(int argc, char **argv, const struct option *options, int *option_out, hs_error *error);
/* The same with one-letter options too: `letters` as getopt has them, ":" first. */
hs_status hs__cli_next_option_or_letter(int argc, char **argv, const char *letters, const struct option *options,
                                        int *option_out, hs_error *error);
/* The one positional argument that a command takes; `what` names it in the message. */
hs_status hs__cli_only_argument(int argc, char **argv, const char *what, const char **argument_out, hs_error *error);
/* A whole number from minimum on. */
hs_status hs__cli_read_count(const char *option, const char *text, int64_t minimum, int64_t *count_out,
                             hs_error *error);
/* The overrides of --set, in order; the texts are borrowed from argv. */
typedef struct override_list {
    const char **items;
    size_t n;
    size_t capacity;
} override_list;

hs_status hs__cli_override_list_add(override_list *list, const char *override, hs_error *error);
void hs__cli_override_list_clear(override_list *list);

/* Prints the message, if there is one, to stderr and clears it. */
void hs__cli_print_and_clear_error(hs_error *error);
/* Prints a text for people to stdout, with what would act on a terminal escaped, and releases it. */
void hs__cli_print_text(hs_text *text);
/* The same for what programs read, which is left as it is unless it goes to a terminal. */
void hs__cli_print_data(hs_text *text);
/* The one or the other. */
void hs__cli_print_report(hs_text *text, hs_report_format format);

#endif
