/* The best single component so far, as a run finds it in its own file. */
#include "mpi/mpi_test.h"
#include "study/best_so_far.h"
#include "support/assert_status.h"
#include "support/results_fixture.h"

#include <stdlib.h>
#include <string.h>

/*
 * 6 heads, so sets 1 to 6 are the single ones zeroed and 22 to 27 those with their means; shards of examples 0-3, 4-7,
 * 8-9. By the fixture's formula the delta of set s is s; sets 24 to 27 have a NaN each, none of it in the first shard.
 */
static const results_fixture_options small = {2, 3, 10, 4, false};

typedef struct place {
    hs_comm *comm;
    results_fixture fixture;
    char folder[512];
    char path[600];
    hs_results *results;
    hs_error error;
} place;

static void place_init(place *p, hs_comm *comm)
{
    *p = (place){.comm = comm};
    results_fixture_init(&p->fixture, small);
    test_folder_new(p->folder, sizeof p->folder);
    (void)snprintf(p->path, sizeof p->path, "%s/results.h5", p->folder);
    assert_ok(hs_results_create(p->path, &p->fixture.layout, &p->error), &p->error);
    assert_ok(hs_results_open_parallel(comm, p->path, &p->results, &p->error), &p->error);
}

static void place_clear(place *p)
{
    assert_ok(hs_results_close(p->results, &p->error), &p->error);
    results_fixture_clear(&p->fixture);
    test_folder_remove(p->folder);
}

static void write_sets(place *p, uint32_t task, uint32_t shard, uint64_t first, uint64_t n)
{
    float values[64];

    for (uint64_t set = first; set < first + n; ++set) {
        const hs_cell cell = {task, shard, set};
        results_fixture_fill(&p->fixture, cell, values);
        assert_ok(hs_results_write_cell(p->results, cell, values, &p->error), &p->error);
    }
}

/* Clean model and single components. */
static void write_shard(place *p, uint32_t task, uint32_t shard)
{
    write_sets(p, task, shard, 0, 7);
    write_sets(p, task, shard, 22, 6);
}

/* The pauses between looks are left out. */
static const char *look(best_so_far *best)
{
    best->next_seconds = 0;
    hs__study_best_so_far_look(best);
    return best->text;
}

static void start(best_so_far *best, place *p, char *task, char *metric)
{
    const hs_experiment experiment = {.objective_reduce = task, .objective_reduce_metric = metric};

    assert_ok(hs__study_best_so_far_init(best, &experiment, p->results, &p->error), &p->error);
    assert_string_equal(look(best), "");
}

static void test_best_is_of_whole_shards(void **state)
{
    place p;
    best_so_far best;

    place_init(&p, *state);
    start(&best, &p, "", "");
    write_shard(&p, 0, 2); /* those before it are missing */
    assert_string_equal(look(&best), "");
    write_sets(&p, 0, 0, 0, 7);
    write_sets(&p, 0, 0, 22, 5); /* all but one set */
    assert_string_equal(look(&best), "");
    write_sets(&p, 0, 0, 27, 1);
    assert_string_equal(look(&best), "1.2 mean +27.00 toxicity.contrast");
    /* Nothing is ranked by what is not finite. How many shards a look takes depends on the time. */
    write_shard(&p, 0, 1);
    for (int i = 0; i < 2; ++i)
        look(&best);
    assert_string_equal(best.text, "0.1 mean +23.00 toxicity.contrast");
    assert_int_equal(best.n_shards, 3);
    hs__study_best_so_far_clear(&best);
    place_clear(&p);
}

static void test_best_by_objective(void **state)
{
    place p;
    best_so_far first, percent, ratio;
    double sums[2][2] = {{0}};
    char expected[64];

    place_init(&p, *state);
    start(&first, &p, "toxicity", "");
    start(&percent, &p, "toxicity", "toxic_probability");
    start(&ratio, &p, "accuracy", "margin");
    write_shard(&p, 0, 0);
    write_shard(&p, 1, 0);
    assert_string_equal(look(&first), "0.0 zero +1.00 toxicity.contrast");
    assert_string_equal(look(&percent), "0.0 zero +100.0 points toxicity.toxic_probability");
    /* sum(margin) / sum(acc), as the fixture says of that metric; it falls with the set. */
    for (size_t i = 0; i < 4; ++i)
        for (size_t metric = 0; metric < 2; ++metric) {
            sums[0][metric] += (double)results_fixture_value(1, 0, i, metric);
            sums[1][metric] += (double)results_fixture_value(1, 27, i, metric);
        }
    (void)snprintf(expected, sizeof expected, "1.2 mean %+.2f accuracy.margin",
                   sums[1][1] / sums[1][0] - sums[0][1] / sums[0][0]);
    assert_string_equal(look(&ratio), expected);
    hs__study_best_so_far_clear(&first);
    hs__study_best_so_far_clear(&percent);
    hs__study_best_so_far_clear(&ratio);
    place_clear(&p);
}

int main(void)
{
    struct CMUnitTest tests[] = {cmocka_unit_test(test_best_is_of_whole_shards),
                                 cmocka_unit_test(test_best_by_objective)};
    return mpi_test_run("best_so_far", tests, sizeof tests / sizeof tests[0]);
}
