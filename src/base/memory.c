/*
 * memory: zeroed blocks at 64-byte boundaries, arrays that grow, and how much the process has
 * used.
 */
#include "headsweep/base.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64, SMALLEST_CAPACITY = 8 };

hs_status hs_allocate(void *pointer_out, size_t count, size_t size, const char *what, hs_error *error)
{
    /* The caller's variable is a `T *` and not a `void *`: only its bytes may be written. */
    void *pointer = NULL;
    memcpy(pointer_out, &pointer, sizeof pointer);
    if (size > 0 && count > PTRDIFF_MAX / size)
        return hs_fail(error, HS_ERROR_MEMORY, "%s: %zu elements of %zu bytes are more than any memory holds", what,
                       count, size);
    size_t n_bytes = count * size;
    if (posix_memalign(&pointer, ALIGNMENT, n_bytes > 0 ? n_bytes : 1) != 0)
        return hs_fail(error, HS_ERROR_MEMORY, "%s: no memory for %zu bytes", what, n_bytes);
    memset(pointer, 0, n_bytes > 0 ? n_bytes : 1);
    memcpy(pointer_out, &pointer, sizeof pointer);
    return HS_OK;
}

/* Linux knows it of this program alone; getrusage() counts what the process was before it became this program too. */
size_t hs_peak_memory_bytes(void)
{
    size_t kibibytes = 0;
    char line[128];
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && kibibytes == 0 && fgets(line, sizeof line, file) != NULL)
        (void)sscanf(line, "VmHWM: %zu kB", &kibibytes);
    if (file != NULL)
        (void)fclose(file);
    return kibibytes * 1024;
}

void hs_free(void *pointer)
{
    free(pointer);
}

static size_t grown_capacity(size_t capacity, size_t needed)
{
    size_t grown = capacity > SIZE_MAX / 2 ? SIZE_MAX : 2 * capacity;
    if (grown < SMALLEST_CAPACITY)
        grown = SMALLEST_CAPACITY;
    return grown < needed ? needed : grown;
}

/*
 * The pointer is read and written as bytes, since the caller's variable is a `T *` of any T, which
 * a `void **` must not alias.
 */
hs_status hs_reserve(void *items_inout, size_t *capacity_inout, size_t needed, size_t item_size, const char *what,
                     hs_error *error)
{
    if (needed <= *capacity_inout)
        return HS_OK;
    /* Not realloc(): it keeps neither the alignment nor the promise that new elements are zero. */
    void *grown = NULL;
    size_t capacity = grown_capacity(*capacity_inout, needed);
    HS_TRY(hs_allocate(&grown, capacity, item_size, what, error));
    void *items = NULL;
    memcpy(&items, items_inout, sizeof items);
    if (items != NULL)
        memcpy(grown, items, *capacity_inout * item_size);
    hs_free(items);
    memcpy(items_inout, &grown, sizeof grown);
    *capacity_inout = capacity;
    return HS_OK;
}
