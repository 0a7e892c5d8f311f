/*
 * state: what an engine and a prepared workload hold. A second engine beside the reference shares the first of the two.
 */
#ifndef HEADSWEEP_ENGINE_STATE_H
#define HEADSWEEP_ENGINE_STATE_H

#include "engine/scratch.h"

struct hs_engine {
    const hs_model *model;
    hs_engine_options options;
};

struct hs_prepared {
    const hs_workload *workload;
    struct hs_scratch scratch;
    size_t n_scored_rows;
};

#endif
