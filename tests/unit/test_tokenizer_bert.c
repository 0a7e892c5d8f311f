/* BERT's and RoBERTa's tokenizers by hand: WordPiece, the older files with their settings, special tokens. */
#include "support/tokenizer_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OPTIONS(most) "\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":" most ","
#define PIECES \
    "\"[UNK]\":0,\"un\":1,\"##aff\":2,\"##able\":3,\"unaf\":4,\"##a\":5,\"\\u00e9\":6,\"##\\u00e9\":7,\"aff\":8"
#define SPACES "\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},"
#define DECODER(cleanup) ",\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":" cleanup "}"

/* The example of the BERT paper's code: greedy, so that "unaf" hides "un" + "##aff" and nothing fits behind it. */
static void test_greedy(void **state)
{
    hs_tokenizer *t = open_json(*state, FILE_OF(SPACES WORD_PIECE(OPTIONS("9"), PIECES)));
    CHECK_IDS(t, "un unable", false, 1, 1, 3);
    CHECK_IDS(t, "unaffable", false, 0);
    CHECK_IDS(t, "aff aff\xC3\xA9 \xC3\xA9\xC3\xA9\xC3\xA9", false, 8, 8, 7, 6, 7, 7);
    CHECK_IDS(t, "unaa una\xC3\xAA", false, 1, 5, 5, 0);
    /* Nine characters, though 17 bytes, are a word; ten are too many. */
    CHECK_IDS(t, "unaaaaaaa unaaaaaaaa", false, 1, 5, 5, 5, 5, 5, 5, 5, 0);
    CHECK_IDS(t, "a\xC3\xA9\xC3\xA9 \xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", false, 0,
              6, 7, 7, 7, 7, 7, 7, 7, 7);
    hs_tokenizer_free(t);
}

static void test_decoder(void **state)
{
    static const char WORDS_OF_IT[] =
        "\"[UNK]\":0,\"do\":1,\"##n't\":2,\"not\":3,\".\":4,\"'s\":5,\"##!\":6,\" do not x , y\":7";
    char json[1024];
    snprintf(json, sizeof json,
             "{\"version\":\"1.0\",\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\"," OPTIONS(
                 "9") "\"vocab\":{%s}}" DECODER("true") "}",
             WORDS_OF_IT);
    hs_tokenizer *t = open_json(*state, json);
    CHECK_DECODED(t, false, "don't.'s!", 1, 2, 4, 5, 6);
    CHECK_DECODED(t, false, "##n't", 2);
    /* " do not" spans two tokens here, so that it stays; within one it is mended. */
    CHECK_DECODED(t, false, "do not  don't x, y", 1, 3, 7);
    hs_tokenizer_free(t);
    snprintf(json, sizeof json,
             "{\"version\":\"1.0\",\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\"," OPTIONS(
                 "9") "\"vocab\":{%s}}" DECODER("false") "}",
             WORDS_OF_IT);
    t = open_json(*state, json);
    CHECK_DECODED(t, false, "don't . 's!", 1, 2, 4, 5, 6);
    hs_tokenizer_free(t);
}

static void check_specials(const hs_tokenizer *t, int32_t begin, int32_t end, int32_t pad, int32_t mask)
{
    assert_int_equal(hs_tokenizer_special(t, HS_TOKEN_BEGIN), begin);
    assert_int_equal(hs_tokenizer_special(t, HS_TOKEN_END), end);
    assert_int_equal(hs_tokenizer_special(t, HS_TOKEN_PAD), pad);
    assert_int_equal(hs_tokenizer_special(t, HS_TOKEN_MASK), mask);
}

/* Ids are numbers of lines; \r\n and a last line without an end are lines, an empty one takes a number. */
static void test_vocab_txt(void **state)
{
    const folder *in = *state;
    empty_folder(in);
    write_text(in, "vocab.txt", "[PAD]\n[UNK]\r\n[CLS]\n[SEP]\n\n[MASK]\ne\n##\xC3\xA9\n\xC3\x89\n##e\n!");
    hs_tokenizer *t = open_folder(in);
    assert_string_equal(hs_tokenizer_description(t), "WordPiece, 11 tokens, vocab.txt");
    CHECK_IDS(t, "\xC3\x89\xC3\xA9[MASK]!x", true, 2, 6, 9, 5, 10, 1, 3);
    CHECK_DECODED(t, true, "ee!", 2, 6, 9, 5, 10, 3);
    CHECK_DECODED(t, false, "[CLS] ee [MASK]! [SEP]", 2, 6, 9, 5, 10, 3);
    check_specials(t, 2, 3, 0, 5);
    uint64_t hash = hs_tokenizer_hash(t);
    hs_tokenizer_free(t);
    write_text(in, "vocab.txt", "\xEF\xBB\xBF[PAD]\r[UNK]\r[CLS]\r[SEP]\r\r[MASK]\re\r##\xC3\xA9\r\xC3\x89\r##e\r!");
    t = open_folder(in);
    CHECK_IDS(t, "\xC3\x89\xC3\xA9[MASK]!x", true, 2, 6, 9, 5, 10, 1, 3);
    check_specials(t, 2, 3, 0, 5);
    hs_tokenizer_free(t);
    write_text(in, "tokenizer_config.json",
               "\xEF\xBB\xBF{\"do_lower_case\": false, \"tokenizer_class\": \"BertTokenizerFast\"}");
    t = open_folder(in);
    CHECK_IDS(t, "\xC3\x89\xC3\xA9[MASK]!x", false, 8, 7, 5, 10, 1);
    assert_true(hs_tokenizer_hash(t) != hash);
    hs_tokenizer_free(t);
    write_text(in, "tokenizer_config.json", "{\"strip_accents\": false}");
    t = open_folder(in);
    CHECK_IDS(t, "E\xC3\x89", false, 6, 7);
    hs_tokenizer_free(t);
    empty_folder(in);
}

