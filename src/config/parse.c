/*
 * parse: the only calls of libconfig's parser. Its errors get the file and line that the text had
 * before @include and comments were taken out, and a hint, since "syntax error" is all that it
 * says.
 */
#include "config/loader.h"
#include "config/source_reader.h"

#include <string.h>

/*
 * libconfig stops at the token that it cannot use, which is one after the mistake; the hint names
 * the usual ones.
 */
hs_status hs__config_parse_source(const config_source *source, config_t *config, hs_error *error)
{
    char where[CONFIG_MAX_WHERE], line[128];
    config_init(config);
    if (config_read_string(config, source->text.text == NULL ? "" : source->text.text) == CONFIG_TRUE)
        return HS_OK;
    size_t error_line = config_error_line(config) < 0 ? 0 : (size_t)config_error_line(config);
    const char *text = config_error_text(config) == NULL ? "syntax error" : config_error_text(config);
    const char *advice = strcmp(text, "syntax error") == 0
                             ? "; look for a missing ; or bracket, or a comma before a closing bracket"
                             : "";
    hs__config_source_where(source, error_line, where, sizeof where);
    hs__config_source_quote(source, error_line, line, sizeof line);
    if (line[0] == '\0')
        return hs_fail(error, HS_ERROR_USAGE, "%s: %s at the end%s", where, text, advice);
    return hs_fail(error, HS_ERROR_USAGE, "%s: %s near `%s`%s", where, text, line, advice);
}

/*
 * A default or a --set is parsed as if the file had it, so that one text means one value
 * everywhere. The newline before the semicolon keeps a value that ends in a comment from
 * swallowing it.
 */
hs_status hs__config_parse_value(const char *name, const char *text, config_t *config,
                                 const config_setting_t **setting_out, hs_error *error)
{
    config_source source = {0};
    *setting_out = NULL;
    config_init(config);
    char *assignment = hs_string_format(error, "value = %s\n;", text);
    hs_status status =
        assignment == NULL ? error->status : hs__config_source_read_text(&source, name, assignment, error);
    if (status == HS_OK) {
        config_destroy(config);
        status = hs__config_parse_source(&source, config, error);
    }
    /* More than one setting: the text has ended the value and begun another key. */
    if (status == HS_OK && config_setting_length(config_root_setting(config)) != 1)
        status = hs_fail(error, HS_ERROR_USAGE, "%s: `%s` is more than one value", name, text);
    if (status == HS_OK)
        *setting_out = config_setting_get_elem(config_root_setting(config), 0);
    hs_free(assignment);
    hs__config_source_clear(&source);
    return status;
}

hs_status hs__config_parse_bare(const char *where, const char *text, config_t *config,
                                const config_setting_t **setting_out, hs_error *error)
{
    config_init(config);
    config_setting_t *setting = config_setting_add(config_root_setting(config), "value", CONFIG_TYPE_STRING);
    if (setting == NULL || config_setting_set_string(setting, text) != CONFIG_TRUE)
        return hs_fail(error, HS_ERROR_MEMORY, "%s: no memory for the value", where);
    *setting_out = setting;
    return HS_OK;
}
