/*
 * open: a results file for one reader, or for all ranks of a run through MPI-IO; and what can be
 * asked of it when it is open.
 */
#include "results/file.h"

#include <errno.h>
#include <fcntl.h>
#include <mpi.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Ids are marked invalid before the first call that can fail, so that hs_results_close() may
 * always be called.
 */
static hs_status results_new(const char *path, hs_comm *comm, hs_results **results_out, hs_error *error)
{
    HS_TRY(hs_allocate(results_out, 1, sizeof **results_out, "results file", error));
    hs_results *results = *results_out;
    results->comm = comm;
    results->file = H5I_INVALID_HID;
    results->transfer = H5I_INVALID_HID;
    hs__results_file_group_init(&results->root, HS_GROUP_ROOT);
    hs__results_file_group_init(&results->set_tables, HS_GROUP_SETS);
    hs__results_file_group_init(&results->provenance_tables, HS_GROUP_PROVENANCE);
    hs__results_file_group_init(&results->reference, HS_GROUP_REFERENCE);
    hs__results_file_group_init(&results->ranking, HS_GROUP_RANKING);
    results->memory_space = H5Screate(H5S_SIMPLE);
    results->path = hs_string_copy(path, error);
    if (results->path == NULL)
        return error->status;
    return results->memory_space >= 0 ? HS_OK : hs__results_hdf5_fail(error, HS_ERROR_INTERNAL, "HDF5 does not start");
}

/* 0, or the errno of the first bytes, which lie where HDF5 begins to read. */
static int read_beginning(const char *path)
{
    char bytes[4096];
    int file = open(path, O_RDONLY | O_CLOEXEC);
    int system_error = file < 0 || pread(file, bytes, sizeof bytes, 0) < 0 ? errno : 0;
    if (file >= 0)
        (void)close(file);
    return system_error;
}

/*
 * A pipe or a device would block or do harm; a missing file deserves the system's own words; and what the system
 * cannot read HDF5 takes for damage, or leaves the other ranks waiting where one alone meets it in H5Fopen.
 */
static hs_status look_at_file(const char *path, int access_mode, uint64_t *n_bytes_out, hs_error *error)
{
    struct stat state;
    if (stat(path, &state) != 0)
        return hs_fail_system(error, HS_ERROR_IO, errno, "%s", path);
    if (!S_ISREG(state.st_mode))
        return hs_fail(error, HS_ERROR_IO, "%s is %s, not a results file", path, hs_file_kind(state.st_mode));
    if (access(path, access_mode) != 0)
        return hs_fail_system(error, HS_ERROR_IO, errno, "%s", path);
    int system_error = read_beginning(path);
    if (system_error != 0)
        return hs_fail_system(error, HS_ERROR_IO, system_error, "%s cannot be read", path);
    *n_bytes_out = (uint64_t)state.st_size;
    return HS_OK;
}

/* "%.400s": the path must not push out what is wrong. */
static hs_status name_file(const hs_results *results, hs_status status, hs_error *error)
{
    return status == HS_OK ? HS_OK : hs_error_prefix(error, "%.400s", results->path);
}

static hs_status load(hs_results *results, hs_error *error)
{
    return name_file(results, hs__results_file_load(results, error), error);
}

/* The table of sets needs all ranks, which must have got there. */
static hs_status load_sets(hs_results *results, hs_error *error)
{
    return name_file(results, hs__results_file_load_sets(results, error), error);
}

static hs_status open_serial(hs_results *results, hs_error *error)
{
    HS_TRY(look_at_file(results->path, R_OK, &results->n_file_bytes, error));
    hid_t access = hs__results_hdf5_serial_access();
    results->file = H5Fopen(results->path, H5F_ACC_RDONLY, access);
    hs_status status = results->file < 0 ? hs__results_file_fail_open(results->path, error) : HS_OK;
    hs__results_hdf5_close(access);
    HS_TRY(status);
    results->transfer = H5Pcreate(H5P_DATASET_XFER);
    HS_TRY(load(results, error));
    return load_sets(results, error);
}

hs_status hs_results_open_read(const char *path, hs_results **results_out, hs_error *error)
{
    hs_results *results = NULL;
    hs_status status;
    *results_out = NULL;
    hs__results_hdf5_quiet();
    HS_GOTO_DONE(results_new(path, NULL, &results, error));
    HS_GOTO_DONE(open_serial(results, error));
    *results_out = results;
    results = NULL;
done:
    (void)hs_results_close(results, error);
    return status;
}

