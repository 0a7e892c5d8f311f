/*
 * load: everything of a file but cells and sets into memory, each table checked against the sizes
 * that the others state.
 */
#include "results/file.h"

#include <string.h>

/*
 * The whole dataset, rows of n_columns, into a new array with room for `n_spare` more rows; its size was checked
 * against the file's. In pieces, as everything that grows with the sweep: MPI-IO layers fail on more than 2 GB at once.
 */
static hs_status read_table(hs_results *results, const hs_file_rows *rows, size_t n_spare, void *array_out,
                            hs_error *error)
{
    hs_error reason = {0};
    HS_TRY(hs_allocate(array_out, rows->n + n_spare, rows->n_columns * hs__results_element_bytes(rows->element),
                       "table of the results file", error));
    if (hs__results_file_transfer(results, HS_DIRECTION_READ, rows, *(void **)array_out, &reason) != HS_OK)
        return hs_fail(error, HS_ERROR_RESULTS, "%s cannot be read", rows->what);
    return HS_OK;
}

/* A dataset of one axis, or what is left of it, as rows for read_table. */
static hs_file_rows rows_of(const hs_file_group *group, const char *name, hs_element element, size_t n)
{
    return (hs_file_rows){
        .dataset = hs__results_file_dataset(group, name), .element = element, .n = n, .n_columns = 1, .what = name};
}

/* HDF5's own type is asked for the width, which differs from file to file. */
static hs_status read_text_table(const hs_results *results, hid_t dataset, size_t n, const char *what,
                                 hs_text_rows *texts_out, hs_error *error)
{
    hid_t type = H5Dget_type(dataset);
    size_t width = H5Tget_size(type);
    const hs_file_extent all = {.dataset = dataset, .element_bytes = width, .n = n, .what = what};
    char *bytes = NULL;
    hs_error reason = {0};
    hs_status status;
    HS_GOTO_DONE(hs_allocate(&bytes, n, width, what, error));
    if (hs__results_file_read(results, &all, bytes, &reason) != HS_OK)
        HS_GOTO_DONE(hs_fail(error, HS_ERROR_RESULTS, "%s cannot be read", what));
    status = hs__results_texts_cut(bytes, n, width, what, texts_out, error);
    bytes = NULL;
done:
    hs_free(bytes);
    hs__results_hdf5_close(type);
    return status;
}

/* The number of phases is limited before it is used for an allocation. */
static hs_status load_phases(hs_results *results, hs_error *error)
{
    const hs_file_group *tables = &results->set_tables;
    const size_t n = results->extents.of[HS_AXIS_PHASE];
    if (n == 0 || n > HS_LAYOUT_MAX_PHASES)
        return hs_fail(error, HS_ERROR_RESULTS, "%zu phases are impossible", n);
    hs_file_rows rows = rows_of(tables, "phase", HS_ELEMENT_U64, n);
    rows.n_columns = HS_LAYOUT_PHASE_FIELDS;
    HS_TRY(read_table(results, &rows, 0, &results->phases, error));
    results->n_phases = n;
    HS_TRY(read_text_table(results, hs__results_file_dataset(tables, "phase_name"), n, "phase names",
                           &results->phase_names, error));
    return read_text_table(results, hs__results_file_dataset(tables, "intervention_name"),
                           results->extents.of[HS_AXIS_INTERVENTION], "intervention names",
                           &results->intervention_names, error);
}

/*
 * better, percent and per are brought to the values that the code knows: a file may hold any
 * number.
 */
static hs_status load_metrics(const hs_results *results, hs_file_task *file, size_t n, hs_error *error)
{
    hid_t dataset = hs__results_file_dataset(&file->cells, "metric");
    int32_t better[HS_LAYOUT_MAX_METRICS], percent[HS_LAYOUT_MAX_METRICS], per[HS_LAYOUT_MAX_METRICS];
    if (n > HS_LAYOUT_MAX_METRICS)
        return hs_fail(error, HS_ERROR_RESULTS, "%zu metrics are impossible", n);
    HS_TRY(read_text_table(results, dataset, n, "metric names", &file->metric_names, error));
    HS_TRY(hs__results_hdf5_read_texts(dataset, "unit", n, &file->units, error));
    HS_TRY(hs__results_hdf5_read_texts(dataset, "metric_meaning", n, &file->meanings, error));
    HS_TRY(hs__results_hdf5_read_i32(dataset, "better", better, n, error));
    HS_TRY(hs__results_hdf5_read_i32(dataset, "percent", percent, n, error));
    HS_TRY(hs__results_hdf5_read_i32(dataset, "per", per, n, error));
    if (file->units.n != n || file->meanings.n != n)
        return hs_fail(error, HS_ERROR_RESULTS, "units and meanings do not fit the %zu metrics", n);
    HS_TRY(hs_allocate(&file->metrics, n, sizeof *file->metrics, "metrics", error));
    for (size_t i = 0; i < n; i++)
        file->metrics[i] = (hs_metric){
            .name = file->metric_names.items[i],
            .unit = file->units.items[i],
            .meaning = file->meanings.items[i],
            .better = better[i] > 0   ? 1
                      : better[i] < 0 ? -1
                                      : 0,
            .percent = percent[i] != 0,
            .per = per[i],
        };
    return HS_OK;
}

