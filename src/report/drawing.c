#include <math.h>

#include "report/figures.h"

hs_status hs__report_svg_open(const hs_report *report, const report_figure *figure, double width, double height,
                              hs_text *svg, hs_error *error)
{
    hs_text title = {0};
    hs_status status;

    HS_GOTO_DONE(hs__report_figure_title(report, figure, &title, error));
    HS_GOTO_DONE(hs_text_appendf(svg, error,
                                 "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" role=\"group\" "
                                 "viewBox=\"0 0 %g %g\" width=\"%g\" height=\"%g\" data-metric=\"%zu\" aria-label=\"",
                                 width, height, width, height, figure->metric));
    HS_GOTO_DONE(hs__report_escape_html(title.text, svg, error));
    HS_GOTO_DONE(hs_text_appendf(svg, error, "\"%s>\n", figure->standalone ? "" : " tabindex=\"0\""));
    if (figure->standalone) {
        HS_GOTO_DONE(hs_text_appendf(svg, error, HS_REPORT_FIGURE_MARK "\n<title>"));
        HS_GOTO_DONE(hs__report_escape_html(title.text, svg, error));
        HS_GOTO_DONE(hs_text_appendf(svg, error, "</title>\n<style>\n"));
        HS_GOTO_DONE(hs_text_append(svg, (const char *)report_asset_figure_css, report_asset_figure_css_size, error));
        HS_GOTO_DONE(hs_text_appendf(svg, error, "</style>\n<rect class=\"paper\" width=\"%g\" height=\"%g\"/>\n",
                                     width, height));
    }
done:
    hs_text_clear(&title);
    return status;
}

hs_status hs__report_svg_close(hs_text *svg, hs_error *error)
{
    return hs_text_appendf(svg, error, "</svg>\n");
}

hs_status hs__report_svg_text(hs_text *svg, double x, double y, const char *class, const char *string, hs_error *error)
{
    HS_TRY(hs_text_appendf(svg, error, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class));
    HS_TRY(hs__report_escape_html(string, svg, error));
    return hs_text_appendf(svg, error, "</text>\n");
}

hs_status hs__report_svg_line(hs_text *svg, double x1, double y1, double x2, double y2, const char *class,
                              hs_error *error)
{
    return hs_text_appendf(svg, error, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1,
                           x2, y2, class);
}

/* Figures have less room than tables: of many heads the first few and the last. */
hs_status hs__report_set_label(const hs_report *report, uint64_t set, hs_text *text, hs_error *error)
{
    enum { MOST = 6, FIRST = 3 };
    const int32_t order = report->sets->order[set];

    text->length = 0;
    if (order <= MOST)
        HS_TRY(hs__report_set_name(report, set, text, error));
    for (int32_t i = 0; order > MOST && i < FIRST; ++i)
        HS_TRY(hs_text_appendf(text, error, "%s+", report->components[hs__report_component_of(report, set, i)].name));
    if (order > MOST)
        HS_TRY(hs_text_appendf(text, error, "...+%s (%d)",
                               report->components[hs__report_component_of(report, set, order - 1)].name, order));
    return report->sets->n_interventions > 1 ? hs_text_appendf(text, error, " %s", hs__report_intervention(report, set))
                                             : HS_OK;
}

hs_status hs__report_svg_set_label(const hs_report *report, hs_text *svg, double x, double y, const char *class,
                                   uint64_t set, hs_error *error)
{
    hs_text label = {0};
    hs_status status;

    HS_GOTO_DONE(hs__report_set_label(report, set, &label, error));
    HS_GOTO_DONE(hs__report_svg_text(svg, x, y, class, label.text, error));
done:
    hs_text_clear(&label);
    return status;
}

/* ---- colours ----------------------------------------------------------------------------------------------------- */

const char *hs__report_colour_class(double value, double largest)
{
    static const char *const classes[] = {"n8", "n7", "n6", "n5", "n4", "n3", "n2", "n1", "z0",
                                          "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"};

    if (!isfinite(value))
        return "none";
    double step = largest > 0 ? round(COLOUR_STEPS * value / largest) : 0;
    step = fmax(-COLOUR_STEPS, fmin(COLOUR_STEPS, step));
    return classes[(int)step + COLOUR_STEPS];
}

