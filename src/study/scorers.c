/* What scores generated texts: lexicons and classifiers, whose checkpoints tasks share. */
#include <string.h>

#include "study/storage.h"

static study_classifier *find_classifier(const hs_study *study, const char *folder)
{
    for (size_t i = 0; i < study->storage->n_classifiers; ++i)
        if (folder != NULL && strcmp(study->storage->classifiers[i].folder, folder) == 0)
            return &study->storage->classifiers[i];
    return NULL;
}

/* Detoxify's weights come as a file, which people will name first. */
static hs_status refuse_pickle(const char *path, hs_error *error)
{
    static const char ending[] = ".ckpt";
    size_t length = strlen(path), n = sizeof ending - 1;

    if (length < n || strcmp(path + length - n, ending) != 0)
        return HS_OK;
    return hs_fail(
        error, HS_ERROR_INPUT,
        "%s is a pickle, which can run code when it is read and is never opened. Make a folder of it where you "
        "trust it: python3 -c \"from detoxify import Detoxify; d = Detoxify(checkpoint='FILE.ckpt'); "
        "c = d.model.config; c.problem_type = 'multi_label_classification'; "
        "c.id2label = {i: (d.class_names + list(range(99)))[i] for i in range(c.num_labels)}; "
        "d.model.save_pretrained('FOLDER', safe_serialization=True); d.tokenizer.save_pretrained('FOLDER')\"",
        path);
}

/*
 * A checkpoint that several tasks score by is loaded once. Before the tasks, because their ranks
 * share its weights as they do the model's.
 */
hs_status hs__study_open_classifiers(hs_comm *comm, hs_study *study, hs_error *error)
{
    const hs_experiment *experiment = study->experiment;
    struct hs_study_storage *storage = study->storage;

    for (size_t task = 0; task < experiment->n_tasks; ++task) {
        const char *folder = experiment->tasks[task].scorer_checkpoint;
        if (folder == NULL || folder[0] == '\0' || find_classifier(study, folder) != NULL)
            continue;
        study_classifier *classifier = &storage->classifiers[storage->n_classifiers++];
        classifier->folder = folder;
        hs_status status = refuse_pickle(folder, error);
        if (status == HS_OK)
            status = hs__study_load_model(comm, folder, &classifier->model, &classifier->shared_weights, error);
        if (status != HS_OK)
            return hs_error_prefix(error, "scorer of task %s", experiment->tasks[task].name);
    }
    return HS_OK;
}

hs_status hs__study_hash_classifiers(hs_comm *comm, hs_study *study, hs_error *error)
{
    for (size_t i = 0; i < study->storage->n_classifiers; ++i) {
        study_classifier *classifier = &study->storage->classifiers[i];
        if (hs__study_hashes_weights(comm))
            classifier->hash = hs_hash_u64(hs_model_hash(classifier->model), hs_tokenizer_hash(classifier->tokenizer));
        HS_TRY(hs__study_share_hash(comm, classifier->folder, &classifier->hash, error));
    }
    return HS_OK;
}

static hs_status append_notes(const hs_model *model, const char *folder, hs_text *text, hs_error *error)
{
    for (size_t i = 0; i < model->n_notes; ++i)
        HS_TRY(
            hs_text_appendf(text, error, "note    %s%s%s\n", folder, folder[0] != '\0' ? ": " : "", model->notes[i]));
    return HS_OK;
}

hs_status hs__study_describe_notes(const hs_study *study, hs_text *text, hs_error *error)
{
    const struct hs_study_storage *storage = study->storage;

    HS_TRY(append_notes(study->model, "", text, error));
    for (size_t i = 0; i < storage->n_classifiers; ++i)
        HS_TRY(append_notes(storage->classifiers[i].model, storage->classifiers[i].folder, text, error));
    return HS_OK;
}

static hs_status open_classifier(hs_study *study, const hs_task_config *config, hs_scorer **scorer_out, hs_error *error)
{
    study_classifier *classifier = find_classifier(study, config->scorer_checkpoint);

    if (classifier->tokenizer == NULL && hs_tokenizer_open(classifier->folder, &classifier->tokenizer, error) != HS_OK)
        return hs_error_prefix(error, "scorer_checkpoint");
    const hs_classifier options = {.model = classifier->model,
                                   .tokenizer = classifier->tokenizer,
                                   .label = config->scorer_label,
                                   .reads_prompts = config->scorer_text == HS_SCORER_TEXT_PAIR,
                                   .threads = study->storage->threads,
                                   .poll = hs__study_call_poll,
                                   .poll_context = study->storage};
    return hs_tasks_scorer_open_classifier(&options, scorer_out, error);
}

/*
 * After the tasks, whose lists and labels the scorers read; errors are blamed on the task's lines
 * in the experiment file.
 */
hs_status hs__study_open_scorers(hs_study *study, hs_error *error)
{
    struct hs_study_storage *storage = study->storage;

    HS_TRY(hs_allocate(&storage->scorers, study->n_tasks, sizeof *storage->scorers, "scorers", error));
    for (size_t task = 0; task < study->n_tasks; ++task) {
        const hs_task_config *config = &study->experiment->tasks[task];
        if (!hs_tasks_generates(study->tasks[task]))
            continue;
        hs_status status = config->scorer == HS_SCORER_CLASSIFIER
                               ? open_classifier(study, config, &storage->scorers[task], error)
                               : hs_tasks_scorer_open_lexicon(config->lexicon, &storage->scorers[task], error);
        if (status != HS_OK)
            return hs_config_task_blame(config, error);
    }
    return HS_OK;
}

/* Scorers before the classifiers that they use. */
void hs__study_close_scorers(hs_study *study)
{
    struct hs_study_storage *storage = study->storage;

    for (size_t task = 0; storage->scorers != NULL && task < study->n_tasks; ++task)
        hs_tasks_scorer_free(storage->scorers[task]);
    hs_free(storage->scorers);
    for (size_t i = 0; i < storage->n_classifiers; ++i) {
        study_classifier *classifier = &storage->classifiers[i];
        hs_tokenizer_free(classifier->tokenizer);
        hs_model_free(classifier->model);
        hs_comm_shared_free(classifier->shared_weights);
    }
    hs_free(storage->classifiers);
}

uint64_t hs__study_scorer_hash(const hs_study *study, size_t task)
{
    uint64_t hash = hs_tasks_scorer_hash(study->storage->scorers[task]);
    const study_classifier *classifier = find_classifier(study, study->experiment->tasks[task].scorer_checkpoint);

    return classifier == NULL ? hash : hs_hash_u64(hash, classifier->hash);
}

hs_status hs__study_generation_new(const hs_study *study, size_t task, hs_generation **generation_out, hs_error *error)
{
    uint64_t stream = hs_random_stream(HS_RANDOM_TOKENS, (uint32_t)task);
    uint64_t seed = hs_random_u64((uint64_t)study->experiment->seed, stream, 0);

    return hs_tasks_generation_new(study->tasks[task], study->engine, study->storage->scorers[task], seed,
                                   generation_out, error);
}
