/* Bars with intervals: one row per set, one panel per metric. */
#include <inttypes.h>
#include <math.h>

#include "report/figures.h"

enum { N_ROWS = 15, MAX_PANELS = 4, ROW = 22, TOP = 12, LABEL_GAP = 8, PANEL = 380, PANEL_GAP = 28, FOOT = 42 };

typedef struct bars {
    const hs_report *report;
    const uint64_t *sets;
    size_t n;
    double label; /* width of the column of names */
} bars;

typedef struct panel {
    const report_metric *metric;
    size_t row;       /* of report->metrics */
    double tolerance; /* a change in the unit of the metric, NaN: none */
    axis axis;
} panel;

/*
 * Zero is always within: bars begin there. The tolerance is, too, or a reader would miss that
 * nothing comes near it.
 */
static axis panel_axis(const bars *b, const panel *p, double start)
{
    double low = 0, high = 0;

    for (size_t i = 0; i < b->n; ++i)
        for (int end = 0; end < 3; ++end) {
            static const hs_statistic ends[] = {HS_STATISTIC_DELTA, HS_STATISTIC_DELTA_LOW, HS_STATISTIC_DELTA_HIGH};
            double value = p->metric->factor * hs__report_value(b->report, ends[end], p->metric, b->sets[i]);
            low = isfinite(value) ? fmin(low, value) : low;
            high = isfinite(value) ? fmax(high, value) : high;
        }
    if (isfinite(p->tolerance)) {
        low = fmin(low, p->metric->factor * p->tolerance);
        high = fmax(high, p->metric->factor * p->tolerance);
    }
    return hs__report_axis_make(low, high, start, start + PANEL);
}

/*
 * A bar of no length is drawn a pixel wide, so that "no change" differs from "not measured", which
 * has none. A filled dot is significant after correction, a hollow one is not.
 */
static void draw_bar(const bars *b, const panel *p, size_t row, hs_text *svg)
{
    const uint64_t set = b->sets[row];
    const double factor = p->metric->factor, y = TOP + ROW * (double)row;
    const double value = factor * hs__report_value(b->report, HS_STATISTIC_DELTA, p->metric, set);
    const double low = factor * hs__report_value(b->report, HS_STATISTIC_DELTA_LOW, p->metric, set);
    const double high = factor * hs__report_value(b->report, HS_STATISTIC_DELTA_HIGH, p->metric, set);
    const double zero = hs__report_axis_at(&p->axis, 0), at = hs__report_axis_at(&p->axis, value);

    if (!isfinite(value))
        return;
    hs_text_putf(svg,
                 "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" class=\"%s\" data-s=\"%" PRIu64
                 "\" data-m=\"%zu\"/>\n",
                 fmin(zero, at), y + 4, fmax(fabs(at - zero), 1), ROW - 8, value < 0 ? "n4" : "p4", set, p->row);
    if (isfinite(low) && isfinite(high))
        hs__report_svg_line(svg, hs__report_axis_at(&p->axis, low), y + ROW / 2.0, hs__report_axis_at(&p->axis, high),
                            y + ROW / 2.0, "whisker");
    hs_text_putf(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" class=\"%s\"/>\n", at, y + ROW / 2.0,
                 hs__report_is_significant(b->report, HS_STATISTIC_DELTA_Q, p->metric, set) ? "point" : "hollow");
}

static void draw_panel(const bars *b, const panel *p, hs_text *svg)
{
    const double bottom = TOP + ROW * (double)b->n;
    hs_text title = {0};

    hs__report_metric_title(p->metric, ", change", &title);
    hs__report_axis_draw_x(&p->axis, bottom, TOP, hs_text_kept(svg, &title), svg);
    if (isfinite(p->tolerance)) {
        double x = hs__report_axis_at(&p->axis, p->metric->factor * p->tolerance);
        hs__report_svg_line(svg, x, TOP, x, bottom, "limit");
    }
    for (size_t row = 0; row < b->n; ++row)
        draw_bar(b, p, row, svg);
    hs_text_clear(&title);
}

/* Seven pixels a character are enough for the font of figure.css. */
static void measure_labels(bars *b)
{
    enum { CHARACTER = 7 };
    hs_text name = {0};

    for (size_t i = 0; i < b->n; ++i) {
        hs__report_set_label(b->report, b->sets[i], &name);
        b->label = fmax(b->label, fmin(360, CHARACTER * (double)name.length + 2 * LABEL_GAP));
    }
    hs_text_clear(&name);
}

/*
 * Labels are measured first, since panels begin where the longest ends. The sets are the rows of
 * all panels, so that one row can be read across.
 */
static void draw_panels(const hs_report *report, const report_figure *figure, const uint64_t *sets, size_t n,
                        panel *panels, size_t n_panels, hs_text *svg)
{
    bars b = {report, sets, n, 60};

    measure_labels(&b);
    hs__report_svg_open(report, figure, b.label + (double)n_panels * (PANEL + PANEL_GAP), TOP + ROW * (double)n + FOOT,
                        svg);
    for (size_t row = 0; row < n; ++row)
        hs__report_svg_set_label(report, svg, b.label - LABEL_GAP, TOP + ROW * (double)row + ROW / 2.0 + 4, "end",
                                 sets[row]);
    for (size_t i = 0; i < n_panels; ++i) {
        panels[i].axis = panel_axis(&b, &panels[i], b.label + (double)i * (PANEL + PANEL_GAP));
        draw_panel(&b, &panels[i], svg);
    }
    hs__report_svg_close(svg);
}

/* The change that uses up a tolerance. */
static double tolerated(const report_metric *metric, double tolerance)
{
    return metric->is->better < 0 ? tolerance : -tolerance;
}

/*
 * The first panel is what is ranked by; only the others can have a tolerance, as it is what they
 * may lose.
 */
hs_status hs__report_draw_ranking(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error)
{
    panel panels[MAX_PANELS];
    size_t n = report->ranking.n < N_ROWS ? report->ranking.n : N_ROWS, n_panels = 0;
    const size_t first = hs__report_ranked_metric(report);

    (void)error;
    panels[n_panels++] = (panel){.metric = &report->metrics[first], .row = first, .tolerance = NAN};
    for (size_t i = 0; i < report->n_main && n_panels < MAX_PANELS; ++i)
        if (i != first)
            panels[n_panels++] = (panel){.metric = &report->metrics[i], .row = i, .tolerance = NAN};
    if (report->has_objective)
        for (size_t i = 0; i < report->objective.n_keeps; ++i)
            for (size_t k = 1; k < n_panels; ++k)
                if (panels[k].metric->task == report->objective.keeps[i].task &&
                    panels[k].metric->metric == report->objective.keeps[i].metric)
                    panels[k].tolerance = tolerated(panels[k].metric, report->objective.keeps[i].tolerance);
    draw_panels(report, figure, report->ranking.sets, n, panels, n_panels, svg);
    return HS_OK;
}

hs_status hs__report_draw_bars(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error)
{
    panel panels[1] = {{.metric = &report->metrics[figure->metric], .row = figure->metric, .tolerance = NAN}};
    uint64_t sets[N_ROWS];
    size_t n;

    HS_TRY(hs__report_largest(report, HS_STATISTIC_DELTA, panels[0].metric, -1, sets, N_ROWS, &n, error));
    draw_panels(report, figure, sets, n, panels, 1, svg);
    return HS_OK;
}
