/* Tables whose rows are ablation sets. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/contents.h"

enum { MAX_PAIRS = 20, EXAMPLES_EACH_WAY = 5 };

static hs_status add_set_columns(report_table *s, hs_error *error)
{
    HS_TRY(hs__report_table_add_column(s, TABLE_TEXT, "set", "heads", error));
    hs__report_table_last(s)->of_heads = true;
    return hs__report_table_add_column(s, TABLE_TEXT, "ablation", "ablation", error);
}

static hs_status add_set(const hs_report *report, uint64_t set, report_table *s, hs_error *error)
{
    hs_text name = {0};
    hs_status status = hs__report_set_name(report, set, &name, error);

    if (status == HS_OK)
        status = hs__report_table_add_text(s, name.text, error);
    hs_text_clear(&name);
    return status == HS_OK ? hs__report_table_add_text(s, hs__report_intervention(report, set), error) : status;
}

/* A column of a change of a metric: "toxicity.contrast.delta", "toxicity.contrast [nats]". */
static hs_status add_change_column(const report_metric *metric, const char *statistic, const char *title,
                                   report_table *s, hs_error *error)
{
    char name[TABLE_NAME_BYTES], shown[TABLE_NAME_BYTES];

    snprintf(name, sizeof name, "%s.%s.%s", metric->of->name, metric->is->name, statistic);
    snprintf(shown, sizeof shown, "%s.%s%s [%s]", metric->of->name, metric->is->name, title, hs__report_unit(metric));
    HS_TRY(hs__report_table_add_column(s, TABLE_INTERVAL, name, shown, error));
    hs__report_table_last(s)->format = hs__report_change_format(metric);
    return HS_OK;
}

static hs_status add_delta(const hs_report *report, const report_metric *metric, uint64_t set, report_table *s,
                           hs_error *error)
{
    return hs__report_table_add_interval(s, hs__report_value(report, HS_STATISTIC_DELTA, metric, set),
                                         hs__report_value(report, HS_STATISTIC_DELTA_LOW, metric, set),
                                         hs__report_value(report, HS_STATISTIC_DELTA_HIGH, metric, set),
                                         hs__report_is_significant(report, HS_STATISTIC_DELTA_Q, metric, set), error);
}

static hs_status add_interaction(const hs_report *report, const report_metric *metric, uint64_t set, report_table *s,
                                 hs_error *error)
{
    return hs__report_table_add_interval(s, hs__report_value(report, HS_STATISTIC_INTERACTION, metric, set),
                                         hs__report_value(report, HS_STATISTIC_INTERACTION_LOW, metric, set),
                                         hs__report_value(report, HS_STATISTIC_INTERACTION_HIGH, metric, set),
                                         hs__report_is_significant(report, HS_STATISTIC_INTERACTION_Q, metric, set),
                                         error);
}

/* ---- ranking and Pareto front ------------------------------------------------------------------------------------ */

static hs_status add_q_column(const report_metric *metric, report_table *s, hs_error *error)
{
    char name[TABLE_NAME_BYTES], shown[TABLE_NAME_BYTES];

    snprintf(name, sizeof name, "%s.%s.delta_q", metric->of->name, metric->is->name);
    snprintf(shown, sizeof shown, "q, %s.%s", metric->of->name, metric->is->name);
    HS_TRY(hs__report_table_add_column(s, TABLE_NUMBER, name, shown, error));
    hs__report_table_last(s)->format = hs__report_p_format;
    return HS_OK;
}

static hs_status write_ranking(const hs_report *report, const hs_ranking *ranking, report_table *s, hs_error *error)
{
    HS_TRY(hs__report_table_add_column(s, TABLE_NUMBER, "rank", "rank", error));
    HS_TRY(add_set_columns(s, error));
    for (size_t m = 0; m < report->n_main; ++m) {
        HS_TRY(add_change_column(&report->metrics[m], "delta", "", s, error));
        HS_TRY(add_q_column(&report->metrics[m], s, error));
    }
    for (size_t i = 0; i < ranking->n; ++i) {
        const uint64_t set = ranking->sets[i];
        HS_TRY(hs__report_table_begin_set(s, set, error));
        HS_TRY(hs__report_table_add_number(s, (double)(i + 1), error));
        HS_TRY(add_set(report, set, s, error));
        for (size_t m = 0; m < report->n_main; ++m) {
            HS_TRY(add_delta(report, &report->metrics[m], set, s, error));
            HS_TRY(hs__report_table_add_number(
                s, hs__report_value(report, HS_STATISTIC_DELTA_Q, &report->metrics[m], set), error));
        }
    }
    s->columns[0].format.digits = 0;
    s->n_wanted = report->options.top;
    return HS_OK;
}

hs_status hs__report_sheet_ranking(const hs_report *report, report_table *s, hs_error *error)
{
    return write_ranking(report, &report->ranking, s, error);
}

