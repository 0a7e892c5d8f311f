/* size: how large a file will be, for `plan` and for reserving its room before the first byte. */
#include "results/layout.h"

#include <string.h>

/*
 * Bytes of metadata as HDF5 1.10 writes them in this layout (superblock 2, compact groups), measured; test_results
 * checks the sum against real files.
 */
enum { FILE_METADATA = 2000, GROUP_METADATA = 400, DATASET_METADATA = 690, ATTRIBUTE_METADATA = 64 };

static size_t longest_text(const char *const *items, size_t n)
{
    size_t longest = 0;
    for (size_t i = 0; i < n; i++)
        longest = strlen(items[i]) > longest ? strlen(items[i]) : longest;
    return longest + 1;
}

static size_t metric_name_width(const hs_results_task *task)
{
    size_t longest = 0;
    for (size_t i = 0; task != NULL && i < task->n_metrics; i++)
        longest = strlen(task->metrics[i].name) > longest ? strlen(task->metrics[i].name) : longest;
    return longest + 1;
}

static size_t attribute_bytes(const hs_results_attribute *attributes, size_t n)
{
    size_t sum = 0, n_identity = 0, longest = 0;
    for (size_t i = 0; i < n; i++) {
        size_t name = strlen(attributes[i].name);
        sum += ATTRIBUTE_METADATA + name + strlen(attributes[i].value);
        if (attributes[i].identity) {
            n_identity++;
            longest = name + 1 > longest ? name + 1 : longest;
        }
    }
    return sum + n_identity * longest;
}

/* The same condition as in creating, for rows whose contents may be missing. */
static bool is_present(const hs_dataset_row *row, const hs_results_layout *layout, const hs_results_task *task,
                       const hs_extents *extents)
{
    if (!row->optional)
        return true;
    if (hs__results_layout_numbers_axis(row) || hs__results_axis_fields(row->axes[0]) != NULL)
        return extents->of[row->axes[0]] > 0;
    if (row->axes[0] == HS_AXIS_LAYER)
        return layout->mean_n_layers > 0 &&
               layout->mean_n_positions > 0; /* the means themselves may still be missing */
    if (row->axes[0] == HS_AXIS_RANKING || row->axes[0] == HS_AXIS_RUN)
        return true;
    if (row->axes[0] == HS_AXIS_TEXT_SET)
        return task != NULL && task->n_text_sets > 0;
    if (strcmp(row->name, "prompt") == 0)
        return task != NULL && task->prompts != NULL;
    return task != NULL && task->donor != NULL;
}

/*
 * As wide as creating will find the longest text; a longer estimate would reserve what is never
 * used.
 */
static size_t text_width(const hs_results_layout *layout, const hs_dataset_row *row, const hs_results_task *task,
                         const hs_extents *extents)
{
    if (hs__results_axis_fields(row->axes[0]) != NULL)
        return longest_text(hs__results_axis_fields(row->axes[0]), extents->of[row->axes[0]]);
    switch (row->axes[0]) {
    case HS_AXIS_SET:
        return hs__results_layout_set_name_width(layout);
    case HS_AXIS_INTERVENTION:
        return longest_text(layout->sets.intervention_names, layout->sets.n_interventions);
    case HS_AXIS_PHASE:
        return sizeof HS_LAYOUT_FIRST_PHASE; /* the longest */
    case HS_AXIS_EXAMPLE:
        return task != NULL ? longest_text(task->prompts, task->n_examples) : 1;
    case HS_AXIS_TEXT_SET:
        return task != NULL ? task->text_bytes : 1;
    case HS_AXIS_RANKING:
        return HS_LAYOUT_RESTATED_BYTES;
    default:
        return metric_name_width(task);
    }
}

static size_t add(size_t sum, size_t more)
{
    return more > SIZE_MAX - sum ? SIZE_MAX : sum + more;
}

static size_t multiply(size_t a, size_t b)
{
    return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

/* All datasets of a group, raw bytes and metadata. */
static size_t group_bytes(const hs_results_layout *layout, hs_group_kind kind, const hs_results_task *task)
{
    size_t n_rows = 0, sum = GROUP_METADATA;
    const hs_dataset_row *rows = hs__results_layout_rows(kind, &n_rows);
    hs_extents extents = hs__results_extents_of_layout(layout);
    if (task != NULL)
        extents = hs__results_extents_with_task(extents, task);
    for (size_t i = 0; i < n_rows; i++) {
        size_t width = hs__results_element_bytes(rows[i].element);
        if (!is_present(&rows[i], layout, task, &extents))
            continue;
        if (rows[i].element == HS_ELEMENT_TEXT)
            width = text_width(layout, &rows[i], task, &extents);
        sum = add(sum, add(DATASET_METADATA, multiply(hs__results_dataset_elements(&rows[i], &extents), width)));
    }
    return sum;
}

size_t hs_results_file_bytes(const hs_results_layout *layout)
{
    size_t sum = FILE_METADATA + attribute_bytes(layout->experiment, layout->n_experiment) +
                 attribute_bytes(layout->provenance, layout->n_provenance);
    for (int kind = HS_GROUP_ROOT; kind < HS_GROUP_TASK; kind++)
        if (kind != HS_GROUP_SETS_1 && (kind != HS_GROUP_REFERENCE || layout->mean_n_layers > 0))
            sum = add(sum, group_bytes(layout, (hs_group_kind)kind, NULL));
    for (size_t i = 0; i < layout->n_tasks; i++)
        sum = add(sum, add(group_bytes(layout, HS_GROUP_TASK, &layout->tasks[i]),
                           group_bytes(layout, HS_GROUP_TASK_RANKING, &layout->tasks[i])));
    return sum;
}
