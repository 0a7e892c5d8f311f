/* Tables whose rows are ablation sets. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/contents.h"

enum { MAX_PAIRS = 20, EXAMPLES_EACH_WAY = 5 };

static void add_set_columns(report_table *s)
{
    hs__report_table_add_column(s, TABLE_TEXT, "set", "heads");
    hs__report_table_last(s)->of_heads = true;
    hs__report_table_add_column(s, TABLE_TEXT, "ablation", "ablation");
}

static void add_set(const hs_report *report, uint64_t set, report_table *s)
{
    hs_text name = {0};

    hs__report_put_set(report->sets, set, &name);
    hs__report_table_add_text(s, hs_text_kept(&s->texts, &name));
    hs__report_table_add_text(s, hs__report_intervention(report, set));
    hs_text_clear(&name);
}

/* A column of a change of a metric: "toxicity.contrast.delta", "toxicity.contrast [nats]". */
static void add_change_column(const report_metric *metric, const char *statistic, const char *title, report_table *s)
{
    char name[TABLE_NAME_BYTES], shown[TABLE_NAME_BYTES];

    snprintf(name, sizeof name, "%s.%s.%s", metric->of->name, metric->is->name, statistic);
    snprintf(shown, sizeof shown, "%s.%s%s [%s]", metric->of->name, metric->is->name, title, hs__report_unit(metric));
    hs__report_table_add_column(s, TABLE_INTERVAL, name, shown);
    hs__report_table_last(s)->style.format = hs__report_change_format(metric);
}

static void add_delta(const hs_report *report, const report_metric *metric, uint64_t set, report_table *s)
{
    hs__report_table_add_interval(s, hs__report_value(report, HS_STATISTIC_DELTA, metric, set),
                                  hs__report_value(report, HS_STATISTIC_DELTA_LOW, metric, set),
                                  hs__report_value(report, HS_STATISTIC_DELTA_HIGH, metric, set),
                                  hs__report_is_significant(report, HS_STATISTIC_DELTA_Q, metric, set));
}

static void add_interaction(const hs_report *report, const report_metric *metric, uint64_t set, report_table *s)
{
    hs__report_table_add_interval(s, hs__report_value(report, HS_STATISTIC_INTERACTION, metric, set),
                                  hs__report_value(report, HS_STATISTIC_INTERACTION_LOW, metric, set),
                                  hs__report_value(report, HS_STATISTIC_INTERACTION_HIGH, metric, set),
                                  hs__report_is_significant(report, HS_STATISTIC_INTERACTION_Q, metric, set));
}

static void add_q_column(const report_metric *metric, report_table *s)
{
    char name[TABLE_NAME_BYTES], shown[TABLE_NAME_BYTES];

    snprintf(name, sizeof name, "%s.%s.delta_q", metric->of->name, metric->is->name);
    snprintf(shown, sizeof shown, "q, %s.%s", metric->of->name, metric->is->name);
    hs__report_table_add_column(s, TABLE_NUMBER, name, shown);
    hs__report_table_last(s)->style.format = hs__report_p_format;
}

/* Programs get all rows, people the first. */
static void write_ranking(const hs_report *report, const hs_ranking *ranking, report_table *s)
{
    const size_t top = report->options.top, n = s->pour == NULL && top > 0 && top < ranking->n ? top : ranking->n;

    hs__report_table_add_column(s, TABLE_NUMBER, "rank", "rank");
    hs__report_table_last(s)->style.format.digits = 0;
    add_set_columns(s);
    for (size_t m = 0; m < report->n_main; ++m) {
        add_change_column(&report->metrics[m], "delta", "", s);
        add_q_column(&report->metrics[m], s);
    }
    for (size_t i = 0, fetched = 0; i < n; ++i) {
        const uint64_t set = ranking->sets[i];
        if (i == fetched)
            fetched += hs_analysis_fetch(report->analysis, ranking->sets + i, n - i);
        hs__report_table_begin_set(s, set);
        hs__report_table_add_number(s, (double)(i + 1));
        add_set(report, set, s);
        for (size_t m = 0; m < report->n_main; ++m) {
            add_delta(report, &report->metrics[m], set, s);
            hs__report_table_add_number(s, hs__report_value(report, HS_STATISTIC_DELTA_Q, &report->metrics[m], set));
        }
    }
}

hs_status hs__report_sheet_ranking(const hs_report *report, report_table *s, hs_error *error)
{
    (void)error;
    write_ranking(report, &report->ranking, s);
    return HS_OK;
}

hs_status hs__report_sheet_pareto(const hs_report *report, report_table *s, hs_error *error)
{
    (void)error;
    write_ranking(report, &report->pareto, s);
    return HS_OK;
}

/* A delta or an interaction in a column of several metrics; a set that is not in the file leaves the cell empty. */
static void add_own(const hs_report *report, const report_metric *metric, int64_t set,
                    void (*add)(const hs_report *, const report_metric *, uint64_t, report_table *), report_table *s)
{
    if (set < 0) {
        hs__report_table_add_number(s, NAN);
        return;
    }
    add(report, metric, (uint64_t)set, s);
    hs__report_table_of_metric(s, metric);
}

/*
 * Both heads alone stand beside the pair: whether they back each other up is seen from these
 * three.
 */
static void add_pair(const hs_report *report, const report_metric *metric, uint64_t set, report_table *s)
{
    int64_t singles[2];
    const bool backup = hs_analysis_is_backup(report->analysis, metric->task, metric->metric, set);

    (void)hs_analysis_singles(report->analysis, set, singles);
    hs__report_table_begin_set(s, set);
    hs__report_table_add_text(s, metric->of->name);
    hs__report_table_add_text(s, metric->is->name);
    add_set(report, set, s);
    hs__report_table_add_text(s, backup ? "yes" : "");
    add_own(report, metric, (int64_t)set, add_interaction, s);
    hs__report_table_add_number(s, hs__report_value(report, HS_STATISTIC_INTERACTION_Q, metric, set));
    add_own(report, metric, (int64_t)set, add_delta, s);
    add_own(report, metric, singles[0], add_delta, s);
    add_own(report, metric, singles[1], add_delta, s);
}

