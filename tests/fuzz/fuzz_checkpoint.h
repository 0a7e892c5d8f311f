/* A small sound checkpoint of which a target replaces one file. */
#ifndef HEADSWEEP_FUZZ_CHECKPOINT_H
#define HEADSWEEP_FUZZ_CHECKPOINT_H

#include "fuzz/fuzz.h"
#include "headsweep/model.h"
#include "support/checkpoint_writer.h"

/* The whole way: opened, described, weights bound and converted, freed. */
static inline void fuzz_read_checkpoint(void)
{
    hs_error error = {0};
    hs_model *model = NULL;
    hs_text text = {0};
    float *arena = NULL;

    if (hs_model_open(fuzz_folder(), &model, &error) == HS_OK && hs_model_describe(model, &text, &error) == HS_OK &&
        hs_allocate(&arena, hs_model_arena_bytes(model), 1, "arena", &error) == HS_OK &&
        hs_model_load(model, arena, 0, 1, &error) == HS_OK)
        (void)hs_model_hash(model);
    hs_text_clear(&text);
    hs_model_free(model);
    hs_free(arena);
}

#endif
