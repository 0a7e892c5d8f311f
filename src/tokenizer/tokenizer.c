/*
 * tokenizer: opens the best of a folder's files, and carries texts through the pipeline: added
 * tokens, normalizers, pre-tokenizers, model, special tokens; and back through the decoders.
 */
#include "headsweep/tokenizer.h"

#include "tokenizer/pipeline.h"

#include <limits.h>
#include <string.h>

void hs_tokenizer_token_list_clear(hs_token_list *list)
{
    hs_free(list->ids);
    *list = (hs_token_list){0};
}

void hs_tokenizer_encoding_clear(hs_encoding *encoding)
{
    hs_tokenizer_token_list_clear(&encoding->ids);
    hs_tokenizer_token_list_clear(&encoding->types);
    hs_tokenizer_token_list_clear(&encoding->special);
    hs_tokenizer_token_list_clear(&encoding->texts[0]);
    hs_tokenizer_token_list_clear(&encoding->texts[1]);
}

/* Opening. */

/* Without an allocation that could fail: a tokenizer that is not looked for must not count as none. */
static bool has_file(const char *folder, const char *name)
{
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", folder, name);
    return length > 0 && (size_t)length < sizeof path && hs_path_exists(path);
}

/* The files that a tokenizer can be read from, in the order in which they are looked for. */
static const struct source {
    const char *description;
    const char *files[2];
    const char *classes; /* of transformers that read these files this way; NULL: the file says it all */
    tok_reader read;
} SOURCES[] = {
    {"tokenizer.json", {"tokenizer.json"}, NULL, hs__tokenizer_read_tokenizer_json},
    {"vocab.json and merges.txt",
     {"vocab.json", "merges.txt"},
     "GPT2Tokenizer RobertaTokenizer BartTokenizer LongformerTokenizer",
     hs__tokenizer_read_byte_level_files},
    {"vocab.txt",
     {"vocab.txt"},
     "BertTokenizer DistilBertTokenizer ElectraTokenizer MobileBertTokenizer",
     hs__tokenizer_read_word_piece_file},
};

static const struct source *find_source(const char *folder)
{
    for (size_t i = 0; i < sizeof SOURCES / sizeof *SOURCES; i++)
        if (has_file(folder, SOURCES[i].files[0]) &&
            (SOURCES[i].files[1] == NULL || has_file(folder, SOURCES[i].files[1])))
            return &SOURCES[i];
    return NULL;
}

static hs_status fail_with_advice(const char *folder, const char *problem, hs_error *error)
{
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: no tokenizer.json, and %s; write one with AutoTokenizer.from_pretrained(FOLDER)"
                   ".save_pretrained(FOLDER), or give token ids in the evaluation set",
                   folder, problem);
}

/* Files that people expect to be enough, and what to do instead. */
static hs_status fail_nothing_to_read(const char *folder, hs_error *error)
{
    if (has_file(folder, "tokenizer.model"))
        return fail_with_advice(folder, "a SentencePiece tokenizer.model is not read", error);
    if (has_file(folder, "vocab.json"))
        return fail_with_advice(folder, "vocab.json needs merges.txt beside it", error);
    return hs_fail(error, HS_ERROR_INPUT, "%s: no tokenizer.json, no vocab.json with merges.txt and no vocab.txt",
                   folder);
}

/* The same files mean other ids to other classes: a split of its own, or lower case. */
static hs_status check_source(const char *folder, const struct source *source, const tok_settings *settings,
                              hs_error *error)
{
    char problem[200];
    const char *name = settings->class != NULL ? settings->class_name : settings->declared;
    if (source->classes == NULL || name == NULL || hs__tokenizer_is_listed(source->classes, name, strlen(name)))
        return HS_OK;
    if (settings->declared != NULL && strcmp(name, settings->declared) == 0)
        snprintf(problem, sizeof problem, "%s is not read as tokenizer_config.json's tokenizer_class %.60s does",
                 source->description, name);
    else
        snprintf(problem, sizeof problem, "%s is not read as %.60s does, the class of config.json's model_type",
                 source->description, name);
    return fail_with_advice(folder, problem, error);
}

