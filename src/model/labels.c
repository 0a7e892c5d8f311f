#include "model/labels.h"

#include <stdlib.h>
#include <string.h>

#include "model/limits.h"

/* ---- names ------------------------------------------------------------------------------------------------------- */

/* Keys are whatever a stranger wrote: shortened, and nothing a terminal would act on. */
static hs_status fail_label(const hs_config *section, const char *key, const char *problem, hs_error *error)
{
    char shown[24] = "";
    for (size_t i = 0; i + 1 < sizeof shown && key[i] != '\0'; i++)
        shown[i] = key[i] >= 0x20 && key[i] < 0x7f ? key[i] : '?';
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: \"%s%s\" %s; labels are numbered from 0 on and have names of at most %d printable bytes",
                   section->path, section->section, shown, problem, HS_MAX_LABEL_BYTES);
}

static bool is_name(const hs_json_value *value)
{
    const char *text = hs_json_string(value);
    size_t length = hs_json_size(value);
    bool printable = text != NULL && length <= HS_MAX_LABEL_BYTES;
    for (size_t i = 0; printable && i < length; i++)
        printable = (unsigned char)text[i] >= 0x20 && text[i] != 0x7f;
    return printable;
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

static hs_status read_names(const hs_config *section, hs_label_list *list, hs_error *error)
{
    const char *key = NULL;
    const hs_json_value *value = NULL;
    size_t length = 0;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(section->object, iterator, &key, &length, &value)) != NULL) {
        size_t index = read_index(list, key);
        if (index == list->n || list->names[index] != NULL)
            return fail_label(section, key, "is not the number of one of the labels", error);
        if (!is_name(value))
            return fail_label(section, key, "has no such name", error);
        list->names[index] = hs_string_copy(hs_json_string(value), error);
        if (list->names[index] == NULL)
            return error->status;
    }
    return HS_OK;
}

static hs_status number_names(hs_label_list *list, hs_error *error)
{
    for (size_t i = 0; i < list->n; i++) {
        list->names[i] = hs_string_format(error, "LABEL_%zu", i);
        if (list->names[i] == NULL)
            return error->status;
    }
    return HS_OK;
}

/* ---- what the labels are to each other --------------------------------------------------------------------------- */

static hs_status read_problem(const hs_config *config, hs_label_list *list, hs_error *error)
{
    static const char single[] = "single_label_classification", multi[] = "multi_label_classification";
    const char *problem = single;
    HS_TRY(hs_config_text(config, "problem_type", &problem, error));
    if (strcmp(problem, single) != 0 && strcmp(problem, multi) != 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"problem_type\" is \"%s\"; %s and %s are implemented", config->path,
                       problem, single, multi);
    list->independent = strcmp(problem, multi) == 0 || list->n == 1;
    return HS_OK;
}

hs_status hs_label_list_read(const hs_config *config, hs_label_list *list_out, hs_error *error)
{
    hs_config section;
    hs_status status = HS_OK;
    size_t n = 2;
    *list_out = (hs_label_list){0};
    HS_TRY(hs_config_section(config, "id2label", "id2label.", &section, error));
    HS_TRY(hs_config_size(config, "num_labels", HS_MAX_LABELS, &n, error));
    bool has_names = hs_json_size(section.object) > 0;
    if (has_names)
        n = hs_json_size(section.object);
    if (n > HS_MAX_LABELS)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"id2label\" has %zu labels; 1 to %d is accepted", config->path, n,
                       HS_MAX_LABELS);
    HS_TRY(hs_allocate(&list_out->names, n, sizeof *list_out->names, "labels", error));
    list_out->n = n;
    HS_GOTO_DONE(has_names ? read_names(&section, list_out, error) : number_names(list_out, error));
    HS_GOTO_DONE(read_problem(config, list_out, error));
done:
    if (status != HS_OK)
        hs_label_list_clear(list_out);
    return status;
}

void hs_label_list_clear(hs_label_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        hs_free(list->names[i]);
    hs_free(list->names);
    *list = (hs_label_list){0};
}
