/*
 * What the prefix engine counts is what it executes: every product that reaches BLAS is counted on its way there.
 *
 * Of a decoder's square of scores only the half that is seen is counted, while a product of several rows computes all
 * of it; so decoders are given sequences that part at every token, whose rows come one by one. Encoders see everything.
 */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "support/engine_random.h"

#include <cblas.h>
#include <dlfcn.h>

static double executed_flops; /* written by the products below, read by the test between two evaluations */

typedef void (*sgemm_function)(CBLAS_ORDER, CBLAS_TRANSPOSE, CBLAS_TRANSPOSE, int, int, int, float, const float *, int,
                               const float *, int, float, float *, int);

void cblas_sgemm(CBLAS_ORDER order, CBLAS_TRANSPOSE transposed_a, CBLAS_TRANSPOSE transposed_b, int m, int n, int k,
                 float alpha, const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc)
{
    sgemm_function real = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "cblas_sgemm");
    executed_flops += 2.0 * m * n * k;
    real(order, transposed_a, transposed_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

/*
 * All words of four letters out of two: every row but the leaves has two children. Where only scored rows are edited,
 * rows are shared by sequences that score the same ones: the last.
 */
static void add_branching_sequences(struct work *work, const hs_model_shape *shape, hs_positions positions)
{
    enum { LENGTH = 4 };
    for (size_t word = 0; word < 1u << LENGTH; word++) {
        int32_t tokens[LENGTH];
        for (size_t t = 0; t < LENGTH; t++)
            tokens[t] = (int32_t)((word >> t & 1) + 1);
        uint32_t sequence = add_sequence(work, tokens, LENGTH);
        for (size_t row = positions == HS_POSITIONS_SCORED ? LENGTH - 1 : word % 3; row < LENGTH; row++)
            add_query(work, sequence, row, HS_QUERY_LOG_PROBABILITY, (int32_t)(word % shape->n_outputs));
    }
}

static void add_whole_sequences(struct work *work, struct draw *draw, const hs_model_shape *shape)
{
    for (size_t i = 0; i < 5; i++) {
        int32_t tokens[MAX_LENGTH];
        size_t length = 1 + below(draw, MAX_LENGTH);
        fill_tokens(tokens, length, shape->vocabulary, draw->stream * 5 + i);
        add_query(work, add_sequence(work, tokens, length), 0, HS_QUERY_LOGIT, 0);
    }
}

/* The clean model, and sets whose interventions need no pass of their own before. */
static void make_own_sets(struct sets *sets, struct draw *draw, const hs_model_shape *shape)
{
    static const char *const interventions[] = {"zero", "uniform", "scale=0.5"};
    make_sets(sets, draw, shape);
    sets->ablations[0].n_components = 0;
    for (size_t i = 1; i < sets->n; i++)
        ASSERT_OK(hs_sets_intervention_parse(interventions[i % 3], &sets->ablations[i].intervention, &error));
}

static void compare(const hs_model *model, hs_positions positions, const hs_workload *workload, const struct sets *sets)
{
    hs_engine_cost cost = {0};
    hs_engine *engine = new_engine(model, (hs_engine_options){.kind = HS_ENGINE_PREFIX, .positions = positions});
    ASSERT_OK(hs_engine_count_cost(engine, workload, sets->ablations, sets->n, &cost, &error));
    executed_flops = 0;
    hs_free(evaluate(engine, workload, sets->ablations, sets->n));
    hs_engine_free(engine);
    double counted = cost.flops_of_group + cost.flops_of_workload;
    if (fabs(counted - executed_flops) > 1e-9 * executed_flops)
        fail_msg("%.17g operations were counted, %.17g executed", counted, executed_flops);
}

static void run_rounds(bool encoders, hs_positions positions, uint64_t first_stream)
{
    for (uint64_t round = first_stream; round < first_stream + 20; round++) {
        struct draw draw = {round, 0};
        struct work work = {0};
        static struct sets sets;
        loaded model = load_plain_decoder(&draw);
        const hs_model_shape *shape = &model.model->shape;
        if (encoders) {
            make_encoder(model.model, round % 2 == 0 ? HS_HEAD_MASKED_LANGUAGE_MODEL : HS_HEAD_CLASSIFIER);
            draw_factored_embeddings(model.model, round);
            add_whole_sequences(&work, &draw, shape);
        } else {
            if (round % 2 == 0)
                norm_outputs(model.model, round % 4 == 0);
            else
                draw_experts(model.model, round);
            add_branching_sequences(&work, shape, positions);
        }
        make_own_sets(&sets, &draw, shape);
        compare(model.model, positions, &work.workload, &sets);
        clear_work(&work);
        unload(&model);
    }
}

static void test_decoders(void **state)
{
    (void)state;
    run_rounds(false, HS_POSITIONS_ALL, 2100);
}

static void test_decoders_ablated_where_scored(void **state)
{
    (void)state;
    run_rounds(false, HS_POSITIONS_SCORED, 2200);
}

static void test_encoders(void **state)
{
    (void)state;
    run_rounds(true, HS_POSITIONS_ALL, 2300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoders),
        cmocka_unit_test(test_decoders_ablated_where_scored),
        cmocka_unit_test(test_encoders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
