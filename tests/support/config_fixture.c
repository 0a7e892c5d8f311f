#include "support/config_fixture.h"
#include "support/assert_status.h"

void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

hs_experiment *load_file(const char *path, const char *const *overrides, size_t n_overrides)
{
    hs_error error = {0};
    hs_experiment *experiment = NULL;
    assert_ok(hs_config_load(path, overrides, n_overrides, &experiment, &error), &error);
    assert_non_null(experiment);
    return experiment;
}

hs_experiment *load(const char *text)
{
    write_text("e.cfg", text);
    return load_file("e.cfg", NULL, 0);
}

hs_experiment *load_set(const char *text, const char *override)
{
    write_text("e.cfg", text);
    return load_file("e.cfg", &override, 1);
}

void expect_error(const char *text, const char *override, const char *message)
{
    hs_error error = {0};
    hs_experiment *experiment = NULL;
    write_text("e.cfg", text);
    hs_status status = hs_config_load("e.cfg", &override, override == NULL ? 0 : 1, &experiment, &error);
    assert_string_equal(error.message, message);
    assert_int_equal(status, HS_ERROR_USAGE);
    assert_null(experiment);
}

char *value_of(const hs_experiment *experiment, const char *key, bool *identity_out)
{
    hs_error error = {0};
    hs_config_values values;
    char *found = NULL;
    assert_ok(hs_config_list_values(experiment, &values, &error), &error);
    for (size_t i = 0; i < values.n; i++)
        if (strcmp(values.items[i].key, key) == 0) {
            assert_null(found);
            found = hs_string_copy(values.items[i].value, &error);
            if (identity_out != NULL)
                *identity_out = values.items[i].identity;
        }
    hs_config_values_clear(&values);
    hs_config_values_clear(&values);
    assert_non_null(found);
    return found;
}

void expect_key(const hs_experiment *experiment, const char *key, const char *expected, bool expected_identity)
{
    bool identity = !expected_identity;
    char *value = value_of(experiment, key, &identity);
    assert_string_equal(value, expected);
    assert_int_equal(identity, expected_identity);
    hs_free(value);
}

static char scratch[] = "/tmp/headsweep-config-XXXXXX";

int enter_scratch(void **state)
{
    (void)state;
    if (mkdtemp(scratch) == NULL || chdir(scratch) != 0)
        return -1;
    return system("mkdir sub");
}

int remove_scratch(void **state)
{
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r '%s'", scratch);
    return chdir("/") == 0 ? system(command) : -1;
}
