/* Blocks for lists of buffers. */
#include "engine/buffers.h"

#include <string.h>

enum { ALIGNMENT = 64 };

size_t hs__engine_multiply_sizes(size_t a, size_t b)
{
    size_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

size_t hs__engine_add_sizes(size_t a, size_t b)
{
    size_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

static size_t aligned_bytes(size_t n_bytes)
{
    size_t padded = hs__engine_add_sizes(n_bytes, ALIGNMENT - 1);
    return padded == SIZE_MAX ? SIZE_MAX : padded / ALIGNMENT * ALIGNMENT;
}

static size_t count_bytes(const struct hs_buffer *buffers, size_t n, bool on_host)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        if (buffers[i].on_host == on_host)
            total = hs__engine_add_sizes(total, aligned_bytes(buffers[i].n_bytes));
    return total;
}

size_t hs__engine_buffers_bytes(const struct hs_buffer *buffers, size_t n)
{
    return hs__engine_add_sizes(count_bytes(buffers, n, false), count_bytes(buffers, n, true));
}

/* One after the other from `position` on. */
static void place(const struct hs_buffer *buffers, size_t n, bool on_host, char *position)
{
    for (size_t i = 0; i < n; i++) {
        if (buffers[i].on_host != on_host)
            continue;
        memcpy(buffers[i].pointer_address, &position, sizeof position);
        position += aligned_bytes(buffers[i].n_bytes);
    }
}

hs_status hs__engine_buffers_allocate(struct hs_memory *memory_out, const struct hs_device *device,
                                      const struct hs_buffer *buffers, size_t n, const char *what, hs_error *error)
{
    *memory_out = (struct hs_memory){.device = device};
    HS_TRY(device->allocate(&memory_out->on_device, count_bytes(buffers, n, false), 1, what, error));
    HS_TRY(hs_allocate(&memory_out->on_host, count_bytes(buffers, n, true), 1, what, error));
    place(buffers, n, false, memory_out->on_device);
    place(buffers, n, true, memory_out->on_host);
    return HS_OK;
}

void hs__engine_buffers_release(struct hs_memory *memory)
{
    if (memory->device != NULL)
        memory->device->release(memory->on_device);
    hs_free(memory->on_host);
    *memory = (struct hs_memory){0};
}
