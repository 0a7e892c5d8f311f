/* Two changes against each other: of two metrics for every set, or under two interventions for every head. */
#include <inttypes.h>
#include <math.h>

#include "report/figures.h"

enum { LEFT = 66, TOP = 14, FOOT = 44, RIGHT = 16 };

typedef struct scatter {
    const hs_report *report;
    axis x, y;
    double bottom, right;
} scatter;

typedef struct extent {
    double low, high;
} extent;

static void extend(extent *e, double value)
{
    if (isfinite(value)) {
        e->low = fmin(e->low, value);
        e->high = fmax(e->high, value);
    }
}

static double delta_of(const hs_report *report, const report_metric *metric, uint64_t set)
{
    return hs__report_has(report, metric, set)
               ? metric->factor * hs__report_value(report, HS_STATISTIC_DELTA, metric, set)
               : NAN;
}

static scatter scatter_make(const hs_report *report, extent x, extent y, double width, double height)
{
    return (scatter){report, hs__report_axis_make(x.low, x.high, LEFT, LEFT + width),
                     hs__report_axis_make(y.low, y.high, TOP + height, TOP), TOP + height, LEFT + width};
}

static void draw_axes(const scatter *s, const char *x_title, const char *y_title, hs_text *svg)
{
    hs__report_axis_draw_x(&s->x, s->bottom, TOP, x_title, svg);
    hs__report_axis_draw_y(&s->y, LEFT, s->right, y_title, svg);
}

static void draw_dot(const scatter *s, double x, double y, double radius, const char *class, uint64_t set, hs_text *svg)
{
    if (!isfinite(x) || !isfinite(y))
        return;
    hs_text_putf(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%g\" class=\"%s\" data-s=\"%" PRIu64 "\"/>\n",
                 hs__report_axis_at(&s->x, x), hs__report_axis_at(&s->y, y), radius, class, set);
}

typedef struct tradeoff {
    scatter s;
    const report_metric *reduced, *kept;
    size_t kept_row;
} tradeoff;

/* Of more dots than this only one is drawn in each square of the grid, in which they would lie on top of each other. */
enum { MANY_DOTS = 20000, SQUARE = 3, GRID_COLUMNS = 256, GRID_ROWS = 160 };

/* Whether a dot is the first in its square; outside the grid they all are. */
static bool is_first_dot(uint8_t *grid, double x, double y)
{
    const double column = x / SQUARE, row = y / SQUARE;

    if (!(column >= 0 && column < GRID_COLUMNS && row >= 0 && row < GRID_ROWS))
        return true;
    uint8_t *square = &grid[(size_t)row * GRID_COLUMNS + (size_t)column];
    const bool is_first = *square == 0;
    *square = 1;
    return is_first;
}

/* Thousands of sets are one path of dots; the script finds the nearest one. */
static void draw_cloud(const tradeoff *t, hs_text *svg)
{
    const hs_report *report = t->s.report;
    const bool thins = report->sets->n_sets > MANY_DOTS;
    uint8_t grid[GRID_COLUMNS * GRID_ROWS] = {0};

    hs_text_put(svg, "<path class=\"cloud\" d=\"");
    for (uint64_t set = 1; set < report->sets->n_sets; ++set) {
        const double x = hs__report_axis_at(&t->s.x, delta_of(report, t->reduced, set));
        const double y = hs__report_axis_at(&t->s.y, delta_of(report, t->kept, set));
        if (isfinite(x) && isfinite(y) && report->sets->order[set] != 1 && (!thins || is_first_dot(grid, x, y)))
            hs_text_putf(svg, "M%.1f %.1fh0", x, y);
    }
    hs_text_put(svg, "\"/>\n");
}

static void draw_singles(const tradeoff *t, hs_text *svg)
{
    for (uint64_t set = 1; set < t->s.report->sets->n_sets; ++set)
        if (t->s.report->sets->order[set] == 1)
            draw_dot(&t->s, delta_of(t->s.report, t->reduced, set), delta_of(t->s.report, t->kept, set), 3.5, "dot",
                     set, svg);
}

/* Steps from set to set: what lies between two of them is not to be had. */
static void draw_front(const tradeoff *t, hs_text *svg)
{
    const hs_ranking *front = &t->s.report->pareto;
    double last_y = NAN;

    if (front->n == 0 || t->s.report->objective.n_keeps != 1)
        return;
    hs_text_put(svg, "<path class=\"front\" d=\"");
    for (size_t i = 0; i < front->n; ++i) {
        const double x = hs__report_axis_at(&t->s.x, delta_of(t->s.report, t->reduced, front->sets[i]));
        const double y = hs__report_axis_at(&t->s.y, delta_of(t->s.report, t->kept, front->sets[i]));
        if (!isfinite(x) || !isfinite(y))
            continue;
        if (isfinite(last_y))
            hs_text_putf(svg, "L%.1f %.1f", x, last_y);
        hs_text_putf(svg, "%c%.1f %.1f", isfinite(last_y) ? 'L' : 'M', x, y);
        last_y = y;
    }
    hs_text_put(svg, "\"/>\n");
    for (size_t i = 0; i < front->n; ++i)
        draw_dot(&t->s, delta_of(t->s.report, t->reduced, front->sets[i]),
                 delta_of(t->s.report, t->kept, front->sets[i]), 5, "best", front->sets[i], svg);
}

