/* multiple_choice: which of several continuations of a context is the likeliest. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tasks/families.h"
#include "tasks/template.h"

enum { CHOICE_ACC, CHOICE_ACC_NORM, CHOICE_ACC_BYTES, CHOICE_MARGIN, CHOICE_GOLD };
enum { MAX_QUOTED = 64 };

/* ---- the choices ------------------------------------------------------------------------------------------------- */

/* The choices of an example: templates of the experiment file, or the elements of a field. */
typedef struct choice_list {
    const hs_string_list *templates; /* none: the field */
    task_list field;
    size_t n;
} choice_list;

static hs_status find_choices(const task_compiler *compiler, choice_list *choices, hs_error *error)
{
    const hs_json_value *value;
    *choices = (choice_list){.templates = &compiler->config->choices, .n = compiler->config->choices.n};
    if (choices->n > 0)
        return HS_OK;
    if (!task_field_list(&compiler->fields, "choices", compiler->line, &choices->field))
        return task_field_value(&compiler->fields, "choices", compiler->line, compiler->place, &value, error);
    value = choices->field.array;
    choices->n = hs_json_size(value);
    if (hs_json_kind_of(value) != HS_JSON_ARRAY)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `choices` must be an array, not %s", compiler->place,
                       hs_json_kind_name(hs_json_kind_of(value)));
    if (choices->n < 2)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `choices` has %zu choices; there must be two or more",
                       compiler->place, choices->n);
    return HS_OK;
}

/* Valid until the next one is asked for. */
static hs_status get_choice(task_compiler *compiler, const choice_list *choices, size_t index, task_text *text_out,
                            hs_error *error)
{
    hs_text *expanded = &compiler->choice;
    if (choices->templates->n == 0)
        return task_text_from(task_list_at(&choices->field, index), "choices", index, compiler->place, expanded,
                              text_out, error);
    HS_TRY(task_template_expand(choices->templates->items[index], compiler->line, compiler->place, expanded, error));
    *text_out = (task_text){.bytes = expanded->text, .length = expanded->length};
    (void)snprintf(text_out->label, sizeof text_out->label, "choices[%zu]", index);
    return HS_OK;
}

/*
 * What acc_norm and acc_bytes divide by: characters and bytes of the choice, for ids tokens. lm-evaluation-harness
 * counts neither the delimiter, which without a `delimiter` is the choice's leading space.
 */
static void measure_choice(const task_compiler *compiler, const task_text *choice, task_span *span)
{
    bool has_delimiter = compiler->encoder.delimiter[0] != '\0';
    size_t n_leading = !has_delimiter && choice->length > 0 && choice->bytes[0] == ' ' ? 1 : 0;
    span->n_bytes = choice->is_ids ? choice->n_ids : choice->length - n_leading;
    span->length = choice->is_ids ? choice->n_ids : hs_utf8_count(choice->bytes + n_leading, span->n_bytes);
}

static hs_status add_choice(task_compiler *compiler, const choice_list *choices, size_t index, hs_error *error)
{
    task_text choice;
    task_span measured;
    size_t n_context;
    HS_TRY(get_choice(compiler, choices, index, &choice, error));
    measure_choice(compiler, &choice, &measured);
    if (measured.length == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s is empty", compiler->place, choice.label);
    HS_TRY(task_context_continue(&compiler->context, &compiler->encoder, &choice, compiler->place, &compiler->ids,
                                 &n_context, error));
    HS_TRY(task_draft_continuation(&compiler->draft, &compiler->ids, n_context, HS_QUERY_LOG_PROBABILITY,
                                   measured.length, error));
    compiler->draft.spans.items[index].n_bytes = measured.n_bytes;
    return HS_OK;
}

/* ---- the label --------------------------------------------------------------------------------------------------- */

static const char *quote_label(const task_compiler *compiler, char quoted[MAX_QUOTED])
{
    return task_quote(compiler->label.text, compiler->label.length, quoted, MAX_QUOTED);
}

static bool is_label(const task_compiler *compiler, const char *bytes, size_t length)
{
    return length == compiler->label.length && memcmp(bytes, compiler->label.text, length) == 0;
}

hs_status task_compiler_map_label(const task_compiler *compiler, int64_t *index_out, hs_error *error)
{
    const hs_task_config *config = compiler->config;
    char quoted[MAX_QUOTED];
    for (size_t i = 0; i < config->n_labels; i++)
        if (is_label(compiler, config->labels[i].text, strlen(config->labels[i].text))) {
            *index_out = config->labels[i].choice;
            return HS_OK;
        }
    return hs_fail(error, HS_ERROR_INPUT, "%s: field `label`, \"%s\", is not among the `labels` of the experiment file",
                   compiler->place, quote_label(compiler, quoted));
}

/* By the names that the record itself gives its choices, as ARC's "A" to "D". */
static hs_status label_of_names(const task_compiler *compiler, const task_list *names, int64_t *index_out,
                                hs_error *error)
{
    hs_text name = {0};
    bool is_single;
    char quoted[MAX_QUOTED];
    hs_status status = HS_OK;
    size_t n = hs_json_size(names->array);
    for (*index_out = 0; status == HS_OK && (size_t)*index_out < n; (*index_out)++) {
        status = task_value_text(task_list_at(names, (size_t)*index_out), &name, &is_single, error);
        if (status == HS_OK && is_single && is_label(compiler, name.text, name.length))
            break;
    }
    hs_text_clear(&name);
    if (status == HS_OK && (size_t)*index_out == n)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `label`, \"%s\", is not among field `label_names`",
                       compiler->place, quote_label(compiler, quoted));
    return status;
}

