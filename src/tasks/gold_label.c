/*
 * gold_label: what data files write as a label: an index, a text, a name that the record gives, a
 * number with ".0" behind it, marks of 0 and 1. What could be two of these is refused, since a
 * wrong guess shows nowhere but in the numbers.
 */
#include "tasks/gold_label.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tasks/template.h"
#include "tasks/white_space.h"

enum { MAX_QUOTED = 64 };

static const char *quote_label(const task_compiler *compiler, char quoted[MAX_QUOTED])
{
    return hs__tasks_quote(compiler->label.text, compiler->label.length, quoted, MAX_QUOTED);
}

typedef struct span {
    const char *bytes;
    size_t length;
} span;

static span trimmed(const char *bytes, size_t length)
{
    size_t n = hs__tasks_trimmed_length(bytes, length);
    size_t position = 0, word_length = 0;
    const char *word = bytes;
    if (n == 0 || !hs__tasks_next_word(bytes, n, &position, &word, &word_length))
        return (span){bytes, 0};
    return (span){word, n - (size_t)(word - bytes)};
}

/* Digits with nothing but zeros behind their point, as pandas writes whole numbers; *n_digits_out: without these. */
static bool is_whole_number(const char *bytes, size_t length, size_t *n_digits_out)
{
    size_t n = 0;
    while (n < length && bytes[n] >= '0' && bytes[n] <= '9')
        n++;
    *n_digits_out = n;
    if (n == 0 || n == length)
        return n > 0;
    size_t zeros = n + 1;
    while (zeros < length && bytes[zeros] == '0')
        zeros++;
    return bytes[n] == '.' && zeros == length && zeros > n + 1;
}

typedef enum match { MATCH_NONE, MATCH_TRIMMED, MATCH_EXACT } match;

/* The label as it stands, without white space around it, or as a number without its ".0". */
static match compare_label(const hs_text *label, const char *bytes, size_t length)
{
    size_t n_digits;
    if (length == label->length && memcmp(bytes, label->text, length) == 0)
        return MATCH_EXACT;
    span own = trimmed(label->text, label->length);
    span other = trimmed(bytes, length);
    if (is_whole_number(own.bytes, own.length, &n_digits))
        own.length = own.length == other.length ? own.length : n_digits;
    bool same = own.length > 0 && own.length == other.length && memcmp(own.bytes, other.bytes, own.length) == 0;
    return same ? MATCH_TRIMMED : MATCH_NONE;
}

static bool is_word(const task_text *text, const char *word)
{
    span own = trimmed(text->bytes, text->length);
    return !text->is_ids && own.length == strlen(word) && strncasecmp(own.bytes, word, own.length) == 0;
}

/*
 * The best of all matches, not the first: "1.0" of the file may be the map's "1.0" as it stands
 * and its "1" as a number.
 */
static hs_status label_of_map(const task_compiler *compiler, int64_t *index_out, hs_error *error)
{
    const hs_task_config *config = compiler->config;
    char quoted[MAX_QUOTED];
    match best = MATCH_NONE;
    for (size_t i = 0; i < config->n_labels; i++) {
        const char *text = config->labels[i].text;
        match found = compare_label(&compiler->label, text, strlen(text));
        if (found <= best)
            continue;
        best = found;
        *index_out = config->labels[i].choice;
    }
    if (best != MATCH_NONE)
        return HS_OK;
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
    match best = MATCH_NONE;
    for (size_t i = 0; status == HS_OK && i < hs_json_size(names->array); i++) {
        status = hs__tasks_value_text(hs__tasks_list_at(names, i), &name, &is_single, error);
        if (status != HS_OK || !is_single || compare_label(&compiler->label, name.text, name.length) <= best)
            continue;
        best = compare_label(&compiler->label, name.text, name.length);
        *index_out = (int64_t)i;
    }
    hs_text_clear(&name);
    if (status == HS_OK && best == MATCH_NONE)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `label`, \"%s\", is not among field `label_names`",
                       compiler->place, quote_label(compiler, quoted));
    return status;
}

