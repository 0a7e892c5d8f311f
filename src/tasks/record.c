/*
 * record: finds values in a record of a data file, through nested objects and lists, and says what
 * the record has instead of what is missing.
 */
#include "tasks/record.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_KEY_PART = 256, MAX_LISTED_KEYS = 400 };

/*
 * For messages: never cuts a character in two, and shows no control characters, which could move
 * the cursor of whoever reads the log.
 */
const char *hs__tasks_quote(const char *bytes, size_t length, char *buffer, size_t capacity)
{
    static const char mark[] = "...";
    size_t room = capacity - sizeof mark;
    size_t used = 0;
    while (used < length) {
        size_t n_bytes = hs_utf8_length(bytes + used, length - used);
        n_bytes = n_bytes == 0 ? 1 : n_bytes;
        if (used + n_bytes > room) {
            memcpy(buffer + used, mark, sizeof mark);
            return buffer;
        }
        memcpy(buffer + used, bytes + used, n_bytes);
        if ((unsigned char)buffer[used] < 0x20 || buffer[used] == 0x7F)
            buffer[used] = '?';
        used += n_bytes;
    }
    buffer[used] = '\0';
    return buffer;
}

/* The member of an object, or the element of an array. */
static const hs_json_value *find_part(const hs_json_value *value, const char *part)
{
    if (hs_json_kind_of(value) != HS_JSON_ARRAY)
        return hs_json_get(value, part);
    bool is_number = part[0] != '\0' && strspn(part, "0123456789") == strlen(part);
    return is_number ? hs_json_at(value, strtoul(part, NULL, 10)) : NULL;
}

/* As far as the key leads; *rest_out is what is left of it where an array's elements would have to be asked. */
static const hs_json_value *descend(const hs_json_value *value, const char *key, const char **rest_out)
{
    const char *dot;
    *rest_out = "";
    while (*key != '\0') {
        char part[MAX_KEY_PART];
        const hs_json_value *whole = find_part(value, key);
        dot = strchr(key, '.');
        if (whole != NULL)
            return whole;
        size_t length = dot != NULL ? (size_t)(dot - key) : strlen(key);
        if (length >= sizeof part)
            return NULL;
        memcpy(part, key, length);
        part[length] = '\0';
        const hs_json_value *inner = dot != NULL ? find_part(value, part) : NULL;
        if (inner == NULL) {
            *rest_out = key;
            return hs_json_kind_of(value) == HS_JSON_ARRAY ? value : NULL;
        }
        value = inner;
        key = dot + 1;
    }
    return NULL;
}

const hs_json_value *hs__tasks_key_find(const hs_json_value *line, const char *key)
{
    const char *rest;
    const hs_json_value *value = descend(line, key, &rest);
    return *rest == '\0' ? value : NULL;
}

bool hs__tasks_key_list(const hs_json_value *line, const char *key, task_list *list_out)
{
    *list_out = (task_list){.rest = ""};
    list_out->array = descend(line, key, &list_out->rest);
    return list_out->array != NULL;
}

const hs_json_value *hs__tasks_list_at(const task_list *list, size_t index)
{
    const hs_json_value *element = hs_json_at(list->array, index);
    return *list->rest == '\0' ? element : hs__tasks_key_find(element, list->rest);
}

/*
 * The commonest cause is another name for the same thing, so the keys that are there are listed;
 * the next is a document whose records lie one level down, for which the key to set is named.
 */
hs_status hs__tasks_field_missing(const char *needed, const hs_json_value *line, const char *place, hs_error *error)
{
    char list[MAX_LISTED_KEYS] = "nothing";
    size_t used = 0;
    const char *key, *list_key = NULL;
    size_t key_length;
    const hs_json_value *value;
    hs_json_iterator *at = NULL;
    while (used < sizeof list && (at = hs_json_next(line, at, &key, &key_length, &value)) != NULL) {
        char quoted[64];
        (void)hs__tasks_quote(key, key_length, quoted, sizeof quoted);
        int n = snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "", quoted);
        used += n > 0 ? (size_t)n : 0;
        if (list_key == NULL && hs_json_kind_of(hs_json_at(value, 0)) == HS_JSON_OBJECT)
            list_key = key;
    }
    char hint[160] = "";
    if (list_key != NULL)
        (void)snprintf(hint, sizeof hint, "; if `%.40s` holds the records, set records = \"%.40s\"", list_key,
                       list_key);
    return hs_fail(error, HS_ERROR_INPUT, "%s: %s is missing; the line has: %s%s", place, needed, list, hint);
}
