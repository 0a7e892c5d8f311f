/* headsweep status: how far a results file is, once or again and again. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "cli/printing.h"
#include "cli/results_file.h"
#include "cli/watch.h"

static const char usage[] =
    "usage: headsweep status RESULTS.h5\n"
    "       headsweep status --watch [SECONDS] RESULTS.h5\n"
    "\n"
    "How far a sweep is. Every cell's commit word is compared with its bytes, so this reads the whole file; it may be\n"
    "used while the sweep runs. Sets and cells are those of the phases whose sets are chosen; values_not_finite are\n"
    "those that are stored as NaN because the model's numbers overflowed under an ablation; run is the process that\n"
    "writes the file, or none. A file whose cells are all done lacks its statistics until they are computed, in the\n"
    "same run. Prints key = value lines; exit code 0 finished, 3 unfinished, 6 not usable.\n";

/* Who writes the file, looked at before its cells: of a run that ends in between, what it left is seen. */
typedef struct writer {
    bool held;
    hs_text holder;
} writer;

/* What becomes of the ranking once all cells are done. */
static const char *statistics_of(bool swept, bool ranked, bool held)
{
    return ranked ? "done" : !swept ? "not begun" : held ? "running" : "missing (run the same command again)";
}

static void print_name(const char *name)
{
    hs_print_visible(stdout, name, strlen(name), true);
}

/*
 * Keys are never renamed or reordered: job scripts read them. Names go through print_name(), since
 * a file from elsewhere may hold anything.
 */
static hs_status print_status(hs_results *results, const writer *w, bool *finished_out, hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(results);
    hs_results_counts counts;
    bool ranked;

    HS_TRY(hs_results_ranking_done(results, &ranked, error));
    HS_TRY(hs_results_progress(results, &counts, error));
    const bool swept =
        counts.n_done == counts.n_cells && hs_results_n_chosen_phases(results) == hs_results_n_phases(results);
    *finished_out = swept && ranked;
    printf("finished = %s\n", *finished_out ? "yes" : "no");
    printf("cells_done = %" PRIu64 "\n", counts.n_done);
    printf("cells_total = %" PRIu64 "\n", counts.n_cells);
    printf("cells_damaged = %" PRIu64 "\n", counts.n_damaged);
    printf("values_not_finite = %" PRIu64 "\n", counts.n_not_finite);
    printf("ranking = %s\n", ranked ? "yes" : "no");
    printf("statistics = %s\n", statistics_of(swept, ranked, w->held));
    printf("sets = %zu\n", sets->n_sets);
    printf("phases = %zu\n", hs_results_n_phases(results));
    printf("phases_chosen = %zu\n", hs_results_n_chosen_phases(results));
    for (size_t i = 0; i < hs_results_n_tasks(results); ++i) {
        const hs_results_task *task = hs_results_task_at(results, i);
        printf("task = ");
        print_name(task->name);
        printf(" (");
        print_name(task->kind);
        printf(", %zu examples)\n", task->n_examples);
    }
    printf("experiment_hash = %016" PRIx64 "\n", hs_results_experiment_hash(results));
    printf("run = ");
    print_name(!w->held ? "none" : w->holder.text != NULL ? w->holder.text : "unknown");
    printf("\n");
    return HS_OK;
}

static hs_status read_status(const char *path, hs_error *error)
{
    hs_results *results = NULL;
    writer w = {0};
    bool finished = false;
    hs_status status;

    HS_GOTO_DONE(hs_results_lock_look(path, &w.held, &w.holder, error));
    HS_GOTO_DONE(hs_results_open_read(path, &results, error));
    status = print_status(results, &w, &finished, error);
    status = hs_results_close_after(results, status, error);
done:
    hs_text_clear(&w.holder);
    return status == HS_OK && !finished ? HS_UNFINISHED : status;
}

typedef struct status_arguments {
    const char *path;
    bool watch;
    double seconds; /* between looks; 0: not given */
} status_arguments;

static hs_status read_watch(const option_row *row, char *value, hs_error *error)
{
    status_arguments *arguments = row->target;
    char *end;

    arguments->watch = true;
    if (value == NULL)
        return HS_OK;
    arguments->seconds = strtod(value, &end);
    if (*end != '\0' || !(arguments->seconds >= WATCH_MIN_SECONDS && arguments->seconds <= WATCH_MAX_SECONDS))
        return hs_fail(error, HS_ERROR_USAGE, "--watch %s: expected seconds from %g to %g", value, WATCH_MIN_SECONDS,
                       WATCH_MAX_SECONDS);
    return HS_OK;
}

/* One option with a value that may be left out: watching is the same question asked again. */
static hs_status read_arguments(int argc, char **argv, status_arguments *a, bool *ended_out, hs_error *error)
{
    const option_row rows[] = {
        OPTION_READ("watch", "[SECONDS]",
                    "look again every SECONDS, until the sweep is finished (exit code 0) or Ctrl-C (3): on a\n"
                    "terminal one view that is drawn anew (default 2), in a log a line (default 30). The first\n"
                    "look reads all cells, later ones those that are new. Tells when no run holds the file",
                    read_watch, a)};

    return hs__cli_read_command_line(argc, argv, &COMMAND_SYNTAX("RESULTS.h5", &a->path, rows), ended_out, error);
}

hs_status hs__cli_command_status(int argc, char **argv, hs_error *error)
{
    status_arguments arguments = {0};
    bool ended;

    HS_TRY(read_arguments(argc, argv, &arguments, &ended, error));
    if (ended)
        return HS_OK;
    return arguments.watch ? hs__cli_watch_results(arguments.path, arguments.seconds, error)
                           : read_status(arguments.path, error);
}
