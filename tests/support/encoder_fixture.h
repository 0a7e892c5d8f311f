/*
 * A model that is only its shape, as those of task_fixture.h, of a bidirectional family: a classifier or a masked
 * language model. Its tokenizer is a vocab.txt of a few words: [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, [MASK] 4, a 5, b 6,
 * ##c 7.
 */
#ifndef HEADSWEEP_TESTS_ENCODER_FIXTURE_H
#define HEADSWEEP_TESTS_ENCODER_FIXTURE_H

#include <setjmp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/task_fixture.h"

enum { VOCABULARY = 8, POSITIONS = 6 };

static const char *const LABELS[] = {"fine", "rude", "vile"};

static inline hs_tokenizer *encoder_fixture_tokenizer(const struct task_fixture *fixture)
{
    static const char words[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##c\n";
    char path[128];
    char folder[128];
    hs_error error = {0};
    hs_tokenizer *tokenizer;
    (void)snprintf(folder, sizeof folder, "%s/encoder", fixture->folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    (void)task_fixture_write(fixture, "encoder/vocab.txt", words, sizeof words - 1, path, sizeof path);
    assert_ok(hs_tokenizer_open(folder, &tokenizer, &error), &error);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    return tokenizer;
}

/* cmocka set-up, torn down by task_fixture_tear_down. */
static inline int encoder_fixture_set_up(void **state)
{
    (void)task_fixture_set_up(state);
    struct task_fixture *fixture = *state;
    hs_tokenizer_free(fixture->tokenizer);
    fixture->tokenizer = encoder_fixture_tokenizer(fixture);
    fixture->model.shape.vocabulary = VOCABULARY;
    fixture->model.shape.n_positions = POSITIONS;
    fixture->model.shape.bidirectional = true;
    fixture->model.bos_token = -1;
    fixture->model.eos_token = -1;
    fixture->model.architecture = "FixtureForSequenceClassification";
    return 0;
}

static inline void make_classifier(struct task_fixture *fixture, bool multi_label)
{
    fixture->model.shape.head = HS_HEAD_CLASSIFIER;
    fixture->model.shape.n_outputs = sizeof LABELS / sizeof *LABELS;
    fixture->model.shape.multi_label = multi_label;
    fixture->model.labels = LABELS;
}

static inline void make_masked(struct task_fixture *fixture)
{
    fixture->model.shape.head = HS_HEAD_MASKED_LANGUAGE_MODEL;
    fixture->model.shape.n_outputs = VOCABULARY;
    fixture->model.labels = NULL;
    fixture->model.architecture = "FixtureForMaskedLM";
}

#endif
