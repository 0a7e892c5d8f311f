/*
 * ablation_tree: sets are sorted by what they edit, so that those that begin alike are neighbours,
 * and each shares the path of the one before it as far as their edges agree. Depth first, level by
 * level, keeps only the states that are still needed.
 */
#include "engine/ablation_tree.h"
#include "engine/buffers.h"

#include <stdlib.h>
#include <string.h>

/* What of the building is the same for all sets. */
struct build {
    struct hs_ablation_tree *tree;
    const hs_model_shape *shape;
    const hs_ablation *ablations;
    size_t n_ablations;
};

static int compare_interventions(hs_intervention a, hs_intervention b)
{
    if (a.kind != b.kind)
        return a.kind < b.kind ? -1 : 1;
    return (a.scale > b.scale) - (a.scale < b.scale);
}

static int compare_sets(const struct build *build, uint32_t a, uint32_t b)
{
    int order = compare_interventions(build->ablations[a].intervention, build->ablations[b].intervention);
    if (order == 0)
        order = hs__engine_compare_edge_lists(&build->tree->lists[a], &build->tree->lists[b]);
    return order != 0 ? order : (a > b) - (a < b);
}

/* Sifts down in a heap: qsort() has no context, and may allocate. */
static void sift(const struct build *build, size_t root, size_t n)
{
    uint32_t *sorted = build->tree->sorted;
    for (size_t child = 2 * root + 1; child < n; child = 2 * root + 1) {
        if (child + 1 < n && compare_sets(build, sorted[child], sorted[child + 1]) < 0)
            child++;
        if (compare_sets(build, sorted[root], sorted[child]) >= 0)
            return;
        uint32_t swapped = sorted[root];
        sorted[root] = sorted[child];
        sorted[child] = swapped;
        root = child;
    }
}

static void sort_sets(const struct build *build)
{
    uint32_t *sorted = build->tree->sorted;
    for (size_t i = 0; i < build->n_ablations; i++)
        sorted[i] = (uint32_t)i;
    for (size_t i = build->n_ablations / 2; i-- > 0;)
        sift(build, i, build->n_ablations);
    for (size_t n = build->n_ablations; n > 1; n--) {
        uint32_t largest = sorted[0];
        sorted[0] = sorted[n - 1];
        sorted[n - 1] = largest;
        sift(build, 0, n - 1);
    }
}

/*
 * The most that the sets could need, before it is known what they share: a tree that grew while it
 * is built would move under the lists that point into it.
 */
static hs_status reserve(struct hs_ablation_tree *tree, const hs_model_shape *shape, const hs_ablation *ablations,
                         size_t n_ablations, hs_error *error)
{
    const char *what = "ablation tree";
    size_t n_edges = 0, n_runs = 0, longest = 0;
    for (size_t i = 0; i < n_ablations; i++) {
        size_t n = hs__engine_most_edges(shape, ablations[i].n_components);
        longest = n > longest ? n : longest;
        n_edges += n;
        n_runs += hs__engine_most_runs(shape, ablations[i].n_components);
    }
    HS_TRY(hs_reserve(&tree->nodes, &tree->node_capacity, n_edges + 1, sizeof *tree->nodes, what, error));
    HS_TRY(hs_reserve(&tree->schedule, &tree->schedule_capacity, n_edges + 1, sizeof(uint32_t), what, error));
    HS_TRY(hs_reserve(&tree->ablation_node, &tree->ablation_node_capacity, n_ablations, sizeof(uint32_t), what, error));
    HS_TRY(hs_reserve(&tree->sorted, &tree->sorted_capacity, n_ablations, sizeof(uint32_t), what, error));
    HS_TRY(hs_reserve(&tree->path, &tree->path_capacity, longest, sizeof(uint32_t), what, error));
    HS_TRY(hs_reserve(&tree->lists, &tree->list_capacity, n_ablations, sizeof *tree->lists, what, error));
    HS_TRY(hs_reserve(&tree->edges, &tree->edge_capacity, n_edges, sizeof *tree->edges, what, error));
    return hs_reserve(&tree->runs, &tree->run_capacity, n_runs, sizeof *tree->runs, what, error);
}

