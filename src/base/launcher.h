/* Internal: what started this process, and whether MPI knows of it. */
#ifndef HEADSWEEP_BASE_LAUNCHER_H
#define HEADSWEEP_BASE_LAUNCHER_H

#include "headsweep/base.h"

typedef struct hs_launch {
    size_t index;
    long size; /* 0: no launcher, or one that started a single process */
    long rank;
} hs_launch;

/* From the environment; before MPI starts, which may change it. */
hs_launch hs__launch_look(void);
/* HS_ERROR_USAGE where several were started and MPI, whose version is `library`, has `size` 1. */
hs_status hs__launch_check(const hs_launch *launch, int size, const char *library, hs_error *error);

#endif
