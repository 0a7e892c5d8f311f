/* The pool of threads.h. Whoever waits looks on for a moment before it sleeps: most loops follow each other closely. */
#define _GNU_SOURCE
#include "headsweep/threads.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>

/* About as long as it takes to be put to sleep and woken up. */
enum { LOOKS_BEFORE_SLEEP = 2000 };

struct worker {
    hs_threads *pool;
    size_t part;
    pthread_t thread;
};

struct hs_threads {
    size_t n;
    struct worker *workers; /* [n - 1] */
    size_t n_started;
    pthread_mutex_t lock; /* of sleeping and waking up */
    pthread_cond_t begun;
    pthread_cond_t done;
    atomic_size_t n_loops;      /* that were begun */
    atomic_size_t n_unfinished; /* parts of the last one, the caller's apart */
    bool ends;
    void (*part)(void *context, size_t i);
    void *context;
};

static inline void pause_a_moment(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

/* Until whether the number is `value` is as wanted. Numbers change under the lock where somebody may sleep. */
static void wait_until(hs_threads *pool, const atomic_size_t *number, size_t value, bool wanted, pthread_cond_t *change)
{
    for (size_t i = 0; i < LOOKS_BEFORE_SLEEP; ++i) {
        if ((atomic_load_explicit(number, memory_order_acquire) == value) == wanted)
            return;
        pause_a_moment();
    }
    (void)pthread_mutex_lock(&pool->lock);
    while ((atomic_load_explicit(number, memory_order_acquire) == value) != wanted)
        (void)pthread_cond_wait(change, &pool->lock);
    (void)pthread_mutex_unlock(&pool->lock);
}

static void begin_loop(hs_threads *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
    atomic_store_explicit(&pool->n_unfinished, pool->n_started, memory_order_relaxed);
    (void)atomic_fetch_add_explicit(&pool->n_loops, 1, memory_order_release);
    (void)pthread_cond_broadcast(&pool->begun);
    (void)pthread_mutex_unlock(&pool->lock);
}

static void end_part(hs_threads *pool)
{
    if (atomic_fetch_sub_explicit(&pool->n_unfinished, 1, memory_order_acq_rel) > 1)
        return;
    (void)pthread_mutex_lock(&pool->lock);
    (void)pthread_cond_signal(&pool->done);
    (void)pthread_mutex_unlock(&pool->lock);
}

static void *work(void *context)
{
    const struct worker *worker = context;
    hs_threads *pool = worker->pool;
    for (size_t n_seen = 0;; ++n_seen) {
        wait_until(pool, &pool->n_loops, n_seen, false, &pool->begun);
        if (pool->ends)
            return NULL;
        pool->part(pool->context, worker->part);
        end_part(pool);
    }
}

void hs_threads_run(hs_threads *threads, void (*part)(void *context, size_t i), void *context)
{
    if (threads == NULL || threads->n == 1) {
        part(context, 0);
        return;
    }
    threads->part = part;
    threads->context = context;
    begin_loop(threads);
    part(context, 0);
    wait_until(threads, &threads->n_unfinished, 0, true, &threads->done);
}

/*
 * Signals that are sent to the process are for the main thread, which looks at them between two pieces of work. Those
 * that a thread's own mistake raises stay: a mapped file that was cut is told by one.
 */
static void block_signals(sigset_t *before)
{
    static const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL};
    sigset_t blocked;
    (void)sigfillset(&blocked);
    for (size_t i = 0; i < sizeof own / sizeof *own; ++i)
        (void)sigdelset(&blocked, own[i]);
    (void)pthread_sigmask(SIG_SETMASK, &blocked, before);
}

/*
 * A thread inherits the signals that its maker has blocked: blocked around the making, there is no moment in which one
 * could go to a worker. n_started counts only those that are there, so that hs_threads_free() joins no other.
 */
static hs_status start_workers(hs_threads *pool, hs_error *error)
{
    sigset_t before;
    int code = 0;
    block_signals(&before);
    for (; code == 0 && pool->n_started + 1 < pool->n; pool->n_started += code == 0) {
        struct worker *worker = &pool->workers[pool->n_started];
        *worker = (struct worker){.pool = pool, .part = pool->n_started + 1};
        code = pthread_create(&worker->thread, NULL, work, worker);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code != 0)
        return hs_fail_system(error, HS_ERROR_MEMORY, code, "thread %zu of %zu could not be started",
                              pool->n_started + 2, pool->n);
    return HS_OK;
}

/* The caller works too, hence n - 1 workers; a pool that could not start them all is ended again, not made smaller. */
hs_status hs_threads_new(size_t n, hs_threads **threads_out, hs_error *error)
{
    hs_threads *pool = NULL;
    *threads_out = NULL;
    HS_TRY(hs_allocate(&pool, 1, sizeof *pool, "threads", error));
    pool->n = n > 0 ? n : 1;
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->begun, NULL);
    (void)pthread_cond_init(&pool->done, NULL);
    hs_status status = hs_allocate(&pool->workers, pool->n - 1, sizeof *pool->workers, "threads", error);
    if (status == HS_OK)
        status = start_workers(pool, error);
    if (status == HS_OK)
        *threads_out = pool;
    else
        hs_threads_free(pool);
    return status;
}

void hs_threads_free(hs_threads *threads)
{
    if (threads == NULL)
        return;
    threads->ends = true;
    begin_loop(threads);
    for (size_t i = 0; i < threads->n_started; ++i)
        (void)pthread_join(threads->workers[i].thread, NULL);
    (void)pthread_cond_destroy(&threads->done);
    (void)pthread_cond_destroy(&threads->begun);
    (void)pthread_mutex_destroy(&threads->lock);
    hs_free(threads->workers);
    hs_free(threads);
}

size_t hs_threads_count(const hs_threads *threads)
{
    return threads != NULL ? threads->n : 1;
}

size_t hs_processors(void)
{
    cpu_set_t processors;
    return sched_getaffinity(0, sizeof processors, &processors) == 0 ? (size_t)CPU_COUNT(&processors) : 0;
}
