/* How later phases choose their sets: hand-made tables and losses, whose answers can be read off. */
#include "analysis/choice.h"

#include <math.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"

enum { MAX_SETS = 64, MAX_ORDER = 4 };

/* A table of sets of heads, written as "l.h l.h". */
typedef struct table {
    hs_results_sets sets;
    int32_t order[MAX_SETS], intervention[MAX_SETS], components[MAX_SETS * MAX_ORDER * 3];
} table;

static void table_add(table *t, int32_t intervention, size_t n, const int32_t (*heads)[2])
{
    const size_t set = t->sets.n_sets++;

    assert_true(set < MAX_SETS && n <= MAX_ORDER);
    t->order[set] = (int32_t)n;
    t->intervention[set] = intervention;
    memset(t->components + set * MAX_ORDER * 3, -1, MAX_ORDER * 3 * sizeof *t->components);
    for (size_t i = 0; i < n; ++i) {
        int32_t *component = t->components + (set * MAX_ORDER + i) * 3;
        component[0] = 0, component[1] = heads[i][0], component[2] = heads[i][1];
    }
}

static void table_init(table *t)
{
    *t = (table){.sets = {.max_order = MAX_ORDER, .n_interventions = 2}};
    t->sets.order = t->order;
    t->sets.intervention = t->intervention;
    t->sets.components = t->components;
    table_add(t, -1, 0, NULL);
}

static set_index index_of(const table *t)
{
    set_index index;
    hs_error error = {0};

    assert_ok(hs__analysis_set_index_new(&t->sets, &index, &error), &error);
    return index;
}

static void test_index(void **state)
{
    (void)state;
    table t;
    table_init(&t);
    table_add(&t, 0, 2, (const int32_t[][2]){{0, 1}, {2, 3}});
    table_add(&t, 1, 2, (const int32_t[][2]){{0, 1}, {2, 3}});
    table_add(&t, 1, 1, (const int32_t[][2]){{0, 1}});
    set_index index = index_of(&t);
    const int32_t pair[] = {0, 0, 1, 0, 2, 3}, kv_group[] = {1, 0, 1};
    assert_int_equal(hs__analysis_set_index_find(&index, pair, 2, 0), 1);
    assert_int_equal(hs__analysis_set_index_find(&index, pair, 2, 1), 2);
    assert_int_equal(hs__analysis_set_index_find(&index, pair, 1, 1), 3);
    assert_int_equal(hs__analysis_set_index_find(&index, pair, 1, 0), -1);
    assert_int_equal(hs__analysis_set_index_find(&index, kv_group, 1, 1), -1);
    hs__analysis_set_index_clear(&index);
}

static void test_order(void **state)
{
    (void)state;
    const double loss[] = {0.5, NAN, -0.25, 0.5, 0.0, NAN};
    const uint32_t expected[] = {2, 4, 0, 3, 1, 5};
    uint32_t order[6];
    hs_error error = {0};

    assert_ok(hs__analysis_choice_order(loss, 6, order, &error), &error);
    assert_memory_equal(order, expected, sizeof expected);
}

/* ---- controls ---------------------------------------------------------------------------------------------------- */

/* Two heads of layer 0 and one of layer 2, in a model of 4 heads a layer: 6 * 4 - 1 other sets match. */
static table table_of_three(void)
{
    table t;

    table_init(&t);
    table_add(&t, 1, 3, (const int32_t[][2]){{0, 1}, {0, 3}, {2, 0}});
    table_add(&t, 1, 3, (const int32_t[][2]){{0, 0}, {0, 1}, {2, 2}});
    table_add(&t, 0, 3, (const int32_t[][2]){{0, 0}, {0, 2}, {2, 2}});
    return t;
}

static hs_chosen_sets draw(table *t, size_t n_wanted, uint64_t seed)
{
    const size_t n_indices[CHOICE_KINDS] = {4, 2};
    hs_chosen_sets chosen = {.max_order = MAX_ORDER};
    hs_error error = {0};

    t->sets.order = t->order, t->sets.intervention = t->intervention, t->sets.components = t->components;
    set_index index = index_of(t);
    assert_ok(hs__analysis_choice_controls(&index, 1, n_indices, n_wanted, seed, 7, &chosen, &error), &error);
    hs__analysis_set_index_clear(&index);
    return chosen;
}