/* What a label can be; -1 where it cannot. */
typedef struct readings {
    int64_t index;
    int64_t text;
    bool is_number; /* and no truth value */
} readings;

/*
 * An integer below 0 becomes INT64_MAX: it is meant as an index and out of range, which the
 * message says; -1 would mean that it cannot be an index at all.
 */
static int64_t index_of_value(const task_compiler *compiler, const hs_json_value *value)
{
    size_t n_digits;
    double number = hs_json_number(value);
    switch (hs_json_kind_of(value)) {
    case HS_JSON_INTEGER:
        return hs_json_integer(value) < 0 ? INT64_MAX : hs_json_integer(value);
    case HS_JSON_REAL:
        return number >= 0 && number < 1e15 && floor(number) == number ? (int64_t)number : -1;
    case HS_JSON_BOOLEAN:
        return hs_json_true(value);
    default:
        return is_whole_number(compiler->label.text, compiler->label.length, &n_digits)
                   ? strtoll(compiler->label.text, NULL, 10)
                   : -1;
    }
}

/* The alternative that reads best as the label; of equal ones the first. */
static hs_status find_text(task_compiler *compiler, const task_alternatives *alternatives, const hs_json_value *value,
                           int64_t *index_out, hs_error *error)
{
    match best = MATCH_NONE;
    bool is_truth = hs_json_kind_of(value) == HS_JSON_BOOLEAN;
    *index_out = -1;
    for (size_t i = 0; i < alternatives->n && best != MATCH_EXACT; i++) {
        task_text text;
        HS_TRY(alternatives->text(compiler, alternatives->context, i, &text, error));
        match found = text.is_ids ? MATCH_NONE : compare_label(&compiler->label, text.bytes, text.length);
        if (is_truth && is_word(&text, compiler->label.text))
            found = MATCH_TRIMMED;
        if (found <= best)
            continue;
        best = found;
        *index_out = (int64_t)i;
    }
    return HS_OK;
}

/* "yes" and "no" beside a truth value that counts the other way round. */
static hs_status look_for_contrary(task_compiler *compiler, const task_alternatives *alternatives,
                                   const hs_json_value *value, int64_t index, hs_error *error)
{
    task_text text;
    if (hs_json_kind_of(value) != HS_JSON_BOOLEAN)
        return HS_OK;
    HS_TRY(alternatives->text(compiler, alternatives->context, (size_t)index, &text, error));
    if (!is_word(&text, hs_json_true(value) ? "no" : "yes"))
        return HS_OK;
    hs__tasks_oddity_add(&compiler->contrary, compiler->line_number);
    return HS_OK;
}

static hs_status fail_ambiguous(const task_compiler *compiler, const task_alternatives *alternatives,
                                const readings *found, hs_error *error)
{
    char quoted[MAX_QUOTED];
    return hs_fail(
        error, HS_ERROR_INPUT,
        "%s: field `label`, \"%s\", could be the index of %s %lld or the text of %s %lld, counted from 0; set "
        "label_is = \"index\" or \"text\", or map it by `labels`",
        compiler->place, quote_label(compiler, quoted), alternatives->one, (long long)found->index, alternatives->one,
        (long long)found->text);
}

/* Numbers that are indices in one record and texts in another are one of the two in truth. */
static hs_status check_same_way(task_compiler *compiler, const readings *found, bool in_range, hs_error *error)
{
    char quoted[MAX_QUOTED];
    if (!found->is_number || found->index == found->text || (found->text < 0 && !in_range))
        return HS_OK;
    size_t *this_way = found->text >= 0 ? &compiler->number_as_text : &compiler->number_as_index;
    size_t other_way = found->text >= 0 ? compiler->number_as_index : compiler->number_as_text;
    *this_way = *this_way == 0 ? compiler->line_number : *this_way;
    if (other_way == 0)
        return HS_OK;
    return hs_fail(
        error, HS_ERROR_INPUT,
        "%s: field `label`, \"%s\", can only be %s, but that of line %zu only %s; set label_is = \"index\" or "
        "\"text\"",
        compiler->place, quote_label(compiler, quoted), found->text >= 0 ? "a text" : "an index", other_way,
        found->text >= 0 ? "an index" : "a text");
}

