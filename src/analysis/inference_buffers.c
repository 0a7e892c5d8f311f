/* Room for the statistics of one task, in blocks of sets on a fixed grid. */
#include "analysis/inference_buffers.h"

/*
 * Sets that are worked on at once, and what limits them; a fixed grid, so that no bit depends on who computes a
 * block.
 */
enum { BLOCK_SETS = 256, BLOCK_BYTES = 32 * 1024 * 1024 };

static uint64_t key_of(const inference *in, hs_random_use use)
{
    return hs_random_key(in->analysis->options.seed, use, in->task->name);
}

static size_t block_sets_of(size_t n_examples, size_t n_metrics, size_t n_resamples, size_t n_sets)
{
    size_t set_bytes = n_examples * (n_metrics * sizeof(float) + 4 * sizeof(double)) +
                       (1 + (SUMMARY_COLUMNS + 1)) * n_resamples * sizeof(double);
    size_t n = BLOCK_BYTES / set_bytes;
    size_t most = n_sets < BLOCK_SETS ? n_sets : BLOCK_SETS;

    return n == 0 ? 1 : n > most ? most : n;
}

/* Replicates, and the same room for halves, which are fewer as a rule. */
static size_t columns_of(size_t n_resamples)
{
    return n_resamples > 2 * STABILITY_HALVES ? n_resamples : 2 * STABILITY_HALVES;
}

static hs_status find_single_rows(inference *in, hs_error *error)
{
    const hs_analysis *analysis = in->analysis;
    const hs_sets *sets = hs_results_sets_of(analysis->results);

    HS_TRY(hs_allocate(&in->single_rows, sets->n_sets, sizeof *in->single_rows, "single ablations", error));
    for (size_t set = 0; set < sets->n_sets; ++set)
        in->single_rows[set] = sets->order[set] == 1 && analysis->complete[set] ? (int64_t)in->n_singles++ : -1;
    HS_TRY(hs_allocate(&in->single_sets, in->n_singles, sizeof *in->single_sets, "single ablations", error));
    for (size_t set = 0; set < sets->n_sets; ++set)
        if (in->single_rows[set] >= 0)
            in->single_sets[in->single_rows[set]] = set;
    return HS_OK;
}

static hs_status draw(inference *in, hs_error *error)
{
    const hs_analysis_options *options = &in->analysis->options;
    const size_t n = in->task->n_examples;

    HS_TRY(hs__analysis_resampling_bootstrap(key_of(in, HS_RANDOM_BOOTSTRAP), n, options->resamples, &in->bootstrap,
                                             error));
    HS_TRY(hs__analysis_resampling_halves(key_of(in, HS_RANDOM_HALVES), n, STABILITY_HALVES, &in->halves, error));
    return hs__analysis_sign_flips_new(key_of(in, HS_RANDOM_FLIPS), n, options->permutations, &in->flips, error);
}

static hs_status allocate_base(inference *in, hs_error *error)
{
    const size_t n = in->task->n_examples, n_resamples = in->analysis->options.resamples;
    metric_base *base = &in->base;

    HS_TRY(hs__analysis_samples_new(1, n, n_resamples, &base->clean, error));
    HS_TRY(hs__analysis_samples_new(in->n_singles, n, n_resamples, &base->singles, error));
    HS_TRY(hs_allocate(&base->clean_halves, 2 * STABILITY_HALVES, sizeof(double), "samples", error));
    return hs_allocate(&base->halves, in->n_singles, 2 * STABILITY_HALVES * sizeof(double), "samples", error);
}

/*
 * What a block needs depends on the task and the options alone, so that it can be asked for in
 * advance; block_bytes() below counts the same. Only rank 0 takes in the rows of others.
 */
