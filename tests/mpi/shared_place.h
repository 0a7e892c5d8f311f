/* One folder of all ranks with the results file of a small experiment in it. Everything here is collective. */
#ifndef HEADSWEEP_MPI_SHARED_PLACE_H
#define HEADSWEEP_MPI_SHARED_PLACE_H

#include "mpi/mpi_test.h"
#include "support/results_fixture.h"

#include <string.h>

typedef struct shared_place {
    char folder[512];
    char path[600];
    results_fixture fixture;
} shared_place;

/* The folder, and the experiment's layout, which a test may change before it makes the file. */
static inline void shared_place_init(hs_comm *comm, shared_place *place, results_fixture_options options)
{
    hs_error error = {0};
    memset(place, 0, sizeof *place);
    results_fixture_init(&place->fixture, options);
    if (hs_comm_rank(comm) == 0)
        test_folder_new(place->folder, sizeof place->folder);
    mpi_assert_ok(comm, hs_comm_broadcast(comm, place->folder, sizeof place->folder, 0, &error), &error);
    (void)snprintf(place->path, sizeof place->path, "%s/results.h5", place->folder);
}

static inline void shared_place_make_file(hs_comm *comm, const shared_place *place)
{
    hs_error error = {0};
    hs_status status = HS_OK;
    if (hs_comm_rank(comm) == 0)
        status = hs_results_create(place->path, &place->fixture.layout, &error);
    mpi_assert_ok(comm, status, &error);
}

/* A small experiment with all that a file can have. */
static inline void shared_place_new(hs_comm *comm, shared_place *place)
{
    shared_place_init(comm, place, (results_fixture_options){2, 3, 10, 4, true});
    shared_place_make_file(comm, place);
}

static inline void shared_place_clear(hs_comm *comm, shared_place *place)
{
    hs_error error = {0};
    mpi_assert_ok(comm, hs_comm_barrier(comm, &error), &error);
    if (hs_comm_rank(comm) == 0)
        test_folder_remove(place->folder);
    results_fixture_clear(&place->fixture);
}

#endif
