/* Normalizers and pre-tokenizers, each by the pieces that it makes of a text. */
#include "support/assert_status.h"
#include "support/tokenizer_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_PIECES = 16, JSON_BYTES = 8192 };

/* `pieces` are the words that must reach the model, as JSON writes them; anything else would be id 0. */
typedef struct pieces_row {
    const char *normalizer;
    const char *pre_tokenizer;
    const char *text;
    const char *pieces[MAX_PIECES];
} pieces_row;

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
    {BERT_NORMALIZER("true", "false", "false", "false"),
     "null",
     "\x01"
     "a\xC2\xAD\tb\xE3\x80\x80\x7F\xEF\xBF\xBD"
     "c\r\n",
     {"a b c  "}},
    {BERT_NORMALIZER("false", "true", "false", "false"), "null", "a\xE4\xBD\xA0\xE3\x81\x82", {"a \\u4f60 \\u3042"}},
    {BERT_NORMALIZER("false", "false", "null", "true"), "null", "\xC3\x89\xE0\xA4\xBE", {"e\\u093e"}},
    {BERT_NORMALIZER("false", "false", "null", "false"), "null", "\xC3\x89", {"\\u00c9"}},
    {BERT_NORMALIZER("false", "false", "true", "false"), "null", "\xC3\x89", {"E"}},
    {BERT_NORMALIZER("false", "false", "false", "true"), "null", "\xC3\x89", {"\\u00e9"}},
    {"null",
     "{\"type\":\"BertPreTokenizer\"}",
     " Hey, you$!\xE3\x80\x82\t\xC2\xB0",
     {"Hey", ",", "you", "$", "!", "\\u3002", "\\u00b0"}},
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
    };
    return cmocka_run_group_tests_name("tokenizer, pieces", tests, make_folder, remove_folder);
}
