/* results: what is created is what is read, of one experiment, with the names of its sets. */
#include "results/hdf5.h"
#include "support/assert_status.h"
#include "support/results_place.h"
#include "support/results_ranked.h"

#include <inttypes.h>

#include <math.h>
#include <string.h>
#include <sys/stat.h>

static void assert_same_tables(const hs_results *results, const results_fixture *fixture)
{
    const hs_sets *sets = hs_results_sets_of(results), *expected = &fixture->layout.sets;
    assert_int_equal(sets->n_sets, expected->n_sets);
    assert_int_equal(sets->max_order, 2);
    assert_memory_equal(sets->order, expected->order, sets->n_sets * sizeof(int32_t));
    assert_memory_equal(sets->intervention, expected->intervention, sets->n_sets * sizeof(int32_t));
    assert_memory_equal(sets->parent, expected->parent, sets->n_sets * sizeof(int32_t));
    assert_memory_equal(sets->first_added, expected->first_added, (sets->n_sets + 1) * sizeof(uint64_t));
    assert_memory_equal(sets->added, expected->added, sets->n_added * sizeof(hs_component));
    assert_int_equal(sets->n_interventions, 2);
    assert_string_equal(sets->intervention_names[1], "mean");
    assert_int_equal(hs_results_n_tasks(results), 2);
    for (size_t i = 0; i < 2; i++) {
        const hs_results_task *task = hs_results_task_at(results, i), *same = &fixture->tasks[i];
        assert_string_equal(task->name, same->name);
        assert_string_equal(task->kind, same->kind);
        assert_int_equal(task->n_examples, same->n_examples);
        assert_int_equal(task->n_shards, 3);
        assert_memory_equal(task->shard_first, same->shard_first, 4 * sizeof(uint64_t));
        assert_memory_equal(task->example_line, same->example_line, same->n_examples * sizeof(uint64_t));
        assert_int_equal(task->n_metrics, same->n_metrics);
        for (size_t m = 0; m < same->n_metrics; m++) {
            assert_string_equal(task->metrics[m].name, same->metrics[m].name);
            assert_string_equal(task->metrics[m].unit, same->metrics[m].unit);
            assert_string_equal(task->metrics[m].meaning, same->metrics[m].meaning);
            assert_int_equal(task->metrics[m].better, same->metrics[m].better);
            assert_int_equal(task->metrics[m].percent, same->metrics[m].percent);
            assert_int_equal(task->metrics[m].per, same->metrics[m].per);
        }
    }
    assert_null(hs_results_task_at(results, 0)->donor);
    assert_memory_equal(hs_results_task_at(results, 1)->donor, fixture->donor, 11 * sizeof(uint32_t));
}

static void test_what_is_created_is_read(void **state)
{
    test_place *place = *state;
    hs_results *results = created(place);
    assert_same_tables(results, &place->fixture);
    assert_true(hs_results_experiment_hash(results) == place->fixture.layout.experiment_hash);
    assert_string_equal(hs_results_attribute_of(results, "experiment", "sweep.orders"), "[1, 2]");
    assert_string_equal(hs_results_attribute_of(results, "provenance", "checkpoint_hash"), "0123456789abcdef");
    assert_null(hs_results_attribute_of(results, "experiment", "checkpoint_hash"));
    assert_ok(hs_results_check_experiment(results, &place->fixture.layout, &place->error), &place->error);
    assert_ok(hs_results_close(results, &place->error), &place->error);
    assert_progress(place, 0, 0);
    /* Nothing but the file itself is left. */
    char temporary[640];
    (void)snprintf(temporary, sizeof temporary, "%s.headsweep-tmp", place->path);
    assert_false(hs_path_exists(temporary));
}

/* By the table of kinds: a new one needs no other place. */
static void test_kinds_of_components_are_named(void **state)
{
    test_place *place = *state;
    char *meaning = NULL, wanted[64];
    assert_ok(hs_results_create(place->path, &place->fixture.layout, &place->error), &place->error);
    hid_t file = H5Fopen(place->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "/sets/added", H5P_DEFAULT);
    assert_ok(hs__results_hdf5_read_text(dataset, "meaning", &meaning, &place->error), &place->error);
    for (int32_t kind = 0; kind < HS_COMPONENT_KINDS; kind++) {
        (void)snprintf(wanted, sizeof wanted, " %d %s", (int)kind, hs_sets_kind(kind)->title);
        assert_non_null(strstr(meaning, wanted));
    }
    hs_free(meaning);
    H5Dclose(dataset);
    H5Fclose(file);
}

