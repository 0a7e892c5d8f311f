/* An experiment made ready: model, tokenizer, tasks, space, engine, plan; and its self-test. */
#include <inttypes.h>
#include <string.h>

#include "study/storage.h"

/* Examples that the start-up self-test runs on. */
enum { SELF_TEST_EXAMPLES = 4 };

bool hs__study_call_poll(void *context)
{
    const struct hs_study_storage *storage = context;
    const hs_poll *poll = storage->group_poll.call != NULL ? &storage->group_poll : &storage->poll;

    if (storage->energy != NULL)
        hs_energy_look(storage->energy, false);
    return poll->call == NULL || poll->call(poll->context);
}

/*
 * Weights that need conversion lie in memory that the ranks of a host share, and each of them converts and checks its
 * part; of copies the first rank makes the one that the others are sent.
 */
hs_status hs__study_load_model(hs_comm *comm, const char *folder, hs_model **model_out, hs_shared_block **shared_out,
                               hs_error *error)
{
    if (comm == NULL)
        return hs_model_outline(folder, model_out, error);
    hs_status status = hs_model_open(folder, model_out, error);
    HS_TRY(hs_comm_agree(comm, status, error));
    HS_TRY(hs_comm_shared_new(comm, hs_model_arena_bytes(*model_out), shared_out, error));
    size_t n_parts = hs_comm_shared_is_copied(*shared_out) ? 1 : (size_t)hs_comm_node_size(comm);
    status =
        hs_model_load(*model_out, hs_comm_shared_bytes(*shared_out), (size_t)hs_comm_node_rank(comm), n_parts, error);
    HS_TRY(hs_comm_agree(comm, status, error));
    return hs_comm_shared_publish(comm, *shared_out, error);
}

static hs_status load_models(hs_comm *comm, hs_study *study, hs_error *error)
{
    HS_TRY(hs__study_load_model(comm, study->experiment->checkpoint, &study->model, &study->storage->shared_weights,
                                error));
    return hs__study_open_classifiers(comm, study, error);
}

/* n_tasks counts as tasks are opened, so that hs_study_free() frees just these. */
static hs_status open_tasks(hs_study *study, hs_error *error)
{
    const hs_experiment *experiment = study->experiment;

    HS_TRY(hs_tokenizer_open_if_any(experiment->checkpoint, &study->tokenizer, error));
    HS_TRY(hs_allocate(&study->tasks, experiment->n_tasks, sizeof *study->tasks, "tasks", error));
    for (; study->n_tasks < experiment->n_tasks; ++study->n_tasks)
        HS_TRY(hs_tasks_open(&experiment->tasks[study->n_tasks], study->tokenizer, study->model,
                             &study->tasks[study->n_tasks], error));
    if (experiment->reference_file[0] != '\0')
        HS_TRY(hs_tasks_reference_set_open(&(hs_reference_config){.path = experiment->reference_file,
                                                                  .field = experiment->reference_field,
                                                                  .limit = (size_t)experiment->reference_limit,
                                                                  .format = &experiment->reference_format},
                                           study->tokenizer, study->model, &study->storage->reference_set, error));
    return HS_OK;
}

/*
 * Who stands in for whom: a seeded random cycle through all examples of a task, so that nobody stands in for
 * itself (unless it is alone).
 */
static hs_status draw_donors(hs_study *study, size_t task, hs_error *error)
{
    size_t n = hs_tasks_n_examples(study->tasks[task]);
    uint32_t *cycle = NULL;

    HS_TRY(hs_allocate(&study->donors[task], n, sizeof **study->donors, "donors", error));
    HS_TRY(hs_allocate(&cycle, n, sizeof *cycle, "donors", error));
    hs_random_permutation((uint64_t)study->experiment->seed, hs_random_stream(HS_RANDOM_DONORS, (uint32_t)task), n,
                          cycle);
    for (size_t i = 0; i < n; ++i)
        study->donors[task][cycle[i]] = cycle[(i + 1) % n];
    hs_free(cycle);
    return HS_OK;
}

