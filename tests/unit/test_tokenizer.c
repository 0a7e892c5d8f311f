/* Each piece of the tokenizer's pipeline on tokenizers of a few tokens, and what is refused. */
#include "headsweep/tokenizer.h"

#include "tokenizer/pattern.h"
#include "tokenizer/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MAX_PIECES = 16, JSON_BYTES = 8192 };

/* ---- a temporary checkpoint folder -------------------------------------------------------------------------------- */

typedef struct folder {
    char path[256];
} folder;

static const char *const FILES[] = {"tokenizer.json", "vocab.json", "merges.txt", "vocab.txt", "added_tokens.json"};

static int make_folder(void **state)
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

static int remove_folder(void **state)
{
    folder *made = *state;
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        char path[320];
        path_of(made, FILES[i], path);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(made->path), 0);
    free(made);
    return 0;
}

static void write_bytes(const folder *in, const char *name, const char *bytes, size_t n)
{
    char path[320];
    path_of(in, name, path);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const folder *in, const char *name, const char *text)
{
    write_bytes(in, name, text, strlen(text));
}

static hs_tokenizer *open_folder(const folder *in)
{
    hs_error error = {0};
    hs_tokenizer *tokenizer = NULL;
    if (hs_tokenizer_open(in->path, &tokenizer, &error) != HS_OK)
        fail_msg("%s", error.message);
    return tokenizer;
}

static hs_tokenizer *open_json(const folder *in, const char *json)
{
    write_text(in, "tokenizer.json", json);
    return open_folder(in);
}

static void check_ids(const hs_tokenizer *tokenizer, const char *text, size_t length, bool special,
                      const int32_t *expected, size_t n)
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
    hs_token_list_clear(&ids);
}

#define CHECK_IDS(tokenizer, text, special, ...)                                                            \
    do {                                                                                                    \
        const int32_t expected_[] = {__VA_ARGS__};                                                          \
        check_ids(tokenizer, text, strlen(text), special, expected_, sizeof expected_ / sizeof *expected_); \
    } while (0)

static void check_decoded(const hs_tokenizer *tokenizer, const int32_t *ids, size_t n, bool skip_special,
                          const char *expected)
{
    hs_error error = {0};
    hs_text text = {0};
    assert_int_equal(hs_tokenizer_decode(tokenizer, ids, n, skip_special, &text, &error), HS_OK);
    assert_string_equal(text.text != NULL ? text.text : "", expected);
    hs_text_clear(&text);
}

#define CHECK_DECODED(tokenizer, skip_special, expected, ...)                               \
    do {                                                                                    \
        const int32_t ids_[] = {__VA_ARGS__};                                               \
        check_decoded(tokenizer, ids_, sizeof ids_ / sizeof *ids_, skip_special, expected); \
    } while (0)

/* ---- normalizers and pre-tokenizers, by the pieces that they make -------------------------------------------------- */

/* `pieces` are the words that must reach the model, as JSON writes them; anything else would be id 0. */
typedef struct pieces_row {
    const char *normalizer;
    const char *pre_tokenizer;
    const char *text;
    const char *pieces[MAX_PIECES];
} pieces_row;

#define SPLIT(pattern, behavior, invert) \
    "{\"type\":\"Split\",\"pattern\":" pattern ",\"behavior\":\"" behavior "\",\"invert\":" invert "}"
#define DASH "{\"String\":\"-\"}"

