/* The callback through which the sweep reaches the model: a group of cells on the engine, its answers as metrics. */
#include <math.h>
#include <string.h>

#include "study/storage.h"

/* Runs groups on the study's engine; keeps the workload of the last shard, which neighbouring groups share. */
typedef struct study_evaluator {
    hs_study *study;
    uint32_t task;
    uint32_t shard;
    hs_task_workload *workload; /* of (task, shard), NULL before the first group */
    hs_prepared *prepared;
    hs_component *components; /* [sets_per_group, max_order] */
    hs_ablation *ablations;   /* [sets_per_group] */
    double *answers;
    size_t answers_capacity;
    hs_generation **generations; /* [n_tasks]: made when a task that generates is first met */
} study_evaluator;

static void drop_workload(study_evaluator *e)
{
    hs_engine_prepared_free(e->prepared);
    hs_tasks_workload_free(e->workload);
    e->prepared = NULL;
    e->workload = NULL;
}

/* Not hs_reserve(): nothing in there is kept, and plans count on no more than is needed. */
static hs_status make_answers(study_evaluator *e, size_t needed, hs_error *error)
{
    if (needed <= e->answers_capacity)
        return HS_OK;
    hs_free(e->answers);
    e->answers_capacity = 0;
    HS_TRY(hs_allocate(&e->answers, needed, sizeof *e->answers, "answers", error));
    e->answers_capacity = needed;
    return HS_OK;
}

/*
 * Neighbouring groups are of one shard, whose workload and prepared trees are kept until another
 * one comes. Prepared trees are what groups share most of.
 */
static hs_status take_workload(study_evaluator *e, const hs_group *group, hs_error *error)
{
    const hs_study *study = e->study;
    size_t first = (size_t)study->plan.tasks[group->task].shard_first[group->shard];

    if (e->workload != NULL && e->task == group->task && e->shard == group->shard)
        return HS_OK;
    drop_workload(e);
    HS_TRY(hs_tasks_workload_new(study->tasks[group->task], first, hs_sweep_plan_group_examples(&study->plan, group),
                                 study->donors != NULL ? study->donors[group->task] : NULL, &e->workload, error));
    e->task = group->task;
    e->shard = group->shard;
    if (hs_tasks_generates(study->tasks[group->task]))
        return HS_OK;
    HS_TRY(hs_engine_prepare(study->engine, &e->workload->workload, &e->prepared, error));
    return make_answers(e, (size_t)study->plan.sets_per_group * e->workload->workload.n_queries, error);
}

/* The engine has seen to the logits; what is left is a metric beyond single precision. */
static hs_status check_clean(const hs_task *task, const hs_task_workload *workload, const float *values,
                             hs_error *error)
{
    size_t n_metrics = hs_tasks_n_metrics(task);

    for (size_t i = 0; i < workload->n_examples; ++i)
        if (!isfinite(values[i * n_metrics]))
            return hs_fail(error, HS_ERROR_NUMERIC,
                           "task %s, example %zu (line %zu), clean model: a metric is not finite", hs_tasks_name(task),
                           workload->first_example + i, hs_tasks_example_line(task, workload->first_example + i));
    return HS_OK;
}

/* A group whose queries are being answered. */
typedef struct answered_group {
    const study_evaluator *e;
    const hs_group *group;
    const hs_group_run *run;
    float *values;
} answered_group;

static hs_status score_sets(void *context, size_t first, size_t n, hs_error *error)
{
    const answered_group *g = context;
    const hs_task_workload *workload = g->e->workload;
    const hs_task *task = g->e->study->tasks[g->group->task];

    for (size_t i = first; i < first + n; ++i)
        hs_tasks_score(task, workload, g->e->answers + i * workload->workload.n_queries,
                       g->values + i * workload->n_examples * hs_tasks_n_metrics(task));
    if (g->group->first_set + first == 0)
        HS_TRY(check_clean(task, workload, g->values, error));
    return g->run->finished != NULL ? g->run->finished(g->run->context, first, n, error) : HS_OK;
}

static hs_status answer_queries(study_evaluator *e, const hs_group *group, const hs_group_run *run, float *values,
                                hs_error *error)
{
    answered_group answered = {e, group, run, values};
    const hs_answering answering = {run->done, score_sets, &answered};

    return hs_engine_answer(e->study->engine, e->prepared, e->ablations, (size_t)group->n_sets, &answering, e->answers,
                            error);
}

/*
 * Without `values` only the texts are wanted. Each prompt is continued under all sets before the next, so all sets are
 * finished together.
 */
static hs_status generate(study_evaluator *e, const hs_group *group, float *values, hs_error *error)
{
    hs_generation **generation = &e->generations[group->task];

    if (*generation == NULL)
        HS_TRY(hs__study_generation_new(e->study, group->task, generation, error));
    HS_TRY(hs_tasks_generation_run(*generation, e->workload, e->ablations, (size_t)group->n_sets, error));
    return values != NULL ? hs_tasks_generation_score(*generation, values, error) : HS_OK;
}

