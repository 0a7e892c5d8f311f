/*
 * rotary: the rope_scaling or rope_parameters of a config, and the frequencies that follow from
 * them, as in transformers' modeling_rope_utils.py. Other scalings than those in rope_names are
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
    [HS_ROPE_DEFAULT] = "default", [HS_ROPE_LINEAR] = "linear",     [HS_ROPE_DYNAMIC] = "dynamic",
    [HS_ROPE_YARN] = "yarn",       [HS_ROPE_LONGROPE] = "longrope", [HS_ROPE_LLAMA3] = "llama3",
};
static const char positions_key[] = "original_max_position_embeddings";

const char *hs__model_rope_name(hs_rope_kind kind)
{
    return rope_names[kind];
}

/* "rope_type" goes before its older name. Phi-3's first files call longrope su or yarn. */
static hs_status read_kind(const hs_config *section, hs_rope *rope, hs_error *error)
{
    const char *name = rope_names[HS_ROPE_DEFAULT];
    HS_TRY(hs__model_config_text(section, "type", &name, error));
    HS_TRY(hs__model_config_text(section, "rope_type", &name, error));
    if (rope->is_longrope && (strcmp(name, "su") == 0 || strcmp(name, "yarn") == 0))
        name = rope_names[HS_ROPE_LONGROPE];
    for (size_t i = 0; i < sizeof rope_names / sizeof rope_names[0]; i++)
        if (strcmp(name, rope_names[i]) == 0)
            rope->kind = (hs_rope_kind)i;
    bool is_known = strcmp(name, rope_names[rope->kind]) == 0;
    if (is_known && (!rope->is_longrope || rope->kind == HS_ROPE_DEFAULT || rope->kind == HS_ROPE_LONGROPE))
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT, "%s: \"%srope_type\" is \"%s\"; %s", section->path, section->section, name,
                   rope->is_longrope ? "this family has default and longrope"
                                     : "default, linear, dynamic, yarn, longrope and llama3 are implemented");
}

/*
 * As in transformers 5, a length that stands beside the section goes before the one inside. In a family that has
 * longrope alone the one beside it always stands there, if need be as the class's default.
 */
static hs_status read_original_positions(const hs_config *config, const hs_config *section, hs_rope *rope,
                                         hs_error *error)
{
    if (!rope->is_longrope)
        HS_TRY(hs__model_config_size(section, positions_key, HS_MAX_POSITIONS, &rope->original_positions, error));
    return hs__model_config_size(config, positions_key, HS_MAX_POSITIONS, &rope->original_positions, error);
}

static hs_status read_llama3(const hs_config *section, hs_rope *rope, hs_error *error)
{
    HS_TRY(hs__model_config_require(section, "low_freq_factor", "llama with llama3 scaling", error));
    HS_TRY(hs__model_config_require(section, "high_freq_factor", "llama with llama3 scaling", error));
    HS_TRY(
        hs__model_config_real(section, "low_freq_factor", DBL_MIN, largest_factor, &rope->low_frequency_factor, error));
    HS_TRY(hs__model_config_real(section, "high_freq_factor", DBL_MIN, largest_factor, &rope->high_frequency_factor,
                                 error));
    if (rope->high_frequency_factor <= rope->low_frequency_factor)
        return hs_fail(error, HS_ERROR_INPUT, "%s: \"%shigh_freq_factor\" (%g) must be above \"low_freq_factor\" (%g)",
                       section->path, section->section, rope->high_frequency_factor, rope->low_frequency_factor);
    return HS_OK;
}

static hs_status read_attention_factor(const hs_config *section, hs_rope *rope, hs_error *error)
{
    rope->attention_factor = -1.0;
    return hs__model_config_real(section, "attention_factor", 0.0, largest_factor, &rope->attention_factor, error);
}

/* Zero counts as absent, as in transformers. */
static hs_status read_turns(const hs_config *section, const char *key, double absent, double *turns_out,
                            hs_error *error)
{
    *turns_out = absent;
    HS_TRY(hs__model_config_real(section, key, 0.0, largest_factor, turns_out, error));
    *turns_out = *turns_out > 0 ? *turns_out : absent;
    return HS_OK;
}