static hs_status choose(task_compiler *compiler, const task_alternatives *alternatives, const hs_json_value *value,
                        readings *found, int64_t *index_out, hs_error *error)
{
    bool in_range = found->index >= 0 && (uint64_t)found->index < alternatives->n;
    if (found->text < 0 && found->index < 0)
        return alternatives->unknown(compiler, alternatives->n, false, error);
    if (in_range && found->text >= 0 && found->text != found->index)
        return fail_ambiguous(compiler, alternatives, found, error);
    HS_TRY(check_same_way(compiler, found, in_range, error));
    *index_out = found->text >= 0 ? found->text : found->index;
    return in_range && found->text < 0 ? look_for_contrary(compiler, alternatives, value, found->index, error) : HS_OK;
}

static hs_status read_index_or_text(task_compiler *compiler, const task_alternatives *alternatives,
                                    const hs_json_value *value, int64_t *index_out, hs_error *error)
{
    hs_label_is way = compiler->config->label_is;
    bool is_truth = hs_json_kind_of(value) == HS_JSON_BOOLEAN;
    readings found = {.index = way == HS_LABEL_IS_TEXT ? -1 : index_of_value(compiler, value), .text = -1};
    found.is_number = found.index >= 0 && !is_truth;
    if (way != HS_LABEL_IS_INDEX)
        HS_TRY(find_text(compiler, alternatives, value, &found.text, error));
    if (is_truth && alternatives->n != 2 && found.text < 0)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: field `label` is a truth value, but there are %zu %ss; map true and false by `labels`",
                       compiler->place, alternatives->n, alternatives->one);
    return choose(compiler, alternatives, value, &found, index_out, error);
}

bool hs__tasks_label_mark(const hs_json_value *element, bool *marked_out)
{
    bool is_truth = hs_json_kind_of(element) == HS_JSON_BOOLEAN;
    double number = hs_json_number(element);
    *marked_out = is_truth ? hs_json_true(element) : number == 1;
    return is_truth || (hs_json_is_number(element) && (number == 0 || number == 1));
}

/* Whether all elements are marks; of how many alternatives they are true. */
static bool count_marks(const hs_json_value *list, size_t *n_marked_out, size_t *last_out, bool *integers_out)
{
    bool marked;
    *n_marked_out = 0;
    *last_out = 0;
    *integers_out = true;
    for (size_t i = 0; i < hs_json_size(list); i++) {
        if (!hs__tasks_label_mark(hs_json_at(list, i), &marked))
            return false;
        *n_marked_out += marked;
        *last_out = marked ? i : *last_out;
        *integers_out = *integers_out && hs_json_is_integer(hs_json_at(list, i));
    }
    return true;
}

/*
 * As truthfulqa's mc1_targets have them. A map has nothing to say of marks: it is a sign that the
 * file is not what its writer believes.
 */
static hs_status read_marks(const task_compiler *compiler, const task_alternatives *alternatives,
                            const hs_json_value *list, size_t *index_out, hs_error *error)
{
    size_t n = hs_json_size(list), n_marked;
    bool integers;
    if (n != alternatives->n || !count_marks(list, &n_marked, index_out, &integers))
        return hs_fail(
            error, HS_ERROR_INPUT,
            "%s: field `label` is an array of %zu; give one %s, or a 1 for the right one of all %zu and a 0 for "
            "each other",
            compiler->place, n, alternatives->one, alternatives->n);
    if (n_marked != 1)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `label` marks %zu of the %zu %ss as right; there must be one",
                       compiler->place, n_marked, n, alternatives->one);
    if (compiler->config->n_labels > 0)
        return hs_fail(
            error, HS_ERROR_INPUT,
            "%s: field `label` marks the right %s by its place, for which there is nothing to map by `labels`",
            compiler->place, alternatives->one);
    return HS_OK;
}

