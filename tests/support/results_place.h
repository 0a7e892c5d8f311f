/* A folder with a small experiment in it, for the unit tests of the results file; cmocka's state. */
#ifndef HEADSWEEP_TESTS_RESULTS_PLACE_H
#define HEADSWEEP_TESTS_RESULTS_PLACE_H

#include "support/assert_status.h"
#include "support/results_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <hdf5.h>

/* One folder, one layout and one path a test. */
typedef struct test_place {
    char folder[512];
    char path[600];
    results_fixture fixture;
    hs_error error;
} test_place;

static const results_fixture_options small_experiment = {
    .n_layers = 2, .n_heads = 3, .n_examples = 10, .examples_a_shard = 4, .means = true};

static inline int set_up(void **state)
{
    test_place *place = calloc(1, sizeof *place);
    if (place == NULL)
        return -1;
    test_folder_new(place->folder, sizeof place->folder);
    (void)snprintf(place->path, sizeof place->path, "%s/results.h5", place->folder);
    results_fixture_init(&place->fixture, small_experiment);
    *state = place;
    return 0;
}

static inline int tear_down(void **state)
{
    test_place *place = *state;
    results_fixture_clear(&place->fixture);
    test_folder_remove(place->folder);
    free(place);
    return 0;
}

static inline void assert_error(const hs_error *error, hs_status status, const char *part)
{
    assert_int_equal(error->status, status);
    if (strstr(error->message, part) == NULL)
        fail_msg("'%s' does not say '%s'", error->message, part);
}

static inline hs_results *created(test_place *place)
{
    hs_results *results = NULL;
    assert_ok(hs_results_create(place->path, &place->fixture.layout, &place->error), &place->error);
    assert_ok(hs_results_open_read(place->path, &results, &place->error), &place->error);
    return results;
}

/* For tests that look at, or spoil, the bytes of the file. */

static inline void exchange(const char *path, off_t offset, void *bytes, size_t n, bool write_them)
{
    int file = open(path, O_RDWR);
    assert_true(file >= 0);
    ssize_t done = write_them ? pwrite(file, bytes, n, offset) : pread(file, bytes, n, offset);
    assert_int_equal(done, (ssize_t)n);
    assert_int_equal(close(file), 0);
}

/* Where the raw bytes of a dataset begin, found with HDF5 alone. */
static inline off_t dataset_offset(const char *path, const char *name)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
    haddr_t offset = H5Dget_offset(dataset);
    assert_true(offset != HADDR_UNDEF);
    (void)H5Dclose(dataset);
    (void)H5Fclose(file);
    return (off_t)offset;
}

static inline void flip_byte(const char *path, off_t offset)
{
    unsigned char byte = 0;
    exchange(path, offset, &byte, 1, false);
    byte ^= 0x10;
    exchange(path, offset, &byte, 1, true);
}

/*
 * Writes all cells without headsweep's writer: the commit word is specified (results.h), so the test computes it by
 * itself. Only raw bytes change, as in a run.
 */
static inline uint64_t expected_word(const results_fixture *fixture, hs_cell cell, const float *values, size_t n)
{
    uint64_t hash = hs_hash_u64(fixture->layout.experiment_hash, cell.task);
    hash = hs_hash_u64(hs_hash_u64(hash, cell.set), cell.shard);
    return hs_hash(hash, values, n * sizeof *values);
}

static inline off_t cell_offset(const test_place *place, hs_cell cell)
{
    const hs_results_task *task = &place->fixture.tasks[cell.task];
    char name[64];
    (void)snprintf(name, sizeof name, "/results/%s/values", task->name);
    size_t first = (cell.set * task->n_examples + (size_t)task->shard_first[cell.shard]) * task->n_metrics;
    return dataset_offset(place->path, name) + (off_t)(first * sizeof(float));
}

static inline off_t word_offset(const test_place *place, hs_cell cell)
{
    const hs_results_task *task = &place->fixture.tasks[cell.task];
    char name[64];
    (void)snprintf(name, sizeof name, "/results/%s/commit", task->name);
    return dataset_offset(place->path, name) + (off_t)((cell.set * task->n_shards + cell.shard) * sizeof(uint64_t));
}

static inline void write_cell_by_hand(const test_place *place, hs_cell cell)
{
    float values[64];
    size_t n = results_fixture_cell_values(&place->fixture, cell);
    results_fixture_fill(&place->fixture, cell, values);
    uint64_t word = expected_word(&place->fixture, cell, values, n);
    exchange(place->path, cell_offset(place, cell), values, n * sizeof *values, true);
    exchange(place->path, word_offset(place, cell), &word, sizeof word, true);
}

static inline void assert_progress(test_place *place, uint64_t n_done, uint64_t n_damaged)
{
    hs_results *results = NULL;
    hs_results_counts counts;
    assert_ok(hs_results_open_read(place->path, &results, &place->error), &place->error);
    assert_ok(hs_results_progress(results, &counts, &place->error), &place->error);
    assert_ok(hs_results_close(results, &place->error), &place->error);
    assert_int_equal(counts.n_cells, results_fixture_cells(&place->fixture));
    assert_int_equal(counts.n_done, n_done);
    assert_int_equal(counts.n_damaged, n_damaged);
}

/* A file with these bytes, in the place of what is there. */
static inline void put_bytes(const char *path, const char *bytes, size_t n)
{
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
    assert_int_equal(write(file, bytes, n), (ssize_t)n);
    assert_int_equal(close(file), 0);
}

/* Runs `body` in a child, as `user` if this is root. The child's result is the test's. */
static inline void in_child(test_place *place, void (*body)(test_place *place), bool as_user)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        /* Written for a child: no cmocka assertion may return into the parent's loop. */
        if (as_user && geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        body(place);
        _exit(0);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
}

#define CHILD_REQUIRE(condition)                                                                            \
    do {                                                                                                    \
        if (!(condition)) {                                                                                 \
            (void)fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, place->error.message); \
            _exit(1);                                                                                       \
        }                                                                                                   \
    } while (0)

#define WITH_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
