/* What must hold of the tables of a file, whoever wrote them. */
#include "results/layout.h"

#include <string.h>

hs_status hs__results_layout_check_components(size_t set, const hs_component *components, size_t n, hs_error *error)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t fields[] = {components[i].kind, components[i].layer, components[i].index};
        static const int32_t largest[] = {HS_COMPONENT_KINDS - 1, HS_LAYOUT_MAX_LAYER, HS_LAYOUT_MAX_INDEX};
        for (size_t field = 0; field < HS_LAYOUT_COMPONENT_FIELDS; field++)
            if (fields[field] < 0 || fields[field] > largest[field])
                return hs_fail(error, HS_ERROR_RESULTS, "component %zu of set %zu holds the number %d", i, set,
                               fields[field]);
    }
    return HS_OK;
}

/* Its parent stands before it under the same intervention, and its own components where the set before it ends. */
static hs_status check_own(const hs_sets *sets, size_t set, hs_error *error)
{
    const int32_t parent = sets->parent[set];
    const uint64_t first = sets->first_added[set];
    const uint64_t expected = set > 0 ? sets->first_added[set - 1] + (uint64_t)sets->order[set - 1] -
                                            (set > 1 ? (uint64_t)sets->order[sets->parent[set - 1]] : 0)
                                      : 0;
    bool sound = set == 0 ? parent == -1 : parent >= 0 && (size_t)parent < set;
    sound = sound && (parent <= 0 || (sets->intervention[parent] == sets->intervention[set] &&
                                      sets->order[parent] < sets->order[set]));
    if (!sound || first != expected)
        return hs_fail(error, HS_ERROR_RESULTS, "set %zu cannot add components to set %d from row %llu on", set, parent,
                       (unsigned long long)first);
    const size_t n = (size_t)(sets->order[set] - (parent > 0 ? sets->order[parent] : 0));
    if (first > sets->room_added || n > sets->room_added - first)
        return hs_fail(error, HS_ERROR_RESULTS, "set %zu adds %zu components, and there is no room for them", set, n);
    return hs__results_layout_check_components(set, sets->added + first, n, error);
}

static hs_status check_set(const hs_sets *sets, size_t set, hs_error *error)
{
    const int32_t order = sets->order[set], intervention = sets->intervention[set];
    if (order < 0 || order > HS_LAYOUT_MAX_ORDER || (set == 0) != (order == 0))
        return hs_fail(error, HS_ERROR_RESULTS, "set %zu has order %d; 0 is for set 0 alone and %d is the largest", set,
                       order, HS_LAYOUT_MAX_ORDER);
    if (set == 0 ? intervention != -1 : intervention < 0 || (size_t)intervention >= sets->n_interventions)
        return hs_fail(error, HS_ERROR_RESULTS, "set %zu has intervention %d, and there are %zu", set, intervention,
                       sets->n_interventions);
    return check_own(sets, set, error);
}

hs_status hs__results_layout_check_rows(const hs_sets *sets, size_t first, size_t n, hs_error *error)
{
    for (size_t set = first; set < first + n; set++)
        HS_TRY(check_set(sets, set, error));
    return HS_OK;
}

static hs_status check_name(const char *what, const char *name, hs_error *error)
{
    size_t length = strlen(name);
    if (length == 0 || length > HS_LAYOUT_MAX_NAME)
        return hs_fail(error, HS_ERROR_RESULTS, "the name of %s has %zu bytes; 1 to %d are allowed", what, length,
                       HS_LAYOUT_MAX_NAME);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
            return hs_fail(error, HS_ERROR_RESULTS, "the name of %s has the control character %d in it", what, name[i]);
    hs_error reason = {0};
    if (hs_utf8_check(name, length, "name", &reason) != HS_OK)
        return hs_fail(error, HS_ERROR_RESULTS, "the name of %s is not sound: %s", what, reason.message);
    return HS_OK;
}

hs_status hs__results_layout_check_sets(const hs_sets *sets, hs_error *error)
{
    if (sets->n_sets == 0 || sets->n_sets > INT32_MAX || sets->max_order > HS_LAYOUT_MAX_ORDER ||
        sets->n_interventions > HS_LAYOUT_MAX_INTERVENTIONS)
        return hs_fail(error, HS_ERROR_RESULTS,
                       "a table of %zu sets of up to %zu components with %zu interventions is impossible", sets->n_sets,
                       sets->max_order, sets->n_interventions);
    for (size_t i = 0; i < sets->n_interventions; i++)
        HS_TRY(check_name("an intervention", sets->intervention_names[i], error));
    return hs__results_layout_check_rows(sets, 0, sets->n_sets, error);
}

hs_status hs__results_layout_check_task_name(const char *name, hs_error *error)
{
    HS_TRY(check_name("a task", name, error));
    if (strchr(name, '/') != NULL || name[0] == '.')
        return hs_fail(error, HS_ERROR_RESULTS,
                       "the task name '%s' cannot name a group of the file: it may hold no / and "
                       "not begin with a dot",
                       name);
    if (strcmp(name, "rank_objective") == 0 || strcmp(name, "commit") == 0)
        return hs_fail(error, HS_ERROR_RESULTS, "the task name '%s' is taken by a dataset of the file; choose another",
                       name);
    return HS_OK;
}

