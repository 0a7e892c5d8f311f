/*
 * post_processor: reads TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel and
 * sequences of them into two templates, for one text and for a pair.
 */
#include "tokenizer/post_processor.h"

#include "tokenizer/piece_model.h"

#include <string.h>

/* What the read functions share: what is read and what ids there are. */
typedef struct processor_reader {
    tokenizer_post_processor *processor;
    size_t vocabulary;
} processor_reader;

typedef struct processor_kind {
    const char *type;
    const char *keys;
    hs_status (*read)(const tokenizer_place *place, const hs_json_value *value, processor_reader *reader,
                      hs_error *error);
} processor_kind;

static hs_status check_id(const tokenizer_place *place, const hs_json_value *id, const processor_reader *reader,
                          hs_error *error)
{
    if (id == NULL || !hs_json_is_integer(id))
        return hs__tokenizer_fail_at(place, error, "needs an integer id");
    if (hs_json_integer(id) < 0 || (uint64_t)hs_json_integer(id) >= reader->vocabulary)
        return hs__tokenizer_fail_at(place, error, "id %lld is outside the vocabulary of %zu",
                                     (long long)hs_json_integer(id), reader->vocabulary);
    return HS_OK;
}

static hs_status add_piece(tokenizer_template *template, tokenizer_template_piece piece, hs_error *error)
{
    HS_TRY(hs_reserve(&template->pieces, &template->capacity, template->n + 1, sizeof *template->pieces,
                      "post-processor", error));
    template->pieces[template->n++] = piece;
    return HS_OK;
}

static void clear_template(tokenizer_template *template)
{
    hs_free(template->pieces);
    *template = (tokenizer_template){0};
}

size_t hs__tokenizer_template_n_special(const tokenizer_template *template)
{
    size_t n = 0;
    for (size_t i = 0; i < template->n; i++)
        n += template->pieces[i].kind == TOKENIZER_PIECE_SPECIAL;
    return n;
}

/* "C0A0S0": CLS, the first text and SEP, each of type 0. Tokens that there are not are left out. */
static hs_status add_pieces(tokenizer_template *template, const char *pieces, int32_t cls, int32_t sep, hs_error *error)
{
    for (; *pieces != '\0'; pieces += 2) {
        tokenizer_template_piece piece = {.type = pieces[1] - '0'};
        if (pieces[0] == 'A' || pieces[0] == 'B')
            piece.kind = pieces[0] == 'A' ? TOKENIZER_PIECE_FIRST : TOKENIZER_PIECE_SECOND;
        else
            piece.id = pieces[0] == 'C' ? cls : sep;
        if (piece.kind != TOKENIZER_PIECE_SPECIAL || piece.id != TOKENIZER_NO_ID)
            HS_TRY(add_piece(template, piece, error));
    }
    return HS_OK;
}

/* Puts `inner` where the outer template has its text. */
static hs_status wrap(const tokenizer_template *outer, tokenizer_template *inner, hs_error *error)
{
    tokenizer_template wrapped = {0};
    hs_status status = HS_OK;
    for (size_t i = 0; i < outer->n; i++) {
        bool is_text = outer->pieces[i].kind != TOKENIZER_PIECE_SPECIAL;
        const tokenizer_template_piece *pieces = is_text ? inner->pieces : &outer->pieces[i];
        for (size_t k = 0; k < (is_text ? inner->n : 1); k++)
            HS_GOTO_DONE(add_piece(&wrapped, pieces[k], error));
    }
    clear_template(inner);
    *inner = wrapped;
    wrapped = (tokenizer_template){0};
done:
    clear_template(&wrapped);
    return status;
}

/*
 * Takes the templates of one more processor over. In a sequence later ones wrap what the earlier ones made of a text;
 * what becomes of a pair there is not understood.
 */
