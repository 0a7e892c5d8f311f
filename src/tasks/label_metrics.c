/* The metrics of a task: its kind's, and one a label where the kind has those. */
#include <string.h>

#include "tasks/task.h"

enum { MAX_NAME = 64 };

typedef struct task_label_metrics {
    hs_metric metrics[HS_TASK_MAX_METRICS];
    char names[HS_TASK_MAX_METRICS][MAX_NAME];
} task_label_metrics;

/* A name that is too long, has control characters or is another label's too gives way to the index. */
static void name_metric(const hs_model *model, size_t label, char name[MAX_NAME])
{
    const char *text = model->labels != NULL ? model->labels[label] : "";
    bool fits = text[0] != '\0' && strlen(text) < MAX_NAME - strlen("f1_");
    for (const char *c = text; fits && *c != '\0'; c++)
        fits = (unsigned char)*c >= ' ' && *c != 0x7F;
    for (size_t i = 0; fits && i < model->shape.n_outputs; i++)
        fits = i == label || strcmp(model->labels[i], text) != 0;
    if (fits)
        (void)snprintf(name, MAX_NAME, "f1_%s", text);
    else
        (void)snprintf(name, MAX_NAME, "f1_%zu", label);
}

/*
 * Names of labels come from the checkpoint, so that the task owns a copy of the kind's metrics
 * behind which they stand; all others share the table's rows.
 */
hs_status hs__tasks_metrics_init(hs_task *task, const hs_model *model, hs_error *error)
{
    size_t n = hs__tasks_kind_n_metrics(task->kind);
    task->metrics = task->kind->metrics;
    task->n_metrics = n;
    if (!task->kind->has_label_metrics)
        return HS_OK;
    if (model->shape.n_outputs > HS_TASK_MAX_METRICS - n)
        return hs_fail(error, HS_ERROR_INPUT, "the classifier has %zu labels; the kind %s takes up to %zu",
                       model->shape.n_outputs, task->kind->name, HS_TASK_MAX_METRICS - n);
    if (model->shape.n_outputs < 2 && !model->shape.multi_label)
        return hs_fail(error, HS_ERROR_INPUT, "the model has one output, a number rather than labels to choose from");
    HS_TRY(hs_allocate(&task->label_metrics, 1, sizeof *task->label_metrics, "metrics of labels", error));
    task_label_metrics *own = task->label_metrics;
    memcpy(own->metrics, task->kind->metrics, n * sizeof *own->metrics);
    for (size_t label = 0; label < model->shape.n_outputs; label++) {
        name_metric(model, label, own->names[label]);
        own->metrics[n + label] = (hs_metric){.name = own->names[label],
                                              .unit = "share",
                                              .meaning = TASK_LABEL_METRIC_MEANING,
                                              .better = +1,
                                              .percent = true,
                                              .per = HS_PER_F1};
    }
    task->metrics = own->metrics;
    task->n_metrics = n + model->shape.n_outputs;
    return HS_OK;
}

void hs__tasks_metrics_clear(hs_task *task)
{
    hs_free(task->label_metrics);
    task->label_metrics = NULL;
}
