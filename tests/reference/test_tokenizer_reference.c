/*
 * Ids and decoded texts against Hugging Face `tokenizers`: the golden files of make_tokenizer_golden.py, and the
 * published ones beside the tokenizers in the shared data where that is present.
 */
#include "headsweep/tokenizer.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/assert_status.h"

enum { MAX_PATH = 1024, MAX_BYTES = 1 << 24 };

static const char *const GOLDEN[] = {
    "llama3",       "llama2",     "metaspace",    "subwords",      "words",    "splits",      "bert", "roberta",
    "bert_uncased", "bert_cased", "bert_accents", "roberta_files", "deepseek", "xlm_roberta", "t5",   "albert"};

/* The folder that an environment variable names; skips the test where it is not there. */
static const char *folder_or_skip(const char *variable)
{
    const char *folder = getenv(variable);
    if (folder == NULL || !hs_path_exists(folder)) {
        print_message("skipped: %s names no folder\n", variable);
        skip();
    }
    return folder;
}

static char *read_text(const char *folder, const char *name, size_t *n_bytes)
{
    char *bytes = NULL;
    hs_error error = {0};
    char *path = hs_path_join(folder, name, &error);
    if (path == NULL || hs_file_read(path, MAX_BYTES, &bytes, n_bytes, &error) != HS_OK)
        fail_msg("%s", error.message);
    hs_free(path);
    return bytes;
}

static hs_tokenizer *open_tokenizer(const char *folder, const char *name)
{
    hs_error error = {0};
    hs_tokenizer *tokenizer = NULL;
    char *path = hs_path_join(folder, name, &error);
    if (path == NULL || hs_tokenizer_open(path, &tokenizer, &error) != HS_OK)
        fail_msg("%s", error.message);
    hs_free(path);
    return tokenizer;
}

/* The next line without its end; NULL at the end of the text. */
static char *next_line(char **rest, size_t *length)
{
    char *line = *rest;
    if (*line == '\0')
        return NULL;
    *length = strcspn(line, "\n");
    *rest = line + *length + (line[*length] == '\n' ? 1 : 0);
    line[*length] = '\0';
    return line;
}

static void encode(const hs_tokenizer *tokenizer, const char *text, size_t length, bool special, hs_token_list *ids)
{
    hs_error error = {0};
    ids->n = 0;
    if (hs_tokenizer_encode(tokenizer, text, length, special, ids, &error) != HS_OK)
        fail_msg("\"%s\": %s", text, error.message);
}

static void check_ids(const char *name, const char *text, const hs_token_list *ids, const hs_json_value *expected)
{
    if (ids->n != hs_json_size(expected))
        fail_msg("%s: \"%s\": %zu ids instead of %zu", name, text, ids->n, hs_json_size(expected));
    for (size_t i = 0; i < ids->n; i++)
        if (ids->ids[i] != hs_json_integer(hs_json_at(expected, i)))
            fail_msg("%s: \"%s\": id %zu is %d instead of %" PRId64, name, text, i, (int)ids->ids[i],
                     hs_json_integer(hs_json_at(expected, i)));
}

/* As Rust's from_utf8_lossy, which the goldens went through: U+FFFD for each longest start of a character. */
static void make_lossy(const hs_text *text, hs_text *lossy)
{
    hs_error error = {0};
    for (size_t at = 0; at < text->length;) {
        size_t n = hs_utf8_length(text->text + at, text->length - at);
        if (n > 0) {
            assert_ok(hs_text_append(lossy, text->text + at, n, &error), &error);
            at += n;
            continue;
        }
        for (n = 1; at + n < text->length && n < 3; n++) {
            /* Still a start if some continuation completes it. */
            char tried[4] = "\x80\x80\x80";
            bool is_start = false;
            memcpy(tried, text->text + at, n + 1);
            for (unsigned fill = 0x80; fill <= 0xBF && !is_start; fill++) {
                memset(tried + n + 1, (int)fill, 4 - (n + 1));
                for (size_t length = n + 2; length <= 4; length++)
                    is_start = is_start || hs_utf8_length(tried, length) == length;
            }
            if (!is_start)
                break;
        }
        assert_ok(hs_text_append(lossy, "\xEF\xBF\xBD", 3, &error), &error);
        at += n;
    }
}