static const pieces_row PIECES[] = {
    {"null", "null", "any text", {"any text"}},
    {"null", "null", "", {NULL}},
    /* The behaviours' examples of the `tokenizers` documentation. */
    {"null", SPLIT(DASH, "Removed", "false"), "the-final--countdown", {"the", "final", "countdown"}},
    {"null", SPLIT(DASH, "Isolated", "false"), "the-final--countdown", {"the", "-", "final", "-", "-", "countdown"}},
    {"null", SPLIT(DASH, "MergedWithPrevious", "false"), "the-final--countdown", {"the-", "final-", "-", "countdown"}},
    {"null", SPLIT(DASH, "MergedWithNext", "false"), "the-final--countdown", {"the", "-final", "-", "-countdown"}},
    {"null", SPLIT(DASH, "Contiguous", "false"), "the-final--countdown", {"the", "-", "final", "--", "countdown"}},
    {"null", SPLIT(DASH, "Removed", "true"), "a-b--", {"-", "-", "-"}},
    {"null", SPLIT("{\"Regex\":\".\"}", "Isolated", "false"), "1\xC3\xA9\n", {"1", "\\u00e9", "\\n"}},
    {"null", SPLIT("{\"String\":\".\"}", "Removed", "false"), "a.b", {"a", "b"}},
    {"null", SPLIT("{\"Regex\":\"x*\"}", "Isolated", "false"), "abxxc", {"a", "b", "xx", "c"}},
    {"null", SPLIT("{\"Regex\":\"^a\"}", "Isolated", "false"), "ab\nab", {"a", "b\\n", "a", "b"}},
    {"null",
     SPLIT("{\"Regex\":\"\\\\s\"}", "Removed", "false"),
     "a\xC2\x85"
     "b\xE1\xA0\x8E"
     "c\xE2\x80\x8B"
     "d\xE3\x80\x80"
     "e",
     {"a", "b\\u180ec\\u200bd", "e"}},
    {"null", SPLIT("{\"Regex\":\"[\\\\S]+\"}", "Removed", "true"), "a\xE1\xA0\x8E b", {"a\\u180e", "b"}},
    {"null",
     SPLIT("{\"Regex\":\"\\\\p{Han}\"}", "Isolated", "false"),
     "a\xE6\xBC\xA2\xE3\x83\xBC",
     {"a", "\\u6f22", "\\u30fc"}},
    {"null", SPLIT("{\"Regex\":\"(?m:a.)\"}", "Isolated", "false"), "xa\ny", {"x", "a\\n", "y"}},
    {"null", "{\"type\":\"Whitespace\"}", "Hey man!? \t ok", {"Hey", "man", "!?", "ok"}},
    {"null", "{\"type\":\"WhitespaceSplit\"}", "  Hey, man\xC2\xA0ok\n", {"Hey,", "man", "ok"}},
    {"null", "{\"type\":\"Digits\",\"individual_digits\":true}", "Hey 12 friend", {"Hey ", "1", "2", " friend"}},
    {"null", "{\"type\":\"Digits\",\"individual_digits\":false}", "Hey 123 friend", {"Hey ", "123", " friend"}},
    {"null", "{\"type\":\"Punctuation\"}", "a?!b$\xE2\x80\xA6", {"a", "?", "!", "b", "$", "\\u2026"}},
    {"null", "{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}", "a?!b", {"a", "?!", "b"}},
    {"null", "{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"_\"}", "a_b__c", {"a", "b", "c"}},
    {"null",
     "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"always\"}",
     "Hey  you",
     {"_Hey", "_", "_you"}},
    {"null",
     "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"always\",\"split\":false}",
     "Hey you",
     {"_Hey_you"}},
    {"null", "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"never\"}", "Hey you", {"Hey", "_you"}},
    {"null",
     "{\"type\":\"Metaspace\",\"replacement\":\"_\",\"add_prefix_space\":true,\"str_rep\":\"_\"}",
     "_Hey you",
     {"_Hey", "_you"}},
    {"null",
     "{\"type\":\"Sequence\",\"pretokenizers\":[" SPLIT(
         "{\"String\":\"|\"}", "Removed",
         "false") ",{\"type\":\"Metaspace\",\"replacement\":\"_\",\"prepend_scheme\":\"first\"}]}",
     "ab|cd e",
     {"_ab", "cd", "_e"}},
    {"null",
     "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"use_regex\":true,\"trim_offsets\":true}",
     "I'll go  \xC3\xA9",
     {"\\u0120I", "'ll", "\\u0120go", "\\u0120", "\\u0120\\u00c3\\u00a9"}},
    {"null", "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":false}", "a b\n", {"a\\u0120b\\u010a"}},
    {"{\"type\":\"NFC\"}", "null", "e\xCC\x81\xE1\x84\x80\xE1\x85\xA1", {"\\u00e9\\uac00"}},
    {"{\"type\":\"NFD\"}", "null", "\xC3\xA9\xEF\xAC\x81", {"e\\u0301\\ufb01"}},
    {"{\"type\":\"NFKC\"}", "null", "\xEF\xAC\x81 \xC2\xBD", {"fi 1\\u20442"}},
    {"{\"type\":\"NFKD\"}", "null", "\xE1\xBA\x9B\xCC\xA3", {"s\\u0323\\u0307"}},
    {"{\"type\":\"Lowercase\"}", "null", "\xC4\xB0I\xCE\xA3", {"i\\u0307i\\u03c3"}},
    {"{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":false}", "null", "\xE3\x80\x80 a ", {"a "}},
    {"{\"type\":\"Strip\",\"strip_left\":false,\"strip_right\":true}", "null", " a\xC2\xA0\n", {" a"}},
    {"{\"type\":\"StripAccents\"}", "null", "e\xCC\x81\xC3\xA9", {"e\\u00e9"}},
    {"{\"type\":\"Prepend\",\"prepend\":\"> \"}", "null", "a", {"> a"}},
    {"{\"type\":\"Prepend\",\"prepend\":\"> \"}", "null", "", {NULL}},
    {"{\"type\":\"Replace\",\"pattern\":{\"String\":\"a.\"},\"content\":\"\"}", "null", "a.ab", {"ab"}},
    {"{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(l)(e)\"},\"content\":\"$1 $2\"}", "null", "le x", {"$1 $2 x"}},
    {"{\"type\":\"ByteLevel\"}", "null", "\xC3\xA9 ", {"\\u00c3\\u00a9\\u0120"}},
    {"{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFD\"},{\"type\":\"StripAccents\"},{\"type\":\"Lowercase\"}]"
     "}",
     "null",
     "\xC3\x89"
     "A",
     {"ea"}},
};

