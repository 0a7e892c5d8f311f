/*
 * Pruning curves and controls of a model whose answer is known exactly (support/planted_circuit.h), through the
 * program: what is left after each head follows from a boolean model, so the order of removal and every point can be
 * predicted.
 *
 * The metric is the share of subjects whose answer the model knows (task backup, acc). Head 0.3 gives it, and 2.1 does
 * where 0.3 is off. No single head is missed, so by importance heads go in the order of the table, and with 2.1, the
 * tenth, knowledge goes all at once. The greedy curve finds 2.1 out when only it is left to carry the answer, takes
 * 2.2 and 2.3 first, and keeps everything without 11 of 12 heads.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "headsweep/report.h"
#include "headsweep/sweep.h"
#include "support/assert_status.h"
#include "support/checkpoint_writer.h"
#include "support/planted_circuit.h"

enum { N_HEADS = PLANTED_LAYERS * PLANTED_HEADS, N_RANDOM = 9 };

static const int importance_order[N_HEADS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
static const int greedy_order[N_HEADS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 9};

typedef struct fixture {
    char *folder;
    char path[512];
    hs_results *results;
} fixture;

static const char settings[] =
    "--set sweep.orders=[1] --set 'sweep.interventions=[\"zero\"]' --set pruning.curve=both "
    "--set pruning.metric=backup.acc --set controls.random_sets=9 --set objective.keep= --set objective.reduce=backup";

static int open_fixture(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    const char *program = getenv("HEADSWEEP_PROGRAM");
    char command[2048];
    hs_error error = {0};

    *state = f;
    f->folder = test_temporary_folder();
    planted_circuit_write(f->folder);
    snprintf(f->path, sizeof f->path, "%s/pruned.h5", f->folder);
    snprintf(command, sizeof command,
             "'%s' run --quiet '%s/planted.cfg' --set 'output.results=\"%s\"' %s >'%s/log' 2>&1",
             program != NULL ? program : "", f->folder, f->path, settings, f->folder);
    fflush(NULL);
    if (system(command) != 0) {
        snprintf(command, sizeof command, "cat '%s/log' >&2", f->folder);
        (void)!system(command);
        return -1;
    }
    return hs_results_open_read(f->path, &f->results, &error) == HS_OK ? 0 : -1;
}

static int close_fixture(void **state)
{
    fixture *f = *state;
    hs_error error = {0};

    assert_ok(hs_results_close(f->results, &error), &error);
    test_folder_remove(f->folder);
    free(f->folder);
    free(f);
    return 0;
}

/* Whether the model still knows answers without the first n heads of an order. */
static bool still_knows(const int *order, size_t n)
{
    bool primary = true, substitute = true;

    for (size_t i = 0; i < n; ++i) {
        enum planted_role role = planted_role_of(order[i] / PLANTED_HEADS, order[i] % PLANTED_HEADS);
        primary = primary && role != PLANTED_PRIMARY;
        substitute = substitute && role != PLANTED_SUBSTITUTE;
    }
    return primary || substitute;
}

static void assert_curve(const fixture *f, hs_curves method, const int *order)
{
    const hs_sets *sets = hs_results_sets_of(f->results);
    hs_pruning_curve curve;
    hs_error error = {0};
    bool has = false;

    assert_ok(hs_analysis_pruning_curve(f->results, method, &curve, &has, &error), &error);
    assert_true(has);
    assert_int_equal(curve.n_heads, N_HEADS);
    assert_int_equal(curve.n_points, N_HEADS + 1);
    assert_int_equal(curve.n_planned, N_HEADS + 1);
    for (size_t n = 0; n <= N_HEADS; ++n) {
        const hs_pruning_point *point = &curve.points[n];
        /*
         * Guessing is right in half of the pairs: never being right is as far below that as the clean model is above.
         */
        double expected = still_knows(order, n) ? 1 : -1;
        assert_int_equal(point->n_removed, n);
        assert_int_equal(sets->order[point->set], n);
        /* Every example behaves alike: the interval is the estimate. */
        assert_true(point->kept == expected && point->kept_low == expected && point->kept_high == expected);
        if (n == 0)
            continue;
        assert_int_equal(point->head.layer * PLANTED_HEADS + point->head.index, order[n - 1]);
        if (expected == 1)
            assert_int_equal(curve.furthest >= n, 1);
    }
    hs_analysis_pruning_curve_clear(&curve);
}

static void test_curves(void **state)
{
    assert_curve(*state, HS_CURVES_IMPORTANCE, importance_order);
    assert_curve(*state, HS_CURVES_GREEDY, greedy_order);
}