/*
 * Two paths, because one of the sources is a pair of files; the others leave the second one NULL.
 */
static hs_status read_source(const char *folder, const struct source *source, tok_settings *settings,
                             hs_tokenizer *tokenizer, hs_error *error)
{
    char *paths[2] = {NULL, NULL};
    hs_status status = HS_OK;
    for (size_t i = 0; i < 2 && source->files[i] != NULL; i++) {
        paths[i] = hs_path_join(folder, source->files[i], error);
        if (paths[i] == NULL) {
            status = error->status;
            goto done;
        }
    }
    status = source->read((const char *const[2]){paths[0], paths[1]}, settings, tokenizer, error);
done:
    hs_free(paths[0]);
    hs_free(paths[1]);
    return status;
}

/* Special tokens. */

static int32_t find_named(const tok_settings *settings, tok_name name, const hs_tokenizer *tokenizer)
{
    const char *content = settings->names[name].content;
    return content != NULL ? hs_tokenizer_id(tokenizer, content) : TOK_NO_ID;
}

/* By the name that the settings give, else by the names that are in use. */
static int32_t find_special(const tok_settings *settings, hs_special_token which, const hs_tokenizer *tokenizer)
{
    static const struct {
        tok_name names[2];
        const char *usual[5];
    } WAYS[HS_N_SPECIAL_TOKENS] = {
        [HS_TOKEN_BOS] = {{TOK_BOS, TOK_BOS}, {NULL}},
        [HS_TOKEN_EOS] = {{TOK_EOS, TOK_EOS}, {NULL}},
        [HS_TOKEN_BEGIN] = {{TOK_CLS, TOK_BOS}, {"[CLS]", "<s>", "<|begin_of_text|>", "<|endoftext|>"}},
        [HS_TOKEN_END] = {{TOK_SEP, TOK_EOS}, {"[SEP]", "</s>", "<|end_of_text|>", "<|endoftext|>"}},
        [HS_TOKEN_PAD] = {{TOK_PAD, TOK_PAD}, {"[PAD]", "<pad>"}},
        [HS_TOKEN_MASK] = {{TOK_MASK, TOK_MASK}, {"[MASK]", "<mask>"}},
    };
    int32_t id = find_named(settings, WAYS[which].names[0], tokenizer);
    if (id == TOK_NO_ID)
        id = find_named(settings, WAYS[which].names[1], tokenizer);
    for (size_t i = 0; WAYS[which].usual[i] != NULL && id == TOK_NO_ID; i++)
        id = hs_tokenizer_id(tokenizer, WAYS[which].usual[i]);
    return id;
}

static hs_status set_specials(const tok_settings *settings, hs_tokenizer *tokenizer, hs_error *error)
{
    for (size_t i = 0; i < HS_N_SPECIAL_TOKENS; i++) {
        tok_special *special = &tokenizer->specials[i];
        special->id = find_special(settings, (hs_special_token)i, tokenizer);
        HS_TRY(hs_text_append(&special->text, "", 0, error));
        if (special->id != TOK_NO_ID)
            HS_TRY(hs_tokenizer_decode(tokenizer, &special->id, 1, false, &special->text, error));
    }
    return HS_OK;
}

static hs_status describe(hs_tokenizer *tokenizer, const char *files, hs_error *error)
{
    bool byte_level = hs__tokenizer_steps_have(&tokenizer->pre_tokenizers, "ByteLevel") ||
                      hs__tokenizer_steps_have(&tokenizer->normalizers, "ByteLevel");
    const char *prefix = byte_level ? "byte-level " : "";
    const char *fallback = tokenizer->model.byte_fallback ? " with byte fallback" : "";
    tokenizer->description =
        hs_string_format(error, "%s%s%s, %zu tokens, %s", prefix, tokenizer->model.kind->description, fallback,
                         hs_tokenizer_vocabulary(tokenizer), files);
    return tokenizer->description != NULL ? HS_OK : error->status;
}

