/* headsweep rank: the ablation sets of a results file in order, by what is asked for. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "cli/printing.h"
#include "cli/rank_pruning.h"
#include "cli/results_file.h"
#include "headsweep/config.h"
#include "headsweep/report.h"

static const char usage[] =
    "usage: headsweep rank RESULTS.h5 [options]\n"
    "\n"
    "Ranks the ablation sets of a results file; an unfinished file is ranked by the sets that are complete.\n";

/* What the command line says of the objective. */
typedef struct objective_arguments {
    const char *reduce;
    text_list keeps;
    const char *tolerance;
} objective_arguments;

typedef struct rank_arguments {
    const char *path;
    const char *by;
    const char *ablation;
    objective_arguments objective;
    int64_t top;
    int64_t order;
    int64_t resamples;
    hs_report_format format;
    bool pareto;
    bool pruning;
} rank_arguments;

static hs_status read_format(const option_row *row, char *value, hs_error *error)
{
    return hs_report_format_parse(value, row->target, error);
}

/*
 * The rows are --help's text as well. What is left out stays NULL or 0, which take_objective() and
 * the analysis fill from the experiment.
 */
static hs_status read_arguments(int argc, char **argv, rank_arguments *a, bool *ended_out, hs_error *error)
{
    const option_row rows[] = {
        OPTION_TEXT("by", "WHAT",
                    "objective             most of one metric removed, another kept (as the experiment states)\n"
                    "TASK[.METRIC]         largest change of a metric\n"
                    "interaction:TASK[.METRIC]\n"
                    "                      largest interaction of a pair\n"
                    "backup:TASK[.METRIC]  pairs of heads that stand in for each other, largest interaction first\n"
                    "default: objective if the experiment states one, else the first task",
                    &a->by),
        OPTION_TEXT("reduce", "TASK[.METRIC]", "remove most of this metric: another objective than the experiment's",
                    &a->objective.reduce),
        OPTION_LIST("keep", "TASK[.METRIC][=TOLERANCE]", "while this one is kept (may be given several times)",
                    &a->objective.keeps),
        OPTION_TEXT("tolerance", "NUMBER", "what is kept may get worse by so much, in its own unit",
                    &a->objective.tolerance),
        OPTION_FLAG("pareto", "by objective: the sets that no other beats in what is reduced and all that is kept",
                    &a->pareto),
        OPTION_FLAG("pruning", "the pruning curves instead of a ranking: performance kept, heads removed", &a->pruning),
        OPTION_COUNT("top", "N", 0, "the first N sets (default 10; 0 = all)", &a->top),
        OPTION_COUNT("order", "N", 1, "only sets of N heads", &a->order),
        OPTION_COUNT(
            "resamples", "N", 0,
            "computes intervals from N resamples, 0 = none. Without it those of a finished file are read, and\n"
            "those of an unfinished one computed where that takes no longer than a minute or two",
            &a->resamples),
        OPTION_TEXT("ablation", "NAME", "only this intervention (zero, mean, ...)", &a->ablation),
        OPTION_READ("format", "table|csv|json|md", "table (default), csv, json or md (Markdown)", read_format,
                    &a->format)};

    return hs__cli_read_command_line(argc, argv, &COMMAND_SYNTAX("RESULTS.h5", &a->path, rows), ended_out, error);
}

/*
 * Of the file's interventions, not of all that exist: the message lists what can be asked of this
 * file.
 */
static hs_status find_intervention(const hs_sets *sets, const char *name, int32_t *intervention_out, hs_error *error)
{
    for (size_t i = 0; i < sets->n_interventions; ++i)
        if (strcmp(sets->intervention_names[i], name) == 0) {
            *intervention_out = (int32_t)i;
            return HS_OK;
        }
    hs_names names = {0};
    for (size_t i = 0; i < sets->n_interventions; ++i)
        hs_names_put(&names, sets->intervention_names[i]);
    return hs_fail_name(error, HS_ERROR_USAGE, &names, name, "--ablation %s: the file has no such intervention", name);
}

/*
 * What is kept on the command line replaces all that the experiment keeps; the first tolerance is that of those that
 * have none of their own.
 */
