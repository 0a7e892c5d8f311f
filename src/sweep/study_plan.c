#include <string.h>

#include "sweep/study_storage.h"

/*
 * What the engine chooses is for its own speed; a sweep of few sets is cut finer than that, so that there are groups
 * for many ranks. The number of ranks itself must not matter.
 */
enum { FEWEST_GROUPS = 64, FEWEST_SETS = 16 };

/* Rows of each example by itself, and those of them that it shares with the example before it. */
struct task_rows {
    size_t *alone;
    size_t *shared;
    size_t total;      /* rows of the task, shared ones once */
    size_t total_live; /* of which every ablation computes again */
};

hs_positions study_positions(const hs_study *study)
{
    return strcmp(study->experiment->positions, "scored") == 0 ? HS_POSITIONS_SCORED : HS_POSITIONS_ALL;
}

static hs_status count_examples(const hs_study *study, size_t task, size_t first, size_t n, hs_engine_rows *rows_out,
                                hs_error *error)
{
    hs_task_workload *workload = NULL;

    HS_TRY(hs_task_workload_new(study->tasks[task], first, n, study->donors != NULL ? study->donors[task] : NULL,
                                &workload, error));
    hs_status status =
        hs_engine_count_rows(&study->model->shape, &workload->workload, study_positions(study), rows_out, error);
    hs_task_workload_free(workload);
    return status;
}

/* Two neighbours with the rows of fewer than both share the difference. */
static hs_status count_distinct(const hs_study *study, size_t task, struct task_rows *rows, hs_error *error)
{
    hs_engine_rows before = {0};

    for (size_t i = 0; i < hs_task_n_examples(study->tasks[task]); ++i) {
        hs_engine_rows alone;
        hs_engine_rows both;

        HS_TRY(count_examples(study, task, i, 1, &alone, error));
        both = alone;
        if (i > 0)
            HS_TRY(count_examples(study, task, i - 1, 2, &both, error));
        rows->alone[i] = alone.n_rows;
        rows->shared[i] = before.n_rows + alone.n_rows - both.n_rows;
        rows->total += both.n_rows - before.n_rows;
        rows->total_live += both.n_live - before.n_live;
        before = alone;
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
    for (size_t i = 0; i < n; ++i) {
        rows->alone[i] = hs_task_example_rows(study->tasks[task], i);
        rows->total += rows->alone[i];
    }
    rows->total_live = rows->total;
    return HS_OK;
}

/* Live rows of a full shard of the task that has most of them, and about how many shards all tasks have. */
static size_t live_rows_of_shard(const hs_study *study, const struct task_rows *rows, size_t *n_shards_out)
{
    size_t batch_rows = (size_t)study->experiment->batch_rows;
    size_t largest = 0;

    *n_shards_out = 0;
    for (size_t task = 0; task < study->n_tasks; ++task) {
        size_t n_shards = rows[task].total / batch_rows + 1;
        size_t n_live = rows[task].total_live / n_shards;
        largest = n_live > largest ? n_live : largest;
        *n_shards_out += n_shards;
    }
    return largest;
}

static uint64_t choose_sets_per_group(const hs_study *study, hs_engine_kind kind, const struct task_rows *rows)
{
    size_t n_shards = 0;
    size_t n_live = live_rows_of_shard(study, rows, &n_shards);
    uint64_t n_sets = hs_engine_sets_per_group(kind, n_live);
    uint64_t limit = study->space.n_sets * n_shards / FEWEST_GROUPS;

    limit = limit > FEWEST_SETS ? limit : FEWEST_SETS;
    return n_sets < limit ? n_sets : limit;
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
        sets_per_group = choose_sets_per_group(study, kind, rows);
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