/* Files of before have no levels of chance. */
static hs_status load_chance(hs_file_task *file, size_t n, hs_error *error)
{
    hid_t dataset = hs__results_file_dataset(&file->cells, "metric");
    if (H5Aexists(dataset, "chance") <= 0)
        return HS_OK;
    HS_TRY(hs_allocate(&file->chance, n, sizeof *file->chance, "metrics", error));
    HS_TRY(hs__results_hdf5_read_f64(dataset, "chance", file->chance, n, error));
    for (size_t i = 0; i < n; i++)
        if (!(file->chance[i] >= 0 && file->chance[i] <= 1))
            return hs_fail(error, HS_ERROR_RESULTS, "metric %zu has the impossible level of chance %g", i,
                           file->chance[i]);
    return HS_OK;
}

/*
 * shard_first has one entry more than the file, the end of the last shard. What the task refers to
 * is owned by `file`.
 */
static hs_status load_task_tables(hs_results *results, hs_file_task *file, hs_results_task *task, hs_error *error)
{
    hid_t prompt = hs__results_file_dataset(&file->cells, "prompt");
    const size_t n_shards = task->n_shards, n_examples = task->n_examples;
    const hs_file_rows shard = rows_of(&file->cells, "shard", HS_ELEMENT_U64, n_shards);
    const hs_file_rows example = rows_of(&file->cells, "example", HS_ELEMENT_U64, n_examples);
    const hs_file_rows donor = rows_of(&file->cells, "donor", HS_ELEMENT_U32, n_examples);
    HS_TRY(load_metrics(results, file, task->n_metrics, error));
    HS_TRY(load_chance(file, task->n_metrics, error));
    HS_TRY(read_table(results, &shard, 1, &file->shard_first, error));
    file->shard_first[n_shards] = n_examples;
    HS_TRY(read_table(results, &example, 0, &file->example_line, error));
    if (prompt >= 0)
        HS_TRY(read_text_table(results, prompt, n_examples, "prompts", &file->prompts, error));
    if (donor.dataset >= 0)
        HS_TRY(read_table(results, &donor, 0, &file->donor, error));
    task->metrics = file->metrics;
    task->chance = file->chance;
    task->shard_first = file->shard_first;
    task->example_line = file->example_line;
    task->donor = file->donor;
    task->prompts = prompt >= 0 ? (const char *const *)file->prompts.items : NULL;
    return hs__results_layout_check_task(task, error);
}

/* Both datasets or none: whoever removed one gets no texts. */
static void load_text_sizes(const hs_file_task *file, const hs_extents *extents, hs_results_task *task)
{
    hid_t text = hs__results_file_dataset(&file->cells, "text");
    if (text < 0 || hs__results_file_dataset(&file->cells, "text_set") < 0)
        return;
    hid_t type = H5Dget_type(text);
    task->n_text_sets = extents->of[HS_AXIS_TEXT_SET];
    task->n_samples = extents->of[HS_AXIS_SAMPLE];
    task->text_bytes = type < 0 ? 0 : H5Tget_size(type);
    hs__results_hdf5_close(type);
}

/*
 * Extents are copied, as examples, metrics and shards are each task's own while sets are
 * everybody's.
 */
