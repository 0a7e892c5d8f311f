/* A task of generation on the fixture's tokenizer: few short samples of few prompts. */
#ifndef TESTS_SUPPORT_SAMPLING_FIXTURE_H
#define TESTS_SUPPORT_SAMPLING_FIXTURE_H

#include "support/task_fixture.h"

enum { N_SAMPLES = 4, N_NEW = 6 };

static const char prompts[] = "{\"prompt\": \"x cat\"}\n{\"prompt\": \"a dog\"}\n{\"prompt\": \"x cat dog\"}\n";

static inline struct task_fixture *with_sampling(void **state)
{
    static char lexicon[] = "words";
    struct task_fixture *fixture = *state;
    fixture->config.samples = N_SAMPLES;
    fixture->config.max_new_tokens = N_NEW;
    fixture->config.temperature = 1;
    fixture->config.top_p = 1;
    fixture->config.threshold = 0.5;
    fixture->config.lexicon = lexicon;
    return fixture;
}

#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, task_fixture_set_up, task_fixture_tear_down)

#endif