/* The id of a piece is the place where it first occurs in the row, + 1. */
static size_t id_of_piece(const pieces_row *row, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcmp(row->pieces[i], row->pieces[index]) == 0)
            return i + 1;
    return index + 1;
}

static void check_pieces(const folder *in, const pieces_row *row)
{
    char json[JSON_BYTES];
    int32_t expected[MAX_PIECES];
    size_t n = 0;
    int at = snprintf(json, sizeof json,
                      "{\"version\":\"1.0\",\"normalizer\":%s,\"pre_tokenizer\":%s,\"model\":{\"type\":\"WordLevel\","
                      "\"unk_token\":\"[UNK]\",\"vocab\":{\"[UNK]\":0",
                      row->normalizer, row->pre_tokenizer);
    for (; n < MAX_PIECES && row->pieces[n] != NULL; n++) {
        expected[n] = (int32_t)id_of_piece(row, n);
        if ((size_t)expected[n] == n + 1)
            at += snprintf(json + at, sizeof json - (size_t)at, ",\"%s\":%zu", row->pieces[n], n + 1);
    }
    snprintf(json + at, sizeof json - (size_t)at, "}}}");
    hs_tokenizer *tokenizer = open_json(in, json);
    check_ids(tokenizer, row->text, strlen(row->text), true, expected, n);
    hs_tokenizer_free(tokenizer);
}

static void test_pieces(void **state)
{
    for (size_t i = 0; i < sizeof PIECES / sizeof *PIECES; i++)
        check_pieces(*state, &PIECES[i]);
}

/* ---- models -------------------------------------------------------------------------------------------------------- */

#define BPE(options, vocab, merges) \
    "\"model\":{\"type\":\"BPE\"," options "\"vocab\":{" vocab "},\"merges\":[" merges "]}"
#define FILE_OF(parts) "{\"version\":\"1.0\"," parts "}"

/* The lowest rank is merged first, of equal ones the leftmost. */
static void test_bpe_order(void **state)
{
    hs_tokenizer *t = open_json(*state, FILE_OF(BPE("", "\"a\":0,\"b\":1,\"c\":2,\"ab\":3,\"bc\":4,\"abc\":5,\"aa\":6",
                                                    "\"b c\",[\"a\",\"b\"],\"a bc\",\"a a\"")));
    CHECK_IDS(t, "abc", true, 5);
    CHECK_IDS(t, "ab", true, 3);
    CHECK_IDS(t, "aaa", true, 6, 0);
    CHECK_IDS(t, "aab", true, 0, 3);
    CHECK_IDS(t, "bcb?c", true, 4, 4); /* no unk_token: what is unknown is left out, and its neighbours meet */
    assert_int_equal(hs_tokenizer_vocabulary(t), 7);
    assert_int_equal(hs_tokenizer_id(t, "abc"), 5);
    assert_int_equal(hs_tokenizer_id(t, "abcd"), -1);
    assert_string_equal(hs_tokenizer_description(t), "BPE, 7 tokens, tokenizer.json");
    hs_tokenizer_free(t);
}

/* A long word without end: a^(2^k) becomes one token a level up at a time; quadratic merging would not end in time. */
static void test_bpe_long_word(void **state)
{
    enum { LENGTH = 1 << 20 };
    hs_tokenizer *t = open_json(*state, FILE_OF(BPE("", "\"a\":0,\"aa\":1,\"aaaa\":2", "\"a a\",\"aa aa\"")));
    char *text = malloc(LENGTH + 1);
    assert_non_null(text);
    memset(text, 'a', LENGTH);
    text[LENGTH] = '\0';
    hs_error error = {0};
    hs_token_list ids = {0};
    assert_int_equal(hs_tokenizer_encode(t, text, LENGTH, true, &ids, &error), HS_OK);
    assert_int_equal(ids.n, LENGTH / 4);
    for (size_t i = 0; i < ids.n; i++)
        assert_int_equal(ids.ids[i], 2);
    hs_token_list_clear(&ids);
    free(text);
    hs_tokenizer_free(t);
}

static void test_bpe_unknown(void **state)
{
    hs_tokenizer *t =
        open_json(*state, FILE_OF(BPE("\"unk_token\":\"<u>\",\"fuse_unk\":false,", "\"<u>\":0,\"a\":1", "")));
    CHECK_IDS(t, "xya\xC3\xA9", true, 0, 0, 1, 0);
    hs_tokenizer_free(t);
    t = open_json(*state, FILE_OF(BPE("\"unk_token\":\"<u>\",\"fuse_unk\":true,", "\"<u>\":0,\"a\":1", "")));
    CHECK_IDS(t, "xya\xC3\xA9", true, 0, 1, 0);
    hs_tokenizer_free(t);
}

