/*
 * engine: the calls of headsweep/engine.h that are the same for both implementations; the rest
 * goes through the table of the one that was chosen.
 */
#include "headsweep/engine.h"
#include "engine/cost.h"
#include "engine/forest.h"
#include "engine/forward.h"
#include "engine/reference.h"
#include "engine/state.h"
#include "engine/workload.h"
#include "headsweep/blas.h"

#include <math.h>
#include <string.h>

hs_status hs_engine_new(const hs_model *model, const hs_engine_options *options, hs_engine **engine_out,
                        hs_error *error)
{
    *engine_out = NULL;
    HS_TRY(hs_blas_start(options->threads, error));
    HS_TRY(hs_allocate(engine_out, 1, sizeof **engine_out, "the engine", error));
    hs_engine *engine = *engine_out;
    *engine = (hs_engine){.model = model, .own_device = *hs__engine_best_device(), .options = *options};
    engine->own_device.threads = options->threads;
    engine->device = &engine->own_device;
    return HS_OK;
}

void hs_engine_free(hs_engine *engine)
{
    hs_free(engine);
}

/* Enough for batches of stacked rows to be full and for states that neighbours share to pay. */
size_t hs_engine_sets_per_group(hs_engine_kind kind, size_t n_live)
{
    enum { LEAST_SETS = 128, MOST_SETS = 2048, STACKED_ROWS = 1 << 17 };
    if (kind == HS_ENGINE_REFERENCE)
        return 1;
    size_t n = STACKED_ROWS / (n_live > 0 ? n_live : 1);
    return n < LEAST_SETS ? LEAST_SETS : n < MOST_SETS ? n : MOST_SETS;
}

hs_status hs_engine_count_rows(const hs_model_shape *shape, const hs_workload *workload, hs_positions positions,
                               hs_engine_rows *rows_out, hs_error *error)
{
    struct hs_forest forest = {0};
    hs_status status = hs__engine_forest_init(&forest, workload, positions, shape->bidirectional, error);
    *rows_out = (hs_engine_rows){forest.n_rows, hs_forest_n_live(&forest)};
    hs__engine_forest_clear(&forest);
    return status;
}

void hs_engine_set_means(hs_engine *engine, const hs_reference_means *means)
{
    engine->options.means = means;
}

void hs_engine_set_stacked_rows(hs_engine *engine, size_t stacked_rows)
{
    engine->options.stacked_rows = stacked_rows;
}

const struct hs_engine_methods *hs__engine_methods_of(const hs_engine *engine)
{
    static const struct hs_engine_methods *const methods[] = {
        [HS_ENGINE_REFERENCE] = &HS__ENGINE_REFERENCE_METHODS,
        [HS_ENGINE_PREFIX] = &HS__ENGINE_PREFIX_METHODS,
    };
    return methods[engine->options.kind];
}

hs_status hs_engine_prepare(hs_engine *engine, const hs_workload *workload, hs_prepared **prepared_out, hs_error *error)
{
    *prepared_out = NULL;
    HS_TRY(hs__engine_check_workload(workload, &engine->model->shape, error));
    hs_prepared *prepared = NULL;
    HS_TRY(hs_allocate(&prepared, 1, sizeof *prepared, "a prepared workload", error));
    prepared->methods = hs__engine_methods_of(engine);
    prepared->workload = workload;
    hs_status status = prepared->methods->prepare(engine, prepared, error);
    if (status == HS_OK)
        *prepared_out = prepared;
    else
        hs_engine_prepared_free(prepared);
    return status;
}

void hs_engine_prepared_free(hs_prepared *prepared)
{
    if (prepared != NULL)
        prepared->methods->clear(prepared);
    hs_free(prepared);
}

/* The caller's answering behind a check of what the clean model answers. */
struct checked_answers {
    hs_engine *engine;
    const hs_workload *workload;
    const hs_ablation *ablations;
    const double *answers;
    const hs_answering *answering;
};

