/* Tokens a second of generation under pairs, and how close it comes to what the machine can do. */
#include "bench/sections.h"
#include "headsweep/blas.h"

/*
 * The setting of most published toxicity results (Gehman et al. 2020, arXiv:2009.11462): 25 continuations of up to 20
 * tokens, top-p 0.9. The pairs are those of the first head of every layer.
 */
enum { N_SAMPLES = 25, NEW_TOKENS = 20, SGEMM_ROWS = 1024 };
static const double top_p = 0.9;

/* A call of hs_engine_generate on a checkpoint, and all it borrows. */
typedef struct generation {
    hs_model *model;
    float *arena;
    hs_engine *engine;
    hs_sampling sampling;
    hs_workload prompts;
    size_t *offsets;
    int32_t *tokens;
    uint64_t *keys;
    hs_component (*pairs)[2];
    hs_ablation *ablations;
    size_t n_ablations;
    int32_t *tokens_out;
} generation;

static void generation_clear(generation *g)
{
    hs_engine_free(g->engine);
    hs_model_free(g->model);
    hs_free(g->arena);
    hs_free(g->offsets);
    hs_free(g->tokens);
    hs_free(g->keys);
    hs_free(g->pairs);
    hs_free(g->ablations);
    hs_free(g->tokens_out);
}

static hs_status open_model(generation *g, const char *folder, hs_error *error)
{
    const hs_engine_options options = {.kind = HS_ENGINE_PREFIX};

    HS_TRY(hs_model_open(folder, &g->model, error));
    HS_TRY(hs_allocate(&g->arena, hs_model_arena_bytes(g->model), 1, "weights", error));
    HS_TRY(hs_model_load(g->model, g->arena, 0, 1, error));
    return hs_engine_new(g->model, &options, &g->engine, error);
}

static hs_status draw_prompts(generation *g, size_t n_prompts, size_t n_tokens, hs_error *error)
{
    HS_TRY(hs_allocate(&g->offsets, n_prompts + 1, sizeof *g->offsets, "prompts", error));
    HS_TRY(hs_allocate(&g->tokens, n_prompts, n_tokens * sizeof *g->tokens, "prompts", error));
    HS_TRY(hs_allocate(&g->keys, n_prompts, sizeof *g->keys, "prompts", error));
    for (size_t prompt = 0; prompt < n_prompts; ++prompt) {
        g->keys[prompt] = prompt;
        g->offsets[prompt + 1] = (prompt + 1) * n_tokens;
        for (size_t i = 0; i < n_tokens; ++i)
            g->tokens[prompt * n_tokens + i] = (int32_t)hs_random_below(1, prompt, i, g->model->shape.vocabulary);
    }
    g->prompts.sequences = (hs_sequences){.n = n_prompts, .offsets = g->offsets, .tokens = g->tokens};
    return HS_OK;
}

/* One head in each of two layers is enough: the cost of a pair depends on its layers. */
static hs_status list_pairs(generation *g, hs_error *error)
{
    const size_t n = g->model->shape.n_layers;

    HS_TRY(hs_allocate(&g->pairs, n * (n - 1) / 2, sizeof *g->pairs, "pairs", error));
    HS_TRY(hs_allocate(&g->ablations, n * (n - 1) / 2, sizeof *g->ablations, "pairs", error));
    for (size_t i = 0; i < n; ++i) {
        for (size_t j = i + 1; j < n; ++j) {
            hs_component *pair = g->pairs[g->n_ablations];
            pair[0] = (hs_component){HS_COMPONENT_HEAD, (int32_t)i, 0};
            pair[1] = (hs_component){HS_COMPONENT_HEAD, (int32_t)j, 0};
            g->ablations[g->n_ablations++] = (hs_ablation){pair, 2, {HS_INTERVENTION_ZERO, 0}};
        }
    }
    return HS_OK;
}

static hs_status prepare(generation *g, const bench_place *bench, hs_error *error)
{
    const char *folder = bench->setup.checkpoint != NULL ? bench->setup.checkpoint : bench->folder;

    g->sampling = (hs_sampling){
        .n_samples = N_SAMPLES, .max_new_tokens = NEW_TOKENS, .temperature = 1, .top_p = top_p, .seed = 1};
    HS_TRY(open_model(g, folder, error));
    HS_TRY(draw_prompts(g, 1, bench->setup.shape.n_tokens, error));
    HS_TRY(list_pairs(g, error));
    return hs_allocate(&g->tokens_out, g->n_ablations, N_SAMPLES * NEW_TOKENS * sizeof *g->tokens_out, "tokens", error);
}

static hs_status measure(const generation *g, double *seconds, hs_error *error)
{
    double start = hs_time_seconds();

    HS_TRY(hs_engine_generate(g->engine, &g->prompts, g->keys, &g->sampling, g->ablations, g->n_ablations,
                              g->tokens_out, error));
    *seconds = hs_time_seconds() - start;
    return HS_OK;
}

/* The rate is that of the largest product of decoding: the unembedding's. */
static hs_status print_figures(const generation *g, hs_error *error)
{
    const hs_model_shape *shape = &g->model->shape;
    const double n_tokens = (double)(g->n_ablations * N_SAMPLES * NEW_TOKENS);
    hs_engine_cost cost;
    double seconds, sgemm_rate;

    HS_TRY(
        hs_engine_count_generation(g->engine, &g->prompts, &g->sampling, g->ablations, g->n_ablations, &cost, error));
    HS_TRY(measure(g, &seconds, error));
    HS_TRY(hs_blas_sgemm_rate(SGEMM_ROWS, shape->width, shape->vocabulary, &sgemm_rate, error));
    printf("generate_pairs = %zu\ngenerate_samples = %d\ngenerate_new_tokens = %d\n", g->n_ablations, N_SAMPLES,
           NEW_TOKENS);
    printf("generate_seconds = %.4g\ntokens_per_second = %.4g\n", seconds, n_tokens / seconds);
    printf("generate_gflops = %.4g  # %.4g counted\n", cost.flops_of_group / seconds * 1e-9, cost.flops_of_group);
    printf("generate_sgemm_gflops = %.4g  # %d x %zu x %zu\n", sgemm_rate * 1e-9, SGEMM_ROWS, shape->width,
           shape->vocabulary);
    printf("generate_sgemm_share = %.3g\n", cost.flops_of_group / seconds / sgemm_rate);
    printf("generate_flops_ratio = %.3f  # %.4g naive\n", cost.flops_naive / cost.flops_of_group, cost.flops_naive);
    printf("generate_memory_bytes = %zu\n", cost.memory_bytes);
    return HS_OK;
}

hs_status hs__bench_generate(const bench_place *bench, hs_error *error)
{
    generation g = {0};
    hs_status status = prepare(&g, bench, error);

    if (status == HS_OK && g.n_ablations == 0)
        status = hs_fail(error, HS_ERROR_USAGE, "bench generate needs two layers at least");
    if (status == HS_OK)
        status = print_figures(&g, error);
    generation_clear(&g);
    return status;
}
