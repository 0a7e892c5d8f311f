/* Components, their kinds and sites; interventions; names of both. */
#include "headsweep/sets.h"
#include "support/assert_status.h"

static const hs_model_shape SHAPE = {.n_layers = 3, .n_heads = 6, .n_kv_heads = 2, .head_dim = 4};

static void test_names_of_every_kind_read_back(void **state)
{
    (void)state;
    for (int32_t kind = 0; kind < HS_COMPONENT_KINDS; kind++) {
        const hs_component all[] = {{kind, 0, 0}, {kind, 12, 7}, {kind, 4095, 65535}};
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
            char name[HS_COMPONENT_NAME_BYTES], spelling[HS_COMPONENT_NAME_BYTES];
            const char *texts[] = {hs_sets_component_name(all[i], name), hs_sets_component_spelling(all[i], spelling)};
            for (size_t t = 0; t < 2; t++) {
                const char *cursor = texts[t];
                hs_component read = {-1, -1, -1};
                ASSERT_OK(hs_sets_parse_component(&cursor, &read, &error));
                assert_int_equal(*cursor, '\0');
                assert_int_equal(hs_sets_compare_components(&read, &all[i]), 0);
            }
        }
    }
}

/* A kind that was added in one place alone has no word, or no row. */
static void test_every_kind_has_a_word_and_a_row(void **state)
{
    (void)state;
    for (int32_t kind = 0; kind < HS_COMPONENT_KINDS; kind++) {
        assert_string_not_equal(hs_config_word(&HS_CONFIG_UNITS, kind), "");
        assert_non_null(hs_sets_kind(kind)->count);
    }
    assert_null(hs_sets_kind(-1));
    assert_null(hs_sets_kind(HS_COMPONENT_KINDS));
}

static void test_what_is_no_component(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "\"\" is not a head; write layer.head"},
        {"x", "\"x\" is not a head"},
        {"3", "is not a head"},
        {"3.", "is not a head"},
        {"3.kv", "is not a head"},
        {"L3.1", "is not a head"},
        {"3H1", "is not a head"},
        {"99999999999.1", "is not a head"},
        {"3.kb1+2.0", "\"3.kb1\": there is no kind of component \"kb\"; did you mean \"3.kv1\"? There are: 3.1, 3.kv1"},
        {"L3KW1", "there is no kind of component \"KW\"; did you mean \"L3KV1\"?"},
        {"3.KV1", "there is no kind of component \"KV\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *cursor = cases[i].text;
        hs_component read;
        assert_false(hs_sets_read_component(&cursor, &read));
        assert_ptr_equal(cursor, cases[i].text);
        ASSERT_FAILS(hs_sets_parse_component(&cursor, &read, &error), HS_ERROR_USAGE, cases[i].message);
    }
}

/* The components of a layer share all parts of their site, each part once. */
static void test_parts_of_every_kind(void **state)
{
    (void)state;
    for (int32_t kind = 0; kind < HS_COMPONENT_KINDS; kind++) {
        size_t n = hs_sets_kind(kind)->count(&SHAPE), next = 0;
        for (size_t index = 0; index < n; index++) {
            hs_parts parts;
            const hs_component component = {kind, 1, (int32_t)index};
            ASSERT_OK(hs_sets_component_parts(component, &SHAPE, &parts, &error));
            assert_int_equal(parts.site, hs_sets_kind(kind)->site);
            assert_int_equal(parts.first, next);
            next += parts.n;
        }
        assert_int_equal(next, hs_sets_site_parts(hs_sets_kind(kind)->site, &SHAPE));
    }
}

static void test_parts_of_a_group(void **state)
{
    (void)state;
    const hs_component group = {HS_COMPONENT_KV_GROUP, 2, 1};
    hs_parts parts;
    ASSERT_OK(hs_sets_component_parts(group, &SHAPE, &parts, &error));
    assert_int_equal(parts.site, HS_SITE_Z);
    assert_int_equal(parts.first, 3);
    assert_int_equal(parts.n, 3);
}

