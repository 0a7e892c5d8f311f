/* The plan covers every cell once; the schedulers hand out every item once. */
#include "headsweep/sweep.h"

#include <math.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"

enum { MAX_EXAMPLES = 40, MAX_ITEMS = 5000, MAX_RANKS = 9 };

static size_t random_between(uint64_t stream, uint64_t index, size_t low, size_t high)
{
    return low + (size_t)hs_random_below(7, stream, index, high - low + 1);
}

/* Counts how often the groups of a plan cover each (set, example) of its tasks. */
static void assert_covers_once(const hs_plan *plan)
{
    for (uint32_t task = 0; task < plan->n_tasks; ++task) {
        static uint8_t covered[64][MAX_EXAMPLES];
        memset(covered, 0, sizeof covered);
        for (uint64_t g = 0; g < plan->n_groups; ++g) {
            hs_group group = hs_sweep_plan_group(plan, g);
            if (group.task != task)
                continue;
            assert_true(group.shard < plan->tasks[task].n_shards);
            assert_true(hs_sweep_plan_group_examples(plan, &group) * group.n_sets * plan->tasks[task].n_metrics <=
                        plan->max_group_values);
            for (uint64_t set = group.first_set; set < group.first_set + group.n_sets; ++set)
                for (uint64_t e = 0; e < hs_sweep_plan_group_examples(plan, &group); ++e)
                    ++covered[set][plan->tasks[task].shard_first[group.shard] + e];
        }
        for (size_t set = 0; set < plan->n_sets; ++set)
            for (size_t e = 0; e < plan->tasks[task].n_examples; ++e)
                assert_int_equal(covered[set][e], 1);
    }
}

static void test_random_plans(void **state)
{
    (void)state;
    for (uint64_t trial = 0; trial < 200; ++trial) {
        size_t rows[3][MAX_EXAMPLES];
        hs_plan_input inputs[3];
        hs_plan plan;
        hs_error error = {0};
        size_t n_tasks = random_between(trial, 0, 1, 3);
        for (size_t task = 0; task < n_tasks; ++task) {
            inputs[task] = (hs_plan_input){random_between(trial, 10 + task, 1, MAX_EXAMPLES),
                                           random_between(trial, 20 + task, 1, 4), rows[task], NULL};
            for (size_t e = 0; e < inputs[task].n_examples; ++e)
                rows[task][e] = random_between(trial, 100 * (task + 1) + e, 1, 30);
        }
        size_t batch_rows = random_between(trial, 1, 1, 120);
        assert_ok(hs_sweep_plan_init(&plan, random_between(trial, 2, 1, 64), random_between(trial, 3, 1, 70),
                                     batch_rows, inputs, n_tasks, &error),
                  &error);
        assert_covers_once(&plan);
        for (size_t task = 0; task < n_tasks; ++task)
            for (size_t s = 0; s < plan.tasks[task].n_shards; ++s) {
                const uint64_t *first = plan.tasks[task].shard_first + s;
                size_t sum = 0;
                for (uint64_t e = first[0]; e < first[1]; ++e)
                    sum += rows[task][e];
                assert_true(first[1] > first[0]);
                assert_true(sum <= batch_rows || first[1] == first[0] + 1);
            }
        hs_sweep_plan_clear(&plan);
    }
}

/* 10 rows each, 6 of them shared with the one before: 10, 14, 18 make a shard of 20, not a fourth example's 22. */
static void test_shared_rows_count_once(void **state)
{
    static const size_t rows[] = {10, 10, 10, 10, 10};
    static const size_t shared[] = {0, 6, 6, 6, 0};
    const hs_plan_input input = {5, 1, rows, shared};
    hs_plan plan;
    hs_error error = {0};
    (void)state;

    assert_ok(hs_sweep_plan_init(&plan, 1, 1, 20, &input, 1, &error), &error);
    assert_int_equal(plan.tasks[0].n_shards, 2);
    assert_int_equal(plan.tasks[0].shard_first[1], 3);
    hs_sweep_plan_clear(&plan);
}

