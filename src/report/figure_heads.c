/* Layer x head: what happens when one component is ablated. */
#include <inttypes.h>
#include <math.h>

#include "headsweep/sets.h"
#include "report/figures.h"

enum { LEFT = 44, TOP = 30, FOOT = 48, SMALLEST = 7, LARGEST = 40, WIDTH = 480 };

static double cell_size(const hs_report *report)
{
    double cells = fmax(fmax(report->n_indices, report->n_layers), 1);

    return floor(fmax(SMALLEST, fmin(LARGEST, WIDTH / cells)));
}

/* Every label where there is room, else every fifth. */
static bool is_labelled(int32_t index, double cell)
{
    return cell >= 16 || index % 5 == 0;
}

/* What the columns number: "head", "KV group". */
static const char *column_title(const hs_report *report)
{
    const hs_kind *kind = report->n_components > 0 ? hs_sets_kind(report->components[0].is.kind) : NULL;

    return kind != NULL ? kind->title : "component";
}

/* The layers' title is turned about its own middle, since SVG turns about the origin otherwise. */
static void draw_labels(const hs_report *report, double cell, hs_text *svg)
{
    const double width = cell * report->n_indices, height = cell * report->n_layers;
    char label[16];

    for (int32_t i = 0; i < report->n_indices; ++i) {
        snprintf(label, sizeof label, "%d", i);
        if (is_labelled(i, cell))
            hs__report_svg_text(svg, LEFT + cell * (i + 0.5), TOP - 4, "small middle", label);
    }
    for (int32_t i = 0; i < report->n_layers; ++i) {
        snprintf(label, sizeof label, "%d", i);
        if (is_labelled(i, cell))
            hs__report_svg_text(svg, LEFT - 5, TOP + cell * (i + 0.5) + 4, "small end", label);
    }
    hs__report_svg_text(svg, LEFT + 0.5 * width, 12, "middle", column_title(report));
    hs_text_putf(svg, "<g transform=\"rotate(-90 14 %.1f)\">", TOP + 0.5 * height);
    hs__report_svg_text(svg, 14, TOP + 0.5 * height, "middle", "layer");
    hs_text_put(svg, "</g>\n");
}

/*
 * A component that was not ablated alone has a cell without colour and without data-s: the script
 * must not offer it for a click.
 */
static void draw_cell(const hs_report *report, const report_metric *metric, double cell, double largest,
                      const report_component *component, uint64_t set, hs_text *svg)
{
    const double x = LEFT + cell * component->is.index, y = TOP + cell * component->is.layer;
    const double value = set > 0 ? metric->factor * hs__report_value(report, HS_STATISTIC_DELTA, metric, set) : NAN;

    hs_text_putf(svg, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" class=\"%s\"", x, y, cell - 1, cell - 1,
                 hs__report_colour_class(value, largest));
    if (set > 0)
        hs_text_putf(svg, " data-s=\"%" PRIu64 "\"", set);
    hs_text_put(svg, "/>\n");
    if (!isfinite(value) || !hs__report_is_significant(report, HS_STATISTIC_DELTA_Q, metric, set))
        return;
    hs_text_putf(svg, "<circle cx=\"%g\" cy=\"%g\" r=\"%.1f\" class=\"mark\"/>\n", x + 0.5 * (cell - 1),
                 y + 0.5 * (cell - 1), cell >= 16 ? 2.2 : 1.2);
}

/*
 * Colours are relative to the largest single effect of the figure's metric, the same under all
 * interventions, so that figures side by side compare.
 */
hs_status hs__report_draw_heads(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error)
{
    const report_metric *metric = &report->metrics[figure->metric];
    const double cell = cell_size(report), largest = hs__report_largest_value(report, HS_STATISTIC_DELTA, metric, 1);
    const double width = fmax(LEFT + cell * report->n_indices + 10, LEFT + 260);
    const double bottom = TOP + cell * report->n_layers;

    (void)error;
    hs__report_svg_open(report, figure, width, bottom + FOOT + 12, svg);
    draw_labels(report, cell, svg);
    for (size_t i = 0; i < report->n_components; ++i)
        draw_cell(report, metric, cell, largest, &report->components[i],
                  report->singles[(size_t)figure->intervention * report->n_components + i], svg);
    hs__report_svg_colour_scale(svg, LEFT, bottom + 12, metric, largest, "change");
    hs__report_svg_close(svg);
    return HS_OK;
}
