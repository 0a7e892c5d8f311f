/*
 * extras: signs that a checkpoint is not what its config says (adapters, quantised weights,
 * wrappers), and the tensors that are left when all rules are served.
 */
#include "model/extras.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "model/quantised.h"

typedef struct sign {
    const char *pattern;
    const char *meaning;
} sign;

#define ADAPTER "an adapter lies beside the weights; merge it into them first (peft: merge_and_unload())"
#define QUANTISED hs__model_quantised_advice

#define WRAPPED                                                                                                      \
    "a module inside the model is wrapped (torch.compile, FSDP, activation checkpointing); take the wrapper's name " \
    "out of the tensors' names: python3 -c \"from safetensors.torch import load_file as l, save_file as s; "         \
    "s({k.replace('_orig_mod.', ''): v for k, v in l('OLD.safetensors').items()}, 'NEW.safetensors', "               \
    "metadata={'format': 'pt'})\", with its name in place of _orig_mod"

/* Of names after the prefixes that trainers put before all. */
static const sign signs[] = {
    {"*_orig_mod.*", WRAPPED},
    {"*_fsdp_wrapped_module.*", WRAPPED},
    {"*_checkpoint_wrapped_module.*", WRAPPED},
    {"*lora_*", ADAPTER},
    {"*.base_layer.*", ADAPTER},
    {"*.ia3_l*", ADAPTER},
    {"*.modules_to_save.*", ADAPTER},
    {"*.adapters.*", ADAPTER},
    {"*.adapter_*", ADAPTER},
    {"*prompt_encoder.*", ADAPTER},
    {"*prefix_encoder.*", ADAPTER},
    {"*.hada_w*", ADAPTER},
    {"*.lokr_w*", ADAPTER},
    {"*.oft_*", ADAPTER},
    {"*.vera_*", ADAPTER},
    {"*.qweight", QUANTISED},
    {"*.qzeros", QUANTISED},
    {"*.g_idx", QUANTISED},
    {"*.scales", QUANTISED},
    {"*.weight_scale", QUANTISED},
    {"*.weight_scale_inv", QUANTISED},
    {"*.weight_packed", QUANTISED},
    {"*.SCB", QUANTISED},
    {"*.absmax", QUANTISED},
    {"*.quant_map", QUANTISED},
    {"*.quant_state.*", QUANTISED},
    {"*.weight_zero_point", QUANTISED},
};

hs_status hs__model_extras_check_signs(const hs_tensor_names *names, hs_error *error)
{
    const hs_tensor_table *table = names->table;
    for (size_t t = 0; t < table->n_tensors; t++)
        for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
            if (fnmatch(signs[i].pattern, hs__model_tensor_names_strip(names, table->tensors[t]->name), 0) == 0)
                return hs_fail(error, HS_ERROR_INPUT, "%s: tensor %s: %s", table->tensors[t]->path,
                               table->tensors[t]->name, signs[i].meaning);
    return HS_OK;
}

/* Buffers, which every version makes anew. */
static const char *const buffers[] = {"*rotary_emb.inv_freq", "*rotary_emb.cos_cached", "*rotary_emb.sin_cached",
                                      "*position_ids", "*_extra_state"};

static bool is_ignored(const hs_family *family, const char *name)
{
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++)
        if (fnmatch(buffers[i], name, 0) == 0)
            return true;
    const char *const *pattern = family->ignored_patterns;
    for (; pattern != NULL && *pattern != NULL; pattern++)
        if (fnmatch(*pattern, name, 0) == 0)
            return true;
    return false;
}

/* Do both begin with the same module? */
static bool shares_module(const char *name, const char *pattern)
{
    size_t length = strcspn(name, ".");
    return length == strcspn(pattern, ".") && strncmp(name, pattern, length) == 0;
}

static bool is_module_of_rules(const hs_tensor_rule *rules, const char *name)
{
    char pattern[HS_MAX_TENSOR_PATTERN];
    for (; rules->pattern != NULL; rules++) {
        hs__model_pattern_expand(rules->pattern, "", (hs_pattern_place){0, 0}, pattern, sizeof pattern);
        if (shares_module(name, pattern))
            return true;
    }
    return false;
}

static bool has_base_prefix(const hs_tensor_names *names, const char *name)
{
    size_t length = strlen(names->wrapper);
    if (strncmp(name, names->wrapper, length) == 0)
        name += length;
    return strncmp(name, names->family->base_prefix, strlen(names->family->base_prefix)) == 0;
}

