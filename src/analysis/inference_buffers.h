/* All that the statistics of one task are computed in. Internal to the analysis room. */
#ifndef ANALYSIS_INFERENCE_BUFFERS_H
#define ANALYSIS_INFERENCE_BUFFERS_H

#include "analysis/contrasts.h"
#include "analysis/stability.h"
#include "analysis/statistic_tables.h"

/* What all statistics of one metric start from. */
typedef struct metric_base {
    summary of;
    samples clean;        /* one row: the means */
    samples singles;      /* the sets of order 1 that are complete; where ranks compute, shared by those of a host */
    double *clean_halves; /* [2 STABILITY_HALVES] */
    double *halves;       /* [n_singles, 2 STABILITY_HALVES], shared as they are */
} metric_base;

typedef struct inference {
    hs_analysis *analysis;
    hs_comm *comm; /* NULL: this process alone */
    const hs_results_task *task;
    uint32_t task_index;
    size_t metric; /* one after the other: the singles of one metric are what takes memory */
    metric_base base;
    resampling bootstrap;
    resampling halves;
    sign_flips flips;
    float *clean_values; /* [n_examples, n_metrics] */
    size_t n_singles;
    uint64_t *single_sets;          /* [n_singles], ascending */
    float *single_values;           /* [n_singles, n_examples, n_metrics] */
    hs_shared_block *of_values;     /* where ranks compute: in which those lie, */
    hs_shared_block *of_singles;    /* and in which the samples of singles and their halves do */
    void *own_values, *own_singles; /* the same of a process alone */
    samples zero;                   /* one row of zeros, for what is not there */
    /* for one block */
    size_t block_sets;
    float *values;     /* [block_sets, n_examples, n_metrics] */
    size_t held_block; /* whose sets they are of; SIZE_MAX: of none */
    samples block;
    samples_scratch scratch;
    contrast_scratch contrast;
    double *interactions; /* [block_sets, n_examples] */
    size_t *pairs;        /* [block_sets]: rows of the block that are complete pairs */
    double *p;            /* [block_sets] */
    double *rows;         /* [block_sets, HS_STATISTIC_COUNT] */
    double *taken;        /* the same of another rank, on rank 0 */
} inference;

/*
 * Collective with `comm`. Draws the random numbers, makes room, and reads the clean model and the singles: rank 0 does
 * that for all. What was made is in *in_out also on failure, for hs__analysis_inference_clear.
 */
hs_status hs__analysis_inference_init(inference *in_out, hs_analysis *analysis, uint32_t task, hs_comm *comm,
                                      hs_error *error);
void hs__analysis_inference_clear(inference *in);
/* Row of a single; -1: that set is none, or not complete. */
int64_t hs__analysis_single_row(const inference *in, int64_t set);
/* That rank 0 holds of it. */
size_t hs__analysis_inference_bytes(const hs_analysis_size *size, const hs_analysis_task_size *task);

#endif
