/* folder: what a path is that holds no checkpoint or more than one, and what to do with it. */
#ifndef HEADSWEEP_MODEL_FOLDER_H
#define HEADSWEEP_MODEL_FOLDER_H

#include "headsweep/base.h"

typedef enum hs_folder_need { HS_FOLDER_NEEDS_CONFIG, HS_FOLDER_NEEDS_WEIGHTS } hs_folder_need;

/*
 * Fails with HS_ERROR_INPUT. The message says what `folder`, which lacks what is needed, is instead: nothing at all, a
 * name of the hub, a file, an adapter, a cache, the folder of training runs, another tool's format, pickles; and
 * how to get a checkpoint folder from it.
 */
hs_status hs__model_folder_fail(const char *folder, hs_folder_need need, hs_error *error);

/* HS_ERROR_INPUT where an adapter lies beside the model in the folder; says how to merge it. */
hs_status hs__model_folder_refuse_adapters(const char *folder, hs_error *error);

#endif
