/*
 * options: which family config.json is of, its fields as the family's row names them, and what
 * follows from those that it leaves open.
 */
#include "model/options.h"

#include <math.h>
#include <string.h>

#include "model/constraints.h"

/* Rows that are read as another one are the last of each table and are left out. */
static hs_status list_architectures(const hs_family *family, hs_text *known, hs_error *error)
{
    const hs_architecture *row = family->architectures;
    for (; row->name != NULL && row->read_as == NULL; row++)
        HS_TRY(hs_text_appendf(known, error, "%s%s", row == family->architectures ? "" : ", ", row->name));
    return HS_OK;
}

static hs_status list_families(hs_text *known, hs_error *error)
{
    for (size_t i = 0; hs__model_family_at(i) != NULL; i++)
        HS_TRY(hs_text_appendf(known, error, "%s%s", i > 0 ? ", " : "", hs__model_family_at(i)->model_type));
    return HS_OK;
}

/*
 * Lists come from the tables, so that the message stays true when a family is added: the architectures of a family
 * that is known, else the families.
 */
static hs_status fail_unsupported(const hs_config *config, const char *key, const char *name, const hs_family *family,
                                  hs_error *error)
{
    hs_text known = {0};
    hs_status status = HS_OK;
    if (family != NULL)
        HS_GOTO_DONE(list_architectures(family, &known, error));
    else
        HS_GOTO_DONE(list_families(&known, error));
    status = hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\" is \"%s\", which is not supported; supported are %s%s",
                     config->path, key, name, family == NULL ? "the families " : "", known.text);
done:
    hs_text_clear(&known);
    return status;
}

/* Loading the folder as a Gemma3ForCausalLM would find none of its tensors, and make weights up. */
static hs_status refuse_images(const hs_config *config, const char *model_type, hs_error *error)
{
    if (model_type == NULL || strcmp(model_type, "gemma3") != 0)
        return HS_OK;
    return hs_fail(
        error, HS_ERROR_INPUT,
        "%s: \"model_type\" is \"gemma3\", a model of texts and images, which is not supported; its text model "
        "is: m = Gemma3ForConditionalGeneration.from_pretrained(FOLDER); t = "
        "Gemma3ForCausalLM(m.config.text_config); t.model, t.lm_head = m.model.language_model, m.lm_head; "
        "t.save_pretrained(OTHER), and beside it the tokenizer",
        config->path);
}

/* The first entry of "architectures"; NULL where the key is absent, null or an empty list. */
static hs_status read_architecture(const hs_config *config, const char **name_out, hs_error *error)
{
    static const char key[] = "architectures";
    *name_out = NULL;
    if (!hs__model_config_has(config, key))
        return HS_OK;
    const hs_json_value *list = hs_json_get(config->object, key);
    const hs_json_value *first = hs_json_at(list, 0);
    if (hs_json_kind_of(list) == HS_JSON_ARRAY && hs_json_size(list) == 0)
        return HS_OK;
    const char *name = hs_json_string(first);
    if (hs_json_size(list) != 1 || name == NULL || hs_utf8_count(name, hs_json_size(first)) > 100)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"architectures\" is not a list of one name", config->path);
    for (size_t i = 0; i < hs_json_size(first); i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return hs_fail(error, HS_ERROR_INPUT, "%s: \"architectures\" is not printable", config->path);
    *name_out = name;
    return HS_OK;
}

/*
 * model_type is looked up by itself first, so that the message blames the right key: the family,
 * or an architecture that is not supported in a known one.
 */
hs_status hs__model_options_family(const hs_config *config, const hs_family **family_out,
                                   const hs_architecture **architecture_out, hs_error *error)
{
    const char *model_type = NULL, *architecture = NULL;
    *family_out = NULL;
    HS_TRY(hs__model_config_text(config, "model_type", &model_type, error));
    HS_TRY(read_architecture(config, &architecture, error));
    if (model_type == NULL && architecture == NULL)
        return hs_fail(error, HS_ERROR_INPUT, "%s: neither \"model_type\" nor \"architectures\" says what model it is",
                       config->path);
    HS_TRY(refuse_images(config, model_type, error));
    const hs_family *named = hs__model_family_find(model_type, NULL, architecture_out);
    if (model_type != NULL && named == NULL)
        return fail_unsupported(config, "model_type", model_type, NULL, error);
    *family_out = hs__model_family_find(model_type, architecture, architecture_out);
    if (*family_out == NULL)
        return fail_unsupported(config, "architectures", architecture, named, error);
    if (architecture == NULL)
        *architecture_out = NULL;
    return HS_OK;
}

