/*
 * Which later phases an experiment asks for before there is a file, how many sets they can have, and what is refused.
 */
#include "headsweep/phases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"

static const char *const zero_only[] = {"zero"};

/* 3 layers of 4 heads, each ablated alone. */
static const hs_phase_basis singles = {.n_sets = 13,
                                       .n_singles = 12,
                                       .max_order = 1,
                                       .most_components = 4096,
                                       .intervention_names = zero_only,
                                       .n_interventions = 1,
                                       .last = {HS_COMPONENT_HEAD, 2, 3}};

static hs_experiment experiment_without_phases(void)
{
    return (hs_experiment){.path = "test.cfg",
                           .max_sets = 100000,
                           .pruning_curve = HS_CURVES_NONE,
                           .pruning_intervention = "",
                           .pruning_metric = "",
                           .objective_reduce = "",
                           .objective_keep = ""};
}

static hs_planned_phases plan(const hs_experiment *experiment)
{
    hs_planned_phases planned;
    hs_error error = {0};

    assert_ok(hs_analysis_plan_phases(experiment, &singles, &planned, &error), &error);
    return planned;
}

static void assert_refused(const hs_experiment *experiment, const hs_phase_basis *basis, const char *expected)
{
    hs_planned_phases planned;
    hs_error error = {0};

    assert_int_equal(hs_analysis_plan_phases(experiment, basis, &planned, &error), HS_ERROR_USAGE);
    if (strstr(error.message, expected) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.message, expected);
    assert_null(planned.names);
}

static void test_none(void **state)
{
    const hs_experiment experiment = experiment_without_phases();
    hs_planned_phases planned = plan(&experiment);
    (void)state;

    assert_int_equal(planned.later.n_phases, 0);
    assert_int_equal(planned.later.n_sets, 0);
    assert_int_equal(planned.later.longest_name, 0);
    assert_int_equal(planned.max_order, 1);
    hs_analysis_planned_phases_clear(&planned);
}

static void test_both_curves(void **state)
{
    hs_experiment experiment = experiment_without_phases();
    (void)state;

    experiment.pruning_curve = HS_CURVES_BOTH;
    experiment.pruning_metric = "accuracy";
    hs_planned_phases planned = plan(&experiment);
    assert_int_equal(planned.later.n_phases, 1 + 11);
    assert_int_equal(planned.later.n_sets, 11 + (11 + 10 + 9 + 8 + 7 + 6 + 5 + 4 + 3 + 2 + 1));
    assert_int_equal(planned.later.n_added, planned.later.n_sets);
    assert_int_equal(planned.max_order, 12);
    assert_int_equal(planned.later.longest_name, strlen("2.3") * 12 + strlen("+") * 11);
    assert_string_equal(planned.later.names[0], HS_PHASE_IMPORTANCE);
    hs_analysis_planned_phases_clear(&planned);
}

static void test_greedy_and_controls(void **state)
{
    hs_experiment experiment = experiment_without_phases();
    (void)state;

    experiment.pruning_curve = HS_CURVES_GREEDY;
    experiment.pruning_metric = "accuracy";
    experiment.pruning_max_heads = 4;
    experiment.pruning_candidates = 10;
    experiment.controls_random_sets = 5;
    experiment.controls_for_best = 2;
    experiment.objective_reduce = "toxicity";
    hs_planned_phases planned = plan(&experiment);
    assert_int_equal(planned.later.n_phases, 3 + 1);
    assert_int_equal(planned.later.n_sets, 10 + 10 + 9 + 2 * 5);
    assert_string_equal(planned.later.names[0], HS_PHASE_GREEDY);
    assert_string_equal(planned.later.names[3], HS_PHASE_CONTROLS);
    assert_int_equal(planned.max_order, 4);
    hs_analysis_planned_phases_clear(&planned);
}

static void test_refused(void **state)
{
    hs_experiment experiment = experiment_without_phases();
    hs_phase_basis pairs = singles;
    (void)state;

    experiment.controls_random_sets = 1;
    assert_refused(&experiment, &singles, "state objective.reduce");
    experiment.controls_random_sets = 0;
    experiment.pruning_curve = HS_CURVES_IMPORTANCE;
    assert_refused(&experiment, &singles, "state pruning.metric or objective.keep");
    experiment.objective_keep = "accuracy";
    experiment.max_sets = 23;
    assert_refused(&experiment, &singles, "up to 24 ablation sets in all phases are more than sweep.max_sets = 23");
    experiment.max_sets = 24;
    hs_planned_phases planned = plan(&experiment);
    hs_analysis_planned_phases_clear(&planned);
    experiment.pruning_intervention = "flip";
    assert_refused(&experiment, &singles, "pruning.intervention = \"flip\" is none of sweep.interventions");
    experiment.pruning_intervention = "";
    pairs.n_singles = 0;
    assert_refused(&experiment, &pairs, "put 1 into sweep.orders");
    pairs.n_singles = pairs.most_components + 1;
    experiment.max_sets = 100000;
    assert_refused(&experiment, &pairs, "a pruning curve of 4097 heads");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_none), cmocka_unit_test(test_both_curves),
                                       cmocka_unit_test(test_greedy_and_controls), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests_name("planned phases", tests, NULL, NULL);
}
