/* Room for the statistics of one task, in blocks of sets on a fixed grid. */
#include "analysis/inference_buffers.h"

#include <string.h>

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

static bool is_single(const hs_analysis *analysis, uint64_t set)
{
    return hs_results_sets_of(analysis->results)->order[set] == 1 && analysis->complete[set];
}

static hs_status list_singles(inference *in, hs_error *error)
{
    const hs_analysis *analysis = in->analysis;
    size_t n = 0;

    for (uint64_t set = 0; set < analysis->n_sets; ++set)
        in->n_singles += is_single(analysis, set);
    HS_TRY(hs_allocate(&in->single_sets, in->n_singles, sizeof *in->single_sets, "single ablations", error));
    for (uint64_t set = 0; set < analysis->n_sets; ++set)
        if (is_single(analysis, set))
            in->single_sets[n++] = set;
    return HS_OK;
}

int64_t hs__analysis_single_row(const inference *in, int64_t set)
{
    size_t first = 0, end = in->n_singles;

    while (set >= 0 && first < end) {
        const size_t middle = (first + end) / 2;
        if (in->single_sets[middle] < (uint64_t)set)
            first = middle + 1;
        else
            end = middle;
    }
    return set >= 0 && first < in->n_singles && in->single_sets[first] == (uint64_t)set ? (int64_t)first : -1;
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

/* Samples, then their halves. */
static size_t singles_bytes(size_t n_singles, size_t n_examples, size_t n_resamples)
{
    return hs__analysis_samples_bytes(n_singles, n_examples, n_resamples) +
           n_singles * 2 * STABILITY_HALVES * sizeof(double);
}

static size_t set_bytes_of(const inference *in)
{
    return in->task->n_examples * in->task->n_metrics * sizeof(float);
}

/* A block that the ranks of a host share, or this process' own. Collective where there are ranks. */
static hs_status make_block(const inference *in, size_t n_bytes, hs_shared_block **shared_out, void **own_out,
                            void **bytes_out, hs_error *error)
{
    if (in->comm == NULL)
        HS_TRY(hs_allocate(own_out, 1, n_bytes, "single ablations", error));
    else
        HS_TRY(hs_comm_agree(in->comm, hs_comm_shared_new(in->comm, n_bytes, shared_out, error), error));
    *bytes_out = in->comm == NULL ? *own_out : hs_comm_shared_bytes(*shared_out);
    return HS_OK;
}

static hs_status make_singles(inference *in, hs_error *error)
{
    const size_t n = in->task->n_examples, n_resamples = in->analysis->options.resamples;
    const size_t n_sample_bytes = hs__analysis_samples_bytes(in->n_singles, n, n_resamples);
    void *values = NULL, *base = NULL;

    HS_TRY(make_block(in, in->n_singles * set_bytes_of(in), &in->of_values, &in->own_values, &values, error));
    HS_TRY(
        make_block(in, singles_bytes(in->n_singles, n, n_resamples), &in->of_singles, &in->own_singles, &base, error));
    in->single_values = values;
    in->base.singles = hs__analysis_samples_place(in->n_singles, n, n_resamples, base);
    in->base.halves = (double *)base + n_sample_bytes / sizeof(double);
    return HS_OK;
}

/* Values of consecutive sets into `values`, read by rank 0 for all. */
static hs_status read_for_all(const inference *in, uint64_t first_set, size_t n_sets, float *values, hs_error *error)
{
    hs_status status = HS_OK;

    if (in->comm == NULL || hs_comm_rank(in->comm) == 0)
        status = hs_results_read_values(in->analysis->results, in->task_index, first_set, n_sets, values, error);
    status = hs_comm_agree(in->comm, status, error);
    if (status == HS_OK && in->comm != NULL)
        status = hs_comm_broadcast(in->comm, values, n_sets * set_bytes_of(in), 0, error);
    return status;
}

/* Singles from `first` on that are consecutive sets, no more than a block. */
static size_t length_of_run(const inference *in, size_t first)
{
    size_t n = 1;

    while (n < in->block_sets && first + n < in->n_singles && in->single_sets[first + n] == in->single_sets[first] + n)
        ++n;
    return n;
}

/* One process of a host keeps what the others see. */
static hs_status read_singles(const inference *in, hs_error *error)
{
    const bool keeps = in->comm == NULL || hs_comm_node_rank(in->comm) == 0;
    const size_t n_set_bytes = set_bytes_of(in);

    for (size_t first = 0, n; first < in->n_singles; first += n) {
        n = length_of_run(in, first);
        HS_TRY(read_for_all(in, in->single_sets[first], n, in->values, error));
        if (keeps)
            memcpy((char *)in->single_values + first * n_set_bytes, in->values, n * n_set_bytes);
    }
    return in->comm == NULL ? HS_OK : hs_comm_shared_publish(in->comm, in->of_values, error);
}

static hs_status allocate_base(inference *in, hs_error *error)
{
    metric_base *base = &in->base;

    HS_TRY(hs__analysis_samples_new(1, in->task->n_examples, in->analysis->options.resamples, &base->clean, error));
    return hs_allocate(&base->clean_halves, 2 * STABILITY_HALVES, sizeof(double), "samples", error);
}

/*
 * What a block needs depends on the task and the options alone, so that it can be asked for in
 * advance; block_bytes() below counts the same. Only rank 0 takes in rows of others, one rank's at a time.
 */
static hs_status allocate_block(inference *in, hs_error *error)
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
    if (in->comm == NULL || hs_comm_rank(in->comm) != 0)
        return HS_OK;
    return hs_allocate(&in->taken, sets, n_row_bytes, "statistics", error);
}

/* What a rank can fail at alone. */
static hs_status init_alone(inference *in, hs_error *error)
{
    HS_TRY(list_singles(in, error));
    HS_TRY(draw(in, error));
    HS_TRY(allocate_block(in, error));
    return allocate_base(in, error);
}

hs_status hs__analysis_inference_init(inference *in_out, hs_analysis *analysis, uint32_t task, hs_comm *comm,
                                      hs_error *error)
{
    inference *in = in_out;

    *in = (inference){.analysis = analysis,
                      .comm = comm,
                      .task = hs_results_task_at(analysis->results, task),
                      .task_index = task,
                      .held_block = SIZE_MAX};
    HS_TRY(hs_comm_agree(comm, init_alone(in, error), error));
    HS_TRY(make_singles(in, error));
    HS_TRY(read_singles(in, error));
    return read_for_all(in, 0, 1, in->clean_values, error);
}

/* In the order of the struct. Takes what was allocated halfway. */
void hs__analysis_inference_clear(inference *in)
{
    hs__analysis_samples_clear(&in->base.clean);
    hs_free(in->base.clean_halves);
    hs_comm_shared_free(in->of_singles);
    hs_comm_shared_free(in->of_values);
    hs_free(in->own_singles);
    hs_free(in->own_values);
    hs__analysis_resampling_clear(&in->bootstrap);
    hs__analysis_resampling_clear(&in->halves);
    hs__analysis_sign_flips_clear(&in->flips);
    hs_free(in->clean_values);
    hs_free(in->single_sets);
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
    hs_free(in->taken);
}

/* What allocate_block() makes room for, and the test of its sets. */
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
           hs__analysis_resampling_bytes(n, n_halves) + hs__analysis_samples_bytes(1, n, n_resamples) +
           n_halves * sizeof(double) + singles_bytes(size->n_singles, n, n_resamples) +
           size->n_singles * (n * task->n_metrics * sizeof(float) + sizeof(uint64_t));
}
