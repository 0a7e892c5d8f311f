/* A generator of random checkpoints and prompts, so that measurements need no download and have any shape. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bench/sections.h"

enum { SEED = 20, N_POSITIONS = 1024, CHUNK_VALUES = 1 << 16 };
#define WEIGHT_DEVIATION 0.02 /* as GPT-2 is initialised */

typedef enum axis { AXIS_NONE, AXIS_WIDTH, AXIS_QKV, AXIS_KV, AXIS_MLP, AXIS_VOCABULARY, AXIS_POSITIONS } axis;

typedef struct tensor_row {
    const char *name;
    axis axes[2]; /* AXIS_NONE: a vector */
    float mean;
} tensor_row;

static const tensor_row gpt2_embedding_rows[] = {
    {"transformer.wte.weight", {AXIS_VOCABULARY, AXIS_WIDTH}, 0},
    {"transformer.wpe.weight", {AXIS_POSITIONS, AXIS_WIDTH}, 0},
    {"transformer.ln_f.weight", {AXIS_WIDTH}, 1},
    {"transformer.ln_f.bias", {AXIS_WIDTH}, 0},
};

static const tensor_row gpt2_layer_rows[] = {
    {"ln_1.weight", {AXIS_WIDTH}, 1},
    {"ln_1.bias", {AXIS_WIDTH}, 0},
    {"attn.c_attn.weight", {AXIS_WIDTH, AXIS_QKV}, 0},
    {"attn.c_attn.bias", {AXIS_QKV}, 0},
    {"attn.c_proj.weight", {AXIS_WIDTH, AXIS_WIDTH}, 0},
    {"attn.c_proj.bias", {AXIS_WIDTH}, 0},
    {"ln_2.weight", {AXIS_WIDTH}, 1},
    {"ln_2.bias", {AXIS_WIDTH}, 0},
    {"mlp.c_fc.weight", {AXIS_WIDTH, AXIS_MLP}, 0},
    {"mlp.c_fc.bias", {AXIS_MLP}, 0},
    {"mlp.c_proj.weight", {AXIS_MLP, AXIS_WIDTH}, 0},
    {"mlp.c_proj.bias", {AXIS_WIDTH}, 0},
};

static const tensor_row llama_embedding_rows[] = {
    {"model.embed_tokens.weight", {AXIS_VOCABULARY, AXIS_WIDTH}, 0},
    {"model.norm.weight", {AXIS_WIDTH}, 1},
};

static const tensor_row llama_layer_rows[] = {
    {"input_layernorm.weight", {AXIS_WIDTH}, 1},
    {"self_attn.q_proj.weight", {AXIS_WIDTH, AXIS_WIDTH}, 0},
    {"self_attn.k_proj.weight", {AXIS_KV, AXIS_WIDTH}, 0},
    {"self_attn.v_proj.weight", {AXIS_KV, AXIS_WIDTH}, 0},
    {"self_attn.o_proj.weight", {AXIS_WIDTH, AXIS_WIDTH}, 0},
    {"post_attention_layernorm.weight", {AXIS_WIDTH}, 1},
    {"mlp.gate_proj.weight", {AXIS_MLP, AXIS_WIDTH}, 0},
    {"mlp.up_proj.weight", {AXIS_MLP, AXIS_WIDTH}, 0},
    {"mlp.down_proj.weight", {AXIS_WIDTH, AXIS_MLP}, 0},
};

static size_t n_positions(const hs_bench_shape *shape)
{
    return shape->n_tokens > N_POSITIONS ? shape->n_tokens : N_POSITIONS;
}

/* As models of each family have it, where the shape does not say. */
static size_t mlp_width(const hs_bench_shape *shape)
{
    return shape->mlp_width > 0 ? shape->mlp_width : 4 * shape->width;
}

static size_t n_kv_heads(const hs_bench_shape *shape)
{
    return shape->n_kv_heads > 0 ? shape->n_kv_heads : shape->n_heads;
}

static size_t n_prompts(const hs_bench_shape *shape)
{
    return shape->n_prompts > 0 ? shape->n_prompts : BENCH_PROMPTS;
}

