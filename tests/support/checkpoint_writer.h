/*
 * Checkpoints for tests: collect tensors, then write them as a Hugging Face folder (config.json, model.safetensors or
 * shards with their index). Test code: every failure ends the program with file and line.
 *
 * A planted circuit starts from zeros and names what it wants:
 *
 *     struct test_checkpoint checkpoint = {0};
 *     struct test_options options = {.n_layers = 2, .n_heads = 4, .width = 32, .vocabulary = 64, .n_positions = 48};
 *     test_gpt2_layout(&checkpoint, &options);                     every tensor, zeros; norm weights 1
 *     float *c_attn = test_checkpoint_values(&checkpoint, "transformer.h.0.attn.c_attn.weight");
 *     c_attn[...] = 1;                                             row-major, as in the file
 *     test_gpt2_write(folder, &checkpoint, &options);
 *     test_checkpoint_clear(&checkpoint);
 *
 * A random model of a given shape is one call: test_random_gpt2(folder, 2, 4, 32, 64, 48, seed).
 */
#ifndef HEADSWEEP_TESTS_CHECKPOINT_WRITER_H
#define HEADSWEEP_TESTS_CHECKPOINT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum test_weight_type { TEST_F32, TEST_F16, TEST_BF16, TEST_F64 };

struct test_tensor {
    const char *name;
    size_t n_dimensions; /* 0 to 4 */
    size_t shape[4];
    const float *values; /* row-major, in single precision; rounded to the type that is written */
};

/*
 * Makes `folder` (its parent exists) and writes config.json and the weights: n_shards == 1 gives model.safetensors,
 * more give model-0000I-of-0000N.safetensors, tensor t in shard t % n_shards, and the index. Files there are replaced.
 */
void test_checkpoint_write(const char *folder, const char *config_json, const struct test_tensor *tensors,
                           size_t n_tensors, enum test_weight_type type, size_t n_shards);
/* Writes `text` to folder/name, for files that a test spoils on purpose. */
void test_file_write(const char *folder, const char *name, const void *bytes, size_t n_bytes);
/* A new empty folder under $TMPDIR or /tmp; free() it. */
char *test_temporary_folder(void);
/* Removes a folder that test_temporary_folder made, with everything in it. */
void test_folder_remove(const char *folder);

/* The same two as setup and teardown of a cmocka group, with the folder as its state. */
int test_make_folder(void **state);
int test_remove_folder(void **state);

/* A list of tensors that owns its names and values; initialise with {0}. */

struct test_checkpoint {
    struct test_tensor *tensors;
    size_t n_tensors;
    size_t capacity;
};

/* Adds a tensor [n_rows, n_columns], or the vector [n_rows] if n_columns is 0, of zeros; returns its values. */
float *test_checkpoint_add(struct test_checkpoint *checkpoint, size_t n_rows, size_t n_columns, const char *name_format,
                           ...) __attribute__((format(printf, 4, 5)));
/* The tensor of that name, which must be there, and its values for writing. */
struct test_tensor *test_checkpoint_find(const struct test_checkpoint *checkpoint, const char *name);
float *test_checkpoint_values(const struct test_checkpoint *checkpoint, const char *name);
void test_checkpoint_remove(struct test_checkpoint *checkpoint, const char *name);
void test_checkpoint_clear(struct test_checkpoint *checkpoint);
/*
 * Random weights, the same for the same seed on every machine: norm weights in 1 +- 0.1, biases in +- 0.1, matrices
 * uniform with standard deviation `gain` / sqrt(number of inputs), embeddings with standard deviation 1.
 */
void test_checkpoint_randomise(struct test_checkpoint *checkpoint, uint64_t seed, double gain);

/* Zero where 0 has no sense means the default in brackets. */
struct test_options {
    size_t n_layers;
    size_t n_heads;
    size_t n_kv_heads; /* Llama only [n_heads] */
    size_t head_dim;   /* Llama only [width / n_heads] */
    size_t width;
    size_t mlp_width; /* [4 * width] */
    size_t vocabulary;
    size_t n_positions;
    bool untied;              /* a lm_head.weight of its own */
    bool attention_bias;      /* Llama only: biases of q, k, v and o */
    bool mlp_bias;            /* Llama only */
    const char *model_type;   /* Llama layout only ["llama"]; "mistral", or "qwen2": q, k, v biases but none of o */
    const char *extra_config; /* further members of config.json, such as "\"rope_theta\": 5e5" [none] */
    enum test_weight_type weight_type;
    size_t n_shards; /* [1] */
};

/* Adds every tensor of the layout, under the names Hugging Face writes: zeros, norm weights 1. */
void test_gpt2_layout(struct test_checkpoint *checkpoint, const struct test_options *options);
void test_llama_layout(struct test_checkpoint *checkpoint, const struct test_options *options);
/* config.json for the options; free() it. */
char *test_gpt2_config(const struct test_options *options);
char *test_llama_config(const struct test_options *options);
/* Writes the tensors with the config of the options. */
void test_gpt2_write(const char *folder, const struct test_checkpoint *checkpoint, const struct test_options *options);
void test_llama_write(const char *folder, const struct test_checkpoint *checkpoint, const struct test_options *options);

/* Layout, random weights (gain 1), write, in one. */
void test_random_gpt2_with(const char *folder, const struct test_options *options, uint64_t seed);
void test_random_llama_with(const char *folder, const struct test_options *options, uint64_t seed);
/* The same for the usual case: F32, one file, tied GPT-2, untied Llama without biases, MLP 4 * width. */
void test_random_gpt2(const char *folder, size_t n_layers, size_t n_heads, size_t width, size_t vocabulary,
                      size_t n_positions, uint64_t seed);
void test_random_llama(const char *folder, size_t n_layers, size_t n_heads, size_t n_kv_heads, size_t head_dim,
                       size_t width, size_t vocabulary, size_t n_positions, uint64_t seed);

#endif
