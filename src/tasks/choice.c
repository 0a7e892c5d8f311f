/* multiple_choice: which of several continuations of a context is the likeliest. */
#include <math.h>
#include <string.h>

#include "tasks/families.h"

enum { CHOICE_ACC, CHOICE_ACC_NORM, CHOICE_MARGIN, CHOICE_GOLD };

/* Characters without the leading space, for ids tokens: what acc_norm divides by. */
static size_t choice_length(const task_text *choice)
{
    if (choice->is_ids)
        return choice->n_ids;
    size_t n_leading = choice->length > 0 && choice->bytes[0] == ' ' ? 1 : 0;
    return hs_utf8_count(choice->bytes + n_leading, choice->length - n_leading);
}

static hs_status add_choice(task_compiler *compiler, const hs_json_value *value, size_t index, hs_error *error)
{
    task_text choice;
    size_t n_context;
    HS_TRY(task_text_from(value, "choices", index, compiler->place, &choice, error));
    size_t length = choice_length(&choice);
    if (length == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s is empty", compiler->place, choice.label);
    HS_TRY(task_context_continue(&compiler->context, &compiler->encoder, &choice, compiler->place, &compiler->ids,
                                 &n_context, error));
    return task_draft_continuation(&compiler->draft, &compiler->ids, n_context, HS_QUERY_LOG_PROBABILITY, length,
                                   error);
}

static hs_status label_of_text(const task_compiler *compiler, const hs_json_value *choices, const hs_json_value *label,
                               size_t *gold_out, hs_error *error)
{
    char quoted[64];
    size_t length = hs_json_size(label);
    for (size_t i = 0; i < hs_json_size(choices); i++) {
        const hs_json_value *choice = hs_json_at(choices, i);
        if (hs_json_kind_of(choice) == HS_JSON_STRING && hs_json_size(choice) == length &&
            memcmp(hs_json_string(choice), hs_json_string(label), length) == 0) {
            *gold_out = i;
            return HS_OK;
        }
    }
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: field `label`, \"%s\", is none of the choices; give its index from 0 or its exact text",
                   compiler->place, task_quote(hs_json_string(label), length, quoted, sizeof quoted));
}

static hs_status read_label(const task_compiler *compiler, const hs_json_value *choices, size_t *gold_out,
                            hs_error *error)
{
    const hs_json_value *label;
    HS_TRY(task_field_value(&compiler->fields, "label", compiler->line, compiler->place, &label, error));
    if (hs_json_kind_of(label) == HS_JSON_STRING)
        return label_of_text(compiler, choices, label, gold_out, error);
    if (!hs_json_is_integer(label))
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: field `label` must be the index of a choice from 0 or its exact text, not %s",
                       compiler->place, hs_json_kind_name(hs_json_kind_of(label)));
    int64_t index = hs_json_integer(label);
    if (index < 0 || (uint64_t)index >= hs_json_size(choices))
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `label`, %lld, is outside 0 to %zu", compiler->place,
                       (long long)index, hs_json_size(choices) - 1);
    *gold_out = (size_t)index;
    return HS_OK;
}

hs_status task_multiple_choice_compile(task_compiler *compiler, hs_error *error)
{
    const hs_json_value *choices;
    HS_TRY(task_compiler_context(compiler, "context", error));
    HS_TRY(task_field_value(&compiler->fields, "choices", compiler->line, compiler->place, &choices, error));
    if (hs_json_kind_of(choices) != HS_JSON_ARRAY)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `choices` must be an array, not %s", compiler->place,
                       hs_json_kind_name(hs_json_kind_of(choices)));
    if (hs_json_size(choices) < 2)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `choices` has %zu choices; there must be two or more",
                       compiler->place, hs_json_size(choices));
    HS_TRY(read_label(compiler, choices, &compiler->draft.facts.gold, error));
    for (size_t i = 0; i < hs_json_size(choices); i++)
        HS_TRY(add_choice(compiler, hs_json_at(choices, i), i, error));
    return HS_OK;
}

void task_multiple_choice_score(const task_answers *answers, float *values)
{
    size_t gold = answers->facts->gold;
    size_t best = 0;
    size_t best_per_length = 0;
    double highest = -INFINITY;
    double highest_per_length = -INFINITY;
    double highest_other = -INFINITY;
    for (size_t i = 0; i < answers->n_spans; i++) {
        double sum = task_span_sum(answers, i);
        double per_length = sum / (double)answers->spans[i].length;
        if (sum > highest) {
            highest = sum;
            best = i;
        }
        if (per_length > highest_per_length) {
            highest_per_length = per_length;
            best_per_length = i;
        }
        if (i != gold && sum > highest_other)
            highest_other = sum;
    }
    double gold_sum = task_span_sum(answers, gold);
    values[CHOICE_ACC] = best == gold ? 1.0F : 0.0F;
    values[CHOICE_ACC_NORM] = best_per_length == gold ? 1.0F : 0.0F;
    values[CHOICE_MARGIN] = (float)(gold_sum - highest_other);
    values[CHOICE_GOLD] = (float)gold_sum;
}
