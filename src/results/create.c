/* memfd_create and dup3 */
#define _GNU_SOURCE
#include "results/create.h"

#include "results/objects.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * What belongs to the identity is itself an attribute, a list of names: a reader that compares
 * experiments needs no list of its own, and files of other versions keep theirs.
 */
static hs_status write_attribute_group(hid_t file, const char *name, const hs_results_attribute *attributes, size_t n,
                                       hs_error *error)
{
    hid_t group = H5I_INVALID_HID;
    const char **identity = NULL;
    size_t n_identity = 0;
    hs_status status;
    HS_GOTO_DONE(hs__results_objects_create_group(file, name, &group, error));
    HS_GOTO_DONE(hs_allocate(&identity, n, sizeof *identity, "identity attributes", error));
    for (size_t i = 0; i < n; i++) {
        HS_GOTO_DONE(hs__results_hdf5_write_text(group, attributes[i].name, attributes[i].value, error));
        if (attributes[i].identity)
            identity[n_identity++] = attributes[i].name;
    }
    HS_GOTO_DONE(hs__results_hdf5_write_texts(group, HS_LAYOUT_IDENTITY, identity, n_identity, error));
done:
    hs_free(identity);
    hs__results_hdf5_close(group);
    return status;
}

static hs_status write_root_attributes(hid_t file, const hs_results_layout *layout, hs_error *error)
{
    const int32_t version = HS_RESULTS_LAYOUT_VERSION;
    const uint64_t sets_hash = hs__results_layout_hash_sets(&layout->sets, 0, layout->sets.n_sets);
    const uint64_t tables_hash = hs__results_layout_hash_tables(sets_hash, layout->tasks, layout->n_tasks);
    HS_TRY(hs__results_hdf5_write_i32(file, HS_LAYOUT_ATTRIBUTE, &version, 0, error));
    HS_TRY(hs__results_hdf5_write_text(file, "headsweep_version", HEADSWEEP_VERSION, error));
    HS_TRY(hs__results_hdf5_write_u64(file, "experiment_hash", layout->experiment_hash, error));
    HS_TRY(hs__results_hdf5_write_u64(file, "tables_hash", tables_hash, error));
    HS_TRY(write_attribute_group(file, "experiment", layout->experiment, layout->n_experiment, error));
    return write_attribute_group(file, "provenance", layout->provenance, layout->n_provenance, error);
}

/* What is linked into a group: scales, and what tells of the sets beside their names. */
static const char *const in_sets[] = {"/set", NULL};
static const char *const in_ranking[] = {"/set", NULL};
static const char *const in_task[] = {"/set", "/sets/order", "/sets/intervention", NULL};
static const char *const in_task_ranking[] = {
    "/set", "/sets/order", "/sets/intervention", "/sets/intervention_name", "/ranking/stability_field", NULL};

/*
 * Gives datasets a name in another group too: netCDF finds the scales of a group and of the groups around it, xarray
 * labels a dataset with those of its own group alone.
 */
static hs_status link_into(hid_t group, const char *const *paths, hs_error *error)
{
    for (; *paths != NULL; paths++)
        if (H5Lcreate_hard(group, *paths, group, strrchr(*paths, '/') + 1, H5P_DEFAULT, H5P_DEFAULT) < 0)
            return hs__results_hdf5_fail(error, HS_ERROR_IO, "%s cannot be linked", *paths);
    return HS_OK;
}

/* Names that are made and written at once. */
enum { NAMES_AT_ONCE = 4096 };

/* Of the sets of the first phase: later phases write theirs. */
static hs_status write_set_names(hid_t file, const hs_results_layout *layout, size_t width, hs_error *error)
{
    hid_t dataset = H5Dopen2(file, "set", H5P_DEFAULT), type = hs__results_hdf5_type(HS_ELEMENT_TEXT, width);
    const size_t n_sets = layout->sets.n_sets;
    char *names = NULL;
    hs_status status;
    HS_GOTO_DONE(hs_allocate(&names, n_sets < NAMES_AT_ONCE ? n_sets : NAMES_AT_ONCE, width, "names of sets", error));
    for (size_t first = 0; first < n_sets; first += NAMES_AT_ONCE) {
        const size_t n = n_sets - first < NAMES_AT_ONCE ? n_sets - first : NAMES_AT_ONCE;
        HS_GOTO_DONE(hs__results_layout_pack_set_names(&layout->sets, first, n, width, names, error));
        HS_GOTO_DONE(hs__results_objects_write_rows(dataset, type, first, n, names, error));
    }
done:
    hs_free(names);
    hs__results_hdf5_close(type);
    hs__results_hdf5_close(dataset);
    return status == HS_OK ? HS_OK : hs_error_prefix(error, "names of sets");
}