static hs_status take_keeps(const objective_arguments *arguments, hs_objective_names *names, hs_error *error)
{
    hs_metric_name first;

    if (hs_config_metric_name_parse(arguments->keeps.items[0], &first, error) != HS_OK)
        return hs_error_prefix(error, "--keep");
    names->tolerance = first.has_tolerance ? first.tolerance : names->tolerance;
    names->keep = arguments->keeps.items[0];
    names->keep_metric = "";
    names->keep_also = &arguments->keeps.items[1];
    names->n_keep_also = arguments->keeps.n - 1;
    return HS_OK;
}

static hs_status take_objective(const objective_arguments *arguments, hs_objective_names *names, hs_error *error)
{
    if (arguments->reduce != NULL) {
        names->reduce = arguments->reduce;
        names->reduce_metric = "";
    }
    if (arguments->tolerance != NULL &&
        hs_config_tolerance_parse(arguments->tolerance, &names->tolerance, error) != HS_OK)
        return hs_error_prefix(error, "--tolerance %s", arguments->tolerance);
    return arguments->keeps.n > 0 ? take_keeps(arguments, names, error) : HS_OK;
}

/* A table says so itself; programs get no rows, and people the reason. */
static hs_status explain_empty(const hs_analysis *analysis, const hs_ranking_request *request,
                               const hs_ranking *ranking, hs_report_format format, hs_error *error)
{
    hs_text text = {0};

    if (ranking->n > 0 || format == HS_REPORT_TABLE || format == HS_REPORT_MARKDOWN)
        return HS_OK;
    hs_status status = hs_report_why_empty(analysis, request, ranking, &text, error);
    if (status == HS_OK)
        hs_log_print(&(hs_log){stderr, HS_LOG_INFO}, HS_LOG_INFO, "headsweep: no set is ranked: %s", text.text);
    hs_text_clear(&text);
    return status;
}

/*
 * A request that contradicts itself is refused before anything is ranked; an empty ranking is no
 * error but is explained.
 */
static hs_status rank_results(hs_results *results, const rank_arguments *arguments, hs_error *error)
{
    hs_analysis *analysis = NULL;
    hs_ranking_request request;
    hs_ranking ranking = {0};
    hs_text_sink sink = hs__cli_printing_sink(arguments->format);
    hs_text text = {.sink = &sink};
    hs_status status;

    HS_GOTO_DONE(hs__cli_analyse_results(results, arguments->resamples, &analysis, error));
    HS_GOTO_DONE(take_objective(&arguments->objective, &analysis->objective, error));
    HS_GOTO_DONE(hs_analysis_request_parse(analysis, arguments->by, &request, error));
    request.order = (int32_t)arguments->order;
    request.pareto = arguments->pareto;
    if (arguments->pareto && request.key != HS_RANK_BY_OBJECTIVE) {
        status = hs_fail(error, HS_ERROR_USAGE, "--pareto needs an objective: state one with --reduce and --keep");
        goto done;
    }
    if (arguments->ablation != NULL)
        HS_GOTO_DONE(find_intervention(hs_results_sets_of(results), arguments->ablation, &request.intervention, error));
    HS_GOTO_DONE(hs_analysis_rank(analysis, &request, &ranking, error));
    HS_GOTO_DONE(
        hs_report_ranking(analysis, &request, &ranking, (size_t)arguments->top, arguments->format, &text, error));
    HS_GOTO_DONE(hs_text_end(&text, error));
    status = explain_empty(analysis, &request, &ranking, arguments->format, error);
done:
    hs_text_clear(&text);
    hs_analysis_ranking_clear(&ranking);
    hs_analysis_free(analysis);
    return status;
}

static hs_status rank_file(const rank_arguments *arguments, hs_error *error)
{
    hs_results *results = NULL;

    HS_TRY(hs_results_open_read(arguments->path, &results, error));
    hs_status status = arguments->pruning
                           ? hs__cli_print_pruning(results, arguments->resamples, arguments->format, error)
                           : rank_results(results, arguments, error);
    return hs_results_close_after(results, status, error);
}

hs_status hs__cli_command_rank(int argc, char **argv, hs_error *error)
{
    rank_arguments arguments = {.top = 10, .resamples = RESAMPLES_DEFAULT};
    bool ended;
    hs_status status = read_arguments(argc, argv, &arguments, &ended, error);

    if (status == HS_OK && !ended)
        status = rank_file(&arguments, error);
    hs__cli_text_list_clear(&arguments.objective.keeps);
    return status;
}
