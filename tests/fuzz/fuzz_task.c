/* An evaluation set: the first byte chooses the kind, the second the file format; then a workload is made of it. */
#include "fuzz/fuzz.h"
#include "support/task_fixture.h"

static const char *const kinds[] = {"multiple_choice", "minimal_pair", "next_token", "logit_diff",
                                    "perplexity",      "contrast",     "token_mass"};
static const char *const names[] = {"data.jsonl", "data.csv", "data.tsv"};

static void make_workload(const hs_task *task)
{
    hs_error error = {0};
    hs_task_workload *workload = NULL;

    if (hs_task_workload_new(task, 0, hs_task_n_examples(task), NULL, &workload, &error) != HS_OK)
        __builtin_trap();
    hs_task_workload_free(workload);
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
    config.file =
        (char *)(uintptr_t)fuzz_write(names[bytes[1] % (sizeof names / sizeof *names)], bytes + 2, n_bytes - 2);
    if (hs_task_open(&config, fixture->tokenizer, &fixture->model, &task, &error) == HS_OK)
        make_workload(task);
    hs_task_free(task);
    return 0;
}
