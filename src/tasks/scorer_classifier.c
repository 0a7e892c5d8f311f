/* A scorer by a checkpoint for sequence classification: the probability of one label. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tasks/encode.h"
#include "tasks/scorer.h"
#include "tasks/sequences.h"

/* Rows that are evaluated together, about; a text is never cut by it. */
enum { BATCH_ROWS = 2048 };

typedef struct classifier_text {
    const char *bytes;
    size_t length;
    const char *prompt; /* NULL: none is read */
    size_t prompt_length;
    size_t index;
} classifier_text;

typedef struct classifier_scorer {
    hs_scorer base;
    hs_classifier classifier;
    hs_engine *engine;
    int32_t label;
    bool independent;    /* the logistic of a logit */
    hs_token_list front; /* special tokens around a text */
    hs_token_list back;
    hs_token_list ids; /* scratch */
    hs_encoding pair;  /* scratch */
    classifier_text *texts;
    size_t texts_capacity;
    task_sequences sequences; /* the batch */
    size_t *owners;           /* text of each sequence */
    size_t owners_capacity;
    hs_query *queries;
    size_t queries_capacity;
    double *answers;
    size_t answers_capacity;
} classifier_scorer;

/* Lists the labels that the checkpoint names, or how many there are where it names none. */
static hs_status no_such_label(const hs_model *model, const char *label, hs_error *error)
{
    hs_names names = {0};
    if (model->labels == NULL)
        return hs_fail(error, HS_ERROR_USAGE, "scorer_label = \"%s\" is not a label of the classifier: it has 0 to %zu",
                       label, model->shape.n_outputs - 1);
    for (size_t i = 0; i < model->shape.n_outputs; i++)
        hs_names_put(&names, model->labels[i]);
    return hs_fail_name(error, HS_ERROR_USAGE, &names, label,
                        "scorer_label = \"%s\" is not a label of the classifier, nor an index from 0 to %zu", label,
                        model->shape.n_outputs - 1);
}

/*
 * A name goes before an index: labels may be called "0" and "1" in another order than they have.
 * One output needs no label, since there is nothing to choose.
 */
static hs_status find_label(const hs_model *model, const char *label, int32_t *label_out, hs_error *error)
{
    size_t n = model->shape.n_outputs;
    char *end;
    *label_out = 0;
    if (n == 1 && label[0] == '\0')
        return HS_OK;
    for (size_t i = 0; i < n && model->labels != NULL; i++)
        if (strcmp(model->labels[i], label) == 0) {
            *label_out = (int32_t)i;
            return HS_OK;
        }
    unsigned long index = strtoul(label, &end, 10);
    if (label[0] < '0' || label[0] > '9' || *end != '\0' || index >= n)
        return no_such_label(model, label, error);
    *label_out = (int32_t)index;
    return HS_OK;
}

/*
 * A text of no token at all has no row whose label there could be: as a prompt that is empty it gets what stands before
 * texts, which the classifier must have.
 */
static hs_status check_empty(const classifier_scorer *scorer, hs_error *error)
{
    const hs_text_tokens tokens = hs_tasks_text_tokens_choose(scorer->classifier.model, scorer->classifier.tokenizer);
    bool is_there = tokens.prefix >= 0 && (size_t)tokens.prefix < scorer->classifier.model->shape.vocabulary;
    if (is_there || scorer->front.n + scorer->back.n > 0)
        return HS_OK;
    return hs_fail(
        error, HS_ERROR_INPUT,
        "scorer_checkpoint: the tokenizer puts nothing around a text and names no bos_token and no eos_token "
        "that the model has, so that an empty text would have no score; name one in tokenizer_config.json");
}

static hs_status fill_empty(const classifier_scorer *scorer, hs_token_list *ids, hs_error *error)
{
    const hs_text_tokens tokens = hs_tasks_text_tokens_choose(scorer->classifier.model, scorer->classifier.tokenizer);
    return ids->n > 0 ? HS_OK : hs__tasks_append_ids(ids, &tokens.prefix, 1, error);
}

