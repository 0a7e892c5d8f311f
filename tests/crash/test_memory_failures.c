/*
 * Memory runs out at the k-th allocation of a whole run - reading the experiment, the checkpoint, the data, sweeping,
 * ranking - for all k until the run gets through: each time a clear error, nothing leaked, and a results file, if
 * there is one yet, that the next run continues to the same bytes. Of several ranks it is the one named by the first
 * argument that runs out, and all have to end with its error: a rank that waits for it runs into the test's time limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "headsweep/report.h"
#include "headsweep/study.h"
#include "support/assert_status.h"
#include "support/checkpoint_writer.h"
#include "support/failing_memory.h"
#include "support/results_ranked.h"

/* A file is finished and compared after every so many failures, and after all of the last ones. */
enum { RESUME_EVERY = 16 };

enum { MAX_OVERRIDES = 7 };

/* A small one that goes through as much of the program as it can. */
typedef struct example {
    const char *experiment; /* below configs/ */
    const char *overrides[MAX_OVERRIDES];
} example;

static const example with_phases = {"quickstart/quickstart.cfg",
                                    {"tasks.toxicity.limit=4", "tasks.accuracy.limit=4", "sweep.orders=[1,2]",
                                     "sweep.heads=[\"0.2-3\"]", "pruning.curve=both", "controls.random_sets=1",
                                     "controls.for_best=1"}};
static const example generating = {"generation/generation.cfg",
                                   {"tasks.written.limit=2", "tasks.accuracy.limit=2", "sweep.orders=[1]",
                                    "sweep.heads=[\"0.2-3\"]", "tasks.written.samples=2",
                                    "tasks.written.max_new_tokens=2", "tasks.written.save_text=2"}};

typedef struct place {
    hs_comm *comm;
    const example *example;
    int failing_rank;
    char *folder; /* rank 0's, for all */
} place;

/* As the program does it, but for the printing. */
static hs_status print_ranking(const place *p, const hs_study_outcome *outcome, hs_error *error)
{
    hs_text text = {0};
    hs_status status = HS_OK;

    if (hs_comm_rank(p->comm) == 0)
        status = hs_report_ranking(outcome->analysis, &outcome->request, &outcome->ranking, 3, HS_REPORT_TABLE, &text,
                                   error);
    hs_text_clear(&text);
    return status;
}

static hs_status run(const place *p, const char *results, hs_error *error)
{
    char path[512], output[600];
    const char *overrides[MAX_OVERRIDES + 1];
    hs_experiment *experiment = NULL;
    const hs_study_run_options options = {.command_line = "test"};
    hs_study_outcome outcome;

    snprintf(path, sizeof path, "%s/configs/%s", getenv("HEADSWEEP_SOURCE"), p->example->experiment);
    snprintf(output, sizeof output, "output.results=%s/%s", p->folder, results);
    memcpy(overrides, p->example->overrides, sizeof p->example->overrides);
    overrides[MAX_OVERRIDES] = output;
    hs_status status =
        hs_comm_agree(p->comm, hs_config_load(path, overrides, MAX_OVERRIDES + 1, &experiment, error), error);
    if (status == HS_OK)
        status = hs_study_run(p->comm, experiment, &options, &outcome, error);
    if (status == HS_OK) {
        status = print_ranking(p, &outcome, error);
        status = hs_study_outcome_close(&outcome, hs_comm_agree(p->comm, status, error), error);
    }
    hs_config_free(experiment);
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

    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    assert_ok(hs_results_open_read(path, &results, &error), &error);
    assert_ok(hs_results_progress(results, &counts, &error), &error);
    assert_true(counts.n_done == counts.n_cells && counts.n_damaged == 0 && results_is_ranked(results));
    for (uint32_t task = 0; task < hs_results_n_tasks(results); task++) {
        const hs_results_task *t = hs_results_task_at(results, task);
        size_t n_sets = hs_results_sets_of(results)->n_sets, n_values = n_sets * t->n_examples * t->n_metrics;
        float *values = malloc(n_values * sizeof *values);
        assert_ok(hs_results_read_values(results, task, 0, n_sets, values, &error), &error);
        hash = hs_hash(hash, values, n_values * sizeof *values);
        free(values);
    }
    assert_ok(hs_results_close(results, &error), &error);
    return hash;
}