static void test_bpe_byte_fallback(void **state)
{
    hs_tokenizer *t = open_json(*state, FILE_OF(BPE("\"unk_token\":\"<u>\",\"byte_fallback\":true,",
                                                    "\"<u>\":0,\"a\":1,\"<0xC3>\":2,\"<0xA9>\":3,\"<0x0A>\":4",
                                                    "") ",\"decoder\":{\"type\":\"ByteFallback\"}"));
    CHECK_IDS(t, "a\xC3\xA9\n", true, 1, 2, 3, 4);
    CHECK_IDS(t, "\xC3\xA8", true, 0); /* one of its bytes has no token */
    CHECK_DECODED(t, false, "a\xC3\xA9\n", 1, 2, 3, 4);
    CHECK_DECODED(t, false,
                  "\xC3"
                  "a",
                  2, 1); /* bytes that are no UTF-8 are kept */
    assert_string_equal(hs_tokenizer_description(t), "BPE with byte fallback, 5 tokens, tokenizer.json");
    hs_tokenizer_free(t);
}

static void test_bpe_affixes(void **state)
{
    hs_tokenizer *t = open_json(
        *state, FILE_OF(BPE("\"continuing_subword_prefix\":\"#\",\"end_of_word_suffix\":\"/\",",
                            "\"a\":0,\"#b\":1,\"#c/\":2,\"ab\":3,\"abc/\":4,\"a/\":5",
                            "\"a #b\",\"ab #c/\"") ",\"decoder\":{\"type\":\"BPEDecoder\",\"suffix\":\"/\"}"));
    CHECK_IDS(t, "abc", true, 4);
    CHECK_IDS(t, "a", true, 5);
    CHECK_IDS(t, "ac", true, 0, 2);
    CHECK_DECODED(t, false, "abc a", 4, 5);
    hs_tokenizer_free(t);
}

static void test_bpe_ignore_merges(void **state)
{
    const char *const json[] = {FILE_OF(BPE("\"ignore_merges\":true,", "\"a\":0,\"b\":1,\"ab\":2", "")),
                                FILE_OF(BPE("\"ignore_merges\":false,", "\"a\":0,\"b\":1,\"ab\":2", ""))};
    hs_tokenizer *t = open_json(*state, json[0]);
    uint64_t hash = hs_tokenizer_hash(t);
    CHECK_IDS(t, "ab", true, 2);
    hs_tokenizer_free(t);
    t = open_json(*state, json[1]);
    CHECK_IDS(t, "ab", true, 0, 1);
    assert_true(hs_tokenizer_hash(t) != hash);
    hs_tokenizer_free(t);
    t = open_json(*state, json[0]);
    assert_true(hs_tokenizer_hash(t) == hash);
    hs_tokenizer_free(t);
}

#define WORDS "\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"u\":0,\"a\":1,\"b\":2}}"

