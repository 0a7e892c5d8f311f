/*
 * prefix: the engine that computes what sets and sequences have in common once.
 *
 * The clean pass over the token forest is the root's state. A node of the ablation tree starts from its parent's state
 * after attention of a layer: the edit's difference in z is projected and added, and the live rows run through what
 * follows. Nodes of a batch are stacked as rows: node i of the batch owns rows i * n .. (i + 1) * n of every buffer.
 * In the last layer only scored rows get more than keys and values, and what they end in waits in the tail until there
 * are enough rows for the large matrix products there.
 */
#ifndef HEADSWEEP_ENGINE_PREFIX_H
#define HEADSWEEP_ENGINE_PREFIX_H

#include "engine/ablation_tree.h"
#include "engine/attention.h"
#include "engine/buffers.h"
#include "engine/edit.h"
#include "engine/forest.h"
#include "engine/layer.h"

/*
 * Sizes follow from the option stacked_rows: a batch aims at so many rows, one matrix product has at most so many (BLAS
 * packs the weights anew for each), and half as many scored rows wait for the unembedding. In large models operations
 * bound them: those of a batch, unless a single node has more, and of what waits for its answers, are what a kill can
 * lose, 60 s of a core that does 50 GFLOP/s; those of a product are how long a stop can take, 10 s of it.
 */
#define HS_BATCH_FLOPS 3e12
#define HS_PRODUCT_FLOPS 5e11
enum {
    HS_FEWEST_BLOCK_ROWS = 64,   /* a product of fewer rows saves next to no memory */
    HS_BLOCK_BYTES = 512 << 10,  /* activations of a block that the second-level cache keeps from norm to MLP */
    HS_FEWEST_CACHED_ROWS = 256, /* with fewer rows in a block packing the weights costs more than the cache saves */
    HS_TILE_TOKENS = 4096,       /* outputs that are unembedded at a time */
};

/* The rows that a pass computes for each node: all of the forest for the clean pass, else the live ones. */
struct hs_row_space {
    size_t first_row;
    size_t n_rows;
    size_t first_segment;
};

/* States that are kept of a batch, and of them those in the last layer by themselves. */
struct hs_state_count {
    size_t n; /* in layers before the last */
    size_t n_last;
};

/*
 * What children need of the nodes of one level: a state for each node and layer in which it has children, [states, live
 * rows, ...]; those of the last layer come after the others, of scored rows. Sets of hundreds of heads have a level for
 * every layer: room for all layers of all nodes would be many times what is kept.
 */
struct hs_level {
    struct hs_memory memory;
    float *after;  /* residual after attention, before a norm that comes after; with norms_outputs the output [width] */
    float *before; /* residual before attention [width], where hs_keeps_before */
    float *z;      /* [n_heads * head_dim] */
    float *values; /* [n_kv_heads * head_dim], where patterns are edited; all live rows in the last layer too */
    struct hs_state_count room;
};

/* Activations of the batch at work. */
struct hs_prefix_buffers {
    struct hs_memory memory;
    float *residual;      /* [rows, width] */
    float *before;        /* [rows, width] where hs_keeps_before */
    float *heads;         /* [rows, (n_heads + 2 n_kv_heads) * head_dim] */
    float *z;             /* [rows, n_heads * head_dim] */
    float *scored;        /* [scored rows, width]: residual in the last layer */
    float *scored_before; /* [scored rows, width] where hs_keeps_before */
    float *queries;       /* [scored rows, n_heads * head_dim] in the last layer */
    struct hs_work work;
    float *pattern;          /* [threads, HS_ATTENTION_ROWS, longest rounded up] */
    float *delta;            /* [live rows, head_dim] */
    double *sums;            /* [all rows, head_dim], where patterns are edited */
    uint32_t *path;          /* [longest], the same: a row and its ancestors by position, HS_NO_PARENT where unknown */
    struct hs_angles angles; /* of `longest` positions */
    struct hs_run *runs;     /* [deepest] */
    struct hs_key_run *keys; /* [threads, deepest]: of the runs */
    size_t n_slots;
};