static hs_status read_yarn(const hs_config *section, hs_rope *rope, hs_error *error)
{
    rope->whole_pairs = true;
    HS_TRY(read_attention_factor(section, rope, error));
    HS_TRY(hs__model_config_real(section, "mscale", 0.0, largest_factor, &rope->scale, error));
    HS_TRY(hs__model_config_real(section, "mscale_all_dim", 0.0, largest_factor, &rope->scale_of_all, error));
    HS_TRY(read_turns(section, "beta_fast", 32.0, &rope->fast_turns, error));
    HS_TRY(read_turns(section, "beta_slow", 1.0, &rope->slow_turns, error));
    if (rope->theta <= 1.0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: yarn scaling needs a \"rope_theta\" above 1", section->path);
    return hs__model_config_flag(section, "truncate", &rope->whole_pairs, error);
}

/* The long factors are read only to know whether they are others: n_positions ends before they count. */
static hs_status read_longrope(const hs_config *section, size_t n_pairs, hs_rope *rope, hs_error *error)
{
    double *others = NULL;
    hs_status status = HS_OK;
    HS_GOTO_DONE(read_attention_factor(section, rope, error));
    HS_GOTO_DONE(hs_allocate(&rope->divisors, n_pairs, sizeof *rope->divisors, "factors of longrope", error));
    HS_GOTO_DONE(hs_allocate(&others, n_pairs, sizeof *others, "factors of longrope", error));
    HS_GOTO_DONE(
        hs__model_config_reals(section, "short_factor", n_pairs, DBL_MIN, largest_factor, rope->divisors, error));
    HS_GOTO_DONE(hs__model_config_reals(section, "long_factor", n_pairs, DBL_MIN, largest_factor, others, error));
    rope->has_one_list = memcmp(others, rope->divisors, n_pairs * sizeof *others) == 0;
done:
    hs_free(others);
    return status;
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
 * All but longrope need a factor; that takes the ratio of the two lengths where there is none. What the config counts
 * as positions goes into that ratio, so n_positions changes last.
 */
static hs_status read_scaling(const hs_config *config, const hs_config *section, hs_rope *rope, hs_rope_extent *extent,
                              hs_error *error)
{
    size_t n_pairs = (size_t)((double)extent->head_dim * extent->share) / 2;
    if (!rope->is_longrope)
        rope->original_positions = extent->n_positions;
    if (rope->kind >= HS_ROPE_YARN)
        HS_TRY(read_original_positions(config, section, rope, error));
    if (rope->kind == HS_ROPE_LONGROPE)
        rope->factor = (double)extent->n_positions / (double)rope->original_positions;
    else
        HS_TRY(hs__model_config_require(section, "factor", "llama with rope scaling", error));
    HS_TRY(hs__model_config_real(section, "factor", 1.0, largest_factor, &rope->factor, error));
    if (rope->kind == HS_ROPE_LLAMA3)
        return read_llama3(section, rope, error);
    if (rope->kind == HS_ROPE_YARN)
        return read_yarn(section, rope, error);
    if (rope->kind == HS_ROPE_DYNAMIC && n_pairs < 2)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: dynamic scaling of two dimensions of a head; transformers would divide by zero",
                       section->path);
    if (rope->kind != HS_ROPE_LONGROPE)
        return HS_OK;
    HS_TRY(read_longrope(section, n_pairs, rope, error));
    if (!rope->has_one_list && rope->original_positions < extent->n_positions)
        extent->n_positions = rope->original_positions;
    return HS_OK;
}

static hs_status read_parameters(const hs_config *config, const hs_config *section, hs_rope *rope,
                                 hs_rope_extent *extent, hs_error *error)
{
    HS_TRY(read_kind(section, rope, error));
    HS_TRY(hs__model_config_real(section, "partial_rotary_factor", extent->is_partial ? 0.0 : 1.0, 1.0, &extent->share,
                                 error));
    HS_TRY(hs__model_config_real(section, "rope_theta", HS_MIN_ROPE_THETA, HS_MAX_ROPE_THETA, &rope->theta, error));
    return rope->kind == HS_ROPE_DEFAULT ? HS_OK : read_scaling(config, section, rope, extent, error);
}

