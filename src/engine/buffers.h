/*
 * buffers: the memory of a pass, in one block for each side: rows of activations, which come from the device, and
 * what the walk itself reads and writes, which is the host's.
 *
 * A pass lists its buffers in one place, with sizes that follow from shapes. What is promised and what is allocated
 * come from the same list.
 */
#ifndef HEADSWEEP_ENGINE_BUFFERS_H
#define HEADSWEEP_ENGINE_BUFFERS_H

#include "engine/device.h"

/* A place in a block: the address of the pointer to it, and how long it is. */
struct hs_buffer {
    void *pointer_address;
    size_t n_bytes;
    bool on_host;
};

#define HS_BUFFER_BYTES(pointer, n_rows, n_columns) \
    hs__engine_multiply_sizes(sizeof *(pointer), hs__engine_multiply_sizes(n_rows, n_columns))
#define HS_BUFFER(pointer, n_rows, n_columns) \
    ((struct hs_buffer){&(pointer), HS_BUFFER_BYTES(pointer, n_rows, n_columns), false})
#define HS_HOST_BUFFER(pointer, n_rows, n_columns) \
    ((struct hs_buffer){&(pointer), HS_BUFFER_BYTES(pointer, n_rows, n_columns), true})

/* The blocks; zeros: none. */
struct hs_memory {
    const struct hs_device *device;
    void *on_device;
    void *on_host;
};

/* SIZE_MAX where the product or sum is more than any memory holds. */
size_t hs__engine_multiply_sizes(size_t a, size_t b);
size_t hs__engine_add_sizes(size_t a, size_t b);
/* What hs__engine_buffers_allocate allocates, on both sides; SIZE_MAX if that is more than any memory holds. */
size_t hs__engine_buffers_bytes(const struct hs_buffer *buffers, size_t n);
/* Zeroed, every buffer aligned to 64 bytes; release it, after a failure too. */
hs_status hs__engine_buffers_allocate(struct hs_memory *memory_out, const struct hs_device *device,
                                      const struct hs_buffer *buffers, size_t n, const char *what, hs_error *error);
void hs__engine_buffers_release(struct hs_memory *memory);

#endif
