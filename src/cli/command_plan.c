/* headsweep plan: what a run would do, as key = value lines or as the head of a job script. */
#include <inttypes.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "cli/printing.h"
#include "cli/slurm.h"
#include "headsweep/study.h"
#include "headsweep/threads.h"

static const char usage[] =
    "usage: headsweep plan EXPERIMENT.cfg [options]\n"
    "\n"
    "What a run would do, without doing it: ablation sets, cells, floating-point operations, memory per rank, size of "
    "the\n"
    "results file, time and core-hours. Reads the experiment's data, but of a checkpoint only config.json and what "
    "the\n"
    "weight files say of themselves, so that a model of any size is planned in seconds. Prints key = value lines.\n";

static const char notes[] =
    "Time is counted operations over the rate of a core, which is that of one matrix product on this machine unless\n"
    "--gflops states it. The cores of a full node share its clock and its memory and do less each than one alone: on\n"
    "many processors 20 to 40% less. --full-node measures that where nobody else is at work.\n"
    "What only the weights can tell (numbers that are not finite, the self-test) is for the run to find.\n";

typedef struct plan_arguments {
    const char *experiment;
    text_list overrides;
    int64_t n_ranks;        /* 0: not given */
    int64_t ranks_per_host; /* 0: one for each processor */
    double gflops;          /* 0: measured */
    double hours;           /* 0: any number */
    bool full_node;         /* measured with all cores at work */
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
        OPTION_COUNT("ranks", "N", 1, "for a run on N ranks (default 1, or as many as --hours needs)", &a->n_ranks),
        OPTION_READ("hours", "H", "how many ranks are done in H hours; with --ranks: whether these are",
                    hs__cli_read_amount, &a->hours),
        OPTION_READ("gflops", "X",
                    "a rank's matrix products do X GFLOP/s, instead of what one does on this machine now",
                    hs__cli_read_amount, &a->gflops),
        OPTION_FLAG(
            "full-node",
            "measure that rate while all cores of this machine are at work, as those of the job's nodes will be",
            &a->full_node),
        OPTION_FLAG("slurm",
                    "print the #SBATCH lines that ask for those ranks, with their memory and time and the margins\n"
                    "that a comment states; --hours is the time limit then",
                    &a->slurm),
        OPTION_COUNT("ranks-per-host", "M", 1, "up to M ranks on a host (default: one for each processor here)",
                     &a->ranks_per_host)};

    const command_syntax syntax = {.usage = usage,
                                   .notes = notes,
                                   .argument = "EXPERIMENT.cfg",
                                   .argument_out = &a->experiment,
                                   .rows = rows,
                                   .n_rows = sizeof rows / sizeof *rows};

    return hs__cli_read_command_line(argc, argv, &syntax, ended_out, error);
}

typedef struct plan_figures {
    hs_study_cost cost;
    double product_rate; /* operations a second of a rank's matrix products */
    double alone_rate;   /* and of one that has the machine to itself; 0: not measured beside the other */
    double rate;         /* and of its share of the sweep */
    size_t n_ranks;
    size_t n_threads; /* of a rank */
    size_t n_in_time; /* ranks that are done in --hours; 0: no number is, or it was not asked */
    hs_simulation simulation;
    size_t n_busy; /* of them, about how many would be busy; 0: all are */
    hs_simulation of_busy;
} plan_figures;

static hs_status find_ranks(const hs_study *study, const plan_arguments *arguments, plan_figures *figures,
                            hs_error *error)
{
    const double limit = arguments->hours * 3600;
    const double seconds = arguments->slurm ? hs__cli_slurm_seconds(limit) : limit;

    figures->n_ranks = arguments->n_ranks > 0 ? (size_t)arguments->n_ranks : 1;
    if (seconds > 0)
        HS_TRY(hs_study_ranks_in_time(study, figures->rate, seconds, &figures->n_in_time, error));
    if (arguments->n_ranks == 0 && figures->n_in_time > 0)
        figures->n_ranks = figures->n_in_time;
    return HS_OK;
}

/* Where ranks would idle, how many would not, and how much longer these take. */
static hs_status find_busy(const hs_study *study, plan_figures *figures, hs_error *error)
{
    if (figures->simulation.efficiency >= HS_STUDY_BUSY)
        return HS_OK;
    HS_TRY(hs_study_busy_ranks(study, figures->rate, figures->n_ranks, &figures->n_busy, error));
    return hs_study_simulate(study, figures->rate, figures->n_busy, &figures->of_busy, error);
}

static hs_status measure_rates(const hs_study *study, const plan_arguments *arguments, plan_figures *figures,
                               hs_error *error)
{
    if (arguments->gflops > 0)
        return HS_OK;
    HS_TRY(hs_study_product_rate(study, 1, &figures->product_rate, error));
    if (!arguments->full_node)
        return HS_OK;
    figures->alone_rate = figures->product_rate;
    return hs_study_product_rate(study, hs_processors(), &figures->product_rate, error);
}

