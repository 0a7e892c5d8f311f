/*
 * classification: does a classifier give the right label? Labels exclude each other, or are independent (multi_label).
 */
#include <math.h>
#include <string.h>

#include "tasks/gold_label.h"
#include "tasks/kinds.h"

enum { CLASS_ACC, CLASS_MACRO_F1, CLASS_LOG_LOSS, CLASS_MARGIN, CLASS_GOLD, CLASS_N_METRICS };

static hs_status unknown_label(const task_compiler *compiler, size_t n, bool is_index, hs_error *error)
{
    const hs_model *model = compiler->encoder.model;
    char quoted[64];
    char known[400] = "";
    size_t used = 0;
    (void)is_index;
    for (size_t i = 0; model->labels != NULL && i < n && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", model->labels[i]);
    return hs_fail(
        error, HS_ERROR_INPUT, "%s: field `label`, \"%s\", is not a label of the classifier; there are 0 to %zu%s%s",
        compiler->place, hs__tasks_quote(compiler->label.text, compiler->label.length, quoted, sizeof quoted), n - 1,
        used > 0 ? ": " : "", known);
}

static hs_status label_text(task_compiler *compiler, const void *labels, size_t index, task_text *text_out,
                            hs_error *error)
{
    const char *const *texts = labels;
    (void)compiler;
    (void)error;
    *text_out = (task_text){.bytes = "", .is_ids = texts == NULL};
    if (texts != NULL) {
        text_out->bytes = texts[index];
        text_out->length = strlen(texts[index]);
    }
    return HS_OK;
}

static hs_status mark_label(task_compiler *compiler, const task_alternatives *labels, const hs_json_value *value,
                            task_span *spans, hs_error *error)
{
    size_t label;
    HS_TRY(hs__tasks_label_read(compiler, labels, value, &label, error));
    if (spans[label].length > 0)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: field `label` names label %zu twice; an array of a 0 or 1 for each label has %zu elements",
                       compiler->place, label, labels->n);
    spans[label].length = 1;
    return HS_OK;
}

/* Of labels that may be right together: an array of any number, or of a 0 or 1 for each. */
static hs_status mark_list(task_compiler *compiler, const task_alternatives *labels, const hs_json_value *list,
                           task_span *spans, hs_error *error)
{
    bool are_marks;
    HS_TRY(hs__tasks_label_is_marks(compiler, list, labels->n, &are_marks, error));
    for (size_t i = 0; i < hs_json_size(list); i++) {
        bool marked = false;
        if (!are_marks)
            HS_TRY(mark_label(compiler, labels, hs_json_at(list, i), spans, error));
        else if (hs__tasks_label_mark(hs_json_at(list, i), &marked) && marked)
            spans[i].length = 1;
    }
    return HS_OK;
}

task_alternatives hs__tasks_labels_of(const hs_model *model)
{
    return (task_alternatives){.n = model->shape.n_outputs,
                               .one = "label",
                               .expected = "the index or the name of a label",
                               .context = model->labels,
                               .text = label_text,
                               .unknown = unknown_label};
}

static hs_status mark_labels(task_compiler *compiler, task_span *spans, hs_error *error)
{
    const hs_model *model = compiler->encoder.model;
    const hs_json_value *value;
    const task_alternatives labels = hs__tasks_labels_of(model);
    HS_TRY(hs__tasks_field_value(&compiler->fields, "label", compiler->line, compiler->place, &value, error));
    if (model->shape.multi_label && hs_json_kind_of(value) == HS_JSON_ARRAY)
        return mark_list(compiler, &labels, value, spans, error);
    return mark_label(compiler, &labels, value, spans, error);
}

