/*
 * A task whose file is a pattern, such as "blimp/a*.jsonl", becomes a task for each file that matches. One process
 * looks into the folder and puts what it found behind the texts of the experiment's files; the others take it from
 * there.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "config/loader.h"

enum { MAX_STEM = CONFIG_MAX_TASK_NAME - 8 }; /* room for what tells two of a name apart */

/* The files of one task, as the experiment file could have named them. */
typedef struct match_list {
    char **items;
    size_t n;
    size_t capacity;
} match_list;

static void clear_matches(match_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        hs_free(list->items[i]);
    hs_free(list->items);
    *list = (match_list){0};
}

static hs_status add_match(match_list *list, const char *path, hs_error *error)
{
    HS_TRY(hs_reserve(&list->items, &list->capacity, list->n + 1, sizeof *list->items, "matching files", error));
    char *copy = hs_string_copy(path, error);
    if (copy == NULL)
        return hs_error_status(error);
    list->items[list->n++] = copy;
    return HS_OK;
}

static const key_row *row_of(const char *name)
{
    return hs__config_key_find("tasks[].", name, strlen(name));
}

static const char *task_where(const config_loader *loader, size_t task, char where[CONFIG_MAX_WHERE])
{
    return hs__config_loader_where(loader, row_of("file"), task, where);
}

