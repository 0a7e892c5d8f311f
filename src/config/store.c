/*
 * store: one setting into one field, by the key's type. Also the ways to copy and free a field,
 * next to the one that fills it, so that the types are dealt with in one file.
 */
#include "config/store.h"
#include "config/complain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_integer(const config_setting_t *setting)
{
    int type = config_setting_type(setting);
    return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
}

static hs_status read_integer(const key_site *site, const config_setting_t *setting, int64_t *value_out,
                              hs_error *error)
{
    if (!is_integer(setting))
        return hs__config_complain_type(site, setting, "an integer", error);
    int64_t value = config_setting_get_int64(setting);
    if (value < site->row->minimum || value > site->row->maximum)
        return hs__config_complain_range(site, setting, error);
    *value_out = value;
    return HS_OK;
}

hs_status hs__config_store_check_string(const key_site *site, const char *text, bool non_empty, hs_error *error)
{
    if (non_empty && text[0] == '\0')
        return hs_fail(error, HS_ERROR_USAGE, "%s: %s is empty", site->where, site->path);
    size_t length = strlen(text);
    if (length > CONFIG_MAX_STRING)
        return hs_fail(error, HS_ERROR_USAGE, "%s: %s has %zu bytes; at most %d are allowed", site->where, site->path,
                       length, CONFIG_MAX_STRING);
    /* The file is valid UTF-8, but a string may have been put together from \xNN. */
    hs_error problem = {0};
    if (hs_utf8_check(text, length, site->path, &problem) != HS_OK)
        return hs_fail(error, HS_ERROR_USAGE, "%s: %s", site->where, problem.message);
    return HS_OK;
}

static hs_status read_string(const key_site *site, const config_setting_t *setting, bool non_empty, char **value_out,
                             hs_error *error)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return hs__config_complain_type(site, setting, "a string in quotes", error);
    const char *text = config_setting_get_string(setting);
    HS_TRY(hs__config_store_check_string(site, text, non_empty, error));
    *value_out = hs_string_copy(text, error);
    return *value_out == NULL ? error->status : HS_OK;
}

static hs_status store_string(const key_site *site, const config_setting_t *setting, hs_error *error)
{
    char *value = NULL;
    HS_TRY(read_string(site, setting, site->row->non_empty, &value, error));
    hs__config_store_clear(site->row, site->base);
    *(char **)hs__config_key_field(site->row, site->base) = value;
    return HS_OK;
}

static hs_status store_word(const key_site *site, const config_setting_t *setting, hs_error *error)
{
    if (config_setting_type(setting) != CONFIG_TYPE_STRING)
        return hs__config_complain_type(site, setting, hs__config_key_type_phrase(KEY_WORD), error);
    const char *text = config_setting_get_string(setting);
    HS_TRY(hs__config_store_check_string(site, text, true, error));
    for (const hs_word *row = site->row->list->rows; row->text != NULL; row++)
        if (strcmp(row->text, text) == 0) {
            *(int *)hs__config_key_field(site->row, site->base) = row->value;
            return HS_OK;
        }
    return hs__config_complain_word(site, setting, error);
}

static hs_status store_integer(const key_site *site, const config_setting_t *setting, hs_error *error)
{
    return read_integer(site, setting, hs__config_key_field(site->row, site->base), error);
}

/* libconfig's own look-up of a real fails on `x = 1` as it does on a missing key, hence the conversion here. */
static hs_status store_real(const key_site *site, const config_setting_t *setting, hs_error *error)
{
    char phrase[CONFIG_MAX_PHRASE];
    if (config_setting_type(setting) == CONFIG_TYPE_STRING && site->row->instead != NULL) {
        if (strcmp(config_setting_get_string(setting), site->row->instead) != 0)
            return hs__config_complain_type(site, setting, hs__config_key_phrase(site->row, phrase), error);
        *(double *)hs__config_key_field(site->row, site->base) = NAN;
        return HS_OK;
    }
    if (!config_setting_is_number(setting))
        return hs__config_complain_type(site, setting, hs__config_key_phrase(site->row, phrase), error);
    double value = is_integer(setting) ? (double)config_setting_get_int64(setting) : config_setting_get_float(setting);
    /* Written so that infinity, which libconfig makes of 1e400, fails. */
    if (!(value >= (double)site->row->minimum && value <= (double)site->row->maximum))
        return hs__config_complain_range(site, setting, error);
    *(double *)hs__config_key_field(site->row, site->base) = value;
    return HS_OK;
}

