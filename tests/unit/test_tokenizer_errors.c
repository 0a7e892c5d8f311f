/* What the tokenizer refuses: files, texts, and steps that would not end. */
#include "support/assert_status.h"
#include "support/tokenizer_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { JSON_BYTES = 8192 };

static void test_nothing_to_read(void **state)
{
    const folder *in = *state;
    hs_tokenizer *t = NULL;
    empty_folder(in);
    hs_error error = {0};
    assert_int_equal(hs_tokenizer_open(in->path, &t, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "no tokenizer.json, no vocab.json with merges.txt and no vocab.txt"));
    write_text(in, "vocab.json", "{}");
    error = (hs_error){0};
    assert_int_equal(hs_tokenizer_open(in->path, &t, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "vocab.json needs merges.txt"));
    empty_folder(in);
    assert_null(t);
}

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
    {FILE_OF("\"model\":{\"type\":\"Other\",\"vocab\":[]}"), "model.type: \"Other\" is not supported"},
    {FILE_OF(UNIGRAM("", "")), "model.vocab: is missing, empty or not an array"},
    {FILE_OF("\"model\":{\"type\":\"Unigram\",\"vocab\":{\"a\":0}}"), "model.vocab: is missing, empty or not an array"},
    {FILE_OF(UNIGRAM("", "[\"a\",-1],[\"b\"]")), "model.vocab: [1]: must be [\"token\", score]"},
    {FILE_OF(UNIGRAM("", "[\"a\",\"b\"]")), "model.vocab: [0]: must be [\"token\", score]"},
    {FILE_OF(UNIGRAM("\"unk_id\":1,", "[\"a\",-1]")), "model.unk_id: must be between 0 and 0, is 1"},
    {FILE_OF(UNIGRAM("\"byte_fallback\":1,", "[\"a\",-1]")), "model.byte_fallback: must be true or false"},
    {FILE_OF(UNIGRAM("\"surprise\":1,", "[\"a\",-1]")), "model: unknown key \"surprise\""},
    {FILE_OF("\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"a\":-1}}"),
     "model.vocab: token \"a\" has id -1"},
    {FILE_OF("\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"a\":4000000}}"),
     "ids run from 0 to 3999999"},
    {FILE_OF("\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"a\":9223372036854775807}}"),
     "ids run from 0"},
    {FILE_OF("\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"a\":1.5}}"),
     "the id of token \"a\" is not an integer"},
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
    {FILE_OF(WORD_PIECE("\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":9,", "\"a\":0")),
     "model: the unk_token \"[UNK]\" is not in the vocabulary"},
    {FILE_OF(WORD_PIECE("\"max_input_chars_per_word\":9,", "\"[UNK]\":0")),
     "model.continuing_subword_prefix: is missing"},
    {FILE_OF(WORD_PIECE("\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":-1,", "\"[UNK]\":0")),
     "model.max_input_chars_per_word: must be between 0"},
    {FILE_OF("\"normalizer\":{\"type\":\"BertNormalizer\",\"clean_text\":true}," WORDS),
     "normalizer.handle_chinese_chars: is missing"},
    {FILE_OF("\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\"}," WORDS), "decoder.cleanup: is missing"},
    {FILE_OF("\"normalizer\":{\"type\":\"Other\"}," WORDS),
     "normalizer.type: \"Other\" is not supported; supported are: NFC"},
    {FILE_OF("\"normalizer\":{\"type\":\"Precompiled\"}," WORDS), "normalizer.precompiled_charsmap: is missing"},
    {FILE_OF(CHARSMAP("")), "normalizer.precompiled_charsmap: is not a text in base 64: its length is 0"},
    {FILE_OF(CHARSMAP("AAAAA")), "normalizer.precompiled_charsmap: is not a text in base 64: its length is 5"},
    {FILE_OF(CHARSMAP("AA!AAAAA")), "normalizer.precompiled_charsmap: is not a text in base 64 (character 3)"},
    {FILE_OF(CHARSMAP("AA==AAAA")), "normalizer.precompiled_charsmap: is not a text in base 64 (character 3)"},
    {FILE_OF(CHARSMAP("AAA=")), "normalizer.precompiled_charsmap: is cut off"},
    {FILE_OF(CHARSMAP("AAAAAA==")), "normalizer.precompiled_charsmap: is cut off"},
    {FILE_OF(CHARSMAP("CAAAAAAAAAA=")), "normalizer.precompiled_charsmap: is cut off"},
    {FILE_OF(CHARSMAP("BAAAAAAAAAD/")), "normalizer.precompiled_charsmap: its replacements"},
    {FILE_OF("\"normalizer\":3," WORDS), "normalizer: must be an object or null, is integer"},
    {FILE_OF("\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"Old\"}]}," WORDS),
     "normalizer.normalizers[1].type: \"Old\""},
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
     "\"single\" must have the sequence A once"},
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

