/*
 * token_classification: which label has each word? As in CoNLL's files a line has words and their labels; a word's
 * label is that of its first token, as transformers' examples train and test such models, and its other tokens are
 * only read.
 */
#include <math.h>
#include <string.h>

#include "tasks/gold_label.h"
#include "tasks/kinds.h"

enum { TOKEN_ACC, TOKEN_LOG_LOSS, TOKEN_MARGIN, TOKEN_WORDS };

/* Words and labels of a line, and what becomes of them. */
typedef struct labelled_words {
    const hs_json_value *words;
    const hs_json_value *labels;
    size_t *first; /* [words]: place of a word's first token among those of all words; SIZE_MAX: it has none */
    size_t from;   /* tokens first .. end of them are read, between the frame */
    size_t end;
} labelled_words;

/* An array of the line. */
static hs_status read_list(const task_compiler *compiler, const char *name, const hs_json_value **list_out,
                           hs_error *error)
{
    HS_TRY(hs__tasks_field_value(&compiler->fields, name, compiler->line, compiler->place, list_out, error));
    if (hs_json_kind_of(*list_out) == HS_JSON_ARRAY && hs_json_size(*list_out) > 0)
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT, "%s: field `%s` must be an array with an element for each word",
                   compiler->place, name);
}

static hs_status read_lists(const task_compiler *compiler, labelled_words *line, hs_error *error)
{
    HS_TRY(read_list(compiler, "tokens", &line->words, error));
    HS_TRY(read_list(compiler, "label", &line->labels, error));
    if (hs_json_size(line->words) != hs_json_size(line->labels))
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `tokens` has %zu words and field `label` %zu labels",
                       compiler->place, hs_json_size(line->words), hs_json_size(line->labels));
    return HS_OK;
}

/* Each word by itself, as tokenizers takes a text that is split already. */
static hs_status encode_words(task_compiler *compiler, labelled_words *line, hs_token_list *ids, hs_error *error)
{
    ids->n = 0;
    for (size_t i = 0; i < hs_json_size(line->words); i++) {
        const hs_json_value *word = hs_json_at(line->words, i);
        task_text text = {.bytes = hs_json_string(word), .length = hs_json_size(word)};
        (void)snprintf(text.label, sizeof text.label, "field `tokens[%zu]`", i);
        if (text.bytes == NULL)
            return hs_fail(error, HS_ERROR_INPUT, "%s: %s must be a text", compiler->place, text.label);
        size_t n_before = ids->n;
        HS_TRY(hs__tasks_encode_plain(&compiler->encoder, &text, compiler->place, ids, error));
        line->first[i] = ids->n > n_before ? n_before : SIZE_MAX;
    }
    return HS_OK;
}

/* As transformers cuts what is too long: at the end, or where the tokenizer says so at the start. */
static void cut_words(task_compiler *compiler, labelled_words *line, size_t n_ids, size_t n_special)
{
    const size_t n_positions = compiler->encoder.model->shape.n_positions;
    const size_t room = n_positions > n_special ? n_positions - n_special : 0;
    *line = (labelled_words){line->words, line->labels, line->first, 0, n_ids};
    if (!compiler->room.truncate || n_ids <= room)
        return;
    compiler->draft.truncated = true;
    if (hs_tokenizer_cuts_start(compiler->encoder.tokenizer))
        line->from = n_ids - room;
    else
        line->end = room;
}

/* What data files write where there is no label: null, or what transformers leaves out of losses. */
static bool is_left_out(const hs_json_value *label)
{
    return hs_json_kind_of(label) == HS_JSON_NULL || (hs_json_is_integer(label) && hs_json_integer(label) == -100);
}

