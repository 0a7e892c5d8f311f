/* Loops over rows and columns, cut among the threads of a rank. */
#include "engine/device.h"

/* What is less than this takes about as long as waking the other threads does. */
#define LEAST_FLOATS 32768.0

struct loop {
    size_t n_items;
    size_t grain;
    size_t n_parts;
    hs_share_body *body;
    void *context;
};

static void run_part(void *context, size_t i)
{
    const struct loop *loop = context;
    hs_share share = hs_threads_share(loop->n_items, loop->grain, i, loop->n_parts);
    if (share.first < share.end)
        loop->body(loop->context, share, i);
}

void hs__engine_share(const struct hs_device *device, size_t n_items, size_t grain, double n_floats,
                      hs_share_body *body, void *context)
{
    struct loop loop = {n_items, grain, hs_threads_count(device->threads), body, context};
    if (loop.n_parts > 1 && n_items > grain && n_floats >= LEAST_FLOATS)
        hs_threads_run(device->threads, run_part, &loop);
    else if (n_items > 0)
        body(context, (hs_share){0, n_items}, 0);
}

struct pair {
    const struct hs_kernels *kernels;
    float *out;
    const float *in;
};

static void copy_share(void *context, hs_share floats, size_t part)
{
    const struct pair *copy = context;
    (void)part;
    hs_copy_floats(copy->kernels, copy->out + floats.first, copy->in + floats.first, floats.end - floats.first);
}

void hs__engine_copy(const struct hs_device *device, float *out, const float *in, size_t n)
{
    struct pair copy = {device->kernels, out, in};
    hs__engine_share(device, n, HS_SHARE_FLOATS, (double)n, copy_share, &copy);
}

static void add_share(void *context, hs_share floats, size_t part)
{
    const struct pair *sum = context;
    (void)part;
    sum->kernels->add(sum->out + floats.first, sum->in + floats.first, floats.end - floats.first);
}

void hs__engine_add(const struct hs_device *device, float *out, const float *in, size_t n)
{
    struct pair sum = {device->kernels, out, in};
    hs__engine_share(device, n, HS_SHARE_FLOATS, (double)n, add_share, &sum);
}
