/*
 * crash_writer RESULTS LOG PAUSE: an MPI program for crash_driver to kill. Creates the file if it is not there,
 * writes the cells that are missing, PAUSE microseconds apart, and notes each in LOG.RANK once it is written. First
 * of all each rank notes its process in LOG.pid.RANK.
 */
#include "crash/crash_experiment.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct writer {
    hs_comm *comm;
    const char *path;
    useconds_t pause;
    int log;
    results_fixture fixture;
    hs_results *results;
} writer;

static int open_log(const char *log, const char *what, int rank)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s%s.%d", log, what, rank);
    return open(path, O_CREAT | O_WRONLY | O_APPEND, 0644);
}

static hs_status note(int log, unsigned long long number, hs_error *error)
{
    char line[32];
    int length = snprintf(line, sizeof line, "%llu\n", number);
    if (write(log, line, (size_t)length) != length)
        return hs_fail(error, HS_ERROR_IO, "the log cannot be written");
    return HS_OK;
}

static hs_status note_process(const char *log, int rank, hs_error *error)
{
    int file = open_log(log, ".pid", rank);
    HS_TRY(note(file, (unsigned long long)getpid(), error));
    (void)close(file);
    return HS_OK;
}

/* Missing cells, dealt to the ranks in turn: what a rank found done it leaves alone. */
static hs_status write_missing(writer *self, uint64_t *n_damaged, hs_error *error)
{
    const size_t n_cells = results_fixture_cells(&self->fixture), size = (size_t)hs_comm_size(self->comm);
    for (size_t i = (size_t)hs_comm_rank(self->comm); i < n_cells; i += size) {
        hs_cell cell = results_fixture_cell(&self->fixture, i);
        float values[CRASH_CELL_VALUES];
        bool done = false;
        HS_TRY(hs_results_check_cells(self->results, cell.task, cell.shard, cell.set, 1, &done, n_damaged, error));
        if (done)
            continue;
        results_fixture_fill(&self->fixture, cell, values);
        HS_TRY(hs_results_write_cell(self->results, cell, values, error));
        HS_TRY(note(self->log, i, error));
        if (self->pause > 0)
            (void)usleep(self->pause);
    }
    return HS_OK;
}

static hs_status record_run(writer *self, hs_error *error)
{
    size_t row = 0;
    hs_results_run run = {.start = (double)time(NULL), .ranks = (uint64_t)hs_comm_size(self->comm), .host = "here"};
    if (hs_comm_rank(self->comm) != 0)
        return HS_OK;
    HS_TRY(hs_results_n_runs(self->results, &row, error));
    return hs_results_write_run(self->results, row, &run, error);
}

/* The order of a real run: lock, create, agree, open, write, close. */
static hs_status run(writer *self, hs_error *error)
{
    hs_results_lock *lock = NULL;
    hs_status status = HS_OK;
    uint64_t n_damaged = 0;
    if (hs_comm_rank(self->comm) == 0) {
        status = hs_results_lock_new(self->path, &lock, error);
        if (status == HS_OK && !hs_path_exists(self->path))
            status = hs_results_create(self->path, &self->fixture.layout, error);
    }
    HS_GOTO_DONE(hs_comm_agree(self->comm, status, error));
    HS_GOTO_DONE(hs_results_open_parallel(self->comm, self->path, &self->results, error));
    HS_GOTO_DONE(hs_results_check_experiment(self->results, &self->fixture.layout, error));
    HS_GOTO_DONE(record_run(self, error));
    HS_GOTO_DONE(write_missing(self, &n_damaged, error));
    HS_GOTO_DONE(hs_comm_barrier(self->comm, error));
    HS_GOTO_DONE(hs_results_close(self->results, error));
    if (n_damaged > 0)
        status = hs_fail(error, HS_ERROR_RESULTS, "%llu cells were damaged", (unsigned long long)n_damaged);
done:
    hs_results_lock_free(lock);
    return status;
}

int main(int argc, char **argv)
{
    hs_error error = {0};
    writer self = {0};
    hs_status status;
    if (argc != 4)
        return 2;
    status = hs_comm_new(&self.comm, &error);
    if (status == HS_OK) {
        const int rank = hs_comm_rank(self.comm);
        self.path = argv[1];
        self.pause = (useconds_t)strtoul(argv[3], NULL, 10);
        self.log = open_log(argv[2], "", rank);
        results_fixture_init(&self.fixture, crash_experiment);
        status = note_process(argv[2], rank, &error);
        if (status == HS_OK)
            status = run(&self, &error);
        results_fixture_clear(&self.fixture);
    }
    if (status != HS_OK) {
        (void)fprintf(stderr, "crash_writer: %s\n", error.message);
        if (self.comm != NULL)
            hs_comm_abort(self.comm, hs_status_exit_code(status));
    }
    hs_comm_free(self.comm);
    return hs_status_exit_code(status);
}
