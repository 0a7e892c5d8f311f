/*
 * Phases of the table of sets: which are there, and adding the next one. Where several ranks have the file open, the
 * processes of a host share one table, which the first of them reads and writes.
 */
#include "results/file.h"

#include <string.h>

/* Says that the rows of the phase are there and belong to this place of this experiment. `names`: as in the file. */
static uint64_t phase_word(const hs_results *results, size_t phase, uint64_t first, uint64_t hash_of_rows,
                           const char *names, size_t n)
{
    uint64_t word = hs_hash_u64(hs_hash_u64(results->experiment_hash, phase), first);
    word = hs_hash_u64(word, hash_of_rows);
    word = hs_hash(word, names, n * results->set_name_width);
    return word == 0 ? 1 : word;
}

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

/* The names are part of the word: readers take them for what the rows say. */
hs_status hs__results_phase_matches(hs_results *results, size_t phase, uint64_t hash_of_rows, bool *there_out,
                                    hs_error *error)
{
    const uint64_t *row = results->phases[phase];
    const size_t n = (size_t)row[HS_PHASE_COUNT];
    const hs_file_rows place = name_rows(results, (size_t)row[HS_PHASE_FIRST], n);
    char *names = NULL;
    hs_status status;
    *there_out = false;
    HS_GOTO_DONE(hs_allocate(&names, n, results->set_name_width, "names of sets", error));
    HS_GOTO_DONE(hs__results_file_transfer(results, HS_DIRECTION_READ, &place, names, error));
    *there_out = phase_word(results, phase, row[HS_PHASE_FIRST], hash_of_rows, names, n) == row[HS_PHASE_WORD];
done:
    hs_free(names);
    return status;
}

/* Every array of the table with its dataset, from set `first` and component `first_added` on. */
static hs_status transfer_rows(hs_results *results, hs_direction direction, size_t first, size_t n, size_t first_added,
                               size_t n_added, hs_error *error)
{
    const hs_file_group *tables = &results->set_tables;
    const hs_sets *sets = &results->sets;
    const struct {
        const char *name;
        hs_element element;
        size_t first, n, n_columns;
        void *bytes;
    } parts[] = {
        {"order", HS_ELEMENT_I32, first, n, 1, sets->order + first},
        {"intervention", HS_ELEMENT_I32, first, n, 1, sets->intervention + first},
        {"parent", HS_ELEMENT_I32, first, n, 1, sets->parent + first},
        {"first_added", HS_ELEMENT_U64, first, n, 1, sets->first_added + first},
        {"added", HS_ELEMENT_I32, first_added, n_added, HS_LAYOUT_COMPONENT_FIELDS, sets->added + first_added},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const hs_file_rows place = {.dataset = hs__results_file_dataset(tables, parts[i].name),
                                    .element = parts[i].element,
                                    .first = parts[i].first,
                                    .n = parts[i].n,
                                    .n_columns = parts[i].n_columns,
                                    .what = parts[i].name};
        HS_TRY(hs__results_file_transfer(results, direction, &place, parts[i].bytes, error));
    }
    return HS_OK;
}

/*
 * Names, rows, then the word, all raw. A run that dies between them leaves a phase that is not
 * there, and chooses the same sets again.
 */
static hs_status write_phase(hs_results *results, size_t phase, size_t first, size_t n, hs_error *error)
{
    const hs_file_rows place = {.dataset = hs__results_file_dataset(&results->set_tables, "phase"),
                                .element = HS_ELEMENT_U64,
                                .first = phase,
                                .n = 1,
                                .n_columns = HS_LAYOUT_PHASE_FIELDS,
                                .what = "/sets/phase"};
    const hs_file_rows of_names = name_rows(results, first, n);
    const hs_sets *sets = &results->sets;
    const size_t first_added = (size_t)sets->first_added[first];
    char *names = NULL;
    hs_status status;
    HS_GOTO_DONE(hs_allocate(&names, n, results->set_name_width, "names of sets", error));
    HS_GOTO_DONE(hs__results_layout_pack_set_names(sets, first, n, results->set_name_width, names, error));
    HS_GOTO_DONE(hs__results_file_transfer(results, HS_DIRECTION_WRITE, &of_names, names, error));
    HS_GOTO_DONE(transfer_rows(results, HS_DIRECTION_WRITE, first, n, first_added, sets->n_added - first_added, error));
    results->phases[phase][HS_PHASE_WORD] =
        phase_word(results, phase, first, hs__results_layout_hash_sets(sets, first, n), names, n);
    HS_GOTO_DONE(hs__results_file_transfer(results, HS_DIRECTION_WRITE, &place, results->phases[phase], error));
done:
    hs_free(names);
    return status;
}

