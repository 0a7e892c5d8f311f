/*
 * read_files: fills a tokenizer from tokenizer.json, or from the older files, for which the steps
 * are added that transformers' class would set.
 */
#include "tokenizer/pipeline.h"
#include "tokenizer/settings_files.h"
#include "tokenizer/special_tokens.h"

#include <string.h>

/* tokenizer.json. */

/* BERT's class names the token for unknown words, whatever the file says. */
static hs_status set_unknown(const tokenizer_settings *settings, tokenizer_model *model, hs_error *error)
{
    const char *unknown = settings->names[TOKENIZER_UNK].content;
    if (settings->class == NULL || model->kind != &HS__TOKENIZER_WORD_PIECE || unknown == NULL)
        return HS_OK;
    hs_free(model->unknown);
    model->unknown = hs_string_copy(unknown, error);
    model->unknown_id = hs__tokenizer_vocabulary_find(&model->vocabulary, unknown, strlen(unknown));
    return model->unknown == NULL ? error->status : hs__tokenizer_word_piece_finish(model, error);
}

/*
 * Truncation and padding in the file are settings of somebody's last call, and transformers sets them anew for every
 * call: they are understood and not applied. A text that is too long for the model is the caller's to refuse.
 */
static hs_status read_root(const char *path, const hs_json_value *root, const tokenizer_settings *settings,
                           hs_tokenizer *tokenizer, hs_error *error)
{
    tokenizer_place place = {.file = path};
    const char *version = NULL;
    size_t length = 0;
    HS_TRY(hs__tokenizer_check_keys(
        &place, root,
        "version truncation padding added_tokens normalizer pre_tokenizer post_processor decoder "
        "model",
        error));
    HS_TRY(hs__tokenizer_key_string(&place, root, "version", &version, &length, error));
    if (strcmp(version, "1.0") != 0) {
        tokenizer_place below = hs__tokenizer_place_key(&place, "version");
        return hs__tokenizer_fail_at(&below, error, "is \"%.40s\"; only 1.0 is known", version);
    }
    HS_TRY(hs__tokenizer_steps_read(&HS__TOKENIZER_NORMALIZERS, path, root, &tokenizer->normalizers, error));
    HS_TRY(hs__tokenizer_steps_read(&HS__TOKENIZER_PRE_TOKENIZERS, path, root, &tokenizer->pre_tokenizers, error));
    HS_TRY(hs__tokenizer_steps_read(&HS__TOKENIZER_DECODERS, path, root, &tokenizer->decoders, error));
    const hs_json_value *decoder = hs_json_get(root, "decoder");
    tokenizer->has_decoder = decoder != NULL && hs_json_kind_of(decoder) != HS_JSON_NULL;
    HS_TRY(hs__tokenizer_model_read(path, root, &tokenizer->model, error));
    if (set_unknown(settings, &tokenizer->model, error) != HS_OK)
        return hs_error_prefix(error, "%s", path);
    if (settings->class == NULL || !settings->lists_added)
        HS_TRY(
            hs__tokenizer_added_read(path, root, &tokenizer->model, &tokenizer->normalizers, &tokenizer->added, error));
    HS_TRY(hs__tokenizer_special_tokens_add(settings, tokenizer, error));
    HS_TRY(hs__tokenizer_post_processor_read(path, root, hs_tokenizer_vocabulary(tokenizer), &tokenizer->post_processor,
                                             error));
    return hs__tokenizer_special_tokens_frame_of_class(settings, tokenizer, error);
}

/* Hashed as bytes: any difference in the file counts, whether or not it is understood to matter. */
hs_status hs__tokenizer_read_tokenizer_json(const char *const paths[2], tokenizer_settings *settings,
                                            hs_tokenizer *tokenizer, hs_error *error)
{
    const char *path = paths[0];
    hs_status status = HS_OK;
    char *bytes = NULL;
    size_t n_bytes = 0;
    hs_json *json = NULL;
    HS_TRY(hs_text_file_read(path, TOKENIZER_MAX_FILE_BYTES, &bytes, &n_bytes, error));
    tokenizer->hash = hs_hash(0, bytes, n_bytes);
    HS_GOTO_DONE(hs_json_parse(bytes, n_bytes, path, &json, error));
    status = read_root(path, hs_json_root(json), settings, tokenizer, error);
done:
    hs_json_free(json);
    hs_free(bytes);
    return status;
}

/* What the older files have in common. */

