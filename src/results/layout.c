/* layout: the table of all datasets. What is not a row here is not in a file. */
#include "results/layout.h"

#include <string.h>

static const hs_dataset_row root_rows[] = {
    {"set",
     HS_ELEMENT_TEXT,
     {HS_AXIS_SET},
     HS_FILL_ZERO,
     false,
     "the components of each ablation set, layer.head; set 0 is the clean model"},
};

/* Scales stand before what they are scales of. Those that number or name an axis are not in files of before. */
#define NUMBERS(name, axis, meaning)                              \
    {                                                             \
        name, HS_ELEMENT_I32, {axis}, HS_FILL_ZERO, true, meaning \
    }
#define FIELDS(name, axis, meaning)                                \
    {                                                              \
        name, HS_ELEMENT_TEXT, {axis}, HS_FILL_ZERO, true, meaning \
    }

static const hs_dataset_row sets_rows[] = {
    {"intervention_name",
     HS_ELEMENT_TEXT,
     {HS_AXIS_INTERVENTION},
     HS_FILL_ZERO,
     false,
     "what replaces the output of an ablated component"},
    {"phase_name", HS_ELEMENT_TEXT, {HS_AXIS_PHASE}, HS_FILL_ZERO, false, "what chose the sets of the phase"},
    NUMBERS("component_row", HS_AXIS_ADDED, "row of added"),
    FIELDS("component_field", HS_AXIS_COMPONENT_FIELD, "what tells of a component"),
    FIELDS("phase_field", HS_AXIS_PHASE_FIELD, "what tells of a phase"),
    {"order", HS_ELEMENT_I32, {HS_AXIS_SET}, HS_FILL_MINUS_ONE, false, "number of components in the set"},
    {"intervention",
     HS_ELEMENT_I32,
     {HS_AXIS_SET},
     HS_FILL_MINUS_ONE,
     false,
     "row of intervention_name; -1 for the clean model"},
    {"parent",
     HS_ELEMENT_I32,
     {HS_AXIS_SET},
     HS_FILL_MINUS_ONE,
     false,
     "the set whose components it has besides its own; 0 where it has none but its own, -1 for the clean model"},
    {"first_added",
     HS_ELEMENT_U64,
     {HS_AXIS_SET},
     HS_FILL_ZERO,
     false,
     "row of its first own component in added; it has as many as its order is larger than its parent's"},
    {"added",
     HS_ELEMENT_I32,
     {HS_AXIS_ADDED, HS_AXIS_COMPONENT_FIELD},
     HS_FILL_MINUS_ONE,
     false,
     "components that sets add to their parents: kind, layer, index"},
    {"phase",
     HS_ELEMENT_U64,
     {HS_AXIS_PHASE, HS_AXIS_PHASE_FIELD},
     HS_FILL_ZERO,
     false,
     "first set, number of sets, hash of their rows; 0 until the sets are chosen"},
};

/* Of files of layout 1, which are only read: every set is written out, with -1 where it has no more. */
static const hs_dataset_row sets_rows_1[] = {
    {"intervention_name", HS_ELEMENT_TEXT, {HS_AXIS_INTERVENTION}, HS_FILL_ZERO, false, ""},
    {"phase_name", HS_ELEMENT_TEXT, {HS_AXIS_PHASE}, HS_FILL_ZERO, false, ""},
    {"order", HS_ELEMENT_I32, {HS_AXIS_SET}, HS_FILL_MINUS_ONE, false, ""},
    {"intervention", HS_ELEMENT_I32, {HS_AXIS_SET}, HS_FILL_MINUS_ONE, false, ""},
    {"component", HS_ELEMENT_I32, {HS_AXIS_SET, HS_AXIS_PLACE, HS_AXIS_COMPONENT_FIELD}, HS_FILL_MINUS_ONE, false, ""},
    {"phase", HS_ELEMENT_U64, {HS_AXIS_PHASE, HS_AXIS_PHASE_FIELD}, HS_FILL_ZERO, false, ""},
};

static const hs_dataset_row provenance_rows[] = {
    NUMBERS("run_number", HS_AXIS_RUN, "row of run"),
    {"run",
     HS_ELEMENT_RUN,
     {HS_AXIS_RUN},
     HS_FILL_ZERO,
     false,
     "one row for each time that the sweep was started; start 0 where there was none"},
    {"core_hours",
     HS_ELEMENT_F64,
     {HS_AXIS_RUN},
     HS_FILL_NAN,
     true,
     "ranks x threads of a rank x hours from the run's start to its end; NaN where it was killed"},
    {"energy",
     HS_ELEMENT_F64,
     {HS_AXIS_RUN},
     HS_FILL_NAN,
     true,
     "joules that the processors of the run's hosts used meanwhile, whoever used them (RAPL); NaN where it is not "
     "known"},
};

