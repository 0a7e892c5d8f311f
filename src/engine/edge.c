/* Components of a set become edges: parts of a site in one layer. */
#include "engine/edge.h"

/*
 * Where the passes change anything; a kind with another site needs code there first (README.md, "Where things
 * will go").
 */
static bool is_edited_here(hs_site site)
{
    return site == HS_SITE_Z || site == HS_SITE_PATTERN;
}

/* A pattern is what z is computed with, so interventions of patterns hang there instead. */
static hs_status find_parts(hs_component component, hs_intervention intervention, const hs_model_shape *shape,
                            hs_parts *parts, hs_error *error)
{
    HS_TRY(hs_sets_component_parts(component, shape, parts, error));
    if (hs_sets_intervention_edits_pattern(intervention)) {
        if (parts->site != HS_SITE_Z)
            return hs_fail(error, HS_ERROR_INPUT, "%s %d.%d has no attention pattern to replace",
                           hs_sets_kind(component.kind)->title, (int)component.layer, (int)component.index);
        parts->site = HS_SITE_PATTERN;
    }
    if (!is_edited_here(parts->site))
        return hs_fail(error, HS_ERROR_INPUT, "%s %d.%d: the engine cannot edit the site %s",
                       hs_sets_kind(component.kind)->title, (int)component.layer, (int)component.index,
                       hs_sets_site_name(parts->site));
    return HS_OK;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* All runs that a layer has room for at the sites that kinds have, as every other part is edited. */
static void count_sites(const hs_model_shape *shape, size_t *n_sites_out, size_t *n_runs_out)
{
    uint32_t seen = 0;
    *n_sites_out = 0;
    *n_runs_out = 0;
    for (int32_t kind = 0; kind < HS_COMPONENT_KINDS; kind++) {
        hs_site site = hs_sets_kind(kind)->site;
        if ((seen & (1u << site)) != 0)
            continue;
        seen |= 1u << site;
        *n_sites_out += 1;
        *n_runs_out += (hs_sets_site_parts(site, shape) + 1) / 2;
    }
}

size_t hs__engine_most_edges(const hs_model_shape *shape, size_t n_components)
{
    size_t n_sites, n_runs;
    count_sites(shape, &n_sites, &n_runs);
    return smaller(n_components, shape->n_layers * n_sites);
}

size_t hs__engine_most_levels(const hs_model_shape *shape, size_t n_components)
{
    return smaller(n_components, shape->n_layers);
}

size_t hs__engine_most_runs(const hs_model_shape *shape, size_t n_components)
{
    size_t n_sites, n_runs;
    count_sites(shape, &n_sites, &n_runs);
    return smaller(n_components, shape->n_layers * n_runs);
}

/*
 * Puts parts first .. end - 1 among runs[n] and returns how many there are then. Runs that touch become one, so
 * that equal edits are equal runs. From the back: components come in order, but for those of different kinds.
 */
static size_t insert_run(struct hs_part_run *runs, size_t n, struct hs_part_run run)
{
    size_t place = n;
    while (place > 0 && runs[place - 1].first > run.end)
        place--;
    size_t first = place;
    for (; first > 0 && runs[first - 1].end >= run.first; first--) {
        run.first = (uint32_t)smaller(run.first, runs[first - 1].first);
        run.end = run.end > runs[first - 1].end ? run.end : runs[first - 1].end;
    }
    /* runs[first .. place - 1] are in the new one. */
    if (first == place)
        for (size_t i = n; i > place; i--)
            runs[i] = runs[i - 1];
    else
        for (size_t i = place; i < n; i++)
            runs[i - (place - first) + 1] = runs[i];
    runs[first] = run;
    return n + 1 - (place - first);
}

/* What components[n], which are those of one layer, edit at one site. */
static hs_status list_runs(struct hs_part_run *runs, size_t *n_runs_out, hs_site site, const hs_component *components,
                           size_t n, const hs_ablation *ablation, const hs_model_shape *shape, hs_error *error)
{
    *n_runs_out = 0;
    for (size_t i = 0; i < n; i++) {
        hs_parts parts;
        HS_TRY(find_parts(components[i], ablation->intervention, shape, &parts, error));
        if (parts.site == site)
            *n_runs_out = insert_run(runs, *n_runs_out,
                                     (struct hs_part_run){(uint32_t)parts.first, (uint32_t)(parts.first + parts.n)});
    }
    return HS_OK;
}

/* Components first .. end - 1 are those of the layer of the first. */
static size_t end_of_layer(const hs_ablation *ablation, size_t first)
{
    size_t end = first + 1;
    while (end < ablation->n_components && ablation->components[end].layer == ablation->components[first].layer)
        end++;
    return end;
}

static hs_status check_order(const hs_ablation *ablation, hs_error *error)
{
    for (size_t i = 1; i < ablation->n_components; i++)
        if (ablation->components[i].layer < ablation->components[i - 1].layer)
            return hs_fail(error, HS_ERROR_INPUT, "the components of an ablation are not sorted by layer");
    return HS_OK;
}

/* One bit, 1 << site, for each site at which components[n] edit anything. */
static hs_status find_sites(uint32_t *sites_out, const hs_component *components, size_t n, const hs_ablation *ablation,
                            const hs_model_shape *shape, hs_error *error)
{
    *sites_out = 0;
    for (size_t i = 0; i < n; i++) {
        hs_parts parts;
        HS_TRY(find_parts(components[i], ablation->intervention, shape, &parts, error));
        *sites_out |= 1u << parts.site;
    }
    return HS_OK;
}

/*
 * By layer, then by site, with the parts of each site merged into runs: sets that edit the same
 * have equal lists, whatever their components are called.
 */
hs_status hs__engine_list_edges(struct hs_edge_list *list, struct hs_part_run *runs, const hs_ablation *ablation,
                                const hs_model_shape *shape, hs_error *error)
{
    list->n_edges = 0;
    HS_TRY(check_order(ablation, error));
    for (size_t first = 0, end; first < ablation->n_components; first = end) {
        end = end_of_layer(ablation, first);
        const hs_component *components = ablation->components + first;
        uint32_t sites;
        HS_TRY(find_sites(&sites, components, end - first, ablation, shape, error));
        for (hs_site site = 0; site < HS_SITE_COUNT; site++) {
            size_t n_runs;
            if ((sites & (1u << site)) == 0)
                continue;
            HS_TRY(list_runs(runs, &n_runs, site, components, end - first, ablation, shape, error));
            list->edges[list->n_edges++] = (struct hs_edge){(uint32_t)components[0].layer, site, runs, n_runs};
            runs += n_runs;
        }
    }
    return HS_OK;
}

const struct hs_edge *hs__engine_find_edge(const struct hs_edge_list *list, size_t layer, hs_site site)
{
    for (size_t i = 0; i < list->n_edges && list->edges[i].layer <= layer; i++)
        if (list->edges[i].layer == layer && list->edges[i].site == site)
            return &list->edges[i];
    return NULL;
}

bool hs__engine_edge_has(const struct hs_edge *edge, size_t part)
{
    for (size_t i = 0; i < edge->n_runs && edge->runs[i].first <= part; i++)
        if (part < edge->runs[i].end)
            return true;
    return false;
}

size_t hs__engine_edge_n_parts(const struct hs_edge *edge)
{
    size_t n = 0;
    for (size_t i = 0; i < edge->n_runs; i++)
        n += edge->runs[i].end - edge->runs[i].first;
    return n;
}

/* -1 where left is the smaller number. */
static int compare_numbers(size_t left, size_t right)
{
    return (left > right) - (left < right);
}

int hs__engine_compare_edges(const struct hs_edge *left, const struct hs_edge *right)
{
    int order = compare_numbers(left->layer, right->layer);
    if (order == 0)
        order = compare_numbers(left->site, right->site);
    for (size_t i = 0; order == 0 && i < left->n_runs && i < right->n_runs; i++) {
        order = compare_numbers(left->runs[i].first, right->runs[i].first);
        if (order == 0) /* the longer run has a part that the other leaves as it is */
            order = compare_numbers(right->runs[i].end, left->runs[i].end);
    }
    return order != 0 ? order : compare_numbers(right->n_runs, left->n_runs);
}

int hs__engine_compare_edge_lists(const struct hs_edge_list *left, const struct hs_edge_list *right)
{
    int order = 0;
    for (size_t i = 0; order == 0 && i < left->n_edges && i < right->n_edges; i++)
        order = hs__engine_compare_edges(&left->edges[i], &right->edges[i]);
    return order != 0 ? order : compare_numbers(right->n_edges, left->n_edges);
}
