/* The kinds of figures, one row each, and which of them a report has. */
#include "report/figures.h"

#include <ctype.h>
#include <string.h>

static bool always(const hs_report *report, const report_figure *figure)
{
    (void)figure;
    return report->ranking.n > 0;
}

static bool has_pairs(const hs_report *report, const report_figure *figure)
{
    return report->has_pairs &&
           hs__report_largest_value(report, HS_STATISTIC_INTERACTION, &report->metrics[figure->metric], 2) > 0;
}

/* Some change under some intervention, and a single head that is complete under the figure's own. */
static bool has_singles(const hs_report *report, const report_figure *figure)
{
    const report_metric *metric = &report->metrics[figure->metric];
    const size_t first = figure->intervention >= 0 ? (size_t)figure->intervention * report->n_components : 0;
    bool complete = false;

    for (size_t i = 0; i < report->n_components && !complete; ++i)
        complete = report->singles[first + i] > 0 && hs__report_has(report, metric, report->singles[first + i]);
    return complete && hs__report_largest_value(report, HS_STATISTIC_DELTA, metric, 1) > 0;
}

static bool has_two_metrics(const hs_report *report, const report_figure *figure)
{
    (void)figure;
    return report->n_main > 1 && report->ranking.n > 0;
}

static bool has_two_interventions(const hs_report *report, const report_figure *figure)
{
    return report->sets->n_interventions > 1 && has_singles(report, figure);
}

const figure_kind hs__report_figure_kinds[] = {
    {.name = "ranking",
     .section = "The best sets",
     .note = "First sets of the ranking, with intervals over examples. Dashed: the tolerance of what is kept.",
     .applies = always,
     .draw = hs__report_draw_ranking},
    {.name = "tradeoff",
     .section = "What it costs",
     .note = "Each dot is an ablation set; down or up is what happens to what is to be kept. The line is the Pareto "
             "front: no set does better in both. Dashed: the tolerance.",
     .applies = has_two_metrics,
     .draw = hs__report_draw_scatter},
    {.name = "controls",
     .section = "Controls",
     .note =
         "The best sets (dot, with interval) among other sets with as many heads in each layer: grey is where nearly "
         "all of these lie, at the confidence of the intervals, the stroke across it their mean.",
     .applies = hs__report_has_controls,
     .draw = hs__report_draw_controls},
    {.name = "pruning",
     .section = "Pruning",
     .note = "What is left as heads are removed one after the other, in the order of what each does alone "
             "(importance) or always the one that harms least (greedy), with intervals over examples. Dashed: the "
             "share that is to be kept; the large dot is the furthest point above it.",
     .applies = hs__report_has_pruning,
     .draw = hs__report_draw_pruning},
    {.name = "heads",
     .section = "Head by head",
     .note = "Change of the metric when one head is ablated. A dot marks q below the level of significance.",
     .by_metric = true,
     .by_intervention = true,
     .applies = has_singles,
     .draw = hs__report_draw_heads},
    {.name = "histogram",
     .section = "How heads differ",
     .note = "How many heads change the metric by how much when each is ablated alone. A block is a head, pale where q "
             "is not below the level of significance.",
     .by_metric = true,
     .by_intervention = true,
     .applies = has_singles,
     .draw = hs__report_draw_histogram},
    {.name = "largest",
     .section = "Largest changes",
     .note = "Sets that change the metric most, whatever else they do, with intervals over examples.",
     .by_metric = true,
     .applies = always,
     .draw = hs__report_draw_bars},
    {.name = "interactions",
     .section = "Pairs",
     .note = "Interaction of two heads: the change of the pair minus the changes of either alone.",
     .by_metric = true,
     .by_intervention = true,
     .drawn_by_script = true,
     .applies = has_pairs,
     .draw = hs__report_draw_matrix},
    {.name = "backup",
     .section = "Backup heads",
     .note =
         "Backup pairs: either head off shows little, both show much. Where there are none, the strongest significant "
         "interactions. Wider is stronger.",
     .by_metric = true,
     .by_intervention = true,
     .applies = has_pairs,
     .draw = hs__report_draw_network},
    {.name = "interventions",
     .section = "Interventions",
     .note = "Each dot is a head. On the diagonal both interventions find the same change; Spearman's correlation says "
             "how much of the ranking is the same.",
     .by_metric = true,
     .applies = has_two_interventions,
     .draw = hs__report_draw_interventions},
};
const size_t hs__report_n_figure_kinds = sizeof hs__report_figure_kinds / sizeof *hs__report_figure_kinds;

static hs_status add_figure(hs_report *report, report_figure figure, hs_error *error)
{
    if (!figure.kind->applies(report, &figure))
        return HS_OK;
    HS_TRY(hs_reserve(&report->figures, &report->figures_capacity, report->n_figures + 1, sizeof *report->figures,
                      "figures", error));
    report->figures[report->n_figures++] = figure;
    return HS_OK;
}

static hs_status add_kind(hs_report *report, const figure_kind *kind, hs_error *error)
{
    const size_t n_metrics = kind->by_metric ? report->n_metrics : 1;
    const int32_t n_interventions = kind->by_intervention ? (int32_t)report->sets->n_interventions : 1;

    for (size_t metric = 0; metric < n_metrics; ++metric)
        for (int32_t i = 0; i < n_interventions; ++i)
            HS_TRY(add_figure(report, (report_figure){kind, metric, kind->by_intervention ? i : -1, false}, error));
    return HS_OK;
}

hs_status hs__report_figures_list(hs_report *report, hs_error *error)
{
    for (size_t i = 0; i < hs__report_n_figure_kinds; ++i)
        HS_TRY(add_kind(report, &hs__report_figure_kinds[i], error));
    return HS_OK;
}

/* Names of tasks come from experiment files: only what is plain everywhere stays. */
static void append_plain(const char *string, hs_text *text)
{
    hs_text_put(text, "-");
    for (const char *c = string; *c != '\0'; ++c)
        hs_text_put_bytes(text, isalnum((unsigned char)*c) || *c == '_' ? c : "_", 1);
}

void hs__report_figure_name(const hs_report *report, const report_figure *figure, hs_text *text)
{
    const report_metric *metric = &report->metrics[figure->metric];

    hs_text_put(text, figure->kind->name);
    if (figure->kind->by_metric) {
        append_plain(metric->of->name, text);
        append_plain(metric->is->name, text);
    }
    if (figure->kind->by_intervention)
        append_plain(report->sets->intervention_names[figure->intervention], text);
}

void hs__report_figure_title(const hs_report *report, const report_figure *figure, hs_text *text)
{
    const report_metric *metric = &report->metrics[figure->metric];

    hs_text_put(text, figure->kind->section);
    if (figure->kind->by_metric)
        hs_text_putf(text, ": %s.%s", metric->of->name, metric->is->name);
    if (figure->kind->by_intervention)
        hs_text_putf(text, ", %s", report->sets->intervention_names[figure->intervention]);
}

size_t hs_report_n_figures(const hs_report *report)
{
    return report->n_figures;
}

hs_status hs_report_figure(const hs_report *report, size_t index, hs_text *name, hs_text *svg, hs_error *error)
{
    report_figure figure = report->figures[index];

    figure.standalone = true;
    hs__report_figure_name(report, &figure, name);
    hs_text_put(name, ".svg");
    return figure.kind->draw(report, &figure, svg, error);
}