static hs_status create_set_names(hid_t file, const hs_results_layout *layout, const hs_extents *extents,
                                  hs_scales *scales, hs_error *error)
{
    const size_t width = hs__results_layout_set_name_width(layout);
    const hs_object_table contents = {.name = "set", .text_width = width};
    HS_TRY(hs__results_objects_create_datasets(file, HS_GROUP_ROOT, extents, (hs_object_tables){&contents, 1}, scales,
                                               error));
    return write_set_names(file, layout, width, error);
}

/* What the datasets of /sets are written from besides the table of sets. */
typedef struct set_texts {
    uint64_t (*phases)[HS_LAYOUT_PHASE_FIELDS];
    const char **phase_names;
    char *intervention_bytes, *phase_bytes;
    size_t intervention_width, phase_width;
} set_texts;

static hs_status pack_phases(const hs_results_layout *layout, set_texts *t, hs_error *error)
{
    const hs_results_later *later = &layout->later;
    const size_t n_sets = layout->sets.n_sets;
    const uint64_t first[HS_LAYOUT_PHASE_FIELDS] = {0, n_sets, hs__results_layout_hash_sets(&layout->sets, 0, n_sets)};
    HS_TRY(hs_allocate(&t->phases, 1 + later->n_phases, sizeof *t->phases, "phases", error));
    HS_TRY(hs_allocate(&t->phase_names, 1 + later->n_phases, sizeof *t->phase_names, "phases", error));
    memcpy(t->phases[0], first, sizeof first);
    t->phase_names[0] = HS_LAYOUT_FIRST_PHASE;
    for (size_t i = 0; i < later->n_phases; i++)
        t->phase_names[1 + i] = later->names[i];
    return hs__results_texts_pack(t->phase_names, 1 + later->n_phases, &t->phase_bytes, &t->phase_width, error);
}

static void clear_texts(set_texts *t)
{
    hs_free(t->phases);
    hs_free(t->phase_names);
    hs_free(t->intervention_bytes);
    hs_free(t->phase_bytes);
}

/*
 * Arrays that later phases continue are written for the first phase alone; the rest keeps its
 * fill.
 */
static hs_status create_sets(hid_t file, const hs_results_layout *layout, const hs_extents *extents, hs_scales *scales,
                             hs_error *error)
{
    const hs_sets *sets = &layout->sets;
    hid_t group = H5I_INVALID_HID;
    set_texts t = {0};
    hs_status status;
    HS_GOTO_DONE(create_set_names(file, layout, extents, scales, error));
    HS_GOTO_DONE(hs__results_objects_create_group(file, "sets", &group, error));
    HS_GOTO_DONE(link_into(group, in_sets, error));
    HS_GOTO_DONE(hs__results_texts_pack(sets->intervention_names, sets->n_interventions, &t.intervention_bytes,
                                        &t.intervention_width, error));
    HS_GOTO_DONE(pack_phases(layout, &t, error));
    const hs_object_table contents[] = {
        {"order", sets->order, 0, sets->n_sets},
        {"intervention", sets->intervention, 0, sets->n_sets},
        {"parent", sets->parent, 0, sets->n_sets},
        {"first_added", sets->first_added, 0, sets->n_sets},
        {"added", sets->n_added > 0 ? sets->added : NULL, 0, sets->n_added},
        {"intervention_name", t.intervention_bytes, t.intervention_width, 0},
        {"phase", t.phases, 0, 0},
        {"phase_name", t.phase_bytes, t.phase_width, 0},
    };
    const size_t n = sizeof contents / sizeof contents[0];
    status = hs__results_objects_create_datasets(group, HS_GROUP_SETS, extents, (hs_object_tables){contents, n}, scales,
                                                 error);
done:
    clear_texts(&t);
    hs__results_hdf5_close(group);
    return status;
}

/*
 * The hash covers the means, which no commit word does: a resumed run takes them from here and
 * must not compute on with damaged ones.
 */
