/* headsweep texts: the generated continuations that a results file keeps. */
#include <string.h>

#include "cli/commands.h"
#include "cli/option_rows.h"
#include "cli/printing.h"
#include "cli/results_file.h"
#include "headsweep/results.h"

static const char usage[] =
    "usage: headsweep texts RESULTS.h5 [options]\n"
    "\n"
    "Prints the generated continuations that a results file keeps (tasks[].save_text): a header and tab-separated "
    "lines\n"
    "with the task, the ablation set (\"L0H2+L0H3\") and its intervention, the line of the data file that the prompt\n"
    "stands in, the prompt's value of the task's first metric under the set, the prompt (its end, if it is long) and "
    "the\n"
    "continuation, with \\t, \\n and \\\\ for tabs, line ends and backslashes.\n";

typedef struct texts_arguments {
    const char *path;
    const char *task;
    const char *set;
    int64_t limit;
} texts_arguments;

static hs_status read_arguments(int argc, char **argv, texts_arguments *a, bool *ended_out, hs_error *error)
{
    const option_row rows[] = {
        OPTION_TEXT("task", "NAME", "only this task", &a->task),
        OPTION_TEXT("set", "NAME", "only this ablation set, such as clean, 2.1+3.0 or L2H1+L3H0", &a->set),
        OPTION_COUNT("limit", "N", 0, "only the first N prompts (default 0: all)", &a->limit)};

    return hs__cli_read_command_line(argc, argv, &COMMAND_SYNTAX("RESULTS.h5", &a->path, rows), ended_out, error);
}

/* A text of the file in one field; it ends within its element even where the file is damaged. */
static void print_field(const char *text, size_t n_bytes, char end)
{
    static const char escaped[] = "\t\n\r\\", letters[] = "tnr\\";
    const size_t length = strnlen(text, n_bytes);
    char escape[HS_VISIBLE_BYTES];

    for (size_t i = 0, n; i < length; i += n) {
        const char *found = strchr(escaped, text[i]);
        n = hs_visible_length(text + i, length - i, escape);
        if (found != NULL)
            printf("\\%c", letters[found - escaped]);
        else if (escape[0] != '\0')
            fputs(escape, stdout);
        else
            fwrite(text + i, 1, n, stdout);
    }
    putchar(end);
}

/* What the lines of one task share. */
typedef struct text_printer {
    hs_results *results;
    uint32_t task;
    const hs_results_task *of;
    size_t n_examples; /* to print */
    char *texts;       /* [n_samples, text_bytes] */
    float *values;     /* [n_examples of the task, n_metrics] of a set */
} text_printer;

/* Heads as in CSV: what reads tab-separated lines takes 3.1 and 3.10 for one number. */
static hs_status spell_set(const text_printer *p, size_t set, hs_text *spelt, hs_error *error)
{
    hs_text name = {0};
    hs_status status = hs_sets_name(hs_results_sets_of(p->results), set, &name, error);

    if (status == HS_OK)
        status = hs_sets_spell_name(name.text, spelt, error);
    hs_text_clear(&name);
    return status;
}

/*
 * One read a prompt: all texts of a set may be more than memory holds. The value is the first
 * metric's, the score.
 */
static hs_status print_lines(const text_printer *p, size_t row, size_t set, const char *name, hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(p->results);
    const char *intervention = set == 0 ? "" : sets->intervention_names[sets->intervention[set]];

    HS_TRY(hs_results_read_values(p->results, p->task, set, 1, p->values, error));
    for (size_t example = 0; example < p->n_examples; ++example) {
        HS_TRY(hs_results_read_texts(p->results, p->task, row, example, p->texts, error));
        for (size_t sample = 0; sample < p->of->n_samples; ++sample) {
            print_field(p->of->name, SIZE_MAX, '\t');
            print_field(name, SIZE_MAX, '\t');
            print_field(intervention, SIZE_MAX, '\t');
            printf("%llu\t%.6g\t", (unsigned long long)p->of->example_line[example],
                   (double)p->values[example * p->of->n_metrics]);
            print_field(p->of->prompts != NULL ? p->of->prompts[example] : "", SIZE_MAX, '\t');
            print_field(p->texts + sample * p->of->text_bytes, p->of->text_bytes, '\n');
        }
    }
    return HS_OK;
}

static hs_status print_set(const text_printer *p, size_t row, size_t set, hs_error *error)
{
    hs_text name = {0};
    hs_status status = spell_set(p, set, &name, error);

    if (status == HS_OK)
        status = print_lines(p, row, set, name.text, error);
    hs_text_clear(&name);
    return status;
}

/* Rows that are written, of the wanted set if one is named. */
static hs_status print_rows(const text_printer *p, const int32_t *rows, const char *wanted, size_t *n_printed,
                            hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(p->results);
    bool is_wanted = true;

    for (size_t row = 0; row < p->of->n_text_sets; ++row) {
        if (rows[row] < 0 || (size_t)rows[row] >= sets->n_sets)
            continue;
        if (wanted != NULL)
            HS_TRY(hs_sets_is_named(sets, (uint64_t)rows[row], wanted, &is_wanted, error));
        if (!is_wanted)
            continue;
        if ((*n_printed)++ == 0) {
            printf("task\theads\tablation\tline\t");
            print_field(p->of->metrics[0].name, SIZE_MAX, '\t');
            printf("prompt\ttext\n");
        }
        HS_TRY(print_set(p, row, (size_t)rows[row], error));
    }
    return HS_OK;
}

