/*
 * fields: the fields of a kind in a record, by the map of the experiment file; as text, ids, or
 * what a template makes of them.
 */
#include "tasks/fields.h"

#include <stdlib.h>
#include <string.h>

#include "tasks/template.h"

enum { MAX_NEEDED = 512 };

/* TASK_MAX_FIELDS if there is none of that name. */
static size_t field_index(const task_field_map *map, const char *name)
{
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->fields[i].name, name) == 0)
            return i;
    return TASK_MAX_FIELDS;
}

static hs_status unknown_field(const task_field_map *map, const char *name, hs_error *error)
{
    hs_names names = {0};
    for (size_t i = 0; i < map->n; i++)
        hs_names_put(&names, map->fields[i].name);
    return hs_fail_name(error, HS_ERROR_USAGE, &names, name, "fields: this kind of task has no field \"%s\"", name);
}

/*
 * Checked before any line is read, since a misspelt field would otherwise show as missing from the
 * data.
 */
hs_status hs__tasks_field_map_init(task_field_map *map, const task_field *fields, const hs_field_mapping *mappings,
                                   size_t n_mappings, hs_error *error)
{
    *map = (task_field_map){.fields = fields};
    for (; map->n < TASK_MAX_FIELDS && fields[map->n].name != NULL; map->n++)
        map->keys[map->n] = fields[map->n].name;
    for (size_t i = 0; i < n_mappings; i++) {
        size_t field = field_index(map, mappings[i].name);
        if (field == TASK_MAX_FIELDS)
            return unknown_field(map, mappings[i].name, error);
        if (map->mapped[field])
            return hs_fail(error, HS_ERROR_USAGE, "fields: \"%s\" is given twice", mappings[i].name);
        map->keys[field] = mappings[i].key;
        map->mapped[field] = true;
        char what[MAX_NEEDED / 2];
        (void)snprintf(what, sizeof what, "fields: %s", mappings[i].name);
        HS_TRY(hs__tasks_template_check(mappings[i].key, what, error));
    }
    return HS_OK;
}

void hs__tasks_field_map_clear(task_field_map *map)
{
    for (size_t i = 0; i < TASK_MAX_FIELDS; i++)
        hs_text_clear(&map->expanded[i]);
}

bool hs__tasks_has_field(const task_field_map *map, const char *name)
{
    return field_index(map, name) < TASK_MAX_FIELDS;
}

bool hs__tasks_field_is_mapped(const task_field_map *map, const char *name)
{
    size_t field = field_index(map, name);
    return field < TASK_MAX_FIELDS && map->mapped[field];
}

const hs_json_value *hs__tasks_field_find(const task_field_map *map, const char *name, const hs_json_value *line)
{
    size_t field = field_index(map, name);
    return field == TASK_MAX_FIELDS ? NULL : hs__tasks_key_find(line, map->keys[field]);
}

bool hs__tasks_field_list(const task_field_map *map, const char *name, const hs_json_value *line, task_list *list_out)
{
    size_t field = field_index(map, name);
    *list_out = (task_list){.rest = ""};
    return field < TASK_MAX_FIELDS && hs__tasks_key_list(line, map->keys[field], list_out);
}

hs_status hs__tasks_field_value(const task_field_map *map, const char *name, const hs_json_value *line,
                                const char *place, const hs_json_value **value_out, hs_error *error)
{
    *value_out = hs__tasks_field_find(map, name, line);
    if (*value_out != NULL)
        return HS_OK;
    char needed[MAX_NEEDED];
    if (hs__tasks_field_is_mapped(map, name))
        (void)snprintf(needed, sizeof needed, "field `%s` (here `%s`)", name, map->keys[field_index(map, name)]);
    else
        (void)snprintf(needed, sizeof needed, "field `%s`", name);
    return hs__tasks_field_missing(needed, line, place, error);
}

static hs_status check_ids(const task_text *text, const char *place, hs_error *error)
{
    for (size_t i = 0; i < text->n_ids; i++) {
        const hs_json_value *id = hs_json_at(text->ids, i);
        if (!hs_json_is_integer(id))
            return hs_fail(error, HS_ERROR_INPUT, "%s: %s: element %zu must be an integer, a token id, not %s", place,
                           text->label, i, hs_json_kind_name(hs_json_kind_of(id)));
        if (hs_json_integer(id) < 0 || hs_json_integer(id) > INT32_MAX)
            return hs_fail(error, HS_ERROR_INPUT, "%s: %s: element %zu, %lld, is not a token id", place, text->label, i,
                           (long long)hs_json_integer(id));
    }
    return HS_OK;
}

static hs_status text_of_number(const hs_json_value *value, const char *place, hs_text *number, task_text *text_out,
                                hs_error *error)
{
    bool is_single;
    HS_TRY(hs__tasks_value_text(value, number, &is_single, error));
    if (!is_single)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s is %s, which is not a number", place, text_out->label,
                       hs__tasks_value_name(value));
    text_out->bytes = number->text;
    text_out->length = number->length;
    return HS_OK;
}

/* The label goes into messages about the text, which is why it is set before anything can fail. */
hs_status hs__tasks_text_from(const hs_json_value *value, const char *name, size_t index, const char *place,
                              hs_text *number, task_text *text_out, hs_error *error)
{
    *text_out = (task_text){0};
    if (index == SIZE_MAX)
        (void)snprintf(text_out->label, sizeof text_out->label, "field `%s`", name);
    else
        (void)snprintf(text_out->label, sizeof text_out->label, "field `%s[%zu]`", name, index);
    switch (hs_json_kind_of(value)) {
    case HS_JSON_STRING:
        text_out->bytes = hs_json_string(value);
        text_out->length = hs_json_size(value);
        return HS_OK;
    case HS_JSON_ARRAY:
        text_out->is_ids = true;
        text_out->ids = value;
        text_out->n_ids = hs_json_size(value);
        return check_ids(text_out, place, error);
    case HS_JSON_INTEGER:
    case HS_JSON_REAL:
        return text_of_number(value, place, number, text_out, error);
    default:
        return hs_fail(error, HS_ERROR_INPUT, "%s: %s must be a string or an array of token ids, not %s", place,
                       text_out->label, hs_json_kind_name(hs_json_kind_of(value)));
    }
}

hs_status hs__tasks_field_text(task_field_map *map, const char *name, const hs_json_value *line, const char *place,
                               task_text *text_out, hs_error *error)
{
    const hs_json_value *value;
    size_t field = field_index(map, name);
    if (field < TASK_MAX_FIELDS && hs__tasks_is_template(map->keys[field])) {
        hs_text *expanded = &map->expanded[field];
        HS_TRY(hs__tasks_template_expand(map->keys[field], line, place, expanded, error));
        *text_out = (task_text){.bytes = expanded->text, .length = expanded->length};
        (void)snprintf(text_out->label, sizeof text_out->label, "field `%s`", name);
        return HS_OK;
    }
    HS_TRY(hs__tasks_field_value(map, name, line, place, &value, error));
    return hs__tasks_text_from(value, name, SIZE_MAX, place, &map->expanded[field], text_out, error);
}
