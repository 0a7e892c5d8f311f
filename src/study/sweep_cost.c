/* What the sweep costs: operations counted from a sample of the groups, time from running some sets of each task. */
#include <math.h>

#include "study/group_sizes.h"

/* Groups of a task that are counted: all of a small sweep, an even sample of a large one. */
enum { COUNTED_GROUPS = 256 };

/* Ablations of one group and their components. */
struct group_sets {
    hs_component *components;
    hs_ablation *ablations;
};

static hs_status group_sets_init(struct group_sets *sets, const hs_study *study, hs_error *error)
{
    size_t n = (size_t)study->plan.sets_per_group;

    HS_TRY(hs_allocate(&sets->components, n * study->phases.max_order, sizeof *sets->components, "cost", error));
    return hs_allocate(&sets->ablations, n, sizeof *sets->ablations, "cost", error);
}

static void group_sets_clear(struct group_sets *sets)
{
    hs_free(sets->components);
    hs_free(sets->ablations);
}

hs_status hs__study_count_ablations(const hs_study *study, size_t task, const hs_workload *workload,
                                    const hs_ablation *ablations, size_t n, hs_engine_cost *cost_out, hs_error *error)
{
    if (hs_tasks_generates(study->tasks[task]))
        return hs_tasks_generation_count_cost(study->tasks[task], study->engine, study->storage->scorers[task],
                                              workload, ablations, n, cost_out, error);
    return hs_engine_count_cost(study->engine, workload, ablations, n, cost_out, error);
}

static hs_status count_sets(const hs_study *study, size_t task, const hs_workload *workload, uint64_t first, uint64_t n,
                            struct group_sets *sets, hs_engine_cost *cost_out, hs_error *error)
{
    for (uint64_t i = 0; i < n; ++i)
        sets->ablations[i] =
            hs_sweep_space_ablation(&study->space, first + i, sets->components + i * study->phases.max_order);
    return hs__study_count_ablations(study, task, workload, sets->ablations, (size_t)n, cost_out, error);
}

hs_status hs__study_shard_workload(const hs_study *study, size_t task, size_t shard, hs_task_workload **workload_out,
                                   hs_error *error)
{
    const uint64_t *first = study->plan.tasks[task].shard_first + shard;

    return hs_tasks_workload_new(study->tasks[task], (size_t)first[0], (size_t)(first[1] - first[0]),
                                 study->donors != NULL ? study->donors[task] : NULL, workload_out, error);
}

static double weight_of_blocks(const hs_plan_task *task)
{
    double weight = 0;

    for (uint64_t block = 0; block < task->n_blocks; ++block)
        weight += hs__study_block_weight(task, block);
    return weight;
}

/* A rank has one more cell after the clean model on the shard and what is computed until answers are complete. */
static void note_stretches(hs_study_cost *cost, const hs_engine_cost *counted)
{
    cost->flops_to_cell = fmax(cost->flops_to_cell, counted->flops_of_workload + counted->flops_to_answers);
    cost->flops_to_stop = fmax(cost->flops_to_stop, counted->flops_of_product);
}

/* From the last block backwards, each shard beginning elsewhere, so that few samples a shard still see all kinds. */
static hs_status count_shard(const hs_study *study, size_t task, size_t shard, const hs_workload *workload,
                             struct group_sets *sets, hs_study_cost *cost, hs_error *error)
{
    const hs_plan *plan = &study->plan;
    const hs_plan_task *of = &plan->tasks[task];
    const uint64_t n_blocks = of->n_blocks;
    uint64_t share = COUNTED_GROUPS / of->n_shards;
    uint64_t n_counted = share == 0 ? 1 : share < n_blocks ? share : n_blocks;
    uint64_t start = 2 * n_blocks - 1 + shard * n_blocks / of->n_shards;
    hs_engine_cost counted = {0};
    double flops = 0, share_counted = 0;

    if (n_blocks == 0)
        return HS_OK;
    for (uint64_t i = 0; i < n_counted; ++i) {
        const uint64_t block = (start - i * n_blocks / n_counted) % n_blocks;
        const uint64_t *first = of->block_first + block;
        const uint64_t n = first[1] - first[0];
        HS_TRY(count_sets(study, task, workload, first[0], n, sets, &counted, error));
        flops += counted.flops_of_group;
        note_stretches(cost, &counted);
        share_counted += hs__study_block_weight(of, block);
        if (i == 0)
            cost->flops_naive += counted.flops_naive / (double)n * (double)plan->n_sets;
    }
    cost->flops_executed +=
        counted.flops_of_workload + (share_counted > 0 ? flops * weight_of_blocks(of) / share_counted : 0);
    return HS_OK;
}

static hs_status count_task(const hs_study *study, size_t task, struct group_sets *sets, hs_study_cost *cost,
                            hs_error *error)
{
    for (size_t shard = 0; shard < study->plan.tasks[task].n_shards; ++shard) {
        hs_task_workload *workload = NULL;
        HS_TRY(hs__study_shard_workload(study, task, shard, &workload, error));
        hs_status status = count_shard(study, task, shard, &workload->workload, sets, cost, error);
        hs_tasks_workload_free(workload);
        HS_TRY(status);
    }
    return HS_OK;
}

