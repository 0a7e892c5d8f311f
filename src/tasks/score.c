/*
 * score: from the answers of a shard to the values of its examples. What is not finite stays
 * visible: a metric of a NaN would otherwise be 0 or 1.
 */
#include <math.h>

#include "tasks/task.h"

double hs__tasks_span_sum(const task_answers *answers, size_t span)
{
    const double *values = answers->answers + answers->spans[span].first_query;
    double sum = 0;
    for (size_t i = 0; i < answers->spans[span].n_queries; i++)
        sum += values[i];
    return sum;
}

/* Kinds compare and count: 0 or 1 would come of a NaN too. */
static void hide_not_finite(const double *answers, size_t n_queries, float *values, size_t n_metrics)
{
    bool finite = true;
    for (size_t i = 0; i < n_queries; i++)
        finite = finite && isfinite(answers[i]);
    for (size_t i = 0; i < n_metrics; i++)
        finite = finite && isfinite(values[i]);
    for (size_t i = 0; !finite && i < n_metrics; i++)
        values[i] = NAN;
}

void hs_tasks_score(const hs_task *task, const hs_task_workload *workload, const double *answers, float *values)
{
    size_t n_metrics = hs_tasks_n_metrics(task);
    for (size_t i = 0; i < workload->n_examples; i++) {
        const task_example *example = &task->examples[workload->first_example + i];
        const task_answers of_example = {.facts = &example->facts,
                                         .spans = task->spans.items + example->first_span,
                                         .n_spans = example->n_spans,
                                         .answers = answers};
        task->kind->score(&of_example, values + i * n_metrics);
        hide_not_finite(answers, example->n_queries, values + i * n_metrics, n_metrics);
        answers += example->n_queries;
    }
}
