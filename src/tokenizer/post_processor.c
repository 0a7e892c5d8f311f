#include "tokenizer/post_processor.h"

#include "tokenizer/model.h"

#include <string.h>

/* What the read functions share: where the ids go and what ids there are. */
typedef struct processor_reader {
    tok_post_processor *processor;
    size_t vocabulary;
} processor_reader;

typedef struct processor_kind {
    const char *type;
    const char *keys;
    hs_status (*read)(const tok_place *place, const hs_json_value *value, processor_reader *reader, hs_error *error);
} processor_kind;

static hs_status check_id(const tok_place *place, const hs_json_value *id, const processor_reader *reader,
                          hs_error *error)
{
    if (id == NULL || !hs_json_is_integer(id))
        return tok_fail_at(place, error, "needs an integer id");
    if (hs_json_integer(id) < 0 || (uint64_t)hs_json_integer(id) >= reader->vocabulary)
        return tok_fail_at(place, error, "id %lld is outside the vocabulary of %zu", (long long)hs_json_integer(id),
                           reader->vocabulary);
    return HS_OK;
}

/* Later processors of a sequence wrap what the earlier ones made, so their ids in front go to the very front. */
static hs_status wrap(processor_reader *reader, const hs_token_list *before, const hs_token_list *behind,
                      hs_error *error)
{
    hs_token_list joined = {0};
    hs_status status = HS_OK;
    tok_post_processor *processor = reader->processor;
    for (size_t i = 0; status == HS_OK && i < before->n; i++)
        status = tok_ids_add(&joined, before->ids[i], error);
    for (size_t i = 0; status == HS_OK && i < processor->before.n; i++)
        status = tok_ids_add(&joined, processor->before.ids[i], error);
    for (size_t i = 0; status == HS_OK && i < behind->n; i++)
        status = tok_ids_add(&processor->behind, behind->ids[i], error);
    hs_token_list_clear(&processor->before);
    processor->before = joined;
    return status;
}

/* ---- TemplateProcessing ----------------------------------------------------------------------------------------- */

static hs_status add_special(const tok_place *place, const hs_json_value *template, const hs_json_value *piece,
                             const processor_reader *reader, hs_token_list *ids, hs_error *error)
{
    const char *name = NULL;
    size_t length = 0;
    const hs_json_value *list = NULL;
    HS_TRY(tok_check_keys(place, piece, "id type_id", error));
    HS_TRY(tok_key_string(place, piece, "id", &name, &length, error));
    const hs_json_value *token = hs_json_get(hs_json_get(template, "special_tokens"), name);
    if (token == NULL)
        return tok_fail_at(place, error, "token \"%.80s\" is not among special_tokens", name);
    HS_TRY(tok_key_array(place, token, "ids", &list, error));
    for (size_t i = 0; i < hs_json_size(list); i++) {
        HS_TRY(check_id(place, hs_json_at(list, i), reader, error));
        HS_TRY(tok_ids_add(ids, (int32_t)hs_json_integer(hs_json_at(list, i)), error));
    }
    return HS_OK;
}

/* One element of "single"; the sequence, which must come exactly once, parts what is before from what is behind. */
static hs_status read_piece(const tok_place *place, const hs_json_value *template, const hs_json_value *piece,
                            const processor_reader *reader, hs_token_list lists[2], size_t *n_sequences,
                            hs_error *error)
{
    HS_TRY(tok_check_keys(place, piece, "Sequence SpecialToken", error));
    const hs_json_value *special = hs_json_get(piece, "SpecialToken");
    const hs_json_value *sequence = hs_json_get(piece, "Sequence");
    if (hs_json_size(piece) != 1)
        return tok_fail_at(place, error, "must have either the key Sequence or the key SpecialToken");
    if (special != NULL)
        return add_special(place, template, special, reader, &lists[*n_sequences > 0 ? 1 : 0], error);
    const char *name = NULL;
    size_t length = 0;
    HS_TRY(tok_key_string(place, sequence, "id", &name, &length, error));
    if (strcmp(name, "A") != 0 || ++*n_sequences > 1)
        return tok_fail_at(place, error, "only one sequence, A, is supported");
    return HS_OK;
}

static hs_status read_template(const tok_place *place, const hs_json_value *value, processor_reader *reader,
                               hs_error *error)
{
    hs_status status = HS_OK;
    hs_token_list lists[2] = {{0}};
    size_t n_sequences = 0;
    const hs_json_value *single = NULL;
    HS_TRY(tok_key_array(place, value, "single", &single, error));
    for (size_t i = 0; i < hs_json_size(single); i++) {
        tok_place below = tok_place_index(place, "single", i);
        HS_GOTO_DONE(read_piece(&below, value, hs_json_at(single, i), reader, lists, &n_sequences, error));
    }
    if (n_sequences == 0)
        status = tok_fail_at(place, error, "\"single\" lacks the sequence A");
    else
        status = wrap(reader, &lists[0], &lists[1], error);
done:
    hs_token_list_clear(&lists[0]);
    hs_token_list_clear(&lists[1]);
    return status;
}

