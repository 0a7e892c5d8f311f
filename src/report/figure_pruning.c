/* Pruning curves: what is kept and, below it, the change of what is to be reduced, against the heads removed. */
#include <inttypes.h>
#include <math.h>

#include "report/figures.h"
#include "report/listing.h"

enum { LEFT = 66, TOP = 10, LEGEND = 19, WIDTH = 600, HEIGHT = 230, GAP = 24, FOOT = 44, RIGHT = 16, SAMPLE = 30 };
/* Of hs__report_pruning_number_names; the ends of an interval follow its value. */
enum { SHARE = 0, KEPT = 1, REDUCED = 4 };

/* Shares beyond these are drawn at the edge: a value near 0 has shares of any size. In percent. */
enum { LEAST_KEPT = -50, MOST_KEPT = 200 };

/* Lines are told apart by dashes and hollow dots as well as by colour. */
static const char *style_of(size_t curve)
{
    return curve == 0 ? "first" : "second";
}

typedef struct panel {
    const hs_report *report;
    size_t shown; /* KEPT or REDUCED */
    size_t metric;
    double factor;
    double limit; /* in the unit shown, NaN: none */
    axis x, y;
    double top, bottom;
} panel;

bool hs__report_has_pruning(const hs_report *report, const report_figure *figure)
{
    (void)figure;
    for (size_t i = 0; i < report->n_curves; ++i)
        if (report->curves[i].n_points > 1)
            return true;
    return false;
}

/* Where number `which` of a point lies in the unit of the panel; NaN if there is none. */
static double shown_at(const panel *p, const hs_pruning_curve *curve, size_t point, size_t which)
{
    double numbers[PRUNING_NUMBERS];

    hs__report_pruning_list_numbers(curve, &curve->points[point], numbers);
    return (which == SHARE ? 100 : p->factor) * numbers[which];
}

static double clamped(double value, double low, double high)
{
    return isfinite(value) ? fmax(low, fmin(high, value)) : value;
}

static double y_at(const panel *p, double value)
{
    return hs__report_axis_at(&p->y, clamped(value, p->y.low, p->y.high));
}

static double x_at(const panel *p, const hs_pruning_curve *curve, size_t point)
{
    return hs__report_axis_at(&p->x, shown_at(p, curve, point, SHARE));
}

/*
 * Shares are clamped before the axis is made: near a clean value of 0 they are of any size and
 * would flatten everything else.
 */
static void find_axes(panel *p)
{
    double low = p->shown == KEPT ? 100 : 0, high = low, furthest = 0;

    for (size_t c = 0; c < p->report->n_curves; ++c)
        for (size_t point = 0; point < p->report->curves[c].n_points; ++point) {
            furthest = fmax(furthest, shown_at(p, &p->report->curves[c], point, SHARE));
            for (size_t end = 0; end < 3; ++end) {
                double value = shown_at(p, &p->report->curves[c], point, p->shown + end);
                value = p->shown == KEPT ? clamped(value, LEAST_KEPT, MOST_KEPT) : value;
                low = isfinite(value) ? fmin(low, value) : low;
                high = isfinite(value) ? fmax(high, value) : high;
            }
        }
    low = isfinite(p->limit) ? fmin(low, p->limit) : low;
    p->x = hs__report_axis_make(0, furthest, LEFT, LEFT + WIDTH);
    p->y = hs__report_axis_make(low, high, p->bottom, p->top);
}

static bool has_interval(const panel *p, const hs_pruning_curve *curve, size_t point)
{
    return isfinite(shown_at(p, curve, point, p->shown + 1)) && isfinite(shown_at(p, curve, point, p->shown + 2));
}

/* Points first to end - 1: along one end of their intervals to the right, along the other back. */
static void draw_stretch(const panel *p, const hs_pruning_curve *curve, size_t first, size_t end, hs_text *svg)
{
    for (size_t i = first; i < end; ++i)
        hs_text_putf(svg, "%c%.1f %.1f", i == first ? 'M' : 'L', x_at(p, curve, i),
                     y_at(p, shown_at(p, curve, i, p->shown + 2)));
    for (size_t i = end; i > first; --i)
        hs_text_putf(svg, "L%.1f %.1f", x_at(p, curve, i - 1), y_at(p, shown_at(p, curve, i - 1, p->shown + 1)));
    hs_text_put(svg, "Z");
}

static void draw_band(const panel *p, const hs_pruning_curve *curve, const char *style, hs_text *svg)
{
    hs_text_putf(svg, "<path class=\"band %s\" d=\"", style);
    for (size_t first = 0, end; first < curve->n_points; first = end + 1) {
        for (end = first; end < curve->n_points && has_interval(p, curve, end);)
            ++end;
        if (end > first)
            draw_stretch(p, curve, first, end, svg);
    }
    hs_text_put(svg, "\"/>\n");
}

static void draw_line(const panel *p, const hs_pruning_curve *curve, const char *style, hs_text *svg)
{
    char command = 'M';

    hs_text_putf(svg, "<path class=\"trace %s\" d=\"", style);
    for (size_t point = 0; point < curve->n_points; ++point) {
        const double value = shown_at(p, curve, point, p->shown);
        if (isfinite(value))
            hs_text_putf(svg, "%c%.1f %.1f", command, x_at(p, curve, point), y_at(p, value));
        command = isfinite(value) ? 'L' : 'M';
    }
    hs_text_put(svg, "\"/>\n");
}

