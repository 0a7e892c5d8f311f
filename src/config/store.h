/* One libconfig setting -> one checked field of the experiment, as the key's row says. */
#ifndef CONFIG_STORE_H
#define CONFIG_STORE_H

#include "config/key_site.h"

/*
 * Replaces the field's value. A single value where a list is expected is a list of one; an integer is accepted for a
 * number. HS_ERROR_USAGE, with the field unchanged, for anything else that is not of the row's type or range.
 */
hs_status hs__config_store_setting(const key_site *site, const config_setting_t *setting, hs_error *error);

/* Adds or replaces one pair of a KEY_FIELDS value. */
hs_status hs__config_store_field_pair(const key_site *site, const char *name, const char *key, hs_error *error);

/* The store function of KEY_LABELS. */
hs_status hs__config_store_labels(const key_site *site, const config_setting_t *setting, hs_error *error);
void hs__config_store_free_labels(hs_label_mapping *labels, size_t n);

/* HS_ERROR_USAGE where a string is longer than any may be, no UTF-8, or "" where that is not allowed. */
hs_status hs__config_store_check_string(const key_site *site, const char *text, bool non_empty, hs_error *error);
/* HS_ERROR_USAGE where a list of the row may not have `n` elements. */
hs_status hs__config_store_check_length(const key_site *site, size_t n, hs_error *error);

/* Makes the field of `to`, which is zero, a copy of that of `from`; not for KEY_TASKS. */
hs_status hs__config_store_copy(const key_row *row, const void *from, void *to, hs_error *error);

/* Frees the field's value and zeroes it; not for KEY_TASKS. */
void hs__config_store_clear(const key_row *row, void *base);

#endif
