/* What the results file of a study is created from: sets, tasks, settings, provenance. */
#include <inttypes.h>
#include <string.h>

#include "headsweep/blas.h"
#include "study/storage.h"

/* The results layout of a study and the storage behind its pointers. */
struct study_layout {
    hs_results_layout layout;
    hs_config_values config;
    hs_config_values identity;
    hs_config_values provenance;
    size_t provenance_capacity;
    hs_results_attribute *experiment_attributes;
    hs_results_attribute *provenance_attributes;
    hs_results_task *tasks;
    double (*chance)[HS_TASK_MAX_METRICS]; /* [n_tasks] */
    uint64_t **example_lines;              /* [n_tasks][n_examples] */
    char ***prompts;                       /* [n_tasks]: [n_examples] or NULL */
};

static void free_prompts(char **prompts, size_t n)
{
    for (size_t i = 0; prompts != NULL && i < n; ++i)
        hs_free(prompts[i]);
    hs_free(prompts);
}

/* In the order in which it is filled, and as far as it was. */
void hs__study_layout_free(struct study_layout *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; l->example_lines != NULL && i < l->layout.n_tasks; ++i)
        hs_free(l->example_lines[i]);
    hs_free(l->example_lines);
    for (size_t i = 0; l->prompts != NULL && i < l->layout.n_tasks; ++i)
        free_prompts(l->prompts[i], l->tasks[i].n_examples);
    hs_free(l->prompts);
    hs_free(l->chance);
    hs_free(l->tasks);
    hs_free(l->experiment_attributes);
    hs_free(l->provenance_attributes);
    hs_config_values_clear(&l->config);
    hs_config_values_clear(&l->identity);
    hs_config_values_clear(&l->provenance);
    hs_free(l);
}

/* /experiment holds the keys that are not part of the identity as written, then the identity rows. */
static hs_status describe_experiment(const hs_study *study, struct study_layout *l, hs_error *error)
{
    size_t n = 0;

    HS_TRY(hs_config_list_values(study->experiment, &l->config, error));
    HS_TRY(hs__study_identity(study, &l->identity, error));
    HS_TRY(hs_allocate(&l->experiment_attributes, l->config.n + l->identity.n, sizeof *l->experiment_attributes,
                       "attributes", error));
    for (size_t i = 0; i < l->config.n; ++i)
        if (!l->config.items[i].identity)
            l->experiment_attributes[n++] =
                (hs_results_attribute){l->config.items[i].key, l->config.items[i].value, false};
    for (size_t i = 0; i < l->identity.n; ++i)
        l->experiment_attributes[n++] =
            (hs_results_attribute){l->identity.items[i].key, l->identity.items[i].value, true};
    l->layout.experiment = l->experiment_attributes;
    l->layout.n_experiment = n;
    return HS_OK;
}

static hs_status add_fact(struct study_layout *l, const char *key, const char *value, hs_error *error)
{
    HS_TRY(hs_reserve(&l->provenance.items, &l->provenance_capacity, l->provenance.n + 1, sizeof *l->provenance.items,
                      "provenance", error));
    hs_config_value *row = &l->provenance.items[l->provenance.n++];
    row->key = hs_string_copy(key, error);
    row->value = hs_string_copy(value, error);
    return row->key == NULL || row->value == NULL ? error->status : HS_OK;
}

static hs_status add_number(struct study_layout *l, const char *key, uint64_t number, hs_error *error)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRIu64, number);
    return add_fact(l, key, text, error);
}

/* Which tokens texts begin and continuations end with, and what says so. */
static hs_status add_tokens(const hs_study *study, struct study_layout *l, hs_error *error)
{
    const hs_text_tokens tokens = hs_tasks_text_tokens_choose(study->model, study->tokenizer);
    hs_text text = {0};
    hs_status status = HS_OK;

    for (hs_text_token which = 0; !study->model->shape.bidirectional && which < HS_N_TEXT_TOKENS; ++which) {
        text.length = 0;
        HS_GOTO_DONE(hs_tasks_text_tokens_describe(&tokens, which, study->tokenizer, true, &text, error));
        HS_GOTO_DONE(add_fact(l, hs_tasks_text_token_name(which), text.text, error));
    }
done:
    hs_text_clear(&text);
    return status;
}

/* What the sweep costs, where it was counted. */
static hs_status add_operations(const hs_study *study, struct study_layout *l, hs_error *error)
{
    char text[32];

    if (study->storage->flops_executed <= 0)
        return HS_OK;
    snprintf(text, sizeof text, "%.6g", study->storage->flops_executed);
    HS_TRY(add_fact(l, "flops_executed", text, error));
    snprintf(text, sizeof text, "%.6g", study->storage->flops_naive);
    return add_fact(l, "flops_naive", text, error);
}

