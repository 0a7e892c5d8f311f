/*
 * special_tokens: adds tokens in transformers' order, on which the ids of those without one
 * depend.
 */
#include "tokenizer/special_tokens.h"

#include <inttypes.h>
#include <string.h>

static uint64_t hash_token(uint64_t hash, const char *content, const tokenizer_added_token *token)
{
    const unsigned flags = (unsigned)token->special | (unsigned)token->single_word << 1 | (unsigned)token->lstrip << 2 |
                           (unsigned)token->rstrip << 3 | (unsigned)token->normalized << 4;
    return hs_hash_u64(hs_hash_u64(hs_hash_text(hash, content), (uint64_t)token->id), flags);
}

static hs_status check_id(const tokenizer_named_token *named, int32_t expected, hs_error *error)
{
    if (named->token.id == TOKENIZER_NO_ID || named->token.id == expected)
        return HS_OK;
    return hs__tokenizer_fail_at(&named->place, error,
                                 "token \"%.80s\" has id %" PRId32 " in the file, but transformers gives it %" PRId32
                                 "; save the tokenizer again, or correct the id",
                                 named->content, named->token.id, expected);
}

static bool same_flags(const tokenizer_added_token *a, const tokenizer_added_token *b)
{
    return a->special == b->special && a->single_word == b->single_word && a->lstrip == b->lstrip &&
           a->rstrip == b->rstrip && a->normalized == b->normalized;
}

/* A token that is there already, with the same flags, changes neither ids nor hash. */
static hs_status put(const tokenizer_named_token *named, tokenizer_added_token token, hs_tokenizer *tokenizer,
                     hs_error *error)
{
    tokenizer_added *added = &tokenizer->added;
    const size_t length = strlen(named->content);
    const size_t index = hs__tokenizer_added_index(added, named->content, length);
    token.id = hs__tokenizer_added_id(added, &tokenizer->model, named->content, length);
    HS_TRY(check_id(named, token.id, error));
    if (index < added->n && same_flags(&added->tokens[index], &token))
        return HS_OK;
    hs_status status = hs__tokenizer_added_put(added, &tokenizer->model, &tokenizer->normalizers, named->content,
                                               length, token, error);
    if (status != HS_OK)
        return named->place.file != NULL ? hs__tokenizer_name_place(&named->place, error) : status;
    tokenizer->hash = hash_token(tokenizer->hash, named->content, &token);
    return HS_OK;
}

static bool is_named(const tokenizer_settings *settings, const char *content)
{
    for (size_t i = 0; i < hs__tokenizer_settings_n_named(settings); i++) {
        const char *name = hs__tokenizer_settings_special(settings, i)->content;
        if (name != NULL && strcmp(name, content) == 0)
            return true;
    }
    return false;
}

/* Without a list in tokenizer_config.json, transformers adds tokenizer.json's tokens anew: special by name. */
static void mark_special(const tokenizer_settings *settings, hs_tokenizer *tokenizer)
{
    tokenizer_added *added = &tokenizer->added;
    for (size_t i = 0; !settings->lists_added && i < hs__tokenizer_settings_n_named(settings); i++) {
        const char *content = hs__tokenizer_settings_special(settings, i)->content;
        const size_t index = content != NULL ? hs__tokenizer_added_index(added, content, strlen(content)) : added->n;
        if (index == added->n || added->tokens[index].special)
            continue;
        added->tokens[index].special = true;
        tokenizer->hash = hash_token(tokenizer->hash, content, &added->tokens[index]);
    }
}

/* Of a token in both, what tokenizer.json says counts before added_tokens.json. */
static hs_status put_numbered(const tokenizer_settings *settings, hs_tokenizer *tokenizer, hs_error *error)
{
    for (size_t i = 0; i < settings->numbered.n; i++) {
        const tokenizer_named_token *named = &settings->numbered.items[i];
        const int32_t id =
            hs__tokenizer_vocabulary_find(&tokenizer->added.vocabulary, named->content, strlen(named->content));
        tokenizer_added_token token = named->token;
        token.special = token.special || is_named(settings, named->content);
        if (!settings->lists_added && id != TOKENIZER_NO_ID)
            HS_TRY(check_id(named, id, error));
        else
            HS_TRY(put(named, token, tokenizer, error));
    }
    return HS_OK;
}

/* transformers looks among those that it is about to add. */
static bool comes_again(const tokenizer_settings *settings, size_t index)
{
    const tokenizer_named_token *named = hs__tokenizer_settings_special(settings, index);
    for (size_t i = 0; i < index; i++) {
        const tokenizer_named_token *other = hs__tokenizer_settings_special(settings, i);
        if (other->content != NULL && strcmp(other->content, named->content) == 0 &&
            same_flags(&other->token, &named->token))
            return true;
    }
    return false;
}