static hs_status create_reference(hid_t file, const hs_results_layout *layout, const hs_extents *extents,
                                  hs_scales *scales, hs_error *error)
{
    hid_t group = H5I_INVALID_HID;
    hs_status status;
    if (layout->mean_n_layers == 0)
        return HS_OK;
    HS_GOTO_DONE(hs__results_objects_create_group(file, "reference", &group, error));
    const hs_object_table contents[] = {{.name = "mean", .bytes = layout->mean},
                                        {.name = "position_mean", .bytes = layout->position_mean}};
    HS_GOTO_DONE(hs__results_objects_create_datasets(group, HS_GROUP_REFERENCE, extents,
                                                     (hs_object_tables){contents, 2}, scales, error));
    size_t n_mean = layout->mean == NULL ? 0 : layout->mean_n_layers * layout->mean_n_columns;
    size_t n_position_mean =
        layout->position_mean == NULL ? 0 : layout->mean_n_layers * layout->mean_n_positions * layout->mean_n_columns;
    uint64_t hash = hs__results_layout_hash_means(layout->mean, n_mean, layout->position_mean, n_position_mean);
    HS_GOTO_DONE(hs__results_hdf5_write_u64(group, "hash", hash, error));
done:
    hs__results_hdf5_close(group);
    return status;
}

/*
 * Arrays as long as the metrics, on the dataset of their names, where xarray and h5py look for
 * what belongs to an axis.
 */
static hs_status write_metric_attributes(hid_t group, const hs_results_task *task, hs_error *error)
{
    const char *units[HS_LAYOUT_MAX_METRICS], *meanings[HS_LAYOUT_MAX_METRICS];
    int32_t better[HS_LAYOUT_MAX_METRICS], percent[HS_LAYOUT_MAX_METRICS], per[HS_LAYOUT_MAX_METRICS];
    for (size_t i = 0; i < task->n_metrics; i++) {
        units[i] = task->metrics[i].unit;
        meanings[i] = task->metrics[i].meaning;
        better[i] = task->metrics[i].better;
        percent[i] = task->metrics[i].percent;
        per[i] = task->metrics[i].per;
    }
    hid_t metric = H5Dopen2(group, "metric", H5P_DEFAULT);
    hs_status status;
    HS_GOTO_DONE(hs__results_hdf5_write_texts(metric, "unit", units, task->n_metrics, error));
    /* "meaning" is what the dataset itself means. */
    HS_GOTO_DONE(hs__results_hdf5_write_texts(metric, "metric_meaning", meanings, task->n_metrics, error));
    HS_GOTO_DONE(hs__results_hdf5_write_i32(metric, "better", better, task->n_metrics, error));
    HS_GOTO_DONE(hs__results_hdf5_write_i32(metric, "percent", percent, task->n_metrics, error));
    HS_GOTO_DONE(hs__results_hdf5_write_i32(metric, "per", per, task->n_metrics, error));
    if (task->chance != NULL)
        HS_GOTO_DONE(hs__results_hdf5_write_f64(metric, "chance", task->chance, task->n_metrics, error));
done:
    hs__results_hdf5_close(metric);
    return status;
}

static hs_status pack_metric_names(const hs_results_task *task, char **bytes_out, size_t *width_out, hs_error *error)
{
    const char *names[HS_LAYOUT_MAX_METRICS];
    for (size_t i = 0; i < task->n_metrics; i++)
        names[i] = task->metrics[i].name;
    return hs__results_texts_pack(names, task->n_metrics, bytes_out, width_out, error);
}

/* -1 for each text set; NULL where no texts are kept. hs_free() it. */
static hs_status no_text_sets(const hs_results_task *task, int32_t **sets_out, hs_error *error)
{
    *sets_out = NULL;
    if (task->n_text_sets == 0)
        return HS_OK;
    HS_TRY(hs_allocate(sets_out, task->n_text_sets, sizeof **sets_out, "text sets", error));
    for (size_t i = 0; i < task->n_text_sets; i++)
        (*sets_out)[i] = -1;
    return HS_OK;
}

/* NULL where no prompts are kept. hs_free() them. */
static hs_status pack_prompts(const hs_results_task *task, char **bytes_out, size_t *width_out, hs_error *error)
{
    *bytes_out = NULL;
    *width_out = 0;
    return task->prompts == NULL ? HS_OK
                                 : hs__results_texts_pack(task->prompts, task->n_examples, bytes_out, width_out, error);
}

