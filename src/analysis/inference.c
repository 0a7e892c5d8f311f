/*
 * inference: the statistics of one task, metric by metric, in blocks of sets that the ranks
 * compute in turn. The clean model and the single sets, which all contrasts need, are computed by
 * every rank.
 */
#include "analysis/inference.h"
#include "analysis/inference_buffers.h"

#include <math.h>

static void fill_clean(inference *in)
{
    metric_base *base = &in->base;

    base->of = hs__analysis_summary_of(in->task, in->metric);
    hs__analysis_samples_fill(in->task, &base->of, in->clean_values, 1, (samples_clean){NULL, NULL}, &in->bootstrap,
                              &in->scratch, &base->clean);
    hs__analysis_samples_under(in->task, &base->of, in->clean_values, NULL, 1, &in->halves, NULL, &in->scratch,
                               base->clean_halves);
}

/* Rows first .. first + n - 1 of `s`. */
static samples samples_part(const samples *s, size_t first, size_t n)
{
    return (samples){.n_rows = n,
                     .n_examples = s->n_examples,
                     .n_resamples = s->n_resamples,
                     .mean = s->mean + first,
                     .estimate = s->estimate + first,
                     .paired = s->paired + first * s->n_examples,
                     .leave_one_out = s->leave_one_out + first * s->n_examples,
                     .replicates = s->replicates + first * s->n_resamples};
}

static samples_clean clean_of(const inference *in)
{
    return (samples_clean){in->clean_values, &in->base.clean};
}

/*
 * In blocks, because that is what there is scratch for; the split halves take part here, because stability asks for
 * singles alone.
 */
static void fill_block_of_singles(inference *in, size_t first)
{
    const float *values = in->single_values + first * in->task->n_examples * in->task->n_metrics;
    const size_t n = in->n_singles - first < in->block_sets ? in->n_singles - first : in->block_sets;
    metric_base *base = &in->base;
    samples part = samples_part(&base->singles, first, n);

    hs__analysis_samples_fill(in->task, &base->of, values, n, clean_of(in), &in->bootstrap, &in->scratch, &part);
    if (in->analysis->options.resamples > 0)
        hs__analysis_samples_under(in->task, &base->of, values, part.paired, n, &in->halves, base->clean_halves,
                                   &in->scratch, base->halves + first * 2 * STABILITY_HALVES);
}

/* The ranks of a host share the work where they share the memory; else one does it, and the others get copies. */
static hs_status fill_singles(inference *in, hs_error *error)
{
    const bool shares = in->comm != NULL && !hs_comm_shared_is_copied(in->of_singles);
    const size_t n_ranks = shares ? (size_t)hs_comm_node_size(in->comm) : 1;
    const size_t rank = in->comm != NULL ? (size_t)hs_comm_node_rank(in->comm) : 0;

    for (size_t block = rank; rank < n_ranks && block * in->block_sets < in->n_singles; block += n_ranks)
        fill_block_of_singles(in, block * in->block_sets);
    return in->comm == NULL ? HS_OK : hs_comm_shared_publish(in->comm, in->of_singles, error);
}

static double *row_of(const inference *in, size_t row)
{
    return in->rows + row * HS_STATISTIC_COUNT;
}

/* The samples of a pair's singles; false if it is not a pair or a single is not complete. */
static bool find_pair(const inference *in, uint64_t set, sample *first, sample *second)
{
    int64_t singles[2], rows[2];

    *first = *second = hs__analysis_sample_of(&in->zero, 0);
    if (!hs_analysis_singles(in->analysis, set, singles))
        return false;
    for (size_t i = 0; i < 2; ++i)
        rows[i] = hs__analysis_single_row(in, singles[i]);
    if (rows[0] < 0 || rows[1] < 0)
        return false;
    *first = hs__analysis_sample_of(&in->base.singles, (size_t)rows[0]);
    *second = hs__analysis_sample_of(&in->base.singles, (size_t)rows[1]);
    return true;
}

static void fill_contrasts(inference *in, uint64_t first_set, size_t row)
{
    contrast_inputs inputs = {.set = hs__analysis_sample_of(&in->block, row),
                              .clean = hs__analysis_sample_of(&in->base.clean, 0),
                              .is_share = in->task->metrics[in->metric].percent};
    double *statistics = row_of(in, row);

    inputs.is_pair = find_pair(in, first_set + row, &inputs.first, &inputs.second);
    hs__analysis_contrasts_fill(&inputs, in->task->n_examples, &in->analysis->options, &in->contrast, statistics);
    /* Not clean + (mean - clean), which may be another number in the last bit. */
    statistics[HS_STATISTIC_MEAN] = in->block.mean[row];
    if (first_set + row == 0)
        statistics[HS_STATISTIC_DELTA_LOW] = statistics[HS_STATISTIC_DELTA_HIGH] = NAN;
}