hs_status hs__report_svg_colour_scale(hs_text *svg, double x, double y, const report_metric *metric, double largest,
                                      const char *what, hs_error *error)
{
    enum { BOX = 11, N_BOXES = 2 * COLOUR_STEPS + 1 };
    hs_text title = {0};
    char label[64];
    hs_status status;

    for (int step = -COLOUR_STEPS; step <= COLOUR_STEPS; ++step)
        HS_TRY(hs_text_appendf(svg, error, "<rect x=\"%g\" y=\"%g\" width=\"%d\" height=\"9\" class=\"%s\"/>",
                               x + BOX * (step + COLOUR_STEPS), y, BOX, hs__report_colour_class(step, COLOUR_STEPS)));
    snprintf(label, sizeof label, "%+.*f", metric->digits, -largest);
    HS_TRY(hs__report_svg_text(svg, x, y + 22, "small start", label, error));
    HS_TRY(hs__report_svg_text(svg, x + BOX * N_BOXES / 2.0, y + 22, "small middle", "0", error));
    snprintf(label, sizeof label, "%+.*f", metric->digits, largest);
    HS_TRY(hs__report_svg_text(svg, x + BOX * N_BOXES, y + 22, "small end", label, error));
    HS_GOTO_DONE(hs_text_appendf(&title, error, "%s, %s%s", what, hs__report_unit(metric),
                                 metric->is->better > 0   ? "; more is better"
                                 : metric->is->better < 0 ? "; less is better"
                                                          : ""));
    HS_GOTO_DONE(hs__report_svg_text(svg, x, y + 36, "small start", title.text, error));
done:
    hs_text_clear(&title);
    return status;
}

double hs__report_largest_value(const hs_report *report, hs_statistic statistic, const report_metric *metric,
                                int32_t order)
{
    double largest = 0;

    for (uint64_t set = 1; set < report->sets->n_sets; ++set) {
        double value = fabs(hs__report_value(report, statistic, metric, set));
        if (report->sets->order[set] == order && isfinite(value) && value > largest)
            largest = value;
    }
    return largest * metric->factor;
}

/* ---- axes -------------------------------------------------------------------------------------------------------- */

axis hs__report_axis_make(double low, double high, double start, double end)
{
    enum { WANTED_TICKS = 5 };

    if (!(high > low)) {
        low -= 1;
        high += 1;
    }
    const double margin = 0.04 * (high - low);
    axis a = {low - margin, high + margin, start, end, 0};
    const double raw = (high - low) / WANTED_TICKS, power = pow(10, floor(log10(raw)));
    const double of_power = raw / power;
    a.tick = power * (of_power <= 1 ? 1 : of_power <= 2 ? 2 : of_power <= 5 ? 5 : 10);
    return a;
}

double hs__report_axis_at(const axis *a, double value)
{
    return a->start + (value - a->low) / (a->high - a->low) * (a->end - a->start);
}

/* Tick `index` counted from the first in range; false beyond the last. Zero is zero, without a sign. */
static bool tick_at(const axis *a, int index, double *value_out, char *label, size_t capacity)
{
    double value = (ceil(a->low / a->tick) + index) * a->tick;

    if (value > a->high)
        return false;
    value = fabs(value) < 0.5 * a->tick ? 0 : value;
    *value_out = value;
    snprintf(label, capacity, "%.6g", value);
    return true;
}

hs_status hs__report_axis_draw_x(const axis *a, double y, double top, const char *title, hs_text *svg, hs_error *error)
{
    double value;
    char label[32];

    for (int i = 0; tick_at(a, i, &value, label, sizeof label); ++i) {
        double x = hs__report_axis_at(a, value);
        HS_TRY(hs__report_svg_line(svg, x, top, x, y, value == 0 ? "zero" : "grid", error));
        HS_TRY(hs__report_svg_text(svg, x, y + 14, "small middle", label, error));
    }
    return hs__report_svg_text(svg, 0.5 * (a->start + a->end), y + 30, "middle", title, error);
}

hs_status hs__report_axis_draw_y(const axis *a, double x, double right, const char *title, hs_text *svg,
                                 hs_error *error)
{
    double value;
    char label[32];

    for (int i = 0; tick_at(a, i, &value, label, sizeof label); ++i) {
        double y = hs__report_axis_at(a, value);
        HS_TRY(hs__report_svg_line(svg, x, y, right, y, value == 0 ? "zero" : "grid", error));
        HS_TRY(hs__report_svg_text(svg, x - 5, y + 4, "small end", label, error));
    }
    const double middle = 0.5 * (a->start + a->end);
    HS_TRY(hs_text_appendf(svg, error, "<g transform=\"rotate(-90 14 %.1f)\">", middle));
    HS_TRY(hs__report_svg_text(svg, 14, middle, "middle", title, error));
    return hs_text_appendf(svg, error, "</g>\n");
}

hs_status hs__report_metric_title(const report_metric *metric, const char *what, hs_text *text, hs_error *error)
{
    text->length = 0;
    return hs_text_appendf(text, error, "%s.%s%s [%s]", metric->of->name, metric->is->name, what,
                           hs__report_unit(metric));
}
