/* results over MPI: ranking, runs, generated texts and settings, which one rank writes and all of them read. */
#include "mpi/shared_place.h"
#include "support/results_ranked.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static double statistic_value(uint32_t task, int statistic, size_t i)
{
    return (double)(task * 1000 + (uint32_t)statistic * 100) + (double)i / 8.0;
}

static hs_status write_ranking(hs_results *results, hs_error *error)
{
    double table[43 * 3];
    int32_t rank[43];
    for (uint32_t task = 0; task < 2; task++) {
        for (int statistic = 0; statistic < HS_STATISTIC_COUNT; statistic++) {
            for (size_t i = 0; i < 43 * 3; i++)
                table[i] = statistic_value(task, statistic, i);
            HS_TRY(hs_results_write_statistic(results, task, (hs_statistic)statistic, 0, 43, table, error));
        }
    }
    for (int32_t i = 0; i < 43; i++)
        rank[i] = 43 - i;
    HS_TRY(hs_results_write_objective_rank(results, rank, error));
    return hs_results_commit_ranking(results, error);
}

static bool ranking_is_right(hs_results *results, hs_error *error)
{
    double table[43 * 3];
    int32_t rank[43];
    for (uint32_t task = 0; task < 2; task++) {
        const size_t n = 43 * hs_results_task_at(results, task)->n_metrics;
        for (int statistic = 0; statistic < HS_STATISTIC_COUNT; statistic++) {
            if (hs_results_read_statistic(results, task, (hs_statistic)statistic, 0, 43, table, error) != HS_OK)
                return false;
            for (size_t i = 0; i < n; i++)
                if (table[i] != statistic_value(task, statistic, i))
                    return false;
        }
    }
    return hs_results_read_objective_rank(results, rank, error) == HS_OK && rank[0] == 43 && rank[42] == 1;
}

static void test_ranking(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    shared_place place;
    hs_results *results = NULL;
    double table[43 * 3] = {0};
    hs_status status = HS_OK;
    const bool first = hs_comm_rank(comm) == 0;
    shared_place_new(comm, &place);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    mpi_assert(comm, !results_is_ranked(results));
    mpi_assert_ok(comm, hs_results_read_statistic(results, 1, HS_STATISTIC_DELTA_Q, 0, 43, table, &error), &error);
    mpi_assert(comm, isnan(table[0]) && isnan(table[85]));
    /* Rank 0 alone writes, as in a run: nothing of it is collective. */
    if (first)
        status = write_ranking(results, &error);
    mpi_assert_ok(comm, status, &error);
    mpi_assert(comm, results_is_ranked(results));
    mpi_assert(comm, ranking_is_right(results, &error));
    /* One number changed after the commit: the word no longer matches. */
    table[0] = 1;
    if (first)
        status = hs_results_write_statistic(results, 0, HS_STATISTIC_DELTA_P, 0, 43, table, &error);
    mpi_assert_ok(comm, status, &error);
    mpi_assert(comm, !results_is_ranked(results));
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    shared_place_clear(comm, &place);
}

static hs_status write_runs(hs_results *results, size_t n, hs_error *error)
{
    for (size_t row = 0; row < n; row++) {
        hs_results_run run = {.start = 1e9 + (double)row, .ranks = row + 1, .host = "n1", .version = "0.1.0"};
        HS_TRY(hs_results_write_run(results, row, &run, error));
        run.end = run.start + 60;
        run.cells = 10 * row;
        HS_TRY(hs_results_write_run(results, row, &run, error));
    }
    return HS_OK;
}

