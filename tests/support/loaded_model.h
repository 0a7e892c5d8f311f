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

static inline loaded load_model(const char *folder)
{
    loaded result = {.model = open_model(folder)};
    hs_error error = {0};
    assert_ok(hs_allocate(&result.arena, hs_model_arena_bytes(result.model), 1, "arena", &error), &error);
    assert_ok(hs_model_load(result.model, result.arena, true, &error), &error);
    return result;
}

static inline void unload(loaded *model)
{
    hs_model_free(model->model);
    hs_free(model->arena);
}

#endif
