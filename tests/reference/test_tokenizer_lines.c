/*
 * Ids of odd and multilingual lines, by tokenizers in the manner of many families, against Hugging Face `tokenizers`:
 * the golden of make_tokenizer_lines.py, or the larger one in the folder HEADSWEEP_TOKENIZER_LINES.
 */
#include "headsweep/tokenizer.h"

#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/assert_status.h"

enum { MAX_PATH = 1024, MAX_BYTES = 1 << 26 };

static char *read_text(const char *folder, const char *name)
{
    char *path = NULL, *bytes = NULL;
    size_t n_bytes = 0;
    hs_error error = {0};

    path = hs_path_join(folder, name, &error);
    if (path == NULL || hs_file_read(path, MAX_BYTES, &bytes, &n_bytes, &error) != HS_OK)
        fail_msg("%s", error.message);
    hs_free(path);
    return bytes;
}

/* FNV-1a of the ids as 32-bit little-endian numbers (Fowler, Noll, Vo). */
static uint64_t hash_ids(const hs_token_list *ids)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < ids->n; i++)
        for (unsigned shift = 0; shift < 32; shift += 8)
            hash = (hash ^ ((uint32_t)ids->ids[i] >> shift & 0xFF)) * UINT64_C(0x100000001B3);
    return hash;
}

static bool has_ids(const hs_tokenizer *tokenizer, const char *line, size_t length, const char *expected)
{
    hs_token_list ids = {0};
    hs_json *text = NULL;
    size_t n = 0;
    uint64_t hash = 0;

    assert_int_equal(sscanf(expected, "%zu %" SCNx64, &n, &hash), 2);
    ASSERT_OK(hs_json_parse(line, length, "lines.jsonl", &text, &error));
    const hs_json_value *value = hs_json_root(text);
    ASSERT_OK(hs_tokenizer_encode(tokenizer, hs_json_string(value), hs_json_size(value), false, &ids, &error));
    const bool same = ids.n == n && hash_ids(&ids) == hash;
    hs_json_free(text);
    hs_tokenizer_token_list_clear(&ids);
    return same;
}

/* How many lines have other ids; the first few are shown. */
static size_t count_differing(const char *folder, const char *lines, size_t *n_lines_out)
{
    hs_tokenizer *tokenizer = NULL;
    size_t n_differing = 0;
    char *ids = read_text(folder, "ids.txt");
    const char *expected = ids;

    ASSERT_OK(hs_tokenizer_open(folder, &tokenizer, &error));
    *n_lines_out = 0;
    for (const char *line = lines; *line != '\0'; ++*n_lines_out) {
        const size_t length = strcspn(line, "\n");
        if (!has_ids(tokenizer, line, length, expected) && n_differing++ < 3)
            print_message("%s: other ids for %.*s\n", folder, length < 300 ? (int)length : 300, line);
        line += length + 1;
        expected += strcspn(expected, "\n") + 1;
    }
    hs_free(ids);
    hs_tokenizer_free(tokenizer);
    return n_differing;
}

static void test_lines(void **state)
{
    const char *tests = getenv("HEADSWEEP_TEST_DATA"), *other = getenv("HEADSWEEP_TOKENIZER_LINES");
    char root[MAX_PATH], folder[2 * MAX_PATH];
    size_t n_tokenizers = 0, n_worst = 0;
    (void)state;

    assert_true(tests != NULL || other != NULL);
    snprintf(root, sizeof root, "%s%s", other != NULL ? other : tests,
             other != NULL ? "" : "/reference/tokenizer_lines");
    char *lines = read_text(root, "lines.jsonl");
    DIR *listing = opendir(root);
    assert_non_null(listing);
    for (struct dirent *entry = NULL; (entry = readdir(listing)) != NULL;) {
        size_t n_lines = 0;
        if (entry->d_name[0] == '.' || strchr(entry->d_name, '.') != NULL)
            continue;
        snprintf(folder, sizeof folder, "%s/%s", root, entry->d_name);
        const size_t n_differing = count_differing(folder, lines, &n_lines);
        print_message("%s: %zu of %zu lines differ\n", entry->d_name, n_differing, n_lines);
        n_worst = n_differing > n_worst ? n_differing : n_worst;
        n_tokenizers++;
    }
    closedir(listing);
    hs_free(lines);
    assert_true(n_tokenizers >= 9);
    assert_int_equal(n_worst, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines)};
    return cmocka_run_group_tests_name("lines of many languages", tests, NULL, NULL);
}