static const hs_dataset_row reference_rows[] = {
    NUMBERS("layer", HS_AXIS_LAYER, "layer, from 0"),
    NUMBERS("position", HS_AXIS_POSITION, "position of the token, from 0"),
    NUMBERS("column", HS_AXIS_COLUMN, "dimension of the heads' outputs, those of head 0 first"),
    {"mean",
     HS_ELEMENT_F32,
     {HS_AXIS_LAYER, HS_AXIS_COLUMN},
     HS_FILL_ZERO,
     true,
     "mean output of each head before the output projection, heads side by side"},
    {"position_mean",
     HS_ELEMENT_F32,
     {HS_AXIS_LAYER, HS_AXIS_POSITION, HS_AXIS_COLUMN},
     HS_FILL_ZERO,
     true,
     "the same by position"},
};

static const hs_dataset_row ranking_rows[] = {
    NUMBERS("ranking", HS_AXIS_RANKING, "the one ranking of the file"),
    FIELDS("method_field", HS_AXIS_METHOD_FIELD, "what tells of how statistics were computed"),
    FIELDS("stability_field", HS_AXIS_STABILITY_FIELD, "what tells of the stability of a ranking"),
    {"method",
     HS_ELEMENT_F64,
     {HS_AXIS_METHOD_FIELD},
     HS_FILL_NAN,
     false,
     "resamples of the bootstrap, flips of the permutation test, confidence, 1 where intervals are BCa"},
    {"rank_objective",
     HS_ELEMENT_I32,
     {HS_AXIS_SET},
     HS_FILL_ZERO,
     false,
     "place by the stated objective, from 1; 0 = outside the tolerance or not ranked"},
    {"restated",
     HS_ELEMENT_TEXT,
     {HS_AXIS_RANKING},
     HS_FILL_ZERO,
     true,
     "settings of the last run that are not those of /experiment: a checksum, then a line `key = value` each"},
    {"commit",
     HS_ELEMENT_U64,
     {HS_AXIS_RANKING},
     HS_FILL_ZERO,
     false,
     "hash of the whole ranking; 0 until the sweep is finished"},
};

static const hs_dataset_row task_rows[] = {
    {"metric", HS_ELEMENT_TEXT, {HS_AXIS_METRIC}, HS_FILL_ZERO, false, "names of the metrics"},
    {"example",
     HS_ELEMENT_U64,
     {HS_AXIS_EXAMPLE},
     HS_FILL_ZERO,
     false,
     "line of the data file that each example came from, from 1"},
    {"shard", HS_ELEMENT_U64, {HS_AXIS_SHARD}, HS_FILL_ZERO, false, "first example of each shard"},
    {"donor",
     HS_ELEMENT_U32,
     {HS_AXIS_EXAMPLE},
     HS_FILL_ZERO,
     true,
     "example that stands in for each example where the intervention is resample"},
    {"prompt", HS_ELEMENT_TEXT, {HS_AXIS_EXAMPLE}, HS_FILL_ZERO, true, "what the kept continuations continue"},
    {"commit",
     HS_ELEMENT_U64,
     {HS_AXIS_SET, HS_AXIS_SHARD},
     HS_FILL_ZERO,
     false,
     "hash of the cell's values; 0 until they are written"},
    {"values",
     HS_ELEMENT_F32,
     {HS_AXIS_SET, HS_AXIS_EXAMPLE, HS_AXIS_METRIC},
     HS_FILL_NAN,
     false,
     "each metric of each example under each ablation set"},
    NUMBERS("sample", HS_AXIS_SAMPLE, "continuation of a prompt, from 0"),
    {"text_set",
     HS_ELEMENT_I32,
     {HS_AXIS_TEXT_SET},
     HS_FILL_ZERO,
     true,
     "ablation set of each row of text; -1 until it is written"},
    {"text",
     HS_ELEMENT_TEXT,
     {HS_AXIS_TEXT_SET, HS_AXIS_EXAMPLE, HS_AXIS_SAMPLE},
     HS_FILL_ZERO,
     true,
     "generated continuations of each example's prompt, cut to the length of the dataset's elements"},
};

