/* families: compile and score of each kind in the table of kinds.c; see struct task_kind in task.h for what they do. */
#ifndef TASKS_FAMILIES_H
#define TASKS_FAMILIES_H

#include "tasks/task.h"

hs_status task_multiple_choice_compile(task_compiler *compiler, hs_error *error);
void task_multiple_choice_score(const task_answers *answers, float *values);

hs_status task_minimal_pair_compile(task_compiler *compiler, hs_error *error);
void task_minimal_pair_score(const task_answers *answers, float *values);

hs_status task_next_token_compile(task_compiler *compiler, hs_error *error);
void task_next_token_score(const task_answers *answers, float *values);

hs_status task_logit_diff_compile(task_compiler *compiler, hs_error *error);
void task_logit_diff_score(const task_answers *answers, float *values);

hs_status task_perplexity_compile(task_compiler *compiler, hs_error *error);
void task_perplexity_score(const task_answers *answers, float *values);

hs_status task_contrast_compile(task_compiler *compiler, hs_error *error);
void task_contrast_score(const task_answers *answers, float *values);

hs_status task_token_mass_compile(task_compiler *compiler, hs_error *error);
void task_token_mass_score(const task_answers *answers, float *values);

#endif
