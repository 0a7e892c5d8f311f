/* hidden: one product or two, and the activation. */
#include "engine/hidden.h"
#include "engine/kernels.h"
#include "engine/linear.h"

struct activation {
    const struct hs_work *work;
    hs_activation function;
    bool is_gated;
};

/* Of gated MLPs the gate, which is multiplied in. */
static void activate_share(void *context, hs_share floats, size_t part)
{
    const struct activation *activation = context;
    const struct hs_kernels *kernels = activation->work->device->kernels;
    float *hidden = activation->work->hidden + floats.first;
    float *gate = activation->is_gated ? activation->work->gate + floats.first : NULL;
    size_t n = floats.end - floats.first;
    (void)part;
    hs__engine_activate(kernels, gate != NULL ? gate : hidden, n, activation->function);
    if (gate != NULL)
        kernels->multiply(hidden, gate, n);
}

hs_status hs__engine_fill_hidden(const struct hs_work *work, const float *in, size_t n_rows, const hs_linear *gate,
                                 const hs_linear *up, const hs_model_shape *shape, hs_error *error)
{
    struct activation activation = {work, shape->activation, shape->gated_mlp};
    size_t n = n_rows * up->n_out;
    hs__engine_linear_apply(work->device, work->hidden, up->n_out, in, n_rows, up);
    HS_TRY(hs__engine_poll(work->options, error));
    if (shape->gated_mlp)
        hs__engine_linear_apply(work->device, work->gate, up->n_out, in, n_rows, gate);
    hs__engine_share(work->device, n, HS_SHARE_FLOATS, (double)n, activate_share, &activation);
    return shape->gated_mlp ? hs__engine_poll(work->options, error) : HS_OK;
}
