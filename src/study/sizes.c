/* Rows of a shard, of a stack, sets of a group: as the engine likes them, as far as the memory allows. */
#include <string.h>

#include "study/group_sizes.h"

/* What smaller shards may compute twice, where examples share rows. */
#define MOST_REPEATED_ROWS 1.05

/* Rows of each example by itself, and those of them that it shares with the example before it. */
struct task_rows {
    size_t *alone;
    size_t *shared;
    size_t total;      /* rows of the task, shared ones once */
    size_t total_live; /* of which every ablation computes again */
};

static hs_status count_examples(const hs_study *study, size_t task, size_t first, size_t n, hs_engine_rows *rows_out,
                                hs_error *error)
{
    hs_task_workload *workload = NULL;

    HS_TRY(hs_tasks_workload_new(study->tasks[task], first, n, study->donors != NULL ? study->donors[task] : NULL,
                                 &workload, error));
    hs_status status =
        hs_engine_count_rows(&study->model->shape, &workload->workload, study->experiment->positions, rows_out, error);
    hs_tasks_workload_free(workload);
    return status;
}

/* Two neighbours with the rows of fewer than both share the difference. */
static hs_status count_distinct(const hs_study *study, size_t task, struct task_rows *rows, hs_error *error)
{
    hs_engine_rows before = {0};

    for (size_t i = 0; i < hs_tasks_n_examples(study->tasks[task]); ++i) {
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

static void count_whole(const hs_study *study, size_t task, struct task_rows *rows)
{
    for (size_t i = 0; i < hs_tasks_n_examples(study->tasks[task]); ++i) {
        rows->alone[i] = hs_tasks_example_rows(study->tasks[task], i);
        rows->total += rows->alone[i];
    }
    rows->total_live = rows->total;
}

/* Rows that examples grow by while they are continued; nobody shares them. */
static void count_new(const hs_study *study, size_t task, struct task_rows *rows)
{
    size_t n_examples = hs_tasks_n_examples(study->tasks[task]);
    size_t n_new = hs_tasks_new_rows(study->tasks[task]);

    for (size_t i = 0; i < n_examples; ++i)
        rows->alone[i] += n_new;
    rows->total += n_examples * n_new;
    rows->total_live += n_examples * n_new;
}

static hs_status count_rows(const hs_study *study, hs_engine_kind kind, size_t task, struct task_rows *rows,
                            hs_error *error)
{
    size_t n = hs_tasks_n_examples(study->tasks[task]);

    HS_TRY(hs_allocate(&rows->alone, n, sizeof *rows->alone, "plan", error));
    HS_TRY(hs_allocate(&rows->shared, n, sizeof *rows->shared, "plan", error));
    if (kind == HS_ENGINE_PREFIX)
        HS_TRY(count_distinct(study, task, rows, error));
    else
        count_whole(study, task, rows);
    count_new(study, task, rows);
    return HS_OK;
}

/* What memory depends on, and may be chosen. */
struct sizes {
    size_t batch_rows;       /* of a shard */
    size_t stacked_rows;     /* of the engine */
    uint64_t sets_per_group; /* at most */
    size_t live_rows;        /* that a set computes on a shard */
};

/*
 * The next smaller sizes, those that cost least first: small shards share less between examples, small stacks make slow
 * matrix products, and small groups share less between sets. False if there are none.
 */
static bool shrink(struct sizes *sizes, bool sets_are_given)
{
    size_t quarter = sizes->stacked_rows / 4 > 0 ? sizes->stacked_rows / 4 : 1;

    if (sizes->batch_rows > quarter)
        sizes->batch_rows /= 2;
    else if (sizes->stacked_rows > 1)
        sizes->stacked_rows -= (sizes->stacked_rows + 3) / 4;
    else if (sizes->sets_per_group > 1 && !sets_are_given)
        sizes->sets_per_group /= 2;
    else
        return false;
    return true;
}

/* Live rows of a full shard of the task that has most of them. */
static size_t live_rows_of_shard(const hs_study *study, const struct task_rows *rows, size_t batch_rows)
{
    size_t largest = 0;

    for (size_t task = 0; task < study->n_tasks; ++task) {
        size_t n_shards = rows[task].total / batch_rows + 1;
        size_t n_live = rows[task].total_live / n_shards;
        largest = n_live > largest ? n_live : largest;
    }
    return largest;
}

static hs_status list_inputs(const hs_study *study, hs_engine_kind kind, struct task_rows *rows, hs_plan_input *inputs,
                             hs_error *error)
{
    for (size_t task = 0; task < study->n_tasks; ++task) {
        HS_TRY(count_rows(study, kind, task, &rows[task], error));
        inputs[task] = (hs_plan_input){
            .n_examples = hs_tasks_n_examples(study->tasks[task]),
            .n_metrics = hs_tasks_n_metrics(study->tasks[task]),
            .example_rows = rows[task].alone,
            .shared_rows = rows[task].shared,
        };
    }
    return HS_OK;
}

static hs_status plan_of_sizes(hs_study *study, const hs_plan_input *inputs, const struct sizes *sizes, hs_error *error)
{
    hs_sweep_plan_clear(&study->plan);
    study->stacked_rows = sizes->stacked_rows;
    hs_engine_set_stacked_rows(study->engine, sizes->stacked_rows);
    HS_TRY(hs_sweep_plan_init(&study->plan, study->space.n_sets, sizes->sets_per_group, sizes->batch_rows, inputs,
                              study->n_tasks, error));
    return study->experiment->sets_per_group > 0 ? HS_OK
                                                 : hs__study_size_groups(study, inputs, sizes->live_rows, error);
}

/* Smaller shards where one set on a shard is more than a group should be, unless examples share too many rows. */
static hs_status fit_shards(hs_study *study, const hs_plan_input *inputs, struct sizes *sizes, hs_error *error)
{
    const size_t most_rows = sizes->batch_rows;
    const double all_rows = (double)hs__study_planned_rows(study, inputs);

    for (size_t rows = hs__study_rows_per_shard(study, inputs, most_rows); rows < most_rows; rows *= 2) {
        sizes->batch_rows = rows;
        HS_TRY(plan_of_sizes(study, inputs, sizes, error));
        if ((double)hs__study_planned_rows(study, inputs) <= MOST_REPEATED_ROWS * all_rows)
            return HS_OK;
    }
    if (sizes->batch_rows == most_rows)
        return HS_OK;
    sizes->batch_rows = most_rows;
    return plan_of_sizes(study, inputs, sizes, error);
}

/* Where nothing more can be made smaller: what a set on the largest example takes, and which that is. */
static hs_status refuse_sweep(const hs_study *study, const hs_study_memory *memory, size_t needed, hs_error *error)
{
    const hs_task *task = study->tasks[memory->largest_task];
    const uint64_t *first = study->plan.tasks[memory->largest_task].shard_first + memory->largest_shard;
    size_t largest = (size_t)first[0];

    for (size_t i = largest; i < first[1]; ++i)
        largest = hs_tasks_example_rows(task, i) > hs_tasks_example_rows(task, largest) ? i : largest;
    return hs_fail(error, HS_ERROR_USAGE,
                   "run.memory_per_rank = %lld (MiB) is too little for this model and the longest example: one set on "
                   "line %zu of task %s, %zu tokens, with what a rank holds besides; at least %zu is needed",
                   (long long)study->experiment->memory_per_rank, hs_tasks_example_line(task, largest),
                   hs_tasks_name(task), hs_tasks_example_rows(task, largest), needed);
}

/*
 * Says the smallest bound that would do, since finding it by trying takes a queue each time.
 * Whether sweep or statistics need it decides what else can be changed.
 */
static hs_status refuse_memory(const hs_study *study, hs_error *error)
{
    const size_t mebibyte = (size_t)1 << 20;
    const size_t limit = (size_t)study->experiment->memory_per_rank * mebibyte;
    hs_study_memory memory;

    HS_TRY(hs__study_count_memory(study, SIZE_MAX, &memory, error));
    const size_t needed = (hs_study_memory_bytes(&memory) + mebibyte - 1) / mebibyte;
    if (hs__study_sweep_memory_bytes(&memory) > limit)
        return refuse_sweep(study, &memory, needed, error);
    return hs_fail(error, HS_ERROR_USAGE,
                   "run.memory_per_rank = %lld (MiB) is too little for the statistics of %lld resamples; at least %zu "
                   "is needed, or fewer analysis.resamples",
                   (long long)study->experiment->memory_per_rank, (long long)study->experiment->resamples, needed);
}

/*
 * The largest sizes that fit, going down from those that are best for speed. What the statistics need is only compared
 * with the bound: smaller sizes would not help them, and the analysis may change where the numbers must not.
 */
static hs_status fit_memory(hs_study *study, const hs_plan_input *inputs, struct sizes sizes, hs_error *error)
{
    size_t limit = (size_t)study->experiment->memory_per_rank << 20;
    bool sets_are_given = study->experiment->sets_per_group > 0;
    hs_study_memory memory;

    HS_TRY(hs__study_count_memory(study, limit, &memory, error));
    while (hs__study_sweep_memory_bytes(&memory) > limit && shrink(&sizes, sets_are_given)) {
        HS_TRY(plan_of_sizes(study, inputs, &sizes, error));
        HS_TRY(hs__study_count_memory(study, limit, &memory, error));
    }
    return hs_study_memory_bytes(&memory) <= limit ? HS_OK : refuse_memory(study, error);
}

/* From the best sizes for speed downwards; sizes that the experiment states are not touched. */
static hs_status init_plan(hs_study *study, hs_engine_kind kind, struct task_rows *rows, hs_plan_input *inputs,
                           hs_error *error)
{
    struct sizes sizes = {.batch_rows = (size_t)study->experiment->batch_rows,
                          .stacked_rows = HS_STACKED_ROWS,
                          .sets_per_group = (uint64_t)study->experiment->sets_per_group};

    HS_TRY(list_inputs(study, kind, rows, inputs, error));
    sizes.live_rows = live_rows_of_shard(study, rows, sizes.batch_rows);
    if (sizes.sets_per_group == 0)
        sizes.sets_per_group = hs_engine_sets_per_group(kind, sizes.live_rows);
    HS_TRY(plan_of_sizes(study, inputs, &sizes, error));
    if (study->experiment->sets_per_group == 0)
        HS_TRY(fit_shards(study, inputs, &sizes, error));
    return study->experiment->memory_per_rank > 0 ? fit_memory(study, inputs, sizes, error) : HS_OK;
}

/*
 * The sizes, and with them the numbers, follow from experiment, model and data alone: no rank,
 * processor or free memory is asked.
 */
hs_status hs__study_make_plan(hs_study *study, hs_error *error)
{
    hs_plan_input *inputs = NULL;
    struct task_rows *rows = NULL;
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&inputs, study->n_tasks, sizeof *inputs, "plan", error));
    HS_GOTO_DONE(hs_allocate(&rows, study->n_tasks, sizeof *rows, "plan", error));
    HS_GOTO_DONE(init_plan(study, study->experiment->engine, rows, inputs, error));
done:
    for (size_t i = 0; rows != NULL && i < study->n_tasks; ++i) {
        hs_free(rows[i].alone);
        hs_free(rows[i].shared);
    }
    hs_free(rows);
    hs_free(inputs);
    return status;
}
