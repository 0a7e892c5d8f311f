#include "study/storage.h"

/*
 * What rank 0 holds while the statistics are computed at the end of a run. The room of analysis comes after this one and
 * cannot be asked: this mirrors what its workspace.c, resampling.c and permutation.c allocate, and tests/cli/test_memory.sh
 * holds the two together. It depends on analysis.resamples and analysis.permutations, which are no part of the
 * experiment's identity, so that no size of the plan may depend on it.
 */

enum {
    /* Sets that are worked on at once, and what limits them. */
    BLOCK_SETS = 256,
    BLOCK_BYTES = 32 << 20,
    /* Each set of a block has so many doubles an example, and so many rows of sums, besides its replicates. */
    DOUBLES_AN_EXAMPLE = 4,
    ROWS_OF_SUMS = 3,
    /* 200 random halves and their complements; weights of so many examples, and signs of so many flips, at once. */
    N_HALVES = 2 * 200,
    PANEL_EXAMPLES = 128,
    PANEL_FLIPS = 256,
    FLIPS_A_WORD = 64,
    /* Numbers of a set of a block that are one each, and what is held a set of the table: its singles, its p-values. */
    DOUBLES_A_SET = 8,
    BYTES_A_SET = 64,
};

typedef struct statistics_size {
    size_t n_examples;
    size_t n_metrics;
    size_t n_resamples;
    size_t n_flips;
    size_t n_sets;
    size_t n_singles;
} statistics_size;

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t block_sets(const statistics_size *size)
{
    size_t set_bytes = size->n_examples * (size->n_metrics * sizeof(float) + DOUBLES_AN_EXAMPLE * sizeof(double)) +
                       (1 + ROWS_OF_SUMS) * size->n_resamples * sizeof(double);
    size_t n = BLOCK_BYTES / set_bytes;
    size_t most = size->n_sets < BLOCK_SETS ? size->n_sets : BLOCK_SETS;

    return n == 0 ? 1 : n > most ? most : n;
}

/* Values, samples, sums and signs of the sets of a block, and their statistics: this rank's, and gathered. */
static size_t block_bytes(const statistics_size *size)
{
    size_t n_columns = larger(size->n_resamples, N_HALVES);
    size_t doubles = size->n_resamples + ROWS_OF_SUMS * n_columns + 2 * HS_STATISTIC_COUNT + DOUBLES_A_SET;
    size_t an_example = (size->n_metrics + 1) * sizeof(float) + DOUBLES_AN_EXAMPLE * sizeof(double);

    return block_sets(size) * (size->n_examples * an_example + doubles * sizeof(double) + PANEL_FLIPS * sizeof(float));
}

/* Weights of resamples and halves, a byte each, and signs of flips, a bit each; expanded a panel at a time. */
static size_t drawn_bytes(const statistics_size *size)
{
    size_t n_columns = size->n_resamples + N_HALVES;
    size_t n_words = (size->n_flips + FLIPS_A_WORD - 1) / FLIPS_A_WORD;

    return n_columns * (size->n_examples + PANEL_EXAMPLES * sizeof(double)) +
           size->n_examples * (n_words * sizeof(uint64_t) + PANEL_FLIPS * sizeof(float));
}

/* Single components, which every pair refers to, with the clean model and a row of zeros. */
static size_t singles_bytes(const statistics_size *size)
{
    size_t a_row = (2 * size->n_examples + size->n_resamples) * sizeof(double);

    return (size->n_singles + 2) * a_row + size->n_singles * N_HALVES * sizeof(double) +
           size->n_examples * size->n_metrics * sizeof(float);
}

static size_t count_singles(const hs_space *space)
{
    size_t n = 0;

    for (size_t set = 0; set < space->n_sets; ++set)
        n += space->order[set] == 1;
    return n;
}

size_t hs__study_statistics_bytes(const hs_study *study)
{
    const hs_experiment *experiment = study->experiment;
    statistics_size size = {.n_resamples = (size_t)experiment->resamples,
                            .n_flips = (size_t)experiment->permutations,
                            .n_sets = study->space.n_allocated,
                            .n_singles = count_singles(&study->space)};
    size_t tables = size.n_sets * BYTES_A_SET, most = 0;

    for (size_t task = 0; task < study->n_tasks; ++task) {
        size.n_examples = study->plan.tasks[task].n_examples;
        size.n_metrics = study->plan.tasks[task].n_metrics;
        tables += size.n_sets * size.n_metrics * HS_STATISTIC_COUNT * sizeof(double);
        most = larger(most, block_bytes(&size) + drawn_bytes(&size) + singles_bytes(&size));
    }
    return tables + most;
}
