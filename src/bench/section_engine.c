/* How much work the engine saves, and how close it comes to what the machine can do. */
#include "bench/sections.h"
#include "headsweep/blas.h"

/* The product whose rate counts as the machine's: a batch of rows through the first matrix of GPT-2-small's MLP. */
enum { SGEMM_ROWS = 1024, SGEMM_DEPTH = 768, SGEMM_COLUMNS = 3072 };

/* All sets of an order are only counted; of the pairs a part that takes about a minute is run. */
static const bench_sample all_singles = {.order = 1, .n_prompts = BENCH_PROMPTS, .prompts_a_shard = BENCH_PROMPTS};
static const bench_sample all_pairs = {.order = 2, .n_prompts = BENCH_PROMPTS, .prompts_a_shard = BENCH_PROMPTS};
static const bench_sample timed_pairs = {.order = 2, .heads_a_layer = 2, .n_prompts = 16, .prompts_a_shard = 16};

/* stories260K: matrices so small that what lies between the products shows. */
static const hs_bench_shape tiny_shape = {.n_layers = 5,
                                          .n_heads = 8,
                                          .width = 64,
                                          .vocabulary = 512,
                                          .n_tokens = 200,
                                          .family = HS_BENCH_LLAMA,
                                          .n_kv_heads = 4,
                                          .mlp_width = 172};
static const bench_sample tiny_pairs = {.order = 2, .heads_a_layer = 4, .n_prompts = 16, .prompts_a_shard = 16};

/* A sample of the experiment, open. */
typedef struct opened {
    hs_experiment *experiment;
    hs_study *study;
    hs_study_cost cost; /* counted */
} opened;

static void close_sample(opened *o)
{
    hs_study_free(o->study);
    hs_config_free(o->experiment);
    *o = (opened){0};
}

/*
 * As `run` opens an experiment, from the file that `bench --inputs` writes, so that what is
 * measured is what users run.
 */
static hs_status open_sample(const bench_place *bench, hs_comm *comm, const bench_sample *sample, opened *o,
                             hs_error *error)
{
    const bench_overrides overrides = hs__bench_sample_overrides(sample, &bench->setup.shape);
    const char *list[BENCH_OVERRIDES];
    char *path = hs_path_join(bench->folder, HS_BENCH_EXPERIMENT, error);
    hs_status status = path != NULL ? HS_OK : hs_error_status(error);

    *o = (opened){0};
    for (size_t i = 0; i < BENCH_OVERRIDES; ++i)
        list[i] = overrides.text[i];
    if (status == HS_OK)
        status = hs_config_load(path, list, BENCH_OVERRIDES, &o->experiment, error);
    if (status == HS_OK)
        status = hs_study_open(comm, o->experiment, &o->study, error);
    if (status == HS_OK)
        status = hs_study_count_cost(o->study, &o->cost, error);
    hs_free(path);
    if (status != HS_OK)
        close_sample(o);
    return status;
}

static hs_status print_ratio(const bench_place *bench, hs_comm *comm, const char *key, const bench_sample *sample,
                             hs_error *error)
{
    opened o;

    HS_TRY(open_sample(bench, comm, sample, &o, error));
    printf("%s = %.3f  # %.4g naive / %.4g executed, %zu sets\n", key, o.cost.flops_naive / o.cost.flops_executed,
           o.cost.flops_naive, o.cost.flops_executed, o.study->space.n_sets);
    fflush(stdout);
    close_sample(&o);
    return HS_OK;
}

/* A whole sweep of the study, results file included. */
static hs_status run_sweep(hs_comm *comm, hs_study *study, const char *path, hs_run_report *report, hs_error *error)
{
    const hs_run_options options = {.scheduler = study->experiment->scheduler,
                                    .max_lease_groups = (uint64_t)study->experiment->max_lease_groups};
    const hs_results_layout *layout;
    hs_evaluator evaluator = {0};
    hs_results *results = NULL;
    hs_status status;

    HS_GOTO_DONE(hs_study_layout(study, "", "headsweep bench", 1, &layout, error));
    HS_GOTO_DONE(hs_results_create(path, layout, error));
    HS_GOTO_DONE(hs_results_open_parallel(comm, path, &results, error));
    HS_GOTO_DONE(hs_study_evaluator(study, &evaluator, error));
    HS_GOTO_DONE(hs_sweep_run(comm, &study->plan, results, true, &evaluator, &options, report, error));
done:
    hs_study_evaluator_clear(&evaluator);
    return hs_results_close_after(results, status, error);
}