static void test_runs(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    shared_place place;
    hs_results *results = NULL;
    hs_results_run run;
    size_t n_runs = 0;
    shared_place_new(comm, &place);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    hs_status status = hs_comm_rank(comm) == 0 ? write_runs(results, 3, &error) : HS_OK;
    mpi_assert_ok(comm, status, &error);
    mpi_assert_ok(comm, hs_results_n_runs(results, &n_runs, &error), &error);
    mpi_assert(comm, n_runs == 3);
    mpi_assert_ok(comm, hs_results_read_run(results, 2, &run, &error), &error);
    mpi_assert(comm, run.start == 1e9 + 2 && run.end == 1e9 + 62 && run.cells == 20 && run.ranks == 3);
    mpi_assert(comm, strcmp(run.host, "n1") == 0 && strcmp(run.version, "0.1.0") == 0);
    /* More runs than rows: the last row is used again, the others stay. */
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
    status = hs_comm_rank(comm) == 0 ? write_runs(results, HS_RESULTS_MAX_RUNS + 2, &error) : HS_OK;
    mpi_assert_ok(comm, status, &error);
    mpi_assert_ok(comm, hs_results_n_runs(results, &n_runs, &error), &error);
    mpi_assert(comm, n_runs == HS_RESULTS_MAX_RUNS);
    mpi_assert_ok(comm, hs_results_read_run(results, HS_RESULTS_MAX_RUNS - 1, &run, &error), &error);
    mpi_assert(comm, run.ranks == HS_RESULTS_MAX_RUNS + 2);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    shared_place_clear(comm, &place);
}

/* What other programs wrote there is shown to people. */
static void test_run_that_is_no_text(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    shared_place place;
    hs_results *results = NULL;
    hs_results_run run = {.start = 1, .host = "n\xff", .version = "0.1.0"};
    shared_place_new(comm, &place);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    hs_status status = hs_comm_rank(comm) == 0 ? hs_results_write_run(results, 0, &run, &error) : HS_OK;
    mpi_assert_ok(comm, status, &error);
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
    mpi_assert_ok(comm, hs_results_read_run(results, 0, &run, &error), &error);
    mpi_assert(comm, run.host[0] == '\0' && strcmp(run.version, "0.1.0") == 0);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    shared_place_clear(comm, &place);
}

enum { N_TEXT_SETS = 3, N_TEXTS = 2, TEXT_BYTES = 8 };

static void fill_texts(size_t row, size_t example, char texts[N_TEXTS][TEXT_BYTES])
{
    memset(texts, 0, N_TEXTS * TEXT_BYTES);
    texts[0][0] = (char)('0' + row);
    texts[0][1] = (char)('a' + example);
    memcpy(texts[1], "\xE2\x82\xAC 1234", TEXT_BYTES); /* as long as there is room */
}

/* Examples dealt to the ranks in turn. */
static hs_status write_texts(hs_comm *comm, hs_results *results, size_t n_examples, hs_error *error)
{
    char texts[N_TEXTS][TEXT_BYTES];
    for (size_t row = 0; row < N_TEXT_SETS; row++)
        for (size_t example = (size_t)hs_comm_rank(comm); example < n_examples; example += (size_t)hs_comm_size(comm)) {
            fill_texts(row, example, texts);
            HS_TRY(hs_results_write_texts(results, 1, row, example, texts[0], error));
        }
    return HS_OK;
}

static bool texts_are_right(hs_results *results, size_t n_examples, hs_error *error)
{
    char expected[N_TEXTS][TEXT_BYTES], texts[N_TEXTS][TEXT_BYTES];
    for (size_t row = 0; row < N_TEXT_SETS; row++)
        for (size_t example = 0; example < n_examples; example++) {
            fill_texts(row, example, expected);
            if (hs_results_read_texts(results, 1, row, example, texts[0], error) != HS_OK ||
                memcmp(texts, expected, sizeof texts) != 0)
                return false;
        }
    return true;
}