hs_status hs__report_sheet_pareto(const hs_report *report, report_table *s, hs_error *error)
{
    return write_ranking(report, &report->pareto, s, error);
}

/* ---- pairs ------------------------------------------------------------------------------------------------------- */

/* A delta or an interaction in a column of several metrics; a set that is not in the file leaves the cell empty. */
static hs_status add_own(const hs_report *report, const report_metric *metric, int64_t set,
                         hs_status (*add)(const hs_report *, const report_metric *, uint64_t, report_table *,
                                          hs_error *),
                         report_table *s, hs_error *error)
{
    if (set < 0)
        return hs__report_table_add_interval(s, NAN, NAN, NAN, false, error);
    HS_TRY(add(report, metric, (uint64_t)set, s, error));
    hs__report_table_of_metric(s, metric);
    return HS_OK;
}

static hs_status add_pair(const hs_report *report, const report_metric *metric, uint64_t set, report_table *s,
                          hs_error *error)
{
    const int64_t *singles = report->analysis->singles + 2 * set;
    const bool backup = hs_analysis_is_backup(report->analysis, metric->task, metric->metric, set);

    HS_TRY(hs__report_table_begin_set(s, set, error));
    HS_TRY(hs__report_table_add_text(s, metric->of->name, error));
    HS_TRY(hs__report_table_add_text(s, metric->is->name, error));
    HS_TRY(add_set(report, set, s, error));
    HS_TRY(hs__report_table_add_text(s, backup ? "yes" : "", error));
    HS_TRY(add_own(report, metric, (int64_t)set, add_interaction, s, error));
    HS_TRY(hs__report_table_add_number(s, hs__report_value(report, HS_STATISTIC_INTERACTION_Q, metric, set), error));
    HS_TRY(add_own(report, metric, (int64_t)set, add_delta, s, error));
    HS_TRY(add_own(report, metric, singles[0], add_delta, s, error));
    return add_own(report, metric, singles[1], add_delta, s, error);
}

hs_status hs__report_sheet_backup(const hs_report *report, report_table *s, hs_error *error)
{
    static const char *const intervals[][2] = {{"interaction", "interaction"},
                                               {"delta", "both"},
                                               {"first_alone", "first alone"},
                                               {"second_alone", "second alone"}};
    uint64_t pairs[MAX_PAIRS];

    HS_TRY(hs__report_table_add_column(s, TABLE_TEXT, "task", "task", error));
    HS_TRY(hs__report_table_add_column(s, TABLE_TEXT, "metric", "metric", error));
    HS_TRY(add_set_columns(s, error));
    HS_TRY(hs__report_table_add_column(s, TABLE_TEXT, "backup", "backup", error));
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; ++i) {
        HS_TRY(hs__report_table_add_column(s, TABLE_INTERVAL, intervals[i][0], intervals[i][1], error));
        hs__report_table_last(s)->format.sign = true;
        if (i == 0) {
            HS_TRY(hs__report_table_add_column(s, TABLE_NUMBER, "interaction_q", "q", error));
            hs__report_table_last(s)->format = hs__report_p_format;
        }
    }
    for (size_t m = 0; m < report->n_main; ++m) {
        size_t n;
        HS_TRY(
            hs__report_largest(report, HS_STATISTIC_INTERACTION, &report->metrics[m], -1, pairs, MAX_PAIRS, &n, error));
        for (size_t i = 0; i < n; ++i)
            if (hs__report_is_significant(report, HS_STATISTIC_INTERACTION_Q, &report->metrics[m], pairs[i]))
                HS_TRY(add_pair(report, &report->metrics[m], pairs[i], s, error));
    }
    return HS_OK;
}

/* ---- controls ---------------------------------------------------------------------------------------------------- */

hs_status hs__report_sheet_controls(const hs_report *report, report_table *s, hs_error *error)
{
    const report_metric *metric = &report->metrics[hs__report_ranked_metric(report)];

    HS_TRY(add_set_columns(s, error));
    HS_TRY(add_change_column(metric, "delta", "", s, error));
    HS_TRY(hs__report_table_add_column(s, TABLE_NUMBER, "controls", "controls", error));
    HS_TRY(add_change_column(metric, "controls_mean", " of controls", s, error));
    HS_TRY(hs__report_table_add_column(s, TABLE_NUMBER, "p", "p", error));
    hs__report_table_last(s)->format = hs__report_p_format;
    for (size_t i = 0; i < report->n_controls; ++i) {
        const uint64_t set = report->ranking.sets[i];
        const hs_control control = report->controls[i];
        HS_TRY(hs__report_table_begin_set(s, set, error));
        HS_TRY(add_set(report, set, s, error));
        HS_TRY(add_delta(report, metric, set, s, error));
        HS_TRY(hs__report_table_add_number(s, (double)control.n, error));
        HS_TRY(hs__report_table_add_interval(s, control.mean, control.low, control.high, false, error));
        HS_TRY(hs__report_table_add_number(s, control.p, error));
    }
    return HS_OK;
}

