/*
 * forest: the sequences of a workload merged into prefix trees of tokens, one row per node.
 *
 * Sequences share rows as far as their tokens agree, so a context that many choices have in common is computed once.
 * Rows after the last one that is asked about are not there at all. A row attends to itself and its ancestors: to the
 * first `visible` rows of its sequence.
 *
 * An ablation at scored positions leaves the rows before the first of them as they are: such rows are frozen, the
 * others live. Where that is the case, rows are shared only by sequences that are edited at the same rows, since what
 * follows would differ otherwise; and with donors only by sequences that have the same donor.
 *
 * Of a model that sees both sides each sequence with a query is a chain of its own, whole and all live: its last token
 * changes the first row, and an edited row every other one from the next layer on.
 *
 * Rows are numbered depth first, all frozen rows before all live ones, so that a row's ancestors are a few contiguous
 * runs and a parent has a lower number than its children.
 */
#ifndef HEADSWEEP_ENGINE_FOREST_H
#define HEADSWEEP_ENGINE_FOREST_H

#include "headsweep/engine.h"

enum { HS_NO_PARENT = UINT32_MAX };

struct hs_forest_row {
    int32_t token;
    uint32_t parent;   /* row, or HS_NO_PARENT */
    uint32_t position; /* number of ancestors */
    uint32_t sequence; /* one of the sequences that have the row */
    uint32_t n_children;
    bool is_edited; /* an ablation edits z here */
    bool is_live;
    bool is_scored;
};

/* Rows that follow each other without a branch, all live or all frozen. Only the last may have several children. */
struct hs_segment {
    uint32_t first_row;
    uint32_t n_rows;
    uint32_t position;     /* of the first row */
    uint32_t parent;       /* segment that ends with the parent of the first row, or HS_NO_PARENT */
    uint32_t first_scored; /* scored rows of the segment: a range of forest->scored_rows */
    uint32_t n_scored;
};

/* Rows first_row .. first_row + n_rows, at positions `position` .. */
struct hs_run {
    uint32_t first_row;
    uint32_t n_rows;
    uint32_t position;
};

struct hs_forest {
    struct hs_forest_row *rows; /* [n_rows] */
    uint32_t *visible;          /* [n_rows]: position + 1; the whole sequence if both sides are seen */
    size_t n_rows;
    size_t n_frozen;
    struct hs_segment *segments; /* [n_segments], ascending */
    size_t n_segments;
    size_t first_live_segment;
    size_t deepest;           /* segments on the longest way to a root */
    uint32_t *scored_rows;    /* [n_scored], ascending; all are live */
    uint32_t *scored_visible; /* [n_scored] */
    size_t n_scored;
    uint32_t *slot_first;   /* [n_scored + 1]: queries of each scored row in slot_queries */
    uint32_t *slot_queries; /* [n_queries] */
    size_t longest;         /* visible rows of the deepest row */
};

/* The workload is checked. Initialise with {0}; clear after a failure too. */
hs_status hs__engine_forest_init(struct hs_forest *forest, const hs_workload *workload, hs_positions positions,
                                 bool bidirectional, hs_error *error);
void hs__engine_forest_clear(struct hs_forest *forest);

static inline size_t hs_forest_n_live(const struct hs_forest *forest)
{
    return forest->n_rows - forest->n_frozen;
}

/* The last row that a row sees: itself, or the end of its sequence. */
static inline size_t hs_forest_last_visible(const struct hs_forest *forest, size_t row)
{
    return row + forest->visible[row] - forest->rows[row].position - 1;
}

/*
 * The ancestors of a segment's first row into runs [deepest], nearest first. A run is all live or all frozen. Returns
 * their number.
 */
size_t hs__engine_forest_ancestors(const struct hs_forest *forest, size_t segment, struct hs_run *runs);

/* Rows that are seen through a window, summed over the rows from first_row on and over the scored rows: attention's. */
double hs__engine_forest_pairs(const struct hs_forest *forest, size_t first_row, size_t window);
double hs__engine_forest_scored_pairs(const struct hs_forest *forest, size_t window);

#endif