static bool is_first(const place *p)
{
    return hs_comm_rank(p->comm) == 0;
}

/* Ends all ranks: the others may be waiting for this one. */
static void end(const place *p, size_t k, const char *what, const hs_error *error)
{
    fprintf(stderr, "rank %d, allocation %zu of rank %d: %s (%s)\n", hs_comm_rank(p->comm), k, p->failing_rank, what,
            error->message);
    hs_comm_abort(p->comm, EXIT_FAILURE);
}

static void finish_and_compare(const place *p, size_t k, uint64_t expected)
{
    hs_error error = {0};

    if (run(p, "failing.h5", &error) != HS_OK)
        end(p, k, "the file cannot be continued", &error);
    if (is_first(p) && hash_of_values(p, "failing.h5") != expected)
        end(p, k, "the values are others", &error);
    if (is_first(p))
        remove_file(p, "failing.h5");
    assert_ok(hs_comm_barrier(p->comm, &error), &error);
}

/* What can do without (a compiled pattern is only faster) may; whatever ends the run says that it was memory. */
static void check_end(const place *p, size_t k, hs_status status, const hs_error *error)
{
    if (status != HS_OK && (status != HS_ERROR_MEMORY || strstr(error->message, "memory") == NULL))
        end(p, k, "another error", error);
    if (is_first(p) && (file_exists(p, "failing.h5.lock") || file_exists(p, "failing.h5.headsweep-tmp")))
        end(p, k, "a lock or a temporary file is left", error);
}

/* Runs with the k-th allocation failing; whether it came to that. */
static bool fail_once(const place *p, size_t k)
{
    const bool fails_here = hs_comm_rank(p->comm) == p->failing_rank;
    const size_t live = failing_memory_live();
    hs_error error = {0}, ignored = {0};

    failing_memory_arm(fails_here ? k : 0);
    hs_status status = run(p, "failing.h5", &error);
    uint64_t struck = fails_here && failing_memory_struck();
    failing_memory_arm(0);
    check_end(p, k, status, &error);
    if (failing_memory_live() != live)
        end(p, k, "blocks are not freed", &error);
    assert_int_equal(hs_comm_or(p->comm, &struck, 1, &ignored), HS_OK);
    return struck;
}

static void fail_each(const place *p)
{
    hs_error error = {0};
    size_t k = 1;

    assert_ok(run(p, "whole.h5", &error), &error);
    const uint64_t expected = is_first(p) ? hash_of_values(p, "whole.h5") : 0;
    for (; fail_once(p, k); k++)
        if (k % RESUME_EVERY == 0)
            finish_and_compare(p, k, expected);
    finish_and_compare(p, k, expected);
    if (is_first(p)) {
        print_message("%zu allocations, each failed once\n", k - 1);
        remove_file(p, "whole.h5");
    }
    assert_ok(hs_comm_barrier(p->comm, &error), &error);
}

static void test_a_run_with_phases(void **state)
{
    place *p = *state;
    p->example = &with_phases;
    fail_each(p);
}

static void test_a_run_that_generates(void **state)
{
    place *p = *state;
    p->example = &generating;
    fail_each(p);
}

/* One for all tests, because MPI starts and ends once. */
static place all;

static int enter(void **state)
{
    place *p = &all;
    hs_error error = {0};
    size_t n_bytes = 0;

    *state = p;
    if (hs_comm_new(&p->comm, &error) != HS_OK)
        return -1;
    if (is_first(p)) {
        p->folder = test_temporary_folder();
        n_bytes = strlen(p->folder) + 1;
    }
    return hs_comm_broadcast_block(p->comm, &p->folder, &n_bytes, 0, &error) == HS_OK ? 0 : -1;
}

static int leave(void **state)
{
    place *p = *state;

    if (is_first(p))
        test_folder_remove(p->folder);
    free(p->folder);
    hs_comm_free(p->comm);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_run_with_phases),
                                       cmocka_unit_test(test_a_run_that_generates)};

    all.failing_rank = argc > 1 ? atoi(argv[1]) : 0;
    return cmocka_run_group_tests(tests, enter, leave);
}
