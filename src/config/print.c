/* print: the effective experiment file, which gives the same experiment again when it is loaded. */
#include "config/value_text.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The path from any folder, because the printed file may come to lie in another one than the experiment file. One that
 * does not exist yet is at least begun at the root. NULL on failure; hs_free() it.
 */
static char *absolute_path(const char *path, hs_error *error)
{
    char *found = realpath(path, NULL);
    if (found != NULL) {
        char *copy = hs_string_copy(found, error);
        free(found);
        return copy;
    }
    char folder[PATH_MAX];
    if (getcwd(folder, sizeof folder) == NULL) {
        (void)hs_fail_system(error, HS_ERROR_IO, errno, "the current folder cannot be found");
        return NULL;
    }
    return hs_path_join(folder, path, error);
}

static hs_status print_value(hs_text *text, const key_row *row, const void *base, hs_error *error)
{
    if (row->type != KEY_PATH_IN)
        return hs__config_text_append_value(text, row, base, TEXT_FILE, error);
    const char *path = *(char *const *)hs__config_key_const_field(row, base);
    if (path == NULL || path[0] == '\0')
        return hs__config_text_append_quoted(text, "", error);
    char *absolute = absolute_path(path, error);
    if (absolute == NULL)
        return error->status;
    hs_status status = hs__config_text_append_quoted(text, absolute, error);
    hs_free(absolute);
    return status;
}

static void print_comment(hs_text *text, const key_row *row, const char *indent)
{
    hs_text_putf(text, "%s# %s", indent, row->meaning);
    for (size_t i = 0; row->list != NULL && row->list->rows[i].text != NULL; i++)
        hs_text_putf(text, "%s\"%s\"", i == 0 ? " One of: " : ", ", row->list->rows[i].text);
    if (row->list != NULL)
        hs_text_put(text, ".");
    if (row->unit != NULL)
        hs_text_putf(text, " Unit: %s.", row->unit);
    hs_text_put(text, "\n");
}

/* "orders = [1];", under its meaning where `with_comment` says so. */
static void print_key(hs_text *text, const key_row *row, const void *base, const char *indent, bool with_comment,
                      hs_error *error)
{
    if (with_comment)
        print_comment(text, row, indent);
    hs_text_putf(text, "%s%s = ", indent, hs__config_key_name(row));
    hs_text_keep(text, print_value(text, row, base, error));
    hs_text_put(text, ";\n");
}

/* Meanings stand in the first task alone. */
static void print_task(hs_text *text, const hs_experiment *experiment, size_t task, hs_error *error)
{
    hs_text_putf(text, "%s    {\n", task == 0 ? "" : ",\n");
    for (size_t i = 0; i < hs__config_key_count(); i++)
        if (hs__config_key_is_of_task(hs__config_key_at(i)))
            print_key(text, hs__config_key_at(i), &experiment->tasks[task], "        ", task == 0, error);
    hs_text_put(text, "    }");
}

static void print_tasks(hs_text *text, const hs_experiment *experiment, const key_row *row, hs_error *error)
{
    hs_text_putf(text, "# %s\ntasks = (\n", row->meaning);
    for (size_t i = 0; i < experiment->n_tasks; i++)
        print_task(text, experiment, i, error);
    hs_text_put(text, "\n);\n");
}

/* The keys of one group are neighbours in the table; `first` is the first of them. */
static void print_group(hs_text *text, const hs_experiment *experiment, size_t first, hs_error *error)
{
    size_t length = hs__config_key_prefix_length(hs__config_key_at(first));
    const char *prefix = hs__config_key_at(first)->path;
    hs_text_putf(text, "%.*s: {\n", (int)length - 1, prefix);
    for (size_t i = first; i < hs__config_key_count(); i++)
        if (hs__config_key_prefix_length(hs__config_key_at(i)) == length &&
            strncmp(hs__config_key_at(i)->path, prefix, length) == 0)
            print_key(text, hs__config_key_at(i), experiment, "    ", true, error);
    hs_text_put(text, "};\n");
}

static bool begins_group(size_t index)
{
    if (index == 0)
        return true;
    const key_row *row = hs__config_key_at(index), *previous = hs__config_key_at(index - 1);
    size_t length = hs__config_key_prefix_length(row);
    return length != hs__config_key_prefix_length(previous) || strncmp(row->path, previous->path, length) != 0;
}

hs_status hs_config_print(const hs_experiment *experiment, hs_text *text, hs_error *error)
{
    for (size_t i = 0; i < hs__config_key_count(); i++) {
        const key_row *row = hs__config_key_at(i);
        if (!begins_group(i) || hs__config_key_is_of_task(row))
            continue;
        hs_text_put(text, i == 0 ? "" : "\n");
        if (row->type == KEY_TASKS)
            print_tasks(text, experiment, row, error);
        else
            print_group(text, experiment, i, error);
    }
    return hs_text_status(text, error);
}
