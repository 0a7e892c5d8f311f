/* Pages of the tables of statistics in a file: what is put is there, and nothing that the file says in its place. */
#include "analysis/statistic_pages.h"

#include "support/comm_fixture.h"
#include "support/results_place.h"

#include <math.h>

/* More pages than are held: 8,128 sets of every head and pair, two tasks, all statistics. */
static const results_fixture_options many_sets = {.n_layers = 8, .n_heads = 11, .n_examples = 2, .examples_a_shard = 2};

typedef struct paged_file {
    char folder[512];
    char path[600];
    results_fixture fixture;
    hs_results *results;
    hs_statistic_pages *pages;
} paged_file;

static void open_file(paged_file *f, hs_comm *comm)
{
    test_folder_new(f->folder, sizeof f->folder);
    (void)snprintf(f->path, sizeof f->path, "%s/results.h5", f->folder);
    results_fixture_init(&f->fixture, many_sets);
    ASSERT_OK(hs_results_create(f->path, &f->fixture.layout, &error));
    ASSERT_OK(hs_results_open_parallel(comm, f->path, &f->results, &error));
}

static void close_file(paged_file *f)
{
    hs__analysis_pages_free(f->pages);
    ASSERT_OK(hs_results_close(f->results, &error));
    results_fixture_clear(&f->fixture);
    test_folder_remove(f->folder);
}

/* What each number of a table says of its place. */
static double number_of(size_t statistic, size_t task, size_t metric, size_t set)
{
    return (double)(((set * HS_STATISTIC_COUNT + statistic) * 2 + task) * 8 + metric);
}

typedef void (*number_visitor)(paged_file *f, hs_statistic statistic, size_t task, size_t metric, size_t set);

static void visit_numbers(paged_file *f, number_visitor visit)
{
    for (size_t task = 0; task < 2; ++task)
        for (size_t statistic = 0; statistic < HS_STATISTIC_COUNT; ++statistic)
            for (size_t set = 0; set < f->fixture.sets.n_sets; ++set)
                for (size_t metric = 0; metric < f->fixture.tasks[task].n_metrics; ++metric)
                    visit(f, (hs_statistic)statistic, task, metric, set);
}

static double *find(paged_file *f, hs_statistic statistic, size_t task, size_t metric, size_t set, bool changes)
{
    hs_error error = {0};
    double *place = hs__analysis_pages_find(f->pages, statistic, task, metric, set, changes, &error);

    if (place == NULL)
        fail_msg("%s", error.message);
    return place;
}

static void put_number(paged_file *f, hs_statistic statistic, size_t task, size_t metric, size_t set)
{
    double *place = find(f, statistic, task, metric, set, true);

    assert_true(isnan(*place));
    *place = number_of(statistic, task, metric, set);
}

static void check_number(paged_file *f, hs_statistic statistic, size_t task, size_t metric, size_t set)
{
    assert_true(*find(f, statistic, task, metric, set, false) == number_of(statistic, task, metric, set));
}

/* As a file system does that hands out what is not there. */
static void write_zeros(paged_file *f)
{
    double *zeros = calloc(f->fixture.sets.n_sets * 8, sizeof *zeros);

    for (uint32_t task = 0; task < 2; ++task)
        for (size_t statistic = 0; statistic < HS_STATISTIC_COUNT; ++statistic)
            ASSERT_OK(hs_results_write_statistic(f->results, task, (hs_statistic)statistic, 0, f->fixture.sets.n_sets,
                                                 zeros, &error));
    free(zeros);
}

/* The zeros are those of an analysis before, which was broken off. */
static void test_what_is_put_comes_back(void **state)
{
    paged_file f = {0};

    open_file(&f, *state);
    write_zeros(&f);
    ASSERT_OK(hs__analysis_pages_new(f.results, true, &f.pages, &error));
    visit_numbers(&f, put_number);
    visit_numbers(&f, check_number);
    ASSERT_OK(hs__analysis_pages_flush(f.pages, &error));
    hs__analysis_pages_free(f.pages);
    ASSERT_OK(hs__analysis_pages_new(f.results, false, &f.pages, &error));
    visit_numbers(&f, check_number);
    close_file(&f);
}

static void test_zeros_do_not_come_back(void **state)
{
    hs_error problem = {0};
    size_t n_read = 0;
    paged_file f = {0};

    open_file(&f, *state);
    ASSERT_OK(hs__analysis_pages_new(f.results, true, &f.pages, &error));
    visit_numbers(&f, put_number);
    write_zeros(&f);
    for (size_t statistic = 0; problem.status == HS_OK && statistic < HS_STATISTIC_COUNT; ++statistic)
        for (size_t set = 0; problem.status == HS_OK && set < f.fixture.sets.n_sets; ++set, ++n_read) {
            const double *place = hs__analysis_pages_find(f.pages, (hs_statistic)statistic, 0, 0, set, false, &problem);
            assert_true(place == NULL || *place == number_of(statistic, 0, 0, set));
        }
    assert_error(&problem, HS_ERROR_IO, "were written and cannot be read back");
    assert_error(&problem, HS_ERROR_IO, f.path);
    close_file(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_put_comes_back),
        cmocka_unit_test(test_zeros_do_not_come_back),
    };
    return cmocka_run_group_tests_name("pages of statistics", tests, comm_set_up, comm_tear_down);
}
