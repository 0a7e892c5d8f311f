/* runs: the table of who ran the sweep, when and on how many ranks: a row a job, written raw. */
#include "results/file.h"

#include <string.h>

_Static_assert(sizeof(hs_results_run) == 136, "records of /provenance/run have no gaps");

static hs_file_rows run_row(const hs_results *results, size_t row)
{
    const size_t last = results->extents.of[HS_AXIS_RUN] - 1;
    return (hs_file_rows){
        .dataset = hs__results_file_dataset(&results->provenance_tables, "run"),
        .element = HS_ELEMENT_RUN,
        .first = row < last ? row : last,
        .n = 1,
        .n_columns = 1,
        .what = "/provenance/run",
    };
}

hs_status hs_results_write_run(hs_results *results, size_t row, const hs_results_run *run, hs_error *error)
{
    const hs_file_rows place = run_row(results, row);
    return hs__results_file_transfer(results, HS_DIRECTION_WRITE, &place, (void *)run, error);
}

static hs_status write_number(hs_results *results, size_t row, const char *name, double number, hs_error *error)
{
    hs_file_rows place = run_row(results, row);
    place.dataset = hs__results_file_dataset(&results->provenance_tables, name);
    place.element = HS_ELEMENT_F64;
    place.what = name;
    if (place.dataset < 0) /* a file of before */
        return HS_OK;
    return hs__results_file_transfer(results, HS_DIRECTION_WRITE, &place, &number, error);
}

hs_status hs_results_write_run_cost(hs_results *results, size_t row, double core_hours, double joules, hs_error *error)
{
    HS_TRY(write_number(results, row, "core_hours", core_hours, error));
    return write_number(results, row, "energy", joules, error);
}

/* Whatever the file holds, a text that can be shown. */
static void clean_text(char *text, size_t capacity)
{
    hs_error ignored = {0};
    text[capacity - 1] = '\0';
    if (hs_utf8_check(text, strlen(text), "run", &ignored) != HS_OK)
        text[0] = '\0';
}

hs_status hs_results_read_run(hs_results *results, size_t row, hs_results_run *run_out, hs_error *error)
{
    const hs_file_rows place = run_row(results, row);
    HS_TRY(hs__results_file_transfer(results, HS_DIRECTION_READ, &place, run_out, error));
    clean_text(run_out->host, sizeof run_out->host);
    clean_text(run_out->version, sizeof run_out->version);
    return HS_OK;
}

hs_status hs_results_n_runs(hs_results *results, size_t *n_runs_out, hs_error *error)
{
    hs_results_run run;
    *n_runs_out = 0;
    for (size_t row = 0; row < results->extents.of[HS_AXIS_RUN]; row++) {
        HS_TRY(hs_results_read_run(results, row, &run, error));
        if (run.start == 0.0)
            break;
        *n_runs_out = row + 1;
    }
    return HS_OK;
}
