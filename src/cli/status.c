#include <inttypes.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "headsweep/results.h"

static const char help[] =
    "usage: headsweep status RESULTS.h5\n"
    "\n"
    "How far a sweep is. Every cell's commit word is compared with its bytes, so this reads the whole file; it may be\n"
    "used while the sweep runs. Sets and cells are those of the phases whose sets are chosen; values_not_finite "
    "counts\n"
    "those that are stored as NaN because the model's numbers overflowed under an ablation. Prints key = value lines;\n"
    "exit code 0 finished, 3 unfinished, 6 not usable.\n";

static hs_status print_status(hs_results *results, bool *finished_out, hs_error *error)
{
    const hs_results_sets *sets = hs_results_sets_of(results);
    hs_results_counts counts;

    HS_TRY(hs_results_progress(results, &counts, error));
    *finished_out =
        counts.n_done == counts.n_cells && hs_results_n_chosen_phases(results) == hs_results_n_phases(results);
    printf("finished = %s\n", *finished_out ? "yes" : "no");
    printf("cells_done = %" PRIu64 "\n", counts.n_done);
    printf("cells_total = %" PRIu64 "\n", counts.n_cells);
    printf("cells_damaged = %" PRIu64 "\n", counts.n_damaged);
    printf("values_not_finite = %" PRIu64 "\n", counts.n_not_finite);
    printf("ranking = %s\n", hs_results_ranking_done(results) ? "yes" : "no");
    printf("sets = %zu\n", sets->n_sets);
    printf("phases = %zu\n", hs_results_n_phases(results));
    printf("phases_chosen = %zu\n", hs_results_n_chosen_phases(results));
    for (size_t i = 0; i < hs_results_n_tasks(results); ++i) {
        const hs_results_task *task = hs_results_task_at(results, i);
        printf("task = %s (%s, %zu examples)\n", task->name, task->kind, task->n_examples);
    }
    printf("experiment_hash = %016" PRIx64 "\n", hs_results_experiment_hash(results));
    return HS_OK;
}

hs_status command_status(int argc, char **argv, hs_error *error)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    hs_results *results = NULL;
    const char *path;
    bool finished = false;
    int option;

    HS_TRY(next_option(argc, argv, options, &option, error));
    if (option == 'h') {
        fputs(help, stdout);
        return HS_OK;
    }
    HS_TRY(only_argument(argc, argv, "RESULTS.h5", &path, error));
    HS_TRY(hs_results_open_read(path, &results, error));
    hs_status status = print_status(results, &finished, error);
    hs_status closed = hs_results_close(results, error);
    if (status == HS_OK)
        status = closed;
    return status == HS_OK && !finished ? HS_UNFINISHED : status;
}
