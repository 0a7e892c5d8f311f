/*
 * samples: a set's metric as all that statistics need of it: its summary, the differences by
 * example, the leave-one-out values and the summaries under resamples.
 */
#include "analysis/samples.h"

#include <math.h>

/* Every array begins at 64 bytes: some routines of BLAS give other bits elsewhere. */
static size_t padded(size_t n_doubles)
{
    const size_t line = 64 / sizeof(double);

    return (n_doubles + line - 1) / line * line;
}

samples hs__analysis_samples_place(size_t n_rows, size_t n_examples, size_t n_resamples, double *block)
{
    const size_t n_values = padded(n_rows * n_examples);
    samples s = {.n_rows = n_rows, .n_examples = n_examples, .n_resamples = n_resamples};

    s.mean = block;
    s.estimate = s.mean + padded(n_rows);
    s.paired = s.estimate + padded(n_rows);
    s.leave_one_out = s.paired + n_values;
    s.replicates = s.leave_one_out + n_values;
    return s;
}

size_t hs__analysis_samples_bytes(size_t n_rows, size_t n_examples, size_t n_resamples)
{
    return (2 * padded(n_rows) + 2 * padded(n_rows * n_examples) + padded(n_rows * n_resamples)) * sizeof(double);
}

hs_status hs__analysis_samples_new(size_t n_rows, size_t n_examples, size_t n_resamples, samples *samples_out,
                                   hs_error *error)
{
    double *block = NULL;

    *samples_out = (samples){0};
    if (n_resamples > 0 && n_rows > SIZE_MAX / sizeof(double) / n_resamples)
        return hs_fail(error, HS_ERROR_MEMORY, "samples: %zu rows are more than any memory holds", n_rows);
    HS_TRY(hs_allocate(&block, 1, hs__analysis_samples_bytes(n_rows, n_examples, n_resamples), "samples", error));
    *samples_out = hs__analysis_samples_place(n_rows, n_examples, n_resamples, block);
    samples_out->block = block;
    return HS_OK;
}

void hs__analysis_samples_clear(samples *s)
{
    hs_free(s->block);
    *s = (samples){0};
}

size_t hs__analysis_samples_scratch_bytes(size_t n_rows, size_t n_examples, size_t n_resamples)
{
    return n_rows * (n_examples + (SUMMARY_COLUMNS + 1) * n_resamples) * sizeof(double);
}

hs_status hs__analysis_samples_scratch_new(size_t n_rows, size_t n_examples, size_t n_resamples,
                                           samples_scratch *scratch_out, hs_error *error)
{
    samples_scratch scratch = {0};
    hs_status status = hs_allocate(&scratch.columns, n_rows, n_examples * sizeof(double), "samples", error);

    for (size_t i = 0; status == HS_OK && i < SUMMARY_COLUMNS; ++i)
        status = hs_allocate(&scratch.sums[i], n_rows, n_resamples * sizeof(double), "samples", error);
    if (status == HS_OK)
        status = hs_allocate(&scratch.occurring, n_rows, n_resamples * sizeof(double), "samples", error);
    if (status != HS_OK)
        hs__analysis_samples_scratch_clear(&scratch);
    *scratch_out = scratch;
    return status;
}

void hs__analysis_samples_scratch_clear(samples_scratch *scratch)
{
    hs_free(scratch->columns);
    for (size_t i = 0; i < SUMMARY_COLUMNS; ++i)
        hs_free(scratch->sums[i]);
    hs_free(scratch->occurring);
    *scratch = (samples_scratch){0};
}

/*
 * x_set - x_clean, less what a change of the denominator explains, in units of the mean denominator: its mean is
 * delta.
 */
static void pair_examples(const hs_results_task *task, const summary *s, const float *values, const float *clean_values,
                          double clean_mean, double denominator, double *paired)
{
    for (size_t example = 0; example < task->n_examples; ++example) {
        const float *row = values + example * task->n_metrics, *clean = clean_values + example * task->n_metrics;
        double difference = hs__analysis_summary_column(s, 0, 0, row) - hs__analysis_summary_column(s, 0, 0, clean);
        if (s->kind == SUMMARY_RATIO)
            difference -=
                clean_mean * (hs__analysis_summary_column(s, 0, 1, row) - hs__analysis_summary_column(s, 0, 1, clean));
        paired[example] = denominator != 0 ? difference / denominator : NAN;
    }
}

/* Jackknife pseudo-values, moved so that their mean is the estimate. */
static void pair_by_leaving_out(const double *leave_one_out, size_t n, double estimate, double *paired)
{
    double mean = 0;

    for (size_t example = 0; example < n; ++example)
        mean += leave_one_out[example] / (double)n;
    for (size_t example = 0; example < n; ++example)
        paired[example] = estimate + (double)(n - 1) * (mean - leave_one_out[example]);
}