/*
 * [0, 1] is two indices or two marks, and nothing in the record tells which. Of lists in which
 * nothing stands twice only [0], [0, 1] and [1, 0] are both, so only these need label_is.
 */
hs_status hs__tasks_label_is_marks(const task_compiler *compiler, const hs_json_value *list, size_t n, bool *marks_out,
                                   hs_error *error)
{
    hs_label_is way = compiler->config->label_is;
    size_t n_marked, last;
    bool integers;
    *marks_out = hs_json_size(list) == n && n > 0 && count_marks(list, &n_marked, &last, &integers);
    if (way == HS_LABEL_IS_MARKS && !*marks_out)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `label` must be an array with a 0 or 1 for each of %zu labels",
                       compiler->place, n);
    if (way == HS_LABEL_IS_INDEX || way == HS_LABEL_IS_TEXT ||
        (way == HS_LABEL_IS_AUTO && compiler->config->n_labels > 0))
        *marks_out = false;
    /* A list of indices has no index twice, and none beyond the last. */
    bool could_be_indices = *marks_out && integers && n_marked < 2 && n - n_marked < 2 && (n == 2 || n_marked == 0);
    if (way == HS_LABEL_IS_AUTO && could_be_indices)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: field `label` could be the indices of the right labels, or a 0 or 1 for each label; set "
                       "label_is = \"index\" or \"marks\"",
                       compiler->place);
    return HS_OK;
}

static hs_status read_one(task_compiler *compiler, const task_alternatives *alternatives, const hs_json_value *value,
                          int64_t *index_out, hs_error *error)
{
    bool is_single;
    HS_TRY(hs__tasks_value_text(value, &compiler->label, &is_single, error));
    if (!is_single || compiler->config->label_is == HS_LABEL_IS_MARKS)
        return hs_fail(error, HS_ERROR_INPUT, "%s: field `label` must be %s, not %s", compiler->place,
                       is_single ? "an array of a 0 or 1 for each, as label_is says" : alternatives->expected,
                       hs__tasks_value_name(value));
    if (compiler->config->n_labels > 0)
        return label_of_map(compiler, index_out, error);
    if (alternatives->names != NULL)
        return label_of_names(compiler, alternatives->names, index_out, error);
    return read_index_or_text(compiler, alternatives, value, index_out, error);
}

/*
 * A list of one is its element: data sets that allow for several labels write a single one so.
 * What is outside is blamed on the map if there is one: the record's label was then found in it.
 */
hs_status hs__tasks_label_read(task_compiler *compiler, const task_alternatives *alternatives,
                               const hs_json_value *value, size_t *index_out, hs_error *error)
{
    int64_t index = 0;
    bool is_list = hs_json_kind_of(value) == HS_JSON_ARRAY;
    if (is_list && (hs_json_size(value) != 1 || compiler->config->label_is == HS_LABEL_IS_MARKS))
        return read_marks(compiler, alternatives, value, index_out, error);
    HS_TRY(read_one(compiler, alternatives, is_list ? hs_json_at(value, 0) : value, &index, error));
    bool is_outside = index < 0 || (uint64_t)index >= alternatives->n;
    if (is_outside && compiler->config->n_labels > 0)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: `labels` of the experiment file makes %lld of label \"%.60s\", but there are 0 to %zu",
                       compiler->place, (long long)index, compiler->label.text, alternatives->n - 1);
    if (is_outside)
        return alternatives->unknown(compiler, alternatives->n, true, error);
    *index_out = (size_t)index;
    return HS_OK;
}

hs_status hs__tasks_label_notes(const task_compiler *compiler, hs_text *notes, hs_error *error)
{
    return hs__tasks_oddity_note(
        &compiler->contrary, compiler->config->file,
        "true is index 1 and false is index 0, as in Python, but the texts there are \"no\" and "
        "\"yes\"; labels = ((\"true\", 0), (\"false\", 1)) turns them round",
        notes, error);
}
