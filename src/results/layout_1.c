/*
 * The table of sets in files of layout 1: every set written out, [sets, largest order, 3], which is read in pieces
 * into the table that there is today. Nothing is written in that layout.
 */
#include "results/file.h"

#include <string.h>

/* Bytes of /sets/component that are read at once. */
enum { PIECE_BYTES = 1024 * 1024 };

/* Rows of a phase: what is read of them at once, and what is known of all. */
typedef struct old_rows {
    hs_results *results;
    size_t first, n;
    int32_t *order;        /* [n] */
    int32_t *intervention; /* [n] */
    hs_component *piece;   /* [n_piece, max_order] */
    size_t n_piece;
} old_rows;

static size_t max_order_of(const hs_results *results)
{
    return results->extents.of[HS_AXIS_PLACE];
}

static hs_status read_column(hs_results *results, const char *name, size_t first, size_t n, int32_t **column_out,
                             hs_error *error)
{
    const hs_file_rows place = {.dataset = hs__results_file_dataset(&results->set_tables, name),
                                .element = HS_ELEMENT_I32,
                                .first = first,
                                .n = n,
                                .n_columns = 1,
                                .what = name};
    HS_TRY(hs_allocate(column_out, n, sizeof **column_out, "table of ablation sets", error));
    return hs__results_file_transfer(results, HS_DIRECTION_READ, &place, *column_out, error);
}

hs_status hs__results_count_added(hs_results *results, uint64_t *n_out, hs_error *error)
{
    const size_t n_sets = results->extents.of[HS_AXIS_SET];
    int32_t *order = NULL;
    *n_out = results->extents.of[HS_AXIS_ADDED];
    if (results->version > 1)
        return HS_OK;
    *n_out = 0;
    hs_status status = read_column(results, "order", 0, n_sets, &order, error);
    for (size_t set = 0; status == HS_OK && set < n_sets; set++)
        *n_out += order[set] > 0 && (size_t)order[set] <= max_order_of(results) ? (uint64_t)order[set] : 0;
    hs_free(order);
    return status;
}

hs_status hs__results_hash_sets_1(const hs_results *results, const hs_sets *sets, uint64_t *hash_out, hs_error *error)
{
    const size_t max_order = max_order_of(results);
    *hash_out = 0;
    if (sets->max_order > max_order)
        return HS_OK;
    return hs_sets_hash(sets, sets->n_sets, max_order, hs_hash_u64(hs_hash_u64(0, sets->n_sets), max_order), hash_out,
                        error);
}

static hs_status rows_new(hs_results *results, size_t first, size_t n, old_rows *rows, hs_error *error)
{
    const size_t n_row_bytes = max_order_of(results) * sizeof *rows->piece;
    *rows = (old_rows){.results = results, .first = first, .n = n, .n_piece = PIECE_BYTES / (n_row_bytes + 1) + 1};
    HS_TRY(read_column(results, "order", first, n, &rows->order, error));
    HS_TRY(read_column(results, "intervention", first, n, &rows->intervention, error));
    return hs_allocate(&rows->piece, rows->n_piece, n_row_bytes, "table of ablation sets", error);
}

static void rows_clear(old_rows *rows)
{
    hs_free(rows->order);
    hs_free(rows->intervention);
    hs_free(rows->piece);
}

/* What is done with rows first .. first + n - 1 of the phase, which lie in rows->piece. */
typedef hs_status (*piece_visitor)(old_rows *rows, size_t first, size_t n, void *context, hs_error *error);

static hs_status visit(old_rows *rows, piece_visitor visitor, void *context, hs_error *error)
{
    hs_file_rows place = {.dataset = hs__results_file_dataset(&rows->results->set_tables, "component"),
                          .element = HS_ELEMENT_I32,
                          .n_columns = max_order_of(rows->results) * HS_LAYOUT_COMPONENT_FIELDS,
                          .what = "/sets/component"};
    for (size_t done = 0; done < rows->n; done += rows->n_piece) {
        place.first = rows->first + done;
        place.n = rows->n - done < rows->n_piece ? rows->n - done : rows->n_piece;
        HS_TRY(hs__results_file_transfer(rows->results, HS_DIRECTION_READ, &place, rows->piece, error));
        HS_TRY(visitor(rows, done, place.n, context, error));
    }
    return HS_OK;
}