/*
 * The label is part of the scorer's hash, because scores of another label are other results. A
 * logistic function belongs to labels that do not exclude each other and to a lone output, softmax
 * to all others.
 */
static hs_status set_up(classifier_scorer *scorer, hs_error *error)
{
    const hs_classifier *classifier = &scorer->classifier;
    const hs_model_shape *shape = &classifier->model->shape;
    const hs_engine_options options = {
        .kind = HS_ENGINE_PREFIX,
        .threads = classifier->threads,
        .poll = classifier->poll,
        .poll_context = classifier->poll_context,
    };
    if (shape->head != HS_HEAD_CLASSIFIER)
        return hs_fail(error, HS_ERROR_USAGE, "scorer_checkpoint: %s is not a model for sequence classification",
                       classifier->model->architecture);
    if (classifier->tokenizer == NULL)
        return hs_fail(error, HS_ERROR_INPUT, "scorer_checkpoint: the folder has no tokenizer");
    HS_TRY(find_label(classifier->model, classifier->label, &scorer->label, error));
    scorer->independent = shape->multi_label || shape->n_outputs == 1;
    HS_TRY(hs__tasks_encode_frame(classifier->tokenizer, &scorer->front, &scorer->back, error));
    HS_TRY(check_empty(scorer, error));
    if (scorer->front.n + scorer->back.n >= shape->n_positions)
        return hs_fail(error, HS_ERROR_INPUT, "the classifier has no more than %zu positions", shape->n_positions);
    scorer->base.hash = hs_hash_u64(scorer->base.hash, (uint64_t)scorer->label);
    return hs_engine_new(classifier->model, &options, &scorer->engine, error);
}

