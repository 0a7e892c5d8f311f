/* What the tokenizer's tests share: a checkpoint folder of their own, checks, and tokenizer.json in pieces. */
#ifndef HEADSWEEP_TESTS_TOKENIZER_FIXTURE_H
#define HEADSWEEP_TESTS_TOKENIZER_FIXTURE_H

#include "headsweep/tokenizer.h"

#include <string.h>

typedef struct folder {
    char path[256];
} folder;

/* cmocka's group set-up and tear-down; *state is the folder. */
int make_folder(void **state);
int remove_folder(void **state);
/* Removes every file that a tokenizer could be read from. */
void empty_folder(const folder *in);

void write_text(const folder *in, const char *name, const char *text);
/* The tokenizer of the folder, or the test fails. */
hs_tokenizer *open_folder(const folder *in);
/* The same after writing `json` as tokenizer.json. */
hs_tokenizer *open_json(const folder *in, const char *json);

void check_ids(const hs_tokenizer *tokenizer, const char *text, size_t length, bool special, const int32_t *expected,
               size_t n);
void check_decoded(const hs_tokenizer *tokenizer, const int32_t *ids, size_t n, bool skip_special,
                   const char *expected);

#define CHECK_IDS(tokenizer, text, special, ...)                                                            \
    do {                                                                                                    \
        const int32_t expected_[] = {__VA_ARGS__};                                                          \
        check_ids(tokenizer, text, strlen(text), special, expected_, sizeof expected_ / sizeof *expected_); \
    } while (0)

#define CHECK_DECODED(tokenizer, skip_special, expected, ...)                               \
    do {                                                                                    \
        const int32_t ids_[] = {__VA_ARGS__};                                               \
        check_decoded(tokenizer, ids_, sizeof ids_ / sizeof *ids_, skip_special, expected); \
    } while (0)

#define BPE(options, vocab, merges) \
    "\"model\":{\"type\":\"BPE\"," options "\"vocab\":{" vocab "},\"merges\":[" merges "]}"
#define WORD_PIECE(options, vocab) \
    "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\"," options "\"vocab\":{" vocab "}}"
#define UNIGRAM(options, vocab) "\"model\":{\"type\":\"Unigram\"," options "\"vocab\":[" vocab "]}"
#define CHARSMAP(base64) "\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"" base64 "\"}," WORDS
#define FILE_OF(parts) "{\"version\":\"1.0\"," parts "}"

#define WORDS "\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"u\",\"vocab\":{\"u\":0,\"a\":1,\"b\":2}}"

#define SPLIT(pattern, behavior, invert) \
    "{\"type\":\"Split\",\"pattern\":" pattern ",\"behavior\":\"" behavior "\",\"invert\":" invert "}"
#define BERT_NORMALIZER(clean, chinese, accents, lowercase)                                   \
    "{\"type\":\"BertNormalizer\",\"clean_text\":" clean ",\"handle_chinese_chars\":" chinese \
    ",\"strip_accents\":" accents ",\"lowercase\":" lowercase "}"
#define DASH "{\"String\":\"-\"}"

#define ADDED(id, content, flags) "{\"id\":" id ",\"content\":\"" content "\"," flags "}"
#define FLAGS(single, left, right, normalized, special)                                              \
    "\"single_word\":" single ",\"lstrip\":" left ",\"rstrip\":" right ",\"normalized\":" normalized \
    ",\"special\":" special

#define TEMPLATE(before, behind, id)                                                                            \
    "{\"type\":\"TemplateProcessing\",\"single\":[" before "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}" behind \
    "],\"pair\":[],\"special_tokens\":{\"x\":{\"id\":\"x\",\"ids\":[" id "],\"tokens\":[\"x\"]}}}"
#define X "{\"SpecialToken\":{\"id\":\"x\",\"type_id\":0}}"

#endif
