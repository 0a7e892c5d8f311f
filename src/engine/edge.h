/*
 * edge: what an ablation set edits in one layer at one site. The ablation tree is made of edges, and what a
 * pass edits is a list of them.
 *
 * Here alone components become what they stand for: parts of a site, asked of the table of kinds
 * (hs_sets_component_parts). So two sets that edit the same are one node, whatever their components are called,
 * and nothing behind this file knows kinds.
 */
#ifndef HEADSWEEP_ENGINE_EDGE_H
#define HEADSWEEP_ENGINE_EDGE_H

#include "headsweep/sets.h"

/* Parts first .. end - 1 of a site: heads of z and of the pattern. */
struct hs_part_run {
    uint32_t first;
    uint32_t end;
};

struct hs_edge {
    uint32_t layer;
    hs_site site;
    const struct hs_part_run *runs; /* [n_runs] ascending, with parts between them that are not edited */
    size_t n_runs;
};

/* Of one set, by layer, then site. */
struct hs_edge_list {
    struct hs_edge *edges;
    size_t n_edges;
};

/* The most edges and runs that a set of so many components has. */
size_t hs__engine_most_edges(const hs_model_shape *shape, size_t n_components);
/* Layers that as many components can edit: levels of the ablation tree, of which each has one. */
size_t hs__engine_most_levels(const hs_model_shape *shape, size_t n_components);
size_t hs__engine_most_runs(const hs_model_shape *shape, size_t n_components);

/*
 * Lists the edges of an ablation into list->edges [hs__engine_most_edges], their runs into runs
 * [hs__engine_most_runs]. HS_ERROR_INPUT: a component that the model does not have or that stands in the wrong
 * place, an intervention that cannot be one of its site, a site that is not edited by this engine.
 */
hs_status hs__engine_list_edges(struct hs_edge_list *list, struct hs_part_run *runs, const hs_ablation *ablation,
                                const hs_model_shape *shape, hs_error *error);

/* NULL where nothing is edited there. */
const struct hs_edge *hs__engine_find_edge(const struct hs_edge_list *list, size_t layer, hs_site site);
bool hs__engine_edge_has(const struct hs_edge *edge, size_t part);
size_t hs__engine_edge_n_parts(const struct hs_edge *edge);
/*
 * The order of sets in the tree: by the first part that only one of the two edits, and whoever edits it comes
 * first. So a set comes after those that it is the beginning of.
 */
int hs__engine_compare_edges(const struct hs_edge *left, const struct hs_edge *right);
int hs__engine_compare_edge_lists(const struct hs_edge_list *left, const struct hs_edge_list *right);

#endif
