/* What the model writes with a set ablated, beside what it writes without: for tasks that keep generated texts. */
#include <math.h>
#include <string.h>

#include "report/contents.h"

enum { EXAMPLES_A_SET = 8, MAX_TEXT_SETS = 16, SAMPLES_SHOWN = 3 };

typedef struct text_reader {
    const hs_report *report;
    const report_metric *metric; /* the task's first in the report */
    int32_t *rows;               /* [n_text_sets]: the set of each row */
    size_t clean_row;
    float *clean, *values; /* [n_examples, n_metrics] */
    char *texts;           /* [n_samples, text_bytes] of one example */
    hs_text text;          /* scratch */
} text_reader;

static const hs_results_task *task_of(const text_reader *r)
{
    return r->metric->of;
}

static double change_of(const text_reader *r, size_t example)
{
    const size_t at = example * task_of(r)->n_metrics + r->metric->metric;

    return (double)r->values[at] - (double)r->clean[at];
}

/* Whole characters only: the end may be cut, and a damaged file may hold anything. */
static void append_characters(const char *bytes, size_t n, hs_text *text)
{
    for (size_t at = 0; at < n && bytes[at] != '\0';) {
        size_t length = hs_utf8_length(bytes + at, n - at);
        hs_text_put_bytes(text, length > 0 ? bytes + at : "?", length > 0 ? length : 1);
        at += length > 0 ? length : 1;
    }
}

/* The first samples of an example, a line each. */
static hs_status add_texts(text_reader *r, size_t row, size_t example, report_table *s, hs_error *error)
{
    const hs_results_task *task = task_of(r);

    HS_TRY(hs_results_read_texts(r->report->results, (uint32_t)r->metric->task, row, example, r->texts, error));
    hs_text_empty(&r->text);
    for (size_t i = 0; i < task->n_samples && i < SAMPLES_SHOWN; ++i) {
        if (i > 0)
            hs_text_put(&r->text, "\n");
        append_characters(r->texts + i * task->text_bytes, task->text_bytes, &r->text);
    }
    hs__report_table_add_text(s, hs_text_kept(&s->texts, &r->text));
    return HS_OK;
}

/*
 * The clean model's text is read again for every set: it stands in the same row of the table,
 * where it is compared.
 */
static hs_status add_example(text_reader *r, size_t row, size_t example, report_table *s, hs_error *error)
{
    const hs_results_task *task = task_of(r);
    const uint64_t set = (uint64_t)r->rows[row];
    const size_t at = example * task->n_metrics + r->metric->metric;

    hs__report_table_begin_set(s, set);
    hs_text_empty(&r->text);
    hs__report_put_set(r->report->sets, set, &r->text);
    hs__report_table_add_text(s, hs_text_kept(&s->texts, &r->text));
    hs__report_table_add_text(s, hs__report_intervention(r->report, set));
    hs__report_table_add_text(s, task->name);
    hs__report_table_add_number(s, (double)task->example_line[example]);
    hs__report_table_add_number(s, (double)r->clean[at]);
    hs__report_table_add_number(s, (double)r->values[at]);
    HS_TRY(add_texts(r, r->clean_row, example, s, error));
    return add_texts(r, row, example, s, error);
}

/* The examples that changed most, one after the other: few of them, of many. */
static hs_status add_set(text_reader *r, size_t row, report_table *s, hs_error *error)
{
    size_t shown[EXAMPLES_A_SET];
    const hs_results_task *task = task_of(r);

    HS_TRY(hs_results_read_values(r->report->results, (uint32_t)r->metric->task, (uint64_t)r->rows[row], 1, r->values,
                                  error));
    for (size_t n = 0; n < EXAMPLES_A_SET; ++n) {
        size_t largest = task->n_examples;
        for (size_t i = 0; i < task->n_examples; ++i) {
            bool seen = !isfinite(change_of(r, i));
            for (size_t k = 0; k < n; ++k)
                seen = seen || shown[k] == i;
            if (!seen && (largest == task->n_examples || fabs(change_of(r, i)) > fabs(change_of(r, largest))))
                largest = i;
        }
        if (largest == task->n_examples)
            break;
        shown[n] = largest;
        HS_TRY(add_example(r, row, largest, s, error));
    }
    return HS_OK;
}

/*
 * Without the clean model's texts there is nothing to compare with, as in a file whose run has not
 * ended. Set numbers are checked, as the file may be damaged.
 */
static hs_status add_rows(text_reader *r, report_table *s, hs_error *error)
{
    const hs_results_task *task = task_of(r);
    size_t n_shown = 0;

    HS_TRY(hs_results_read_text_sets(r->report->results, (uint32_t)r->metric->task, r->rows, error));
    r->clean_row = task->n_text_sets;
    for (size_t row = 0; row < task->n_text_sets; ++row)
        r->clean_row = r->rows[row] == 0 ? row : r->clean_row;
    if (r->clean_row == task->n_text_sets)
        return HS_OK;
    HS_TRY(hs_results_read_values(r->report->results, (uint32_t)r->metric->task, 0, 1, r->clean, error));
    for (size_t row = 0; row < task->n_text_sets && n_shown < MAX_TEXT_SETS; ++row)
        if (r->rows[row] > 0 && (size_t)r->rows[row] < r->report->sets->n_sets) {
            HS_TRY(add_set(r, row, s, error));
            ++n_shown;
        }
    return HS_OK;
}

/* Buffers are made once a task and hold one example's texts. */
static hs_status add_task(const hs_report *report, const report_metric *metric, report_table *s, hs_error *error)
{
    const size_t n_values = metric->of->n_examples * metric->of->n_metrics;
    text_reader r = {.report = report, .metric = metric};
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&r.rows, metric->of->n_text_sets, sizeof *r.rows, "texts", error));
    HS_GOTO_DONE(hs_allocate(&r.clean, n_values, sizeof *r.clean, "texts", error));
    HS_GOTO_DONE(hs_allocate(&r.values, n_values, sizeof *r.values, "texts", error));
    HS_GOTO_DONE(hs_allocate(&r.texts, metric->of->n_samples, metric->of->text_bytes, "texts", error));
    HS_GOTO_DONE(add_rows(&r, s, error));
done:
    hs_free(r.rows);
    hs_free(r.clean);
    hs_free(r.values);
    hs_free(r.texts);
    hs_text_clear(&r.text);
    return status;
}

/* A task is taken once, by the first of its metrics, which is the one that is shown. */
hs_status hs__report_sheet_texts(const hs_report *report, report_table *s, hs_error *error)
{
    static const struct {
        const char *name;
        table_kind kind;
    } columns[] = {{"heads", TABLE_TEXT},      {"ablation", TABLE_TEXT},    {"task", TABLE_TEXT},
                   {"line", TABLE_NUMBER},     {"clean", TABLE_NUMBER},     {"ablated", TABLE_NUMBER},
                   {"clean_text", TABLE_TEXT}, {"ablated_text", TABLE_TEXT}};

    s->by_set = true;
    for (size_t i = 0; i < sizeof columns / sizeof *columns; ++i)
        hs__report_table_add_column(s, columns[i].kind, columns[i].name, columns[i].name);
    s->columns[0].of_heads = true;
    s->columns[3].style.format.digits = 0;
    for (size_t m = 0; m < report->n_main; ++m) {
        const report_metric *metric = &report->metrics[m];
        bool first = true;
        for (size_t k = 0; k < m; ++k)
            first = first && report->metrics[k].task != metric->task;
        if (first && metric->of->n_text_sets > 0)
            HS_TRY(add_task(report, metric, s, error));
    }
    return HS_OK;
}