/* Controls are not drawn from them. */
static hs_status add_gone_heads(const hs_model *model, struct study_layout *l, hs_error *error)
{
    hs_text text = {0};
    hs_status status = HS_OK;

    if (model->shape.gone_heads == NULL)
        return HS_OK;
    HS_GOTO_DONE(hs_model_describe_gone_heads(&model->shape, &text, error));
    status = add_fact(l, "pruned_heads", text.text, error);
done:
    hs_text_clear(&text);
    return status;
}

/*
 * Facts that change no number and that somebody will ask for in a year. They are attributes
 * without identity: another host may go on.
 */
static hs_status describe_provenance(const hs_study *study, const char *hosts, const char *command_line, int n_ranks,
                                     struct study_layout *l, hs_error *error)
{
    const hs_model *model = study->model;

    HS_TRY(add_fact(l, "command_line", command_line, error));
    HS_TRY(add_fact(l, "hosts", hosts, error));
    HS_TRY(add_number(l, "ranks", (uint64_t)n_ranks, error));
    HS_TRY(add_fact(l, "checkpoint", study->experiment->checkpoint, error));
    HS_TRY(add_fact(l, "architecture", model->architecture, error));
    HS_TRY(add_number(l, "n_layers", model->shape.n_layers, error));
    for (int32_t kind = 0; kind < HS_COMPONENT_KINDS; ++kind)
        HS_TRY(add_number(l, hs_sets_kind(kind)->counted, hs_sets_kind(kind)->count(&model->shape), error));
    HS_TRY(add_gone_heads(model, l, error));
    HS_TRY(add_number(l, "head_dim", model->shape.head_dim, error));
    HS_TRY(add_number(l, "width", model->shape.width, error));
    HS_TRY(add_number(l, "n_parameters", model->n_parameters, error));
    HS_TRY(add_fact(l, "weight_type", model->weight_type, error));
    HS_TRY(add_fact(l, "tokenizer", study->tokenizer != NULL ? hs_tokenizer_description(study->tokenizer) : "none",
                    error));
    HS_TRY(add_tokens(study, l, error));
    HS_TRY(add_fact(l, "blas", hs_blas_library(), error));
    HS_TRY(add_fact(l, "blas_core", hs_blas_core(), error));
    HS_TRY(add_number(l, "blas_threads", (uint64_t)hs_blas_threads(), error));
    HS_TRY(add_number(l, "threads_per_rank", (uint64_t)study->experiment->threads_per_rank, error));
    HS_TRY(add_fact(l, "headsweep_version", HEADSWEEP_VERSION, error));
    HS_TRY(add_operations(study, l, error));
    HS_TRY(
        hs_allocate(&l->provenance_attributes, l->provenance.n, sizeof *l->provenance_attributes, "provenance", error));
    for (size_t i = 0; i < l->provenance.n; ++i)
        l->provenance_attributes[i] =
            (hs_results_attribute){l->provenance.items[i].key, l->provenance.items[i].value, false};
    l->layout.provenance = l->provenance_attributes;
    l->layout.n_provenance = l->provenance.n;
    return HS_OK;
}

/* A token of running text has four bytes or so; what is longer is cut. */
enum { TEXT_BYTES_PER_TOKEN = 8 };

/* The end of a long prompt is what is continued. */
enum { MAX_PROMPT_BYTES = 2000 };

static hs_status copy_prompt(const hs_study *study, size_t index, size_t example, char **prompt_out, hs_error *error)
{
    hs_text text = {0};
    hs_status status = hs_tasks_prompt(study->tasks[index], example, study->tokenizer, &text, error);

    if (status == HS_OK) {
        size_t first = text.length > MAX_PROMPT_BYTES ? text.length - MAX_PROMPT_BYTES : 0;
        while (first < text.length && hs_utf8_length(text.text + first, text.length - first) == 0)
            ++first;
        *prompt_out = hs_string_copy_n(text.text + first, text.length - first, error);
        status = *prompt_out == NULL ? error->status : HS_OK;
    }
    hs_text_clear(&text);
    return status;
}

static hs_status describe_prompts(const hs_study *study, size_t index, struct study_layout *l, hs_error *error)
{
    size_t n = l->tasks[index].n_examples;

    HS_TRY(hs_allocate(&l->prompts[index], n, sizeof **l->prompts, "prompts", error));
    for (size_t example = 0; example < n; ++example)
        HS_TRY(copy_prompt(study, index, example, &l->prompts[index][example], error));
    l->tasks[index].prompts = (const char *const *)l->prompts[index];
    return HS_OK;
}