static void leave_one_out(const hs_results_task *task, const summary *s, const float *values, const summary_sums *sums,
                          const double *clean, double *out)
{
    summary_sums without[SUMMARY_MAX_PARTS];

    for (size_t example = 0; example < task->n_examples; ++example) {
        for (size_t part = 0; part < s->n_parts; ++part)
            for (size_t column = 0; column < hs__analysis_summary_n_columns(s); ++column)
                without[part][column] = sums[part][column] - hs__analysis_summary_column(
                                                                 s, part, column, values + example * task->n_metrics);
        out[example] = hs__analysis_summary_value(s, without, (double)(task->n_examples - 1)) -
                       (clean != NULL ? clean[example] : 0);
    }
}

/*
 * The same for a mean of differences, without the rounding of large sums: shares that tie stay tied. Returns the
 * mean.
 */
static double leave_one_out_of(const double *paired, size_t n, double *out)
{
    double sum = 0;

    for (size_t example = 0; example < n; ++example)
        sum += paired[example];
    for (size_t example = 0; example < n; ++example)
        out[example] = (sum - paired[example]) / (double)(n - 1);
    return sum / (double)n;
}

/*
 * A mean is taken over differences by example, so that what both have in common cancels before it
 * is rounded; ratios and F1 have no such differences and are linearised. What is left of a
 * difference of equal means is set to 0.
 */
static void fill_row(const hs_results_task *task, const summary *s, const float *values, samples_clean clean,
                     samples *out, size_t row)
{
    const size_t n = task->n_examples;
    double *paired = out->paired + row * n, *without = out->leave_one_out + row * n;
    summary_sums sums[SUMMARY_MAX_PARTS];

    hs__analysis_summary_add_up(s, task, values, sums);
    out->mean[row] = hs__analysis_summary_value(s, sums, (double)n);
    const double from = clean.of != NULL ? clean.of->mean[0] : 0;
    out->estimate[row] = hs__analysis_without_residue(out->mean[row] - from, fabs(out->mean[row]) + fabs(from));
    if (clean.of != NULL && s->kind != SUMMARY_F1)
        pair_examples(task, s, values, clean.values, clean.of->mean[0],
                      s->kind == SUMMARY_RATIO ? sums[0][1] / (double)n : 1, paired);
    if (clean.of != NULL && s->kind == SUMMARY_MEAN)
        out->estimate[row] = leave_one_out_of(paired, n, without);
    else
        leave_one_out(task, s, values, sums, clean.of != NULL ? clean.of->leave_one_out : NULL, without);
    if (clean.of != NULL && s->kind == SUMMARY_F1)
        pair_by_leaving_out(without, n, out->estimate[row], paired);
}

static void sum_columns(const hs_results_task *task, const summary *s, size_t part, const float *values, size_t n_rows,
                        const resampling *r, samples_scratch *scratch)
{
    for (size_t column = 0; column < hs__analysis_summary_n_columns(s); ++column) {
        for (size_t i = 0; i < n_rows * task->n_examples; ++i)
            scratch->columns[i] = hs__analysis_summary_column(s, part, column, values + i * task->n_metrics);
        hs__analysis_resampling_sums(r, scratch->columns, n_rows, scratch->sums[column]);
    }
}

/*
 * Differences of means are resampled as such, in one product. Other summaries are made of their
 * resampled sums, column by column, and the clean model's, under the same resample, is taken off.
 */
void hs__analysis_samples_under(const hs_results_task *task, const summary *s, const float *values,
                                const double *paired, size_t n_rows, const resampling *r, const double *clean_under,
                                samples_scratch *scratch, double *out)
{
    const size_t n = n_rows * r->n_columns;
    bool occurs;

    if (n == 0)
        return;
    if (s->kind == SUMMARY_MEAN && paired != NULL) {
        hs__analysis_resampling_sums(r, paired, n_rows, out);
        for (size_t i = 0; i < n; ++i)
            out[i] /= r->total;
        return;
    }
    for (size_t i = 0; i < n; ++i)
        out[i] = scratch->occurring[i] = 0;
    for (size_t part = 0; part < s->n_parts; ++part) {
        sum_columns(task, s, part, values, n_rows, r, scratch);
        for (size_t i = 0; i < n; ++i) {
            const summary_sums sums = {scratch->sums[0][i], scratch->sums[1][i]};
            out[i] += hs__analysis_summary_part(s, sums, r->total, &occurs);
            scratch->occurring[i] += occurs;
        }
    }
    for (size_t i = 0; i < n; ++i)
        out[i] = (scratch->occurring[i] > 0 ? out[i] / scratch->occurring[i] : 0) -
                 (clean_under != NULL ? clean_under[i % r->n_columns] : 0);
}

void hs__analysis_samples_fill(const hs_results_task *task, const summary *s, const float *values, size_t n_rows,
                               samples_clean clean, const resampling *bootstrap, samples_scratch *scratch, samples *out)
{
    const size_t set_values = task->n_examples * task->n_metrics;
    const bool is_clean = clean.of == NULL;

    for (size_t row = 0; row < n_rows; ++row)
        fill_row(task, s, values + row * set_values, clean, out, row);
    hs__analysis_samples_under(task, s, values, is_clean ? NULL : out->paired, n_rows, bootstrap,
                               is_clean ? NULL : clean.of->replicates, scratch, out->replicates);
}
