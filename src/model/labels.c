/*
 * labels: num_labels, id2label, label2id and problem_type of a classifier's config.json, which say
 * the same several times over; where they contradict each other, transformers
 * (configuration_utils.py) decides.
 */
#include "model/labels.h"

#include <stdlib.h>
#include <string.h>

#include "model/limits.h"

/* Keys are whatever a stranger wrote: shortened, and nothing a terminal would act on. */
static hs_status fail_label(const hs_config *section, const char *key, const char *problem, size_t n, hs_error *error)
{
    char shown[24] = "";
    for (size_t i = 0; i + 1 < sizeof shown && key[i] != '\0'; i++)
        shown[i] = key[i] >= 0x20 && key[i] < 0x7f ? key[i] : '?';
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: \"%s%s\" %s; the %zu labels are the rows of the head, numbered 0 to %zu, and have names (texts "
                   "of at most %d printable bytes, or numbers)",
                   section->path, section->section, shown, problem, n, n - 1, HS_MAX_LABEL_BYTES);
}

/* The name as JSON writes it; "" where the value cannot be one. */
static void format_name(const hs_json_value *value, char *name, size_t capacity)
{
    int length = 0;
    if (hs_json_kind_of(value) == HS_JSON_STRING)
        length = snprintf(name, capacity, "%s", hs_json_string(value));
    else if (hs_json_is_integer(value))
        length = snprintf(name, capacity, "%lld", (long long)hs_json_integer(value));
    else if (hs_json_is_number(value))
        length = snprintf(name, capacity, "%.15g", hs_json_number(value));
    else if (hs_json_kind_of(value) == HS_JSON_BOOLEAN)
        length = snprintf(name, capacity, "%s", hs_json_true(value) ? "true" : "false");
    name[length] = '\0';
}

static bool is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return length <= HS_MAX_LABEL_BYTES;
}

static bool is_name(const hs_json_value *value)
{
    const char *text = hs_json_string(value);
    if (text != NULL)
        return is_printable(text, hs_json_size(value));
    return hs_json_is_number(value) || hs_json_kind_of(value) == HS_JSON_BOOLEAN;
}

/* The number that a key spells, or list->n. */
static size_t read_index(const hs_label_list *list, const char *key)
{
    char *end = NULL;
    if (*key < '0' || *key > '9')
        return list->n;
    unsigned long long index = strtoull(key, &end, 10);
    return *end == '\0' && index < list->n ? (size_t)index : list->n;
}

static hs_status set_name(hs_label_list *list, size_t index, const char *name, hs_error *error)
{
    list->names[index] = hs_string_copy(name, error);
    return list->names[index] != NULL ? HS_OK : error->status;
}

/*
 * Every key has to number a label that has no name yet; with as many keys as labels that means
 * that all are named.
 */
static hs_status read_names(const hs_config *section, hs_label_list *list, hs_error *error)
{
    char name[HS_MAX_LABEL_BYTES + 1];
    const char *key = NULL;
    const hs_json_value *value = NULL;
    size_t length = 0;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(section->object, iterator, &key, &length, &value)) != NULL) {
        size_t index = read_index(list, key);
        if (index == list->n || list->names[index] != NULL)
            return fail_label(section, key, "is not the number of one of the labels", list->n, error);
        if (!is_name(value))
            return fail_label(section, key, "is not a name", list->n, error);
        format_name(value, name, sizeof name);
        HS_TRY(set_name(list, index, name, error));
    }
    return HS_OK;
}

static hs_status number_names(hs_label_list *list, hs_error *error)
{
    char name[32];
    for (size_t i = 0; i < list->n; i++) {
        snprintf(name, sizeof name, "LABEL_%zu", i);
        HS_TRY(set_name(list, i, name, error));
    }
    return HS_OK;
}

/* The next name of label2id with its number; -1 where the list has no such number or the name cannot be shown. */
static bool next_key(const hs_json_value *label2id, const hs_label_list *list, hs_json_iterator **at,
                     const char **key_out, int64_t *index_out)
{
    const hs_json_value *value = NULL;
    size_t length = 0;
    *at = hs_json_next(label2id, *at, key_out, &length, &value);
    if (*at == NULL)
        return false;
    const int64_t index = hs_json_is_integer(value) ? hs_json_integer(value) : -1;
    *index_out = index >= 0 && (uint64_t)index < list->n && is_printable(*key_out, length) ? index : -1;
    return true;
}