/* The product is timed before and after, because a processor's clock changes under load; the faster one counts. */
static hs_status measure_share(hs_comm *comm, const opened *o, const char *path, double *sgemm_rate,
                               hs_run_report *report, hs_error *error)
{
    double before, after;

    HS_TRY(hs_blas_sgemm_rate(SGEMM_ROWS, SGEMM_DEPTH, SGEMM_COLUMNS, &before, error));
    HS_TRY(run_sweep(comm, o->study, path, report, error));
    HS_TRY(hs_blas_sgemm_rate(SGEMM_ROWS, SGEMM_DEPTH, SGEMM_COLUMNS, &after, error));
    *sgemm_rate = before > after ? before : after;
    return HS_OK;
}

/* `prefix` goes before every key. */
static hs_status print_share(const bench_place *bench, hs_comm *comm, const char *prefix, const bench_sample *sample,
                             hs_error *error)
{
    opened o = {0};
    hs_run_report report = {0};
    char *path = hs_path_join(bench->folder, "engine.h5", error);
    char text[128];
    double sgemm_rate = 0;
    hs_status status = path != NULL ? HS_OK : hs_error_status(error);

    if (status == HS_OK)
        status = open_sample(bench, comm, sample, &o, error);
    if (status == HS_OK) {
        printf("%ssgemm_sample = %s\n", prefix,
               hs__bench_sample_describe(sample, &bench->setup.shape, text, sizeof text));
        fflush(stdout);
        status = measure_share(comm, &o, path, &sgemm_rate, &report, error);
    }
    if (status == HS_OK) {
        double sweep_rate = o.cost.flops_executed / report.seconds;
        printf("%ssweep_seconds = %.3g\n", prefix, report.seconds);
        printf("%ssweep_flops_executed = %.4g\n", prefix, o.cost.flops_executed);
        printf("%ssweep_gflops = %.4g\n", prefix, sweep_rate * 1e-9);
        printf("%ssgemm_gflops = %.4g  # %d x %d x %d\n", prefix, sgemm_rate * 1e-9, SGEMM_ROWS, SGEMM_DEPTH,
               SGEMM_COLUMNS);
        printf("%ssgemm_share = %.3g\n", prefix, sweep_rate / sgemm_rate);
        fflush(stdout);
    }
    close_sample(&o);
    hs_free(path);
    return status;
}

static hs_status print_tiny_share(const bench_place *bench, hs_comm *comm, hs_error *error)
{
    bench_place tiny = {.setup = {.shape = tiny_shape, .log = bench->setup.log}};

    HS_TRY(hs__bench_make_inputs(&tiny, error));
    printf("tiny_shape = Llama, %zu layers, %zu heads on %zu, width %zu, vocabulary %zu, prompts of %zu tokens\n",
           tiny_shape.n_layers, tiny_shape.n_heads, tiny_shape.n_kv_heads, tiny_shape.width, tiny_shape.vocabulary,
           tiny_shape.n_tokens);
    hs_status status = print_share(&tiny, comm, "tiny_", &tiny_pairs, error);
    hs__bench_remove_inputs(&tiny);
    return status;
}

hs_status hs__bench_engine(const bench_place *bench, hs_error *error)
{
    hs_comm *comm = NULL;
    hs_status status;

    HS_GOTO_DONE(hs_comm_new(&comm, error));
    printf("flops_prompts = %d\n", BENCH_PROMPTS);
    HS_GOTO_DONE(print_ratio(bench, comm, "flops_ratio_pairs", &all_pairs, error));
    HS_GOTO_DONE(print_ratio(bench, comm, "flops_ratio_singles", &all_singles, error));
    HS_GOTO_DONE(print_share(bench, comm, "", &timed_pairs, error));
    HS_GOTO_DONE(print_tiny_share(bench, comm, error));
done:
    hs_comm_free(comm);
    return status;
}