hs_status hs_results_check_place(const char *path, hs_error *error)
{
    struct stat state;
    hs_results *results = NULL;
    if (lstat(path, &state) != 0)
        return errno == ENOENT ? HS_OK : hs_fail_system(error, HS_ERROR_IO, errno, "%s", path);
    if (S_ISLNK(state.st_mode) && !hs_path_exists(path))
        return hs_fail(error, HS_ERROR_RESULTS, "%s is a symbolic link to nothing", path);
    HS_TRY(hs_results_open_read(path, &results, error));
    return hs_results_close(results, error);
}

/* The file must be sound before all ranks open it: what fails on one of them alone would leave the others waiting. */
static hs_status probe(hs_comm *comm, const char *path, hs_error *error)
{
    hs_results *results = NULL;
    hs_status status = HS_OK;
    if (hs_comm_rank(comm) == 0) {
        status = hs_results_open_read(path, &results, error);
        if (status == HS_OK)
            status = hs_results_close(results, error);
    }
    return hs_comm_agree(comm, status, error);
}

static hs_status see_file(hs_results *results, hs_error *error)
{
    hs_status status = look_at_file(results->path, R_OK | W_OK, &results->n_file_bytes, error);
    if (status != HS_OK && hs_comm_size(results->comm) > 1)
        (void)hs_error_prefix(error, "the results file must lie where every rank can write to it");
    return status;
}

/* MPI_INFO_NULL without hints. The caller frees it. */
static hs_status make_info(const hs_string_list *hints, MPI_Info *info_out, hs_error *error)
{
    int code = MPI_SUCCESS;
    *info_out = MPI_INFO_NULL;
    if (hints == NULL || hints->n == 0)
        return HS_OK;
    code = MPI_Info_create(info_out);
    for (size_t i = 0; code == MPI_SUCCESS && i < hints->n; i++) {
        const char *equals = strchr(hints->items[i], '=');
        char name[HS_MPI_HINT_MAX_NAME + 1];
        (void)snprintf(name, sizeof name, "%.*s", (int)(equals - hints->items[i]), hints->items[i]);
        code = MPI_Info_set(*info_out, name, equals + 1);
    }
    return code == MPI_SUCCESS ? HS_OK : hs_fail(error, HS_ERROR_COMM, "MPI refuses output.mpi_hints");
}

/*
 * `opens_together` first: a rank that fails before H5Fopen must not close what the others never opened. Transfers are
 * independent, since ranks write at different times; whatever HDF5 still has open goes with the file.
 */
static hs_status open_collectively(hs_results *results, MPI_Info info, hs_error *error)
{
    hs_status status = HS_OK;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    results->opens_together = true;
    results->transfer = H5Pcreate(H5P_DATASET_XFER);
    const MPI_Comm *communicator = hs_comm_native(results->comm);
    if (access >= 0 && results->transfer >= 0 && H5Pset_fapl_mpio(access, *communicator, info) >= 0 &&
        hs__results_hdf5_fix_version(access) >= 0 && H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0 &&
        H5Pset_dxpl_mpio(results->transfer, H5FD_MPIO_INDEPENDENT) >= 0)
        results->file = H5Fopen(results->path, H5F_ACC_RDWR, access);
    if (results->file < 0)
        status = hs__results_file_fail_open(results->path, error);
    hs__results_hdf5_close(access);
    return status;
}

static hs_status open_with_info(hs_results *results, const hs_string_list *hints, hs_error *error)
{
    MPI_Info info = MPI_INFO_NULL;
    hs_status status = hs_comm_agree(results->comm, make_info(hints, &info, error), error);
    if (status == HS_OK)
        status = hs_comm_agree(results->comm, open_collectively(results, info, error), error);
    if (info != MPI_INFO_NULL)
        (void)MPI_Info_free(&info);
    return status;
}

/*
 * All agree after each step that can fail on one rank alone, for the next one is collective. Rank 0 looks at the file
 * by itself first: what is damaged in it is found by one process, which nobody waits for.
 */
