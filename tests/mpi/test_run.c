/*
 * The sweep over MPI without a model: cells whose values are a formula of (task, set, example, metric). Whatever the
 * number of ranks, the policy, earlier kills or failures, the file must hold exactly that formula.
 */
#include "mpi/mpi_test.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "headsweep/sweep.h"
#include "support/assert_status.h"
#include "support/checkpoint_writer.h"

enum { N_SETS = 53, SETS_PER_GROUP = 5, N_TASKS = 2 };

static const size_t n_examples[N_TASKS] = {17, 6};
static const size_t n_metrics[N_TASKS] = {3, 1};

static float formula(uint32_t task, uint64_t set, uint64_t example, size_t metric)
{
    return (float)(1000 * task + 100 * metric) + (float)set + (float)example / 32.0F;
}

/* What a test does to the evaluation: fails at a group, or counts. */
typedef struct formula_evaluator {
    const hs_plan *plan;
    uint64_t fail_task; /* N_TASKS: never */
    uint64_t fail_set;
    uint64_t n_groups;
    uint64_t n_sets;     /* computed one by one */
    uint64_t stop_after; /* groups, or sets, of this rank until it wishes to stop; 0: never */
    bool by_set;         /* tells of each set as soon as it is finished, and skips those that are done */
    bool overflows;      /* metric 0 of every set beyond 20 and example divisible by 5 of task 0 is not finite */
    uint64_t n_places;   /* that this rank was told of */
    bool places_are_right;
} formula_evaluator;

static bool is_not_finite(uint64_t task, uint64_t set, uint64_t example)
{
    return task == 0 && set > 20 && example % 5 == 0;
}

static bool wants_stop(void *context)
{
    const formula_evaluator *e = context;

    return e->stop_after > 0 && (e->by_set ? e->n_sets : e->n_groups) >= e->stop_after;
}

static void fill(const formula_evaluator *e, const hs_group *group, float *values)
{
    const uint64_t first = e->plan->tasks[group->task].shard_first[group->shard];

    for (uint64_t set = group->first_set; set < group->first_set + group->n_sets; ++set)
        for (uint64_t i = 0; i < hs_sweep_plan_group_examples(e->plan, group); ++i)
            for (size_t metric = 0; metric < n_metrics[group->task]; ++metric)
                *values++ = e->overflows && metric == 0 && is_not_finite(group->task, set, first + i)
                                ? NAN
                                : formula(group->task, set, first + i, metric);
}

/* What is done is overwritten: nobody may write it into the file again. */
static hs_status evaluate_by_set(formula_evaluator *e, const hs_group *group, const hs_group_run *run, float *values,
                                 hs_error *error)
{
    const size_t n = hs_sweep_plan_group_examples(e->plan, group) * n_metrics[group->task];

    for (uint64_t set = 0; set < group->n_sets; ++set, values += n) {
        const hs_group one = {group->task, group->shard, group->first_set + set, 1};
        for (size_t i = 0; i < n; ++i)
            values[i] = -1;
        if (run->done != NULL && run->done[set])
            continue;
        if (!run->poll.call(run->poll.context))
            return hs_fail(error, HS_UNFINISHED, "dropped within a group");
        fill(e, &one, values);
        HS_TRY(run->finished(run->context, set, 1, error));
        ++e->n_sets;
    }
    return HS_OK;
}

static hs_status evaluate(void *context, const hs_group *group, const hs_group_run *run, float *values, hs_error *error)
{
    formula_evaluator *e = context;

    ++e->n_groups;
    if (e->by_set)
        return evaluate_by_set(e, group, run, values, error);
    if (run->poll.call != NULL && !run->poll.call(run->poll.context))
        return hs_fail(error, HS_UNFINISHED, "dropped");
    if (group->task == e->fail_task && group->first_set == e->fail_set)
        return hs_fail(error, HS_ERROR_NUMERIC, "planted failure at set %d", (int)group->first_set);
    fill(e, group, values);
    return HS_OK;
}

static hs_status locate(void *context, const hs_group *group, hs_not_finite *place, hs_error *error)
{
    (void)context;
    (void)group;
    (void)error;
    place->layer = place->set + 1;
    place->row = place->example + 2;
    return HS_OK;
}

static void take_place(void *context, const hs_not_finite *place)
{
    formula_evaluator *e = context;

    ++e->n_places;
    e->places_are_right = e->places_are_right && is_not_finite(place->task, place->set, place->example) &&
                          place->layer == place->set + 1 && place->row == place->example + 2;
}

/* A results file of the right layout. */