/* Files of before lack the scales that number and name axes, and what is linked into other groups. */
static void test_files_of_before_are_read(void **state)
{
    static const char *const absent[] = {"/sets/set",           "/sets/component_row",    "/sets/component_field",
                                         "/sets/phase_field",   "/provenance/run_number", "/reference/layer",
                                         "/reference/position", "/reference/column",      "/ranking/set",
                                         "/ranking/ranking",    "/ranking/method_field",  "/ranking/stability_field"};
    static const char *const absent_of_tasks[] = {
        "set", "order", "intervention", "intervention_name", "stability_field", "sample"};
    test_place *place = *state;
    hs_results *results = NULL;
    char path[600];
    assert_ok(hs_results_create(place->path, &place->fixture.layout, &place->error), &place->error);
    hid_t file = H5Fopen(place->path, H5F_ACC_RDWR, H5P_DEFAULT);
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_true(H5Ldelete(file, absent[i], H5P_DEFAULT) >= 0);
    for (size_t task = 0; task < 2; task++)
        for (size_t i = 0; i < sizeof absent_of_tasks / sizeof *absent_of_tasks; i++) {
            (void)snprintf(path, sizeof path, "/results/%s/%s", place->fixture.tasks[task].name, absent_of_tasks[i]);
            if (H5Lexists(file, path, H5P_DEFAULT) > 0)
                assert_true(H5Ldelete(file, path, H5P_DEFAULT) >= 0);
            (void)snprintf(path, sizeof path, "/ranking/%s/%s", place->fixture.tasks[task].name, absent_of_tasks[i]);
            if (H5Lexists(file, path, H5P_DEFAULT) > 0)
                assert_true(H5Ldelete(file, path, H5P_DEFAULT) >= 0);
        }
    assert_true(H5Fclose(file) >= 0);
    assert_ok(hs_results_open_read(place->path, &results, &place->error), &place->error);
    assert_same_tables(results, &place->fixture);
    assert_int_equal(hs_results_task_at(results, 1)->n_samples, 2);
    assert_null(hs_results_task_at(results, 0)->chance);
    assert_ok(hs_results_close(results, &place->error), &place->error);
}

/* A level of chance is kept beside its metric; an impossible one is damage. */
static void test_levels_of_chance(void **state)
{
    static const double chance[3] = {0.25, 0, 0.5}, impossible[3] = {0.25, NAN, 0};
    test_place *place = *state;
    hs_results *results;
    place->fixture.tasks[0].chance = chance;
    results = created(place);
    assert_memory_equal(hs_results_task_at(results, 0)->chance, chance,
                        place->fixture.tasks[0].n_metrics * sizeof *chance);
    assert_null(hs_results_task_at(results, 1)->chance);
    assert_ok(hs_results_close(results, &place->error), &place->error);
    assert_int_equal(unlink(place->path), 0);
    place->fixture.tasks[0].chance = impossible;
    assert_ok(hs_results_create(place->path, &place->fixture.layout, &place->error), &place->error);
    assert_int_equal(hs_results_open_read(place->path, &results, &place->error), HS_ERROR_RESULTS);
}

static void test_means_are_read_and_checked(void **state)
{
    test_place *place = *state;
    size_t n_layers = 0, n_positions = 0, n_columns = 0;
    float mean[16], position_mean[80];
    hs_results *results = created(place);
    hs_results_means_sizes(results, &n_layers, &n_positions, &n_columns);
    assert_int_equal(n_layers, 2);
    assert_int_equal(n_positions, 5);
    assert_int_equal(n_columns, 8);
    assert_ok(hs_results_read_means(results, mean, position_mean, &place->error), &place->error);
    assert_memory_equal(mean, place->fixture.mean, sizeof mean);
    assert_memory_equal(position_mean, place->fixture.position_mean, sizeof position_mean);
    assert_ok(hs_results_close(results, &place->error), &place->error);

    flip_byte(place->path, dataset_offset(place->path, "/reference/position_mean") + 100);
    assert_ok(hs_results_open_read(place->path, &results, &place->error), &place->error);
    assert_int_equal(hs_results_read_means(results, mean, position_mean, &place->error), HS_ERROR_RESULTS);
    assert_error(&place->error, HS_ERROR_RESULTS, "reference means");
    (void)hs_results_close(results, &place->error);
}

