/*
 * lexicon: the tokens that token_mass adds up: the first token of each entry of a word list, at
 * the start of a text and behind a space.
 */
#include "tasks/lexicon.h"

#include <stdlib.h>
#include <string.h>

#include "tasks/white_space.h"
#include "tasks/word_list.h"

/* Scratch for one entry after the other. */
typedef struct lexicon_reader {
    const task_encoder *encoder;
    const char *place;
    hs_text spaced;
    hs_text piece;
    hs_token_list carrier; /* the ids of `carrier_text` */
    hs_token_list entry;
    hs_token_list *ids; /* what comes of it */
} lexicon_reader;

/*
 * " word" by itself begins with a lone space in tokenizers that put one in front of every text; after a letter it
 * does not.
 */
static const char carrier_text[] = "a";

/*
 * A lone space begins every word that the vocabulary has no piece for, so its probability says nothing about an
 * entry.
 */
static hs_status is_white_space(lexicon_reader *reader, int32_t id, bool *white_space_out, hs_error *error)
{
    reader->piece.length = 0;
    HS_TRY(hs_tokenizer_decode(reader->encoder->tokenizer, &id, 1, false, &reader->piece, error));
    *white_space_out = hs__tasks_trimmed_length(reader->piece.text, reader->piece.length) == 0;
    return HS_OK;
}

/* The token number `skipped` of the text, if there is one. */
static hs_status add_token(lexicon_reader *reader, const char *bytes, size_t length, size_t skipped, hs_error *error)
{
    hs_token_list *ids = reader->ids;
    task_text text = {.label = "entry", .bytes = bytes, .length = length};
    bool white_space;
    reader->entry.n = 0;
    HS_TRY(hs__tasks_encode_plain(reader->encoder, &text, reader->place, &reader->entry, error));
    if (reader->entry.n <= skipped)
        return HS_OK;
    int32_t id = reader->entry.ids[skipped];
    HS_TRY(is_white_space(reader, id, &white_space, error));
    if (white_space)
        return HS_OK;
    HS_TRY(hs_reserve(&ids->ids, &ids->capacity, ids->n + 1, sizeof *ids->ids, "lexicon", error));
    ids->ids[ids->n++] = id;
    return HS_OK;
}

static hs_status add_entry(void *context, const char *entry, size_t length, const char *place, hs_error *error)
{
    lexicon_reader *reader = context;
    reader->place = place;
    reader->spaced.length = 0;
    HS_TRY(hs_text_appendf(&reader->spaced, error, "%s ", carrier_text));
    HS_TRY(hs_text_append(&reader->spaced, entry, length, error));
    HS_TRY(add_token(reader, reader->spaced.text, reader->spaced.length, reader->carrier.n, error));
    return add_token(reader, entry, length, 0, error);
}

static int compare_ids(const void *left, const void *right)
{
    int32_t a = *(const int32_t *)left;
    int32_t b = *(const int32_t *)right;
    return a < b ? -1 : a > b;
}

static void sort_unique(hs_token_list *ids)
{
    size_t n_unique = 0;
    qsort(ids->ids, ids->n, sizeof *ids->ids, compare_ids);
    for (size_t i = 0; i < ids->n; i++)
        if (n_unique == 0 || ids->ids[i] != ids->ids[n_unique - 1])
            ids->ids[n_unique++] = ids->ids[i];
    ids->n = n_unique;
}

static hs_status read_entries(lexicon_reader *reader, const char *path, hs_error *error)
{
    const task_text carrier = {.label = "carrier", .bytes = carrier_text, .length = sizeof carrier_text - 1};
    HS_TRY(hs__tasks_encode_plain(reader->encoder, &carrier, path, &reader->carrier, error));
    HS_TRY(hs__tasks_word_list_read(path, add_entry, reader, error));
    if (reader->ids->n == 0)
        return hs__tasks_word_list_empty(path, error);
    sort_unique(reader->ids);
    return HS_OK;
}

/* Ids are sorted and unique, because a token that several entries begin with must count once. */
hs_status hs__tasks_lexicon_read(const char *path, const task_encoder *encoder, hs_token_list *ids_out, hs_error *error)
{
    lexicon_reader reader = {.encoder = encoder, .ids = ids_out};
    *ids_out = (hs_token_list){0};
    if (encoder->tokenizer == NULL)
        return hs_fail(error, HS_ERROR_INPUT, "%s: a word list needs a tokenizer, and the checkpoint has none", path);
    if (hs_tokenizer_problem(encoder->tokenizer) != NULL)
        return hs_fail(error, HS_ERROR_INPUT, "%s: a word list needs the tokenizer, which is not read: %s", path,
                       hs_tokenizer_problem(encoder->tokenizer));
    hs_status status = read_entries(&reader, path, error);
    hs_text_clear(&reader.spaced);
    hs_text_clear(&reader.piece);
    hs_tokenizer_token_list_clear(&reader.carrier);
    hs_tokenizer_token_list_clear(&reader.entry);
    if (status != HS_OK)
        hs_tokenizer_token_list_clear(ids_out);
    return status;
}
