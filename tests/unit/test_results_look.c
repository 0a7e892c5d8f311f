/* results: looks at a file that others write. Each finds what the whole check finds, but reads only what is new. */
#include "support/results_place.h"

#include <math.h>

static hs_results_counts look(test_place *place, hs_results_watch *watch)
{
    hs_results *results = NULL;
    hs_results_counts counts;
    assert_ok(hs_results_open_read(place->path, &results, &place->error), &place->error);
    assert_ok(hs_results_look(results, watch, &counts, &place->error), &place->error);
    assert_ok(hs_results_close(results, &place->error), &place->error);
    return counts;
}

static void assert_counts(test_place *place, hs_results_counts counts, uint64_t n_done, uint64_t n_damaged)
{
    assert_int_equal(counts.n_cells, results_fixture_cells(&place->fixture));
    assert_int_equal(counts.n_done, n_done);
    assert_int_equal(counts.n_damaged, n_damaged);
}

static uint64_t cell_not_finite(const results_fixture *fixture, hs_cell cell)
{
    float values[64];
    uint64_t n = 0;
    results_fixture_fill(fixture, cell, values);
    for (size_t i = 0; i < results_fixture_cell_values(fixture, cell); i++)
        n += isfinite(values[i]) ? 0 : 1;
    return n;
}

static void create(test_place *place)
{
    hs_results *results = created(place);
    assert_ok(hs_results_close(results, &place->error), &place->error);
}

/* Cells arrive in an order that leaves holes in sets and in shards. */
static void test_looks_see_what_was_written_since(void **state)
{
    test_place *place = *state;
    const results_fixture *fixture = &place->fixture;
    const size_t n_cells = results_fixture_cells(fixture), stride = 7;
    hs_results_watch watch = {0};
    hs_results_counts counts;
    uint64_t n_done = 0, n_not_finite = 0;
    assert_true(n_cells % stride != 0);
    create(place);
    assert_counts(place, look(place, &watch), 0, 0);
    for (size_t i = 0; i < n_cells; i++) {
        const hs_cell cell = results_fixture_cell(fixture, i * stride % n_cells);
        write_cell_by_hand(place, cell);
        n_done++;
        n_not_finite += cell_not_finite(fixture, cell);
        if (i % 11 != 0 && n_done != n_cells)
            continue;
        counts = look(place, &watch);
        assert_counts(place, counts, n_done, 0);
        assert_int_equal(counts.n_not_finite, n_not_finite);
    }
    assert_true(n_not_finite > 0);
    assert_progress(place, n_done, 0);
    hs_results_watch_clear(&watch);
}

/* What a look found done is not read again: damage that comes later is for the whole check. */
static void test_looks_read_only_what_is_new(void **state)
{
    test_place *place = *state;
    const results_fixture *fixture = &place->fixture;
    const hs_cell seen = results_fixture_cell(fixture, 0);
    const hs_cell next = results_fixture_cell(fixture, results_fixture_cells(fixture) - 1);
    hs_results_watch watch = {0};
    create(place);
    write_cell_by_hand(place, seen);
    assert_counts(place, look(place, &watch), 1, 0);
    flip_byte(place->path, cell_offset(place, seen));
    write_cell_by_hand(place, next);
    assert_counts(place, look(place, &watch), 2, 0);
    assert_progress(place, 1, 1);
    hs_results_watch_clear(&watch);
    assert_counts(place, look(place, &watch), 1, 1);
    hs_results_watch_clear(&watch);
}

static void test_looks_see_damage_and_its_repair(void **state)
{
    test_place *place = *state;
    const hs_cell cell = results_fixture_cell(&place->fixture, 5);
    hs_results_watch watch = {0};
    create(place);
    write_cell_by_hand(place, cell);
    flip_byte(place->path, cell_offset(place, cell));
    for (int i = 0; i < 2; i++)
        assert_counts(place, look(place, &watch), 0, 1);
    write_cell_by_hand(place, cell);
    assert_counts(place, look(place, &watch), 1, 0);
    hs_results_watch_clear(&watch);
}

/* Deleted and begun anew, by the same experiment and by another. */
static void test_another_file_is_looked_at_anew(void **state)
{
    test_place *place = *state;
    hs_results_watch watch = {0};
    hs_results_counts counts;
    create(place);
    for (size_t i = 0; i < results_fixture_cells(&place->fixture); i++)
        write_cell_by_hand(place, results_fixture_cell(&place->fixture, i));
    counts = look(place, &watch);
    assert_counts(place, counts, counts.n_cells, 0);
    assert_int_equal(unlink(place->path), 0);
    create(place);
    write_cell_by_hand(place, results_fixture_cell(&place->fixture, 3));
    assert_counts(place, look(place, &watch), 1, 0);
    assert_int_equal(unlink(place->path), 0);
    place->fixture.layout.experiment_hash++;
    create(place);
    assert_counts(place, look(place, &watch), 0, 0);
    hs_results_watch_clear(&watch);
}

/* The file stays open meanwhile, as in a run: nothing stale is read. */
static void test_cells_are_read_with_what_is_done(void **state)
{
    test_place *place = *state;
    const hs_results_task *task = &place->fixture.tasks[1];
    const hs_cell cell = {1, 2, 3}; /* the last, shorter shard */
    const size_t n = results_fixture_cell_values(&place->fixture, cell);
    float values[3 * 64], expected[64];
    hs_results *results = NULL;
    bool done[3] = {true, false, true};
    assert_true(task->n_shards == 3 && n < (size_t)task->shard_first[1] * task->n_metrics);
    create(place);
    const off_t values_at = cell_offset(place, cell), word_at = word_offset(place, cell);
    results_fixture_fill(&place->fixture, cell, expected);
    uint64_t word = expected_word(&place->fixture, cell, expected, n);
    assert_ok(hs_results_open_read(place->path, &results, &place->error), &place->error);
    assert_ok(hs_results_read_cells(results, 1, 2, 2, 3, done, values, &place->error), &place->error);
    assert_true(!done[0] && !done[1] && !done[2]);
    exchange(place->path, values_at, expected, n * sizeof *values, true);
    exchange(place->path, word_at, &word, sizeof word, true);
    assert_ok(hs_results_read_cells(results, 1, 2, 2, 3, done, values, &place->error), &place->error);
    assert_true(!done[0] && done[1] && !done[2]);
    assert_memory_equal(values + n, expected, n * sizeof *values);
    for (size_t i = 0; i < n; i++)
        assert_true(isnan(values[i]) && isnan(values[2 * n + i]));
    assert_int_equal(hs_results_read_cells(results, 1, 3, 2, 3, done, values, &place->error), HS_ERROR_INTERNAL);
    assert_ok(hs_results_close(results, &(hs_error){0}), &place->error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLACE(test_looks_see_what_was_written_since), WITH_PLACE(test_looks_read_only_what_is_new),
        WITH_PLACE(test_looks_see_damage_and_its_repair),  WITH_PLACE(test_another_file_is_looked_at_anew),
        WITH_PLACE(test_cells_are_read_with_what_is_done),
    };
    return cmocka_run_group_tests_name("results, looks", tests, NULL, NULL);
}