static hs_status apply(tokenizer_post_processor *processor, tokenizer_template *single, tokenizer_template *pair,
                       hs_error *error)
{
    if (processor->adds_tokens) {
        processor->no_pair = "several parts of its post_processor add special tokens";
        return wrap(single, &processor->single, error);
    }
    hs__tokenizer_post_processor_clear(processor);
    *processor = (tokenizer_post_processor){.single = *single, .pair = *pair, .adds_tokens = true};
    *single = *pair = (tokenizer_template){0};
    return HS_OK;
}

/*
 * The manners of joining a pair are rows of short templates, so that they go the way of a file's
 * own.
 */
static hs_status apply_joint(tokenizer_post_processor *processor, tokenizer_joint joint, int32_t cls, int32_t sep,
                             hs_error *error)
{
    static const struct {
        const char *single;
        const char *pair;
    } PIECES[] = {[TOKENIZER_JOINT_REPEATED] = {"C0A0S0", "C0A0S0C1B1S1"},
                  [TOKENIZER_JOINT_SEGMENTS] = {"C0A0S0", "C0A0S0B1S1"},
                  [TOKENIZER_JOINT_SEPARATORS] = {"C0A0S0", "C0A0S0S0B0S0"}};
    tokenizer_template single = {0};
    tokenizer_template pair = {0};
    hs_status status;
    HS_GOTO_DONE(add_pieces(&single, PIECES[joint].single, cls, sep, error));
    HS_GOTO_DONE(add_pieces(&pair, PIECES[joint].pair, cls, sep, error));
    status = apply(processor, &single, &pair, error);
done:
    clear_template(&single);
    clear_template(&pair);
    return status;
}

hs_status hs__tokenizer_post_processor_set(tokenizer_post_processor *processor, tokenizer_joint joint, int32_t before,
                                           int32_t behind, hs_error *error)
{
    hs__tokenizer_post_processor_clear(processor);
    *processor = (tokenizer_post_processor){0};
    HS_TRY(apply_joint(processor, joint, before, behind, error));
    processor->adds_tokens = before != TOKENIZER_NO_ID || behind != TOKENIZER_NO_ID;
    return HS_OK;
}

void hs__tokenizer_post_processor_clear(tokenizer_post_processor *processor)
{
    clear_template(&processor->single);
    clear_template(&processor->pair);
}

/* A special token of a template may stand for several ids. */
static hs_status read_special(const tokenizer_place *place, const hs_json_value *root, const hs_json_value *special,
                              int32_t type, const processor_reader *reader, tokenizer_template *template,
                              hs_error *error)
{
    const char *name = NULL;
    size_t length = 0;
    const hs_json_value *list = NULL;
    HS_TRY(hs__tokenizer_key_string(place, special, "id", &name, &length, error));
    const hs_json_value *token = hs_json_get(hs_json_get(root, "special_tokens"), name);
    if (token == NULL)
        return hs__tokenizer_fail_at(place, error, "token \"%.80s\" is not among special_tokens", name);
    HS_TRY(hs__tokenizer_key_array(place, token, "ids", &list, error));
    for (size_t i = 0; i < hs_json_size(list); i++) {
        HS_TRY(check_id(place, hs_json_at(list, i), reader, error));
        int32_t id = (int32_t)hs_json_integer(hs_json_at(list, i));
        HS_TRY(add_piece(template, (tokenizer_template_piece){.id = id, .type = type}, error));
    }
    return HS_OK;
}

static hs_status read_text(const tokenizer_place *place, const hs_json_value *sequence, int32_t type,
                           tokenizer_template *template, hs_error *error)
{
    const char *name = NULL;
    size_t length = 0;
    HS_TRY(hs__tokenizer_key_string(place, sequence, "id", &name, &length, error));
    if (strcmp(name, "A") != 0 && strcmp(name, "B") != 0)
        return hs__tokenizer_fail_at(place, error, "sequence \"%.80s\" is neither A nor B", name);
    tokenizer_piece_kind kind = name[0] == 'A' ? TOKENIZER_PIECE_FIRST : TOKENIZER_PIECE_SECOND;
    return add_piece(template, (tokenizer_template_piece){.kind = kind, .type = type}, error);
}

