/* This program again, as several ranks under the MPI launcher: for sections that need more than one process. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/sections.h"

enum { MAX_ARGUMENTS = 32, MAX_LOG_BYTES = 1 << 20, SHOWN_LOG_BYTES = 240, EXIT_NOT_STARTED = 127 };

#define LOG_NAME "launcher.log"

bool hs_bench_is_launched(void)
{
    /* Open MPI, MPICH and its kin, PMIx (srun). */
    static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMIX_RANK"};

    for (size_t i = 0; i < sizeof variables / sizeof *variables; ++i)
        if (getenv(variables[i]) != NULL)
            return true;
    return false;
}

static const char *launcher_name(void)
{
    const char *name = getenv("HEADSWEEP_MPIEXEC");

    return name != NULL && name[0] != '\0' ? name : "mpirun";
}

/* In the child: only calls that are allowed after fork() in a process with threads, which OpenBLAS may have started. */
static _Noreturn void become(const char *folder, bool quiet, char *const *words)
{
    if (folder != NULL && chdir(folder) != 0)
        _exit(EXIT_NOT_STARTED);
    if (quiet) {
        int log = open(LOG_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
            _exit(EXIT_NOT_STARTED);
    }
    (void)execvp(words[0], words);
    _exit(EXIT_NOT_STARTED);
}

/* The end of the child's log, for the message. */
static char *read_log_end(const char *folder)
{
    hs_error ignored = {0};
    char *path = hs_path_join(folder, LOG_NAME, &ignored);
    char *bytes = NULL;
    size_t n = 0;

    if (path != NULL && hs_file_read(path, MAX_LOG_BYTES, &bytes, &n, &ignored) == HS_OK && n > SHOWN_LOG_BYTES)
        memmove(bytes, bytes + n - SHOWN_LOG_BYTES, SHOWN_LOG_BYTES + 1);
    hs_free(path);
    return bytes;
}

static hs_status check_end(int state, const char *launcher, const char *folder, bool quiet, hs_error *error)
{
    if (WIFEXITED(state) && WEXITSTATUS(state) == 0)
        return HS_OK;
    if (WIFEXITED(state) && WEXITSTATUS(state) == EXIT_NOT_STARTED)
        return hs_fail(error, HS_ERROR_USAGE,
                       "the MPI launcher \"%s\" could not be started; HEADSWEEP_MPIEXEC names another one", launcher);
    char *log = quiet && folder != NULL ? read_log_end(folder) : NULL;
    bool said = log != NULL && log[0] != '\0';
    hs_fail(error, HS_ERROR_COMM, "%s ended with %s %d%s%s", launcher, WIFEXITED(state) ? "exit code" : "signal",
            WIFEXITED(state) ? WEXITSTATUS(state) : WTERMSIG(state), said ? ": " : "", said ? log : "");
    hs_free(log);
    return hs_error_status(error);
}

/*
 * fork() and exec() rather than MPI_Comm_spawn, because the figure is to be that of a job as users
 * start it. /proc/self/exe is this binary whatever PATH says. A wait that a signal interrupts is
 * taken up again.
 */
hs_status hs__bench_launch(size_t n_ranks, const char *folder, bool quiet, const char *const *arguments,
                           size_t n_arguments, hs_error *error)
{
    const char *launcher = launcher_name();
    const char *words[MAX_ARGUMENTS + 5];
    char program[PATH_MAX], ranks[24];
    char *argv[MAX_ARGUMENTS + 5];
    size_t n = 0;
    int state = 0;

    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0 || n_arguments > MAX_ARGUMENTS)
        return hs_fail(error, HS_ERROR_INTERNAL, "this program cannot start itself: %s", strerror(errno));
    program[length] = '\0';
    snprintf(ranks, sizeof ranks, "%zu", n_ranks);
    words[n++] = launcher;
    words[n++] = "-n";
    words[n++] = ranks;
    words[n++] = program;
    for (size_t i = 0; i < n_arguments; ++i)
        words[n++] = arguments[i];
    words[n++] = NULL;
    memcpy(argv, words, n * sizeof *argv); /* execvp() changes nothing but wants pointers that are not const */

    /* Two ranks are wanted also where there is one core; other MPIs than Open MPI do not ask. */
    (void)setenv("OMPI_MCA_rmaps_base_oversubscribe", "1", 0);
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        return hs_fail(error, HS_ERROR_IO, "starting \"%s\": %s", launcher, strerror(errno));
    if (child == 0)
        become(folder, quiet, argv);
    while (waitpid(child, &state, 0) < 0)
        if (errno != EINTR)
            return hs_fail(error, HS_ERROR_IO, "waiting for \"%s\": %s", launcher, strerror(errno));
    return check_end(state, launcher, folder, quiet, error);
}
