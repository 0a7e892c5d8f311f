/*
 * ablation_tree: the ablation sets of a group merged into a prefix tree, and the order in which its nodes are
 * run.
 *
 * An edge is what one set edits in one layer (edge.h); the root is the clean model. A node starts in the layer
 * of its edge from its parent's state, so sets that begin alike share all layers up to where they part. Nodes
 * of one level are run together in batches, then, while their states are kept, their children. Order and
 * batches are a pure function of the group's sets.
 */
#ifndef HEADSWEEP_ENGINE_ABLATION_TREE_H
#define HEADSWEEP_ENGINE_ABLATION_TREE_H

#include "engine/edge.h"
#include "headsweep/engine.h"

enum { HS_NO_ABLATION = UINT32_MAX };

struct hs_ablation_node {
    uint32_t parent;
    uint32_t level; /* edges from the root */
    uint32_t first_child;
    uint32_t next_sibling;     /* 0: none */
    uint32_t last_child_layer; /* meaningful where first_child is not 0 */
    uint32_t ablation;         /* the first ablation of the group that ends here, or HS_NO_ABLATION */
    uint32_t place;            /* of the state that it starts from, among those that its parent's batch keeps */
    bool is_wanted;            /* somebody wants the answers of an ablation that ends here */
    bool is_needed;            /* the node or one below it is wanted */
    bool is_answered;          /* since somebody was last told */
    struct hs_edge edge;       /* what it edits, and the layer in which it starts; of the root nothing */
    hs_intervention intervention;
};

struct hs_ablation_tree {
    struct hs_ablation_node *nodes; /* [n_nodes]; 0 is the root */
    size_t n_nodes;
    size_t n_levels;            /* of the deepest node */
    uint32_t *ablation_node;    /* [n_ablations]: where each ablation ends; the same node for equal sets */
    uint32_t *schedule;         /* [n_nodes]: work space of the walk */
    uint32_t *sorted;           /* [n_ablations] */
    uint32_t *path;             /* [edges of the longest list] */
    struct hs_edge_list *lists; /* [n_ablations]: all that each edits */
    struct hs_edge *edges;      /* of all lists */
    struct hs_part_run *runs;   /* of all edges */
    size_t node_capacity;
    size_t schedule_capacity;
    size_t ablation_node_capacity;
    size_t sorted_capacity;
    size_t path_capacity;
    size_t list_capacity;
    size_t edge_capacity;
    size_t run_capacity;
};

/* Initialise with {0}; building again reuses the memory. HS_ERROR_INPUT: a component that the model does not have. */
hs_status hs__engine_ablation_tree_build(struct hs_ablation_tree *tree, const hs_model_shape *shape,
                                         const hs_ablation *ablations, size_t n_ablations, hs_error *error);
/* What building holds at most for n_ablations of max_components each. */
size_t hs__engine_ablation_tree_bytes(const hs_model_shape *shape, size_t n_ablations, size_t max_components);
void hs__engine_ablation_tree_clear(struct hs_ablation_tree *tree);
/* Of a tree that was built, of which all is wanted: these ablations are not. skips [n_ablations] or NULL. */
void hs__engine_ablation_tree_skip(struct hs_ablation_tree *tree, const bool *skips, size_t n_ablations);

/*
 * Nodes of one level in ascending order of their layers. What is kept of them is what children start from: one state
 * for each node and layer in which it has children.
 */
struct hs_batch {
    const uint32_t *nodes;
    size_t n_nodes;
    size_t level;
    size_t first_layer;
    size_t stop_layer; /* attention of this layer is the last thing that is needed; n_layers: everything is */
    size_t n_states;   /* that are kept in layers before the last one */
    size_t n_last;     /* and in that */
    bool is_needed;    /* a node is: the others of its batch are computed with it, as the bits depend on them */
};

struct hs_batch_visitor {
    void *context;
    hs_status (*visit)(void *context, const struct hs_batch *batch, hs_error *error);
};

/*
 * Visits every node but the root once, parents before children, in batches of at most max_nodes[l] nodes, l being the
 * layer in which the first of them starts. max_nodes [n_layers] ascends.
 */
hs_status hs__engine_ablation_tree_walk(struct hs_ablation_tree *tree, size_t n_layers, const size_t *max_nodes,
                                        const struct hs_batch_visitor *visitor, hs_error *error);

#endif
