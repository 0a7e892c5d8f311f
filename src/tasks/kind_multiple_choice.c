/* multiple_choice: which of several continuations of a context is the likeliest. */
#include <math.h>
#include <string.h>

#include "tasks/gold_label.h"
#include "tasks/kinds.h"
#include "tasks/template.h"

enum { CHOICE_ACC, CHOICE_ACC_NORM, CHOICE_ACC_BYTES, CHOICE_MARGIN, CHOICE_GOLD };
enum { MAX_QUOTED = 64 };

/* The choices of an example: templates of the experiment file, or the elements of a field. */
typedef struct choice_list {
    const hs_string_list *templates; /* none: the field */
    const char *name;                /* of the field */
    task_list field;
    size_t n;
    bool continued; /* each is a context, or the end of one, and `target` is what is scored behind it */
} choice_list;

/* Several texts, where one context would be a text or token ids. */
static bool has_contexts(const task_compiler *compiler)
{
    const hs_json_value *context = hs__tasks_field_find(&compiler->fields, "context", compiler->line);
    return hs_json_kind_of(context) == HS_JSON_ARRAY && !hs_json_is_number(hs_json_at(context, 0)) &&
           hs__tasks_field_find(&compiler->fields, "target", compiler->line) != NULL;
}

static hs_status take_field(const task_compiler *compiler, choice_list *choices, hs_error *error)
{
    const hs_json_value *value;
    if (!hs__tasks_field_list(&compiler->fields, choices->name, compiler->line, &choices->field))
        return hs__tasks_field_value(&compiler->fields, choices->name, compiler->line, compiler->place, &value, error);
    value = choices->field.array;
    choices->n = hs_json_size(value);
    if (hs_json_kind_of(value) != HS_JSON_ARRAY)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `%s` must be an array, not %s", compiler->place, choices->name,
                       hs_json_kind_name(hs_json_kind_of(value)));
    if (choices->n < 2)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `%s` has %zu choices; there must be two or more",
                       compiler->place, choices->name, choices->n);
    return HS_OK;
}

/* Where the choices are. */
static choice_list place_choices(const task_compiler *compiler)
{
    const task_field_map *fields = &compiler->fields;
    choice_list choices = {.templates = &compiler->config->choices,
                           .n = compiler->config->choices.n,
                           .name = "choices",
                           .continued = hs__tasks_field_is_mapped(fields, "target")};
    if (choices.n == 0 && !hs__tasks_field_is_mapped(fields, "choices") && has_contexts(compiler) &&
        hs__tasks_field_find(fields, "choices", compiler->line) == NULL) {
        choices.name = "context";
        choices.continued = true;
    }
    return choices;
}

/* Valid until the next one is asked for. */
static hs_status get_choice(task_compiler *compiler, const choice_list *choices, size_t index, task_text *text_out,
                            hs_error *error)
{
    hs_text *expanded = &compiler->choice;
    if (choices->templates->n == 0)
        return hs__tasks_text_from(hs__tasks_list_at(&choices->field, index), choices->name, index, compiler->place,
                                   expanded, text_out, error);
    HS_TRY(
        hs__tasks_template_expand(choices->templates->items[index], compiler->line, compiler->place, expanded, error));
    *text_out = (task_text){.bytes = expanded->text, .length = expanded->length};
    (void)snprintf(text_out->label, sizeof text_out->label, "choices[%zu]", index);
    return HS_OK;
}

/*
 * What acc_norm and acc_bytes divide by: characters and bytes of the choice, for ids tokens. lm-evaluation-harness
 * counts neither the delimiter, which without a `delimiter` is the choice's leading space.
 */
static void measure_choice(const task_compiler *compiler, const task_text *choice, bool continued, task_span *span)
{
    bool whole = continued || compiler->encoder.delimiter[0] != '\0';
    size_t n_leading = !whole && choice->length > 0 && choice->bytes[0] == ' ' ? 1 : 0;
    span->n_bytes = choice->is_ids ? choice->n_ids : choice->length - n_leading;
    span->length = choice->is_ids ? choice->n_ids : hs_utf8_count(choice->bytes + n_leading, span->n_bytes);
}

/* Sets the context that a choice makes: alone, or behind the field `context` where there is one too. */
static hs_status set_context(task_compiler *compiler, const choice_list *choices, const task_text *choice,
                             hs_error *error)
{
    task_text context = *choice;
    hs_text *joined = &compiler->joined;
    bool is_alone = strcmp(choices->name, "context") == 0 ||
                    (!hs__tasks_field_is_mapped(&compiler->fields, "context") &&
                     hs__tasks_field_find(&compiler->fields, "context", compiler->line) == NULL);
    if (!is_alone) {
        HS_TRY(hs__tasks_compiler_text(compiler, "context", &context, error));
        if (context.is_ids || choice->is_ids)
            return hs_fail(error, HS_ERROR_INPUT, "%s: `context` and %s are put together, so both must be texts",
                           compiler->place, choice->label);
        joined->length = 0;
        HS_TRY(hs_text_append(joined, context.bytes, context.length, error));
        HS_TRY(hs_text_append(joined, choice->bytes, choice->length, error));
        context.bytes = joined->text;
        context.length = joined->length;
    }
    return hs__tasks_context_set(&compiler->context, &compiler->encoder, &context, compiler->place, error);
}

