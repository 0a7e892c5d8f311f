#include "tokenizer/pipeline.h"

#include <string.h>

/* ---- tokenizer.json --------------------------------------------------------------------------------------------- */

/*
 * Truncation and padding in the file are settings of somebody's last call, and transformers sets them anew for every
 * call: they are understood and not applied. A text that is too long for the model is the caller's to refuse.
 */
static hs_status read_root(const char *path, const hs_json_value *root, hs_tokenizer *tokenizer, hs_error *error)
{
    tok_place place = {.file = path};
    const char *version = NULL;
    size_t length = 0;
    HS_TRY(tok_check_keys(&place, root,
                          "version truncation padding added_tokens normalizer pre_tokenizer post_processor decoder "
                          "model",
                          error));
    HS_TRY(tok_key_string(&place, root, "version", &version, &length, error));
    if (strcmp(version, "1.0") != 0) {
        tok_place below = tok_place_key(&place, "version");
        return tok_fail_at(&below, error, "is \"%.40s\"; only 1.0 is known", version);
    }
    HS_TRY(tok_steps_read(&TOK_NORMALIZERS, path, root, &tokenizer->normalizers, error));
    HS_TRY(tok_steps_read(&TOK_PRE_TOKENIZERS, path, root, &tokenizer->pre_tokenizers, error));
    HS_TRY(tok_steps_read(&TOK_DECODERS, path, root, &tokenizer->decoders, error));
    const hs_json_value *decoder = hs_json_get(root, "decoder");
    tokenizer->has_decoder = decoder != NULL && hs_json_kind_of(decoder) != HS_JSON_NULL;
    HS_TRY(tok_model_read(path, root, &tokenizer->model, error));
    HS_TRY(tok_added_read(path, root, &tokenizer->model, &tokenizer->normalizers, &tokenizer->added, error));
    return tok_post_processor_read(path, root, hs_tokenizer_vocabulary(tokenizer), &tokenizer->post_processor, error);
}

hs_status tok_read_tokenizer_json(const char *path, hs_tokenizer *tokenizer, hs_error *error)
{
    hs_status status = HS_OK;
    char *bytes = NULL;
    size_t n_bytes = 0;
    hs_json *json = NULL;
    HS_TRY(hs_file_read(path, TOK_MAX_FILE_BYTES, &bytes, &n_bytes, error));
    tokenizer->hash = hs_hash(0, bytes, n_bytes);
    HS_GOTO_DONE(hs_json_parse(bytes, n_bytes, path, &json, error));
    status = read_root(path, hs_json_root(json), tokenizer, error);
done:
    hs_json_free(json);
    hs_free(bytes);
    return status;
}

/* ---- vocab.json and merges.txt ----------------------------------------------------------------------------------- */

static hs_status read_vocabulary(const char *path, hs_tokenizer *tokenizer, hs_error *error)
{
    hs_status status = HS_OK;
    char *bytes = NULL;
    size_t n_bytes = 0;
    hs_json *json = NULL;
    tok_place place = {.file = path};
    HS_TRY(hs_file_read(path, TOK_MAX_FILE_BYTES, &bytes, &n_bytes, error));
    tokenizer->hash = hs_hash(tokenizer->hash, bytes, n_bytes);
    HS_GOTO_DONE(hs_json_parse(bytes, n_bytes, path, &json, error));
    status = tok_model_read_vocabulary(&place, hs_json_root(json), &tokenizer->model, error);
done:
    hs_json_free(json);
    hs_free(bytes);
    return status;
}

/* One merge a line; a line that starts with #version and empty lines at the end are none. */
static hs_status read_merge_lines(const char *path, const char *bytes, size_t n_bytes, tok_model *model,
                                  hs_error *error)
{
    size_t rank = 0;
    size_t line = 1;
    while (n_bytes > 0 && (bytes[n_bytes - 1] == '\n' || bytes[n_bytes - 1] == '\r'))
        n_bytes--;
    for (size_t at = 0; at < n_bytes; line++) {
        const char *text = bytes + at;
        const char *newline = memchr(text, '\n', n_bytes - at);
        size_t length = newline != NULL ? (size_t)(newline - text) : n_bytes - at;
        at += length + 1;
        if (length > 0 && text[length - 1] == '\r')
            length--;
        if (length >= 8 && memcmp(text, "#version", 8) == 0)
            continue;
        if (tok_bpe_add_merge_line(model, text, length, rank++, error) != HS_OK)
            return hs_error_prefix(error, "%s:%zu", path, line);
    }
    return HS_OK;
}

static hs_status read_merges(const char *path, hs_tokenizer *tokenizer, hs_error *error)
{
    char *bytes = NULL;
    size_t n_bytes = 0;
    HS_TRY(hs_file_read(path, TOK_MAX_FILE_BYTES, &bytes, &n_bytes, error));
    tokenizer->hash = hs_hash(tokenizer->hash, bytes, n_bytes);
    hs_status status = hs_utf8_check(bytes, n_bytes, path, error);
    if (status == HS_OK)
        status = read_merge_lines(path, bytes, n_bytes, &tokenizer->model, error);
    hs_free(bytes);
    return status;
}

/* What a tokenizer.json of GPT-2 says beside vocabulary and merges. */
static hs_status set_gpt2_steps(const char *path, hs_tokenizer *tokenizer, hs_error *error)
{
    static const char STEPS[] = "{\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false},"
                                " \"decoder\": {\"type\": \"ByteLevel\"}}";
    hs_json *json = NULL;
    tokenizer->has_decoder = true;
    HS_TRY(hs_json_parse(STEPS, sizeof STEPS - 1, path, &json, error));
    hs_status status = tok_steps_read(&TOK_PRE_TOKENIZERS, path, hs_json_root(json), &tokenizer->pre_tokenizers, error);
    if (status == HS_OK)
        status = tok_steps_read(&TOK_DECODERS, path, hs_json_root(json), &tokenizer->decoders, error);
    hs_json_free(json);
    return status;
}

hs_status tok_read_gpt2_files(const char *vocabulary_path, const char *merges_path, hs_tokenizer *tokenizer,
                              hs_error *error)
{
    static const char END_OF_TEXT[] = "<|endoftext|>";
    tok_model *model = &tokenizer->model;
    model->kind = &TOK_BPE;
    model->unknown_id = TOK_NO_ID;
    tokenizer->hash = hs_hash_text(0, "vocab.json and merges.txt");
    HS_TRY(read_vocabulary(vocabulary_path, tokenizer, error));
    HS_TRY(read_merges(merges_path, tokenizer, error));
    HS_TRY(set_gpt2_steps(vocabulary_path, tokenizer, error));
    int32_t id = tok_vocabulary_find(&model->vocabulary, END_OF_TEXT, sizeof END_OF_TEXT - 1);
    if (id == TOK_NO_ID)
        return HS_OK;
    return tok_added_put(&tokenizer->added, model, &tokenizer->normalizers, END_OF_TEXT, sizeof END_OF_TEXT - 1,
                         (tok_added_token){.id = id, .special = true}, error);
}
