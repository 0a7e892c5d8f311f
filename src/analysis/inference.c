#include "analysis/inference.h"

#include <math.h>
#include <string.h>

/* Sets that are worked on at once, and what limits them; a fixed grid, so that no bit depends on who computes a block. */
enum { BLOCK_SETS = 256, BLOCK_BYTES = 32 * 1024 * 1024 };

/* Streams of random numbers: each use of the seed has its own. */
static const char *const key_names[] = {"bootstrap", "halves", "flips"};
enum { KEY_BOOTSTRAP, KEY_HALVES, KEY_FLIPS };

/* What all statistics of one metric start from. */
typedef struct metric_base {
    summary of;
    samples clean;        /* one row: the means */
    samples singles;      /* the sets of order 1 that are complete */
    double *clean_halves; /* [2 STABILITY_HALVES] */
    double *halves;       /* [n_singles, 2 STABILITY_HALVES] */
} metric_base;

typedef struct inference {
    hs_analysis *analysis;
    const hs_results_task *task;
    uint32_t task_index;
    resampling bootstrap;
    resampling halves;
    sign_flips flips;
    float *clean_values; /* [n_examples, n_metrics] */
    metric_base *bases;  /* [n_metrics] */
    size_t n_singles;
    uint64_t *single_sets; /* [n_singles] */
    int64_t *single_rows;  /* [n_sets]: row of a single, -1 */
    samples zero;          /* one row of zeros, for what is not there */
    /* for one block */
    size_t block_sets;
    float *values; /* [block_sets, n_examples, n_metrics] */
    samples block;
    samples_scratch scratch;
    contrast_scratch contrast;
    double *interactions; /* [block_sets, n_examples] */
    size_t *pairs;        /* [block_sets]: rows of the block that are complete pairs */
    double *p;            /* [block_sets] */
    double *rows;         /* [block_sets, n_metrics, HS_STATISTIC_COUNT] */
    double *all_rows;     /* [ranks, ...] on rank 0 */
} inference;

/* ---- what a task needs once ---------------------------------------------------------------------------------------------- */

static uint64_t key_of(const inference *in, size_t key)
{
    return hs_hash_text(hs_hash_text(hs_hash_u64(0, in->analysis->options.seed), in->task->name), key_names[key]);
}

static size_t block_sets_of(const hs_results_task *task, size_t n_resamples)
{
    size_t set_bytes = task->n_examples * (task->n_metrics * sizeof(float) + 4 * sizeof(double)) +
                       (1 + (SUMMARY_COLUMNS + 1)) * n_resamples * sizeof(double);
    size_t n = BLOCK_BYTES / set_bytes;

    return n == 0 ? 1 : n > BLOCK_SETS ? BLOCK_SETS : n;
}

static hs_status find_single_rows(inference *in, hs_error *error)
{
    const hs_analysis *analysis = in->analysis;
    const hs_results_sets *sets = hs_results_sets_of(analysis->results);

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

    HS_TRY(resampling_bootstrap(key_of(in, KEY_BOOTSTRAP), n, options->resamples, &in->bootstrap, error));
    HS_TRY(resampling_halves(key_of(in, KEY_HALVES), n, STABILITY_HALVES, &in->halves, error));
    return sign_flips_new(key_of(in, KEY_FLIPS), n, options->permutations, &in->flips, error);
}

static hs_status allocate_bases(inference *in, hs_error *error)
{
    const size_t n = in->task->n_examples, n_resamples = in->analysis->options.resamples;

    HS_TRY(hs_allocate(&in->bases, in->task->n_metrics, sizeof *in->bases, "samples", error));
    for (size_t metric = 0; metric < in->task->n_metrics; ++metric) {
        metric_base *base = &in->bases[metric];
        base->of = summary_of(in->task, metric);
        HS_TRY(samples_new(1, n, n_resamples, &base->clean, error));
        HS_TRY(samples_new(in->n_singles, n, n_resamples, &base->singles, error));
        HS_TRY(hs_allocate(&base->clean_halves, 2 * STABILITY_HALVES, sizeof(double), "samples", error));
        HS_TRY(hs_allocate(&base->halves, in->n_singles, 2 * STABILITY_HALVES * sizeof(double), "samples", error));
    }
    return HS_OK;
}

