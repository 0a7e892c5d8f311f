/*
 * complain: the messages about a value that does not fit its key. They say what is wanted in the
 * words of the key's row, so that a new key needs none of its own.
 */
#include "config/complain.h"

#include "config/excerpt.h"

#include <string.h>

enum { VALUE_BUFFER = 96, RANGE_BUFFER = 96 };

typedef struct setting_words {
    const char *phrase; /* what a single value of the type is */
    const char *whole;  /* what a value that is not single is called */
} setting_words;

static setting_words words_of(const config_setting_t *setting)
{
    static const setting_words words[] = {
        [CONFIG_TYPE_NONE] = {NULL, "nothing"},
        [CONFIG_TYPE_GROUP] = {NULL, "a group"},
        [CONFIG_TYPE_INT] = {"an integer", NULL},
        [CONFIG_TYPE_INT64] = {"an integer", NULL},
        [CONFIG_TYPE_FLOAT] = {"a number with a decimal point", NULL},
        [CONFIG_TYPE_STRING] = {"a string", NULL},
        [CONFIG_TYPE_BOOL] = {"a truth value", NULL},
        [CONFIG_TYPE_ARRAY] = {NULL, "a list"},
        [CONFIG_TYPE_LIST] = {NULL, "a list"},
    };
    return words[config_setting_type(setting)];
}

/* "7", "0.5", "\"all\"": a single value as messages show it. */
static const char *describe_value(const config_setting_t *setting, char buffer[VALUE_BUFFER])
{
    char text[VALUE_BUFFER - 2];
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_FLOAT:
        (void)snprintf(buffer, VALUE_BUFFER, "%.6g", config_setting_get_float(setting));
        break;
    case CONFIG_TYPE_BOOL:
        (void)snprintf(buffer, VALUE_BUFFER, "%s", config_setting_get_bool(setting) ? "true" : "false");
        break;
    case CONFIG_TYPE_STRING:
        hs__config_excerpt(config_setting_get_string(setting), strlen(config_setting_get_string(setting)), text,
                           sizeof text);
        (void)snprintf(buffer, VALUE_BUFFER, "\"%s\"", text);
        break;
    default:
        (void)snprintf(buffer, VALUE_BUFFER, "%lld", config_setting_get_int64(setting));
        break;
    }
    return buffer;
}

hs_status hs__config_complain_type(const key_site *site, const config_setting_t *setting, const char *wanted,
                                   hs_error *error)
{
    char value[VALUE_BUFFER];
    setting_words words = words_of(setting);
    if (words.whole != NULL)
        return hs_fail(error, HS_ERROR_USAGE, "%s: %s is %s; %s is needed", site->where, site->path, words.whole,
                       wanted);
    return hs_fail(error, HS_ERROR_USAGE, "%s: %s = %s is %s; %s is needed", site->where, site->path,
                   describe_value(setting, value), words.phrase, wanted);
}

hs_status hs__config_complain_range(const key_site *site, const config_setting_t *setting, hs_error *error)
{
    char value[VALUE_BUFFER], range[RANGE_BUFFER];
    const key_row *row = site->row;
    if (row->maximum == INT64_MAX)
        (void)snprintf(range, sizeof range, "at least %lld", (long long)row->minimum);
    else
        (void)snprintf(range, sizeof range, "%lld to %lld", (long long)row->minimum, (long long)row->maximum);
    return hs_fail(error, HS_ERROR_USAGE, "%s: %s = %s is out of range; %s is needed", site->where, site->path,
                   describe_value(setting, value), range);
}

hs_status hs__config_complain_word(const key_site *site, const config_setting_t *setting, hs_error *error)
{
    char value[VALUE_BUFFER];
    const char *text = config_setting_get_string(setting);
    hs_names known = {0};
    for (const hs_word *row = site->row->list->rows; row->text != NULL; row++)
        hs_names_put(&known, row->text);
    return hs_fail_name(error, HS_ERROR_USAGE, &known, text, "%s: %s = %s is not known", site->where, site->path,
                        describe_value(setting, value));
}

hs_status hs__config_complain_twice(const key_site *site, const config_setting_t *element, hs_error *error)
{
    char value[VALUE_BUFFER];
    return hs_fail(error, HS_ERROR_USAGE, "%s: %s has %s twice", site->where, site->path,
                   describe_value(element, value));
}