static hs_status read_settings(const char *folder, const struct source *source, tok_settings *settings, hs_error *error)
{
    const bool has_all = source->classes == NULL;
    char *path = has_all ? hs_path_join(folder, source->files[0], error) : NULL;
    if (has_all && path == NULL)
        return error->status;
    hs_status status = hs__tokenizer_settings_read(folder, path, settings, error);
    hs_free(path);
    return status;
}

/*
 * The settings come first, because they say whose class reads the files; the ids of special tokens
 * last, when all tokens have been added.
 */
hs_status hs_tokenizer_open(const char *folder, hs_tokenizer **tokenizer_out, hs_error *error)
{
    hs_status status = HS_OK;
    hs_tokenizer *tokenizer = NULL;
    tok_settings settings = {0};
    *tokenizer_out = NULL;
    const struct source *source = find_source(folder);
    if (source == NULL)
        return fail_nothing_to_read(folder, error);
    HS_GOTO_DONE(read_settings(folder, source, &settings, error));
    HS_GOTO_DONE(check_source(folder, source, &settings, error));
    HS_GOTO_DONE(hs_allocate(&tokenizer, 1, sizeof *tokenizer, "tokenizer", error));
    HS_GOTO_DONE(read_source(folder, source, &settings, tokenizer, error));
    tokenizer->gives_types =
        settings.says_inputs ? settings.gives_types : hs__tokenizer_class_gives_types(settings.class_name);
    tokenizer->cuts_start = settings.cuts_start;
    HS_GOTO_DONE(set_specials(&settings, tokenizer, error));
    HS_GOTO_DONE(describe(tokenizer, source->description, error));
    *tokenizer_out = tokenizer;
    tokenizer = NULL;
done:
    hs_tokenizer_free(tokenizer);
    hs__tokenizer_settings_clear(&settings);
    return status;
}

/* A tokenizer that has nothing but the reason why. */
static hs_status new_unusable(const char *problem, hs_tokenizer **tokenizer_out, hs_error *error)
{
    const tok_settings nothing = {0};
    hs_status status = HS_OK;
    hs_tokenizer *tokenizer = NULL;
    HS_TRY(hs_allocate(&tokenizer, 1, sizeof *tokenizer, "tokenizer", error));
    HS_GOTO_DONE(set_specials(&nothing, tokenizer, error));
    tokenizer->problem = hs_string_copy(problem, error);
    tokenizer->description = hs_string_format(error, "not read: %s", problem);
    if (tokenizer->problem == NULL || tokenizer->description == NULL) {
        status = error->status;
        goto done;
    }
    *tokenizer_out = tokenizer;
    tokenizer = NULL;
done:
    hs_tokenizer_free(tokenizer);
    return status;
}

/*
 * What is wrong with the files is kept for the first use, since data of token ids need no
 * tokenizer; no memory, for one, is an error at once.
 */
hs_status hs_tokenizer_open_if_any(const char *folder, hs_tokenizer **tokenizer_out, hs_error *error)
{
    static const char *const FILES[] = {"tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt"};
    hs_error problem = {0};
    bool has_any = false;
    *tokenizer_out = NULL;
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        has_any = has_any || has_file(folder, FILES[i]);
    if (!has_any)
        return HS_OK;
    hs_status status = hs_tokenizer_open(folder, tokenizer_out, &problem);
    if (status == HS_OK)
        return HS_OK;
    if (status != HS_ERROR_INPUT && status != HS_ERROR_IO)
        return hs_fail(error, status, "%s", problem.message);
    return new_unusable(problem.message, tokenizer_out, error);
}

const char *hs_tokenizer_problem(const hs_tokenizer *tokenizer)
{
    return tokenizer->problem;
}

