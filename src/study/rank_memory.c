/*
 * What a rank holds at its peak. The sizes of the plan depend on it, and with them the numbers: so it is counted from
 * experiment, model and data, and nothing here is measured at run time. What the statistics take, when the engine is
 * free again, is asked of the analysis.
 */
#include "study/storage.h"

enum {
    /* Program, libraries, and what MPI and HDF5 keep for themselves: measured with Open MPI 4.1 (x86-64). */
    PROCESS_BYTES = 31 << 20,
    /*
     * What HDF5 keeps of a task's group, from the creation of the file on, and for how many tasks it is in the above.
     */
    GROUP_BYTES = 720 * 1024,
    FEW_TASKS = 2,
    /*
     * OpenBLAS packs panels of a few hundred rows and all columns of the right matrix: measured. The vocabulary comes
     * in tiles.
     */
    PANEL_BYTES_A_COLUMN = 2048,
    MOST_COLUMNS = 4096,
    /* A token of the vocabulary in the tokenizer's tables, and what reading it leaves behind: measured with a Unigram
     * tokenizer.json of 250,000 tokens (GPT-2's takes 500, vocab.json and merges.txt half of that). */
    TOKENIZER_BYTES_A_TOKEN = 740,
    /* A sampled token and its text, each in an array that grows by doubling; and what is kept of a sample besides. */
    SAMPLE_BYTES_A_TOKEN = 2 * (sizeof(int32_t) + 8),
    SAMPLE_BYTES = 128,
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t add(size_t a, size_t b)
{
    return b > SIZE_MAX - a ? SIZE_MAX : a + b;
}

static size_t process_bytes(const hs_model_shape *shape, size_t n_tasks)
{
    size_t n_groups = n_tasks > FEW_TASKS ? n_tasks - FEW_TASKS : 0;
    size_t n_columns = larger(larger(shape->mlp_width, shape->expert_width), shape->width);

    n_columns = larger(n_columns, shape->n_heads * shape->head_dim);
    n_columns = larger(n_columns, shape->vocabulary < MOST_COLUMNS ? shape->vocabulary : MOST_COLUMNS);
    return PROCESS_BYTES + n_groups * GROUP_BYTES + n_columns * PANEL_BYTES_A_COLUMN;
}

static size_t means_bytes(const hs_study *study, size_t n_positions, size_t element)
{
    const hs_model_shape *shape = &study->model->shape;

    return shape->n_layers * (n_positions + 1) * shape->n_heads * shape->head_dim * element;
}

/* What every rank holds from the beginning to the end, whatever it computes. */
static size_t tables_bytes(const hs_study *study, size_t n_positions)
{
    const hs_space *space = &study->space;
    size_t n_added = (size_t)space->sets.first_added[space->n_sets] + study->phases.later.n_added;
    size_t n_bytes = hs_sets_bytes(space->n_sets + study->phases.later.n_sets, n_added) +
                     (size_t)study->plan.n_groups * sizeof(uint64_t) + (size_t)study->plan.n_cells / 8;

    if (study->tokenizer != NULL && hs_tokenizer_problem(study->tokenizer) == NULL)
        n_bytes += study->model->shape.vocabulary * TOKENIZER_BYTES_A_TOKEN;
    for (size_t task = 0; task < study->n_tasks; ++task) {
        n_bytes += hs_tasks_memory_bytes(study->tasks[task]);
        if (study->donors != NULL)
            n_bytes += hs_tasks_n_examples(study->tasks[task]) * sizeof **study->donors;
    }
    return study->needs_means ? add(n_bytes, means_bytes(study, n_positions, sizeof(float))) : n_bytes;
}

static size_t sequences_bytes(const hs_sequences *sequences)
{
    size_t a_token = sizeof *sequences->tokens + (sequences->types != NULL ? sizeof *sequences->types : 0);

    return sequences->n == 0
               ? 0
               : (sequences->n + 1) * sizeof *sequences->offsets + sequences->offsets[sequences->n] * a_token;
}

/* What evaluating the groups of a shard holds besides the engine's part. */
static size_t group_bytes(const hs_study *study, const hs_workload *workload)
{
    size_t a_set = study->phases.max_order * sizeof(hs_component) + sizeof(hs_ablation);

    return sequences_bytes(&workload->sequences) + sequences_bytes(&workload->donor_sequences) +
           workload->n_queries * sizeof *workload->queries +
           (size_t)study->plan.sets_per_group * (a_set + workload->n_queries * sizeof(double)) +
           study->plan.max_group_values * sizeof(float);
}

static hs_engine_load load_of(const hs_study *study)
{
    hs_engine_load load = {.n_ablations = (size_t)study->plan.sets_per_group,
                           .max_components = study->phases.max_order};

    for (size_t i = 0; i < study->space.n_interventions; ++i)
        load.edits_patterns = load.edits_patterns || hs_sets_intervention_edits_pattern(study->space.interventions[i]);
    return load;
}

/* Tokens, texts, scores and likelihoods of each sample of a group. */
static size_t samples_bytes(const hs_study *study, size_t task, const hs_workload *workload)
{
    const hs_sampling *sampling = hs_tasks_sampling(study->tasks[task]);
    size_t n = (size_t)study->plan.sets_per_group * workload->sequences.n * sampling->n_samples;

    return n * (sampling->max_new_tokens * SAMPLE_BYTES_A_TOKEN + SAMPLE_BYTES);
}

/* The first group of the shard, which has single heads, the most to compute; no group is larger. */
static hs_status count_generation(const hs_study *study, size_t task, const hs_workload *workload, size_t *n_bytes_out,
                                  hs_error *error)
{
    size_t n_sets = (size_t)study->plan.sets_per_group;
    hs_component *components = NULL;
    hs_ablation *ablations = NULL;
    hs_engine_cost cost = {0};
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&components, n_sets * study->phases.max_order, sizeof *components, "memory", error));
    HS_GOTO_DONE(hs_allocate(&ablations, n_sets, sizeof *ablations, "memory", error));
    for (size_t i = 0; i < n_sets; ++i)
        ablations[i] = hs_sweep_space_ablation(&study->space, i, components + i * study->phases.max_order);
    HS_GOTO_DONE(hs_tasks_generation_count_cost(study->tasks[task], study->engine, study->storage->scorers[task],
                                                workload, ablations, n_sets, &cost, error));
    *n_bytes_out = add(cost.memory_bytes, samples_bytes(study, task, workload));
