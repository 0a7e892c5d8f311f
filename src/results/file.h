/* Internal: an open results file. */
#ifndef HEADSWEEP_RESULTS_FILE_H
#define HEADSWEEP_RESULTS_FILE_H

#include "results/hdf5.h"

/*
 * The datasets of one group, opened and checked; in the order of its table of rows, negative where an optional one is
 * absent.
 */
typedef struct hs_file_group {
    hs_group_kind kind;
    hid_t datasets[HS_LAYOUT_MAX_ROWS];
} hs_file_group;

typedef struct hs_file_task {
    hs_file_group cells;
    hs_file_group ranking;
    hs_text_rows metric_names, units, meanings, prompts;
    hs_metric *metrics;
    double *chance; /* NULL in files of before */
    uint64_t *shard_first;
    uint64_t *example_line;
    uint32_t *donor;
    /* Of `cells`, with selections that each call sets anew: making a space a cell would cost more than writing it. */
    hid_t values, commit;
    hid_t values_space, commit_space;
} hs_file_task;

typedef struct hs_attribute_list {
    hs_results_attribute *items; /* texts owned */
    size_t n;
    size_t capacity;
} hs_attribute_list;

struct hs_results {
    char *path;
    hs_comm *comm; /* NULL: read-only in one process */
    hid_t file;
    hid_t transfer; /* independent raw transfers */
    hid_t memory_space;
    bool opens_together; /* every rank has come to H5Fopen: see close.c */
    bool write_failed;   /* on this rank */
    uint64_t n_file_bytes;
    int32_t version; /* of the layout */
    uint64_t experiment_hash;
    uint64_t tables_hash;
    hs_extents extents;
    hs_attribute_list experiment, provenance;
    hs_attribute_list replaced; /* the values that /experiment has where `restated` says others */
    hs_text restated;           /* what /ranking/restated holds, if that is whole */
    hs_experiment *stated;      /* what `experiment` says; NULL: stated_problem says why not */
    hs_error stated_problem;
    hs_file_group root, set_tables, provenance_tables, reference, ranking;
    uint64_t means_hash;
    hs_text_rows intervention_names;
    hs_text_rows phase_names;
    uint64_t (*phases)[HS_LAYOUT_PHASE_FIELDS]; /* [n_phases] */
    size_t n_phases;
    size_t n_chosen; /* phases that are there; their sets are `sets` */
    size_t set_name_width;
    hs_sets sets;
    hs_shared_block *shared; /* of a parallel file: where the table lies */
    uint64_t first_hash;     /* of the sets of the first phase */
    hs_text_rows task_names;
    hs_results_task *tasks; /* [n_tasks], pointing into `files` */
    hs_file_task *files;    /* [n_tasks] */
    size_t n_tasks;
    float *values; /* scratch, for checking cells in pieces */
    size_t values_capacity;
    uint64_t *words;
    size_t words_capacity;
};

/* Reads and checks everything but cells and ranking: HS_ERROR_RESULTS, without the path. `results->file` is open. */
hs_status hs__results_file_load(hs_results *results, hs_error *error);
/* Closes and frees what hs__results_file_load made; not the file. */
void hs__results_file_unload(hs_results *results);

void hs__results_file_group_init(hs_file_group *group, hs_group_kind kind);
hs_status hs__results_file_open_group(const hs_results *results, hid_t parent, const char *name, hid_t *group_out,
                                      hs_error *error);
/*
 * Opens every dataset of the group. Type, rank, extents (those that are still unknown are taken from the file) and
 * storage are checked before anything is read. What was opened stays in `group`, also on failure.
 */
hs_status hs__results_file_open_datasets(const hs_results *results, hid_t parent, hs_extents *extents,
                                         hs_file_group *group, hs_error *error);
/* The same for the group `name` of the file, with the extents of the whole file. */
hs_status hs__results_file_open_tables(hs_results *results, const char *name, hs_file_group *group, hs_error *error);
void hs__results_file_close_datasets(hs_file_group *group);
/* The dataset of that name; negative if it is absent. */
hid_t hs__results_file_dataset(const hs_file_group *group, const char *name);

