/*
 * What is installed beside the program: a man page of itself and of each subcommand, and completion for shells, made of
 * the same rows as --help when the program is built.
 */
#ifndef CLI_PAGES_H
#define CLI_PAGES_H

#include "headsweep/base.h"

/*
 * `headsweep help --man [COMMAND]`, `--bash`, `--zsh`, `--fish`, or `COMMAND`; argv[0] is "help". Prints to stdout.
 * HS_ERROR_USAGE: there is no such page.
 */
hs_status hs__cli_print_pages(int argc, char **argv, hs_error *error);

#endif
