/* headsweep run: the experiment file is read once for all ranks; what a run tells is shown, and its ranking printed. */
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "cli/printing.h"
#include "cli/progress.h"
#include "cli/stop.h"
#include "headsweep/report.h"
#include "headsweep/study.h"

static const char usage[] =
    "usage: headsweep run EXPERIMENT.cfg [options]\n"
    "       mpirun -n N headsweep run EXPERIMENT.cfg [options]\n"
    "\n"
    "Runs the sweep that the experiment file describes, on N ranks, into one results file, and prints the ranking. "
    "The\n"
    "same command continues a file that is not finished; cells that are done are never computed or written again.\n"
    "While it runs it shows how far it is: a bar on a terminal, a line every run.progress_seconds in a log. In it,\n"
    "\"best head\" is the one whose ablation so far changes the ranked metric most, a plain difference of means\n"
    "over the examples that are done; headsweep status --watch shows more from outside.\n"
    "SIGUSR1, SIGTERM or Ctrl-C end it early with exit code 3, after the matrix products at work.\n";

typedef struct run_arguments {
    const char *experiment;
    text_list overrides;
    int64_t top;
    bool quiet;
    bool print_config;
    bool print_results;
    bool print_threads;
} run_arguments;

static hs_status print_described(hs_status (*describe)(hs_text *, hs_error *), hs_error *error)
{
    hs_text text = {0};
    hs_status status = describe(&text, error);

    hs__cli_print_text(&text);
    return status;
}

static hs_status print_keys(const option_row *row, char *value, hs_error *error)
{
    (void)row;
    (void)value;
    return print_described(hs_config_describe_keys, error);
}

static hs_status print_kinds(const option_row *row, char *value, hs_error *error)
{
    (void)row;
    (void)value;
    return print_described(hs_tasks_describe_kinds, error);
}

/*
 * Options that print and stop are rows like the others, with `ends`; they need no experiment file.
 */
static hs_status read_arguments(int argc, char **argv, run_arguments *a, bool *ended_out, hs_error *error)
{
    const option_row rows[] = {
        OPTION_LIST("set", "key=value", "override a key of the experiment file (repeatable)", &a->overrides),
        OPTION_COUNT("top", "N", 0, "rows of the ranking (default 10; 0 = all)", &a->top),
        OPTION_FLAG("quiet", "print warnings and the ranking only", &a->quiet),
        OPTION_FLAG("print-config", "print the effective experiment file and stop", &a->print_config),
        OPTION_FLAG("print-results", "print the path of the results file and stop, for scripts", &a->print_results),
        OPTION_FLAG("print-threads", "print the threads of a rank and stop, for scripts", &a->print_threads),
        {.name = "help-config",
         .help = "print all keys of experiment files and stop",
         .read = print_keys,
         .ends = true},
        {.name = "help-tasks",
         .help = "print all task kinds with their fields and metrics and stop",
         .read = print_kinds,
         .ends = true}};

    return hs__cli_read_command_line(argc, argv, &COMMAND_SYNTAX("EXPERIMENT.cfg", &a->experiment, rows), ended_out,
                                     error);
}

/* As it is: no quotes, no escapes. */
static hs_status print_results(const hs_experiment *experiment, hs_text *text, hs_error *error)
{
    return hs_text_appendf(text, error, "%s\n", experiment->results);
}

static hs_status print_threads(const hs_experiment *experiment, hs_text *text, hs_error *error)
{
    return hs_text_appendf(text, error, "%lld\n", (long long)experiment->threads_per_rank);
}

static hs_status print_experiment(const run_arguments *arguments, hs_error *error)
{
    hs_experiment *experiment = NULL;
    hs_text text = {0};
    hs_status status =
        hs_config_load(arguments->experiment, arguments->overrides.items, arguments->overrides.n, &experiment, error);

    if (status == HS_OK)
        status = (arguments->print_config    ? hs_config_print
                  : arguments->print_results ? print_results
                                             : print_threads)(experiment, &text, error);
    hs__cli_print_data(&text);
    hs_config_free(experiment);
    return status;
}

/* The command line as one text, for the provenance. */
static hs_status join_command_line(int argc, char **argv, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "headsweep"));
    for (int i = 0; i < argc; ++i)
        HS_TRY(hs_text_appendf(text, error, " %s", argv[i]));
    return HS_OK;
}

