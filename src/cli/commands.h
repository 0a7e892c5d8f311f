/* The subcommands of the program: one row of the table in commands.c and one file each. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "headsweep/base.h"

/* argv[0] is the subcommand's name. Results go to stdout, messages to stderr. */
hs_status hs__cli_command_run(int argc, char **argv, hs_error *error);
hs_status hs__cli_command_plan(int argc, char **argv, hs_error *error);
hs_status hs__cli_command_status(int argc, char **argv, hs_error *error);
hs_status hs__cli_command_rank(int argc, char **argv, hs_error *error);
hs_status hs__cli_command_texts(int argc, char **argv, hs_error *error);
hs_status hs__cli_command_report(int argc, char **argv, hs_error *error);
hs_status hs__cli_command_inspect(int argc, char **argv, hs_error *error);
hs_status hs__cli_command_bench(int argc, char **argv, hs_error *error);

typedef struct command_row {
    const char *name;
    const char *summary;
    hs_status (*run)(int argc, char **argv, hs_error *error);
} command_row;

/* NULL behind the last one, and where there is none of that name. */
const command_row *hs__cli_command_at(size_t i);
const command_row *hs__cli_find_command(const char *name);

#endif
