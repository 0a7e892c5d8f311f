/* bpe: byte pair encoding (Sennrich et al. 2016, arXiv:1508.07909), in the order of merges of `tokenizers`. */
#include "tokenizer/piece_model.h"

#include <string.h>

static uint64_t pair_key(int32_t left, int32_t right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

static hs_status find_part(const tokenizer_model *model, const char *bytes, size_t length, int32_t *id_out,
                           hs_error *error)
{
    *id_out = hs__tokenizer_vocabulary_find(&model->vocabulary, bytes, length);
    if (*id_out != TOKENIZER_NO_ID)
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT, "the merge names \"%.*s\", which is not in the vocabulary",
                   (int)(length < 100 ? length : 100), bytes);
}

/*
 * A merge stands for the token whose text is both parts' together, the second without the prefix
 * of continuing pieces. Without such a token the file is refused, as there.
 */
static hs_status add_merge(tokenizer_model *model, const char *left, size_t left_length, const char *right,
                           size_t right_length, size_t rank, hs_error *error)
{
    int32_t left_id = 0;
    int32_t right_id = 0;
    int32_t merged_id = 0;
    size_t skipped = model->prefix != NULL ? strlen(model->prefix) : 0;
    HS_TRY(find_part(model, left, left_length, &left_id, error));
    HS_TRY(find_part(model, right, right_length, &right_id, error));
    if (skipped > right_length)
        return hs_fail(error, HS_ERROR_INPUT, "the merge's second part lacks the continuing_subword_prefix");
    hs_text merged = {0};
    hs_status status = hs_text_append(&merged, left, left_length, error);
    if (status == HS_OK)
        status = hs_text_append(&merged, right + skipped, right_length - skipped, error);
    if (status == HS_OK)
        status = find_part(model, merged.text, merged.length, &merged_id, error);
    hs_text_clear(&merged);
    HS_TRY(status);
    /* A pair that is listed twice counts by its last place, as there. */
    return hs__tokenizer_table_set(&model->merges, pair_key(left_id, right_id),
                                   (uint64_t)rank << 32 | (uint32_t)merged_id, error);
}

hs_status hs__tokenizer_bpe_add_merge_line(tokenizer_model *model, const char *line, size_t length, size_t rank,
                                           hs_error *error)
{
    const char *space = memchr(line, ' ', length);
    size_t left = space != NULL ? (size_t)(space - line) : length;
    if (space == NULL || memchr(space + 1, ' ', length - left - 1) != NULL)
        return hs_fail(error, HS_ERROR_INPUT, "the merge \"%.*s\" is not two tokens with a space between them",
                       (int)(length < 100 ? length : 100), line);
    return add_merge(model, line, left, space + 1, length - left - 1, rank, error);
}

static hs_status read_merge(const hs_json_value *value, tokenizer_model *model, size_t rank, hs_error *error)
{
    const hs_json_value *left = hs_json_at(value, 0);
    const hs_json_value *right = hs_json_at(value, 1);
    if (hs_json_kind_of(value) == HS_JSON_STRING)
        return hs__tokenizer_bpe_add_merge_line(model, hs_json_string(value), hs_json_size(value), rank, error);
    if (hs_json_kind_of(value) != HS_JSON_ARRAY || hs_json_size(value) != 2 ||
        hs_json_kind_of(left) != HS_JSON_STRING || hs_json_kind_of(right) != HS_JSON_STRING)
        return hs_fail(error, HS_ERROR_INPUT, "must be \"left right\" or [\"left\", \"right\"]");
    return add_merge(model, hs_json_string(left), hs_json_size(left), hs_json_string(right), hs_json_size(right), rank,
                     error);
}

static hs_status read_merges(const tokenizer_place *place, const hs_json_value *value, tokenizer_model *model,
                             hs_error *error)
{
    const hs_json_value *merges = NULL;
    HS_TRY(hs__tokenizer_key_array(place, value, "merges", &merges, error));
    HS_TRY(hs__tokenizer_table_reserve(&model->merges, hs_json_size(merges), error));
    for (size_t i = 0; i < hs_json_size(merges); i++)
        if (read_merge(hs_json_at(merges, i), model, i, error) != HS_OK) {
            tokenizer_place below = hs__tokenizer_place_index(place, "merges", i);
            return hs__tokenizer_name_place(&below, error);
        }
    return HS_OK;
}

/* A string that is empty, null or absent is NULL. */
static hs_status read_affix(const tokenizer_place *place, const hs_json_value *value, const char *key, char **out,
                            hs_error *error)
{
    const char *text = NULL;
    size_t length = 0;
    HS_TRY(hs__tokenizer_key_string_optional(place, value, key, &text, &length, error));
    if (length == 0)
        return HS_OK;
    *out = hs_string_copy_n(text, length, error);
    return *out != NULL ? HS_OK : error->status;
}

