/*
 * open_task: opens an evaluation set: what the experiment file says of it is checked, its file
 * read, each record compiled by its kind, and all of it hashed.
 */
#include <string.h>

#include "tasks/generation.h"
#include "tasks/gold_label.h"
#include "tasks/lexicon.h"
#include "tasks/reader.h"
#include "tasks/task.h"
#include "tasks/template.h"

/* A window that is set for a kind without one would have no effect and was meant to have one. */
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

/* An entry counts by its first token: a few short entries may take in much of what a model ever says. */
static hs_status note_lexicon(hs_task *task, const hs_model *model, hs_error *error)
{
    static const double much_of_a_vocabulary = 0.1;
    const double share = (double)task->lexicon.n / (double)model->shape.vocabulary;
    if (share <= much_of_a_vocabulary)
        return HS_OK;
    return hs_text_appendf(
        &task->notes, error,
        "the entries of its lexicon begin with %zu of the model's %zu tokens (%.0f%%): their mass tells "
        "little of toxicity; take longer entries, or kind = \"generation\"\n",
        task->lexicon.n, model->shape.vocabulary, 100 * share);
}

static hs_status open_lexicon(const hs_task_config *config, const task_encoder *encoder, hs_task *task, hs_error *error)
{
    bool given = config->lexicon != NULL && config->lexicon[0] != '\0';
    if (task->kind->generates)
        return HS_OK;
    if (given && !task->kind->uses_lexicon)
        return hs_fail(error, HS_ERROR_USAGE, "lexicon: the kind %s uses none", task->kind->name);
    if (!given && task->kind->uses_lexicon)
        return hs_fail(error, HS_ERROR_USAGE, "lexicon is missing: the kind %s needs a word list, one entry per line",
                       task->kind->name);
    return given ? hs__tasks_lexicon_read(config->lexicon, encoder, &task->lexicon, error) : HS_OK;
}

/*
 * Two ways to say the same thing are refused even where they agree: if one is changed later the
 * other would quietly win.
 */
static hs_status check_choices(const hs_task_config *config, const task_kind *kind, hs_error *error)
{
    const char *label_is = hs_config_word(&HS_CONFIG_LABEL_IS, (int)config->label_is);
    bool mapped = false;
    for (size_t i = 0; i < config->n_fields; i++)
        mapped = mapped || strcmp(config->fields[i].name, "choices") == 0;
    if (!kind->uses_choices && config->choices.n > 0)
        return hs_fail(error, HS_ERROR_USAGE, "choices: the kind %s has none", kind->name);
    if (!kind->uses_labels && config->n_labels > 0)
        return hs_fail(error, HS_ERROR_USAGE, "labels: the kind %s has none", kind->name);
    if (!kind->uses_labels && config->label_is != HS_LABEL_IS_AUTO)
        return hs_fail(error, HS_ERROR_USAGE, "label_is = \"%s\": the kind %s has no labels", label_is, kind->name);
    if (config->n_labels > 0 && config->label_is != HS_LABEL_IS_AUTO)
        return hs_fail(error, HS_ERROR_USAGE, "label_is = \"%s\": `labels` say already what the labels are", label_is);
    if (config->choices.n == 1)
        return hs_fail(error, HS_ERROR_USAGE, "choices has 1 choice; there must be two or more");
    if (config->choices.n > 0 && mapped)
        return hs_fail(error, HS_ERROR_USAGE, "choices are given, and fields.choices too; one of them is right");
    for (size_t i = 0; i < config->choices.n; i++)
        HS_TRY(hs__tasks_template_check(config->choices.items[i], "choices", error));
    for (size_t i = 0; i < config->n_labels; i++)
        if (config->choices.n > 0 && config->labels[i].choice >= (int64_t)config->choices.n)
            return hs_fail(error, HS_ERROR_USAGE, "labels: \"%s\" is choice %lld, but `choices` has 0 to %zu",
                           config->labels[i].text, (long long)config->labels[i].choice, config->choices.n - 1);
    return HS_OK;
}

static hs_status set_delimiter(const hs_task_config *config, const task_kind *kind, task_encoder *encoder,
                               hs_error *error)
{
    if (config->delimiter == NULL || config->delimiter[0] == '\0')
        return HS_OK;
    if (!kind->uses_delimiter)
        return hs_fail(error, HS_ERROR_USAGE, "delimiter: the kind %s joins no texts", kind->name);
    encoder->delimiter = config->delimiter;
    return HS_OK;
}

