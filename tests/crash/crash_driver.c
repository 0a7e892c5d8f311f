/*
 * crash_driver WRITER: runs crash_writer on 3 ranks again and again, kills one rank or everything with SIGKILL at a
 * random moment (creation included) and demands of what is left: no file, or one that opens, has no damaged cell and
 * every cell that was noted as written; and that another run, on another number of ranks, makes it equal to the byte
 * to a file that nobody disturbed.
 *
 * HEADSWEEP_CRASH_RUNS: number of kills (20). HEADSWEEP_CRASH_SEED: of the moments (printed). HEADSWEEP_MPIEXEC: the
 * launcher.
 */
/* nftw */
#define _XOPEN_SOURCE 700
#include "crash/crash_experiment.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <hdf5.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { N_RANKS = 3, WRITE_PAUSE_US = 30, START_TIMEOUT_MS = 30000 };

typedef struct driver {
    const char *launcher;
    const char *writer;
    char folder[512];
    char path[600];
    char log[600];
    results_fixture fixture;
    char *undisturbed;
    size_t n_bytes;
    size_t run_table_first, run_table_end; /* bytes that differ between runs */
    uint64_t seed;
    double seconds; /* from the start of the ranks to the end of a run that nobody disturbs */
    unsigned n_without_file, n_unfinished, n_finished;
} driver;

#define REQUIRE(condition, ...)                                                   \
    do {                                                                          \
        if (!(condition)) {                                                       \
            (void)fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            (void)fprintf(stderr, __VA_ARGS__);                                   \
            (void)fprintf(stderr, "\n");                                          \
            exit(EXIT_FAILURE);                                                   \
        }                                                                         \
    } while (0)

static pid_t start_writer(const driver *self, int n_ranks, int pause)
{
    char ranks[16], microseconds[16], output[640];
    (void)snprintf(ranks, sizeof ranks, "%d", n_ranks);
    (void)snprintf(microseconds, sizeof microseconds, "%d", pause);
    (void)snprintf(output, sizeof output, "%s/output", self->folder);
    pid_t launcher = fork();
    REQUIRE(launcher >= 0, "fork");
    if (launcher == 0) {
        /* What a killed launcher prints is not a failure of the test; it is kept for when there is one. */
        int file = open(output, O_CREAT | O_WRONLY | O_TRUNC, 0644), nothing = open("/dev/null", O_RDONLY);
        (void)dup2(nothing, 0);
        (void)dup2(file, 1);
        (void)dup2(file, 2);
        (void)execlp(self->launcher, self->launcher, "-n", ranks, self->writer, self->path, self->log, microseconds,
                     (char *)NULL);
        _exit(127);
    }
    return launcher;
}

static void show_output(const driver *self)
{
    char output[640], *text = NULL;
    size_t n = 0;
    hs_error error = {0};
    (void)snprintf(output, sizeof output, "%s/output", self->folder);
    if (hs_file_read(output, 1 << 20, &text, &n, &error) == HS_OK)
        (void)fprintf(stderr, "%s", text);
    hs_free(text);
}

static pid_t rank_process(const driver *self, int rank)
{
    char path[640], *text = NULL;
    size_t n = 0;
    hs_error error = {0};
    (void)snprintf(path, sizeof path, "%s.pid.%d", self->log, rank);
    if (hs_file_read(path, 100, &text, &n, &error) != HS_OK)
        return 0;
    pid_t process = text[0] != '\0' && text[n - 1] == '\n' ? (pid_t)strtol(text, NULL, 10) : 0;
    hs_free(text);
    return process;
}

static void wait_for_ranks(const driver *self, pid_t processes[N_RANKS])
{
    for (int waited = 0; waited < START_TIMEOUT_MS; waited++) {
        int n_there = 0;
        for (int rank = 0; rank < N_RANKS; rank++) {
            processes[rank] = rank_process(self, rank);
            n_there += processes[rank] > 0;
        }
        if (n_there == N_RANKS)
            return;
        (void)usleep(1000);
    }
    show_output(self);
    REQUIRE(false, "the ranks did not start");
}

