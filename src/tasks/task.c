#include "tasks/task.h"

#include <string.h>

#include "tasks/lexicon.h"
#include "tasks/reader.h"

/* ---- the compiler ------------------------------------------------------------------------------------------------ */

void task_compiler_clear(task_compiler *compiler)
{
    task_draft_clear(&compiler->draft);
    task_context_clear(&compiler->context);
    hs_token_list_clear(&compiler->ids);
}

hs_status task_compiler_text(const task_compiler *compiler, const char *name, task_text *text_out, hs_error *error)
{
    return task_field_text(&compiler->fields, name, compiler->line, compiler->place, text_out, error);
}

hs_status task_compiler_context(task_compiler *compiler, const char *name, hs_error *error)
{
    task_text text;
    HS_TRY(task_compiler_text(compiler, name, &text, error));
    return task_context_set(&compiler->context, &compiler->encoder, &text, compiler->place, error);
}

hs_status task_compiler_continue(task_compiler *compiler, const char *name, hs_error *error)
{
    task_text text;
    size_t n_context;
    HS_TRY(task_compiler_text(compiler, name, &text, error));
    HS_TRY(task_context_continue(&compiler->context, &compiler->encoder, &text, compiler->place, &compiler->ids,
                                 &n_context, error));
    return task_draft_continuation(&compiler->draft, &compiler->ids, n_context, HS_QUERY_LOG_PROBABILITY,
                                   compiler->ids.n - n_context, error);
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

static hs_status check_window(const hs_task_config *config, const hs_model *model, const task_kind *kind,
                              size_t *window_out, hs_error *error)
{
    size_t n_positions = model->shape.n_positions;
    *window_out = n_positions;
    if (config->window == 0)
        return HS_OK;
    if (!kind->uses_window)
        return hs_fail(error, HS_ERROR_USAGE, "window = %lld: the kind %s has no windows", (long long)config->window,
                       kind->name);
    if (config->window < 0 || (uint64_t)config->window > n_positions)
        return hs_fail(error, HS_ERROR_USAGE, "window = %lld is outside 1 to %zu, the model's number of positions",
                       (long long)config->window, n_positions);
    *window_out = (size_t)config->window;
    return HS_OK;
}

static hs_status open_lexicon(const hs_task_config *config, const task_encoder *encoder, hs_task *task, hs_error *error)
{
    bool given = config->lexicon != NULL && config->lexicon[0] != '\0';
    if (given && !task->kind->uses_lexicon)
        return hs_fail(error, HS_ERROR_USAGE, "lexicon: the kind %s uses none", task->kind->name);
    if (!given && task->kind->uses_lexicon)
        return hs_fail(error, HS_ERROR_USAGE, "lexicon is missing: the kind %s needs a word list, one entry a line",
                       task->kind->name);
    return given ? task_lexicon_read(config->lexicon, encoder, &task->lexicon, error) : HS_OK;
}

/* Everything that the experiment file alone can get wrong, and the lexicon. */
static hs_status set_up(const hs_task_config *config, const hs_tokenizer *tokenizer, const hs_model *model,
                        hs_task *task, task_compiler *compiler, hs_error *error)
{
    HS_TRY(task_kind_find(config->kind, &task->kind, error));
    HS_TRY(task_field_map_init(&compiler->fields, task->kind->fields, config->fields, config->n_fields, error));
    HS_TRY(task_encoder_init(&compiler->encoder, config->bos, tokenizer, model, error));
    HS_TRY(check_window(config, model, task->kind, &compiler->window, error));
    HS_TRY(open_lexicon(config, &compiler->encoder, task, error));
    task->name = hs_string_copy(config->name, error);
    return task->name == NULL ? error->status : HS_OK;
}

static hs_status read_examples(const hs_task_config *config, task_compiler *compiler, task_reader *reader,
                               hs_task *task, hs_error *error)
{
    size_t limit = config->limit > 0 ? (size_t)config->limit : SIZE_MAX;
    while (task->n_examples < limit) {
        HS_TRY(task_reader_next(reader, &compiler->line, error));
        if (compiler->line == NULL)
            break;
        compiler->place = reader->place.text;
        task_draft_reset(&compiler->draft);
        HS_TRY(task->kind->compile(compiler, error));
        HS_TRY(task_draft_commit(&compiler->draft, compiler->encoder.model->shape.n_positions, reader->line,
                                 compiler->place, task, error));
    }
    if (task->n_examples == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the file has no example", config->file);
    return HS_OK;
}

static uint64_t hash_examples(uint64_t hash, const hs_task *task)
{
    for (size_t i = 0; i < task->n_examples; i++) {
        const task_example *example = &task->examples[i];
        const size_t facts[] = {example->n_sequences, example->n_queries,     example->n_spans,
                                example->facts.gold,  example->facts.n_words, example->facts.n_bytes};
        for (size_t k = 0; k < sizeof facts / sizeof facts[0]; k++)
            hash = hs_hash_u64(hash, facts[k]);
    }
    for (size_t i = 0; i < task->spans.n; i++) {
        hash = hs_hash_u64(hash, task->spans.items[i].n_queries);
        hash = hs_hash_u64(hash, task->spans.items[i].length);
    }
    return hash;
}

/* Number by number: the same on every machine, and no padding of a struct takes part. */
static uint64_t hash_task(const hs_task *task)
{
    uint64_t hash = hs_hash_text(0, task->kind->name);
    hash = hash_examples(hash, task);
    for (size_t i = 0; i < task->sequences.n; i++)
        hash = hs_hash_u64(hash, task_sequence_length(&task->sequences, i));
    for (size_t i = 0; i < task_sequences_n_tokens(&task->sequences); i++)
        hash = hs_hash_u64(hash, (uint64_t)task->sequences.tokens[i]);
    for (size_t i = 0; i < task->queries.n; i++) {
        const hs_query *query = &task->queries.items[i];
        hash = hs_hash_u64(hash, (uint64_t)query->sequence << 32 | query->row);
        hash = hs_hash_u64(hash, (uint64_t)(uint32_t)query->kind << 32 | (uint32_t)query->token);
    }
    for (size_t i = 0; i < task->lexicon.n; i++)
        hash = hs_hash_u64(hash, (uint64_t)task->lexicon.ids[i]);
    return hash;
}

hs_status hs_task_open(const hs_task_config *config, const hs_tokenizer *tokenizer, const hs_model *model,
                       hs_task **task_out, hs_error *error)
{
    hs_status status;
    hs_task *task = NULL;
    task_compiler compiler = {0};
    task_reader reader = {0};
    *task_out = NULL;
    HS_TRY(hs_allocate(&task, 1, sizeof *task, "task", error));
    HS_GOTO_DONE(set_up(config, tokenizer, model, task, &compiler, error));
    HS_GOTO_DONE(task_reader_open(config->file, &reader, error));
    HS_GOTO_DONE(read_examples(config, &compiler, &reader, task, error));
    task->hash = hash_task(task);
    *task_out = task;
done:
    task_reader_clear(&reader);
    task_compiler_clear(&compiler);
    if (status == HS_ERROR_USAGE)
        (void)hs_error_prefix(error, "task \"%s\" (line %d of the experiment file)", config->name, config->line);
    if (status != HS_OK)
        hs_task_free(task);
    return status;
}

void hs_task_free(hs_task *task)
{
    if (task == NULL)
        return;
    hs_free(task->name);
    hs_free(task->examples);
    task_sequences_clear(&task->sequences);
    hs_free(task->queries.items);
    hs_free(task->spans.items);
    hs_token_list_clear(&task->lexicon);
    hs_free(task);
}

/* ---- what there is to know of it --------------------------------------------------------------------------------- */

const char *hs_task_name(const hs_task *task)
{
    return task->name;
}

const char *hs_task_kind(const hs_task *task)
{
    return task->kind->name;
}

size_t hs_task_n_examples(const hs_task *task)
{
    return task->n_examples;
}

size_t hs_task_n_metrics(const hs_task *task)
{
    return task_kind_n_metrics(task->kind);
}

const hs_metric *hs_task_metric(const hs_task *task, size_t index)
{
    return &task->kind->metrics[index];
}

uint64_t hs_task_hash(const hs_task *task)
{
    return task->hash;
}

size_t hs_task_example_rows(const hs_task *task, size_t index)
{
    const task_example *example = &task->examples[index];
    const size_t *offsets = task->sequences.offsets + example->first_sequence;
    return offsets[example->n_sequences] - offsets[0];
}

size_t hs_task_example_line(const hs_task *task, size_t index)
{
    return task->examples[index].line;
}