/* ---- timing ---------------------------------------------------------------------------------------------------- */

/* Rows that the sets of a timed batch compute together: enough for the speed of the sweep itself. */
enum { TIMED_ROWS = 8192, FEWEST_TIMED_SETS = 2 };

/* From the last quarter of the table of sets, where they are cheap, on the first shard of the task. */
static hs_status choose_timed(const hs_study *study, size_t task, const hs_workload *workload, hs_group *group_out,
                              hs_error *error)
{
    uint64_t first = study->plan.n_sets * 3 / 4;
    uint64_t limit = study->plan.n_sets - first;
    hs_engine_rows rows;

    HS_TRY(hs_engine_count_rows(&study->model->shape, workload, study->experiment->positions, &rows, error));
    rows.n_live += workload->sequences.n * hs_tasks_new_rows(study->tasks[task]);
    uint64_t n = TIMED_ROWS / (rows.n_live + 1);
    n = n > FEWEST_TIMED_SETS ? n : FEWEST_TIMED_SETS;
    limit = limit < study->plan.sets_per_group ? limit : study->plan.sets_per_group;
    *group_out = (hs_group){.task = (uint32_t)task, .first_set = first, .n_sets = n < limit ? n : limit};
    return HS_OK;
}

/* Scaled to the task's operations, after a first run that warms caches and computes what a workload needs once. */
static hs_status time_group(const hs_study *study, size_t task, const hs_evaluator *evaluator, struct group_sets *sets,
                            float *values, double flops_of_task, double *seconds, hs_error *error)
{
    const hs_group_run alone = {0};
    hs_task_workload *workload = NULL;
    hs_engine_cost counted;
    hs_group group;

    HS_TRY(hs__study_shard_workload(study, task, 0, &workload, error));
    hs_status status = choose_timed(study, task, &workload->workload, &group, error);
    if (status == HS_OK)
        status = count_sets(study, task, &workload->workload, group.first_set, group.n_sets, sets, &counted, error);
    hs_tasks_workload_free(workload);
    HS_TRY(status);
    HS_TRY(evaluator->evaluate(evaluator->context, &group, &alone, values, error));
    double start = hs_time_seconds();
    HS_TRY(evaluator->evaluate(evaluator->context, &group, &alone, values, error));
    double elapsed = hs_time_seconds() - start;
    *seconds += counted.flops_of_group > 0 ? elapsed * flops_of_task / counted.flops_of_group : elapsed;
    return HS_OK;
}

/* Counts a task after the other, and times them too if `timed`. */
static hs_status sum_tasks(hs_study *study, bool timed, hs_study_cost *cost, hs_error *error)
{
    struct group_sets sets = {0};
    hs_evaluator evaluator = {0};
    float *values = NULL;
    hs_status status;

    HS_GOTO_DONE(group_sets_init(&sets, study, error));
    HS_GOTO_DONE(hs_study_evaluator(study, &evaluator, error));
    HS_GOTO_DONE(hs_allocate(&values, study->plan.max_group_values, sizeof *values, "values of a group", error));
    for (size_t task = 0; task < study->n_tasks; ++task) {
        double before = cost->flops_executed;
        HS_GOTO_DONE(count_task(study, task, &sets, cost, error));
        if (timed)
            HS_GOTO_DONE(time_group(study, task, &evaluator, &sets, values, cost->flops_executed - before,
                                    &cost->seconds_a_rank, error));
    }
done:
    hs_free(values);
    hs_study_evaluator_clear(&evaluator);
    group_sets_clear(&sets);
    return status;
}

/* Of the model and of the classifiers that score what it writes. */
static size_t count_parameters(const hs_study *study)
{
    size_t n = study->model->n_parameters;

    for (size_t i = 0; i < study->storage->n_classifiers; ++i)
        n += study->storage->classifiers[i].model->n_parameters;
    return n;
}

static hs_status study_cost(hs_study *study, bool timed, hs_study_cost *cost_out, hs_error *error)
{
    const hs_results_layout *layout;
    hs_study_cost cost = {0};

    *cost_out = cost;
    if (study->needs_means && study->means.mean == NULL)
        HS_TRY(hs__study_compute_means(NULL, study, error));
    HS_TRY(sum_tasks(study, timed, &cost, error));
    HS_TRY(hs__study_count_memory(study, SIZE_MAX, &cost.memory, error));
    HS_TRY(hs_study_layout(study, "", "", 1, &layout, error));
    cost.file_bytes = hs_results_file_bytes(layout);
    cost.flops_later = cost.flops_naive * (double)study->phases.later.n_sets / (double)study->plan.n_sets;
    cost.seconds_later = cost.seconds_a_rank * cost.flops_later / cost.flops_executed;
    cost.weight_bytes = count_parameters(study) * sizeof(float);
    study->storage->flops_executed = cost.flops_executed;
    study->storage->flops_naive = cost.flops_naive;
    *cost_out = cost;
    return HS_OK;
}

hs_status hs_study_count_cost(hs_study *study, hs_study_cost *cost_out, hs_error *error)
{
    return study_cost(study, false, cost_out, error);
}

hs_status hs_study_cost_of(hs_study *study, hs_study_cost *cost_out, hs_error *error)
{
    return study_cost(study, true, cost_out, error);
}
