/*
 * A finished results file of GPT-2 small's size without a model: every head and every pair of one intervention, two
 * tasks, statistics that are formulas. For the size and the speed of reports.
 *
 *     write_large_results RESULTS.h5 [LAYERS HEADS]
 */
#include <math.h>
#include <stdlib.h>

#include "headsweep/analysis.h"

enum { N_EXAMPLES = 8, N_METRICS = 3, MAX_ORDER = 2 };

#define REQUIRE(call)                                                                \
    do {                                                                             \
        if ((call) != HS_OK) {                                                       \
            (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, error.message); \
            return EXIT_FAILURE;                                                     \
        }                                                                            \
    } while (0)

static const hs_metric metrics[N_METRICS] = {{"contrast", "nats", "log p(toxic) - log p(benign)", -1, false, -1},
                                             {"acc", "share", "the right choice is the likeliest", 1, true, -1},
                                             {"margin", "nats", "log p(right) - log p(wrong)", 1, false, -1}};
static const hs_results_attribute experiment[] = {
    {"objective.reduce", "toxicity", false}, {"objective.keep", "accuracy", false},
    {"objective.keep_metric", "acc", false}, {"objective.tolerance", "0.02", false},
    {"analysis.resamples", "100", false},    {"analysis.permutations", "100", false}};
static const hs_results_attribute provenance[] = {{"architecture", "GPT2LMHeadModel", false},
                                                  {"checkpoint", "gpt2", false},
                                                  {"n_layers", "12", false},
                                                  {"n_heads", "12", false}};

static hs_status fill_sets(size_t n_layers, size_t n_heads, hs_sets *sets, hs_error *error)
{
    const size_t n = n_layers * n_heads;

    HS_TRY(hs_sets_append(sets, -1, 0, NULL, 0, error));
    for (size_t i = 0; i < n; ++i)
        for (size_t j = i; j < n; ++j) {
            const hs_component pair[] = {{0, (int32_t)(i / n_heads), (int32_t)(i % n_heads)},
                                         {0, (int32_t)(j / n_heads), (int32_t)(j % n_heads)}};
            HS_TRY(hs_sets_append(sets, 0, 0, pair, i == j ? 1 : 2, error));
        }
    return HS_OK;
}

/* A few heads with effects, a backup pair between the layers, and noise by example. */
static float value_of(const hs_sets *sets, size_t n_heads, uint64_t set, uint32_t task, size_t example, size_t metric)
{
    const double noise = hs_random_uniform(7, 3 * task + metric, set * N_EXAMPLES + example) - 0.5;
    double effect = 0, taken = 1;
    hs_component components[MAX_ORDER];

    hs_sets_view(sets, set, components);
    for (int32_t i = 0; i < sets->order[set]; ++i) {
        const uint64_t head = (uint64_t)components[i].layer * n_heads + (uint64_t)components[i].index;
        const double size = hs_random_uniform(3, task, head);
        effect +=
            (size > 0.9 ? 4 * (size - 0.9) : 0.02 * (size - 0.5)) * (hs_random_uniform(4, task, head) > 0.3 ? -1 : 1);
        taken *= 1 - size;
    }
    if (sets->order[set] == 2)
        effect -= 0.2 * taken;
    return (float)((metric == 1 ? 0.8 + 0.05 * effect : 2 + effect) + (metric == 1 ? 0.02 : 0.1) * noise +
                   0.1 * (double)(example % 3));
}

static hs_status write_values(hs_results *results, size_t n_heads, hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(results);
    float values[N_EXAMPLES * N_METRICS];

    for (uint32_t task = 0; task < 2; ++task)
        for (uint64_t set = 0; set < sets->n_sets; ++set) {
            for (size_t i = 0; i < N_EXAMPLES * N_METRICS; ++i)
                values[i] = value_of(sets, n_heads, set, task, i / N_METRICS, i % N_METRICS);
            HS_TRY(hs_results_write_cell(results, (hs_cell){task, 0, set}, values, error));
        }
    return HS_OK;
}

int main(int argc, char **argv)
{
    static const uint64_t shard_first[] = {0, N_EXAMPLES}, lines[N_EXAMPLES] = {1, 2, 3, 4, 5, 6, 7, 8};
    static const char *const interventions[] = {"zero"};
    const size_t n_layers = argc > 3 ? strtoul(argv[2], NULL, 10) : 12,
                 n_heads = argc > 3 ? strtoul(argv[3], NULL, 10) : 12;
    hs_results_task tasks[2];
    hs_error error = {0};
    hs_sets sets = {.n_interventions = 1, .intervention_names = interventions};
    hs_comm *comm = NULL;
    hs_results *results = NULL;
    hs_analysis *analysis = NULL;

    if (argc < 2)
        return EXIT_FAILURE;
    for (size_t i = 0; i < 2; ++i)
        tasks[i] = (hs_results_task){.name = i == 0 ? "toxicity" : "accuracy",
                                     .kind = i == 0 ? "contrast" : "multiple_choice",
                                     .n_examples = N_EXAMPLES,
                                     .n_metrics = N_METRICS,
                                     .metrics = metrics,
                                     .n_shards = 1,
                                     .shard_first = shard_first,
                                     .example_line = lines};
    REQUIRE(fill_sets(n_layers, n_heads, &sets, &error));
    const hs_results_layout layout = {.experiment_hash = 1,
                                      .experiment = experiment,
                                      .n_experiment = sizeof experiment / sizeof *experiment,
                                      .provenance = provenance,
                                      .n_provenance = sizeof provenance / sizeof *provenance,
                                      .sets = sets,
                                      .tasks = tasks,
                                      .n_tasks = 2};
    REQUIRE(hs_comm_new(&comm, &error));
    REQUIRE(hs_results_create(argv[1], &layout, &error));
    REQUIRE(hs_results_open_parallel(comm, argv[1], &results, &error));
    REQUIRE(write_values(results, n_heads, &error));
    REQUIRE(hs_analysis_new(results, comm, NULL, &analysis, &error));
    REQUIRE(hs_analysis_store(analysis, results, &error));
    hs_analysis_free(analysis);
    REQUIRE(hs_results_close(results, &error));
    hs_comm_free(comm);
    hs_sets_clear(&sets);
    return EXIT_SUCCESS;
}