static const hs_dataset_row task_ranking_rows[] = {
    {"metric", HS_ELEMENT_TEXT, {HS_AXIS_METRIC}, HS_FILL_ZERO, false, "names of the metrics"},
#define STATISTIC_ROW(id, name, meaning) \
    {name, HS_ELEMENT_F64, {HS_AXIS_SET, HS_AXIS_METRIC}, HS_FILL_NAN, false, meaning},
    HS_RESULTS_STATISTIC_LIST(STATISTIC_ROW)
#undef STATISTIC_ROW
        {"stability",
         HS_ELEMENT_F64,
         {HS_AXIS_INTERVENTION, HS_AXIS_METRIC, HS_AXIS_STABILITY_FIELD},
         HS_FILL_NAN,
         false,
         "of the ranking of single components: split-half Spearman correlation (Spearman-Brown) with the quantiles of "
         "its random "
         "halves, and how many of the first 5, 10 and 20 stay under resampling"},
};

#define ROWS(table)                               \
    {                                             \
        table, sizeof(table) / sizeof((table)[0]) \
    }
static const struct {
    const hs_dataset_row *rows;
    size_t n;
} groups[HS_GROUP_COUNT] = {
    [HS_GROUP_ROOT] = ROWS(root_rows),           [HS_GROUP_SETS] = ROWS(sets_rows),
    [HS_GROUP_SETS_1] = ROWS(sets_rows_1),       [HS_GROUP_PROVENANCE] = ROWS(provenance_rows),
    [HS_GROUP_REFERENCE] = ROWS(reference_rows), [HS_GROUP_RANKING] = ROWS(ranking_rows),
    [HS_GROUP_TASK] = ROWS(task_rows),           [HS_GROUP_TASK_RANKING] = ROWS(task_ranking_rows),
};
#undef ROWS

_Static_assert(sizeof task_ranking_rows / sizeof task_ranking_rows[0] <= HS_LAYOUT_MAX_ROWS, "rows of a group");

static const char *const axis_names[HS_AXIS_COUNT] = {
    [HS_AXIS_SET] = "set",
    [HS_AXIS_ADDED] = "component_row",
    [HS_AXIS_PLACE] = "place",
    [HS_AXIS_COMPONENT_FIELD] = "component_field",
    [HS_AXIS_INTERVENTION] = "intervention_name",
    [HS_AXIS_PHASE] = "phase_name",
    [HS_AXIS_PHASE_FIELD] = "phase_field",
    [HS_AXIS_RUN] = "run_number",
    [HS_AXIS_RANKING] = "ranking",
    [HS_AXIS_METHOD_FIELD] = "method_field",
    [HS_AXIS_STABILITY_FIELD] = "stability_field",
    [HS_AXIS_LAYER] = "layer",
    [HS_AXIS_POSITION] = "position",
    [HS_AXIS_COLUMN] = "column",
    [HS_AXIS_EXAMPLE] = "example",
    [HS_AXIS_METRIC] = "metric",
    [HS_AXIS_SHARD] = "shard",
    [HS_AXIS_TEXT_SET] = "text_set",
    [HS_AXIS_SAMPLE] = "sample",
};

static const size_t element_bytes[] = {
    [HS_ELEMENT_TEXT] = 0,
    [HS_ELEMENT_I32] = sizeof(int32_t),
    [HS_ELEMENT_U32] = sizeof(uint32_t),
    [HS_ELEMENT_U64] = sizeof(uint64_t),
    [HS_ELEMENT_F32] = sizeof(float),
    [HS_ELEMENT_F64] = sizeof(double),
    [HS_ELEMENT_RUN] = sizeof(hs_results_run),
};

const hs_dataset_row *hs__results_layout_rows(hs_group_kind group, size_t *n_out)
{
    *n_out = groups[group].n;
    return groups[group].rows;
}

const char *hs__results_axis_name(hs_axis axis)
{
    return axis_names[axis];
}

size_t hs__results_element_bytes(hs_element element)
{
    return element_bytes[element];
}

/*
 * Axes whose places have names; the names are written as datasets, so that nobody has to know what
 * column 3 is.
 */
