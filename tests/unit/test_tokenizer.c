/* Each piece of the tokenizer's pipeline on tokenizers of a few tokens. */
#include "support/assert_status.h"
#include "support/tokenizer_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
    assert_ok(hs_tokenizer_encode(t, text, LENGTH, true, &ids, &error), &error);
    assert_int_equal(ids.n, LENGTH / 4);
    for (size_t i = 0; i < ids.n; i++)
        assert_int_equal(ids.ids[i], 2);
    hs_tokenizer_token_list_clear(&ids);
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
                  2, 1); /* bytes that are not UTF-8 are kept */
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

/* The example of `tokenizers`: unknown characters in a row are one token. */
static void test_unigram_best_way(void **state)
{
    const folder *in = *state;
    hs_tokenizer *t = open_json(
        in, FILE_OF(UNIGRAM("\"unk_id\":0,", "[\"<unk>\",0],[\"a\",0],[\"b\",0],[\"c\",0],[\"d\",0],[\"cd\",1],"
                                             "[\"ab\",2],[\"abc\",5],[\"abcd\",10]")));
    CHECK_IDS(t, "abcdacdxx", false, 8, 1, 5, 0);
    CHECK_IDS(t, "xaxx<unk>x", false, 0, 1, 0);
    hs_tokenizer_free(t);
}

/* Of ways with the same sum the first found is taken; scores are what `tokenizers` reads, one bit off their digits. */
static void test_unigram_ties(void **state)
{
    const folder *in = *state;
    hs_tokenizer *t =
        open_json(in, FILE_OF(UNIGRAM("\"unk_id\":0,", "[\"u\",0],[\"=\",-4.5],[\"==\",-6.25],[\"===\",-9.5]")));
    CHECK_IDS(t, "=====", false, 2, 3);
    hs_tokenizer_free(t);
    t = open_json(in, FILE_OF(UNIGRAM("\"unk_id\":0,", "[\"u\",0],[\"ab\",-15.77446746826172],[\"a\",0],"
                                                       "[\"b\",-15.774467468261719]")));
    CHECK_IDS(t, "ab", false, 1);
    hs_tokenizer_free(t);
}

static void test_unigram_unknown(void **state)
{
    const folder *in = *state;
    hs_token_list ids = {0};
    hs_error error = {0};
    hs_tokenizer *t = open_json(in, FILE_OF(UNIGRAM("", "[\"a\",-1]")));
    CHECK_IDS(t, "aa", false, 0, 0);
    assert_int_equal(hs_tokenizer_encode(t, "a\xC3\xA9", 3, false, &ids, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "the character \"\xC3\xA9\" is in no token"));
    assert_int_equal(ids.n, 0);
    hs_tokenizer_free(t);
    t = open_json(in, FILE_OF(UNIGRAM("\"unk_id\":0,\"byte_fallback\":true,",
                                      "[\"u\",0],[\"<0xC3>\",0],[\"<0xA9>\",0],[\"a\",-1]")));
    CHECK_IDS(t, "a\xC3\xA9\xC3\xA9", false, 3, 1, 2, 1, 2);
    CHECK_IDS(t, "a\xC3\xA9q", false, 3, 0);
    hs_tokenizer_free(t);
}

/* Two tokens with the same bytes: texts get the later one, and each is decoded. */
static void test_unigram_twice(void **state)
{
    const folder *in = *state;
    hs_tokenizer *t = open_json(in, FILE_OF(UNIGRAM("\"unk_id\":0,", "[\"u\",0],[\"a\",-1],[\"a\",-9]")));
    CHECK_IDS(t, "aa", false, 2, 2);
    CHECK_DECODED(t, false, "a a", 1, 2);
    assert_int_equal(hs_tokenizer_vocabulary(t), 3);
    hs_tokenizer_free(t);
}

/* A map whose trie has one unit, or points behind its replacements: an error when a text comes there, no crash. */
static void test_damaged_charsmap(void **state)
{
    const folder *in = *state;
    hs_token_list ids = {0};
    hs_error error = {0};
    hs_tokenizer *t = open_json(in, FILE_OF(CHARSMAP("BAAAAAAAAAA=")));
    assert_int_equal(hs_tokenizer_encode(t, "a", 1, false, &ids, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "precompiled_charsmap is damaged"));
    hs_tokenizer_free(t);
}