static hs_status allocate_block(inference *in, hs_comm *comm, hs_error *error)
{
    const size_t n = in->task->n_examples, n_metrics = in->task->n_metrics;
    const size_t n_resamples = in->analysis->options.resamples;
    const size_t n_columns = n_resamples > 2 * STABILITY_HALVES ? n_resamples : 2 * STABILITY_HALVES;
    const size_t sets = in->block_sets = block_sets_of(in->task, n_resamples);
    const size_t n_row_bytes = n_metrics * HS_STATISTIC_COUNT * sizeof(double);

    HS_TRY(hs_allocate(&in->clean_values, n * n_metrics, sizeof *in->clean_values, "values", error));
    HS_TRY(hs_allocate(&in->values, sets, n * n_metrics * sizeof *in->values, "values", error));
    HS_TRY(samples_new(1, n, n_resamples, &in->zero, error));
    HS_TRY(samples_new(sets, n, n_resamples, &in->block, error));
    HS_TRY(samples_scratch_new(sets, n, n_columns, &in->scratch, error));
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

static void inference_clear(inference *in)
{
    for (size_t metric = 0; in->bases != NULL && metric < in->task->n_metrics; ++metric) {
        samples_clear(&in->bases[metric].clean);
        samples_clear(&in->bases[metric].singles);
        hs_free(in->bases[metric].clean_halves);
        hs_free(in->bases[metric].halves);
    }
    hs_free(in->bases);
    resampling_clear(&in->bootstrap);
    resampling_clear(&in->halves);
    sign_flips_clear(&in->flips);
    hs_free(in->clean_values);
    hs_free(in->single_sets);
    hs_free(in->single_rows);
    samples_clear(&in->zero);
    hs_free(in->values);
    samples_clear(&in->block);
    samples_scratch_clear(&in->scratch);
    hs_free(in->contrast.replicates);
    hs_free(in->contrast.leave_one_out);
    hs_free(in->interactions);
    hs_free(in->pairs);
    hs_free(in->p);
    hs_free(in->rows);
    hs_free(in->all_rows);
}

/* ---- the clean model and the singles, which every rank computes for itself --------------------------------------------------- */

static hs_status fill_clean(inference *in, hs_error *error)
{
    HS_TRY(hs_results_read_values(in->analysis->results, in->task_index, 0, 1, in->clean_values, error));
    for (size_t metric = 0; metric < in->task->n_metrics; ++metric) {
        metric_base *base = &in->bases[metric];
        samples_fill(in->task, &base->of, in->clean_values, 1, (samples_clean){NULL, NULL}, &in->bootstrap,
                     &in->scratch, &base->clean);
        samples_under(in->task, &base->of, in->clean_values, NULL, 1, &in->halves, NULL, &in->scratch,
                      base->clean_halves);
    }
    return HS_OK;
}

/* Rows first .. first + n - 1 of `s`. */
static samples samples_part(const samples *s, size_t first, size_t n)
{
    return (samples){n,
                     s->n_examples,
                     s->n_resamples,
                     s->mean + first,
                     s->estimate + first,
                     s->paired + first * s->n_examples,
                     s->leave_one_out + first * s->n_examples,
                     s->replicates + first * s->n_resamples};
}

static samples_clean clean_of(const inference *in, const metric_base *base)
{
    return (samples_clean){in->clean_values, &base->clean};
}

static void fill_singles_block(inference *in, size_t first, size_t n)
{
    for (size_t metric = 0; metric < in->task->n_metrics; ++metric) {
        metric_base *base = &in->bases[metric];
        samples part = samples_part(&base->singles, first, n);
        samples_fill(in->task, &base->of, in->values, n, clean_of(in, base), &in->bootstrap, &in->scratch, &part);
        samples_under(in->task, &base->of, in->values, part.paired, n, &in->halves, base->clean_halves, &in->scratch,
                      base->halves + first * 2 * STABILITY_HALVES);
    }
}

static hs_status fill_singles(inference *in, hs_error *error)
{
    const size_t set_values = in->task->n_examples * in->task->n_metrics;

    for (size_t first = 0; first < in->n_singles; first += in->block_sets) {
        size_t n = in->n_singles - first < in->block_sets ? in->n_singles - first : in->block_sets;
        for (size_t i = 0; i < n; ++i)
            HS_TRY(hs_results_read_values(in->analysis->results, in->task_index, in->single_sets[first + i], 1,
                                          in->values + i * set_values, error));
        fill_singles_block(in, first, n);
    }
    return HS_OK;
}

/* ---- blocks of sets -------------------------------------------------------------------------------------------------------------- */

static double *row_of(const inference *in, size_t row, size_t metric)
{
    return in->rows + (row * in->task->n_metrics + metric) * HS_STATISTIC_COUNT;
}

/* The samples of a pair's singles; false if it is no pair or a single is not complete. */
static bool find_pair(const inference *in, const metric_base *base, uint64_t set, sample *first, sample *second)
{
    const int64_t *singles = in->analysis->singles + 2 * set;

    *first = *second = sample_of(&in->zero, 0);
    if (singles[0] < 0 || singles[1] < 0 || in->single_rows[singles[0]] < 0 || in->single_rows[singles[1]] < 0)
        return false;
    *first = sample_of(&base->singles, (size_t)in->single_rows[singles[0]]);
    *second = sample_of(&base->singles, (size_t)in->single_rows[singles[1]]);
    return true;
}

static void fill_contrasts(inference *in, size_t metric, uint64_t first_set, size_t row)
{
    const metric_base *base = &in->bases[metric];
    contrast_inputs inputs = {.set = sample_of(&in->block, row),
                              .clean = sample_of(&base->clean, 0),
                              .is_share = in->task->metrics[metric].percent};
    double *statistics = row_of(in, row, metric);

    inputs.is_pair = find_pair(in, base, first_set + row, &inputs.first, &inputs.second);
    contrasts_fill(&inputs, in->task->n_examples, &in->analysis->options, &in->contrast, statistics);
    /* Not clean + (mean - clean), which may be another number in the last bit. */
    statistics[HS_STATISTIC_MEAN] = in->block.mean[row];
    if (first_set + row == 0)
        statistics[HS_STATISTIC_DELTA_LOW] = statistics[HS_STATISTIC_DELTA_HIGH] = NAN;
}

static hs_status test_deltas(inference *in, size_t metric, uint64_t first_set, size_t n, hs_error *error)
{
    HS_TRY(sign_flip_test(&in->flips, in->block.paired, n, in->p, error));
    for (size_t row = 0; row < n; ++row)
        if (first_set + row > 0 && in->analysis->complete[first_set + row]) {
            row_of(in, row, metric)[HS_STATISTIC_DELTA_P] = in->p[row];
            row_of(in, row, metric)[HS_STATISTIC_DELTA_EFFECT] =
                paired_effect(in->block.paired + row * in->task->n_examples, in->task->n_examples);
        }
    return HS_OK;
}

/* The pairs' examples, less what their singles explain, stacked for one test. */
static size_t stack_interactions(inference *in, size_t metric, uint64_t first_set, size_t n)
{
    const size_t n_examples = in->task->n_examples;
    size_t n_pairs = 0;
    sample first, second;

    for (size_t row = 0; row < n; ++row) {
        if (!in->analysis->complete[first_set + row] ||
            !find_pair(in, &in->bases[metric], first_set + row, &first, &second))
            continue;
        double *interaction = in->interactions + n_pairs * n_examples;
        const double *paired = in->block.paired + row * n_examples;
        for (size_t example = 0; example < n_examples; ++example)
            interaction[example] = paired[example] - first.paired[example] - second.paired[example];
        in->pairs[n_pairs++] = row;
    }
    return n_pairs;
}

static hs_status test_interactions(inference *in, size_t metric, uint64_t first_set, size_t n, hs_error *error)
{
    size_t n_pairs = stack_interactions(in, metric, first_set, n);

    if (n_pairs == 0)
        return HS_OK;
    HS_TRY(sign_flip_test(&in->flips, in->interactions, n_pairs, in->p, error));
    for (size_t i = 0; i < n_pairs; ++i) {
        double *statistics = row_of(in, in->pairs[i], metric);
        statistics[HS_STATISTIC_INTERACTION_P] = in->p[i];
        statistics[HS_STATISTIC_INTERACTION_EFFECT] =
            paired_effect(in->interactions + i * in->task->n_examples, in->task->n_examples);
    }
    return HS_OK;
}

static hs_status compute_block(inference *in, uint64_t first_set, size_t n, hs_error *error)
{
    for (size_t i = 0; i < in->block_sets * in->task->n_metrics * HS_STATISTIC_COUNT; ++i)
        in->rows[i] = NAN;
    if (n == 0 || !in->analysis->complete[0])
        return HS_OK;
    HS_TRY(hs_results_read_values(in->analysis->results, in->task_index, first_set, n, in->values, error));
    for (size_t metric = 0; metric < in->task->n_metrics; ++metric) {
        const metric_base *base = &in->bases[metric];
        samples_fill(in->task, &base->of, in->values, n, clean_of(in, base), &in->bootstrap, &in->scratch, &in->block);
        for (size_t row = 0; row < n; ++row)
            if (in->analysis->complete[first_set + row])
                fill_contrasts(in, metric, first_set, row);
        HS_TRY(test_deltas(in, metric, first_set, n, error));
        HS_TRY(test_interactions(in, metric, first_set, n, error));
    }
    return HS_OK;
}

static void keep_rows(inference *in, const double *rows, uint64_t first_set, size_t n)
{
    const size_t n_metrics = in->task->n_metrics;

    for (size_t i = 0; i < n * n_metrics; ++i)
        for (size_t statistic = 0; statistic < HS_STATISTIC_COUNT; ++statistic)
            in->analysis->tables[statistic][in->task_index][first_set * n_metrics + i] =
                rows[i * HS_STATISTIC_COUNT + statistic];
}

static size_t sets_of_block(const inference *in, size_t block)
{
    size_t first = block * in->block_sets, n_sets = in->analysis->n_sets;

    return first >= n_sets ? 0 : n_sets - first < in->block_sets ? n_sets - first : in->block_sets;
}

/* In each round every rank computes one block and rank 0 takes them in. */
static hs_status compute_blocks(inference *in, hs_comm *comm, hs_error *error)
{
    const size_t n_ranks = comm != NULL ? (size_t)hs_comm_size(comm) : 1;
    const size_t rank = comm != NULL ? (size_t)hs_comm_rank(comm) : 0;
    const size_t n_rows = in->block_sets * in->task->n_metrics * HS_STATISTIC_COUNT;

    for (size_t first = 0; first * in->block_sets < in->analysis->n_sets; first += n_ranks) {
        size_t block = first + rank;
        hs_status status = compute_block(in, block * in->block_sets, sets_of_block(in, block), error);
        if (comm == NULL) {
            HS_TRY(status);
            keep_rows(in, in->rows, block * in->block_sets, sets_of_block(in, block));
            continue;
        }
        HS_TRY(hs_comm_agree(comm, status, error));
        HS_TRY(hs_comm_gather(comm, in->rows, n_rows * sizeof *in->rows, in->all_rows, error));
        for (size_t i = 0; rank == 0 && i < n_ranks; ++i)
            keep_rows(in, in->all_rows + i * n_rows, (first + i) * in->block_sets, sets_of_block(in, first + i));
    }
    return HS_OK;
}

/* ---- stability ------------------------------------------------------------------------------------------------------------------- */

/* The singles of one intervention, side by side. */
typedef struct singles_of {
    double *estimates;
    double *replicates;
    double *halves;
} singles_of;

static size_t collect_singles(const inference *in, const metric_base *base, size_t intervention, singles_of *out)
{
    const hs_results_sets *sets = hs_results_sets_of(in->analysis->results);
    const size_t n_resamples = in->bootstrap.n_columns, n_halves = 2 * STABILITY_HALVES;
    size_t n = 0;

    for (size_t row = 0; row < in->n_singles; ++row) {
        if (sets->intervention[in->single_sets[row]] != (int32_t)intervention || !isfinite(base->singles.estimate[row]))
            continue;
        out->estimates[n] = base->singles.estimate[row];
        memcpy(out->replicates + n * n_resamples, base->singles.replicates + row * n_resamples,
               n_resamples * sizeof(double));
        memcpy(out->halves + n * n_halves, base->halves + row * n_halves, n_halves * sizeof(double));
        ++n;
    }
    return n;
}

static hs_status compute_stability(inference *in, hs_error *error)
{
    const size_t n_metrics = in->task->n_metrics;
    const size_t n_interventions = hs_results_sets_of(in->analysis->results)->n_interventions;
    singles_of singles = {0};
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&singles.estimates, in->n_singles, sizeof(double), "samples", error));
    HS_GOTO_DONE(
        hs_allocate(&singles.replicates, in->n_singles, in->bootstrap.n_columns * sizeof(double), "samples", error));
    HS_GOTO_DONE(hs_allocate(&singles.halves, in->n_singles, 2 * STABILITY_HALVES * sizeof(double), "samples", error));
    for (size_t i = 0; i < n_interventions; ++i)
        for (size_t metric = 0; metric < n_metrics; ++metric) {
            size_t n = collect_singles(in, &in->bases[metric], i, &singles);
            const stability_inputs inputs = {n,
                                             singles.estimates,
                                             singles.replicates,
                                             in->bootstrap.n_columns,
                                             singles.halves,
                                             in->analysis->options.confidence};
            HS_GOTO_DONE(stability_fill(
                &inputs, in->analysis->stability[in->task_index] + (i * n_metrics + metric) * HS_STABILITY_COUNT,
                error));
        }