/* p[n] of the rows; NaN where nobody asks for them. */
static hs_status test(inference *in, const double *differences, size_t n, hs_error *error)
{
    if (in->analysis->options.permutations > 0)
        return hs__analysis_sign_flip_test(&in->flips, differences, n, in->p, error);
    for (size_t i = 0; i < n; ++i)
        in->p[i] = NAN;
    return HS_OK;
}

static hs_status test_deltas(inference *in, uint64_t first_set, size_t n, hs_error *error)
{
    HS_TRY(test(in, in->block.paired, n, error));
    for (size_t row = 0; row < n; ++row)
        if (first_set + row > 0 && in->analysis->complete[first_set + row]) {
            row_of(in, row)[HS_STATISTIC_DELTA_P] = in->p[row];
            row_of(in, row)[HS_STATISTIC_DELTA_EFFECT] =
                hs__analysis_paired_effect(in->block.paired + row * in->task->n_examples, in->task->n_examples);
        }
    return HS_OK;
}

/* The pairs' examples, less what their singles explain, stacked for one test. */
static size_t stack_interactions(inference *in, uint64_t first_set, size_t n)
{
    const size_t n_examples = in->task->n_examples;
    size_t n_pairs = 0;
    sample first, second;

    for (size_t row = 0; row < n; ++row) {
        if (!in->analysis->complete[first_set + row] || !find_pair(in, first_set + row, &first, &second))
            continue;
        double *interaction = in->interactions + n_pairs * n_examples;
        const double *paired = in->block.paired + row * n_examples;
        for (size_t example = 0; example < n_examples; ++example)
            interaction[example] = hs__analysis_without_residue(
                paired[example] - first.paired[example] - second.paired[example],
                fabs(paired[example]) + fabs(first.paired[example]) + fabs(second.paired[example]));
        in->pairs[n_pairs++] = row;
    }
    return n_pairs;
}

static hs_status test_interactions(inference *in, uint64_t first_set, size_t n, hs_error *error)
{
    size_t n_pairs = stack_interactions(in, first_set, n);

    if (n_pairs == 0)
        return HS_OK;
    HS_TRY(test(in, in->interactions, n_pairs, error));
    for (size_t i = 0; i < n_pairs; ++i) {
        double *statistics = row_of(in, in->pairs[i]);
        statistics[HS_STATISTIC_INTERACTION_P] = in->p[i];
        statistics[HS_STATISTIC_INTERACTION_EFFECT] =
            hs__analysis_paired_effect(in->interactions + i * in->task->n_examples, in->task->n_examples);
    }
    return HS_OK;
}

static size_t sets_of_block(const inference *in, size_t block)
{
    size_t first = block * in->block_sets, n_sets = in->analysis->n_sets;

    return first >= n_sets ? 0 : n_sets - first < in->block_sets ? n_sets - first : in->block_sets;
}

/* All metrics of it at once: a rank that has but one block reads it once. */
static hs_status read_block(inference *in, size_t block, hs_error *error)
{
    if (in->held_block == block)
        return HS_OK;
    in->held_block = SIZE_MAX;
    HS_TRY(hs_results_read_values(in->analysis->results, in->task_index, block * in->block_sets,
                                  sets_of_block(in, block), in->values, error));
    in->held_block = block;
    return HS_OK;
}

/*
 * NaN first: a set that is not complete, or is no pair, keeps them; and all do where the clean model, which they are
 * compared with, is not complete. The last round may have no block for this rank.
 */
static hs_status compute_block(inference *in, size_t block, hs_error *error)
{
    const uint64_t first_set = block * in->block_sets;
    const size_t n = sets_of_block(in, block);

    for (size_t i = 0; i < in->block_sets * HS_STATISTIC_COUNT; ++i)
        in->rows[i] = NAN;
    if (n == 0 || !in->analysis->complete[0])
        return HS_OK;
    HS_TRY(read_block(in, block, error));
    hs__analysis_samples_fill(in->task, &in->base.of, in->values, n, clean_of(in), &in->bootstrap, &in->scratch,
                              &in->block);
    for (size_t row = 0; row < n; ++row)
        if (in->analysis->complete[first_set + row])
            fill_contrasts(in, first_set, row);
    HS_TRY(test_deltas(in, first_set, n, error));
    return test_interactions(in, first_set, n, error);
}

static hs_status keep_rows(const inference *in, const double *rows, size_t block, hs_error *error)
{
    hs_statistic_tables *tables = in->analysis->statistics;

    for (size_t statistic = 0; statistic < HS_STATISTIC_COUNT; ++statistic)
        for (size_t i = 0; i < sets_of_block(in, block); ++i)
            hs__analysis_tables_put(tables, (hs_statistic)statistic, in->task_index, in->metric,
                                    block * in->block_sets + i, rows[i * HS_STATISTIC_COUNT + statistic]);
    return hs__analysis_tables_status(tables, error);
}

/* Blocks that are computed at the same time: `first` and the following, one by each rank. */
typedef struct round_of_blocks {
    const inference *in;
    size_t first;
} round_of_blocks;