/* Nothing can be compared with a clean model whose numbers are not finite. */
static hs_status check_clean(hs_engine *engine, const hs_workload *workload, const hs_ablation *ablation,
                             const double *answers, hs_error *error)
{
    size_t layer;
    for (size_t i = 0; ablation->n_components == 0 && i < workload->n_queries; i++) {
        const hs_query *query = &workload->queries[i];
        if (isfinite(answers[i]))
            continue;
        HS_TRY(hs_engine_find_not_finite(engine, workload, ablation, query->sequence, &layer, error));
        hs_fail(error, HS_ERROR_NUMERIC, "sequence %u, row %u: a logit is not finite", query->sequence, query->row);
        return layer < engine->model->shape.n_layers
                   ? hs_error_prefix(error, "clean model: not finite from layer %zu on", layer)
                   : hs_error_prefix(error, "clean model");
    }
    return HS_OK;
}

static hs_status check_answered(void *context, size_t first, size_t n, hs_error *error)
{
    const struct checked_answers *c = context;
    size_t n_queries = c->workload->n_queries;
    for (size_t i = first; i < first + n; i++)
        HS_TRY(check_clean(c->engine, c->workload, &c->ablations[i], c->answers + i * n_queries, error));
    return c->answering->answered == NULL ? HS_OK : c->answering->answered(c->answering->context, first, n, error);
}

hs_status hs_engine_answer(hs_engine *engine, hs_prepared *prepared, const hs_ablation *ablations, size_t n_ablations,
                           const hs_answering *answering, double *answers, hs_error *error)
{
    struct checked_answers checked = {engine, prepared->workload, ablations, answers, answering};
    const hs_answering with_check = {answering->skips, check_answered, &checked};
    hs_status status = prepared->methods->answer(engine, prepared, ablations, n_ablations, &with_check, answers, error);
    if (status != HS_OK)
        memset(answers, 0, n_ablations * prepared->workload->n_queries * sizeof *answers);
    return status;
}

hs_status hs_engine_evaluate(hs_engine *engine, hs_prepared *prepared, const hs_ablation *ablations, size_t n_ablations,
                             double *answers, hs_error *error)
{
    const hs_answering at_its_end = {0};
    return hs_engine_answer(engine, prepared, ablations, n_ablations, &at_its_end, answers, error);
}

hs_status hs_engine_count_cost(const hs_engine *engine, const hs_workload *workload, const hs_ablation *ablations,
                               size_t n_ablations, hs_engine_cost *cost_out, hs_error *error)
{
    *cost_out = (hs_engine_cost){.flops_naive = (double)n_ablations * hs__engine_naive_flops(engine, workload)};
    HS_TRY(hs__engine_check_workload(workload, &engine->model->shape, error));
    return hs__engine_methods_of(engine)->count_cost(engine, workload, ablations, n_ablations, cost_out, error);
}

hs_status hs_engine_count_memory(const hs_engine *engine, const hs_workload *workload, const hs_engine_load *load,
                                 size_t *n_bytes_out, hs_error *error)
{
    *n_bytes_out = 0;
    HS_TRY(hs__engine_check_workload(workload, &engine->model->shape, error));
    return hs__engine_methods_of(engine)->count_memory(engine, workload, load, n_bytes_out, error);
}

/* Observers and hs_engine_logits have no queries: every row counts as scored, and is edited whatever the positions. */
static hs_status init_observed(struct hs_prepared *prepared, const hs_engine *engine, const hs_workload *workload,
                               bool keeps_logits, hs_error *error)
{
    prepared->workload = workload;
    struct hs_scratch_size size =
        hs__engine_reference_size(engine, workload, hs_sequences_n_rows(&workload->sequences));
    size.keeps_logits = keeps_logits;
    if (!keeps_logits)
        size.n_scored_rows = 0;
    HS_TRY(hs__engine_scratch_init(&prepared->scratch, &size, engine->device, engine->model, &engine->options, error));
    for (uint32_t row = 0; row < size.n_scored_rows; row++)
        prepared->scratch.scored_rows[row] = row;
    return HS_OK;
}

static hs_status show_logits(const struct hs_pass *pass, hs_error *error)
{
    size_t n_rows = hs_sequences_n_rows(pass->sequences);
    const hs_model_shape *shape = &pass->engine->model->shape;
    if (!hs__engine_is_observed(pass, HS_SITE_LOGITS))
        return HS_OK;
    HS_TRY(hs__engine_unembed_rows(pass, pass->scratch->logits, pass->scratch->scored_rows, n_rows, error));
    return hs__engine_show(pass, HS_SITE_LOGITS, shape->n_layers, pass->scratch->logits, n_rows, shape->n_outputs,
                           error);
}