/*
 * The order of transformers 5 (convert_rope_params_to_dict): rope_scaling, which older files have,
 * goes before rope_parameters unless it is empty, and what stands inside goes before theta and
 * share beside it.
 */
hs_status hs__model_rope_read(const hs_config *config, hs_rope *rope_inout, hs_rope_extent *extent_inout,
                              hs_error *error)
{
    hs_config section;
    HS_TRY(hs__model_config_section(config, "rope_scaling", "rope_scaling.", &section, error));
    if (hs_json_size(section.object) == 0)
        HS_TRY(hs__model_config_section(config, "rope_parameters", "rope_parameters.", &section, error));
    if (hs_json_size(section.object) == 0)
        return HS_OK;
    HS_TRY(refuse_nested(&section, error));
    return read_parameters(config, &section, rope_inout, extent_inout, error);
}

/* What is beside the two sections would be passed over. */
static hs_status refuse_flat(const hs_config *parameters, hs_error *error)
{
    const char *key = NULL;
    size_t length = 0;
    const hs_json_value *value = NULL;
    hs_json_iterator *at = NULL;
    while ((at = hs_json_next(parameters->object, at, &key, &length, &value)) != NULL)
        if (strcmp(key, "full_attention") != 0 && strcmp(key, "sliding_attention") != 0)
            return hs_fail(error, HS_ERROR_INPUT,
                           "%s: \"rope_parameters\" has \"%s\"; this family has \"full_attention\" and "
                           "\"sliding_attention\" in there, parameters for each kind of layer",
                           parameters->path, key);
    return HS_OK;
}

/* transformers 5 puts a "rope_type" of its own beside it, which goes before it. */
static hs_status refuse_old_name(const hs_config *section, hs_error *error)
{
    if (!hs__model_config_has(section, "type") || hs__model_config_has(section, "rope_type"))
        return HS_OK;
    return hs_fail(error, HS_ERROR_INPUT,
                   "%s: \"%stype\" scales in transformers 4 and does not in transformers 5; call it \"rope_type\"",
                   section->path, section->section);
}

static hs_status read_window_rope(const hs_config *config, const hs_config *section, hs_rope *rope,
                                  hs_rope_extent *extent, hs_error *error)
{
    HS_TRY(read_kind(section, rope, error));
    if (rope->kind != HS_ROPE_DEFAULT && rope->kind != HS_ROPE_LINEAR)
        return hs_fail(error, HS_ERROR_INPUT,
                       "%s: \"%srope_type\" is \"%s\"; of layers with a window default and "
                       "linear are implemented",
                       section->path, section->section, rope_names[rope->kind]);
    return read_parameters(config, section, rope, extent, error);
}

/*
 * As Gemma 3's and OLMo 3's configuration classes read them. Both rope_scaling and rope_parameters are mixed by
 * transformers key by key, which no file is known to need.
 */
hs_status hs__model_rope_read_kinds(const hs_config *config, hs_rope *rope_inout, hs_rope *window_rope_inout,
                                    hs_rope_extent *extent_inout, hs_error *error)
{
    hs_config scaling, parameters, full, sliding;
    HS_TRY(hs__model_config_section(config, "rope_scaling", "rope_scaling.", &scaling, error));
    HS_TRY(hs__model_config_section(config, "rope_parameters", "rope_parameters.", &parameters, error));
    if (hs_json_size(scaling.object) > 0 && hs_json_size(parameters.object) > 0)
        return hs_fail(error, HS_ERROR_INPUT, "%s: there are both \"rope_scaling\" and \"rope_parameters\"; leave one",
                       config->path);
    if (hs_json_size(scaling.object) > 0) {
        HS_TRY(refuse_nested(&scaling, error));
        HS_TRY(refuse_old_name(&scaling, error));
        return read_parameters(config, &scaling, rope_inout, extent_inout, error);
    }
    if (parameters.object == NULL)
        return HS_OK;
    HS_TRY(refuse_flat(&parameters, error));
    HS_TRY(hs__model_config_section(&parameters, "full_attention", "rope_parameters.full_attention.", &full, error));
    HS_TRY(hs__model_config_section(&parameters, "sliding_attention", "rope_parameters.sliding_attention.", &sliding,
                                    error));
    HS_TRY(refuse_old_name(&full, error));
    HS_TRY(refuse_old_name(&sliding, error));
    if (sliding.object != NULL)
        HS_TRY(read_window_rope(config, &sliding, window_rope_inout, extent_inout, error));
    return full.object == NULL ? HS_OK : read_parameters(config, &full, rope_inout, extent_inout, error);
}

