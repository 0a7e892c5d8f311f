/* How a study is described to people in a few lines: the head of a run and of a plan. */
#include <string.h>

#include "headsweep/blas.h"
#include "study/storage.h"

/*
 * The folder's own name, because paths are long; one that ends in a slash is shown whole. The core is named because
 * OpenBLAS chooses its kernels by it, and they decide bits.
 */
static hs_status describe_model(const hs_study *study, int n_ranks, hs_text *text, hs_error *error)
{
    const hs_model *model = study->model;
    const char *folder = study->experiment->checkpoint;
    const char *name = strrchr(folder, '/');
    const size_t n_threads = (size_t)study->experiment->threads_per_rank;
    char parameters[16];

    hs_format_count((double)model->n_parameters, parameters, sizeof parameters);
    HS_TRY(hs_text_appendf(
        text, error, "model   %s (%s)  %zu layers x %zu heads, %s parameters, %s; %d rank%s, %zu thread%s each, %s\n",
        name != NULL && name[1] != '\0' ? name + 1 : folder, model->family, model->shape.n_layers, model->shape.n_heads,
        parameters, model->weight_type, n_ranks, n_ranks == 1 ? "" : "s", n_threads, n_threads == 1 ? "" : "s",
        hs_blas_core()));
    return hs__study_describe_notes(study, text, error);
}

/* "16 heads + 120 pairs" from the sets of the first intervention. */
static hs_status describe_orders(const hs_space *space, hs_text *text, hs_error *error)
{
    const char *const words[] = {"", hs_sets_kind((int32_t)space->kind)->title, "pair", "triple"};
    bool first = true;

    for (int32_t order = 1; order <= (int32_t)space->max_order; ++order) {
        size_t n = 0;
        for (size_t set = 1; set <= space->n_base_sets; ++set)
            n += space->sets.order[set] == order;
        if (n == 0)
            continue;
        const char *plural = n == 1 ? "" : "s";
        HS_TRY(hs_text_appendf(text, error, "%s%zu ", first ? "" : " + ", n));
        if (order < 4)
            HS_TRY(hs_text_appendf(text, error, "%s%s", words[order], plural));
        else
            HS_TRY(hs_text_appendf(text, error, "set%s of %d", plural, order));
        first = false;
    }
    return HS_OK;
}

static hs_status describe_sweep(const hs_study *study, hs_text *text, hs_error *error)
{
    const hs_experiment *experiment = study->experiment;
    size_t n = study->space.n_interventions;

    HS_TRY(hs_text_appendf(text, error, "sweep   "));
    HS_TRY(describe_orders(&study->space, text, error));
    for (size_t i = 0; i < n; ++i)
        HS_TRY(hs_text_appendf(text, error, "%s%s", i == 0 || i + 1 < n ? ", " : " and ",
                               study->space.intervention_names[i]));
    return hs_text_appendf(text, error, " ablation%s; %zu sets with the clean model\n",
                           experiment->positions == HS_POSITIONS_SCORED ? " at the scored positions" : "",
                           study->space.n_sets);
}

static hs_status describe_later(const hs_study *study, hs_text *text, hs_error *error)
{
    const hs_results_later *later = &study->phases.later;

    if (later->n_phases == 0)
        return HS_OK;
    HS_TRY(hs_text_appendf(text, error, "then    "));
    for (size_t i = 0; i < later->n_phases; ++i)
        if (i == 0 || strcmp(later->names[i], later->names[i - 1]) != 0)
            HS_TRY(hs_text_appendf(text, error, "%s%s", i > 0 ? ", " : "", later->names[i]));
    return hs_text_appendf(text, error, ": up to %zu more sets in %zu phase%s\n", later->n_sets, later->n_phases,
                           later->n_phases == 1 ? "" : "s");
}

static hs_status describe_task(const hs_task *task, const char *before, hs_text *text, hs_error *error)
{
    size_t n = hs_tasks_n_examples(task), n_pairs = hs_tasks_n_pairs(task);

    HS_TRY(hs_text_appendf(text, error, "%s%s (%s, %zu example%s", before, hs_tasks_name(task), hs_tasks_kind(task), n,
                           n == 1 ? "" : "s"));
    if (n_pairs == n)
        HS_TRY(hs_text_appendf(text, error, " of two texts"));
    else if (n_pairs > 0)
        HS_TRY(hs_text_appendf(text, error, ", %zu of two texts", n_pairs));
    return hs_text_appendf(text, error, ")");
}

/* Whatever needs the tokenizer has been refused before. */
static hs_status describe_tokenizer(const hs_study *study, hs_text *text, hs_error *error)
{
    const char *problem = study->tokenizer != NULL ? hs_tokenizer_problem(study->tokenizer) : NULL;
    if (problem == NULL)
        return HS_OK;
    return hs_text_appendf(
        text, error, "note    all texts are token ids, so the tokenizer is not needed; it is not read: %s\n", problem);
}

