/* headsweep bench: which measurements, on a model of which shape. */
#include <getopt.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "headsweep/bench.h"

static const char usage[] =
    "usage: headsweep bench [engine|generate|ranks|scheduler]... [options]\n"
    "       headsweep bench --inputs FOLDER [options]\n"
    "       mpirun -n N headsweep bench scheduler\n"
    "       headsweep bench scheduler --simulate --ranks N [--experiment EXPERIMENT.cfg] [options]\n"
    "\n"
    "Measures this program on this machine and prints key = value lines; all sections together take a few minutes.\n"
    "Leave the machine alone meanwhile. Inputs are random and lie in $TMPDIR (about 500 MB) until the end.\n"
    "\n"
    "  engine             operations of a naive sweep over those executed, for all pairs and all single heads; the "
    "rate\n"
    "                     of a sweep on one rank as a share of the rate of a large matrix product\n"
    "  generate           tokens per second: 25 samples of 20 new tokens, top-p 0.9, under the pairs of the first "
    "head\n"
    "                     of every layer; its rate as a share of the rate of the unembedding's product\n"
    "  ranks              the time of one sweep on 1 rank over that on 2\n"
    "  scheduler          what a lease costs the coordinator, and how many ranks it can feed; on the ranks of the\n"
    "                     launcher that started it, or on 2. With --simulate how busy N ranks are kept, in virtual "
    "time\n";

static const char notes[] = "HEADSWEEP_MPIEXEC names the MPI launcher (default mpirun).\n";

typedef struct bench_arguments {
    int64_t layers, heads, width, vocabulary, tokens; /* GPT-2 small's if they are not given */
    int64_t kv_heads, mlp;                            /* 0: as the family has them */
    hs_bench_family family;
    int64_t prompts, order; /* 0: as many as are measured, pairs */
    bool bf16, sparse;
    bool simulate;
    int64_t ranks; /* 0: not given */
    double gflops;
    const char *experiment; /* NULL: the shape's */
    const char *inputs;     /* NULL: measure */
    bool chosen[HS_BENCH_SECTIONS];
    const char *checkpoint;
    bool here;
} bench_arguments;

static hs_status choose_section(const char *name, bench_arguments *arguments, hs_error *error)
{
    for (size_t i = 0; i < HS_BENCH_SECTIONS; ++i)
        if (strcmp(name, hs_bench_section_name(i)) == 0) {
            arguments->chosen[i] = true;
            return HS_OK;
        }
    return hs_fail(error, HS_ERROR_USAGE,
                   "unexpected argument \"%s\"; bench measures engine, generate, ranks and scheduler", name);
}

static hs_status check_shape(const bench_arguments *a, hs_error *error)
{
    if (a->width % a->heads != 0)
        return hs_fail(error, HS_ERROR_USAGE, "--width %lld is not a multiple of --heads %lld", (long long)a->width,
                       (long long)a->heads);
    if (a->kv_heads > 0 && a->heads % a->kv_heads != 0)
        return hs_fail(error, HS_ERROR_USAGE, "--heads %lld is not a multiple of --kv-heads %lld", (long long)a->heads,
                       (long long)a->kv_heads);
    if (a->layers * a->heads < 2)
        return hs_fail(error, HS_ERROR_USAGE, "--layers 1 --heads 1: a single head has no pairs");
    return HS_OK;
}

static hs_status check_simulation(const bench_arguments *a, hs_error *error)
{
    if (a->simulate != (a->ranks > 0))
        return hs_fail(error, HS_ERROR_USAGE, a->simulate ? "--simulate needs --ranks N" : "--ranks needs --simulate");
    if (!a->simulate)
        return HS_OK;
    for (size_t i = 0; i < HS_BENCH_SECTIONS; ++i)
        if (a->chosen[i] != (strcmp(hs_bench_section_name(i), "scheduler") == 0))
            return hs_fail(error, HS_ERROR_USAGE, "--simulate is of `bench scheduler`, and of nothing else");
    return HS_OK;
}

static hs_status read_family(const option_row *row, char *value, hs_error *error)
{
    if (strcmp(value, "gpt2") != 0 && strcmp(value, "llama") != 0)
        return hs_fail(error, HS_ERROR_USAGE, "--family \"%s\": gpt2 or llama is needed", value);
    *(hs_bench_family *)row->target = value[0] == 'g' ? HS_BENCH_GPT2 : HS_BENCH_LLAMA;
    return HS_OK;
}

/* A number of the shape. */
#define SHAPE(name_, least_, help_, target_)                                                          \
    {                                                                                                 \
        .name = name_, .argument = "N", .help = help_, .read = hs__cli_read_count, .target = target_, \
        .minimum = least_, .maximum = 1 << 20                                                         \
    }