void hs__model_rope_clear(hs_rope *rope)
{
    hs_free(rope->divisors);
    rope->divisors = NULL;
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

/*
 * YaRN (Peng et al. 2023, arXiv:2309.00071): pairs up to the first border keep their frequency, those from the second
 * on are stretched by `factor`, and between them a ramp. Source: transformers, _compute_yarn_parameters.
 */
struct ramp {
    double low;
    double high;
};

/* The pair, not whole, whose wave turns so often within the original length. */
static double pair_that_turns(const hs_rope *rope, double n_turns, double rotary_dim)
{
    return rotary_dim * log((double)rope->original_positions / (n_turns * 2.0 * pi)) / (2.0 * log(rope->theta));
}

static struct ramp ramp_of(const hs_rope *rope, double rotary_dim)
{
    double low = pair_that_turns(rope, rope->fast_turns, rotary_dim);
    double high = pair_that_turns(rope, rope->slow_turns, rotary_dim);
    low = fmax(rope->whole_pairs ? floor(low) : low, 0.0);
    high = fmin(rope->whole_pairs ? ceil(high) : high, rotary_dim - 1.0);
    return (struct ramp){low, low == high ? high + 0.001 : high};
}

static double scale_yarn(const hs_rope *rope, double frequency, size_t pair, double rotary_dim)
{
    struct ramp ramp = ramp_of(rope, rotary_dim);
    double stretched = fmin(fmax(((double)pair - ramp.low) / (ramp.high - ramp.low), 0.0), 1.0);
    return frequency / rope->factor * stretched + frequency * (1.0 - stretched);
}

static double scale_of(double factor, double weight)
{
    return factor <= 1.0 ? 1.0 : 0.1 * weight * log(factor) + 1.0;
}

double hs__model_rope_attention_factor(const hs_rope *rope)
{
    bool is_long = rope->kind == HS_ROPE_LONGROPE;
    if (!is_long && rope->kind != HS_ROPE_YARN)
        return 1.0;
    if (rope->attention_factor >= 0)
        return rope->attention_factor;
    if (is_long)
        return rope->factor <= 1.0 ? 1.0 : sqrt(1.0 + log(rope->factor) / log((double)rope->original_positions));
    if (rope->scale > 0 && rope->scale_of_all > 0)
        return scale_of(rope->factor, rope->scale) / scale_of(rope->factor, rope->scale_of_all);
    return scale_of(rope->factor, 1.0);
}

/* Dynamic scaling changes nothing up to n_positions. */
static double scale(const hs_rope *rope, double frequency, size_t pair, size_t rotary_dim)
{
    switch (rope->kind) {
    case HS_ROPE_DEFAULT:
    case HS_ROPE_DYNAMIC:
        return frequency;
    case HS_ROPE_LINEAR:
        return frequency / rope->factor;
    case HS_ROPE_YARN:
        return scale_yarn(rope, frequency, pair, (double)rotary_dim);
    case HS_ROPE_LONGROPE:
        return frequency / rope->divisors[pair];
    case HS_ROPE_LLAMA3:
        return scale_llama3(rope, frequency);
    }
    return frequency;
}

void hs__model_rope_frequencies(const hs_rope *rope, size_t rotary_dim, float *frequencies_out)
{
    for (size_t i = 0; i < rotary_dim / 2; i++) {
        double frequency = pow(rope->theta, -2.0 * (double)i / (double)rotary_dim);
        frequencies_out[i] = (float)scale(rope, frequency, i, rotary_dim);
    }
}