/* The last new token is a row of nothing, so that it needs no place in the window. */
static task_room make_room(const hs_task_config *config, const hs_model *model, const hs_task *task)
{
    size_t n_new_tokens = task->generation.sampling.max_new_tokens;
    bool generates = n_new_tokens > 0;
    size_t n_new_rows = generates ? n_new_tokens - 1 : 0;
    return (task_room){
        .n_positions = model->shape.n_positions - n_new_tokens,
        .left_by = generates ? "the model's positions and max_new_tokens leave" : "the model has",
        .window = model->shape.window > 0 ? model->shape.window - n_new_rows : SIZE_MAX,
        .window_left_by = generates ? "the attention window (sliding_window in config.json) and max_new_tokens leave"
                                    : "the attention window (sliding_window in config.json) is",
        .window_advice = task->kind->uses_window ? "set the task's `window` to that or less" : "shorten or remove it",
        .truncate = config->too_long == HS_TOO_LONG_TRUNCATE,
    };
}

/* Everything that the experiment file alone can get wrong, and the lexicon. */
static hs_status set_up(const hs_task_config *config, const hs_tokenizer *tokenizer, const hs_model *model,
                        hs_task *task, task_compiler *compiler, hs_error *error)
{
    compiler->config = config;
    HS_TRY(hs__tasks_kind_find(config->kind, &task->kind, error));
    HS_TRY(hs__tasks_kind_check_model(task->kind, model, error));
    HS_TRY(hs__tasks_metrics_init(task, model, error));
    HS_TRY(hs__tasks_field_map_init(&compiler->fields, task->kind->fields, config->fields, config->n_fields, error));
    HS_TRY(check_choices(config, task->kind, error));
    HS_TRY(hs__tasks_encoder_init(&compiler->encoder, config->bos, tokenizer, model, error));
    HS_TRY(set_delimiter(config, task->kind, &compiler->encoder, error));
    HS_TRY(check_window(config, model, task->kind, &compiler->window, error));
    HS_TRY(open_lexicon(config, &compiler->encoder, task, error));
    HS_TRY(note_lexicon(task, model, error));
    compiler->draft.two_sided = model->shape.bidirectional;
    bool reads_whole = model->shape.bidirectional || hs_has_labels(&model->shape);
    task->cuts_ends = reads_whole && tokenizer != NULL && !hs_tokenizer_cuts_start(tokenizer);
    HS_TRY(hs__tasks_generation_init(config, &compiler->encoder, task, error));
    compiler->room = make_room(config, model, task);
    task->name = hs_string_copy(config->name, error);
    return task->name == NULL ? error->status : HS_OK;
}

/* Which records are examples. Initialise with {0}. */
typedef struct record_choice {
    size_t limit;   /* the first so many */
    uint32_t *rank; /* [limit] place of each in a random order; NULL: no sample */
    size_t sample;  /* of these, those with a rank below */
} record_choice;

static hs_status count_records(const hs_task_config *config, size_t limit, size_t *n_out, hs_error *error)
{
    task_reader reader;
    bool skipped = true;
    hs_status status = hs__tasks_reader_open(config->file, &config->format, &reader, error);
    for (*n_out = 0; status == HS_OK && *n_out < limit; (*n_out)++) {
        status = hs__tasks_reader_skip(&reader, &skipped, error);
        if (!skipped)
            break;
    }
    hs__tasks_reader_clear(&reader);
    return status;
}

/*
 * A sample needs the number of records first, hence a pass over the file that only counts. The
 * order is a function of seed and number alone; rank[i] < sample decides, so that records stay in
 * the file's order.
 */
static hs_status choose_records(const hs_task_config *config, record_choice *choice, hs_error *error)
{
    size_t n;
    choice->limit = config->limit > 0 ? (size_t)config->limit : SIZE_MAX;
    if (config->sample == 0)
        return HS_OK;
    HS_TRY(count_records(config, choice->limit, &n, error));
    if (n > UINT32_MAX)
        return hs_fail(error, HS_ERROR_INPUT, "%s: a sample is drawn of at most %u examples; set `limit`", config->file,
                       UINT32_MAX);
    choice->limit = n;
    choice->sample = (size_t)config->sample;
    HS_TRY(hs_allocate(&choice->rank, n, sizeof *choice->rank, "sample", error));
    hs_random_permutation((uint64_t)config->seed, hs_random_stream(HS_RANDOM_RECORDS, 0), n, choice->rank);
    return HS_OK;
}

static hs_status read_example(task_compiler *compiler, task_reader *reader, hs_task *task, hs_error *error)
{
    compiler->place = reader->place.text;
    compiler->line_number = reader->line;
    hs__tasks_draft_reset(&compiler->draft);
    HS_TRY(task->kind->compile(compiler, error));
    return hs__tasks_draft_commit(&compiler->draft, &compiler->room, reader->line, compiler->place, task, error);
}