static bool is_computed(const hs_tensor_names *names, const hs_architecture *architecture, const char *name)
{
    const char *stripped = hs__model_tensor_names_strip(names, name);
    return has_base_prefix(names, name) || is_module_of_rules(names->family->rules, stripped) ||
           is_module_of_rules(architecture->rules, stripped);
}

/* Is it of a layer after the last one? */
static bool is_of_a_later_layer(const hs_tensor_names *names, size_t n_layers, const char *name)
{
    char start[HS_MAX_TENSOR_PATTERN], *end = NULL;
    const hs_tensor_rule *rule = names->family->rules;
    while (!hs__model_pattern_is_per_layer(rule->pattern))
        rule++;
    hs__model_pattern_expand(rule->pattern, "", (hs_pattern_place){0, 0}, start, sizeof start);
    size_t length = strcspn(start, "0");
    const char *number = hs__model_tensor_names_strip(names, name) + length;
    if (strncmp(number - length, start, length) != 0 || *number < '0' || *number > '9')
        return false;
    return strtoull(number, &end, 10) >= n_layers && *end == '.';
}

static hs_status fail_computed(const hs_tensor_names *names, const hs_architecture *architecture, size_t n_layers,
                               const hs_tensor *tensor, hs_error *error)
{
    bool later = is_of_a_later_layer(names, n_layers, tensor->name);
    return hs_fail(
        error, HS_ERROR_INPUT,
        "%s: unexpected tensor %s: family %s (%s) with %zu layers and these options has none of that name%s. "
        "transformers would leave it out and compute another function than the weights were made for; if "
        "that is what you want, save what it loads: python3 -c \"import transformers as t; t.%s."
        "from_pretrained('FOLDER').save_pretrained('NEW_FOLDER')\"",
        tensor->path, tensor->name, names->family->model_type, architecture->name, n_layers,
        later ? ": the weights have more layers than config.json says" : "", architecture->name);
}

enum { SHOWN_NAMES = 4 };

/* One note with the first few names: a module that is left out can have hundreds of tensors. */
static hs_status note_beside(const hs_tensor_names *names, const hs_architecture *architecture, const bool *is_beside,
                             size_t n_beside, hs_note_list *notes, hs_error *error)
{
    hs_text shown = {0};
    hs_status status = HS_OK;
    size_t n_shown = 0;
    for (size_t t = 0; t < names->table->n_tensors && n_shown < SHOWN_NAMES; t++)
        if (is_beside[t])
            HS_GOTO_DONE(
                hs_text_appendf(&shown, error, "%s%s", n_shown++ > 0 ? ", " : "", names->table->tensors[t]->name));
    if (n_beside > n_shown)
        HS_GOTO_DONE(hs_text_appendf(&shown, error, " and %zu more", n_beside - n_shown));
    status = hs__model_note_add(notes, error, "%zu tensor%s of the file %s left out, as not part of %s: %s", n_beside,
                                n_beside == 1 ? "" : "s", n_beside == 1 ? "is" : "are", architecture->name, shown.text);
done:
    hs_text_clear(&shown);
    return status;
}

/*
 * A tensor of a module that is computed ends the walk at once, for the numbers would be another
 * model's; all others are counted before the note is written.
 */
hs_status hs__model_extras_check(const hs_tensor_names *names, const hs_architecture *architecture, size_t n_layers,
                                 const bool *is_used, hs_note_list *notes, hs_error *error)
{
    const hs_tensor_table *table = names->table;
    bool *is_beside = NULL;
    size_t n_beside = 0;
    hs_status status;
    HS_TRY(hs_allocate(&is_beside, table->n_tensors, sizeof *is_beside, "tensors", error));
    for (size_t t = 0; t < table->n_tensors; t++) {
        if (is_used[t] || is_ignored(names->family, hs__model_tensor_names_strip(names, table->tensors[t]->name)))
            continue;
        if (is_computed(names, architecture, table->tensors[t]->name))
            HS_GOTO_DONE(fail_computed(names, architecture, n_layers, table->tensors[t], error));
        is_beside[t] = true;
        n_beside++;
    }
    status = n_beside > 0 ? note_beside(names, architecture, is_beside, n_beside, notes, error) : HS_OK;
done:
    hs_free(is_beside);
    return status;
}
