/* Interactions of all pairs as a matrix: for files; the page's script draws the same from numbers, with zoom. */
#include <inttypes.h>
#include <math.h>

#include "report/figures.h"

enum { LEFT = 56, TOP = 12, FOOT = 60, SMALLEST = 4, LARGEST = 26, WIDTH = 640 };

static hs_status draw_pair(const hs_report *report, const report_figure *figure, double cell, double largest,
                           uint64_t set, hs_text *svg, hs_error *error)
{
    const report_metric *metric = &report->metrics[figure->metric];
    const double value = metric->factor * hs__report_value(report, HS_STATISTIC_INTERACTION, metric, set);
    const double x = LEFT + cell * (double)hs__report_component_of(report, set, 1);
    const double y = TOP + cell * (double)hs__report_component_of(report, set, 0);

    HS_TRY(hs_text_appendf(svg, error, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" class=\"%s\"/>\n", x, y,
                           cell, cell, hs__report_colour_class(value, largest)));
    if (cell < 10 || !hs__report_is_significant(report, HS_STATISTIC_INTERACTION_Q, metric, set))
        return HS_OK;
    return hs_text_appendf(svg, error, "<circle cx=\"%g\" cy=\"%g\" r=\"1.6\" class=\"mark\"/>\n", x + 0.5 * cell,
                           y + 0.5 * cell);
}

static hs_status draw_names(const hs_report *report, double cell, hs_text *svg, hs_error *error)
{
    const size_t every = cell >= 12 ? 1 : (size_t)ceil(12 / cell);

    for (size_t i = 0; i < report->n_components; i += every) {
        const double at = cell * ((double)i + 0.5), bottom = TOP + cell * (double)report->n_components;
        HS_TRY(hs__report_svg_text(svg, LEFT - 4, TOP + at + 4, "small end", report->components[i].name, error));
        HS_TRY(hs_text_appendf(svg, error, "<g transform=\"rotate(-90 %.1f %.1f)\">", LEFT + at + 4, bottom + 4));
        HS_TRY(hs__report_svg_text(svg, LEFT + at + 4, bottom + 4, "small end", report->components[i].name, error));
        HS_TRY(hs_text_appendf(svg, error, "</g>\n"));
    }
    return HS_OK;
}

hs_status hs__report_draw_matrix(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error)
{
    const report_metric *metric = &report->metrics[figure->metric];
    const double n = (double)report->n_components, cell = floor(fmax(SMALLEST, fmin(LARGEST, WIDTH / n)));
    const double largest = hs__report_largest_value(report, HS_STATISTIC_INTERACTION, metric, 2);

    HS_TRY(
        hs__report_svg_open(report, figure, fmax(LEFT + cell * n + 12, 330), TOP + cell * n + FOOT + 48, svg, error));
    for (uint64_t set = 1; set < report->sets->n_sets; ++set)
        if (report->sets->order[set] == 2 && report->sets->intervention[set] == figure->intervention)
            HS_TRY(draw_pair(report, figure, cell, largest, set, svg, error));
    HS_TRY(draw_names(report, cell, svg, error));
    HS_TRY(hs__report_svg_colour_scale(svg, LEFT, TOP + cell * n + FOOT, metric, largest, "interaction", error));
    return hs__report_svg_close(svg, error);
}
