/* What figures share: the frame of an SVG, texts and lines, colours, axes. */
#include <math.h>

#include "report/figures.h"

/*
 * Within the page the style is the page's and a figure can be reached by the keyboard; a file by
 * itself carries the same style sheet, so that both look alike, and the mark by which a later run
 * knows that it may replace the file.
 */
void hs__report_svg_open(const hs_report *report, const report_figure *figure, double width, double height,
                         hs_text *svg)
{
    hs_text title = {0};

    hs__report_figure_title(report, figure, &title);
    hs_text_putf(svg,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" role=\"group\" "
                 "viewBox=\"0 0 %g %g\" width=\"%g\" height=\"%g\" data-metric=\"%zu\" aria-label=\"",
                 width, height, width, height, figure->metric);
    hs__report_put_html(hs_text_kept(svg, &title), svg);
    hs_text_putf(svg, "\"%s>\n", figure->standalone ? "" : " tabindex=\"0\"");
    if (figure->standalone) {
        hs_text_putf(svg, HS_REPORT_FIGURE_MARK "\n<title>");
        hs__report_put_html(hs_text_kept(svg, &title), svg);
        hs_text_put(svg, "</title>\n<style>\n");
        hs_text_put_bytes(svg, (const char *)report_asset_figure_css, report_asset_figure_css_size);
        hs_text_putf(svg, "</style>\n<rect class=\"paper\" width=\"%g\" height=\"%g\"/>\n", width, height);
    }
    hs_text_clear(&title);
}

void hs__report_svg_close(hs_text *svg)
{
    hs_text_put(svg, "</svg>\n");
}

void hs__report_svg_text(hs_text *svg, double x, double y, const char *class, const char *string)
{
    hs_text_putf(svg, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
    hs__report_put_html(string, svg);
    hs_text_put(svg, "</text>\n");
}

void hs__report_svg_line(hs_text *svg, double x1, double y1, double x2, double y2, const char *class)
{
    hs_text_putf(svg, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, class);
}

/* Figures have less room than tables: of many heads the first few and the last. */
void hs__report_set_label(const hs_report *report, uint64_t set, hs_text *text)
{
    enum { MOST = 6, FIRST = 3 };
    const int32_t order = report->sets->order[set];

    text->length = 0;
    if (order <= MOST)
        hs__report_put_set(report->sets, set, text);
    for (int32_t i = 0; order > MOST && i < FIRST; ++i)
        hs_text_putf(text, "%s+", report->components[hs__report_component_of(report, set, i)].name);
    if (order > MOST)
        hs_text_putf(text, "...+%s (%d)", report->components[hs__report_component_of(report, set, order - 1)].name,
                     order);
    if (report->sets->n_interventions > 1)
        hs_text_putf(text, " %s", hs__report_intervention(report, set));
}

void hs__report_svg_set_label(const hs_report *report, hs_text *svg, double x, double y, const char *class,
                              uint64_t set)
{
    hs_text label = {0};

    hs__report_set_label(report, set, &label);
    hs__report_svg_text(svg, x, y, class, hs_text_kept(svg, &label));
    hs_text_clear(&label);
}

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

/* Steps rather than a gradient, because the cells have steps: a reader can match them. */
void hs__report_svg_colour_scale(hs_text *svg, double x, double y, const report_metric *metric, double largest,
                                 const char *what)
{
    enum { BOX = 11, N_BOXES = 2 * COLOUR_STEPS + 1 };
    hs_text title = {0};
    char label[64];

    for (int step = -COLOUR_STEPS; step <= COLOUR_STEPS; ++step)
        hs_text_putf(svg, "<rect x=\"%g\" y=\"%g\" width=\"%d\" height=\"9\" class=\"%s\"/>",
                     x + BOX * (step + COLOUR_STEPS), y, BOX, hs__report_colour_class(step, COLOUR_STEPS));
    snprintf(label, sizeof label, "%+.*f", metric->digits, -largest);
    hs__report_svg_text(svg, x, y + 22, "small start", label);
    hs__report_svg_text(svg, x + BOX * N_BOXES / 2.0, y + 22, "small middle", "0");
    snprintf(label, sizeof label, "%+.*f", metric->digits, largest);
    hs__report_svg_text(svg, x + BOX * N_BOXES, y + 22, "small end", label);
    hs_text_putf(&title, "%s, %s%s", what, hs__report_unit(metric),
                 metric->is->better > 0   ? "; more is better"
                 : metric->is->better < 0 ? "; less is better"
                                          : "");
    hs__report_svg_text(svg, x, y + 36, "small start", hs_text_kept(svg, &title));
    hs_text_clear(&title);
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

void hs__report_axis_draw_x(const axis *a, double y, double top, const char *title, hs_text *svg)
{
    double value;
    char label[32];

    for (int i = 0; tick_at(a, i, &value, label, sizeof label); ++i) {
        double x = hs__report_axis_at(a, value);
        hs__report_svg_line(svg, x, top, x, y, value == 0 ? "zero" : "grid");
        hs__report_svg_text(svg, x, y + 14, "small middle", label);
    }
    hs__report_svg_text(svg, 0.5 * (a->start + a->end), y + 30, "middle", title);
}

void hs__report_axis_draw_y(const axis *a, double x, double right, const char *title, hs_text *svg)
{
    double value;
    char label[32];

    for (int i = 0; tick_at(a, i, &value, label, sizeof label); ++i) {
        double y = hs__report_axis_at(a, value);
        hs__report_svg_line(svg, x, y, right, y, value == 0 ? "zero" : "grid");
        hs__report_svg_text(svg, x - 5, y + 4, "small end", label);
    }
    const double middle = 0.5 * (a->start + a->end);
    hs_text_putf(svg, "<g transform=\"rotate(-90 14 %.1f)\">", middle);
    hs__report_svg_text(svg, 14, middle, "middle", title);
    hs_text_put(svg, "</g>\n");
}

void hs__report_metric_title(const report_metric *metric, const char *what, hs_text *text)
{
    text->length = 0;
    hs_text_putf(text, "%s.%s%s [%s]", metric->of->name, metric->is->name, what, hs__report_unit(metric));
}
