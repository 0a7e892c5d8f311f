/*
 * best_so_far: the best head found so far, for the progress bar. It reads the file at rank 0's
 * leisure and must never cost the sweep anything, nor its failure end it.
 */
#include "study/best_so_far.h"

#include <math.h>
#include <string.h>

enum { SETS_AT_ONCE = 64 };
/* A look takes this long and the shard in hand, and is paid for by a pause of so many times what it took. */
#define LOOK_SECONDS 0.002
#define PAUSE_SECONDS 2.0
#define PAUSE_FACTOR 1000

/* What the objective reduces, else the first metric of all. False: it is not a mean or ratio of sums. */
static bool find_metric(best_so_far *best, const hs_experiment *experiment, const hs_results *results)
{
    const hs_metric_table table = hs_results_metrics(results);
    hs_metric_place place = {0, 0};
    hs_error ignored = {0};

    best->reduce = experiment->objective_reduce[0] != '\0';
    if (best->reduce && hs_config_find_metric_of(&table, experiment->objective_reduce,
                                                 experiment->objective_reduce_metric, &place, &ignored) != HS_OK)
        return false;
    best->task = (uint32_t)place.task;
    best->metric = place.metric;
    const int per = hs_results_task_at(results, place.task)->metrics[place.metric].per;
    return per >= 0 || per == HS_PER_EXAMPLE;
}

static void find_sets(best_so_far *best, const hs_results *results)
{
    const int32_t *order = hs_results_sets_of(results)->order;
    uint64_t first, n;

    hs_results_phase_sets(results, 0, &first, &n);
    best->n_sets = 0;
    for (uint64_t set = first; set < first + n; ++set)
        if (order[set] <= 1)
            best->sets[best->n_sets++] = set;
}

static size_t longest_shard(const hs_results_task *task)
{
    uint64_t longest = 0;

    for (size_t i = 0; i < task->n_shards; ++i) {
        uint64_t n = task->shard_first[i + 1] - task->shard_first[i];
        longest = n > longest ? n : longest;
    }
    return (size_t)longest;
}

/* results is set last: without it every look returns at once, which is how this is switched off. */
hs_status hs__study_best_so_far_init(best_so_far *best, const hs_experiment *experiment, hs_results *results,
                                     hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(results);

    *best = (best_so_far){0};
    if (!find_metric(best, experiment, results))
        return HS_OK;
    const hs_results_task *task = hs_results_task_at(results, best->task);
    HS_TRY(hs_allocate(&best->sets, sets->n_sets, sizeof *best->sets, "best set so far", error));
    find_sets(best, results);
    if (best->n_sets < 2)
        return HS_OK;
    HS_TRY(hs_allocate(&best->sums, best->n_sets, sizeof *best->sums, "best set so far", error));
    HS_TRY(hs_allocate(&best->shard_sums, best->n_sets, sizeof *best->shard_sums, "best set so far", error));
    HS_TRY(hs_allocate(&best->values, SETS_AT_ONCE * longest_shard(task) * task->n_metrics, sizeof *best->values,
                       "best set so far", error));
    HS_TRY(hs_allocate(&best->done, SETS_AT_ONCE, sizeof *best->done, "best set so far", error));
    best->results = results;
    return HS_OK;
}

void hs__study_best_so_far_clear(best_so_far *best)
{
    hs_free(best->sets);
    hs_free(best->sums);
    hs_free(best->shard_sums);
    hs_free(best->values);
    hs_free(best->done);
    *best = (best_so_far){0};
}

static void add_up(const best_so_far *best, const hs_results_task *task, size_t n_examples, const float *values,
                   double sums[2])
{
    const int per = task->metrics[best->metric].per;

    sums[0] = sums[1] = 0;
    for (size_t i = 0; i < n_examples; ++i, values += task->n_metrics) {
        sums[0] += (double)values[best->metric];
        sums[1] += per >= 0 ? (double)values[per] : 1;
    }
}