/* Of set 1's shape, sorted, no two alike, none that the table has under the intervention. */
static void assert_controls(const table *t, const hs_chosen_sets *chosen)
{
    for (size_t set = 0; set < chosen->n_sets; ++set) {
        const int32_t *c = chosen->components + set * MAX_ORDER * 3;
        assert_int_equal(chosen->order[set], 3);
        assert_int_equal(chosen->intervention[set], 1);
        assert_true(c[0] == 0 && c[3] == 0 && c[6] == 0 && c[9] == -1);
        assert_true(c[1] == 0 && c[4] == 0 && c[7] == 2);
        assert_true(0 <= c[2] && c[2] < c[5] && c[5] < 4 && 0 <= c[8] && c[8] < 4);
        for (size_t other = 1; other < 3; ++other)
            assert_memory_not_equal(c, t->components + other * MAX_ORDER * 3, MAX_ORDER * 3 * sizeof *c);
        for (size_t other = 0; other < set; ++other)
            assert_memory_not_equal(c, chosen->components + other * MAX_ORDER * 3, MAX_ORDER * 3 * sizeof *c);
    }
}

static void test_controls(void **state)
{
    (void)state;
    table t = table_of_three();
    bool differs = false;
    hs_chosen_sets first = draw(&t, 5, 1);

    assert_controls(&t, &first);
    /* Set 2 may be among the five that were drawn; it is in the table already. */
    assert_true(first.n_sets == 4 || first.n_sets == 5);
    for (uint64_t seed = 1; seed < 20; ++seed) {
        hs_chosen_sets again = draw(&t, 5, seed);
        assert_controls(&t, &again);
        bool same =
            again.n_sets == first.n_sets &&
            memcmp(again.components, first.components, first.n_sets * MAX_ORDER * 3 * sizeof *first.components) == 0;
        if (seed == 1)
            assert_true(same);
        differs = differs || !same;
        hs_analysis_chosen_sets_clear(&again);
    }
    assert_true(differs);
    hs_analysis_chosen_sets_clear(&first);
}

/* All there are, no matter how many are wanted: 23 others match, and one of them is in the table. */
static void test_all_controls(void **state)
{
    (void)state;
    table t = table_of_three();
    const size_t wanted[] = {23, 24, 1000};

    for (size_t i = 0; i < 3; ++i) {
        hs_chosen_sets chosen = draw(&t, wanted[i], 3);
        assert_int_equal(chosen.n_sets, 22);
        assert_controls(&t, &chosen);
        hs_analysis_chosen_sets_clear(&chosen);
    }
}

/* Every matching set is equally likely to be the first control: 23 of them, 2300 draws, chi-squared far from its tail. */
static void test_controls_are_uniform(void **state)
{
    (void)state;
    enum { N_DRAWS = 2300 };
    size_t counts[16][4] = {{0}}, n_kinds = 0;
    double chi_squared = 0;

    for (uint64_t seed = 0; seed < N_DRAWS; ++seed) {
        table t;
        table_init(&t);
        table_add(&t, 1, 3, (const int32_t[][2]){{0, 1}, {0, 3}, {2, 0}});
        hs_chosen_sets chosen = draw(&t, 1, seed);
        assert_int_equal(chosen.n_sets, 1);
        ++counts[chosen.components[2] * 4 + chosen.components[5]][chosen.components[8]];
        hs_analysis_chosen_sets_clear(&chosen);
    }
    for (size_t i = 0; i < 16 * 4; ++i) {
        double count = (double)counts[i / 4][i % 4];
        n_kinds += count > 0;
        chi_squared += count > 0 ? (count - 100) * (count - 100) / 100 : 0;
    }
    assert_int_equal(n_kinds, 23);
    assert_true(chi_squared < 60); /* 22 degrees of freedom: p < 0.0001 beyond it */
}

/* ---- pruning ----------------------------------------------------------------------------------------------------- */

