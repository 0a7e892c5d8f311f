/*
 * vocabulary: the bytes of all tokens in one block, a list of them by id and a hash table by
 * bytes.
 */
#include "tokenizer/vocabulary.h"

#include <inttypes.h>
#include <string.h>

/*
 * Ids come from files: a huge one would ask for memory without end, and one that comes twice would
 * hide a token.
 */
static hs_status check_token(const tokenizer_vocabulary *vocabulary, const char *bytes, size_t length, int64_t id,
                             hs_error *error)
{
    if (length > TOKENIZER_MAX_TOKEN_BYTES)
        return hs_fail(error, HS_ERROR_INPUT, "the token of id %" PRId64 " has %zu bytes, more than the %d allowed", id,
                       length, TOKENIZER_MAX_TOKEN_BYTES);
    if (id < 0 || id >= TOKENIZER_MAX_VOCABULARY)
        return hs_fail(error, HS_ERROR_INPUT, "token \"%.*s\" has id %" PRId64 "; ids run from 0 to %d",
                       (int)(length < 100 ? length : 100), bytes, id, TOKENIZER_MAX_VOCABULARY - 1);
    size_t other_length = 0;
    const char *other = hs__tokenizer_vocabulary_token(vocabulary, (int32_t)id, &other_length);
    if (other != NULL)
        return hs_fail(error, HS_ERROR_INPUT, "id %" PRId64 " belongs to two tokens, \"%.*s\" and \"%.*s\"", id,
                       (int)(other_length < 100 ? other_length : 100), other, (int)(length < 100 ? length : 100),
                       bytes);
    return HS_OK;
}

/* The entry by which a token is found by its bytes, or NULL. */
static tokenizer_entry *find_entry(const tokenizer_vocabulary *vocabulary, const char *bytes, size_t length)
{
    uint64_t key = hs_hash(0, bytes, length);
    const tokenizer_entry *entry = hs__tokenizer_table_find(&vocabulary->by_bytes, key, NULL);
    for (; entry != NULL; entry = hs__tokenizer_table_find(&vocabulary->by_bytes, key, entry)) {
        const tokenizer_token *token = &vocabulary->tokens[entry->value];
        if (token->length == length &&
            (length == 0 || memcmp(vocabulary->bytes.text + token->start, bytes, length) == 0))
            return &vocabulary->by_bytes.entries[entry - vocabulary->by_bytes.entries];
    }
    return NULL;
}

hs_status hs__tokenizer_vocabulary_add(tokenizer_vocabulary *vocabulary, const char *bytes, size_t length, int64_t id,
                                       hs_error *error)
{
    if (find_entry(vocabulary, bytes, length) != NULL)
        return hs_fail(error, HS_ERROR_INPUT, "token \"%.*s\" is there twice", (int)(length < 100 ? length : 100),
                       bytes);
    return hs__tokenizer_vocabulary_add_again(vocabulary, bytes, length, id, error);
}

/*
 * Of tokens with the same bytes the last one is found by them; the others keep their ids for
 * decoding.
 */
hs_status hs__tokenizer_vocabulary_add_again(tokenizer_vocabulary *vocabulary, const char *bytes, size_t length,
                                             int64_t id, hs_error *error)
{
    HS_TRY(check_token(vocabulary, bytes, length, id, error));
    size_t index = (size_t)id;
    HS_TRY(hs_reserve(&vocabulary->tokens, &vocabulary->capacity, index + 1, sizeof *vocabulary->tokens, "vocabulary",
                      error));
    size_t start = vocabulary->bytes.length;
    HS_TRY(hs_text_append(&vocabulary->bytes, bytes, length, error));
    tokenizer_entry *entry = find_entry(vocabulary, bytes, length);
    if (entry != NULL)
        entry->value = index;
    else
        HS_TRY(hs__tokenizer_table_add(&vocabulary->by_bytes, hs_hash(0, bytes, length), index, error));
    vocabulary->tokens[index] = (tokenizer_token){.start = start, .length = length, .present = true};
    vocabulary->n_tokens++;
    if (index >= vocabulary->size)
        vocabulary->size = index + 1;
    return HS_OK;
}

int32_t hs__tokenizer_vocabulary_find(const tokenizer_vocabulary *vocabulary, const char *bytes, size_t length)
{
    const tokenizer_entry *entry = find_entry(vocabulary, bytes, length);
    return entry != NULL ? (int32_t)entry->value : TOKENIZER_NO_ID;
}

const char *hs__tokenizer_vocabulary_token(const tokenizer_vocabulary *vocabulary, int32_t id, size_t *length_out)
{
    if (id < 0 || (size_t)id >= vocabulary->size || !vocabulary->tokens[id].present)
        return NULL;
    *length_out = vocabulary->tokens[id].length;
    return *length_out > 0 ? vocabulary->bytes.text + vocabulary->tokens[id].start : "";
}

void hs__tokenizer_vocabulary_clear(tokenizer_vocabulary *vocabulary)
{
    hs_text_clear(&vocabulary->bytes);
    hs_free(vocabulary->tokens);
    hs__tokenizer_table_clear(&vocabulary->by_bytes);
    *vocabulary = (tokenizer_vocabulary){0};
}
