/*
 * added: reads added tokens, numbers them as `tokenizers` does, and cuts the pieces of a text at
 * them.
 */
#include "tokenizer/added.h"

#include <inttypes.h>
#include <string.h>

/* The longest token that starts at `text`: its length, 0 if none does, and its index. */
static size_t trie_match(const tokenizer_trie *trie, const char *text, size_t length, size_t *token_out)
{
    size_t node = 0;
    size_t longest = 0;
    for (size_t i = 0; i < length && hs__tokenizer_trie_step(trie, text[i], &node); i++)
        if (trie->values[node] > 0) {
            longest = i + 1;
            *token_out = trie->values[node] - 1;
        }
    return longest;
}

/* The form in which a token is looked for in normalised text. */
static hs_status normalized_form(const tokenizer_steps *normalizers, const char *content, size_t length, hs_text *form,
                                 hs_error *error)
{
    tokenizer_workspace work = {0};
    hs_status status = hs__tokenizer_workspace_begin(&work, content, length, error);
    if (status == HS_OK)
        status = hs__tokenizer_steps_apply(normalizers, &work, error);
    for (size_t i = 0; status == HS_OK && i < work.now.n; i++)
        status =
            hs_text_append(form, hs__tokenizer_piece_text(&work, &work.now.items[i]), work.now.items[i].length, error);
    hs__tokenizer_workspace_clear(&work);
    return status;
}

static hs_status check_id(const tokenizer_model *model, const char *content, size_t length, int32_t id, hs_error *error)
{
    size_t other_length = 0;
    const char *other = hs__tokenizer_vocabulary_token(&model->vocabulary, id, &other_length);
    if (other == NULL || hs__tokenizer_vocabulary_find(&model->vocabulary, content, length) == id)
        return HS_OK;
    return hs_fail(
        error, HS_ERROR_INPUT, "added token \"%.*s\" has id %" PRId32 ", which is \"%.*s\" in the model's vocabulary",
        (int)(length < 100 ? length : 100), content, id, (int)(other_length < 100 ? other_length : 100), other);
}

static hs_status add_form(const tokenizer_steps *normalizers, const char *content, size_t length,
                          tokenizer_added *added, tokenizer_added_token *token, hs_error *error)
{
    token->form_start = added->forms.length;
    if (token->normalized)
        HS_TRY(normalized_form(normalizers, content, length, &added->forms, error));
    else
        HS_TRY(hs_text_append(&added->forms, content, length, error));
    token->form_length = added->forms.length - token->form_start;
    if (token->form_length > 0)
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT, "added token \"%.*s\" is empty once normalised",
                   (int)(length < 100 ? length : 100), content);
}

int32_t hs__tokenizer_added_id(const tokenizer_added *added, const tokenizer_model *model, const char *content,
                               size_t length)
{
    int32_t id = hs__tokenizer_vocabulary_find(&added->vocabulary, content, length);
    if (id == TOKENIZER_NO_ID)
        id = hs__tokenizer_vocabulary_find(&model->vocabulary, content, length);
    if (id != TOKENIZER_NO_ID)
        return id;
    const size_t n_tokens = model->vocabulary.n_tokens;
    return added->n > 0 && (size_t)added->largest_id >= n_tokens ? added->largest_id + 1 : (int32_t)n_tokens;
}

size_t hs__tokenizer_added_index(const tokenizer_added *added, const char *content, size_t length)
{
    const int32_t id = hs__tokenizer_vocabulary_find(&added->vocabulary, content, length);
    return id != TOKENIZER_NO_ID ? (size_t)hs__tokenizer_table_find(&added->by_id, (uint64_t)id, NULL)->value
                                 : added->n;
}

static hs_status append_token(tokenizer_added *added, const char *content, size_t length, tokenizer_added_token token,
                              hs_error *error)
{
    HS_TRY(hs__tokenizer_vocabulary_add(&added->vocabulary, content, length, token.id, error));
    HS_TRY(hs_reserve(&added->tokens, &added->capacity, added->n + 1, sizeof *added->tokens, "added tokens", error));
    HS_TRY(hs__tokenizer_table_add(&added->by_id, (uint64_t)token.id, added->n, error));
    added->tokens[added->n++] = token;
    if (token.id > added->largest_id)
        added->largest_id = token.id;
    return HS_OK;
}

