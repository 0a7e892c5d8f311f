/* How the subcommands print. */
#ifndef CLI_PRINTING_H
#define CLI_PRINTING_H

#include "headsweep/base.h"
#include "headsweep/report.h"

/* Prints the message, if there is one, to stderr and clears it. */
void hs__cli_print_and_clear_error(hs_error *error);
/* Prints a text for people to stdout, with what would act on a terminal escaped, and releases it. */
void hs__cli_print_text(hs_text *text);
/* The same for what programs read, which is left as it is unless it goes to a terminal. */
void hs__cli_print_data(hs_text *text);
/* Such texts piece by piece, as they grow: prints what comes, until hs_text_end(). */
hs_text_sink hs__cli_printing_sink(hs_report_format format);
/* The one or the other. */
void hs__cli_print_report(hs_text *text, hs_report_format format);

#endif
