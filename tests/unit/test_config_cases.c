/*
 * config: one folder a case in config_cases: input.cfg is refused with exactly the message in `error`.
 */
#include "headsweep/config.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_CASES = 200, FEWEST_CASES = 25, MAX_EXPECTED = 4096 };

/* The statuses of what is wrong with a file that is named, and not with what stands in it. */
static bool is_expected_status(hs_status status, const char *message)
{
    return status == (strstr(message, "cannot be opened") != NULL ? HS_ERROR_IO : HS_ERROR_USAGE);
}

static void run_case(void **state)
{
    const char *name = *state;
    char *expected = NULL;
    size_t length = 0;
    hs_error problem = {0};
    assert_int_equal(chdir(name), 0);
    assert_int_equal(hs_file_read("error", MAX_EXPECTED, &expected, &length, &problem), HS_OK);
    assert_true(length > 1 && expected[length - 1] == '\n');
    expected[length - 1] = '\0';

    hs_error error = {0};
    hs_experiment *experiment = NULL;
    hs_status status = hs_config_load("input.cfg", NULL, 0, &experiment, &error);
    assert_int_equal(chdir(".."), 0);
    assert_null(experiment);
    assert_string_equal(error.message, expected);
    assert_int_equal(status, error.status);
    assert_true(is_expected_status(status, expected));
    hs_free(expected);
}

static bool has_input(const char *folder)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/input.cfg", folder);
    return hs_path_exists(path);
}

int main(void)
{
    static char names[MAX_CASES][256];
    static struct CMUnitTest tests[MAX_CASES];
    const char *data = getenv("HEADSWEEP_TEST_DATA");
    char folder[4096];
    (void)snprintf(folder, sizeof folder, "%s/unit/config_cases", data == NULL ? "tests" : data);
    DIR *cases = chdir(folder) == 0 ? opendir(".") : NULL;
    if (cases == NULL) {
        fprintf(stderr, "%s cannot be read; set HEADSWEEP_TEST_DATA to the folder of the tests\n", folder);
        return 1;
    }
    size_t n = 0;
    for (struct dirent *entry = readdir(cases); entry != NULL && n < MAX_CASES; entry = readdir(cases)) {
        if (entry->d_name[0] == '.' || !has_input(entry->d_name))
            continue;
        (void)snprintf(names[n], sizeof names[n], "%s", entry->d_name);
        tests[n] = (struct CMUnitTest){.name = names[n], .test_func = run_case, .initial_state = names[n]};
        n++;
    }
    (void)closedir(cases);
    if (n < FEWEST_CASES) {
        fprintf(stderr, "only %zu cases in %s\n", n, folder);
        return 1;
    }
    /* The macros take an array of known size. */
    return _cmocka_run_group_tests("config_cases", tests, n, NULL, NULL);
}
