#include "results/file.h"

#include <string.h>

enum { PHASE_FIRST, PHASE_COUNT, PHASE_WORD };

/* Rows of the sets first .. n_sets - 1 of `sets`, which stand at the same places of the file. */
static hs_results_sets rows_from(const hs_results_sets *sets, size_t first)
{
    hs_results_sets rows = *sets;
    rows.n_sets -= first;
    rows.order += first;
    rows.intervention += first;
    rows.components += first * sets->max_order * HS_LAYOUT_COMPONENT_FIELDS;
    return rows;
}

/* Says that the rows of the phase are there and belong to this place of this experiment. */
static uint64_t phase_word(const hs_results *results, size_t phase, uint64_t first, const hs_results_sets *rows,
                           const char *names)
{
    uint64_t word = hs_hash_u64(hs_hash_u64(results->experiment_hash, phase), first);
    word = hs_hash_u64(word, hs__results_layout_hash_sets(rows));
    word = hs_hash(word, names, rows->n_sets * results->set_name_width);
    return word == 0 ? 1 : word;
}

/* ---- the rows in the file ---------------------------------------------------------------------------------------- */

static hs_file_rows name_rows(const hs_results *results, size_t first, size_t n)
{
    return (hs_file_rows){
        .dataset = hs__results_file_dataset(&results->root, "set"),
        .element = HS_ELEMENT_TEXT,
        .first = first,
        .n = n,
        .n_columns = 1,
        .text_width = results->set_name_width,
        .what = "/set",
    };
}