/* Entries of best->sets before `end` that are consecutive sets, the last of them at end - 1. */
static size_t run_length(const best_so_far *best, size_t end)
{
    size_t n = 1;

    while (n < end && n < SETS_AT_ONCE && best->sets[end - n - 1] + 1 == best->sets[end - n])
        ++n;
    return n;
}

/* From the last set on, which is computed last as a rule: most shards that are not there cost one read. */
static hs_status read_shard(best_so_far *best, bool *there_out, hs_error *error)
{
    const hs_results_task *task = hs_results_task_at(best->results, best->task);
    const uint64_t *shard_first = task->shard_first + best->n_shards;
    const size_t n_examples = (size_t)(shard_first[1] - shard_first[0]);

    *there_out = true;
    for (size_t end = best->n_sets, n; end > 0 && *there_out; end -= n) {
        n = run_length(best, end);
        HS_TRY(hs_results_read_cells(best->results, best->task, best->n_shards, best->sets[end - n], n, best->done,
                                     best->values, error));
        for (size_t i = 0; i < n; ++i) {
            *there_out = *there_out && best->done[i];
            add_up(best, task, n_examples, best->values + i * n_examples * task->n_metrics,
                   best->shard_sums[end - n + i]);
        }
    }
    return HS_OK;
}

static void add_shard(best_so_far *best)
{
    for (size_t i = 0; i < best->n_sets; ++i)
        for (size_t k = 0; k < 2; ++k)
            best->sums[i][k] += best->shard_sums[i][k];
    ++best->n_shards;
}

static double delta_of(const best_so_far *best, size_t i)
{
    return best->sums[i][0] / best->sums[i][1] - best->sums[0][0] / best->sums[0][1];
}

/* 0, the clean model, if no delta is finite. */
static size_t find_best(const best_so_far *best)
{
    size_t found = 0;
    double least = INFINITY;

    for (size_t i = 1; i < best->n_sets; ++i) {
        const double delta = delta_of(best, i), key = best->reduce ? delta : -fabs(delta);
        if (isfinite(key) && key < least) {
            least = key;
            found = i;
        }
    }
    return found;
}

/* One line of the bar, with the unit that the final ranking will have. */
static hs_status describe(best_so_far *best, hs_error *error)
{
    const hs_sets *sets = hs_results_sets_of(best->results);
    const hs_results_task *task = hs_results_task_at(best->results, best->task);
    const hs_metric *metric = &task->metrics[best->metric];
    const size_t found = find_best(best);
    const double delta = delta_of(best, found);
    hs_text name = {0};

    best->text[0] = '\0';
    if (found == 0)
        return HS_OK;
    const char *intervention = sets->intervention_names[sets->intervention[best->sets[found]]];
    hs_status status = hs_sets_name(sets, best->sets[found], &name, error);
    if (status == HS_OK)
        snprintf(best->text, sizeof best->text, "%s %s %+.*f%s %s.%s", name.text, intervention, metric->percent ? 1 : 2,
                 hs_config_metric_factor(metric) * delta, metric->percent ? " points" : "", task->name, metric->name);
    hs_text_clear(&name);
    return status;
}

static hs_status look(best_so_far *best, double start, hs_error *error)
{
    const hs_results_task *task = hs_results_task_at(best->results, best->task);
    const uint32_t n_before = best->n_shards;
    bool there = true;

    do {
        HS_TRY(read_shard(best, &there, error));
        if (there)
            add_shard(best);
    } while (there && best->n_shards < task->n_shards && hs_time_seconds() - start < LOOK_SECONDS);
    return best->n_shards > n_before ? describe(best, error) : HS_OK;
}

void hs__study_best_so_far_look(best_so_far *best)
{
    const double start = hs_time_seconds();
    hs_error ignored = {0};

    if (best->results == NULL || start < best->next_seconds)
        return;
    if (look(best, start, &ignored) != HS_OK ||
        best->n_shards == hs_results_task_at(best->results, best->task)->n_shards)
        best->results = NULL;
    const double end = hs_time_seconds();
    best->next_seconds = end + fmax(PAUSE_SECONDS, PAUSE_FACTOR * (end - start));
}