/* A row knows no default: those that the help names stand in the arguments before they are read. */
static hs_status read_options(int argc, char **argv, bench_arguments *a, bool *ended_out, hs_error *error)
{
    const option_row rows[] = {
        SHAPE("layers", 1, "layers of the model (default 12; the defaults are GPT-2 small's)", &a->layers),
        SHAPE("heads", 1, "query heads of a layer (default 12)", &a->heads),
        SHAPE("width", 1, "of the residual stream (default 768)", &a->width),
        SHAPE("vocabulary", 2, "tokens that there are (default 50257)", &a->vocabulary),
        SHAPE("tokens", 1, "of each prompt (default 64)", &a->tokens),
        OPTION_READ("family", "gpt2|llama", "kind of the model (default gpt2)", read_family, &a->family),
        SHAPE("kv-heads", 1, "KV heads of a layer, with --family llama (default: as many as query heads)",
              &a->kv_heads),
        SHAPE("mlp", 1, "width of the MLP (default: four times the model's)", &a->mlp),
        OPTION_FLAG("bf16", "weights in bf16, not f32", &a->bf16),
        SHAPE("prompts", 1, "--inputs and --simulate: prompts that there are (default 32)", &a->prompts),
        SHAPE("order", 1, "the same: heads of a set (default 2: pairs)", &a->order),
        OPTION_FLAG("sparse", "--inputs: all weights are 0 and take no room on the disk, enough for `headsweep plan`",
                    &a->sparse),
        OPTION_TEXT("inputs", "FOLDER",
                    "measure nothing: write the random checkpoint, prompts.jsonl and experiment.cfg there, never over\n"
                    "files that are there",
                    &a->inputs),
        OPTION_TEXT("checkpoint", "FOLDER",
                    "generate only: measure on this checkpoint, which sets the shape of the model", &a->checkpoint),
        OPTION_FLAG("simulate",
                    "scheduler only: hand out the groups of all pairs to --ranks in virtual time, by what they were\n"
                    "counted to cost",
                    &a->simulate),
        OPTION_COUNT("ranks", "N", 1, "--simulate: so many", &a->ranks),
        OPTION_TEXT("experiment", "EXPERIMENT.cfg", "--simulate: this sweep, not that of the shape", &a->experiment),
        OPTION_READ("gflops", "X", "--simulate: a rank does X GFLOP/s (default 50)", hs__cli_read_amount, &a->gflops),
        OPTION_FLAG("here",
                    "scheduler only: measure on the ranks that were started, even if the launcher is not recognised",
                    &a->here)};
    const command_syntax syntax = {.usage = usage, .notes = notes, .rows = rows, .n_rows = sizeof rows / sizeof *rows};

    return hs__cli_read_command_line(argc, argv, &syntax, ended_out, error);
}

static hs_status read_arguments(int argc, char **argv, bench_arguments *arguments, bool *ended_out, hs_error *error)
{
    HS_TRY(read_options(argc, argv, arguments, ended_out, error));
    for (int i = optind; !*ended_out && i < argc; ++i)
        HS_TRY(choose_section(argv[i], arguments, error));
    for (size_t i = 0; i < HS_BENCH_SECTIONS && optind == argc; ++i)
        arguments->chosen[i] = true;
    if (!*ended_out)
        HS_TRY(check_simulation(arguments, error));
    return check_shape(arguments, error);
}

/* 0 in kv_heads and mlp is left for the family to fill, with what its models usually have. */
static hs_bench_shape shape_of(const bench_arguments *arguments)
{
    return (hs_bench_shape){
        .n_layers = (size_t)arguments->layers,
        .n_heads = (size_t)arguments->heads,
        .width = (size_t)arguments->width,
        .vocabulary = (size_t)arguments->vocabulary,
        .n_tokens = (size_t)arguments->tokens,
        .family = arguments->family,
        .n_kv_heads = (size_t)arguments->kv_heads,
        .mlp_width = (size_t)arguments->mlp,
        .bf16 = arguments->bf16,
        .sparse = arguments->sparse,
        .n_prompts = (size_t)arguments->prompts,
        .order = (size_t)arguments->order,
    };
}

/* Inputs are only written or measured on: who asks for them wants to look at or to run them. */
hs_status hs__cli_command_bench(int argc, char **argv, hs_error *error)
{
    bench_arguments arguments = {
        .layers = 12, .heads = 12, .width = 768, .vocabulary = 50257, .tokens = 64, .gflops = 50};
    bool ended;

    HS_TRY(read_arguments(argc, argv, &arguments, &ended, error));
    if (ended)
        return HS_OK;
    const hs_bench_setup bench = {.shape = shape_of(&arguments),
                                  .checkpoint = arguments.checkpoint,
                                  .n_virtual_ranks = (size_t)arguments.ranks,
                                  .experiment = arguments.experiment,
                                  .gflops = arguments.gflops,
                                  .here = arguments.here || hs_bench_is_launched(),
                                  .log = {stderr, HS_LOG_INFO}};
    return arguments.inputs != NULL ? hs_bench_write_inputs(&bench.shape, arguments.inputs, error)
                                    : hs_bench_run(&bench, arguments.chosen, error);
}