/* One task's group in /results or /ranking. */
static hs_status create_task(hid_t parent, hs_group_kind kind, const hs_results_task *task, hs_extents extents,
                             hs_scales *scales, hs_error *error)
{
    hid_t group = H5I_INVALID_HID;
    char *names = NULL;
    char *prompts = NULL;
    int32_t *text_sets = NULL;
    size_t width = 1, prompt_width = 0;
    hs_status status;
    extents = hs__results_extents_with_task(extents, task);
    HS_GOTO_DONE(hs__results_objects_create_group(parent, task->name, &group, error));
    HS_GOTO_DONE(link_into(group, kind == HS_GROUP_TASK ? in_task : in_task_ranking, error));
    HS_GOTO_DONE(hs__results_hdf5_write_text(group, "kind", task->kind, error));
    HS_GOTO_DONE(pack_metric_names(task, &names, &width, error));
    HS_GOTO_DONE(no_text_sets(task, &text_sets, error));
    HS_GOTO_DONE(pack_prompts(task, &prompts, &prompt_width, error));
    const hs_object_table contents[] = {
        {"metric", names, width, 0},
        {"example", task->example_line, 0, 0},
        {"shard", task->shard_first, 0, 0},
        {"donor", task->donor, 0, 0},
        {"prompt", prompts, prompt_width, 0},
        {"text_set", text_sets, 0, 0},
        {"text", NULL, task->n_text_sets > 0 ? task->text_bytes : 0, 0},
    };
    const size_t n = sizeof contents / sizeof contents[0];
    HS_GOTO_DONE(
        hs__results_objects_create_datasets(group, kind, &extents, (hs_object_tables){contents, n}, scales, error));
    HS_GOTO_DONE(write_metric_attributes(group, task, error));
    HS_GOTO_DONE(hs__results_scales_finish(scales, HS_AXIS_EXAMPLE, error));
    HS_GOTO_DONE(hs__results_scales_finish(scales, HS_AXIS_METRIC, error));
    HS_GOTO_DONE(hs__results_scales_finish(scales, HS_AXIS_SHARD, error));
    HS_GOTO_DONE(hs__results_scales_finish(scales, HS_AXIS_TEXT_SET, error));
    HS_GOTO_DONE(hs__results_scales_finish(scales, HS_AXIS_SAMPLE, error));
done:
    hs_free(prompts);
    hs_free(text_sets);
    hs_free(names);
    hs__results_hdf5_close(group);
    return status == HS_OK ? HS_OK : hs_error_prefix(error, "task %s", task->name);
}

/*
 * /results and /ranking have one group a task, made by the same walk over the same table of rows.
 */
static hs_status create_tasks(hid_t file, const char *name, hs_group_kind kind, const hs_results_layout *layout,
                              const hs_extents *extents, hs_scales *scales, hs_error *error)
{
    const hs_object_table restated = {.name = "restated", .text_width = HS_LAYOUT_RESTATED_BYTES};
    hid_t group = H5I_INVALID_HID;
    const char **names = NULL;
    hs_status status;
    HS_GOTO_DONE(hs__results_objects_create_group(file, name, &group, error));
    HS_GOTO_DONE(hs_allocate(&names, layout->n_tasks, sizeof *names, "task names", error));
    for (size_t i = 0; i < layout->n_tasks; i++)
        names[i] = layout->tasks[i].name;
    HS_GOTO_DONE(hs__results_hdf5_write_texts(group, "tasks", names, layout->n_tasks, error));
    if (kind == HS_GROUP_TASK_RANKING)
        HS_GOTO_DONE(link_into(group, in_ranking, error));
    if (kind == HS_GROUP_TASK_RANKING)
        HS_GOTO_DONE(hs__results_objects_create_datasets(group, HS_GROUP_RANKING, extents,
                                                         (hs_object_tables){&restated, 1}, scales, error));
    for (size_t i = 0; i < layout->n_tasks; i++)
        HS_GOTO_DONE(create_task(group, kind, &layout->tasks[i], *extents, scales, error));
done:
    hs_free(names);
    hs__results_hdf5_close(group);
    return status;
}