/* Marks have the set for clicks, and curve and point for the script. */
static void draw_points(const panel *p, size_t c, hs_text *svg)
{
    const hs_pruning_curve *curve = &p->report->curves[c];
    const double radius = fmax(1.5, fmin(3.5, WIDTH / (2.4 * (double)curve->n_planned)));

    for (size_t point = 0; point < curve->n_points; ++point) {
        const double value = shown_at(p, curve, point, p->shown);
        if (isfinite(value))
            hs_text_putf(svg,
                         "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"step %s\" data-s=\"%" PRIu64
                         "\" data-m=\"%zu\" data-c=\"%zu\" data-p=\"%zu\"/>\n",
                         x_at(p, curve, point), y_at(p, value), point == curve->furthest ? radius + 2.5 : radius,
                         style_of(c), curve->points[point].set, p->metric, c, point);
    }
}

static void draw_panel(const panel *p, const char *title, hs_text *svg)
{
    const hs_report *report = p->report;

    hs__report_axis_draw_y(&p->y, LEFT, LEFT + WIDTH, title, svg);
    if (isfinite(p->limit))
        hs__report_svg_line(svg, LEFT, hs__report_axis_at(&p->y, p->limit), LEFT + WIDTH,
                            hs__report_axis_at(&p->y, p->limit), "limit");
    for (size_t c = 0; c < report->n_curves; ++c)
        draw_band(p, &report->curves[c], style_of(c), svg);
    for (size_t c = 0; c < report->n_curves; ++c)
        draw_line(p, &report->curves[c], style_of(c), svg);
    for (size_t c = 0; c < report->n_curves; ++c)
        draw_points(p, c, svg);
}

/* "greedy, zero: keeps 96.3% ..." */
static void say(const hs_report *report, size_t c, hs_text *text)
{
    const hs_pruning_curve *curve = &report->curves[c];

    text->length = 0;
    hs_text_putf(text, "%s, %s: ", hs_analysis_pruning_method(curve->method),
                 report->sets->intervention_names[curve->intervention]);
    hs__report_put_curve_sentence(report->results, curve, text);
}

static void draw_legend(const hs_report *report, hs_text *scratch, hs_text *svg)
{
    char class[32];

    for (size_t c = 0; c < report->n_curves; ++c) {
        const double y = TOP + LEGEND * ((double)c + 0.5);
        say(report, c, scratch);
        hs_text_putf(svg, "<path class=\"trace %s\" d=\"M%d %.1fh%d\"/>", style_of(c), LEFT, y, SAMPLE);
        snprintf(class, sizeof class, "step %s", style_of(c));
        hs_text_putf(svg, "<circle cx=\"%g\" cy=\"%.1f\" r=\"3.5\" class=\"%s\"/>\n", LEFT + SAMPLE / 2.0, y, class);
        hs__report_svg_text(svg, LEFT + SAMPLE + 8, y + 4, "start", hs_text_kept(svg, scratch));
    }
}

/* The sentences are the widest; 6.4 pixels a character are enough for the font of figure.css. */
static void measure_width(const hs_report *report, hs_text *scratch, double *width_out)
{
    *width_out = LEFT + WIDTH + RIGHT;
    for (size_t c = 0; c < report->n_curves; ++c) {
        say(report, c, scratch);
        *width_out = fmax(*width_out, LEFT + SAMPLE + 8 + 6.4 * (double)scratch->length);
    }
}

/* All curves keep the same metric, so that the first one's may name the axis. */
static panel panel_make(const hs_report *report, size_t shown, double top)
{
    const hs_pruning_curve *curve = &report->curves[0];
    const size_t metric = shown == KEPT ? hs__report_find_metric(report, curve->task, curve->metric)
                                        : hs__report_find_metric(report, curve->reduced_task, curve->reduced_metric);
    panel p = {.report = report,
               .shown = shown,
               .metric = metric,
               .factor = shown == KEPT ? 100 : report->metrics[metric].factor,
               .limit = shown == KEPT ? 100 * curve->threshold : NAN,
               .top = top,
               .bottom = top + HEIGHT};

    find_axes(&p);
    return p;
}

static void draw_kept(const panel *p, hs_text *title, hs_text *svg)
{
    const report_metric *metric = &p->report->metrics[p->metric];

    title->length = 0;
    hs_text_putf(title, "%s.%s kept [%%]", metric->of->name, metric->is->name);
    draw_panel(p, title->text, svg);
}

/* One axis of heads below the lowest panel, its grid through both. */
static void draw_panels(const hs_report *report, double top, double bottom, hs_text *title, hs_text *svg)
{
    const panel kept = panel_make(report, KEPT, top);

    title->length = 0;
    hs_text_putf(title, "heads removed [%% of %zu]", report->curves[0].n_heads);
    hs__report_axis_draw_x(&kept.x, bottom, top, title->text, svg);
    draw_kept(&kept, title, svg);
    if (!report->curves[0].has_reduced)
        return;
    const panel reduced = panel_make(report, REDUCED, bottom - HEIGHT);
    hs__report_metric_title(&report->metrics[reduced.metric], ", change", title);
    draw_panel(&reduced, title->text, svg);
}

/* The second panel has the same axis of heads: what is reduced is read below what is kept. */
hs_status hs__report_draw_pruning(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error)
{
    const double top = TOP + LEGEND * (double)report->n_curves + 10;
    const double bottom = top + (report->curves[0].has_reduced ? 2 * HEIGHT + GAP : HEIGHT);
    hs_text text = {0};
    double width;

    (void)error;
    measure_width(report, &text, &width);
    hs__report_svg_open(report, figure, width, bottom + FOOT, svg);
    draw_legend(report, &text, svg);
    draw_panels(report, top, bottom, &text, svg);
    hs__report_svg_close(svg);
    hs_text_clear(&text);
    return HS_OK;
}
