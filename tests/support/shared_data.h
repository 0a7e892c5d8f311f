/* The shared test material, where it is present, and comparison with what it says. */
#ifndef HEADSWEEP_TESTS_SHARED_DATA_H
#define HEADSWEEP_TESTS_SHARED_DATA_H

#include <stdlib.h>

#include "support/engine_fixture.h"

static inline char *shared_path(const char *format, const char *name)
{
    const char *folder = getenv("HEADSWEEP_SHARED_DATA");
    if (folder == NULL || !hs_path_exists(folder))
        return NULL;
    hs_error error = {0};
    char *relative = hs_string_format(&error, format, name);
    char *path = hs_path_join(folder, relative, &error);
    hs_free(relative);
    return path;
}

#define SKIP_WITHOUT_SHARED_DATA()                                                        \
    do {                                                                                  \
        char *probe = shared_path("%s", "refs");                                          \
        bool present = probe != NULL && hs_path_exists(probe);                            \
        hs_free(probe);                                                                   \
        if (!present) {                                                                   \
            print_message("skipped: HEADSWEEP_SHARED_DATA names no folder with refs/\n"); \
            skip();                                                                       \
        }                                                                                 \
    } while (0)

static inline loaded load_shared(const char *name)
{
    char *folder = shared_path("models/%s", name);
    loaded model = load_model(folder);
    hs_free(folder);
    return model;
}

static inline hs_json *read_shared_json(const char *format, const char *name)
{
    char *path = shared_path(format, name);
    hs_json *json = NULL;
    ASSERT_OK(hs_json_read(path, 1 << 24, &json, &error));
    hs_free(path);
    return json;
}

static inline const hs_json_value *member(const hs_json_value *object, const char *key)
{
    const hs_json_value *value = hs_json_get(object, key);
    if (value == NULL)
        fail_msg("no member \"%s\"", key);
    return value;
}

/* Largest difference so far, and the largest reference value, which it is measured by. */
struct comparison {
    double difference;
    double largest;
    size_t n_values;
};

static inline void compare(struct comparison *comparison, double actual, double expected)
{
    double difference = fabs(actual - expected);
    if (!(difference <= comparison->difference))
        comparison->difference = difference;
    comparison->largest = fmax(comparison->largest, fabs(expected));
    comparison->n_values++;
}

static inline void assert_close(const char *name, const char *what, const struct comparison *comparison)
{
    double relative = comparison->difference / comparison->largest;
    print_message("%s: %s: %zu values, largest difference %.2e of the largest value\n", name, what,
                  comparison->n_values, relative);
    assert_true(comparison->n_values > 0);
    assert_true(relative <= 1e-4);
}

#endif