/* Takes sets up to `n_sets`, which are sound, into the table whose arrays are read. */
static void take_sets(hs_sets *sets, size_t n_sets)
{
    for (size_t set = sets->n_sets; set < n_sets; set++) {
        const int32_t parent = sets->parent[set];
        const size_t n = (size_t)(sets->order[set] - (parent > 0 ? sets->order[parent] : 0));
        sets->first_added[set + 1] = sets->first_added[set] + n;
        sets->max_order = (size_t)sets->order[set] > sets->max_order ? (size_t)sets->order[set] : sets->max_order;
    }
    sets->n_sets = n_sets;
    sets->n_added = (size_t)sets->first_added[n_sets];
}

static hs_status take_first(hs_results *results, hs_error *error)
{
    hs_sets table = results->sets;
    table.n_sets = (size_t)results->phases[0][HS_PHASE_COUNT];
    HS_TRY(hs__results_layout_check_sets(&table, error));
    take_sets(&results->sets, table.n_sets);
    results->first_hash = hs__results_layout_hash_sets(&results->sets, 0, table.n_sets);
    return HS_OK;
}

/* What does not hold together was not written to its end: rows are written before the word. */
static hs_status take_phase(hs_results *results, size_t phase, bool *there_out, hs_error *error)
{
    const size_t first = results->sets.n_sets, n = (size_t)results->phases[phase][HS_PHASE_COUNT];
    hs_sets taken = results->sets;
    hs_error ignored = {0};
    *there_out = false;
    if (hs__results_layout_check_rows(&taken, first, n, &ignored) != HS_OK)
        return HS_OK;
    take_sets(&taken, first + n);
    HS_TRY(hs__results_phase_matches(results, phase, hs__results_layout_hash_sets(&taken, first, n), there_out, error));
    if (*there_out)
        results->sets = taken;
    return HS_OK;
}

/* Whether the row of the next phase can be one: it follows the last set and has room. */
static bool may_be_there(const hs_results *results, size_t phase)
{
    const uint64_t *row = results->phases[phase];
    const size_t first = results->sets.n_sets;
    return row[HS_PHASE_WORD] != 0 && row[HS_PHASE_FIRST] == first &&
           row[HS_PHASE_COUNT] <= results->extents.of[HS_AXIS_SET] - first;
}

/*
 * Phases are taken one after the other until one is not there; what stands behind it was never
 * begun. The hash of the first phase's tables is compared at the end, for damage there has no word
 * of its own.
 */
static hs_status read_sets(hs_results *results, hs_error *error)
{
    const uint64_t *first = results->phases[0];
    const bool is_old = results->version == 1;
    bool there = true;
    if (first[HS_PHASE_FIRST] != 0 || first[HS_PHASE_COUNT] == 0 ||
        first[HS_PHASE_COUNT] > results->extents.of[HS_AXIS_SET])
        return hs_fail(error, HS_ERROR_RESULTS, "its first phase cannot have %llu sets: the file is damaged",
                       (unsigned long long)first[HS_PHASE_COUNT]);
    if (!is_old)
        HS_TRY(transfer_rows(results, HS_DIRECTION_READ, 0, results->extents.of[HS_AXIS_SET], 0,
                             results->extents.of[HS_AXIS_ADDED], error));
    HS_TRY(is_old ? hs__results_take_first_1(results, error) : take_first(results, error));
    results->n_chosen = 1;
    while (there && results->n_chosen < results->n_phases) {
        const size_t phase = results->n_chosen;
        there = may_be_there(results, phase);
        if (there)
            HS_TRY((is_old ? hs__results_take_phase_1 : take_phase)(results, phase, &there, error));
        results->n_chosen += there;
    }
    if (hs__results_layout_hash_tables(results->first_hash, results->tasks, results->n_tasks) != results->tables_hash)
        return hs_fail(error, HS_ERROR_RESULTS,
                       "its tables of sets and examples are not what was written: the file is damaged");
    return HS_OK;
}

/* What stands before the arrays in the shared block: how much of them is there. */
typedef struct shared_header {
    uint64_t n_sets, n_added, max_order, n_chosen;
} shared_header;

/* Does this process write the table? The others see it; where there is no shared memory each has its own. */
static bool owns_table(const hs_results *results)
{
    return results->shared == NULL || hs_comm_node_rank(results->comm) == 0;
}

/*
 * Room for all sets that the file can have. Rank 0 says how much, so that a file that cannot be read fails
 * everywhere.
 */
static hs_status share_memory(hs_results *results, hs_error *error)
{
    uint64_t sizes[2] = {results->extents.of[HS_AXIS_SET], 0};
    hs_status status = HS_OK;
    if (hs_comm_rank(results->comm) == 0)
        status = hs__results_count_added(results, &sizes[1], error);
    HS_TRY(hs_comm_agree(results->comm, status, error));
    HS_TRY(hs_comm_broadcast(results->comm, sizes, sizeof sizes, 0, error));
    HS_TRY(hs_comm_shared_new(results->comm, sizeof(shared_header) + hs_sets_bytes((size_t)sizes[0], (size_t)sizes[1]),
                              &results->shared, error));
    hs_sets_place(&results->sets, (shared_header *)hs_comm_shared_bytes(results->shared) + 1, (size_t)sizes[0],
                  (size_t)sizes[1]);
    return HS_OK;
}