/* A row of /sets/phase. */
enum { HS_PHASE_FIRST, HS_PHASE_COUNT, HS_PHASE_WORD };

/*
 * Collective on a parallel file: reads the table of sets, of those phases that are there, and checks it together with
 * the tables of the tasks, which are loaded. HS_ERROR_RESULTS: the first phase is not sound.
 */
hs_status hs__results_file_load_sets(hs_results *results, hs_error *error);
void hs__results_file_unload_sets(hs_results *results);
/*
 * Whether the word of the phase says that rows of that hash, with their names in the file, are there and belong
 * there.
 */
hs_status hs__results_phase_matches(hs_results *results, size_t phase, uint64_t hash_of_rows, bool *there_out,
                                    hs_error *error);
/* Components that all sets of the file can add, of either layout. */
hs_status hs__results_count_added(hs_results *results, uint64_t *n_out, hs_error *error);
/* The hash that a file of layout 1 has of those sets; 0 if it cannot have them. */
hs_status hs__results_hash_sets_1(const hs_results *results, const hs_sets *sets, uint64_t *hash_out, hs_error *error);
/* Append the sets of a phase of a file of layout 1, if it is there. */
hs_status hs__results_take_first_1(hs_results *results, hs_error *error);
hs_status hs__results_take_phase_1(hs_results *results, size_t phase, bool *there_out, hs_error *error);

hs_status hs__results_file_load_attributes(hs_results *results, const char *group, hs_attribute_list *list,
                                           hs_error *error);
void hs__results_file_clear_attributes(hs_attribute_list *list);

void hs__results_file_read_stated(hs_results *results);
void hs__results_file_forget_stated(hs_results *results);

/* Puts what the last run stated in the place of the attributes that were loaded. */
hs_status hs__results_file_load_restated(hs_results *results, hs_error *error);

/*
 * Rows first .. first + n - 1 of a dataset of `n_columns` elements a row (all later axes together), to or from
 * `buffer`, in pieces that every MPI-IO takes. HS_ERROR_IO names the file and `what`.
 */
typedef enum hs_direction { HS_DIRECTION_READ, HS_DIRECTION_WRITE } hs_direction;
typedef struct hs_file_rows {
    hid_t dataset;
    hs_element element;
    size_t first;
    size_t n;
    size_t n_columns;
    size_t text_width; /* bytes of a text, its terminator included */
    const char *what;
} hs_file_rows;
hs_status hs__results_file_transfer(hs_results *results, hs_direction direction, const hs_file_rows *rows, void *buffer,
                                    hs_error *error);

/*
 * Elements first .. first + n - 1 of a dataset, counted through all its axes, into `bytes`: the one way in which
 * numbers and texts of datasets are read. HS_ERROR_IO names the file and `what`, also where MPI-IO gives no error.
 */
typedef struct hs_file_extent {
    hid_t dataset;
    size_t element_bytes;
    uint64_t first;
    size_t n;
    const char *what;
} hs_file_extent;
hs_status hs__results_file_read(const hs_results *results, const hs_file_extent *extent, void *bytes, hs_error *error);

/*
 * HS_ERROR_IO: `what` cannot be written, why, and what to do. The caller has set errno to 0 before it wrote.
 */
hs_status hs__results_file_fail_write(hs_results *results, hs_error *error, const char *what, ...)
    __attribute__((format(printf, 3, 4)));

/* A one-dimensional memory space of n elements; reused, so that it costs nothing. Negative on failure. */
hid_t hs__results_file_memory(hs_results *results, size_t n);

/* Right after H5Fopen() failed: HS_ERROR_RESULTS says what the file is, and what to do only where it is ours. */
hs_status hs__results_file_fail_open(const char *path, hs_error *error);

/* Writes the same bytes again, without HDF5: 0, or the errno that says why the file cannot be written to. */
int hs__results_file_rewrite_superblock(const char *path);

#endif