static int compare_paths(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The pattern from the folder of the experiment file, whose own characters stand for themselves. */
static hs_status append_pattern(hs_text *text, const char *folder, const char *pattern, hs_error *error)
{
    for (const char *c = folder; pattern[0] != '/' && *c != '\0'; c++)
        HS_TRY(hs_text_appendf(text, error, "%s%c", strchr("*?[]\\", *c) != NULL ? "\\" : "", *c));
    if (pattern[0] != '/' && folder[0] != '\0')
        HS_TRY(hs_text_append(text, "/", 1, error));
    return hs_text_append(text, pattern, strlen(pattern), error);
}

/* Files in the order of their names by bytes, whatever the locale; folders are none. */
static hs_status take_found(const glob_t *found, size_t n_folder, match_list *matches, hs_error *error)
{
    for (size_t i = 0; i < found->gl_pathc; i++) {
        const char *path = found->gl_pathv[i];
        if (path[0] != '\0' && path[strlen(path) - 1] != '/')
            HS_TRY(add_match(matches, path + n_folder, error));
    }
    if (matches->n > 0)
        qsort(matches->items, matches->n, sizeof *matches->items, compare_paths);
    return HS_OK;
}

/*
 * The match begins behind the folder that was put before the pattern, so that paths are written as
 * the file could have written them. An error of glob() other than "none" is a folder that cannot
 * be read: no match would be a lie.
 */
static hs_status find_in(const config_loader *loader, const char *folder, size_t task, match_list *matches)
{
    const char *file = loader->experiment->tasks[task].file;
    char where[CONFIG_MAX_WHERE];
    hs_text pattern = {0};
    glob_t found = {0};
    hs_status status = append_pattern(&pattern, folder, file, loader->error);
    if (status != HS_OK)
        goto done;
    int failure = glob(pattern.text, GLOB_MARK | GLOB_NOSORT, NULL, &found);
    if (failure != 0 && failure != GLOB_NOMATCH) {
        status = hs_fail(loader->error, failure == GLOB_NOSPACE ? HS_ERROR_MEMORY : HS_ERROR_IO,
                         "%s: tasks[%zu].file = \"%.200s\": the folder cannot be read", task_where(loader, task, where),
                         task, file);
        goto done;
    }
    status = take_found(&found, file[0] == '/' || folder[0] == '\0' ? 0 : strlen(folder) + 1, matches, loader->error);
    if (status == HS_OK && matches->n == 0)
        status = hs_fail(loader->error, HS_ERROR_USAGE, "%s: tasks[%zu].file = \"%.200s\" matches no file",
                         task_where(loader, task, where), task, file);
done:
    globfree(&found);
    hs_text_clear(&pattern);
    return status;
}

/* A file of exactly that name is meant literally: no match then. */
static hs_status find_files(const config_loader *loader, size_t task, match_list *matches)
{
    const char *file = loader->experiment->tasks[task].file;
    char *folder = hs__config_source_folder(loader->path, loader->error);
    char *literal = folder != NULL ? hs_path_join(folder, file, loader->error) : NULL;
    hs_status status = literal == NULL ? hs_error_status(loader->error) : HS_OK;
    if (status == HS_OK && !hs_path_exists(literal))
        status = find_in(loader, folder, task, matches);
    hs_free(literal);
    hs_free(folder);
    return status;
}

static hs_status write_matches(const match_list *matches, hs_text *found, hs_error *error)
{
    HS_TRY(hs_text_appendf(found, error, "%zu", matches->n));
    HS_TRY(hs_text_append(found, "", 1, error));
    for (size_t i = 0; i < matches->n; i++)
        HS_TRY(hs_text_append(found, matches->items[i], strlen(matches->items[i]) + 1, error));
    return HS_OK;
}

static hs_status read_matches(config_loader *loader, match_list *matches)
{
    const char *text = NULL;
    HS_TRY(hs__config_source_take(&loader->source, loader->path, &text, loader->error));
    size_t n = strtoul(text, NULL, 10);
    for (size_t i = 0; i < n; i++) {
        HS_TRY(hs__config_source_take(&loader->source, loader->path, &text, loader->error));
        HS_TRY(add_match(matches, text, loader->error));
    }
    return HS_OK;
}

static hs_status list_files(config_loader *loader, size_t task, match_list *matches)
{
    const char *file = loader->experiment->tasks[task].file;
    if (file == NULL || strpbrk(file, "*?[") == NULL)
        return HS_OK;
    if (loader->found == NULL)
        return read_matches(loader, matches);
    HS_TRY(find_files(loader, task, matches));
    return write_matches(matches, loader->found, loader->error);
}

static bool is_taken(const hs_experiment *experiment, const char *name)
{
    for (size_t i = 0; i < experiment->n_tasks; i++)
        if (experiment->tasks[i].name != NULL && strcmp(experiment->tasks[i].name, name) == 0)
            return true;
    return false;
}

/* The file's name without folder and ending, and a .gz behind that, in the letters that names have. */
static void append_stem(char name[CONFIG_MAX_TASK_NAME + 1], const char *file)
{
    static const char packed[] = ".gz";
    const char *start = strrchr(file, '/') != NULL ? strrchr(file, '/') + 1 : file;
    size_t length = strlen(start), used = strlen(name);
    if (length > strlen(packed) && strcmp(start + length - strlen(packed), packed) == 0)
        length -= strlen(packed);
    for (size_t i = length; i-- > 1;)
        if (start[i] == '.') {
            length = i;
            break;
        }
    for (size_t i = 0; i < length && used < MAX_STEM; i++) {
        bool is_letter = strchr(CONFIG_TASK_LETTERS, start[i]) != NULL;
        bool repeats = used > 0 && name[used - 1] == '_' && !is_letter;
        if (!repeats)
            name[used++] = is_letter ? start[i] : '_';
    }
    name[used] = '\0';
}

/* "blimp_anaphor_gender_agreement" of a task "blimp", without a name the file's alone; "..._2" where that is taken. */
static hs_status name_task(hs_experiment *experiment, size_t task, const char *prefix, hs_error *error)
{
    char stem[CONFIG_MAX_TASK_NAME + 1] = "", name[CONFIG_MAX_TASK_NAME + 1];
    if (prefix != NULL && prefix[0] != '\0')
        (void)snprintf(stem, sizeof stem, "%.*s_", MAX_STEM / 2, prefix);
    append_stem(stem, experiment->tasks[task].file);
    (void)snprintf(name, sizeof name, "%s", stem);
    for (unsigned n = 2; is_taken(experiment, name); n++)
        (void)snprintf(name, sizeof name, "%.*s_%u", MAX_STEM, stem, n);
    experiment->tasks[task].name = hs_string_copy(name, error);
    return experiment->tasks[task].name != NULL ? HS_OK : hs_error_status(error);
}

/* What takes the place of the loader's tasks. */
typedef struct expansion {
    hs_task_config *tasks;
    key_origin *origins;
    size_t *lines;
    size_t n;
} expansion;

static hs_status allocate_expansion(expansion *to, size_t n_tasks, hs_error *error)
{
    HS_TRY(hs_allocate(&to->tasks, n_tasks, sizeof *to->tasks, "tasks", error));
    HS_TRY(hs_allocate(&to->lines, n_tasks, sizeof *to->lines, "tasks", error));
    return hs_allocate(&to->origins, (1 + n_tasks) * hs__config_key_count(), sizeof *to->origins, "keys", error);
}

static hs_status copy_task(const config_loader *loader, size_t task, expansion *to)
{
    const hs_task_config *from = &loader->experiment->tasks[task];
    hs_task_config *copy = &to->tasks[to->n++];
    copy->line = from->line;
    to->lines[to->n - 1] = loader->task_lines[task];
    memcpy(to->origins + to->n * hs__config_key_count(), loader->origins + (1 + task) * hs__config_key_count(),
           hs__config_key_count() * sizeof *to->origins);
    for (size_t i = 0; i < hs__config_key_count(); i++)
        if (hs__config_key_is_of_task(hs__config_key_at(i)))
            HS_TRY(hs__config_store_copy(hs__config_key_at(i), from, copy, loader->error));
    return HS_OK;
}

/* One task for each file; its name is missing still, and where it comes from is where the file does. */
static hs_status copy_for(const config_loader *loader, size_t task, const char *file, expansion *to)
{
    HS_TRY(copy_task(loader, task, to));
    hs_task_config *copy = &to->tasks[to->n - 1];
    key_origin *origins = to->origins + to->n * hs__config_key_count();
    hs__config_store_clear(row_of("file"), copy);
    hs__config_store_clear(row_of("name"), copy);
    copy->file = hs_string_copy(file, loader->error);
    if (copy->file == NULL)
        return hs_error_status(loader->error);
    origins[hs__config_key_index(row_of("name"))] = origins[hs__config_key_index(row_of("file"))];
    return HS_OK;
}

static hs_status fill(const config_loader *loader, const match_list *matches, expansion *to)
{
    memcpy(to->origins, loader->origins, hs__config_key_count() * sizeof *to->origins);
    for (size_t task = 0; task < loader->experiment->n_tasks; task++) {
        if (matches[task].n == 0)
            HS_TRY(copy_task(loader, task, to));
        for (size_t i = 0; i < matches[task].n; i++)
            HS_TRY(copy_for(loader, task, matches[task].items[i], to));
    }
    return HS_OK;
}

static void swap_in(config_loader *loader, expansion *to)
{
    const expansion old = {loader->experiment->tasks, loader->origins, loader->task_lines, loader->experiment->n_tasks};
    loader->experiment->tasks = to->tasks;
    loader->experiment->n_tasks = to->n;
    loader->origins = to->origins;
    loader->task_lines = to->lines;
    *to = old;
}

static void clear_expansion(expansion *e)
{
    for (size_t task = 0; task < e->n; task++)
        for (size_t i = 0; i < hs__config_key_count(); i++)
            if (hs__config_key_is_of_task(hs__config_key_at(i)))
                hs__config_store_clear(hs__config_key_at(i), &e->tasks[task]);
    hs_free(e->tasks);
    hs_free(e->origins);
    hs_free(e->lines);
}

static hs_status name_tasks(config_loader *loader, const expansion *old, const match_list *matches)
{
    size_t next = 0;
    for (size_t task = 0; task < old->n; task++) {
        for (size_t i = 0; i < matches[task].n; i++)
            HS_TRY(name_task(loader->experiment, next + i, old->tasks[task].name, loader->error));
        next += matches[task].n > 0 ? matches[task].n : 1;
    }
    return HS_OK;
}

/*
 * Everything is made beside the loader's tasks and swapped in at once, so that a failure leaves
 * one whole set of tasks to be freed.
 */
static hs_status expand(config_loader *loader, const match_list *matches, size_t n_tasks)
{
    char where[CONFIG_MAX_WHERE];
    expansion to = {0};
    if (n_tasks > CONFIG_MAX_TASKS)
        return hs_fail(loader->error, HS_ERROR_USAGE,
                       "%s: the patterns of tasks[].file make %zu tasks; at most %d are allowed",
                       task_where(loader, 0, where), n_tasks, CONFIG_MAX_TASKS);
    hs_status status = allocate_expansion(&to, n_tasks, loader->error);
    if (status == HS_OK)
        status = fill(loader, matches, &to);
    if (status == HS_OK) {
        swap_in(loader, &to);
        status = name_tasks(loader, &to, matches);
    }
    clear_expansion(&to);
    return status;
}

/*
 * Numbers of tasks change only at the end: until then "tasks[2]" of messages and --set is the
 * file's. On ranks that were given the matches the block must be used up here, or ranks would
 * disagree on the tasks.
 */
hs_status hs__config_expand_patterns(config_loader *loader)
{
    size_t n = loader->experiment->n_tasks, n_tasks = 0;
    bool has_match = false;
    match_list *matches = NULL;
    hs_status status = hs_allocate(&matches, n, sizeof *matches, "matching files", loader->error);
    for (size_t task = 0; status == HS_OK && task < n; task++) {
        status = list_files(loader, task, &matches[task]);
        n_tasks += matches[task].n > 0 ? matches[task].n : 1;
        has_match = has_match || matches[task].n > 0;
    }
    if (status == HS_OK && loader->found == NULL)
        status = hs__config_source_end(&loader->source, loader->path, loader->error);
    if (status == HS_OK && has_match)
        status = expand(loader, matches, n_tasks);
    for (size_t task = 0; matches != NULL && task < n; task++)
        clear_matches(&matches[task]);
    hs_free(matches);
    return status;
}