hs_status hs_results_open_with_hints(hs_comm *comm, const char *path, const hs_string_list *hints,
                                     hs_results **results_out, hs_error *error)
{
    hs_results *results = NULL;
    hs_status status;
    *results_out = NULL;
    hs__results_hdf5_quiet();
    HS_TRY(probe(comm, path, error));
    status = results_new(path, comm, &results, error);
    if (status == HS_OK)
        status = see_file(results, error);
    HS_GOTO_DONE(hs_comm_agree(comm, status, error));
    HS_GOTO_DONE(open_with_info(results, hints, error));
    HS_GOTO_DONE(hs_comm_agree(comm, load(results, error), error));
    HS_GOTO_DONE(load_sets(results, error));
    *results_out = results;
    results = NULL;
done:
    (void)hs_results_close(results, error);
    return status;
}

hs_status hs_results_open_parallel(hs_comm *comm, const char *path, hs_results **results_out, hs_error *error)
{
    return hs_results_open_with_hints(comm, path, NULL, results_out, error);
}

const char *hs_results_path(const hs_results *results)
{
    return results->path;
}

uint64_t hs_results_experiment_hash(const hs_results *results)
{
    return results->experiment_hash;
}

const hs_sets *hs_results_sets_of(const hs_results *results)
{
    return &results->sets;
}

size_t hs_results_n_tasks(const hs_results *results)
{
    return results->n_tasks;
}

static hs_task_metrics metrics_at(const void *context, size_t task)
{
    const hs_results_task *of = hs_results_task_at(context, task);
    return (hs_task_metrics){of->name, of->metrics, of->n_metrics};
}

hs_metric_table hs_results_metrics(const hs_results *results)
{
    return (hs_metric_table){
        .n_tasks = results->n_tasks, .at = metrics_at, .context = results, .where = " in the file"};
}

const hs_results_task *hs_results_task_at(const hs_results *results, size_t task)
{
    return &results->tasks[task];
}

static const hs_attribute_list *attributes_in(const hs_results *results, const char *group)
{
    return strcmp(group, "experiment") == 0 ? &results->experiment : &results->provenance;
}

const hs_results_attribute *hs_results_attribute_at(const hs_results *results, const char *group, size_t index)
{
    const hs_attribute_list *list = attributes_in(results, group);
    return index < list->n ? &list->items[index] : NULL;
}

const char *hs_results_attribute_of(const hs_results *results, const char *group, const char *name)
{
    const hs_attribute_list *list = attributes_in(results, group);
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return list->items[i].value;
    return NULL;
}

void hs_results_means_sizes(const hs_results *results, size_t *n_layers, size_t *n_positions, size_t *n_columns)
{
    bool mean = hs__results_file_dataset(&results->reference, "mean") >= 0;
    bool position_mean = hs__results_file_dataset(&results->reference, "position_mean") >= 0;
    *n_layers = mean || position_mean ? results->extents.of[HS_AXIS_LAYER] : 0;
    *n_columns = mean || position_mean ? results->extents.of[HS_AXIS_COLUMN] : 0;
    *n_positions = position_mean ? results->extents.of[HS_AXIS_POSITION] : 0;
}

/*
 * Checked against their hash: they are the one table that no commit word covers and from which a
 * resumed run computes.
 */
hs_status hs_results_read_means(hs_results *results, float *mean, float *position_mean, hs_error *error)
{
    size_t n_layers = 0, n_positions = 0, n_columns = 0;
    hs_results_means_sizes(results, &n_layers, &n_positions, &n_columns);
    hs_file_rows rows = {.dataset = hs__results_file_dataset(&results->reference, "mean"),
                         .element = HS_ELEMENT_F32,
                         .n = n_layers,
                         .n_columns = n_columns,
                         .what = "/reference/mean"};
    const size_t n_mean = rows.dataset < 0 ? 0 : n_layers * n_columns;
    if (n_mean > 0)
        HS_TRY(hs__results_file_transfer(results, HS_DIRECTION_READ, &rows, mean, error));
    rows.dataset = hs__results_file_dataset(&results->reference, "position_mean");
    rows.n_columns = n_positions * n_columns;
    rows.what = "/reference/position_mean";
    if (rows.dataset >= 0)
        HS_TRY(hs__results_file_transfer(results, HS_DIRECTION_READ, &rows, position_mean, error));
    if (n_layers > 0 &&
        hs__results_layout_hash_means(mean, n_mean, position_mean, n_layers * rows.n_columns) != results->means_hash)
        return hs_fail(error, HS_ERROR_RESULTS,
                       "%s: the reference means are not what was written: the file is damaged; restore a copy, or "
                       "move it away to sweep anew",
                       results->path);
    return HS_OK;
}
