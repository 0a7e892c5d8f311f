/*
 * step: reads lists of steps by their table of kinds, runs them, and reads the keys that several
 * kinds have in common.
 */
#include "tokenizer/step.h"

#include <string.h>

enum { MAX_STEPS = 64 };

static const tokenizer_step_kind *find_kind(const tokenizer_step_table *table, const char *type)
{
    for (size_t i = 0; i < table->n_kinds; i++)
        if (strcmp(table->kinds[i].type, type) == 0)
            return &table->kinds[i];
    return NULL;
}

static hs_status fail_type(const tokenizer_step_table *table, const tokenizer_place *place, const char *type,
                           hs_error *error)
{
    char known[400] = "";
    size_t n = 0;
    for (size_t i = 0; i < table->n_kinds && n < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s, ", table->kinds[i].type);
    tokenizer_place below = hs__tokenizer_place_key(place, "type");
    return hs__tokenizer_fail_at(&below, error, "\"%.60s\" is not supported; supported are: %sSequence", type, known);
}

static hs_status read_steps(const tokenizer_step_table *table, const tokenizer_place *place, const hs_json_value *value,
                            tokenizer_steps *steps, hs_error *error);

static hs_status read_sequence(const tokenizer_step_table *table, const tokenizer_place *place,
                               const hs_json_value *value, tokenizer_steps *steps, hs_error *error)
{
    char known[64];
    snprintf(known, sizeof known, "type %s", table->sequence);
    HS_TRY(hs__tokenizer_check_keys(place, value, known, error));
    const hs_json_value *list = NULL;
    HS_TRY(hs__tokenizer_key_array(place, value, table->sequence, &list, error));
    for (size_t i = 0; i < hs_json_size(list); i++) {
        tokenizer_place below = hs__tokenizer_place_index(place, table->sequence, i);
        HS_TRY(read_steps(table, &below, hs_json_at(list, i), steps, error));
    }
    return HS_OK;
}

static hs_status read_step(const tokenizer_step_kind *kind, const tokenizer_place *place, const hs_json_value *value,
                           tokenizer_steps *steps, hs_error *error)
{
    char known[160];
    snprintf(known, sizeof known, "type %s", kind->keys);
    HS_TRY(hs__tokenizer_check_keys(place, value, known, error));
    if (steps->n == MAX_STEPS)
        return hs__tokenizer_fail_at(place, error, "more than %d steps in a row", MAX_STEPS);
    HS_TRY(hs_reserve(&steps->items, &steps->capacity, steps->n + 1, sizeof *steps->items, "tokenizer steps", error));
    tokenizer_step *step = &steps->items[steps->n++];
    *step = (tokenizer_step){.kind = kind};
    return kind->read(place, value, step, error);
}

static hs_status read_steps(const tokenizer_step_table *table, const tokenizer_place *place, const hs_json_value *value,
                            tokenizer_steps *steps, hs_error *error)
{
    const char *type = NULL;
    size_t length = 0;
    if (hs_json_kind_of(value) != HS_JSON_OBJECT)
        return hs__tokenizer_fail_at(place, error, "must be an object or null, is %s",
                                     hs_json_kind_name(hs_json_kind_of(value)));
    HS_TRY(hs__tokenizer_key_string(place, value, "type", &type, &length, error));
    if (strcmp(type, "Sequence") == 0)
        return read_sequence(table, place, value, steps, error);
    const tokenizer_step_kind *kind = find_kind(table, type);
    return kind != NULL ? read_step(kind, place, value, steps, error) : fail_type(table, place, type, error);
}

hs_status hs__tokenizer_steps_read(const tokenizer_step_table *table, const char *file, const hs_json_value *root,
                                   tokenizer_steps *steps, hs_error *error)
{
    const hs_json_value *value = hs_json_get(root, table->key);
    if (value == NULL || hs_json_kind_of(value) == HS_JSON_NULL)
        return HS_OK;
    tokenizer_place whole = {.file = file};
    tokenizer_place place = hs__tokenizer_place_key(&whole, table->key);
    return read_steps(table, &place, value, steps, error);
}

hs_status hs__tokenizer_steps_apply(const tokenizer_steps *steps, tokenizer_workspace *work, hs_error *error)
{
    for (size_t i = 0; i < steps->n; i++)
        HS_TRY(steps->items[i].kind->apply(&steps->items[i], work, error));
    return HS_OK;
}

bool hs__tokenizer_steps_have(const tokenizer_steps *steps, const char *type)
{
    for (size_t i = 0; i < steps->n; i++)
        if (strcmp(steps->items[i].kind->type, type) == 0)
            return true;
    return false;
}

void hs__tokenizer_steps_clear(tokenizer_steps *steps)
{
    for (size_t i = 0; i < steps->n; i++) {
        hs__tokenizer_pattern_free(steps->items[i].pattern);
        hs__tokenizer_charsmap_free(steps->items[i].charsmap);
        hs_free(steps->items[i].text);
    }
    hs_free(steps->items);
    *steps = (tokenizer_steps){0};
}

hs_status hs__tokenizer_read_nothing(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                                     hs_error *error)
{
    (void)place;
    (void)value;
    (void)step;
    (void)error;
    return HS_OK;
}

hs_status hs__tokenizer_read_text(const tokenizer_place *place, const hs_json_value *value, const char *key,
                                  tokenizer_step *step, hs_error *error)
{
    const char *text = NULL;
    HS_TRY(hs__tokenizer_key_string(place, value, key, &text, &step->text_length, error));
    if (step->text_length > TOKENIZER_MAX_TOKEN_BYTES) {
        tokenizer_place below = hs__tokenizer_place_key(place, key);
        return hs__tokenizer_fail_at(&below, error, "has more than %d bytes", TOKENIZER_MAX_TOKEN_BYTES);
    }
    step->text = hs_string_copy_n(text, step->text_length, error);
    return step->text != NULL ? HS_OK : error->status;
}

/*
 * One key and not both, as `tokenizers` demands. A String is compared as it is, whatever it means
 * as an expression.
 */
hs_status hs__tokenizer_read_pattern(const tokenizer_place *place, const hs_json_value *value, bool any_bytes,
                                     tokenizer_step *step, hs_error *error)
{
    const hs_json_value *pattern = hs_json_get(value, "pattern");
    tokenizer_place below = hs__tokenizer_place_key(place, "pattern");
    const char *text = NULL;
    size_t length = 0;
    if (pattern == NULL)
        return hs__tokenizer_fail_at(&below, error, "is missing; {\"String\": ...} or {\"Regex\": ...} is needed");
    HS_TRY(hs__tokenizer_check_keys(&below, pattern, "String Regex", error));
    if (hs_json_size(pattern) != 1)
        return hs__tokenizer_fail_at(&below, error, "must have either the key String or the key Regex");
    bool is_regex = hs_json_get(pattern, "Regex") != NULL;
    HS_TRY(hs__tokenizer_key_string(&below, pattern, is_regex ? "Regex" : "String", &text, &length, error));
    hs_status status = hs__tokenizer_pattern_new(text, length, is_regex, any_bytes, &step->pattern, error);
    return status == HS_OK ? HS_OK : hs__tokenizer_name_place(&below, error);
}

/* Files older than the key mean "always". */
static hs_status read_prepend_scheme(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                                     hs_error *error)
{
    static const char *const NAMES[] = {[TOKENIZER_PREPEND_ALWAYS] = "always",
                                        [TOKENIZER_PREPEND_FIRST] = "first",
                                        [TOKENIZER_PREPEND_NEVER] = "never"};
    const char *name = NULL;
    size_t length = 0;
    HS_TRY(hs__tokenizer_key_string_optional(place, value, "prepend_scheme", &name, &length, error));
    step->prepend_scheme = TOKENIZER_PREPEND_ALWAYS;
    if (name == NULL)
        return HS_OK;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strcmp(NAMES[i], name) == 0) {
            step->prepend_scheme = (tokenizer_prepend_scheme)i;
            return HS_OK;
        }
    tokenizer_place below = hs__tokenizer_place_key(place, "prepend_scheme");
    return hs__tokenizer_fail_at(&below, error, "must be always, first or never, is \"%.60s\"", name);
}