/* Last-layer residuals of scored rows, before the MLP, of entries that wait for it; see prefix_tail.c. */
struct hs_tail {
    float *residual;     /* [max_entries, n_scored, width] */
    float *before;       /* the same of those before attention, where hs_keeps_before */
    float *logits;       /* [block, tile] */
    float *maxima;       /* [block] */
    double *sums;        /* [block]: of exp(logit - maximum) so far */
    uint32_t *greedy;    /* [block] */
    double **answers;    /* [max_entries]: where the answers of each entry go; NULL: nobody wants them */
    uint32_t *nodes;     /* [max_entries]: of the ablation tree, which the answers are of */
    uint8_t *statistics; /* [n_scored]: whether a query reads more of the row than single logits */
    size_t n_entries;
    size_t max_entries;
    size_t tile;
    double flops; /* since the tail was last empty */
};

struct hs_prompt_cache; /* generate_prefix.h */

/* What hs_engine_answer was called with. */
struct hs_evaluation {
    hs_engine *engine;
    const hs_ablation *ablations;
    size_t n_ablations;
    const hs_answering *answering;
    double *answers; /* [n_ablations, n_queries] */
};

struct hs_prefix {
    const hs_engine *engine;
    const hs_workload *workload;
    struct hs_forest forest;
    struct hs_ablation_tree tree;
    size_t block_rows;    /* of one matrix product at most */
    size_t max_nodes;     /* of a batch, at most */
    size_t *max_nodes_at; /* [n_layers]: of one whose first node starts in a layer */
    bool keeps_values;
    bool has_root;
    bool has_clean_answers;
    struct hs_prefix_buffers buffers;
    struct hs_tail tail;
    struct hs_memory kept;   /* of frozen and clean_answers */
    struct hs_level *levels; /* [level_capacity]; 0 is the root's */
    size_t level_capacity;
    float *frozen;         /* [n_layers, n_frozen, 2 * n_kv_heads * head_dim]: keys and values of frozen rows */
    int32_t *list_tokens;  /* of the workload, ascending within each list */
    float *donor_z;        /* see struct hs_donor_values */
    double *clean_answers; /* [n_queries] */
    struct hs_evaluation evaluation; /* at work */
    struct hs_prompt_cache *cache;   /* where generation keeps keys and values; NULL: nobody needs them, nor the tail */
    size_t n_new_rows;               /* rows that generation works on at a time, at most */
};

/* The tree of these ablations, room for its batches, and the clean pass if it was not run yet. HS_ERROR_INPUT. */
hs_status hs__engine_prefix_begin(struct hs_prefix *prefix, const hs_ablation *ablations, size_t n_ablations,
                                  hs_error *error);
/* Without weights or donors: as much of a prepared workload as counting needs. */
hs_status hs__engine_prefix_plan(struct hs_prefix *prefix, const hs_engine *engine, const hs_workload *workload,
                                 hs_error *error);
void hs__engine_prefix_clear(struct hs_prefix *prefix);
/* Adds up what walking the tree of these ablations executes, and what it holds meanwhile. */
hs_status hs__engine_prefix_count_tree(struct hs_prefix *prefix, const hs_ablation *ablations, size_t n_ablations,
                                       hs_engine_cost *cost, hs_error *error);

/*
 * Makes room for batches of n_slots nodes on n_levels levels, and for the states of the clean model, which is level 0.
 * What is there stays.
 */
hs_status hs__engine_prefix_reserve(struct hs_prefix *prefix, size_t n_slots, size_t n_levels, hs_error *error);
/* Room for the states of a batch of that level; those of the level's batch before are not needed any more. */
hs_status hs__engine_prefix_reserve_states(struct hs_prefix *prefix, size_t level, struct hs_state_count states,
                                           hs_error *error);
void hs__engine_prefix_release(struct hs_prefix *prefix);
/*
 * What is held with so many slots and the clean model's states, with the workload's own part; and for states of another
 * level. SIZE_MAX if that is more than any memory holds.
 */
size_t hs__engine_prefix_bytes(const struct hs_prefix *prefix, size_t n_slots);
size_t hs__engine_states_bytes(const struct hs_prefix *prefix, struct hs_state_count states);
/* The most states that a level keeps of n_ablations sets in batches of n_slots: a set has one node on each level. */
struct hs_state_count hs__engine_most_states(const struct hs_prefix *prefix, size_t level, size_t n_slots,
                                             size_t n_ablations);

