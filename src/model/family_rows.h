/* family_rows: how the rows of the family tables are written down. */
#ifndef HEADSWEEP_MODEL_FAMILY_ROWS_H
#define HEADSWEEP_MODEL_FAMILY_ROWS_H

#include "model/families.h"

#define FIELD(member) offsetof(hs_family_options, member)
#define IN_MODEL(member) offsetof(hs_model, member)
#define IN_LAYER(member) offsetof(hs_model_layer, member)

/* clang-format off */

/* Fields of config.json. */
#define SIZE_REQUIRED(key, member, maximum) {key, HS_FIELD_SIZE, FIELD(member), true, 1.0, maximum}
#define SIZE(key, member, maximum) {key, HS_FIELD_SIZE, FIELD(member), false, 1.0, maximum}
#define REAL(key, member, minimum, maximum) {key, HS_FIELD_REAL, FIELD(member), false, minimum, maximum}
#define CAP(key, member) {key, HS_FIELD_CAP, FIELD(member), false, 1e-6, 1e9}
#define SCALE(key, member) {key, HS_FIELD_SCALE, FIELD(member), false, HS_MIN_SCALE, HS_MAX_SCALE}
#define FLAG(key, member) {key, HS_FIELD_FLAG, FIELD(member), false, 0.0, 0.0}
#define GIVEN_FLAG(key, member) {key, HS_FIELD_GIVEN_FLAG, FIELD(member), false, 0.0, 0.0}
/* What the config says the other way round. */
#define INVERTED(key, member) {key, HS_FIELD_INVERTED_FLAG, FIELD(member), false, 0.0, 0.0}
#define ACTIVATION(key) {key, HS_FIELD_ACTIVATION, FIELD(shape.activation), false, 0.0, 0.0}
#define ACTIVATION_GEMMA(key) {key, HS_FIELD_ACTIVATION_GEMMA, FIELD(shape.activation), false, 0.0, 0.0}

/* Tensor rules. A matrix names its hs_linear in the layer, then the axis it reads and the axis it writes. */
#define VECTOR(pattern, target, axis) {pattern, HS_PRESENT_ALWAYS, HS_PLACE_VALUES, target, {axis}}
#define TABLE(pattern, member, axis) \
    {pattern, HS_PRESENT_ALWAYS, HS_PLACE_VALUES, IN_MODEL(member), {axis, HS_DIM_WIDTH}}
#define NORM_IF(name, target, presence) \
    {name ".weight", presence, HS_PLACE_VALUES, target + offsetof(hs_norm, weight), {HS_DIM_WIDTH}}, \
    {name ".bias", presence, HS_PLACE_VALUES, target + offsetof(hs_norm, bias), {HS_DIM_WIDTH}}
#define NORM(name, target) NORM_IF(name, target, HS_PRESENT_ALWAYS)
#define LINEAR_AT(name, target, axis_in, axis_out, bias_presence) \
    {name ".weight", HS_PRESENT_ALWAYS, HS_PLACE_LINEAR, target, {axis_out, axis_in}}, \
    {name ".bias", bias_presence, HS_PLACE_VALUES, target + offsetof(hs_linear, bias), {axis_out}}
#define LINEAR_WEIGHT(pattern, member, axis_in, axis_out) \
    {pattern, HS_PRESENT_ALWAYS, HS_PLACE_LINEAR, IN_LAYER(member), {axis_out, axis_in}}
#define PAIRED_WEIGHT(pattern, member, axis_out) \
    {pattern, HS_PRESENT_ALWAYS, HS_PLACE_LINEAR_PAIRS, IN_LAYER(member), {axis_out, HS_DIM_WIDTH}}
#define PAIRED(name, member, axis_out, bias_presence) \
    PAIRED_WEIGHT(name ".weight", member, axis_out), \
    {name ".bias", bias_presence, HS_PLACE_PAIRS, IN_LAYER(member.bias), {axis_out}}
#define LINEAR_GATE_UP(pattern) \
    {pattern, HS_PRESENT_ALWAYS, HS_PLACE_LINEAR_GATE_UP, 0, {HS_DIM_GATE_UP, HS_DIM_WIDTH}}
#define LINEAR(name, member, axis_in, axis_out, bias_presence) \
    LINEAR_AT(name, IN_LAYER(member), axis_in, axis_out, bias_presence)
#define HEAD_LINEAR(name, member, axis_out) \
    LINEAR_AT(name, IN_MODEL(member), HS_DIM_WIDTH, axis_out, HS_PRESENT_ALWAYS)
#define HEADS_QKV(name) \
    {name ".weight", HS_PRESENT_ALWAYS, HS_PLACE_HEADS_QKV, 0, {HS_DIM_QUERY_KEY_VALUE, HS_DIM_WIDTH}}, \
    {name ".bias", HS_PRESENT_WITH_QKV_BIAS, HS_PLACE_HEADS_QKV_BIAS, 0, {HS_DIM_QUERY_KEY_VALUE}}
#define LINEAR_QKV(name) \
    {name ".weight", HS_PRESENT_ALWAYS, HS_PLACE_LINEAR_QKV, 0, {HS_DIM_QUERY_KEY_VALUE, HS_DIM_WIDTH}}
#define CONV1D(name, member, axis_in, axis_out) \
    {name ".weight", HS_PRESENT_ALWAYS, HS_PLACE_CONV1D, IN_LAYER(member), {axis_in, axis_out}}, \
    {name ".bias", HS_PRESENT_ALWAYS, HS_PLACE_VALUES, IN_LAYER(member.bias), {axis_out}}
#define CONV1D_QKV(name) \
    {name ".weight", HS_PRESENT_ALWAYS, HS_PLACE_CONV1D_QKV, 0, {HS_DIM_WIDTH, HS_DIM_QUERY_KEY_VALUE}}, \
    {name ".bias", HS_PRESENT_ALWAYS, HS_PLACE_QKV_BIAS, 0, {HS_DIM_QUERY_KEY_VALUE}}
#define UNEMBEDDING(pattern) \
    {pattern, HS_PRESENT_UNTIED, HS_PLACE_LINEAR, IN_MODEL(unembedding), {HS_DIM_VOCABULARY, HS_DIM_WIDTH}}
#define UNEMBEDDING_BIAS(pattern) VECTOR(pattern, IN_MODEL(unembedding.bias), HS_DIM_VOCABULARY)

/* clang-format on */

#endif
