/*
 * failing_memory: the allocator of a test program whose k-th allocation fails, and which knows what is not freed. The
 * program is linked with -Wl,--wrap=posix_memalign,--wrap=free, so this reaches hs_allocate and hs_free but no shared
 * library.
 */
#ifndef HEADSWEEP_FAILING_MEMORY_H
#define HEADSWEEP_FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* The allocation number `k` from now on (from 1) fails, once; 0: none does. */
void failing_memory_arm(size_t k);
/* Has the armed failure happened? */
bool failing_memory_struck(void);
/* Blocks that are allocated now. */
size_t failing_memory_live(void);

#endif
