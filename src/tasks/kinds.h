/* kinds: compile and score of each kind in the table of kinds.c; see struct task_kind in task.h for what they do. */
#ifndef TASKS_KINDS_H
#define TASKS_KINDS_H

#include "tasks/task.h"

hs_status hs__tasks_multiple_choice_compile(task_compiler *compiler, hs_error *error);
void hs__tasks_multiple_choice_score(const task_answers *answers, float *values);

hs_status hs__tasks_minimal_pair_compile(task_compiler *compiler, hs_error *error);
void hs__tasks_minimal_pair_score(const task_answers *answers, float *values);

hs_status hs__tasks_next_token_compile(task_compiler *compiler, hs_error *error);
void hs__tasks_next_token_score(const task_answers *answers, float *values);

hs_status hs__tasks_logit_diff_compile(task_compiler *compiler, hs_error *error);
void hs__tasks_logit_diff_score(const task_answers *answers, float *values);

hs_status hs__tasks_perplexity_compile(task_compiler *compiler, hs_error *error);
void hs__tasks_perplexity_score(const task_answers *answers, float *values);

hs_status hs__tasks_classification_compile(task_compiler *compiler, hs_error *error);
void hs__tasks_classification_score(const task_answers *answers, float *values);

hs_status hs__tasks_token_classification_compile(task_compiler *compiler, hs_error *error);
void hs__tasks_token_classification_score(const task_answers *answers, float *values);

hs_status hs__tasks_pseudo_likelihood_compile(task_compiler *compiler, hs_error *error);
void hs__tasks_pseudo_likelihood_score(const task_answers *answers, float *values);
/* Adds a span with one query a token of a text field, each over a sequence in which that token is masked. */
hs_status hs__tasks_pseudo_likelihood_add(task_compiler *compiler, const char *name, hs_error *error);

hs_status hs__tasks_contrast_compile(task_compiler *compiler, hs_error *error);
void hs__tasks_contrast_score(const task_answers *answers, float *values);

hs_status hs__tasks_token_mass_compile(task_compiler *compiler, hs_error *error);
void hs__tasks_token_mass_score(const task_answers *answers, float *values);

hs_status hs__tasks_generation_compile(task_compiler *compiler, hs_error *error);

#endif
