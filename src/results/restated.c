/*
 * What the last run had other than /experiment. It may change what the ranking says but no value, so it is written
 * again with the ranking, by a raw write like everything after the creation: a checksum, then a line `key = value` a
 * setting. A text that is not whole counts as none, and the word of the ranking covers it, so that a run that dies
 * between the two leaves statistics that are computed anew, never another objective's.
 */
/* memmem() is Linux's. */
#define _GNU_SOURCE
#include "results/file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHECKSUM_DIGITS = 16 };

static const char equals[] = " = ";

bool hs_results_may_restate(const hs_results_attribute *setting)
{
    static const char *const groups[] = {"objective.", "analysis.", "pruning."};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
        if (!setting->identity && strncmp(setting->name, groups[i], strlen(groups[i])) == 0)
            return true;
    return false;
}

bool hs_results_can_restate(const hs_results *results)
{
    return hs__results_file_dataset(&results->ranking, "restated") >= 0;
}

static hs_results_attribute *find(hs_attribute_list *list, const char *name, size_t length)
{
    for (size_t i = 0; i < list->n; i++)
        if (strlen(list->items[i].name) == length && memcmp(list->items[i].name, name, length) == 0)
            return &list->items[i];
    return NULL;
}

/* As the file was created. */
static void take_back(hs_results *results)
{
    for (size_t i = 0; i < results->replaced.n; i++) {
        hs_results_attribute *kept = &results->replaced.items[i];
        hs_results_attribute *setting = find(&results->experiment, kept->name, strlen(kept->name));
        const char *value = setting->value;
        setting->value = kept->value;
        kept->value = value;
    }
    hs__results_file_clear_attributes(&results->replaced);
}

/*
 * The value of the file's creation is kept where the new one came from, so that take_back() can
 * exchange them again. What is not a setting of the file, or may not be restated, is passed over:
 * a later version may have written it.
 */
static hs_status replace(hs_results *results, const char *line, size_t length, hs_error *error)
{
    hs_attribute_list *replaced = &results->replaced;
    const char *sign = memmem(line, length, equals, sizeof equals - 1);
    hs_results_attribute *setting = sign == NULL ? NULL : find(&results->experiment, line, (size_t)(sign - line));
    if (setting == NULL || !hs_results_may_restate(setting))
        return HS_OK;
    const char *value = sign + sizeof equals - 1;
    HS_TRY(
        hs_reserve(&replaced->items, &replaced->capacity, replaced->n + 1, sizeof *replaced->items, "settings", error));
    hs_results_attribute *kept = &replaced->items[replaced->n];
    *kept = (hs_results_attribute){hs_string_copy(setting->name, error),
                                   hs_string_copy_n(value, length - (size_t)(value - line), error), false};
    replaced->n++;
    if (kept->name == NULL || kept->value == NULL)
        return error->status;
    const char *created = setting->value;
    setting->value = kept->value;
    kept->value = created;
    return HS_OK;
}

static uint64_t checksum(const hs_results *results, const char *lines)
{
    return hs_hash_text(results->experiment_hash, lines);
}

static bool is_whole(const hs_results *results, const char *text)
{
    const char *lines = text + CHECKSUM_DIGITS + 1;
    return strlen(text) > CHECKSUM_DIGITS + 1 && text[CHECKSUM_DIGITS] == '\n' &&
           strtoull(text, NULL, 16) == checksum(results, lines) &&
           hs_utf8_check(lines, strlen(lines), "settings", &(hs_error){0}) == HS_OK;
}

/* `text` is what the dataset holds, zero-terminated. */
static hs_status take(hs_results *results, const char *text, hs_error *error)
{
    take_back(results);
    hs_text_clear(&results->restated);
    if (!is_whole(results, text))
        return HS_OK;
    HS_TRY(hs_text_append(&results->restated, text, strlen(text), error));
    for (const char *line = text + CHECKSUM_DIGITS + 1; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        HS_TRY(replace(results, line, length, error));
        line += length + (line[length] == '\n');
    }
    return HS_OK;
}

static hs_file_rows restated_row(const hs_results *results)
{
    return (hs_file_rows){
        .dataset = hs__results_file_dataset(&results->ranking, "restated"),
        .element = HS_ELEMENT_TEXT,
        .n = 1,
        .n_columns = 1,
        .text_width = HS_LAYOUT_RESTATED_BYTES,
        .what = "/ranking/restated",
    };
}

hs_status hs__results_file_load_restated(hs_results *results, hs_error *error)
{
    const hs_file_rows row = restated_row(results);
    char *text = NULL;
    hs_status status;
    if (!hs_results_can_restate(results))
        return HS_OK;
    HS_GOTO_DONE(hs_allocate(&text, HS_LAYOUT_RESTATED_BYTES + 1, 1, "settings", error));
    HS_GOTO_DONE(hs__results_file_transfer(results, HS_DIRECTION_READ, &row, text, error));
    HS_GOTO_DONE(take(results, text, error));
done:
    hs_free(text);
    return status;
}

/* Settings that are not those of /experiment, in its order; none: no text. */
static hs_status list_settings(hs_results *results, const hs_results_attribute *settings, size_t n, hs_text *lines,
                               hs_error *error)
{
    for (size_t i = 0; i < n; i++) {
        const hs_results_attribute *created = find(&results->experiment, settings[i].name, strlen(settings[i].name));
        if (created == NULL || !hs_results_may_restate(created) || strcmp(created->value, settings[i].value) == 0)
            continue;
        if (strchr(settings[i].value, '\n') != NULL)
            return hs_fail(error, HS_ERROR_USAGE, "%s holds a line end", settings[i].name);
        HS_TRY(hs_text_appendf(lines, error, "%s%s%s\n", settings[i].name, equals, settings[i].value));
    }
    return HS_OK;
}

static hs_status compose(hs_results *results, const hs_results_attribute *settings, size_t n, char *text,
                         hs_error *error)
{
    hs_text lines = {0};
    hs_status status;
    HS_GOTO_DONE(list_settings(results, settings, n, &lines, error));
    if (lines.length + CHECKSUM_DIGITS + 2 > HS_LAYOUT_RESTATED_BYTES)
        HS_GOTO_DONE(
            hs_fail(error, HS_ERROR_RESULTS, "%s has no room for settings of %zu bytes", results->path, lines.length));
    if (lines.length > 0)
        (void)snprintf(text, HS_LAYOUT_RESTATED_BYTES, "%016" PRIx64 "\n%s", checksum(results, lines.text), lines.text);
done:
    hs_text_clear(&lines);
    return status;
}

/*
 * What was restated before is taken back first, so that the differences are those to the file's
 * creation.
 */
hs_status hs_results_restate(hs_results *results, const hs_results_attribute *settings, size_t n, hs_error *error)
{
    const hs_file_rows row = restated_row(results);
    char *text = NULL;
    hs_status status;
    if (!hs_results_can_restate(results))
        return HS_OK;
    HS_GOTO_DONE(hs_allocate(&text, HS_LAYOUT_RESTATED_BYTES + 1, 1, "settings", error));
    take_back(results);
    HS_GOTO_DONE(compose(results, settings, n, text, error));
    if (results->restated.length > 0 || text[0] != '\0')
        HS_GOTO_DONE(hs__results_file_transfer(results, HS_DIRECTION_WRITE, &row, text, error));
    HS_GOTO_DONE(take(results, text, error));
    hs__results_file_read_stated(results);
done:
    hs_free(text);
    return status;
}