static hs_status count_figures(hs_study *study, const plan_arguments *arguments, plan_figures *figures, hs_error *error)
{
    *figures = (plan_figures){.product_rate = arguments->gflops * 1e9,
                              .n_threads = (size_t)study->experiment->threads_per_rank};
    HS_TRY(hs_study_count_cost(study, &figures->cost, error));
    HS_TRY(measure_rates(study, arguments, figures, error));
    figures->rate = hs_study_sweep_rate(study, figures->product_rate);
    HS_TRY(find_ranks(study, arguments, figures, error));
    HS_TRY(hs_study_simulate(study, figures->rate, figures->n_ranks, &figures->simulation, error));
    return find_busy(study, figures, error);
}

static void print_work(const hs_study *study, const hs_study_cost *cost)
{
    printf("sets = %zu\n", study->space.n_sets);
    printf("groups = %" PRIu64 "\n", study->plan.n_groups);
    printf("cells = %" PRIu64 "\n", study->plan.n_cells);
    printf("flops_executed = %.4g\n", cost->flops_executed);
    printf("flops_naive = %.4g\n", cost->flops_naive);
}

/* Bytes are in full, with the rounded form as a comment, since job scripts calculate with them. */
static void print_memory(const hs_study *study, const hs_study_cost *cost)
{
    const size_t memory_bytes = hs_study_memory_bytes(&cost->memory);
    char memory[16], weights[16], file[16];

    printf("memory_bytes_per_rank = %zu  # %s at the peak, weights apart\n", memory_bytes,
           hs_format_bytes((double)memory_bytes, memory, sizeof memory));
    printf("memory_process_bytes = %zu\n", cost->memory.process_bytes);
    printf("memory_tables_bytes = %zu\n", cost->memory.tables_bytes);
    printf("memory_sweep_bytes = %zu\n", cost->memory.sweep_bytes);
    printf("memory_statistics_bytes = %zu  # after the sweep\n", cost->memory.statistics_bytes);
    printf("batch_rows = %" PRIu64 "\n", study->plan.batch_rows);
    printf("stacked_rows = %zu\n", study->stacked_rows);
    printf("sets_per_group = %" PRIu64 "\n", study->plan.sets_per_group);
    printf("weight_bytes_per_host = %zu  # %s\n", cost->weight_bytes,
           hs_format_bytes((double)cost->weight_bytes, weights, sizeof weights));
    printf("results_file_bytes = %zu  # %s\n", cost->file_bytes,
           hs_format_bytes((double)cost->file_bytes, file, sizeof file));
}

/* What later phases cost depends on what they will choose: upper bounds. */
static void print_later(const hs_study *study, const plan_figures *figures)
{
    const double seconds = figures->cost.flops_later / figures->rate / (double)figures->n_ranks;
    char duration[32];

    if (study->phases.later.n_phases == 0)
        return;
    printf("later_phases = %zu\n", study->phases.later.n_phases);
    printf("later_sets_at_most = %zu\n", study->phases.later.n_sets);
    printf("later_flops_at_most = %.4g\n", figures->cost.flops_later);
    printf("later_seconds_at_most = %.3g  # %s more than the time below\n", seconds,
           hs_format_duration(seconds, duration, sizeof duration));
}

static void print_rate(const plan_arguments *arguments, const plan_figures *figures)
{
    const char *source = arguments->gflops > 0 ? "as --gflops says"
                         : arguments->full_node
                             ? "measured with all cores of this machine at work, times threads"
                             : "measured on a core alone, times threads; those of a full node do less: --full-node";

    printf("gflops_per_rank = %.4g  # of matrix products, %s\n", figures->product_rate / 1e9, source);
    if (figures->alone_rate > 0)
        printf("full_node_share = %.3f  # of what a core does alone\n", figures->product_rate / figures->alone_rate);
    printf("sweep_gflops_per_rank = %.4g  # with what lies between the products\n", figures->rate / 1e9);
}

static void print_efficiency(const plan_figures *figures)
{
    const hs_simulation *simulation = &figures->simulation;

    printf("ranks = %zu\n", figures->n_ranks);
    printf("rank_efficiency = %.3f  # share of the ranks' time in which they compute\n", simulation->efficiency);
    printf("ranks_without_work = %zu\n", simulation->n_idle_ranks);
    if (figures->n_busy > 0)
        printf("ranks_kept_busy = %zu  # about the most that compute nine tenths of their time\n", figures->n_busy);
}

/* In words, for whoever is about to ask for the ranks. */
static hs_status warn_of_idle(const plan_figures *figures, hs_text *text, hs_error *error)
{
    if (figures->n_busy == 0)
        return HS_OK;
    return hs_text_appendf(
        text, error,
        "warning of %zu ranks' time %.0f%% would go by idle: they are done in %.3g s, and %zu, which "
        "are kept busy, in %.3g s\n",
        figures->n_ranks, 100 * (1 - figures->simulation.efficiency), figures->simulation.seconds, figures->n_busy,
        figures->of_busy.seconds);
}