static hs_status check_shards(const hs_results_task *task, hs_error *error)
{
    const uint64_t *first = task->shard_first;
    bool sound = task->n_shards > 0 && first[0] == 0 && first[task->n_shards] == task->n_examples;
    for (size_t shard = 0; sound && shard < task->n_shards; shard++)
        sound = first[shard] < first[shard + 1];
    if (!sound)
        return hs_fail(error, HS_ERROR_RESULTS, "task %s: its %zu shards do not cut its %zu examples in order",
                       task->name, task->n_shards, task->n_examples);
    return HS_OK;
}

/*
 * For the file that is made and for the file that is read: what a reader would refuse must not be
 * written.
 */
hs_status hs__results_layout_check_task(const hs_results_task *task, hs_error *error)
{
    HS_TRY(hs__results_layout_check_task_name(task->name, error));
    HS_TRY(check_name("a task's kind", task->kind, error));
    if (task->n_examples == 0 || task->n_examples > HS_LAYOUT_MAX_EXTENT || task->n_metrics == 0 ||
        task->n_metrics > HS_LAYOUT_MAX_METRICS || task->n_shards > task->n_examples)
        return hs_fail(error, HS_ERROR_RESULTS, "task %s: %zu examples, %zu metrics and %zu shards are impossible",
                       task->name, task->n_examples, task->n_metrics, task->n_shards);
    for (size_t i = 0; i < task->n_metrics; i++) {
        const hs_metric *metric = &task->metrics[i];
        HS_TRY(check_name("a metric", metric->name, error));
        if (metric->per < HS_PER_MACRO_F1 || metric->per >= (int)task->n_metrics)
            return hs_fail(error, HS_ERROR_RESULTS, "task %s: metric %s is per metric %d, and there are %zu",
                           task->name, metric->name, metric->per, task->n_metrics);
    }
    HS_TRY(check_shards(task, error));
    for (size_t i = 0; task->donor != NULL && i < task->n_examples; i++)
        if (task->donor[i] >= task->n_examples)
            return hs_fail(error, HS_ERROR_RESULTS, "task %s: example %zu has donor %u, and there are %zu examples",
                           task->name, i, task->donor[i], task->n_examples);
    return HS_OK;
}

uint64_t hs__results_layout_hash_sets(const hs_sets *sets, size_t first, size_t n)
{
    const uint64_t *first_added = sets->first_added + first;
    const uint64_t n_added = first_added[n] - first_added[0];
    uint64_t hash = hs_hash_u64(hs_hash_u64(0, n), n_added);
    hash = hs_hash(hash, sets->order + first, n * sizeof *sets->order);
    hash = hs_hash(hash, sets->intervention + first, n * sizeof *sets->intervention);
    hash = hs_hash(hash, sets->parent + first, n * sizeof *sets->parent);
    hash = hs_hash(hash, first_added, n * sizeof *first_added);
    hash = hs_hash(hash, sets->added + first_added[0], (size_t)n_added * sizeof *sets->added);
    for (size_t i = 0; i < sets->n_interventions; i++)
        hash = hs_hash_text(hash, sets->intervention_names[i]);
    return hash;
}

static uint64_t hash_task(uint64_t hash, const hs_results_task *task)
{
    hash = hs_hash_text(hs_hash_text(hash, task->name), task->kind);
    hash = hs_hash_u64(hs_hash_u64(hs_hash_u64(hash, task->n_examples), task->n_metrics), task->n_shards);
    for (size_t i = 0; i < task->n_metrics; i++)
        hash = hs_hash_u64(hs_hash_text(hash, task->metrics[i].name), (uint64_t)(int64_t)task->metrics[i].per);
    hash = hs_hash(hash, task->shard_first, (task->n_shards + 1) * sizeof *task->shard_first);
    hash = hs_hash(hash, task->example_line, task->n_examples * sizeof *task->example_line);
    if (task->donor != NULL)
        hash = hs_hash(hash, task->donor, task->n_examples * sizeof *task->donor);
    return hash;
}

uint64_t hs__results_layout_hash_tables(uint64_t hash_of_sets, const hs_results_task *tasks, size_t n_tasks)
{
    uint64_t hash = hash_of_sets;
    for (size_t task = 0; task < n_tasks; task++)
        hash = hash_task(hash, &tasks[task]);
    return hash;
}

uint64_t hs__results_layout_hash_means(const float *mean, size_t n_mean, const float *position_mean,
                                       size_t n_position_mean)
{
    return hs_hash(hs_hash(0, mean, n_mean * sizeof *mean), position_mean, n_position_mean * sizeof *position_mean);
}

size_t hs__results_layout_set_name_width(const hs_results_layout *layout)
{
    size_t longest = strlen("clean");
    for (size_t set = 0; set < layout->sets.n_sets; set++) {
        size_t length = hs_sets_name_length(&layout->sets, set);
        longest = length > longest ? length : longest;
    }
    return (layout->later.longest_name > longest ? layout->later.longest_name : longest) + 1;
}

/*
 * The width comes from the plan, which knew all names in advance; one that is longer is a mistake
 * of ours.
 */
hs_status hs__results_layout_pack_set_names(const hs_sets *sets, size_t first, size_t n, size_t width, char *bytes,
                                            hs_error *error)
{
    hs_text name = {0};
    hs_status status = HS_OK;
    memset(bytes, 0, n * width);
    for (size_t i = 0; i < n; i++) {
        name.length = 0;
        HS_GOTO_DONE(hs_sets_name(sets, first + i, &name, error));
        if (name.length >= width)
            HS_GOTO_DONE(hs_fail(error, HS_ERROR_INTERNAL, "the name %s has more than %zu bytes", name.text, width));
        memcpy(bytes + i * width, hs_text_string(&name), name.length);
    }
done:
    hs_text_clear(&name);
    return status;
}
