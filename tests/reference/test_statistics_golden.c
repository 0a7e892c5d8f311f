/*
 * Every statistic of a made-up sweep against scipy, statsmodels and scikit-learn on the same resamples, flips and
 * halves: statistics_golden.json, made by make_statistics_golden.py.
 */
#include "analysis/statistics.h"
#include "headsweep/analysis.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/checkpoint_writer.h"

/* Relative to the larger of the two numbers and 1e-4: both sides are in double, in another order of summing. */
static const double BOUND = 1e-9;

enum { MAX_SETS = 64, MAX_TASKS = 3, MAX_METRICS = 8, MAX_FILE = 1 << 20 };

typedef struct golden {
    hs_json *json;
    hs_comm *comm;
    char *folder;
    hs_results *results;
} golden;

static const char *const statistic_names[HS_STATISTIC_COUNT] = {
#define STATISTIC_NAME(id, name, meaning) [id] = name,
    HS_RESULTS_STATISTIC_LIST(STATISTIC_NAME)
#undef STATISTIC_NAME
};

static const hs_json_value *get(const hs_json_value *object, const char *key)
{
    const hs_json_value *value = hs_json_get(object, key);

    if (value == NULL)
        fail_msg("statistics_golden.json has no \"%s\"", key);
    return value;
}

static const hs_json_value *root(const golden *g)
{
    return hs_json_root(g->json);
}

/* null is NaN. */
static double number(const hs_json_value *value)
{
    return hs_json_is_number(value) ? hs_json_number(value) : NAN;
}

static bool is_close(double a, double b)
{
    return isnan(a) ? isnan(b) : fabs(a - b) <= BOUND * fmax(1e-4, fmax(fabs(a), fabs(b)));
}

/* The sweep as a results file. */

typedef struct sweep {
    hs_sets sets;
    hs_metric metrics[MAX_TASKS][MAX_METRICS];
    hs_results_task tasks[MAX_TASKS];
    uint64_t shard_first[MAX_TASKS][2];
    uint64_t lines[64];
} sweep;

static hs_status describe_sets(const hs_json_value *sets, sweep *s, hs_error *error)
{
    for (size_t set = 0; set < hs_json_size(sets); ++set) {
        const hs_json_value *heads = hs_json_at(sets, set);
        hs_component components[2] = {{0}};
        for (size_t i = 0; i < hs_json_size(heads); ++i) {
            components[i].layer = (int32_t)hs_json_integer(hs_json_at(heads, i)) / 4;
            components[i].index = (int32_t)hs_json_integer(hs_json_at(heads, i)) % 4;
        }
        HS_TRY(hs_sets_append(&s->sets, set > 0 ? 0 : -1, 0, components, hs_json_size(heads), error));
    }
    return HS_OK;
}

static void describe_task(const hs_json_value *task, size_t index, sweep *s)
{
    const hs_json_value *metrics = get(task, "metrics"), *values = get(task, "values");

    for (size_t i = 0; i < hs_json_size(metrics); ++i) {
        const hs_json_value *metric = hs_json_at(metrics, i);
        s->metrics[index][i] = (hs_metric){.name = hs_json_string(get(metric, "name")),
                                           .unit = "units",
                                           .meaning = "made up",
                                           .better = -1,
                                           .percent = hs_json_true(get(metric, "percent")),
                                           .per = (int)hs_json_integer(get(metric, "per"))};
    }
    s->shard_first[index][1] = hs_json_size(hs_json_at(values, 0));
    s->tasks[index] = (hs_results_task){.name = hs_json_string(get(task, "name")),
                                        .kind = "made_up",
                                        .n_examples = s->shard_first[index][1],
                                        .n_metrics = hs_json_size(metrics),
                                        .metrics = s->metrics[index],
                                        .n_shards = 1,
                                        .shard_first = s->shard_first[index],
                                        .example_line = s->lines};
}

static hs_status write_values(const golden *g, const sweep *s, hs_results *results, hs_error *error)
{
    const hs_json_value *tasks = get(root(g), "tasks");
    float values[64 * MAX_METRICS];

    for (uint32_t task = 0; task < hs_json_size(tasks); ++task) {
        const hs_json_value *sets = get(hs_json_at(tasks, task), "values");
        for (size_t set = 0; set < hs_json_size(sets); ++set) {
            for (size_t i = 0; i < s->tasks[task].n_examples * s->tasks[task].n_metrics; ++i)
                values[i] = (float)number(hs_json_at(hs_json_at(hs_json_at(sets, set), i / s->tasks[task].n_metrics),
                                                     i % s->tasks[task].n_metrics));
            HS_TRY(hs_results_write_cell(results, (hs_cell){task, 0, set}, values, error));
        }
    }
    return HS_OK;
}