/*
 * A pass of the reference engine whichever engine this is: it has every site as it is, at the
 * price of a pass.
 */
static hs_status observe(const hs_engine *engine, struct hs_prepared *prepared, const hs_ablation *ablation,
                         const hs_observer *observer, float *pattern, hs_error *error)
{
    struct hs_edit edit;
    bool is_clean = ablation == NULL || ablation->n_components == 0;
    if (!is_clean) {
        HS_TRY(hs__engine_reference_edit(&edit, engine, prepared, ablation, error));
        edit.row_slots = NULL;
    }
    struct hs_pass pass = {
        .engine = engine,
        .sequences = &prepared->workload->sequences,
        .scratch = &prepared->scratch,
        .edit = is_clean ? NULL : &edit,
        .observer = observer,
        .observed_pattern = pattern,
    };
    HS_TRY(hs__engine_forward(&pass, error));
    return show_logits(&pass, error);
}

/* A buffer for a site that is not kept by itself, if the observer reads it. */
static hs_status reserve_site(float **buffer, const hs_observer *observer, hs_site site, size_t n_rows,
                              size_t n_columns, hs_error *error)
{
    if ((observer->sites & (1u << site)) == 0)
        return HS_OK;
    return hs_allocate(buffer, n_rows, n_columns * sizeof **buffer, hs_sets_site_name(site), error);
}

/*
 * Sites that no buffer holds as a whole get one only if the observer reads them, so that looking
 * costs nothing where nobody looks.
 */
hs_status hs_engine_observe(hs_engine *engine, const hs_sequences *sequences, const hs_ablation *ablation,
                            const hs_observer *observer, hs_error *error)
{
    HS_TRY(hs__engine_check_sequences(sequences, &engine->model->shape, "sequence", error));
    if ((observer->sites & (1u << HS_SITE_MLP_HIDDEN)) != 0 && engine->model->shape.n_experts > 0)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: the MLPs of %s are mixtures of experts, which have no row of their own",
                       hs_sets_site_name(HS_SITE_MLP_HIDDEN), engine->model->architecture);
    hs_workload workload = {.sequences = *sequences};
    struct hs_prepared prepared = {0};
    struct hs_work *work = &prepared.scratch.work;
    const hs_model_shape *shape = &engine->model->shape;
    size_t n_rows = hs_sequences_n_rows(sequences), longest = hs__engine_sequences_longest(sequences);
    float *pattern = NULL, *hidden = NULL, *output = NULL;
    hs_status status = HS_OK;
    bool reads_logits = (observer->sites & (1u << HS_SITE_LOGITS)) != 0;
    HS_GOTO_DONE(init_observed(&prepared, engine, &workload, reads_logits, error));
    HS_GOTO_DONE(reserve_site(&pattern, observer, HS_SITE_PATTERN, longest, longest, error));
    HS_GOTO_DONE(reserve_site(&hidden, observer, HS_SITE_MLP_HIDDEN, n_rows, shape->mlp_width, error));
    HS_GOTO_DONE(reserve_site(&output, observer, HS_SITE_MLP_OUTPUT, n_rows, shape->width, error));
    work->seen_hidden = hidden;
    work->seen_output = output;
    HS_GOTO_DONE(observe(engine, &prepared, ablation, observer, pattern, error));
done:
    hs_free(pattern);
    hs_free(hidden);
    hs_free(output);
    hs__engine_scratch_clear(&prepared.scratch);
    return status;
}

static hs_status copy_logits(void *context, const hs_observation *observation, hs_error *error)
{
    (void)error;
    memcpy(context, observation->values, observation->n_rows * observation->n_columns * sizeof(float));
    return HS_OK;
}

hs_status hs_engine_logits(hs_engine *engine, const int32_t *tokens, size_t length, const hs_ablation *ablation,
                           float *logits, hs_error *error)
{
    size_t offsets[] = {0, length};
    hs_sequences sequences = {.n = 1, .offsets = offsets, .tokens = tokens};
    hs_observer observer = {.sites = 1u << HS_SITE_LOGITS, .context = logits, .observe = copy_logits};
    return hs_engine_observe(engine, &sequences, ablation, &observer, error);
}
