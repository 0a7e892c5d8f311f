#include "tasks/task.h"

double task_span_sum(const task_answers *answers, size_t span)
{
    const double *values = answers->answers + answers->spans[span].first_query;
    double sum = 0;
    for (size_t i = 0; i < answers->spans[span].n_queries; i++)
        sum += values[i];
    return sum;
}

void hs_task_score(const hs_task *task, const hs_task_workload *workload, const double *answers, float *values)
{
    size_t n_metrics = hs_task_n_metrics(task);
    for (size_t i = 0; i < workload->n_examples; i++) {
        const task_example *example = &task->examples[workload->first_example + i];
        const task_answers of_example = {.facts = &example->facts,
                                         .spans = task->spans.items + example->first_span,
                                         .n_spans = example->n_spans,
                                         .answers = answers};
        task->kind->score(&of_example, values + i * n_metrics);
        answers += example->n_queries;
    }
}