/* Orphans come to us, so that all are gone for certain once there is no child left. Returns the launcher's result. */
static int reap_all(pid_t launcher)
{
    int result = -1, status = 0;
    for (;;) {
        pid_t child = waitpid(-1, &status, 0);
        if (child == launcher)
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (child < 0 && errno == ECHILD)
            return result;
    }
}

static int remove_entry(const char *path, const struct stat *state, int type, struct FTW *walk)
{
    (void)state;
    (void)type;
    return walk->level == 0 ? 0 : remove(path);
}

static void empty_folder(const driver *self)
{
    REQUIRE(nftw(self->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0, "%s", self->folder);
}

static void finish(driver *self, int n_ranks)
{
    int result = reap_all(start_writer(self, n_ranks, 0));
    if (result != 0)
        show_output(self);
    REQUIRE(result == 0, "a run on %d ranks ended with %d", n_ranks, result);
}

static void demand_noted_cells(const driver *self, hs_results *results, int rank)
{
    char path[640], *text = NULL;
    size_t n = 0;
    hs_error error = {0};
    (void)snprintf(path, sizeof path, "%s.%d", self->log, rank);
    if (hs_file_read(path, 1 << 24, &text, &n, &error) != HS_OK)
        return;
    char *at = text;
    /* A last line that was cut off has no end and is not demanded. */
    for (char *end = strchr(at, '\n'); end != NULL; at = end + 1, end = strchr(at, '\n')) {
        hs_cell cell = results_fixture_cell(&self->fixture, strtoul(at, NULL, 10));
        bool done = false;
        uint64_t n_damaged = 0;
        hs_status status =
            hs_results_check_cells(results, cell.task, cell.shard, cell.set, 1, &done, &n_damaged, &error);
        REQUIRE(status == HS_OK && done, "cell %.*s was written by rank %d and is lost. %s", (int)(end - at), at, rank,
                error.message);
    }
    hs_free(text);
}

/* What the kill left behind, as another process sees it. */
static void demand_sound(driver *self)
{
    hs_error error = {0};
    hs_results *results = NULL;
    hs_results_counts counts;
    if (!hs_path_exists(self->path)) {
        self->n_without_file++;
        return;
    }
    REQUIRE(hs_results_open_read(self->path, &results, &error) == HS_OK, "%s", error.message);
    REQUIRE(hs_results_progress(results, &counts, &error) == HS_OK, "%s", error.message);
    REQUIRE(counts.n_damaged == 0, "%llu damaged", (unsigned long long)counts.n_damaged);
    for (int rank = 0; rank < N_RANKS; rank++)
        demand_noted_cells(self, results, rank);
    REQUIRE(hs_results_close(results, &error) == HS_OK, "%s", error.message);
    if (counts.n_done < counts.n_cells)
        self->n_unfinished++;
    else
        self->n_finished++;
}

static void demand_same_bytes(const driver *self)
{
    hs_error error = {0};
    char *bytes = NULL;
    size_t n = 0;
    REQUIRE(hs_file_read(self->path, 1 << 28, &bytes, &n, &error) == HS_OK, "%s", error.message);
    REQUIRE(n == self->n_bytes, "the file has %zu bytes instead of %zu", n, self->n_bytes);
    for (size_t i = 0; i < n; i++)
        REQUIRE(bytes[i] == self->undisturbed[i] || (i >= self->run_table_first && i < self->run_table_end),
                "byte %zu of the file differs", i);
    hs_free(bytes);
}

/* Every other moment lies in the first tenth, where the file is created. */
static useconds_t moment(const driver *self, uint64_t run)
{
    const double share = hs_random_uniform(self->seed, run, 0);
    return (useconds_t)(1e6 * self->seconds * (run % 2 == 0 ? share : share * share / 10));
}

static void disturb(driver *self, uint64_t run)
{
    pid_t processes[N_RANKS];
    const bool all = run % 4 < 2;
    const int victim = (int)hs_random_below(self->seed, run, 1, N_RANKS);
    const int n_ranks_after = run % 3 == 0 ? 2 : run % 3 == 1 ? 4 : 1;
    pid_t launcher = start_writer(self, N_RANKS, WRITE_PAUSE_US);
    wait_for_ranks(self, processes);
    (void)usleep(moment(self, run));
    if (all)
        (void)kill(launcher, SIGKILL);
    for (int rank = 0; rank < N_RANKS; rank++)
        if (all || rank == victim)
            (void)kill(processes[rank], SIGKILL);
    (void)reap_all(launcher);
    demand_sound(self);
    finish(self, n_ranks_after);
    demand_sound(self);
    demand_same_bytes(self);
    empty_folder(self);
}

static void find_run_table(driver *self)
{
    hid_t file = H5Fopen(self->path, H5F_ACC_RDONLY, H5P_DEFAULT),
          table = H5Dopen2(file, "/provenance/run", H5P_DEFAULT);
    self->run_table_first = (size_t)H5Dget_offset(table);
    self->run_table_end = self->run_table_first + HS_RESULTS_MAX_RUNS * sizeof(hs_results_run);
    (void)H5Dclose(table);
    (void)H5Fclose(file);
}

static void make_undisturbed(driver *self)
{
    hs_error error = {0};
    pid_t processes[N_RANKS], launcher = start_writer(self, N_RANKS, WRITE_PAUSE_US);
    wait_for_ranks(self, processes);
    const double start = hs_time_seconds();
    const int result = reap_all(launcher);
    self->seconds = hs_time_seconds() - start;
    if (result != 0)
        show_output(self);
    REQUIRE(result == 0, "the undisturbed run ended with %d", result);
    demand_sound(self);
    REQUIRE(self->n_finished == 1, "the undisturbed run is not finished");
    self->n_finished = 0;
    REQUIRE(hs_file_read(self->path, 1 << 28, &self->undisturbed, &self->n_bytes, &error) == HS_OK, "%s",
            error.message);
    find_run_table(self);
    empty_folder(self);
}

/* What a killed Open MPI leaves behind (session folders, shared memory) must lie where it is removed. */
static void keep_litter_together(const driver *self)
{
    const char *const names[] = {"TMPDIR", "OMPI_MCA_orte_tmpdir_base", "OMPI_MCA_btl_vader_backing_directory"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        REQUIRE(setenv(names[i], self->folder, 1) == 0, "setenv");
    /* Survivors of a killed rank are killed at once, not after seconds. */
    REQUIRE(setenv("OMPI_MCA_odls_base_sigkill_timeout", "0", 0) == 0, "setenv");
}

static uint64_t number_from(const char *variable, uint64_t otherwise)
{
    const char *text = getenv(variable);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

int main(int argc, char **argv)
{
    driver self = {0};
    REQUIRE(argc == 2, "usage: crash_driver WRITER");
    self.writer = argv[1];
    self.launcher = getenv("HEADSWEEP_MPIEXEC");
    if (self.launcher == NULL)
        self.launcher = "mpiexec";
    const uint64_t n_runs = number_from("HEADSWEEP_CRASH_RUNS", 20);
    self.seed = number_from("HEADSWEEP_CRASH_SEED", (uint64_t)time(NULL));
    test_folder_new(self.folder, sizeof self.folder);
    (void)snprintf(self.path, sizeof self.path, "%s/results.h5", self.folder);
    (void)snprintf(self.log, sizeof self.log, "%s/log", self.folder);
    results_fixture_init(&self.fixture, crash_experiment);
    REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, "prctl");
    keep_litter_together(&self);
    make_undisturbed(&self);
    (void)printf("seed %llu, %.2f s undisturbed\n", (unsigned long long)self.seed, self.seconds);
    (void)fflush(stdout);
    for (uint64_t run = 0; run < n_runs; run++)
        disturb(&self, run);
    /* Each run ends with a finished file; what is above that was finished before its kill came. */
    (void)printf("%llu kills: %u before there was a file, %u in the middle, %u after the last cell\n",
                 (unsigned long long)n_runs, self.n_without_file, self.n_unfinished,
                 self.n_finished - (unsigned)n_runs);
    REQUIRE(self.n_unfinished > 0 || n_runs < 4, "no kill hit a run that was writing");
    hs_free(self.undisturbed);
    results_fixture_clear(&self.fixture);
    REQUIRE(rmdir(self.folder) == 0, "%s", self.folder);
    return EXIT_SUCCESS;
}
