/* Texts and pairs of texts joined, typed and cut, against transformers: the golden file of make_pairs_golden.py. */
#include "headsweep/tokenizer.h"
#include "support/assert_status.h"
#include "support/checkpoint_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_PATH = 1024, MAX_BYTES = 1 << 24, N_COLUMNS = 7 };

static hs_json *read_golden(void)
{
    char path[MAX_PATH];
    hs_error error = {0};
    hs_json *json = NULL;
    (void)snprintf(path, sizeof path, "%s/reference/pairs_golden.json", getenv("HEADSWEEP_TEST_DATA"));
    assert_ok(hs_json_read(path, MAX_BYTES, &json, &error), &error);
    return json;
}

static hs_tokenizer *open_case(const hs_json_value *files, char *folder)
{
    const char *name = NULL;
    size_t length = 0;
    const hs_json_value *text = NULL;
    hs_error error = {0};
    hs_tokenizer *tokenizer = NULL;
    hs_json_iterator *at = NULL;
    while ((at = hs_json_next(files, at, &name, &length, &text)) != NULL)
        test_file_write(folder, name, hs_json_string(text), hs_json_size(text));
    assert_ok(hs_tokenizer_open(folder, &tokenizer, &error), &error);
    return tokenizer;
}

static void check_list(const char *what, const hs_token_list *list, const hs_json_value *expected, size_t number,
                       size_t row)
{
    bool same = list->n == hs_json_size(expected);
    for (size_t i = 0; same && i < list->n; i++)
        same = list->ids[i] == hs_json_integer(hs_json_at(expected, i));
    if (!same)
        fail_msg("case %zu, row %zu: other %s", number, row, what);
}

/* [first, second or null, special, limit, ids, types, special tokens] */
static void check_row(const hs_tokenizer *tokenizer, const hs_json_value *row, hs_encoding *encoding, size_t number,
                      size_t index)
{
    const hs_json_value *first = hs_json_at(row, 0);
    const hs_json_value *second = hs_json_at(row, 1);
    size_t limit = (size_t)hs_json_integer(hs_json_at(row, 3));
    hs_texts texts = {.first = hs_json_string(first), .n_first = hs_json_size(first)};
    hs_error error = {0};
    assert_int_equal(hs_json_size(row), N_COLUMNS);
    if (hs_json_kind_of(second) == HS_JSON_STRING) {
        texts.second = hs_json_string(second);
        texts.n_second = hs_json_size(second);
    }
    if (hs_tokenizer_encode_texts(tokenizer, &texts, hs_json_true(hs_json_at(row, 2)), limit > 0 ? limit : SIZE_MAX,
                                  encoding, &error) != HS_OK)
        fail_msg("case %zu, row %zu: %s", number, index, error.message);
    check_list("ids", &encoding->ids, hs_json_at(row, 4), number, index);
    check_list("types", &encoding->types, hs_json_at(row, 5), number, index);
    check_list("special tokens", &encoding->special, hs_json_at(row, 6), number, index);
}

static void check_case(const hs_json_value *of, size_t number)
{
    char *folder = test_temporary_folder();
    hs_tokenizer *tokenizer = open_case(hs_json_get(of, "files"), folder);
    const hs_json_value *rows = hs_json_get(of, "rows");
    hs_encoding encoding = {0};
    assert_int_equal(hs_tokenizer_gives_types(tokenizer), hs_json_true(hs_json_get(of, "gives_types")));
    assert_true(hs_json_size(rows) > 40);
    for (size_t i = 0; i < hs_json_size(rows); i++)
        check_row(tokenizer, hs_json_at(rows, i), &encoding, number, i);
    hs_tokenizer_encoding_clear(&encoding);
    hs_tokenizer_free(tokenizer);
    test_folder_remove(folder);
    free(folder);
}

static void test_golden(void **state)
{
    (void)state;
    hs_json *json = read_golden();
    const hs_json_value *cases = hs_json_get(hs_json_root(json), "cases");
    assert_int_equal(hs_json_size(cases), 15);
    for (size_t i = 0; i < hs_json_size(cases); i++)
        check_case(hs_json_at(cases, i), i);
    hs_json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