/* Errors are given the task and the examples, which the engine does not know. */
static hs_status evaluate_group(study_evaluator *e, const hs_group *group, const hs_group_run *run, float *values,
                                hs_error *error)
{
    hs_study *study = e->study;
    const hs_task *task = study->tasks[group->task];

    if (take_workload(e, group, error) != HS_OK)
        return hs_error_prefix(error, "task %s, shard %u", hs_tasks_name(task), group->shard);
    for (uint64_t i = 0; i < group->n_sets; ++i)
        e->ablations[i] =
            hs_sweep_space_ablation(&study->space, group->first_set + i, e->components + i * study->phases.max_order);
    hs_status status =
        hs_tasks_generates(task) ? generate(e, group, values, error) : answer_queries(e, group, run, values, error);
    if (status != HS_OK)
        return hs_error_prefix(error, "task %s, examples %zu to %zu", hs_tasks_name(task), e->workload->first_example,
                               e->workload->first_example + e->workload->n_examples - 1);
    return HS_OK;
}

/* The poll goes through the study, since the engine was made before anyone knew whom to ask. */
static hs_status evaluate(void *context, const hs_group *group, const hs_group_run *run, float *values, hs_error *error)
{
    study_evaluator *e = context;
    struct hs_study_storage *storage = e->study->storage;

    storage->group_poll = run->poll;
    hs_status status = evaluate_group(e, group, run, values, error);
    storage->group_poll = (hs_poll){0};
    return status;
}

hs_status hs__study_generate_texts(hs_evaluator *evaluator, const hs_group *group, const hs_text_list **texts_out,
                                   hs_error *error)
{
    const hs_group_run alone = {0};
    study_evaluator *e = evaluator->context;

    HS_TRY(evaluate(e, group, &alone, NULL, error));
    *texts_out = hs_tasks_generation_texts(e->generations[group->task]);
    return HS_OK;
}

/* The sequence and row whose logits the first answer of the example that is NaN needs; false if none is. */
static bool find_answer(const study_evaluator *e, size_t ablation, size_t example, uint32_t *sequence_out,
                        uint64_t *row_out)
{
    const hs_workload *workload = &e->workload->workload;
    const hs_task *task = e->study->tasks[e->task];
    const double *answers = e->answers + ablation * workload->n_queries;
    size_t query = 0;

    for (size_t i = e->workload->first_example; i < example; ++i)
        query += hs_tasks_example_queries(task, i);
    size_t end = query + hs_tasks_example_queries(task, example);
    while (query < end - 1 && isfinite(answers[query]))
        ++query;
    *sequence_out = workload->queries[query].sequence;
    *row_out = workload->queries[query].row;
    return !isfinite(answers[query]);
}

/* The same of a prompt and what was sampled after it. */
static bool find_sample(const study_evaluator *e, size_t ablation, size_t example, uint32_t *sequence_out,
                        uint64_t *row_out)
{
    const hs_sequences *prompts = &e->workload->workload.sequences;
    size_t prompt = example - e->workload->first_example, n_tokens = 0;
    bool found = hs_tasks_generation_not_finite(e->generations[e->task], ablation, prompt, &n_tokens);

    *sequence_out = (uint32_t)prompt;
    *row_out = prompts->offsets[prompt + 1] - prompts->offsets[prompt] - 1 + n_tokens;
    return found;
}

/* Without an answer that is NaN the metric itself is what overflowed. Of a sample only the prompt is run again. */
static hs_status locate(void *context, const hs_group *group, hs_not_finite *place, hs_error *error)
{
    study_evaluator *e = context;
    const size_t ablation = (size_t)(place->set - group->first_set), example = (size_t)place->example;
    bool generates = hs_tasks_generates(e->study->tasks[group->task]);
    size_t layer = e->study->model->shape.n_layers;
    uint32_t sequence;
    hs_status status = HS_OK;

    if ((generates ? find_sample : find_answer)(e, ablation, example, &sequence, &place->row))
        status = hs_engine_find_not_finite(e->study->engine, &e->workload->workload, &e->ablations[ablation], sequence,
                                           &layer, error);
    place->layer = layer;
    return status;
}

/*
 * Buffers of the largest group are taken at once, so that a sweep that has begun does not end for
 * want of memory in its last group.
 */
hs_status hs_study_evaluator(hs_study *study, hs_evaluator *evaluator_out, hs_error *error)
{
    size_t n_sets = (size_t)study->plan.sets_per_group;
    study_evaluator *e = NULL;
    hs_status status;

    *evaluator_out = (hs_evaluator){.evaluate = evaluate, .locate = locate};
    HS_TRY(hs_allocate(&e, 1, sizeof *e, "evaluator", error));
    evaluator_out->context = e;
    e->study = study;
    HS_GOTO_DONE(
        hs_allocate(&e->components, n_sets * study->phases.max_order, sizeof *e->components, "ablation sets", error));
    HS_GOTO_DONE(hs_allocate(&e->ablations, n_sets, sizeof *e->ablations, "ablation sets", error));
    HS_GOTO_DONE(hs_allocate(&e->generations, study->n_tasks, sizeof *e->generations, "generations", error));
done:
    if (status != HS_OK)
        hs_study_evaluator_clear(evaluator_out);
    return status;
}

/* Takes an evaluator that was made halfway. */
void hs_study_evaluator_clear(hs_evaluator *evaluator)
{
    study_evaluator *e = evaluator->context;

    if (e == NULL)
        return;
    drop_workload(e);
    for (size_t i = 0; e->generations != NULL && i < e->study->n_tasks; ++i)
        hs_tasks_generation_free(e->generations[i]);
    hs_free(e->generations);
    hs_free(e->components);
    hs_free(e->ablations);
    hs_free(e->answers);
    hs_free(e);
    evaluator->context = NULL;
}