/* The exact text of a choice, else digits, which in CSV files are text. */
static hs_status label_of_text(task_compiler *compiler, const choice_list *choices, int64_t *index_out, hs_error *error)
{
    const hs_text *label = &compiler->label;
    char quoted[MAX_QUOTED];
    for (size_t i = 0; i < choices->n; i++) {
        task_text choice;
        HS_TRY(get_choice(compiler, choices, i, &choice, error));
        *index_out = (int64_t)i;
        if (!choice.is_ids && is_label(compiler, choice.bytes, choice.length))
            return HS_OK;
    }
    if (label->length == 0 || strspn(label->text, "0123456789") != label->length)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: field `label`, \"%s\", is none of the choices; give its index from 0 or its exact text",
                       compiler->place, quote_label(compiler, quoted));
    *index_out = strtoll(label->text, NULL, 10);
    return HS_OK;
}

static hs_status read_label(task_compiler *compiler, const choice_list *choices, size_t *gold_out, hs_error *error)
{
    const hs_json_value *label;
    task_list names;
    bool is_single;
    int64_t index = 0;
    HS_TRY(task_field_value(&compiler->fields, "label", compiler->line, compiler->place, &label, error));
    HS_TRY(task_value_text(label, &compiler->label, &is_single, error));
    bool is_text = hs_json_kind_of(label) == HS_JSON_STRING;
    bool has_map = compiler->config->n_labels > 0;
    if (!is_single || (!has_map && !is_text && !hs_json_is_integer(label)))
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: field `label` must be the index of a choice from 0 or its exact text, not %s",
                       compiler->place, hs_json_kind_name(hs_json_kind_of(label)));
    if (has_map)
        HS_TRY(task_compiler_map_label(compiler, &index, error));
    else if (task_field_list(&compiler->fields, "label_names", compiler->line, &names))
        HS_TRY(label_of_names(compiler, &names, &index, error));
    else if (is_text)
        HS_TRY(label_of_text(compiler, choices, &index, error));
    else
        index = hs_json_integer(label);
    if (index < 0 || (uint64_t)index >= choices->n)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `label`, %lld, is outside 0 to %zu", compiler->place,
                       (long long)index, choices->n - 1);
    *gold_out = (size_t)index;
    return HS_OK;
}

/* ---- the kind ---------------------------------------------------------------------------------------------------- */

hs_status task_multiple_choice_compile(task_compiler *compiler, hs_error *error)
{
    choice_list choices;
    HS_TRY(task_compiler_context(compiler, "context", error));
    HS_TRY(find_choices(compiler, &choices, error));
    HS_TRY(read_label(compiler, &choices, &compiler->draft.facts.gold, error));
    for (size_t i = 0; i < choices.n; i++)
        HS_TRY(add_choice(compiler, &choices, i, error));
    return HS_OK;
}

/* The highest score so far; the first wins ties, as in numpy's argmax. */
typedef struct champion {
    double score;
    size_t index;
} champion;

static void challenge(champion *best, double score, size_t index)
{
    if (score > best->score)
        *best = (champion){score, index};
}

void task_multiple_choice_score(const task_answers *answers, float *values)
{
    size_t gold = answers->facts->gold;
    champion by_sum = {-INFINITY, 0};
    champion by_character = by_sum;
    champion by_byte = by_sum;
    champion other = by_sum;
    for (size_t i = 0; i < answers->n_spans; i++) {
        double sum = task_span_sum(answers, i);
        challenge(&by_sum, sum, i);
        challenge(&by_character, sum / (double)answers->spans[i].length, i);
        challenge(&by_byte, sum / (double)answers->spans[i].n_bytes, i);
        if (i != gold)
            challenge(&other, sum, i);
    }
    double gold_sum = task_span_sum(answers, gold);
    values[CHOICE_ACC] = by_sum.index == gold ? 1.0F : 0.0F;
    values[CHOICE_ACC_NORM] = by_character.index == gold ? 1.0F : 0.0F;
    values[CHOICE_ACC_BYTES] = by_byte.index == gold ? 1.0F : 0.0F;
    values[CHOICE_MARGIN] = (float)(gold_sum - other.score);
    values[CHOICE_GOLD] = (float)gold_sum;
}
