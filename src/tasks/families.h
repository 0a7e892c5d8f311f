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

hs_status task_classification_compile(task_compiler *compiler, hs_error *error);
void task_classification_score(const task_answers *answers, float *values);

hs_status task_pseudo_likelihood_compile(task_compiler *compiler, hs_error *error);
void task_pseudo_likelihood_score(const task_answers *answers, float *values);
/* Adds a span with one query a token of a text field, each over a sequence in which that token is masked. */
hs_status task_pseudo_likelihood_add(task_compiler *compiler, const char *name, hs_error *error);

hs_status task_contrast_compile(task_compiler *compiler, hs_error *error);
void task_contrast_score(const task_answers *answers, float *values);

hs_status task_token_mass_compile(task_compiler *compiler, hs_error *error);
void task_token_mass_score(const task_answers *answers, float *values);

hs_status task_generation_compile(task_compiler *compiler, hs_error *error);

#endif
