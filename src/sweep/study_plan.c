#include <string.h>

#include "sweep/study_storage.h"

/* Rows of each example by itself, and those of them that it shares with the example before it. */
struct task_rows {
    size_t *alone;
    size_t *shared;
};

static hs_positions positions_of(const hs_study *study)
{
    return strcmp(study->experiment->positions, "scored") == 0 ? HS_POSITIONS_SCORED : HS_POSITIONS_ALL;
}

static hs_status distinct_rows(const hs_study *study, size_t task, size_t first, size_t n, size_t *n_rows_out,
                               hs_error *error)
{
    hs_task_workload *workload = NULL;

    HS_TRY(hs_task_workload_new(study->tasks[task], first, n, study->donors != NULL ? study->donors[task] : NULL,
                                &workload, error));
    hs_status status = hs_engine_distinct_rows(&workload->workload, positions_of(study), n_rows_out, error);
    hs_task_workload_free(workload);
    return status;
}

/* Two neighbours with the rows of fewer than both share the difference. */
static hs_status count_distinct(const hs_study *study, size_t task, const struct task_rows *rows, hs_error *error)
{
    for (size_t i = 0; i < hs_task_n_examples(study->tasks[task]); ++i) {
        size_t both = 0;

        HS_TRY(distinct_rows(study, task, i, 1, &rows->alone[i], error));
        if (i == 0)
            continue;
        HS_TRY(distinct_rows(study, task, i - 1, 2, &both, error));
        rows->shared[i] = rows->alone[i - 1] + rows->alone[i] - both;
    }
    return HS_OK;
}

static hs_status count_rows(const hs_study *study, hs_engine_kind kind, size_t task, struct task_rows *rows,
                            hs_error *error)
{
    size_t n = hs_task_n_examples(study->tasks[task]);

    HS_TRY(hs_allocate(&rows->alone, n, sizeof *rows->alone, "plan", error));
    HS_TRY(hs_allocate(&rows->shared, n, sizeof *rows->shared, "plan", error));
    if (kind == HS_ENGINE_PREFIX)
        return count_distinct(study, task, rows, error);
    for (size_t i = 0; i < n; ++i)
        rows->alone[i] = hs_task_example_rows(study->tasks[task], i);
    return HS_OK;
}

/* Rows of the largest task, of which a shard has batch_rows at most. */
static size_t largest_shard(const hs_study *study, const struct task_rows *rows)
{
    size_t largest = 0;

    for (size_t task = 0; task < study->n_tasks; ++task) {
        size_t n = 0;
        for (size_t i = 0; i < hs_task_n_examples(study->tasks[task]); ++i)
            n += rows[task].alone[i] - rows[task].shared[i];
        largest = n > largest ? n : largest;
    }
    size_t batch_rows = (size_t)study->experiment->batch_rows;
    return largest < batch_rows ? largest : batch_rows;
}

static hs_status init_plan(hs_study *study, hs_engine_kind kind, struct task_rows *rows, hs_plan_input *inputs,
                           hs_error *error)
{
    uint64_t sets_per_group = (uint64_t)study->experiment->sets_per_group;

    for (size_t task = 0; task < study->n_tasks; ++task) {
        HS_TRY(count_rows(study, kind, task, &rows[task], error));
        inputs[task] = (hs_plan_input){
            .n_examples = hs_task_n_examples(study->tasks[task]),
            .n_metrics = hs_task_n_metrics(study->tasks[task]),
            .example_rows = rows[task].alone,
            .shared_rows = rows[task].shared,
        };
    }
    if (sets_per_group == 0)
        sets_per_group = hs_engine_sets_per_group(kind, largest_shard(study, rows));
    return hs_plan_init(&study->plan, study->space.n_sets, sets_per_group, (uint64_t)study->experiment->batch_rows,
                        inputs, study->n_tasks, error);
}

hs_status study_make_plan(hs_study *study, hs_error *error)
{
    hs_engine_kind kind = HS_ENGINE_REFERENCE;
    hs_plan_input *inputs = NULL;
    struct task_rows *rows = NULL;
    hs_status status;

    HS_GOTO_DONE(hs_engine_kind_parse(study->experiment->engine, &kind, error));
    HS_GOTO_DONE(hs_allocate(&inputs, study->n_tasks, sizeof *inputs, "plan", error));
    HS_GOTO_DONE(hs_allocate(&rows, study->n_tasks, sizeof *rows, "plan", error));
    HS_GOTO_DONE(init_plan(study, kind, rows, inputs, error));
done:
    for (size_t i = 0; rows != NULL && i < study->n_tasks; ++i) {
        hs_free(rows[i].alone);
        hs_free(rows[i].shared);
    }
    hs_free(rows);
    hs_free(inputs);
    return status;
}