/* What every use starts with. */
static hs_status check_usable(const hs_tokenizer *tokenizer, hs_error *error)
{
    return tokenizer->problem == NULL ? HS_OK : hs_fail(error, HS_ERROR_INPUT, "%s", tokenizer->problem);
}

/*
 * Also frees what was opened halfway: parts that were not read are zero, which clears without
 * harm.
 */
void hs_tokenizer_free(hs_tokenizer *tokenizer)
{
    if (tokenizer == NULL)
        return;
    hs__tokenizer_added_clear(&tokenizer->added);
    hs__tokenizer_steps_clear(&tokenizer->normalizers);
    hs__tokenizer_steps_clear(&tokenizer->pre_tokenizers);
    hs__tokenizer_model_clear(&tokenizer->model);
    hs__tokenizer_post_processor_clear(&tokenizer->post_processor);
    hs__tokenizer_steps_clear(&tokenizer->decoders);
    for (size_t i = 0; i < HS_N_SPECIAL_TOKENS; i++)
        hs_text_clear(&tokenizer->specials[i].text);
    hs_free(tokenizer->description);
    hs_free(tokenizer->problem);
    hs_free(tokenizer);
}

/* Encoding. */

/* Plain added tokens are found in the text as it is, normalised ones in the normalised rest. */
static hs_status encode_text(const hs_tokenizer *tokenizer, tok_workspace *work, const char *text, size_t length,
                             hs_token_list *ids, hs_error *error)
{
    const tok_model *model = &tokenizer->model;
    HS_TRY(hs__tokenizer_workspace_begin(work, text, length, error));
    HS_TRY(hs__tokenizer_added_split(&tokenizer->added, &tokenizer->added.plain, work, error));
    HS_TRY(hs__tokenizer_steps_apply(&tokenizer->normalizers, work, error));
    HS_TRY(hs__tokenizer_added_split(&tokenizer->added, &tokenizer->added.normalized, work, error));
    HS_TRY(hs__tokenizer_steps_apply(&tokenizer->pre_tokenizers, work, error));
    for (size_t i = 0; i < work->now.n; i++) {
        const tok_piece *piece = &work->now.items[i];
        if (piece->token != TOK_NO_ID)
            HS_TRY(hs__tokenizer_ids_add(ids, piece->token, error));
        else
            HS_TRY(model->kind->encode(model, work, hs__tokenizer_piece_text(work, piece), piece->length, ids, error));
    }
    return HS_OK;
}

/* On failure `ids` is as it was, because callers gather many texts in one list. */
hs_status hs_tokenizer_encode(const hs_tokenizer *tokenizer, const char *text, size_t length, bool add_special,
                              hs_token_list *ids, hs_error *error)
{
    hs_status status = HS_OK;
    tok_workspace work = {0};
    const tok_template *template = &tokenizer->post_processor.single;
    size_t n_before = ids->n;
    HS_TRY(check_usable(tokenizer, error));
    if (length > TOK_MAX_TEXT_BYTES)
        return hs_fail(error, HS_ERROR_INPUT, "a text of %zu bytes is more than the %d that can be tokenized at once",
                       length, TOK_MAX_TEXT_BYTES);
    HS_TRY(hs_utf8_check(text, length, "text", error));
    for (size_t i = 0; i < template->n; i++) {
        if (template->pieces[i].kind != TOK_PIECE_SPECIAL)
            HS_GOTO_DONE(encode_text(tokenizer, &work, text, length, ids, error));
        else if (add_special)
            HS_GOTO_DONE(hs__tokenizer_ids_add(ids, template->pieces[i].id, error));
    }
done:
    if (status != HS_OK)
        ids->n = n_before;
    hs__tokenizer_workspace_clear(&work);
    return status;
}

/* One text or two. */

/*
 * As `tokenizers` cuts with "longest_first": only the longer text where that is enough, else both to about one half.
 * `lengths` become what is kept of each.
 */
