/* generation: continuations of a prompt that are sampled and scored; which keys of an experiment belong to it. */
#include <string.h>

#include "tasks/generation.h"
#include "tasks/kinds.h"

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* Numbers have defaults that do no harm; a text that is given was meant. */
static hs_status refuse_keys(const hs_task_config *config, const task_kind *kind, hs_error *error)
{
    const char *key = config->stop.n > 0                    ? "stop"
                      : is_given(config->scorer_checkpoint) ? "scorer_checkpoint"
                      : is_given(config->scorer_label)      ? "scorer_label"
                      : config->save_text > 0               ? "save_text"
                                                            : NULL;
    if (key == NULL)
        return HS_OK;
    return hs_fail(error, HS_ERROR_USAGE, "%s: the kind %s does not generate texts", key, kind->name);
}

static hs_status refuse_scorer_key(const char *key, hs_scorer_kind scorer, bool missing, hs_error *error)
{
    return hs_fail(error, HS_ERROR_USAGE, "%s is %s: scorer = \"%s\"", key, missing ? "missing" : "not used",
                   hs_config_word(&HS_CONFIG_SCORERS, (int)scorer));
}

static hs_status check_scorer(const hs_task_config *config, hs_error *error)
{
    const hs_scorer_kind scorer = config->scorer;
    bool classifier = scorer == HS_SCORER_CLASSIFIER;
    if (is_given(config->lexicon) == classifier)
        return refuse_scorer_key("lexicon", scorer, !classifier, error);
    if (is_given(config->scorer_checkpoint) != classifier)
        return refuse_scorer_key("scorer_checkpoint", scorer, classifier, error);
    if (is_given(config->scorer_label) && !classifier)
        return refuse_scorer_key("scorer_label", scorer, false, error);
    if (config->scorer_text == HS_SCORER_TEXT_PAIR && !classifier)
        return refuse_scorer_key("scorer_text", scorer, false, error);
    return HS_OK;
}

static void set_end(task_generation *generation, const task_encoder *encoder)
{
    hs_text_tokens *tokens = &generation->tokens;
    *tokens = encoder->tokens;
    generation->sampling.end_tokens = tokens->end != NULL ? tokens->end : &tokens->end_of_tokenizer;
    generation->sampling.n_end_tokens = tokens->n_end;
}

/* Whether some of a text is read as special tokens: a text that is generated loses these. */
static hs_status holds_special(const hs_tokenizer *tokenizer, const char *text, bool *holds_out, hs_error *error)
{
    hs_token_list ids = {0};
    hs_text all = {0}, plain = {0};
    hs_status status;
    HS_GOTO_DONE(hs_tokenizer_encode(tokenizer, text, strlen(text), false, &ids, error));
    HS_GOTO_DONE(hs_tokenizer_decode(tokenizer, ids.ids, ids.n, false, &all, error));
    HS_GOTO_DONE(hs_tokenizer_decode(tokenizer, ids.ids, ids.n, true, &plain, error));
    *holds_out = all.length != plain.length;
done:
    hs_tokenizer_token_list_clear(&ids);
    hs_text_clear(&all);
    hs_text_clear(&plain);
    return status;
}

hs_status hs__tasks_generation_add_stop(task_generation *generation, const char *stop, hs_error *error)
{
    bool is_special = false;
    HS_TRY(hs_tasks_text_list_add(&generation->stops, stop, strlen(stop), error));
    HS_TRY(holds_special(generation->tokenizer, stop, &is_special, error));
    return is_special ? hs_tasks_text_list_add(&generation->special_stops, stop, strlen(stop), error) : HS_OK;
}

/*
 * All that makes a task impossible is refused at opening, hours before the first sample would have
 * been scored.
 */
hs_status hs__tasks_generation_init(const hs_task_config *config, const task_encoder *encoder, hs_task *task,
                                    hs_error *error)
{
    task_generation *generation = &task->generation;
    if (!task->kind->generates)
        return refuse_keys(config, task->kind, error);
    HS_TRY(check_scorer(config, error));
    if (!(config->top_p > 0))
        return hs_fail(error, HS_ERROR_USAGE, "top_p = %g leaves no token to sample; 1.0 leaves all", config->top_p);
    if ((uint64_t)config->max_new_tokens >= encoder->model->shape.n_positions)
        return hs_fail(error, HS_ERROR_USAGE,
                       "max_new_tokens = %lld leaves no room for a prompt in the model's %zu positions",
                       (long long)config->max_new_tokens, encoder->model->shape.n_positions);
    if (encoder->model->shape.window > 0 && (uint64_t)config->max_new_tokens > encoder->model->shape.window)
        return hs_fail(
            error, HS_ERROR_USAGE,
            "max_new_tokens = %lld leaves no room for a prompt in the model's attention window of %zu tokens, "
            "which transformers gives this family's cache but not its attention",
            (long long)config->max_new_tokens, encoder->model->shape.window);
    if (encoder->tokenizer == NULL)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: generated tokens are scored as text, and the checkpoint has no "
                       "tokenizer",
                       config->file);
    if (hs_tokenizer_problem(encoder->tokenizer) != NULL)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: generated tokens are scored as text, and the tokenizer is not read: %s", config->file,
                       hs_tokenizer_problem(encoder->tokenizer));
    generation->tokenizer = encoder->tokenizer;
    generation->vocabulary = encoder->model->shape.vocabulary;
    generation->threshold = config->threshold;
    /* All greedy samples of a prompt are equal. */
    generation->sampling = (hs_sampling){.n_samples = config->temperature > 0 ? (size_t)config->samples : 1,
                                         .max_new_tokens = (size_t)config->max_new_tokens,
                                         .temperature = config->temperature,
                                         .top_k = (size_t)config->top_k,
                                         .top_p = config->top_p};
    set_end(generation, encoder);
    for (size_t i = 0; i < config->stop.n; i++)
        HS_TRY(hs__tasks_generation_add_stop(generation, config->stop.items[i], error));
    return HS_OK;
}

static uint64_t hash_real(uint64_t hash, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return hs_hash_u64(hash, bits);
}

/*
 * What is sampled depends on all of it, so results of other settings have another hash. Lengths go
 * in before texts, without which "a","bc" and "ab","c" would be equal.
 */
uint64_t hs__tasks_generation_hash(uint64_t hash, const task_generation *generation)
{
    const hs_sampling *sampling = &generation->sampling;
    const uint64_t counts[] = {sampling->n_samples, sampling->max_new_tokens, sampling->top_k, sampling->n_end_tokens,
                               generation->stops.n};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        hash = hs_hash_u64(hash, counts[i]);
    for (size_t i = 0; i < sampling->n_end_tokens; i++)
        hash = hs_hash_u64(hash, (uint64_t)sampling->end_tokens[i]);
    hash = hash_real(hash_real(hash_real(hash, sampling->temperature), sampling->top_p), generation->threshold);
    for (size_t i = 0; i < generation->stops.n; i++) {
        size_t length;
        const char *stop = hs_tasks_text_list_at(&generation->stops, i, &length);
        hash = hs_hash(hs_hash_u64(hash, length), stop, length);
    }
    return hash;
}

hs_status hs__tasks_generation_compile(task_compiler *compiler, hs_error *error)
{
    HS_TRY(hs__tasks_compiler_prompt(compiler, "prompt", error));
    /* Keeps the whole prompt, and is what the start-up self-test compares. */
    return hs__tasks_draft_query(&compiler->draft, compiler->ids.n - 1, HS_QUERY_LOG_PROBABILITY, 0, error);
}