static hs_status list_edges(const struct build *build, hs_error *error)
{
    struct hs_ablation_tree *tree = build->tree;
    struct hs_edge *edges = tree->edges;
    struct hs_part_run *runs = tree->runs;
    for (size_t i = 0; i < build->n_ablations; i++) {
        size_t n_components = build->ablations[i].n_components;
        tree->lists[i].edges = edges;
        HS_TRY(hs__engine_list_edges(&tree->lists[i], runs, &build->ablations[i], build->shape, error));
        edges += hs__engine_most_edges(build->shape, n_components);
        runs += hs__engine_most_runs(build->shape, n_components);
    }
    return HS_OK;
}

/* Leading edges that two sets have in common. */
static size_t shared_edges(const struct build *build, uint32_t a, uint32_t b)
{
    const struct hs_edge_list *left = &build->tree->lists[a], *right = &build->tree->lists[b];
    size_t n = 0;
    if (compare_interventions(build->ablations[a].intervention, build->ablations[b].intervention) != 0)
        return 0;
    while (n < left->n_edges && n < right->n_edges && hs__engine_compare_edges(&left->edges[n], &right->edges[n]) == 0)
        n++;
    return n;
}

/*
 * Siblings are linked in the order of their making, the last first. last_child_layer tells how
 * long the parent's state is needed.
 */
static uint32_t add_node(const struct build *build, uint32_t parent_index, uint32_t ablation, size_t place)
{
    struct hs_ablation_tree *tree = build->tree;
    struct hs_ablation_node *parent = &tree->nodes[parent_index];
    const struct hs_edge *edge = &tree->lists[ablation].edges[place];
    uint32_t index = (uint32_t)tree->n_nodes++;
    tree->nodes[index] = (struct hs_ablation_node){
        .parent = parent_index,
        .edge = *edge,
        .level = parent->level + 1,
        .next_sibling = parent->first_child,
        .ablation = HS_NO_ABLATION,
        .intervention = build->ablations[ablation].intervention,
        .is_needed = true,
    };
    if (parent->first_child == 0 || parent->last_child_layer < edge->layer)
        parent->last_child_layer = edge->layer;
    parent->first_child = index;
    tree->n_levels = parent->level + 1 > tree->n_levels ? parent->level + 1 : tree->n_levels;
    return index;
}

/* path[i] is the node that edge i of the set before has led to. */
static void add_set(const struct build *build, size_t rank)
{
    struct hs_ablation_tree *tree = build->tree;
    uint32_t ablation = tree->sorted[rank];
    size_t shared = rank == 0 ? 0 : shared_edges(build, tree->sorted[rank - 1], ablation);
    uint32_t node = shared == 0 ? 0 : tree->path[shared - 1];
    for (size_t i = shared; i < tree->lists[ablation].n_edges; i++) {
        node = add_node(build, node, ablation, i);
        tree->path[i] = node;
    }
    tree->ablation_node[ablation] = node;
    tree->nodes[node].is_wanted = true;
    if (tree->nodes[node].ablation == HS_NO_ABLATION)
        tree->nodes[node].ablation = ablation;
}

hs_status hs__engine_ablation_tree_build(struct hs_ablation_tree *tree, const hs_model_shape *shape,
                                         const hs_ablation *ablations, size_t n_ablations, hs_error *error)
{
    struct build build = {tree, shape, ablations, n_ablations};
    HS_TRY(reserve(tree, shape, ablations, n_ablations, error));
    HS_TRY(list_edges(&build, error));
    sort_sets(&build);
    tree->nodes[0] = (struct hs_ablation_node){.ablation = HS_NO_ABLATION, .is_needed = true};
    tree->n_nodes = 1;
    tree->n_levels = 0;
    for (size_t rank = 0; rank < n_ablations; rank++)
        add_set(&build, rank);
    return HS_OK;
}

