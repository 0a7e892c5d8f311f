/* task_workload: the arrays behind an hs_task_workload. */
#ifndef TASKS_TASK_WORKLOAD_H
#define TASKS_TASK_WORKLOAD_H

#include "tasks/task.h"

typedef struct hs_task_workload_storage {
    task_sequences sequences;
    task_queries queries;
    size_t list_offsets[2];
    int32_t *list_tokens;
    task_sequences donor_sequences;
    uint32_t *donors;
    size_t donors_capacity;
    hs_text notes; /* of a reference set */
} task_workload_storage;

/* An empty one. */
hs_status hs__tasks_workload_allocate(hs_task_workload **workload_out, hs_error *error);
/* Points workload->workload at what is in the storage. */
void hs__tasks_workload_bind(hs_task_workload *workload);

#endif