static hs_status write_rows(hs_results *results, size_t first, const hs_results_sets *rows, char *names,
                            hs_error *error)
{
    const hs_file_group *tables = &results->set_tables;
    const size_t n_columns = rows->max_order * HS_LAYOUT_COMPONENT_FIELDS;
    const struct {
        hs_file_rows place;
        const void *bytes;
    } parts[] = {
        {name_rows(results, first, rows->n_sets), names},
        {{hs__results_file_dataset(tables, "order"), HS_ELEMENT_I32, first, rows->n_sets, 1, 0, "/sets/order"},
         rows->order},
        {{hs__results_file_dataset(tables, "intervention"), HS_ELEMENT_I32, first, rows->n_sets, 1, 0,
          "/sets/intervention"},
         rows->intervention},
        {{hs__results_file_dataset(tables, "component"), HS_ELEMENT_I32, first, rows->n_sets, n_columns, 0,
          "/sets/component"},
         rows->components},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        HS_TRY(hs__results_file_transfer(results, HS_DIRECTION_WRITE, &parts[i].place, (void *)parts[i].bytes, error));
    return HS_OK;
}

static hs_status write_phase(hs_results *results, size_t phase, const hs_results_sets *rows, hs_error *error)
{
    const size_t first = results->sets.n_sets;
    const hs_file_rows place = {hs__results_file_dataset(&results->set_tables, "phase"),
                                HS_ELEMENT_U64,
                                phase,
                                1,
                                HS_LAYOUT_PHASE_FIELDS,
                                0,
                                "/sets/phase"};
    char *names = NULL;
    hs_status status;
    HS_GOTO_DONE(hs__results_layout_pack_set_names(rows, 0, results->set_name_width, &names, error));
    HS_GOTO_DONE(write_rows(results, first, rows, names, error));
    results->phases[phase][PHASE_FIRST] = first;
    results->phases[phase][PHASE_COUNT] = rows->n_sets;
    results->phases[phase][PHASE_WORD] = phase_word(results, phase, first, rows, names);
    HS_GOTO_DONE(hs__results_file_transfer(results, HS_DIRECTION_WRITE, &place, results->phases[phase], error));
done:
    hs_free(names);
    return status;
}

/* ---- which phases are there -------------------------------------------------------------------------------------- */

/* Whether the next phase is there: its rows follow the last set, and its word matches them. */
static hs_status check_phase(hs_results *results, size_t phase, bool *there_out, hs_error *error)
{
    const uint64_t *row = results->phases[phase];
    const size_t first = results->sets.n_sets, n_room = results->extents.of[HS_AXIS_SET] - first;
    char *names = NULL;
    hs_status status = HS_OK;
    *there_out = false;
    if (row[PHASE_WORD] == 0 || row[PHASE_FIRST] != first || row[PHASE_COUNT] > n_room)
        return HS_OK;
    hs_results_sets sets = results->sets;
    sets.n_sets = first + (size_t)row[PHASE_COUNT];
    const hs_results_sets rows = rows_from(&sets, first);
    const hs_file_rows place = name_rows(results, first, rows.n_sets);
    HS_GOTO_DONE(hs_allocate(&names, rows.n_sets, results->set_name_width, "names of sets", error));
    HS_GOTO_DONE(hs__results_file_transfer(results, HS_DIRECTION_READ, &place, names, error));
    *there_out = phase_word(results, phase, first, &rows, names) == row[PHASE_WORD];
done:
    hs_free(names);
    return status;
}

static size_t text_width_of(hid_t dataset)
{
    hid_t type = H5Dget_type(dataset);
    size_t width = H5Tget_size(type);
    hs__results_hdf5_close(type);
    return width;
}

hs_status hs__results_file_find_phases(hs_results *results, hs_error *error)
{
    const uint64_t *first = results->phases[0];
    bool there = true;
    if (first[PHASE_FIRST] != 0 || first[PHASE_COUNT] == 0 || first[PHASE_COUNT] > results->extents.of[HS_AXIS_SET])
        return hs_fail(error, HS_ERROR_RESULTS, "its first phase cannot have %llu sets: the file is damaged",
                       (unsigned long long)first[PHASE_COUNT]);
    results->sets.n_sets = (size_t)first[PHASE_COUNT];
    results->set_name_width = text_width_of(hs__results_file_dataset(&results->root, "set"));
    results->n_chosen = 1;
    while (there && results->n_chosen < results->n_phases) {
        HS_TRY(check_phase(results, results->n_chosen, &there, error));
        if (there)
            results->sets.n_sets += (size_t)results->phases[results->n_chosen++][PHASE_COUNT];
    }
    return HS_OK;
}

hs_results_sets hs__results_file_first_sets(const hs_results *results)
{
    hs_results_sets sets = results->sets;
    sets.n_sets = (size_t)results->phases[0][PHASE_COUNT];
    return sets;
}

size_t hs_results_n_phases(const hs_results *results)
{
    return results->n_phases;
}

size_t hs_results_n_chosen_phases(const hs_results *results)
{
    return results->n_chosen;
}

const char *hs_results_phase_name(const hs_results *results, size_t phase)
{
    return results->phase_names.items[phase];
}

void hs_results_phase_sets(const hs_results *results, size_t phase, uint64_t *first_out, uint64_t *n_out)
{
    *first_out = results->phases[phase][PHASE_FIRST];
    *n_out = results->phases[phase][PHASE_COUNT];
}

/* ---- adding one -------------------------------------------------------------------------------------------------- */

static void copy_rows(hs_results *results, size_t first, const hs_results_sets *sets)
{
    const size_t n_columns = results->sets.max_order * HS_LAYOUT_COMPONENT_FIELDS;
    if (sets->n_sets == 0)
        return;
    memcpy(results->order + first, sets->order, sets->n_sets * sizeof *results->order);
    memcpy(results->intervention + first, sets->intervention, sets->n_sets * sizeof *results->intervention);
    memcpy(results->component + first * n_columns, sets->components,
           sets->n_sets * n_columns * sizeof *results->component);
}

hs_status hs_results_add_phase(hs_results *results, const hs_results_sets *sets, hs_error *error)
{
    const size_t first = results->sets.n_sets, phase = results->n_chosen;
    if (phase == results->n_phases || sets->n_sets > results->extents.of[HS_AXIS_SET] - first ||
        sets->max_order != results->sets.max_order)
        return hs_fail(error, HS_ERROR_INTERNAL, "%s has no room for a phase of %zu sets", results->path, sets->n_sets);
    copy_rows(results, first, sets);
    for (size_t set = first; set < first + sets->n_sets; set++)
        HS_TRY(hs__results_layout_check_set(&results->sets, set, error));
    hs_results_sets grown = results->sets;
    grown.n_sets += sets->n_sets;
    const hs_results_sets rows = rows_from(&grown, first);
    if (hs_comm_rank(results->comm) == 0)
        HS_TRY(write_phase(results, phase, &rows, error));
    results->phases[phase][PHASE_FIRST] = first;
    results->phases[phase][PHASE_COUNT] = sets->n_sets;
    results->sets = grown;
    results->n_chosen++;
    return HS_OK;
}