static void test_components_that_the_model_lacks(void **state)
{
    (void)state;
    static const struct {
        hs_component component;
        const char *message;
    } cases[] = {
        {{HS_COMPONENT_HEAD, 3, 0}, "head 3.0 does not exist: the model has 3 layers with 6 each"},
        {{HS_COMPONENT_HEAD, 0, 6}, "head 0.6 does not exist"},
        {{HS_COMPONENT_HEAD, -1, 0}, "head -1.0 does not exist"},
        {{HS_COMPONENT_KV_GROUP, 0, 2}, "KV group 0.2 does not exist: the model has 3 layers with 2 each"},
        {{HS_COMPONENT_KINDS, 0, 0}, "does not exist"},
        {{-1, 0, 0}, "component kind -1 does not exist"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hs_parts parts;
        ASSERT_FAILS(hs_sets_component_parts(cases[i].component, &SHAPE, &parts, &error), HS_ERROR_INPUT,
                     cases[i].message);
    }
}

static void test_sites_have_names(void **state)
{
    (void)state;
    for (hs_site site = 0; site < HS_SITE_COUNT; site++)
        for (hs_site other = 0; other <= site; other++)
            assert_int_equal(strcmp(hs_sets_site_name(site), hs_sets_site_name(other)) == 0, site == other);
}

static void test_order(void **state)
{
    (void)state;
    const hs_component sorted[] = {{HS_COMPONENT_HEAD, 0, 3},
                                   {HS_COMPONENT_HEAD, 0, 10},
                                   {HS_COMPONENT_KV_GROUP, 0, 1},
                                   {HS_COMPONENT_HEAD, 1, 0},
                                   {HS_COMPONENT_KV_GROUP, 2, 0}};
    hs_component mixed[] = {sorted[4], sorted[1], sorted[3], sorted[0], sorted[2]};
    hs_sets_sort_components(mixed, 5);
    assert_memory_equal(mixed, sorted, sizeof sorted);
    hs_sets_sort_components(NULL, 0);
    /* By order first, then component by component. */
    assert_true(hs_sets_compare(&sorted[4], 1, sorted, 2) < 0);
    assert_true(hs_sets_compare(sorted, 2, sorted + 1, 2) < 0);
    assert_true(hs_sets_compare(sorted + 1, 2, sorted, 2) > 0);
    assert_int_equal(hs_sets_compare(sorted, 3, mixed, 3), 0);
}

static void test_interventions_read_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        hs_intervention_kind kind;
        float scale;
        bool needs_means;
        bool needs_donors;
    } rows[] = {
        {"zero", HS_INTERVENTION_ZERO, 0, false, false},
        {"mean", HS_INTERVENTION_MEAN, 0, true, false},
        {"mean_position", HS_INTERVENTION_MEAN_POSITION, 0, true, false},
        {"resample", HS_INTERVENTION_RESAMPLE, 0, false, true},
        {"flip", HS_INTERVENTION_SCALE, -1, false, false},
        {"scale=0.5", HS_INTERVENTION_SCALE, 0.5f, false, false},
        {"scale=-0.1", HS_INTERVENTION_SCALE, -0.1f, false, false},
        {"scale=0.33333334", HS_INTERVENTION_SCALE, 1.0f / 3, false, false},
        {"uniform", HS_INTERVENTION_UNIFORM, 0, false, false},
        {"first_token", HS_INTERVENTION_FIRST_TOKEN, 0, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        hs_intervention intervention;
        char name[64];
        ASSERT_OK(hs_sets_intervention_parse(rows[i].text, &intervention, &error));
        assert_int_equal(intervention.kind, rows[i].kind);
        assert_true(intervention.scale == rows[i].scale);
        assert_int_equal(hs_sets_intervention_needs_means(intervention), rows[i].needs_means);
        assert_int_equal(hs_sets_intervention_needs_donors(intervention), rows[i].needs_donors);
        assert_string_equal(hs_sets_intervention_name(intervention, name, sizeof name), rows[i].text);
    }
}

static void test_unknown_interventions(void **state)
{
    (void)state;
    static const char *const unknown[] = {"", "zer", "zero ", "Mean", "scale", "noise"};
    static const char *const bad_scales[] = {"scale=", "scale=x", "scale=1x", "scale=inf", "scale=nan", "scale=1e99"};
    hs_intervention intervention;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        ASSERT_FAILS(hs_sets_intervention_parse(unknown[i], &intervention, &error), HS_ERROR_USAGE,
                     "zero, mean, mean_position, resample, flip, uniform, first_token, scale=NUMBER");
    for (size_t i = 0; i < sizeof bad_scales / sizeof bad_scales[0]; i++)
        ASSERT_FAILS(hs_sets_intervention_parse(bad_scales[i], &intervention, &error), HS_ERROR_USAGE,
                     "not a finite number");
}

static void test_names_of_ablations(void **state)
{
    (void)state;
    const hs_component components[] = {
        {HS_COMPONENT_HEAD, 2, 1}, {HS_COMPONENT_HEAD, 3, 0}, {HS_COMPONENT_KV_GROUP, 3, 1}};
    const hs_ablation heads = {components, 2, {HS_INTERVENTION_ZERO, 0}};
    const hs_ablation mixed = {components, 3, {HS_INTERVENTION_MEAN, 0}};
    const hs_ablation group = {components + 2, 1, {HS_INTERVENTION_SCALE, -1}};
    const hs_ablation clean = {0};
    char name[64];
    assert_string_equal(hs_sets_ablation_name(&heads, name, sizeof name), "heads 2.1+3.0 (zero)");
    assert_string_equal(hs_sets_ablation_name(&mixed, name, sizeof name), "heads 2.1+3.0, KV groups 3.1 (mean)");
    assert_string_equal(hs_sets_ablation_name(&group, name, sizeof name), "KV groups 3.1 (flip)");
    assert_string_equal(hs_sets_ablation_name(&clean, name, sizeof name), "clean model");
    hs_component many[40];
    for (int32_t i = 0; i < 40; i++)
        many[i] = (hs_component){HS_COMPONENT_HEAD, i, 0};
    const hs_ablation long_set = {many, 40, {HS_INTERVENTION_ZERO, 0}};
    char long_name[128];
    assert_string_equal(hs_sets_ablation_name(&long_set, long_name, sizeof long_name),
                        "heads 0.0+1.0+2.0+3.0+4.0+5.0+6.0+7.0+8.0+9.0+10.0+11.0+28 more (zero)");
    assert_true(strlen(hs_sets_ablation_name(&long_set, name, 10)) < 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_every_kind_read_back),
        cmocka_unit_test(test_every_kind_has_a_word_and_a_row),
        cmocka_unit_test(test_what_is_no_component),
        cmocka_unit_test(test_parts_of_every_kind),
        cmocka_unit_test(test_parts_of_a_group),
        cmocka_unit_test(test_components_that_the_model_lacks),
        cmocka_unit_test(test_sites_have_names),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_interventions_read_back),
        cmocka_unit_test(test_unknown_interventions),
        cmocka_unit_test(test_names_of_ablations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
