/*
 * The table of sets against a naive one that writes every set out: random tables of random parents, sets and
 * continuations, found, named and parsed; and what is left when the k-th allocation fails.
 */
#include "headsweep/sets.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/failing_memory.h"

enum { MAX_SETS = 400, MAX_ORDER = 40, N_LAYERS = 5, N_INDICES = 6, N_COMPONENTS = 2 * N_LAYERS * N_INDICES };

/* A set written out: which components of all there are, in the order of the table. */
typedef struct naive_set {
    bool has[N_COMPONENTS];
    size_t n;
    int32_t intervention;
} naive_set;

typedef struct naive_table {
    naive_set sets[MAX_SETS];
    size_t n_sets;
} naive_table;

static hs_component component_at(size_t i)
{
    return (hs_component){(int32_t)(i / N_INDICES % 2), (int32_t)(i / (2 * N_INDICES)), (int32_t)(i % N_INDICES)};
}

static uint64_t draw(uint64_t *state, uint64_t bound)
{
    return hs_random_below(7, 1, (*state)++, bound);
}

static size_t write_out(const naive_set *set, hs_component *components)
{
    size_t n = 0;

    for (size_t i = 0; i < N_COMPONENTS; ++i)
        if (set->has[i])
            components[n++] = component_at(i);
    return n;
}

/* Up to `most` components that the parent has not, in no order; added to `set`, which begins as the parent is. */
static size_t draw_added(uint64_t *state, naive_set *set, size_t most, hs_component *added)
{
    size_t n = 0;

    for (size_t tries = 1 + (size_t)draw(state, most); tries > 0 && set->n < MAX_ORDER; --tries) {
        const size_t i = (size_t)draw(state, N_COMPONENTS);
        if (set->has[i])
            continue;
        set->has[i] = true;
        ++set->n;
        added[n++] = component_at(i);
    }
    return n;
}

/* Appends a random set to both; most parents are recent, so that there are long chains. */
static void append_random(uint64_t *state, hs_sets *sets, naive_table *naive)
{
    const size_t recent = naive->n_sets < 4 ? naive->n_sets : 4;
    size_t parent =
        (size_t)(draw(state, 3) == 0 ? draw(state, naive->n_sets) : naive->n_sets - 1 - draw(state, recent));
    hs_component added[MAX_ORDER];
    hs_error error = {0};

    if (naive->sets[parent].n > MAX_ORDER / 2)
        parent = 0;
    naive_set *set = &naive->sets[naive->n_sets];
    *set = naive->sets[parent];
    if (parent == 0)
        set->intervention = (int32_t)draw(state, 2);
    const size_t n = draw_added(state, set, draw(state, 4) == 0 ? 16 : 2, added);
    if (n == 0)
        return;
    assert_ok(hs_sets_append(sets, set->intervention, parent, added, n, &error), &error);
    ++naive->n_sets;
}

static void make_random(uint64_t seed, hs_sets *sets, naive_table *naive)
{
    uint64_t state = seed * 1000003;
    hs_error error = {0};

    *sets = (hs_sets){0};
    naive->n_sets = 1;
    naive->sets[0] = (naive_set){.intervention = -1};
    assert_ok(hs_sets_append(sets, -1, 0, NULL, 0, &error), &error);
    for (size_t i = 1 + seed % MAX_SETS; i > 1; --i)
        append_random(&state, sets, naive);
}

/* The name as its rule has it, of a set that is written out. */
static void naive_name(const naive_set *set, char *name, size_t capacity)
{
    hs_component components[MAX_ORDER];
    const size_t n = write_out(set, components);

    name[0] = '\0';
    for (size_t i = 0; i < n; ++i) {
        const size_t length = strlen(name);
        if (n <= 12 || i < 8 || i == n - 1)
            snprintf(name + length, capacity - length, "%s%d.%s%d",
                     i == 0                 ? ""
                     : n > 12 && i == n - 1 ? "+...+"
                                            : "+",
                     components[i].layer, components[i].kind == HS_COMPONENT_KV_GROUP ? "kv" : "", components[i].index);
    }
    if (n > 12)
        snprintf(name + strlen(name), capacity - strlen(name), " (%zu)", n);
    if (n == 0)
        snprintf(name, capacity, "clean");
}

static void assert_set(const hs_sets *sets, uint64_t set, const naive_set *expected)
{
    hs_component view[MAX_ORDER], written[MAX_ORDER];
    const size_t n = write_out(expected, written);

    assert_int_equal(hs_sets_order(sets, set), n);
    assert_int_equal(hs_sets_intervention(sets, set), expected->intervention);
    hs_sets_view(sets, set, view);
    assert_int_equal(hs_sets_compare(view, n, written, n), 0);
}

