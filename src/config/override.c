/*
 * override: --set key=value. The value is read in the syntax of the file or, as shells eat quotes,
 * without them where the key's type leaves no doubt; then it is stored by the same function as the
 * file's.
 */
#include "config/complain.h"
#include "config/excerpt.h"
#include "config/loader.h"

#include <stdlib.h>
#include <string.h>

/* What stands left of the = */
typedef struct override_target {
    const key_row *row;
    size_t task;
    const char *field; /* of tasks[0].fields.NAME; NULL for a whole value */
} override_target;

typedef struct override {
    config_loader *loader;
    const char *where;
    char *key;
    char *value;
} override;

static hs_status copy_trimmed(const char *start, const char *end, char **text_out, hs_error *error)
{
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    while (start < end && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *text_out = hs_string_copy_n(start, (size_t)(end - start), error);
    return *text_out == NULL ? hs_error_status(error) : HS_OK;
}

static hs_status complain_unknown_key(const override *o, const char *key, const char *prefix)
{
    const char *dot = strrchr(key, '.');
    (void)hs__config_complain_unknown(o->where, key, prefix, dot == NULL ? key : dot + 1, o->loader->error);
    return hs_error_status(o->loader->error);
}

static hs_status find_global(const override *o, override_target *target)
{
    char prefix[CONFIG_MAX_PATH];
    const char *dot = strrchr(o->key, '.'), *name = dot == NULL ? o->key : dot + 1;
    if (strcmp(o->key, "tasks") == 0)
        return hs_fail(o->loader->error, HS_ERROR_USAGE,
                       "%s: tasks cannot be replaced as a whole; set a key of one, as in --set tasks[0].limit=10",
                       o->where);
    if (hs__config_key_is_group(o->key))
        return hs_fail(o->loader->error, HS_ERROR_USAGE,
                       "%s: %s is a group; set one of its keys, as in --set %s.key=value", o->where, o->key, o->key);
    (void)snprintf(prefix, sizeof prefix, "%.*s", (int)(name - o->key), o->key);
    target->row = hs__config_key_find(prefix, name, strlen(name));
    return target->row == NULL ? complain_unknown_key(o, o->key, prefix) : HS_OK;
}

static bool is_field_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    static const char others[] = "0123456789_-";
    if (*name == '\0' || strchr(letters, *name) == NULL)
        return false;
    while (*name != '\0' && (strchr(letters, *name) != NULL || strchr(others, *name) != NULL))
        name++;
    return *name == '\0';
}

/* Of "tasks[0].flds.good" it is "tasks[0].flds" that is unknown. */
static hs_status complain_unknown_task_key(const override *o, const char *rest, size_t length)
{
    size_t known = (size_t)(rest - o->key);
    char *path = hs_string_copy_n(o->key, known + length, o->loader->error);
    if (path != NULL)
        (void)hs__config_complain_unknown(o->where, path, "tasks[].", path + known, o->loader->error);
    hs_free(path);
    return hs_error_status(o->loader->error);
}

/* `rest` is what follows "tasks[0]." in the key: a key of the task, or fields.NAME. */
static hs_status find_task_key(const override *o, const char *rest, override_target *target)
{
    size_t length = strcspn(rest, ".");
    target->row = hs__config_key_find("tasks[].", rest, length);
    if (target->row == NULL)
        return complain_unknown_task_key(o, rest, length);
    if (rest[length] == '\0')
        return HS_OK;
    if (target->row->type != KEY_FIELDS)
        return hs_fail(o->loader->error, HS_ERROR_USAGE, "%s: %s is a single value and has no parts", o->where,
                       target->row->path);
    target->field = rest + length + 1;
    if (!is_field_name(target->field))
        return hs_fail(o->loader->error, HS_ERROR_USAGE,
                       "%s: a field's name is made of letters, digits, _ and -, and begins with a letter", o->where);
    return HS_OK;
}

