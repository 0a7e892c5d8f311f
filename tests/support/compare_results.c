/*
 * compare_results A.h5 B.h5: exit code 0 if both hold the same sets, values, ranking and generated texts, bit for
 * bit; else the first difference is printed. What may differ between runs of one experiment (/provenance) is not
 * compared.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results_ranked.h"

static hs_results *open_or_exit(const char *path)
{
    hs_results *results;
    hs_error error = {0};

    if (hs_results_open_read(path, &results, &error) != HS_OK) {
        fprintf(stderr, "%s\n", error.message);
        exit(2);
    }
    return results;
}

static void differ(const char *what, size_t task, size_t index)
{
    printf("different: %s of task %zu at %zu\n", what, task, index);
    exit(1);
}

static void *allocate_or_exit(size_t n_bytes)
{
    void *block = calloc(n_bytes + 1, 1);

    if (block == NULL)
        exit(2);
    return block;
}

/* Written out: files of two layouts may hold the same sets. */
static void compare_components(const hs_sets *left, const hs_sets *right)
{
    hs_component *a = allocate_or_exit(left->max_order * sizeof *a), *b = allocate_or_exit(left->max_order * sizeof *b);

    for (size_t set = 0; set < left->n_sets; ++set) {
        hs_sets_view(left, set, a);
        hs_sets_view(right, set, b);
        if (hs_sets_compare(a, (size_t)left->order[set], b, (size_t)left->order[set]) != 0)
            differ("components of a set", 0, set);
    }
    free(a);
    free(b);
}

static void compare_sets(const hs_results *a, const hs_results *b)
{
    const hs_sets *left = hs_results_sets_of(a), *right = hs_results_sets_of(b);

    if (left->n_sets != right->n_sets || left->max_order != right->max_order ||
        hs_results_n_tasks(a) != hs_results_n_tasks(b) ||
        hs_results_experiment_hash(a) != hs_results_experiment_hash(b))
        differ("shape or experiment", 0, 0);
    if (memcmp(left->order, right->order, left->n_sets * sizeof(int32_t)) != 0 ||
        memcmp(left->intervention, right->intervention, left->n_sets * sizeof(int32_t)) != 0)
        differ("table of sets", 0, 0);
    compare_components(left, right);
}

static void compare_values(hs_results *a, hs_results *b, uint32_t task)
{
    const hs_results_task *of = hs_results_task_at(a, task);
    size_t n = of->n_examples * of->n_metrics;
    float *left = allocate_or_exit(n * sizeof *left), *right = allocate_or_exit(n * sizeof *right);
    hs_error error = {0};

    for (size_t set = 0; set < hs_results_sets_of(a)->n_sets; ++set) {
        if (hs_results_read_values(a, task, set, 1, left, &error) != HS_OK ||
            hs_results_read_values(b, task, set, 1, right, &error) != HS_OK)
            exit(2);
        if (memcmp(left, right, n * sizeof *left) != 0)
            differ("values", task, set);
    }
    free(left);
    free(right);
}

static void compare_statistics(hs_results *a, hs_results *b, uint32_t task)
{
    const size_t n_sets = hs_results_sets_of(a)->n_sets, n = n_sets * hs_results_task_at(a, task)->n_metrics;
    double *left = allocate_or_exit(n * sizeof *left), *right = allocate_or_exit(n * sizeof *right);
    hs_error error = {0};

    for (int statistic = 0; statistic < HS_STATISTIC_COUNT; ++statistic) {
        if (hs_results_read_statistic(a, task, (hs_statistic)statistic, 0, n_sets, left, &error) != HS_OK ||
            hs_results_read_statistic(b, task, (hs_statistic)statistic, 0, n_sets, right, &error) != HS_OK)
            exit(2);
        if (memcmp(left, right, n * sizeof *left) != 0)
            differ("statistics", task, (size_t)statistic);
    }
    free(left);
    free(right);
}

static void compare_stability(hs_results *a, hs_results *b, uint32_t task)
{
    size_t n = hs_results_sets_of(a)->n_interventions * hs_results_task_at(a, task)->n_metrics * HS_STABILITY_COUNT;
    double *left = allocate_or_exit(n * sizeof *left), *right = allocate_or_exit(n * sizeof *right);
    hs_error error = {0};

    if (hs_results_read_stability(a, task, left, &error) != HS_OK ||
        hs_results_read_stability(b, task, right, &error) != HS_OK)
        exit(2);
    if (memcmp(left, right, n * sizeof *left) != 0)
        differ("stability", task, 0);
    free(left);
    free(right);
}

static void compare_method(hs_results *a, hs_results *b)
{
    hs_results_method left, right;
    hs_error error = {0};

    if (hs_results_read_method(a, &left, &error) != HS_OK || hs_results_read_method(b, &right, &error) != HS_OK)
        exit(2);
    if (memcmp(&left, &right, sizeof left) != 0)
        differ("method", 0, 0);
}

static void compare_texts(hs_results *a, hs_results *b, uint32_t task)
{
    const hs_results_task *of = hs_results_task_at(a, task), *other = hs_results_task_at(b, task);
    size_t n = of->n_samples * of->text_bytes;
    char *left = allocate_or_exit(n), *right = allocate_or_exit(n);
    int32_t *left_sets = allocate_or_exit(of->n_text_sets * sizeof *left_sets);
    int32_t *right_sets = allocate_or_exit(of->n_text_sets * sizeof *right_sets);
    hs_error error = {0};

    if (of->n_text_sets != other->n_text_sets || n != other->n_samples * other->text_bytes)
        differ("number of texts", task, 0);
    if (of->n_text_sets > 0 && (hs_results_read_text_sets(a, task, left_sets, &error) != HS_OK ||
                                hs_results_read_text_sets(b, task, right_sets, &error) != HS_OK))
        exit(2);
    for (size_t row = 0; row < of->n_text_sets; ++row) {
        if (left_sets[row] != right_sets[row])
            differ("set of texts", task, row);
        for (size_t example = 0; example < of->n_examples; ++example) {
            if (hs_results_read_texts(a, task, row, example, left, &error) != HS_OK ||
                hs_results_read_texts(b, task, row, example, right, &error) != HS_OK)
                exit(2);
            if (memcmp(left, right, n) != 0)
                differ("texts", task, example);
        }
    }
    free(left);
    free(right);
    free(left_sets);
    free(right_sets);
}

static void require_finished(hs_results *results, const char *path)
{
    hs_results_counts counts;
    hs_error error = {0};

    if (hs_results_progress(results, &counts, &error) != HS_OK || counts.n_done != counts.n_cells ||
        !results_is_ranked(results)) {
        printf("%s is not finished\n", path);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    hs_results *a = open_or_exit(argv[1]), *b = open_or_exit(argv[2]);
    hs_error error = {0};
    require_finished(a, argv[1]);
    require_finished(b, argv[2]);
    compare_sets(a, b);
    compare_method(a, b);
    for (uint32_t task = 0; task < hs_results_n_tasks(a); ++task) {
        compare_values(a, b, task);
        compare_statistics(a, b, task);
        compare_stability(a, b, task);
        compare_texts(a, b, task);
    }
    return hs_results_close(a, &error) == HS_OK && hs_results_close(b, &error) == HS_OK ? 0 : 2;
}
