/* An evaluation set: the first byte chooses the kind, the second the file format; then a workload is made of it. */
#include "fuzz/fuzz.h"
#include "support/task_fixture.h"

static const char *const kinds[] = {"multiple_choice", "minimal_pair", "next_token", "logit_diff",
                                    "perplexity",      "contrast",     "token_mass"};

static char good[] = "good", bad[] = "bad", *columns[] = {good, bad};

/* What the second byte chooses: a file, and how it is to be read. */
static const struct {
    const char *name;
    hs_data_format format;
} files[] = {
    {"data.jsonl", {0}},
    {"data.csv", {0}},
    {"data.tsv", {0}},
    {"data.tsv", {.quote = HS_QUOTE_DOUBLE}},
    {"data.csv", {.quote = HS_QUOTE_NONE, .columns = {columns, 2}}},
    {"data.json", {.records = "data.0.list"}},
};

static void make_workload(const hs_task *task)
{
    hs_error error = {0};
    hs_task_workload *workload = NULL;

    if (hs_tasks_workload_new(task, 0, hs_tasks_n_examples(task), NULL, &workload, &error) != HS_OK)
        __builtin_trap();
    hs_tasks_workload_free(workload);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    static void *state = NULL;
    hs_error error = {0};
    hs_task *task = NULL;

    if (state == NULL)
        (void)task_fixture_set_up(&state);
    if (n_bytes < 2)
        return 0;
    const struct task_fixture *fixture = state;
    hs_task_config config = fixture->config;
    config.kind = (char *)(uintptr_t)kinds[bytes[0] % (sizeof kinds / sizeof *kinds)];
    size_t file = bytes[1] % (sizeof files / sizeof *files);
    config.format = files[file].format;
    config.file = (char *)(uintptr_t)fuzz_write(files[file].name, bytes + 2, n_bytes - 2);
    if (hs_tasks_open(&config, fixture->tokenizer, &fixture->model, &task, &error) == HS_OK)
        make_workload(task);
    hs_tasks_free(task);
    return 0;
}
