/* headsweep plan: what a run would do, as key = value lines or as the head of a job script. */
#include <inttypes.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "cli/printing.h"
#include "cli/slurm.h"
#include "headsweep/blas.h"
#include "headsweep/study.h"

static const char usage[] =
    "usage: headsweep plan EXPERIMENT.cfg [options]\n"
    "\n"
    "What a run would do, without doing it: ablation sets, cells, floating-point operations, memory per rank, size of "
    "the\n"
    "results file, and an estimate of the time from timing one group of each task here. Prints key = value lines.\n";

typedef struct plan_arguments {
    const char *experiment;
    text_list overrides;
    int64_t n_ranks;
    int64_t ranks_per_host; /* 0: one for each processor */
    bool slurm;
} plan_arguments;

/*
 * Ranks per host is needed with --slurm alone, where memory is asked for by host; otherwise it
 * changes nothing.
 */
static hs_status read_arguments(int argc, char **argv, plan_arguments *a, bool *ended_out, hs_error *error)
{
    const option_row rows[] = {
        OPTION_LIST("set", "key=value", "override a key of the experiment file (repeatable)", &a->overrides),
        OPTION_COUNT("ranks", "N", 1, "for a run on N ranks (default 1)", &a->n_ranks),
        OPTION_FLAG("slurm",
                    "print the #SBATCH lines that ask for those ranks, with their memory and time and the margins\n"
                    "that a comment states",
                    &a->slurm),
        OPTION_COUNT("ranks-per-host", "M", 1, "up to M ranks on a host (default: one for each processor here)",
                     &a->ranks_per_host)};

    return hs__cli_read_command_line(argc, argv, &COMMAND_SYNTAX("EXPERIMENT.cfg", &a->experiment, rows), ended_out,
                                     error);
}

/* What later phases cost depends on what they will choose: upper bounds. */
static void print_later(const hs_study *study, const hs_study_cost *cost, int n_ranks)
{
    double seconds = cost->seconds_later / n_ranks;
    char duration[32];

    printf("later_phases = %zu\n", study->phases.later.n_phases);
    printf("later_sets_at_most = %zu\n", study->phases.later.n_sets);
    printf("later_flops_at_most = %.4g\n", cost->flops_later);
    printf("later_seconds_at_most = %.3g  # %s more than the time below\n", seconds,
           hs_format_duration(seconds, duration, sizeof duration));
}

/* Where ranks would idle, how many would not. */
static hs_status print_efficiency(const hs_study *study, const hs_study_cost *cost, int n_ranks,
                                  const hs_simulation *simulation, hs_error *error)
{
    size_t n_busy = 0;

    printf("rank_efficiency = %.3f  # share of the ranks' time in which they compute\n", simulation->efficiency);
    HS_TRY(hs_study_busy_ranks(study, cost, (size_t)n_ranks, &n_busy, error));
    if (n_busy < (size_t)n_ranks)
        printf("ranks_kept_busy = %zu  # with more, over a tenth of their time is idle%s\n", n_busy,
               simulation->n_idle_ranks > 0 ? ", and some have nothing to do" : "");
    return HS_OK;
}

/*
 * People's lines go to stderr, key = value to stdout, as everywhere: scripts read the latter.
 * Bytes are in full, with the rounded form as a comment, since job scripts calculate with them.
 */
