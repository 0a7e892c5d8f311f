/* results: cells are done if and only if their bytes are theirs, at their place, of their experiment. */
#include "support/assert_status.h"
#include "support/results_place.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void test_cells_by_their_specification(void **state)
{
    test_place *place = *state;
    const size_t n_cells = results_fixture_cells(&place->fixture);
    hs_results *results = created(place);
    assert_ok(hs_results_close(results, &place->error), &place->error);
    for (size_t i = 0; i < n_cells; i += 3)
        write_cell_by_hand(place, results_fixture_cell(&place->fixture, i));
    assert_progress(place, (n_cells + 2) / 3, 0);
}

/* Values of cells that are done are the bytes that were written; all others are NaN. */
static void test_values_of_unfinished_cells_are_hidden(void **state)
{
    test_place *place = *state;
    const hs_results_task *task = &place->fixture.tasks[1];
    const size_t n_sets = place->fixture.layout.sets.n_sets;
    hs_results *results = created(place);
    assert_ok(hs_results_close(results, &place->error), &place->error);
    write_cell_by_hand(place, (hs_cell){1, 0, 7});
    write_cell_by_hand(place, (hs_cell){1, 2, 7});
    write_cell_by_hand(place, (hs_cell){1, 1, 8});
    flip_byte(place->path, cell_offset(place, (hs_cell){1, 2, 7}) + 1);
    float *values = calloc(n_sets * task->n_examples * task->n_metrics, sizeof *values);
    assert_non_null(values);
    assert_ok(hs_results_open_read(place->path, &results, &place->error), &place->error);
    assert_ok(hs_results_read_values(results, 1, 0, n_sets, values, &place->error), &place->error);
    for (size_t i = 0; i < n_sets * task->n_examples * task->n_metrics; i++) {
        size_t set = i / (task->n_examples * task->n_metrics), example = i / task->n_metrics % task->n_examples;
        bool done = (set == 7 && example < 4) || (set == 8 && example >= 4 && example < 8);
        float expected = results_fixture_value(1, set, example, i % task->n_metrics);
        if (!done || isnan(expected))
            assert_true(isnan(values[i]));
        else
            assert_true(values[i] == expected);
    }
    assert_ok(hs_results_close(results, &place->error), &place->error);
    free(values);
}

static void test_damage_is_noticed(void **state)
{
    test_place *place = *state;
    const size_t n_cells = results_fixture_cells(&place->fixture), n_sets = place->fixture.layout.sets.n_sets;
    hs_results *results = created(place);
    uint64_t n_damaged = 5;
    bool *done = calloc(n_sets, sizeof *done);
    assert_non_null(done);
    assert_ok(hs_results_close(results, &place->error), &place->error);
    for (size_t i = 0; i < n_cells; i++)
        write_cell_by_hand(place, results_fixture_cell(&place->fixture, i));
    assert_progress(place, n_cells, 0);
    /* A flipped byte; a torn cell, whose second half never arrived; a word that belongs to another cell. */
    flip_byte(place->path, cell_offset(place, (hs_cell){0, 1, 3}) + 5);
    float missing[6] = {NAN, NAN, NAN, NAN, NAN, NAN};
    exchange(place->path, cell_offset(place, (hs_cell){0, 1, 9}) + 6 * (off_t)sizeof(float), missing, sizeof missing,
             true);
    uint64_t word = 0;
    exchange(place->path, word_offset(place, (hs_cell){0, 1, 10}), &word, sizeof word, false);
    exchange(place->path, word_offset(place, (hs_cell){0, 1, 11}), &word, sizeof word, true);
    assert_progress(place, n_cells - 3, 3);
    assert_ok(hs_results_open_read(place->path, &results, &place->error), &place->error);
    assert_ok(hs_results_check_cells(results, 0, 1, 2, n_sets - 2, done, &n_damaged, &place->error), &place->error);
    for (size_t set = 2; set < n_sets; set++)
        assert_int_equal(done[set - 2], set != 3 && set != 9 && set != 11);
    assert_int_equal(n_damaged, 5 + 3);
    assert_ok(hs_results_close(results, &place->error), &place->error);
    free(done);
}

/* Cells of another experiment are not ours, whatever their bytes. */
static void test_experiment_is_part_of_a_cell(void **state)
{
    test_place *place = *state;
    hs_results *results = created(place);
    assert_ok(hs_results_close(results, &place->error), &place->error);
    place->fixture.layout.experiment_hash ^= 1;
    write_cell_by_hand(place, (hs_cell){0, 0, 0});
    assert_progress(place, 0, 1);
}

static void test_cells_outside_are_refused(void **state)
{
    test_place *place = *state;
    hs_results *results = created(place);
    const struct {
        uint32_t task, shard;
        uint64_t first_set;
        size_t n_sets;
    } outside[] = {{2, 0, 0, 1},  {0, 3, 0, 1},          {0, 0, 43, 1},
                   {0, 0, 0, 44}, {0, 0, UINT64_MAX, 2}, {0, 0, 1, SIZE_MAX}};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
        bool done[64];
        uint64_t n_damaged = 0;
        place->error = (hs_error){0};
        assert_int_equal(hs_results_check_cells(results, outside[i].task, outside[i].shard, outside[i].first_set,
                                                outside[i].n_sets, done, &n_damaged, &place->error),
                         HS_ERROR_INTERNAL);
    }
    place->error = (hs_error){0};
    assert_ok(hs_results_close(results, &place->error), &place->error);
}

/* A file that was opened for reading alone takes no cell. */
static void test_reader_cannot_write(void **state)
{
    test_place *place = *state;
    float values[12] = {0};
    hs_results *results = created(place);
    assert_int_equal(hs_results_write_cell(results, (hs_cell){0, 0, 0}, values, &place->error), HS_ERROR_IO);
    assert_error(&place->error, HS_ERROR_IO, "cannot be written");
    (void)hs_results_close(results, &place->error);
    assert_progress(place, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLACE(test_cells_by_their_specification),
        WITH_PLACE(test_values_of_unfinished_cells_are_hidden),
        WITH_PLACE(test_damage_is_noticed),
        WITH_PLACE(test_experiment_is_part_of_a_cell),
        WITH_PLACE(test_cells_outside_are_refused),
        WITH_PLACE(test_reader_cannot_write),
    };
    return cmocka_run_group_tests_name("results, cells", tests, NULL, NULL);
}
