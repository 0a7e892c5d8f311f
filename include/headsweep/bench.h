/*
 * bench: the project's own measurements on the machine it runs on, each a section with key = value lines on stdout.
 * They run on random inputs, which need no download and have any shape.
 */
#ifndef HEADSWEEP_BENCH_H
#define HEADSWEEP_BENCH_H

#include "headsweep/base.h"

typedef enum hs_bench_family { HS_BENCH_GPT2, HS_BENCH_LLAMA } hs_bench_family;

/* A model, and the length of the prompts that it is measured on. */
typedef struct hs_bench_shape {
    size_t n_layers;
    size_t n_heads;
    size_t width;
    size_t vocabulary;
    size_t n_tokens;
    hs_bench_family family;
    size_t n_kv_heads; /* of Llama; 0 = n_heads */
    size_t mlp_width;  /* 0 = 4 * width */
    bool bf16;         /* weights are stored in bf16, else in f32 */
    bool sparse;       /* all weights are 0 and take no room on the disk: for who only counts */
    size_t n_prompts;  /* 0 = 32 */
    size_t order;      /* of the sets in the experiment file; 0 = 2 */
} hs_bench_shape;

#define HS_BENCH_EXPERIMENT "experiment.cfg"

/*
 * Writes into `folder`, which is made if it is not there: a checkpoint of random weights (config.json,
 * model.safetensors), prompts.jsonl with prompts of random tokens of which the last position is scored, and an
 * experiment file of all pairs of heads (or sets of another order) on them, named HS_BENCH_EXPERIMENT. The same shape
 * gives the same bytes. Never over files that are there.
 */
hs_status hs_bench_write_inputs(const hs_bench_shape *shape, const char *folder, hs_error *error);

/* Sections, in the order in which they run. */
enum { HS_BENCH_SECTIONS = 4 };
const char *hs_bench_section_name(size_t section);

typedef struct hs_bench_setup {
    hs_bench_shape shape;
    bool here;              /* started by a launcher: measure on these ranks, start none */
    const char *checkpoint; /* that generation is measured on; NULL: a random one */
    size_t n_virtual_ranks; /* the scheduler hands out a sweep to so many in virtual time; 0: it is measured */
    const char *experiment; /* whose sweep that is; NULL: the shape's */
    double gflops;          /* of each of those ranks */
    hs_log log;
} hs_bench_setup;

/*
 * Runs the chosen sections one after the other. Their inputs lie in a temporary folder, below $TMPDIR, until the end.
 * Collective if `here`. HS_ERROR_USAGE: `here`, and a section that starts a launcher itself.
 */
hs_status hs_bench_run(const hs_bench_setup *setup, const bool chosen[HS_BENCH_SECTIONS], hs_error *error);
/* True if a launcher that says so started this process. */
bool hs_bench_is_launched(void);

#endif
