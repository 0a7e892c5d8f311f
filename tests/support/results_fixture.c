#include "support/results_fixture.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REQUIRE(condition) require_at(condition, #condition, __FILE__, __LINE__)

static void require_at(bool holds, const char *what, const char *file, int line)
{
    if (holds)
        return;
    (void)fprintf(stderr, "%s:%d: %s\n", file, line, what);
    exit(EXIT_FAILURE);
}

static void *new_array(size_t n, size_t size)
{
    void *array = calloc(n + 1, size);
    REQUIRE(array != NULL);
    return array;
}

static const char *const intervention_names[] = {"zero", "mean"};

static const hs_results_attribute experiment[] = {
    {"model.checkpoint", "model", false},
    {"sweep.orders", "[1, 2]", true},
    {"sweep.interventions", "[\"zero\", \"mean\"]", true},
    {"sweep.heads", "[\"*\"]", true},
    {"objective.reduce", "toxicity", false},
    {"objective.tolerance", "0.02", false},
    {"run.scheduler", "guided", false},
};

static const hs_results_attribute provenance[] = {
    {"checkpoint_hash", "0123456789abcdef", true},
    {"toxicity_hash", "fedcba9876543210", true},
    {"blas", "OpenBLAS 0.3.21 SkylakeX, 1 thread", false},
};

static const hs_metric metrics[2][3] = {
    {{"contrast", "nats", "log p(toxic) - log p(benign)", -1, false, -1},
     {"toxic_probability", "probability", "logistic of the contrast", -1, true, -1},
     {"toxic_preferred", "share", "contrast above 0", -1, true, -1}},
    {{"acc", "share", "the right choice has the highest log-probability", 1, true, -1},
     {"margin", "nats", "log p(right) - log p(best wrong)", 0, false, 0}},
};

static void add_set(results_fixture *fixture, size_t n_heads, int32_t intervention, size_t n, const size_t *heads)
{
    hs_component components[2] = {{0}};
    hs_error error = {0};
    for (size_t i = 0; i < n; i++)
        components[i] = (hs_component){0, (int32_t)(heads[i] / n_heads), (int32_t)(heads[i] % n_heads)};
    REQUIRE(hs_sets_append(&fixture->sets, intervention, 0, components, n, &error) == HS_OK);
}

static void add_sets(results_fixture *fixture, size_t n_layers, size_t n_heads)
{
    const size_t n = n_layers * n_heads, n_most = 1 + 2 * (n + n * (n - 1) / 2);
    fixture->sets = (hs_sets){.n_interventions = 2, .intervention_names = intervention_names};
    add_set(fixture, n_heads, -1, 0, NULL);
    for (int32_t intervention = 0; intervention < 2; intervention++) {
        for (size_t head = 0; head < n; head++)
            add_set(fixture, n_heads, intervention, 1, &head);
        for (size_t i = 0; i < n; i++)
            for (size_t j = i + 1; j < n; j++)
                add_set(fixture, n_heads, intervention, 2, (const size_t[]){i, j});
    }
    REQUIRE(fixture->sets.n_sets == n_most);
    fixture->layout.sets = fixture->sets;
}

static void add_task(results_fixture *fixture, size_t index, size_t n_examples, size_t examples_a_shard)
{
    static const char *const names[] = {"toxicity", "accuracy"}, *const kinds[] = {"contrast", "multiple_choice"};
    const size_t n_shards = (n_examples + examples_a_shard - 1) / examples_a_shard;
    fixture->shard_first[index] = new_array(n_shards + 1, sizeof(uint64_t));
    fixture->example_line[index] = new_array(n_examples, sizeof(uint64_t));
    for (size_t i = 0; i < n_shards; i++)
        fixture->shard_first[index][i] = i * examples_a_shard;
    fixture->shard_first[index][n_shards] = n_examples;
    for (size_t i = 0; i < n_examples; i++)
        fixture->example_line[index][i] = 2 * i + 1;
    fixture->tasks[index] = (hs_results_task){
        .name = names[index],
        .kind = kinds[index],
        .n_examples = n_examples,
        .n_metrics = index == 0 ? 3 : 2,
        .metrics = metrics[index],
        .n_shards = n_shards,
        .shard_first = fixture->shard_first[index],
        .example_line = fixture->example_line[index],
    };
}

static void add_donors(results_fixture *fixture)
{
    const size_t n = fixture->tasks[1].n_examples;
    fixture->donor = new_array(n, sizeof *fixture->donor);
    for (size_t i = 0; i < n; i++)
        fixture->donor[i] = (uint32_t)((i + 1) % n);
    fixture->tasks[1].donor = fixture->donor;
}