/* ---- the others ------------------------------------------------------------------------------------------------- */

/* ["[CLS]", 101] under `key` */
static hs_status read_pair(const tok_place *place, const hs_json_value *value, const char *key,
                           const processor_reader *reader, hs_token_list *list, hs_error *error)
{
    tok_place below = tok_place_key(place, key);
    const hs_json_value *pair = NULL;
    HS_TRY(tok_key_array(place, value, key, &pair, error));
    HS_TRY(check_id(&below, hs_json_at(pair, 1), reader, error));
    return tok_ids_add(list, (int32_t)hs_json_integer(hs_json_at(pair, 1)), error);
}

static hs_status read_cls_sep(const tok_place *place, const hs_json_value *value, processor_reader *reader,
                              hs_error *error)
{
    hs_status status = HS_OK;
    hs_token_list before = {0};
    hs_token_list behind = {0};
    HS_GOTO_DONE(read_pair(place, value, "cls", reader, &before, error));
    HS_GOTO_DONE(read_pair(place, value, "sep", reader, &behind, error));
    status = wrap(reader, &before, &behind, error);
done:
    hs_token_list_clear(&before);
    hs_token_list_clear(&behind);
    return status;
}

/* Concerns offsets only. */
static hs_status read_byte_level(const tok_place *place, const hs_json_value *value, processor_reader *reader,
                                 hs_error *error)
{
    (void)place;
    (void)value;
    (void)reader;
    (void)error;
    return HS_OK;
}

static hs_status read_sequence(const tok_place *place, const hs_json_value *value, processor_reader *reader,
                               hs_error *error);

static const processor_kind KINDS[] = {
    {"TemplateProcessing", "single pair special_tokens", read_template},
    {"ByteLevel", "add_prefix_space trim_offsets use_regex", read_byte_level},
    {"BertProcessing", "sep cls", read_cls_sep},
    {"RobertaProcessing", "sep cls trim_offsets add_prefix_space", read_cls_sep},
    {"Sequence", "processors", read_sequence},
};

static hs_status read_processor(const tok_place *place, const hs_json_value *value, processor_reader *reader,
                                hs_error *error)
{
    const char *type = NULL;
    size_t length = 0;
    char known[160];
    if (hs_json_kind_of(value) != HS_JSON_OBJECT)
        return tok_fail_at(place, error, "must be an object or null, is %s", hs_json_kind_name(hs_json_kind_of(value)));
    HS_TRY(tok_key_string(place, value, "type", &type, &length, error));
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (strcmp(KINDS[i].type, type) == 0) {
            snprintf(known, sizeof known, "type %s", KINDS[i].keys);
            HS_TRY(tok_check_keys(place, value, known, error));
            return KINDS[i].read(place, value, reader, error);
        }
    tok_place below = tok_place_key(place, "type");
    return tok_fail_at(&below, error,
                       "\"%.60s\" is not supported; supported are: TemplateProcessing, ByteLevel, BertProcessing, "
                       "RobertaProcessing, Sequence",
                       type);
}

static hs_status read_sequence(const tok_place *place, const hs_json_value *value, processor_reader *reader,
                               hs_error *error)
{
    const hs_json_value *list = NULL;
    HS_TRY(tok_key_array(place, value, "processors", &list, error));
    for (size_t i = 0; i < hs_json_size(list); i++) {
        tok_place below = tok_place_index(place, "processors", i);
        HS_TRY(read_processor(&below, hs_json_at(list, i), reader, error));
    }
    return HS_OK;
}

hs_status tok_post_processor_read(const char *file, const hs_json_value *root, size_t vocabulary,
                                  tok_post_processor *processor, hs_error *error)
{
    const hs_json_value *value = hs_json_get(root, "post_processor");
    if (value == NULL || hs_json_kind_of(value) == HS_JSON_NULL)
        return HS_OK;
    tok_place whole = {.file = file};
    tok_place place = tok_place_key(&whole, "post_processor");
    processor_reader reader = {.processor = processor, .vocabulary = vocabulary};
    return read_processor(&place, value, &reader, error);
}

void tok_post_processor_clear(tok_post_processor *processor)
{
    hs_token_list_clear(&processor->before);
    hs_token_list_clear(&processor->behind);
}
