#include "support/tokenizer_fixture.h"
#include "support/assert_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const FILES[] = {
    "tokenizer.json",          "vocab.json", "merges.txt", "vocab.txt", "added_tokens.json", "tokenizer_config.json",
    "special_tokens_map.json", "config.json"};

int make_folder(void **state)
{
    folder *made = calloc(1, sizeof *made);
    const char *base = getenv("TMPDIR");
    snprintf(made->path, sizeof made->path, "%s/test_tokenizer_XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(made->path));
    *state = made;
    return 0;
}

static void path_of(const folder *in, const char *name, char path[320])
{
    snprintf(path, 320, "%s/%s", in->path, name);
}

void empty_folder(const folder *in)
{
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        char path[320];
        path_of(in, FILES[i], path);
        (void)unlink(path);
    }
}

int remove_folder(void **state)
{
    folder *made = *state;
    empty_folder(made);
    assert_int_equal(rmdir(made->path), 0);
    free(made);
    return 0;
}

void write_text(const folder *in, const char *name, const char *text)
{
    char path[320];
    path_of(in, name, path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

hs_tokenizer *open_folder(const folder *in)
{
    hs_error error = {0};
    hs_tokenizer *tokenizer = NULL;
    assert_ok(hs_tokenizer_open(in->path, &tokenizer, &error), &error);
    return tokenizer;
}

hs_tokenizer *open_json(const folder *in, const char *json)
{
    write_text(in, "tokenizer.json", json);
    return open_folder(in);
}

void check_ids(const hs_tokenizer *tokenizer, const char *text, size_t length, bool special, const int32_t *expected,
               size_t n)
{
    hs_error error = {0};
    hs_token_list ids = {0};
    if (hs_tokenizer_encode(tokenizer, text, length, special, &ids, &error) != HS_OK)
        fail_msg("\"%s\": %s", text, error.message);
    if (ids.n != n)
        fail_msg("\"%s\": %zu ids instead of %zu", text, ids.n, n);
    for (size_t i = 0; i < n; i++)
        if (ids.ids[i] != expected[i])
            fail_msg("\"%s\": id %zu is %d instead of %d", text, i, (int)ids.ids[i], (int)expected[i]);
    hs_tokenizer_token_list_clear(&ids);
}

void check_decoded(const hs_tokenizer *tokenizer, const int32_t *ids, size_t n, bool skip_special, const char *expected)
{
    hs_error error = {0};
    hs_text text = {0};
    assert_ok(hs_tokenizer_decode(tokenizer, ids, n, skip_special, &text, &error), &error);
    assert_string_equal(text.text != NULL ? text.text : "", expected);
    hs_text_clear(&text);
}