static void print_time(const plan_figures *figures)
{
    const double seconds = figures->simulation.seconds;
    char duration[32];

    printf("estimated_seconds = %.3g  # %s until the last cell\n", seconds,
           hs_format_duration(seconds, duration, sizeof duration));
    printf("core_hours = %.4g  # of all ranks until then, idle ones included\n",
           seconds * (double)(figures->n_ranks * figures->n_threads) / 3600);
}

/* How short a job may be, and how long before its end it must be told. */
static void print_stretches(const plan_figures *figures)
{
    const double seconds = figures->cost.flops_to_cell / figures->rate;
    char duration[32];

    printf("seconds_to_cell = %.3g  # %s at most until a rank has another cell, once it has begun a shard\n", seconds,
           hs_format_duration(seconds, duration, sizeof duration));
    printf("seconds_to_stop = %.2g  # at most, the largest matrix product, after which a rank looks whether to stop\n",
           figures->cost.flops_to_stop / figures->product_rate);
}

static void print_hours(const plan_arguments *arguments, const plan_figures *figures)
{
    if (arguments->hours == 0)
        return;
    printf("hours = %g\n", arguments->hours);
    printf("ranks_in_time = %zu  # %s\n", figures->n_in_time,
           figures->n_in_time > 0 ? "about the fewest that are done by then" : "no number of ranks is done by then");
    printf("in_time = %s  # %zu rank%s\n", figures->simulation.seconds <= arguments->hours * 3600 ? "yes" : "no",
           figures->n_ranks, figures->n_ranks == 1 ? "" : "s");
}

/*
 * People's lines go to stderr, key = value to stdout, as everywhere: scripts read the latter.
 * Bytes are in full, with the rounded form as a comment, since job scripts calculate with them.
 */
static hs_status print_plan(hs_study *study, const plan_arguments *arguments, hs_error *error)
{
    plan_figures figures;
    hs_text text = {0};

    HS_TRY(count_figures(study, arguments, &figures, error));
    HS_TRY(hs_study_describe(study, (int)figures.n_ranks, &text, error));
    HS_TRY(warn_of_idle(&figures, &text, error));
    hs_print_visible(stderr, text.text, text.length, false);
    hs_text_clear(&text);
    print_work(study, &figures.cost);
    print_later(study, &figures);
    print_memory(study, &figures.cost);
    print_rate(arguments, &figures);
    print_efficiency(&figures);
    print_time(&figures);
    print_stretches(&figures);
    print_hours(arguments, &figures);
    return HS_OK;
}

/*
 * Ranks times threads must fit on the processors of a host. Those of this one stand in for the
 * cluster's, which cannot be known here; --ranks-per-host says otherwise.
 */
static hs_status print_slurm(hs_study *study, const plan_arguments *arguments, hs_error *error)
{
    const long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
    const int64_t n_threads = study->experiment->threads_per_rank;
    const size_t fitting = n_processors > n_threads ? (size_t)(n_processors / n_threads) : 1;
    plan_figures figures;
    hs_text text = {0};

    HS_TRY(count_figures(study, arguments, &figures, error));
    if (arguments->hours > 0 && arguments->n_ranks == 0 && figures.n_in_time == 0)
        return hs_fail(error, HS_ERROR_USAGE,
                       "--hours %g: no number of ranks is done in a job of that length, margins included",
                       arguments->hours);
    const slurm_request request = {.n_ranks = figures.n_ranks,
                                   .ranks_per_host =
                                       arguments->ranks_per_host > 0 ? (size_t)arguments->ranks_per_host : fitting,
                                   .n_threads = (size_t)n_threads,
                                   .memory_bytes = hs_study_memory_bytes(&figures.cost.memory),
                                   .weight_bytes = figures.cost.weight_bytes,
                                   .write_bytes = study->plan.max_group_values * sizeof(float),
                                   .seconds = figures.simulation.seconds,
                                   .cell_seconds = figures.cost.flops_to_cell / figures.rate,
                                   .stop_seconds = figures.cost.flops_to_stop / figures.product_rate};
    HS_TRY(warn_of_idle(&figures, &text, error));
    hs_print_visible(stderr, text.text, text.length, false);
    hs_text_clear(&text);
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
    HS_GOTO_DONE(hs_study_outline(experiment, &study, error));
    HS_GOTO_DONE(arguments->slurm ? print_slurm(study, arguments, error) : print_plan(study, arguments, error));
done:
    hs_study_free(study);
    hs_config_free(experiment);
    return status;
}

hs_status hs__cli_command_plan(int argc, char **argv, hs_error *error)
{
    plan_arguments arguments = {0};
    bool ended;
    hs_status status = read_arguments(argc, argv, &arguments, &ended, error);

    if (status == HS_OK && !ended)
        status = plan_experiment(&arguments, error);
    hs__cli_text_list_clear(&arguments.overrides);
    return status;
}