static hs_status check_dropout(const tokenizer_place *place, const hs_json_value *value, hs_error *error)
{
    const hs_json_value *dropout = hs_json_get(value, "dropout");
    if (dropout == NULL || hs_json_kind_of(dropout) == HS_JSON_NULL ||
        (hs_json_is_number(dropout) && hs_json_number(dropout) == 0.0))
        return HS_OK;
    tokenizer_place below = hs__tokenizer_place_key(place, "dropout");
    return hs__tokenizer_fail_at(&below, error, "must be null: with dropout the ids of a text are random");
}

static hs_status read_bpe(const tokenizer_place *place, const hs_json_value *value, tokenizer_model *model,
                          hs_error *error)
{
    HS_TRY(check_dropout(place, value, error));
    HS_TRY(hs__tokenizer_model_read_unknown(place, value, model, error));
    HS_TRY(read_affix(place, value, "continuing_subword_prefix", &model->prefix, error));
    HS_TRY(read_affix(place, value, "end_of_word_suffix", &model->suffix, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "fuse_unk", &model->fuse_unknown, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "byte_fallback", &model->byte_fallback, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "ignore_merges", &model->ignore_merges, error));
    hs__tokenizer_model_find_byte_ids(model);
    return read_merges(place, value, model, error);
}

static hs_status add_symbol(tokenizer_workspace *work, int32_t id, hs_error *error)
{
    size_t n = work->n_symbols;
    HS_TRY(hs_reserve(&work->symbols, &work->symbols_capacity, n + 1, sizeof *work->symbols, "symbols", error));
    work->symbols[n] = (tokenizer_symbol){.id = id, .previous = n > 0 ? n - 1 : SIZE_MAX, .next = SIZE_MAX};
    if (n > 0)
        work->symbols[n - 1].next = n;
    work->n_symbols++;
    return HS_OK;
}

/* The character with the model's prefix and suffix, if it has them. */
static hs_status spell_character(const tokenizer_model *model, tokenizer_workspace *work, bool is_first, bool is_last,
                                 const char **text_inout, size_t *length_inout, hs_error *error)
{
    bool with_prefix = model->prefix != NULL && !is_first;
    bool with_suffix = model->suffix != NULL && is_last;
    if (!with_prefix && !with_suffix)
        return HS_OK;
    work->scratch.length = 0;
    if (with_prefix)
        HS_TRY(hs_text_append(&work->scratch, model->prefix, strlen(model->prefix), error));
    HS_TRY(hs_text_append(&work->scratch, *text_inout, *length_inout, error));
    if (with_suffix)
        HS_TRY(hs_text_append(&work->scratch, model->suffix, strlen(model->suffix), error));
    *text_inout = work->scratch.text;
    *length_inout = work->scratch.length;
    return HS_OK;
}

/* Bytes as the tokens "<0x..>", if the vocabulary has all of them. */
static hs_status add_bytes(const tokenizer_model *model, tokenizer_workspace *work, const char *text, size_t length,
                           bool *added_out, hs_error *error)
{
    *added_out = hs__tokenizer_model_has_bytes(model, text, length);
    for (size_t i = 0; *added_out && i < length; i++)
        HS_TRY(add_symbol(work, model->byte_ids[(unsigned char)text[i]], error));
    return HS_OK;
}

/* A character that is not a token. An unknown token waits until the next token is added, so that it can be fused. */
static hs_status add_unknown(const tokenizer_model *model, tokenizer_workspace *work, const char *text, size_t length,
                             bool *waiting_inout, hs_error *error)
{
    bool added = false;
    if (model->byte_fallback)
        HS_TRY(add_bytes(model, work, text, length, &added, error));
    if (added || model->unknown == NULL)
        return HS_OK;
    if (model->unknown_id == TOKENIZER_NO_ID)
        return hs_fail(error, HS_ERROR_INPUT, "the tokenizer's unk_token \"%s\" is not in its vocabulary",
                       model->unknown);
    if (*waiting_inout && !model->fuse_unknown)
        HS_TRY(add_symbol(work, model->unknown_id, error));
    *waiting_inout = true;
    return HS_OK;
}

/*
 * A waiting unknown token is put down before the next known one or at the end, so that fuse_unk
 * finds the whole run; bytes of a fallback do not end a run, as there.
 */
static hs_status spell_word(const tokenizer_model *model, tokenizer_workspace *work, const char *text, size_t length,
                            hs_error *error)
{
    bool unknown_waits = false;
    work->n_symbols = 0;
    for (size_t at = 0; at < length;) {
        size_t n = hs_utf8_length(text + at, length - at);
        n = n > 0 ? n : 1;
        const char *character = text + at;
        size_t n_bytes = n;
        HS_TRY(spell_character(model, work, at == 0, at + n == length, &character, &n_bytes, error));
        at += n;
        int32_t id = hs__tokenizer_vocabulary_find(&model->vocabulary, character, n_bytes);
        if (id == TOKENIZER_NO_ID) {
            HS_TRY(add_unknown(model, work, character, n_bytes, &unknown_waits, error));
            continue;
        }
        if (unknown_waits)
            HS_TRY(add_symbol(work, model->unknown_id, error));
        unknown_waits = false;
        HS_TRY(add_symbol(work, id, error));
    }
    return unknown_waits ? add_symbol(work, model->unknown_id, error) : HS_OK;
}