/* The steps that a tokenizer.json would have, as JSON. */
static hs_status set_steps(const char *path, const char *steps, hs_tokenizer *tokenizer, hs_error *error)
{
    hs_json *json = NULL;
    hs_status status = HS_OK;
    tokenizer->has_decoder = true;
    HS_TRY(hs_json_parse(steps, strlen(steps), path, &json, error));
    const hs_json_value *root = hs_json_root(json);
    HS_GOTO_DONE(hs__tokenizer_steps_read(&HS__TOKENIZER_NORMALIZERS, path, root, &tokenizer->normalizers, error));
    HS_GOTO_DONE(
        hs__tokenizer_steps_read(&HS__TOKENIZER_PRE_TOKENIZERS, path, root, &tokenizer->pre_tokenizers, error));
    status = hs__tokenizer_steps_read(&HS__TOKENIZER_DECODERS, path, root, &tokenizer->decoders, error);
done:
    hs_json_free(json);
    return status;
}

/* Takes line `line`, from 0, without its end. */
typedef hs_status line_function(tokenizer_model *model, const char *text, size_t length, size_t line, hs_error *error);

/* Empty lines count but at the end, since in vocab.txt the number of a line is an id. */
static hs_status add_lines(const char *path, const char *bytes, size_t n_bytes, line_function *add,
                           tokenizer_model *model, hs_error *error)
{
    size_t line = 0;
    while (n_bytes > 0 && (bytes[n_bytes - 1] == '\n' || bytes[n_bytes - 1] == '\r'))
        n_bytes--;
    for (size_t at = 0; at < n_bytes; line++) {
        const char *text = bytes + at;
        const char *newline = memchr(text, '\n', n_bytes - at);
        size_t length = newline != NULL ? (size_t)(newline - text) : n_bytes - at;
        at += length + 1;
        if (length > 0 && text[length - 1] == '\r')
            length--;
        if (add(model, text, length, line, error) != HS_OK)
            return hs_error_prefix(error, "%s:%zu", path, line + 1);
    }
    return HS_OK;
}

static hs_status read_lines(const char *path, line_function *add, hs_tokenizer *tokenizer, hs_error *error)
{
    char *bytes = NULL;
    size_t n_bytes = 0;
    HS_TRY(hs_text_file_read(path, TOKENIZER_MAX_FILE_BYTES, &bytes, &n_bytes, error));
    tokenizer->hash = hs_hash(tokenizer->hash, bytes, n_bytes);
    hs_status status = hs_utf8_check(bytes, n_bytes, path, error);
    if (status == HS_OK)
        status = add_lines(path, bytes, n_bytes, add, &tokenizer->model, error);
    hs_free(bytes);
    return status;
}

/* vocab.json and merges.txt. */

/* The hash goes on from what the caller has begun, because the ids depend on both files. */
static hs_status read_vocabulary(const char *path, hs_tokenizer *tokenizer, hs_error *error)
{
    hs_status status = HS_OK;
    char *bytes = NULL;
    size_t n_bytes = 0;
    hs_json *json = NULL;
    tokenizer_place place = {.file = path};
    HS_TRY(hs_text_file_read(path, TOKENIZER_MAX_FILE_BYTES, &bytes, &n_bytes, error));
    tokenizer->hash = hs_hash(tokenizer->hash, bytes, n_bytes);
    HS_GOTO_DONE(hs_json_parse(bytes, n_bytes, path, &json, error));
    status = hs__tokenizer_model_read_vocabulary(&place, hs_json_root(json), &tokenizer->model, error);
done:
    hs_json_free(json);
    hs_free(bytes);
    return status;
}

/* One merge per line, in the order of their ranks; a line that starts with #version is not one. */
static hs_status add_merge(tokenizer_model *model, const char *text, size_t length, size_t line, hs_error *error)
{
    if (length >= 8 && memcmp(text, "#version", 8) == 0)
        return HS_OK;
    return hs__tokenizer_bpe_add_merge_line(model, text, length, line, error);
}

/* What a tokenizer.json of GPT-2 says beside vocabulary and merges. */
static hs_status set_byte_level_steps(const char *path, bool add_prefix_space, hs_tokenizer *tokenizer, hs_error *error)
{
    char steps[160];
    snprintf(steps, sizeof steps,
             "{\"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": %s},"
             " \"decoder\": {\"type\": \"ByteLevel\"}}",
             add_prefix_space ? "true" : "false");
    return set_steps(path, steps, tokenizer, error);
}

static bool has_roberta_names(const tokenizer_vocabulary *vocabulary)
{
    static const char *const NAMES[] = {"<s>", "</s>", "<unk>", "<pad>", "<mask>"};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (hs__tokenizer_vocabulary_find(vocabulary, NAMES[i], strlen(NAMES[i])) == TOKENIZER_NO_ID)
            return false;
    return true;
}

/* GPT-2's class puts BOS and EOS where tokenizer_config.json asks for them, RoBERTa's always <s> TEXT </s>. */
static hs_status set_byte_level_frame(const tokenizer_settings *settings, hs_tokenizer *tokenizer, hs_error *error)
{
    if (settings->class->frame != TOKENIZER_FRAME_OF_FILE)
        return hs__tokenizer_special_tokens_frame_of_class(settings, tokenizer, error);
    return hs__tokenizer_special_tokens_frame(settings, settings->add_bos ? TOKENIZER_BOS : TOKENIZER_N_NAMES,
                                              settings->add_eos ? TOKENIZER_EOS : TOKENIZER_N_NAMES, tokenizer, error);
}

