#include <string.h>

#include "cli/arguments.h"
#include "cli/commands.h"
#include "headsweep/bench.h"

static const char help[] =
    "usage: headsweep bench [engine|generate|ranks|scheduler]... [options]\n"
    "       headsweep bench --inputs FOLDER [options]\n"
    "       mpirun -n N headsweep bench scheduler\n"
    "\n"
    "Measures this program on this machine and prints key = value lines; all sections together take a few minutes.\n"
    "Leave the machine alone meanwhile. Inputs are random and lie in $TMPDIR (about 500 MB) until the end.\n"
    "\n"
    "  engine       operations of a naive sweep over those executed, for all pairs and all single heads; the rate\n"
    "               of a sweep on one rank as a share of the rate of a large matrix product\n"
    "  generate     tokens a second: 25 samples of 20 new tokens, top-p 0.9, under the pairs of the first head of "
    "every\n"
    "               layer; its rate as a share of the rate of the unembedding's product\n"
    "  ranks        the time of one sweep on 1 rank over that on 2\n"
    "  scheduler    what a lease costs the coordinator, and how many ranks it can feed; on the ranks of the\n"
    "               launcher that started it, or on 2\n"
    "\n"
    "  --layers N --heads N --width N --vocabulary N --tokens N\n"
    "               shape of the model and of the prompts (default 12, 12, 768, 50257, 64: GPT-2 small)\n"
    "  --family gpt2|llama --kv-heads N --mlp N --bf16\n"
    "               kind of the model (default gpt2), Llama's KV heads, width of the MLP, weights in bf16\n"
    "  --inputs FOLDER\n"
    "               measure nothing: write the random checkpoint, prompts.jsonl and experiment.cfg there, never over\n"
    "               files that are there\n"
    "  --checkpoint FOLDER\n"
    "               generate only: measure on this checkpoint, which sets the shape of the model\n"
    "  --here       scheduler only: measure on the ranks that were started, even if the launcher is not recognised\n"
    "\n"
    "HEADSWEEP_MPIEXEC names the MPI launcher (default mpirun).\n";

/* ---- arguments ------------------------------------------------------------------------------------------------- */

enum bench_option {
    OPTION_LAYERS,
    OPTION_HEADS,
    OPTION_WIDTH,
    OPTION_VOCABULARY,
    OPTION_TOKENS,
    OPTION_KV_HEADS,
    OPTION_MLP,
    N_SHAPE_OPTIONS,
    OPTION_FAMILY,
    OPTION_BF16,
    OPTION_INPUTS,
    OPTION_CHECKPOINT,
    OPTION_HERE,
    OPTION_HELP
};

static const struct option options[] = {
    [OPTION_LAYERS] = {"layers", required_argument, NULL, OPTION_LAYERS},
    [OPTION_HEADS] = {"heads", required_argument, NULL, OPTION_HEADS},
    [OPTION_WIDTH] = {"width", required_argument, NULL, OPTION_WIDTH},
    [OPTION_VOCABULARY] = {"vocabulary", required_argument, NULL, OPTION_VOCABULARY},
    [OPTION_TOKENS] = {"tokens", required_argument, NULL, OPTION_TOKENS},
    [OPTION_KV_HEADS] = {"kv-heads", required_argument, NULL, OPTION_KV_HEADS},
    [OPTION_MLP] = {"mlp", required_argument, NULL, OPTION_MLP},
    {"family", required_argument, NULL, OPTION_FAMILY},
    {"bf16", no_argument, NULL, OPTION_BF16},
    {"inputs", required_argument, NULL, OPTION_INPUTS},
    {"checkpoint", required_argument, NULL, OPTION_CHECKPOINT},
    {"here", no_argument, NULL, OPTION_HERE},
    {"help", no_argument, NULL, OPTION_HELP},
    {0}};

typedef struct bench_arguments {
    int64_t shape[N_SHAPE_OPTIONS];
    hs_bench_family family;
    bool bf16;
    const char *inputs; /* NULL: measure */
    bool chosen[HS_BENCH_SECTIONS];
    const char *checkpoint;
    bool here;
    bool help;
} bench_arguments;

static hs_status choose_section(const char *name, bench_arguments *arguments, hs_error *error)
{
    for (size_t i = 0; i < HS_BENCH_SECTIONS; ++i)
        if (strcmp(name, hs_bench_section_name(i)) == 0) {
            arguments->chosen[i] = true;
            return HS_OK;
        }
    return hs_fail(error, HS_ERROR_USAGE,
                   "unexpected argument \"%s\"; bench measures engine, generate, ranks and "
                   "scheduler",
                   name);
}