static hs_status allocate_block(inference *in, hs_comm *comm, hs_error *error)
{
    const size_t n = in->task->n_examples, n_metrics = in->task->n_metrics;
    const size_t n_resamples = in->analysis->options.resamples;
    const size_t n_columns = columns_of(n_resamples);
    const size_t sets = in->block_sets = block_sets_of(n, n_metrics, n_resamples, in->analysis->n_sets);
    const size_t n_row_bytes = HS_STATISTIC_COUNT * sizeof(double);

    HS_TRY(hs_allocate(&in->clean_values, n * n_metrics, sizeof *in->clean_values, "values", error));
    HS_TRY(hs_allocate(&in->values, sets, n * n_metrics * sizeof *in->values, "values", error));
    HS_TRY(hs__analysis_samples_new(1, n, n_resamples, &in->zero, error));
    HS_TRY(hs__analysis_samples_new(sets, n, n_resamples, &in->block, error));
    HS_TRY(hs__analysis_samples_scratch_new(sets, n, n_columns, &in->scratch, error));
    HS_TRY(hs_allocate(&in->contrast.replicates, n_resamples, sizeof(double), "samples", error));
    HS_TRY(hs_allocate(&in->contrast.leave_one_out, n, sizeof(double), "samples", error));
    HS_TRY(hs_allocate(&in->interactions, sets, n * sizeof *in->interactions, "samples", error));
    HS_TRY(hs_allocate(&in->pairs, sets, sizeof *in->pairs, "samples", error));
    HS_TRY(hs_allocate(&in->p, sets, sizeof *in->p, "samples", error));
    HS_TRY(hs_allocate(&in->rows, sets, n_row_bytes, "statistics", error));
    if (comm == NULL || hs_comm_rank(comm) != 0)
        return HS_OK;
    return hs_allocate(&in->all_rows, (size_t)hs_comm_size(comm) * sets, n_row_bytes, "statistics", error);
}

hs_status hs__analysis_inference_init(inference *in_out, hs_analysis *analysis, uint32_t task, hs_comm *comm,
                                      hs_error *error)
{
    inference *in = in_out;

    *in = (inference){.analysis = analysis, .task = hs_results_task_at(analysis->results, task), .task_index = task};
    HS_TRY(find_single_rows(in, error));
    HS_TRY(draw(in, error));
    HS_TRY(allocate_block(in, comm, error));
    HS_TRY(allocate_base(in, error));
    return hs_results_read_values(in->analysis->results, in->task_index, 0, 1, in->clean_values, error);
}

/* In the order of the struct. Takes what was allocated halfway. */
void hs__analysis_inference_clear(inference *in)
{
    hs__analysis_samples_clear(&in->base.clean);
    hs__analysis_samples_clear(&in->base.singles);
    hs_free(in->base.clean_halves);
    hs_free(in->base.halves);
    hs__analysis_resampling_clear(&in->bootstrap);
    hs__analysis_resampling_clear(&in->halves);
    hs__analysis_sign_flips_clear(&in->flips);
    hs_free(in->clean_values);
    hs_free(in->single_sets);
    hs_free(in->single_rows);
    hs__analysis_samples_clear(&in->zero);
    hs_free(in->values);
    hs__analysis_samples_clear(&in->block);
    hs__analysis_samples_scratch_clear(&in->scratch);
    hs_free(in->contrast.replicates);
    hs_free(in->contrast.leave_one_out);
    hs_free(in->interactions);
    hs_free(in->pairs);
    hs_free(in->p);
    hs_free(in->rows);
    hs_free(in->all_rows);
}

/* What allocate_block() makes room for, and the test of its sets; a single process gathers from itself. */
static size_t block_bytes(const hs_analysis_size *size, const hs_analysis_task_size *task)
{
    const size_t n = task->n_examples, n_resamples = size->options.resamples;
    const size_t sets = block_sets_of(n, task->n_metrics, n_resamples, size->n_sets);
    const size_t a_set = n * (task->n_metrics * sizeof(float) + sizeof(double)) + sizeof(size_t) + sizeof(double) +
                         2 * HS_STATISTIC_COUNT * sizeof(double);

    return n * task->n_metrics * sizeof(float) + sets * a_set + (n_resamples + n) * sizeof(double) +
           hs__analysis_samples_bytes(1 + sets, n, n_resamples) +
           hs__analysis_samples_scratch_bytes(sets, n, columns_of(n_resamples)) +
           hs__analysis_sign_flips_bytes(n, size->options.permutations, sets);
}

size_t hs__analysis_inference_bytes(const hs_analysis_size *size, const hs_analysis_task_size *task)
{
    const size_t n = task->n_examples, n_resamples = size->options.resamples, n_halves = 2 * STABILITY_HALVES;

    return block_bytes(size, task) + hs__analysis_resampling_bytes(n, n_resamples) +
           hs__analysis_resampling_bytes(n, n_halves) +
           hs__analysis_samples_bytes(1 + size->n_singles, n, n_resamples) +
           (1 + size->n_singles) * n_halves * sizeof(double) + size->n_sets * sizeof(int64_t) +
           size->n_singles * sizeof(uint64_t);
}