static void assert_sentence(const fixture *f, hs_curves method, const char *expected)
{
    hs_pruning_curve curve;
    hs_text text = {0};
    hs_error error = {0};
    bool has = false;

    assert_ok(hs_analysis_pruning_curve(f->results, method, &curve, &has, &error), &error);
    assert_ok(hs_analysis_pruning_sentence(f->results, &curve, &text, &error), &error);
    assert_string_equal(text.text, expected);
    hs_text_clear(&text);
    hs_analysis_pruning_curve_clear(&curve);
}

static void test_sentences(void **state)
{
    assert_sentence(*state, HS_CURVES_IMPORTANCE,
                    "keeps 100.0% [100.0, 100.0] of its backup.acc above chance (50.0%) "
                    "without 75.0% of its heads (9 of 12)");
    assert_sentence(*state, HS_CURVES_GREEDY,
                    "keeps 100.0% [100.0, 100.0] of its backup.acc above chance (50.0%) "
                    "without 91.7% of its heads (11 of 12)");
}

/* The phases of the file: each as large as what is new in it, and no set is there twice. */
static void test_phases(void **state)
{
    const fixture *f = *state;
    const hs_sets *sets = hs_results_sets_of(f->results);
    uint64_t first, n;

    assert_int_equal(hs_results_n_phases(f->results), 1 + 1 + (N_HEADS - 1) + 1);
    assert_int_equal(hs_results_n_chosen_phases(f->results), hs_results_n_phases(f->results));
    hs_results_phase_sets(f->results, 0, &first, &n);
    assert_int_equal(n, 1 + N_HEADS);
    hs_results_phase_sets(f->results, 1, &first, &n);
    assert_int_equal(n, N_HEADS - 1);
    /* The second head: 11 pairs, one of which the curve by importance has. */
    hs_results_phase_sets(f->results, 2, &first, &n);
    assert_int_equal(n, N_HEADS - 2);
    for (uint64_t set = 1; set < sets->n_sets; ++set)
        for (uint64_t other = 1; other < set; ++other) {
            hs_component left[N_HEADS], right[N_HEADS];
            hs_sets_view(sets, set, left);
            hs_sets_view(sets, other, right);
            assert_true(hs_sets_compare(left, (size_t)sets->order[set], right, (size_t)sets->order[other]) != 0);
        }
}

/* Other sets with as many heads in each layer: products of binomial coefficients of 4, less the set itself. */
static size_t count_others(const hs_sets *sets, uint64_t set)
{
    static const size_t of_four[PLANTED_HEADS + 1] = {1, 4, 6, 4, 1};
    size_t n_in_layer[PLANTED_LAYERS] = {0}, count = 1;

    hs_component components[N_HEADS];

    hs_sets_view(sets, set, components);
    for (int32_t i = 0; i < sets->order[set]; ++i)
        ++n_in_layer[components[i].layer];
    for (size_t layer = 0; layer < PLANTED_LAYERS; ++layer)
        count *= of_four[n_in_layer[layer]];
    return count - 1;
}

/*
 * Controls of the best set, which the last phase adds, have as many heads in each layer, and are as many as asked for.
 */
static void test_controls(void **state)
{
    const fixture *f = *state;
    const hs_sets *sets = hs_results_sets_of(f->results);
    hs_analysis *analysis = NULL;
    hs_error error = {0};
    hs_ranking_request request;
    hs_ranking ranking;
    hs_control control;
    uint64_t first, n;

    assert_ok(hs_analysis_new(f->results, NULL, NULL, &analysis, &error), &error);
    assert_ok(hs_analysis_request_parse(analysis, "objective", &request, &error), &error);
    assert_ok(hs_analysis_rank(analysis, &request, &ranking, &error), &error);
    hs_results_phase_sets(f->results, hs_results_n_phases(f->results) - 1, &first, &n);
    assert_true(n <= N_RANDOM);
    uint64_t first_of_all, n_enumerated;
    hs_results_phase_sets(f->results, 0, &first_of_all, &n_enumerated);
    for (size_t i = 0; i < ranking.n; ++i)
        assert_true(ranking.sets[i] < n_enumerated); /* no step of a curve, no control */
    for (uint64_t set = first; set < first + n; ++set)
        assert_int_equal(sets->order[set], sets->order[ranking.sets[0]]);
    assert_ok(hs_analysis_control(analysis, &request, ranking.sets[0], &control, &error), &error);
    const size_t n_others = count_others(sets, ranking.sets[0]);
    assert_true(control.n >= (n_others < N_RANDOM ? n_others : N_RANDOM));
    hs_analysis_ranking_clear(&ranking);
    hs_analysis_free(analysis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_curves), cmocka_unit_test(test_sentences),
                                       cmocka_unit_test(test_phases), cmocka_unit_test(test_controls)};

    return cmocka_run_group_tests(tests, open_fixture, close_fixture);
}
