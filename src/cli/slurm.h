/* What a plan means for SLURM: the lines that ask for its ranks, memory and time. */
#ifndef CLI_SLURM_H
#define CLI_SLURM_H

#include "headsweep/base.h"

typedef struct slurm_request {
    size_t n_ranks;
    size_t ranks_per_host; /* at most */
    size_t n_threads;      /* of a rank */
    size_t memory_bytes;   /* of a rank, without weights */
    size_t weight_bytes;   /* of a host, shared by its ranks */
    size_t write_bytes;    /* of a group's cells, that a rank may have to write yet */
    double seconds;        /* of the sweep */
    double cell_seconds;   /* until a rank has another cell, at most */
    double stop_seconds;   /* until a rank looks whether to stop, at most */
} slurm_request;

/* Of a job with that time limit the seconds that its sweep may be planned to take. */
double hs__cli_slurm_seconds(double limit_seconds);

/*
 * "#SBATCH" lines for the head of a job script, after a comment that states the margins. Memory is asked for by
 * processor: the host with the fewest ranks must hold the weights too.
 */
hs_status hs__cli_slurm_lines(const slurm_request *request, hs_text *text, hs_error *error);

#endif