/* How far later phases can go follows from the sets of the first. */
static hs_status plan_phases(hs_study *study, hs_error *error)
{
    const hs_space *space = &study->space;
    const hs_model_shape *shape = &study->model->shape;
    const size_t n_indices = hs_sets_kind((int32_t)space->kind)->count(shape);
    const hs_phase_basis basis = {
        .n_sets = space->n_sets,
        .n_singles = space->n_singles,
        .max_order = space->max_order,
        .most_components = HS_SPACE_MAX_ORDER,
        .intervention_names = (const char *const *)space->intervention_names,
        .n_interventions = space->n_interventions,
        .last = {(int32_t)space->kind, (int32_t)shape->n_layers - 1, (int32_t)n_indices - 1},
    };

    return hs_analysis_plan_phases(study->experiment, &basis, &study->phases, error);
}

/*
 * Means and donors are only made if some intervention needs them: they take a pass over the
 * reference set, and memory.
 */
static hs_status build_space(hs_study *study, hs_error *error)
{
    bool needs_donors = false;

    HS_TRY(hs_sweep_space_build(study->experiment, &study->model->shape, &study->space, error));
    HS_TRY(plan_phases(study, error));
    for (size_t i = 0; i < study->space.n_interventions; ++i) {
        needs_donors = needs_donors || hs_sets_intervention_needs_donors(study->space.interventions[i]);
        study->needs_means = study->needs_means || hs_sets_intervention_needs_means(study->space.interventions[i]);
    }
    if (!needs_donors)
        return HS_OK;
    HS_TRY(hs_allocate(&study->donors, study->n_tasks, sizeof *study->donors, "donors", error));
    for (size_t task = 0; task < study->n_tasks; ++task)
        HS_TRY(draw_donors(study, task, error));
    return HS_OK;
}

size_t hs__study_self_test_examples(const hs_study *study)
{
    size_t n = (size_t)study->plan.tasks[0].shard_first[1];

    return n < SELF_TEST_EXAMPLES ? n : SELF_TEST_EXAMPLES;
}

static hs_status self_test(hs_study *study, hs_error *error)
{
    hs_task_workload *workload = NULL;
    hs_status status;

    HS_TRY(hs_tasks_workload_new(study->tasks[0], 0, hs__study_self_test_examples(study), NULL, &workload, error));
    status = hs_engine_self_test(study->engine, &workload->workload, error);
    hs_tasks_workload_free(workload);
    return status != HS_OK ? hs_error_prefix(error, "start-up self-test") : HS_OK;
}

static hs_status start_engine(hs_study *study, hs_error *error)
{
    const hs_experiment *experiment = study->experiment;
    const hs_engine_options options = {
        .kind = experiment->engine,
        .value_bias = experiment->value_bias,
        .positions = experiment->positions,
        .threads = study->storage->threads,
        .poll = hs__study_call_poll,
        .poll_context = study->storage,
    };

    return hs_engine_new(study->model, &options, &study->engine, error);
}

/* Everything that each rank does for itself, but for the self-test. */
static hs_status open_local(hs_study *study, hs_error *error)
{
    HS_TRY(hs_threads_new((size_t)study->experiment->threads_per_rank, &study->storage->threads, error));
    HS_TRY(open_tasks(study, error));
    HS_TRY(hs__study_check_metrics(study, error));
    HS_TRY(hs__study_open_scorers(study, error));
    HS_TRY(build_space(study, error));
    HS_TRY(start_engine(study, error));
    return hs__study_make_plan(study, error);
}

static hs_status open_and_test(hs_study *study, hs_error *error)
{
    HS_TRY(open_local(study, error));
    return self_test(study, error);
}

static hs_status hash_model(hs_comm *comm, hs_study *study, hs_error *error)
{
    uint64_t *hash = &study->storage->model_hash;

    if (hs__study_hashes_weights(comm))
        *hash = hs_model_hash(study->model);
    return hs__study_share_hash(comm, study->experiment->checkpoint, hash, error);
}

