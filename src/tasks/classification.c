/* classification: does a classifier give the right label? Labels exclude each other, or are independent (multi_label). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tasks/families.h"
#include "tasks/template.h"

enum { CLASS_ACC, CLASS_MACRO_F1, CLASS_LOG_LOSS, CLASS_MARGIN, CLASS_GOLD, CLASS_N_METRICS };

/* ---- the right labels -------------------------------------------------------------------------------------------- */

static hs_status fail_label(const task_compiler *compiler, hs_error *error)
{
    const hs_model *model = compiler->encoder.model;
    char quoted[64];
    char known[400] = "";
    size_t used = 0;
    for (size_t i = 0; model->labels != NULL && i < model->shape.n_outputs && used < sizeof known; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", model->labels[i]);
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: field `label`, \"%s\", is no label of the classifier; there are 0 to %zu%s%s", compiler->place,
                   task_quote(compiler->label.text, compiler->label.length, quoted, sizeof quoted),
                   model->shape.n_outputs - 1, used > 0 ? ": " : "", known);
}

/* By name, or as digits, which in CSV files are text; -1 for anything else. */
static int64_t label_of_text(const task_compiler *compiler)
{
    const hs_model *model = compiler->encoder.model;
    const char *text = compiler->label.text;
    for (size_t i = 0; model->labels != NULL && i < model->shape.n_outputs; i++)
        if (strcmp(model->labels[i], text) == 0)
            return (int64_t)i;
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' ? strtoll(text, NULL, 10) : -1;
}

static hs_status read_label(task_compiler *compiler, const hs_json_value *value, size_t *label_out, hs_error *error)
{
    bool is_single;
    bool has_map = compiler->config->n_labels > 0;
    bool is_text = hs_json_kind_of(value) == HS_JSON_STRING;
    int64_t index = hs_json_integer(value);
    HS_TRY(task_value_text(value, &compiler->label, &is_single, error));
    if (!is_single || (!has_map && !is_text && !hs_json_is_integer(value)))
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `label` must be the index or the name of a label, not %s",
                       compiler->place, hs_json_kind_name(hs_json_kind_of(value)));
    if (has_map)
        HS_TRY(task_compiler_map_label(compiler, &index, error));
    else if (is_text)
        index = label_of_text(compiler);
    if (index < 0 || (uint64_t)index >= compiler->encoder.model->shape.n_outputs)
        return fail_label(compiler, error);
    *label_out = (size_t)index;
    return HS_OK;
}

/* One label; of independent ones also an array of any number. */
static hs_status mark_labels(task_compiler *compiler, task_span *spans, hs_error *error)
{
    const hs_json_value *value;
    size_t label = 0;
    HS_TRY(task_field_value(&compiler->fields, "label", compiler->line, compiler->place, &value, error));
    bool is_list = hs_json_kind_of(value) == HS_JSON_ARRAY;
    if (is_list && !compiler->encoder.model->shape.multi_label)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: field `label` is an array, but the classifier's labels exclude each other; give one",
                       compiler->place);
    for (size_t i = 0; i < (is_list ? hs_json_size(value) : 1); i++) {
        HS_TRY(read_label(compiler, is_list ? hs_json_at(value, i) : value, &label, error));
        spans[label].length = 1;
    }
    return HS_OK;
}

/* ---- examples ---------------------------------------------------------------------------------------------------- */

hs_status task_classification_compile(task_compiler *compiler, hs_error *error)
{
    const hs_model_shape *shape = &compiler->encoder.model->shape;
    task_draft *draft = &compiler->draft;
    HS_TRY(task_compiler_input(compiler, "text", compiler->room.truncate ? shape->n_positions : SIZE_MAX, error));
    HS_TRY(task_draft_encoding(draft, &compiler->encoding, error));
    draft->facts.independent = shape->multi_label;
    for (size_t label = 0; label < shape->n_outputs; label++) {
        HS_TRY(task_draft_span(draft, 0, error));
        HS_TRY(task_draft_query(draft, 0, shape->multi_label ? HS_QUERY_LOGIT : HS_QUERY_LOG_PROBABILITY,
                                (int32_t)label, error));
    }
    return mark_labels(compiler, draft->spans.items, error);
}

/* ---- metrics ----------------------------------------------------------------------------------------------------- */

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

void task_classification_score(const task_answers *answers, float *values)
{
    if (answers->facts->independent)
        score_independent(answers, values);
    else
        score_exclusive(answers, values);
}
