#include "support/failing_memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

/* The names that the linker gives to the real functions and to those that stand in for them. */
int __real_posix_memalign(void **pointer_out, size_t alignment, size_t n_bytes);
void __real_free(void *pointer);
int __wrap_posix_memalign(void **pointer_out, size_t alignment, size_t n_bytes);
void __wrap_free(void *pointer);

enum { N_SLOTS = 1 << 18 };

/* Open addressing; a freed slot keeps a mark, so that later ones are still found. */
static struct {
    const void *slots[N_SLOTS];
    size_t n_live;
    size_t countdown;
    bool struck;
} memory;

static const char freed_mark;

static size_t slot_of(const void *pointer)
{
    return (size_t)(((uintptr_t)pointer >> 6) * UINT64_C(0x9E3779B97F4A7C15) >> 46) % N_SLOTS;
}

static void remember(const void *pointer)
{
    size_t slot = slot_of(pointer);

    while (memory.slots[slot] != NULL && memory.slots[slot] != &freed_mark)
        slot = (slot + 1) % N_SLOTS;
    memory.slots[slot] = pointer;
    memory.n_live++;
}

static void forget(const void *pointer)
{
    size_t slot = slot_of(pointer);

    for (size_t i = 0; i < N_SLOTS && memory.slots[slot] != NULL; i++, slot = (slot + 1) % N_SLOTS) {
        if (memory.slots[slot] == pointer) {
            memory.slots[slot] = &freed_mark;
            memory.n_live--;
            return;
        }
    }
}

int __wrap_posix_memalign(void **pointer_out, size_t alignment, size_t n_bytes)
{
    if (memory.countdown > 0 && --memory.countdown == 0) {
        memory.struck = true;
        return ENOMEM;
    }
    int code = __real_posix_memalign(pointer_out, alignment, n_bytes);
    if (code == 0)
        remember(*pointer_out);
    return code;
}

void __wrap_free(void *pointer)
{
    if (pointer != NULL)
        forget(pointer);
    __real_free(pointer);
}

void failing_memory_arm(size_t k)
{
    memory.countdown = k;
    memory.struck = false;
    if (memory.n_live == 0)
        for (size_t i = 0; i < N_SLOTS; i++)
            memory.slots[i] = NULL;
}

bool failing_memory_struck(void)
{
    return memory.struck;
}

size_t failing_memory_live(void)
{
    return memory.n_live;
}
