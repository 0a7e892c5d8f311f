/* The strongest pairs as a network: layers from left to right, only heads that take part. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/figures.h"

enum { MAX_EDGES = 24, COLUMN = 92, ROW = 46, LEFT = 46, TOP = 64, FOOT = 48 };

typedef struct network {
    const hs_report *report;
    const report_metric *metric;
    uint64_t edges[MAX_EDGES];
    size_t n_edges;
    bool backup;     /* edges are backup pairs, else significant interactions */
    int32_t *place;  /* [n_components]: place among the heads of its layer that take part, -1: takes no part */
    int32_t *column; /* [n_layers]: of layers that take part */
    int32_t *n_in;   /* [n_layers] */
    int32_t n_columns;
    int32_t n_rows;
} network;

/*
 * Backup pairs are what one looks for; where there are none, the strongest interactions are drawn
 * and said to be that. Only significant ones: a drawn line is believed.
 */
static hs_status find_edges(network *net, int32_t intervention, hs_error *error)
{
    const hs_report *report = net->report;
    hs_ranking_request request = {.key = HS_RANK_BY_BACKUP,
                                  .task = net->metric->task,
                                  .metric = net->metric->metric,
                                  .intervention = intervention};
    hs_ranking ranking = {0};

    HS_TRY(hs_analysis_rank(report->analysis, &request, &ranking, error));
    net->backup = ranking.n > 0;
    if (ranking.n == 0) {
        hs_analysis_ranking_clear(&ranking);
        request.key = HS_RANK_BY_INTERACTION;
        HS_TRY(hs_analysis_rank(report->analysis, &request, &ranking, error));
    }
    for (size_t i = 0; i < ranking.n && net->n_edges < MAX_EDGES; ++i)
        if (hs__report_is_significant(report, HS_STATISTIC_INTERACTION_Q, net->metric, ranking.sets[i]))
            net->edges[net->n_edges++] = ranking.sets[i];
    hs_analysis_ranking_clear(&ranking);
    return HS_OK;
}

/*
 * place[] begins as -1 (memset), 0 marks those with an edge, then they are numbered within their
 * layer. Layers without any take no column.
 */
static hs_status place_heads(network *net, hs_error *error)
{
    const hs_report *report = net->report;

    HS_TRY(hs_allocate(&net->place, report->n_components, sizeof *net->place, "network", error));
    HS_TRY(hs_allocate(&net->column, (size_t)report->n_layers, sizeof *net->column, "network", error));
    HS_TRY(hs_allocate(&net->n_in, (size_t)report->n_layers, sizeof *net->n_in, "network", error));
    memset(net->place, 0xff, report->n_components * sizeof *net->place);
    for (size_t i = 0; i < net->n_edges; ++i)
        for (int32_t end = 0; end < 2; ++end)
            net->place[hs__report_component_of(report, net->edges[i], end)] = 0;
    for (size_t i = 0; i < report->n_components; ++i)
        if (net->place[i] == 0)
            net->place[i] = net->n_in[report->components[i].is.layer]++;
    for (int32_t layer = 0; layer < report->n_layers; ++layer) {
        net->column[layer] = net->n_columns;
        net->n_columns += net->n_in[layer] > 0;
        net->n_rows = net->n_in[layer] > net->n_rows ? net->n_in[layer] : net->n_rows;
    }
    return HS_OK;
}

static double node_x(const network *net, size_t component)
{
    return LEFT + COLUMN * net->column[net->report->components[component].is.layer];
}

/* Layers are centred on each other. */
static double node_y(const network *net, size_t component)
{
    int32_t layer = net->report->components[component].is.layer;

    return TOP + ROW * (net->place[component] + 0.5 * (net->n_rows - net->n_in[layer]));
}