/* A later phase: the same shards, other sets, and groups no larger than those of the first. */
static void test_plan_of_sets(void **state)
{
    static const size_t rows[] = {10, 10, 10, 10, 10};
    const hs_plan_input input = {5, 2, rows, NULL};
    hs_plan plan, later;
    hs_error error = {0};
    (void)state;

    assert_ok(hs_sweep_plan_init(&plan, 30, 8, 20, &input, 1, &error), &error);
    for (uint64_t n = 1; n <= 20; ++n) {
        uint64_t n_seen = 0;
        assert_ok(hs_sweep_plan_of_sets(&plan, 30, n, &later, &error), &error);
        assert_int_equal(later.n_cells, 3 * n);
        assert_int_equal(later.tasks[0].n_shards, plan.tasks[0].n_shards);
        assert_true(later.max_group_values <= plan.max_group_values);
        for (uint64_t g = 0; g < later.n_groups; ++g) {
            hs_group group = hs_sweep_plan_group(&later, g);
            assert_true(group.n_sets <= 8 && group.first_set >= 30 && group.first_set + group.n_sets <= 30 + n);
            assert_int_equal(hs_sweep_plan_group_examples(&later, &group), hs_sweep_plan_group_examples(&plan, &group));
            n_seen += group.n_sets;
        }
        assert_int_equal(n_seen, 3 * n);
        hs_sweep_plan_clear(&later);
    }
    hs_sweep_plan_clear(&plan);
}

/* A group's first set costs 10 more than its others, which cost 1; those of the second task three times as much. */
static double uneven_flops(void *context, size_t task, uint64_t set, bool is_first)
{
    (void)set;
    ++*(size_t *)context;
    return (task == 0 ? 1 : 3) * (is_first ? 11.0 : 1.0);
}

static void test_groups_hold_operations(void **state)
{
    static const size_t rows[] = {10, 10, 10};
    const hs_plan_input inputs[] = {{3, 2, rows, NULL}, {3, 1, rows, NULL}};
    size_t n_calls = 0;
    const hs_set_costs costs = {&n_calls, uneven_flops};
    hs_plan plan;
    hs_error error = {0};
    double flops = 0;
    (void)state;

    assert_int_equal(hs_sweep_plan_init(&plan, 40, 16, 20, inputs, 2, &error), HS_OK);
    const hs_group_size size = {.target_flops = 20, .most_flops = 60, .fewest_sets = 2, .most_sets = 16};
    assert_int_equal(hs_sweep_plan_cut(&plan, &costs, size, &flops, &error), HS_OK);
    assert_covers_once(&plan);
    assert_int_equal(plan.n_cells, 2 * 2 * 40);
    assert_int_equal(plan.sets_per_group, 10);    /* 11 + 9 * 1 = 20 */
    assert_int_equal(plan.tasks[0].n_blocks, 4);  /* of 10 sets */
    assert_int_equal(plan.tasks[1].n_blocks, 20); /* of 2, however much they are beyond the target: 33 + 3 */
    assert_true(flops == 4 * 20.0 + 20 * 36.0);
    assert_true(n_calls >= 80);
    hs_sweep_plan_clear(&plan);
}

/* What no group may have outweighs how many sets it should hold, and one set is always a group. */
static void test_groups_are_bounded(void **state)
{
    static const size_t rows[] = {10};
    const hs_plan_input input = {1, 1, rows, NULL};
    size_t n_calls = 0;
    const hs_set_costs costs = {&n_calls, uneven_flops};
    hs_plan plan;
    hs_error error = {0};
    double flops = 0;
    (void)state;

    assert_int_equal(hs_sweep_plan_init(&plan, 12, 12, 20, &input, 1, &error), HS_OK);
    const hs_group_size small = {.target_flops = 1, .most_flops = 5, .fewest_sets = 4, .most_sets = 12};
    assert_int_equal(hs_sweep_plan_cut(&plan, &costs, small, &flops, &error), HS_OK);
    assert_int_equal(plan.n_groups, 12);
    const hs_group_size few = {.target_flops = 1000, .most_flops = 1000, .fewest_sets = 4, .most_sets = 5};
    assert_int_equal(hs_sweep_plan_cut(&plan, &costs, few, &flops, &error), HS_OK);
    assert_int_equal(plan.n_groups, 3);
    assert_int_equal(plan.sets_per_group, 5);
    hs_sweep_plan_clear(&plan);
}