static void cut_lengths(size_t n_most, bool is_pair, size_t lengths[2])
{
    size_t longer = lengths[0] > lengths[1] ? 0 : 1;
    size_t *large = &lengths[longer];
    size_t *small = &lengths[1 - longer];
    if (*large + *small <= n_most)
        return;
    *large = *small > n_most || *small > n_most - *small ? *small : n_most - *small;
    if (!is_pair) {
        lengths[0] = n_most;
    } else if (*large + *small > n_most) {
        *small = n_most / 2;
        *large = n_most - *small;
    }
}

static hs_status encode_both(const hs_tokenizer *tokenizer, const hs_texts *texts, hs_encoding *encoding,
                             hs_error *error)
{
    encoding->ids.n = encoding->types.n = encoding->special.n = 0;
    encoding->texts[0].n = encoding->texts[1].n = 0;
    encoding->truncated = false;
    HS_TRY(hs_tokenizer_encode(tokenizer, texts->first, texts->n_first, false, &encoding->texts[0], error));
    if (texts->n_second == 0)
        return HS_OK;
    if (tokenizer->post_processor.no_pair != NULL)
        return hs_fail(error, HS_ERROR_INPUT, "the checkpoint's tokenizer cannot join two texts: %s",
                       tokenizer->post_processor.no_pair);
    return hs_tokenizer_encode(tokenizer, texts->second, texts->n_second, false, &encoding->texts[1], error);
}

static hs_status add_encoded(hs_encoding *encoding, int32_t id, int32_t type, bool special, hs_error *error)
{
    HS_TRY(hs__tokenizer_ids_add(&encoding->ids, id, error));
    HS_TRY(hs__tokenizer_ids_add(&encoding->types, type, error));
    return hs__tokenizer_ids_add(&encoding->special, special, error);
}

static hs_status add_text(const hs_tokenizer *tokenizer, size_t text, size_t length, int32_t type,
                          hs_encoding *encoding, hs_error *error)
{
    const hs_token_list *ids = &encoding->texts[text];
    size_t first = tokenizer->cuts_start ? ids->n - length : 0;
    for (size_t i = first; i < first + length; i++)
        HS_TRY(add_encoded(encoding, ids->ids[i], type, false, error));
    return HS_OK;
}

/*
 * The texts are cut before special tokens are added, which have their room set aside: as in
 * transformers, truncation never takes one of them.
 */
hs_status hs_tokenizer_encode_texts(const hs_tokenizer *tokenizer, const hs_texts *texts, bool add_special,
                                    size_t n_most, hs_encoding *encoding, hs_error *error)
{
    const tok_post_processor *processor = &tokenizer->post_processor;
    const tok_template *template = texts->n_second > 0 ? &processor->pair : &processor->single;
    size_t n_special = add_special ? hs__tokenizer_template_n_special(template) : 0;
    HS_TRY(check_usable(tokenizer, error));
    HS_TRY(encode_both(tokenizer, texts, encoding, error));
    size_t lengths[2] = {encoding->texts[0].n, encoding->texts[1].n};
    if (n_special > n_most)
        return hs_fail(error, HS_ERROR_INPUT, "%zu special tokens do not fit into %zu", n_special, n_most);
    cut_lengths(n_most - n_special, texts->n_second > 0, lengths);
    encoding->truncated = lengths[0] + lengths[1] < encoding->texts[0].n + encoding->texts[1].n;
    for (size_t i = 0; i < template->n; i++) {
        const tok_template_piece *piece = &template->pieces[i];
        size_t text = piece->kind == TOK_PIECE_FIRST ? 0 : 1;
        if (piece->kind != TOK_PIECE_SPECIAL)
            HS_TRY(add_text(tokenizer, text, lengths[text], piece->type, encoding, error));
        else if (add_special)
            HS_TRY(add_encoded(encoding, piece->id, piece->type, true, error));
    }
    return HS_OK;
}

bool hs_tokenizer_cuts_start(const hs_tokenizer *tokenizer)
{
    return tokenizer->cuts_start;
}

bool hs_tokenizer_gives_types(const hs_tokenizer *tokenizer)
{
    return tokenizer->gives_types;
}

