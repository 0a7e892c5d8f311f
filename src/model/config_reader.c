/*
 * config_reader: null counts as absent. Every number has bounds here, so that no product of sizes
 * can overflow in the code that uses them.
 */
#include "model/config_reader.h"

#include <math.h>
#include <string.h>

enum { MAX_TEXT = 100 };

static const hs_json_value *get(const hs_config *config, const char *key)
{
    const hs_json_value *value = hs_json_get(config->object, key);
    return value != NULL && hs_json_kind_of(value) != HS_JSON_NULL ? value : NULL;
}

bool hs__model_config_has(const hs_config *config, const char *key)
{
    return get(config, key) != NULL;
}

hs_status hs__model_config_require(const hs_config *config, const char *key, const char *family, hs_error *error)
{
    if (hs__model_config_has(config, key))
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT, "%s: no \"%s%s\": needed by family %s", config->path, config->section, key,
                   family);
}

static hs_status fail_kind(const hs_config *config, const char *key, const hs_json_value *value, const char *wanted,
                           hs_error *error)
{
    return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s%s\" is of kind %s; %s is expected", config->path, config->section,
                   key, hs_json_kind_name(hs_json_kind_of(value)), wanted);
}

hs_status hs__model_config_size(const hs_config *config, const char *key, size_t maximum, size_t *value_inout,
                                hs_error *error)
{
    const hs_json_value *value = get(config, key);
    if (value == NULL)
        return HS_OK;
    if (!hs_json_is_integer(value))
        return fail_kind(config, key, value, "an integer", error);
    int64_t integer = hs_json_integer(value);
    if (integer < 1 || (uint64_t)integer > maximum)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s%s\" is %lld; 1 to %zu is accepted", config->path,
                       config->section, key, (long long)integer, maximum);
    *value_inout = (size_t)integer;
    return HS_OK;
}

hs_status hs__model_config_real(const hs_config *config, const char *key, double minimum, double maximum,
                                double *value_inout, hs_error *error)
{
    const hs_json_value *value = get(config, key);
    if (value == NULL)
        return HS_OK;
    if (!hs_json_is_number(value))
        return fail_kind(config, key, value, "a number", error);
    double number = hs_json_number(value);
    if (!(number >= minimum && number <= maximum))
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s%s\" is %g; %g to %g is accepted", config->path, config->section,
                       key, number, minimum, maximum);
    *value_inout = number;
    return HS_OK;
}

/* What is not a number becomes one that no bound lets pass, so that one message serves both. */
hs_status hs__model_config_reals(const hs_config *config, const char *key, size_t n, double minimum, double maximum,
                                 double *values_out, hs_error *error)
{
    const hs_json_value *list = get(config, key);
    if (hs_json_kind_of(list) != HS_JSON_ARRAY || hs_json_size(list) != n)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s%s\" must be a list of %zu numbers", config->path,
                       config->section, key, n);
    for (size_t i = 0; i < n; i++) {
        const hs_json_value *value = hs_json_at(list, i);
        values_out[i] = hs_json_is_number(value) ? hs_json_number(value) : NAN;
        if (!(values_out[i] >= minimum && values_out[i] <= maximum))
            return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s%s\" has an entry that is not a number from %g to %g",
                           config->path, config->section, key, minimum, maximum);
    }
    return HS_OK;
}

hs_status hs__model_config_flag(const hs_config *config, const char *key, bool *value_inout, hs_error *error)
{
    const hs_json_value *value = get(config, key);
    if (value == NULL)
        return HS_OK;
    if (hs_json_kind_of(value) != HS_JSON_BOOLEAN)
        return fail_kind(config, key, value, "true or false", error);
    *value_inout = hs_json_true(value);
    return HS_OK;
}

static bool is_printable(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

hs_status hs__model_config_text(const hs_config *config, const char *key, const char **value_inout, hs_error *error)
{
    const hs_json_value *value = get(config, key);
    if (value == NULL)
        return HS_OK;
    const char *text = hs_json_string(value);
    if (text == NULL)
        return fail_kind(config, key, value, "a string", error);
    if (hs_json_size(value) > MAX_TEXT || !is_printable(text, hs_json_size(value)))
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s%s\" is longer than %d bytes or not printable", config->path,
                       config->section, key, MAX_TEXT);
    *value_inout = text;
    return HS_OK;
}

/* Messages name a key with the section that it stands in. */
static const char *const sections[] = {"attn_config."};

/* Sections are few and listed: a dot elsewhere in a key is part of its name. */
hs_status hs__model_config_locate(const hs_config *config, const char *path, hs_config *object_out,
                                  const char **key_out, hs_error *error)
{
    char name[MAX_TEXT];
    *object_out = *config;
    *key_out = path;
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        size_t length = strlen(sections[i]);
        if (strncmp(path, sections[i], length) != 0)
            continue;
        *key_out = path + length;
        snprintf(name, sizeof name, "%.*s", (int)length - 1, path);
        HS_TRY(hs__model_config_section(config, name, sections[i], object_out, error));
    }
    return HS_OK;
}

hs_status hs__model_config_section(const hs_config *config, const char *key, const char *section,
                                   hs_config *section_out, hs_error *error)
{
    const hs_json_value *value = get(config, key);
    *section_out = (hs_config){.path = config->path, .section = section, .object = NULL};
    if (value != NULL && hs_json_kind_of(value) != HS_JSON_OBJECT)
        return fail_kind(config, key, value, "an object", error);
    section_out->object = value;
    return HS_OK;
}
