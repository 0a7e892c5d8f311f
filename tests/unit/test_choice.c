/* How later phases choose their sets: hand-made tables and losses, whose answers can be read off. */
#include "analysis/choice.h"

#include <math.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"

enum { MAX_SETS = 64, MAX_ORDER = 4 };

/* Appends a set of heads {layer, index}. */
static void table_add(hs_sets *t, int32_t intervention, size_t n, const int32_t (*heads)[2])
{
    hs_component components[MAX_ORDER] = {{0}};
    hs_error error = {0};

    assert_true(t->n_sets < MAX_SETS && n <= MAX_ORDER);
    for (size_t i = 0; i < n; ++i)
        components[i] = (hs_component){HS_COMPONENT_HEAD, heads[i][0], heads[i][1]};
    assert_int_equal(hs_sets_append(t, intervention, 0, components, n, &error), HS_OK);
}

static void table_init(hs_sets *t)
{
    *t = (hs_sets){.n_interventions = 2};
    table_add(t, -1, 0, NULL);
}

static hs_sets_index index_of(const hs_sets *t)
{
    hs_sets_index index;
    hs_error error = {0};

    assert_int_equal(hs_sets_index_new(t, &index, &error), HS_OK);
    return index;
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

/* Two heads of layer 0 and one of layer 2, in a model of 4 heads per layer: 6 * 4 - 1 other sets match. */
static hs_sets table_of_three(void)
{
    hs_sets t;

    table_init(&t);
    table_add(&t, 1, 3, (const int32_t[][2]){{0, 1}, {0, 3}, {2, 0}});
    table_add(&t, 1, 3, (const int32_t[][2]){{0, 0}, {0, 1}, {2, 2}});
    table_add(&t, 0, 3, (const int32_t[][2]){{0, 0}, {0, 2}, {2, 2}});
    return t;
}

static hs_sets draw(const hs_sets *t, size_t n_wanted, uint64_t seed)
{
    const choice_components from = {.n_indices = {4, 2}};
    hs_sets chosen = {.base = t};
    hs_error error = {0};

    hs_sets_index index = index_of(t);
    assert_int_equal(hs__analysis_choice_controls(&index, 1, &from, n_wanted, seed, 7, &chosen, &error), HS_OK);
    hs_sets_index_clear(&index);
    return chosen;
}

static bool is_same(const hs_sets *sets, uint64_t set, const hs_component *components)
{
    hs_component own[MAX_ORDER];

    hs_sets_view(sets, set, own);
    return hs_sets_compare(own, hs_sets_order(sets, set), components, 3) == 0;
}

/* Of set 1's shape, sorted, no two alike, none that the table has under the intervention. */
static void assert_controls(const hs_sets *t, const hs_sets *chosen)
{
    for (uint64_t set = t->n_sets; set < t->n_sets + chosen->n_sets; ++set) {
        hs_component c[MAX_ORDER];
        assert_int_equal(hs_sets_order(chosen, set), 3);
        assert_int_equal(hs_sets_intervention(chosen, set), 1);
        hs_sets_view(chosen, set, c);
        assert_true(c[0].kind == 0 && c[1].kind == 0 && c[2].kind == 0);
        assert_true(c[0].layer == 0 && c[1].layer == 0 && c[2].layer == 2);
        assert_true(0 <= c[0].index && c[0].index < c[1].index && c[1].index < 4 && 0 <= c[2].index && c[2].index < 4);
        for (uint64_t other = 1; other < 3; ++other)
            assert_false(is_same(t, other, c));
        for (uint64_t other = t->n_sets; other < set; ++other)
            assert_false(is_same(chosen, other, c));
    }
}

static void test_controls(void **state)
{
    (void)state;
    hs_sets t = table_of_three();
    bool differs = false;
    hs_sets first = draw(&t, 5, 1);

    assert_controls(&t, &first);
    /* Set 2 may be among the five that were drawn; it is in the table already. */
    assert_true(first.n_sets == 4 || first.n_sets == 5);
    for (uint64_t seed = 1; seed < 20; ++seed) {
        hs_sets again = draw(&t, 5, seed);
        assert_controls(&t, &again);
        bool same =
            again.n_sets == first.n_sets && memcmp(again.added, first.added, first.n_added * sizeof *first.added) == 0;
        if (seed == 1)
            assert_true(same);
        differs = differs || !same;
        hs_sets_clear(&again);
    }
    assert_true(differs);
    hs_sets_clear(&first);
    hs_sets_clear(&t);
}

/* Of layer 0 two heads are left, and of layer 2 three: what matches is this set with another head of layer 2. */
static void test_controls_without_gone_heads(void **state)
{
    static const hs_component gone[] = {{0, 0, 0}, {0, 0, 2}, {0, 2, 1}};
    (void)state;
    hs_sets t = table_of_three();
    const choice_components from = {.n_indices = {4, 2}, .gone = gone, .n_gone = 3};
    hs_sets chosen = {.base = &t};
    hs_sets_index index = index_of(&t);

    ASSERT_OK(hs__analysis_choice_controls(&index, 1, &from, 100, 1, 7, &chosen, &error));
    for (uint64_t set = t.n_sets; set < t.n_sets + chosen.n_sets; ++set) {
        hs_component c[MAX_ORDER];
        hs_sets_view(&chosen, set, c);
        assert_true(c[0].index == 1 && c[1].index == 3 && c[2].layer == 2 && c[2].index > 1);
    }
    assert_int_equal(chosen.n_sets, 2);
    hs_sets_index_clear(&index);
    hs_sets_clear(&chosen);
    hs_sets_clear(&t);
}

/* All there are, no matter how many are wanted: 23 others match, and one of them is in the table. */
static void test_all_controls(void **state)
{
    (void)state;
    hs_sets t = table_of_three();
    const size_t wanted[] = {23, 24, 1000};

    for (size_t i = 0; i < 3; ++i) {
        hs_sets chosen = draw(&t, wanted[i], 3);
        assert_int_equal(chosen.n_sets, 22);
        assert_controls(&t, &chosen);
        hs_sets_clear(&chosen);
    }
    hs_sets_clear(&t);
}

/*
 * Every matching set is equally likely to be the first control: 23 of them, 2300 draws, chi-squared far from its tail.
 */
static void test_controls_are_uniform(void **state)
{
    (void)state;
    enum { N_DRAWS = 2300 };
    size_t counts[16][4] = {{0}}, n_kinds = 0;
    double chi_squared = 0;

    for (uint64_t seed = 0; seed < N_DRAWS; ++seed) {
        hs_sets t;
        table_init(&t);
        table_add(&t, 1, 3, (const int32_t[][2]){{0, 1}, {0, 3}, {2, 0}});
        hs_sets chosen = draw(&t, 1, seed);
        assert_int_equal(chosen.n_sets, 1);
        ++counts[chosen.added[0].index * 4 + chosen.added[1].index][chosen.added[2].index];
        hs_sets_clear(&chosen);
        hs_sets_clear(&t);
    }
    for (size_t i = 0; i < 16 * 4; ++i) {
        double count = (double)counts[i / 4][i % 4];
        n_kinds += count > 0;
        chi_squared += count > 0 ? (count - 100) * (count - 100) / 100 : 0;
    }
    assert_int_equal(n_kinds, 23);
    assert_true(chi_squared < 60); /* 22 degrees of freedom: p < 0.0001 beyond it */
}

/*
 * Heads 0.0 to 0.3. Alone 0.0 costs nothing, 0.1 and 0.2 0.1 each, 0.3 0.5. But 0.1 stands in for 0.0: without both
 * 0.8 is lost, and 0.2 without 0.0 costs 0.1, 0.3 without 0.0 only 0.05.
 */
static const double pair_loss[4][4] = {
    {0, 0.8, 0.1, 0.05}, {0.8, 0, 0.3, 0.3}, {0.1, 0.3, 0, 0.3}, {0.05, 0.3, 0.3, 0}};

typedef struct pruned {
    hs_sets t;
    hs_sets_index index;
    double loss[MAX_SETS];
    choice_pruning p;
} pruned;

static const hs_component four_heads[] = {{0, 0, 0}, {0, 0, 1}, {0, 0, 2}, {0, 0, 3}};
static const uint32_t four_in_order[] = {0, 1, 2, 3};

static void pruned_init(pruned *f, bool with_triples)
{
    const double single[] = {0, 0.1, 0.1, 0.5};

    table_init(&f->t);
    for (int32_t i = 0; i < 4; ++i) {
        f->loss[f->t.n_sets] = single[i];
        table_add(&f->t, 0, 1, (const int32_t[][2]){{0, i}});
    }
    for (int32_t i = 0; i < 4; ++i)
        for (int32_t j = i + 1; j < 4; ++j) {
            f->loss[f->t.n_sets] = pair_loss[i][j];
            table_add(&f->t, 0, 2, (const int32_t[][2]){{0, i}, {0, j}});
        }
    for (int32_t left = 1; with_triples && left < 3; ++left) {
        f->loss[f->t.n_sets] = 0.6; /* a tie */
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

static void pruned_clear(pruned *f)
{
    hs_sets_index_clear(&f->index);
    hs_sets_clear(&f->t);
}

/* The sets of the steps are those without all heads so far. */
static size_t greedy(const pruned *f, size_t limit, choice_step removed[4])
{
    hs_error error = {0};
    size_t n;

    assert_int_equal(hs__analysis_choice_greedy(&f->p, limit, removed, &n, &error), HS_OK);
    for (size_t i = 0; i < n; ++i) {
        assert_int_equal(f->t.order[removed[i].set], i + 1);
        for (size_t j = 0; j <= i; ++j)
            assert_true(hs_sets_has(&f->t, removed[i].set, &four_heads[removed[j].head]));
    }
    return n;
}

static void test_greedy(void **state)
{
    (void)state;
    pruned f;
    choice_step removed[4], next;
    uint32_t tried[4];
    const bool gone[4] = {true, false, false, true};

    pruned_init(&f, false);
    assert_int_equal(greedy(&f, 1, removed), 1);
    assert_int_equal(removed[0].head, 0);
    /* No triple is known yet: it ends with the pair 0.0 + 0.3, though 0.3 is the worst alone. */
    assert_int_equal(greedy(&f, 4, removed), 2);
    assert_int_equal(removed[1].head, 3);
    assert_int_equal(hs__analysis_choice_tried(&f.p, gone, tried), 2);
    assert_true(tried[0] == 1 && tried[1] == 2);
    assert_false(hs__analysis_choice_next(&f.p, removed[1].set, gone, tried, &next));
    /* With two candidates 0.3 is not tried, and of the others 0.2 loses less. */
    f.p.n_candidates = 2;
    assert_int_equal(greedy(&f, 2, removed), 2);
    assert_int_equal(removed[1].head, 2);
    pruned_clear(&f);
}

static void test_greedy_ties_and_gaps(void **state)
{
    (void)state;
    pruned f;
    choice_step removed[4];

    pruned_init(&f, true);
    assert_int_equal(greedy(&f, 3, removed), 3);
    assert_true(removed[1].head == 3 && removed[2].head == 1); /* the less important of two that lose as much */
    /* A loss that is not a number is the worst there is. */
    f.loss[f.t.n_sets - 2] = NAN;
    assert_int_equal(greedy(&f, 3, removed), 3);
    assert_int_equal(removed[2].head, 2);
    pruned_clear(&f);
}

/* As far as sets are there: 0.0, 0.0 + 0.1, and no triple but 0.0 + 0.1 + 0.3. */
static void test_importance(void **state)
{
    (void)state;
    pruned f;
    choice_step removed[4];
    const uint32_t other_order[] = {0, 1, 3, 2};

    pruned_init(&f, true);
    assert_int_equal(hs__analysis_choice_importance(&f.p, 4, removed), 2);
    assert_true(removed[0].head == 0 && removed[1].head == 1);
    f.p.order = other_order;
    assert_int_equal(hs__analysis_choice_importance(&f.p, 4, removed), 3);
    assert_true(removed[2].head == 3 && f.t.order[removed[2].set] == 3);
    assert_int_equal(hs__analysis_choice_importance(&f.p, 1, removed), 1);
    pruned_clear(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_all_controls), cmocka_unit_test(test_controls_are_uniform),
        cmocka_unit_test(test_greedy),       cmocka_unit_test(test_greedy_ties_and_gaps),
        cmocka_unit_test(test_importance),   cmocka_unit_test(test_controls_without_gone_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