static hs_status write_sweep(golden *g, const char *path, hs_error *error)
{
    static const char *const interventions[] = {"zero"};
    static sweep s;
    const hs_json_value *sets = get(root(g), "sets"), *tasks = get(root(g), "tasks");

    s.sets = (hs_sets){.n_interventions = 1, .intervention_names = interventions};
    HS_TRY(describe_sets(sets, &s, error));
    for (size_t i = 0; i < hs_json_size(tasks); ++i)
        describe_task(hs_json_at(tasks, i), i, &s);
    const hs_results_layout layout = {.sets = s.sets, .tasks = s.tasks, .n_tasks = hs_json_size(tasks)};
    hs_status status = hs_results_create(path, &layout, error);
    hs_sets_clear(&s.sets);
    HS_TRY(status);
    HS_TRY(hs_results_open_parallel(g->comm, path, &g->results, error));
    return write_values(g, &s, g->results, error);
}

static int set_up(void **state)
{
    static golden g;
    hs_error error = {0};
    char path[512];

    snprintf(path, sizeof path, "%s/reference/statistics_golden.json", getenv("HEADSWEEP_TEST_DATA"));
    if (hs_json_read(path, MAX_FILE, &g.json, &error) != HS_OK || hs_comm_new(&g.comm, &error) != HS_OK) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    g.folder = test_temporary_folder();
    snprintf(path, sizeof path, "%s/r.h5", g.folder);
    if (write_sweep(&g, path, &error) != HS_OK) {
        fprintf(stderr, "%s\n", error.message);
        return -1;
    }
    *state = &g;
    return 0;
}

static int tear_down(void **state)
{
    golden *g = *state;
    hs_error error = {0};

    hs_results_close(g->results, &error);
    hs_comm_free(g->comm);
    hs_json_free(g->json);
    test_folder_remove(g->folder);
    free(g->folder);
    return 0;
}

static hs_analysis *analyse(const golden *g, bool bca)
{
    const hs_analysis_options options = {.resamples = (size_t)hs_json_integer(get(root(g), "resamples")),
                                         .permutations = (size_t)hs_json_integer(get(root(g), "permutations")),
                                         .confidence = hs_json_number(get(root(g), "confidence")),
                                         .bca = bca,
                                         .seed = (uint64_t)hs_json_integer(get(root(g), "seed"))};
    hs_analysis *analysis;
    hs_error error = {0};

    assert_ok(hs_analysis_new(g->results, NULL, &options, &analysis, &error), &error);
    return analysis;
}

/* expected[sets][metrics] of one statistic; returns how many were numbers. */
static size_t compare_statistic(const hs_analysis *analysis, size_t task, hs_statistic statistic,
                                const hs_json_value *expected)
{
    size_t n_numbers = 0;

    assert_int_equal(hs_json_size(expected), analysis->n_sets);
    for (size_t set = 0; set < analysis->n_sets; ++set)
        for (size_t metric = 0; metric < hs_json_size(hs_json_at(expected, set)); ++metric) {
            double wanted = number(hs_json_at(hs_json_at(expected, set), metric));
            double found = hs_analysis_value(analysis, statistic, task, metric, set);
            if (!is_close(found, wanted))
                fail_msg("task %zu, %s of set %zu, metric %zu: %.17g, scipy has %.17g", task,
                         statistic_names[statistic], set, metric, found, wanted);
            n_numbers += isfinite(wanted) != 0;
        }
    return n_numbers;
}

static void compare_tables(const golden *g, const hs_analysis *analysis, const char *key)
{
    for (size_t task = 0; task < analysis->n_tasks; ++task) {
        const hs_json_value *expected = get(hs_json_at(get(root(g), "tasks"), task), key);
        for (size_t statistic = 0; statistic < HS_STATISTIC_COUNT; ++statistic) {
            const hs_json_value *table = hs_json_get(expected, statistic_names[statistic]);
            if (table != NULL)
                assert_true(compare_statistic(analysis, task, (hs_statistic)statistic, table) > 0);
        }
    }
}

static void bca_intervals_and_tests_are_scipys(void **state)
{
    const golden *g = *state;
    hs_analysis *analysis = analyse(g, true);

    assert_int_equal(hs_json_size(get(hs_json_at(get(root(g), "tasks"), 0), "bca")), HS_STATISTIC_COUNT);
    compare_tables(g, analysis, "bca");
    hs_analysis_free(analysis);
}

static void percentile_intervals_are_scipys(void **state)
{
    const golden *g = *state;
    hs_analysis *analysis = analyse(g, false);

    compare_tables(g, analysis, "percentile");
    hs_analysis_free(analysis);
}