static void describe_texts(const hs_study *study, size_t index, hs_results_task *task)
{
    size_t n_best = (size_t)study->experiment->tasks[index].save_text;

    if (!hs_tasks_generates(study->tasks[index]) || n_best == 0)
        return;
    const hs_sampling *sampling = hs_tasks_sampling(study->tasks[index]);
    task->n_text_sets = 1 + (n_best < study->space.n_sets - 1 ? n_best : study->space.n_sets - 1);
    task->n_samples = sampling->n_samples;
    task->text_bytes = sampling->max_new_tokens * TEXT_BYTES_PER_TOKEN + 1;
}

/* What a reader needs to find an example again: its line, its shard, its donor. */
static hs_status describe_task(const hs_study *study, size_t index, struct study_layout *l, hs_error *error)
{
    const hs_task *task = study->tasks[index];
    const hs_plan_task *plan = &study->plan.tasks[index];

    HS_TRY(hs_allocate(&l->example_lines[index], plan->n_examples, sizeof **l->example_lines, "examples", error));
    for (size_t i = 0; i < plan->n_examples; ++i)
        l->example_lines[index][i] = hs_tasks_example_line(task, i);
    for (size_t i = 0; i < plan->n_metrics; ++i)
        l->chance[index][i] = hs_tasks_chance(task, i);
    l->tasks[index] = (hs_results_task){.name = hs_tasks_name(task),
                                        .kind = hs_tasks_kind(task),
                                        .n_examples = plan->n_examples,
                                        .n_metrics = plan->n_metrics,
                                        .metrics = hs_tasks_metric(task, 0),
                                        .chance = l->chance[index],
                                        .n_shards = plan->n_shards,
                                        .shard_first = plan->shard_first,
                                        .example_line = l->example_lines[index],
                                        .donor = study->donors != NULL ? study->donors[index] : NULL};
    describe_texts(study, index, &l->tasks[index]);
    return l->tasks[index].n_text_sets > 0 ? describe_prompts(study, index, l, error) : HS_OK;
}

static hs_status describe_tasks(const hs_study *study, struct study_layout *l, hs_error *error)
{
    HS_TRY(hs_allocate(&l->tasks, study->n_tasks, sizeof *l->tasks, "tasks", error));
    HS_TRY(hs_allocate(&l->chance, study->n_tasks, sizeof *l->chance, "metrics", error));
    HS_TRY(hs_allocate(&l->example_lines, study->n_tasks, sizeof *l->example_lines, "examples", error));
    HS_TRY(hs_allocate(&l->prompts, study->n_tasks, sizeof *l->prompts, "prompts", error));
    l->layout.tasks = l->tasks;
    l->layout.n_tasks = study->n_tasks;
    for (size_t i = 0; i < study->n_tasks; ++i)
        HS_TRY(describe_task(study, i, l, error));
    return HS_OK;
}

/* Those of the first phase, also where the table is the file's and has more. */
static void describe_sets(const hs_space *space, hs_sets *sets)
{
    *sets = space->sets;
    sets->block = NULL;
    sets->n_sets = space->n_sets;
    sets->n_added = (size_t)sets->first_added[space->n_sets];
}

static void describe_means(const hs_study *study, hs_results_layout *layout)
{
    if (!study->needs_means)
        return;
    layout->mean_n_layers = study->means.n_layers;
    layout->mean_n_positions = study->means.n_positions;
    layout->mean_n_columns = study->means.n_columns;
    layout->mean = study->means.mean;
    layout->position_mean = study->means.position_mean;
}

/* Kept in the study, because what results are created from points into it until they are. */
hs_status hs_study_layout(hs_study *study, const char *hosts, const char *command_line, int n_ranks,
                          const hs_results_layout **layout_out, hs_error *error)
{
    struct study_layout *l = NULL;
    hs_status status;

    *layout_out = NULL;
    HS_GOTO_DONE(hs_allocate(&l, 1, sizeof *l, "results layout", error));
    l->layout.experiment_hash = study->experiment_hash;
    describe_sets(&study->space, &l->layout.sets);
    l->layout.later = study->phases.later;
    describe_means(study, &l->layout);
    HS_GOTO_DONE(describe_experiment(study, l, error));
    HS_GOTO_DONE(describe_provenance(study, hosts, command_line, n_ranks, l, error));
    HS_GOTO_DONE(describe_tasks(study, l, error));
    hs__study_layout_free(study->storage->layout);
    study->storage->layout = l;
    *layout_out = &l->layout;
    l = NULL;
done:
    hs__study_layout_free(l);
    return status;
}
