#include "headsweep/tokenizer.h"

#include "tokenizer/pipeline.h"

#include <string.h>

void hs_token_list_clear(hs_token_list *list)
{
    hs_free(list->ids);
    *list = (hs_token_list){0};
}

/* ---- opening ---------------------------------------------------------------------------------------------------- */

static bool has_file(const char *folder, const char *name)
{
    hs_error error = {0};
    char *path = hs_path_join(folder, name, &error);
    bool exists = path != NULL && hs_path_exists(path);
    hs_free(path);
    return exists;
}

bool hs_tokenizer_exists(const char *folder)
{
    return has_file(folder, "tokenizer.json") || (has_file(folder, "vocab.json") && has_file(folder, "merges.txt"));
}

/* Files that people expect to be enough, and what to do instead. */
static hs_status fail_nothing_to_read(const char *folder, hs_error *error)
{
    static const struct {
        const char *name;
        const char *advice;
    } OTHERS[] = {
        {"added_tokens.json", "added_tokens.json beside vocab.json and merges.txt is not read"},
        {"tokenizer.model", "a SentencePiece tokenizer.model is not read"},
        {"vocab.txt", "a WordPiece vocab.txt is not read"},
        {"vocab.json", "vocab.json needs merges.txt beside it"},
    };
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++)
        if (has_file(folder, OTHERS[i].name))
            return hs_fail(error, HS_ERROR_INPUT,
                           "%s: no tokenizer.json, and %s; write one with AutoTokenizer.from_pretrained(FOLDER)"
                           ".save_pretrained(FOLDER), or give token ids in the evaluation set",
                           folder, OTHERS[i].advice);
    return hs_fail(error, HS_ERROR_INPUT, "%s: no tokenizer.json and no vocab.json with merges.txt", folder);
}

static hs_status read_gpt2_folder(const char *folder, hs_tokenizer *tokenizer, hs_error *error)
{
    char *vocabulary = hs_path_join(folder, "vocab.json", error);
    char *merges = hs_path_join(folder, "merges.txt", error);
    hs_status status = error->status;
    if (vocabulary != NULL && merges != NULL)
        status = tok_read_gpt2_files(vocabulary, merges, tokenizer, error);
    hs_free(vocabulary);
    hs_free(merges);
    return status;
}

static hs_status read_json_folder(const char *folder, hs_tokenizer *tokenizer, hs_error *error)
{
    char *path = hs_path_join(folder, "tokenizer.json", error);
    if (path == NULL)
        return error->status;
    hs_status status = tok_read_tokenizer_json(path, tokenizer, error);
    hs_free(path);
    return status;
}

static hs_status describe(hs_tokenizer *tokenizer, const char *files, hs_error *error)
{
    bool byte_level =
        tok_steps_have(&tokenizer->pre_tokenizers, "ByteLevel") || tok_steps_have(&tokenizer->normalizers, "ByteLevel");
    const char *prefix = byte_level ? "byte-level " : "";
    const char *fallback = tokenizer->model.byte_fallback ? " with byte fallback" : "";
    tokenizer->description =
        hs_string_format(error, "%s%s%s, %zu tokens, %s", prefix, tokenizer->model.kind->description, fallback,
                         hs_tokenizer_vocabulary(tokenizer), files);
    return tokenizer->description != NULL ? HS_OK : error->status;
}

hs_status hs_tokenizer_open(const char *folder, hs_tokenizer **tokenizer_out, hs_error *error)
{
    hs_status status = HS_OK;
    hs_tokenizer *tokenizer = NULL;
    *tokenizer_out = NULL;
    bool from_json = has_file(folder, "tokenizer.json");
    if (!from_json && (!hs_tokenizer_exists(folder) || has_file(folder, "added_tokens.json")))
        return fail_nothing_to_read(folder, error);
    HS_GOTO_DONE(hs_allocate(&tokenizer, 1, sizeof *tokenizer, "tokenizer", error));
    if (from_json)
        HS_GOTO_DONE(read_json_folder(folder, tokenizer, error));
    else
        HS_GOTO_DONE(read_gpt2_folder(folder, tokenizer, error));
    HS_GOTO_DONE(describe(tokenizer, from_json ? "tokenizer.json" : "vocab.json and merges.txt", error));
    *tokenizer_out = tokenizer;
    tokenizer = NULL;
done:
    hs_tokenizer_free(tokenizer);
    return status;
}

void hs_tokenizer_free(hs_tokenizer *tokenizer)
{
    if (tokenizer == NULL)
        return;
    tok_added_clear(&tokenizer->added);
    tok_steps_clear(&tokenizer->normalizers);
    tok_steps_clear(&tokenizer->pre_tokenizers);
    tok_model_clear(&tokenizer->model);
    tok_post_processor_clear(&tokenizer->post_processor);
    tok_steps_clear(&tokenizer->decoders);
    hs_free(tokenizer->description);
    hs_free(tokenizer);
}

/* ---- encoding --------------------------------------------------------------------------------------------------- */

static hs_status add_ids(const hs_token_list *from, hs_token_list *ids, hs_error *error)
{
    for (size_t i = 0; i < from->n; i++)
        HS_TRY(tok_ids_add(ids, from->ids[i], error));
    return HS_OK;
}