static double tolerated(const tradeoff *t)
{
    const hs_report *report = t->s.report;

    if (!report->has_objective || report->objective.n_keeps == 0)
        return NAN;
    const double tolerance = t->kept->factor * report->objective.keeps[0].tolerance;
    return t->kept->is->better < 0 ? tolerance : -tolerance;
}

static void find_extents(const tradeoff *t, extent *x, extent *y)
{
    for (uint64_t set = 1; set < t->s.report->sets->n_sets; ++set)
        if (isfinite(delta_of(t->s.report, t->reduced, set) + delta_of(t->s.report, t->kept, set))) {
            extend(x, delta_of(t->s.report, t->reduced, set));
            extend(y, delta_of(t->s.report, t->kept, set));
        }
    extend(y, tolerated(t));
}

/*
 * The cloud lies below, single heads over it, the front on top: there are thousands of the first
 * and a few of the last.
 */
static void draw_tradeoff(const tradeoff *t, hs_text *svg)
{
    const double limit = tolerated(t);
    hs_text x_title = {0}, y_title = {0};

    hs__report_metric_title(t->reduced, ", change", &x_title);
    hs__report_metric_title(t->kept, ", change", &y_title);
    draw_axes(&t->s, hs_text_kept(svg, &x_title), hs_text_kept(svg, &y_title), svg);
    if (isfinite(limit))
        hs__report_svg_line(svg, LEFT, hs__report_axis_at(&t->s.y, limit), t->s.right,
                            hs__report_axis_at(&t->s.y, limit), "limit");
    /* For the script: metrics, then data and pixels of both axes. */
    hs_text_putf(svg, "<g class=\"field\" data-axes=\"%zu %zu %.9g %.9g %g %g %.9g %.9g %g %g\">",
                 (size_t)(t->reduced - t->s.report->metrics), t->kept_row, t->s.x.low, t->s.x.high, t->s.x.start,
                 t->s.x.end, t->s.y.low, t->s.y.high, t->s.y.start, t->s.y.end);
    draw_cloud(t, svg);
    draw_singles(t, svg);
    draw_front(t, svg);
    hs_text_put(svg, "</g>\n");
    hs_text_clear(&x_title);
    hs_text_clear(&y_title);
}

/*
 * What is reduced is across; what is kept, which is the first metric that is not ranked by,
 * upwards.
 */
hs_status hs__report_draw_scatter(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error)
{
    enum { WIDTH = 620, HEIGHT = 340 };
    const size_t first = hs__report_ranked_metric(report), second = first == 0 ? 1 : 0;
    tradeoff t = {.s = {.report = report},
                  .reduced = &report->metrics[first],
                  .kept = &report->metrics[second],
                  .kept_row = second};
    extent x = {0}, y = {0};

    (void)error;
    find_extents(&t, &x, &y);
    t.s = scatter_make(report, x, y, WIDTH, HEIGHT);
    hs__report_svg_open(report, figure, t.s.right + RIGHT, t.s.bottom + FOOT, svg);
    draw_tradeoff(&t, svg);
    hs__report_svg_close(svg);
    return HS_OK;
}

static const uint64_t *singles_under(const hs_report *report, size_t intervention)
{
    return report->singles + intervention * report->n_components;
}

static void draw_diagonal(const scatter *s, hs_text *svg)
{
    const double low = fmax(s->x.low, s->y.low), high = fmin(s->x.high, s->y.high);

    hs__report_svg_line(svg, hs__report_axis_at(&s->x, low), hs__report_axis_at(&s->y, low),
                        hs__report_axis_at(&s->x, high), hs__report_axis_at(&s->y, high), "limit");
}

/* The first intervention across, the second up; of more than two the table says the rest. */
static void draw_twins(const scatter *s, const report_figure *figure, hs_text *svg)
{
    const hs_report *report = s->report;
    const report_metric *metric = &report->metrics[figure->metric];

    for (size_t i = 0; i < report->n_components; ++i) {
        const uint64_t set = singles_under(report, 0)[i], twin = singles_under(report, 1)[i];
        if (set > 0 && twin > 0)
            draw_dot(s, delta_of(report, metric, set), delta_of(report, metric, twin), 4, "dot", set, svg);
    }
}

enum { MOST_NAMES = 6, NAME_WIDTH = 34, NAME_HEIGHT = 12, MARK = 7 };

typedef struct twin {
    size_t component;
    double x, y;
} twin;

/* In pixels; NaN where a head is not complete under both. */
static twin twin_at(const scatter *s, const report_metric *metric, size_t component)
{
    const hs_report *report = s->report;
    const uint64_t set = singles_under(report, 0)[component], other = singles_under(report, 1)[component];

    return (twin){component, set > 0 ? hs__report_axis_at(&s->x, delta_of(report, metric, set)) : NAN,
                  other > 0 ? hs__report_axis_at(&s->y, delta_of(report, metric, other)) : NAN};
}

