/*
 * What the tests of the tasks room share: a folder for files, a small byte-level BPE tokenizer whose ids can be worked
 * out by hand, and a model that is only its shape and special tokens.
 *
 * Ids: a byte is its own value; " c" 256, " ca" 257, " cat" 258, " d" 259, " do" 260, " dog" 261, "<s>" 262 (BOS),
 * "</s>" 263 (EOS). So "x cats" is 120 258 115.
 */
#ifndef HEADSWEEP_TESTS_TASK_FIXTURE_H
#define HEADSWEEP_TESTS_TASK_FIXTURE_H

#include "headsweep/tasks.h"

enum { FIXTURE_BOS = 262, FIXTURE_EOS = 263, FIXTURE_VOCABULARY = 264, FIXTURE_POSITIONS = 32 };

struct task_fixture {
    char folder[64];
    hs_tokenizer *tokenizer;     /* adds no special tokens */
    hs_tokenizer *bos_tokenizer; /* its post-processor puts BOS in front */
    hs_model model;
    hs_task_config config; /* names data.jsonl in the folder */
    char data_path[96];
    hs_error error;
};

/* cmocka set-up and tear-down; *state is the fixture. */
int task_fixture_set_up(void **state);
int task_fixture_tear_down(void **state);

/* Writes a file in the folder; returns its path, in a buffer of the caller. */
const char *task_fixture_write(const struct task_fixture *fixture, const char *name, const void *bytes, size_t n_bytes,
                               char *path, size_t capacity);

/* Writes `lines` as the data file and opens it; the test fails if that fails. The tokenizer is fixture->tokenizer. */
hs_task *task_fixture_open(struct task_fixture *fixture, const char *kind, const char *lines);
/*
 * The same for a file that must be refused; the message is in fixture->error, and its part after the folder returned.
 */
const char *task_fixture_refuse(struct task_fixture *fixture, const char *kind, const char *lines, hs_status expected);

/*
 * The workload of examples first .. first + n - 1 in words: "[120 258/1] 0.1=P115": the sequences, tokens with their
 * types but 0, then the queries as sequence.row=kind and token, with P log-probability, L logit, G greedy, M list
 * probability.
 */
void task_fixture_assert_workload(const hs_task *task, size_t first, size_t n, const char *expected);
/* The metrics of example `index` for these answers, one a query. */
void task_fixture_assert_score(const hs_task *task, size_t index, const double *answers, const double *expected);

/* Path under HEADSWEEP_SHARED_DATA; skips the test with a printed reason where there is none. */
void task_fixture_shared(const char *name, char *path, size_t capacity);

#endif
