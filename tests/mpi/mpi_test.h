/*
 * cmocka over several ranks.
 *
 * A cmocka assertion leaves the test on the rank where it fails; the other ranks would then wait for it for ever in
 * the next collective call. mpi_assert is collective instead: either all ranks go on or all leave the test together.
 * Plain assertions are only for tests that make no collective call. Rank 0 alone prints, and all ranks return the same
 * result.
 *
 *     static void test_something(void **state)
 *     {
 *         hs_comm *comm = *state;
 *         ...
 *         mpi_assert(comm, values[0] == expected);
 *     }
 *
 *     int main(void)
 *     {
 *         struct CMUnitTest tests[] = {cmocka_unit_test(test_something)};
 *         return mpi_test_run("something", tests, sizeof tests / sizeof tests[0]);
 *     }
 */
#ifndef HEADSWEEP_MPI_TEST_H
#define HEADSWEEP_MPI_TEST_H

#include "headsweep/comm.h"

#include <setjmp.h>

#include <cmocka.h>

/* Collective: to be reached by all ranks equally often, so never in a branch or loop that depends on the rank. */
#define mpi_assert(comm, condition) mpi_assert_at(comm, condition, #condition, NULL, __FILE__, __LINE__)
/* Collective: the call is HS_OK on every rank; prints the message of `error` (a pointer) if it is not. */
#define mpi_assert_ok(comm, call, error) mpi_assert_at(comm, (call) == HS_OK, #call, error, __FILE__, __LINE__)

static inline void mpi_assert_at(hs_comm *comm, bool holds, const char *what, const hs_error *shown, const char *file,
                                 int line)
{
    hs_error error = {0};
    int size = hs_comm_size(comm), rank = hs_comm_rank(comm);
    /* The maximum of (size - rank) over the failing ranks gives the lowest of them. */
    double failing = holds ? 0 : size - rank;
    hs_status status = hs_comm_maximum(comm, &failing, 1, &error);
    if (holds && status == HS_OK && failing <= 0)
        return;
    if (rank == 0)
        print_error("rank %d of %d: %s\n", size - (int)failing, size, what);
    if (shown != NULL && shown->status != HS_OK)
        print_error("rank %d says: %s\n", rank, shown->message);
    _fail(file, line);
}

/* Runs the tests with the hs_comm as their state. The result of main(). */
static inline int mpi_test_run(const char *name, struct CMUnitTest *tests, size_t n_tests)
{
    hs_error error = {0};
    hs_comm *comm = NULL;
    if (hs_comm_new(&comm, &error) != HS_OK) {
        print_error("%s\n", error.message);
        return 1;
    }
    if (hs_comm_rank(comm) != 0) {
        /* TAP goes to stdout as a whole; stderr stays open for sanitizers. */
        cmocka_set_message_output(CM_OUTPUT_TAP);
        if (freopen("/dev/null", "w", stdout) == NULL)
            print_error("/dev/null cannot be opened\n");
    }
    for (size_t i = 0; i < n_tests; i++)
        tests[i].initial_state = comm;
    int n_failed = _cmocka_run_group_tests(name, tests, n_tests, NULL, NULL);
    double most_failed = n_failed;
    hs_status status = hs_comm_maximum(comm, &most_failed, 1, &error);
    hs_comm_free(comm);
    return n_failed != 0 || status != HS_OK || most_failed > 0;
}

#endif
