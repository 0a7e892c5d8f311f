/*
 * sweep_rate: operations a second of a sweep, from the rate of one matrix product of the model's size. Between the
 * products lie norms, activations and softmax, whose share is small in large models and half of the time in tiny ones.
 */
#include "headsweep/blas.h"
#include "study/storage.h"

/* Large enough for the product to have its full speed, small enough for a second and a few megabytes. */
enum { MOST_ROWS = 512, MOST_DEPTH = 1024, MOST_COLUMNS = 3072 };
/*
 * What a number that lies between products costs, reading and writing it included: measured as what sweeps of GPT-2
 * small and of a model of 64 columns (`headsweep bench engine`) took beyond their products, within a third.
 */
#define SECONDS_A_NUMBER 0.7e-9

/* Columns of the MLPs that a row runs in one layer. */
static size_t mlp_columns(const hs_model_shape *shape)
{
    return shape->n_experts > 0 ? shape->n_chosen_experts * shape->expert_width : shape->mlp_width;
}

/* Rows of a product of the MLP; an expert has its share of those that are stacked. */
static size_t mlp_rows(const hs_model_shape *shape, size_t stacked)
{
    return shape->n_experts > 0 ? stacked * shape->n_chosen_experts / shape->n_experts + 1 : stacked;
}

static size_t at_most(size_t value, size_t most)
{
    return value < most ? value : most;
}

hs_status hs_study_product_rate(const hs_study *study, size_t n_cores, double *flops_per_second_out, hs_error *error)
{
    const hs_model_shape *shape = &study->model->shape;
    const size_t m = at_most(mlp_rows(shape, study->stacked_rows), MOST_ROWS), k = at_most(shape->width, MOST_DEPTH);
    const size_t n = at_most(shape->n_experts > 0 ? shape->expert_width : shape->mlp_width, MOST_COLUMNS);

    HS_TRY(n_cores > 1 ? hs_blas_sgemm_rate_shared(m, k, n, n_cores, flops_per_second_out, error)
                       : hs_blas_sgemm_rate(m, k, n, flops_per_second_out, error));
    *flops_per_second_out *= (double)study->experiment->threads_per_rank;
    return HS_OK;
}

/* Numbers of a row in one layer: the norms' and residuals', those of q, k, v and z, of the MLP, and its patterns. */
static double numbers_a_row(const hs_model_shape *shape, double n_visible)
{
    const double heads = (double)((shape->n_heads + shape->n_kv_heads) * 2 * shape->head_dim);
    const double mlp = (double)((shape->gated_mlp ? 2 : 1) * mlp_columns(shape));

    return 6 * (double)shape->width + heads + mlp + (double)shape->n_heads * n_visible;
}

static double flops_a_row(const hs_model_shape *shape, double n_visible)
{
    const double heads = (double)((2 * shape->n_heads + 2 * shape->n_kv_heads) * shape->head_dim);
    const double mlp = (double)((shape->gated_mlp ? 3 : 2) * mlp_columns(shape));

    return 2 * (double)shape->width * (heads + mlp) + 4 * (double)(shape->n_heads * shape->head_dim) * n_visible;
}

/* Rows that one of the first task's first example sees on average. */
static double mean_visible(const hs_study *study)
{
    const double n_rows = (double)hs_tasks_example_rows(study->tasks[0], 0);

    return study->model->shape.bidirectional ? n_rows : n_rows / 2;
}

double hs_study_sweep_rate(const hs_study *study, double product_rate)
{
    const hs_model_shape *shape = &study->model->shape;
    const double n_visible = mean_visible(study);
    const double seconds_a_number = SECONDS_A_NUMBER / (double)study->experiment->threads_per_rank;

    return 1 / (1 / product_rate + seconds_a_number * numbers_a_row(shape, n_visible) / flops_a_row(shape, n_visible));
}