/* What is read is what was appended. */

static void test_views(void **state)
{
    static naive_table naive;
    (void)state;

    for (uint64_t seed = 1; seed < 60; ++seed) {
        hs_sets sets;
        size_t n_added = 0, max_order = 0;
        make_random(seed, &sets, &naive);
        assert_int_equal(sets.n_sets, naive.n_sets);
        for (size_t set = 0; set < naive.n_sets; ++set) {
            assert_set(&sets, set, &naive.sets[set]);
            n_added += naive.sets[set].n - (set > 0 ? naive.sets[sets.parent[set]].n : 0);
            max_order = naive.sets[set].n > max_order ? naive.sets[set].n : max_order;
        }
        assert_int_equal(sets.n_added, n_added);
        assert_int_equal(sets.max_order, max_order);
        hs_sets_clear(&sets);
    }
}

/* The first set that holds the same, whatever part of it is said by a parent. */
static void test_finding(void **state)
{
    static naive_table naive;
    (void)state;

    for (uint64_t seed = 1; seed < 40; ++seed) {
        hs_sets sets;
        hs_sets_index index;
        hs_error error = {0};
        make_random(seed, &sets, &naive);
        assert_ok(hs_sets_index_new(&sets, &index, &error), &error);
        for (size_t set = 1; set < naive.n_sets; ++set) {
            hs_component written[MAX_ORDER];
            const size_t n = write_out(&naive.sets[set], written), parent = (size_t)sets.parent[set];
            int64_t first = 0;
            while (memcmp(&naive.sets[first], &naive.sets[set], sizeof naive.sets[0]) != 0)
                ++first;
            assert_int_equal(hs_sets_find(&index, naive.sets[set].intervention, 0, written, n), first);
            assert_int_equal(hs_sets_find(&index, naive.sets[set].intervention, parent,
                                          sets.added + sets.first_added[set], n - naive.sets[parent].n),
                             first);
            assert_int_equal(hs_sets_find(&index, naive.sets[set].intervention, set, NULL, 0), first);
            assert_int_equal(hs_sets_find(&index, 2, 0, written, n), -1);
            written[n - 1].index = N_INDICES;
            assert_int_equal(hs_sets_find(&index, naive.sets[set].intervention, 0, written, n), -1);
        }
        assert_int_equal(hs_sets_find(&index, -1, 0, NULL, 0), 0);
        hs_sets_index_clear(&index);
        hs_sets_clear(&sets);
    }
}

/* Tables that continue another, and tables in foreign memory. */

static void test_continuing(void **state)
{
    static naive_table naive;
    (void)state;

    for (uint64_t seed = 1; seed < 40; ++seed) {
        uint64_t numbers = seed;
        hs_sets sets;
        hs_error error = {0};
        make_random(seed, &sets, &naive);
        hs_sets rows = {.base = &sets};
        for (size_t i = 0; i < 30 && naive.n_sets < MAX_SETS; ++i)
            append_random(&numbers, &rows, &naive);
        for (size_t set = 0; set < naive.n_sets; ++set)
            assert_set(&rows, set, &naive.sets[set]);
        assert_int_equal(sets.n_sets + rows.n_sets, naive.n_sets);
        void *block = malloc(hs_sets_bytes(naive.n_sets, sets.n_added + rows.n_added));
        hs_sets whole = {0};
        hs_sets_place(&whole, block, naive.n_sets, sets.n_added + rows.n_added);
        assert_ok(hs_sets_append_rows(&whole, &sets, &error), &error);
        assert_ok(hs_sets_append_rows(&whole, &rows, &error), &error);
        for (size_t set = 0; set < naive.n_sets; ++set)
            assert_set(&whole, set, &naive.sets[set]);
        assert_int_equal(hs_sets_append(&whole, 0, 0, &(hs_component){0}, 1, &error), HS_ERROR_INTERNAL);
        assert_int_equal(whole.n_sets, naive.n_sets);
        hs_sets_clear(&whole);
        hs_sets_clear(&rows);
        hs_sets_clear(&sets);
        free(block);
    }
}

static void test_refused(void **state)
{
    const hs_component head = {0};
    hs_sets sets = {0};
    hs_error error = {0};
    (void)state;

    assert_int_equal(hs_sets_append(&sets, 0, 0, &head, 1, &error), HS_ERROR_INTERNAL);
    error = (hs_error){0};
    assert_ok(hs_sets_append(&sets, -1, 0, NULL, 0, &error), &error);
    assert_int_equal(hs_sets_append(&sets, 0, 1, &head, 1, &error), HS_ERROR_INTERNAL);
    assert_int_equal(sets.n_sets, 1);
    hs_sets_clear(&sets);
}