static hs_status check_shape(const int64_t *shape, hs_error *error)
{
    enum { MOST = 1 << 20 };

    for (int i = 0; i < N_SHAPE_OPTIONS; ++i)
        if (shape[i] > MOST)
            return hs_fail(error, HS_ERROR_USAGE, "--%s %lld: at most %d", options[i].name, (long long)shape[i], MOST);
    if (shape[OPTION_WIDTH] % shape[OPTION_HEADS] != 0)
        return hs_fail(error, HS_ERROR_USAGE, "--width %lld is not a multiple of --heads %lld",
                       (long long)shape[OPTION_WIDTH], (long long)shape[OPTION_HEADS]);
    if (shape[OPTION_KV_HEADS] > 0 && shape[OPTION_HEADS] % shape[OPTION_KV_HEADS] != 0)
        return hs_fail(error, HS_ERROR_USAGE, "--heads %lld is not a multiple of --kv-heads %lld",
                       (long long)shape[OPTION_HEADS], (long long)shape[OPTION_KV_HEADS]);
    if (shape[OPTION_LAYERS] * shape[OPTION_HEADS] < 2)
        return hs_fail(error, HS_ERROR_USAGE, "--layers 1 --heads 1: a single head has no pairs");
    return HS_OK;
}

static hs_status read_option(int option, bench_arguments *arguments, hs_error *error)
{
    char name[16];

    switch (option) {
    case OPTION_FAMILY:
        if (strcmp(optarg, "gpt2") != 0 && strcmp(optarg, "llama") != 0)
            return hs_fail(error, HS_ERROR_USAGE, "--family \"%s\": gpt2 or llama is needed", optarg);
        arguments->family = optarg[0] == 'g' ? HS_BENCH_GPT2 : HS_BENCH_LLAMA;
        return HS_OK;
    case OPTION_BF16:
        arguments->bf16 = true;
        return HS_OK;
    case OPTION_INPUTS:
        arguments->inputs = optarg;
        return HS_OK;
    case OPTION_CHECKPOINT:
        arguments->checkpoint = optarg;
        return HS_OK;
    case OPTION_HERE:
        arguments->here = true;
        return HS_OK;
    case OPTION_HELP:
        arguments->help = true;
        return HS_OK;
    default:
        snprintf(name, sizeof name, "--%s", options[option].name);
        return hs__cli_read_count(name, optarg, option == OPTION_VOCABULARY ? 2 : 1, &arguments->shape[option], error);
    }
}

static hs_status read_arguments(int argc, char **argv, bench_arguments *arguments, hs_error *error)
{
    int option;

    while (!arguments->help) {
        HS_TRY(hs__cli_next_option(argc, argv, options, &option, error));
        if (option == -1)
            break;
        HS_TRY(read_option(option, arguments, error));
    }
    for (int i = optind; i < argc; ++i)
        HS_TRY(choose_section(argv[i], arguments, error));
    for (size_t i = 0; i < HS_BENCH_SECTIONS && optind == argc; ++i)
        arguments->chosen[i] = true;
    return check_shape(arguments->shape, error);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

static hs_bench_shape shape_of(const bench_arguments *arguments)
{
    return (hs_bench_shape){
        .n_layers = (size_t)arguments->shape[OPTION_LAYERS],
        .n_heads = (size_t)arguments->shape[OPTION_HEADS],
        .width = (size_t)arguments->shape[OPTION_WIDTH],
        .vocabulary = (size_t)arguments->shape[OPTION_VOCABULARY],
        .n_tokens = (size_t)arguments->shape[OPTION_TOKENS],
        .family = arguments->family,
        .n_kv_heads = (size_t)arguments->shape[OPTION_KV_HEADS],
        .mlp_width = (size_t)arguments->shape[OPTION_MLP],
        .bf16 = arguments->bf16,
    };
}

hs_status hs__cli_command_bench(int argc, char **argv, hs_error *error)
{
    bench_arguments arguments = {.shape = {12, 12, 768, 50257, 64}};

    HS_TRY(read_arguments(argc, argv, &arguments, error));
    if (arguments.help) {
        fputs(help, stdout);
        return HS_OK;
    }
    const hs_bench_setup bench = {.shape = shape_of(&arguments),
                                  .checkpoint = arguments.checkpoint,
                                  .here = arguments.here || hs_bench_is_launched(),
                                  .log = {stderr, HS_LOG_INFO}};
    return arguments.inputs != NULL ? hs_bench_write_inputs(&bench.shape, arguments.inputs, error)
                                    : hs_bench_run(&bench, arguments.chosen, error);
}
