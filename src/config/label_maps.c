/* Label maps: a group { name = 0; }, or a list of pairs (("a name", 0), ("b", 1)) for names that no group can hold. */
#include "config/complain.h"
#include "config/store.h"

#include <stdlib.h>
#include <string.h>

static const char pair_phrase[] = "a pair such as (\"a name\", 0)";

void hs__config_store_free_labels(hs_label_mapping *labels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hs_free(labels[i].text);
    hs_free(labels);
}

static int compare_labels(const void *left, const void *right)
{
    return strcmp(((const hs_label_mapping *)left)->text, ((const hs_label_mapping *)right)->text);
}

static hs_status read_choice(const key_site *site, const config_setting_t *setting, int64_t *choice_out,
                             hs_error *error)
{
    int type = config_setting_type(setting);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
        return hs__config_complain_type(site, setting, "an integer, the choice's number from 0,", error);
    *choice_out = config_setting_get_int64(setting);
    if (*choice_out < 0)
        return hs_fail(error, HS_ERROR_USAGE, "%s: %s = %lld is out of range; at least 0 is needed", site->where,
                       site->path, (long long)*choice_out);
    return HS_OK;
}

/* A member of a group, or a list of a string and an integer. */
static hs_status read_label(const key_site *site, const config_setting_t *element, hs_label_mapping *label,
                            hs_error *error)
{
    const char *text = config_setting_name(element);
    const config_setting_t *choice = element;
    if (text == NULL) {
        if (!config_setting_is_list(element) || config_setting_length(element) != 2)
            return hs__config_complain_type(site, element, pair_phrase, error);
        const config_setting_t *first = config_setting_get_elem(element, 0);
        if (config_setting_type(first) != CONFIG_TYPE_STRING)
            return hs__config_complain_type(site, first, "a string in quotes", error);
        text = config_setting_get_string(first);
        choice = config_setting_get_elem(element, 1);
    }
    HS_TRY(hs__config_store_check_string(site, text, false, error));
    HS_TRY(read_choice(site, choice, &label->choice, error));
    label->text = hs_string_copy(text, error);
    return label->text == NULL ? error->status : HS_OK;
}

/*
 * The path in messages is the label's name where it has one, and its place in the list where it
 * has not.
 */
static hs_status read_labels(const key_site *site, const config_setting_t *setting, hs_label_mapping *labels, size_t n,
                             hs_error *error)
{
    char path[CONFIG_MAX_PATH];
    for (size_t i = 0; i < n; i++) {
        const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);
        if (config_setting_name(element) != NULL)
            (void)snprintf(path, sizeof path, "%s.%.100s", site->path, config_setting_name(element));
        else
            (void)snprintf(path, sizeof path, "%s[%zu]", site->path, i);
        key_site one = {site->row, site->base, path, site->where};
        HS_TRY(read_label(&one, element, &labels[i], error));
    }
    /* Sorted, so that the order in the file makes no other experiment. */
    qsort(labels, n, sizeof *labels, compare_labels);
    for (size_t i = 1; i < n; i++)
        if (strcmp(labels[i].text, labels[i - 1].text) == 0)
            return hs_fail(error, HS_ERROR_USAGE, "%s: %s has a label twice", site->where, site->path);
    return HS_OK;
}

/*
 * The old value is replaced only when all of the new one is read: the header promises an unchanged
 * field on failure, and a --set comes after the file.
 */
hs_status hs__config_store_labels(const key_site *site, const config_setting_t *setting, hs_error *error)
{
    if (!config_setting_is_group(setting) && !config_setting_is_list(setting))
        return hs__config_complain_type(site, setting, hs__config_key_type_phrase(KEY_LABELS), error);
    size_t n = (size_t)config_setting_length(setting);
    hs_label_mapping *labels = NULL;
    HS_TRY(hs__config_store_check_length(site, n, error));
    HS_TRY(hs_allocate(&labels, n, sizeof *labels, site->path, error));
    if (read_labels(site, setting, labels, n, error) != HS_OK) {
        hs__config_store_free_labels(labels, n);
        return error->status;
    }
    hs__config_store_clear(site->row, site->base);
    *(hs_label_mapping **)hs__config_key_field(site->row, site->base) = labels;
    *hs__config_key_count_field(site->row, site->base) = n;
    return HS_OK;
}
