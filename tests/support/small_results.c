#include "support/small_results.h"
#include "support/assert_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/checkpoint_writer.h"

enum { MOST_TASKS = 4, MOST_EXAMPLES = 512 };

static hs_results_task task_of(const small_task *task, const uint64_t *shard_first, const uint64_t *lines)
{
    return (hs_results_task){.name = task->name,
                             .kind = task->kind,
                             .n_examples = task->n_examples,
                             .n_metrics = task->n_metrics,
                             .metrics = task->metrics,
                             .chance = task->chance,
                             .n_shards = 1,
                             .shard_first = shard_first,
                             .example_line = lines};
}

static hs_status create(const char *path, const small_tables *tables, hs_error *error)
{
    hs_results_task tasks[MOST_TASKS];
    uint64_t shard_first[MOST_TASKS][2], lines[MOST_EXAMPLES];
    hs_results_layout layout = {.experiment = tables->experiment,
                                .n_experiment = tables->n_experiment,
                                .sets = tables->sets,
                                .tasks = tasks,
                                .n_tasks = tables->n_tasks};

    for (size_t i = 0; i < MOST_EXAMPLES; ++i)
        lines[i] = i + 1;
    for (size_t i = 0; i < tables->n_tasks; ++i) {
        shard_first[i][0] = 0;
        shard_first[i][1] = tables->tasks[i].n_examples;
        tasks[i] = task_of(&tables->tasks[i], shard_first[i], lines);
    }
    if (tables->later != NULL)
        layout.later = (hs_results_later){1, &tables->later, tables->later_sets.n_sets, tables->later_sets.n_added, 64};
    return hs_results_create(path, &layout, error);
}

static hs_status fill(hs_comm *comm, const char *path, const small_tables *tables, hs_error *error)
{
    const size_t n_sets = tables->sets.n_sets + (tables->later != NULL ? tables->later_sets.n_sets : 0);
    hs_results *results;

    HS_TRY(hs_results_open_parallel(comm, path, &results, error));
    if (tables->later != NULL)
        HS_TRY(hs_results_add_phase(results, &tables->later_sets, error));
    for (uint32_t task = 0; task < tables->n_tasks; ++task) {
        const small_task *of = &tables->tasks[task];
        for (size_t set = 0; set < n_sets; ++set)
            HS_TRY(hs_results_write_cell(results, (hs_cell){task, 0, set},
                                         of->values + set * of->n_examples * of->n_metrics, error));
    }
    return hs_results_close(results, error);
}

void small_results_open(small_results *s, hs_comm *comm, const small_tables *tables)
{
    hs_error error = {0};

    s->folder = test_temporary_folder();
    snprintf(s->path, sizeof s->path, "%s/r.h5", s->folder);
    assert_ok(create(s->path, tables, &error), &error);
    assert_ok(fill(comm, s->path, tables, &error), &error);
    assert_ok(hs_results_open_read(s->path, &s->results, &error), &error);
    assert_ok(hs_analysis_new(s->results, NULL, NULL, &s->analysis, &error), &error);
}

void small_results_close(small_results *s)
{
    hs_error error = {0};

    hs_analysis_free(s->analysis);
    assert_ok(hs_results_close(s->results, &error), &error);
    test_folder_remove(s->folder);
    free(s->folder);
}