/* The mark that replaces spaces is compiled as well, because the text is split at it afterwards. */
hs_status hs__tokenizer_read_metaspace(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                                       hs_error *error)
{
    bool add_prefix_space = true;
    step->split = true;
    HS_TRY(hs__tokenizer_read_text(place, value, "replacement", step, error));
    HS_TRY(read_prepend_scheme(place, value, step, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "add_prefix_space", &add_prefix_space, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "split", &step->split, error));
    if (step->text_length == 0 || hs_utf8_length(step->text, step->text_length) != step->text_length) {
        tokenizer_place below = hs__tokenizer_place_key(place, "replacement");
        return hs__tokenizer_fail_at(&below, error, "must be one character, is \"%.60s\"", step->text);
    }
    /* Files older than prepend_scheme have add_prefix_space alone; where both are there they must agree. */
    if (!add_prefix_space && hs_json_get(value, "prepend_scheme") != NULL &&
        step->prepend_scheme != TOKENIZER_PREPEND_NEVER) {
        tokenizer_place below = hs__tokenizer_place_key(place, "add_prefix_space");
        return hs__tokenizer_fail_at(&below, error, "is false, but prepend_scheme is not \"never\"");
    }
    if (!add_prefix_space)
        step->prepend_scheme = TOKENIZER_PREPEND_NEVER;
    hs_status status = hs__tokenizer_pattern_new(step->text, step->text_length, false, false, &step->pattern, error);
    return status == HS_OK ? HS_OK : hs__tokenizer_name_place(place, error);
}

hs_status hs__tokenizer_read_byte_level(const tokenizer_place *place, const hs_json_value *value, tokenizer_step *step,
                                        hs_error *error)
{
    static const char GPT2_WORDS[] =
        "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    bool trim_offsets = true; /* concerns offsets, which are not computed */
    step->add_prefix_space = true;
    step->use_regex = true;
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "add_prefix_space", &step->add_prefix_space, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "use_regex", &step->use_regex, error));
    HS_TRY(hs__tokenizer_key_boolean_optional(place, value, "trim_offsets", &trim_offsets, error));
    return hs__tokenizer_pattern_new(GPT2_WORDS, sizeof GPT2_WORDS - 1, true, false, &step->pattern, error);
}

/* For normalizers and decoders alike, so that a Replace means the same in both. */
hs_status hs__tokenizer_rewrite_replace(const void *how, tokenizer_workspace *work, const char *text, size_t length,
                                        bool *at_origin_inout, hs_error *error)
{
    const tokenizer_step *step = how;
    HS_TRY(hs__tokenizer_pattern_spans(step->pattern, text, length, &work->spans, error));
    for (size_t i = 0; i < work->spans.n; i++) {
        const tokenizer_span *span = &work->spans.items[i];
        /* What replaces a longer match at the front stems from the last character of that match. */
        if (i == 0 && span->is_match && (step->text_length == 0 || hs_utf8_length(text, span->end) < span->end))
            *at_origin_inout = false;
        if (span->is_match)
            HS_TRY(hs__tokenizer_next_append(work, step->text, step->text_length, error));
        else
            HS_TRY(hs__tokenizer_next_append(work, text + span->start, span->end - span->start, error));
    }
    return HS_OK;
}