static hs_status take_rows(void *context, int rank, const void *rows, hs_error *error)
{
    const round_of_blocks *round = context;

    return keep_rows(round->in, rows, round->first + (size_t)rank, error);
}

static hs_status compute_round(inference *in, size_t first, size_t n_blocks, hs_error *error)
{
    const size_t n_ranks = (size_t)hs_comm_size(in->comm), n_taken = n_blocks < n_ranks ? n_blocks : n_ranks;
    round_of_blocks round = {in, first};
    hs_status status = compute_block(in, first + (size_t)hs_comm_rank(in->comm), error);

    HS_TRY(hs_comm_agree(in->comm, status, error));
    return hs_comm_collect(in->comm, in->rows, in->block_sets * HS_STATISTIC_COUNT * sizeof *in->rows, (int)n_taken,
                           in->taken, take_rows, &round, error);
}

/* Of a metric's blocks that share is done; tasks and metrics come one after the other. */
static void tell(const inference *in, double share)
{
    const hs_analysis_options *options = &in->analysis->options;
    const double of_task = ((double)in->metric + share) / (double)in->task->n_metrics;

    if (options->progress != NULL)
        options->progress(options->progress_context,
                          ((double)in->task_index + of_task) / (double)in->analysis->n_tasks);
}

/* In each round every rank computes one block and rank 0 takes them in. */
static hs_status compute_blocks(inference *in, hs_error *error)
{
    const size_t n_blocks = (in->analysis->n_sets + in->block_sets - 1) / in->block_sets;
    const size_t step = in->comm != NULL ? (size_t)hs_comm_size(in->comm) : 1;

    for (size_t block = 0; block < n_blocks; block += step) {
        if (in->comm != NULL) {
            HS_TRY(compute_round(in, block, n_blocks - block, error));
            continue;
        }
        HS_TRY(compute_block(in, block, error));
        HS_TRY(keep_rows(in, in->rows, block, error));
        tell(in, (double)(block + 1) / (double)n_blocks);
    }
    return HS_OK;
}

/* Into rows[n_singles] those of one intervention; returns how many they are. */
static size_t list_singles(const inference *in, size_t intervention, size_t *rows)
{
    const hs_sets *sets = hs_results_sets_of(in->analysis->results);
    size_t n = 0;

    for (size_t row = 0; row < in->n_singles; ++row)
        if (sets->intervention[in->single_sets[row]] == (int32_t)intervention &&
            isfinite(in->base.singles.estimate[row]))
            rows[n++] = row;
    return n;
}

/* Per intervention: heads under zero and under mean are two rankings. */
static hs_status compute_stability(inference *in, hs_error *error)
{
    const metric_base *base = &in->base;
    stability_inputs inputs = {.n_examples = in->task->n_examples,
                               .estimates = base->singles.estimate,
                               .replicates = base->singles.replicates,
                               .n_resamples = in->bootstrap.n_columns,
                               .halves = base->halves,
                               .confidence = in->analysis->options.confidence};
    size_t *rows = NULL;
    hs_status status = HS_OK;

    if (in->analysis->options.resamples == 0)
        return HS_OK;
    status = hs_allocate(&rows, in->n_singles, sizeof *rows, "single ablations", error);

    inputs.rows = rows;
    for (size_t i = 0; status == HS_OK && i < hs_results_sets_of(in->analysis->results)->n_interventions; ++i) {
        inputs.n = list_singles(in, i, rows);
        status = hs__analysis_stability_fill(&inputs,
                                             in->analysis->stability[in->task_index] +
                                                 (i * in->task->n_metrics + in->metric) * HS_STABILITY_COUNT,
                                             error);
    }
    hs_free(rows);
    return status;
}

/* The last agreement ends the use of the singles, which the ranks of a host share, by everyone. */
static hs_status infer_metric(inference *in, bool keeps_tables, hs_error *error)
{
    fill_clean(in);
    HS_TRY(hs_comm_agree(in->comm, fill_singles(in, error), error));
    HS_TRY(compute_blocks(in, error));
    return hs_comm_agree(in->comm, keeps_tables ? compute_stability(in, error) : HS_OK, error);
}

hs_status hs__analysis_infer_task(hs_analysis *analysis, hs_comm *comm, uint32_t task, hs_error *error)
{
    const bool keeps_tables = comm == NULL || hs_comm_rank(comm) == 0;
    inference in;
    hs_status status = hs__analysis_inference_init(&in, analysis, task, comm, error);

    for (in.metric = 0; status == HS_OK && in.metric < in.task->n_metrics; ++in.metric)
        status = infer_metric(&in, keeps_tables, error);
    hs__analysis_inference_clear(&in);
    if (status != HS_OK)
        return status;
    return hs_comm_agree(comm, keeps_tables ? hs__analysis_families_adjust(analysis, task, error) : HS_OK, error);
}
