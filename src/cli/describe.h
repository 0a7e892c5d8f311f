/* How a study is described to people in a few lines: the head of a run and of a plan. */
#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H

#include "headsweep/study.h"

/* The lines model, sweep and tasks; warnings on what is slow or odd follow as lines of their own. */
hs_status hs__cli_describe_study(const hs_study *study, int n_ranks, hs_text *text, hs_error *error);

#endif