/* What runs a pass returns HS_UNFINISHED as soon as whoever is polled gives it up. */

/* The clean pass: fills level 0 and the keys and values of frozen rows. */
hs_status hs__engine_prefix_run_root(struct hs_prefix *prefix, hs_error *error);
/* Runs a batch, keeps its states on its level if any node has children, and hands finished nodes to the tail. */
hs_status hs__engine_prefix_run_batch(struct hs_prefix *prefix, const struct hs_batch *batch, hs_error *error);
/* Floating-point operations of the same, and of the clean pass with its answers; nothing needs to be reserved. */
double hs__engine_count_batch(struct hs_prefix *prefix, const struct hs_batch *batch);
double hs__engine_count_root(struct hs_prefix *prefix);

/* prefix_attention.c: z of n_nodes nodes from heads; of the scored rows only, from queries, in the last layer. */
hs_status hs__engine_prefix_attention(struct hs_prefix *prefix, struct hs_row_space space, size_t layer, size_t n_nodes,
                                      hs_error *error);
hs_status hs__engine_prefix_attention_scored(struct hs_prefix *prefix, struct hs_row_space space, size_t layer,
                                             size_t n_nodes, hs_error *error);

/*
 * prefix_edit.c: where a node begins. after [rows, width] is the parent's residual after attention of the node's layer,
 * or attention's output where a norm follows it, plus what the edit changes in it; before the parent's residual before
 * it, where hs_keeps_before. Rows are the live ones, the scored ones in the last layer.
 */
hs_status hs__engine_prefix_start(struct hs_prefix *prefix, const struct hs_ablation_node *node, float *after,
                                  float *before, hs_error *error);
double hs__engine_prefix_start_flops(const struct hs_prefix *prefix, const struct hs_ablation_node *node);
/* HS_ERROR_INPUT: an ablation needs means or donors that are not there. */
hs_status hs__engine_prefix_edit_check(const struct hs_prefix *prefix, const hs_ablation *ablation, hs_error *error);

struct hs_edit hs__engine_prefix_edit(const struct hs_prefix *prefix, hs_intervention intervention);

/*
 * prefix_tail.c: one entry of n_scored rows, which a node has come to; flushes the tail when it is full. answers
 * [n_queries]; NULL: nobody wants them, and there need not be rows, but the entry has its place.
 */
hs_status hs__engine_tail_add(struct hs_prefix *prefix, uint32_t node, const float *residual, const float *before,
                              double *answers, hs_error *error);
void hs__engine_tail_start(struct hs_prefix *prefix); /* after its buffers were made */
/* Answers what waits, and tells of it; a row with a logit that is not finite is answered NaN. */
hs_status hs__engine_tail_flush(struct hs_prefix *prefix, hs_error *error);
double hs__engine_tail_flops(const struct hs_prefix *prefix); /* of one entry */

/* Where the answers of the ablation go that ends in a node; NULL if nobody wants them. */
double *hs__engine_prefix_answers(const struct hs_prefix *prefix, const struct hs_ablation_node *node);
/* Tells of the ablations of nodes that were answered since. */
hs_status hs__engine_prefix_tell(struct hs_prefix *prefix, hs_error *error);

/* The state that a level keeps at a place, in a layer: n_live rows, n_scored in the last layer. */
float *hs__engine_level_rows(const struct hs_prefix *prefix, float *rows, size_t level, size_t layer, size_t place,
                             size_t width);
/* The same of hs_level.values, which are all live rows in the last layer too. */
float *hs__engine_level_values(const struct hs_prefix *prefix, size_t level, size_t layer, size_t place);

struct hs_generate_call;
/* generate_prefix.c */
hs_status hs__engine_prefix_generate(hs_engine *engine, const struct hs_generate_call *generation, hs_error *error);
hs_status hs__engine_prefix_count_generation(const hs_engine *engine, const struct hs_generate_call *generation,
                                             hs_engine_cost *cost, hs_error *error);

#endif