static size_t axis_length(const hs_bench_shape *shape, axis which)
{
    const size_t lengths[] = {
        [AXIS_NONE] = 1,
        [AXIS_WIDTH] = shape->width,
        [AXIS_QKV] = 3 * shape->width,
        [AXIS_KV] = shape->width / shape->n_heads * n_kv_heads(shape),
        [AXIS_MLP] = mlp_width(shape),
        [AXIS_VOCABULARY] = shape->vocabulary,
        [AXIS_POSITIONS] = n_positions(shape),
    };
    return lengths[which];
}

static hs_status describe_gpt2(const hs_bench_shape *shape, hs_text *text, hs_error *error)
{
    return hs_text_appendf(
        text, error,
        "{\"architectures\": [\"GPT2LMHeadModel\"], \"model_type\": \"gpt2\", \"activation_function\": \"gelu_new\",\n"
        " \"n_layer\": %zu, \"n_head\": %zu, \"n_embd\": %zu, \"n_inner\": %zu, \"n_positions\": %zu,\n"
        " \"vocab_size\": %zu, \"layer_norm_epsilon\": 1e-05, \"tie_word_embeddings\": true}\n",
        shape->n_layers, shape->n_heads, shape->width, mlp_width(shape), n_positions(shape), shape->vocabulary);
}

static hs_status describe_llama(const hs_bench_shape *shape, hs_text *text, hs_error *error)
{
    return hs_text_appendf(
        text, error,
        "{\"architectures\": [\"LlamaForCausalLM\"], \"model_type\": \"llama\", \"hidden_act\": \"silu\",\n"
        " \"num_hidden_layers\": %zu, \"num_attention_heads\": %zu, \"num_key_value_heads\": %zu, \"hidden_size\": "
        "%zu,\n"
        " \"intermediate_size\": %zu, \"max_position_embeddings\": %zu, \"vocab_size\": %zu, \"rms_norm_eps\": 1e-05,\n"
        " \"rope_theta\": 10000.0, \"attention_bias\": false, \"mlp_bias\": false, \"tie_word_embeddings\": true}\n",
        shape->n_layers, shape->n_heads, n_kv_heads(shape), shape->width, mlp_width(shape), n_positions(shape),
        shape->vocabulary);
}

#define ROWS(rows) rows, sizeof rows / sizeof *rows

static const struct family {
    hs_status (*describe)(const hs_bench_shape *shape, hs_text *text, hs_error *error); /* config.json */
    const char *layers; /* before the number of a layer */
    const tensor_row *embedding_rows;
    size_t n_embedding_rows;
    const tensor_row *layer_rows;
    size_t n_layer_rows;
} families[] = {
    [HS_BENCH_GPT2] = {describe_gpt2, "transformer.h", ROWS(gpt2_embedding_rows), ROWS(gpt2_layer_rows)},
    [HS_BENCH_LLAMA] = {describe_llama, "model.layers", ROWS(llama_embedding_rows), ROWS(llama_layer_rows)},
};

static size_t n_tensors(const hs_bench_shape *shape)
{
    const struct family *family = &families[shape->family];

    return family->n_embedding_rows + shape->n_layers * family->n_layer_rows;
}

/* Row of tensor `index`; its full name into `name`. */
static const tensor_row *tensor_at(const hs_bench_shape *shape, size_t index, char *name, size_t capacity)
{
    const struct family *family = &families[shape->family];
    const tensor_row *row = &family->embedding_rows[index];

    if (index < family->n_embedding_rows) {
        snprintf(name, capacity, "%s", row->name);
        return row;
    }
    index -= family->n_embedding_rows;
    row = &family->layer_rows[index % family->n_layer_rows];
    snprintf(name, capacity, "%s.%zu.%s", family->layers, index / family->n_layer_rows, row->name);
    return row;
}

static size_t tensor_values(const hs_bench_shape *shape, const tensor_row *row)
{
    return axis_length(shape, row->axes[0]) * axis_length(shape, row->axes[1]);
}

static size_t value_bytes(const hs_bench_shape *shape)
{
    return shape->bf16 ? sizeof(uint16_t) : sizeof(float);
}

/* Nothing that is there is written over: the folder may be a checkpoint's. */
static const hs_output_rules new_files_only = {0};