/* The width is relative to the strongest edge drawn, as colours are in other figures. */
static void draw_edge(const network *net, uint64_t set, double largest, hs_text *svg)
{
    const size_t a = hs__report_component_of(net->report, set, 0), b = hs__report_component_of(net->report, set, 1);
    const double value =
        net->metric->factor * hs__report_value(net->report, HS_STATISTIC_INTERACTION, net->metric, set);
    const double middle = TOP + 0.5 * ROW * (net->n_rows - 1);
    const double xa = node_x(net, a), ya = node_y(net, a), xb = node_x(net, b), yb = node_y(net, b);
    /* Edges bow, so that those along a row or within a layer do not lie upon each other or under a head between. */
    const double aside = xa == xb ? 36 + 0.5 * fabs(yb - ya) : 0;
    const double up = xb - xa > COLUMN ? 0.14 * (xb - xa) : 0;

    hs_text_putf(svg,
                 "<path d=\"M%.1f %.1fQ%.1f %.1f %.1f %.1f\" class=\"edge %s\" stroke-width=\"%.1f\" "
                 "data-s=\"%" PRIu64 "\"/>\n",
                 xa, ya, 0.5 * (xa + xb) + aside, 0.5 * (ya + yb) + (ya + yb > 2 * middle ? up : -up), xb, yb,
                 value < 0 ? "less" : "more", 1 + 5 * fabs(value) / largest, set);
}

static void draw_node(const network *net, size_t component, int32_t intervention, hs_text *svg)
{
    const uint64_t set = net->report->singles[(size_t)intervention * net->report->n_components + component];
    const double x = node_x(net, component), y = node_y(net, component);

    hs_text_putf(svg, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"15\" class=\"node\"", x, y);
    if (set > 0)
        hs_text_putf(svg, " data-s=\"%" PRIu64 "\"", set);
    hs_text_put(svg, "/>");
    hs__report_svg_text(svg, x, y + 4, "small middle", net->report->components[component].name);
}

static void draw_layers(const network *net, hs_text *svg)
{
    char label[32];

    for (int32_t layer = 0; layer < net->report->n_layers; ++layer) {
        snprintf(label, sizeof label, "layer %d", layer);
        if (net->n_in[layer] > 0)
            hs__report_svg_text(svg, LEFT + COLUMN * net->column[layer], 14, "small middle", label);
    }
}

/*
 * Heads are drawn over the edges that end there. A network without edges says so instead of being
 * left out, as a reader who expects it would look for it.
 */
static void draw_all(const network *net, const report_figure *figure, hs_text *svg)
{
    const double width = fmax(2 * LEFT + COLUMN * fmax(net->n_columns - 1, 0) + 40, 330);
    const double height = TOP + ROW * fmax(net->n_rows - 1, 0) + FOOT + 24;
    double largest = 0;

    for (size_t i = 0; i < net->n_edges; ++i)
        largest = fmax(largest, fabs(net->metric->factor * hs__report_value(net->report, HS_STATISTIC_INTERACTION,
                                                                            net->metric, net->edges[i])));
    hs__report_svg_open(net->report, figure, width, height, svg);
    if (net->n_edges == 0)
        hs__report_svg_text(svg, 8, TOP, "start", "No interaction is significant.");
    draw_layers(net, svg);
    for (size_t i = 0; i < net->n_edges; ++i)
        draw_edge(net, net->edges[i], largest, svg);
    for (size_t i = 0; i < net->report->n_components; ++i)
        if (net->place[i] >= 0)
            draw_node(net, i, figure->intervention, svg);
    if (net->n_edges > 0)
        hs__report_svg_text(svg, 8, height - 8, "small start",
                            net->backup ? "backup pairs; blue: less, orange: more"
                                        : "no backup pairs: strongest interactions; blue: less, orange: more");
    hs__report_svg_close(svg);
}

hs_status hs__report_draw_network(const hs_report *report, const report_figure *figure, hs_text *svg, hs_error *error)
{
    network net = {.report = report, .metric = &report->metrics[figure->metric]};
    hs_status status;

    HS_GOTO_DONE(find_edges(&net, figure->intervention, error));
    HS_GOTO_DONE(place_heads(&net, error));
    draw_all(&net, figure, svg);
done:
    hs_free(net.place);
    hs_free(net.column);
    hs_free(net.n_in);
    return status;
}