/*
 * Other names, as a string or an object; special_tokens_map.json goes before tokenizer_config.json, as in transformers.
 */
static void test_named_specials(void **state)
{
    const folder *in = *state;
    empty_folder(in);
    write_text(in, "vocab.txt", "<u>\n<c>\n<e>\n<p>\n<m>\n<n>\na\n");
    write_text(in, "tokenizer_config.json",
               "{\"unk_token\": \"<u>\", \"cls_token\": {\"content\": \"<c>\", \"lstrip\": false}, \"mask_token\": "
               "\"<m>\", \"pad_token\": null}");
    write_text(in, "special_tokens_map.json",
               "{\"sep_token\": \"<e>\", \"pad_token\": \"<p>\", \"mask_token\": \"<n>\"}");
    hs_tokenizer *t = open_folder(in);
    CHECK_IDS(t, "a<n>b", true, 1, 6, 5, 0, 2);
    check_specials(t, 1, 2, 3, 5);
    hs_tokenizer_free(t);
    write_text(in, "tokenizer_config.json",
               "{\"unk_token\": \"<u>\", \"cls_token\": {\"content\": \"<c>\", \"lstrip\": false}, \"sep_token\": "
               "\"<e>\", \"mask_token\": \"<m>\", \"added_tokens_decoder\": {}}");
    t = open_folder(in);
    CHECK_IDS(t, "a<m>b", true, 1, 6, 4, 0, 2);
    hs_tokenizer_free(t);
    empty_folder(in);
    t = open_json(in, FILE_OF(WORDS));
    check_specials(t, -1, -1, -1, -1);
    hs_tokenizer_free(t);
    empty_folder(in);
}

/* A token of the frame may stand in another file than the vocabulary. */
static void test_frame_of_added_tokens(void **state)
{
    const folder *in = *state;
    empty_folder(in);
    write_text(in, "vocab.txt", "[UNK]\n[SEP]\na\n");
    write_text(in, "added_tokens.json", "{\"[CLS]\": 3}");
    hs_tokenizer *t = open_folder(in);
    CHECK_IDS(t, "a", true, 3, 2, 1);
    check_specials(t, 3, 1, 4, 5);
    hs_tokenizer_free(t);
    empty_folder(in);
}

static void test_roberta_files(void **state)
{
    const folder *in = *state;
    empty_folder(in);
    write_text(
        in, "vocab.json",
        "{\"<s>\":0,\"<pad>\":1,\"</s>\":2,\"<unk>\":3,\"a\":4,\"b\":5,\"\\u0120\":6,\"\\u0120a\":7,\"<mask>\":8}");
    write_text(in, "merges.txt", "#version: 0.2\n\xC4\xA0 a\n");
    hs_tokenizer *t = open_folder(in);
    CHECK_IDS(t, "a a  <mask>b", true, 0, 4, 7, 8, 5, 2);
    CHECK_DECODED(t, true, "a ab", 0, 4, 7, 8, 5, 2);
    check_specials(t, 0, 2, 1, 8);
    hs_tokenizer_free(t);
    write_text(in, "tokenizer_config.json", "{\"add_prefix_space\": true, \"tokenizer_class\": \"RobertaTokenizer\"}");
    t = open_folder(in);
    CHECK_IDS(t, "a a <mask>b", true, 0, 7, 7, 8, 6, 5, 2);
    hs_tokenizer_free(t);
    write_text(in, "tokenizer_config.json", "{\"tokenizer_class\": \"CLIPTokenizer\"}");
    hs_error error = {0};
    assert_int_equal(hs_tokenizer_open(in->path, &t, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "tokenizer_class CLIPTokenizer"));
    empty_folder(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_greedy),
        cmocka_unit_test(test_decoder),
        cmocka_unit_test(test_vocab_txt),
        cmocka_unit_test(test_named_specials),
        cmocka_unit_test(test_frame_of_added_tokens),
        cmocka_unit_test(test_roberta_files),
    };
    return cmocka_run_group_tests_name("tokenizer_bert", tests, make_folder, remove_folder);
}