typedef struct activation_row {
    const char *name; /* in config.json */
    hs_activation activation;
} activation_row;

/* transformers' names; several are one function. The first of each activation is the one that is shown. */
static const activation_row activation_rows[] = {
    {"gelu", HS_ACTIVATION_GELU},
    {"gelu_python", HS_ACTIVATION_GELU},
    {"gelu_new", HS_ACTIVATION_GELU_TANH},
    {"gelu_pytorch_tanh", HS_ACTIVATION_GELU_TANH},
    {"gelu_python_tanh", HS_ACTIVATION_GELU_TANH},
    {"gelu_fast", HS_ACTIVATION_GELU_TANH},
    {"gelu_accurate", HS_ACTIVATION_GELU_TANH},
    {"relu", HS_ACTIVATION_RELU},
    {"relu2", HS_ACTIVATION_RELU_SQUARED},
    {"silu", HS_ACTIVATION_SILU},
    {"swish", HS_ACTIVATION_SILU},
    {"tanh", HS_ACTIVATION_TANH},
};

static const size_t n_activations = sizeof activation_rows / sizeof activation_rows[0];

const char *hs__model_activation_name(hs_activation activation)
{
    for (size_t i = 0; i < n_activations; i++)
        if (activation_rows[i].activation == activation)
            return activation_rows[i].name;
    return "unknown";
}

/* Several names are one function; Gemma's files say gelu and mean the approximation by tanh. */
static hs_status read_activation(const hs_config *config, const hs_config_field *field, hs_activation *activation_inout,
                                 hs_error *error)
{
    const char *key = field->key, *name = hs__model_activation_name(*activation_inout);
    HS_TRY(hs__model_config_text(config, key, &name, error));
    if (field->kind == HS_FIELD_ACTIVATION_GEMMA && strcmp(name, "gelu") == 0)
        name = "gelu_pytorch_tanh";
    for (size_t i = 0; i < n_activations; i++)
        if (strcmp(name, activation_rows[i].name) == 0) {
            *activation_inout = activation_rows[i].activation;
            return HS_OK;
        }
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: \"%s\" is \"%s\"; gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, relu, relu2, silu and tanh are "
                   "implemented",
                   config->path, key, name);
}

/* Positions are numbered from the one after the padding token's id. */
static hs_status read_first_position(const hs_config *config, const hs_config_field *field, size_t *first_inout,
                                     hs_error *error)
{
    double token = (double)*first_inout - 1.0;
    if (hs_json_get(config->object, field->key) != NULL && !hs__model_config_has(config, field->key))
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\" is null, but positions begin after the padding token's id",
                       config->path, field->key);
    HS_TRY(hs__model_config_real(config, field->key, 0.0, field->maximum, &token, error));
    if (token != floor(token))
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\" is %g, which is not a token id", config->path, field->key,
                       token);
    *first_inout = (size_t)token + 1;
    return HS_OK;
}

static hs_status read_given_flag(const hs_config *config, const hs_family *family, const hs_config_field *field,
                                 bool *flag_inout, hs_error *error)
{
    bool is_inverted = field->kind == HS_FIELD_INVERTED_FLAG;
    bool flag = *flag_inout != is_inverted;
    if (hs_json_get(config->object, field->key) != NULL)
        HS_TRY(hs__model_config_require(config, field->key, family->model_type, error));
    HS_TRY(hs__model_config_flag(config, field->key, &flag, error));
    *flag_inout = flag != is_inverted;
    return HS_OK;
}

/*
 * `member` has the type that belongs to the kind of field: the macros of family_rows.h write the
 * two together.
 */
