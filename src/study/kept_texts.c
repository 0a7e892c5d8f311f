/* Generated texts of some ablation sets into the results file: sampled again, each group by one rank. */
#include <string.h>

#include "study/group_sizes.h"
#include "study/storage.h"

/* Texts of some sets on their way into the file. */
typedef struct text_writer {
    hs_comm *comm;
    hs_study *study;
    hs_results *results;
    uint32_t task;
    const uint64_t *sets;
    size_t n_sets;
    hs_evaluator evaluator;
    char *padded; /* [n_samples, text_bytes] */
} text_writer;

static const hs_results_task *file_task(const text_writer *w)
{
    return hs_results_task_at(w->results, w->task);
}

/* Cut at a character's end, so that the text stays UTF-8. */
static void pad(const char *text, size_t length, char *padded, size_t n_bytes)
{
    size_t n = length < n_bytes ? length : n_bytes - 1;

    while (n < length && n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80)
        --n;
    memset(padded, 0, n_bytes);
    memcpy(padded, text, n);
}

/*
 * Texts of one length each, so that they are written raw; what is longer was cut at a character's
 * end by pad().
 */
static hs_status write_set(text_writer *w, const hs_text_list *texts, const hs_group *group, size_t row,
                           hs_error *error)
{
    const hs_results_task *of = file_task(w);
    size_t n_examples = hs_sweep_plan_group_examples(&w->study->plan, group);
    size_t first_example = (size_t)w->study->plan.tasks[w->task].shard_first[group->shard];
    size_t first = (size_t)(w->sets[row] - group->first_set) * n_examples * of->n_samples;

    for (size_t example = 0; example < n_examples; ++example) {
        for (size_t sample = 0; sample < of->n_samples; ++sample) {
            size_t length;
            const char *text = hs_tasks_text_list_at(texts, first + example * of->n_samples + sample, &length);
            pad(text, length, w->padded + sample * of->text_bytes, of->text_bytes);
        }
        HS_TRY(hs_results_write_texts(w->results, w->task, row, first_example + example, w->padded, error));
    }
    return HS_OK;
}

static bool holds(const hs_group *group, uint64_t set)
{
    return set >= group->first_set && set < group->first_set + group->n_sets;
}

static bool holds_any(const text_writer *w, const hs_group *group)
{
    for (size_t row = 0; row < w->n_sets; ++row)
        if (holds(group, w->sets[row]))
            return true;
    return false;
}

static hs_status write_group(text_writer *w, const hs_group *group, hs_error *error)
{
    const hs_text_list *texts;

    HS_TRY(hs__study_generate_texts(&w->evaluator, group, &texts, error));
    for (size_t row = 0; row < w->n_sets; ++row)
        if (holds(group, w->sets[row]))
            HS_TRY(write_set(w, texts, group, row, error));
    return HS_OK;
}

/* This rank's share of a phase: every size-th of the groups that hold one of the sets. */
static hs_status write_planned(text_writer *w, const hs_plan *plan, uint64_t *n_held_inout, hs_error *error)
{
    const hs_plan_task *task = &plan->tasks[w->task];

    for (uint64_t i = 0; i < task->n_shards * task->n_blocks; ++i) {
        hs_group group = hs_sweep_plan_group(plan, task->first_group + i);
        if (!holds_any(w, &group))
            continue;
        if ((*n_held_inout)++ % (uint64_t)hs_comm_size(w->comm) == (uint64_t)hs_comm_rank(w->comm))
            HS_TRY(write_group(w, &group, error));
    }
    return HS_OK;
}

/*
 * Sampling depends on seed, prompt, sample and step alone, so that the texts are those that were
 * scored, whichever rank samples them again. The groups are the sweep's, since batches must be as
 * they were.
 */
static hs_status write_share(text_writer *w, hs_error *error)
{
    const hs_results_task *of = file_task(w);
    uint64_t n_held = 0, first, n;

    HS_TRY(hs_allocate(&w->padded, of->n_samples, of->text_bytes, "texts", error));
    HS_TRY(hs_study_evaluator(w->study, &w->evaluator, error));
    for (size_t phase = 0; phase < hs_results_n_chosen_phases(w->results); ++phase) {
        hs_plan plan;
        hs_results_phase_sets(w->results, phase, &first, &n);
        if (n == 0)
            continue;
        HS_TRY(hs__study_plan_phase(w->study, first, n, &plan, error));
        hs_status status = write_planned(w, &plan, &n_held, error);
        hs_sweep_plan_clear(&plan);
        HS_TRY(status);
    }
    return HS_OK;
}

/* Rank 0 says which set each row holds, or that it holds none; `sets` is scratch. */
static hs_status write_rows(text_writer *w, size_t n_written, int32_t *sets, hs_error *error)
{
    hs_status status = HS_OK;

    for (size_t row = 0; row < file_task(w)->n_text_sets; ++row)
        sets[row] = row < n_written ? (int32_t)w->sets[row] : -1;
    if (hs_comm_rank(w->comm) == 0)
        status = hs_results_write_text_sets(w->results, w->task, sets, error);
    return hs_comm_agree(w->comm, status, error);
}

/* Rank 0 looks for all. */
static hs_status find_written(text_writer *w, int32_t *sets, uint8_t *written_out, hs_error *error)
{
    hs_status status = HS_OK;

    *written_out = 1;
    if (hs_comm_rank(w->comm) == 0)
        status = hs_results_read_text_sets(w->results, w->task, sets, error);
    HS_TRY(hs_comm_agree(w->comm, status, error));
    for (size_t row = 0; row < file_task(w)->n_text_sets; ++row)
        if (sets[row] != (row < w->n_sets ? (int32_t)w->sets[row] : -1))
            *written_out = 0;
    return hs_comm_broadcast(w->comm, written_out, sizeof *written_out, 0, error);
}

/*
 * The rows are marked as holding nothing, the texts written, the rows named, in this order: a run
 * that dies in between leaves no row that claims another set's texts.
 */
hs_status hs__study_save_texts(hs_comm *comm, hs_study *study, hs_results *results, size_t task, const uint64_t *sets,
                               size_t n_sets, hs_error *error)
{
    text_writer w = {comm, study, results, (uint32_t)task, sets, n_sets, {0}, NULL};
    int32_t *rows = NULL;
    uint8_t written = 0;
    hs_status status = hs_allocate(&rows, file_task(&w)->n_text_sets, sizeof *rows, "text sets", error);

    if (status == HS_OK && n_sets > file_task(&w)->n_text_sets)
        status = hs_fail(error, HS_ERROR_INTERNAL, "the file has no room for the texts of %zu sets", n_sets);
    HS_GOTO_DONE(hs_comm_agree(comm, status, error));
    HS_GOTO_DONE(find_written(&w, rows, &written, error));
    if (written)
        goto done;
    HS_GOTO_DONE(write_rows(&w, 0, rows, error));
    HS_GOTO_DONE(hs_comm_agree(comm, write_share(&w, error), error));
    HS_GOTO_DONE(write_rows(&w, n_sets, rows, error));
done:
    hs_study_evaluator_clear(&w.evaluator);
    hs_free(w.padded);
    hs_free(rows);
    return status;
}