static void test_without_means_there_are_none(void **state)
{
    test_place *place = *state;
    size_t sizes[3] = {1, 1, 1};
    place->fixture.layout.mean_n_layers = 0;
    hs_results *results = created(place);
    hs_results_means_sizes(results, &sizes[0], &sizes[1], &sizes[2]);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(sizes[i], 0);
    assert_ok(hs_results_read_means(results, NULL, NULL, &place->error), &place->error);
    assert_ok(hs_results_close(results, &place->error), &place->error);
}

static void test_long_attributes(void **state)
{
    test_place *place = *state;
    const size_t n = 100000; /* more than the 64 kB of an object header */
    char *value = calloc(n + 1, 1);
    assert_non_null(value);
    memset(value, 'x', n);
    const hs_results_attribute attributes[] = {
        {"empty", "", true}, {"long", value, true}, {"utf8", "k\xc3\xb6pfe", false}};
    place->fixture.layout.experiment = attributes;
    place->fixture.layout.n_experiment = 3;
    hs_results *results = created(place);
    assert_string_equal(hs_results_attribute_of(results, "experiment", "empty"), "");
    assert_string_equal(hs_results_attribute_of(results, "experiment", "long"), value);
    assert_string_equal(hs_results_attribute_of(results, "experiment", "utf8"), "k\xc3\xb6pfe");
    assert_ok(hs_results_close(results, &place->error), &place->error);
    free(value);
}

/* Two files of one layout are equal to the byte. */
static void test_creation_is_deterministic(void **state)
{
    test_place *place = *state;
    char other[640], *a = NULL, *b = NULL;
    size_t n_a = 0, n_b = 0;
    (void)snprintf(other, sizeof other, "%s/other.h5", place->folder);
    assert_ok(hs_results_create(place->path, &place->fixture.layout, &place->error), &place->error);
    (void)sleep(1); /* a time stamp would differ */
    assert_ok(hs_results_create(other, &place->fixture.layout, &place->error), &place->error);
    assert_ok(hs_file_read(place->path, 1 << 24, &a, &n_a, &place->error), &place->error);
    assert_ok(hs_file_read(other, 1 << 24, &b, &n_b, &place->error), &place->error);
    assert_int_equal(n_a, n_b);
    assert_memory_equal(a, b, n_a);
    hs_free(a);
    hs_free(b);
}

static void assert_size_is_predicted(test_place *place, results_fixture_options options)
{
    results_fixture fixture;
    struct stat file;
    results_fixture_init(&fixture, options);
    assert_ok(hs_results_create(place->path, &fixture.layout, &place->error), &place->error);
    assert_int_equal(stat(place->path, &file), 0);
    double predicted = (double)hs_results_file_bytes(&fixture.layout), size = (double)file.st_size;
    double allowed = size * 0.01 > 65536 ? size * 0.01 : 65536;
    if (fabs(predicted - size) > allowed)
        fail_msg("predicted %.0f bytes, the file has %.0f", predicted, size);
    /* Every block is reserved: no write of a cell can find the disk full. */
    assert_true((double)file.st_blocks * 512 >= size);
    assert_int_equal(unlink(place->path), 0);
    results_fixture_clear(&fixture);
}

static void test_file_size_is_predicted(void **state)
{
    test_place *place = *state;
    assert_size_is_predicted(place, small_experiment);
    assert_size_is_predicted(place, (results_fixture_options){1, 1, 1, 1, false});
    assert_size_is_predicted(place, (results_fixture_options){6, 8, 50, 16, true});
    assert_size_is_predicted(place, (results_fixture_options){2, 3, 3000, 5, false});
}

static void test_size_does_not_wrap(void **state)
{
    test_place *place = *state;
    hs_results_layout layout = place->fixture.layout;
    hs_results_task task = place->fixture.tasks[0];
    task.n_examples = SIZE_MAX / 16;
    layout.tasks = &task;
    layout.n_tasks = 1;
    assert_true(hs_results_file_bytes(&layout) == SIZE_MAX);
}