static hs_status read_field(const hs_config *config, const hs_family *family, const hs_config_field *field,
                            hs_family_options *options, hs_error *error)
{
    void *member = (char *)options + field->offset;
    if (field->is_required)
        HS_TRY(hs__model_config_require(config, field->key, family->model_type, error));
    switch (field->kind) {
    case HS_FIELD_SIZE:
        return hs__model_config_size(config, field->key, (size_t)field->maximum, member, error);
    case HS_FIELD_SCALE:
        if (hs_json_get(config->object, field->key) != NULL && !hs__model_config_has(config, field->key))
            return hs_fail(error, HS_ERROR_INPUT, "%s: \"%s\" is null, and transformers would multiply by it",
                           config->path, field->key);
        return hs__model_config_real(config, field->key, field->minimum, field->maximum, member, error);
    case HS_FIELD_REAL:
        return hs__model_config_real(config, field->key, field->minimum, field->maximum, member, error);
    case HS_FIELD_CAP:
        if (hs_json_get(config->object, field->key) != NULL && !hs__model_config_has(config, field->key))
            *(double *)member = 0.0;
        return hs__model_config_real(config, field->key, field->minimum, field->maximum, member, error);
    case HS_FIELD_FLAG:
        return hs__model_config_flag(config, field->key, member, error);
    case HS_FIELD_GIVEN_FLAG:
    case HS_FIELD_INVERTED_FLAG:
        return read_given_flag(config, family, field, member, error);
    case HS_FIELD_ACTIVATION:
    case HS_FIELD_ACTIVATION_GEMMA:
        return read_activation(config, field, member, error);
    case HS_FIELD_PADDING_TOKEN:
        return read_first_position(config, field, member, error);
    }
    return hs_fail(error, HS_ERROR_INTERNAL, "field \"%s\" has no kind", field->key);
}

static hs_status read_fields(const hs_config *config, const hs_family *family, hs_family_options *options,
                             hs_error *error)
{
    for (const hs_config_field *row = family->fields; row->key != NULL; row++) {
        hs_config object;
        hs_config_field field = *row;
        HS_TRY(hs__model_config_locate(config, row->key, &object, &field.key, error));
        HS_TRY(read_field(&object, family, &field, options, error));
    }
    return HS_OK;
}

/* Sizes that families know by two names, neither of which is required by itself. */
static hs_status check_sizes(const hs_config *config, const hs_family *family, const hs_model_shape *shape,
                             hs_error *error)
{
    const struct {
        size_t size;
        const char *key;
    } sizes[] = {
        {shape->n_layers, "num_hidden_layers"}, {shape->n_heads, "num_attention_heads"}, {shape->width, "hidden_size"}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (sizes[i].size == 0)
            return hs__model_config_require(config, sizes[i].key, family->model_type, error);
    return HS_OK;
}

/*
 * head_dim of the config counts where it is given, since there are models in which it is not width
 * / n_heads (Mistral NeMo: 128, not 160). Four times the width is what GPT-2 means by a null
 * n_inner.
 */
static hs_status derive_heads(const hs_config *config, hs_model_shape *shape, hs_error *error)
{
    if (shape->n_kv_heads == 0)
        shape->n_kv_heads = shape->n_heads;
    if (shape->n_heads % shape->n_kv_heads != 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %zu KV heads do not divide %zu query heads", config->path,
                       shape->n_kv_heads, shape->n_heads);
    if (shape->head_dim == 0 && shape->width % shape->n_heads != 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: %zu heads do not divide the width %zu, and no head_dim is given",
                       config->path, shape->n_heads, shape->width);
    if (shape->head_dim == 0)
        shape->head_dim = shape->width / shape->n_heads;
    if (shape->mlp_width == 0)
        shape->mlp_width = 4 * shape->width;
    return HS_OK;
}

static hs_status read_both_ropes(const hs_config *config, hs_family_options *options, hs_rope_extent *extent,
                                 hs_error *error)
{
    if (options->one_theta && options->rope.theta != options->window_rope.theta)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: \"rope_theta\" is %g; transformers 4 takes it for all layers, transformers 5 for those "
                       "without a window: give it in \"rope_parameters\", for each kind of layer",
                       config->path, options->rope.theta);
    return hs__model_rope_read_kinds(config, &options->rope, &options->window_rope, extent, error);
}

static hs_status check_rotary_dim(const hs_config *config, const hs_model_shape *shape, hs_error *error)
{
    if (shape->rotary_dim > 0 && shape->rotary_dim % 2 == 0 && shape->rotary_dim <= shape->head_dim)
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT, "%s: %zu of %zu dimensions of a head would rotate; an even number must",
                   config->path, shape->rotary_dim, shape->head_dim);
}

