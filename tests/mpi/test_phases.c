/*
 * Phases of a results file over MPI: sets that are added while the file is open are there for every rank and every
 * reader, their cells too; a phase that is not whole is not there, and adding it again gives the same bytes.
 */
#include "mpi/shared_place.h"
#include "support/old_layout.h"
#include "support/sets_rows.h"

#include <string.h>

enum { N_FIRST = 43, N_NEW = 3, N_NEW_ADDED = 4, MAX_ORDER = 2 };

static const char *const later_names[] = {"controls", "greedy"};

/* KV groups, so that their names are like no other set's. */
static const int32_t new_order[N_NEW] = {1, 2, 1};
static const int32_t new_intervention[N_NEW] = {0, 1, 1};
static const int32_t new_components[N_NEW][MAX_ORDER * 3] = {
    {1, 1, 2, -1, -1, -1}, {1, 0, 1, 1, 1, 0}, {1, 1, 1, -1, -1, -1}};

/* With room for max_later_sets sets that later phases choose. */
static void place_new(hs_comm *comm, shared_place *place, size_t max_later_sets)
{
    shared_place_init(comm, place, (results_fixture_options){2, 3, 10, 4, false});
    place->fixture.layout.later = (hs_results_later){
        .n_phases = 2,
        .names = later_names,
        .n_sets = max_later_sets,
        .n_added = N_NEW_ADDED,
        .longest_name = strlen("0.kv1+1.kv0"),
    };
    shared_place_make_file(comm, place);
}

static hs_sets new_sets(const hs_results *results, size_t n)
{
    return sets_of_rows(hs_results_sets_of(results), n, MAX_ORDER, new_order, new_intervention, &new_components[0][0]);
}

static bool has_phase(const hs_results *results, size_t n_chosen, size_t n_sets)
{
    return hs_results_n_phases(results) == 3 && hs_results_n_chosen_phases(results) == n_chosen &&
           hs_results_sets_of(results)->n_sets == n_sets;
}

static bool components_are_right(const hs_sets *sets, uint64_t first)
{
    for (size_t row = 0; row < N_NEW; row++) {
        hs_component view[MAX_ORDER];
        hs_sets_view(sets, first + row, view);
        if (memcmp(view, new_components[row], (size_t)new_order[row] * sizeof *view) != 0)
            return false;
    }
    return true;
}

static bool rows_are_right(const hs_results *results)
{
    const hs_sets *sets = hs_results_sets_of(results);
    uint64_t first = 0, n = 0;
    hs_text name = {0};
    hs_error error = {0};
    hs_results_phase_sets(results, 1, &first, &n);
    bool right = first == N_FIRST && n == N_NEW && strcmp(hs_results_phase_name(results, 1), "controls") == 0 &&
                 memcmp(sets->order + first, new_order, sizeof new_order) == 0 &&
                 memcmp(sets->intervention + first, new_intervention, sizeof new_intervention) == 0 &&
                 components_are_right(sets, first) && hs_sets_name(sets, first + 1, &name, &error) == HS_OK &&
                 strcmp(name.text, "0.kv1+1.kv0") == 0;
    hs_text_clear(&name);
    return right;
}

static void reopen(hs_comm *comm, const shared_place *place, hs_results **results)
{
    hs_error error = {0};
    mpi_assert_ok(comm, hs_results_close(*results, &error), &error);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place->path, results, &error), &error);
}

static void test_adding(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    hs_results *results = NULL;
    shared_place place;
    float values[64];
    bool done = false;
    hs_results_counts counts = {0};
    uint64_t n_damaged = 0;
    place_new(comm, &place, 5);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    mpi_assert(comm, has_phase(results, 1, N_FIRST));
    hs_sets sets = new_sets(results, N_NEW);
    mpi_assert_ok(comm, hs_results_add_phase(results, &sets, &error), &error);
    mpi_assert(comm, has_phase(results, 2, N_FIRST + N_NEW) && rows_are_right(results));
    /* The last rank writes a cell of a new set. */
    const hs_cell cell = {0, 0, N_FIRST + 1};
    results_fixture_fill(&place.fixture, cell, values);
    hs_status status = HS_OK;
    if (hs_comm_rank(comm) == hs_comm_size(comm) - 1)
        status = hs_results_write_cell(results, cell, values, &error);
    mpi_assert_ok(comm, status, &error);
    reopen(comm, &place, &results);
    mpi_assert(comm, has_phase(results, 2, N_FIRST + N_NEW) && rows_are_right(results));
    mpi_assert_ok(comm, hs_results_check_cells(results, 0, 0, cell.set, 1, &done, &n_damaged, &error), &error);
    mpi_assert_ok(comm, hs_results_progress(results, &counts, &error), &error);
    mpi_assert(comm, done && n_damaged == 0 && counts.n_done == 1 && counts.n_damaged == 0);
    mpi_assert(comm, counts.n_cells ==
                         (N_FIRST + N_NEW) * (place.fixture.tasks[0].n_shards + place.fixture.tasks[1].n_shards));
    /* A phase may have no sets; after the last one there is none. */
    hs_sets_clear(&sets);
    sets = new_sets(results, 0);
    mpi_assert_ok(comm, hs_results_add_phase(results, &sets, &error), &error);
    mpi_assert(comm, has_phase(results, 3, N_FIRST + N_NEW));
    mpi_assert(comm, hs_results_add_phase(results, &sets, &error) == HS_ERROR_INTERNAL);
    error = (hs_error){0};
    reopen(comm, &place, &results);
    mpi_assert(comm, has_phase(results, 3, N_FIRST + N_NEW));
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    hs_sets_clear(&sets);
    shared_place_clear(comm, &place);
}

