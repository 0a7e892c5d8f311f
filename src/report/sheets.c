/* Tables of what was asked and how: everything that is not about single sets. */
#include <inttypes.h>
#include <string.h>

#include "report/contents.h"

static void text_columns(report_table *s, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; ++i)
        hs__report_table_add_column(s, TABLE_TEXT, names[i], names[i]);
}

static void number_columns(report_table *s, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; ++i)
        hs__report_table_add_column(s, TABLE_NUMBER, names[i], names[i]);
}

#define TEXT_COLUMNS(s, ...) \
    text_columns(s, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
#define NUMBER_COLUMNS(s, ...) \
    number_columns(s, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* A sentence a row: the best set, then each curve. */
static hs_status sheet_finding(const hs_report *report, report_table *s, hs_error *error)
{
    hs_text sentence = {0};

    (void)error;
    TEXT_COLUMNS(s, "finding");
    hs__report_findings_sentence(report, &sentence);
    hs__report_table_add_text(s, hs_text_kept(&s->texts, &sentence));
    for (size_t i = 0; i < report->n_curves; ++i) {
        hs_text_empty(&sentence);
        hs__report_findings_pruning(report, &report->curves[i], &sentence);
        hs__report_table_add_text(s, hs_text_kept(&s->texts, &sentence));
    }
    hs_text_clear(&sentence);
    return HS_OK;
}

static void write_attributes(const hs_report *report, const char *group, report_table *s)
{
    const hs_results_attribute *attribute;

    TEXT_COLUMNS(s, "key", "value");
    for (size_t i = 0; (attribute = hs_results_attribute_at(report->results, group, i)) != NULL; ++i) {
        hs__report_table_add_text(s, attribute->name);
        hs__report_table_add_text(s, attribute->value);
    }
}

static hs_status sheet_experiment(const hs_report *report, report_table *s, hs_error *error)
{
    (void)error;
    write_attributes(report, "experiment", s);
    return HS_OK;
}

static hs_status sheet_provenance(const hs_report *report, report_table *s, hs_error *error)
{
    (void)error;
    write_attributes(report, "provenance", s);
    return HS_OK;
}

/*
 * A sweep that was killed and resumed has a row for each job, with ranks and hosts of its own:
 * what numbers can depend on must be seen.
 */
static hs_status sheet_runs(const hs_report *report, report_table *s, hs_error *error)
{
    size_t n_runs;

    TEXT_COLUMNS(s, "start", "end", "host", "version");
    NUMBER_COLUMNS(s, "ranks", "cells", "sweep_seconds");
    HS_TRY(hs_results_n_runs(report->results, &n_runs, error));
    for (size_t row = 0; row < n_runs; ++row) {
        hs_results_run run;
        HS_TRY(hs_results_read_run(report->results, row, &run, error));
        hs__report_table_add_time(s, run.start);
        hs__report_table_add_time(s, run.end);
        hs__report_table_add_text(s, run.host);
        hs__report_table_add_text(s, run.version);
        hs__report_table_add_number(s, (double)run.ranks);
        hs__report_table_add_number(s, (double)run.cells);
        hs__report_table_add_number(s, run.sweep_seconds);
    }
    return HS_OK;
}

/* -9 significant digits, as these are settings: a seed that is rounded is another seed. */
static hs_status sheet_method(const hs_report *report, report_table *s, hs_error *error)
{
    const hs_analysis_options *options = &report->analysis->options;

    (void)error;
    TEXT_COLUMNS(s, "interval");
    NUMBER_COLUMNS(s, "confidence", "resamples", "permutations", "seed", "sets", "sets_complete");
    for (size_t i = 1; i < s->n_columns; ++i)
        s->columns[i].style.format.digits = -9;
    hs__report_table_add_text(s, options->bca ? "bca" : "percentile");
    hs__report_table_add_number(s, options->confidence);
    hs__report_table_add_number(s, (double)options->resamples);
    hs__report_table_add_number(s, (double)options->permutations);
    hs__report_table_add_number(s, (double)options->seed);
    hs__report_table_add_number(s, (double)report->analysis->n_sets);
    hs__report_table_add_number(s, (double)report->analysis->n_complete);
    return HS_OK;
}

/* With the clean model's value, since a delta alone does not tell how much of it was there. */
static void add_metric(const hs_report *report, size_t task, size_t metric, report_table *s)
{
    const hs_results_task *of = hs_results_task_at(report->results, task);
    const hs_metric *is = &of->metrics[metric];
    const hs_analysis *analysis = report->analysis;

    hs__report_table_add_text(s, of->name);
    hs__report_table_add_text(s, of->kind);
    hs__report_table_add_number(s, (double)of->n_examples);
    hs__report_table_add_text(s, is->name);
    hs__report_table_add_text(s, is->meaning);
    hs__report_table_add_text(s, is->unit);
    hs__report_table_add_text(s, is->better > 0 ? "more" : is->better < 0 ? "less" : "");
    const report_metric shown = hs__report_metric_of(analysis, task, metric);
    hs__report_table_add_interval(s, hs_analysis_value(analysis, HS_STATISTIC_MEAN, task, metric, 0),
                                  hs_analysis_value(analysis, HS_STATISTIC_MEAN_LOW, task, metric, 0),
                                  hs_analysis_value(analysis, HS_STATISTIC_MEAN_HIGH, task, metric, 0), false);
    hs__report_table_of_metric(s, &shown);
}

static hs_status sheet_tasks(const hs_report *report, report_table *s, hs_error *error)
{
    (void)error;
    TEXT_COLUMNS(s, "task", "kind");
    NUMBER_COLUMNS(s, "examples");
    hs__report_table_last(s)->style.format.digits = 0;
    TEXT_COLUMNS(s, "metric", "meaning", "unit", "better");
    hs__report_table_add_column(s, TABLE_INTERVAL, "clean", "clean model");
    for (size_t task = 0; task < report->analysis->n_tasks; ++task)
        for (size_t metric = 0; metric < hs_results_task_at(report->results, task)->n_metrics; ++metric)
            add_metric(report, task, metric, s);
    return HS_OK;
}

/*
 * Of every metric under every intervention, as the one that is ranked by may be stable where
 * another is not.
 */
static hs_status sheet_stability(const hs_report *report, report_table *s, hs_error *error)
{
    (void)error;
    TEXT_COLUMNS(s, "task", "metric", "ablation");
    hs__report_table_add_column(s, TABLE_INTERVAL, "split_half", "split-half Spearman");
    hs__report_table_last(s)->style.format.digits = 2;
    NUMBER_COLUMNS(s, "top_5", "top_10", "top_20");
    for (size_t m = 0; m < report->n_metrics; ++m)
        for (size_t i = 0; i < report->sets->n_interventions; ++i) {
            const report_metric *metric = &report->metrics[m];
            const double *stability = report->analysis->stability[metric->task] +
                                      (i * metric->of->n_metrics + metric->metric) * HS_STABILITY_COUNT;
            hs__report_table_add_text(s, metric->of->name);
            hs__report_table_add_text(s, metric->is->name);
            hs__report_table_add_text(s, report->sets->intervention_names[i]);
            hs__report_table_add_interval(s, stability[HS_STABILITY_SPLIT_HALF], stability[HS_STABILITY_SPLIT_HALF_LOW],
                                          stability[HS_STABILITY_SPLIT_HALF_HIGH], false);
            for (size_t top = HS_STABILITY_TOP_5; top <= HS_STABILITY_TOP_20; ++top)
                hs__report_table_add_number(s, stability[top]);
        }
    return HS_OK;
}

static hs_status compare_two(const hs_report *report, const report_metric *metric, int32_t one, int32_t other,
                             report_table *s, hs_error *error)
{
    double correlation;
    size_t n;

    HS_TRY(hs_analysis_compare(report->analysis, metric->task, metric->metric, one, other, &correlation, &n, error));
    hs__report_table_add_text(s, metric->of->name);
    hs__report_table_add_text(s, metric->is->name);
    hs__report_table_add_text(s, report->sets->intervention_names[one]);
    hs__report_table_add_text(s, report->sets->intervention_names[other]);
    hs__report_table_add_number(s, (double)n);
    hs__report_table_add_number(s, correlation);
    return HS_OK;
}

static hs_status sheet_interventions(const hs_report *report, report_table *s, hs_error *error)
{
    const int32_t n = (int32_t)report->sets->n_interventions;

    TEXT_COLUMNS(s, "task", "metric", "first", "second");
    NUMBER_COLUMNS(s, "heads", "spearman");
    hs__report_table_last(s)->style.format.digits = 2;
    for (size_t m = 0; m < report->n_metrics; ++m)
        for (int32_t one = 0; one < n; ++one)
            for (int32_t other = one + 1; other < n; ++other)
                HS_TRY(compare_two(report, &report->metrics[m], one, other, s, error));
    return HS_OK;
}

const report_sheet hs__report_sheets[] = {
    {"finding", "Finding", "", sheet_finding, false},
    {"caveats", "Caveats", "", hs__report_caveats_list, false},
    {"ranking", "Ranking", "Ablated minus clean, with intervals over examples; * is significant after correction.",
     hs__report_sheet_ranking, false},
    {"pareto", "Pareto front", "Sets that no other beats in what is reduced and all that is kept.",
     hs__report_sheet_pareto, false},
    {"pruning", "Pruning curves",
     "Share of the clean model's performance that is left, and the change of what is to be reduced, without the heads "
     "up to this one.",
     hs__report_sheet_pruning, false},
    {"backup", "Backup pairs and strongest significant interactions",
     "Interaction: the pair's change minus both changes alone. Backup: either head off shows little, both show much.",
     hs__report_sheet_backup, false},
    {"interventions", "Interventions side by side",
     "Spearman's correlation of the changes of single heads under two interventions.", sheet_interventions, false},
    {"stability", "Stability of the ranking of single heads",
     "Two random halves of the examples against each other, and how many of the largest stay under resampling.",
     sheet_stability, true},
    {"controls", "Controls",
     "The same number of heads in each layer, other heads. p: share of controls that do as much or more: lower by an "
     "objective, else larger in either direction. "
     "In brackets the interval of the set's own change, and the quantiles of the controls'.",
     hs__report_sheet_controls, false},
    {"examples", "Examples that changed most",
     "Values of single examples with the set ablated and in the clean model. Lines are those of the data file.",
     hs__report_sheet_examples, false},
    {"texts", "What the model writes",
     "Continuations that the file keeps, of the examples that changed most. Lines are those of the data file.",
     hs__report_sheet_texts, false},
    {"tasks", "Tasks and metrics", "What was measured, and what the clean model does.", sheet_tasks, false},
    {"method", "How the statistics were computed", "", sheet_method, true},
    {"experiment", "Experiment", "Every key of the experiment that was run.", sheet_experiment, true},
    {"provenance", "Provenance", "", sheet_provenance, true},
    {"runs", "Runs", "When, where and on how many ranks the sweep was started.", sheet_runs, true},
};
const size_t hs__report_n_sheets = sizeof hs__report_sheets / sizeof *hs__report_sheets;

hs_status hs__report_fill_sheet(const hs_report *report, const report_sheet *sheet, report_table *table,
                                hs_error *error)
{
    HS_TRY(sheet->write(report, table, error));
    return hs__report_table_status(table, error);
}