/* Decoding. */

/*
 * The text of a token; NULL for ids that no token has and for special ones that are to be skipped. As in `tokenizers`,
 * special is what reads like a special token: one whose normalised form differs from its content is not skipped.
 */
static const char *token_text(const hs_tokenizer *tokenizer, int32_t id, bool skip_special, size_t *length_out)
{
    const tok_added *added = &tokenizer->added;
    const char *text = NULL;
    const tok_added_token *token = hs__tokenizer_added_find(added, id, &text);
    if (token != NULL)
        *length_out = token->form_length;
    else
        text = hs__tokenizer_vocabulary_token(&tokenizer->model.vocabulary, id, length_out);
    if (text == NULL || !skip_special)
        return text;
    const char *ignored = NULL;
    token =
        hs__tokenizer_added_find(added, hs__tokenizer_vocabulary_find(&added->vocabulary, text, *length_out), &ignored);
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

/*
 * All tokens go through the decoders together: bytes that make a character, and the space before
 * the first word, depend on the neighbours.
 */
static hs_status decode_tokens(const hs_tokenizer *tokenizer, tok_workspace *work, const int32_t *ids, size_t n,
                               bool skip_special, hs_text *text, hs_error *error)
{
    for (size_t i = 0; i < n; i++) {
        size_t length = 0;
        const char *token = token_text(tokenizer, ids[i], skip_special, &length);
        if (token == NULL)
            continue;
        HS_TRY(hs__tokenizer_next_append(work, token, length, error));
        HS_TRY(hs__tokenizer_next_end(work, TOK_NO_ID, i == 0, error));
    }
    hs__tokenizer_workspace_swap(work);
    HS_TRY(hs__tokenizer_steps_apply(&tokenizer->decoders, work, error));
    for (size_t i = 0; i < work->now.n; i++)
        HS_TRY(hs_text_append(text, hs__tokenizer_piece_text(work, &work->now.items[i]), work->now.items[i].length,
                              error));
    return HS_OK;
}

hs_status hs_tokenizer_decode(const hs_tokenizer *tokenizer, const int32_t *ids, size_t n, bool skip_special,
                              hs_text *text, hs_error *error)
{
    tok_workspace work = {0};
    HS_TRY(check_usable(tokenizer, error));
    for (size_t i = 0; i < n; i++)
        if (ids[i] < 0)
            return hs_fail(error, HS_ERROR_INPUT, "token id %d at position %zu is negative", (int)ids[i], i);
    if (!tokenizer->has_decoder)
        return join_tokens(tokenizer, ids, n, skip_special, text, error);
    hs_status status = decode_tokens(tokenizer, &work, ids, n, skip_special, text, error);
    hs__tokenizer_workspace_clear(&work);
    return status;
}

/* What it is. */

size_t hs_tokenizer_vocabulary(const hs_tokenizer *tokenizer)
{
    size_t model = tokenizer->model.vocabulary.size;
    size_t added = tokenizer->added.vocabulary.size;
    return model > added ? model : added;
}

int32_t hs_tokenizer_id(const hs_tokenizer *tokenizer, const char *token)
{
    size_t length = strlen(token);
    int32_t id = hs__tokenizer_vocabulary_find(&tokenizer->added.vocabulary, token, length);
    return id != TOK_NO_ID ? id : hs__tokenizer_vocabulary_find(&tokenizer->model.vocabulary, token, length);
}

int32_t hs_tokenizer_special(const hs_tokenizer *tokenizer, hs_special_token which)
{
    return tokenizer->specials[which].id;
}

const char *hs_tokenizer_special_text(const hs_tokenizer *tokenizer, hs_special_token which)
{
    return tokenizer->specials[which].text.text;
}

uint64_t hs_tokenizer_hash(const hs_tokenizer *tokenizer)
{
    return tokenizer->hash;
}

const char *hs_tokenizer_description(const hs_tokenizer *tokenizer)
{
    return tokenizer->description;
}
