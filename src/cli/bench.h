/* The project's own measurements: what the sections of `headsweep bench` share. */
#ifndef CLI_BENCH_H
#define CLI_BENCH_H

#include "headsweep/study.h"

typedef enum bench_family { BENCH_GPT2, BENCH_LLAMA } bench_family;

/* A model, and the length of the prompts that it is measured on. */
typedef struct bench_shape {
    size_t n_layers;
    size_t n_heads;
    size_t width;
    size_t vocabulary;
    size_t n_tokens;
    bench_family family;
    size_t n_kv_heads; /* of Llama; 0 = n_heads */
    size_t mlp_width;  /* 0 = 4 * width */
    bool bf16;         /* weights are stored in bf16, else in f32 */
} bench_shape;

/* Prompts that hs__cli_bench_inputs_write makes: samples use the first so many of them. */
enum { BENCH_PROMPTS = 32 };

#define BENCH_EXPERIMENT "experiment.cfg"

/*
 * Writes into an existing folder: a checkpoint of random weights (config.json, model.safetensors),
 * prompts.jsonl with BENCH_PROMPTS prompts of random tokens of which the last position is scored, and an experiment
 * file of all pairs of heads on them, named BENCH_EXPERIMENT. The same shape gives the same bytes.
 */
hs_status hs__cli_bench_inputs_write(const bench_shape *shape, const char *folder, hs_error *error);

/* What part of the experiment is run: sets of `order` heads out of the first of every layer, on the first prompts. */
typedef struct bench_sample {
    size_t order;
    size_t heads_a_layer; /* at most; 0 = all */
    size_t n_prompts;
    size_t prompts_a_shard;
    size_t sets_per_group; /* 0 = as the engine likes it */
} bench_sample;

enum { BENCH_OVERRIDES = 5, BENCH_OVERRIDE_LENGTH = 64 };

/* A sample as the experiment file's overrides. */
typedef struct bench_overrides {
    char text[BENCH_OVERRIDES][BENCH_OVERRIDE_LENGTH];
} bench_overrides;

bench_overrides hs__cli_bench_sample_overrides(const bench_sample *sample, const bench_shape *shape);
/* "pairs of the first 2 heads of every layer, 16 prompts" into buffer, which is returned. */
const char *hs__cli_bench_sample_describe(const bench_sample *sample, const bench_shape *shape, char *buffer,
                                          size_t capacity);

typedef struct bench_setup {
    bench_shape shape;
    bool here;              /* started by a launcher: measure on these ranks, start none */
    char *folder;           /* of the inputs, temporary; NULL if no section needs them */
    const char *checkpoint; /* that generation is measured on; NULL: the random one */
    hs_log log;
} bench_setup;

/* A temporary folder with the inputs of bench->shape, into bench->folder; and its end, which is harmless where none was made. */
hs_status hs__cli_bench_make_inputs(bench_setup *bench, hs_error *error);
void hs__cli_bench_remove_inputs(bench_setup *bench);

/* The sections. Each prints its figures to stdout as key = value lines. */
hs_status hs__cli_bench_engine(const bench_setup *bench, hs_error *error);
hs_status hs__cli_bench_generate(const bench_setup *bench, hs_error *error);
hs_status hs__cli_bench_ranks(const bench_setup *bench, hs_error *error);
hs_status hs__cli_bench_scheduler(const bench_setup *bench, hs_error *error);

/*
 * Runs this program on `n_ranks` through the MPI launcher, with `folder` as its current folder (NULL: the present
 * one), and waits for it. With `quiet` its output goes to a log in the folder, whose end is in the message if it fails.
 */
hs_status hs__cli_bench_launch(size_t n_ranks, const char *folder, bool quiet, const char *const *arguments,
                               size_t n_arguments, hs_error *error);
/* True if a launcher that says so started this process. */
bool hs__cli_bench_is_launched(void);

#endif
