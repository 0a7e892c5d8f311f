/* Figures as SVG. Internal to the report room. */
#ifndef REPORT_FIGURES_H
#define REPORT_FIGURES_H

#include "report/contents.h"

typedef struct report_figure report_figure;

/* A kind of figure: one row of the table in figures.c. */
typedef struct figure_kind {
    const char *name;    /* of files and elements */
    const char *section; /* heading in the page */
    const char *note;
    bool by_metric;
    bool by_intervention;
    bool drawn_by_script; /* the page draws it from its numbers, the C code only for files */
    bool (*applies)(const hs_report *report, const report_figure *figure);
    hs_status (*draw)(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error);
} figure_kind;

extern const figure_kind hs__report_figure_kinds[];
extern const size_t hs__report_n_figure_kinds;

struct report_figure {
    const figure_kind *kind;
    size_t metric;        /* row of report->metrics */
    int32_t intervention; /* -1: all */
    bool standalone;      /* with its style */
};

hs_status hs__report_figures_list(hs_report *report, hs_error *error);
/* "heads-toxicity-contrast-zero", from characters that file names and elements may have. */
void hs__report_figure_name(const hs_report *report, const report_figure *figure, hs_text *text);
/* "toxicity.contrast [nats], zero", text. */
void hs__report_figure_title(const hs_report *report, const report_figure *figure, hs_text *text);

/* drawing.c: what figures share. */

/* Opens the svg element with its title and, standing alone, its style; `size` in pixels. */
void hs__report_svg_open(const hs_report *report, const report_figure *figure, double width, double height,
                         hs_text *svg);
void hs__report_svg_close(hs_text *svg);
/* Escaped text; `class` of figure.css. */
void hs__report_svg_text(hs_text *svg, double x, double y, const char *class, const char *string);
void hs__report_svg_line(hs_text *svg, double x1, double y1, double x2, double y2, const char *class);
/* Name of a set in figures, and its intervention where there are several; `text` is overwritten. */
void hs__report_set_label(const hs_report *report, uint64_t set, hs_text *text);
void hs__report_svg_set_label(const hs_report *report, hs_text *svg, double x, double y, const char *class,
                              uint64_t set);

/* Class of the diverging scale for a value: "n8" ... "z0" ... "p8"; "none" if it is not finite. */
enum { COLOUR_STEPS = 8 };
const char *hs__report_colour_class(double value, double largest);
/* The scale with its ends, below a figure. */
void hs__report_svg_colour_scale(hs_text *svg, double x, double y, const report_metric *metric, double largest,
                                 const char *what);

/* A linear axis from data to pixels with round ticks. */
typedef struct axis {
    double low, high;  /* data, in units as shown */
    double start, end; /* pixels */
    double tick;       /* distance of ticks */
} axis;

axis hs__report_axis_make(double low, double high, double start, double end);
double hs__report_axis_at(const axis *a, double value);
void hs__report_axis_draw_x(const axis *a, double y, double top, const char *title, hs_text *svg);
void hs__report_axis_draw_y(const axis *a, double x, double right, const char *title, hs_text *svg);
/* "toxicity.contrast, change [nats]" */
void hs__report_metric_title(const report_metric *metric, const char *what, hs_text *text);

/* Largest absolute value of a statistic over the complete sets of an order, as shown; 0 if there is none. */
double hs__report_largest_value(const hs_report *report, hs_statistic statistic, const report_metric *metric,
                                int32_t order);

hs_status hs__report_draw_ranking(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error);
hs_status hs__report_draw_bars(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error);
hs_status hs__report_draw_heads(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error);
hs_status hs__report_draw_histogram(const hs_report *report, const report_figure *figure, hs_text *svg,
                                    hs_error *error);
hs_status hs__report_draw_matrix(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error);
hs_status hs__report_draw_network(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error);
hs_status hs__report_draw_scatter(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error);
hs_status hs__report_draw_interventions(const hs_report *report, const report_figure *figure, hs_text *svg,
                                        hs_error *error);
hs_status hs__report_draw_controls(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error);
bool hs__report_has_controls(const hs_report *report, const report_figure *figure);
hs_status hs__report_draw_pruning(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error);
bool hs__report_has_pruning(const hs_report *report, const report_figure *figure);

#endif
