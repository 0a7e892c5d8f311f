/* What the tests of config share: experiment files in a scratch folder, and looks at what became of them. */
#ifndef HEADSWEEP_TESTS_CONFIG_FIXTURE_H
#define HEADSWEEP_TESTS_CONFIG_FIXTURE_H

#include "config/keys.h"
#include "headsweep/config.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MODEL "model: { checkpoint = \"model\"; };\n"
#define ONE_TASK "tasks = ( { name = \"accuracy\"; kind = \"minimal_pair\"; file = \"a.jsonl\"; } );\n"
#define OUTPUT "output: { results = \"r.h5\"; };\n"
#define SMALLEST MODEL ONE_TASK OUTPUT
#define TWO_TASKS                                                                                                    \
    MODEL "tasks = ( { name = \"toxicity\"; kind = \"contrast\"; file = \"t.jsonl\"; limit = 5; },\n"                \
          "{ name = \"accuracy\"; kind = \"minimal_pair\"; file = \"/data/a.jsonl\"; fields = { good = \"g\"; }; } " \
          ");\n" OUTPUT

void write_text(const char *path, const char *text);

/* Fail the test if the file is refused. load() writes `text` into e.cfg of the scratch folder. */
hs_experiment *load_file(const char *path, const char *const *overrides, size_t n_overrides);
hs_experiment *load(const char *text);
hs_experiment *load_set(const char *text, const char *override);
/* `override` may be NULL. The status is HS_ERROR_USAGE. */
void expect_error(const char *text, const char *override, const char *message);

/* The value that hs_config_list_values() gives for a key, which must be there once; hs_free() it. */
char *value_of(const hs_experiment *experiment, const char *key, bool *identity_out);
void expect_key(const hs_experiment *experiment, const char *key, const char *expected, bool expected_identity);

/* Group fixtures: a new folder with a folder "sub" in it, made the current one. */
int enter_scratch(void **state);
int remove_scratch(void **state);

#endif