static hs_status describe_tasks(const hs_study *study, hs_text *text, hs_error *error)
{
    HS_TRY(hs_text_appendf(text, error, "tasks   "));
    for (size_t i = 0; i < study->n_tasks; ++i)
        HS_TRY(describe_task(study->tasks[i], i > 0 ? ", " : "", text, error));
    HS_TRY(hs_text_appendf(text, error, "\n"));
    return describe_tokenizer(study, text, error);
}

static hs_status describe_truncated(const hs_study *study, hs_text *text, hs_error *error)
{
    for (size_t i = 0; i < study->n_tasks; ++i) {
        size_t n = hs_tasks_n_truncated(study->tasks[i]);
        if (n > 0)
            HS_TRY(hs_text_appendf(text, error,
                                   "warning task %s: %zu of %zu examples are longer than the model's %zu positions and "
                                   "lost their %s tokens\n",
                                   hs_tasks_name(study->tasks[i]), n, hs_tasks_n_examples(study->tasks[i]),
                                   study->model->shape.n_positions, hs_tasks_truncated_part(study->tasks[i])));
    }
    return HS_OK;
}

static hs_status describe_joined(const hs_study *study, hs_text *text, hs_error *error)
{
    for (size_t i = 0; i < study->n_tasks; ++i) {
        size_t n = hs_tasks_n_joined(study->tasks[i]);
        if (n > 0)
            HS_TRY(
                hs_text_appendf(text, error,
                                "warning task %s: %zu of %zu texts have a separator such as [SEP] in them, which does "
                                "not make them pairs: give the second part as `pair`, as in fields = { text = "
                                "\"premise\"; pair = \"hypothesis\"; }\n",
                                hs_tasks_name(study->tasks[i]), n, hs_tasks_n_examples(study->tasks[i])));
    }
    return HS_OK;
}

static hs_status describe_window(const hs_study *study, hs_text *text, hs_error *error)
{
    size_t window = study->model->shape.window;
    if (window == 0)
        return HS_OK;
    return hs_text_appendf(text, error, "window  attention reaches back %zu tokens; no text of a task is longer\n",
                           window);
}

/* A warning for each line of the notes. */
static hs_status describe_notes(const char *what, const char *name, const char *notes, hs_text *text, hs_error *error)
{
    for (const char *at = notes; *at != '\0';) {
        size_t length = strcspn(at, "\n");
        HS_TRY(hs_text_appendf(text, error, "warning %s%s: %.*s\n", what, name, (int)length, at));
        at += length + (at[length] == '\n');
    }
    return HS_OK;
}

static hs_status describe_data(const hs_study *study, hs_text *text, hs_error *error)
{
    for (size_t i = 0; i < study->n_tasks; ++i)
        HS_TRY(describe_notes("task ", hs_tasks_name(study->tasks[i]), hs_tasks_notes(study->tasks[i]), text, error));
    return describe_notes("reference set", "", hs__study_reference_notes(study), text, error);
}

/* Threads that share a processor wait for each other. */
static hs_status describe_processors(const hs_study *study, hs_text *text, hs_error *error)
{
    const size_t n_threads = (size_t)study->experiment->threads_per_rank, n_processors = hs_processors();

    if (n_threads == 1 || n_processors == 0 || n_processors >= n_threads)
        return HS_OK;
    return hs_text_appendf(text, error,
                           "warning run.threads_per_rank is %zu, and a rank here may use %zu processor%s: give it more "
                           "(srun --cpus-per-task=%zu, mpirun --map-by slot:PE=%zu)\n",
                           n_threads, n_processors, n_processors == 1 ? "" : "s", n_threads, n_threads);
}

/* Warnings come last, nearest to the prompt. A part that has nothing to say adds no line. */
hs_status hs_study_describe(const hs_study *study, int n_ranks, hs_text *text, hs_error *error)
{
    HS_TRY(describe_model(study, n_ranks, text, error));
    HS_TRY(describe_sweep(study, text, error));
    HS_TRY(describe_later(study, text, error));
    HS_TRY(describe_tasks(study, text, error));
    HS_TRY(describe_window(study, text, error));
    HS_TRY(describe_truncated(study, text, error));
    HS_TRY(describe_joined(study, text, error));
    HS_TRY(describe_data(study, text, error));
    HS_TRY(describe_processors(study, text, error));
    if (hs_blas_threads_warning() != NULL)
        HS_TRY(hs_text_appendf(text, error, "warning %s\n", hs_blas_threads_warning()));
    if (hs_blas_core_warning() != NULL)
        HS_TRY(hs_text_appendf(text, error, "warning %s\n", hs_blas_core_warning()));
    return HS_OK;
}
