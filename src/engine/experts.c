/* experts: the router's choice, and one MLP after another over the rows that chose it. */
#include "engine/experts.h"
#include "engine/hidden.h"
#include "engine/kernels.h"
#include "engine/linear.h"

#include <math.h>

struct choice {
    const struct hs_work *work;
    const hs_mixture *mixture;
    bool normalises;
};

/*
 * A score that is taken is lowered below all others. Without the sum over all of them those that are chosen have one.
 */
static void choose(const struct choice *choice, float *scores, uint32_t *chosen, float *shares)
{
    const hs_mixture *mixture = choice->mixture;
    size_t best = hs__engine_argmax(scores, mixture->n_experts);
    float maximum = scores[best];
    double sum = choice->normalises ? 0 : choice->work->device->kernels->sum_exp(scores, maximum, mixture->n_experts);
    for (size_t i = 0; i < mixture->n_chosen; i++) {
        best = hs__engine_argmax(scores, mixture->n_experts);
        chosen[i] = (uint32_t)best;
        shares[i] = (float)exp((double)scores[best] - (double)maximum);
        sum += choice->normalises ? (double)shares[i] : 0;
        scores[best] = -INFINITY;
    }
    for (size_t i = 0; i < mixture->n_chosen; i++)
        shares[i] = (float)((double)shares[i] / sum);
}

static void choose_rows(void *context, hs_share rows, size_t part)
{
    const struct choice *choice = context;
    const struct hs_expert_work *work = &choice->work->experts;
    (void)part;
    for (size_t row = rows.first; row < rows.end; row++)
        choose(choice, work->scores + row * choice->mixture->n_experts, work->chosen + row * choice->mixture->n_chosen,
               work->shares + row * choice->mixture->n_chosen);
}

static hs_status route(const float *in, size_t n_rows, const hs_mixture *mixture, const hs_model_shape *shape,
                       const struct hs_work *work, hs_error *error)
{
    struct choice choice = {work, mixture, shape->normalises_shares};
    hs__engine_linear_apply(work->device, work->experts.scores, mixture->n_experts, in, n_rows, &mixture->router);
    HS_TRY(hs__engine_poll(work->options, error));
    hs__engine_share(work->device, n_rows, 1, (double)(n_rows * mixture->n_experts * mixture->n_chosen), choose_rows,
                     &choice);
    return HS_OK;
}

/* Places among the choices, ascending, at which rows chose the expert. */
static size_t list_places(const struct hs_expert_work *work, size_t n_choices, size_t expert)
{
    size_t n = 0;
    for (size_t i = 0; i < n_choices; i++)
        if (work->chosen[i] == expert)
            work->places[n++] = (uint32_t)i;
    return n;
}

struct rows {
    const struct hs_work *work;
    size_t n_chosen;
    size_t width;
    const float *in; /* of all rows */
    float *out;
};

static void gather_rows(void *context, hs_share places, size_t part)
{
    const struct rows *rows = context;
    const struct hs_expert_work *work = &rows->work->experts;
    (void)part;
    for (size_t i = places.first; i < places.end; i++)
        hs_copy_floats(rows->work->device->kernels, work->in + i * rows->width,
                       rows->in + work->places[i] / rows->n_chosen * rows->width, rows->width);
}

/* No row chooses an expert twice, so that parts write to rows of their own. */
static void scatter_rows(void *context, hs_share places, size_t part)
{
    const struct rows *rows = context;
    const struct hs_expert_work *work = &rows->work->experts;
    (void)part;
    for (size_t i = places.first; i < places.end; i++)
        rows->work->device->kernels->scale_and_shift(rows->out + work->places[i] / rows->n_chosen * rows->width, 1.0f,
                                                     work->out + i * rows->width, work->shares[work->places[i]],
                                                     rows->width);
}

static hs_status run_expert(struct rows *rows, size_t n, const hs_expert *expert, const hs_model_shape *shape,
                            hs_error *error)
{
    const struct hs_work *work = rows->work;
    double n_floats = (double)(n * rows->width);
    hs__engine_share(work->device, n, 1, n_floats, gather_rows, rows);
    HS_TRY(hs__engine_fill_hidden(work, work->experts.in, n, &expert->gate, &expert->up, shape, error));
    hs__engine_linear_apply(work->device, work->experts.out, rows->width, work->hidden, n, &expert->down);
    hs__engine_share(work->device, n, 1, n_floats, scatter_rows, rows);
    return hs__engine_poll(work->options, error);
}

/* Expert after expert in their order, so that a row's sum has one order whoever chose what. */
hs_status hs__engine_add_experts(float *out, const float *in, size_t n_rows, const hs_mixture *mixture,
                                 const hs_model_shape *shape, const struct hs_work *work, hs_error *error)
{
    struct rows rows = {work, mixture->n_chosen, shape->width, in, out};
    HS_TRY(route(in, n_rows, mixture, shape, work, error));
    for (size_t expert = 0; expert < mixture->n_experts; expert++) {
        size_t n = list_places(&work->experts, n_rows * mixture->n_chosen, expert);
        if (n > 0)
            HS_TRY(run_expert(&rows, n, &mixture->experts[expert], shape, error));
    }
    return HS_OK;
}

double hs__engine_experts_flops(const hs_mixture *mixture)
{
    const hs_expert *expert = mixture->experts;
    if (mixture->n_experts == 0)
        return 0;
    return hs__engine_linear_flops(&mixture->router) +
           (double)mixture->n_chosen * (hs__engine_linear_flops(&expert->gate) + hs__engine_linear_flops(&expert->up) +
                                        hs__engine_linear_flops(&expert->down));
}

size_t hs__engine_list_expert_buffers(struct hs_buffer *list, struct hs_work *work, const hs_model_shape *shape,
                                      size_t block_rows)
{
    struct hs_expert_work *experts = &work->experts;
    size_t n = 0;
    if (shape->n_experts == 0)
        return 0;
    list[n++] = HS_BUFFER(experts->scores, block_rows, shape->n_experts);
    list[n++] = HS_BUFFER(experts->in, block_rows, shape->width);
    list[n++] = HS_BUFFER(experts->out, block_rows, shape->width);
    list[n++] = HS_HOST_BUFFER(experts->shares, block_rows, shape->n_chosen_experts);
    list[n++] = HS_HOST_BUFFER(experts->chosen, block_rows, shape->n_chosen_experts);
    list[n++] = HS_HOST_BUFFER(experts->places, block_rows, 1);
    return n;
}
