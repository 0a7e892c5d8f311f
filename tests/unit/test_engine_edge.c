/* Edges: what a set edits, against a plain map of all heads. */
#include "engine/edge.h"
#include "support/assert_status.h"

enum { N_LAYERS = 3, N_HEADS = 6, N_KV_HEADS = 2, N_ALL = N_LAYERS * (N_HEADS + N_KV_HEADS) };

static const hs_model_shape SHAPE = {.n_layers = N_LAYERS, .n_heads = N_HEADS, .n_kv_heads = N_KV_HEADS, .head_dim = 4};

/* A set and its edges, with no more room than is promised to be enough. */
struct listed {
    hs_component components[N_ALL];
    hs_ablation ablation;
    struct hs_edge edges[N_LAYERS];
    struct hs_part_run runs[N_LAYERS * N_HEADS / 2];
    struct hs_edge_list list;
};

static void list_set(struct listed *set, hs_intervention_kind intervention)
{
    hs_sets_sort_components(set->components, set->ablation.n_components);
    set->ablation.components = set->components;
    set->ablation.intervention.kind = intervention;
    set->list.edges = set->edges;
    ASSERT_OK(hs__engine_list_edges(&set->list, set->runs, &set->ablation, &SHAPE, &error));
}

static void draw_set(struct listed *set, uint64_t round)
{
    *set = (struct listed){0};
    size_t n = 0, one_in = 1 + round % 7;
    for (int32_t kind = 0; kind < HS_COMPONENT_KINDS; kind++)
        for (int32_t layer = 0; layer < N_LAYERS; layer++)
            for (int32_t index = 0; index < (int32_t)hs_sets_kind(kind)->count(&SHAPE); index++)
                if (hs_random_below(5, round, (uint64_t)((kind * N_LAYERS + layer) * N_HEADS + index), one_in) == 0)
                    set->components[n++] = (hs_component){kind, layer, index};
    set->ablation.n_components = n;
    list_set(set, HS_INTERVENTION_ZERO);
}

/* The same by hand: 1 for each head that is edited. */
static void map_heads(const struct listed *set, uint8_t map[N_LAYERS * N_HEADS])
{
    memset(map, 0, N_LAYERS * N_HEADS);
    for (size_t i = 0; i < set->ablation.n_components; i++) {
        const hs_component *component = &set->components[i];
        size_t n = component->kind == HS_COMPONENT_HEAD ? 1 : N_HEADS / N_KV_HEADS;
        memset(map + component->layer * N_HEADS + (size_t)component->index * n, 1, n);
    }
}

static void test_edges_are_the_heads_of_all_components(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 500; round++) {
        struct listed set;
        uint8_t map[N_LAYERS * N_HEADS];
        draw_set(&set, round);
        map_heads(&set, map);
        for (size_t layer = 0; layer < N_LAYERS; layer++) {
            const struct hs_edge *edge = hs__engine_find_edge(&set.list, layer, HS_SITE_Z);
            size_t n_parts = 0;
            assert_null(hs__engine_find_edge(&set.list, layer, HS_SITE_PATTERN));
            for (size_t head = 0; head < N_HEADS; head++) {
                n_parts += map[layer * N_HEADS + head];
                assert_int_equal(edge != NULL && hs__engine_edge_has(edge, head), map[layer * N_HEADS + head]);
            }
            assert_int_equal(edge == NULL ? 0 : hs__engine_edge_n_parts(edge), n_parts);
            for (size_t i = 1; edge != NULL && i < edge->n_runs; i++)
                assert_true(edge->runs[i - 1].end < edge->runs[i].first);
        }
        assert_true(set.list.n_edges <= hs__engine_most_edges(&SHAPE, set.ablation.n_components));
    }
}

/* Where two maps first differ, who has the head comes first: batches are made in this order, so bits hang on it. */
static void test_order_of_sets_is_that_of_their_maps(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 2000; round++) {
        struct listed left, right;
        uint8_t left_map[N_LAYERS * N_HEADS], right_map[N_LAYERS * N_HEADS];
        draw_set(&left, round);
        draw_set(&right, 7 * round + 3);
        map_heads(&left, left_map);
        map_heads(&right, right_map);
        int expected = memcmp(right_map, left_map, sizeof left_map);
        int order = hs__engine_compare_edge_lists(&left.list, &right.list);
        assert_int_equal((order > 0) - (order < 0), (expected > 0) - (expected < 0));
        assert_int_equal(hs__engine_compare_edge_lists(&left.list, &left.list), 0);
    }
}