/* Plain added tokens are found in the text as it is, normalised ones in the normalised rest. */
static hs_status encode_text(const hs_tokenizer *tokenizer, tok_workspace *work, const char *text, size_t length,
                             hs_token_list *ids, hs_error *error)
{
    const tok_model *model = &tokenizer->model;
    HS_TRY(tok_workspace_begin(work, text, length, error));
    HS_TRY(tok_added_split(&tokenizer->added, &tokenizer->added.plain, work, error));
    HS_TRY(tok_steps_apply(&tokenizer->normalizers, work, error));
    HS_TRY(tok_added_split(&tokenizer->added, &tokenizer->added.normalized, work, error));
    HS_TRY(tok_steps_apply(&tokenizer->pre_tokenizers, work, error));
    for (size_t i = 0; i < work->now.n; i++) {
        const tok_piece *piece = &work->now.items[i];
        if (piece->token != TOK_NO_ID)
            HS_TRY(tok_ids_add(ids, piece->token, error));
        else
            HS_TRY(model->kind->encode(model, work, tok_piece_text(work, piece), piece->length, ids, error));
    }
    return HS_OK;
}

hs_status hs_tokenizer_encode(const hs_tokenizer *tokenizer, const char *text, size_t length, bool add_special,
                              hs_token_list *ids, hs_error *error)
{
    hs_status status = HS_OK;
    tok_workspace work = {0};
    size_t n_before = ids->n;
    if (length > TOK_MAX_TEXT_BYTES)
        return hs_fail(error, HS_ERROR_INPUT, "a text of %zu bytes is more than the %d that can be tokenized at once",
                       length, TOK_MAX_TEXT_BYTES);
    HS_TRY(hs_utf8_check(text, length, "text", error));
    if (add_special)
        HS_GOTO_DONE(add_ids(&tokenizer->post_processor.before, ids, error));
    HS_GOTO_DONE(encode_text(tokenizer, &work, text, length, ids, error));
    if (add_special)
        HS_GOTO_DONE(add_ids(&tokenizer->post_processor.behind, ids, error));
done:
    if (status != HS_OK)
        ids->n = n_before;
    tok_workspace_clear(&work);
    return status;
}

/* ---- decoding --------------------------------------------------------------------------------------------------- */

/*
 * The text of a token; NULL for ids that no token has and for special ones that are to be skipped. As in `tokenizers`,
 * special is what reads like a special token: one whose normalised form differs from its content is not skipped.
 */
static const char *token_text(const hs_tokenizer *tokenizer, int32_t id, bool skip_special, size_t *length_out)
{
    const tok_added *added = &tokenizer->added;
    const char *text = NULL;
    const tok_added_token *token = tok_added_find(added, id, &text);
    if (token != NULL)
        *length_out = token->form_length;
    else
        text = tok_vocabulary_token(&tokenizer->model.vocabulary, id, length_out);
    if (text == NULL || !skip_special)
        return text;
    const char *ignored = NULL;
    token = tok_added_find(added, tok_vocabulary_find(&added->vocabulary, text, *length_out), &ignored);
    return token != NULL && token->special ? NULL : text;
}

/* Without a decoder the tokens are words, joined by spaces. */
static hs_status join_tokens(const hs_tokenizer *tokenizer, const int32_t *ids, size_t n, bool skip_special,
                             hs_text *text, hs_error *error)
{
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        size_t length = 0;
        const char *token = token_text(tokenizer, ids[i], skip_special, &length);
        if (token == NULL)
            continue;
        if (!first)
            HS_TRY(hs_text_append(text, " ", 1, error));
        HS_TRY(hs_text_append(text, token, length, error));
        first = false;
    }
    return HS_OK;
}

static hs_status decode_tokens(const hs_tokenizer *tokenizer, tok_workspace *work, const int32_t *ids, size_t n,
                               bool skip_special, hs_text *text, hs_error *error)
{
    for (size_t i = 0; i < n; i++) {
        size_t length = 0;
        const char *token = token_text(tokenizer, ids[i], skip_special, &length);
        if (token == NULL)
            continue;
        HS_TRY(tok_next_append(work, token, length, error));
        HS_TRY(tok_next_end(work, TOK_NO_ID, i == 0, error));
    }
    tok_workspace_swap(work);
    HS_TRY(tok_steps_apply(&tokenizer->decoders, work, error));
    for (size_t i = 0; i < work->now.n; i++)
        HS_TRY(hs_text_append(text, tok_piece_text(work, &work->now.items[i]), work->now.items[i].length, error));
    return HS_OK;
}

hs_status hs_tokenizer_decode(const hs_tokenizer *tokenizer, const int32_t *ids, size_t n, bool skip_special,
                              hs_text *text, hs_error *error)
{
    tok_workspace work = {0};
    for (size_t i = 0; i < n; i++)
        if (ids[i] < 0)
            return hs_fail(error, HS_ERROR_INPUT, "token id %d at position %zu is negative", (int)ids[i], i);
    if (!tokenizer->has_decoder)
        return join_tokens(tokenizer, ids, n, skip_special, text, error);
    hs_status status = decode_tokens(tokenizer, &work, ids, n, skip_special, text, error);
    tok_workspace_clear(&work);
    return status;
}

/* ---- what it is ------------------------------------------------------------------------------------------------- */

size_t hs_tokenizer_vocabulary(const hs_tokenizer *tokenizer)
{
    size_t model = tokenizer->model.vocabulary.size;
    size_t added = tokenizer->added.vocabulary.size;
    return model > added ? model : added;
}

int32_t hs_tokenizer_id(const hs_tokenizer *tokenizer, const char *token)
{
    size_t length = strlen(token);
    int32_t id = tok_vocabulary_find(&tokenizer->added.vocabulary, token, length);
    return id != TOK_NO_ID ? id : tok_vocabulary_find(&tokenizer->model.vocabulary, token, length);
}

uint64_t hs_tokenizer_hash(const hs_tokenizer *tokenizer)
{
    return tokenizer->hash;
}

const char *hs_tokenizer_description(const hs_tokenizer *tokenizer)
{
    return tokenizer->description;
}
