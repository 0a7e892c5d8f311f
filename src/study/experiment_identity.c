/* What makes two experiments the same: keys of the configuration, hashes of all that is read, the sizes of the plan. */
#include <inttypes.h>

#include "study/storage.h"

static hs_status append_row(hs_config_values *values, size_t *capacity, const char *key, const char *value,
                            hs_error *error)
{
    HS_TRY(hs_reserve(&values->items, capacity, values->n + 1, sizeof *values->items, "experiment identity", error));
    hs_config_value *row = &values->items[values->n++];
    row->key = hs_string_copy(key, error);
    row->value = hs_string_copy(value, error);
    row->identity = true;
    return row->key == NULL || row->value == NULL ? error->status : HS_OK;
}

static hs_status append_hash(hs_config_values *values, size_t *capacity, const char *key, uint64_t hash,
                             hs_error *error)
{
    char text[32];

    snprintf(text, sizeof text, "%016" PRIx64, hash);
    return append_row(values, capacity, key, text, error);
}

/* The plan and the engine's stacks decide the composition of every batch, and with it the bits. */
static uint64_t hash_plan(const hs_plan *plan, size_t stacked_rows)
{
    uint64_t hash = hs_hash_u64(hs_hash_u64(plan->n_sets, plan->sets_per_group), stacked_rows);

    for (size_t i = 0; i < plan->n_tasks; ++i) {
        const hs_plan_task *task = &plan->tasks[i];
        hash = hs_hash(hash, task->shard_first, (task->n_shards + 1) * sizeof *task->shard_first);
        hash = hs_hash(hash, task->block_first, (task->n_blocks + 1) * sizeof *task->block_first);
    }
    return hash;
}

static hs_status append_number(hs_config_values *values, size_t *capacity, const char *key, uint64_t number,
                               hs_error *error)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRIu64, number);
    return append_row(values, capacity, key, text, error);
}

/*
 * The sizes by name too: another run.memory_per_rank, or another version's idea of what fits it, chooses others. One
 * thread is what there was before there were several, and has no row.
 */
static hs_status append_plan(const hs_study *study, hs_config_values *values, size_t *capacity, hs_error *error)
{
    HS_TRY(append_number(values, capacity, "plan.batch_rows", study->plan.batch_rows, error));
    HS_TRY(append_number(values, capacity, "plan.sets_per_group", study->plan.sets_per_group, error));
    HS_TRY(append_number(values, capacity, "plan.stacked_rows", study->stacked_rows, error));
    if (study->experiment->threads_per_rank > 1)
        HS_TRY(append_number(values, capacity, "plan.threads_per_rank", (uint64_t)study->experiment->threads_per_rank,
                             error));
    return append_hash(values, capacity, "hash.plan", hash_plan(&study->plan, study->stacked_rows), error);
}

static uint64_t hash_sequences(const hs_sequences *sequences)
{
    uint64_t hash = hs_hash(0, sequences->offsets, (sequences->n + 1) * sizeof *sequences->offsets);

    hash = hs_hash(hash, sequences->tokens, sequences->offsets[sequences->n] * sizeof *sequences->tokens);
    if (sequences->types == NULL)
        return hash;
    return hs_hash(hash, sequences->types, sequences->offsets[sequences->n] * sizeof *sequences->types);
}

static bool generates(const hs_study *study)
{
    for (size_t i = 0; i < study->n_tasks; ++i)
        if (hs_tasks_generates(study->tasks[i]))
            return true;
    return false;
}

/* By name too: the same data and files with other tokens around them are another experiment. */
static hs_status append_tokens(const hs_study *study, hs_config_values *values, size_t *capacity, hs_error *error)
{
    const hs_text_tokens tokens = hs_tasks_text_tokens_choose(study->model, study->tokenizer);
    const hs_text_token n = study->model->shape.bidirectional ? 0 : generates(study) ? HS_N_TEXT_TOKENS : HS_TEXT_END;
    hs_text text = {0};
    hs_status status = HS_OK;
    char key[64];

    for (hs_text_token which = 0; which < n; ++which) {
        text.length = 0;
        snprintf(key, sizeof key, "tokens.%s", hs_tasks_text_token_name(which));
        HS_GOTO_DONE(hs_tasks_text_tokens_describe(&tokens, which, study->tokenizer, false, &text, error));
        HS_GOTO_DONE(append_row(values, capacity, key, text.text, error));
    }
done:
    hs_text_clear(&text);
    return status;
}

/*
 * Everything that was read, by what it contains and not by its path: a checkpoint may move, but
 * not change. The sets are hashed as if written out, so that how they are stored is nobody's
 * business.
 */
static hs_status append_hashes(const hs_study *study, hs_config_values *values, size_t *capacity, hs_error *error)
{
    const hs_task_workload *reference = study->storage->reference_set;
    const hs_space *space = &study->space;
    uint64_t hash = 0;
    char key[128];

    HS_TRY(append_hash(values, capacity, "hash.checkpoint", study->storage->model_hash, error));
    if (study->tokenizer != NULL && hs_tokenizer_problem(study->tokenizer) == NULL)
        HS_TRY(append_hash(values, capacity, "hash.tokenizer", hs_tokenizer_hash(study->tokenizer), error));
    HS_TRY(append_tokens(study, values, capacity, error));
    for (size_t i = 0; i < study->n_tasks; ++i) {
        snprintf(key, sizeof key, "hash.data.%s", hs_tasks_name(study->tasks[i]));
        HS_TRY(append_hash(values, capacity, key, hs_tasks_hash(study->tasks[i]), error));
        if (!hs_tasks_generates(study->tasks[i]))
            continue;
        snprintf(key, sizeof key, "hash.scorer.%s", hs_tasks_name(study->tasks[i]));
        HS_TRY(append_hash(values, capacity, key, hs__study_scorer_hash(study, i), error));
    }
    if (reference != NULL)
        HS_TRY(append_hash(values, capacity, "hash.reference", hash_sequences(&reference->workload.sequences), error));
    HS_TRY(hs_sets_hash(&space->sets, space->n_sets, study->phases.max_order, hs_hash_u64(0, study->phases.max_order),
                        &hash, error));
    HS_TRY(append_hash(values, capacity, "hash.ablation_sets", hash, error));
    return append_plan(study, values, capacity, error);
}

/* Keys as text, as the file stores them, so that two experiments can be compared line by line. */
hs_status hs__study_identity(const hs_study *study, hs_config_values *values_out, hs_error *error)
{
    hs_config_values all = {0}, identity = {0};
    size_t capacity = 0;
    hs_status status;

    *values_out = identity;
    HS_GOTO_DONE(hs_config_list_values(study->experiment, &all, error));
    for (size_t i = 0; i < all.n; ++i)
        if (all.items[i].identity)
            HS_GOTO_DONE(append_row(&identity, &capacity, all.items[i].key, all.items[i].value, error));
    HS_GOTO_DONE(append_hashes(study, &identity, &capacity, error));
    *values_out = identity;
    identity = (hs_config_values){0};
done:
    hs_config_values_clear(&identity);
    hs_config_values_clear(&all);
    return status;
}