/* A label is read, and refused if it is none, where its word is cut away too: files must not pass by length. */
static hs_status ask_words(task_compiler *compiler, const labelled_words *line, size_t n_front, hs_error *error)
{
    const hs_model *model = compiler->encoder.model;
    const task_alternatives labels = hs__tasks_labels_of(model);
    for (size_t i = 0; i < hs_json_size(line->words); i++) {
        size_t gold = 0, first = line->first[i];
        if (is_left_out(hs_json_at(line->labels, i)))
            continue;
        HS_TRY(hs__tasks_label_read(compiler, &labels, hs_json_at(line->labels, i), &gold, error));
        if (first == SIZE_MAX || first < line->from || first >= line->end)
            continue;
        HS_TRY(hs__tasks_draft_span(&compiler->draft, gold, error));
        for (size_t label = 0; label < labels.n; label++)
            HS_TRY(hs__tasks_draft_query(&compiler->draft, n_front + first - line->from, HS_QUERY_LOG_PROBABILITY,
                                         (int32_t)label, error));
    }
    if (compiler->draft.spans.n == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: no word that is read has a label", compiler->place);
    return HS_OK;
}

/* The frame is found on a text of its own, since words are encoded one by one, without it. */
static hs_status compile(task_compiler *compiler, labelled_words *line, hs_token_list *front, hs_token_list *back,
                         hs_error *error)
{
    hs_token_list *words = &compiler->ids, *ids = &compiler->encoding.ids;
    const hs_tokenizer *tokenizer = compiler->encoder.tokenizer;
    HS_TRY(encode_words(compiler, line, words, error));
    if (compiler->encoder.bos != HS_BOS_NEVER)
        HS_TRY(hs__tasks_encode_frame(tokenizer, front, back, error));
    cut_words(compiler, line, words->n, front->n + back->n);
    ids->n = 0;
    HS_TRY(hs__tasks_append_ids(ids, front->ids, front->n, error));
    HS_TRY(hs__tasks_append_ids(ids, words->ids + line->from, line->end - line->from, error));
    HS_TRY(hs__tasks_append_ids(ids, back->ids, back->n, error));
    HS_TRY(hs__tasks_draft_sequence(&compiler->draft, ids->ids, ids->n, error));
    return ask_words(compiler, line, front->n, error);
}

/* What each line needs is freed here, whichever step fails. */
hs_status hs__tasks_token_classification_compile(task_compiler *compiler, hs_error *error)
{
    labelled_words line = {0};
    hs_token_list front = {0}, back = {0};
    if (compiler->encoder.tokenizer == NULL)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `tokens` holds words, but the checkpoint has no tokenizer",
                       compiler->place);
    if (compiler->encoder.model->shape.n_outputs < 2)
        return hs_fail(error, HS_ERROR_INPUT, "%s: the classifier has one label, which every word has",
                       compiler->place);
    HS_TRY(read_lists(compiler, &line, error));
    HS_TRY(hs_allocate(&line.first, hs_json_size(line.words), sizeof *line.first, "words", error));
    hs_status status = compile(compiler, &line, &front, &back, error);
    hs_free(line.first);
    hs_tokenizer_token_list_clear(&front);
    hs_tokenizer_token_list_clear(&back);
    return status;
}

/* Sums over the words, which summaries divide by how many there are. */
void hs__tasks_token_classification_score(const task_answers *answers, float *values)
{
    double n_right = 0, loss = 0, margin = 0;
    for (size_t i = 0; i < answers->n_spans; i++) {
        const task_span *span = &answers->spans[i];
        const double *logs = answers->answers + span->first_query;
        const size_t gold = span->length;
        size_t best = 0;
        double highest_other = -INFINITY;
        for (size_t label = 0; label < span->n_queries; label++) {
            best = logs[label] > logs[best] ? label : best;
            if (label != gold)
                highest_other = fmax(highest_other, logs[label]);
        }
        n_right += best == gold;
        loss -= logs[gold];
        margin += logs[gold] - highest_other;
    }
    values[TOKEN_ACC] = (float)n_right;
    values[TOKEN_LOG_LOSS] = (float)loss;
    values[TOKEN_MARGIN] = (float)margin;
    values[TOKEN_WORDS] = (float)answers->n_spans;
}