static hs_status print_plan(hs_study *study, int n_ranks, hs_error *error)
{
    hs_study_cost cost;
    hs_simulation simulation;
    hs_text text = {0};
    char duration[32], memory[16], weights[16], file[16];

    HS_TRY(hs_study_describe(study, n_ranks, &text, error));
    hs_print_visible(stderr, text.text, text.length, false);
    hs_text_clear(&text);
    HS_TRY(hs_study_cost_of(study, &cost, error));
    HS_TRY(hs_study_simulate(study, &cost, (size_t)n_ranks, &simulation, error));
    const double seconds = simulation.seconds;
    printf("sets = %zu\n", study->space.n_sets);
    printf("groups = %" PRIu64 "\n", study->plan.n_groups);
    printf("cells = %" PRIu64 "\n", study->plan.n_cells);
    if (study->phases.later.n_phases > 0)
        print_later(study, &cost, n_ranks);
    printf("flops_executed = %.4g\n", cost.flops_executed);
    printf("flops_naive = %.4g\n", cost.flops_naive);
    size_t memory_bytes = hs_study_memory_bytes(&cost.memory);
    printf("memory_bytes_per_rank = %zu  # %s at the peak, weights apart\n", memory_bytes,
           hs_format_bytes((double)memory_bytes, memory, sizeof memory));
    printf("memory_process_bytes = %zu\n", cost.memory.process_bytes);
    printf("memory_tables_bytes = %zu\n", cost.memory.tables_bytes);
    printf("memory_sweep_bytes = %zu\n", cost.memory.sweep_bytes);
    printf("memory_statistics_bytes = %zu  # after the sweep\n", cost.memory.statistics_bytes);
    printf("batch_rows = %" PRIu64 "\n", study->plan.batch_rows);
    printf("stacked_rows = %zu\n", study->stacked_rows);
    printf("sets_per_group = %" PRIu64 "\n", study->plan.sets_per_group);
    printf("weight_bytes_per_host = %zu  # %s\n", cost.weight_bytes,
           hs_format_bytes((double)cost.weight_bytes, weights, sizeof weights));
    printf("results_file_bytes = %zu  # %s\n", cost.file_bytes,
           hs_format_bytes((double)cost.file_bytes, file, sizeof file));
    printf("ranks = %d\n", n_ranks);
    HS_TRY(print_efficiency(study, &cost, n_ranks, &simulation, error));
    printf("estimated_seconds = %.3g  # %s on processors like this one\n", seconds,
           hs_format_duration(seconds, duration, sizeof duration));
    return HS_OK;
}

/*
 * Ranks times threads must fit on the processors of a host. Those of this one stand in for the
 * cluster's, which cannot be known here; --ranks-per-host says otherwise.
 */
static hs_status print_slurm(hs_study *study, const plan_arguments *arguments, hs_error *error)
{
    long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
    int n_threads = hs_blas_threads();
    size_t fitting = n_processors > n_threads ? (size_t)(n_processors / n_threads) : 1;
    hs_study_cost cost;
    hs_simulation simulation;
    hs_text text = {0};

    HS_TRY(hs_study_cost_of(study, &cost, error));
    HS_TRY(hs_study_simulate(study, &cost, (size_t)arguments->n_ranks, &simulation, error));
    const slurm_request request = {.n_ranks = (size_t)arguments->n_ranks,
                                   .ranks_per_host =
                                       arguments->ranks_per_host > 0 ? (size_t)arguments->ranks_per_host : fitting,
                                   .n_threads = (size_t)n_threads,
                                   .memory_bytes = hs_study_memory_bytes(&cost.memory),
                                   .weight_bytes = cost.weight_bytes,
                                   .seconds = simulation.seconds};
    hs_status status = hs__cli_slurm_lines(&request, &text, error);
    hs__cli_print_text(&text);
    return status;
}

/*
 * Without MPI, so that a login node can answer. The place of the results is checked too: what
 * would stop the job is said before it queues.
 */
static hs_status plan_experiment(const plan_arguments *arguments, hs_error *error)
{
    hs_experiment *experiment = NULL;
    hs_study *study = NULL;
    hs_status status;

    HS_GOTO_DONE(
        hs_config_load(arguments->experiment, arguments->overrides.items, arguments->overrides.n, &experiment, error));
    HS_GOTO_DONE(hs_study_check_place(experiment, error));
    HS_GOTO_DONE(hs_study_open(NULL, experiment, &study, error));
    HS_GOTO_DONE(arguments->slurm ? print_slurm(study, arguments, error)
                                  : print_plan(study, (int)arguments->n_ranks, error));
done:
    hs_study_free(study);
    hs_config_free(experiment);
    return status;
}

hs_status hs__cli_command_plan(int argc, char **argv, hs_error *error)
{
    plan_arguments arguments = {.n_ranks = 1};
    bool ended;
    hs_status status = read_arguments(argc, argv, &arguments, &ended, error);

    if (status == HS_OK && !ended)
        status = plan_experiment(&arguments, error);
    hs__cli_text_list_clear(&arguments.overrides);
    return status;
}
