/*
 * A small experiment for tests of the results file: every head and every pair of heads, two interventions, two tasks;
 * every value is a formula of where it belongs. Task 1 has donors, and room for 2 texts of 7 bytes per example and
 * set, for 3 sets. Test code: every failure ends the program with file and line.
 */
#ifndef HEADSWEEP_TESTS_RESULTS_FIXTURE_H
#define HEADSWEEP_TESTS_RESULTS_FIXTURE_H

#include "headsweep/results.h"

typedef struct results_fixture_options {
    size_t n_layers;
    size_t n_heads;
    size_t n_examples;       /* of task 0; task 1 has one more */
    size_t examples_a_shard; /* the last shard has what is left */
    bool means;              /* with /reference */
} results_fixture_options;

typedef struct results_fixture {
    hs_results_layout layout;
    hs_results_task tasks[2];
    hs_sets sets; /* in the layout */
    uint64_t *shard_first[2], *example_line[2];
    uint32_t *donor;
    float *mean, *position_mean;
} results_fixture;

void results_fixture_init(results_fixture *fixture, results_fixture_options options);
void results_fixture_clear(results_fixture *fixture);

size_t results_fixture_cells(const results_fixture *fixture);
/* Cell `index` of 0 .. cells - 1: all shards of a set, all sets of a task. */
hs_cell results_fixture_cell(const results_fixture *fixture, size_t index);
size_t results_fixture_cell_values(const results_fixture *fixture, hs_cell cell);
/* What metric `metric` of example `example` is under `set`; some are NaN, which is a value like any other. */
float results_fixture_value(uint32_t task, uint64_t set, size_t example, size_t metric);
/* values[examples of the shard, metrics]; room for results_fixture_cell_values. */
void results_fixture_fill(const results_fixture *fixture, hs_cell cell, float *values);

/* A new empty folder, in TMPDIR or /tmp. */
void test_folder_new(char *path, size_t capacity);
/* Removes the folder and the files in it. */
void test_folder_remove(const char *path);

#endif