static hs_status read_piece(const tokenizer_place *place, const hs_json_value *root, const hs_json_value *piece,
                            const processor_reader *reader, tokenizer_template *template, hs_error *error)
{
    int64_t type = 0;
    HS_TRY(hs__tokenizer_check_keys(place, piece, "Sequence SpecialToken", error));
    const hs_json_value *special = hs_json_get(piece, "SpecialToken");
    const hs_json_value *what = special != NULL ? special : hs_json_get(piece, "Sequence");
    if (hs_json_size(piece) != 1)
        return hs__tokenizer_fail_at(place, error, "must have either the key Sequence or the key SpecialToken");
    HS_TRY(hs__tokenizer_check_keys(place, what, "id type_id", error));
    if (hs_json_get(what, "type_id") != NULL)
        HS_TRY(hs__tokenizer_key_integer(place, what, "type_id", 0, INT32_MAX, &type, error));
    return special != NULL ? read_special(place, root, special, (int32_t)type, reader, template, error)
                           : read_text(place, what, (int32_t)type, template, error);
}

static hs_status read_pieces(const tokenizer_place *place, const hs_json_value *root, const char *key,
                             const processor_reader *reader, tokenizer_template *template, hs_error *error)
{
    const hs_json_value *pieces = NULL;
    HS_TRY(hs__tokenizer_key_array(place, root, key, &pieces, error));
    for (size_t i = 0; i < hs_json_size(pieces); i++) {
        tokenizer_place below = hs__tokenizer_place_index(place, key, i);
        HS_TRY(read_piece(&below, root, hs_json_at(pieces, i), reader, template, error));
    }
    return HS_OK;
}

static size_t count_texts(const tokenizer_template *template, tokenizer_piece_kind kind)
{
    size_t n = 0;
    for (size_t i = 0; i < template->n; i++)
        n += template->pieces[i].kind == kind;
    return n;
}

/*
 * A `pair` that cannot be used is an error only for those who encode a pair: files of decoders
 * have odd ones, which nobody uses.
 */
static hs_status read_template(const tokenizer_place *place, const hs_json_value *value, processor_reader *reader,
                               hs_error *error)
{
    hs_status status = HS_OK;
    tokenizer_template single = {0};
    tokenizer_template pair = {0};
    HS_GOTO_DONE(read_pieces(place, value, "single", reader, &single, error));
    if (hs_json_get(value, "pair") != NULL)
        HS_GOTO_DONE(read_pieces(place, value, "pair", reader, &pair, error));
    if (count_texts(&single, TOKENIZER_PIECE_FIRST) != 1 || count_texts(&single, TOKENIZER_PIECE_SECOND) != 0) {
        status = hs__tokenizer_fail_at(place, error, "\"single\" must have the sequence A once, and no other");
        goto done;
    }
    bool has_pair = count_texts(&pair, TOKENIZER_PIECE_FIRST) == 1 && count_texts(&pair, TOKENIZER_PIECE_SECOND) == 1;
    HS_GOTO_DONE(apply(reader->processor, &single, &pair, error));
    if (!has_pair)
        reader->processor->no_pair = "\"pair\" of its post_processor does not have the sequences A and B once each";
done:
    clear_template(&single);
    clear_template(&pair);
    return status;
}

/* ["[CLS]", 101] under `key` */
static hs_status read_token(const tokenizer_place *place, const hs_json_value *value, const char *key,
                            const processor_reader *reader, int32_t *id_out, hs_error *error)
{
    tokenizer_place below = hs__tokenizer_place_key(place, key);
    const hs_json_value *pair = NULL;
    HS_TRY(hs__tokenizer_key_array(place, value, key, &pair, error));
    HS_TRY(check_id(&below, hs_json_at(pair, 1), reader, error));
    *id_out = (int32_t)hs_json_integer(hs_json_at(pair, 1));
    return HS_OK;
}

static hs_status read_joint(const tokenizer_place *place, const hs_json_value *value, processor_reader *reader,
                            tokenizer_joint joint, hs_error *error)
{
    int32_t cls = 0;
    int32_t sep = 0;
    HS_TRY(read_token(place, value, "cls", reader, &cls, error));
    HS_TRY(read_token(place, value, "sep", reader, &sep, error));
    return apply_joint(reader->processor, joint, cls, sep, error);
}

