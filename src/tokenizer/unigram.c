/*
 * unigram: Unigram language model (Kudo 2018, arXiv:1804.10959): the tokens whose scores have the largest sum
 * (Viterbi), in the order of comparisons that `tokenizers` uses, so that of several best ways the same one is taken.
 */
#include "tokenizer/piece_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double UNKNOWN_PENALTY = 10.0; /* below the worst score of a token */

/* The fewest significant digits that give `value` > 0, without the point, and the power of ten of the last one. */
static uint64_t shortest_digits(double value, int *exponent_out)
{
    char text[40];
    int precision = 14;
    do
        snprintf(text, sizeof text, "%.*e", precision, value);
    while (strtod(text, NULL) != value && ++precision < 17);
    char *exponent = strchr(text, 'e');
    uint64_t digits = 0;
    for (const char *c = text; c < exponent; c++)
        if (*c >= '0' && *c <= '9')
            digits = digits * 10 + (uint64_t)(*c - '0');
    *exponent_out = atoi(exponent + 1) - precision;
    for (; digits % 10 == 0; digits /= 10)
        ++*exponent_out;
    return digits;
}

/*
 * The number that `tokenizers` reads for the same digits: its JSON reader rounds twice, digits first and their quotient
 * by the power of ten then. The last bit decides between ways that differ in the order of their tokens only, as in
 * "====".
 */
static double as_read_there(double value)
{
    int exponent = 0;
    if (value == 0.0)
        return 0.0;
    double digits = (double)shortest_digits(fabs(value), &exponent);
    double scaled = exponent < 0 ? digits / pow(10.0, -exponent) : digits * pow(10.0, exponent);
    return value < 0.0 ? -scaled : scaled;
}

static hs_status read_token(const hs_json_value *pair, size_t id, tokenizer_model *model, hs_error *error)
{
    const hs_json_value *token = hs_json_at(pair, 0);
    const hs_json_value *score = hs_json_at(pair, 1);
    if (hs_json_kind_of(pair) != HS_JSON_ARRAY || hs_json_size(pair) != 2 || hs_json_kind_of(token) != HS_JSON_STRING ||
        !hs_json_is_number(score))
        return hs_fail(error, HS_ERROR_INPUT, "must be [\"token\", score]");
    model->scores[id] = as_read_there(hs_json_number(score));
    if (model->scores[id] - UNKNOWN_PENALTY < model->unknown_score)
        model->unknown_score = model->scores[id] - UNKNOWN_PENALTY;
    return hs__tokenizer_vocabulary_add_again(&model->vocabulary, hs_json_string(token), hs_json_size(token),
                                              (int64_t)id, error);
}

/* An array of [token, score]; the id is the place in it. */
static hs_status read_vocabulary(const tokenizer_place *place, const hs_json_value *value, tokenizer_model *model,
                                 hs_error *error)
{
    size_t n = value != NULL ? hs_json_size(value) : 0;
    if (value == NULL || hs_json_kind_of(value) != HS_JSON_ARRAY || n == 0)
        return hs__tokenizer_fail_at(place, error, "is missing, empty or not an array of [\"token\", score]");
    if (n > TOKENIZER_MAX_VOCABULARY)
        return hs__tokenizer_fail_at(place, error, "has %zu tokens, more than the %d allowed", n,
                                     TOKENIZER_MAX_VOCABULARY);
    HS_TRY(hs__tokenizer_table_reserve(&model->vocabulary.by_bytes, n, error));
    HS_TRY(hs_allocate(&model->scores, n, sizeof *model->scores, "token scores", error));
    model->unknown_score = INFINITY;
    for (size_t i = 0; i < n; i++)
        if (read_token(hs_json_at(value, i), i, model, error) != HS_OK) {
            hs_error_prefix(error, "[%zu]", i);
            return hs__tokenizer_name_place(place, error);
        }
    return HS_OK;
}

static hs_status read_unigram(const tokenizer_place *place, const hs_json_value *value, tokenizer_model *model,
                              hs_error *error)
{
    int64_t unknown = TOKENIZER_NO_ID;
    const hs_json_value *id = hs_json_get(value, "unk_id");
    if (id != NULL && hs_json_kind_of(id) != HS_JSON_NULL)
        HS_TRY(
            hs__tokenizer_key_integer(place, value, "unk_id", 0, (int64_t)model->vocabulary.size - 1, &unknown, error));
    model->unknown_id = (int32_t)unknown;
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "byte_fallback", &model->byte_fallback, error));
    hs__tokenizer_model_find_byte_ids(model);
    return hs__tokenizer_prefixes_build(&model->vocabulary, &model->tokens, error);
}

