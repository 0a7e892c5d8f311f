/* Checkpoints as transformers saves them (reference/family_golden.json), with random weights, for tests to spoil. */
#ifndef HEADSWEEP_TESTS_GOLDEN_CHECKPOINT_H
#define HEADSWEEP_TESTS_GOLDEN_CHECKPOINT_H

#include <stdlib.h>
#include <string.h>

#include "support/assert_status.h"
#include "support/checkpoint_writer.h"
#include "support/loaded_model.h"

static inline hs_json *read_golden(const char *name, const hs_json_value **cases_out)
{
    const char *folder = getenv("HEADSWEEP_TEST_DATA");
    assert_non_null(folder);
    char path[1024];
    snprintf(path, sizeof path, "%s/reference/%s", folder, name);
    hs_json *json = NULL;
    hs_error error = {0};
    assert_ok(hs_json_read(path, 1 << 20, &json, &error), &error);
    *cases_out = hs_json_get(hs_json_root(json), "cases");
    assert_true(hs_json_size(*cases_out) > 0);
    return json;
}

static inline void add_golden_tensors(struct test_checkpoint *checkpoint, const hs_json_value *tensors)
{
    const char *name;
    size_t length;
    const hs_json_value *shape;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(tensors, iterator, &name, &length, &shape)) != NULL)
        test_checkpoint_add(checkpoint, (size_t)hs_json_integer(hs_json_at(shape, 0)),
                            (size_t)hs_json_integer(hs_json_at(shape, 1)), "%s", name);
    test_checkpoint_randomise(checkpoint, 1, 1.0);
}

/* One case by its name; clear with golden_clear(). */
struct golden_checkpoint {
    char *config;
    struct test_checkpoint tensors;
};

static inline struct golden_checkpoint golden_case(const char *name)
{
    const hs_json_value *cases = NULL;
    hs_json *json = read_golden("family_golden.json", &cases);
    struct golden_checkpoint golden = {0};
    for (size_t i = 0; i < hs_json_size(cases); i++) {
        const hs_json_value *row = hs_json_at(cases, i);
        if (strcmp(hs_json_string(hs_json_get(row, "name")), name) != 0)
            continue;
        golden.config = strdup(hs_json_string(hs_json_get(row, "config")));
        add_golden_tensors(&golden.tensors, hs_json_get(row, "tensors"));
    }
    if (golden.config == NULL)
        fail_msg("family_golden.json has no case \"%s\"", name);
    hs_json_free(json);
    return golden;
}

static inline void golden_clear(struct golden_checkpoint *golden)
{
    free(golden->config);
    test_checkpoint_clear(&golden->tensors);
}

/* The end of the member that begins at `line`: of a list or an object, the end of the line that closes it. */
static inline const char *golden_member_end(const char *line)
{
    const char *end = strchr(line + 1, '\n');
    if (end[-1] == '[' || end[-1] == '{')
        end = strchr(strstr(line, end[-1] == '[' ? "\n  ]" : "\n  }") + 1, '\n');
    return end;
}

/* Replaces the member `key` of the config, or adds one. */
static inline void golden_set(struct golden_checkpoint *golden, const char *key, const char *value)
{
    char start[128];
    snprintf(start, sizeof start, "\n  \"%s\": ", key);
    const char *line = strstr(golden->config, start);
    const char *rest = line != NULL ? golden_member_end(line) : strchr(golden->config, '\n');
    int head = (int)((line != NULL ? line : rest) - golden->config);
    bool is_last = line != NULL && rest[-1] != ',';
    size_t size = strlen(golden->config) + strlen(value) + sizeof start;
    char *config = malloc(size);
    assert_non_null(config);
    snprintf(config, size, "%.*s%s%s%s%s", head, golden->config, start, value, is_last ? "" : ",", rest);
    free(golden->config);
    golden->config = config;
}

static inline void golden_rename(struct golden_checkpoint *golden, const char *from, const char *to)
{
    struct test_tensor *tensor = test_checkpoint_find(&golden->tensors, from);
    float *values = test_checkpoint_add(&golden->tensors, tensor->shape[0],
                                        tensor->n_dimensions > 1 ? tensor->shape[1] : 0, "%s", to);
    tensor = test_checkpoint_find(&golden->tensors, from);
    size_t n = tensor->shape[0] * (tensor->n_dimensions > 1 ? tensor->shape[1] : 1);
    memcpy(values, tensor->values, n * sizeof *values);
    test_checkpoint_remove(&golden->tensors, from);
}

static inline void golden_write(const struct golden_checkpoint *golden, const char *folder, enum test_weight_type type)
{
    test_checkpoint_write(folder, golden->config, golden->tensors.tensors, golden->tensors.n_tensors, type, 1);
}

/* Opens what it is written as, and clears it. */
static inline hs_model *golden_open(struct golden_checkpoint *golden, const char *folder)
{
    golden_write(golden, folder, TEST_F32);
    golden_clear(golden);
    return open_model(folder);
}

#endif