/* The form is found by the trie that is asked for such tokens: of normalised text, or of the text as it is. */
hs_status hs__tokenizer_added_put(tokenizer_added *added, const tokenizer_model *model,
                                  const tokenizer_steps *normalizers, const char *content, size_t length,
                                  tokenizer_added_token token, hs_error *error)
{
    const size_t index = hs__tokenizer_added_index(added, content, length);
    HS_TRY(check_id(model, content, length, token.id, error));
    HS_TRY(add_form(normalizers, content, length, added, &token, error));
    if (index == added->n) {
        HS_TRY(append_token(added, content, length, token, error));
    } else {
        token.special = token.special || added->tokens[index].special;
        added->tokens[index] = token;
    }
    tokenizer_trie *trie = token.normalized ? &added->normalized : &added->plain;
    return hs__tokenizer_trie_put(trie, added->forms.text + token.form_start, token.form_length, index, error);
}

/* `tokenizers` demands all of these keys too: a default that is guessed here would cut texts elsewhere. */
static hs_status read_token(const tokenizer_place *place, const hs_json_value *value, const tokenizer_model *model,
                            const tokenizer_steps *normalizers, tokenizer_added *added, hs_error *error)
{
    const char *content = NULL;
    size_t length = 0;
    int64_t id = 0;
    tokenizer_added_token token = {0};
    HS_TRY(hs__tokenizer_check_keys(place, value, "id content single_word lstrip rstrip normalized special", error));
    HS_TRY(hs__tokenizer_key_integer(place, value, "id", 0, TOKENIZER_MAX_VOCABULARY - 1, &id, error));
    HS_TRY(hs__tokenizer_key_string(place, value, "content", &content, &length, error));
    HS_TRY(hs__tokenizer_key_boolean(place, value, "single_word", &token.single_word, error));
    HS_TRY(hs__tokenizer_key_boolean(place, value, "lstrip", &token.lstrip, error));
    HS_TRY(hs__tokenizer_key_boolean(place, value, "rstrip", &token.rstrip, error));
    HS_TRY(hs__tokenizer_key_boolean(place, value, "normalized", &token.normalized, error));
    HS_TRY(hs__tokenizer_key_boolean(place, value, "special", &token.special, error));
    token.id = (int32_t)id;
    if (length == 0)
        return hs__tokenizer_fail_at(place, error, "an added token without content");
    if (hs__tokenizer_vocabulary_find(&added->vocabulary, content, length) != TOKENIZER_NO_ID)
        return hs__tokenizer_fail_at(place, error, "token \"%.80s\" is there twice", content);
    hs_status status = hs__tokenizer_added_put(added, model, normalizers, content, length, token, error);
    return status == HS_OK ? HS_OK : hs__tokenizer_name_place(place, error);
}

/*
 * `tokenizers` does not use the ids in the file: it numbers the tokens that the model lacks from the end of its
 * vocabulary on. A file in which that gives other ids has lost tokens; which of the two the checkpoint was trained with
 * cannot be known here.
 */
static hs_status check_numbering(const tokenizer_place *whole, const hs_json_value *list, const tokenizer_model *model,
                                 hs_error *error)
{
    int64_t next = (int64_t)model->vocabulary.n_tokens;
    for (size_t i = 0; i < hs_json_size(list); i++) {
        const hs_json_value *content = hs_json_get(hs_json_at(list, i), "content");
        int64_t id = hs_json_integer(hs_json_get(hs_json_at(list, i), "id"));
        const char *text = content != NULL ? hs_json_string(content) : NULL;
        if (text == NULL)
            continue; /* read_token says what is wrong */
        int64_t expected = hs__tokenizer_vocabulary_find(&model->vocabulary, text, hs_json_size(content));
        expected = expected != TOKENIZER_NO_ID ? expected : next++;
        if (expected == id)
            continue;
        tokenizer_place place = hs__tokenizer_place_index(whole, "added_tokens", i);
        return hs__tokenizer_fail_at(&place, error,
                                     "token \"%.80s\" has id %" PRId64
                                     " in the file, but `tokenizers` gives it %" PRId64
                                     "; save the tokenizer again, or correct the id",
                                     text, id, expected);
    }
    return HS_OK;
}

/* Special tokens first: of two tokens with the same normalised form the special one is found. */
hs_status hs__tokenizer_added_read(const char *file, const hs_json_value *root, const tokenizer_model *model,
                                   const tokenizer_steps *normalizers, tokenizer_added *added, hs_error *error)
{
    tokenizer_place whole = {.file = file};
    const hs_json_value *list = hs_json_get(root, "added_tokens");
    if (list == NULL || hs_json_kind_of(list) == HS_JSON_NULL)
        return HS_OK;
    HS_TRY(hs__tokenizer_key_array(&whole, root, "added_tokens", &list, error));
    HS_TRY(check_numbering(&whole, list, model, error));
    for (int special = 1; special >= 0; special--)
        for (size_t i = 0; i < hs_json_size(list); i++) {
            const hs_json_value *token = hs_json_at(list, i);
            tokenizer_place place = hs__tokenizer_place_index(&whole, "added_tokens", i);
            if (hs_json_true(hs_json_get(token, "special")) == (special == 1))
                HS_TRY(read_token(&place, token, model, normalizers, added, error));
        }
    return HS_OK;
}