static int compare_bytes(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t shared = a_length < b_length ? a_length : b_length;
    int order = shared == 0 ? 0 : memcmp(a, b, shared);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static int compare_contents(const classifier_text *a, const classifier_text *b)
{
    int order = compare_bytes(a->bytes, a->length, b->bytes, b->length);
    return order != 0 ? order : compare_bytes(a->prompt, a->prompt_length, b->prompt, b->prompt_length);
}

static int compare_texts(const void *left, const void *right)
{
    const classifier_text *a = left;
    const classifier_text *b = right;
    int order = compare_contents(a, b);
    return order != 0 ? order : a->index < b->index ? -1 : 1;
}

static bool same_text(const classifier_text *a, const classifier_text *b)
{
    return compare_contents(a, b) == 0;
}

/* owners[] leads from the batch back to the text. */
static hs_status evaluate_batch(classifier_scorer *scorer, double *scores, hs_error *error)
{
    const hs_ablation clean = {0};
    size_t n = scorer->sequences.n;
    hs_prepared *prepared = NULL;
    if (n == 0)
        return HS_OK;
    HS_TRY(hs_reserve(&scorer->queries, &scorer->queries_capacity, n, sizeof *scorer->queries, "queries", error));
    HS_TRY(hs_reserve(&scorer->answers, &scorer->answers_capacity, n, sizeof *scorer->answers, "answers", error));
    const hs_sequences sequences = hs__tasks_sequences_view(&scorer->sequences);
    const int32_t kind = scorer->independent ? HS_QUERY_LOGIT : HS_QUERY_LOG_PROBABILITY;
    for (size_t i = 0; i < n; i++) {
        const size_t first = sequences.offsets[i];
        const uint32_t row = hs_engine_label_row(&scorer->classifier.model->shape, sequences.tokens + first,
                                                 sequences.offsets[i + 1] - first);
        scorer->queries[i] = (hs_query){(uint32_t)i, row, kind, scorer->label};
    }
    const hs_workload workload = {.sequences = sequences, .queries = scorer->queries, .n_queries = n};
    HS_TRY(hs_engine_prepare(scorer->engine, &workload, &prepared, error));
    hs_status status = hs_engine_evaluate(scorer->engine, prepared, &clean, 1, scorer->answers, error);
    hs_engine_prepared_free(prepared);
    HS_TRY(status);
    for (size_t i = 0; i < n; i++) {
        double answer = scorer->answers[i];
        scores[scorer->owners[i]] = scorer->independent ? 1 / (1 + exp(-answer)) : exp(answer);
    }
    hs__tasks_sequences_reset(&scorer->sequences);
    return HS_OK;
}

static hs_status add_owner(classifier_scorer *scorer, const classifier_text *text, hs_error *error)
{
    HS_TRY(hs_reserve(&scorer->owners, &scorer->owners_capacity, scorer->sequences.n + 1, sizeof *scorer->owners,
                      "texts", error));
    scorer->owners[scorer->sequences.n] = text->index;
    return HS_OK;
}

static hs_status add_pair(classifier_scorer *scorer, const classifier_text *text, hs_error *error)
{
    const hs_model_shape *shape = &scorer->classifier.model->shape;
    const hs_tokenizer *tokenizer = scorer->classifier.tokenizer;
    const hs_texts texts = {text->prompt, text->prompt_length, text->bytes, text->length};
    bool has_types = shape->n_token_types > 1 && hs_tokenizer_gives_types(tokenizer);
    HS_TRY(hs_tokenizer_encode_texts(tokenizer, &texts, true, shape->n_positions, &scorer->pair, error));
    HS_TRY(fill_empty(scorer, &scorer->pair.ids, error));
    HS_TRY(add_owner(scorer, text, error));
    return hs__tasks_sequences_add(&scorer->sequences, scorer->pair.ids.ids, has_types ? scorer->pair.types.ids : NULL,
                                   scorer->pair.ids.n, error);
}

static hs_status add_text(classifier_scorer *scorer, const classifier_text *text, hs_error *error)
{
    size_t n_special = scorer->front.n + scorer->back.n;
    size_t n_most = scorer->front.n + scorer->classifier.model->shape.n_positions - n_special;
    hs_token_list *ids = &scorer->ids;
    ids->n = 0;
    HS_TRY(hs__tasks_append_ids(ids, scorer->front.ids, scorer->front.n, error));
    HS_TRY(hs_tokenizer_encode(scorer->classifier.tokenizer, text->bytes, text->length, false, ids, error));
    ids->n = ids->n < n_most ? ids->n : n_most;
    HS_TRY(hs__tasks_append_ids(ids, scorer->back.ids, scorer->back.n, error));
    HS_TRY(fill_empty(scorer, ids, error));
    HS_TRY(add_owner(scorer, text, error));
    return hs__tasks_sequences_add(&scorer->sequences, ids->ids, NULL, ids->n, error);
}

static classifier_text text_at(const scored_texts *scored, size_t i)
{
    classifier_text text = {.index = i};
    text.bytes = hs_tasks_text_list_at(scored->texts, i, &text.length);
    if (scored->prompts != NULL)
        text.prompt =
            hs_tasks_text_list_at(scored->prompts, i / scored->n_samples % scored->prompts->n, &text.prompt_length);
    return text;
}

/*
 * Sorted, equal texts are neighbours and are evaluated once, and batches do not depend on the
 * order in which samples came. Scores of the repeated ones are filled in at the end, in the same
 * order, so that each finds its neighbour's done.
 */
static hs_status classifier_score(hs_scorer *base, const scored_texts *scored, double *scores, hs_error *error)
{
    classifier_scorer *scorer = (classifier_scorer *)base;
    const hs_text_list *list = scored->texts;
    HS_TRY(hs_reserve(&scorer->texts, &scorer->texts_capacity, list->n, sizeof *scorer->texts, "texts", error));
    classifier_text *texts = scorer->texts;
    for (size_t i = 0; i < list->n; i++)
        texts[i] = text_at(scored, i);
    qsort(texts, list->n, sizeof *texts, compare_texts);
    hs__tasks_sequences_reset(&scorer->sequences);
    for (size_t i = 0; i < list->n; i++) {
        if (i > 0 && same_text(&texts[i - 1], &texts[i]))
            continue;
        HS_TRY(texts[i].prompt == NULL ? add_text(scorer, &texts[i], error) : add_pair(scorer, &texts[i], error));
        if (hs__tasks_sequences_n_tokens(&scorer->sequences) >= BATCH_ROWS)
            HS_TRY(evaluate_batch(scorer, scores, error));
    }
    HS_TRY(evaluate_batch(scorer, scores, error));
    for (size_t i = 1; i < list->n; i++)
        if (same_text(&texts[i - 1], &texts[i]))
            scores[texts[i].index] = scores[texts[i - 1].index];
    return HS_OK;
}

/* Of token ids that are all 0: the cost depends on their number alone. */
static hs_status classifier_count(const hs_scorer *base, size_t n_tokens, hs_engine_cost *cost_out, hs_error *error)
{
    const classifier_scorer *scorer = (const classifier_scorer *)base;
    const hs_ablation clean = {0};
    size_t n_most = scorer->classifier.model->shape.n_positions;
    /* How long a prompt is to this tokenizer is not known: as long as can be. */
    size_t n = base->reads_prompts ? n_most : n_tokens + scorer->front.n + scorer->back.n;
    const size_t offsets[] = {0, n < n_most ? n : n_most};
    const bool is_first = offsets[1] == 0 || scorer->classifier.model->shape.bidirectional;
    const hs_query query = {0, is_first ? 0 : (uint32_t)offsets[1] - 1, HS_QUERY_LOGIT, scorer->label};
    int32_t *tokens = NULL;
    HS_TRY(hs_allocate(&tokens, offsets[1], sizeof *tokens, "token ids", error));
    const hs_workload workload = {
        .sequences = {.n = 1, .offsets = offsets, .tokens = tokens}, .queries = &query, .n_queries = 1};
    hs_status status = hs_engine_count_cost(scorer->engine, &workload, &clean, 1, cost_out, error);
    hs_free(tokens);
    return status;
}

static void classifier_clear(hs_scorer *base)
{
    classifier_scorer *scorer = (classifier_scorer *)base;
    hs_engine_free(scorer->engine);
    hs_tokenizer_token_list_clear(&scorer->front);
    hs_tokenizer_token_list_clear(&scorer->back);
    hs_tokenizer_token_list_clear(&scorer->ids);
    hs_tokenizer_encoding_clear(&scorer->pair);
    hs_free(scorer->texts);
    hs__tasks_sequences_clear(&scorer->sequences);
    hs_free(scorer->owners);
    hs_free(scorer->queries);
    hs_free(scorer->answers);
}

/*
 * The hash names what is read, pairs or texts, since the same checkpoint gives other scores of
 * either.
 */
hs_status hs_tasks_scorer_open_classifier(const hs_classifier *classifier, hs_scorer **scorer_out, hs_error *error)
{
    classifier_scorer *scorer = NULL;
    *scorer_out = NULL;
    HS_TRY(hs_allocate(&scorer, 1, sizeof *scorer, "classifier", error));
    scorer->base =
        (hs_scorer){.score = classifier_score,
                    .clear = classifier_clear,
                    .count = classifier_count,
                    .hash = hs_hash_text(0, classifier->reads_prompts ? "classifier of pairs" : "classifier"),
                    .reads_prompts = classifier->reads_prompts};
    scorer->classifier = *classifier;
    hs_status status = set_up(scorer, error);
    if (status != HS_OK) {
        hs_tasks_scorer_free(&scorer->base);
        return status;
    }
    *scorer_out = &scorer->base;
    return HS_OK;
}