static bool is_list(const config_setting_t *setting)
{
    return config_setting_is_array(setting) || config_setting_is_list(setting);
}

static size_t list_length(const config_setting_t *setting)
{
    return is_list(setting) ? (size_t)config_setting_length(setting) : 1;
}

static const config_setting_t *list_element(const config_setting_t *setting, size_t index)
{
    return is_list(setting) ? config_setting_get_elem(setting, (unsigned)index) : setting;
}

hs_status hs__config_store_check_length(const key_site *site, size_t n, hs_error *error)
{
    if (n < site->row->min_items)
        return hs_fail(error, HS_ERROR_USAGE, "%s: %s is empty; at least one element is needed", site->where,
                       site->path);
    if (n > site->row->max_items)
        return hs_fail(error, HS_ERROR_USAGE, "%s: %s has %zu elements; at most %zu are allowed", site->where,
                       site->path, n, site->row->max_items);
    return HS_OK;
}

/* The site of an element: "sweep.orders[1]". */
static key_site element_site(const key_site *site, size_t index, char path[CONFIG_MAX_PATH])
{
    (void)snprintf(path, CONFIG_MAX_PATH, "%s[%zu]", site->path, index);
    return (key_site){site->row, site->base, path, site->where};
}

static hs_status read_integers(const key_site *site, const config_setting_t *setting, int64_t *values, size_t n,
                               hs_error *error)
{
    char path[CONFIG_MAX_PATH];
    for (size_t i = 0; i < n; i++) {
        const config_setting_t *element = list_element(setting, i);
        key_site one = element_site(site, i, path);
        HS_TRY(read_integer(is_list(setting) ? &one : site, element, &values[i], error));
        for (size_t j = 0; site->row->unique && j < i; j++)
            if (values[j] == values[i])
                return hs__config_complain_twice(site, element, error);
    }
    return HS_OK;
}

static hs_status store_integer_list(const key_site *site, const config_setting_t *setting, hs_error *error)
{
    size_t n = list_length(setting);
    int64_t *values = NULL;
    HS_TRY(hs__config_store_check_length(site, n, error));
    HS_TRY(hs_allocate(&values, n, sizeof *values, site->path, error));
    if (read_integers(site, setting, values, n, error) != HS_OK) {
        hs_free(values);
        return error->status;
    }
    hs__config_store_clear(site->row, site->base);
    *(int64_t **)hs__config_key_field(site->row, site->base) = values;
    *hs__config_key_count_field(site->row, site->base) = n;
    return HS_OK;
}

static void free_strings(hs_string_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        hs_free(list->items[i]);
    hs_free(list->items);
    *list = (hs_string_list){0};
}

/*
 * Counts as it goes, so that the caller can free what is there. "unique" compares with all before
 * it: lists are short.
 */
static hs_status read_strings(const key_site *site, const config_setting_t *setting, size_t n, hs_string_list *list,
                              hs_error *error)
{
    char path[CONFIG_MAX_PATH];
    for (; list->n < n; list->n++) {
        const config_setting_t *element = list_element(setting, list->n);
        key_site one = element_site(site, list->n, path);
        HS_TRY(read_string(is_list(setting) ? &one : site, element, true, &list->items[list->n], error));
        for (size_t j = 0; site->row->unique && j < list->n; j++)
            if (strcmp(list->items[j], list->items[list->n]) == 0) {
                hs_free(list->items[list->n]);
                return hs__config_complain_twice(site, element, error);
            }
    }
    return HS_OK;
}

static hs_status store_string_list(const key_site *site, const config_setting_t *setting, hs_error *error)
{
    size_t n = list_length(setting);
    hs_string_list list = {0};
    HS_TRY(hs__config_store_check_length(site, n, error));
    HS_TRY(hs_allocate(&list.items, n, sizeof *list.items, site->path, error));
    if (read_strings(site, setting, n, &list, error) != HS_OK) {
        free_strings(&list);
        return error->status;
    }
    hs__config_store_clear(site->row, site->base);
    *(hs_string_list *)hs__config_key_field(site->row, site->base) = list;
    return HS_OK;
}

static void free_fields(hs_field_mapping *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        hs_free(fields[i].name);
        hs_free(fields[i].key);
    }
    hs_free(fields);
}

static int compare_fields(const void *left, const void *right)
{
    return strcmp(((const hs_field_mapping *)left)->name, ((const hs_field_mapping *)right)->name);
}