static void test_other_experiment_is_named(void **state)
{
    test_place *place = *state;
    hs_results *results = created(place);
    const hs_results_attribute experiment[] = {{"model.checkpoint", "elsewhere", false},
                                               {"sweep.orders", "[1]", true},
                                               {"sweep.interventions", "[\"zero\", \"mean\"]", true},
                                               {"sweep.new", "7", true}};
    const hs_results_attribute provenance[] = {{"checkpoint_hash", "ffff", true},
                                               {"toxicity_hash", "fedcba9876543210", true}};
    hs_results_layout other = place->fixture.layout;
    other.experiment_hash++;
    other.experiment = experiment;
    other.n_experiment = 4;
    other.provenance = provenance;
    other.n_provenance = 2;
    assert_int_equal(hs_results_check_experiment(results, &other, &place->error), HS_ERROR_RESULTS);
    assert_error(&place->error, HS_ERROR_RESULTS, "sweep.orders: file has [1, 2], experiment has [1]");
    assert_error(&place->error, HS_ERROR_RESULTS, "sweep.new: file has nothing, experiment has 7");
    assert_error(&place->error, HS_ERROR_RESULTS, "sweep.heads: file has [\"*\"], experiment has nothing");
    assert_error(&place->error, HS_ERROR_RESULTS, "checkpoint_hash: file has 0123456789abcdef, experiment has ffff");
    assert_null(strstr(place->error.message, "model.checkpoint"));
    assert_null(strstr(place->error.message, "sweep.interventions"));
    assert_null(strstr(place->error.message, "toxicity_hash"));
    place->error = (hs_error){0};
    assert_ok(hs_results_close(results, &place->error), &place->error);
}

/* The same hash with another table of sets can only be another version; it is not the same experiment either. */
static void test_other_tables_are_another_experiment(void **state)
{
    test_place *place = *state;
    hs_results *results = created(place);
    place->fixture.sets.added[7].index ^= 1;
    assert_int_equal(hs_results_check_experiment(results, &place->fixture.layout, &place->error), HS_ERROR_RESULTS);
    assert_error(&place->error, HS_ERROR_RESULTS, "no setting differs");
    (void)hs_results_close(results, &place->error);
}

/* Puts these lines into /ranking/restated, with their checksum. */
static void put_restated(test_place *place, const char *lines)
{
    char text[8192] = "";
    (void)snprintf(text, sizeof text, "%016" PRIx64 "\n%s", hs_hash_text(place->fixture.layout.experiment_hash, lines),
                   lines);
    exchange(place->path, dataset_offset(place->path, "/ranking/restated"), text, sizeof text, true);
}

static void assert_states(test_place *place, const char *name, const char *value)
{
    hs_results *results = NULL;
    assert_ok(hs_results_open_read(place->path, &results, &place->error), &place->error);
    assert_string_equal(hs_results_attribute_of(results, "experiment", name), value);
    assert_ok(hs_results_check_experiment(results, &place->fixture.layout, &place->error), &place->error);
    assert_ok(hs_results_close(results, &place->error), &place->error);
}

/* What makes the experiment is never stated again, and what is not whole counts as nothing. */
static void test_restated_settings(void **state)
{
    test_place *place = *state;
    char full[8192];
    assert_ok(hs_results_close(created(place), &place->error), &place->error);
    const off_t offset = dataset_offset(place->path, "/ranking/restated");
    put_restated(place, "objective.tolerance = 0.5\nsweep.orders = [7]\nrun.scheduler = x\nnone = 1\nodd\n\n");
    assert_states(place, "objective.tolerance", "0.5");
    assert_states(place, "sweep.orders", "[1, 2]");
    assert_states(place, "run.scheduler", "guided");
    assert_states(place, "objective.reduce", "toxicity");
    flip_byte(place->path, offset + 40);
    assert_states(place, "objective.tolerance", "0.02");
    put_restated(place, "objective.tolerance = \xff\n");
    assert_states(place, "objective.tolerance", "0.02");
    memset(full, 'f', sizeof full);
    exchange(place->path, offset, full, sizeof full, true);
    assert_states(place, "objective.tolerance", "0.02");
}