done:
    hs_free(components);
    hs_free(ablations);
    return status;
}

static hs_status count_shard(const hs_study *study, size_t task, size_t shard, size_t *n_bytes_out, hs_error *error)
{
    const uint64_t *first = study->plan.tasks[task].shard_first + shard;
    const hs_engine_load load = load_of(study);
    hs_task_workload *workload = NULL;

    HS_TRY(hs_tasks_workload_new(study->tasks[task], (size_t)first[0], (size_t)(first[1] - first[0]),
                                 study->donors != NULL ? study->donors[task] : NULL, &workload, error));
    hs_status status = hs_tasks_generates(study->tasks[task])
                           ? count_generation(study, task, &workload->workload, n_bytes_out, error)
                           : hs_engine_count_memory(study->engine, &workload->workload, &load, n_bytes_out, error);
    *n_bytes_out = add(*n_bytes_out, group_bytes(study, &workload->workload));
    hs_tasks_workload_free(workload);
    return status;
}

/* The most that any shard needs; stops at the first beyond `enough`. */
static hs_status count_sweep(const hs_study *study, size_t enough, hs_study_memory *memory, hs_error *error)
{
    memory->sweep_bytes = 0;
    for (size_t task = 0; task < study->n_tasks; ++task) {
        for (size_t shard = 0; shard < study->plan.tasks[task].n_shards && memory->sweep_bytes <= enough; ++shard) {
            size_t n_bytes = 0;
            HS_TRY(count_shard(study, task, shard, &n_bytes, error));
            if (n_bytes <= memory->sweep_bytes)
                continue;
            memory->sweep_bytes = n_bytes;
            memory->largest_task = task;
            memory->largest_shard = shard;
        }
    }
    return HS_OK;
}