static hs_status copy_pair(hs_field_mapping *pair, const char *name, const char *key, hs_error *error)
{
    pair->name = hs_string_copy(name, error);
    pair->key = pair->name == NULL ? NULL : hs_string_copy(key, error);
    return pair->key == NULL ? error->status : HS_OK;
}

/* A group's member has its own path and line in messages, since a map may be long. */
static hs_status read_fields(const key_site *site, const config_setting_t *setting, hs_field_mapping *fields, size_t n,
                             hs_error *error)
{
    for (size_t i = 0; i < n; i++) {
        const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
        char path[CONFIG_MAX_PATH];
        (void)snprintf(path, sizeof path, "%s.%.100s", site->path, config_setting_name(member));
        key_site one = {site->row, site->base, path, site->where};
        if (config_setting_type(member) != CONFIG_TYPE_STRING)
            return hs__config_complain_type(&one, member, "a string in quotes", error);
        const char *key = config_setting_get_string(member);
        HS_TRY(hs__config_store_check_string(&one, key, true, error));
        HS_TRY(copy_pair(&fields[i], config_setting_name(member), key, error));
    }
    return HS_OK;
}

/* Sorted by name: the order in the file means nothing, so it must not make another experiment either. */
static hs_status store_fields(const key_site *site, const config_setting_t *setting, hs_error *error)
{
    if (!config_setting_is_group(setting))
        return hs__config_complain_type(site, setting, hs__config_key_type_phrase(KEY_FIELDS), error);
    size_t n = (size_t)config_setting_length(setting);
    hs_field_mapping *fields = NULL;
    HS_TRY(hs__config_store_check_length(site, n, error));
    HS_TRY(hs_allocate(&fields, n, sizeof *fields, site->path, error));
    if (read_fields(site, setting, fields, n, error) != HS_OK) {
        free_fields(fields, n);
        return error->status;
    }
    hs__config_store_clear(site->row, site->base);
    qsort(fields, n, sizeof *fields, compare_fields);
    *(hs_field_mapping **)hs__config_key_field(site->row, site->base) = fields;
    *hs__config_key_count_field(site->row, site->base) = n;
    return HS_OK;
}

static hs_status append_pair(const key_site *site, hs_field_mapping pair, hs_error *error)
{
    hs_field_mapping **fields = hs__config_key_field(site->row, site->base);
    size_t *n = hs__config_key_count_field(site->row, site->base), capacity = *n;
    HS_TRY(hs__config_store_check_length(site, *n + 1, error));
    HS_TRY(hs_reserve(fields, &capacity, *n + 1, sizeof **fields, site->path, error));
    (*fields)[(*n)++] = pair;
    qsort(*fields, *n, sizeof **fields, compare_fields);
    return HS_OK;
}

/*
 * The new pair is made first and exchanged with the old one, whose strings are then freed in its
 * place: whatever fails, the map is whole.
 */
hs_status hs__config_store_field_pair(const key_site *site, const char *name, const char *key, hs_error *error)
{
    HS_TRY(hs__config_store_check_string(site, key, true, error));
    hs_field_mapping pair = {0};
    hs_status status = copy_pair(&pair, name, key, error);
    hs_field_mapping *fields = *(hs_field_mapping **)hs__config_key_field(site->row, site->base);
    size_t i = 0, n = *hs__config_key_count_field(site->row, site->base);
    while (status == HS_OK && i < n && strcmp(fields[i].name, name) != 0)
        i++;
    if (status == HS_OK && i == n) {
        status = append_pair(site, pair, error);
        if (status == HS_OK)
            return HS_OK;
    } else if (status == HS_OK) {
        hs_field_mapping old = fields[i];
        fields[i] = pair;
        pair = old;
    }
    hs_free(pair.name);
    hs_free(pair.key);
    return status;
}

typedef hs_status store_function(const key_site *site, const config_setting_t *setting, hs_error *error);

static store_function *const store_functions[N_KEY_TYPES] = {
    [KEY_WORD] = store_word,
    [KEY_STRING] = store_string,
    [KEY_PATH_IN] = store_string,
    [KEY_PATH_OUT] = store_string,
    [KEY_INTEGER] = store_integer,
    [KEY_REAL] = store_real,
    [KEY_INTEGER_LIST] = store_integer_list,
    [KEY_STRING_LIST] = store_string_list,
    [KEY_FIELDS] = store_fields,
    [KEY_LABELS] = hs__config_store_labels,
};

hs_status hs__config_store_setting(const key_site *site, const config_setting_t *setting, hs_error *error)
{
    return store_functions[site->row->type](site, setting, error);
}