static void test_words_join(void **state)
{
    hs_tokenizer *t = open_json(*state, FILE_OF("\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"}," WORDS));
    CHECK_IDS(t, "a c b", true, 1, 0, 2);
    CHECK_DECODED(t, false, "a u b", 1, 0, 2);
    CHECK_DECODED(t, false, "a b", 1, 77, 2); /* an id that no token has is left out */
    hs_tokenizer_free(t);
}

/* ---- added tokens and post-processors -------------------------------------------------------------------------------- */

#define ADDED(id, content, flags) "{\"id\":" id ",\"content\":\"" content "\"," flags "}"
#define FLAGS(single, left, right, normalized, special)                                              \
    "\"single_word\":" single ",\"lstrip\":" left ",\"rstrip\":" right ",\"normalized\":" normalized \
    ",\"special\":" special

static void test_added_tokens(void **state)
{
    hs_tokenizer *t = open_json(
        *state,
        FILE_OF("\"normalizer\":{\"type\":\"Lowercase\"},\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},"
                "\"added_tokens\":[" ADDED("3", "<s>", FLAGS("false", "false", "false", "false", "true")) "," ADDED(
                    "4", "<s>>",
                    FLAGS("false", "true", "true", "false",
                          "false")) "," ADDED("5", "ony",
                                              FLAGS("true", "false", "false", "false",
                                                    "false")) "," ADDED("6", "New",
                                                                        FLAGS("false", "false", "false", "true",
                                                                              "false")) "],"
                                                                                        "\"decoder\":{\"type\":"
                                                                                        "\"Fuse\"}," WORDS));
    CHECK_IDS(t, "a<s>b", true, 1, 3, 2);
    CHECK_IDS(t, "a <s>> b", true, 1, 4, 2); /* the longest wins */
    CHECK_IDS(t, "a ony b", true, 1, 5, 2);
    CHECK_IDS(t, "a onyx b", true, 1, 0, 2);
    CHECK_IDS(t, "NEWa", true, 6, 1); /* found in the normalised text */
    CHECK_IDS(t, "<S>", true, 0);     /* this one only as it is written */
    CHECK_DECODED(t, true, "ab", 1, 3, 2);
    CHECK_DECODED(t, false, "a<s>b", 1, 3, 2);
    assert_int_equal(hs_tokenizer_vocabulary(t), 7);
    assert_int_equal(hs_tokenizer_id(t, "<s>"), 3);
    hs_tokenizer_free(t);
}

/* A token that lies in the space which the one before took with it counts too, unless it takes space itself. */
static void test_added_tokens_overlap(void **state)
{
    hs_tokenizer *t = open_json(
        *state,
        FILE_OF("\"added_tokens\":[" ADDED("3", "<m>", FLAGS("false", "false", "true", "false", "false")) "," ADDED(
            "4", "  ", FLAGS("false", "false", "false", "false", "false")) "]," WORDS));
    CHECK_IDS(t, "a<m>  b", true, 1, 3, 4, 2);
    CHECK_IDS(t, "a<m> b", true, 1, 3, 2);
    hs_tokenizer_free(t);
    t = open_json(
        *state,
        FILE_OF("\"added_tokens\":[" ADDED("3", "<m>", FLAGS("false", "false", "true", "false", "false")) "," ADDED(
            "4", "  ", FLAGS("false", "true", "true", "false", "false")) "]," WORDS));
    CHECK_IDS(t, "a<m>  b", true, 1, 3, 2);
    CHECK_IDS(t, "a    b", true, 1, 4, 2);
    hs_tokenizer_free(t);
}

#define TEMPLATE(before, behind, id)                                                                            \
    "{\"type\":\"TemplateProcessing\",\"single\":[" before "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}" behind \
    "],\"pair\":[],\"special_tokens\":{\"x\":{\"id\":\"x\",\"ids\":[" id "],\"tokens\":[\"x\"]}}}"
#define X "{\"SpecialToken\":{\"id\":\"x\",\"type_id\":0}}"

static void test_post_processors(void **state)
{
    hs_tokenizer *t = open_json(*state, FILE_OF("\"post_processor\":" TEMPLATE(X ",", "", "2") "," WORDS));
    CHECK_IDS(t, "a", true, 2, 1);
    CHECK_IDS(t, "a", false, 1);
    CHECK_IDS(t, "", true, 2);
    hs_tokenizer_free(t);
    /* The later of a sequence wraps the earlier; ByteLevel concerns offsets only. */
    t = open_json(
        *state, FILE_OF("\"post_processor\":{\"type\":\"Sequence\",\"processors\":[" TEMPLATE(
                    X ",", "," X, "2,1") ",{\"type\":\"ByteLevel\",\"trim_offsets\":false},"
                                         "{\"type\":\"BertProcessing\",\"sep\":[\"u\",0],\"cls\":[\"a\",1]}]}," WORDS));
    CHECK_IDS(t, "a", true, 1, 2, 1, 1, 2, 1, 0);
    hs_tokenizer_free(t);
}

/* ---- GPT-2's files ------------------------------------------------------------------------------------------------- */

static void test_gpt2_files(void **state)
{
    const folder *in = *state;
    char path[320];
    path_of(in, "tokenizer.json", path);
    (void)unlink(path);
    assert_false(hs_tokenizer_exists(in->path));
    write_text(
        in, "vocab.json",
        "{\"a\":0,\"b\":1,\"\\u0120\":2,\"ab\":3,\"\\u0120ab\":4,\"<|endoftext|>\":5,\"\\u00c3\":6,\"\\u00a9\":7}");
    write_text(in, "merges.txt", "#version: 0.2\na b\n\xC4\xA0 ab\r\n\n");
    assert_true(hs_tokenizer_exists(in->path));
    hs_tokenizer *t = open_folder(in);
    CHECK_IDS(t, "ab ab<|endoftext|> \xC3\xA9", true, 3, 4, 5, 2, 6, 7);
    CHECK_DECODED(t, true, "ab ab \xC3\xA9", 3, 4, 5, 2, 6, 7);
    CHECK_DECODED(t, true, "\xA9", 7);
    assert_string_equal(hs_tokenizer_description(t), "byte-level BPE, 8 tokens, vocab.json and merges.txt");
    hs_tokenizer_free(t);
    write_text(in, "merges.txt", "a b\nb a\n");
    hs_error error = {0};
    assert_int_equal(hs_tokenizer_open(in->path, &t, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "merges.txt:2: the merge names \"ba\""));
    write_text(in, "merges.txt", "a b c\n");
    error = (hs_error){0};
    assert_int_equal(hs_tokenizer_open(in->path, &t, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "merges.txt:1: the merge \"a b c\" is not two tokens"));
}

static void test_nothing_to_read(void **state)
{
    const folder *in = *state;
    hs_tokenizer *t = NULL;
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++) {
        char path[320];
        path_of(in, FILES[i], path);
        (void)unlink(path);
    }
    hs_error error = {0};
    assert_int_equal(hs_tokenizer_open(in->path, &t, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "no tokenizer.json and no vocab.json"));
    write_text(in, "vocab.txt", "[UNK]\n");
    error = (hs_error){0};
    assert_int_equal(hs_tokenizer_open(in->path, &t, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "WordPiece vocab.txt is not read"));
    assert_null(t);
}