/* What it is kept in: a rank without memory for it must say so before the others wait for it. */
static hs_status make_study(const hs_experiment *experiment, hs_study **study_out, hs_error *error)
{
    HS_TRY(hs_allocate(study_out, 1, sizeof **study_out, "study", error));
    hs_study *study = *study_out;
    study->experiment = experiment;
    HS_TRY(hs_allocate(&study->storage, 1, sizeof *study->storage, "study", error));
    return hs_allocate(&study->storage->classifiers, experiment->n_tasks, sizeof *study->storage->classifiers,
                       "scorers", error);
}

/*
 * Without any weight: what a run would do follows from shapes and data, so a login node can say it
 * within a second.
 */
hs_status hs_study_outline(const hs_experiment *experiment, hs_study **study_out, hs_error *error)
{
    hs_study *study = NULL;
    hs_status status;

    *study_out = NULL;
    HS_GOTO_DONE(make_study(experiment, &study, error));
    HS_GOTO_DONE(load_models(NULL, study, error));
    HS_GOTO_DONE(open_local(study, error));
    if (study->needs_means)
        HS_GOTO_DONE(hs__study_size_means(study, error));
    *study_out = study;
    study = NULL;
done:
    hs_study_free(study);
    return status;
}

hs_status hs_study_open(hs_comm *comm, const hs_experiment *experiment, hs_study **study_out, hs_error *error)
{
    return hs_study_open_polled(comm, experiment, (hs_poll){0}, study_out, error);
}

/*
 * What is collective stands between agreements; all that each rank does for itself is in
 * open_and_test(). The poll is set before anything that takes long.
 */
hs_status hs_study_open_polled(hs_comm *comm, const hs_experiment *experiment, hs_poll poll, hs_study **study_out,
                               hs_error *error)
{
    hs_study *study = NULL;
    hs_status status;

    *study_out = NULL;
    HS_GOTO_DONE(hs_comm_agree(comm, make_study(experiment, &study, error), error));
    study->storage->poll = poll;
    HS_GOTO_DONE(load_models(comm, study, error));
    HS_GOTO_DONE(hs_comm_agree(comm, open_and_test(study, error), error));
    HS_GOTO_DONE(hash_model(comm, study, error));
    HS_GOTO_DONE(hs__study_hash_classifiers(comm, study, error));
    HS_GOTO_DONE(hs__study_identify(comm, study, error));
    *study_out = study;
    study = NULL;
done:
    hs_study_free(study);
    return status;
}

void hs__study_take_phases(hs_study *study, const hs_results *results)
{
    hs_sets_clear(&study->space.sets);
    study->space.sets = *hs_results_sets_of(results);
    study->space.sets.block = NULL;
}

const char *hs__study_reference_notes(const hs_study *study)
{
    return study->storage->reference_set != NULL ? hs_tasks_reference_set_notes(study->storage->reference_set) : "";
}

bool hs__study_weights_are_copied(const hs_study *study)
{
    const hs_shared_block *weights = study->storage->shared_weights;

    return weights != NULL && hs_model_arena_bytes(study->model) > 0 && hs_comm_shared_is_copied(weights);
}

/*
 * What uses goes before what is used: the engine before the model, scorers before their
 * classifiers. Takes a study that was opened halfway.
 */
void hs_study_free(hs_study *study)
{
    if (study == NULL)
        return;
    hs_engine_free(study->engine);
    hs_engine_reference_means_clear(&study->means);
    hs_sweep_plan_clear(&study->plan);
    hs_sweep_space_clear(&study->space);
    hs_analysis_planned_phases_clear(&study->phases);
    for (size_t i = 0; i < study->n_tasks; ++i) {
        if (study->donors != NULL)
            hs_free(study->donors[i]);
        hs_tasks_free(study->tasks[i]);
    }
    hs_free(study->donors);
    hs_free(study->tasks);
    hs_tokenizer_free(study->tokenizer);
    hs_model_free(study->model);
    if (study->storage != NULL) {
        hs__study_close_scorers(study);
        hs_threads_free(study->storage->threads);
        hs__study_layout_free(study->storage->layout);
        hs_tasks_workload_free(study->storage->reference_set);
        hs_comm_shared_free(study->storage->shared_weights);
        hs__study_counted_free(study->storage->counted, study->n_tasks);
        hs_free(study->storage->set_flops);
        hs_free(study->storage);
    }
    hs_free(study);
}