static hs_status create_run_table(hid_t file, const hs_extents *extents, hs_scales *scales, hs_error *error)
{
    hid_t group = H5Gopen2(file, "provenance", H5P_DEFAULT);
    double unknown[HS_RESULTS_MAX_RUNS];
    for (size_t i = 0; i < HS_RESULTS_MAX_RUNS; i++)
        unknown[i] = NAN;
    const hs_object_table costs[] = {{.name = "core_hours", .bytes = unknown}, {.name = "energy", .bytes = unknown}};
    hs_status status = hs__results_objects_create_datasets(
        group, HS_GROUP_PROVENANCE, extents, (hs_object_tables){costs, sizeof costs / sizeof *costs}, scales, error);
    hs__results_hdf5_close(group);
    return status;
}

static hs_status create_all(hid_t file, const hs_results_layout *layout, hs_scales *scales, hs_error *error)
{
    const hs_extents extents = hs__results_extents_of_layout(layout);
    HS_TRY(write_root_attributes(file, layout, error));
    HS_TRY(create_run_table(file, &extents, scales, error));
    HS_TRY(create_sets(file, layout, &extents, scales, error));
    HS_TRY(create_reference(file, layout, &extents, scales, error));
    HS_TRY(create_tasks(file, "results", HS_GROUP_TASK, layout, &extents, scales, error));
    HS_TRY(create_tasks(file, "ranking", HS_GROUP_TASK_RANKING, layout, &extents, scales, error));
    for (size_t axis = 0; axis < HS_AXIS_COUNT; axis++)
        HS_TRY(hs__results_scales_finish(scales, (hs_axis)axis, error));
    return HS_OK;
}

/*
 * HDF5 cannot let go of a file that it cannot write: the next thing it does with it, at the latest when the program
 * ends, is a crash. A file that failed gives back its room, and HDF5 writes its last words into memory.
 */
static void write_into_memory(hid_t file, int on_disk)
{
    void *descriptor = NULL;
    int memory = memfd_create("headsweep", MFD_CLOEXEC);
    if (ftruncate(on_disk, 0) == 0 && memory >= 0 && H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor) >= 0)
        (void)dup3(memory, *(int *)descriptor, O_CLOEXEC);
    if (memory >= 0)
        (void)close(memory);
}

static hs_status close_file(hid_t file, int on_disk, hs_status status, hs_error *error)
{
    if (status == HS_OK && H5Fflush(file, H5F_SCOPE_GLOBAL) < 0)
        status = hs__results_hdf5_fail(error, HS_ERROR_IO, "file cannot be written");
    if (status != HS_OK)
        write_into_memory(file, on_disk);
    if (H5Fclose(file) < 0 && status == HS_OK)
        status = hs__results_hdf5_fail(error, HS_ERROR_IO, "file cannot be closed");
    return status;
}

/*
 * Large datasets begin where pages of the system do, those of large files where stripes of a parallel file system do,
 * so that few writes of two ranks meet in one. What that leaves unused is under a hundredth of each.
 */
static herr_t align_datasets(hid_t access, const hs_results_layout *layout)
{
    const hsize_t page = 4096, stripe = 1 << 20, large_file = (hsize_t)1 << 30;
    const hsize_t alignment = hs_results_file_bytes(layout) < large_file ? page : stripe;
    return H5Pset_alignment(access, 128 * alignment, alignment);
}

/*
 * Written under the kernel's name of the open file, because a name in a folder may lead elsewhere
 * a moment later. Whatever fails, the file must be closed by close_file(), which keeps HDF5 from
 * crashing over a full disk.
 */
hs_status hs__results_create_contents(int on_disk, const hs_results_layout *layout, hs_error *error)
{
    char path[32]; /* under which the kernel opens that very file again */
    hs_scales scales;
    hid_t access = hs__results_hdf5_serial_access(), plist = H5Pcreate(H5P_FILE_CREATE), file = H5I_INVALID_HID;
    hs_status status = HS_OK;
    hs__results_scales_init(&scales);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", on_disk);
    if (access >= 0 && plist >= 0 && hs__results_hdf5_fix_version(access) >= 0 && align_datasets(access, layout) >= 0 &&
        hs__results_objects_set_group_properties(plist) >= 0)
        file = H5Fcreate(path, H5F_ACC_TRUNC, plist, access);
    if (file < 0) {
        status = hs__results_hdf5_fail(error, HS_ERROR_IO, "file cannot be created");
        goto done;
    }
    HS_GOTO_DONE(create_all(file, layout, &scales, error));
done:
    hs__results_scales_clear(&scales);
    if (file >= 0)
        status = close_file(file, on_disk, status, error);
    hs__results_hdf5_close(plist);
    hs__results_hdf5_close(access);
    return status;
}
