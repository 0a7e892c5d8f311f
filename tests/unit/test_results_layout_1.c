/*
 * A file of layout 1, with six phases, that headsweep wrote before sets were stored by what they add: everything in
 * it is read as it was written, and what is damaged in it is found.
 */
#include "headsweep/results.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>
#include <hdf5.h>

#include "support/checkpoint_writer.h"
#include "support/old_layout.h"
#include "support/results_ranked.h"

typedef struct place {
    char *folder;
    char path[512];
} place;

static int set_up(void **state)
{
    static place made;

    made.folder = test_temporary_folder();
    snprintf(made.path, sizeof made.path, "%s/old.h5", made.folder);
    *state = &made;
    return made.folder != NULL && old_layout_unpack(made.path) ? 0 : -1;
}

static int tear_down(void **state)
{
    place *made = *state;

    test_folder_remove(made->folder);
    free(made->folder);
    return 0;
}

static hs_results *opened(const place *made)
{
    hs_results *results = NULL;
    hs_error error = {0};

    if (hs_results_open_read(made->path, &results, &error) != HS_OK)
        fail_msg("%s", error.message);
    return results;
}

static void test_sets(void **state)
{
    static const char *const names[] = {"clean",           "0.0",        "0.1",     "0.2",     "0.3",     "0.0+0.1",
                                        "0.0+0.2",         "0.0+0.3",    "0.1+0.2", "0.1+0.3", "0.2+0.3", "0.0+0.1+0.2",
                                        "0.0+0.1+0.2+0.3", "0.0+0.1+0.3"};
    hs_results *results = opened(*state);
    const hs_sets *sets = hs_results_sets_of(results);
    hs_error error = {0};

    assert_int_equal(sets->n_sets, sizeof names / sizeof *names);
    for (size_t set = 0; set < sets->n_sets; ++set) {
        hs_text name = {0};
        assert_int_equal(hs_sets_name(sets, set, &name, &error), HS_OK);
        assert_string_equal(name.text, names[set]);
        assert_int_equal(sets->intervention[set], set == 0 ? -1 : 0);
        hs_text_clear(&name);
    }
    assert_string_equal(sets->intervention_names[0], "zero");
    assert_int_equal(hs_results_close(results, &error), HS_OK);
}

static void test_phases(void **state)
{
    static const struct {
        const char *name;
        uint64_t first, n;
    } phases[] = {{"enumerated", 0, 11}, {"importance", 11, 2}, {"greedy", 13, 0},
                  {"greedy", 13, 1},     {"greedy", 14, 0},     {"controls", 14, 0}};
    hs_results *results = opened(*state);
    hs_error error = {0};

    assert_int_equal(hs_results_n_phases(results), sizeof phases / sizeof *phases);
    assert_int_equal(hs_results_n_chosen_phases(results), sizeof phases / sizeof *phases);
    for (size_t phase = 0; phase < sizeof phases / sizeof *phases; ++phase) {
        uint64_t first, n;
        hs_results_phase_sets(results, phase, &first, &n);
        assert_string_equal(hs_results_phase_name(results, phase), phases[phase].name);
        assert_true(first == phases[phase].first && n == phases[phase].n);
    }
    assert_int_equal(hs_results_close(results, &error), HS_OK);
}

/* Cells and ranking are as they were: their words match. */
static void test_values(void **state)
{
    hs_results *results = opened(*state);
    hs_results_counts counts;
    hs_error error = {0};

    assert_int_equal(hs_results_progress(results, &counts, &error), HS_OK);
    assert_int_equal(counts.n_cells, 2 * hs_results_sets_of(results)->n_sets);
    assert_int_equal(counts.n_done, counts.n_cells);
    assert_true(results_is_ranked(results));
    assert_int_equal(hs_results_close(results, &error), HS_OK);
}

/*
 * Changes one number of /sets/component: of the first phase the file is damaged, of a later one that phase is not
 * there.
 */
static void change_component(const place *made, size_t set)
{
    const hsize_t start[] = {set, 0, 2}, count[] = {1, 1, 1};
    hid_t file = H5Fopen(made->path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "/sets/component", H5P_DEFAULT), space = H5Dget_space(dataset);
    hid_t memory = H5Screate_simple(3, count, NULL);
    int32_t index;

    assert_true(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0);
    assert_true(H5Dread(dataset, H5T_NATIVE_INT32, memory, space, H5P_DEFAULT, &index) >= 0);
    index ^= 4;
    assert_true(H5Dwrite(dataset, H5T_NATIVE_INT32, memory, space, H5P_DEFAULT, &index) >= 0);
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(dataset);
    H5Fclose(file);
}

static void test_damage(void **state)
{
    place *made = *state;
    hs_error error = {0};

    hs_results *results = opened(made);
    const size_t n_sets = hs_results_sets_of(results)->n_sets;
    uint64_t last = 0, n = 0;
    for (size_t phase = 0; n == 0 || last + n < n_sets; ++phase)
        hs_results_phase_sets(results, phase, &last, &n);
    assert_int_equal(hs_results_close(results, &error), HS_OK);
    change_component(made, n_sets - 1);
    results = opened(made);
    assert_int_equal(hs_results_sets_of(results)->n_sets, last);
    assert_int_equal(hs_results_close(results, &error), HS_OK);
    change_component(made, 3);
    assert_int_equal(hs_results_open_read(made->path, &results, &error), HS_ERROR_RESULTS);
    assert_non_null(strstr(error.message, "the file is damaged"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_phases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
