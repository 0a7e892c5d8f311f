/*
 * piece_model: the table of kinds of models and what several of them share: vocabulary, unknown
 * token, tokens of bytes. WordLevel is short enough to be here as well.
 */
#include "tokenizer/piece_model.h"

#include <string.h>

static hs_status read_word_level(const tokenizer_place *place, const hs_json_value *value, tokenizer_model *model,
                                 hs_error *error);
static hs_status encode_word_level(const tokenizer_model *model, tokenizer_workspace *work, const char *text,
                                   size_t length, hs_token_list *ids, hs_error *error);
static const tokenizer_model_kind WORD_LEVEL = {
    "WordLevel", "unk_token", "word-level", hs__tokenizer_model_read_vocabulary, read_word_level, encode_word_level};

static const tokenizer_model_kind *const KINDS[] = {&HS__TOKENIZER_BPE, &WORD_LEVEL, &HS__TOKENIZER_WORD_PIECE,
                                                    &HS__TOKENIZER_UNIGRAM};

/* Files of the first versions name no type; merges tell that it is BPE, a list of tokens that it is Unigram. */
static const char *type_by_keys(const hs_json_value *value)
{
    if (hs_json_get(value, "merges") != NULL)
        return HS__TOKENIZER_BPE.type;
    const hs_json_value *vocabulary = hs_json_get(value, "vocab");
    return vocabulary != NULL && hs_json_kind_of(vocabulary) == HS_JSON_ARRAY ? HS__TOKENIZER_UNIGRAM.type : NULL;
}

/* A type that is there counts before the keys, so that one that is not supported is named. */
static hs_status find_kind(const tokenizer_place *place, const hs_json_value *value,
                           const tokenizer_model_kind **kind_out, hs_error *error)
{
    const char *type = type_by_keys(value);
    size_t length = 0;
    if (hs_json_get(value, "type") != NULL || type == NULL)
        HS_TRY(hs__tokenizer_key_string(place, value, "type", &type, &length, error));
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (strcmp(KINDS[i]->type, type) == 0) {
            *kind_out = KINDS[i];
            return HS_OK;
        }
    tokenizer_place below = hs__tokenizer_place_key(place, "type");
    return hs__tokenizer_fail_at(&below, error,
                                 "\"%.60s\" is not supported; supported are: BPE, WordLevel, WordPiece, Unigram", type);
}

hs_status hs__tokenizer_model_read(const char *file, const hs_json_value *root, tokenizer_model *model, hs_error *error)
{
    tokenizer_place whole = {.file = file};
    tokenizer_place place = hs__tokenizer_place_key(&whole, "model");
    tokenizer_place vocabulary = hs__tokenizer_place_key(&place, "vocab");
    const hs_json_value *value = hs_json_get(root, "model");
    char known[200];
    if (value == NULL || hs_json_kind_of(value) != HS_JSON_OBJECT)
        return hs__tokenizer_fail_at(&place, error, "is missing or not an object");
    HS_TRY(find_kind(&place, value, &model->kind, error));
    snprintf(known, sizeof known, "type vocab %s", model->kind->keys);
    HS_TRY(hs__tokenizer_check_keys(&place, value, known, error));
    HS_TRY(model->kind->read_vocabulary(&vocabulary, hs_json_get(value, "vocab"), model, error));
    return model->kind->read(&place, value, model, error);
}

/*
 * Room for all tokens is made at once: vocabularies of 250,000 would otherwise be hashed again at
 * every doubling.
 */
hs_status hs__tokenizer_model_read_vocabulary(const tokenizer_place *place, const hs_json_value *value,
                                              tokenizer_model *model, hs_error *error)
{
    if (value == NULL || hs_json_kind_of(value) != HS_JSON_OBJECT)
        return hs__tokenizer_fail_at(place, error, "is missing or not an object of token: id");
    if (hs_json_size(value) > TOKENIZER_MAX_VOCABULARY)
        return hs__tokenizer_fail_at(place, error, "has %zu tokens, more than the %d allowed", hs_json_size(value),
                                     TOKENIZER_MAX_VOCABULARY);
    HS_TRY(hs__tokenizer_table_reserve(&model->vocabulary.by_bytes, hs_json_size(value), error));
    const char *token = NULL;
    size_t length = 0;
    const hs_json_value *id = NULL;
    hs_json_iterator *iterator = NULL;
    while ((iterator = hs_json_next(value, iterator, &token, &length, &id)) != NULL) {
        if (!hs_json_is_integer(id))
            return hs__tokenizer_fail_at(place, error, "the id of token \"%.80s\" is not an integer", token);
        if (hs__tokenizer_vocabulary_add(&model->vocabulary, token, length, hs_json_integer(id), error) != HS_OK)
            return hs__tokenizer_name_place(place, error);
    }
    return HS_OK;
}

hs_status hs__tokenizer_model_read_unknown(const tokenizer_place *place, const hs_json_value *value,
                                           tokenizer_model *model, hs_error *error)
{
    const char *text = NULL;
    size_t length = 0;
    model->unknown_id = TOKENIZER_NO_ID;
    HS_TRY(hs__tokenizer_key_string_optional(place, value, "unk_token", &text, &length, error));
    if (text == NULL)
        return HS_OK;
    model->unknown_id = hs__tokenizer_vocabulary_find(&model->vocabulary, text, length);
    model->unknown = hs_string_copy_n(text, length, error);
    return model->unknown != NULL ? HS_OK : error->status;
}

void hs__tokenizer_model_find_byte_ids(tokenizer_model *model)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", byte);
        model->byte_ids[byte] = hs__tokenizer_vocabulary_find(&model->vocabulary, name, 6);
    }
}

bool hs__tokenizer_model_has_bytes(const tokenizer_model *model, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (model->byte_ids[(unsigned char)text[i]] == TOKENIZER_NO_ID)
            return false;
    return true;
}

void hs__tokenizer_model_clear(tokenizer_model *model)
{
    hs__tokenizer_vocabulary_clear(&model->vocabulary);
    hs__tokenizer_table_clear(&model->merges);
    hs__tokenizer_prefixes_clear(&model->tokens);
    hs_free(model->scores);
    hs_free(model->unknown);
    hs_free(model->prefix);
    hs_free(model->suffix);
    *model = (tokenizer_model){0};
}

hs_status hs__tokenizer_ids_add(hs_token_list *ids, int32_t id, hs_error *error)
{
    HS_TRY(hs_reserve(&ids->ids, &ids->capacity, ids->n + 1, sizeof *ids->ids, "token ids", error));
    ids->ids[ids->n++] = id;
    return HS_OK;
}

/* WordLevel: the whole piece is a token. */

static hs_status read_word_level(const tokenizer_place *place, const hs_json_value *value, tokenizer_model *model,
                                 hs_error *error)
{
    return hs__tokenizer_model_read_unknown(place, value, model, error);
}

static hs_status encode_word_level(const tokenizer_model *model, tokenizer_workspace *work, const char *text,
                                   size_t length, hs_token_list *ids, hs_error *error)
{
    (void)work;
    int32_t id = hs__tokenizer_vocabulary_find(&model->vocabulary, text, length);
    if (id == TOKENIZER_NO_ID)
        id = model->unknown_id;
    if (id == TOKENIZER_NO_ID)
        return hs_fail(error, HS_ERROR_INPUT,
                       "the word \"%.*s\" is not in the vocabulary, which has no token for unknown words",
                       (int)(length < 100 ? length : 100), text);
    return hs__tokenizer_ids_add(ids, id, error);
}
