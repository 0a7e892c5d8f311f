/*
 * Special and added tokens that are named outside the tokenizer's own files, against transformers' AutoTokenizer: the
 * cases of make_special_tokens_golden.py. HEADSWEEP_SPECIAL_TOKENS names another file of cases.
 */
#include "support/assert_status.h"
#include "support/tokenizer_fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_BYTES = 1 << 26 };

static hs_json *read_cases(void)
{
    char path[1024];
    hs_json *json = NULL;
    hs_error error = {0};
    const char *other = getenv("HEADSWEEP_SPECIAL_TOKENS");
    (void)snprintf(path, sizeof path, "%s/reference/special_tokens/golden.json", getenv("HEADSWEEP_TEST_DATA"));
    assert_ok(hs_json_read(other != NULL ? other : path, MAX_BYTES, &json, &error), &error);
    return json;
}

static void write_files(const folder *in, const hs_json_value *files)
{
    const char *name = NULL;
    size_t length = 0;
    const hs_json_value *content = NULL;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(files, iterator, &name, &length, &content)) != NULL)
        write_text(in, name, hs_json_string(content));
}

static void print_files(size_t number, const char *base, const hs_json_value *files)
{
    const char *name = NULL;
    size_t length = 0;
    const hs_json_value *content = NULL;
    hs_json_iterator *iterator = NULL;
    print_message("case %zu: base %s", number, base);
    while ((iterator = hs_json_next(files, iterator, &name, &length, &content)) != NULL)
        print_message(", %s %s", name, hs_json_string(content));
    print_message("\n");
}

/* -1 for null. */
static int32_t id_of(const hs_json_value *expected, const char *key)
{
    const hs_json_value *value = hs_json_get(expected, key);
    return hs_json_is_integer(value) ? (int32_t)hs_json_integer(value) : -1;
}

static bool same_ids(const hs_tokenizer *tokenizer, const char *text, bool special, const hs_json_value *expected,
                     hs_token_list *ids)
{
    hs_error error = {0};
    ids->n = 0;
    assert_ok(hs_tokenizer_encode(tokenizer, text, strlen(text), special, ids, &error), &error);
    bool same = ids->n == hs_json_size(expected);
    for (size_t i = 0; same && i < ids->n; i++)
        same = ids->ids[i] == hs_json_integer(hs_json_at(expected, i));
    if (!same) {
        print_message("\"%s\"%s gives", text, special ? " with special tokens" : "");
        for (size_t i = 0; i < ids->n; i++)
            print_message(" %d", (int)ids->ids[i]);
        print_message("\n");
    }
    return same;
}

/* `row` is [ids, ids with special tokens, decoded without special ones]. */
static bool same_text(const hs_tokenizer *tokenizer, const char *text, const hs_json_value *row)
{
    hs_error error = {0};
    hs_token_list ids = {0};
    hs_text decoded = {0};
    bool same = same_ids(tokenizer, text, true, hs_json_at(row, 1), &ids) &&
                same_ids(tokenizer, text, false, hs_json_at(row, 0), &ids);
    assert_ok(hs_text_append(&decoded, "", 0, &error), &error);
    assert_ok(hs_tokenizer_decode(tokenizer, ids.ids, ids.n, true, &decoded, &error), &error);
    if (same && strcmp(decoded.text, hs_json_string(hs_json_at(row, 2))) != 0) {
        print_message("\"%s\" decodes to \"%s\", not \"%s\"\n", text, decoded.text, hs_json_string(hs_json_at(row, 2)));
        same = false;
    }
    hs_text_clear(&decoded);
    hs_tokenizer_token_list_clear(&ids);
    return same;
}

static bool same_tokenizer(const hs_tokenizer *tokenizer, const hs_json_value *texts, const hs_json_value *expected)
{
    static const struct {
        const char *key;
        hs_special_token which;
    } SPECIALS[] = {{"bos", HS_TOKEN_BOS}, {"eos", HS_TOKEN_EOS}};
    bool same = true;
    for (size_t i = 0; i < sizeof SPECIALS / sizeof *SPECIALS; i++)
        if (hs_tokenizer_special(tokenizer, SPECIALS[i].which) != id_of(expected, SPECIALS[i].key)) {
            print_message("%s is %d, not %d\n", SPECIALS[i].key,
                          (int)hs_tokenizer_special(tokenizer, SPECIALS[i].which),
                          (int)id_of(expected, SPECIALS[i].key));
            same = false;
        }
    if (hs_tokenizer_vocabulary(tokenizer) != (size_t)id_of(expected, "n")) {
        print_message("%zu ids, not %d\n", hs_tokenizer_vocabulary(tokenizer), (int)id_of(expected, "n"));
        same = false;
    }
    for (size_t i = 0; i < hs_json_size(texts); i++)
        same =
            same_text(tokenizer, hs_json_string(hs_json_at(texts, i)), hs_json_at(hs_json_get(expected, "texts"), i)) &&
            same;
    return same;
}

static bool check_case(const folder *in, const hs_json_value *root, const hs_json_value *one)
{
    hs_error error = {0};
    hs_tokenizer *tokenizer = NULL;
    const hs_json_value *expected = hs_json_get(one, "expected");
    const bool refused = hs_json_true(hs_json_get(expected, "refused"));
    empty_folder(in);
    write_files(in, hs_json_get(hs_json_get(root, "bases"), hs_json_string(hs_json_get(one, "base"))));
    write_files(in, hs_json_get(one, "files"));
    const hs_status status = hs_tokenizer_open(in->path, &tokenizer, &error);
    bool same = (status != HS_OK) == refused;
    if (!same)
        print_message("%s\n", status == HS_OK ? "must be refused" : error.message);
    if (same && !refused)
        same = same_tokenizer(tokenizer, hs_json_get(root, "texts"), expected);
    hs_tokenizer_free(tokenizer);
    return same;
}

static void test_golden(void **state)
{
    const folder *in = *state;
    hs_json *json = read_cases();
    const hs_json_value *root = hs_json_root(json);
    const hs_json_value *cases = hs_json_get(root, "cases");
    size_t n_wrong = 0;
    assert_true(hs_json_size(cases) > 0);
    for (size_t i = 0; i < hs_json_size(cases); i++) {
        const hs_json_value *one = hs_json_at(cases, i);
        if (check_case(in, root, one))
            continue;
        print_files(i, hs_json_string(hs_json_get(one, "base")), hs_json_get(one, "files"));
        n_wrong++;
    }
    if (n_wrong > 0)
        fail_msg("%zu of %zu cases differ", n_wrong, hs_json_size(cases));
    hs_json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_golden)};
    return cmocka_run_group_tests_name("special_tokens", tests, make_folder, remove_folder);
}
