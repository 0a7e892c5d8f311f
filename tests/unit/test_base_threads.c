/* The pool of threads: every part once and on a thread of its own, again and again; and how loops are cut. */
#include "headsweep/threads.h"
#include "support/assert_status.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { MOST_THREADS = 7, N_LOOPS = 2000 };

struct visits {
    size_t n[MOST_THREADS];
    pthread_t thread[MOST_THREADS];
    bool takes_signals[MOST_THREADS];
};

static void visit(void *context, size_t i)
{
    struct visits *visits = context;
    sigset_t blocked;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    visits->n[i]++;
    visits->thread[i] = pthread_self();
    visits->takes_signals[i] = !sigismember(&blocked, SIGUSR1);
}

static void test_every_part_once(void **state)
{
    (void)state;
    for (size_t n = 1; n <= MOST_THREADS; n++) {
        hs_error error = {0};
        hs_threads *threads = NULL;
        struct visits visits = {0};
        assert_ok(hs_threads_new(n, &threads, &error), &error);
        assert_int_equal(hs_threads_count(threads), n);
        for (size_t loop = 0; loop < N_LOOPS; loop++)
            hs_threads_run(threads, visit, &visits);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(visits.n[i], N_LOOPS);
            assert_true(pthread_equal(visits.thread[i], pthread_self()) == (i == 0));
            assert_true(visits.takes_signals[i] == (i == 0));
        }
        for (size_t i = n; i < MOST_THREADS; i++)
            assert_int_equal(visits.n[i], 0);
        hs_threads_free(threads);
    }
}

static void test_without_a_pool(void **state)
{
    (void)state;
    struct visits visits = {0};
    assert_int_equal(hs_threads_count(NULL), 1);
    hs_threads_run(NULL, visit, &visits);
    assert_int_equal(visits.n[0], 1);
    hs_threads_free(NULL);
    assert_true(hs_processors() > 0);
}

/* Together all items, in order; whole runs but at the end; no part more than a run larger than another. */
static void test_shares(void **state)
{
    (void)state;
    const size_t grains[] = {1, 8, 64};
    for (size_t n = 0; n < 300; n += 1 + n / 7)
        for (size_t g = 0; g < sizeof grains / sizeof *grains; g++)
            for (size_t n_parts = 1; n_parts <= MOST_THREADS; n_parts++) {
                size_t end = 0, smallest = SIZE_MAX, largest = 0;
                for (size_t i = 0; i < n_parts; i++) {
                    hs_share share = hs_threads_share(n, grains[g], i, n_parts);
                    size_t n_runs = (share.end - share.first + grains[g] - 1) / grains[g];
                    assert_int_equal(share.first, end);
                    assert_true(share.first % grains[g] == 0 || share.first == n);
                    smallest = n_runs < smallest ? n_runs : smallest;
                    largest = n_runs > largest ? n_runs : largest;
                    end = share.end;
                }
                assert_int_equal(end, n);
                assert_true(largest - smallest <= 1);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_part_once),
        cmocka_unit_test(test_without_a_pool),
        cmocka_unit_test(test_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