/* ---- what is refused ------------------------------------------------------------------------------------------------- */

typedef struct refused_row {
    const char *json;
    const char *message; /* part of it */
} refused_row;

static const refused_row REFUSED[] = {
    {"", "tokenizer.json"},
    {"[1]", "must be an object"},
    {"{\"model\":{}}", "version: is missing"},
    {"{\"version\":\"2.0\"," WORDS "}", "version: is \"2.0\""},
    {FILE_OF("\"surprise\":1," WORDS), "unknown key \"surprise\""},
    {FILE_OF("\"added_tokens\":[]"), "model: is missing"},
    {FILE_OF("\"model\":{\"type\":\"Unigram\",\"vocab\":[]}"), "model.type: \"Unigram\" is not supported"},
    {FILE_OF("\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"a\":-1}}"),
     "model.vocab: token \"a\" has id -1"},
    {FILE_OF("\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"a\":4000000}}"),
     "ids run from 0 to 3999999"},
    {FILE_OF("\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"a\":9223372036854775807}}"),
     "ids run from 0"},
    {FILE_OF("\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"a\":1.5}}"),
     "the id of token \"a\" is no integer"},
    {FILE_OF("\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"a\":1,\"b\":1}}"),
     "id 1 belongs to two tokens, \"a\" and \"b\""},
    {FILE_OF("\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"a\":1,\"a\":2}}"), "tokenizer.json"},
    {FILE_OF("\"model\":{\"type\":\"WordLevel\",\"unk_token\":3,\"vocab\":{}}"),
     "model.unk_token: must be a string, is integer"},
    {FILE_OF(BPE("\"dropout\":0.1,", "\"a\":0", "")), "model.dropout: must be null"},
    {FILE_OF(BPE("\"surprise\":1,", "\"a\":0", "")), "model: unknown key \"surprise\""},
    {FILE_OF(BPE("", "\"a\":0", "\"a b\"")), "model.merges[0]: the merge names \"b\""},
    {FILE_OF(BPE("", "\"a\":0", "\"a a\"")), "model.merges[0]: the merge names \"aa\""},
    {FILE_OF(BPE("", "\"a\":0", "\"aa\"")), "model.merges[0]: the merge \"aa\" is not two tokens"},
    {FILE_OF(BPE("", "\"a\":0", "[\"a\"]")), "model.merges[0]: must be"},
    {FILE_OF(BPE("", "\"a\":0", "7")), "model.merges[0]: must be"},
    {FILE_OF("\"normalizer\":{\"type\":\"Precompiled\"}," WORDS),
     "normalizer.type: \"Precompiled\" is not supported; supported are: NFC"},
    {FILE_OF("\"normalizer\":3," WORDS), "normalizer: must be an object or null, is integer"},
    {FILE_OF("\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"Nmt\"}]}," WORDS),
     "normalizer.normalizers[1].type: \"Nmt\""},
    {FILE_OF("\"normalizer\":{\"type\":\"NFC\",\"surprise\":1}," WORDS), "normalizer: unknown key \"surprise\""},
    {FILE_OF("\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"(\"},\"content\":\"\"}," WORDS),
     "normalizer.pattern: the regular expression cannot be used"},
    {FILE_OF("\"normalizer\":{\"type\":\"Replace\",\"pattern\":{\"Glob\":\"*\"},\"content\":\"\"}," WORDS),
     "normalizer.pattern: unknown key \"Glob\""},
    {FILE_OF("\"pre_tokenizer\":{\"type\":\"UnicodeScripts\"}," WORDS),
     "pre_tokenizer.type: \"UnicodeScripts\" is not supported"},
    {FILE_OF("\"pre_tokenizer\":" SPLIT(DASH, "Sometimes", "false") "," WORDS),
     "pre_tokenizer.behavior: must be Removed"},
    {FILE_OF("\"pre_tokenizer\":" SPLIT(DASH, "Removed", "0") "," WORDS),
     "pre_tokenizer.invert: must be true or false, is integer"},
    {FILE_OF("\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"ab\"}," WORDS),
     "pre_tokenizer.replacement: must be one character"},
    {FILE_OF("\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"a\",\"prepend_scheme\":\"last\"}," WORDS),
     "pre_tokenizer.prepend_scheme: must be always"},
    {FILE_OF("\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"a\",\"prepend_scheme\":\"first\",\"add_"
             "prefix_space\":false}," WORDS),
     "prepend_scheme is not \"never\""},
    {FILE_OF("\"post_processor\":{\"type\":\"Other\"}," WORDS), "post_processor.type: \"Other\" is not supported"},
    {FILE_OF("\"post_processor\":" TEMPLATE(X ",", "", "3") "," WORDS),
     "post_processor.single[0]: id 3 is outside the vocabulary of 3"},
    {FILE_OF("\"post_processor\":" TEMPLATE("{\"SpecialToken\":{\"id\":\"y\",\"type_id\":0}},", "", "1") "," WORDS),
     "token \"y\" is not among special_tokens"},
    {FILE_OF(
         "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[],\"pair\":[],\"special_tokens\":{}}," WORDS),
     "lacks the sequence A"},
    {FILE_OF("\"decoder\":{\"type\":\"CTC\"}," WORDS), "decoder.type: \"CTC\" is not supported"},
    {FILE_OF("\"decoder\":{\"type\":\"Strip\",\"content\":\"a\",\"start\":-1,\"stop\":0}," WORDS),
     "decoder.start: must be between 0"},
    {FILE_OF("\"added_tokens\":[{\"id\":3}]," WORDS), "added_tokens[0].content: is missing"},
    {FILE_OF("\"added_tokens\":[" ADDED("9", "<s>", FLAGS("false", "false", "false", "false", "true")) "]," WORDS),
     "has id 9 in the file, but `tokenizers` gives it 3"},
    {FILE_OF("\"added_tokens\":[" ADDED("-4", "<s>", FLAGS("false", "false", "false", "false", "true")) "]," WORDS),
     "has id -4"},
    {FILE_OF("\"added_tokens\":[" ADDED("3", "<s>", FLAGS("1", "false", "false", "false", "true")) "]," WORDS),
     "added_tokens[0].single_word: must be true or false"},
    {FILE_OF("\"normalizer\":{\"type\":\"Strip\",\"strip_left\":true,\"strip_right\":true},\"added_tokens\":[" ADDED(
         "3", " ", FLAGS("false", "false", "false", "true", "false")) "]," WORDS),
     "is empty once normalised"},
};

static void test_refused(void **state)
{
    const folder *in = *state;
    for (size_t i = 0; i < sizeof REFUSED / sizeof *REFUSED; i++) {
        hs_error error = {0};
        hs_tokenizer *tokenizer = NULL;
        write_text(in, "tokenizer.json", REFUSED[i].json);
        if (hs_tokenizer_open(in->path, &tokenizer, &error) != HS_ERROR_INPUT)
            fail_msg("not refused: %s", REFUSED[i].json);
        assert_null(tokenizer);
        if (strstr(error.message, REFUSED[i].message) == NULL || strstr(error.message, "tokenizer.json") == NULL)
            fail_msg("%s: the message is: %s", REFUSED[i].json, error.message);
    }
}

static void test_refused_texts(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } MALFORMED[] = {{"a\xFF", 2}, {"\xC3", 1}, {"\xC0\x80", 2}, {"\xED\xA0\x80", 3}, {"\xF4\x90\x80\x80", 4}};
    hs_tokenizer *t = open_json(*state, FILE_OF(WORDS));
    for (size_t i = 0; i < sizeof MALFORMED / sizeof *MALFORMED; i++) {
        hs_error error = {0};
        hs_token_list ids = {0};
        assert_int_equal(hs_tokenizer_encode(t, MALFORMED[i].text, MALFORMED[i].length, true, &ids, &error),
                         HS_ERROR_INPUT);
        assert_int_equal(ids.n, 0);
        hs_token_list_clear(&ids);
    }
    hs_error error = {0};
    hs_text text = {0};
    assert_int_equal(hs_tokenizer_decode(t, (const int32_t[]){-1}, 1, true, &text, &error), HS_ERROR_INPUT);
    hs_tokenizer_free(t);
}

