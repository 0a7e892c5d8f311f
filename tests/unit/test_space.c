/* The ablation space: how many sets, which, in which order, and what is refused. */
#include "headsweep/sweep.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/checkpoint_writer.h"

/* An experiment file's worth of settings for a model of 3 layers x 4 heads on 2 KV heads. */
static const hs_model_shape shape = {.n_layers = 3, .n_heads = 4, .n_kv_heads = 2};

static char *zero_only[] = {"zero"};
static char *zero_and_mean[] = {"zero", "mean"};
static char *every_head[] = {"*"};

static hs_experiment experiment_of(int64_t *orders, size_t n_orders)
{
    return (hs_experiment){.path = "test.cfg",
                           .orders = orders,
                           .n_orders = n_orders,
                           .heads = {every_head, 1},
                           .sets_file = "",
                           .max_sets = 100000,
                           .interventions = {zero_only, 1},
                           .unit = HS_COMPONENT_HEAD};
}

static hs_space build(const hs_experiment *experiment)
{
    hs_space space;
    hs_error error = {0};

    assert_ok(hs_sweep_space_build(experiment, &shape, &space, &error), &error);
    return space;
}

static void assert_refused(const hs_experiment *experiment, const char *expected)
{
    hs_space space;
    hs_error error = {0};

    assert_int_equal(hs_sweep_space_build(experiment, &shape, &space, &error), HS_ERROR_USAGE);
    if (strstr(error.message, expected) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, expected);
    assert_int_equal(space.sets.n_sets, 0);
}

static void assert_component(const hs_space *space, size_t set, size_t i, int32_t layer, int32_t index)
{
    hs_component components[HS_SPACE_MAX_ORDER];

    hs_sets_view(&space->sets, set, components);
    assert_int_equal(components[i].layer, layer);
    assert_int_equal(components[i].index, index);
}

/* n choose 0..3 of 12 heads, each twice, and the clean model. */
static void test_counts(void **state)
{
    int64_t orders[] = {1, 2, 3};
    hs_experiment experiment = experiment_of(orders, 3);
    (void)state;

    experiment.interventions = (hs_string_list){zero_and_mean, 2};
    hs_space space = build(&experiment);
    assert_int_equal(space.n_base_sets, 12 + 66 + 220);
    assert_int_equal(space.n_sets, 1 + 2 * (12 + 66 + 220));
    assert_int_equal(space.max_order, 3);
    assert_int_equal(space.sets.order[0], 0);
    assert_int_equal(space.sets.intervention[0], -1);
    assert_int_equal(space.sets.intervention[1], 0);
    assert_int_equal(space.sets.intervention[1 + space.n_base_sets], 1);
    hs_sweep_space_clear(&space);
}

/* Every pair once, in lexicographic order: row r is the r-th of the two nested loops. */
static void test_pairs_are_in_order(void **state)
{
    int64_t orders[] = {2};
    hs_experiment experiment = experiment_of(orders, 1);
    hs_space space = build(&experiment);
    size_t set = 1;
    (void)state;

    for (int32_t a = 0; a < 12; ++a)
        for (int32_t b = a + 1; b < 12; ++b, ++set) {
            assert_int_equal(space.sets.order[set], 2);
            assert_component(&space, set, 0, a / 4, a % 4);
            assert_component(&space, set, 1, b / 4, b % 4);
        }
    assert_int_equal(set, space.n_sets);
    hs_sweep_space_clear(&space);
}

static void test_selectors(void **state)
{
    static const struct {
        char *selector;
        size_t n_heads;
    } cases[] = {{"*", 12},      {"1", 4},   {"0-1", 8},  {"2.3", 1}, {"*.0", 3},
                 {"0-2.1-2", 6}, {"1.*", 4}, {"L2H3", 1}, {"L0-1", 8}};
    int64_t orders[] = {1};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        char *selectors[] = {cases[i].selector};
        hs_experiment experiment = experiment_of(orders, 1);
        experiment.heads = (hs_string_list){selectors, 1};
        hs_space space = build(&experiment);
        assert_int_equal(space.n_sets, 1 + cases[i].n_heads);
        hs_sweep_space_clear(&space);
    }
}

static void test_overlapping_selectors_count_once(void **state)
{
    int64_t orders[] = {1};
    char *selectors[] = {"0.*", "0.1-2", "2.3"};
    hs_experiment experiment = experiment_of(orders, 1);
    (void)state;

    experiment.heads = (hs_string_list){selectors, 3};
    hs_space space = build(&experiment);
    assert_int_equal(space.n_sets, 1 + 5);
    assert_component(&space, 5, 0, 2, 3);
    hs_sweep_space_clear(&space);
}