/* A node is made after its parent, so the last are looked at first. */
void hs__engine_ablation_tree_skip(struct hs_ablation_tree *tree, const bool *skips, size_t n_ablations)
{
    if (skips == NULL)
        return;
    for (size_t i = 0; i < tree->n_nodes; i++)
        tree->nodes[i].is_wanted = tree->nodes[i].is_needed = false;
    for (size_t i = 0; i < n_ablations; i++)
        if (!skips[i])
            tree->nodes[tree->ablation_node[i]].is_wanted = true;
    for (size_t i = tree->n_nodes; i-- > 0;) {
        struct hs_ablation_node *node = &tree->nodes[i];
        node->is_needed = node->is_needed || node->is_wanted;
        if (node->is_needed)
            tree->nodes[node->parent].is_needed = true;
    }
}

size_t hs__engine_ablation_tree_bytes(const hs_model_shape *shape, size_t n_ablations, size_t max_components)
{
    size_t n_edges = hs__engine_most_edges(shape, max_components);
    size_t an_edge = sizeof(struct hs_ablation_node) + sizeof(struct hs_edge) + sizeof(uint32_t);
    size_t an_ablation = 2 * sizeof(uint32_t) + sizeof(struct hs_edge_list) + n_edges * an_edge +
                         hs__engine_most_runs(shape, max_components) * sizeof(struct hs_part_run);
    return hs__engine_add_sizes(sizeof(struct hs_ablation_node) + n_edges * sizeof(uint32_t),
                                hs__engine_multiply_sizes(n_ablations, an_ablation));
}

void hs__engine_ablation_tree_clear(struct hs_ablation_tree *tree)
{
    hs_free(tree->nodes);
    hs_free(tree->schedule);
    hs_free(tree->ablation_node);
    hs_free(tree->sorted);
    hs_free(tree->path);
    hs_free(tree->lists);
    hs_free(tree->edges);
    hs_free(tree->runs);
    *tree = (struct hs_ablation_tree){0};
}

struct walk {
    struct hs_ablation_tree *tree;
    size_t n_layers;
    const size_t *max_nodes; /* [n_layers] */
    const struct hs_batch_visitor *visitor;
};

/* Appends the children of the nodes to the schedule, by layer, then in the order of their making. */
static size_t gather_children(struct walk *walk, const uint32_t *nodes, size_t n_nodes, uint32_t *children)
{
    const struct hs_ablation_node *all = walk->tree->nodes;
    size_t n = 0;
    for (size_t i = 0; i < n_nodes; i++)
        for (uint32_t child = all[nodes[i]].first_child; child != 0; child = all[child].next_sibling)
            children[n++] = child;
    /* Children of a node are listed last to first: turned round they are nearly sorted, as insertion likes it. */
    for (size_t i = 0; i < n / 2; i++) {
        uint32_t swapped = children[i];
        children[i] = children[n - 1 - i];
        children[n - 1 - i] = swapped;
    }
    return n;
}

static int compare_nodes(const struct hs_ablation_node *all, uint32_t a, uint32_t b)
{
    if (all[a].edge.layer != all[b].edge.layer)
        return all[a].edge.layer < all[b].edge.layer ? -1 : 1;
    return (a > b) - (a < b);
}

/* A counting sort by layer would need room of its own; shells of halving width do with what is there. */
static void sort_nodes(const struct hs_ablation_node *all, uint32_t *nodes, size_t n)
{
    for (size_t gap = n / 2; gap > 0; gap /= 2) {
        for (size_t i = gap; i < n; i++) {
            uint32_t node = nodes[i];
            size_t place = i;
            for (; place >= gap && compare_nodes(all, node, nodes[place - gap]) < 0; place -= gap)
                nodes[place] = nodes[place - gap];
            nodes[place] = node;
        }
    }
}

static size_t stop_layer(const struct walk *walk, const struct hs_batch *batch)
{
    size_t stop = 0;
    for (size_t i = 0; i < batch->n_nodes; i++) {
        const struct hs_ablation_node *node = &walk->tree->nodes[batch->nodes[i]];
        if (node->ablation != HS_NO_ABLATION)
            return walk->n_layers;
        stop = node->last_child_layer > stop ? node->last_child_layer : stop;
    }
    return stop;
}

/*
 * Numbers the states that children of the batch start from, those of the last layer by themselves: fewer rows are
 * kept there. Siblings that start in one layer share a state, and stand side by side in the list.
 */