/* Without a token for unknown words the word is named; ids that were in the list stay. */
static void test_unknown_word_without_token(void **state)
{
    hs_tokenizer *t =
        open_json(*state, FILE_OF("\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"none\",\"vocab\":{\"a\":0}}"));
    hs_error error = {0};
    hs_token_list ids = {0};
    assert_int_equal(hs_tokenizer_encode(t, "a", 1, true, &ids, &error), HS_OK);
    assert_int_equal(hs_tokenizer_encode(t, "bad", 3, true, &ids, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "\"bad\""));
    assert_int_equal(ids.n, 1);
    hs_token_list_clear(&ids);
    hs_tokenizer_free(t);
}

/* Nested repeats would search for ever; steps that double a text would fill the memory. */
static void test_hostile_steps(void **state)
{
    char text[64];
    memset(text, 'a', sizeof text);
    hs_tokenizer *t = open_json(
        *state, FILE_OF("\"pre_tokenizer\":" SPLIT("{\"Regex\":\"(?:a+)+$(?<=b)\"}", "Removed", "false") "," WORDS));
    hs_error error = {0};
    hs_token_list ids = {0};
    assert_int_equal(hs_tokenizer_encode(t, text, sizeof text, true, &ids, &error), HS_ERROR_INPUT);
    hs_tokenizer_free(t);
    char json[JSON_BYTES] = "{\"version\":\"1.0\",\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[";
    for (size_t i = 0; i < 40; i++)
        snprintf(json + strlen(json), sizeof json - strlen(json),
                 "%s{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"aa\"}", i > 0 ? "," : "");
    snprintf(json + strlen(json), sizeof json - strlen(json), "]}," WORDS "}");
    t = open_json(*state, json);
    error = (hs_error){0};
    assert_int_equal(hs_tokenizer_encode(t, "aaaa", 4, true, &ids, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "shorten the text"));
    hs_token_list_clear(&ids);
    hs_tokenizer_free(t);
}