/* By type, as in hs__config_store_copy(): words and numbers own nothing. */
void hs__config_store_clear(const key_row *row, void *base)
{
    void *field = hs__config_key_field(row, base);
    switch (row->type) {
    case KEY_STRING:
    case KEY_PATH_IN:
    case KEY_PATH_OUT:
        hs_free(*(char **)field);
        *(char **)field = NULL;
        break;
    case KEY_INTEGER_LIST:
        hs_free(*(int64_t **)field);
        *(int64_t **)field = NULL;
        *hs__config_key_count_field(row, base) = 0;
        break;
    case KEY_STRING_LIST:
        free_strings(field);
        break;
    case KEY_FIELDS:
        free_fields(*(hs_field_mapping **)field, hs__config_key_n_items(row, base));
        *(hs_field_mapping **)field = NULL;
        *hs__config_key_count_field(row, base) = 0;
        break;
    case KEY_LABELS:
        hs__config_store_free_labels(*(hs_label_mapping **)field, hs__config_key_n_items(row, base));
        *(hs_label_mapping **)field = NULL;
        *hs__config_key_count_field(row, base) = 0;
        break;
    default:
        break;
    }
}

static hs_status copy_string(const char *from, char **to, hs_error *error)
{
    *to = from != NULL ? hs_string_copy(from, error) : NULL;
    return from != NULL && *to == NULL ? error->status : HS_OK;
}

/* Each counts as far as it is copied, so that what is there is freed after a failure. */
static hs_status copy_strings(const hs_string_list *from, hs_string_list *to, hs_error *error)
{
    HS_TRY(hs_allocate(&to->items, from->n, sizeof *to->items, "list", error));
    for (; to->n < from->n; to->n++)
        HS_TRY(copy_string(from->items[to->n], &to->items[to->n], error));
    return HS_OK;
}

static hs_status copy_fields(const hs_field_mapping *from, size_t n, hs_field_mapping **to, size_t *n_to,
                             hs_error *error)
{
    HS_TRY(hs_allocate(to, n, sizeof **to, "fields", error));
    *n_to = n;
    for (size_t i = 0; i < n; i++)
        HS_TRY(copy_pair(&(*to)[i], from[i].name, from[i].key, error));
    return HS_OK;
}

static hs_status copy_labels(const hs_label_mapping *from, size_t n, hs_label_mapping **to, size_t *n_to,
                             hs_error *error)
{
    HS_TRY(hs_allocate(to, n, sizeof **to, "labels", error));
    *n_to = n;
    for (size_t i = 0; i < n; i++) {
        (*to)[i].choice = from[i].choice;
        HS_TRY(copy_string(from[i].text, &(*to)[i].text, error));
    }
    return HS_OK;
}

static hs_status copy_integers(const int64_t *from, size_t n, int64_t **to, size_t *n_to, hs_error *error)
{
    HS_TRY(hs_allocate(to, n, sizeof **to, "list", error));
    *n_to = n;
    if (n > 0)
        memcpy(*to, from, n * sizeof **to);
    return HS_OK;
}

/*
 * For tasks that are multiplied by a pattern. Everything is copied deeply, because each task frees
 * its own.
 */
hs_status hs__config_store_copy(const key_row *row, const void *from, void *to, hs_error *error)
{
    const void *source = hs__config_key_const_field(row, from);
    void *target = hs__config_key_field(row, to);
    switch (row->type) {
    case KEY_WORD:
        *(int *)target = *(const int *)source;
        return HS_OK;
    case KEY_INTEGER:
        *(int64_t *)target = *(const int64_t *)source;
        return HS_OK;
    case KEY_REAL:
        *(double *)target = *(const double *)source;
        return HS_OK;
    case KEY_INTEGER_LIST:
        return copy_integers(*(int64_t *const *)source, hs__config_key_n_items(row, from), target,
                             hs__config_key_count_field(row, to), error);
    case KEY_STRING_LIST:
        return copy_strings(source, target, error);
    case KEY_FIELDS:
        return copy_fields(*(hs_field_mapping *const *)source, hs__config_key_n_items(row, from), target,
                           hs__config_key_count_field(row, to), error);
    case KEY_LABELS:
        return copy_labels(*(hs_label_mapping *const *)source, hs__config_key_n_items(row, from), target,
                           hs__config_key_count_field(row, to), error);
    default:
        return copy_string(*(char *const *)source, target, error);
    }
}