static hs_status output_new(const char *folder, const char *name, hs_output **output_out, hs_error *error)
{
    char *path = hs_path_join(folder, name, error);
    hs_status status = path != NULL ? hs_output_new(path, &new_files_only, output_out, error) : hs_error_status(error);

    hs_free(path);
    return status;
}

static hs_status write_text(const char *folder, const char *name, const hs_text *text, hs_error *error)
{
    hs_output *output = NULL;
    hs_status status = output_new(folder, name, &output, error);

    if (status == HS_OK)
        status = hs_output_put(output, text->text, text->length, error);
    if (status == HS_OK)
        status = hs_output_publish(output, error);
    hs_output_free(output);
    return status;
}

static void put_wholes(hs_json_writer *json, const char *key, const size_t *numbers, size_t n)
{
    hs_json_put_key(json, key);
    hs_json_begin(json, '[');
    for (size_t i = 0; i < n; ++i)
        hs_json_put_whole(json, (int64_t)numbers[i]);
    hs_json_end(json, ']');
}

/* The JSON table of a safetensors file, padded with spaces to whole words. */
static hs_status describe_tensors(const hs_bench_shape *shape, hs_text *text, hs_error *error)
{
    hs_json_writer json = {.text = text};
    size_t offset = 0;
    char name[64];

    hs_json_begin(&json, '{');
    for (size_t i = 0; i < n_tensors(shape); ++i) {
        const tensor_row *row = tensor_at(shape, i, name, sizeof name);
        const size_t n_bytes = tensor_values(shape, row) * value_bytes(shape);
        const size_t axes[] = {axis_length(shape, row->axes[0]), axis_length(shape, row->axes[1])};
        const size_t offsets[] = {offset, offset + n_bytes};
        hs_json_put_key(&json, name);
        hs_json_begin(&json, '{');
        hs_json_put_key(&json, "dtype");
        hs_json_put_string(&json, shape->bf16 ? "BF16" : "F32");
        put_wholes(&json, "shape", axes, row->axes[1] != AXIS_NONE ? 2 : 1);
        put_wholes(&json, "data_offsets", offsets, 2);
        hs_json_end(&json, '}');
        offset += n_bytes;
    }
    hs_json_end(&json, '}');
    hs_text_putf(text, "%*s", (int)((sizeof(uint64_t) - text->length % sizeof(uint64_t)) % sizeof(uint64_t)), "");
    return hs_text_status(text, error);
}

