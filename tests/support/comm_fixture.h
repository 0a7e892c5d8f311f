/* An hs_comm as the state of a cmocka group, for tests that write results files in one process. */
#ifndef HEADSWEEP_TESTS_COMM_FIXTURE_H
#define HEADSWEEP_TESTS_COMM_FIXTURE_H

#include "headsweep/comm.h"

static inline int comm_set_up(void **state)
{
    hs_error error = {0};
    hs_comm *comm;

    if (hs_comm_new(&comm, &error) != HS_OK) {
        (void)fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    *state = comm;
    return 0;
}

static inline int comm_tear_down(void **state)
{
    hs_comm_free(*state);
    return 0;
}

#endif