/* ---- examples ---------------------------------------------------------------------------------------------------- */

typedef struct example_change {
    size_t example;
    double clean, ablated;
} example_change;

static double change_of(const example_change *c)
{
    return c->ablated - c->clean;
}

static int compare_changes(const void *left, const void *right)
{
    const example_change *a = left, *b = right;

    if (change_of(a) != change_of(b))
        return change_of(a) < change_of(b) ? -1 : 1;
    return a->example < b->example ? -1 : 1;
}

static hs_status add_example(const hs_report *report, const report_metric *metric, uint64_t set,
                             const example_change *change, report_table *s, hs_error *error)
{
    HS_TRY(hs__report_table_begin_set(s, set, error));
    HS_TRY(add_set(report, set, s, error));
    HS_TRY(hs__report_table_add_text(s, metric->of->name, error));
    HS_TRY(hs__report_table_add_text(s, metric->is->name, error));
    HS_TRY(hs__report_table_add_number(s, (double)metric->of->example_line[change->example], error));
    HS_TRY(hs__report_table_add_number(s, change->clean, error));
    HS_TRY(hs__report_table_add_number(s, change->ablated, error));
    return hs__report_table_add_number(s, change_of(change), error);
}

/* The first and the last of the sorted changes, without those that did not change. */
static hs_status add_extremes(const hs_report *report, const report_metric *metric, uint64_t set,
                              const example_change *changes, size_t n, report_table *s, hs_error *error)
{
    for (size_t i = 0; i < n; ++i) {
        const bool extreme = i < EXAMPLES_EACH_WAY || i + EXAMPLES_EACH_WAY >= n;
        if (extreme && change_of(&changes[i]) != 0)
            HS_TRY(add_example(report, metric, set, &changes[i], s, error));
    }
    return HS_OK;
}

/* values and clean [n_examples, n_metrics]; changes is scratch. */
static hs_status examples_of_set(const hs_report *report, const report_metric *metric, uint64_t set, const float *clean,
                                 const float *values, example_change *changes, report_table *s, hs_error *error)
{
    const size_t n_metrics = metric->of->n_metrics;
    size_t n = 0;

    for (size_t i = 0; i < metric->of->n_examples; ++i) {
        changes[n] = (example_change){i, (double)clean[i * n_metrics + metric->metric],
                                      (double)values[i * n_metrics + metric->metric]};
        if (isfinite(change_of(&changes[n])))
            ++n;
    }
    qsort(changes, n, sizeof *changes, compare_changes);
    return add_extremes(report, metric, set, changes, n, s, error);
}

static hs_status examples_of_metric(const hs_report *report, const report_metric *metric, report_table *s,
                                    hs_error *error)
{
    const size_t n_values = metric->of->n_examples * metric->of->n_metrics;
    float *clean = NULL, *values = NULL;
    example_change *changes = NULL;
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&clean, n_values, sizeof *clean, "examples", error));
    HS_GOTO_DONE(hs_allocate(&values, n_values, sizeof *values, "examples", error));
    HS_GOTO_DONE(hs_allocate(&changes, metric->of->n_examples + 1, sizeof *changes, "examples", error));
    HS_GOTO_DONE(hs_results_read_values(report->results, (uint32_t)metric->task, 0, 1, clean, error));
    for (size_t i = 0; i < report->n_chosen; ++i) {
        const uint64_t set = report->chosen[i];
        HS_GOTO_DONE(hs_results_read_values(report->results, (uint32_t)metric->task, set, 1, values, error));
        HS_GOTO_DONE(examples_of_set(report, metric, set, clean, values, changes, s, error));
    }
done:
    hs_free(clean);
    hs_free(values);
    hs_free(changes);
    return status;
}

hs_status hs__report_sheet_examples(const hs_report *report, report_table *s, hs_error *error)
{
    static const char *const numbers[] = {"line", "clean", "ablated", "change"};

    s->by_set = true;
    HS_TRY(add_set_columns(s, error));
    HS_TRY(hs__report_table_add_column(s, TABLE_TEXT, "task", "task", error));
    HS_TRY(hs__report_table_add_column(s, TABLE_TEXT, "metric", "metric", error));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i)
        HS_TRY(hs__report_table_add_column(s, TABLE_NUMBER, numbers[i], numbers[i], error));
    s->columns[s->n_columns - 4].format.digits = 0;
    hs__report_table_last(s)->format.sign = true;
    for (size_t m = 0; m < report->n_main; ++m)
        HS_TRY(examples_of_metric(report, &report->metrics[m], s, error));
    return HS_OK;
}
