/*
 * What --help says of a subcommand, in words and, for --help=FORM, as a part of a man page or of a shell's completion:
 * all from its usage text and its rows. pages.h puts the parts together.
 */
#ifndef CLI_HELP_FORMS_H
#define CLI_HELP_FORMS_H

#include "cli/command_syntax.h"

/* `form`: NULL for words, man, bash, zsh, fish. HS_ERROR_USAGE: there is no such form. */
hs_status hs__cli_print_help(const char *command, const command_syntax *syntax, const char *form, hs_error *error);

/* A text of a man page: what groff would take for its own is escaped. Into stdout, without a newline at its end. */
void hs__cli_print_roff(const char *text, size_t length);
/* A text within single quotes of a shell, with a backslash before each of `special`. */
void hs__cli_print_quoted(const char *text, size_t length, const char *special);

#endif