/* Takes the token from `start` to `end` if no better way to `end` is known. */
static bool improve(tokenizer_way *ways, size_t start, size_t end, double score, int32_t id)
{
    double sum = score + ways[start].score;
    if (ways[end].reached && !(sum > ways[end].score))
        return false;
    ways[end] = (tokenizer_way){.score = sum, .start = (uint32_t)start, .id = id, .reached = true};
    return true;
}

/* All tokens that start at `at`. False in *alone_out: none of them is just the character there. */
static void try_tokens(const tokenizer_model *model, tokenizer_way *ways, const char *text, size_t at, size_t length,
                       size_t character_length, bool *alone_out)
{
    size_t node = 0;
    *alone_out = false;
    for (size_t end = at; end < length && hs__tokenizer_prefixes_step(&model->tokens, text[end], &node);) {
        int32_t id = model->tokens.nodes[node].id;
        end++;
        if (id == TOKENIZER_NO_ID)
            continue;
        (void)improve(ways, at, end, model->scores[id], id);
        *alone_out = *alone_out || end - at == character_length;
    }
}

/*
 * Every character has at least the unknown token, so that each place in the text can be reached.
 * It counts only where no token is just this character, as there.
 */
static hs_status find_ways(const tokenizer_model *model, tokenizer_workspace *work, const char *text, size_t length,
                           hs_error *error)
{
    HS_TRY(hs_reserve(&work->ways, &work->ways_capacity, length + 1, sizeof *work->ways, "ways through a text", error));
    memset(work->ways, 0, (length + 1) * sizeof *work->ways);
    for (size_t at = 0; at < length;) {
        size_t n = hs_utf8_length(text + at, length - at);
        bool alone = false;
        n = n > 0 ? n : 1;
        try_tokens(model, work->ways, text, at, length, n, &alone);
        if (!alone && improve(work->ways, at, at + n, model->unknown_score, model->unknown_id) &&
            model->unknown_id == TOKENIZER_NO_ID)
            return hs_fail(error, HS_ERROR_INPUT,
                           "the character \"%.*s\" is in no token, and the tokenizer has no unk_id", (int)n, text + at);
        at += n;
    }
    return HS_OK;
}

/* Unknown characters in a row are one token, or all of their bytes where each byte is one. */
static hs_status add_unknown(const tokenizer_model *model, const char *text, size_t length, hs_token_list *ids,
                             hs_error *error)
{
    int32_t id = hs__tokenizer_vocabulary_find(&model->vocabulary, text, length);
    if (id != TOKENIZER_NO_ID)
        return hs__tokenizer_ids_add(ids, id, error);
    if (!model->byte_fallback || !hs__tokenizer_model_has_bytes(model, text, length))
        return hs__tokenizer_ids_add(ids, model->unknown_id, error);
    for (size_t i = length; i-- > 0;)
        HS_TRY(hs__tokenizer_ids_add(ids, model->byte_ids[(unsigned char)text[i]], error));
    return HS_OK;
}

/* Only now are unknown characters in a row joined: on the best way each is a step of its own. */
static hs_status add_backwards(const tokenizer_model *model, const tokenizer_way *ways, const char *text, size_t length,
                               hs_token_list *ids, hs_error *error)
{
    for (size_t end = length; end > 0;) {
        size_t start = ways[end].start;
        if (ways[end].id != model->unknown_id) {
            HS_TRY(hs__tokenizer_ids_add(ids, ways[end].id, error));
            end = start;
            continue;
        }
        while (start > 0 && ways[start].id == model->unknown_id)
            start = ways[start].start;
        HS_TRY(add_unknown(model, text + start, end - start, ids, error));
        end = start;
    }
    return HS_OK;
}

static hs_status encode_unigram(const tokenizer_model *model, tokenizer_workspace *work, const char *text,
                                size_t length, hs_token_list *ids, hs_error *error)
{
    size_t n_before = ids->n;
    HS_TRY(find_ways(model, work, text, length, error));
    HS_TRY(add_backwards(model, work->ways, text, length, ids, error));
    for (size_t i = n_before, j = ids->n; i + 1 < j; i++) {
        int32_t kept = ids->ids[i];
        ids->ids[i] = ids->ids[--j];
        ids->ids[j] = kept;
    }
    return HS_OK;
}

const tokenizer_model_kind HS__TOKENIZER_UNIGRAM = {"Unigram",       "unk_id byte_fallback", "Unigram",
                                                    read_vocabulary, read_unigram,           encode_unigram};