static hs_status share_table(hs_results *results, hs_error *error)
{
    shared_header *header = hs_comm_shared_bytes(results->shared);
    if (owns_table(results))
        *header =
            (shared_header){results->sets.n_sets, results->sets.n_added, results->sets.max_order, results->n_chosen};
    HS_TRY(hs_comm_shared_publish(results->comm, results->shared, error));
    results->sets.n_sets = (size_t)header->n_sets;
    results->sets.n_added = (size_t)header->n_added;
    results->sets.max_order = (size_t)header->max_order;
    results->n_chosen = (size_t)header->n_chosen;
    return HS_OK;
}

static size_t text_width_of(hid_t dataset)
{
    hid_t type = H5Dget_type(dataset);
    size_t width = H5Tget_size(type);
    hs__results_hdf5_close(type);
    return width;
}

/* On several ranks, those that own their host's table read it, and agree before the others look. */
hs_status hs__results_file_load_sets(hs_results *results, hs_error *error)
{
    hs_sets *sets = &results->sets;
    uint64_t n_added = 0;
    sets->n_interventions = results->extents.of[HS_AXIS_INTERVENTION];
    sets->intervention_names = (const char *const *)results->intervention_names.items;
    results->set_name_width = text_width_of(hs__results_file_dataset(&results->root, "set"));
    if (results->comm == NULL) {
        HS_TRY(hs__results_count_added(results, &n_added, error));
        HS_TRY(hs_sets_reserve(sets, results->extents.of[HS_AXIS_SET], (size_t)n_added, error));
        return read_sets(results, error);
    }
    HS_TRY(share_memory(results, error));
    HS_TRY(hs_comm_agree(results->comm, owns_table(results) ? read_sets(results, error) : HS_OK, error));
    return hs_comm_agree(results->comm, share_table(results, error), error);
}

void hs__results_file_unload_sets(hs_results *results)
{
    hs_comm_shared_free(results->shared);
    hs_sets_clear(&results->sets);
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
    *first_out = results->phases[phase][HS_PHASE_FIRST];
    *n_out = results->phases[phase][HS_PHASE_COUNT];
}

static hs_status check_room(const hs_results *results, const hs_sets *rows, hs_error *error)
{
    const size_t first = results->sets.n_sets;
    if (results->version == 1)
        return hs_fail(
            error, HS_ERROR_RESULTS,
            "%s was begun by an earlier headsweep (layout 1), which alone can choose its further sets: finish it with "
            "that one, or sweep into a new file",
            results->path);
    if (results->n_chosen == results->n_phases || rows->n_sets > results->extents.of[HS_AXIS_SET] - first ||
        rows->n_added > results->sets.room_added - results->sets.n_added)
        return hs_fail(error, HS_ERROR_INTERNAL, "%s has no room for a phase of %zu sets", results->path, rows->n_sets);
    return HS_OK;
}

/* The rows into the table of this process; where another one writes it, what it will have. */
static hs_status append_rows(hs_results *results, const hs_sets *rows, hs_error *error)
{
    hs_sets *sets = &results->sets;
    const size_t first = sets->n_sets;
    const bool writes = owns_table(results) || hs_comm_shared_is_copied(results->shared);
    if (writes) {
        HS_TRY(hs_sets_append_rows(sets, rows, error));
        return hs__results_layout_check_rows(sets, first, rows->n_sets, error);
    }
    sets->n_sets += rows->n_sets;
    sets->n_added += rows->n_added;
    sets->max_order = rows->max_order > sets->max_order ? rows->max_order : sets->max_order;
    return HS_OK;
}

/*
 * Where anything fails the table is as before on all ranks: n_chosen is raised last, after the
 * others of the host can see the rows.
 */
hs_status hs_results_add_phase(hs_results *results, const hs_sets *rows, hs_error *error)
{
    const size_t first = results->sets.n_sets, phase = results->n_chosen;
    const hs_sets before = results->sets;
    hs_status status = check_room(results, rows, error);
    HS_TRY(hs_comm_agree(results->comm, status, error));
    status = append_rows(results, rows, error);
    results->phases[phase][HS_PHASE_FIRST] = first;
    results->phases[phase][HS_PHASE_COUNT] = rows->n_sets;
    if (status == HS_OK && hs_comm_rank(results->comm) == 0)
        status = write_phase(results, phase, first, rows->n_sets, error);
    status = hs_comm_agree(results->comm, status, error);
    if (status != HS_OK) {
        results->sets = before;
        return status;
    }
    if (!hs_comm_shared_is_copied(results->shared))
        HS_TRY(hs_comm_shared_publish(results->comm, results->shared, error));
    results->n_chosen++;
    return HS_OK;
}