static void stability_is_scipys(void **state)
{
    const golden *g = *state;
    hs_analysis *analysis = analyse(g, true);

    for (size_t task = 0; task < analysis->n_tasks; ++task) {
        const hs_json_value *rows = get(hs_json_at(get(root(g), "tasks"), task), "stability");
        for (size_t metric = 0; metric < hs_json_size(rows); ++metric)
            for (size_t field = 0; field < HS_STABILITY_COUNT; ++field) {
                double wanted = number(hs_json_at(hs_json_at(rows, metric), field));
                double found = analysis->stability[task][metric * HS_STABILITY_COUNT + field];
                if (!is_close(found, wanted))
                    fail_msg("task %zu, metric %zu, field %zu: %.17g, scipy has %.17g", task, metric, field, found,
                             wanted);
            }
    }
    hs_analysis_free(analysis);
}

static size_t read_numbers(const hs_json_value *list, double *values, size_t capacity)
{
    assert_true(hs_json_size(list) <= capacity);
    for (size_t i = 0; i < hs_json_size(list); ++i)
        values[i] = number(hs_json_at(list, i));
    return hs_json_size(list);
}

static const hs_json_value *function_cases(void **state, const char *name)
{
    return get(get(root(*state), "functions"), name);
}

static void normal_is_scipys(void **state)
{
    static const struct {
        const char *name;
        double (*function)(double x);
    } functions[] = {{"normal_cdf", hs__analysis_normal_cdf}, {"normal_quantile", hs__analysis_normal_quantile}};

    for (size_t f = 0; f < 2; ++f) {
        const hs_json_value *cases = function_cases(state, functions[f].name);
        for (size_t i = 0; i < hs_json_size(cases); ++i) {
            double x = number(hs_json_at(hs_json_at(cases, i), 0)), y = number(hs_json_at(hs_json_at(cases, i), 1));
            double found = functions[f].function(x);
            if (fabs(found - y) > 1e-13 * fabs(y))
                fail_msg("%s(%.17g) = %.17g, scipy has %.17g", functions[f].name, x, found, y);
        }
    }
    assert_true(hs__analysis_normal_quantile(0) == -HUGE_VAL && hs__analysis_normal_quantile(1) == HUGE_VAL);
}

static void quantiles_are_numpys(void **state)
{
    const hs_json_value *cases = function_cases(state, "quantile");
    double values[64];

    for (size_t i = 0; i < hs_json_size(cases); ++i) {
        const hs_json_value *row = hs_json_at(cases, i);
        size_t n = read_numbers(hs_json_at(row, 0), values, 64);
        assert_true(
            is_close(hs__analysis_quantile_of(values, n, number(hs_json_at(row, 1))), number(hs_json_at(row, 2))));
    }
}

static void spearman_is_scipys(void **state)
{
    const hs_json_value *row = function_cases(state, "spearman");
    double a[64], b[64], ranks[128];
    uint32_t order[64];
    size_t n = read_numbers(hs_json_at(row, 0), a, 64);

    assert_int_equal(read_numbers(hs_json_at(row, 1), b, 64), n);
    assert_true(is_close(hs__analysis_spearman(a, b, n, order, ranks), number(hs_json_at(row, 2))));
}

static void corrections_are_scipys(void **state)
{
    const hs_json_value *row = function_cases(state, "benjamini_hochberg");
    double p[64], q[64], expected[64];
    hs_error error = {0};
    size_t n = read_numbers(hs_json_at(row, 0), p, 63);

    read_numbers(hs_json_at(row, 1), expected, 64);
    p[n] = NAN; /* what was not tested does not count */
    assert_ok(hs__analysis_benjamini_hochberg(p, n + 1, q, &error), &error);
    for (size_t i = 0; i < n; ++i)
        assert_true(is_close(q[i], expected[i]));
    assert_true(isnan(q[n]));
}

/* Against all 2^18 flips: within 3%, where less than 100 of them reach the sum within 30%. */
static void saddlepoint_is_close_to_all_flips(void **state)
{
    const hs_json_value *cases = function_cases(state, "all_flips");
    double differences[64];

    for (size_t i = 0; i < hs_json_size(cases); ++i) {
        size_t n = read_numbers(hs_json_at(hs_json_at(cases, i), 0), differences, 64);
        double exact = number(hs_json_at(hs_json_at(cases, i), 1)),
               found = hs__analysis_sign_flip_saddlepoint(differences, n);
        if (fabs(found / exact - 1) > (exact * 0x1p18 < 100 ? 0.3 : 0.03))
            fail_msg("saddlepoint %.6g, all flips %.6g", found, exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bca_intervals_and_tests_are_scipys),
        cmocka_unit_test(percentile_intervals_are_scipys),
        cmocka_unit_test(stability_is_scipys),
        cmocka_unit_test(normal_is_scipys),
        cmocka_unit_test(quantiles_are_numpys),
        cmocka_unit_test(spearman_is_scipys),
        cmocka_unit_test(corrections_are_scipys),
        cmocka_unit_test(saddlepoint_is_close_to_all_flips),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
