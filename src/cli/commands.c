/* The table of subcommands. */
#include "cli/commands.h"

#include <string.h>

static const command_row commands[] = {
    {"run", "sweep the heads of a checkpoint; continues a file that is not finished", hs__cli_command_run},
    {"plan", "what a run would do: sets, cells, operations, memory, file size, time", hs__cli_command_plan},
    {"status", "how far a results file is; exit code 0 finished, 3 unfinished", hs__cli_command_status},
    {"rank", "rank the ablation sets of a results file", hs__cli_command_rank},
    {"texts", "generated texts that a results file keeps", hs__cli_command_texts},
    {"report", "one page of everything a results file says, its figures, its tables", hs__cli_command_report},
    {"inspect", "what a checkpoint folder holds and how headsweep reads it", hs__cli_command_inspect},
    {"bench", "measure this program on this machine", hs__cli_command_bench},
};

const command_row *hs__cli_command_at(size_t i)
{
    return i < sizeof commands / sizeof *commands ? &commands[i] : NULL;
}

const command_row *hs__cli_find_command(const char *name)
{
    size_t i = 0;
    while (hs__cli_command_at(i) != NULL && strcmp(commands[i].name, name) != 0)
        ++i;
    return hs__cli_command_at(i);
}