/*
 * Rank 0 reads the file for all: thousands of ranks would be thousands of requests to one metadata server, and could
 * see different versions of a file that is being edited.
 */
static hs_status load_experiment(hs_comm *comm, const run_arguments *arguments, hs_experiment **experiment_out,
                                 hs_error *error)
{
    hs_text block = {0};
    hs_status status = HS_OK;

    if (hs_comm_rank(comm) == 0)
        status =
            hs_config_read(arguments->experiment, arguments->overrides.items, arguments->overrides.n, &block, error);
    HS_GOTO_DONE(hs_comm_agree(comm, status, error));
    HS_GOTO_DONE(hs_comm_broadcast_block(comm, &block.text, &block.length, 0, error));
    status = hs_config_parse(arguments->experiment, &block, arguments->overrides.items, arguments->overrides.n,
                             experiment_out, error);
    status = hs_comm_agree(comm, status, error);
done:
    hs_text_clear(&block);
    return status;
}

/* Rank 0's, which has the ranking. */
static hs_status print_ranking(const hs_study_outcome *outcome, const char *results, size_t top, const hs_log *log,
                               hs_error *error)
{
    hs_text text = {0};
    hs_status status =
        hs_report_ranking(outcome->analysis, &outcome->request, &outcome->ranking, top, HS_REPORT_TABLE, &text, error);

    if (status == HS_OK) {
        hs_log_print(log, HS_LOG_INFO, "wrote   %s", results);
        hs_log_print(log, HS_LOG_INFO, "%s", "");
        hs__cli_print_text(&text);
    }
    hs_text_clear(&text);
    return status;
}

/* Collective. */
static hs_status run_and_print(hs_comm *comm, const run_arguments *arguments, const hs_experiment *experiment,
                               const char *command_line, hs_error *error)
{
    const bool is_first = hs_comm_rank(comm) == 0, shows = is_first && !arguments->quiet;
    progress_display display = hs__cli_progress_display_make(shows ? stderr : NULL, experiment->progress_seconds);
    const hs_study_run_options options = {.log = {is_first ? stderr : NULL, shows ? HS_LOG_INFO : HS_LOG_WARNING},
                                          .command_line = command_line,
                                          .progress = shows ? hs__cli_progress_show : NULL,
                                          .progress_context = &display,
                                          .stop = hs__cli_stop_is_requested};
    hs_study_outcome outcome;

    HS_TRY(hs_study_run(comm, experiment, &options, &outcome, error));
    hs_status status = HS_OK;
    if (is_first)
        status = print_ranking(&outcome, experiment->results, (size_t)arguments->top, &options.log, error);
    return hs_study_outcome_close(&outcome, hs_comm_agree(comm, status, error), error);
}

/* Signals are caught after MPI has started, which sets handlers of its own. */
static hs_status run_experiment(const run_arguments *arguments, const char *command_line, hs_error *error)
{
    hs_comm *comm = NULL;
    hs_experiment *experiment = NULL;
    hs_status status;

    HS_TRY(hs_comm_new(&comm, error));
    hs__cli_stop_catch_signals();
    HS_GOTO_DONE(load_experiment(comm, arguments, &experiment, error));
    status = run_and_print(comm, arguments, experiment, command_line, error);
done:
    /*
     * Every rank has the same error by now; one of them prints it, before any rank can leave: launchers kill the
     * others then.
     */
    if (status != HS_OK && hs_comm_rank(comm) == 0)
        hs__cli_print_and_clear_error(error);
    error->message[0] = '\0';
    hs_config_free(experiment);
    hs_comm_free(comm);
    return status;
}

/* Printing the experiment needs no MPI, so that it works where mpirun is missing. */
hs_status hs__cli_command_run(int argc, char **argv, hs_error *error)
{
    run_arguments arguments = {.top = 10};
    hs_text command_line = {0};
    bool ended = false;
    hs_status status = join_command_line(argc, argv, &command_line, error);

    if (status == HS_OK)
        status = read_arguments(argc, argv, &arguments, &ended, error);
    if (status == HS_OK && !ended)
        status = arguments.print_config || arguments.print_results || arguments.print_threads
                     ? print_experiment(&arguments, error)
                     : run_experiment(&arguments, command_line.text, error);
    hs_text_clear(&command_line);
    hs__cli_text_list_clear(&arguments.overrides);
    return status;
}
