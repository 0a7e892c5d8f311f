/* The messages about a value that does not fit its key; all are HS_ERROR_USAGE and name place, key and value. */
#ifndef CONFIG_COMPLAIN_H
#define CONFIG_COMPLAIN_H

#include "config/key_site.h"

hs_status hs__config_complain_type(const key_site *site, const config_setting_t *setting, const char *wanted,
                                   hs_error *error);
hs_status hs__config_complain_range(const key_site *site, const config_setting_t *setting, hs_error *error);
/* A string that is none of the row's words: the nearest, and all of them. */
hs_status hs__config_complain_word(const key_site *site, const config_setting_t *setting, hs_error *error);
hs_status hs__config_complain_twice(const key_site *site, const config_setting_t *element, hs_error *error);

/*
 * A key that is not in the table: the message has the nearest one that is, or all keys of the group. `path` is the key
 * as messages name it ("tasks[2].limt"), `prefix` as the table does ("tasks[].", "" for a group), `name` its last part.
 */
hs_status hs__config_complain_unknown(const char *where, const char *path, const char *prefix, const char *name,
                                      hs_error *error);

#endif
