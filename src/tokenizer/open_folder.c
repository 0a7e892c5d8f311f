/*
 * open_folder: a tokenizer from whichever files a checkpoint folder has, and what people are told
 * where these are not enough.
 */
#include <limits.h>
#include <string.h>

#include "tokenizer/pipeline.h"
#include "tokenizer/settings_files.h"

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
    tokenizer_reader read;
} SOURCES[] = {
    {"tokenizer.json", {"tokenizer.json"}, NULL, hs__tokenizer_read_tokenizer_json},
    {"vocab.json and merges.txt",
     {"vocab.json", "merges.txt"},
     "GPT2Tokenizer CodeGenTokenizer RobertaTokenizer BartTokenizer LongformerTokenizer",
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
static hs_status check_source(const char *folder, const struct source *source, const tokenizer_settings *settings,
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
static hs_status read_source(const char *folder, const struct source *source, tokenizer_settings *settings,
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

static int32_t find_named(const tokenizer_settings *settings, tokenizer_name name, const hs_tokenizer *tokenizer)
{
    const char *content = settings->names[name].content;
    return content != NULL ? hs_tokenizer_id(tokenizer, content) : TOKENIZER_NO_ID;
}

/* By the name that the settings give, else by the names that are in use. */
static int32_t find_special(const tokenizer_settings *settings, hs_special_token which, const hs_tokenizer *tokenizer)
{
    static const struct {
        tokenizer_name names[2];
        const char *usual[5];
    } WAYS[HS_N_SPECIAL_TOKENS] = {
        [HS_TOKEN_BOS] = {{TOKENIZER_BOS, TOKENIZER_BOS}, {NULL}},
        [HS_TOKEN_EOS] = {{TOKENIZER_EOS, TOKENIZER_EOS}, {NULL}},
        [HS_TOKEN_BEGIN] = {{TOKENIZER_CLS, TOKENIZER_BOS}, {"[CLS]", "<s>", "<|begin_of_text|>", "<|endoftext|>"}},
        [HS_TOKEN_END] = {{TOKENIZER_SEP, TOKENIZER_EOS}, {"[SEP]", "</s>", "<|end_of_text|>", "<|endoftext|>"}},
        [HS_TOKEN_PAD] = {{TOKENIZER_PAD, TOKENIZER_PAD}, {"[PAD]", "<pad>"}},
        [HS_TOKEN_MASK] = {{TOKENIZER_MASK, TOKENIZER_MASK}, {"[MASK]", "<mask>"}},
    };
    int32_t id = find_named(settings, WAYS[which].names[0], tokenizer);
    if (id == TOKENIZER_NO_ID)
        id = find_named(settings, WAYS[which].names[1], tokenizer);
    for (size_t i = 0; WAYS[which].usual[i] != NULL && id == TOKENIZER_NO_ID; i++)
        id = hs_tokenizer_id(tokenizer, WAYS[which].usual[i]);
    return id;
}

static hs_status set_specials(const tokenizer_settings *settings, hs_tokenizer *tokenizer, hs_error *error)
{
    for (size_t i = 0; i < HS_N_SPECIAL_TOKENS; i++) {
        tokenizer_special *special = &tokenizer->specials[i];
        special->id = find_special(settings, (hs_special_token)i, tokenizer);
        HS_TRY(hs_text_append(&special->text, "", 0, error));
        if (special->id != TOKENIZER_NO_ID)
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

static hs_status read_settings(const char *folder, const struct source *source, tokenizer_settings *settings,
                               hs_error *error)
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
    tokenizer_settings settings = {0};
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
    const tokenizer_settings nothing = {0};
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