static double a_second_each(void *context, uint32_t task, uint32_t shard, uint64_t block, uint64_t n)
{
    (void)context;
    (void)task;
    (void)shard;
    (void)block;
    return (double)n;
}

static double seconds_of_shard(void *context, uint32_t task, uint32_t shard)
{
    (void)task;
    (void)shard;
    return *(const double *)context;
}

static void assert_simulates(size_t n_groups, size_t n_ranks, double shard_seconds, double answer_seconds,
                             hs_simulation expected)
{
    static const size_t rows[] = {1};
    const hs_plan_input input = {1, 1, rows, NULL};
    const hs_group_times times = {&shard_seconds, a_second_each, seconds_of_shard, answer_seconds, 0};
    hs_simulation simulation;
    hs_plan plan;
    hs_error error = {0};

    assert_int_equal(hs_sweep_plan_init(&plan, n_groups, 1, 1, &input, 1, &error), HS_OK);
    assert_int_equal(hs_sweep_simulate(&plan, &times, HS_SCHEDULER_GUIDED, 64, n_ranks, &simulation, &error), HS_OK);
    if (fabs(simulation.seconds - expected.seconds) > 1e-9)
        fail_msg("%zu groups, %zu ranks: %g s, not %g", n_groups, n_ranks, simulation.seconds, expected.seconds);
    assert_true(fabs(simulation.efficiency - expected.efficiency) < 1e-9);
    assert_int_equal(simulation.n_idle_ranks, expected.n_idle_ranks);
    assert_true(fabs(simulation.waited_seconds - expected.waited_seconds) < 1e-9);
    hs_sweep_plan_clear(&plan);
}

static void test_virtual_time(void **state)
{
    (void)state;
    assert_simulates(100, 1, 0, 0, (hs_simulation){.seconds = 100, .efficiency = 1});
    assert_simulates(64, 4, 0, 0, (hs_simulation){.seconds = 16, .efficiency = 1});
    assert_simulates(16, 32, 0, 0, (hs_simulation){.seconds = 1, .efficiency = 0.5, .n_idle_ranks = 16});
    assert_simulates(9, 8, 0, 0, (hs_simulation){.seconds = 2, .efficiency = 9.0 / 16});
    /* Each rank prepares the one shard once. */
    assert_simulates(8, 4, 3, 0, (hs_simulation){.seconds = 5, .efficiency = 1});
    /* Ranks wait for their first lease alone: later ones are asked for while they compute. */
    assert_simulates(8, 4, 0, 0.5, (hs_simulation){.seconds = 2.5, .efficiency = 0.8, .waited_seconds = 1.5});
    /* An answer that takes longer than a group is waited for; rank 0, which asks itself, goes on meanwhile. */
    assert_simulates(8, 4, 0, 3, (hs_simulation){.seconds = 5, .efficiency = 8.0 / 20, .waited_seconds = 9});
}

