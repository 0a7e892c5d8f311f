/* A model of a test: opened and loaded, or the test fails with the message. */
#ifndef HEADSWEEP_TESTS_LOADED_MODEL_H
#define HEADSWEEP_TESTS_LOADED_MODEL_H

#include <setjmp.h>

#include <cmocka.h>

#include "support/assert_status.h"

#include "headsweep/model.h"

/* A loaded model with its arena. */
typedef struct loaded {
    hs_model *model;
    float *arena;
} loaded;

static inline hs_model *open_model(const char *folder)
{
    hs_model *model = NULL;
    hs_error error = {0};
    assert_ok(hs_model_open(folder, &model, &error), &error);
    return model;
}

/* As the ranks of a host load it: each a part of every tensor. */
static inline loaded load_model_in_parts(const char *folder, size_t n_parts)
{
    loaded result = {.model = open_model(folder)};
    hs_error error = {0};
    assert_ok(hs_allocate(&result.arena, hs_model_arena_bytes(result.model), 1, "arena", &error), &error);
    for (size_t part = n_parts; part-- > 0;)
        assert_ok(hs_model_load(result.model, result.arena, part, n_parts, &error), &error);
    return result;
}

static inline loaded load_model(const char *folder)
{
    return load_model_in_parts(folder, 1);
}

static inline void unload(loaded *model)
{
    hs_model_free(model->model);
    hs_free(model->arena);
}

#endif