static void make_plan(hs_plan *plan)
{
    size_t rows[32];
    hs_error error = {0};
    const hs_plan_input inputs[N_TASKS] = {{n_examples[0], n_metrics[0], rows, NULL},
                                           {n_examples[1], n_metrics[1], rows, NULL}};

    for (size_t i = 0; i < 32; ++i)
        rows[i] = 3;
    assert_ok(hs_sweep_plan_init(plan, N_SETS, SETS_PER_GROUP, 12, inputs, N_TASKS, &error), &error);
}

static hs_status create_file(const char *path, const hs_plan *plan, hs_error *error)
{
    static const char *const interventions[] = {"zero"};
    static const hs_metric metrics[] = {{"a", "nats", "formula", 1, false, -1},
                                        {"b", "nats", "formula", 1, false, -1},
                                        {"c", "nats", "formula", 1, false, -1}};
    static uint64_t lines[32];
    hs_results_task tasks[N_TASKS];
    hs_results_layout layout = {.experiment_hash = 42, .tasks = tasks, .n_tasks = N_TASKS};

    layout.sets = (hs_sets){.n_interventions = 1, .intervention_names = interventions};
    for (int32_t set = 0; set < N_SETS; ++set)
        HS_TRY(hs_sets_append(&layout.sets, set > 0 ? 0 : -1, 0, &(hs_component){0, 0, set}, set > 0, error));
    for (size_t task = 0; task < N_TASKS; ++task)
        tasks[task] = (hs_results_task){.name = task == 0 ? "first" : "second",
                                        .kind = "formula",
                                        .n_examples = n_examples[task],
                                        .n_metrics = n_metrics[task],
                                        .metrics = metrics,
                                        .n_shards = plan->tasks[task].n_shards,
                                        .shard_first = plan->tasks[task].shard_first,
                                        .example_line = lines};
    hs_status status = hs_results_create(path, &layout, error);
    hs_sets_clear(&layout.sets);
    return status;
}

/* One test's folder, plan and file; the folder is made by rank 0 and known to all. */
typedef struct fixture {
    hs_comm *comm;
    char path[512];
    hs_plan plan;
} fixture;

static void open_fixture(fixture *f, hs_comm *comm)
{
    hs_error error = {0};
    hs_status status = HS_OK;

    memset(f, 0, sizeof *f);
    f->comm = comm;
    make_plan(&f->plan);
    if (hs_comm_rank(comm) == 0) {
        char *folder = test_temporary_folder();
        snprintf(f->path, sizeof f->path, "%s/results.h5", folder);
        free(folder);
        status = create_file(f->path, &f->plan, &error);
    }
    mpi_assert_ok(comm, status, &error);
    mpi_assert_ok(comm, hs_comm_broadcast(comm, f->path, sizeof f->path, 0, &error), &error);
}

static void close_fixture(fixture *f)
{
    hs_error error = {0};

    hs_comm_barrier(f->comm, &error);
    if (hs_comm_rank(f->comm) == 0) {
        *strrchr(f->path, '/') = '\0';
        test_folder_remove(f->path);
    }
    hs_sweep_plan_clear(&f->plan);
}

/* Runs the sweep; returns its status, which is the same on all ranks. */
static hs_status run(fixture *f, hs_scheduler_policy policy, formula_evaluator *e, hs_run_report *report,
                     hs_error *error)
{
    const hs_run_options options = {.scheduler = policy,
                                    .max_lease_groups = 4,
                                    .stop = wants_stop,
                                    .stop_context = e,
                                    .not_finite = take_place,
                                    .not_finite_context = e};
    const hs_evaluator evaluator = {.context = e, .evaluate = evaluate, .locate = locate};
    hs_results *results = NULL;
    hs_error close_error = {0};

    mpi_assert_ok(f->comm, hs_results_open_parallel(f->comm, f->path, &results, error), error);
    hs_status status = hs_sweep_run(f->comm, &f->plan, results, false, &evaluator, &options, report, error);
    mpi_assert_ok(f->comm, hs_results_close(results, &close_error), &close_error);
    return status;
}

/* Rank 0 reads the file back and compares it with the formula. */
static bool file_is_right(const fixture *f)
{
    hs_results *results;
    hs_error error = {0};
    float values[N_SETS * 17 * 3];
    hs_results_counts counts;
    bool right = true;

    if (hs_comm_rank(f->comm) != 0)
        return true;
    if (hs_results_open_read(f->path, &results, &error) != HS_OK ||
        hs_results_progress(results, &counts, &error) != HS_OK)
        return false;
    right = counts.n_done == counts.n_cells && counts.n_cells == f->plan.n_cells && counts.n_damaged == 0;
    for (uint32_t task = 0; task < N_TASKS; ++task) {
        right = right && hs_results_read_values(results, task, 0, N_SETS, values, &error) == HS_OK;
        const float *value = values;
        for (uint64_t set = 0; set < N_SETS; ++set)
            for (uint64_t example = 0; example < n_examples[task]; ++example)
                for (size_t metric = 0; metric < n_metrics[task]; ++metric, ++value)
                    right = right && *value == formula(task, set, example, metric);
    }
    return hs_results_close(results, &error) == HS_OK && right;
}