/* A token that is there already stays as it is; of two with the same text the later one's flags count. */
static hs_status put_specials(const tokenizer_settings *settings, hs_tokenizer *tokenizer, hs_error *error)
{
    const size_t n_before = tokenizer->added.n_listed = tokenizer->added.n;
    for (size_t i = 0; i < hs__tokenizer_settings_n_special(settings); i++) {
        const tokenizer_named_token *named = hs__tokenizer_settings_special(settings, i);
        if (named->content == NULL || comes_again(settings, i) ||
            hs__tokenizer_added_index(&tokenizer->added, named->content, strlen(named->content)) < n_before)
            continue;
        HS_TRY(put(named, named->token, tokenizer, error));
    }
    return HS_OK;
}

static hs_status make_plain(const tokenizer_settings *settings, hs_tokenizer *tokenizer, hs_error *error)
{
    for (size_t i = 0; i < hs__tokenizer_settings_n_special(settings); i++) {
        const tokenizer_named_token *named = hs__tokenizer_settings_special(settings, i);
        if (named->content != NULL)
            HS_TRY(put(named, (tokenizer_added_token){.special = true}, tokenizer, error));
    }
    return HS_OK;
}

hs_status hs__tokenizer_special_tokens_add(const tokenizer_settings *settings, hs_tokenizer *tokenizer, hs_error *error)
{
    mark_special(settings, tokenizer);
    HS_TRY(put_numbered(settings, tokenizer, error));
    HS_TRY(put_specials(settings, tokenizer, error));
    return settings->class != NULL && settings->class->plain_specials ? make_plain(settings, tokenizer, error) : HS_OK;
}

/* A token that only the class names is of no use to a model whose vocabulary lacks it. */
static hs_status find_frame(const tokenizer_settings *settings, tokenizer_name name, const hs_tokenizer *tokenizer,
                            int32_t *id_out, hs_error *error)
{
    const tokenizer_named_token *named = &settings->names[name];
    *id_out = TOKENIZER_NO_ID;
    if (name == TOKENIZER_N_NAMES || named->content == NULL)
        return HS_OK;
    const size_t length = strlen(named->content);
    *id_out = hs_tokenizer_id(tokenizer, named->content);
    if (named->place.file == NULL &&
        hs__tokenizer_vocabulary_find(&tokenizer->model.vocabulary, named->content, length) == TOKENIZER_NO_ID &&
        hs__tokenizer_added_index(&tokenizer->added, named->content, length) >= tokenizer->added.n_listed)
        return hs_fail(error, HS_ERROR_INPUT,
                       "the %s \"%.80s\" is not in the vocabulary; tokenizer_config.json can name another",
                       hs__tokenizer_name_key(name), named->content);
    return HS_OK;
}

hs_status hs__tokenizer_special_tokens_frame(const tokenizer_settings *settings, tokenizer_name before,
                                             tokenizer_name behind, hs_tokenizer *tokenizer, hs_error *error)
{
    const tokenizer_joint joint = settings->class != NULL ? settings->class->joint : TOKENIZER_JOINT_REPEATED;
    int32_t ids[2];
    HS_TRY(find_frame(settings, before, tokenizer, &ids[0], error));
    HS_TRY(find_frame(settings, behind, tokenizer, &ids[1], error));
    return hs__tokenizer_post_processor_set(&tokenizer->post_processor, joint, ids[0], ids[1], error);
}

hs_status hs__tokenizer_special_tokens_frame_of_class(const tokenizer_settings *settings, hs_tokenizer *tokenizer,
                                                      hs_error *error)
{
    static const tokenizer_name AROUND[][2] = {[TOKENIZER_FRAME_OF_FILE] = {TOKENIZER_N_NAMES, TOKENIZER_N_NAMES},
                                               [TOKENIZER_FRAME_NONE] = {TOKENIZER_N_NAMES, TOKENIZER_N_NAMES},
                                               [TOKENIZER_FRAME_CLS_SEP] = {TOKENIZER_CLS, TOKENIZER_SEP},
                                               [TOKENIZER_FRAME_BOS_EOS] = {TOKENIZER_BOS, TOKENIZER_EOS}};
    const tokenizer_frame frame = settings->class != NULL ? settings->class->frame : TOKENIZER_FRAME_OF_FILE;
    if (frame == TOKENIZER_FRAME_OF_FILE)
        return HS_OK;
    return hs__tokenizer_special_tokens_frame(settings, AROUND[frame][0], AROUND[frame][1], tokenizer, error);
}