static hs_status hash_piece(old_rows *rows, size_t first, size_t n, void *context, hs_error *error)
{
    (void)first;
    (void)error;
    hs_hash_add(context, rows->piece, n * max_order_of(rows->results) * sizeof *rows->piece);
    return HS_OK;
}

/* As layout 1 hashed its arrays. */
static hs_status hash_rows(old_rows *rows, uint64_t *hash_out, hs_error *error)
{
    const hs_sets *sets = &rows->results->sets;
    hs_hash_pieces *pieces = NULL;
    uint64_t hash = hs_hash_u64(hs_hash_u64(0, rows->n), max_order_of(rows->results));
    hash = hs_hash(hash, rows->order, rows->n * sizeof *rows->order);
    hash = hs_hash(hash, rows->intervention, rows->n * sizeof *rows->intervention);
    HS_TRY(hs_hash_begin(hash, &pieces, error));
    hs_status status = visit(rows, hash_piece, pieces, error);
    hash = hs_hash_end(pieces);
    for (size_t i = 0; i < sets->n_interventions; i++)
        hash = hs_hash_text(hash, sets->intervention_names[i]);
    *hash_out = hash;
    return status;
}

/* Slots that a set has no component for hold -1. */
static hs_status check_slots(size_t set, const hs_component *slots, size_t order, size_t n_slots, hs_error *error)
{
    for (size_t i = order; i < n_slots; i++)
        if (slots[i].kind != -1 || slots[i].layer != -1 || slots[i].index != -1)
            return hs_fail(error, HS_ERROR_RESULTS, "component %zu of set %zu is there, and the set has %zu", i, set,
                           order);
    return hs__results_layout_check_components(set, slots, order, error);
}

/*
 * Checked like rows of today, one after the other, because hs_sets_append() takes what it is
 * given.
 */
static hs_status append_piece(old_rows *rows, size_t first, size_t n, void *context, hs_error *error)
{
    const size_t max_order = max_order_of(rows->results);
    hs_sets *sets = context;
    for (size_t i = 0; i < n; i++) {
        const size_t set = rows->first + first + i;
        const int32_t order = rows->order[first + i];
        const hs_component *slots = rows->piece + i * max_order;
        if (order < 0 || (size_t)order > max_order || (set == 0) != (order == 0))
            return hs_fail(error, HS_ERROR_RESULTS, "set %zu has order %d; 0 is for set 0 alone and %zu is the largest",
                           set, order, max_order);
        HS_TRY(check_slots(set, slots, (size_t)order, max_order, error));
        HS_TRY(hs_sets_append(sets, rows->intervention[first + i], 0, slots, (size_t)order, error));
        HS_TRY(hs__results_layout_check_rows(sets, set, 1, error));
    }
    return HS_OK;
}

hs_status hs__results_take_first_1(hs_results *results, hs_error *error)
{
    old_rows rows;
    hs_status status;
    HS_GOTO_DONE(rows_new(results, 0, (size_t)results->phases[0][HS_PHASE_COUNT], &rows, error));
    HS_GOTO_DONE(visit(&rows, append_piece, &results->sets, error));
    HS_GOTO_DONE(hs__results_layout_check_sets(&results->sets, error));
    HS_GOTO_DONE(hash_rows(&rows, &results->first_hash, error));
done:
    rows_clear(&rows);
    return status;
}

/* First the word, then the rows: what was not written to its end may hold anything. */
hs_status hs__results_take_phase_1(hs_results *results, size_t phase, bool *there_out, hs_error *error)
{
    const uint64_t *row = results->phases[phase];
    old_rows rows;
    uint64_t hash = 0;
    hs_status status;
    *there_out = false;
    HS_GOTO_DONE(rows_new(results, (size_t)row[HS_PHASE_FIRST], (size_t)row[HS_PHASE_COUNT], &rows, error));
    HS_GOTO_DONE(hash_rows(&rows, &hash, error));
    HS_GOTO_DONE(hs__results_phase_matches(results, phase, hash, there_out, error));
    if (*there_out)
        HS_GOTO_DONE(visit(&rows, append_piece, &results->sets, error));
done:
    rows_clear(&rows);
    return status;
}
