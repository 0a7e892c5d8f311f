/* unknown: the message about a key that does not exist, with the nearest one that does. */
#include "config/complain.h"

#include "config/excerpt.h"

#include <string.h>

typedef struct nearest {
    size_t distance;
    char path[CONFIG_MAX_PATH];
} nearest;

static void consider(nearest *best, size_t distance, const char *path)
{
    if (distance < best->distance) {
        best->distance = distance;
        (void)snprintf(best->path, sizeof best->path, "%s", path);
    }
}

/* `written` is the key in the table's manner. A right name in a wrong group costs one edit. */
static void consider_row(nearest *best, const key_row *row, const char *written, const char *path, const char *prefix,
                         const char *name)
{
    char candidate[CONFIG_MAX_PATH];
    size_t prefix_length = hs__config_key_prefix_length(row), distance = hs_edit_distance(written, row->path);
    bool same_group = prefix_length == strlen(prefix) && strncmp(row->path, prefix, prefix_length) == 0;
    size_t path_prefix = strlen(path) - strlen(name);
    if (same_group)
        (void)snprintf(candidate, sizeof candidate, "%.*s%s", (int)path_prefix, path, hs__config_key_name(row));
    else
        hs__config_key_format_path(row, 0, candidate);
    consider(best, distance, candidate);
    size_t name_distance = hs_edit_distance(name, hs__config_key_name(row));
    if (name_distance != SIZE_MAX)
        consider(best, name_distance + 1, candidate);
}

static void consider_group(nearest *best, const key_row *row, const char *written)
{
    char group[CONFIG_MAX_PATH];
    size_t length = hs__config_key_prefix_length(row);
    if (length > 0 && !hs__config_key_is_of_task(row)) {
        (void)snprintf(group, sizeof group, "%.*s", (int)length - 1, row->path);
        consider(best, hs_edit_distance(written, group), group);
    }
}

/* "orders, heads, ...", or the groups where `prefix` is "". */
static void list_keys(const char *prefix, char *list, size_t capacity)
{
    size_t length = strlen(prefix), used = 0;
    const char *last = "";
    size_t last_length = 0;
    list[0] = '\0';
    for (size_t i = 0; i < hs__config_key_count() && used < capacity; i++) {
        const key_row *row = hs__config_key_at(i);
        bool is_member = hs__config_key_prefix_length(row) == length && strncmp(row->path, prefix, length) == 0;
        const char *word = length == 0 ? row->path : hs__config_key_name(row);
        size_t word_length = length == 0 ? strcspn(word, ".[") : strlen(word);
        bool is_repeated = word_length == last_length && strncmp(word, last, word_length) == 0;
        if ((length > 0 && !is_member) || is_repeated)
            continue;
        used += (size_t)snprintf(list + used, capacity - used, "%s%.*s", used == 0 ? "" : ", ", (int)word_length, word);
        last = word;
        last_length = word_length;
    }
}

/*
 * Names are compared with their groups, so that a right name in the wrong group is found, whose
 * distance alone would be too large. Where nothing is near, the keys of the group are listed, or
 * all groups if there is no such group.
 */
hs_status hs__config_complain_unknown(const char *where, const char *path, const char *prefix, const char *name,
                                      hs_error *error)
{
    char written[CONFIG_MAX_PATH], shown[CONFIG_MAX_PATH], better[CONFIG_MAX_PATH], keys[512];
    nearest best = {.distance = SIZE_MAX};
    hs__config_excerpt(path, strlen(path), shown, sizeof shown);
    (void)snprintf(written, sizeof written, "%s%s", prefix, name);
    for (size_t i = 0; i < hs__config_key_count(); i++) {
        consider_row(&best, hs__config_key_at(i), written, path, prefix, name);
        consider_group(&best, hs__config_key_at(i), written);
    }
    if (best.distance <= hs_most_edits(name))
        return hs_fail(error, HS_ERROR_USAGE, "%s: unknown key \"%s\"; did you mean \"%s\"?", where, shown,
                       hs__config_excerpt(best.path, strlen(best.path), better, sizeof better));
    list_keys(prefix, keys, sizeof keys);
    if (keys[0] == '\0')
        list_keys("", keys, sizeof keys);
    return hs_fail(error, HS_ERROR_USAGE, "%s: unknown key \"%s\"; there are: %s", where, shown, keys);
}