/*
 * Records outside the sample are passed over without being parsed: a bad line among them is
 * nobody's business, and a small sample of a large file is quick.
 */
static hs_status read_examples(task_compiler *compiler, task_reader *reader, const record_choice *choice, hs_task *task,
                               hs_error *error)
{
    for (size_t record = 0; record < choice->limit; record++) {
        bool skipped;
        if (choice->rank != NULL && choice->rank[record] >= choice->sample) {
            HS_TRY(hs__tasks_reader_skip(reader, &skipped, error));
            continue;
        }
        HS_TRY(hs__tasks_reader_next(reader, &compiler->line, error));
        if (compiler->line == NULL)
            break;
        HS_TRY(read_example(compiler, reader, task, error));
    }
    if (task->n_examples == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the file has no example", reader->source.path);
    return HS_OK;
}

/*
 * What a resumed run must find unchanged: how the answers are cut into spans and which is right.
 * The tokens themselves are hashed by hash_task().
 */
static uint64_t hash_examples(uint64_t hash, const hs_task *task)
{
    for (size_t i = 0; i < task->n_examples; i++) {
        const task_example *example = &task->examples[i];
        const size_t facts[] = {example->n_sequences,      example->n_queries,     example->n_spans,
                                example->facts.gold,       example->facts.n_words, example->facts.n_bytes,
                                example->facts.independent};
        for (size_t k = 0; k < sizeof facts / sizeof facts[0]; k++)
            hash = hs_hash_u64(hash, facts[k]);
    }
    for (size_t i = 0; i < task->spans.n; i++) {
        hash = hs_hash_u64(hash, task->spans.items[i].n_queries);
        hash = hs_hash_u64(hash, task->spans.items[i].length);
        hash = hs_hash_u64(hash, task->spans.items[i].n_bytes);
    }
    return hash;
}

/* Number by number: the same on every machine, and no padding of a struct takes part. */
static uint64_t hash_task(const hs_task *task)
{
    uint64_t hash = hs_hash_text(0, task->kind->name);
    hash = hash_examples(hash, task);
    for (size_t i = 0; i < task->sequences.n; i++)
        hash = hs_hash_u64(hash, hs__tasks_sequence_length(&task->sequences, i));
    for (size_t i = 0; i < hs__tasks_sequences_n_tokens(&task->sequences); i++)
        hash = hs_hash_u64(hash, (uint64_t)task->sequences.tokens[i]);
    for (size_t i = 0; task->sequences.has_types && i < hs__tasks_sequences_n_tokens(&task->sequences); i++)
        hash = hs_hash_u64(hash, (uint64_t)task->sequences.types[i]);
    for (size_t i = 0; i < task->queries.n; i++) {
        const hs_query *query = &task->queries.items[i];
        hash = hs_hash_u64(hash, (uint64_t)query->sequence << 32 | query->row);
        hash = hs_hash_u64(hash, (uint64_t)(uint32_t)query->kind << 32 | (uint32_t)query->token);
    }
    for (size_t i = 0; i < task->lexicon.n; i++)
        hash = hs_hash_u64(hash, (uint64_t)task->lexicon.ids[i]);
    return task->kind->generates ? hs__tasks_generation_hash(hash, &task->generation) : hash;
}

/*
 * Errors of usage get the line of the experiment file behind them; errors of the data name the
 * data file's line already.
 */
hs_status hs_tasks_open(const hs_task_config *config, const hs_tokenizer *tokenizer, const hs_model *model,
                        hs_task **task_out, hs_error *error)
{
    hs_status status;
    hs_task *task = NULL;
    task_compiler compiler = {0};
    task_reader reader = {0};
    record_choice choice = {0};
    *task_out = NULL;
    HS_TRY(hs_allocate(&task, 1, sizeof *task, "task", error));
    HS_GOTO_DONE(set_up(config, tokenizer, model, task, &compiler, error));
    HS_GOTO_DONE(choose_records(config, &choice, error));
    HS_GOTO_DONE(hs__tasks_reader_open(config->file, &config->format, &reader, error));
    HS_GOTO_DONE(read_examples(&compiler, &reader, &choice, task, error));
    HS_GOTO_DONE(hs__tasks_reader_notes(&reader, &task->notes, error));
    HS_GOTO_DONE(hs__tasks_label_notes(&compiler, &task->notes, error));
    task->hash = hash_task(task);
    *task_out = task;
done:
    hs_free(choice.rank);
    hs__tasks_reader_clear(&reader);
    hs__tasks_compiler_clear(&compiler);
    if (status == HS_ERROR_USAGE)
        (void)hs_config_task_blame(config, error);
    if (status != HS_OK)
        hs_tasks_free(task);
    return status;
}