/*
 * Significant pairs only, the largest first, of each main metric: a table of thousands of pairs
 * would be a second ranking.
 */
hs_status hs__report_sheet_backup(const hs_report *report, report_table *s, hs_error *error)
{
    static const char *const intervals[][2] = {{"interaction", "interaction"},
                                               {"delta", "both"},
                                               {"first_alone", "first alone"},
                                               {"second_alone", "second alone"}};
    uint64_t pairs[MAX_PAIRS];

    hs__report_table_add_column(s, TABLE_TEXT, "task", "task");
    hs__report_table_add_column(s, TABLE_TEXT, "metric", "metric");
    add_set_columns(s);
    hs__report_table_add_column(s, TABLE_TEXT, "backup", "backup");
    for (size_t i = 0; i < sizeof intervals / sizeof *intervals; ++i) {
        hs__report_table_add_column(s, TABLE_INTERVAL, intervals[i][0], intervals[i][1]);
        hs__report_table_last(s)->style.format.sign = true;
        if (i == 0) {
            hs__report_table_add_column(s, TABLE_NUMBER, "interaction_q", "q");
            hs__report_table_last(s)->style.format = hs__report_p_format;
        }
    }
    for (size_t m = 0; m < report->n_main; ++m) {
        size_t n;
        HS_TRY(
            hs__report_largest(report, HS_STATISTIC_INTERACTION, &report->metrics[m], -1, pairs, MAX_PAIRS, &n, error));
        for (size_t i = 0; i < n; ++i)
            if (hs__report_is_significant(report, HS_STATISTIC_INTERACTION_Q, &report->metrics[m], pairs[i]))
                add_pair(report, &report->metrics[m], pairs[i], s);
    }
    return HS_OK;
}

/* As many rows as controls were computed for, which are the first of the ranking. */
hs_status hs__report_sheet_controls(const hs_report *report, report_table *s, hs_error *error)
{
    const report_metric *metric = &report->metrics[hs__report_ranked_metric(report)];

    (void)error;
    add_set_columns(s);
    add_change_column(metric, "delta", "", s);
    hs__report_table_add_column(s, TABLE_NUMBER, "controls", "controls");
    add_change_column(metric, "controls_mean", " of controls", s);
    hs__report_table_add_column(s, TABLE_NUMBER, "p", "p");
    hs__report_table_last(s)->style.format = hs__report_p_format;
    for (size_t i = 0; i < report->n_controls; ++i) {
        const uint64_t set = report->ranking.sets[i];
        const hs_control control = report->controls[i];
        hs__report_table_begin_set(s, set);
        add_set(report, set, s);
        add_delta(report, metric, set, s);
        hs__report_table_add_number(s, (double)control.n);
        hs__report_table_add_interval(s, control.mean, control.low, control.high, false);
        hs__report_table_add_number(s, control.p);
    }
    return HS_OK;
}

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

static void add_example(const hs_report *report, const report_metric *metric, uint64_t set,
                        const example_change *change, report_table *s)
{
    hs__report_table_begin_set(s, set);
    add_set(report, set, s);
    hs__report_table_add_text(s, metric->of->name);
    hs__report_table_add_text(s, metric->is->name);
    hs__report_table_add_number(s, (double)metric->of->example_line[change->example]);
    hs__report_table_add_number(s, change->clean);
    hs__report_table_add_number(s, change->ablated);
    hs__report_table_add_number(s, change_of(change));
}

/* The first and the last of the sorted changes, without those that did not change. */
static void add_extremes(const hs_report *report, const report_metric *metric, uint64_t set,
                         const example_change *changes, size_t n, report_table *s)
{
    for (size_t i = 0; i < n; ++i) {
        const bool extreme = i < EXAMPLES_EACH_WAY || i + EXAMPLES_EACH_WAY >= n;
        if (extreme && change_of(&changes[i]) != 0)
            add_example(report, metric, set, &changes[i], s);
    }
}

/* values and clean [n_examples, n_metrics]; changes is scratch. */
static void examples_of_set(const hs_report *report, const report_metric *metric, uint64_t set, const float *clean,
                            const float *values, example_change *changes, report_table *s)
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
    add_extremes(report, metric, set, changes, n, s);
}

/* Values of one set at a time, and the clean ones once: a task's values of all sets do not fit. */
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
        examples_of_set(report, metric, set, clean, values, changes, s);
    }
done:
    hs_free(clean);
    hs_free(values);
    hs_free(changes);
    return status;
}

/* The line is that of the data file, so that a reader can look the example up. */
hs_status hs__report_sheet_examples(const hs_report *report, report_table *s, hs_error *error)
{
    static const char *const numbers[] = {"line", "clean", "ablated", "change"};

    s->by_set = true;
    add_set_columns(s);
    hs__report_table_add_column(s, TABLE_TEXT, "task", "task");
    hs__report_table_add_column(s, TABLE_TEXT, "metric", "metric");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i)
        hs__report_table_add_column(s, TABLE_NUMBER, numbers[i], numbers[i]);
    s->columns[s->n_columns - 4].style.format.digits = 0;
    hs__report_table_last(s)->style.format.sign = true;
    for (size_t m = 0; m < report->n_main; ++m)
        HS_TRY(examples_of_metric(report, &report->metrics[m], s, error));
    return HS_OK;
}
