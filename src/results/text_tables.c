/* Generated texts of the sets that keep them: raw reads and writes. */
#include "results/file.h"

#include <errno.h>

static hs_status check_place(const hs_results *results, uint32_t task, size_t row, size_t example, hs_error *error)
{
    if (task < results->n_tasks && row < results->tasks[task].n_text_sets && example < results->tasks[task].n_examples)
        return HS_OK;
    return hs_fail(error, HS_ERROR_INTERNAL, "%s has no texts of example %zu in row %zu of task %u", results->path,
                   example, row, task);
}

/* The texts of one example in one row, one contiguous extent. */
static herr_t write_example(hs_results *results, uint32_t task, size_t row, size_t example, const void *texts)
{
    const hs_results_task *of = &results->tasks[task];
    const hsize_t start[] = {row, example, 0}, count[] = {1, 1, of->n_samples};
    hid_t dataset = hs__results_file_dataset(&results->files[task].cells, "text");
    hid_t space = H5Dget_space(dataset), type = hs__results_hdf5_type(HS_ELEMENT_TEXT, of->text_bytes);
    hid_t memory = hs__results_file_memory(results, of->n_samples);
    herr_t result = -1;
    errno = 0;
    if (space >= 0 && type >= 0 && memory >= 0 &&
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0)
        result = H5Dwrite(dataset, type, memory, space, results->transfer, texts);
    hs__results_hdf5_close(type);
    hs__results_hdf5_close(space);
    return result;
}

hs_status hs_results_write_texts(hs_results *results, uint32_t task, size_t row, size_t example, const char *texts,
                                 hs_error *error)
{
    HS_TRY(check_place(results, task, row, example, error));
    if (write_example(results, task, row, example, texts) < 0)
        return hs__results_file_fail_write(results, error, "texts of example %zu", example);
    return HS_OK;
}

hs_status hs_results_read_texts(hs_results *results, uint32_t task, size_t row, size_t example, char *texts,
                                hs_error *error)
{
    HS_TRY(check_place(results, task, row, example, error));
    const hs_results_task *of = &results->tasks[task];
    const hs_file_extent extent = {.dataset = hs__results_file_dataset(&results->files[task].cells, "text"),
                                   .element_bytes = of->text_bytes,
                                   .first = (row * of->n_examples + example) * of->n_samples,
                                   .n = of->n_samples,
                                   .what = "generated texts"};
    return hs__results_file_read(results, &extent, texts, error);
}

static hs_status transfer_sets(hs_results *results, hs_direction direction, uint32_t task, int32_t *sets,
                               hs_error *error)
{
    HS_TRY(check_place(results, task, 0, 0, error));
    const hs_file_rows rows = {.dataset = hs__results_file_dataset(&results->files[task].cells, "text_set"),
                               .element = HS_ELEMENT_I32,
                               .n = results->tasks[task].n_text_sets,
                               .n_columns = 1,
                               .what = "text_set"};
    return hs__results_file_transfer(results, direction, &rows, sets, error);
}

hs_status hs_results_write_text_sets(hs_results *results, uint32_t task, const int32_t *sets, hs_error *error)
{
    return transfer_sets(results, HS_DIRECTION_WRITE, task, (int32_t *)sets, error);
}

hs_status hs_results_read_text_sets(hs_results *results, uint32_t task, int32_t *sets, hs_error *error)
{
    return transfer_sets(results, HS_DIRECTION_READ, task, sets, error);
}
