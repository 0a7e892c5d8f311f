/* The best sets among their controls: other sets of the file with as many heads in each layer. */
#include <inttypes.h>
#include <math.h>

#include "report/figures.h"

enum { TOP = 12, ROW = 24, GAP = 8, WIDTH = 440, SAYS = 150, FOOT = 42, CHARACTER = 7 };

typedef struct controlled {
    uint64_t set;
    const hs_control *control;
} controlled;

typedef struct controls {
    const hs_report *report;
    const report_metric *metric;
    controlled rows[REPORT_MAX_CONTROLS];
    size_t n;
    double label; /* width of the column of names */
    axis x;
} controls;

/* The first sets of the ranking that have controls. */
static controls find_rows(const hs_report *report)
{
    controls c = {.report = report, .metric = &report->metrics[hs__report_ranked_metric(report)]};

    for (size_t i = 0; i < report->n_controls; ++i)
        if (report->controls[i].n > 0)
            c.rows[c.n++] = (controlled){report->ranking.sets[i], &report->controls[i]};
    return c;
}

static double shown(const controls *c, hs_statistic statistic, size_t row)
{
    return c->metric->factor * hs__report_value(c->report, statistic, c->metric, c->rows[row].set);
}

/* One axis for all rows, so that sets can be compared with each other's controls. */
static void find_axis(controls *c)
{
    static const hs_statistic own[] = {HS_STATISTIC_DELTA, HS_STATISTIC_DELTA_LOW, HS_STATISTIC_DELTA_HIGH};
    double low = 0, high = 0;

    for (size_t row = 0; row < c->n; ++row) {
        /* One control alone has no quantiles; fmin and fmax leave them out. */
        low = fmin(fmin(low, c->metric->factor * c->rows[row].control->low),
                   c->metric->factor * c->rows[row].control->mean);
        high = fmax(fmax(high, c->metric->factor * c->rows[row].control->high),
                    c->metric->factor * c->rows[row].control->mean);
        for (size_t i = 0; i < sizeof own / sizeof *own; ++i) {
            const double value = shown(c, own[i], row);
            low = isfinite(value) ? fmin(low, value) : low;
            high = isfinite(value) ? fmax(high, value) : high;
        }
    }
    c->x = hs__report_axis_make(low, high, c->label, c->label + WIDTH);
}

static void measure_labels(controls *c)
{
    hs_text label = {0};

    c->label = 60;
    for (size_t row = 0; row < c->n; ++row) {
        hs__report_set_label(c->report, c->rows[row].set, &label);
        c->label = fmax(c->label, fmin(360, CHARACTER * (double)label.length + 2 * GAP));
    }
    hs_text_clear(&label);
}

/* Controls as a range with their mean across it, the set itself as a dot with its interval. */
static void draw_row(const controls *c, size_t row, hs_text *svg)
{
    const controlled *of = &c->rows[row];
    const double y = TOP + ROW * (double)row, middle = y + ROW / 2.0, factor = c->metric->factor;
    const double low = hs__report_axis_at(&c->x, factor * of->control->low),
                 high = hs__report_axis_at(&c->x, factor * of->control->high);
    const double mean = hs__report_axis_at(&c->x, factor * of->control->mean);
    const double own_low = shown(c, HS_STATISTIC_DELTA_LOW, row), own_high = shown(c, HS_STATISTIC_DELTA_HIGH, row);
    char says[64];

    hs__report_svg_set_label(c->report, svg, c->label - GAP, middle + 4, "end", of->set);
    if (isfinite(low) && isfinite(high))
        hs_text_putf(svg, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" class=\"range\"/>\n", low, y + 5,
                     fmax(high - low, 1), ROW - 10);
    hs__report_svg_line(svg, mean, y + 3, mean, y + ROW - 3, "whisker");
    if (isfinite(own_low) && isfinite(own_high))
        hs__report_svg_line(svg, hs__report_axis_at(&c->x, own_low), middle, hs__report_axis_at(&c->x, own_high),
                            middle, "whisker");
    hs_text_putf(svg,
                 "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" class=\"best\" data-s=\"%" PRIu64 "\" data-m=\"%zu\"/>\n",
                 hs__report_axis_at(&c->x, shown(c, HS_STATISTIC_DELTA, row)), middle, of->set,
                 (size_t)(c->metric - c->report->metrics));
    snprintf(says, sizeof says, "%zu controls, p = %.2g", of->control->n, of->control->p);
    hs__report_svg_text(svg, c->label + WIDTH + GAP, middle + 4, "small start", says);
}

bool hs__report_has_controls(const hs_report *report, const report_figure *figure)
{
    (void)figure;
    return find_rows(report).n > 0;
}

/*
 * The width has room at the right for p and the number of controls of each row, without which the
 * picture cannot be judged.
 */
hs_status hs__report_draw_controls(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error)
{
    controls c = find_rows(report);
    hs_text title = {0};

    (void)error;
    measure_labels(&c);
    find_axis(&c);
    const double bottom = TOP + ROW * (double)c.n;
    hs__report_svg_open(report, figure, c.label + WIDTH + GAP + SAYS, bottom + FOOT, svg);
    hs__report_metric_title(c.metric, ", change", &title);
    hs__report_axis_draw_x(&c.x, bottom, TOP, hs_text_kept(svg, &title), svg);
    for (size_t row = 0; row < c.n; ++row)
        draw_row(&c, row, svg);
    hs__report_svg_close(svg);
    hs_text_clear(&title);
    return HS_OK;
}
