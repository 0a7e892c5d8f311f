/* Whether a file is of this experiment, and what differs where it is not. */
#include "results/file.h"

#include <string.h>

/* Differences that a message lists before it only counts them. */
enum { MAX_LISTED = 8 };

typedef struct differences {
    hs_text text;
    size_t n;
} differences;

static const hs_results_attribute *find(const hs_results_attribute *items, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(items[i].name, name) == 0)
            return &items[i];
    return NULL;
}

static hs_status list_difference(differences *found, const char *name, const char *in_file, const char *in_experiment,
                                 hs_error *error)
{
    found->n++;
    if (found->n > MAX_LISTED)
        return HS_OK;
    /* Lists of heads can be long; the beginning is what tells. */
    return hs_text_appendf(&found->text, error, "\n  %.60s: file has %.80s, experiment has %.80s", name,
                           in_file != NULL ? in_file : "nothing", in_experiment != NULL ? in_experiment : "nothing");
}

/* Identity attributes of one group that differ, or that only one side has. */
static hs_status compare(const hs_attribute_list *file, const hs_results_attribute *experiment, size_t n,
                         differences *found, hs_error *error)
{
    for (size_t i = 0; i < n; i++) {
        const hs_results_attribute *other = find(file->items, file->n, experiment[i].name);
        if (experiment[i].identity && (other == NULL || strcmp(other->value, experiment[i].value) != 0))
            HS_TRY(list_difference(found, experiment[i].name, other == NULL ? NULL : other->value, experiment[i].value,
                                   error));
    }
    for (size_t i = 0; i < file->n; i++)
        if (file->items[i].identity && find(experiment, n, file->items[i].name) == NULL)
            HS_TRY(list_difference(found, file->items[i].name, file->items[i].value, NULL, error));
    return HS_OK;
}

/* Whether the file was made from the same sets, tasks and shards. */
static hs_status has_tables_of(const hs_results *results, const hs_results_layout *layout, bool *has_out,
                               hs_error *error)
{
    uint64_t hash = 0;
    if (results->version == 1)
        HS_TRY(hs__results_hash_sets_1(results, &layout->sets, &hash, error));
    else
        hash = hs__results_layout_hash_sets(&layout->sets, 0, layout->sets.n_sets);
    *has_out = results->tables_hash == hs__results_layout_hash_tables(hash, layout->tasks, layout->n_tasks);
    return HS_OK;
}

/*
 * The hash decides; the settings are only compared to say what differs. If none does, the data or
 * this program do.
 */
hs_status hs_results_check_experiment(const hs_results *results, const hs_results_layout *layout, hs_error *error)
{
    differences found = {0};
    hs_status status;
    bool same = false;
    HS_TRY(has_tables_of(results, layout, &same, error));
    if (same && results->experiment_hash == layout->experiment_hash)
        return HS_OK;
    HS_GOTO_DONE(compare(&results->experiment, layout->experiment, layout->n_experiment, &found, error));
    HS_GOTO_DONE(compare(&results->provenance, layout->provenance, layout->n_provenance, &found, error));
    if (found.n == 0)
        HS_GOTO_DONE(hs_text_appendf(&found.text, error,
                                     "\n  no setting differs, so the data or the version of headsweep does"));
    if (found.n > MAX_LISTED)
        HS_GOTO_DONE(hs_text_appendf(&found.text, error, "\n  and %zu more", found.n - MAX_LISTED));
    status = hs_fail(error, HS_ERROR_RESULTS,
                     "%.200s holds another experiment:%s\n  Restore these, or choose another output.results",
                     results->path, found.text.text);
done:
    hs_text_clear(&found.text);
    return status;
}
