/*
 * threads: the threads of a rank, which wait between one loop and the next; part of base.
 *
 * A loop is cut into as many parts as there are threads, always in the same way, so that what a part computes is a
 * function of the number of threads alone and never of which of them was faster. A pool of our own rather than OpenMP:
 * it is there with every compiler, no variable of the environment changes its size, it runs beside whatever threads
 * a BLAS has of its own, and sanitizers see through it.
 */
#ifndef HEADSWEEP_THREADS_H
#define HEADSWEEP_THREADS_H

#include "headsweep/base.h"

typedef struct hs_threads hs_threads;

/*
 * n threads, of which the caller's is one: n - 1 are started, and wait for hs_threads_run. HS_ERROR_MEMORY: the system
 * gives no more threads.
 */
hs_status hs_threads_new(size_t n, hs_threads **threads_out, hs_error *error);
void hs_threads_free(hs_threads *threads);
/* 1 for NULL. */
size_t hs_threads_count(const hs_threads *threads);

/*
 * part(context, i) for each i below hs_threads_count, every one on a thread of its own, part 0 on the caller's; returns
 * when all are done. What the caller wrote before is seen by the parts, and what they wrote by the caller. Not from
 * within a part, and from one thread at a time.
 */
void hs_threads_run(hs_threads *threads, void (*part)(void *context, size_t i), void *context);

/* Items first .. end - 1. */
typedef struct hs_share {
    size_t first;
    size_t end;
} hs_share;

/* Part i of n_parts of n items, in order, about equally many of them, whole runs of `grain` items in each. */
static inline hs_share hs_threads_share(size_t n, size_t grain, size_t i, size_t n_parts)
{
    size_t n_runs = (n + grain - 1) / grain;
    size_t first = n_runs * i / n_parts * grain;
    size_t end = n_runs * (i + 1) / n_parts * grain;
    return (hs_share){first < n ? first : n, end < n ? end : n};
}

/* Processors that this process may run on; 0 if the system does not say. */
size_t hs_processors(void);

#endif