/* ---- the pieces below ------------------------------------------------------------------------------------------------ */

static void test_table(void **state)
{
    (void)state;
    enum { N = 5000 };
    hs_error error = {0};
    tok_table table = {0};
    assert_null(tok_table_find(&table, 1, NULL));
    for (uint64_t i = 0; i < N; i++)
        assert_int_equal(tok_table_add(&table, i / 2, i, &error), HS_OK);
    assert_int_equal(table.n, N);
    for (uint64_t key = 0; key < N / 2; key++) {
        const tok_entry *first = tok_table_find(&table, key, NULL);
        assert_non_null(first);
        const tok_entry *second = tok_table_find(&table, key, first);
        assert_non_null(second);
        assert_int_equal(first->value + second->value, 4 * key + 1);
        assert_null(tok_table_find(&table, key, second));
    }
    assert_null(tok_table_find(&table, N, NULL));
    assert_int_equal(tok_table_set(&table, N, 7, &error), HS_OK);
    assert_int_equal(tok_table_set(&table, N, 8, &error), HS_OK);
    assert_int_equal(tok_table_find(&table, N, NULL)->value, 8);
    tok_table_clear(&table);
}

static void test_translation(void **state)
{
    (void)state;
    static const struct {
        const char *regex;
        const char *pcre2; /* NULL: refused */
    } ROWS[] = {
        {"a|b+?", "a|b+?"},
        {"(?i:'s|'t)", "(?i:'s|'t)"},
        {"(?m-i)x", "(?s-i)x"},
        {"\\p{Letter}\\P{lu}\\p{^L}", "\\p{L}\\P{Lu}\\p{^L}"},
        {"[^\\r\\n\\p{N}\\.\\d]", "[^\\r\\n\\p{N}\\.\\p{Nd}]"},
        {"\\u0041\\x{42}\\v", "\\x{0041}\\x{42}\\x{b}"},
        {"a{,3}b{2}c{,}d{", "a{0,3}b{2}c{,}d{"},
        {"(?<name>a)\\1", "(?<name>a)\\1"},
        {"[]a]", "[]a]"},
        {"[a[bc]]", NULL},
        {"[a&&b]", NULL},
        {"[[:alpha:]]", NULL},
        {"[\\W]", NULL},
        {"a{1,2}+", NULL},
        {"(*ACCEPT)", NULL},
        {"(?R)", NULL},
        {"(?C1)", NULL},
        {"\\Q", NULL},
        {"\\pL", NULL},
        {"\\p{L", NULL},
        {"[a", NULL},
        {"a\\", NULL},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        hs_error error = {0};
        hs_text text = {0};
        hs_status status = tok_pattern_translate(ROWS[i].regex, strlen(ROWS[i].regex), &text, &error);
        assert_int_equal(status, ROWS[i].pcre2 != NULL ? HS_OK : HS_ERROR_INPUT);
        if (ROWS[i].pcre2 != NULL)
            assert_string_equal(text.text, ROWS[i].pcre2);
        hs_text_clear(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_bpe_order),
        cmocka_unit_test(test_bpe_long_word),
        cmocka_unit_test(test_bpe_unknown),
        cmocka_unit_test(test_bpe_byte_fallback),
        cmocka_unit_test(test_bpe_affixes),
        cmocka_unit_test(test_bpe_ignore_merges),
        cmocka_unit_test(test_words_join),
        cmocka_unit_test(test_added_tokens),
        cmocka_unit_test(test_added_tokens_overlap),
        cmocka_unit_test(test_post_processors),
        cmocka_unit_test(test_gpt2_files),
        cmocka_unit_test(test_nothing_to_read),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refused_texts),
        cmocka_unit_test(test_unknown_word_without_token),
        cmocka_unit_test(test_hostile_steps),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_translation),
    };
    return cmocka_run_group_tests_name("tokenizer", tests, make_folder, remove_folder);
}