static void test_texts_of_all_ranks(void **state)
{
    hs_comm *comm = *state;
    const int32_t sets[N_TEXT_SETS] = {0, 17, -1};
    int32_t read[N_TEXT_SETS];
    char texts[N_TEXTS][TEXT_BYTES];
    hs_error error = {0}, outside = {0};
    hs_results *results = NULL;
    shared_place place;
    shared_place_new(comm, &place);
    size_t n_examples = place.fixture.tasks[1].n_examples;
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    const hs_results_task *task = hs_results_task_at(results, 1);
    mpi_assert(comm, hs_results_task_at(results, 0)->n_text_sets == 0);
    mpi_assert(comm, task->n_text_sets == N_TEXT_SETS && task->n_samples == N_TEXTS && task->text_bytes == TEXT_BYTES);
    mpi_assert_ok(comm, hs_results_read_text_sets(results, 1, read, &error), &error);
    mpi_assert(comm, read[0] == -1 && read[1] == -1 && read[2] == -1);
    mpi_assert_ok(comm, hs_results_read_texts(results, 1, 2, n_examples - 1, texts[0], &error), &error);
    mpi_assert(comm, texts[0][0] == '\0' && texts[1][0] == '\0');
    mpi_assert(comm, hs_results_read_texts(results, 1, 3, 0, texts[0], &outside) == HS_ERROR_INTERNAL);
    mpi_assert(comm, hs_results_read_text_sets(results, 0, read, &outside) == HS_ERROR_INTERNAL);
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
    mpi_assert_ok(comm, write_texts(comm, results, n_examples, &error), &error);
    hs_status status = hs_comm_rank(comm) == 0 ? hs_results_write_text_sets(results, 1, sets, &error) : HS_OK;
    mpi_assert_ok(comm, status, &error);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
    mpi_assert_ok(comm, hs_results_open_read(place.path, &results, &error), &error);
    mpi_assert(comm, texts_are_right(results, n_examples, &error));
    mpi_assert_ok(comm, hs_results_read_text_sets(results, 1, read, &error), &error);
    mpi_assert(comm, memcmp(read, sets, sizeof sets) == 0);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    shared_place_clear(comm, &place);
}

static bool states(const hs_results *results, const char *name, const char *value)
{
    return strcmp(hs_results_attribute_of(results, "experiment", name), value) == 0;
}

/* With the ranking, rank 0's: whatever kill comes between, nobody finds one run's settings beside another's ranking. */
static hs_status state_again(hs_results *results, const char *tolerance, bool commit, hs_error *error)
{
    const hs_results_attribute settings[] = {{"sweep.orders", "[7]", true},
                                             {"run.scheduler", "static", false},
                                             {"objective.reduce", "toxicity", false},
                                             {"objective.tolerance", tolerance, false}};
    HS_TRY(hs_results_restate(results, settings, 4, error));
    return commit ? write_ranking(results, error) : HS_OK;
}

static void reopen(hs_comm *comm, const shared_place *place, hs_results **results)
{
    hs_error error = {0};
    mpi_assert_ok(comm, hs_results_close(*results, &error), &error);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place->path, results, &error), &error);
}

static void test_settings_of_the_last_run(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    shared_place place;
    hs_results *results = NULL;
    const bool first = hs_comm_rank(comm) == 0;
    const struct {
        const char *tolerance;
        bool committed;
    } runs[] = {{"0.02", true}, {"0.5", true}, {"0.25", false}, {"0.25", true}, {"0.02", false}, {"0.02", true}};
    shared_place_new(comm, &place);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        hs_status status = first ? state_again(results, runs[i].tolerance, runs[i].committed, &error) : HS_OK;
        mpi_assert_ok(comm, status, &error);
        reopen(comm, &place, &results);
        mpi_assert(comm, states(results, "objective.tolerance", runs[i].tolerance));
        mpi_assert(comm, states(results, "objective.reduce", "toxicity") && states(results, "sweep.orders", "[1, 2]"));
        mpi_assert(comm, states(results, "run.scheduler", "guided"));
        mpi_assert(comm, results_is_ranked(results) == runs[i].committed);
    }
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    shared_place_clear(comm, &place);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranking),
        cmocka_unit_test(test_settings_of_the_last_run),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_run_that_is_no_text),
        cmocka_unit_test(test_texts_of_all_ranks),
    };
    return mpi_test_run("tables of results over MPI", tests, sizeof tests / sizeof tests[0]);
}