static void test_words_join(void **state)
{
    hs_tokenizer *t = open_json(*state, FILE_OF("\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"}," WORDS));
    CHECK_IDS(t, "a c b", true, 1, 0, 2);
    CHECK_DECODED(t, false, "a u b", 1, 0, 2);
    CHECK_DECODED(t, false, "a b", 1, 77, 2); /* an id that no token has is left out */
    hs_tokenizer_free(t);
}

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

/* A folder whose tokenizer cannot be read: opened with the problem, which every use says. */
static void check_problem(const folder *in, const char *problem)
{
    const int32_t id = 0;
    hs_tokenizer *t = NULL;
    hs_token_list ids = {0};
    hs_text text = {0};
    hs_error error = {0};
    assert_ok(hs_tokenizer_open_if_any(in->path, &t, &error), &error);
    assert_non_null(t);
    assert_string_equal(error.message, "");
    assert_non_null(strstr(hs_tokenizer_problem(t), problem));
    assert_non_null(strstr(hs_tokenizer_description(t), problem));
    assert_int_equal(hs_tokenizer_encode(t, "a", 1, true, &ids, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, problem));
    error = (hs_error){0};
    assert_int_equal(hs_tokenizer_decode(t, &id, 1, true, &text, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, problem));
    assert_int_equal(hs_tokenizer_special(t, HS_TOKEN_MASK), -1);
    assert_string_equal(hs_tokenizer_special_text(t, HS_TOKEN_EOS), "");
    assert_int_equal(hs_tokenizer_vocabulary(t), 0);
    assert_int_equal(ids.n, 0);
    hs_tokenizer_free(t);
}

static void test_not_needed(void **state)
{
    const folder *in = *state;
    hs_tokenizer *t = NULL;
    hs_error error = {0};
    empty_folder(in);
    assert_ok(hs_tokenizer_open_if_any(in->path, &t, &error), &error);
    assert_null(t);
    write_text(in, "tokenizer.json", FILE_OF("\"model\":{\"type\":\"Other\"}"));
    check_problem(in, "tokenizer.json: model.type: \"Other\" is not supported");
    write_text(in, "tokenizer.json", "{");
    check_problem(in, "tokenizer.json");
    empty_folder(in);
    write_text(in, "vocab.json", "{}");
    check_problem(in, "vocab.json needs merges.txt beside it");
    empty_folder(in);
    write_text(in, "tokenizer.json", FILE_OF(WORDS));
    assert_ok(hs_tokenizer_open_if_any(in->path, &t, &error), &error);
    assert_null(hs_tokenizer_problem(t));
    hs_tokenizer_free(t);
    empty_folder(in);
}

static void test_gpt2_files(void **state)
{
    const folder *in = *state;
    empty_folder(in);
    write_text(
        in, "vocab.json",
        "{\"a\":0,\"b\":1,\"\\u0120\":2,\"ab\":3,\"\\u0120ab\":4,\"<|endoftext|>\":5,\"\\u00c3\":6,\"\\u00a9\":7}");
    write_text(in, "merges.txt", "\xEF\xBB\xBF#version: 0.2\na b\n\xC4\xA0 ab\r\n\n");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bpe_order),        cmocka_unit_test(test_bpe_long_word),
        cmocka_unit_test(test_bpe_unknown),      cmocka_unit_test(test_bpe_byte_fallback),
        cmocka_unit_test(test_bpe_affixes),      cmocka_unit_test(test_bpe_ignore_merges),
        cmocka_unit_test(test_unigram_best_way), cmocka_unit_test(test_unigram_ties),
        cmocka_unit_test(test_unigram_unknown),  cmocka_unit_test(test_unigram_twice),
        cmocka_unit_test(test_damaged_charsmap), cmocka_unit_test(test_words_join),
        cmocka_unit_test(test_added_tokens),     cmocka_unit_test(test_added_tokens_overlap),
        cmocka_unit_test(test_post_processors),  cmocka_unit_test(test_not_needed),
        cmocka_unit_test(test_gpt2_files),
    };
    return cmocka_run_group_tests_name("tokenizer", tests, make_folder, remove_folder);
}
