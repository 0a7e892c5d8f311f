/*
 * results over MPI: cells that many ranks write are all there, whoever reads them, and nothing else in the file
 * changes.
 */
#include "mpi/shared_place.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* Cells first, first + step, ... dealt to the ranks in turn. */
static hs_status write_cells(hs_comm *comm, hs_results *results, const results_fixture *fixture, size_t first,
                             size_t step, hs_error *error)
{
    float values[64];
    const size_t n_cells = results_fixture_cells(fixture), size = (size_t)hs_comm_size(comm);
    for (size_t i = first + step * (size_t)hs_comm_rank(comm); i < n_cells; i += step * size) {
        hs_cell cell = results_fixture_cell(fixture, i);
        results_fixture_fill(fixture, cell, values);
        HS_TRY(hs_results_write_cell(results, cell, values, error));
    }
    return HS_OK;
}

static hs_status file_hash(hs_comm *comm, const char *path, uint64_t *hash_out, hs_error *error)
{
    HS_TRY(hs_comm_barrier(comm, error));
    return hs_hash_file(0, path, hash_out, error);
}

/* Every value is its formula; NaN only where the formula says so. */
static bool values_are_right(const results_fixture *fixture, uint32_t task, const float *values)
{
    const hs_results_task *shape = &fixture->tasks[task];
    for (size_t set = 0; set < fixture->layout.sets.n_sets; set++)
        for (size_t example = 0; example < shape->n_examples; example++)
            for (size_t metric = 0; metric < shape->n_metrics; metric++, values++) {
                float expected = results_fixture_value(task, set, example, metric);
                if (isnan(expected) ? !isnan(*values) : *values != expected)
                    return false;
            }
    return true;
}

static void test_cells_of_all_ranks(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    shared_place place;
    hs_results *results = NULL;
    hs_results_counts counts;
    float values[43 * 11 * 3];
    shared_place_new(comm, &place);
    const uint64_t n_cells = results_fixture_cells(&place.fixture);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    mpi_assert(comm, hs_results_n_tasks(results) == 2 && hs_results_sets_of(results)->n_sets == 43);
    mpi_assert_ok(comm, write_cells(comm, results, &place.fixture, 0, 1, &error), &error);
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
    /* Through the file that all ranks have open, while they have it open, and afterwards by one process alone. */
    mpi_assert_ok(comm, hs_results_progress(results, &counts, &error), &error);
    mpi_assert(comm, counts.n_done == n_cells && counts.n_cells == n_cells && counts.n_damaged == 0);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    mpi_assert_ok(comm, hs_results_open_read(place.path, &results, &error), &error);
    for (uint32_t task = 0; task < 2; task++) {
        mpi_assert_ok(comm, hs_results_read_values(results, task, 0, 43, values, &error), &error);
        mpi_assert(comm, values_are_right(&place.fixture, task, values));
    }
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    shared_place_clear(comm, &place);
}

/* Runs of consecutive sets of one shard, dealt to the ranks in turn, of lengths 1, 2, 3, ... */
static hs_status write_together(hs_comm *comm, hs_results *results, const results_fixture *fixture, hs_error *error)
{
    static float values[43 * 64];
    for (uint32_t task = 0; task < 2; task++)
        for (uint32_t shard = 0; shard < fixture->tasks[task].n_shards; shard++)
            for (size_t first = 0, n = 1; first < 43; first += n++) {
                const size_t end = first + n < 43 ? first + n : 43;
                size_t n_values = 0;
                for (size_t set = first; set < end; set++) {
                    const hs_cell cell = {task, shard, set};
                    results_fixture_fill(fixture, cell, values + n_values);
                    n_values += results_fixture_cell_values(fixture, cell);
                }
                if ((int)(n % (size_t)hs_comm_size(comm)) == hs_comm_rank(comm))
                    HS_TRY(hs_results_write_cells(results, (hs_cell){task, shard, first}, end - first, values, error));
            }
    return HS_OK;
}

static uint64_t hash_of_file(hs_comm *comm, size_t examples_a_shard, bool together)
{
    hs_error error = {0};
    shared_place place;
    hs_results *results = NULL;
    uint64_t hash = 0;
    shared_place_init(comm, &place, (results_fixture_options){2, 3, 10, examples_a_shard, true});
    shared_place_make_file(comm, &place);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    mpi_assert_ok(comm,
                  together ? write_together(comm, results, &place.fixture, &error)
                           : write_cells(comm, results, &place.fixture, 0, 1, &error),
                  &error);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    mpi_assert_ok(comm, file_hash(comm, place.path, &hash, &error), &error);
    shared_place_clear(comm, &place);
    return hash;
}

