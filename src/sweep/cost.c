#include "sweep/study_storage.h"

static size_t scored_rows_bound(const hs_workload *workload)
{
    size_t n_rows = workload->sequences.offsets[workload->sequences.n];

    return workload->n_queries < n_rows ? workload->n_queries : n_rows;
}

static size_t workload_memory(const hs_study *study, const hs_workload *workload)
{
    size_t longest = 0;

    for (size_t s = 0; s < workload->sequences.n; ++s) {
        size_t length = workload->sequences.offsets[s + 1] - workload->sequences.offsets[s];
        longest = length > longest ? length : longest;
    }
    return hs_engine_memory_bytes(&study->model->shape, workload->sequences.offsets[workload->sequences.n],
                                  scored_rows_bound(workload), longest, study->donors != NULL);
}

static hs_status add_shard(const hs_study *study, size_t task, size_t shard, hs_study_cost *cost, hs_error *error)
{
    const uint64_t *first = study->plan.tasks[task].shard_first + shard;
    hs_task_workload *workload = NULL;

    HS_TRY(hs_task_workload_new(study->tasks[task], (size_t)first[0], (size_t)(first[1] - first[0]),
                                study->donors != NULL ? study->donors[task] : NULL, &workload, error));
    cost->flops_naive += hs_engine_flops(study->engine, &workload->workload) * (double)study->plan.n_sets;
    size_t memory = workload_memory(study, &workload->workload);
    cost->memory_bytes = memory > cost->memory_bytes ? memory : cost->memory_bytes;
    hs_task_workload_free(workload);
    return HS_OK;
}

/*
 * Times the first group of each task, clean set included, after a first run that warms caches, and scales it to all of
 * the task's groups by their number of examples.
 */
static hs_status time_task(hs_study *study, size_t task, const hs_evaluator *evaluator, float *values,
                           hs_study_cost *cost, hs_error *error)
{
    const hs_poll no_poll = {NULL, NULL};
    const hs_plan_task *plan = &study->plan.tasks[task];
    hs_group group = hs_plan_group(&study->plan, plan->first_group);
    double examples = (double)hs_plan_group_examples(&study->plan, &group) * (double)group.n_sets;

    HS_TRY(evaluator->evaluate(evaluator->context, &group, no_poll, values, error));
    double start = hs_time_seconds();
    HS_TRY(evaluator->evaluate(evaluator->context, &group, no_poll, values, error));
    double seconds = hs_time_seconds() - start;
    cost->seconds_a_rank += seconds * (double)plan->n_examples * (double)study->plan.n_sets / examples;
    return HS_OK;
}

static hs_status time_tasks(hs_study *study, hs_study_cost *cost, hs_error *error)
{
    hs_evaluator evaluator = {0};
    float *values = NULL;
    hs_status status;

    HS_GOTO_DONE(hs_study_evaluator(study, &evaluator, error));
    HS_GOTO_DONE(hs_allocate(&values, study->plan.max_group_values, sizeof *values, "values of a group", error));
    for (size_t task = 0; task < study->n_tasks; ++task)
        HS_GOTO_DONE(time_task(study, task, &evaluator, values, cost, error));
done:
    hs_free(values);
    hs_study_evaluator_clear(&evaluator);
    return status;
}

hs_status hs_study_cost_of(hs_study *study, hs_study_cost *cost_out, hs_error *error)
{
    const hs_results_layout *layout;
    hs_study_cost cost = {0};

    *cost_out = cost;
    for (size_t task = 0; task < study->n_tasks; ++task)
        for (size_t shard = 0; shard < study->plan.tasks[task].n_shards; ++shard)
            HS_TRY(add_shard(study, task, shard, &cost, error));
    cost.flops_executed = cost.flops_naive;
    if (study->needs_means && study->means.mean == NULL)
        HS_TRY(hs_study_compute_means(NULL, study, error));
    HS_TRY(time_tasks(study, &cost, error));
    HS_TRY(hs_study_layout(study, "", "", 1, &layout, error));
    cost.file_bytes = hs_results_file_bytes(layout);
    cost.weight_bytes = study->model->n_parameters * sizeof(float);
    *cost_out = cost;
    return HS_OK;
}