/* A file of an earlier headsweep. */
static void test_no_room_to_restate(void **state)
{
    test_place *place = *state;
    hs_results *results = created(place);
    assert_true(hs_results_can_restate(results));
    assert_ok(hs_results_close(results, &place->error), &place->error);
    hid_t file = H5Fopen(place->path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(H5Ldelete(file, "/ranking/restated", H5P_DEFAULT) >= 0 && H5Fclose(file) >= 0);
    assert_ok(hs_results_open_read(place->path, &results, &place->error), &place->error);
    assert_false(hs_results_can_restate(results));
    assert_ok(hs_results_close(results, &place->error), &place->error);
    assert_states(place, "objective.tolerance", "0.02");
}

static void test_no_run_yet(void **state)
{
    test_place *place = *state;
    size_t n_runs = 7;
    hs_results_run run = {.start = 1};
    hs_results *results = created(place);
    assert_ok(hs_results_n_runs(results, &n_runs, &place->error), &place->error);
    assert_int_equal(n_runs, 0);
    assert_ok(hs_results_read_run(results, 0, &run, &place->error), &place->error);
    assert_true(run.start == 0 && run.end == 0 && run.cells == 0 && run.host[0] == '\0');
    assert_false(results_is_ranked(results));
    assert_ok(hs_results_close(results, &place->error), &place->error);
}

/* A set by its components in any order and spelling; a set of many by what is printed of it. */
static void test_names_of_sets(void **state)
{
    enum { MANY = 14 };
    hs_component many[MANY] = {{0}};
    static const struct {
        const char *name;
        int set; /* -1: none */
    } cases[] = {{"clean", 0},
                 {"0.1", 1},
                 {"L0H1", 1},
                 {"0.10", -1},
                 {"0.1+2.10", 2},
                 {"2.10+0.1", 2},
                 {"L2H10+0.1", 2},
                 {"L0H1+L2H10", 2},
                 {"0.1+0.1", -1},
                 {"0.1+2.1", -1},
                 {"0.1+2.10+", -1},
                 {"2.10", -1},
                 {"", -1},
                 {"x", -1},
                 {"1.0+1.1+1.2+1.3+1.4+1.5+1.6+1.7+...+1.13 (14)", 3},
                 {"L1H0+L1H1+L1H2+L1H3+L1H4+L1H5+L1H6+L1H7+...+L1H13 (14)", 3},
                 {"1.13+1.1+1.2+1.3+1.4+1.5+1.6+1.7+1.8+1.9+1.10+1.11+1.12+1.0", 3},
                 {"0.kv1", 4},
                 {"L0KV1", 4}};
    hs_sets sets = {0};
    hs_error failed = {0};
    (void)state;
    for (int32_t i = 0; i < MANY; i++)
        many[i] = (hs_component){HS_COMPONENT_HEAD, 1, i};
    assert_int_equal(hs_sets_append(&sets, -1, 0, NULL, 0, &failed), HS_OK);
    assert_int_equal(hs_sets_append(&sets, 0, 0, &(hs_component){HS_COMPONENT_HEAD, 0, 1}, 1, &failed), HS_OK);
    assert_int_equal(hs_sets_append(&sets, 0, 1, &(hs_component){HS_COMPONENT_HEAD, 2, 10}, 1, &failed), HS_OK);
    assert_int_equal(hs_sets_append(&sets, 0, 0, many, MANY, &failed), HS_OK);
    assert_int_equal(hs_sets_append(&sets, 0, 0, &(hs_component){HS_COMPONENT_KV_GROUP, 0, 1}, 1, &failed), HS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int set = 0; set < 5; set++) {
            hs_error error = {0};
            bool is = false;
            assert_ok(hs_sets_is_named(&sets, (uint64_t)set, cases[i].name, &is, &error), &error);
            if (is != (cases[i].set == set))
                fail_msg("\"%s\" %s set %d", cases[i].name, is ? "is" : "is not", set);
        }
    hs_sets_clear(&sets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PLACE(test_what_is_created_is_read),
        WITH_PLACE(test_kinds_of_components_are_named),
        WITH_PLACE(test_files_of_before_are_read),
        WITH_PLACE(test_levels_of_chance),
        cmocka_unit_test(test_names_of_sets),
        WITH_PLACE(test_means_are_read_and_checked),
        WITH_PLACE(test_without_means_there_are_none),
        WITH_PLACE(test_long_attributes),
        WITH_PLACE(test_creation_is_deterministic),
        WITH_PLACE(test_file_size_is_predicted),
        WITH_PLACE(test_size_does_not_wrap),
        WITH_PLACE(test_other_experiment_is_named),
        WITH_PLACE(test_other_tables_are_another_experiment),
        WITH_PLACE(test_no_run_yet),
        WITH_PLACE(test_restated_settings),
        WITH_PLACE(test_no_room_to_restate),
    };
    return cmocka_run_group_tests_name("results", tests, NULL, NULL);
}
