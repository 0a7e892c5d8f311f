/* tokenizer: its life, and what can be asked of it. open_folder.c, encoding.c and decoding.c do its work. */
#include "headsweep/tokenizer.h"

#include "tokenizer/pipeline.h"

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

const char *hs_tokenizer_problem(const hs_tokenizer *tokenizer)
{
    return tokenizer->problem;
}

hs_status hs__tokenizer_check_usable(const hs_tokenizer *tokenizer, hs_error *error)
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

bool hs_tokenizer_cuts_start(const hs_tokenizer *tokenizer)
{
    return tokenizer->cuts_start;
}

bool hs_tokenizer_gives_types(const hs_tokenizer *tokenizer)
{
    return tokenizer->gives_types;
}

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
    return id != TOKENIZER_NO_ID ? id : hs__tokenizer_vocabulary_find(&tokenizer->model.vocabulary, token, length);
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