static void test_names(void **state)
{
    static naive_table naive;
    (void)state;

    for (uint64_t seed = 1; seed < 40; ++seed) {
        hs_sets sets;
        make_random(seed, &sets, &naive);
        for (size_t set = 0; set < naive.n_sets; ++set) {
            char expected[512];
            hs_component written[MAX_ORDER], parsed[MAX_ORDER];
            const size_t n = write_out(&naive.sets[set], written);
            hs_text name = {0}, listed = {0}, spelt = {0};
            hs_error error = {0};
            size_t n_parsed;
            bool is = false;
            naive_name(&naive.sets[set], expected, sizeof expected);
            assert_ok(hs_sets_name(&sets, set, &name, &error), &error);
            assert_string_equal(name.text, expected);
            assert_int_equal(hs_sets_name_length(&sets, set), strlen(expected));
            assert_ok(hs_sets_components_name(written, n, &listed, &error), &error);
            assert_string_equal(listed.text, expected);
            assert_ok(hs_sets_spell_name(name.text, &spelt, &error), &error);
            assert_ok(hs_sets_is_named(&sets, set, name.text, &is, &error), &error);
            assert_true(is);
            assert_ok(hs_sets_is_named(&sets, set, spelt.text, &is, &error), &error);
            assert_true(is);
            if (n > 0 && n <= 12) {
                assert_true(hs_sets_parse_name(spelt.text, parsed, MAX_ORDER, &n_parsed));
                assert_int_equal(hs_sets_compare(parsed, n_parsed, written, n), 0);
                assert_false(hs_sets_parse_name(spelt.text, parsed, n - 1, &n_parsed));
            }
            hs_text_clear(&name);
            hs_text_clear(&listed);
            hs_text_clear(&spelt);
        }
        hs_sets_clear(&sets);
    }
}

static void test_names_that_are_none(void **state)
{
    static const char *const names[] = {"",        "clean", "2",     "2.",      "2.1+",    "+2.1", "2.1+2.1",
                                        "2.1 3.0", "L2",    "L2H1+", "2.1+x",   "2.1x",    "-1.0", "70000.1",
                                        "2.70000", "2.k1",  "2kv1",  "2.1,3.1", "2.1++3.1"};
    hs_component components[8];
    size_t n;
    (void)state;

    for (size_t i = 0; i < sizeof names / sizeof *names; ++i)
        if (hs_sets_parse_name(names[i], components, 8, &n))
            fail_msg("\"%s\" is not a name", names[i]);
}

/*
 * Appends, index and continuation with the k-th allocation failing: the table is as it was before the call that failed.
 */
static bool grow_with_failure(size_t k)
{
    hs_sets sets = {0}, rows = {.base = &sets};
    hs_sets_index index = {0};
    hs_error error = {0};
    hs_status status;
    size_t n = 0;

    failing_memory_arm(k);
    HS_GOTO_DONE(hs_sets_append(&sets, -1, 0, NULL, 0, &error));
    for (n = 1; n < N_COMPONENTS; ++n) {
        const hs_component component = component_at(n);
        HS_GOTO_DONE(hs_sets_append(&sets, 0, n - 1, &component, 1, &error));
    }
    HS_GOTO_DONE(hs_sets_index_new(&sets, &index, &error));
    HS_GOTO_DONE(hs_sets_append(&rows, 0, 0, &(hs_component){0}, 1, &error));
    status = hs_sets_append_rows(&sets, &rows, &error);
    n += status == HS_OK;
done:
    failing_memory_arm(0);
    assert_true(status == HS_OK || status == HS_ERROR_MEMORY);
    assert_int_equal(sets.n_sets, n);
    for (size_t set = 1; set < sets.n_sets && set < N_COMPONENTS; ++set)
        assert_int_equal(sets.order[set], set);
    hs_sets_index_clear(&index);
    hs_sets_clear(&rows);
    hs_sets_clear(&sets);
    return status == HS_OK;
}

static void test_memory_failures(void **state)
{
    const size_t live = failing_memory_live();
    size_t k = 1;
    (void)state;

    while (!grow_with_failure(k)) {
        assert_int_equal(failing_memory_live(), live);
        ++k;
    }
    assert_true(k > 8);
    assert_int_equal(failing_memory_live(), live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views),           cmocka_unit_test(test_finding),
        cmocka_unit_test(test_continuing),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_names),           cmocka_unit_test(test_names_that_are_none),
        cmocka_unit_test(test_memory_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