static void check_decoded(const char *name, const hs_tokenizer *tokenizer, const hs_token_list *ids, bool skip_special,
                          const hs_json_value *expected)
{
    hs_error error = {0};
    hs_text decoded = {0};
    hs_text lossy = {0};
    if (hs_tokenizer_decode(tokenizer, ids->ids, ids->n, skip_special, &decoded, &error) != HS_OK)
        fail_msg("%s: %s", name, error.message);
    make_lossy(&decoded, &lossy);
    if (lossy.length != hs_json_size(expected) ||
        (lossy.length > 0 && memcmp(lossy.text, hs_json_string(expected), lossy.length) != 0))
        fail_msg("%s: decoded \"%s\" instead of \"%s\"", name, lossy.text != NULL ? lossy.text : "",
                 hs_json_string(expected));
    hs_text_clear(&lossy);
    hs_text_clear(&decoded);
}

/* `row` is [ids, ids with special tokens, decoded, decoded without special tokens]. */
static void check_row(const char *name, const hs_tokenizer *tokenizer, const hs_json_value *text,
                      const hs_json_value *row)
{
    hs_token_list ids = {0};
    encode(tokenizer, hs_json_string(text), hs_json_size(text), false, &ids);
    check_ids(name, hs_json_string(text), &ids, hs_json_at(row, 0));
    encode(tokenizer, hs_json_string(text), hs_json_size(text), true, &ids);
    check_ids(name, hs_json_string(text), &ids, hs_json_at(row, 1));
    check_decoded(name, tokenizer, &ids, false, hs_json_at(row, 2));
    check_decoded(name, tokenizer, &ids, true, hs_json_at(row, 3));
    hs_tokenizer_token_list_clear(&ids);
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

/* Every line of a generated text against the number of its ids and their hash. */
static void check_hashes(const char *golden, const char *texts_name, const hs_tokenizer *tokenizer,
                         const char *expected_name)
{
    size_t n_bytes = 0;
    size_t length = 0;
    size_t n_lines = 0;
    char *texts = read_text(golden, texts_name, &n_bytes);
    char *expected = read_text(golden, expected_name, &n_bytes);
    char *texts_rest = texts;
    char *expected_rest = expected;
    hs_token_list ids = {0};
    for (char *text = NULL; (text = next_line(&texts_rest, &length)) != NULL; n_lines++) {
        size_t n_ids = 0;
        uint64_t hash = 0;
        size_t text_length = length;
        char *line = next_line(&expected_rest, &length);
        assert_non_null(line);
        assert_int_equal(sscanf(line, "%zu %" SCNx64, &n_ids, &hash), 2);
        encode(tokenizer, text, text_length, false, &ids);
        if (ids.n != n_ids || hash_ids(&ids) != hash)
            fail_msg("%s:%zu: other ids for \"%s\"", expected_name, n_lines + 1, text);
    }
    assert_null(next_line(&expected_rest, &length));
    assert_true(n_lines > 100);
    hs_tokenizer_token_list_clear(&ids);
    hs_free(texts);
    hs_free(expected);
}

static void check_short(const char *golden, const char *name, const hs_tokenizer *tokenizer)
{
    char file[MAX_PATH];
    size_t n_bytes = 0;
    size_t length = 0;
    snprintf(file, sizeof file, "%s/expected.jsonl", name);
    char *texts = read_text(golden, "texts.jsonl", &n_bytes);
    char *expected = read_text(golden, file, &n_bytes);
    char *texts_rest = texts;
    char *expected_rest = expected;
    size_t n_lines = 0;
    for (char *line = NULL; (line = next_line(&texts_rest, &length)) != NULL; n_lines++) {
        hs_error error = {0};
        hs_json *text = NULL;
        hs_json *row = NULL;
        assert_ok(hs_json_parse(line, length, "texts.jsonl", &text, &error), &error);
        line = next_line(&expected_rest, &length);
        assert_non_null(line);
        assert_ok(hs_json_parse(line, length, file, &row, &error), &error);
        check_row(name, tokenizer, hs_json_root(text), hs_json_root(row));
        hs_json_free(text);
        hs_json_free(row);
    }
    assert_true(n_lines > 50);
    hs_free(texts);
    hs_free(expected);
}

static void test_golden(void **state)
{
    (void)state;
    char golden[MAX_PATH];
    snprintf(golden, sizeof golden, "%s/reference/tokenizer", folder_or_skip("HEADSWEEP_TEST_DATA"));
    for (size_t i = 0; i < sizeof GOLDEN / sizeof *GOLDEN; i++) {
        static const char *const TEXTS[] = {"large.txt", "newer.txt"};
        hs_tokenizer *tokenizer = open_tokenizer(golden, GOLDEN[i]);
        check_short(golden, GOLDEN[i], tokenizer);
        for (size_t j = 0; j < sizeof TEXTS / sizeof *TEXTS; j++) {
            char expected[MAX_PATH];
            snprintf(expected, sizeof expected, "%s/%s", GOLDEN[i], TEXTS[j]);
            check_hashes(golden, TEXTS[j], tokenizer, expected);
        }
        hs_tokenizer_free(tokenizer);
    }
}

static void test_shared_large(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"tokenizers/gpt2", "tokenizers/neox-20b", "models/stories260K",
                                        "tokenizers/bert-uncased", "models/bert-toxic-tiny"};
    char golden[MAX_PATH];
    const char *shared = folder_or_skip("HEADSWEEP_SHARED_DATA");
    snprintf(golden, sizeof golden, "%s/reference/tokenizer", folder_or_skip("HEADSWEEP_TEST_DATA"));
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char expected[MAX_PATH];
        hs_tokenizer *tokenizer = open_tokenizer(shared, NAMES[i]);
        snprintf(expected, sizeof expected, "shared/%s.txt", strrchr(NAMES[i], '/') + 1);
        check_hashes(golden, "large.txt", tokenizer, expected);
        hs_tokenizer_free(tokenizer);
    }
}