static void add_means(results_fixture *fixture, size_t n_layers)
{
    const size_t n_positions = 5, n_columns = 8, n = n_layers * n_columns;
    fixture->mean = new_array(n, sizeof(float));
    fixture->position_mean = new_array(n * n_positions, sizeof(float));
    for (size_t i = 0; i < n; i++)
        fixture->mean[i] = (float)i / 16.0F;
    for (size_t i = 0; i < n * n_positions; i++)
        fixture->position_mean[i] = -(float)i / 32.0F;
    fixture->layout.mean_n_layers = n_layers;
    fixture->layout.mean_n_positions = n_positions;
    fixture->layout.mean_n_columns = n_columns;
    fixture->layout.mean = fixture->mean;
    fixture->layout.position_mean = fixture->position_mean;
}

void results_fixture_init(results_fixture *fixture, results_fixture_options options)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->layout.experiment_hash = UINT64_C(0x9e3779b97f4a7c15);
    fixture->layout.experiment = experiment;
    fixture->layout.n_experiment = sizeof experiment / sizeof experiment[0];
    fixture->layout.provenance = provenance;
    fixture->layout.n_provenance = sizeof provenance / sizeof provenance[0];
    add_sets(fixture, options.n_layers, options.n_heads);
    add_task(fixture, 0, options.n_examples, options.examples_a_shard);
    add_task(fixture, 1, options.n_examples + 1, options.examples_a_shard);
    add_donors(fixture);
    fixture->tasks[1].n_text_sets = 3;
    fixture->tasks[1].n_samples = 2;
    fixture->tasks[1].text_bytes = 8;
    if (options.means)
        add_means(fixture, options.n_layers);
    fixture->layout.tasks = fixture->tasks;
    fixture->layout.n_tasks = 2;
}

void results_fixture_clear(results_fixture *fixture)
{
    hs_sets_clear(&fixture->sets);
    for (size_t i = 0; i < 2; i++) {
        free(fixture->shard_first[i]);
        free(fixture->example_line[i]);
    }
    free(fixture->donor);
    free(fixture->mean);
    free(fixture->position_mean);
    memset(fixture, 0, sizeof *fixture);
}

size_t results_fixture_cells(const results_fixture *fixture)
{
    return fixture->layout.sets.n_sets * (fixture->tasks[0].n_shards + fixture->tasks[1].n_shards);
}

hs_cell results_fixture_cell(const results_fixture *fixture, size_t index)
{
    const size_t n_first = fixture->layout.sets.n_sets * fixture->tasks[0].n_shards;
    const uint32_t task = index >= n_first;
    const size_t within = task == 0 ? index : index - n_first, n_shards = fixture->tasks[task].n_shards;
    return (hs_cell){.task = task, .shard = (uint32_t)(within % n_shards), .set = within / n_shards};
}

size_t results_fixture_cell_values(const results_fixture *fixture, hs_cell cell)
{
    const hs_results_task *task = &fixture->tasks[cell.task];
    return (size_t)(task->shard_first[cell.shard + 1] - task->shard_first[cell.shard]) * task->n_metrics;
}

float results_fixture_value(uint32_t task, uint64_t set, size_t example, size_t metric)
{
    if ((set + example + metric) % 17 == 16)
        return NAN;
    return (float)(task * 100 + metric * 10 + set) + (float)example / 1024.0F;
}

void results_fixture_fill(const results_fixture *fixture, hs_cell cell, float *values)
{
    const hs_results_task *task = &fixture->tasks[cell.task];
    for (size_t i = (size_t)task->shard_first[cell.shard]; i < task->shard_first[cell.shard + 1]; i++)
        for (size_t metric = 0; metric < task->n_metrics; metric++)
            *values++ = results_fixture_value(cell.task, cell.set, i, metric);
}

void test_folder_new(char *path, size_t capacity)
{
    const char *parent = getenv("TMPDIR");
    int length = snprintf(path, capacity, "%s/headsweep.XXXXXX", parent != NULL ? parent : "/tmp");
    REQUIRE(length > 0 && (size_t)length < capacity && mkdtemp(path) != NULL);
}

void test_folder_remove(const char *path)
{
    char file[4096];
    DIR *folder = opendir(path);
    REQUIRE(folder != NULL);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlink(file);
    }
    (void)closedir(folder);
    REQUIRE(rmdir(path) == 0);
}
