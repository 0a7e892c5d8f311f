/*
 * selftest: two checks at every start, on a few rows: the heads' shares add up to attention's
 * output, and the empty set gives the clean model bit for bit.
 */
#include "engine/state.h"
#include "engine/workload.h"
#include "headsweep/engine.h"

#include <math.h>
#include <string.h>

static const double SHARE_TOLERANCE = 1e-4; /* of the layer's largest value */
enum { MAX_CHECKED_ROWS = 8 };

struct share_check {
    const hs_model *model;
    float *kept; /* z of the checked rows, from the same layer's earlier site: [n_checked, n_heads * head_dim] */
    size_t n_checked;
};

/* Row i of the few that are checked, spread evenly over all rows. */
static size_t checked_row(size_t i, size_t n_checked, size_t n_rows)
{
    return i * n_rows / n_checked;
}

static void keep_checked_rows(struct share_check *check, const hs_observation *observation)
{
    size_t n = observation->n_columns;
    for (size_t i = 0; i < check->n_checked; i++)
        memcpy(check->kept + i * n, observation->values + checked_row(i, check->n_checked, observation->n_rows) * n,
               n * sizeof(float));
}

static double weight_at(const hs_linear *linear, size_t in, size_t out)
{
    return (double)linear->values[linear->transposed ? out * linear->stride + in : in * linear->stride + out];
}

/* scale (b_O + sum over heads of z_h W_O,h) in one column, head by head. */
static double sum_shares(const hs_model *model, size_t layer, const float *z, size_t column)
{
    const hs_linear *output = &model->layers[layer].output;
    double sum = output->bias == NULL ? 0.0 : (double)output->bias[column];
    for (size_t head = 0; head < model->shape.n_heads; head++) {
        double share = 0;
        for (size_t d = head * model->shape.head_dim; d < (head + 1) * model->shape.head_dim; d++)
            share += (double)z[d] * weight_at(output, d, column);
        sum += share;
    }
    return (double)output->scale * sum;
}

/*
 * Against sums in double, with a tolerance for the single precision of the product. A wrong layout
 * of the heads' columns fails this by orders of magnitude.
 */
static hs_status compare_shares(const struct share_check *check, const hs_observation *observation, hs_error *error)
{
    size_t n_columns = check->model->shape.n_heads * check->model->shape.head_dim;
    double largest = 0;
    double difference = 0;
    for (size_t i = 0; i < check->n_checked; i++) {
        const float *output =
            observation->values + checked_row(i, check->n_checked, observation->n_rows) * observation->n_columns;
        for (size_t column = 0; column < observation->n_columns; column++) {
            double sum = sum_shares(check->model, observation->layer, check->kept + i * n_columns, column);
            largest = fmax(largest, fabs(sum));
            /* Written so that a difference that is not a number stays. */
            if (!(fabs(sum - (double)output[column]) <= difference))
                difference = fabs(sum - (double)output[column]);
        }
    }
    if (!(difference <= SHARE_TOLERANCE * largest))
        return hs_fail(error, HS_ERROR_NUMERIC,
                       "self-test: in layer %zu the heads' shares add up to something that differs by %.3g from the "
                       "attention's output, whose largest value is %.3g",
                       observation->layer, difference, largest);
    return HS_OK;
}

static hs_status check_layer(void *context, const hs_observation *observation, hs_error *error)
{
    struct share_check *check = context;
    if (observation->site == HS_SITE_ATTENTION_OUTPUT)
        return compare_shares(check, observation, error);
    keep_checked_rows(check, observation);
    return HS_OK;
}

/* Observed rather than recomputed: what is checked are the numbers that a sweep uses. */
static hs_status check_shares(hs_engine *engine, const hs_sequences *sequences, hs_error *error)
{
    const hs_model_shape *shape = &engine->model->shape;
    size_t n_rows = hs_sequences_n_rows(sequences);
    struct share_check check = {
        .model = engine->model,
        .n_checked = n_rows < MAX_CHECKED_ROWS ? n_rows : MAX_CHECKED_ROWS,
    };
    hs_observer observer = {
        .sites = 1u << HS_SITE_Z | 1u << HS_SITE_ATTENTION_OUTPUT, .context = &check, .observe = check_layer};
    HS_TRY(hs_allocate(&check.kept, check.n_checked * shape->n_heads, shape->head_dim * sizeof(float), "self-test",
                       error));
    hs_status status = hs_engine_observe(engine, sequences, NULL, &observer, error);
    hs_free(check.kept);
    return status;
}

/* Clean answers, then clean answers again with the first head zeroed in between: nothing may be left behind. */
static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/*
 * With another set in between, since what is left behind in a buffer shows only in what comes
 * after it.
 */
static hs_status evaluate_around(hs_engine *engine, hs_prepared *prepared, size_t n_queries, double *answers,
                                 hs_error *error)
{
    const hs_component first_head = {HS_COMPONENT_HEAD, 0, 0};
    const hs_ablation ablations[] = {
        {.n_components = 0},
        {&first_head, 1, {HS_INTERVENTION_ZERO, 0.0f}},
        {.n_components = 0},
    };
    HS_TRY(hs_engine_evaluate(engine, prepared, ablations, 3, answers, error));
    for (size_t i = 0; i < n_queries; i++) {
        const double again = answers[2 * n_queries + i];
        if (bits_of(answers[i]) != bits_of(again))
            return hs_fail(error, HS_ERROR_NUMERIC,
                           "self-test: query %zu of the empty ablation set is answered %.17g, of the clean model %.17g",
                           i, again, answers[i]);
    }
    return HS_OK;
}

static hs_status check_empty_set(hs_engine *engine, const hs_workload *workload, hs_error *error)
{
    hs_prepared *prepared = NULL;
    double *answers = NULL;
    hs_status status = HS_OK;
    HS_GOTO_DONE(hs_allocate(&answers, workload->n_queries, 3 * sizeof *answers, "self-test", error));
    HS_GOTO_DONE(hs_engine_prepare(engine, workload, &prepared, error));
    HS_GOTO_DONE(evaluate_around(engine, prepared, workload->n_queries, answers, error));
done:
    hs_engine_prepared_free(prepared);
    hs_free(answers);
    return status;
}

hs_status hs_engine_self_test(hs_engine *engine, const hs_workload *workload, hs_error *error)
{
    HS_TRY(check_empty_set(engine, workload, error));
    return check_shares(engine, &workload->sequences, error);
}