/* Not named yet, and no dot of another head and no other name in the way of the name that starts there. */
static bool has_room(const scatter *s, const report_metric *metric, twin start, const twin *named, size_t n_named)
{
    for (size_t i = 0; i < s->report->n_components; ++i) {
        const twin dot = twin_at(s, metric, i);
        if (i != start.component && fabs(dot.y - start.y) < NAME_HEIGHT / 2.0 + 3 && dot.x > start.x - 4 &&
            dot.x < start.x + NAME_WIDTH)
            return false;
    }
    for (size_t i = 0; i < n_named; ++i)
        if (named[i].component == start.component ||
            (fabs(named[i].x - start.x) < NAME_WIDTH && fabs(named[i].y - start.y) < NAME_HEIGHT))
            return false;
    return true;
}

/* To the right of the dot or to its left, where there is room. */
static void name_twin(const scatter *s, const report_metric *metric, size_t component, twin *named, size_t *n_named,
                      hs_text *svg)
{
    const twin at = twin_at(s, metric, component);

    if (!isfinite(at.x) || !isfinite(at.y))
        return;
    for (int left = 0; left < 2; ++left) {
        const twin start = {component, left ? at.x - MARK - NAME_WIDTH : at.x + MARK, at.y};
        if (start.x < LEFT || start.x + NAME_WIDTH > s->right + RIGHT || !has_room(s, metric, start, named, *n_named))
            continue;
        named[(*n_named)++] = start;
        {
            hs__report_svg_text(svg, left ? at.x - MARK : start.x, at.y + 4, left ? "small end" : "small start",
                                s->report->components[component].name);
            return;
        }
    }
}

/* The heads that change most under either. */
static hs_status name_twins(const scatter *s, const report_figure *figure, hs_text *svg, hs_error *error)
{
    enum { TRIED = 40 };
    const report_metric *metric = &s->report->metrics[figure->metric];
    const hs_ranking_request request = {
        .key = HS_RANK_BY_DELTA, .task = metric->task, .metric = metric->metric, .order = 1, .intervention = -1};
    twin named[MOST_NAMES];
    size_t n_named = 0;
    hs_ranking ranking = {0};
    hs_status status;

    HS_GOTO_DONE(hs_analysis_rank(s->report->analysis, &request, &ranking, error));
    for (size_t i = 0; i < ranking.n && i < TRIED && n_named < MOST_NAMES; ++i)
        name_twin(s, metric, hs__report_component_of(s->report, ranking.sets[i], 0), named, &n_named, svg);
done:
    hs_analysis_ranking_clear(&ranking);
    return status;
}

/* Above the field, where no dot can lie. */
static hs_status label_twins(const scatter *s, const report_figure *figure, hs_text *svg, hs_error *error)
{
    const hs_report *report = s->report;
    const report_metric *metric = &report->metrics[figure->metric];
    double correlation;
    size_t n;
    char label[96];

    HS_TRY(hs_analysis_compare(report->analysis, metric->task, metric->metric, 0, 1, &correlation, &n, error));
    if (isfinite(correlation))
        snprintf(label, sizeof label, "Spearman %.2f over %zu heads", correlation, n);
    else
        snprintf(label, sizeof label, "%zu heads; one intervention changes none, so no rank correlation", n);
    hs__report_svg_text(svg, LEFT, TOP - 4, "small start", label);
    return HS_OK;
}

/* Both axes have one extent, since the question is whether dots lie on the diagonal. */
hs_status hs__report_draw_interventions(const hs_report *report, const report_figure *figure, hs_text *svg,
                                        hs_error *error)
{
    enum { SIDE = 320 };
    const report_metric *metric = &report->metrics[figure->metric];
    extent both = {0};
    hs_text x_title = {0}, y_title = {0};
    hs_status status;

    for (size_t i = 0; i < 2 * report->n_components; ++i)
        extend(&both, report->singles[i] > 0 ? delta_of(report, metric, report->singles[i]) : NAN);
    const scatter s = scatter_make(report, both, both, SIDE, SIDE);
    hs__report_svg_open(report, figure, s.right + RIGHT, s.bottom + FOOT, svg);
    hs_text_putf(&x_title, "change under %s [%s]", report->sets->intervention_names[0], hs__report_unit(metric));
    hs_text_putf(&y_title, "change under %s [%s]", report->sets->intervention_names[1], hs__report_unit(metric));
    draw_axes(&s, hs_text_kept(svg, &x_title), hs_text_kept(svg, &y_title), svg);
    draw_diagonal(&s, svg);
    draw_twins(&s, figure, svg);
    HS_GOTO_DONE(name_twins(&s, figure, svg, error));
    HS_GOTO_DONE(label_twins(&s, figure, svg, error));
    hs__report_svg_close(svg);
done:
    hs_text_clear(&x_title);
    hs_text_clear(&y_title);
    return status;
}
