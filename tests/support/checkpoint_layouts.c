#include "support/checkpoint_writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Matrices keep the scale of what they read. */
static const double default_gain = 1.0;

static struct test_options with_defaults(const struct test_options *options)
{
    struct test_options filled = *options;
    if (filled.n_kv_heads == 0)
        filled.n_kv_heads = filled.n_heads;
    if (filled.head_dim == 0)
        filled.head_dim = filled.width / filled.n_heads;
    if (filled.mlp_width == 0)
        filled.mlp_width = 4 * filled.width;
    if (filled.n_shards == 0)
        filled.n_shards = 1;
    if (filled.model_type == NULL)
        filled.model_type = "llama";
    if (filled.extra_config == NULL)
        filled.extra_config = "";
    return filled;
}

static void add_ones(struct test_checkpoint *checkpoint, size_t n, const char *name)
{
    float *values = test_checkpoint_add(checkpoint, n, 0, "%s", name);
    for (size_t i = 0; i < n; i++)
        values[i] = 1.0f;
}

/* Adds PREFIX.weight [n_rows, n_columns] and, if wanted, PREFIX.bias [n_bias]. */
static void add_linear(struct test_checkpoint *checkpoint, size_t n_rows, size_t n_columns, size_t n_bias,
                       const char *prefix, const char *name)
{
    test_checkpoint_add(checkpoint, n_rows, n_columns, "%s%s.weight", prefix, name);
    if (n_bias > 0)
        test_checkpoint_add(checkpoint, n_bias, 0, "%s%s.bias", prefix, name);
}

static void add_layer_norm(struct test_checkpoint *checkpoint, size_t width, const char *prefix, const char *name)
{
    char full_name[128];
    snprintf(full_name, sizeof full_name, "%s%s.weight", prefix, name);
    add_ones(checkpoint, width, full_name);
    test_checkpoint_add(checkpoint, width, 0, "%s%s.bias", prefix, name);
}

void test_gpt2_layout(struct test_checkpoint *checkpoint, const struct test_options *options)
{
    struct test_options o = with_defaults(options);
    test_checkpoint_add(checkpoint, o.vocabulary, o.width, "transformer.wte.weight");
    test_checkpoint_add(checkpoint, o.n_positions, o.width, "transformer.wpe.weight");
    for (size_t layer = 0; layer < o.n_layers; layer++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "transformer.h.%zu.", layer);
        add_layer_norm(checkpoint, o.width, prefix, "ln_1");
        add_linear(checkpoint, o.width, 3 * o.width, 3 * o.width, prefix, "attn.c_attn");
        add_linear(checkpoint, o.width, o.width, o.width, prefix, "attn.c_proj");
        add_layer_norm(checkpoint, o.width, prefix, "ln_2");
        add_linear(checkpoint, o.width, o.mlp_width, o.mlp_width, prefix, "mlp.c_fc");
        add_linear(checkpoint, o.mlp_width, o.width, o.width, prefix, "mlp.c_proj");
    }
    add_layer_norm(checkpoint, o.width, "transformer.", "ln_f");
    if (o.untied)
        test_checkpoint_add(checkpoint, o.vocabulary, o.width, "lm_head.weight");
}

static char *config_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *config_text(const char *format, ...)
{
    char buffer[8192];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof buffer) {
        fprintf(stderr, "the test's config.json is too long\n");
        abort();
    }
    return strdup(buffer);
}

static const char *json_flag(bool flag)
{
    return flag ? "true" : "false";
}

char *test_gpt2_config(const struct test_options *options)
{
    struct test_options o = with_defaults(options);
    return config_text("{\"architectures\": [\"GPT2LMHeadModel\"], \"model_type\": \"gpt2\", \"n_layer\": %zu, "
                       "\"n_head\": %zu, \"n_embd\": %zu, \"n_inner\": %zu, \"n_positions\": %zu, "
                       "\"vocab_size\": %zu, \"tie_word_embeddings\": %s%s%s}\n",
                       o.n_layers, o.n_heads, o.width, o.mlp_width, o.n_positions, o.vocabulary, json_flag(!o.untied),
                       *o.extra_config != '\0' ? ", " : "", o.extra_config);
}

