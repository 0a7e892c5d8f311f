/*
 * Memory runs out at the k-th allocation of a whole run - reading the experiment, the checkpoint, the data, sweeping, ranking - for
 * all k until the run gets through: each time a clear error, nothing leaked, and a results file, if there is one yet, that the
 * next run continues to the same bytes.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/session.h"
#include "support/checkpoint_writer.h"
#include "support/failing_memory.h"

/* A file is finished and compared after every so many failures, and after all of the last ones. */
enum { RESUME_EVERY = 16 };

typedef struct place {
    hs_comm *comm;
    char *folder;
    char experiment[512];
} place;

/* The ranking goes to standard output, which is not what is tested here. */
static int silence_stdout(void)
{
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    int null = open("/dev/null", O_WRONLY);
    dup2(null, STDOUT_FILENO);
    close(null);
    return kept;
}

static void restore_stdout(int kept)
{
    fflush(stdout);
    dup2(kept, STDOUT_FILENO);
    close(kept);
}

static hs_status run(const place *p, const char *results, hs_error *error)
{
    static const char *const overrides[] = {"tasks.toxicity.limit=4", "tasks.accuracy.limit=4", "sweep.orders=[1,2]",
                                            "sweep.heads=[\"0.2-3\"]"};
    const char *all[5];
    char output[600];
    hs_experiment *experiment = NULL;
    const session_options options = {.command_line = "test", .top = 3};

    memcpy(all, overrides, sizeof overrides);
    snprintf(output, sizeof output, "output.results=%s/%s", p->folder, results);
    all[4] = output;
    int kept = silence_stdout();
    hs_status status = hs_experiment_load(p->experiment, all, 5, &experiment, error);
    if (status == HS_OK)
        status = session_run(p->comm, experiment, &options, error);
    hs_experiment_free(experiment);
    restore_stdout(kept);
    return status;
}

static bool file_exists(const place *p, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    return access(path, F_OK) == 0;
}

static void remove_file(const place *p, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    unlink(path);
}

/* What a finished file holds of all values, as one hash. */
static uint64_t hash_of_values(const place *p, const char *name)
{
    char path[600];
    hs_results *results = NULL;
    hs_error error = {0};
    hs_results_counts counts;
    uint64_t hash = 0;
    float values[4 * 4 * 8 * 8];

    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    assert_int_equal(hs_results_open_read(path, &results, &error), HS_OK);
    assert_int_equal(hs_results_progress(results, &counts, &error), HS_OK);
    assert_true(counts.n_done == counts.n_cells && counts.n_damaged == 0 && hs_results_ranking_done(results));
    for (uint32_t task = 0; task < hs_results_n_tasks(results); task++) {
        const hs_results_task *t = hs_results_task_at(results, task);
        size_t n_sets = hs_results_sets_of(results)->n_sets;
        assert_true(n_sets * t->n_examples * t->n_metrics <= sizeof values / sizeof *values);
        assert_int_equal(hs_results_read_values(results, task, 0, n_sets, values, &error), HS_OK);
        hash = hs_hash(hash, values, n_sets * t->n_examples * t->n_metrics * sizeof *values);
    }
    assert_int_equal(hs_results_close(results, &error), HS_OK);
    return hash;
}

static void finish_and_compare(const place *p, uint64_t expected)
{
    hs_error error = {0};

    if (run(p, "failing.h5", &error) != HS_OK)
        fail_msg("the file cannot be continued: %s", error.message);
    assert_true(hash_of_values(p, "failing.h5") == expected);
    remove_file(p, "failing.h5");
}

static void test_every_allocation(void **state)
{
    const place *p = *state;
    hs_error error = {0};
    size_t k = 1;

    assert_int_equal(run(p, "whole.h5", &error), HS_OK);
    const uint64_t expected = hash_of_values(p, "whole.h5");
    const size_t live = failing_memory_live();
    for (bool struck = true; struck; k++) {
        error = (hs_error){0};
        failing_memory_arm(k);
        hs_status status = run(p, "failing.h5", &error);
        struck = failing_memory_struck();
        failing_memory_arm(0);
        if (failing_memory_live() != live)
            fail_msg("allocation %zu: %zu blocks leaked (%s)", k, failing_memory_live() - live, error.message);
        /* What can do without (a compiled pattern is only faster) may; whatever ends the run says that it was memory. */
        if (status != HS_OK && (status != HS_ERROR_MEMORY || strstr(error.message, "memory") == NULL))
            fail_msg("allocation %zu: status %d, \"%s\"", k, status, error.message);
        if (file_exists(p, "failing.h5.lock") || file_exists(p, "failing.h5.tmp"))
            fail_msg("allocation %zu: a lock or a temporary file is left", k);
        if (k % RESUME_EVERY == 0)
            finish_and_compare(p, expected);
    }
    finish_and_compare(p, expected);
    print_message("%zu allocations, each failed once\n", k - 2);
}

static int enter(void **state)
{
    static place p;
    hs_error error = {0};

    p.folder = test_temporary_folder();
    snprintf(p.experiment, sizeof p.experiment, "%s/configs/quickstart/quickstart.cfg", getenv("HEADSWEEP_SOURCE"));
    *state = &p;
    return hs_comm_new(&p.comm, &error) == HS_OK ? 0 : -1;
}

static int leave(void **state)
{
    place *p = *state;

    test_folder_remove(p->folder);
    free(p->folder);
    hs_comm_free(p->comm);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation)};
    return cmocka_run_group_tests(tests, enter, leave);
}