static hs_status find_indexed_task(const override *o, override_target *target)
{
    char *end;
    const char *digits = o->key + strlen("tasks[");
    unsigned long long index = strtoull(digits, &end, 10);
    if (*digits < '0' || *digits > '9' || strncmp(end, "].", 2) != 0)
        return hs_fail(o->loader->error, HS_ERROR_USAGE, "%s: a task is meant as in --set tasks[0].limit=10", o->where);
    size_t n_tasks = o->loader->experiment->n_tasks;
    if (index >= n_tasks)
        return hs_fail(o->loader->error, HS_ERROR_USAGE, "%s: there is no such task; the file has %zu, counted from 0",
                       o->where, n_tasks);
    target->task = (size_t)index;
    return find_task_key(o, end + 2, target);
}

static hs_status complain_no_task(const override *o)
{
    char names[512] = "";
    const hs_experiment *experiment = o->loader->experiment;
    size_t used = 0;
    for (size_t i = 0; i < experiment->n_tasks && used < sizeof names; i++)
        if (experiment->tasks[i].name != NULL)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used == 0 ? "" : ", ",
                                     experiment->tasks[i].name);
    return hs_fail(o->loader->error, HS_ERROR_USAGE, "%s: there is no task of that name; there are: %s", o->where,
                   names);
}

/* tasks.NAME.key; a task's name has no dot. */
static hs_status find_named_task(const override *o, override_target *target)
{
    const char *name = o->key + strlen("tasks.");
    size_t length = strcspn(name, ".");
    if (name[length] == '\0')
        return complain_unknown_key(o, o->key, "tasks.");
    const hs_experiment *experiment = o->loader->experiment;
    for (size_t i = 0; i < experiment->n_tasks; i++) {
        const char *candidate = experiment->tasks[i].name;
        if (candidate != NULL && strlen(candidate) == length && strncmp(candidate, name, length) == 0) {
            target->task = i;
            return find_task_key(o, name + length + 1, target);
        }
    }
    return complain_no_task(o);
}

static hs_status find_target(const override *o, override_target *target)
{
    if (strncmp(o->key, "tasks[", strlen("tasks[")) == 0)
        return find_indexed_task(o, target);
    if (strncmp(o->key, "tasks.", strlen("tasks.")) == 0)
        return find_named_task(o, target);
    return find_global(o, target);
}

/* In the syntax of the file. A text that is none of it is reported as a wrong value of the key. */
static hs_status parse_quoted(const override *o, const override_target *target, const char *text, config_t *config,
                              const config_setting_t **setting_out)
{
    hs_error problem = {0};
    char shown[96], phrase[CONFIG_MAX_PHRASE];
    if (hs__config_parse_value(o->where, text, config, setting_out, &problem) == HS_OK)
        return HS_OK;
    hs__config_excerpt(o->value, strlen(o->value), shown, sizeof shown);
    hs_status status = problem.status;
    return status != HS_ERROR_USAGE
               ? hs_fail(o->loader->error, status, "%s", problem.message)
               : hs_fail(o->loader->error, status, "%s: `%s` cannot be read as a value; %s is needed", o->where, shown,
                         hs__config_key_phrase(target->row, phrase));
}

/* zero,mean - also in brackets, as a shell leaves ["zero","mean"] behind when nobody protects the quotes from it. */
static hs_status bare_words(const override *o, config_t *config, const config_setting_t **setting_out)
{
    config_init(config);
    config_setting_t *list = config_setting_add(config_root_setting(config), "value", CONFIG_TYPE_LIST);
    const char *at = o->value, *end = at + strlen(at);
    if (at < end && strchr("[(", *at) != NULL && strchr("])", end[-1]) != NULL && end - at > 1) {
        at++;
        end--;
    }
    while (list != NULL && at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        char *word = NULL;
        HS_TRY(copy_trimmed(at, comma == NULL ? end : comma, &word, o->loader->error));
        bool stored = config_setting_set_string_elem(list, -1, word) != NULL;
        hs_free(word);
        if (!stored)
            list = NULL;
        at = comma == NULL ? end : comma + 1;
    }
    if (list == NULL)
        return hs_fail(o->loader->error, HS_ERROR_MEMORY, "%s: no memory for the value", o->where);
    *setting_out = list;
    return HS_OK;
}