/*
 * Heads 0.0 to 0.3. Alone 0.0 costs nothing, 0.1 and 0.2 0.1 each, 0.3 0.5. But 0.1 stands in for 0.0: without both 0.8 is
 * lost, and 0.2 without 0.0 costs 0.1, 0.3 without 0.0 only 0.05.
 */
static const double pair_loss[4][4] = {
    {0, 0.8, 0.1, 0.05}, {0.8, 0, 0.3, 0.3}, {0.1, 0.3, 0, 0.3}, {0.05, 0.3, 0.3, 0}};

typedef struct pruned {
    table t;
    set_index index;
    double loss[MAX_SETS];
    choice_pruning p;
} pruned;

static const int32_t four_heads[] = {0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3};
static const uint32_t four_in_order[] = {0, 1, 2, 3};

static void pruned_init(pruned *f, bool with_triples)
{
    const double single[] = {0, 0.1, 0.1, 0.5};

    table_init(&f->t);
    for (int32_t i = 0; i < 4; ++i) {
        f->loss[f->t.sets.n_sets] = single[i];
        table_add(&f->t, 0, 1, (const int32_t[][2]){{0, i}});
    }
    for (int32_t i = 0; i < 4; ++i)
        for (int32_t j = i + 1; j < 4; ++j) {
            f->loss[f->t.sets.n_sets] = pair_loss[i][j];
            table_add(&f->t, 0, 2, (const int32_t[][2]){{0, i}, {0, j}});
        }
    for (int32_t left = 1; with_triples && left < 3; ++left) {
        f->loss[f->t.sets.n_sets] = 0.6; /* a tie */
        table_add(&f->t, 0, 3, (const int32_t[][2]){{0, 0}, {0, left}, {0, 3}});
    }
    f->index = index_of(&f->t);
    f->p = (choice_pruning){.index = &f->index,
                            .intervention = 0,
                            .heads = four_heads,
                            .order = four_in_order,
                            .n_heads = 4,
                            .loss = f->loss};
}

static size_t greedy(const pruned *f, size_t limit, uint32_t removed[4])
{
    hs_error error = {0};
    size_t n;

    assert_ok(hs__analysis_choice_greedy(&f->p, limit, removed, &n, &error), &error);
    return n;
}

static void test_greedy(void **state)
{
    (void)state;
    pruned f;
    uint32_t removed[4], tried[4];
    int32_t components[12];

    pruned_init(&f, false);
    assert_int_equal(greedy(&f, 1, removed), 1);
    assert_int_equal(removed[0], 0);
    /* No triple is known yet: it ends with the pair 0.0 + 0.3, though 0.3 is the worst alone. */
    assert_int_equal(greedy(&f, 4, removed), 2);
    assert_int_equal(removed[1], 3);
    assert_int_equal(hs__analysis_choice_tried(&f.p, removed, 2, tried), 2);
    assert_true(tried[0] == 1 && tried[1] == 2);
    hs__analysis_choice_removed(&f.p, (const uint32_t[]){3, 0}, 2, components);
    assert_memory_equal(components, ((const int32_t[]){0, 0, 0, 0, 0, 3}), 6 * sizeof *components);
    /* With two candidates 0.3 is not tried, and of the others 0.2 loses less. */
    f.p.n_candidates = 2;
    assert_int_equal(greedy(&f, 2, removed), 2);
    assert_int_equal(removed[1], 2);
    hs__analysis_set_index_clear(&f.index);
}

static void test_greedy_ties_and_gaps(void **state)
{
    (void)state;
    pruned f;
    uint32_t removed[4];

    pruned_init(&f, true);
    assert_int_equal(greedy(&f, 3, removed), 3);
    assert_true(removed[1] == 3 && removed[2] == 1); /* the less important of two that lose as much */
    /* A loss that is no number is the worst there is. */
    f.loss[f.t.sets.n_sets - 2] = NAN;
    assert_int_equal(greedy(&f, 3, removed), 3);
    assert_int_equal(removed[2], 2);
    hs__analysis_set_index_clear(&f.index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_all_controls),
        cmocka_unit_test(test_controls_are_uniform),
        cmocka_unit_test(test_greedy),
        cmocka_unit_test(test_greedy_ties_and_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