/* Names all labels, or none where it does not number them from 0 on. */
static hs_status read_keys(const hs_json_value *label2id, hs_label_list *list, hs_error *error)
{
    const char *key = NULL;
    int64_t index = 0;
    hs_json_iterator *iterator = NULL;
    while (next_key(label2id, list, &iterator, &key, &index)) {
        if (index < 0 || list->names[index] != NULL)
            break;
        HS_TRY(set_name(list, (size_t)index, key, error));
    }
    for (size_t i = 0; iterator != NULL && i < list->n; i++) {
        hs_free(list->names[i]);
        list->names[i] = NULL;
    }
    return HS_OK;
}

/* The first name for which it has another number than id2label. */
static hs_status note_contradiction(const hs_json_value *label2id, const hs_label_list *list, hs_note_list *notes,
                                    hs_error *error)
{
    const char *key = NULL;
    int64_t index = 0;
    hs_json_iterator *iterator = NULL;
    while (next_key(label2id, list, &iterator, &key, &index))
        if (index >= 0 && strcmp(list->names[index], key) != 0)
            return hs__model_note_add(notes, error,
                                      "label2id calls label %lld \"%.60s\" and id2label \"%.60s\"; id2label counts, "
                                      "as in transformers",
                                      (long long)index, key, list->names[index]);
    return HS_OK;
}

/* What the labels are to each other. */

static hs_status read_problem(const hs_config *config, hs_label_list *list, hs_error *error)
{
    static const char single[] = "single_label_classification", multi[] = "multi_label_classification";
    const char *problem = single;
    HS_TRY(hs__model_config_text(config, "problem_type", &problem, error));
    if (strcmp(problem, single) != 0 && strcmp(problem, multi) != 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"problem_type\" is \"%s\"; %s and %s are implemented", config->path,
                       problem, single, multi);
    list->independent = strcmp(problem, multi) == 0 || list->n == 1;
    return HS_OK;
}

/* In transformers' order, and else as many as label2id numbers. */
static hs_status count_labels(const hs_config *config, const hs_config *names, const hs_json_value *label2id,
                              size_t *n_out, hs_note_list *notes, hs_error *error)
{
    size_t n_names = hs_json_size(names->object), n = n_names;
    if (n == 0)
        n = hs_json_kind_of(label2id) == HS_JSON_OBJECT && hs_json_size(label2id) > 0 ? hs_json_size(label2id) : 2;
    HS_TRY(hs__model_config_size(config, "num_labels", HS_MAX_LABELS, &n, error));
    if (n > HS_MAX_LABELS)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"id2label\" has %zu labels; 1 to %d is accepted", config->path, n,
                       HS_MAX_LABELS);
    *n_out = n;
    if (n_names == 0 || n == n_names)
        return HS_OK;
    return hs__model_note_add(
        notes, error, "num_labels is %zu and id2label names %zu; the former counts, as in transformers", n, n_names);
}

static hs_status name_labels(const hs_config *names, const hs_json_value *label2id, hs_label_list *list,
                             hs_note_list *notes, hs_error *error)
{
    if (hs_json_size(names->object) == list->n) {
        HS_TRY(read_names(names, list, error));
        return note_contradiction(label2id, list, notes, error);
    }
    if (hs_json_size(names->object) == 0 && hs_json_size(label2id) == list->n)
        HS_TRY(read_keys(label2id, list, error));
    return list->names[0] == NULL ? number_names(list, error) : HS_OK;
}

/*
 * The number comes first, since names are read into a list of that length, and what the labels are
 * to each other last, since a single one is always independent.
 */
hs_status hs__model_label_list_read(const hs_config *config, hs_label_list *list_out, hs_note_list *notes,
                                    hs_error *error)
{
    hs_config names;
    hs_status status = HS_OK;
    size_t n = 0;
    const hs_json_value *label2id = hs_json_get(config->object, "label2id");
    *list_out = (hs_label_list){0};
    HS_TRY(hs__model_config_section(config, "id2label", "id2label.", &names, error));
    HS_TRY(count_labels(config, &names, label2id, &n, notes, error));
    HS_TRY(hs_allocate(&list_out->names, n, sizeof *list_out->names, "labels", error));
    list_out->n = n;
    HS_GOTO_DONE(name_labels(&names, label2id, list_out, notes, error));
    HS_GOTO_DONE(read_problem(config, list_out, error));
done:
    if (status != HS_OK)
        hs__model_label_list_clear(list_out);
    return status;
}

void hs__model_label_list_clear(hs_label_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        hs_free(list->names[i]);
    hs_free(list->names);
    *list = (hs_label_list){0};
}
