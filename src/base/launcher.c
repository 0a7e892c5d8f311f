/*
 * launcher: finds out that several processes were started of which each believes that it is alone,
 * because the launcher belongs to another MPI. Each would run the whole experiment, on one results
 * file.
 */
#include "base/launcher.h"

#include <stdlib.h>
#include <string.h>

/*
 * Of the step that started this process, not of the allocation around it: a job script that runs one rank in an
 * allocation for many is nothing wrong.
 */
static const struct launcher {
    const char *name;
    const char *size, *rank;
    const char *advice;
} launchers[] = {
    {"Open MPI's mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", ""},
    {"the launcher of MPICH's kin", "PMI_SIZE", "PMI_RANK", ""},
    {"MVAPICH2's launcher", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK", ""},
    {"jsrun", "JSM_NAMESPACE_SIZE", "JSM_NAMESPACE_RANK", ""},
    {"srun", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "with srun --mpi=pmix (srun --mpi=list shows what there is) or "},
};
enum { N_LAUNCHERS = sizeof launchers / sizeof launchers[0] };

static long number_in(const char *name)
{
    const char *text = getenv(name);
    return text != NULL ? strtol(text, NULL, 10) : 0;
}

/* The innermost that left its word: mpirun within a step of srun, not the other way round. NULL: it started one. */
static const struct launcher *find_launcher(void)
{
    for (size_t i = 0; i < N_LAUNCHERS; i++) {
        long size = number_in(launchers[i].size);
        if (size > 0)
            return size > 1 ? &launchers[i] : NULL;
    }
    return NULL;
}

hs_launch hs__launch_look(void)
{
    const struct launcher *launcher = getenv("HEADSWEEP_ALONE") == NULL ? find_launcher() : NULL;
    hs_launch launch = {0};
    if (launcher == NULL)
        return launch;
    launch.index = (size_t)(launcher - launchers);
    launch.size = number_in(launcher->size);
    launch.rank = number_in(launcher->rank);
    return launch;
}

hs_status hs__launch_check(const hs_launch *launch, int size, const char *library, hs_error *error)
{
    if (size > 1 || launch->size <= 1)
        return HS_OK;
    (void)hs_fail(error, HS_ERROR_USAGE,
                  "%ld processes were started by %s, but each of them is alone: it and headsweep's MPI (%.*s) do not "
                  "know each other. Start it %swith the mpirun of that MPI; nothing was read or written. "
                  "(HEADSWEEP_ALONE=1 if each is to run an experiment of its own)",
                  launch->size, launchers[launch->index].name, (int)strcspn(library, ",\n"), library,
                  launchers[launch->index].advice);
    /* One says it for all. */
    if (launch->rank > 0)
        error->message[0] = '\0';
    return error->status;
}