const char *const *hs__results_axis_fields(hs_axis axis)
{
    static const char *const component[HS_LAYOUT_COMPONENT_FIELDS] = {"kind", "layer", "index"};
    static const char *const phase[HS_LAYOUT_PHASE_FIELDS] = {"first", "count", "commit"};
    static const char *const method[HS_LAYOUT_METHOD_FIELDS] = {"resamples", "permutations", "confidence", "bca"};
    static const char *const stability[HS_STABILITY_COUNT] = {
#define STABILITY_NAME(id, name) [id] = name,
        HS_RESULTS_STABILITY_LIST(STABILITY_NAME)
#undef STABILITY_NAME
    };
    switch (axis) {
    case HS_AXIS_COMPONENT_FIELD:
        return component;
    case HS_AXIS_PHASE_FIELD:
        return phase;
    case HS_AXIS_METHOD_FIELD:
        return method;
    case HS_AXIS_STABILITY_FIELD:
        return stability;
    default:
        return NULL;
    }
}

hs_status hs__results_layout_meaning(const hs_dataset_row *row, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "%s", row->meaning));
    for (int32_t kind = 0; row->axes[1] == HS_AXIS_COMPONENT_FIELD && kind < HS_COMPONENT_KINDS; kind++)
        HS_TRY(hs_text_appendf(text, error, "%s%d %s", kind == 0 ? "; kinds: " : ", ", (int)kind,
                               hs_sets_kind(kind)->title));
    return HS_OK;
}

bool hs__results_layout_numbers_axis(const hs_dataset_row *row)
{
    const hs_axis axis = hs__results_layout_scale_axis(row);
    return row->optional && row->element == HS_ELEMENT_I32 && axis != HS_AXIS_NONE && axis != HS_AXIS_TEXT_SET;
}

hs_axis hs__results_layout_scale_axis(const hs_dataset_row *row)
{
    hs_axis axis = row->axes[0];
    bool labels = hs__results_dataset_rank(row) == 1 && row->element != HS_ELEMENT_RUN &&
                  strcmp(row->name, axis_names[axis]) == 0;
    return labels ? axis : HS_AXIS_NONE;
}

size_t hs__results_dataset_rank(const hs_dataset_row *row)
{
    size_t rank = 0;
    while (rank < HS_LAYOUT_MAX_AXES && row->axes[rank] != HS_AXIS_NONE)
        rank++;
    return rank;
}

hs_extents hs__results_extents_unknown(void)
{
    hs_extents extents;
    for (size_t axis = 0; axis < HS_AXIS_COUNT; axis++)
        extents.of[axis] = HS_EXTENT_UNKNOWN;
    extents.of[HS_AXIS_COMPONENT_FIELD] = HS_LAYOUT_COMPONENT_FIELDS;
    extents.of[HS_AXIS_PHASE_FIELD] = HS_LAYOUT_PHASE_FIELDS;
    extents.of[HS_AXIS_RANKING] = 1;
    extents.of[HS_AXIS_METHOD_FIELD] = HS_LAYOUT_METHOD_FIELDS;
    extents.of[HS_AXIS_STABILITY_FIELD] = HS_STABILITY_COUNT;
    return extents;
}

hs_extents hs__results_extents_of_layout(const hs_results_layout *layout)
{
    hs_extents extents = hs__results_extents_unknown();
    extents.of[HS_AXIS_SET] = layout->sets.n_sets + layout->later.n_sets;
    extents.of[HS_AXIS_ADDED] = layout->sets.n_added + layout->later.n_added;
    extents.of[HS_AXIS_INTERVENTION] = layout->sets.n_interventions;
    extents.of[HS_AXIS_PHASE] = 1 + layout->later.n_phases;
    extents.of[HS_AXIS_RUN] = HS_RESULTS_MAX_RUNS;
    extents.of[HS_AXIS_LAYER] = layout->mean_n_layers;
    extents.of[HS_AXIS_POSITION] = layout->mean_n_positions;
    extents.of[HS_AXIS_COLUMN] = layout->mean_n_columns;
    return extents;
}

hs_extents hs__results_extents_with_task(hs_extents extents, const hs_results_task *task)
{
    extents.of[HS_AXIS_EXAMPLE] = task->n_examples;
    extents.of[HS_AXIS_METRIC] = task->n_metrics;
    extents.of[HS_AXIS_SHARD] = task->n_shards;
    extents.of[HS_AXIS_TEXT_SET] = task->n_text_sets;
    extents.of[HS_AXIS_SAMPLE] = task->n_samples;
    return extents;
}

size_t hs__results_dataset_elements(const hs_dataset_row *row, const hs_extents *extents)
{
    size_t n = 1;
    for (size_t axis = 0; axis < hs__results_dataset_rank(row); axis++)
        if (__builtin_mul_overflow(n, extents->of[row->axes[axis]], &n))
            return SIZE_MAX;
    return n;
}