static const struct {
    const char *vocabulary;
    const char *config; /* NULL: no tokenizer_config.json */
    const char *message;
} REFUSED_FILES[] = {
    {"", NULL, "vocab.txt: the unk_token \"[UNK]\" is not in the vocabulary"},
    {"[UNK]\n[SEP]\n", NULL, "vocab.txt: the cls_token \"[CLS]\" is not in the vocabulary"},
    {"[UNK]\n[CLS]\n", NULL, "vocab.txt: the sep_token \"[SEP]\" is not in the vocabulary"},
    {"[UNK]\n[CLS]\n[SEP]\na\na\n", NULL, "vocab.txt:5: token \"a\" is there twice"},
    {"[UNK]\n[CLS]\n[SEP]\n\xFF\n", NULL, "vocab.txt"},
    {"[UNK]\n[CLS]\n[SEP]\n", "{\"unk_token\": \"<unk>\"}", "the unk_token \"<unk>\" is not"},
    {"[UNK]\n[CLS]\n[SEP]\n", "{\"do_lower_case\": 1}", "tokenizer_config.json: do_lower_case: must be true or false"},
    {"[UNK]\n[CLS]\n[SEP]\n", "{\"mask_token\": {}}", "tokenizer_config.json: mask_token.content: is missing"},
    {"[UNK]\n[CLS]\n[SEP]\n", "{\"mask_token\": 3}", "tokenizer_config.json: mask_token: must be a string"},
    {"[UNK]\n[CLS]\n[SEP]\n", "{", "tokenizer_config.json"},
    {"[UNK]\n[CLS]\n[SEP]\n", "{\"tokenizer_class\": \"BertJapaneseTokenizer\"}",
     "vocab.txt is not read as tokenizer_config.json's tokenizer_class BertJapaneseTokenizer does"},
};

static void test_refused_files(void **state)
{
    const folder *in = *state;
    for (size_t i = 0; i < sizeof REFUSED_FILES / sizeof *REFUSED_FILES; i++) {
        hs_error error = {0};
        hs_tokenizer *tokenizer = NULL;
        empty_folder(in);
        write_text(in, "vocab.txt", REFUSED_FILES[i].vocabulary);
        if (REFUSED_FILES[i].config != NULL)
            write_text(in, "tokenizer_config.json", REFUSED_FILES[i].config);
        if (hs_tokenizer_open(in->path, &tokenizer, &error) != HS_ERROR_INPUT)
            fail_msg("not refused: row %zu", i);
        assert_null(tokenizer);
        if (strstr(error.message, REFUSED_FILES[i].message) == NULL)
            fail_msg("row %zu: the message is: %s", i, error.message);
    }
    empty_folder(in);
}

#define DECODER(entries) "{\"added_tokens_decoder\": {" entries "}}"

static const struct {
    const char *file;
    const char *content;
    const char *message; /* behind the file's name */
} REFUSED_TOKENS[] = {
    {"tokenizer_config.json", "[]", ": must be an object, is array"},
    {"tokenizer_config.json", "{\"bos_token\": 1}", ": bos_token: must be a string, or an object with its"},
    {"tokenizer_config.json", "{\"eos_token\": \"\"}", ": eos_token: must be a text of a token, is empty"},
    {"tokenizer_config.json", "{\"eos_token\": {\"content\": 3}}", ": eos_token.content: must be a string"},
    {"tokenizer_config.json", "{\"pad_token\": {\"content\": \"p\", \"lstrip\": 1}}", ": pad_token.lstrip: must be"},
    {"tokenizer_config.json", "{\"pad_token\": {\"content\": \"p\", \"x\": 1}}", ": pad_token: unknown key \"x\""},
    {"tokenizer_config.json", "{\"additional_special_tokens\": \"a\"}",
     ": additional_special_tokens: must be an array"},
    {"tokenizer_config.json", "{\"extra_special_tokens\": [\"a\", 1]}", ": extra_special_tokens[1]: must be a string"},
    {"tokenizer_config.json", "{\"add_bos_token\": \"yes\"}", ": add_bos_token: must be true or false"},
    {"tokenizer_config.json", "{\"added_tokens_decoder\": []}", ": added_tokens_decoder: must be an object of ids"},
    {"tokenizer_config.json", DECODER("\"x\": {\"content\": \"c\"}"), ": added_tokens_decoder.x: the key must be a"},
    {"tokenizer_config.json", DECODER("\"-3\": {\"content\": \"c\"}"), ": added_tokens_decoder.-3: the key must"},
    {"tokenizer_config.json", DECODER("\"9999999\": {\"content\": \"c\"}"), ": added_tokens_decoder.9999999: the"},
    {"tokenizer_config.json", DECODER("\"3\": \"c\""), ": added_tokens_decoder.3: must be an object"},
    {"tokenizer_config.json", DECODER("\"3\": {}"), ": added_tokens_decoder.3.content: is missing"},
    {"tokenizer_config.json", DECODER("\"9\": {\"content\": \"c\"}"),
     ": added_tokens_decoder.9: token \"c\" has id 9 in the file, but transformers gives it 3"},
    {"tokenizer_config.json", DECODER("\"2\": {\"content\": \"c\"}"), ": added_tokens_decoder.2: token \"c\" has id 2"},
    {"tokenizer_config.json", DECODER("\"2\": {\"content\": \"a\"}"), "token \"a\" has id 2 in the file, but"},
    {"tokenizer_config.json", DECODER("\"3\": {\"content\": \"c\"}, \"4\": {\"content\": \"c\"}"),
     ": added_tokens_decoder.4: token \"c\" has id 4 in the file, but transformers gives it 3"},
    {"tokenizer_config.json",
     "{\"tokenizer_class\": \"MyTokenizer\", \"auto_map\": {\"AutoTokenizer\": [\"my.MyTokenizer\", null]}}",
     ": auto_map: the tokenizer is code that comes with the checkpoint"},
    {"special_tokens_map.json", "3", ": must be an object, is integer"},
    {"special_tokens_map.json", "{\"unk_token\": []}", ": unk_token: must be a string"},
    {"added_tokens.json", "[\"c\"]", ": must be an object of ids, is array"},
    {"added_tokens.json", "{\"c\": \"3\"}", ": c: must be an integer"},
    {"added_tokens.json", "{\"c\": -1}", ": c: must be between 0 and"},
    {"added_tokens.json", "{\"c\": 4}", ": c: token \"c\" has id 4 in the file, but transformers gives it 3"},
    {"added_tokens.json", "{\"c\": 3, \"d\": 3}", "token \"d\" has id 3 in the file, but transformers gives it 4"},
    {"added_tokens.json", "{", "added_tokens.json"},
    {"config.json", "{\"model_type\": 3}", ": model_type: must be a string"},
};

