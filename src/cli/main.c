#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/mapped.h"

static const struct {
    const char *name;
    const char *summary;
    hs_status (*run)(int argc, char **argv, hs_error *error);
} commands[] = {
    {"run", "sweep the heads of a checkpoint; continues a file that is not finished", command_run},
    {"plan", "what a run would do: sets, cells, operations, memory, file size, time", command_plan},
    {"status", "how far a results file is; exit code 0 finished, 3 unfinished", command_status},
    {"rank", "rank the ablation sets of a results file", command_rank},
    {"texts", "generated texts that a results file keeps", command_texts},
    {"report", "one page of everything a results file says, its figures, its tables", command_report},
    {"inspect", "what a checkpoint folder holds and how headsweep reads it", command_inspect},
    {"bench", "measure this program on this machine", command_bench},
};

static void print_exit_codes(FILE *stream)
{
    fprintf(stream, "\nexit codes\n");
#define PRINT_EXIT_CODE(name, code, meaning) fprintf(stream, "  %d  %s\n", code, meaning);
    HS_STATUS_LIST(PRINT_EXIT_CODE)
#undef PRINT_EXIT_CODE
}

static void print_help(FILE *stream)
{
    fprintf(stream,
            "headsweep %s: which attention heads cause this?\n\n"
            "usage: headsweep COMMAND ...        one process\n"
            "       mpirun -n N headsweep run EXPERIMENT.cfg\n\n"
            "commands (each has --help)\n",
            HEADSWEEP_VERSION);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; ++i)
        fprintf(stream, "  %-8s %s\n", commands[i].name, commands[i].summary);
    print_exit_codes(stream);
}

static hs_status run_command(int argc, char **argv, hs_error *error)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; ++i)
        if (strcmp(argv[0], commands[i].name) == 0)
            return commands[i].run(argc, argv, error);
    return hs_fail(error, HS_ERROR_USAGE, "there is no command \"%s\"; headsweep --help lists them", argv[0]);
}

/*
 * Large blocks go back to the system when they are freed. Otherwise glibc keeps ever larger ones once some were freed, and
 * a rank would hold parts of earlier shards beyond run.memory_per_rank.
 */
static void return_freed_memory(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
#endif
}

int main(int argc, char **argv)
{
    hs_error error = {0};

    return_freed_memory();
    mapped_catch_lost_bytes();

    /* A file-size limit is to end as a write error with its message, not as a death without one. */
    signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        print_help(stderr);
        return hs_status_exit_code(HS_ERROR_USAGE);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("headsweep %s\n", HEADSWEEP_VERSION);
        return EXIT_SUCCESS;
    }
    hs_status status = run_command(argc - 1, argv + 1, &error);
    print_and_clear_error(&error);
    if (fflush(stdout) != 0 && status == HS_OK) {
        perror("headsweep: writing to standard output");
        status = HS_ERROR_IO;
    }
    return hs_status_exit_code(status);
}