/* The ids of one line of golden.out. */
static void parse_ids(char *line, hs_token_list *ids)
{
    hs_error error = {0};
    ids->n = 0;
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_ok(hs_reserve(&ids->ids, &ids->capacity, ids->n + 1, sizeof *ids->ids, "ids", &error), &error);
        ids->ids[ids->n++] = (int32_t)strtol(word, NULL, 10);
    }
}

static void check_published(const char *shared, const char *name, const hs_tokenizer *tokenizer)
{
    static const char SEPARATOR[] = "\n__ggml_vocab_test__\n";
    char file[MAX_PATH];
    size_t n_bytes = 0;
    size_t length = 0;
    size_t n_texts = 0;
    snprintf(file, sizeof file, "tokenizers/%s/golden.out", name);
    char *texts = read_text(shared, "tokenizers/golden.inp", &n_bytes);
    char *expected = read_text(shared, file, &n_bytes);
    char *rest = expected;
    hs_token_list ids = {0};
    hs_token_list wanted = {0};
    for (char *text = texts; text != NULL; n_texts++) {
        char *end = strstr(text, SEPARATOR);
        if (end != NULL)
            *end = '\0';
        char *line = next_line(&rest, &length);
        wanted.n = 0;
        if (line != NULL) /* the last text is empty, and so is its line */
            parse_ids(line, &wanted);
        encode(tokenizer, text, strlen(text), false, &ids);
        if (ids.n != wanted.n || (ids.n > 0 && memcmp(ids.ids, wanted.ids, ids.n * sizeof *ids.ids) != 0))
            fail_msg("%s: other ids than published for text %zu, \"%s\"", name, n_texts + 1, text);
        text = end != NULL ? end + sizeof SEPARATOR - 1 : NULL;
    }
    assert_int_equal(n_texts, 47);
    hs_tokenizer_token_list_clear(&ids);
    hs_tokenizer_token_list_clear(&wanted);
    hs_free(texts);
    hs_free(expected);
}

static void test_published(void **state)
{
    (void)state;
    const char *shared = folder_or_skip("HEADSWEEP_SHARED_DATA");
    static const char *const NAMES[] = {"gpt2", "neox-20b", "bert-uncased"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char folder[MAX_PATH];
        snprintf(folder, sizeof folder, "tokenizers/%s", NAMES[i]);
        hs_tokenizer *tokenizer = open_tokenizer(shared, folder);
        check_published(shared, NAMES[i], tokenizer);
        hs_tokenizer_free(tokenizer);
    }
}