/*
 * A choice that is empty would have the sum 0, the highest there is, and win every time, and
 * acc_norm would divide by its length. Where the choice is the context (as in Winogrande), the
 * continuation is the target, the same for all.
 */
static hs_status add_choice(task_compiler *compiler, const choice_list *choices, size_t index, hs_error *error)
{
    task_text choice;
    task_span measured;
    size_t n_context;
    HS_TRY(get_choice(compiler, choices, index, &choice, error));
    measure_choice(compiler, &choice, choices->continued, &measured);
    if (measured.length == 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s is empty", compiler->place, choice.label);
    if (choices->continued) {
        HS_TRY(set_context(compiler, choices, &choice, error));
        HS_TRY(hs__tasks_compiler_text(compiler, "target", &choice, error));
    }
    HS_TRY(hs__tasks_context_continue(&compiler->context, &compiler->encoder, &choice, compiler->place, &compiler->ids,
                                      &n_context, error));
    HS_TRY(hs__tasks_draft_continuation(&compiler->draft, &compiler->ids, n_context, HS_QUERY_LOG_PROBABILITY,
                                        measured.length, error));
    compiler->draft.spans.items[index].n_bytes = measured.n_bytes;
    return HS_OK;
}

static hs_status choice_text(task_compiler *compiler, const void *choices, size_t index, task_text *text_out,
                             hs_error *error)
{
    return get_choice(compiler, choices, index, text_out, error);
}

static hs_status unknown_choice(const task_compiler *compiler, size_t n, bool is_index, hs_error *error)
{
    char quoted[MAX_QUOTED];
    (void)hs__tasks_quote(compiler->label.text, compiler->label.length, quoted, sizeof quoted);
    if (is_index)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `label`, %s, is outside 0 to %zu", compiler->place, quoted,
                       n - 1);
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: field `label`, \"%s\", is none of the choices; give its index from 0 or its exact text",
                   compiler->place, quoted);
}

static hs_status read_label(task_compiler *compiler, const choice_list *choices, size_t *gold_out, hs_error *error)
{
    const hs_json_value *label;
    task_list names;
    bool has_names = hs__tasks_field_list(&compiler->fields, "label_names", compiler->line, &names);
    const task_alternatives alternatives = {.n = choices->n,
                                            .one = "choice",
                                            .expected = "the index of a choice from 0 or its exact text",
                                            .names = has_names ? &names : NULL,
                                            .context = choices,
                                            .text = choice_text,
                                            .unknown = unknown_choice};
    HS_TRY(hs__tasks_field_value(&compiler->fields, "label", compiler->line, compiler->place, &label, error));
    return hs__tasks_label_read(compiler, &alternatives, label, gold_out, error);
}

hs_status hs__tasks_multiple_choice_compile(task_compiler *compiler, hs_error *error)
{
    choice_list choices = place_choices(compiler);
    if (!choices.continued)
        HS_TRY(hs__tasks_compiler_context(compiler, "context", error));
    if (choices.n == 0)
        HS_TRY(take_field(compiler, &choices, error));
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

/*
 * The margin is against the best of the wrong choices: its sign says whether the example is right,
 * as acc does, but it moves before acc does.
 */
void hs__tasks_multiple_choice_score(const task_answers *answers, float *values)
{
    size_t gold = answers->facts->gold;
    champion by_sum = {-INFINITY, 0};
    champion by_character = by_sum;
    champion by_byte = by_sum;
    champion other = by_sum;
    for (size_t i = 0; i < answers->n_spans; i++) {
        double sum = hs__tasks_span_sum(answers, i);
        challenge(&by_sum, sum, i);
        challenge(&by_character, sum / (double)answers->spans[i].length, i);
        challenge(&by_byte, sum / (double)answers->spans[i].n_bytes, i);
        if (i != gold)
            challenge(&other, sum, i);
    }
    double gold_sum = hs__tasks_span_sum(answers, gold);
    values[CHOICE_ACC] = by_sum.index == gold ? 1.0F : 0.0F;
    values[CHOICE_ACC_NORM] = by_character.index == gold ? 1.0F : 0.0F;
    values[CHOICE_ACC_BYTES] = by_byte.index == gold ? 1.0F : 0.0F;
    values[CHOICE_MARGIN] = (float)(gold_sum - other.score);
    values[CHOICE_GOLD] = (float)gold_sum;
}
