/*
 * What the sections of `headsweep bench` share: random inputs, samples of their experiment, the launcher. Internal to
 * the room.
 */
#ifndef BENCH_SECTIONS_H
#define BENCH_SECTIONS_H

#include "headsweep/bench.h"
#include "headsweep/study.h"

/* Prompts that hs_bench_write_inputs makes: samples use the first so many of them. */
enum { BENCH_PROMPTS = 32 };

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

bench_overrides hs__bench_sample_overrides(const bench_sample *sample, const hs_bench_shape *shape);
/* "pairs of the first 2 heads of every layer, 16 prompts" into buffer, which is returned. */
const char *hs__bench_sample_describe(const bench_sample *sample, const hs_bench_shape *shape, char *buffer,
                                      size_t capacity);

/* What the sections measure on. */
typedef struct bench_place {
    hs_bench_setup setup;
    char *folder; /* of the inputs, temporary; NULL if no section needs them */
} bench_place;

/* A temporary folder with the inputs of the shape; and its end, which is harmless where none was made. */
hs_status hs__bench_make_inputs(bench_place *bench, hs_error *error);
void hs__bench_remove_inputs(bench_place *bench);

/* The sections. Each prints its figures to stdout as key = value lines. */
hs_status hs__bench_engine(const bench_place *bench, hs_error *error);
hs_status hs__bench_generate(const bench_place *bench, hs_error *error);
hs_status hs__bench_ranks(const bench_place *bench, hs_error *error);
hs_status hs__bench_scheduler(const bench_place *bench, hs_error *error);
/* The scheduler in virtual time, where the set-up asks for it. */
hs_status hs__bench_simulate(const bench_place *bench, hs_error *error);

/*
 * Runs this program on `n_ranks` through the MPI launcher, with `folder` as its current folder (NULL: the present
 * one), and waits for it. With `quiet` its output goes to a log in the folder, whose end is in the message if it fails.
 */
hs_status hs__bench_launch(size_t n_ranks, const char *folder, bool quiet, const char *const *arguments,
                           size_t n_arguments, hs_error *error);
#endif