static void test_a_group_is_its_heads(void **state)
{
    (void)state;
    struct listed group = {.components = {{HS_COMPONENT_KV_GROUP, 1, 1}}, .ablation.n_components = 1};
    struct listed heads = {
        .components = {{HS_COMPONENT_HEAD, 1, 3}, {HS_COMPONENT_HEAD, 1, 4}, {HS_COMPONENT_HEAD, 1, 5}},
        .ablation.n_components = 3};
    struct listed both = {.components = {{HS_COMPONENT_HEAD, 1, 4}, {HS_COMPONENT_KV_GROUP, 1, 1}},
                          .ablation.n_components = 2};
    list_set(&group, HS_INTERVENTION_MEAN);
    list_set(&heads, HS_INTERVENTION_MEAN);
    list_set(&both, HS_INTERVENTION_MEAN);
    assert_int_equal(group.list.n_edges, 1);
    assert_int_equal(group.edges[0].n_runs, 1);
    assert_int_equal(group.edges[0].runs[0].first, 3);
    assert_int_equal(group.edges[0].runs[0].end, 6);
    assert_int_equal(hs__engine_compare_edge_lists(&group.list, &heads.list), 0);
    assert_int_equal(hs__engine_compare_edge_lists(&group.list, &both.list), 0);
}

static void test_interventions_of_patterns_hang_at_the_pattern(void **state)
{
    (void)state;
    static const struct {
        hs_intervention_kind intervention;
        hs_site site;
    } cases[] = {{HS_INTERVENTION_ZERO, HS_SITE_Z},
                 {HS_INTERVENTION_RESAMPLE, HS_SITE_Z},
                 {HS_INTERVENTION_UNIFORM, HS_SITE_PATTERN},
                 {HS_INTERVENTION_FIRST_TOKEN, HS_SITE_PATTERN}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct listed set = {.components = {{HS_COMPONENT_HEAD, 0, 0}, {HS_COMPONENT_HEAD, 2, 5}},
                             .ablation.n_components = 2};
        list_set(&set, cases[i].intervention);
        assert_int_equal(set.list.n_edges, 2);
        assert_int_equal(set.edges[0].site, cases[i].site);
        assert_int_equal(set.edges[1].layer, 2);
        assert_int_equal(set.edges[1].site, cases[i].site);
    }
}

static void test_what_is_refused(void **state)
{
    (void)state;
    const hs_component turned[] = {{HS_COMPONENT_HEAD, 2, 0}, {HS_COMPONENT_HEAD, 1, 0}};
    const hs_component beyond[] = {{HS_COMPONENT_HEAD, 0, 0}, {HS_COMPONENT_KV_GROUP, 0, N_KV_HEADS}};
    struct listed set = {.list.edges = set.edges};
    set.ablation = (hs_ablation){turned, 2, {HS_INTERVENTION_ZERO, 0}};
    ASSERT_FAILS(hs__engine_list_edges(&set.list, set.runs, &set.ablation, &SHAPE, &error), HS_ERROR_INPUT,
                 "not sorted by layer");
    set.ablation.components = beyond;
    ASSERT_FAILS(hs__engine_list_edges(&set.list, set.runs, &set.ablation, &SHAPE, &error), HS_ERROR_INPUT,
                 "KV group 0.2 does not exist");
}

/* No kind of today has another site than z; one that comes before the engine knows its site must be refused. */
static bool has_new_kind;
hs_status __real_hs_sets_component_parts(hs_component component, const hs_model_shape *shape, hs_parts *parts_out,
                                         hs_error *error);
hs_status __wrap_hs_sets_component_parts(hs_component component, const hs_model_shape *shape, hs_parts *parts_out,
                                         hs_error *error);
hs_status __wrap_hs_sets_component_parts(hs_component component, const hs_model_shape *shape, hs_parts *parts_out,
                                         hs_error *error)
{
    hs_status status = __real_hs_sets_component_parts(component, shape, parts_out, error);
    if (has_new_kind)
        parts_out->site = HS_SITE_MLP_OUTPUT;
    return status;
}

static void test_a_site_that_is_not_edited_is_refused(void **state)
{
    (void)state;
    const hs_component component = {HS_COMPONENT_HEAD, 1, 2};
    struct listed set = {.list.edges = set.edges};
    set.ablation = (hs_ablation){&component, 1, {HS_INTERVENTION_ZERO, 0}};
    has_new_kind = true;
    ASSERT_FAILS(hs__engine_list_edges(&set.list, set.runs, &set.ablation, &SHAPE, &error), HS_ERROR_INPUT,
                 "head 1.2: the engine cannot edit the site MLP output");
    set.ablation.intervention.kind = HS_INTERVENTION_UNIFORM;
    ASSERT_FAILS(hs__engine_list_edges(&set.list, set.runs, &set.ablation, &SHAPE, &error), HS_ERROR_INPUT,
                 "head 1.2 has no attention pattern to replace");
    has_new_kind = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges_are_the_heads_of_all_components),
        cmocka_unit_test(test_order_of_sets_is_that_of_their_maps),
        cmocka_unit_test(test_a_group_is_its_heads),
        cmocka_unit_test(test_interventions_of_patterns_hang_at_the_pattern),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_a_site_that_is_not_edited_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
