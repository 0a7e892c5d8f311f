/*
 * rotary: the rope_scaling or rope_parameters of a config, and the frequencies that follow from
 * them, as in transformers' modeling_rope_utils.py. Scalings other than linear and llama3 are
 * refused by name.
 */
#include "model/rotary.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "model/limits.h"

static const double pi = 3.14159265358979323846;
static const double largest_factor = 1e6;

static const char *const rope_names[] = {
    [HS_ROPE_DEFAULT] = "default",
    [HS_ROPE_LINEAR] = "linear",
    [HS_ROPE_LLAMA3] = "llama3",
};

const char *hs__model_rope_name(hs_rope_kind kind)
{
    return rope_names[kind];
}

static hs_status read_kind(const hs_config *section, hs_rope *rope, hs_error *error)
{
    const char *name = rope_names[HS_ROPE_DEFAULT];
    HS_TRY(hs__model_config_text(section, "type", &name, error));
    HS_TRY(hs__model_config_text(section, "rope_type", &name, error));
    for (size_t i = 0; i < sizeof rope_names / sizeof rope_names[0]; i++)
        if (strcmp(name, rope_names[i]) == 0) {
            rope->kind = (hs_rope_kind)i;
            return HS_OK;
        }
    return hs_fail(error, HS_ERROR_INPUT, "%s: \"%srope_type\" is \"%s\"; default, linear and llama3 are implemented",
                   section->path, section->section, name);
}

/* As in transformers 5, a length that stands beside the section goes before the one inside. */
static hs_status read_llama3(const hs_config *config, const hs_config *section, size_t n_positions, hs_rope *rope,
                             hs_error *error)
{
    static const char positions_key[] = "original_max_position_embeddings";
    HS_TRY(hs__model_config_require(section, "low_freq_factor", "llama with llama3 scaling", error));
    HS_TRY(hs__model_config_require(section, "high_freq_factor", "llama with llama3 scaling", error));
    HS_TRY(
        hs__model_config_real(section, "low_freq_factor", DBL_MIN, largest_factor, &rope->low_frequency_factor, error));
    HS_TRY(hs__model_config_real(section, "high_freq_factor", DBL_MIN, largest_factor, &rope->high_frequency_factor,
                                 error));
    rope->original_positions = n_positions;
    HS_TRY(hs__model_config_size(section, positions_key, HS_MAX_POSITIONS, &rope->original_positions, error));
    HS_TRY(hs__model_config_size(config, positions_key, HS_MAX_POSITIONS, &rope->original_positions, error));
    if (rope->high_frequency_factor <= rope->low_frequency_factor)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%shigh_freq_factor\" (%g) must be above \"low_freq_factor\" (%g)",
                       section->path, section->section, rope->high_frequency_factor, rope->low_frequency_factor);
    return HS_OK;
}

/* transformers 5 can have parameters for each kind of layer, which a model with one kind has no use for. */
static hs_status refuse_nested(const hs_config *section, hs_error *error)
{
    const char *key = NULL;
    size_t length = 0;
    const hs_json_value *value = NULL;
    hs_json_iterator *at = NULL;
    while ((at = hs_json_next(section->object, at, &key, &length, &value)) != NULL)
        if (hs_json_kind_of(value) == HS_JSON_OBJECT)
            return hs_fail(error, HS_ERROR_INPUT,
                           "%s: \"%.*s\" has parameters for each kind of layer; one set for all "
                           "layers is implemented",
                           section->path, (int)strlen(section->section) - 1, section->section);
    return HS_OK;
}

/*
 * The order of transformers 5 (convert_rope_params_to_dict): rope_scaling, which older files have,
 * goes before rope_parameters unless it is empty, and what stands inside goes before theta and
 * share beside it.
 */
hs_status hs__model_rope_read(const hs_config *config, size_t n_positions, bool partial, hs_rope *rope_inout,
                              double *share_inout, hs_error *error)
{
    hs_config section;
    HS_TRY(hs__model_config_section(config, "rope_scaling", "rope_scaling.", &section, error));
    if (hs_json_size(section.object) == 0)
        HS_TRY(hs__model_config_section(config, "rope_parameters", "rope_parameters.", &section, error));
    if (hs_json_size(section.object) == 0)
        return HS_OK;
    HS_TRY(refuse_nested(&section, error));
    HS_TRY(read_kind(&section, rope_inout, error));
    HS_TRY(hs__model_config_real(&section, "partial_rotary_factor", partial ? 0.0 : 1.0, 1.0, share_inout, error));
    HS_TRY(
        hs__model_config_real(&section, "rope_theta", HS_MIN_ROPE_THETA, HS_MAX_ROPE_THETA, &rope_inout->theta, error));
    if (rope_inout->kind == HS_ROPE_DEFAULT)
        return HS_OK;
    HS_TRY(hs__model_config_require(&section, "factor", "llama with rope scaling", error));
    HS_TRY(hs__model_config_real(&section, "factor", 1.0, largest_factor, &rope_inout->factor, error));
    if (rope_inout->kind == HS_ROPE_LINEAR)
        return HS_OK;
    return read_llama3(config, &section, n_positions, rope_inout, error);
}

/*
 * Llama 3.1's scaling: waves that turned often within the original context stay, those that did not turn once are
 * stretched by `factor`, and between them a blend. Source: transformers, _compute_llama3_parameters.
 */
static double scale_llama3(const hs_rope *rope, double frequency)
{
    double turns = (double)rope->original_positions * frequency / (2.0 * pi);
    if (turns < rope->low_frequency_factor)
        return frequency / rope->factor;
    if (turns > rope->high_frequency_factor)
        return frequency;
    double smooth = (turns - rope->low_frequency_factor) / (rope->high_frequency_factor - rope->low_frequency_factor);
    return (1.0 - smooth) * frequency / rope->factor + smooth * frequency;
}

void hs__model_rope_frequencies(const hs_rope *rope, size_t rotary_dim, float *frequencies_out)
{
    for (size_t i = 0; i < rotary_dim / 2; i++) {
        double frequency = pow(rope->theta, -2.0 * (double)i / (double)rotary_dim);
        if (rope->kind == HS_ROPE_LINEAR)
            frequency /= rope->factor;
        else if (rope->kind == HS_ROPE_LLAMA3)
            frequency = scale_llama3(rope, frequency);
        frequencies_out[i] = (float)frequency;
    }
}
