/*
 * attribute_list: the attributes of /experiment and /provenance as a list of names and values, in
 * the order in which they were written.
 */
#include "results/file.h"

#include <string.h>

enum { MAX_ATTRIBUTES = 65536 };

typedef struct attribute_walk {
    hs_attribute_list *list;
    hs_error *error;
} attribute_walk;

/*
 * A callback of HDF5, which knows no hs_error: the reason goes through the context, and -1 only
 * stops the walk. The number is limited, because the file may be anybody's.
 */
static herr_t keep_attribute(hid_t group, const char *name, const H5A_info_t *info, void *context)
{
    attribute_walk *walk = context;
    hs_attribute_list *list = walk->list;
    char *value = NULL;
    (void)info;
    if (strcmp(name, HS_LAYOUT_IDENTITY) == 0)
        return 0;
    if (list->n == MAX_ATTRIBUTES) {
        (void)hs_fail(walk->error, HS_ERROR_RESULTS, "more than %d attributes", MAX_ATTRIBUTES);
        return -1;
    }
    if (hs_reserve(&list->items, &list->capacity, list->n + 1, sizeof *list->items, "attributes", walk->error) !=
            HS_OK ||
        hs__results_hdf5_read_text(group, name, &value, walk->error) != HS_OK)
        return -1;
    list->items[list->n].value = value;
    list->items[list->n++].name = hs_string_copy(name, walk->error);
    return list->items[list->n - 1].name == NULL ? -1 : 0;
}

static hs_status mark_identity(hid_t group, hs_attribute_list *list, hs_error *error)
{
    hs_text_rows names;
    if (H5Aexists(group, HS_LAYOUT_IDENTITY) <= 0)
        return HS_OK;
    HS_TRY(hs__results_hdf5_read_texts(group, HS_LAYOUT_IDENTITY, MAX_ATTRIBUTES, &names, error));
    /* Both lists have the same order, so that one walk finds all. */
    for (size_t i = 0, at = 0; i < list->n && at < names.n; i++) {
        list->items[i].identity = strcmp(list->items[i].name, names.items[at]) == 0;
        at += list->items[i].identity;
    }
    hs__results_texts_clear(&names);
    return HS_OK;
}

/*
 * By order of creation, which the group was told to keep: people read the settings in the order of
 * the experiment file.
 */
hs_status hs__results_file_load_attributes(hs_results *results, const char *name, hs_attribute_list *list,
                                           hs_error *error)
{
    hid_t group = H5I_INVALID_HID;
    hsize_t position = 0;
    attribute_walk walk = {list, error};
    hs_status status;
    HS_GOTO_DONE(hs__results_file_open_group(results, results->file, name, &group, error));
    if (H5Aiterate2(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, &position, keep_attribute, &walk) < 0)
        status = hs__results_hdf5_fail(error, HS_ERROR_RESULTS, "the attributes of /%s cannot be read", name);
    else
        status = mark_identity(group, list, error);
done:
    hs__results_hdf5_close(group);
    return status == HS_OK ? HS_OK : hs_error_prefix(error, "/%s", name);
}

void hs__results_file_clear_attributes(hs_attribute_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        hs_free((void *)list->items[i].name);
        hs_free((void *)list->items[i].value);
    }
    hs_free(list->items);
    *list = (hs_attribute_list){0};
}