/*
 * GPT-2 and RoBERTa have the same files; where no file names the class, RoBERTa's special tokens
 * in the vocabulary do. Steps come before added tokens, whose form they decide.
 */
hs_status hs__tokenizer_read_byte_level_files(const char *const paths[2], tokenizer_settings *settings,
                                              hs_tokenizer *tokenizer, hs_error *error)
{
    tokenizer_model *model = &tokenizer->model;
    model->kind = &HS__TOKENIZER_BPE;
    model->unknown_id = TOKENIZER_NO_ID;
    tokenizer->hash = hs_hash_text(0, "vocab.json and merges.txt");
    HS_TRY(read_vocabulary(paths[0], tokenizer, error));
    HS_TRY(read_lines(paths[1], add_merge, tokenizer, error));
    HS_TRY(set_byte_level_steps(paths[0], settings->add_prefix_space, tokenizer, error));
    if (settings->add_prefix_space)
        tokenizer->hash = hs_hash_text(tokenizer->hash, "add_prefix_space");
    if (settings->class == NULL)
        HS_TRY(hs__tokenizer_settings_set_class(
            settings, has_roberta_names(&model->vocabulary) ? "RobertaTokenizer" : "GPT2Tokenizer", error));
    HS_TRY(hs__tokenizer_special_tokens_add(settings, tokenizer, error));
    if (set_byte_level_frame(settings, tokenizer, error) != HS_OK)
        return hs_error_prefix(error, "%s", paths[0]);
    return HS_OK;
}

/* vocab.txt. */

/* One token per line, its id the number of the line from 0. An empty line takes an id that no text gets. */
static hs_status add_token(tokenizer_model *model, const char *text, size_t length, size_t line, hs_error *error)
{
    return length > 0 ? hs__tokenizer_vocabulary_add(&model->vocabulary, text, length, (int64_t)line, error) : HS_OK;
}

/* What transformers' BertTokenizer makes of its settings. */
static hs_status set_bert_steps(const char *path, const tokenizer_settings *settings, hs_tokenizer *tokenizer,
                                hs_error *error)
{
    char steps[400];
    snprintf(steps, sizeof steps,
             "{\"normalizer\": {\"type\": \"BertNormalizer\", \"clean_text\": true, \"handle_chinese_chars\": %s,"
             " \"strip_accents\": %s, \"lowercase\": %s}, \"pre_tokenizer\": {\"type\": \"BertPreTokenizer\"},"
             " \"decoder\": {\"type\": \"WordPiece\", \"prefix\": \"##\", \"cleanup\": true}}",
             settings->handle_chinese_chars ? "true" : "false", settings->strip_accents ? "true" : "false",
             settings->lowercase ? "true" : "false");
    tokenizer->hash = hs_hash_text(tokenizer->hash, steps);
    return set_steps(path, steps, tokenizer, error);
}

static hs_status set_word_piece(const char *path, const char *unknown, tokenizer_model *model, hs_error *error)
{
    enum { MAX_WORD_CHARACTERS = 100 };
    model->kind = &HS__TOKENIZER_WORD_PIECE;
    model->max_word_characters = MAX_WORD_CHARACTERS;
    model->unknown_id = hs__tokenizer_vocabulary_find(&model->vocabulary, unknown, strlen(unknown));
    model->prefix = hs_string_copy("##", error);
    model->unknown = hs_string_copy(unknown, error);
    if (model->prefix == NULL || model->unknown == NULL)
        return error->status;
    return hs__tokenizer_word_piece_finish(model, error) == HS_OK ? HS_OK : hs_error_prefix(error, "%s", path);
}

hs_status hs__tokenizer_read_word_piece_file(const char *const paths[2], tokenizer_settings *settings,
                                             hs_tokenizer *tokenizer, hs_error *error)
{
    if (settings->class == NULL)
        HS_TRY(hs__tokenizer_settings_set_class(settings, "BertTokenizer", error));
    const char *unknown = settings->names[TOKENIZER_UNK].content;
    tokenizer->hash = hs_hash_text(0, "vocab.txt");
    HS_TRY(read_lines(paths[0], add_token, tokenizer, error));
    HS_TRY(set_word_piece(paths[0], unknown != NULL ? unknown : "None", &tokenizer->model, error));
    HS_TRY(set_bert_steps(paths[0], settings, tokenizer, error));
    HS_TRY(hs__tokenizer_special_tokens_add(settings, tokenizer, error));
    if (hs__tokenizer_special_tokens_frame_of_class(settings, tokenizer, error) != HS_OK)
        return hs_error_prefix(error, "%s", paths[0]);
    return HS_OK;
}