static hs_status load_task(hs_results *results, hid_t cells, hid_t ranking, size_t index, hs_error *error)
{
    hs_file_task *file = &results->files[index];
    hs_results_task *task = &results->tasks[index];
    hs_extents extents = results->extents;
    char *kind = NULL;
    HS_TRY(hs__results_file_open_datasets(results, cells, &extents, &file->cells, error));
    HS_TRY(hs__results_file_open_datasets(results, ranking, &extents, &file->ranking, error));
    HS_TRY(hs__results_hdf5_read_text(cells, "kind", &kind, error));
    task->name = results->task_names.items[index];
    task->kind = kind;
    task->n_examples = extents.of[HS_AXIS_EXAMPLE];
    task->n_metrics = extents.of[HS_AXIS_METRIC];
    task->n_shards = extents.of[HS_AXIS_SHARD];
    HS_TRY(load_task_tables(results, file, task, error));
    load_text_sizes(file, &extents, task);
    file->values = hs__results_file_dataset(&file->cells, "values");
    file->commit = hs__results_file_dataset(&file->cells, "commit");
    file->values_space = H5Dget_space(file->values);
    file->commit_space = H5Dget_space(file->commit);
    if (file->values_space < 0 || file->commit_space < 0)
        return hs__results_hdf5_fail(error, HS_ERROR_RESULTS, "its extents cannot be read");
    return HS_OK;
}

static hs_status load_task_named(hs_results *results, hid_t all_cells, hid_t all_rankings, size_t index,
                                 hs_error *error)
{
    const char *name = results->task_names.items[index];
    hid_t cells = H5I_INVALID_HID, ranking = H5I_INVALID_HID;
    hs_status status;
    HS_TRY(hs__results_layout_check_task_name(name, error));
    HS_GOTO_DONE(hs__results_file_open_group(results, all_cells, name, &cells, error));
    HS_GOTO_DONE(hs__results_file_open_group(results, all_rankings, name, &ranking, error));
    HS_GOTO_DONE(load_task(results, cells, ranking, index, error));
done:
    hs__results_hdf5_close(cells);
    hs__results_hdf5_close(ranking);
    return status == HS_OK ? HS_OK : hs_error_prefix(error, "task %s", name);
}

/* Ids are marked invalid at once, so that unloading after a failure closes only what was opened. */
static hs_status allocate_tasks(hs_results *results, hs_error *error)
{
    const size_t n = results->task_names.n;
    if (n == 0)
        return hs_fail(error, HS_ERROR_RESULTS, "it has no task: the file is damaged");
    HS_TRY(hs_allocate(&results->tasks, n, sizeof *results->tasks, "tasks", error));
    HS_TRY(hs_allocate(&results->files, n, sizeof *results->files, "tasks", error));
    for (size_t i = 0; i < n; i++) {
        hs__results_file_group_init(&results->files[i].cells, HS_GROUP_TASK);
        hs__results_file_group_init(&results->files[i].ranking, HS_GROUP_TASK_RANKING);
        results->files[i].values_space = H5I_INVALID_HID;
        results->files[i].commit_space = H5I_INVALID_HID;
    }
    results->n_tasks = n;
    return HS_OK;
}

static hs_status load_tasks(hs_results *results, hs_error *error)
{
    hid_t cells = H5I_INVALID_HID, rankings = H5I_INVALID_HID;
    hs_status status;
    HS_GOTO_DONE(hs__results_file_open_group(results, results->file, "results", &cells, error));
    HS_GOTO_DONE(hs__results_file_open_group(results, results->file, "ranking", &rankings, error));
    HS_GOTO_DONE(hs__results_hdf5_read_texts(cells, "tasks", HS_LAYOUT_MAX_TASKS, &results->task_names, error));
    HS_GOTO_DONE(allocate_tasks(results, error));
    for (size_t i = 0; i < results->n_tasks; i++)
        HS_GOTO_DONE(load_task_named(results, cells, rankings, i, error));
done:
    hs__results_hdf5_close(cells);
    hs__results_hdf5_close(rankings);
    return status;
}

/*
 * The attribute that says who wrote the file is looked for before anything else is believed. Newer
 * layouts are refused, older ones read.
 */