/* What a pruned checkpoint lacks is left out of "*", and refused where it is named. */
static void test_gone_heads(void **state)
{
    static const bool gone[12] = {[1] = true, [2] = true, [8] = true};
    hs_model_shape pruned = shape;
    int64_t orders[] = {1, 2};
    char *named[] = {"0.0-2", "2.0"}, *some[] = {"0.0-2", "2"};
    hs_experiment experiment = experiment_of(orders, 2);
    hs_space space;
    (void)state;

    pruned.gone_heads = gone;
    ASSERT_OK(hs_sweep_space_build(&experiment, &pruned, &space, &error));
    assert_int_equal(space.n_sets, 1 + 9 + 36);
    assert_component(&space, 2, 0, 0, 3);
    hs_sweep_space_clear(&space);
    experiment.heads = (hs_string_list){some, 2};
    ASSERT_OK(hs_sweep_space_build(&experiment, &pruned, &space, &error));
    assert_int_equal(space.n_sets, 1 + 4 + 6);
    hs_sweep_space_clear(&space);
    experiment.heads = (hs_string_list){named, 2};
    ASSERT_FAILS(hs_sweep_space_build(&experiment, &pruned, &space, &error), HS_ERROR_USAGE,
                 "head 2.0 is not in the checkpoint: it was pruned");
    /* A group is gone with the last of its heads. */
    experiment = experiment_of(orders, 1);
    experiment.unit = HS_COMPONENT_KV_GROUP;
    ASSERT_OK(hs_sweep_space_build(&experiment, &pruned, &space, &error));
    assert_int_equal(space.n_sets, 1 + 6);
    hs_sweep_space_clear(&space);
}

static void test_gone_heads_in_a_file(void **state)
{
    static const bool gone[12] = {[1] = true};
    hs_model_shape pruned = shape;
    char *folder = test_temporary_folder(), path[512];
    hs_experiment experiment = experiment_of(NULL, 0);
    hs_space space;
    (void)state;

    pruned.gone_heads = gone;
    test_file_write(folder, "sets.txt", "0.0 1.1\n0.2 0.1\n", 16);
    snprintf(path, sizeof path, "%s/sets.txt", folder);
    experiment.sets_file = path;
    ASSERT_FAILS(hs_sweep_space_build(&experiment, &pruned, &space, &error), HS_ERROR_USAGE,
                 "sets.txt:2: head 0.1 is not in the checkpoint");
    test_folder_remove(folder);
    free(folder);
}

static void test_kv_groups(void **state)
{
    int64_t orders[] = {1, 2};
    hs_experiment experiment = experiment_of(orders, 2);
    (void)state;

    experiment.unit = HS_COMPONENT_KV_GROUP;
    hs_space space = build(&experiment);
    assert_int_equal(space.n_sets, 1 + 6 + 15);
    assert_int_equal(space.sets.added[0].kind, HS_COMPONENT_KV_GROUP);
    hs_sweep_space_clear(&space);
    /* Named as groups are, or as heads are. */
    char *spellings[] = {"2.kv1", "L1KV0", "0.1", "L2H0"};
    experiment.heads = (hs_string_list){spellings, 4};
    space = build(&experiment);
    assert_int_equal(space.n_sets, 1 + 4 + 6);
    hs_sweep_space_clear(&space);
}

static void test_bad_selectors(void **state)
{
    static char *const bad[] = {"",     "x",   "1.",  ".1", "1-", "2-1", "1.2.3", "-1", "1.2 ", "99999999999999999999",
                                "L1.2", "1H2", "L1H", "L"};
    int64_t orders[] = {1};
    hs_experiment experiment = experiment_of(orders, 1);
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        char *selectors[] = {bad[i]};
        experiment.heads = (hs_string_list){selectors, 1};
        assert_refused(&experiment, "is not a selector");
    }
    char *outside[] = {"3.0"};
    experiment.heads = (hs_string_list){outside, 1};
    assert_refused(&experiment, "\"3.0\" is outside the model, which has layers 0 to 2 and heads 0 to 3");
}

static void test_limits(void **state)
{
    int64_t orders[] = {1, 2};
    int64_t too_high[] = {5};
    char *one_layer[] = {"0"};
    hs_experiment experiment = experiment_of(orders, 2);
    (void)state;

    experiment.max_sets = 77;
    assert_refused(&experiment, "78 ablation sets are more than sweep.max_sets = 77");
    experiment = experiment_of(too_high, 1);
    experiment.heads = (hs_string_list){one_layer, 1};
    assert_refused(&experiment, "there is no ablation set");
}

