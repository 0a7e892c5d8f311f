/* Histogram of what single components do: a block for each, so that the outliers are heads one can point at. */
#include <inttypes.h>
#include <math.h>

#include "headsweep/sets.h"
#include "report/figures.h"

enum { LEFT = 48, TOP = 12, WIDTH = 420, HEIGHT = 200, FOOT = 42, FEWEST_COUNTED = 4 };
/* An axis has at most five ticks' distances between its ends, and a bin begins where a value is. */
enum { BINS_PER_TICK = 4, MAX_BINS = 5 * BINS_PER_TICK + 2 };

typedef struct histogram {
    const hs_report *report;
    const report_metric *metric;
    const uint64_t *singles; /* [n_components], 0: none */
    axis x, y;
    double bin;   /* its width, in the unit of the metric */
    double first; /* number of the leftmost bin, counted from the one that begins at zero */
    double block; /* pixels */
    size_t filled[MAX_BINS];
} histogram;

/* The change of a component that was ablated alone, as shown; NaN where it was not. */
static double change(const histogram *h, size_t component)
{
    const uint64_t set = h->singles[component];

    if (set == 0 || !hs__report_has(h->report, h->metric, set))
        return NAN;
    return h->metric->factor * hs__report_value(h->report, HS_STATISTIC_DELTA, h->metric, set);
}

static size_t bin_of(const histogram *h, double value)
{
    const double bin = floor(value / h->bin) - h->first;

    return (size_t)fmax(0, fmin(MAX_BINS - 1, bin));
}

/*
 * Bins are parts of a tick's distance and one begins at zero, so that none mixes signs. They are
 * the same under all interventions, as the maps of heads have one scale: figures side by side compare.
 */
static void make_bins(histogram *h)
{
    const histogram all = {.report = h->report, .metric = h->metric, .singles = h->report->singles};
    const size_t n_singles = h->report->n_components * (size_t)h->report->sets->n_interventions;
    double low = 0, high = 0;

    for (size_t i = 0; i < n_singles; ++i) {
        const double value = change(&all, i);
        low = isfinite(value) ? fmin(low, value) : low;
        high = isfinite(value) ? fmax(high, value) : high;
    }
    h->x = hs__report_axis_make(low, high, LEFT, LEFT + WIDTH);
    h->bin = h->x.tick / BINS_PER_TICK;
    h->first = floor(low / h->bin);
    h->x.low = (h->first - 0.5) * h->bin;
    h->x.high = (floor(high / h->bin) + 1.5) * h->bin;
}

static void make_counts(histogram *h)
{
    size_t counts[MAX_BINS] = {0}, most = FEWEST_COUNTED;

    for (size_t i = 0; i < h->report->n_components; ++i) {
        const double value = change(h, i);
        if (isfinite(value) && ++counts[bin_of(h, value)] > most)
            most = counts[bin_of(h, value)];
    }
    h->y = hs__report_axis_make(0, (double)most, TOP + HEIGHT, TOP);
    h->y.low = 0;
    h->block = hs__report_axis_at(&h->y, 0) - hs__report_axis_at(&h->y, 1);
}

/* Blocks that are high enough have a gap between them; thinner ones would be all gap. */
static void draw_block(histogram *h, size_t component, bool significant, hs_text *svg)
{
    const double value = change(h, component);
    const size_t bin = bin_of(h, value);
    const double left = hs__report_axis_at(&h->x, (h->first + (double)bin) * h->bin);
    const double right = hs__report_axis_at(&h->x, (h->first + (double)bin + 1) * h->bin);
    const double gap = h->block >= 4 ? 1 : 0;
    const double top = hs__report_axis_at(&h->y, (double)++h->filled[bin]);

    hs_text_putf(svg,
                 "<rect x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\" class=\"%s\" data-s=\"%" PRIu64 "\"/>\n",
                 left + 0.5, top + gap, right - left - 1, h->block - gap,
                 value < 0 ? (significant ? "n6" : "n2") : (significant ? "p6" : "p2"), h->singles[component]);
}

/* Those that are significant first: what noise may be lies on what is not. */
static void draw_blocks(histogram *h, hs_text *svg)
{
    for (int pass = 0; pass < 2; ++pass)
        for (size_t i = 0; i < h->report->n_components; ++i) {
            const bool significant =
                isfinite(change(h, i)) &&
                hs__report_is_significant(h->report, HS_STATISTIC_DELTA_Q, h->metric, h->singles[i]);
            if (isfinite(change(h, i)) && significant == (pass == 0))
                draw_block(h, i, significant, svg);
        }
}

/*
 * The bins come first, since heights are counted in them; the axis says which kind of component
 * the blocks are.
 */
hs_status hs__report_draw_histogram(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error)
{
    histogram h = {.report = report,
                   .metric = &report->metrics[figure->metric],
                   .singles = report->singles + (size_t)figure->intervention * report->n_components};
    const hs_kind *kind = hs_sets_kind(report->components[0].is.kind);
    hs_text title = {0};

    (void)error;
    make_bins(&h);
    make_counts(&h);
    hs__report_svg_open(report, figure, LEFT + WIDTH + 12, TOP + HEIGHT + FOOT, svg);
    hs_text_putf(&title, "%ss", kind != NULL ? kind->title : "component");
    hs__report_axis_draw_y(&h.y, LEFT, LEFT + WIDTH, hs_text_kept(svg, &title), svg);
    hs__report_metric_title(h.metric, ", change", &title);
    hs__report_axis_draw_x(&h.x, TOP + HEIGHT, TOP, hs_text_kept(svg, &title), svg);
    draw_blocks(&h, svg);
    hs__report_svg_close(svg);
    hs_text_clear(&title);
    return HS_OK;
}