static hs_status check_version(hs_results *results, hs_error *error)
{
    int32_t version = 0;
    if (H5Aexists(results->file, HS_LAYOUT_ATTRIBUTE) <= 0)
        return hs_fail(error, HS_ERROR_RESULTS,
                       "%s, but none that headsweep wrote (no attribute " HS_LAYOUT_ATTRIBUTE ")",
                       H5Aexists(results->file, "_NCProperties") > 0 ? "a netCDF-4 file" : "an HDF5 file");
    HS_TRY(hs__results_hdf5_read_i32(results->file, HS_LAYOUT_ATTRIBUTE, &version, 1, error));
    if (version > HS_RESULTS_LAYOUT_VERSION)
        return hs_fail(error, HS_ERROR_RESULTS,
                       "written in layout %d; this headsweep reads layouts up to %d: use a newer headsweep", version,
                       HS_RESULTS_LAYOUT_VERSION);
    if (version < 1)
        return hs_fail(error, HS_ERROR_RESULTS, "layout %d does not exist", version);
    results->version = version;
    HS_TRY(hs__results_hdf5_read_u64(results->file, "experiment_hash", &results->experiment_hash, error));
    return hs__results_hdf5_read_u64(results->file, "tables_hash", &results->tables_hash, error);
}

static hs_status load_reference(hs_results *results, hs_error *error)
{
    hid_t group = H5I_INVALID_HID;
    if (H5Lexists(results->file, "reference", H5P_DEFAULT) == 0)
        return HS_OK;
    HS_TRY(hs__results_file_open_tables(results, "reference", &results->reference, error));
    HS_TRY(hs__results_file_open_group(results, results->file, "reference", &group, error));
    hs_status status = hs__results_hdf5_read_u64(group, "hash", &results->means_hash, error);
    hs__results_hdf5_close(group);
    return status;
}

/*
 * Root first, since extents that datasets share are taken from where they are met first; phases
 * need the tables of sets, tasks need the phases' extents.
 */
hs_status hs__results_file_load(hs_results *results, hs_error *error)
{
    results->extents = hs__results_extents_unknown();
    HS_TRY(check_version(results, error));
    HS_TRY(hs__results_file_open_datasets(results, results->file, &results->extents, &results->root, error));
    hs__results_file_group_init(&results->set_tables, results->version == 1 ? HS_GROUP_SETS_1 : HS_GROUP_SETS);
    HS_TRY(hs__results_file_open_tables(results, "sets", &results->set_tables, error));
    HS_TRY(hs__results_file_open_tables(results, "provenance", &results->provenance_tables, error));
    HS_TRY(hs__results_file_open_tables(results, "ranking", &results->ranking, error));
    HS_TRY(load_reference(results, error));
    HS_TRY(hs__results_file_load_attributes(results, "experiment", &results->experiment, error));
    HS_TRY(hs__results_file_load_attributes(results, "provenance", &results->provenance, error));
    HS_TRY(hs__results_file_load_restated(results, error));
    hs__results_file_read_stated(results);
    HS_TRY(load_phases(results, error));
    return load_tasks(results, error);
}

/* Takes a task that was loaded halfway. */
static void unload_task(hs_file_task *file)
{
    hs__results_hdf5_close(file->values_space);
    hs__results_hdf5_close(file->commit_space);
    hs__results_file_close_datasets(&file->cells);
    hs__results_file_close_datasets(&file->ranking);
    hs__results_texts_clear(&file->metric_names);
    hs__results_texts_clear(&file->units);
    hs__results_texts_clear(&file->meanings);
    hs__results_texts_clear(&file->prompts);
    hs_free(file->metrics);
    hs_free(file->chance);
    hs_free(file->shard_first);
    hs_free(file->example_line);
    hs_free(file->donor);
}

/* Tables of tasks are freed by n_tasks, which is set once both arrays exist. */
void hs__results_file_unload(hs_results *results)
{
    for (size_t i = 0; i < results->n_tasks; i++) {
        hs_free((void *)results->tasks[i].kind);
        unload_task(&results->files[i]);
    }
    hs__results_file_close_datasets(&results->root);
    hs__results_file_close_datasets(&results->set_tables);
    hs__results_file_close_datasets(&results->provenance_tables);
    hs__results_file_close_datasets(&results->reference);
    hs__results_file_close_datasets(&results->ranking);
    hs__results_file_clear_attributes(&results->experiment);
    hs__results_file_clear_attributes(&results->provenance);
    hs__results_file_clear_attributes(&results->replaced);
    hs_text_clear(&results->restated);
    hs__results_file_forget_stated(results);
    hs__results_texts_clear(&results->intervention_names);
    hs__results_texts_clear(&results->phase_names);
    hs_free(results->phases);
    hs__results_texts_clear(&results->task_names);
    hs__results_file_unload_sets(results);
    hs_free(results->tasks);
    hs_free(results->files);
}