static void test_same_intervention_twice(void **state)
{
    int64_t orders[] = {1};
    char *twice[] = {"flip", "scale=-1"};
    char *unknown[] = {"vanish"};
    hs_experiment experiment = experiment_of(orders, 1);
    (void)state;

    experiment.interventions = (hs_string_list){twice, 2};
    assert_refused(&experiment, "twice");
    experiment.interventions = (hs_string_list){unknown, 1};
    assert_refused(&experiment, "vanish");
}

static char *write_sets(const char *folder, const char *text)
{
    hs_error error = {0};

    test_file_write(folder, "sets.txt", text, strlen(text));
    return hs_path_join(folder, "sets.txt", &error);
}

/* Sets of a file are sorted, unified with the enumerated ones, and may be of any order. */
static void test_sets_file(void **state)
{
    int64_t orders[] = {1};
    char *folder = test_temporary_folder();
    hs_experiment experiment = experiment_of(orders, 1);
    (void)state;

    experiment.sets_file = write_sets(folder, "# found by hand\n2.3 0.1\n\nL0H1+L2H3   # again\r\n1.0,1.1,0.2\n0.0\n");
    hs_space space = build(&experiment);
    assert_int_equal(space.n_sets, 1 + 12 + 2);
    assert_int_equal(space.max_order, 3);
    assert_component(&space, 13, 0, 0, 1);
    assert_component(&space, 13, 1, 2, 3);
    assert_component(&space, 14, 0, 0, 2);
    assert_component(&space, 14, 2, 1, 1);
    hs_sweep_space_clear(&space);
    hs_free(experiment.sets_file);
    static const char *const other_bytes[] = {"\xEF\xBB\xBF"
                                              "0.1 2.3\r\n1.0,1.1,0.2",
                                              "# by hand\r0.1 2.3\r1.0,1.1,0.2\r"};
    for (size_t i = 0; i < 2; ++i) {
        experiment.sets_file = write_sets(folder, other_bytes[i]);
        space = build(&experiment);
        assert_int_equal(space.n_sets, 1 + 12 + 2);
        assert_component(&space, 14, 2, 1, 1);
        hs_sweep_space_clear(&space);
        hs_free(experiment.sets_file);
    }
    test_folder_remove(folder);
    free(folder);
}

static void test_bad_sets_files(void **state)
{
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"0.1\n0.1 x\n", "sets.txt:2: \"x\" is not a head"},
        {"0.1 3.0\n", "sets.txt:1: head 3.0 is outside the model"},
        {"\n\n0.1 1.1 0.1\n", "sets.txt:3: 0.1 stands twice"},
        {"0.1.2\n", "is not a head"},
        {"L0H1H2\n", "is not a head"},
        {"0.kv1\n", "sets.txt:1: a KV group in a set, and sweep.unit is \"query_head\""},
        {"0.1 0.kb1\n", "sets.txt:1: \"0.kb1\": there is no kind of component \"kb\"; did you mean \"0.kv1\"?"},
        {"L0V1\n", "there is no kind of component \"V\"; did you mean \"L0H1\"? There are: L0H1, L0KV1"}};
    int64_t orders[] = {1};
    char *folder = test_temporary_folder();
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        hs_experiment experiment = experiment_of(orders, 1);
        experiment.sets_file = write_sets(folder, cases[i].text);
        assert_refused(&experiment, cases[i].expected);
        hs_free(experiment.sets_file);
    }
    test_folder_remove(folder);
    free(folder);
}

static void test_ablation_view(void **state)
{
    int64_t orders[] = {2};
    hs_experiment experiment = experiment_of(orders, 1);
    hs_component buffer[HS_SPACE_MAX_ORDER];
    (void)state;

    experiment.interventions = (hs_string_list){zero_and_mean, 2};
    hs_space space = build(&experiment);
    assert_int_equal(hs_sweep_space_ablation(&space, 0, buffer).n_components, 0);
    hs_ablation last = hs_sweep_space_ablation(&space, space.n_sets - 1, buffer);
    assert_int_equal(last.n_components, 2);
    assert_int_equal(last.intervention.kind, HS_INTERVENTION_MEAN);
    assert_int_equal(last.components[0].layer, 2);
    assert_int_equal(last.components[0].index, 2);
    assert_int_equal(last.components[1].index, 3);
    hs_sweep_space_clear(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_pairs_are_in_order),
        cmocka_unit_test(test_selectors),
        cmocka_unit_test(test_overlapping_selectors_count_once),
        cmocka_unit_test(test_kv_groups),
        cmocka_unit_test(test_bad_selectors),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_same_intervention_twice),
        cmocka_unit_test(test_sets_file),
        cmocka_unit_test(test_bad_sets_files),
        cmocka_unit_test(test_ablation_view),
        cmocka_unit_test(test_gone_heads),
        cmocka_unit_test(test_gone_heads_in_a_file),
    };
    return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