static void test_refused_tokens(void **state)
{
    const folder *in = *state;
    for (size_t i = 0; i < sizeof REFUSED_TOKENS / sizeof *REFUSED_TOKENS; i++) {
        hs_error error = {0};
        hs_tokenizer *tokenizer = NULL;
        empty_folder(in);
        write_text(in, "tokenizer.json", FILE_OF(WORDS));
        write_text(in, REFUSED_TOKENS[i].file, REFUSED_TOKENS[i].content);
        if (hs_tokenizer_open(in->path, &tokenizer, &error) != HS_ERROR_INPUT)
            fail_msg("not refused: %s %s", REFUSED_TOKENS[i].file, REFUSED_TOKENS[i].content);
        assert_null(tokenizer);
        if (strstr(error.message, REFUSED_TOKENS[i].message) == NULL ||
            strstr(error.message, REFUSED_TOKENS[i].file) == NULL)
            fail_msg("%s: the message is: %s", REFUSED_TOKENS[i].content, error.message);
    }
    empty_folder(in);
}

/* Files that change which ids or texts there are change the hash; others do not. */
static void test_files_beside_it_enter_the_hash(void **state)
{
    static const struct {
        const char *file;
        const char *content;
        bool changes;
    } CASES[] = {
        {"tokenizer_config.json", "{\"model_max_length\": 5, \"chat_template\": \"x\"}", false},
        {"tokenizer_config.json", DECODER("\"3\": {\"content\": \"c\"}"), true},
        {"tokenizer_config.json", DECODER("\"3\": {\"content\": \"c\", \"lstrip\": true}"), true},
        {"tokenizer_config.json", "{\"pad_token\": \"a\"}", true},
        {"special_tokens_map.json", "{\"pad_token\": \"<p>\"}", true},
        {"added_tokens.json", "{\"<p>\": 3}", true},
    };
    enum { N = sizeof CASES / sizeof *CASES };
    const folder *in = *state;
    uint64_t hashes[N + 1];
    hs_tokenizer *tokenizer = open_json(in, FILE_OF(WORDS));
    hashes[N] = hs_tokenizer_hash(tokenizer);
    hs_tokenizer_free(tokenizer);
    for (size_t i = 0; i < N; i++) {
        empty_folder(in);
        write_text(in, CASES[i].file, CASES[i].content);
        tokenizer = open_json(in, FILE_OF(WORDS));
        hashes[i] = hs_tokenizer_hash(tokenizer);
        hs_tokenizer_free(tokenizer);
        assert_int_equal(hashes[i] != hashes[N], CASES[i].changes);
        for (size_t j = 0; CASES[i].changes && j < i; j++)
            assert_true(hashes[i] != hashes[j]);
    }
    empty_folder(in);
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
        hs_tokenizer_token_list_clear(&ids);
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
    assert_ok(hs_tokenizer_encode(t, "a", 1, true, &ids, &error), &error);
    assert_int_equal(hs_tokenizer_encode(t, "bad", 3, true, &ids, &error), HS_ERROR_INPUT);
    assert_non_null(strstr(error.message, "\"bad\""));
    assert_int_equal(ids.n, 1);
    hs_tokenizer_token_list_clear(&ids);
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
    hs_tokenizer_token_list_clear(&ids);
    hs_tokenizer_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_to_read),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refused_tokens),
        cmocka_unit_test(test_files_beside_it_enter_the_hash),
        cmocka_unit_test(test_refused_files),
        cmocka_unit_test(test_refused_texts),
        cmocka_unit_test(test_unknown_word_without_token),
        cmocka_unit_test(test_hostile_steps),
    };
    return cmocka_run_group_tests_name("tokenizer_errors", tests, make_folder, remove_folder);
}
