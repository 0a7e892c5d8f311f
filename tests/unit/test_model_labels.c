/* model: labels of classifiers, and the line that describes a model with its head. */
#include "headsweep/model.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/assert_status.h"
#include "support/golden_checkpoint.h"

static void test_labels(void **state)
{
    struct golden_checkpoint golden = golden_case("bert classifier");
    hs_model *model = golden_open(&golden, *state);
    assert_string_equal(model->labels[0], "a");
    assert_string_equal(model->labels[2], "c");
    assert_false(model->shape.multi_label);
    hs_model_free(model);

    golden = golden_case("bert classifier");
    golden_set(&golden, "problem_type", "\"multi_label_classification\"");
    model = golden_open(&golden, *state);
    assert_true(model->shape.multi_label);
    hs_model_free(model);

    golden = golden_case("xlm-roberta classifier");
    model = golden_open(&golden, *state);
    assert_string_equal(model->labels[1], "LABEL_1");
    assert_false(model->shape.multi_label);
    hs_model_free(model);
}

/* As transformers 5.24 has them, but that label2id gives names where id2label does not. */
static void test_names_of_labels(void **state)
{
    static const struct {
        const char *id2label, *label2id, *num_labels; /* NULL: absent */
        const char *first, *last;                     /* of three */
        const char *note;
    } cases[] = {
        {"{\"0\": 0, \"1\": 1, \"2\": 20}", NULL, NULL, "0", "20", NULL},
        {"{\"0\": 0.5, \"1\": 1e30, \"2\": -2.5}", NULL, NULL, "0.5", "-2.5", NULL},
        {"{\"0\": true, \"1\": \"b\", \"2\": false}", NULL, NULL, "true", "false", NULL},
        {"{\"2\": \"c\", \"0\": \"a\", \"1\": \"b\"}", "{\"a\": 0, \"b\": 1, \"c\": 2}", "3", "a", "c", NULL},
        {"{\"0\": \"a\", \"1\": \"b\", \"2\": \"c\"}", "{\"c\": 0, \"b\": 1, \"a\": 2}", NULL, "a", "c",
         "label2id calls label 0 \"c\" and id2label \"a\"; id2label counts"},
        {"{\"0\": \"a\", \"1\": \"b\"}", NULL, "3", "LABEL_0", "LABEL_2", "num_labels is 3 and id2label names 2"},
        {NULL, NULL, "3", "LABEL_0", "LABEL_2", NULL},
        {"null", "null", "3", "LABEL_0", "LABEL_2", NULL},
        {"{}", "{}", "3", "LABEL_0", "LABEL_2", NULL},
        {NULL, "{\"x\": 0, \"z\": 2, \"y\": 1}", NULL, "x", "z", NULL},
        {NULL, "{\"x\": 0, \"z\": 2, \"y\": 1}", "3", "x", "z", NULL},
        {NULL, "{\"x\": 0, \"z\": 2, \"y\": 2}", "3", "LABEL_0", "LABEL_2", NULL},
        {NULL, "{\"x\": 1, \"z\": 3, \"y\": 2}", "3", "LABEL_0", "LABEL_2", NULL},
        {NULL, "{\"x\": \"0\", \"z\": \"1\", \"y\": \"2\"}", "3", "LABEL_0", "LABEL_2", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct golden_checkpoint golden = golden_case("bert classifier");
        golden_set(&golden, "id2label", cases[i].id2label != NULL ? cases[i].id2label : "null");
        golden_set(&golden, "label2id", cases[i].label2id != NULL ? cases[i].label2id : "null");
        if (cases[i].num_labels != NULL)
            golden_set(&golden, "num_labels", cases[i].num_labels);
        hs_model *model = golden_open(&golden, *state);
        assert_int_equal(model->shape.n_outputs, 3);
        assert_string_equal(model->labels[0], cases[i].first);
        assert_string_equal(model->labels[2], cases[i].last);
        assert_int_equal(model->n_notes, cases[i].note != NULL);
        if (cases[i].note != NULL)
            assert_non_null(strstr(model->notes[0], cases[i].note));
        hs_model_free(model);
    }
}

/* One label has a probability of its own: a softmax over it would say 1. */
static void test_a_single_label(void **state)
{
    struct golden_checkpoint golden = golden_case("xlm-roberta classifier");
    golden_set(&golden, "num_labels", "1");
    test_checkpoint_remove(&golden.tensors, "classifier.out_proj.weight");
    test_checkpoint_remove(&golden.tensors, "classifier.out_proj.bias");
    test_checkpoint_add(&golden.tensors, 1, 16, "classifier.out_proj.weight");
    test_checkpoint_add(&golden.tensors, 1, 0, "classifier.out_proj.bias");
    hs_model *model = golden_open(&golden, *state);
    assert_int_equal(model->shape.n_outputs, 1);
    assert_true(model->shape.multi_label);
    hs_model_free(model);
}

static void test_description(void **state)
{
    static const struct {
        const char *name, *expected;
    } cases[] = {
        {"bert classifier", "attention = bidirectional\nnorm = layer, epsilon 1e-12, after the residual\n"},
        {"bert classifier", "head = classifier\nlabels = a, b, c\nlabel_probabilities = of one label (softmax)\n"},
        {"roberta masked", "head = masked language model\n"},
        {"roberta bare", "head = none"},
        {"gpt_neox", "residual = parallel\n"},
        {"gpt_neox", "attention = causal\n"},
        {"gpt_neox", "head = language model\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hs_text text = {0};
        hs_error error = {0};
        struct golden_checkpoint golden = golden_case(cases[i].name);
        hs_model *model = golden_open(&golden, *state);
        assert_ok(hs_model_describe(model, &text, &error), &error);
        if (strstr(text.text, cases[i].expected) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", text.text, cases[i].expected);
        hs_text_clear(&text);
        hs_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_names_of_labels),
        cmocka_unit_test(test_a_single_label),
        cmocka_unit_test(test_description),
    };
    return cmocka_run_group_tests(tests, test_make_folder, test_remove_folder);
}