static void place_states(const struct walk *walk, struct hs_batch *batch)
{
    struct hs_ablation_node *all = walk->tree->nodes;
    for (size_t i = 0; i < batch->n_nodes; i++) {
        uint32_t sibling = 0;
        for (uint32_t child = all[batch->nodes[i]].first_child; child != 0; child = all[child].next_sibling) {
            size_t *n = all[child].edge.layer + 1 == walk->n_layers ? &batch->n_last : &batch->n_states;
            bool shared = sibling != 0 && all[sibling].edge.layer == all[child].edge.layer;
            all[child].place = (uint32_t)(shared ? *n - 1 : (*n)++);
            sibling = child;
        }
    }
}

/* The root's states are all kept, in the order of the layers. */
static void place_root_states(const struct walk *walk)
{
    struct hs_ablation_node *all = walk->tree->nodes;
    for (uint32_t child = all[0].first_child; child != 0; child = all[child].next_sibling)
        all[child].place = all[child].edge.layer + 1 == walk->n_layers ? 0 : (uint32_t)all[child].edge.layer;
}

static hs_status walk_children(struct walk *walk, const uint32_t *parents, size_t n_parents, size_t level,
                               uint32_t *free_schedule, hs_error *error);

/*
 * Slots are places in the batch. One in which no node is needed is told to the visitor too, as
 * batches and flushes must be what they are without it.
 */
static hs_status walk_batch(struct walk *walk, const uint32_t *nodes, size_t n_nodes, size_t level,
                            uint32_t *free_schedule, hs_error *error)
{
    struct hs_batch batch = {
        .nodes = nodes,
        .n_nodes = n_nodes,
        .level = level,
        .first_layer = walk->tree->nodes[nodes[0]].edge.layer,
    };
    batch.stop_layer = stop_layer(walk, &batch);
    for (size_t i = 0; i < n_nodes; i++)
        batch.is_needed = batch.is_needed || walk->tree->nodes[nodes[i]].is_needed;
    place_states(walk, &batch);
    HS_TRY(walk->visitor->visit(walk->visitor->context, &batch, error));
    return walk_children(walk, nodes, n_nodes, level + 1, free_schedule, error);
}

static size_t most_nodes(const struct walk *walk, uint32_t first)
{
    return walk->max_nodes[walk->tree->nodes[first].edge.layer];
}

/* Batches of about the same size: a small last one would waste what stacking gains. */
static hs_status walk_evenly(struct walk *walk, const uint32_t *nodes, size_t n, size_t level, uint32_t *free_schedule,
                             hs_error *error)
{
    size_t most = most_nodes(walk, nodes[0]);
    size_t n_batches = (n + most - 1) / most;
    for (size_t i = 0; i < n_batches; i++) {
        size_t first = n * i / n_batches;
        size_t end = n * (i + 1) / n_batches;
        HS_TRY(walk_batch(walk, nodes + first, end - first, level, free_schedule, error));
    }
    return HS_OK;
}

/* Nodes that may be as many in a batch are cut together. */
static hs_status walk_children(struct walk *walk, const uint32_t *parents, size_t n_parents, size_t level,
                               uint32_t *free_schedule, hs_error *error)
{
    const uint32_t *children = free_schedule;
    size_t n = gather_children(walk, parents, n_parents, free_schedule);
    sort_nodes(walk->tree->nodes, free_schedule, n);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first; end < n && most_nodes(walk, children[end]) == most_nodes(walk, children[first]);)
            end++;
        HS_TRY(walk_evenly(walk, children + first, end - first, level, free_schedule + n, error));
    }
    return HS_OK;
}

hs_status hs__engine_ablation_tree_walk(struct hs_ablation_tree *tree, size_t n_layers, const size_t *max_nodes,
                                        const struct hs_batch_visitor *visitor, hs_error *error)
{
    const uint32_t root = 0;
    struct walk walk = {tree, n_layers, max_nodes, visitor};
    place_root_states(&walk);
    return walk_children(&walk, &root, 1, 1, tree->schedule, error);
}
