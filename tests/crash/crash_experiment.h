/* What crash_writer writes and crash_driver expects: about 10,000 small cells. */
#ifndef HEADSWEEP_TESTS_CRASH_EXPERIMENT_H
#define HEADSWEEP_TESTS_CRASH_EXPERIMENT_H

#include "support/results_fixture.h"

enum { CRASH_CELL_VALUES = 16 };

static const results_fixture_options crash_experiment = {
    .n_layers = 4, .n_heads = 6, .n_examples = 32, .examples_a_shard = 4, .means = true};

#endif