void test_llama_layout(struct test_checkpoint *checkpoint, const struct test_options *options)
{
    struct test_options o = with_defaults(options);
    size_t query = o.n_heads * o.head_dim, kv = o.n_kv_heads * o.head_dim;
    bool is_qwen2 = strcmp(o.model_type, "qwen2") == 0;
    bool qkv_bias = o.attention_bias || is_qwen2, output_bias = o.attention_bias && !is_qwen2;
    test_checkpoint_add(checkpoint, o.vocabulary, o.width, "model.embed_tokens.weight");
    for (size_t layer = 0; layer < o.n_layers; layer++) {
        char prefix[64], norm[128];
        snprintf(prefix, sizeof prefix, "model.layers.%zu.", layer);
        snprintf(norm, sizeof norm, "%sinput_layernorm.weight", prefix);
        add_ones(checkpoint, o.width, norm);
        add_linear(checkpoint, query, o.width, qkv_bias ? query : 0, prefix, "self_attn.q_proj");
        add_linear(checkpoint, kv, o.width, qkv_bias ? kv : 0, prefix, "self_attn.k_proj");
        add_linear(checkpoint, kv, o.width, qkv_bias ? kv : 0, prefix, "self_attn.v_proj");
        add_linear(checkpoint, o.width, query, output_bias ? o.width : 0, prefix, "self_attn.o_proj");
        snprintf(norm, sizeof norm, "%spost_attention_layernorm.weight", prefix);
        add_ones(checkpoint, o.width, norm);
        add_linear(checkpoint, o.mlp_width, o.width, o.mlp_bias ? o.mlp_width : 0, prefix, "mlp.gate_proj");
        add_linear(checkpoint, o.mlp_width, o.width, o.mlp_bias ? o.mlp_width : 0, prefix, "mlp.up_proj");
        add_linear(checkpoint, o.width, o.mlp_width, o.mlp_bias ? o.width : 0, prefix, "mlp.down_proj");
    }
    add_ones(checkpoint, o.width, "model.norm.weight");
    if (o.untied)
        test_checkpoint_add(checkpoint, o.vocabulary, o.width, "lm_head.weight");
}

static const char *llama_architecture(const char *model_type)
{
    if (strcmp(model_type, "mistral") == 0)
        return "MistralForCausalLM";
    return strcmp(model_type, "qwen2") == 0 ? "Qwen2ForCausalLM" : "LlamaForCausalLM";
}

char *test_llama_config(const struct test_options *options)
{
    struct test_options o = with_defaults(options);
    return config_text(
        "{\"architectures\": [\"%s\"], \"model_type\": \"%s\", \"num_hidden_layers\": %zu, "
        "\"num_attention_heads\": %zu, \"num_key_value_heads\": %zu, \"head_dim\": %zu, \"hidden_size\": %zu, "
        "\"intermediate_size\": %zu, \"max_position_embeddings\": %zu, \"vocab_size\": %zu, "
        "\"attention_bias\": %s, \"mlp_bias\": %s, \"rms_norm_eps\": 1e-05, \"hidden_act\": \"silu\", "
        "\"tie_word_embeddings\": %s%s%s}\n",
        llama_architecture(o.model_type), o.model_type, o.n_layers, o.n_heads, o.n_kv_heads, o.head_dim, o.width,
        o.mlp_width, o.n_positions, o.vocabulary, json_flag(o.attention_bias), json_flag(o.mlp_bias),
        json_flag(!o.untied), *o.extra_config != '\0' ? ", " : "", o.extra_config);
}

void test_gpt2_write(const char *folder, const struct test_checkpoint *checkpoint, const struct test_options *options)
{
    char *config = test_gpt2_config(options);
    test_checkpoint_write(folder, config, checkpoint->tensors, checkpoint->n_tensors, options->weight_type,
                          options->n_shards);
    free(config);
}

void test_llama_write(const char *folder, const struct test_checkpoint *checkpoint, const struct test_options *options)
{
    char *config = test_llama_config(options);
    test_checkpoint_write(folder, config, checkpoint->tensors, checkpoint->n_tensors, options->weight_type,
                          options->n_shards);
    free(config);
}

void test_random_gpt2_with(const char *folder, const struct test_options *options, uint64_t seed)
{
    struct test_checkpoint checkpoint = {0};
    test_gpt2_layout(&checkpoint, options);
    test_checkpoint_randomise(&checkpoint, seed, default_gain);
    test_gpt2_write(folder, &checkpoint, options);
    test_checkpoint_clear(&checkpoint);
}

void test_random_llama_with(const char *folder, const struct test_options *options, uint64_t seed)
{
    struct test_checkpoint checkpoint = {0};
    test_llama_layout(&checkpoint, options);
    test_checkpoint_randomise(&checkpoint, seed, default_gain);
    test_llama_write(folder, &checkpoint, options);
    test_checkpoint_clear(&checkpoint);
}

void test_random_gpt2(const char *folder, size_t n_layers, size_t n_heads, size_t width, size_t vocabulary,
                      size_t n_positions, uint64_t seed)
{
    struct test_options options = {
        .n_layers = n_layers, .n_heads = n_heads, .width = width, .vocabulary = vocabulary, .n_positions = n_positions};
    test_random_gpt2_with(folder, &options, seed);
}

void test_random_llama(const char *folder, size_t n_layers, size_t n_heads, size_t n_kv_heads, size_t head_dim,
                       size_t width, size_t vocabulary, size_t n_positions, uint64_t seed)
{
    struct test_options options = {.n_layers = n_layers,
                                   .n_heads = n_heads,
                                   .n_kv_heads = n_kv_heads,
                                   .head_dim = head_dim,
                                   .width = width,
                                   .vocabulary = vocabulary,
                                   .n_positions = n_positions,
                                   .untied = true};
    test_random_llama_with(folder, &options, seed);
}