/* A span for each label: the analysis needs all of them, whichever is right. */
hs_status hs__tasks_classification_compile(task_compiler *compiler, hs_error *error)
{
    const hs_model_shape *shape = &compiler->encoder.model->shape;
    task_draft *draft = &compiler->draft;
    HS_TRY(hs__tasks_compiler_input(compiler, "text", compiler->room.truncate ? shape->n_positions : SIZE_MAX, error));
    HS_TRY(hs__tasks_draft_encoding(draft, &compiler->encoding, error));
    draft->facts.independent = shape->multi_label;
    const hs_token_list *ids = &compiler->encoding.ids;
    const size_t row = hs_engine_label_row(shape, ids->ids, ids->n);
    for (size_t label = 0; label < shape->n_outputs; label++) {
        HS_TRY(hs__tasks_draft_span(draft, 0, error));
        HS_TRY(hs__tasks_draft_query(draft, row, shape->multi_label ? HS_QUERY_LOGIT : HS_QUERY_LOG_PROBABILITY,
                                     (int32_t)label, error));
    }
    return mark_labels(compiler, draft->spans.items, error);
}

/*
 * CLASS_MACRO_F1 keeps the predicted label and CLASS_GOLD the right one, from which the analysis
 * counts; a label's own value is right + predicted, 0 to 2, of which F1 is made: 2 is a hit, 1 a
 * miss or a false alarm.
 */
static void score_exclusive(const task_answers *answers, float *values)
{
    size_t gold = 0;
    size_t best = 0;
    double highest_other = -INFINITY;
    for (size_t i = 0; i < answers->n_spans; i++) {
        if (answers->spans[i].length > 0)
            gold = i;
        if (answers->answers[i] > answers->answers[best])
            best = i;
    }
    for (size_t i = 0; i < answers->n_spans; i++)
        if (i != gold && answers->answers[i] > highest_other)
            highest_other = answers->answers[i];
    values[CLASS_ACC] = best == gold ? 1.0F : 0.0F;
    values[CLASS_MACRO_F1] = (float)best;
    values[CLASS_LOG_LOSS] = (float)-answers->answers[gold];
    values[CLASS_MARGIN] = (float)(answers->answers[gold] - highest_other);
    values[CLASS_GOLD] = (float)gold;
    for (size_t i = 0; i < answers->n_spans; i++)
        values[CLASS_N_METRICS + i] = (i == gold ? 1.0F : 0.0F) + (i == best ? 1.0F : 0.0F);
}

/* log(1 + exp(x)) without overflow. */
static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

/*
 * Answers are logits, one a label, each right above 0. The margin is the smallest log-odds of
 * being right, so that its sign says whether all labels are. Counts stand where the exclusive
 * labels have their indices.
 */
static void score_independent(const task_answers *answers, float *values)
{
    size_t n_predicted = 0;
    size_t n_right = 0;
    size_t n_gold = 0;
    double loss = 0;
    double margin = INFINITY;
    for (size_t i = 0; i < answers->n_spans; i++) {
        bool is_right = answers->spans[i].length > 0;
        bool is_predicted = answers->answers[i] >= 0;
        double log_odds = is_right ? answers->answers[i] : -answers->answers[i];
        loss += softplus(-log_odds);
        margin = log_odds < margin ? log_odds : margin;
        n_gold += is_right;
        n_predicted += is_predicted;
        n_right += is_right == is_predicted;
        values[CLASS_N_METRICS + i] = (is_right ? 1.0F : 0.0F) + (is_predicted ? 1.0F : 0.0F);
    }
    values[CLASS_ACC] = n_right == answers->n_spans ? 1.0F : 0.0F;
    values[CLASS_MACRO_F1] = (float)n_predicted;
    values[CLASS_LOG_LOSS] = (float)(loss / (double)answers->n_spans);
    values[CLASS_MARGIN] = (float)margin;
    values[CLASS_GOLD] = (float)n_gold;
}

void hs__tasks_classification_score(const task_answers *answers, float *values)
{
    if (answers->facts->independent)
        score_independent(answers, values);
    else
        score_exclusive(answers, values);
}
