/*
 * The layout of a results file as tables of rows: every dataset with its element type, axes, fill and meaning.
 * Creating, opening (where types and extents are checked against each other) and sizing all walk these tables.
 */
#ifndef HEADSWEEP_RESULTS_LAYOUT_H
#define HEADSWEEP_RESULTS_LAYOUT_H

#include "headsweep/results.h"

/* Sizes that no real sweep reaches; a file that claims more is damaged or hostile. */
enum {
    HS_LAYOUT_MAX_TASKS = 4096,
    HS_LAYOUT_MAX_METRICS = 256,
    HS_LAYOUT_MAX_ORDER = 4096,
    HS_LAYOUT_MAX_INTERVENTIONS = 4096,
    HS_LAYOUT_MAX_PHASES = 4096,
    HS_LAYOUT_MAX_NAME = 255,
    HS_LAYOUT_MAX_LAYER = 4095,
    HS_LAYOUT_MAX_INDEX = 65535, /* of a component in its layer */
    HS_LAYOUT_MAX_AXES = 3,
    HS_LAYOUT_MAX_ROWS = 32,
    HS_LAYOUT_COMPONENT_FIELDS = 3,
    HS_LAYOUT_PHASE_FIELDS = 3,
    HS_LAYOUT_METHOD_FIELDS = 4
};
/* Set numbers stay exact in every reader that keeps numbers as doubles. */
#define HS_LAYOUT_MAX_EXTENT ((size_t)1 << 40)

typedef enum hs_axis {
    HS_AXIS_NONE,
    HS_AXIS_SET,
    HS_AXIS_ADDED, /* components, each where a set adds it */
    HS_AXIS_PLACE, /* of layout 1: place of a component in its set */
    HS_AXIS_COMPONENT_FIELD,
    HS_AXIS_INTERVENTION,
    HS_AXIS_PHASE,
    HS_AXIS_PHASE_FIELD,
    HS_AXIS_RUN,
    HS_AXIS_RANKING,
    HS_AXIS_METHOD_FIELD,
    HS_AXIS_STABILITY_FIELD,
    HS_AXIS_LAYER,
    HS_AXIS_POSITION,
    HS_AXIS_COLUMN,
    HS_AXIS_EXAMPLE,
    HS_AXIS_METRIC,
    HS_AXIS_SHARD,
    HS_AXIS_TEXT_SET,
    HS_AXIS_SAMPLE,
    HS_AXIS_COUNT
} hs_axis;

const char *hs__results_axis_name(hs_axis axis);

typedef enum hs_element {
    HS_ELEMENT_TEXT, /* fixed-length UTF-8, zero-terminated; as wide as the longest */
    HS_ELEMENT_I32,
    HS_ELEMENT_U32,
    HS_ELEMENT_U64,
    HS_ELEMENT_F32,
    HS_ELEMENT_F64,
    HS_ELEMENT_RUN /* hs_results_run */
} hs_element;

size_t hs__results_element_bytes(hs_element element); /* 0 for text */

typedef enum hs_fill { HS_FILL_ZERO, HS_FILL_NAN, HS_FILL_MINUS_ONE } hs_fill;

typedef struct hs_dataset_row {
    const char *name;
    hs_element element;
    hs_axis axes[HS_LAYOUT_MAX_AXES];
    hs_fill fill; /* what a cell holds before it is written */
    bool optional;
    const char *meaning;
} hs_dataset_row;

/* Groups of the file; each has its table of rows. */
typedef enum hs_group_kind {
    HS_GROUP_ROOT,
    HS_GROUP_SETS,
    HS_GROUP_SETS_1, /* /sets of layout 1 */
    HS_GROUP_PROVENANCE,
    HS_GROUP_REFERENCE,
    HS_GROUP_RANKING,
    HS_GROUP_TASK,         /* /results/TASK */
    HS_GROUP_TASK_RANKING, /* /ranking/TASK */
    HS_GROUP_COUNT
} hs_group_kind;