static bool comes_before(const tokenizer_merge *a, const tokenizer_merge *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->position < b->position;
}

static void swap_merges(tokenizer_merge *a, tokenizer_merge *b)
{
    tokenizer_merge kept = *a;
    *a = *b;
    *b = kept;
}

static hs_status push_merge(tokenizer_workspace *work, tokenizer_merge merge, hs_error *error)
{
    HS_TRY(
        hs_reserve(&work->merges, &work->merges_capacity, work->n_merges + 1, sizeof *work->merges, "merges", error));
    tokenizer_merge *heap = work->merges;
    size_t at = work->n_merges++;
    heap[at] = merge;
    for (; at > 0 && comes_before(&heap[at], &heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap_merges(&heap[at], &heap[(at - 1) / 2]);
    return HS_OK;
}

/*
 * Equal ranks are taken from left to right, so that the order of merges is the one of
 * `tokenizers`.
 */
static tokenizer_merge pop_merge(tokenizer_workspace *work)
{
    tokenizer_merge *heap = work->merges;
    tokenizer_merge top = heap[0];
    size_t n = --work->n_merges;
    heap[0] = heap[n];
    for (size_t at = 0;;) {
        size_t child = 2 * at + 1;
        if (child >= n)
            return top;
        if (child + 1 < n && comes_before(&heap[child + 1], &heap[child]))
            child++;
        if (!comes_before(&heap[child], &heap[at]))
            return top;
        swap_merges(&heap[child], &heap[at]);
        at = child;
    }
}

/* Queues the merge of the symbol at `position` with the next one, if there is such a merge. */
static hs_status consider(const tokenizer_model *model, tokenizer_workspace *work, size_t position, hs_error *error)
{
    const tokenizer_symbol *left = &work->symbols[position];
    if (left->next == SIZE_MAX)
        return HS_OK;
    const tokenizer_entry *entry =
        hs__tokenizer_table_find(&model->merges, pair_key(left->id, work->symbols[left->next].id), NULL);
    if (entry == NULL)
        return HS_OK;
    tokenizer_merge merge = {
        .rank = (uint32_t)(entry->value >> 32), .id = (int32_t)(uint32_t)entry->value, .position = position};
    return push_merge(work, merge, error);
}

/* False for a merge whose symbols have become others since it was queued. */
static bool is_current(const tokenizer_model *model, const tokenizer_workspace *work, const tokenizer_merge *merge)
{
    const tokenizer_symbol *left = &work->symbols[merge->position];
    if (left->removed || left->next == SIZE_MAX)
        return false;
    const tokenizer_entry *entry =
        hs__tokenizer_table_find(&model->merges, pair_key(left->id, work->symbols[left->next].id), NULL);
    return entry != NULL && (int32_t)(uint32_t)entry->value == merge->id;
}

/*
 * A merge whose symbols have changed stays in the heap and is passed over when it comes up, which
 * is cheaper than finding it: n log n for a word of n symbols.
 */
static hs_status merge_symbols(const tokenizer_model *model, tokenizer_workspace *work, hs_error *error)
{
    tokenizer_symbol *symbols = work->symbols;
    work->n_merges = 0;
    for (size_t i = 0; i < work->n_symbols; i++)
        HS_TRY(consider(model, work, i, error));
    while (work->n_merges > 0) {
        tokenizer_merge merge = pop_merge(work);
        if (!is_current(model, work, &merge))
            continue;
        tokenizer_symbol *left = &symbols[merge.position];
        tokenizer_symbol *right = &symbols[left->next];
        left->id = merge.id;
        left->next = right->next;
        right->removed = true;
        if (right->next != SIZE_MAX)
            symbols[right->next].previous = merge.position;
        if (left->previous != SIZE_MAX)
            HS_TRY(consider(model, work, left->previous, error));
        HS_TRY(consider(model, work, merge.position, error));
    }
    return HS_OK;
}

static hs_status encode_bpe(const tokenizer_model *model, tokenizer_workspace *work, const char *text, size_t length,
                            hs_token_list *ids, hs_error *error)
{
    int32_t whole =
        model->ignore_merges ? hs__tokenizer_vocabulary_find(&model->vocabulary, text, length) : TOKENIZER_NO_ID;
    if (whole != TOKENIZER_NO_ID)
        return hs__tokenizer_ids_add(ids, whole, error);
    HS_TRY(spell_word(model, work, text, length, error));
    HS_TRY(merge_symbols(model, work, error));
    for (size_t i = 0; i < work->n_symbols; i++)
        if (!work->symbols[i].removed)
            HS_TRY(hs__tokenizer_ids_add(ids, work->symbols[i].id, error));
    return HS_OK;
}

const tokenizer_model_kind HS__TOKENIZER_BPE = {
    "BPE",
    "merges dropout unk_token continuing_subword_prefix end_of_word_suffix fuse_unk "
    "byte_fallback ignore_merges",
    "BPE",
    hs__tokenizer_model_read_vocabulary,
    read_bpe,
    encode_bpe};