/* Ranks ask in random order until nobody gets anything; every item must have been handed out exactly once. */
static void assert_hands_out_once(hs_scheduler_policy policy, uint64_t n_items, size_t n_ranks, uint64_t max_lease,
                                  uint64_t seed)
{
    static uint8_t seen[MAX_ITEMS];
    hs_scheduler *scheduler;
    hs_error error = {0};
    bool exhausted[MAX_RANKS] = {false};
    size_t n_exhausted = 0;

    memset(seen, 0, sizeof seen);
    assert_ok(hs_sweep_scheduler_new(policy, n_items, n_ranks, max_lease, &scheduler, &error), &error);
    assert_true(hs_sweep_scheduler_drained(scheduler));
    for (uint64_t step = 0; n_exhausted < n_ranks; ++step) {
        size_t rank = (size_t)hs_random_below(seed, 1, step, n_ranks);
        hs_lease lease = hs_sweep_scheduler_next(scheduler, rank);
        assert_true(lease.count <= max_lease);
        if (lease.count == 0 && !exhausted[rank]) {
            exhausted[rank] = true;
            ++n_exhausted;
        }
        for (uint64_t i = lease.first; i < lease.first + lease.count; ++i) {
            assert_true(i < n_items);
            assert_int_equal(seen[i]++, 0);
        }
        if (lease.count > 0)
            assert_false(hs_sweep_scheduler_drained(scheduler));
        hs_sweep_scheduler_report(scheduler, rank, lease.count);
        assert_true(hs_sweep_scheduler_drained(scheduler));
    }
    for (uint64_t i = 0; i < n_items; ++i)
        assert_int_equal(seen[i], 1);
    hs_sweep_scheduler_free(scheduler);
}

static void test_every_item_once(void **state)
{
    (void)state;
    for (uint64_t trial = 0; trial < 100; ++trial) {
        size_t n_items = random_between(50, trial, 0, MAX_ITEMS);
        size_t n_ranks = random_between(51, trial, 1, MAX_RANKS);
        size_t max_lease = random_between(52, trial, 1, 100);
        assert_hands_out_once(HS_SCHEDULER_GUIDED, n_items, n_ranks, max_lease, trial);
        assert_hands_out_once(HS_SCHEDULER_STATIC, n_items, n_ranks, max_lease, trial);
    }
}

/* max(1, remaining / 4P), capped, worked out by hand for 100 items and 2 ranks. */
static void test_guided_sizes(void **state)
{
    static const uint64_t expected[] = {10, 10, 10, 8, 7, 6, 6, 5, 4};
    hs_scheduler *scheduler;
    hs_error error = {0};
    (void)state;

    assert_ok(hs_sweep_scheduler_new(HS_SCHEDULER_GUIDED, 100, 2, 10, &scheduler, &error), &error);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; ++i)
        assert_int_equal(hs_sweep_scheduler_next(scheduler, i % 2).count, expected[i]);
    hs_sweep_scheduler_free(scheduler);
}

/* 10 items on 3 ranks: blocks of 4, 3 and 3. */
static void test_static_blocks(void **state)
{
    hs_scheduler *scheduler;
    hs_error error = {0};
    (void)state;

    assert_ok(hs_sweep_scheduler_new(HS_SCHEDULER_STATIC, 10, 3, 100, &scheduler, &error), &error);
    hs_lease last = hs_sweep_scheduler_next(scheduler, 2);
    hs_lease first = hs_sweep_scheduler_next(scheduler, 0);
    assert_int_equal(last.first, 7);
    assert_int_equal(last.count, 3);
    assert_int_equal(first.first, 0);
    assert_int_equal(first.count, 4);
    assert_int_equal(hs_sweep_scheduler_next(scheduler, 0).count, 0);
    hs_sweep_scheduler_free(scheduler);
}

static void test_stop(void **state)
{
    hs_scheduler *scheduler;
    hs_error error = {0};
    (void)state;

    assert_ok(hs_sweep_scheduler_new(HS_SCHEDULER_GUIDED, 100, 2, 10, &scheduler, &error), &error);
    hs_sweep_scheduler_next(scheduler, 1);
    hs_sweep_scheduler_stop(scheduler);
    assert_int_equal(hs_sweep_scheduler_next(scheduler, 0).count, 0);
    hs_sweep_scheduler_free(scheduler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_plans),       cmocka_unit_test(test_shared_rows_count_once),
        cmocka_unit_test(test_plan_of_sets),       cmocka_unit_test(test_groups_hold_operations),
        cmocka_unit_test(test_groups_are_bounded), cmocka_unit_test(test_virtual_time),
        cmocka_unit_test(test_every_item_once),    cmocka_unit_test(test_guided_sizes),
        cmocka_unit_test(test_static_blocks),      cmocka_unit_test(test_stop),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