/* A list may come without its brackets: 1,2 */
static hs_status parse_list(const override *o, const override_target *target, config_t *config,
                            const config_setting_t **setting_out)
{
    bool has_brackets = o->value[0] == '[' || o->value[0] == '(';
    char *text = hs_string_format(o->loader->error, has_brackets ? "%s" : "[%s]", o->value);
    if (text == NULL) {
        config_init(config);
        return hs_error_status(o->loader->error);
    }
    hs_status status = parse_quoted(o, target, text, config, setting_out);
    hs_free(text);
    return status;
}

/* The word that a key takes instead of a number. */
static bool is_word_for_number(const override *o, const override_target *target)
{
    return target->row->instead != NULL && strcmp(target->row->instead, o->value) == 0;
}

/*
 * By the type of the key and not by the look of the value: "1" is a fine name for a task, and
 * "none" is not a number.
 */
static hs_status read_value(const override *o, const override_target *target, config_t *config,
                            const config_setting_t **setting_out)
{
    bool has_quotes = strchr(o->value, '"') != NULL;
    switch (target->row->type) {
    case KEY_STRING:
    case KEY_WORD:
    case KEY_PATH_IN:
    case KEY_PATH_OUT:
        return o->value[0] == '"' ? parse_quoted(o, target, o->value, config, setting_out)
                                  : hs__config_parse_bare(o->where, o->value, config, setting_out, o->loader->error);
    case KEY_STRING_LIST:
        return has_quotes ? parse_list(o, target, config, setting_out) : bare_words(o, config, setting_out);
    case KEY_INTEGER_LIST:
        return parse_list(o, target, config, setting_out);
    default:
        return is_word_for_number(o, target)
                   ? hs__config_parse_bare(o->where, o->value, config, setting_out, o->loader->error)
                   : parse_quoted(o, target, o->value, config, setting_out);
    }
}

/*
 * fields.NAME is the one key whose last part is the user's own, so that a pair is added or
 * replaced instead of the whole map.
 */
static hs_status set_field(const override *o, const override_target *target)
{
    char task_path[CONFIG_MAX_PATH], path[2 * CONFIG_MAX_PATH];
    hs_task_config *task = &o->loader->experiment->tasks[target->task];
    hs__config_key_format_path(target->row, target->task, task_path);
    (void)snprintf(path, sizeof path, "%s.%.100s", task_path, target->field);
    size_t length = strlen(o->value);
    bool quoted = length >= 2 && o->value[0] == '"' && o->value[length - 1] == '"';
    char *key = hs_string_copy_n(o->value + (quoted ? 1 : 0), length - (quoted ? 2 : 0), o->loader->error);
    if (key == NULL)
        return hs_error_status(o->loader->error);
    key_site site = {target->row, task, path, o->where};
    hs_status status = hs__config_store_field_pair(&site, target->field, key, o->loader->error);
    hs_free(key);
    return status;
}

static hs_status set_value(const override *o, const override_target *target, const char *text)
{
    config_t config;
    const config_setting_t *setting = NULL;
    hs_status status = read_value(o, target, &config, &setting);
    if (status == HS_OK)
        status = hs__config_loader_set(o->loader, target->row, target->task, setting, (key_origin){.override = text});
    config_destroy(&config);
    return status;
}

/* Cut at the first =, since keys have none and values may. */
hs_status hs__config_apply_override(config_loader *loader, const char *text)
{
    char where[CONFIG_MAX_WHERE];
    override o = {.loader = loader, .where = hs__config_override_where(text, where)};
    override_target target = {0};
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return hs_fail(loader->error, HS_ERROR_USAGE, "%s: key=value is needed, as in --set run.seed=7", o.where);
    hs_status status = HS_OK;
    HS_GOTO_DONE(copy_trimmed(text, equals, &o.key, loader->error));
    HS_GOTO_DONE(copy_trimmed(equals + 1, text + strlen(text), &o.value, loader->error));
    HS_GOTO_DONE(find_target(&o, &target));
    status = target.field == NULL ? set_value(&o, &target, text) : set_field(&o, &target);
done:
    hs_free(o.key);
    hs_free(o.value);
    return status;
}