const hs_dataset_row *hs__results_layout_rows(hs_group_kind group, size_t *n_out);
/* What the dataset says of itself: the row's meaning, and where it holds components which number is which kind. */
hs_status hs__results_layout_meaning(const hs_dataset_row *row, hs_text *text, hs_error *error);
/* The axis that the dataset labels (/set for sets, metric for metrics, ...), HS_AXIS_NONE if it is not a scale. */
hs_axis hs__results_layout_scale_axis(const hs_dataset_row *row);
/* A scale whose contents follow from its extent: 0, 1, 2, ... */
bool hs__results_layout_numbers_axis(const hs_dataset_row *row);
/* The names along an axis that is not of the experiment's size, such as kind, layer, index; NULL for the others. */
const char *const *hs__results_axis_fields(hs_axis axis);
size_t hs__results_dataset_rank(const hs_dataset_row *row);

/* Extents of all axes; HS_EXTENT_UNKNOWN where the first dataset that has the axis is to tell. */
#define HS_EXTENT_UNKNOWN SIZE_MAX
typedef struct hs_extents {
    size_t of[HS_AXIS_COUNT];
} hs_extents;

/* Of the whole file, without a task. */
hs_extents hs__results_extents_of_layout(const hs_results_layout *layout);
hs_extents hs__results_extents_unknown(void);
/* With the axes of `task`. */
hs_extents hs__results_extents_with_task(hs_extents extents, const hs_results_task *task);
/* Elements of the dataset; SIZE_MAX if that overflows. */
size_t hs__results_dataset_elements(const hs_dataset_row *row, const hs_extents *extents);

/* HS_ERROR_RESULTS says what is impossible: order, component, donor, shard, name, ... */
hs_status hs__results_layout_check_sets(const hs_sets *sets, hs_error *error);
/* Sets first .. first + n - 1 of a table, of which the arrays are there and the sets before them are sound. */
hs_status hs__results_layout_check_rows(const hs_sets *sets, size_t first, size_t n, hs_error *error);
hs_status hs__results_layout_check_components(size_t set, const hs_component *components, size_t n, hs_error *error);
hs_status hs__results_layout_check_task(const hs_results_task *task, hs_error *error);
/* The name alone: a task is a group of the file. Checked before the file is asked for it. */
hs_status hs__results_layout_check_task_name(const char *name, hs_error *error);

/* Over everything in the tables that gives cells their meaning; stored in the file and checked when it is opened. */
uint64_t hs__results_layout_hash_sets(const hs_sets *sets, size_t first, size_t n);
/* `hash_of_sets`: of those of the first phase. */
uint64_t hs__results_layout_hash_tables(uint64_t hash_of_sets, const hs_results_task *tasks, size_t n_tasks);
uint64_t hs__results_layout_hash_means(const float *mean, size_t n_mean, const float *position_mean,
                                       size_t n_position_mean);

/* Attribute of /experiment and /provenance: the names of those attributes that make the experiment. */
#define HS_LAYOUT_IDENTITY "identity"

/* Bytes of the longest name that hs_sets_name gives any set of any phase, with its terminator. */
size_t hs__results_layout_set_name_width(const hs_results_layout *layout);
/* The names of sets first .. first + n - 1 as [n, width], padded with zeros. */
hs_status hs__results_layout_pack_set_names(const hs_sets *sets, size_t first, size_t n, size_t width, char *bytes,
                                            hs_error *error);

/* Attribute of the whole file by which it is known to be ours. */
#define HS_LAYOUT_ATTRIBUTE "headsweep_layout"

/* What /ranking/restated has room for, its terminator included. */
enum { HS_LAYOUT_RESTATED_BYTES = 8192 };

/* The name of the phase that a file is created with. */
#define HS_LAYOUT_FIRST_PHASE "enumerated"

#endif