/* Written together they are the same bytes as one by one, whether they lie side by side or not. */
static void test_cells_written_together(void **state)
{
    hs_comm *comm = *state;
    mpi_assert(comm, hash_of_file(comm, 12, true) == hash_of_file(comm, 12, false));
    mpi_assert(comm, hash_of_file(comm, 4, true) == hash_of_file(comm, 4, false));
}

/* A reader sees the cells that are done while the file is still being written. */
static void test_reading_a_live_file(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    shared_place place;
    hs_results *results = NULL, *reader = NULL;
    hs_results_counts counts;
    shared_place_new(comm, &place);
    const uint64_t n_cells = results_fixture_cells(&place.fixture);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    mpi_assert_ok(comm, hs_results_open_read(place.path, &reader, &error), &error);
    mpi_assert_ok(comm, write_cells(comm, results, &place.fixture, 0, 2, &error), &error);
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
    mpi_assert_ok(comm, hs_results_progress(reader, &counts, &error), &error);
    mpi_assert(comm, counts.n_done == (n_cells + 1) / 2 && counts.n_damaged == 0);
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
    mpi_assert_ok(comm, write_cells(comm, results, &place.fixture, 1, 2, &error), &error);
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
    mpi_assert_ok(comm, hs_results_progress(reader, &counts, &error), &error);
    mpi_assert(comm, counts.n_done == n_cells && counts.n_damaged == 0);
    mpi_assert_ok(comm, hs_results_close(reader, &error), &error);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    shared_place_clear(comm, &place);
}

static void test_check_of_single_cells(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    shared_place place;
    hs_results *results = NULL;
    bool done[43];
    uint64_t n_damaged = 0;
    shared_place_new(comm, &place);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    mpi_assert_ok(comm, write_cells(comm, results, &place.fixture, 0, 2, &error), &error);
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
    /* Cell number set * 3 + 1 of task 0 is even for odd sets. */
    mpi_assert_ok(comm, hs_results_check_cells(results, 0, 1, 0, 43, done, &n_damaged, &error), &error);
    bool right = n_damaged == 0;
    for (size_t set = 0; set < 43; set++)
        right = right && done[set] == (set % 2 == 1);
    mpi_assert(comm, right);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    shared_place_clear(comm, &place);
}

/* Opening and closing leaves every byte alone; the order of the writers too. */
static void test_bytes_do_not_depend_on_the_run(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    shared_place place, other;
    hs_results *results = NULL;
    uint64_t before = 0, after = 0;
    shared_place_new(comm, &place);
    shared_place_new(comm, &other);
    mpi_assert_ok(comm, file_hash(comm, place.path, &before, &error), &error);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    mpi_assert_ok(comm, file_hash(comm, place.path, &after, &error), &error);
    mpi_assert(comm, before == after);

    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    mpi_assert_ok(comm, write_cells(comm, results, &place.fixture, 0, 1, &error), &error);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    /* The other file in two runs, the second of which writes some cells once more. */
    mpi_assert_ok(comm, hs_results_open_parallel(comm, other.path, &results, &error), &error);
    mpi_assert_ok(comm, write_cells(comm, results, &other.fixture, 1, 2, &error), &error);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, other.path, &results, &error), &error);
    mpi_assert_ok(comm, write_cells(comm, results, &other.fixture, 0, 2, &error), &error);
    mpi_assert_ok(comm, write_cells(comm, results, &other.fixture, 0, 3, &error), &error);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    mpi_assert_ok(comm, file_hash(comm, place.path, &before, &error), &error);
    mpi_assert_ok(comm, file_hash(comm, other.path, &after, &error), &error);
    mpi_assert(comm, before == after);
    shared_place_clear(comm, &other);
    shared_place_clear(comm, &place);
}

static void test_errors_are_everybodys(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    shared_place place;
    hs_results *results = NULL;
    shared_place_new(comm, &place);
    mpi_assert(comm, hs_comm_rank(comm) != 0 || truncate(place.path, 5000) == 0);
    hs_status status = hs_results_open_parallel(comm, place.path, &results, &error);
    mpi_assert(comm, status == HS_ERROR_RESULTS && results == NULL && strstr(error.message, place.path) != NULL);
    error = (hs_error){0};
    mpi_assert(comm, hs_comm_rank(comm) != 0 || unlink(place.path) == 0);
    status = hs_results_open_parallel(comm, place.path, &results, &error);
    mpi_assert(comm, status == HS_ERROR_IO && results == NULL);
    error = (hs_error){0};
    shared_place_clear(comm, &place);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells_of_all_ranks),
        cmocka_unit_test(test_cells_written_together),
        cmocka_unit_test(test_reading_a_live_file),
        cmocka_unit_test(test_check_of_single_cells),
        cmocka_unit_test(test_bytes_do_not_depend_on_the_run),
        cmocka_unit_test(test_errors_are_everybodys),
    };
    return mpi_test_run("results over MPI", tests, sizeof tests / sizeof tests[0]);
}