/* The same ids from vocab.json and merges.txt alone. */
static void test_published_gpt2_files(void **state)
{
    (void)state;
    static const char *const FILES[] = {"vocab.json", "merges.txt"};
    const char *shared = folder_or_skip("HEADSWEEP_SHARED_DATA");
    const char *base = getenv("TMPDIR");
    char folder[256];
    snprintf(folder, sizeof folder, "%s/test_tokenizer_XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(folder));
    char from[MAX_PATH];
    char to[300];
    for (size_t i = 0; i < 2; i++) {
        snprintf(from, sizeof from, "%s/tokenizers/gpt2/%s", shared, FILES[i]);
        snprintf(to, sizeof to, "%s/%s", folder, FILES[i]);
        char *absolute = realpath(from, NULL);
        assert_non_null(absolute);
        assert_int_equal(symlink(absolute, to), 0);
        free(absolute);
    }
    hs_tokenizer *tokenizer = open_tokenizer(folder, ".");
    check_published(shared, "gpt2", tokenizer);
    hs_tokenizer_free(tokenizer);
    for (size_t i = 0; i < 2; i++) {
        snprintf(to, sizeof to, "%s/%s", folder, FILES[i]);
        assert_int_equal(unlink(to), 0);
    }
    assert_int_equal(rmdir(folder), 0);
}

/* The greedy text that the authors of stories260K publish decodes from its ids; BOS stands in front of any text. */
static void test_stories(void **state)
{
    (void)state;
    const char *shared = folder_or_skip("HEADSWEEP_SHARED_DATA");
    char path[MAX_PATH];
    hs_error error = {0};
    hs_json *golden = NULL;
    hs_text text = {0};
    hs_token_list ids = {0};
    snprintf(path, sizeof path, "%s/models/stories260K/golden_greedy.json", shared);
    assert_ok(hs_json_read(path, MAX_BYTES, &golden, &error), &error);
    const hs_json_value *expected = hs_json_get(hs_json_root(golden), "greedy_ids_200");
    const hs_json_value *published = hs_json_get(hs_json_root(golden), "text");
    hs_tokenizer *tokenizer = open_tokenizer(shared, "models/stories260K");
    assert_ok(hs_reserve(&ids.ids, &ids.capacity, hs_json_size(expected), sizeof *ids.ids, "ids", &error), &error);
    for (ids.n = 0; ids.n < hs_json_size(expected); ids.n++)
        ids.ids[ids.n] = (int32_t)hs_json_integer(hs_json_at(expected, ids.n));
    assert_ok(hs_tokenizer_decode(tokenizer, ids.ids, ids.n, true, &text, &error), &error);
    assert_string_equal(text.text, hs_json_string(published));
    encode(tokenizer, "Once upon a time", 16, true, &ids);
    static const int32_t FIRST[] = {1, 403, 407, 261, 378};
    assert_int_equal(ids.n, 5);
    assert_memory_equal(ids.ids, FIRST, sizeof FIRST);
    hs_tokenizer_token_list_clear(&ids);
    hs_text_clear(&text);
    hs_json_free(golden);
    hs_tokenizer_free(tokenizer);
}

static void test_small_models(void **state)
{
    (void)state;
    const char *shared = folder_or_skip("HEADSWEEP_SHARED_DATA");
    hs_token_list ids = {0};
    hs_tokenizer *adder = open_tokenizer(shared, "models/mingpt-adder");
    encode(adder, "8550", 4, true, &ids);
    static const int32_t DIGITS[] = {8, 5, 5, 0};
    assert_int_equal(ids.n, 4);
    assert_memory_equal(ids.ids, DIGITS, sizeof DIGITS);
    hs_tokenizer_free(adder);
    static const char PLAN[] = "<SOS>|geometry_prismatic|5-axis Milling Secondary|<EOS>";
    static const int32_t WORDS[] = {49, 2, 39, 51};
    hs_tokenizer *capp = open_tokenizer(shared, "models/capp-gpt");
    encode(capp, PLAN, sizeof PLAN - 1, true, &ids);
    assert_int_equal(ids.n, 4);
    assert_memory_equal(ids.ids, WORDS, sizeof WORDS);
    hs_tokenizer_free(capp);
    hs_tokenizer_token_list_clear(&ids);
}

/* The ids that the classifier's authors computed for its test set, from vocab.txt alone. */
static void test_toxic(void **state)
{
    (void)state;
    const char *shared = folder_or_skip("HEADSWEEP_SHARED_DATA");
    size_t n_bytes = 0;
    size_t length = 0;
    size_t n_lines = 0;
    hs_token_list ids = {0};
    hs_tokenizer *tokenizer = open_tokenizer(shared, "models/bert-toxic-tiny");
    char *lines = read_text(shared, "models/bert-toxic-tiny/heldout_test.jsonl", &n_bytes);
    char *rest = lines;
    for (char *line = NULL; (line = next_line(&rest, &length)) != NULL; n_lines++) {
        hs_error error = {0};
        hs_json *row = NULL;
        assert_ok(hs_json_parse(line, length, "heldout_test.jsonl", &row, &error), &error);
        const hs_json_value *text = hs_json_get(hs_json_root(row), "text");
        encode(tokenizer, hs_json_string(text), hs_json_size(text), true, &ids);
        check_ids("bert-toxic-tiny", hs_json_string(text), &ids, hs_json_get(hs_json_root(row), "input_ids"));
        hs_json_free(row);
    }
    assert_int_equal(n_lines, 800);
    hs_tokenizer_token_list_clear(&ids);
    hs_free(lines);
    hs_tokenizer_free(tokenizer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),    cmocka_unit_test(test_shared_large),
        cmocka_unit_test(test_published), cmocka_unit_test(test_published_gpt2_files),
        cmocka_unit_test(test_stories),   cmocka_unit_test(test_small_models),
        cmocka_unit_test(test_toxic),
    };
    return cmocka_run_group_tests_name("tokenizer_reference", tests, NULL, NULL);
}