done:
    hs_free(singles.estimates);
    hs_free(singles.replicates);
    hs_free(singles.halves);
    return status;
}

/* ---- one task ---------------------------------------------------------------------------------------------------------------------- */

static hs_status prepare(inference *in, hs_comm *comm, hs_error *error)
{
    HS_TRY(find_single_rows(in, error));
    HS_TRY(draw(in, error));
    HS_TRY(allocate_block(in, comm, error));
    HS_TRY(allocate_bases(in, error));
    HS_TRY(fill_clean(in, error));
    return fill_singles(in, error);
}

hs_status infer_task(hs_analysis *analysis, hs_comm *comm, uint32_t task, hs_error *error)
{
    inference in = {.analysis = analysis, .task = hs_results_task_at(analysis->results, task), .task_index = task};
    hs_status status = prepare(&in, comm, error);

    if (comm != NULL)
        HS_GOTO_DONE(hs_comm_agree(comm, status, error));
    HS_GOTO_DONE(status);
    HS_GOTO_DONE(compute_blocks(&in, comm, error));
    if (comm == NULL || hs_comm_rank(comm) == 0) {
        status = compute_stability(&in, error);
        if (status == HS_OK)
            status = families_adjust(analysis, task, error);
    }
    if (comm != NULL)
        status = hs_comm_agree(comm, status, error);
done:
    inference_clear(&in);
    return status;
}