/* Sums of this rank, of another and of all, and the pass over a piece of the reference set. */
static size_t reference_bytes(const hs_study *study, size_t n_positions)
{
    size_t n_rows = larger((size_t)study->plan.batch_rows, n_positions);

    if (!study->needs_means)
        return 0;
    return add(3 * means_bytes(study, n_positions, sizeof(double)),
               hs_engine_observer_bytes(&study->model->shape, n_rows, n_positions));
}

static size_t self_test_bytes(const hs_study *study)
{
    size_t n_rows = 0;

    for (size_t i = 0; i < hs__study_self_test_examples(study); ++i)
        n_rows += hs_tasks_example_rows(study->tasks[0], i);
    return hs_engine_observer_bytes(&study->model->shape, n_rows, n_rows);
}

static size_t count_of_order(const hs_space *space, int32_t order)
{
    size_t n = 0;

    for (size_t set = 0; set < space->n_sets; ++set)
        n += space->sets.order[set] == order;
    return n;
}

/* Of one order and intervention: each intervention has the same sets. */
static size_t most_of_an_order(const hs_space *space)
{
    size_t most = 0;

    for (int32_t order = 1; order <= (int32_t)space->max_order; ++order) {
        const size_t n = count_of_order(space, order) / space->n_interventions;
        most = n > most ? n : most;
    }
    return most;
}

/*
 * For all sets that there can be, later phases included: statistics are computed at the end of
 * everything.
 */
static hs_status count_statistics(const hs_study *study, size_t *n_bytes_out, hs_error *error)
{
    hs_analysis_task_size *tasks = NULL;

    HS_TRY(hs_allocate(&tasks, study->n_tasks, sizeof *tasks, "memory", error));
    for (size_t task = 0; task < study->n_tasks; ++task)
        tasks[task] = (hs_analysis_task_size){study->plan.tasks[task].n_examples, study->plan.tasks[task].n_metrics};
    const hs_analysis_size size = {.options = hs_analysis_options_of(study->experiment),
                                   .n_sets = study->space.n_sets + study->phases.later.n_sets,
                                   .n_first_sets = study->space.n_sets,
                                   .n_singles = count_of_order(&study->space, 1),
                                   .n_pairs = count_of_order(&study->space, 2) + study->phases.of_one_order,
                                   .n_tested = most_of_an_order(&study->space) + study->phases.of_one_order,
                                   .tasks = tasks,
                                   .n_tasks = study->n_tasks};
    *n_bytes_out = hs_analysis_memory_bytes(&size);
    hs_free(tasks);
    return HS_OK;
}

size_t hs__study_sweep_memory_bytes(const hs_study_memory *memory)
{
    return add(add(memory->process_bytes, memory->tables_bytes), memory->sweep_bytes);
}

size_t hs_study_memory_bytes(const hs_study_memory *memory)
{
    return add(add(memory->process_bytes, memory->tables_bytes), larger(memory->sweep_bytes, memory->statistics_bytes));
}

/*
 * The sweep's part is the largest of what is never held together: groups, self-test, reference
 * means. `limit` lets the search for sizes stop counting once it is exceeded.
 */
hs_status hs__study_count_memory(const hs_study *study, size_t limit, hs_study_memory *memory_out, hs_error *error)
{
    hs_study_memory memory = {.process_bytes = process_bytes(&study->model->shape, study->n_tasks)};
    size_t n_positions = 0;

    *memory_out = memory;
    if (study->needs_means)
        HS_TRY(hs__study_longest_reference(study, &n_positions, error));
    memory.tables_bytes = tables_bytes(study, n_positions);
    size_t held = hs__study_sweep_memory_bytes(&memory);
    HS_TRY(count_sweep(study, limit > held ? limit - held : 0, &memory, error));
    memory.sweep_bytes = larger(memory.sweep_bytes, self_test_bytes(study));
    memory.sweep_bytes = larger(memory.sweep_bytes, reference_bytes(study, n_positions));
    HS_TRY(count_statistics(study, &memory.statistics_bytes, error));
    *memory_out = memory;
    return HS_OK;
}
