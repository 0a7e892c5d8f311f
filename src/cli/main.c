/* The program: finds the subcommand, and what holds for all of them - streams, signals, limits, exit codes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "cli/commands.h"
#include "cli/mapped.h"
#include "cli/pages.h"
#include "cli/printing.h"
#include "headsweep/blas.h"

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
    for (size_t i = 0; hs__cli_command_at(i) != NULL; ++i)
        fprintf(stream, "  %-8s %s\n", hs__cli_command_at(i)->name, hs__cli_command_at(i)->summary);
    print_exit_codes(stream);
}

static hs_status run_command(int argc, char **argv, hs_error *error)
{
    const command_row *command = hs__cli_find_command(argv[0]);

    if (command != NULL)
        return command->run(argc, argv, error);
    return hs_fail(error, HS_ERROR_USAGE, "there is no command \"%s\"; headsweep --help lists them", argv[0]);
}

/*
 * Large blocks go back to the system when they are freed. Otherwise glibc keeps ever larger ones once some were
 * freed, and a rank would hold parts of earlier shards beyond run.memory_per_rank.
 */
static void return_freed_memory(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
#endif
}

/*
 * A stream that was closed by whoever started us must not become the number of a file that we open: what is printed
 * would be written into it. It becomes one that cannot be written to, so that the loss is seen.
 */
static void occupy_closed_streams(void)
{
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; ++stream)
        if (fcntl(stream, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", O_RDONLY);
}

static bool space_is_limited(void)
{
    struct rlimit space, data;

    return getrlimit(RLIMIT_AS, &space) == 0 && getrlimit(RLIMIT_DATA, &data) == 0 &&
           (space.rlim_cur != RLIM_INFINITY || data.rlim_cur != RLIM_INFINITY);
}

/* Commands that multiply matrices. */
static bool needs_products(const char *command)
{
    return strcmp(command, "run") == 0 || strcmp(command, "plan") == 0 || strcmp(command, "bench") == 0;
}

/*
 * OpenBLAS starts its threads before main() begins, one for each core if it is not told otherwise, and each asks for a
 * buffer until it gets it. Nobody needs them: products are cut among our own threads. Where the address space is
 * limited they could take what is left or spin for ever, so we begin again without them; what a product needs is taken
 * now, before MPI waits for it.
 */
static hs_status start_under_limits(int argc, char **argv, hs_error *error)
{
    const char *threads = getenv("OPENBLAS_NUM_THREADS");

    if (!space_is_limited())
        return HS_OK;
    if ((threads == NULL || strcmp(threads, "1") != 0) && setenv("OPENBLAS_NUM_THREADS", "1", 1) == 0)
        (void)execv("/proc/self/exe", argv);
    return argc > 1 && needs_products(argv[1]) ? hs_blas_start(NULL, error) : HS_OK;
}

/*
 * Results that could not be written are as good as none, whenever it was noticed; the system says why at the next
 * attempt at last. Whoever stopped reading knows that: of that nothing is said.
 */
static hs_status finish_output(hs_status status)
{
    bool failed = ferror(stdout) != 0;
    int reason = failed && write(STDOUT_FILENO, "\n", 1) < 0 ? errno : 0;

    if (fclose(stdout) != 0) {
        reason = failed ? reason : errno;
        failed = true;
    }
    if (!failed || (status != HS_OK && status != HS_UNFINISHED))
        return status;
    if (reason != EPIPE)
        fprintf(stderr, "headsweep: standard output cannot be written: %s\n",
                reason != 0 ? strerror(reason) : "a part of it is lost");
    return HS_ERROR_IO;
}

/*
 * `help` is taken as a word too, as most programs with subcommands do. Usage without a word goes
 * to stderr: nobody asked for it.
 */
static hs_status run_arguments(int argc, char **argv, hs_error *error)
{
    if (argc < 2) {
        print_help(stderr);
        return HS_ERROR_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 && argc > 2)
        return hs__cli_print_pages(argc - 1, argv + 1, error);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return HS_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("headsweep %s\n", HEADSWEEP_VERSION);
        return HS_OK;
    }
    return run_command(argc - 1, argv + 1, error);
}

/*
 * The order matters: streams before anything opens a file, memory before anything allocates much,
 * limits before OpenBLAS or MPI need room.
 */
int main(int argc, char **argv)
{
    hs_error error = {0};

    occupy_closed_streams();
    return_freed_memory();
    hs__cli_mapped_catch_lost_bytes();

    /* A file-size limit is to end as a write error with its message, not as a death without one. */
    signal(SIGXFSZ, SIG_IGN);
    hs_status status = start_under_limits(argc, argv, &error);
    if (status == HS_OK)
        status = run_arguments(argc, argv, &error);
    hs__cli_print_and_clear_error(&error);
    status = finish_output(status);
    /* A thread that waits for memory waits for ever: nothing may be given back in good order. */
    if (status == HS_ERROR_MEMORY)
        _exit(hs_status_exit_code(status));
    return hs_status_exit_code(status);
}