/* A family that gives the number of dimensions by itself knows no scaling. */
static hs_status derive_rotary(const hs_config *config, hs_family_options *options, hs_error *error)
{
    hs_model_shape *shape = &options->shape;
    if (shape->position != HS_POSITION_ROTARY)
        return HS_OK;
    if (shape->rotary_dim > 0)
        return check_rotary_dim(config, shape, error);
    hs_rope_extent extent = {shape->head_dim, shape->n_positions, options->partial_rotary, options->rotary_share};
    if (shape->rotates_windows_apart)
        HS_TRY(read_both_ropes(config, options, &extent, error));
    else
        HS_TRY(hs__model_rope_read(config, &options->rope, &extent, error));
    shape->n_positions = extent.n_positions;
    shape->rotary_dim = (size_t)((double)shape->head_dim * extent.share);
    return check_rotary_dim(config, shape, error);
}

/* The config counts positions, or the rows of the table, of which the first few are of no position. */
static hs_status derive_positions(const hs_config *config, hs_family_options *options, hs_error *error)
{
    hs_model_shape *shape = &options->shape;
    if (options->rows_come_first)
        return HS_OK;
    if (shape->n_positions <= shape->first_position)
        return hs_fail(error, HS_ERROR_INPUT, "%s: of %zu position embeddings the first %zu are of no position",
                       config->path, shape->n_positions, shape->first_position);
    shape->n_positions -= shape->first_position;
    return HS_OK;
}

static void derive_head(const hs_architecture *architecture, hs_model_shape *shape)
{
    shape->head = architecture->head;
    shape->head_activation = architecture->activates_as_mlp ? shape->activation : architecture->head_activation;
    shape->tied_unembedding = shape->tied_unembedding && architecture->has_outputs && !hs_has_labels(shape);
    shape->n_outputs = architecture->has_outputs ? shape->vocabulary : 0;
    if (hs_has_labels(shape)) /* the cap is the language model's */
        shape->logit_cap = 0.0;
}

/* What neither the family nor its config sets is 1, and of scores the root of the size of heads. */
static void derive_scales(hs_family_options *options)
{
    hs_model_shape *shape = &options->shape;
    double divisor = options->score_divisor > 0 ? options->score_divisor : (double)shape->head_dim;
    shape->embedding_scale = shape->embedding_scale > 0 ? shape->embedding_scale : 1.0;
    if (options->scale_embedding)
        shape->embedding_scale = sqrt((double)shape->width);
    if (shape->attention_scale == 0) /* where no config has given it */
        shape->attention_scale = options->scale_attention ? 1.0 / sqrt(divisor) : 1.0;
    shape->residual_scale = shape->residual_scale > 0 ? shape->residual_scale : 1.0;
    shape->logit_scale = shape->logit_scale > 0 ? shape->logit_scale : 1.0;
    if (options->logit_divisor > 0)
        shape->logit_scale = 1.0 / options->logit_divisor;
}

/*
 * What may change the meaning of other keys (attribute_map) is refused before any is read. The
 * family's own constraints need sizes and heads.
 */
hs_status hs__model_options_read(const hs_config *config, const hs_family *family, const hs_architecture *architecture,
                                 hs_family_options *options_out, hs_error *error)
{
    *options_out = family->preset;
    HS_TRY(hs__model_constraints_check_all_families(config, error));
    HS_TRY(read_fields(config, family, options_out, error));
    HS_TRY(check_sizes(config, family, &options_out->shape, error));
    if (family->derive != NULL)
        HS_TRY(family->derive(config, options_out, error));
    HS_TRY(derive_heads(config, &options_out->shape, error));
    HS_TRY(hs__model_constraints_check(config, family->constraints, &options_out->shape, error));
    HS_TRY(derive_rotary(config, options_out, error));
    HS_TRY(derive_positions(config, options_out, error));
    derive_head(architecture, &options_out->shape);
    if (options_out->has_head_norms)
        options_out->shape.query_key_norm = HS_QUERY_KEY_NORM_LAYER;
    derive_scales(options_out);
    return HS_OK;
}
