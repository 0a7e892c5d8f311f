/*
 * state: what an engine and a prepared workload hold, and what one implementation of the engine provides.
 */
#ifndef HEADSWEEP_ENGINE_STATE_H
#define HEADSWEEP_ENGINE_STATE_H

#include "engine/scratch.h"

struct hs_generate_call;

struct hs_engine {
    const hs_model *model;
    const struct hs_device *device; /* own_device, unless a test chooses another row */
    struct hs_device own_device;    /* the best row, with the threads of the options */
    hs_engine_options options;
};

struct hs_prepared {
    const struct hs_engine_methods *methods;
    const hs_workload *workload;
    struct hs_scratch scratch; /* of the reference */
    size_t n_scored_rows;      /* of the reference */
    struct hs_prefix *prefix;  /* of the prefix engine */
};

/* One implementation of what the header promises under the same names. The workload is checked. */
struct hs_engine_methods {
    hs_status (*prepare)(hs_engine *engine, struct hs_prepared *prepared, hs_error *error);
    void (*clear)(struct hs_prepared *prepared); /* after a failure to prepare too */
    /* Tells of every ablation that is not skipped, of the clean model first. */
    hs_status (*answer)(hs_engine *engine, struct hs_prepared *prepared, const hs_ablation *ablations,
                        size_t n_ablations, const hs_answering *answering, double *answers, hs_error *error);
    /* Fills in all but flops_naive. */
    hs_status (*count_cost)(const hs_engine *engine, const hs_workload *workload, const hs_ablation *ablations,
                            size_t n_ablations, hs_engine_cost *cost, hs_error *error);
    hs_status (*count_memory)(const hs_engine *engine, const hs_workload *workload, const hs_engine_load *load,
                              size_t *n_bytes_out, hs_error *error);
    /* See generate.h. */
    hs_status (*generate)(hs_engine *engine, const struct hs_generate_call *generation, hs_error *error);
    hs_status (*count_generation)(const hs_engine *engine, const struct hs_generate_call *generation,
                                  hs_engine_cost *cost, hs_error *error);
};

const struct hs_engine_methods *hs__engine_methods_of(const hs_engine *engine);

extern const struct hs_engine_methods HS__ENGINE_REFERENCE_METHODS;
extern const struct hs_engine_methods HS__ENGINE_PREFIX_METHODS;

#endif