/* More sets than there is room for, and sets that cannot be. */
static void test_refused(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    hs_results *results = NULL;
    shared_place place;
    place_new(comm, &place, N_NEW - 1);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    hs_sets sets = new_sets(results, N_NEW);
    mpi_assert(comm, hs_results_add_phase(results, &sets, &error) == HS_ERROR_INTERNAL);
    error = (hs_error){0};
    hs_sets_clear(&sets);
    sets = new_sets(results, 1);
    sets.added[0].layer = -1;
    mpi_assert(comm, hs_results_add_phase(results, &sets, &error) == HS_ERROR_RESULTS);
    hs_sets_clear(&sets);
    error = (hs_error){0};
    mpi_assert(comm, has_phase(results, 1, N_FIRST));
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    shared_place_clear(comm, &place);
}

/* Exchanges the first `text` in the file for another of the same length; rank 0. */
static bool exchange(const char *path, const char *text, const char *other)
{
    static char bytes[1 << 20];
    const size_t length = strlen(text);
    FILE *file = fopen(path, "r+");
    size_t n = file == NULL ? 0 : fread(bytes, 1, sizeof bytes, file), at = 0;
    while (at + length <= n && memcmp(bytes + at, text, length) != 0)
        at++;
    bool found = at + length <= n;
    bool done = found && fseek(file, (long)at, SEEK_SET) == 0 && fwrite(other, 1, length, file) == length;
    return file != NULL && fclose(file) == 0 && done;
}

/* Rows that a lost write left otherwise than their word says: the phase is chosen again, with the same bytes. */
static void test_torn_phase(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    hs_results *results = NULL;
    shared_place place;
    uint64_t whole = 0, again = 0;
    place_new(comm, &place, 5);
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    hs_sets sets = new_sets(results, N_NEW);
    mpi_assert_ok(comm, hs_results_add_phase(results, &sets, &error), &error);
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    mpi_assert_ok(comm, hs_hash_file(0, place.path, &whole, &error), &error);
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
    mpi_assert(comm, hs_comm_rank(comm) != 0 || exchange(place.path, "1.kv2", "1.kv1"));
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    mpi_assert(comm, has_phase(results, 1, N_FIRST));
    sets.base = hs_results_sets_of(results);
    mpi_assert_ok(comm, hs_results_add_phase(results, &sets, &error), &error);
    hs_sets_clear(&sets);
    reopen(comm, &place, &results);
    mpi_assert(comm, has_phase(results, 2, N_FIRST + N_NEW) && rows_are_right(results));
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    mpi_assert_ok(comm, hs_hash_file(0, place.path, &again, &error), &error);
    mpi_assert(comm, again == whole);
    shared_place_clear(comm, &place);
}

/* Nothing is chosen into a file of layout 1; its cells are there to be read and written. */
static void test_old_layout(void **state)
{
    hs_comm *comm = *state;
    hs_error error = {0};
    hs_results *results = NULL;
    shared_place place;
    place_new(comm, &place, 1);
    mpi_assert(comm, hs_comm_rank(comm) != 0 || old_layout_unpack(place.path));
    mpi_assert_ok(comm, hs_results_open_parallel(comm, place.path, &results, &error), &error);
    mpi_assert(comm, hs_results_sets_of(results)->n_sets == 14 && hs_results_n_chosen_phases(results) == 6);
    hs_sets rows = {.base = hs_results_sets_of(results)};
    mpi_assert(comm, hs_results_add_phase(results, &rows, &error) == HS_ERROR_RESULTS);
    mpi_assert(comm, strstr(error.message, "layout 1") != NULL);
    error = (hs_error){0};
    mpi_assert_ok(comm, hs_results_close(results, &error), &error);
    shared_place_clear(comm, &place);
}

int main(void)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adding),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_torn_phase),
        cmocka_unit_test(test_old_layout),
    };
    return mpi_test_run("phases of a results file", tests, sizeof tests / sizeof tests[0]);
}