/*
 * Only as many rows as --limit shows are read; values are read for all, as they lie in one extent.
 */
static hs_status print_task(hs_results *results, uint32_t task, const texts_arguments *arguments, size_t *n_printed,
                            hs_error *error)
{
    text_printer p = {.results = results, .task = task, .of = hs_results_task_at(results, task)};
    size_t limit = arguments->limit > 0 ? (size_t)arguments->limit : SIZE_MAX;
    int32_t *rows = NULL;
    hs_status status;

    p.n_examples = p.of->n_examples < limit ? p.of->n_examples : limit;
    HS_GOTO_DONE(hs_allocate(&rows, p.of->n_text_sets, sizeof *rows, "text sets", error));
    HS_GOTO_DONE(hs_allocate(&p.texts, p.of->n_samples, p.of->text_bytes, "texts", error));
    HS_GOTO_DONE(hs_allocate(&p.values, p.of->n_examples * p.of->n_metrics, sizeof *p.values, "values", error));
    HS_GOTO_DONE(hs_results_read_text_sets(results, task, rows, error));
    HS_GOTO_DONE(print_rows(&p, rows, arguments->set, n_printed, error));
done:
    hs_free(rows);
    hs_free(p.texts);
    hs_free(p.values);
    return status;
}

static bool is_printed(const hs_results_task *task, const texts_arguments *arguments)
{
    return task->n_text_sets > 0 && (arguments->task == NULL || strcmp(arguments->task, task->name) == 0);
}

/* --task that is none, or that keeps no texts. */
static hs_status fail_task(const hs_results *results, const texts_arguments *arguments, hs_error *error)
{
    hs_names names = {0};
    bool is_there = false;

    for (size_t task = 0; task < hs_results_n_tasks(results); ++task) {
        const hs_results_task *of = hs_results_task_at(results, task);
        is_there = is_there || strcmp(of->name, arguments->task) == 0;
        hs_names_put(&names, of->name);
    }
    if (!is_there)
        return hs_fail_name(error, HS_ERROR_USAGE, &names, arguments->task, "--task %s: the file has no such task",
                            arguments->task);
    hs_names_clear(&names);
    return hs_fail(error, HS_ERROR_USAGE,
                   "--task %s: %s keeps no such texts: tasks[].save_text must be set before a sweep begins",
                   arguments->task, arguments->path);
}

/*
 * Tells a set that was swept but whose texts were not kept from one that is not there: the first
 * can be had by another run, the second is a slip.
 */
static hs_status fail_set(const hs_results *results, const texts_arguments *arguments, hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(results);
    bool is_named = false;

    for (uint64_t set = 0; !is_named && set < sets->n_sets; ++set)
        HS_TRY(hs_sets_is_named(sets, set, arguments->set, &is_named, error));
    if (is_named)
        return hs_fail(
            error, HS_ERROR_USAGE,
            "--set %s: no texts of this set are kept: only those of clean and of the tasks[].save_text best sets "
            "are, when the sweep ends; headsweep texts without --set shows them",
            arguments->set);
    return hs_fail(error, HS_ERROR_USAGE,
                   "--set %s: the file has no such set; write clean, or its heads as in 2.1+3.0, in any order",
                   arguments->set);
}

/*
 * Nothing printed is an error with its reason, from the most specific to the most general, since
 * an empty output looks like empty texts.
 */
static hs_status print_texts(hs_results *results, const texts_arguments *arguments, hs_error *error)
{
    size_t n_printed = 0, n_tasks = 0;

    for (size_t task = 0; task < hs_results_n_tasks(results); ++task)
        if (is_printed(hs_results_task_at(results, task), arguments)) {
            ++n_tasks;
            HS_TRY(print_task(results, (uint32_t)task, arguments, &n_printed, error));
        }
    if (n_printed > 0)
        return HS_OK;
    if (n_tasks == 0 && arguments->task != NULL)
        return fail_task(results, arguments, error);
    if (n_tasks > 0 && arguments->set != NULL)
        return fail_set(results, arguments, error);
    return hs_fail(error, HS_ERROR_USAGE,
                   n_tasks == 0 ? "%s keeps no such texts: tasks[].save_text must be set before a sweep begins"
                                : "%s has no texts yet: they are written when the sweep ends",
                   arguments->path);
}

hs_status hs__cli_command_texts(int argc, char **argv, hs_error *error)
{
    texts_arguments arguments = {0};
    hs_results *results = NULL;
    bool ended;

    HS_TRY(read_arguments(argc, argv, &arguments, &ended, error));
    if (ended)
        return HS_OK;
    HS_TRY(hs_results_open_read(arguments.path, &results, error));
    return hs_results_close_after(results, print_texts(results, &arguments, error), error);
}
