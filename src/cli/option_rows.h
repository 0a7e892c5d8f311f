/*
 * The command line of a subcommand, which lists its rows with pointers into its own arguments and reads it with one
 * call.
 */
#ifndef CLI_OPTION_ROWS_H
#define CLI_OPTION_ROWS_H

#include "cli/command_syntax.h"

/*
 * Reads the options and the argument. *ended_out: --help, or another option that ends it, was there, and nothing else
 * is to be done. HS_ERROR_USAGE says what is wrong, and what was meant.
 */
hs_status hs__cli_read_command_line(int argc, char **argv, const command_syntax *syntax, bool *ended_out,
                                    hs_error *error);

#endif