/* Uniform numbers of the wanted mean and deviation: the n values from `first`, a multiple of 4, of a tensor. */
static void draw_values(float *values, uint64_t first, size_t n, uint64_t stream, float mean)
{
    const float half_width = (float)(sqrt(3.0) * WEIGHT_DEVIATION);
    uint32_t drawn[4];

    for (size_t i = 0; i < n; ++i) {
        uint64_t block = (first + i) / 4;
        if (i % 4 == 0)
            hs_random_philox(SEED, (uint32_t[]){(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream, 0}, drawn);
        values[i] = mean + half_width * ((float)drawn[i % 4] * 0x1p-31f - 1.0f);
    }
}

/* In place: a bf16 number is the upper half of the f32 one. */
static size_t halve_values(float *values, size_t n)
{
    uint16_t *halves = (uint16_t *)(void *)values;
    uint32_t bits;

    for (size_t i = 0; i < n; ++i) {
        memcpy(&bits, &values[i], sizeof bits);
        bits >>= 16;
        memcpy(&halves[i], &(uint16_t){(uint16_t)bits}, sizeof *halves);
    }
    return n * sizeof *halves;
}

/*
 * Values are drawn by tensor and place, so that a checkpoint of other chunks has the same ones. A
 * sparse one has zeros that take no disk, for what only headers are read of.
 */
static hs_status write_tensors(const hs_bench_shape *shape, hs_output *output, float *chunk, hs_error *error)
{
    char name[64];

    for (size_t i = 0; i < n_tensors(shape); ++i) {
        const tensor_row *row = tensor_at(shape, i, name, sizeof name);
        size_t n_values = tensor_values(shape, row);
        if (shape->sparse) {
            HS_TRY(hs_output_put_hole(output, n_values * value_bytes(shape), error));
            continue;
        }
        for (size_t first = 0; first < n_values; first += CHUNK_VALUES) {
            size_t n = n_values - first < CHUNK_VALUES ? n_values - first : CHUNK_VALUES;
            draw_values(chunk, first, n, i, row->mean);
            HS_TRY(hs_output_put(output, chunk, shape->bf16 ? halve_values(chunk, n) : n * sizeof *chunk, error));
        }
    }
    return HS_OK;
}

/*
 * In chunks, so that a checkpoint of any size is written in a fixed amount of memory; published at
 * the end, so that a folder never holds half of one.
 */
static hs_status write_weights(const hs_bench_shape *shape, const char *folder, hs_error *error)
{
    hs_text header = {0};
    hs_output *output = NULL;
    float *chunk = NULL;
    hs_status status;

    HS_GOTO_DONE(hs_allocate(&chunk, CHUNK_VALUES, sizeof *chunk, "weights", error));
    HS_GOTO_DONE(describe_tensors(shape, &header, error));
    HS_GOTO_DONE(output_new(folder, "model.safetensors", &output, error));
    const uint64_t length = header.length;
    HS_GOTO_DONE(hs_output_put(output, &length, sizeof length, error));
    HS_GOTO_DONE(hs_output_put(output, header.text, header.length, error));
    HS_GOTO_DONE(write_tensors(shape, output, chunk, error));
    HS_GOTO_DONE(hs_output_publish(output, error));
done:
    hs_output_free(output);
    hs_text_clear(&header);
    hs_free(chunk);
    return status;
}

/*
 * Tokens are drawn by prompt and position, so that more prompts or longer ones begin as the others
 * do. The answers are tokens 0 and 1: for time, any will do.
 */
static hs_status describe_prompts(const hs_bench_shape *shape, hs_text *text, hs_error *error)
{
    static const size_t target = 0, distractor = 1;

    for (uint64_t prompt = 0; prompt < n_prompts(shape); ++prompt) {
        const uint64_t stream = hs_random_stream(HS_RANDOM_PROMPTS, (uint32_t)prompt);
        hs_json_writer json = {.text = text};
        hs_json_begin(&json, '{');
        hs_json_put_key(&json, "prompt");
        hs_json_begin(&json, '[');
        for (size_t i = 0; i < shape->n_tokens; ++i)
            hs_json_put_whole(&json, (int64_t)hs_random_below(SEED, stream, i, shape->vocabulary));
        hs_json_end(&json, ']');
        put_wholes(&json, "target", &target, 1);
        put_wholes(&json, "distractor", &distractor, 1);
        hs_json_end(&json, '}');
        hs_text_put(text, "\n");
    }
    return hs_text_status(text, error);
}

static hs_status describe_model(const hs_bench_shape *shape, hs_text *text, hs_error *error)
{
    return families[shape->family].describe(shape, text, error);
}

static hs_status describe_experiment(const hs_bench_shape *shape, hs_text *text, hs_error *error)
{
    return hs_text_appendf(text, error,
                           "model: { checkpoint = \".\"; };\n"
                           "sweep: { orders = [%zu]; };\n"
                           "tasks = ( { name = \"prompts\"; kind = \"logit_diff\"; file = \"prompts.jsonl\"; } );\n"
                           "run: { progress_seconds = 3600.0; };\n"
                           "output: { results = \"results.h5\"; };\n",
                           shape->order > 0 ? shape->order : 2);
}

static hs_status write_described(const hs_bench_shape *shape,
                                 hs_status (*describe)(const hs_bench_shape *, hs_text *, hs_error *),
                                 const char *folder, const char *name, hs_error *error)
{
    hs_text text = {0};
    hs_status status = describe(shape, &text, error);

    if (status == HS_OK)
        status = write_text(folder, name, &text, error);
    hs_text_clear(&text);
    return status;
}

hs_status hs_bench_write_inputs(const hs_bench_shape *shape, const char *folder, hs_error *error)
{
    HS_TRY(hs_folder_make(folder, error));
    HS_TRY(write_described(shape, describe_model, folder, "config.json", error));
    HS_TRY(write_weights(shape, folder, error));
    HS_TRY(write_described(shape, describe_prompts, folder, "prompts.jsonl", error));
    return write_described(shape, describe_experiment, folder, HS_BENCH_EXPERIMENT, error);
}