static void run_to_the_end(void **state, hs_scheduler_policy policy)
{
    fixture f;
    hs_error error = {0};
    hs_run_report report;

    open_fixture(&f, *state);
    formula_evaluator e = {.plan = &f.plan, .fail_task = N_TASKS};
    mpi_assert_ok(f.comm, run(&f, policy, &e, &report, &error), &error);
    mpi_assert(f.comm, report.cells_this_run == f.plan.n_cells && report.cells_before == 0);
    mpi_assert_ok(f.comm, hs_comm_sum_u64(f.comm, &e.n_groups, 1, &error), &error);
    mpi_assert(f.comm, e.n_groups == f.plan.n_groups);
    mpi_assert(f.comm, file_is_right(&f));

    /* Again: nothing is left to do. */
    e.n_groups = 0;
    mpi_assert_ok(f.comm, run(&f, policy, &e, &report, &error), &error);
    mpi_assert(f.comm, report.cells_this_run == 0 && report.cells_before == f.plan.n_cells && e.n_groups == 0);
    close_fixture(&f);
}

static void test_guided(void **state)
{
    run_to_the_end(state, HS_SCHEDULER_GUIDED);
}

static void test_static(void **state)
{
    run_to_the_end(state, HS_SCHEDULER_STATIC);
}

/* A failing group ends the sweep with the same error everywhere; what was done stays, and a second run finishes. */
static void test_failure_and_resume(void **state)
{
    fixture f;
    hs_error error = {0};
    hs_run_report report;

    open_fixture(&f, *state);
    formula_evaluator e = {.plan = &f.plan, .fail_task = 1, .fail_set = 20};
    mpi_assert(f.comm, run(&f, HS_SCHEDULER_GUIDED, &e, &report, &error) == HS_ERROR_NUMERIC);
    mpi_assert(f.comm, strstr(error.message, "planted failure at set 20") != NULL);
    e.fail_task = N_TASKS;
    error = (hs_error){0};
    mpi_assert_ok(f.comm, run(&f, HS_SCHEDULER_STATIC, &e, &report, &error), &error);
    mpi_assert(f.comm, report.cells_before > 0 && report.cells_before + report.cells_this_run == f.plan.n_cells);
    mpi_assert(f.comm, file_is_right(&f));
    close_fixture(&f);
}

/* One rank is asked to stop: all leave with what is done in the file, and a second run finishes. */
static void stop_on(void **state, int rank, hs_scheduler_policy policy)
{
    fixture f;
    hs_error error = {0};
    hs_run_report report;

    open_fixture(&f, *state);
    formula_evaluator e = {.plan = &f.plan, .fail_task = N_TASKS};
    e.stop_after = hs_comm_rank(f.comm) == rank ? 2 : 0;
    mpi_assert(f.comm, run(&f, policy, &e, &report, &error) == HS_UNFINISHED);
    mpi_assert(f.comm, strstr(error.message, "run the same command again to continue") != NULL);
    mpi_assert(f.comm, report.stopped && report.cells_this_run < f.plan.n_cells);
    uint64_t cells = report.cells_this_run;
    e.stop_after = 0;
    error = (hs_error){0};
    mpi_assert_ok(f.comm, run(&f, policy, &e, &report, &error), &error);
    mpi_assert(f.comm, !report.stopped && report.cells_before == cells);
    mpi_assert(f.comm, file_is_right(&f));
    close_fixture(&f);
}

static void test_stop_on_the_coordinator(void **state)
{
    stop_on(state, 0, HS_SCHEDULER_GUIDED);
}

static void test_stop_on_a_worker(void **state)
{
    stop_on(state, hs_comm_size(*state) - 1, HS_SCHEDULER_STATIC);
}

/* A stop within a group loses no set that is finished, and no set is computed twice. */
static void test_stop_within_a_group(void **state)
{
    fixture f;
    hs_error error = {0};
    hs_run_report report;
    uint64_t cells = 0, n_starts = 0;

    open_fixture(&f, *state);
    formula_evaluator e = {.plan = &f.plan, .fail_task = N_TASKS, .by_set = true};
    do {
        e.stop_after = e.n_sets + 3; /* groups have five */
        error = (hs_error){0};
        hs_status status = run(&f, HS_SCHEDULER_GUIDED, &e, &report, &error);
        mpi_assert(f.comm, status == HS_OK || status == HS_UNFINISHED);
        mpi_assert(f.comm, report.cells_before == cells && (report.cells_this_run > 0 || !report.stopped));
        cells += report.cells_this_run;
        ++n_starts;
    } while (cells < f.plan.n_cells);
    mpi_assert_ok(f.comm, hs_comm_sum_u64(f.comm, &e.n_sets, 1, &error), &error);
    mpi_assert(f.comm, n_starts > 2 && e.n_sets == f.plan.n_cells);
    mpi_assert(f.comm, file_is_right(&f));
    close_fixture(&f);
}

