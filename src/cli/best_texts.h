/* Which ablation sets have their generated texts kept. */
#ifndef CLI_BEST_TEXTS_H
#define CLI_BEST_TEXTS_H

#include "headsweep/analysis.h"
#include "headsweep/study.h"

/*
 * Collective. Keeps the texts of the clean model and of the best sets - by the objective, else those that change the
 * task's first metric most - for each task whose file has room for them. `analysis` is of rank 0; NULL elsewhere.
 */
hs_status hs__cli_save_best_texts(hs_comm *comm, hs_study *study, hs_results *results, const hs_analysis *analysis,
                                  hs_error *error);

#endif