const tokenizer_added_token *hs__tokenizer_added_find(const tokenizer_added *added, int32_t id, const char **text_out)
{
    const tokenizer_entry *entry = id >= 0 ? hs__tokenizer_table_find(&added->by_id, (uint64_t)id, NULL) : NULL;
    if (entry == NULL)
        return NULL;
    const tokenizer_added_token *token = &added->tokens[entry->value];
    *text_out = added->forms.text + token->form_start;
    return token;
}

void hs__tokenizer_added_clear(tokenizer_added *added)
{
    hs__tokenizer_vocabulary_clear(&added->vocabulary);
    hs_free(added->tokens);
    hs_text_clear(&added->forms);
    hs__tokenizer_table_clear(&added->by_id);
    hs__tokenizer_trie_clear(&added->plain);
    hs__tokenizer_trie_clear(&added->normalized);
    *added = (tokenizer_added){0};
}

static bool is_word_at(const char *text, size_t at, size_t length)
{
    int32_t character = 0;
    hs__tokenizer_character_decode(text + at, length - at, &character);
    return hs__tokenizer_is_word(character);
}

static bool stands_alone(const char *text, size_t length, size_t start, size_t end)
{
    if (start > 0 && is_word_at(text, hs__tokenizer_character_before(text, start), start))
        return false;
    return end == length || !is_word_at(text, end, length);
}

static size_t skip_space_left(const char *text, size_t start)
{
    while (start > 0) {
        size_t before = hs__tokenizer_character_before(text, start);
        int32_t character = 0;
        hs__tokenizer_character_decode(text + before, start - before, &character);
        if (!hs__tokenizer_is_white_space(character))
            break;
        start = before;
    }
    return start;
}

static size_t skip_space_right(const char *text, size_t end, size_t length)
{
    while (end < length) {
        int32_t character = 0;
        size_t n = hs__tokenizer_character_decode(text + end, length - end, &character);
        if (!hs__tokenizer_is_white_space(character))
            break;
        end += n;
    }
    return end;
}

static hs_status add_text(tokenizer_workspace *work, const tokenizer_piece *piece, size_t start, size_t end,
                          hs_error *error)
{
    HS_TRY(hs__tokenizer_next_append(work, hs__tokenizer_piece_text(work, piece) + start, end - start, error));
    return hs__tokenizer_next_end(work, TOKENIZER_NO_ID, piece->at_origin && start == 0, error);
}

/*
 * From the left, the longest token at each place, as the search of `tokenizers` (leftmost-longest)
 * goes; what a token takes with it as space is not looked at again.
 */
static hs_status split_piece(const tokenizer_added *added, const tokenizer_trie *trie, tokenizer_workspace *work,
                             const tokenizer_piece *piece, hs_error *error)
{
    const char *text = hs__tokenizer_piece_text(work, piece);
    size_t covered = 0;
    size_t n = 0;
    for (size_t at = 0; at < piece->length; at += n) {
        size_t index = 0;
        n = trie_match(trie, text + at, piece->length - at, &index);
        if (n == 0) {
            n = 1;
            continue;
        }
        const tokenizer_added_token *token = &added->tokens[index];
        size_t start = at;
        size_t end = at + n;
        if (token->single_word && !stands_alone(text, piece->length, start, end))
            continue;
        if (token->lstrip)
            start = skip_space_left(text, start);
        if (token->rstrip)
            end = skip_space_right(text, end, piece->length);
        /* A token can lie in the space that the one before took with it. It counts nevertheless, as in `tokenizers`,
           unless it takes space on its left itself: then nothing is left of it. */
        if (token->lstrip && start < covered)
            start = covered;
        if (start >= end)
            continue;
        if (covered < start)
            HS_TRY(add_text(work, piece, covered, start, error));
        HS_TRY(hs__tokenizer_next_end(work, token->id, false, error));
        covered = end;
    }
    return covered < piece->length ? add_text(work, piece, covered, piece->length, error) : HS_OK;
}

hs_status hs__tokenizer_added_split(const tokenizer_added *added, const tokenizer_trie *trie, tokenizer_workspace *work,
                                    hs_error *error)
{
    if (trie->n_nodes == 0)
        return HS_OK;
    for (size_t i = 0; i < work->now.n; i++) {
        const tokenizer_piece *piece = &work->now.items[i];
        if (piece->token != TOKENIZER_NO_ID)
            HS_TRY(hs__tokenizer_next_end(work, piece->token, piece->at_origin, error));
        else
            HS_TRY(split_piece(added, trie, work, piece, error));
    }
    hs__tokenizer_workspace_swap(work);
    return HS_OK;
}
