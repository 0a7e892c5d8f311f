/*
 * forest: sorts sequences so that those that begin alike are neighbours, makes a row of each token
 * that no sequence before had at its place, and numbers frozen rows before live ones.
 */
#include "engine/forest.h"
#include "engine/attention.h"
#include "engine/workload.h"

#include <stdlib.h>
#include <string.h>

/* One sequence up to its last scored row, or all of it if both sides are seen. */
struct chain {
    const int32_t *tokens;
    const uint8_t *edited; /* per token */
    size_t length;
    size_t first_packed_row;
    uint32_t donor;
    uint32_t sequence;
};

struct draft {
    struct chain *chains;       /* [n_chains] */
    uint8_t *edited;            /* [packed rows] */
    uint8_t *scored;            /* [packed rows] */
    uint32_t *packed_to_row;    /* [packed rows] */
    struct hs_forest_row *rows; /* [packed rows], depth first */
    uint32_t *order;            /* [packed rows]: row in the final order */
    uint32_t *path;             /* [longest]: rows of the chain before */
    size_t n_chains;
    size_t n_rows;
    bool bidirectional;
};

static size_t shared_length(const struct chain *a, const struct chain *b)
{
    size_t limit = a->length < b->length ? a->length : b->length;
    size_t n = 0;
    while (a->donor == b->donor && n < limit && a->tokens[n] == b->tokens[n] && a->edited[n] == b->edited[n])
        n++;
    return n;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_chains(const void *left, const void *right)
{
    const struct chain *a = left;
    const struct chain *b = right;
    if (a->donor != b->donor)
        return compare_numbers(a->donor, b->donor);
    size_t n = shared_length(a, b);
    if (n == a->length || n == b->length)
        return a->length != b->length ? compare_numbers(a->length, b->length)
                                      : compare_numbers(a->sequence, b->sequence);
    if (a->tokens[n] != b->tokens[n])
        return compare_numbers((uint64_t)a->tokens[n], (uint64_t)b->tokens[n]);
    return compare_numbers(a->edited[n], b->edited[n]);
}

static hs_status draft_init(struct draft *draft, const hs_workload *workload, hs_error *error)
{
    size_t n_packed = hs_sequences_n_rows(&workload->sequences);
    size_t longest = hs__engine_sequences_longest(&workload->sequences);
    HS_TRY(hs_allocate(&draft->chains, workload->sequences.n, sizeof *draft->chains, "token forest", error));
    HS_TRY(hs_allocate(&draft->edited, n_packed, 1, "token forest", error));
    HS_TRY(hs_allocate(&draft->scored, n_packed, 1, "token forest", error));
    HS_TRY(hs_allocate(&draft->packed_to_row, n_packed, sizeof *draft->packed_to_row, "token forest", error));
    HS_TRY(hs_allocate(&draft->rows, n_packed, sizeof *draft->rows, "token forest", error));
    HS_TRY(hs_allocate(&draft->order, n_packed, sizeof *draft->order, "token forest", error));
    return hs_allocate(&draft->path, longest, sizeof *draft->path, "token forest", error);
}

static void draft_clear(struct draft *draft)
{
    hs_free(draft->chains);
    hs_free(draft->edited);
    hs_free(draft->scored);
    hs_free(draft->packed_to_row);
    hs_free(draft->rows);
    hs_free(draft->order);
    hs_free(draft->path);
}

static size_t packed_row(const hs_workload *workload, const hs_query *query)
{
    return hs_sequence_first_row(&workload->sequences, query->sequence) + query->row;
}

static void mark_rows(struct draft *draft, const hs_workload *workload, hs_positions positions)
{
    size_t n_packed = hs_sequences_n_rows(&workload->sequences);
    for (size_t i = 0; i < workload->n_queries; i++)
        draft->scored[packed_row(workload, &workload->queries[i])] = 1;
    if (positions == HS_POSITIONS_ALL)
        memset(draft->edited, 1, n_packed);
    else
        memcpy(draft->edited, draft->scored, n_packed);
}

/*
 * What comes after the last scored row is never computed. Of a model that sees both sides the
 * order stays as it is: nothing is shared there.
 */
static void list_chains(struct draft *draft, const hs_workload *workload)
{
    const hs_sequences *sequences = &workload->sequences;
    for (size_t i = 0; i < sequences->n; i++) {
        size_t first = hs_sequence_first_row(sequences, i);
        size_t length = hs_sequence_length(sequences, i);
        size_t n_asked = length;
        while (n_asked > 0 && !draft->scored[first + n_asked - 1])
            n_asked--;
        if (!draft->bidirectional)
            length = n_asked;
        if (n_asked > 0)
            draft->chains[draft->n_chains++] = (struct chain){
                .tokens = sequences->tokens + sequences->offsets[i],
                .edited = draft->edited + first,
                .length = length,
                .first_packed_row = first,
                .donor = workload->donor_sequences.n > 0 ? workload->donors[i] : 0,
                .sequence = (uint32_t)i,
            };
    }
    if (!draft->bidirectional)
        qsort(draft->chains, draft->n_chains, sizeof *draft->chains, compare_chains);
}

/* A row is live if it is edited or stands on one that is: everything after an edit may differ. */
static void add_row(struct draft *draft, const struct chain *chain, size_t position, bool all_live)
{
    uint32_t parent = position == 0 ? HS_NO_PARENT : draft->path[position - 1];
    bool is_edited = chain->edited[position] != 0;
    bool parent_is_live = parent != HS_NO_PARENT && draft->rows[parent].is_live;
    if (parent != HS_NO_PARENT)
        draft->rows[parent].n_children++;
    draft->rows[draft->n_rows] = (struct hs_forest_row){
        .token = chain->tokens[position],
        .parent = parent,
        .position = (uint32_t)position,
        .sequence = chain->sequence,
        .is_edited = is_edited,
        .is_live = all_live || is_edited || parent_is_live,
    };
    draft->path[position] = (uint32_t)draft->n_rows++;
}

/* In lexicographic order a chain shares with those before it what it shares with the last one: its path. */
static void add_rows(struct draft *draft, hs_positions positions)
{
    bool all_live = draft->bidirectional || positions == HS_POSITIONS_ALL;
    for (size_t i = 0; i < draft->n_chains; i++) {
        const struct chain *chain = &draft->chains[i];
        size_t shared = i == 0 || draft->bidirectional ? 0 : shared_length(&draft->chains[i - 1], chain);
        for (size_t t = 0; t < chain->length; t++) {
            if (t >= shared)
                add_row(draft, chain, t, all_live);
            draft->packed_to_row[chain->first_packed_row + t] = draft->path[t];
            if (draft->scored[chain->first_packed_row + t])
                draft->rows[draft->path[t]].is_scored = true;
        }
    }
}

/*
 * Frozen rows first, so that the live ones of all nodes are one block. The order within both is
 * that of the sorted sequences, in which a row comes after its parent.
 */
static hs_status order_rows(struct hs_forest *forest, struct draft *draft, hs_error *error)
{
    forest->n_rows = draft->n_rows;
    HS_TRY(hs_allocate(&forest->rows, forest->n_rows, sizeof *forest->rows, "token forest", error));
    HS_TRY(hs_allocate(&forest->visible, forest->n_rows, sizeof *forest->visible, "token forest", error));
    for (size_t i = 0; i < draft->n_rows; i++)
        if (!draft->rows[i].is_live)
            draft->order[i] = (uint32_t)forest->n_frozen++;
    uint32_t next = (uint32_t)forest->n_frozen;
    for (size_t i = 0; i < draft->n_rows; i++)
        if (draft->rows[i].is_live)
            draft->order[i] = next++;
    for (size_t i = 0; i < draft->n_rows; i++) {
        struct hs_forest_row row = draft->rows[i];
        row.parent = row.parent == HS_NO_PARENT ? HS_NO_PARENT : draft->order[row.parent];
        forest->rows[draft->order[i]] = row;
        forest->visible[draft->order[i]] = row.position + 1;
        forest->longest = row.position + 1 > forest->longest ? row.position + 1 : forest->longest;
    }
    return HS_OK;
}

/* Rows of a chain follow each other, so going back each row takes over what the one after it sees. */
static void see_whole_sequences(struct hs_forest *forest)
{
    for (size_t row = forest->n_rows; row-- > 1;)
        if (forest->rows[row].parent == row - 1)
            forest->visible[row - 1] = forest->visible[row];
}

static hs_status list_scored_rows(struct hs_forest *forest, hs_error *error)
{
    for (size_t row = 0; row < forest->n_rows; row++)
        forest->n_scored += forest->rows[row].is_scored;
    HS_TRY(hs_allocate(&forest->scored_rows, forest->n_scored, sizeof(uint32_t), "token forest", error));
    HS_TRY(hs_allocate(&forest->scored_visible, forest->n_scored, sizeof(uint32_t), "token forest", error));
    size_t n = 0;
    for (size_t row = 0; row < forest->n_rows; row++) {
        if (!forest->rows[row].is_scored)
            continue;
        forest->scored_rows[n] = (uint32_t)row;
        forest->scored_visible[n++] = forest->visible[row];
    }
    return HS_OK;
}

static size_t find_slot(const struct hs_forest *forest, uint32_t row)
{
    size_t low = 0;
    size_t high = forest->n_scored;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (forest->scored_rows[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A counting sort of the queries by scored row. */
static hs_status list_queries(struct hs_forest *forest, const struct draft *draft, const hs_workload *workload,
                              hs_error *error)
{
    uint32_t *slots = NULL;
    HS_TRY(hs_allocate(&forest->slot_first, forest->n_scored + 1, sizeof(uint32_t), "token forest", error));
    HS_TRY(hs_allocate(&forest->slot_queries, workload->n_queries, sizeof(uint32_t), "token forest", error));
    HS_TRY(hs_allocate(&slots, workload->n_queries, sizeof *slots, "token forest", error));
    for (size_t i = 0; i < workload->n_queries; i++) {
        uint32_t row = draft->order[draft->packed_to_row[packed_row(workload, &workload->queries[i])]];
        slots[i] = (uint32_t)find_slot(forest, row);
        forest->slot_first[slots[i] + 1]++;
    }
    for (size_t slot = 0; slot < forest->n_scored; slot++)
        forest->slot_first[slot + 1] += forest->slot_first[slot];
    for (size_t i = workload->n_queries; i-- > 0;) {
        uint32_t end = --forest->slot_first[slots[i] + 1];
        forest->slot_queries[end] = (uint32_t)i;
    }
    for (size_t slot = 0; slot < forest->n_scored; slot++)
        forest->slot_first[slot] = forest->slot_first[slot + 1];
    if (forest->n_scored > 0)
        forest->slot_first[forest->n_scored] = (uint32_t)workload->n_queries;
    hs_free(slots);
    return HS_OK;
}

static bool continues(const struct hs_forest *forest, size_t row)
{
    const struct hs_forest_row *here = &forest->rows[row];
    return row > 0 && here->parent == row - 1 && forest->rows[row - 1].n_children == 1 &&
           forest->rows[row - 1].is_live == here->is_live;
}

/*
 * A segment is a run of rows each of which continues the one before, so that attention works on
 * blocks of rows that see the same keys but for their own.
 */
static hs_status cut_segments(struct hs_forest *forest, hs_error *error)
{
    uint32_t *segment_of = NULL;
    HS_TRY(hs_allocate(&segment_of, forest->n_rows, sizeof *segment_of, "token forest", error));
    hs_status status = HS_OK;
    HS_GOTO_DONE(hs_allocate(&forest->segments, forest->n_rows, sizeof *forest->segments, "token forest", error));
    uint32_t n_scored = 0;
    for (size_t row = 0; row < forest->n_rows; row++) {
        const struct hs_forest_row *here = &forest->rows[row];
        if (!continues(forest, row)) {
            forest->first_live_segment += !here->is_live;
            forest->segments[forest->n_segments++] = (struct hs_segment){
                .first_row = (uint32_t)row,
                .position = here->position,
                .parent = here->parent == HS_NO_PARENT ? HS_NO_PARENT : segment_of[here->parent],
                .first_scored = n_scored,
            };
        }
        struct hs_segment *segment = &forest->segments[forest->n_segments - 1];
        segment_of[row] = (uint32_t)(forest->n_segments - 1);
        segment->n_rows++;
        segment->n_scored += here->is_scored;
        n_scored += here->is_scored;
    }
done:
    hs_free(segment_of);
    return status;
}

static hs_status measure_depth(struct hs_forest *forest, hs_error *error)
{
    uint32_t *depths = NULL;
    HS_TRY(hs_allocate(&depths, forest->n_segments, sizeof *depths, "token forest", error));
    for (size_t i = 0; i < forest->n_segments; i++) {
        uint32_t parent = forest->segments[i].parent;
        depths[i] = parent == HS_NO_PARENT ? 1 : depths[parent] + 1;
        forest->deepest = depths[i] > forest->deepest ? depths[i] : forest->deepest;
    }
    hs_free(depths);
    return HS_OK;
}

/*
 * The order of the steps is that of what they read: rows must have their final numbers before
 * anything refers to them.
 */
hs_status hs__engine_forest_init(struct hs_forest *forest, const hs_workload *workload, hs_positions positions,
                                 bool bidirectional, hs_error *error)
{
    struct draft draft = {.bidirectional = bidirectional};
    hs_status status = HS_OK;
    HS_GOTO_DONE(draft_init(&draft, workload, error));
    mark_rows(&draft, workload, positions);
    list_chains(&draft, workload);
    add_rows(&draft, positions);
    HS_GOTO_DONE(order_rows(forest, &draft, error));
    if (bidirectional)
        see_whole_sequences(forest);
    HS_GOTO_DONE(list_scored_rows(forest, error));
    HS_GOTO_DONE(list_queries(forest, &draft, workload, error));
    HS_GOTO_DONE(cut_segments(forest, error));
    HS_GOTO_DONE(measure_depth(forest, error));
done:
    draft_clear(&draft);
    return status;
}

void hs__engine_forest_clear(struct hs_forest *forest)
{
    hs_free(forest->rows);
    hs_free(forest->visible);
    hs_free(forest->segments);
    hs_free(forest->scored_rows);
    hs_free(forest->scored_visible);
    hs_free(forest->slot_first);
    hs_free(forest->slot_queries);
    *forest = (struct hs_forest){0};
}

size_t hs__engine_forest_ancestors(const struct hs_forest *forest, size_t segment, struct hs_run *runs)
{
    size_t n = 0;
    for (uint32_t i = forest->segments[segment].parent; i != HS_NO_PARENT; i = forest->segments[i].parent) {
        const struct hs_segment *ancestor = &forest->segments[i];
        bool joins = n > 0 && ancestor->first_row + ancestor->n_rows == runs[n - 1].first_row &&
                     (runs[n - 1].first_row != forest->n_frozen);
        if (!joins)
            runs[n++] = (struct hs_run){.n_rows = 0};
        runs[n - 1].first_row = ancestor->first_row;
        runs[n - 1].position = ancestor->position;
        runs[n - 1].n_rows += ancestor->n_rows;
    }
    return n;
}

double hs__engine_forest_pairs(const struct hs_forest *forest, size_t first_row, size_t window)
{
    double sum = 0;
    for (size_t row = first_row; row < forest->n_rows; row++)
        sum += (double)hs_n_seen(forest->visible[row], window);
    return sum;
}

double hs__engine_forest_scored_pairs(const struct hs_forest *forest, size_t window)
{
    double sum = 0;
    for (size_t slot = 0; slot < forest->n_scored; slot++)
        sum += (double)hs_n_seen(forest->scored_visible[slot], window);
    return sum;
}
