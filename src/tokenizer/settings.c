/* settings: the tokens and flags that the files beside a tokenizer give, and what becomes of them in the end. */
#include "tokenizer/settings.h"

#include <stdlib.h>
#include <string.h>

static const char *const NAME_KEYS[TOKENIZER_N_NAMES] = {
    [TOKENIZER_BOS] = "bos_token",  [TOKENIZER_EOS] = "eos_token", [TOKENIZER_UNK] = "unk_token",
    [TOKENIZER_SEP] = "sep_token",  [TOKENIZER_PAD] = "pad_token", [TOKENIZER_CLS] = "cls_token",
    [TOKENIZER_MASK] = "mask_token"};

const char *hs__tokenizer_name_key(tokenizer_name name)
{
    return NAME_KEYS[name];
}

void hs__tokenizer_named_clear(tokenizer_named_token *named)
{
    hs_free(named->content);
    named->content = NULL;
}

hs_status hs__tokenizer_named_set(tokenizer_named_token *named, const char *content, size_t length,
                                  tokenizer_added_token token, const tokenizer_place *place, hs_error *error)
{
    hs__tokenizer_named_clear(named);
    if (length == 0 || strlen(content) != length)
        return hs__tokenizer_fail_at(place, error, "must be a text of a token, is %s",
                                     length == 0 ? "empty" : "a text with a zero character");
    named->content = hs_string_copy_n(content, length, error);
    named->token = token;
    named->place = *place;
    return named->content != NULL ? HS_OK : error->status;
}

hs_status hs__tokenizer_named_append(tokenizer_named_list *list, tokenizer_named_token **item_out, hs_error *error)
{
    HS_TRY(hs_reserve(&list->items, &list->capacity, list->n + 1, sizeof *list->items, "special tokens", error));
    *item_out = &list->items[list->n++];
    **item_out = (tokenizer_named_token){0};
    return HS_OK;
}

size_t hs__tokenizer_settings_n_named(const tokenizer_settings *settings)
{
    return TOKENIZER_N_NAMES + settings->specific.n;
}

size_t hs__tokenizer_settings_n_special(const tokenizer_settings *settings)
{
    return hs__tokenizer_settings_n_named(settings) + settings->extras.n;
}

const tokenizer_named_token *hs__tokenizer_settings_special(const tokenizer_settings *settings, size_t index)
{
    const size_t n_named = hs__tokenizer_settings_n_named(settings);
    if (index < TOKENIZER_N_NAMES)
        return &settings->names[index];
    return index < n_named ? &settings->specific.items[index - TOKENIZER_N_NAMES]
                           : &settings->extras.items[index - n_named];
}

static void clear_list(tokenizer_named_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        hs__tokenizer_named_clear(&list->items[i]);
        hs_free(list->items[i].key);
    }
    hs_free(list->items);
}

void hs__tokenizer_settings_clear(tokenizer_settings *settings)
{
    for (size_t i = 0; i < TOKENIZER_N_NAMES; i++)
        hs__tokenizer_named_clear(&settings->names[i]);
    clear_list(&settings->specific);
    clear_list(&settings->extras);
    clear_list(&settings->numbered);
    hs_free(settings->declared);
    hs_free(settings->model_type);
    hs_free(settings->class_name);
    for (size_t i = 0; i < TOKENIZER_N_SETTINGS_FILES; i++)
        hs_free(settings->paths[i]);
    *settings = (tokenizer_settings){0};
}
