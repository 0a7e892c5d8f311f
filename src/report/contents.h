/* What a report shows of a file, and what its parts give each other. Internal to the report room. */
#ifndef REPORT_CONTENTS_H
#define REPORT_CONTENTS_H

#include "headsweep/report.h"
#include "report/escape.h"
#include "report/table.h"

enum { REPORT_NAME_BYTES = 64, REPORT_MAX_CHOSEN = 16, REPORT_MAX_CONTROLS = 10 };

typedef struct report_component {
    hs_component is;
    char name[REPORT_NAME_BYTES];
} report_component;

/* A set written out. */
typedef struct report_view {
    uint64_t set;
    hs_component *components; /* [largest order] */
} report_view;

struct hs_report {
    const hs_analysis *analysis;
    hs_results *results;
    const hs_sets *sets;
    hs_report_options options;
    hs_ranking_request request; /* the default one */
    hs_ranking ranking;
    bool has_objective;
    hs_objective objective;
    hs_ranking pareto;            /* empty without an objective that keeps something */
    report_component *components; /* those of the sets, by kind, layer, index */
    size_t n_components;
    int32_t n_layers;
    int32_t n_indices;
    bool has_pairs;
    hs_pruning_curve curves[HS_PRUNING_METHODS]; /* those that the file has, n_curves */
    size_t n_curves;
    report_view *view;      /* scratch: the set that was looked at last */
    uint64_t *singles;      /* [n_interventions, n_components]: the set that ablates just that one, 0: none */
    report_metric *metrics; /* those that can get better or worse, what the objective is about first */
    size_t n_metrics;
    size_t n_main;                            /* of them, those of the objective and the first of each task */
    hs_control controls[REPORT_MAX_CONTROLS]; /* [n_controls] of the first sets of the ranking */
    size_t n_controls;
    uint64_t chosen[REPORT_MAX_CHOSEN]; /* sets of which examples are shown */
    size_t n_chosen;
    struct report_figure *figures;
    size_t n_figures, figures_capacity;
};

double hs__report_value(const hs_report *report, hs_statistic statistic, const report_metric *metric, uint64_t set);
/* Complete, and its delta of the metric a finite number. */
bool hs__report_has(const hs_report *report, const report_metric *metric, uint64_t set);
bool hs__report_is_significant(const hs_report *report, hs_statistic q, const report_metric *metric, uint64_t set);
const char *hs__report_intervention(const hs_report *report, uint64_t set);
/* Index into components of place `place` of a set. */
size_t hs__report_component_of(const hs_report *report, uint64_t set, int32_t place);
/* Two report_component by kind, layer and index: for qsort and bsearch. */
int hs__report_compare_components(const void *left, const void *right);
/* Row of `metrics` of a task's metric; n_metrics if it is not among them. */
size_t hs__report_find_metric(const hs_report *report, size_t task, size_t metric);
/* The row that the default ranking is by. */
size_t hs__report_ranked_metric(const hs_report *report);
/* The first `n` sets with the largest absolute statistic; fewer where there are not so many. */
hs_status hs__report_largest(const hs_report *report, hs_statistic statistic, const report_metric *metric,
                             int32_t intervention, uint64_t *sets, size_t n, size_t *n_out, hs_error *error);

/* One sentence with its interval; text, not HTML. */
void hs__report_findings_sentence(const hs_report *report, hs_text *text);
/* The same of a pruning curve. */
void hs__report_findings_pruning(const hs_report *report, const hs_pruning_curve *curve, hs_text *text);
/* "-0.712 nats [-0.781, -0.633]" */
void hs__report_findings_put_change(const report_metric *metric, double value, double low, double high, hs_text *text);
/* The same of a metric under a set. */
void hs__report_findings_change(const hs_report *report, const report_metric *metric, uint64_t set, hs_text *text);

/* Every caveat that applies, one row each. */
hs_status hs__report_caveats_list(const hs_report *report, report_table *caveats, hs_error *error);

typedef hs_status (*sheet_writer)(const hs_report *report, report_table *s, hs_error *error);

/* The tables of the report, in the order of the page. */
typedef struct report_sheet {
    const char *name; /* of --table, and of the element in the page */
    const char *title;
    const char *note;
    sheet_writer write;
    bool folded; /* closed in the page until it is asked for */
} report_sheet;

extern const report_sheet hs__report_sheets[];
extern const size_t hs__report_n_sheets;
/* What is written, or what failed while the table was filled. */
hs_status hs__report_fill_sheet(const hs_report *report, const report_sheet *sheet, report_table *table,
                                hs_error *error);

hs_status hs__report_sheet_ranking(const hs_report *report, report_table *s, hs_error *error);
hs_status hs__report_sheet_pareto(const hs_report *report, report_table *s, hs_error *error);
hs_status hs__report_sheet_backup(const hs_report *report, report_table *s, hs_error *error);
hs_status hs__report_sheet_pruning(const hs_report *report, report_table *s, hs_error *error);
hs_status hs__report_sheet_controls(const hs_report *report, report_table *s, hs_error *error);
hs_status hs__report_sheet_examples(const hs_report *report, report_table *s, hs_error *error);
hs_status hs__report_sheet_texts(const hs_report *report, report_table *s, hs_error *error);

/*
 * The numbers behind the page as a JSON object for its script: of the sets and metrics that matter most where all of
 * them would be more bytes than `n_most_bytes`.
 */
hs_status hs__report_payload_write(const hs_report *report, size_t n_most_bytes, hs_text *text, hs_error *error);

extern const unsigned char report_asset_css[], report_asset_figure_css[], report_asset_js[];
extern const size_t report_asset_css_size, report_asset_figure_css_size, report_asset_js_size;

#endif