static hs_status read_bert(const tokenizer_place *place, const hs_json_value *value, processor_reader *reader,
                           hs_error *error)
{
    return read_joint(place, value, reader, TOKENIZER_JOINT_SEGMENTS, error);
}

static hs_status read_roberta(const tokenizer_place *place, const hs_json_value *value, processor_reader *reader,
                              hs_error *error)
{
    return read_joint(place, value, reader, TOKENIZER_JOINT_SEPARATORS, error);
}

/* Concerns offsets only. */
static hs_status read_byte_level(const tokenizer_place *place, const hs_json_value *value, processor_reader *reader,
                                 hs_error *error)
{
    (void)place;
    (void)value;
    (void)reader;
    (void)error;
    return HS_OK;
}

static hs_status read_sequence(const tokenizer_place *place, const hs_json_value *value, processor_reader *reader,
                               hs_error *error);

static const processor_kind KINDS[] = {
    {"TemplateProcessing", "single pair special_tokens", read_template},
    {"ByteLevel", "add_prefix_space trim_offsets use_regex", read_byte_level},
    {"BertProcessing", "sep cls", read_bert},
    {"RobertaProcessing", "sep cls trim_offsets add_prefix_space", read_roberta},
    {"Sequence", "processors", read_sequence},
};

/* The keys are checked against the row before its reader runs, so that no reader has to. */
static hs_status read_processor(const tokenizer_place *place, const hs_json_value *value, processor_reader *reader,
                                hs_error *error)
{
    const char *type = NULL;
    size_t length = 0;
    char known[160];
    if (hs_json_kind_of(value) != HS_JSON_OBJECT)
        return hs__tokenizer_fail_at(place, error, "must be an object or null, is %s",
                                     hs_json_kind_name(hs_json_kind_of(value)));
    HS_TRY(hs__tokenizer_key_string(place, value, "type", &type, &length, error));
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
        if (strcmp(KINDS[i].type, type) == 0) {
            snprintf(known, sizeof known, "type %s", KINDS[i].keys);
            HS_TRY(hs__tokenizer_check_keys(place, value, known, error));
            return KINDS[i].read(place, value, reader, error);
        }
    tokenizer_place below = hs__tokenizer_place_key(place, "type");
    return hs__tokenizer_fail_at(
        &below, error,
        "\"%.60s\" is not supported; supported are: TemplateProcessing, ByteLevel, BertProcessing, "
        "RobertaProcessing, Sequence",
        type);
}

static hs_status read_sequence(const tokenizer_place *place, const hs_json_value *value, processor_reader *reader,
                               hs_error *error)
{
    const hs_json_value *list = NULL;
    HS_TRY(hs__tokenizer_key_array(place, value, "processors", &list, error));
    for (size_t i = 0; i < hs_json_size(list); i++) {
        tokenizer_place below = hs__tokenizer_place_index(place, "processors", i);
        HS_TRY(read_processor(&below, hs_json_at(list, i), reader, error));
    }
    return HS_OK;
}

hs_status hs__tokenizer_post_processor_read(const char *file, const hs_json_value *root, size_t vocabulary,
                                            tokenizer_post_processor *processor, hs_error *error)
{
    const hs_json_value *value = hs_json_get(root, "post_processor");
    HS_TRY(
        hs__tokenizer_post_processor_set(processor, TOKENIZER_JOINT_REPEATED, TOKENIZER_NO_ID, TOKENIZER_NO_ID, error));
    if (value == NULL || hs_json_kind_of(value) == HS_JSON_NULL)
        return HS_OK;
    tokenizer_place whole = {.file = file};
    tokenizer_place place = hs__tokenizer_place_key(&whole, "post_processor");
    processor_reader reader = {.processor = processor, .vocabulary = vocabulary};
    return read_processor(&place, value, &reader, error);
}