/* Finds the bytes of one value in the file, at whatever address, and flips a bit of them. */
static bool flip_value(const char *path, float value)
{
    hs_error error = {0};
    char *bytes = NULL;
    size_t n_bytes = 0, place = 0;

    if (hs_file_read(path, 1 << 24, &bytes, &n_bytes, &error) != HS_OK)
        return false;
    while (place + sizeof value <= n_bytes && memcmp(bytes + place, &value, sizeof value) != 0)
        ++place;
    bool found = place + sizeof value <= n_bytes;
    unsigned char flipped = (unsigned char)(found ? bytes[place] ^ 1 : 0);
    int file = open(path, O_WRONLY);
    bool written = found && file >= 0 && pwrite(file, &flipped, 1, (off_t)place) == 1;
    hs_free(bytes);
    return file >= 0 && close(file) == 0 && written;
}

/* One flipped bit in a done cell: that cell alone is computed again. */
static void test_flipped_bit(void **state)
{
    fixture f;
    hs_error error = {0};
    hs_run_report report;

    open_fixture(&f, *state);
    formula_evaluator e = {.plan = &f.plan, .fail_task = N_TASKS};
    mpi_assert_ok(f.comm, run(&f, HS_SCHEDULER_GUIDED, &e, &report, &error), &error);
    bool flipped = hs_comm_rank(f.comm) != 0 || flip_value(f.path, formula(0, 31, 13, 2));
    mpi_assert(f.comm, flipped);
    mpi_assert(f.comm, hs_comm_rank(f.comm) != 0 || !file_is_right(&f));
    mpi_assert_ok(f.comm, run(&f, HS_SCHEDULER_GUIDED, &e, &report, &error), &error);
    mpi_assert(f.comm, report.cells_damaged == 1 && report.cells_this_run == 1);
    mpi_assert(f.comm, file_is_right(&f));
    close_fixture(&f);
}

/* Values that are not finite do not end a run: they are stored, counted, and the first few are told of on rank 0. */
static void test_values_that_are_not_finite(void **state)
{
    fixture f;
    hs_error error = {0};
    hs_run_report report;
    hs_results *results = NULL;
    hs_results_counts counts;
    uint64_t expected = 0;

    for (uint64_t set = 0; set < N_SETS; ++set)
        for (uint64_t example = 0; example < n_examples[0]; ++example)
            expected += is_not_finite(0, set, example);
    open_fixture(&f, *state);
    formula_evaluator e = {.plan = &f.plan, .fail_task = N_TASKS, .overflows = true, .places_are_right = true};
    mpi_assert_ok(f.comm, run(&f, HS_SCHEDULER_GUIDED, &e, &report, &error), &error);
    mpi_assert(f.comm, expected > HS_RUN_MAX_PLACES && report.values_not_finite == expected);
    mpi_assert(f.comm,
               e.places_are_right &&
                   (hs_comm_rank(f.comm) == 0 ? e.n_places > 0 && e.n_places <= HS_RUN_MAX_PLACES : e.n_places == 0));
    mpi_assert_ok(f.comm, hs_results_open_read(f.path, &results, &error), &error);
    mpi_assert_ok(f.comm, hs_results_progress(results, &counts, &error), &error);
    mpi_assert(f.comm, counts.n_done == f.plan.n_cells && counts.n_damaged == 0 && counts.n_not_finite == expected);
    mpi_assert_ok(f.comm, hs_results_close(results, &error), &error);

    /* Again: they are done, and nobody computes them again. */
    mpi_assert_ok(f.comm, run(&f, HS_SCHEDULER_GUIDED, &e, &report, &error), &error);
    mpi_assert(f.comm, report.cells_this_run == 0 && report.values_not_finite == 0);
    close_fixture(&f);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guided),
        cmocka_unit_test(test_static),
        cmocka_unit_test(test_failure_and_resume),
        cmocka_unit_test(test_stop_on_the_coordinator),
        cmocka_unit_test(test_stop_on_a_worker),
        cmocka_unit_test(test_stop_within_a_group),
        cmocka_unit_test(test_flipped_bit),
        cmocka_unit_test(test_values_that_are_not_finite),
    };
    return mpi_test_run("run", tests, sizeof tests / sizeof tests[0]);
}
