/* Interactions of all pairs as a matrix: for files; the page's script draws the same from numbers, with zoom. */
#include <inttypes.h>
#include <math.h>

#include "report/figures.h"

enum { LEFT = 56, TOP = 12, FOOT = 60, SMALLEST = 4, LARGEST = 26, WIDTH = 640 };

static void draw_pair(const hs_report *report, const report_figure *figure, double cell, double largest, uint64_t set,
                      hs_text *svg)
{
    const report_metric *metric = &report->metrics[figure->metric];
    const double value = metric->factor * hs__report_value(report, HS_STATISTIC_INTERACTION, metric, set);
    const double x = LEFT + cell * (double)hs__report_component_of(report, set, 1);
    const double y = TOP + cell * (double)hs__report_component_of(report, set, 0);

    hs_text_putf(svg, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" class=\"%s\"/>\n", x, y, cell, cell,
                 hs__report_colour_class(value, largest));
    if (cell < 10 || !hs__report_is_significant(report, HS_STATISTIC_INTERACTION_Q, metric, set))
        return;
    hs_text_putf(svg, "<circle cx=\"%g\" cy=\"%g\" r=\"1.6\" class=\"mark\"/>\n", x + 0.5 * cell, y + 0.5 * cell);
}

static void draw_names(const hs_report *report, double cell, hs_text *svg)
{
    const size_t every = cell >= 12 ? 1 : (size_t)ceil(12 / cell);

    for (size_t i = 0; i < report->n_components; i += every) {
        const double at = cell * ((double)i + 0.5), bottom = TOP + cell * (double)report->n_components;
        hs__report_svg_text(svg, LEFT - 4, TOP + at + 4, "small end", report->components[i].name);
        hs_text_putf(svg, "<g transform=\"rotate(-90 %.1f %.1f)\">", LEFT + at + 4, bottom + 4);
        hs__report_svg_text(svg, LEFT + at + 4, bottom + 4, "small end", report->components[i].name);
        hs_text_put(svg, "</g>\n");
    }
}

/*
 * Cells shrink with the number of components until they can no longer be seen; beyond that the
 * figure grows.
 */
hs_status hs__report_draw_matrix(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error)
{
    const report_metric *metric = &report->metrics[figure->metric];
    const double n = (double)report->n_components, cell = floor(fmax(SMALLEST, fmin(LARGEST, WIDTH / n)));
    const double largest = hs__report_largest_value(report, HS_STATISTIC_INTERACTION, metric, 2);

    (void)error;
    hs__report_svg_open(report, figure, fmax(LEFT + cell * n + 12, 330), TOP + cell * n + FOOT + 48, svg);
    for (uint64_t set = 1; set < report->sets->n_sets; ++set)
        if (report->sets->order[set] == 2 && report->sets->intervention[set] == figure->intervention)
            draw_pair(report, figure, cell, largest, set, svg);
    draw_names(report, cell, svg);
    hs__report_svg_colour_scale(svg, LEFT, TOP + cell * n + FOOT, metric, largest, "interaction");
    hs__report_svg_close(svg);
    return HS_OK;
}
