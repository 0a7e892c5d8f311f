#include "support/checkpoint_writer.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "headsweep/base.h"

#define REQUIRE(condition)                                                                               \
    do {                                                                                                 \
        if (!(condition)) {                                                                              \
            fprintf(stderr, "%s:%d: %s failed (%s)\n", __FILE__, __LINE__, #condition, strerror(errno)); \
            abort();                                                                                     \
        }                                                                                                \
    } while (0)

static char *format_new(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *format_new(const char *format, ...)
{
    char buffer[8192];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    REQUIRE(length >= 0 && (size_t)length < sizeof buffer);
    char *text = strdup(buffer);
    REQUIRE(text != NULL);
    return text;
}

static FILE *file_create(const char *folder, const char *name)
{
    char *path = format_new("%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    REQUIRE(file != NULL);
    free(path);
    return file;
}

void test_file_write(const char *folder, const char *name, const void *bytes, size_t n_bytes)
{
    FILE *file = file_create(folder, name);
    REQUIRE(fwrite(bytes, 1, n_bytes, file) == n_bytes);
    REQUIRE(fclose(file) == 0);
}

char *test_temporary_folder(void)
{
    const char *parent = getenv("TMPDIR");
    char *folder = format_new("%s/headsweep-test-XXXXXX", parent != NULL && *parent != '\0' ? parent : "/tmp");
    REQUIRE(mkdtemp(folder) != NULL);
    return folder;
}

void test_folder_remove(const char *folder)
{
    REQUIRE(strstr(folder, "headsweep-test-") != NULL);
    DIR *listing = opendir(folder);
    REQUIRE(listing != NULL);
    for (const struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *path = format_new("%s/%s", folder, entry->d_name);
        struct stat status;
        REQUIRE(lstat(path, &status) == 0);
        if (S_ISDIR(status.st_mode))
            test_folder_remove(path);
        else
            REQUIRE(unlink(path) == 0);
        free(path);
    }
    closedir(listing);
    REQUIRE(rmdir(folder) == 0);
}

static uint32_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint16_t round_to_bf16(float value)
{
    uint32_t bits = float_bits(value);
    if (isnan(value))
        return (uint16_t)((bits >> 16) | 0x40u);
    return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

/* Scaled to units in the last place, so that rint (to even) does the rounding, subnormal results included. */
static uint16_t round_to_f16(float value)
{
    uint16_t sign = (uint16_t)((float_bits(value) >> 16) & 0x8000u);
    double magnitude = fabs((double)value);
    if (isnan(value))
        return (uint16_t)(sign | 0x7e00u);
    if (magnitude >= 65520.0)
        return (uint16_t)(sign | 0x7c00u);
    int exponent = -14;
    if (magnitude >= 0x1p-14) {
        frexp(magnitude, &exponent);
        exponent -= 1;
    }
    double units = rint(ldexp(magnitude, 10 - exponent));
    uint32_t biased = magnitude >= 0x1p-14 ? (uint32_t)(exponent + 14) << 10 : 0;
    return (uint16_t)(sign | (biased + (uint32_t)units));
}

static size_t element_count(const struct test_tensor *tensor)
{
    size_t count = 1;
    for (size_t i = 0; i < tensor->n_dimensions; i++)
        count *= tensor->shape[i];
    return count;
}

static void tensor_write(FILE *file, const struct test_tensor *tensor, enum test_weight_type type)
{
    for (size_t i = 0; i < element_count(tensor); i++) {
        float value = tensor->values[i];
        if (type == TEST_F32) {
            REQUIRE(fwrite(&value, sizeof value, 1, file) == 1);
        } else if (type == TEST_F64) {
            double real = (double)value;
            REQUIRE(fwrite(&real, sizeof real, 1, file) == 1);
        } else {
            uint16_t half = type == TEST_F16 ? round_to_f16(value) : round_to_bf16(value);
            REQUIRE(fwrite(&half, sizeof half, 1, file) == 1);
        }
    }
}

static void header_entry_append(hs_text *header, const struct test_tensor *tensor, enum test_weight_type type,
                                size_t *offset_inout)
{
    static const char *const type_names[] = {"F32", "F16", "BF16", "F64"};
    static const size_t n_bytes[] = {4, 2, 2, 8};
    size_t end = *offset_inout + element_count(tensor) * n_bytes[type];
    REQUIRE(hs_text_appendf(header, NULL, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", tensor->name, type_names[type]) ==
            HS_OK);
    for (size_t i = 0; i < tensor->n_dimensions; i++)
        REQUIRE(hs_text_appendf(header, NULL, "%s%zu", i > 0 ? "," : "", tensor->shape[i]) == HS_OK);
    REQUIRE(hs_text_appendf(header, NULL, "],\"data_offsets\":[%zu,%zu]}", *offset_inout, end) == HS_OK);
    *offset_inout = end;
}

/* Writes the tensors first, first + step, ... as one safetensors file, its header padded to 8 bytes as usual. */
static void safetensors_write(const char *folder, const char *name, const struct test_tensor *tensors, size_t n_tensors,
                              enum test_weight_type type, size_t first, size_t step)
{
    hs_text header = {0};
    size_t offset = 0;
    REQUIRE(hs_text_appendf(&header, NULL, "{\"__metadata__\":{\"format\":\"pt\"}") == HS_OK);
    for (size_t t = first; t < n_tensors; t += step)
        header_entry_append(&header, &tensors[t], type, &offset);
    REQUIRE(hs_text_appendf(&header, NULL, "}") == HS_OK);
    while (header.length % 8 != 0)
        REQUIRE(hs_text_append(&header, " ", 1, NULL) == HS_OK);

    FILE *file = file_create(folder, name);
    uint64_t length = header.length;
    REQUIRE(fwrite(&length, sizeof length, 1, file) == 1);
    REQUIRE(fwrite(header.text, 1, header.length, file) == header.length);
    for (size_t t = first; t < n_tensors; t += step)
        tensor_write(file, &tensors[t], type);
    REQUIRE(fclose(file) == 0);
    hs_text_clear(&header);
}

static void shards_write(const char *folder, const struct test_tensor *tensors, size_t n_tensors,
                         enum test_weight_type type, size_t n_shards)
{
    hs_text index = {0};
    REQUIRE(hs_text_appendf(&index, NULL, "{\"metadata\":{},\"weight_map\":{") == HS_OK);
    for (size_t t = 0; t < n_tensors; t++)
        REQUIRE(hs_text_appendf(&index, NULL, "%s\n\"%s\":\"model-%05zu-of-%05zu.safetensors\"", t > 0 ? "," : "",
                                tensors[t].name, t % n_shards + 1, n_shards) == HS_OK);
    REQUIRE(hs_text_appendf(&index, NULL, "}}\n") == HS_OK);
    test_file_write(folder, "model.safetensors.index.json", index.text, index.length);
    hs_text_clear(&index);
    for (size_t shard = 0; shard < n_shards; shard++) {
        char *name = format_new("model-%05zu-of-%05zu.safetensors", shard + 1, n_shards);
        safetensors_write(folder, name, tensors, n_tensors, type, shard, n_shards);
        free(name);
    }
}

void test_checkpoint_write(const char *folder, const char *config_json, const struct test_tensor *tensors,
                           size_t n_tensors, enum test_weight_type type, size_t n_shards)
{
    REQUIRE(mkdir(folder, 0777) == 0 || errno == EEXIST);
    test_file_write(folder, "config.json", config_json, strlen(config_json));
    if (n_shards <= 1)
        safetensors_write(folder, "model.safetensors", tensors, n_tensors, type, 0, 1);
    else
        shards_write(folder, tensors, n_tensors, type, n_shards);
}

float *test_checkpoint_add(struct test_checkpoint *checkpoint, size_t n_rows, size_t n_columns, const char *name_format,
                           ...)
{
    char name[256];
    va_list arguments;
    va_start(arguments, name_format);
    REQUIRE(vsnprintf(name, sizeof name, name_format, arguments) < (int)sizeof name);
    va_end(arguments);
    if (checkpoint->n_tensors == checkpoint->capacity) {
        checkpoint->capacity = 2 * checkpoint->capacity + 16;
        checkpoint->tensors = realloc(checkpoint->tensors, checkpoint->capacity * sizeof *checkpoint->tensors);
        REQUIRE(checkpoint->tensors != NULL);
    }
    float *values = calloc(n_rows * (n_columns > 0 ? n_columns : 1), sizeof *values);
    REQUIRE(values != NULL);
    checkpoint->tensors[checkpoint->n_tensors++] = (struct test_tensor){
        .name = format_new("%s", name),
        .n_dimensions = n_columns > 0 ? 2 : 1,
        .shape = {n_rows, n_columns},
        .values = values,
    };
    return values;
}

struct test_tensor *test_checkpoint_find(const struct test_checkpoint *checkpoint, const char *name)
{
    for (size_t t = 0; t < checkpoint->n_tensors; t++)
        if (strcmp(checkpoint->tensors[t].name, name) == 0)
            return &checkpoint->tensors[t];
    fprintf(stderr, "the test checkpoint has no tensor %s\n", name);
    abort();
}

float *test_checkpoint_values(const struct test_checkpoint *checkpoint, const char *name)
{
    return (float *)test_checkpoint_find(checkpoint, name)->values;
}

static void tensor_clear(struct test_tensor *tensor)
{
    free((char *)tensor->name);
    free((float *)tensor->values);
}

void test_checkpoint_remove(struct test_checkpoint *checkpoint, const char *name)
{
    struct test_tensor *tensor = test_checkpoint_find(checkpoint, name);
    tensor_clear(tensor);
    *tensor = checkpoint->tensors[--checkpoint->n_tensors];
}

void test_checkpoint_clear(struct test_checkpoint *checkpoint)
{
    for (size_t t = 0; t < checkpoint->n_tensors; t++)
        tensor_clear(&checkpoint->tensors[t]);
    free(checkpoint->tensors);
    *checkpoint = (struct test_checkpoint){0};
}

static bool name_ends_with(const char *name, const char *end)
{
    size_t length = strlen(name);
    return length >= strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

/* Centre and half width of the uniform distribution of a tensor's values. */
static void random_range(const struct test_tensor *tensor, double gain, double *centre_out, double *half_width_out)
{
    const char *name = tensor->name;
    bool is_conv1d = strstr(name, ".c_attn.") != NULL || strstr(name, ".c_proj.") != NULL || strstr(name, ".c_fc.");
    bool is_embedding = name_ends_with(name, "wte.weight") || name_ends_with(name, "wpe.weight") ||
                        name_ends_with(name, "embed_tokens.weight");
    *centre_out = 0.0;
    *half_width_out = 0.1;
    if (tensor->n_dimensions == 1)
        *centre_out = name_ends_with(name, ".weight") ? 1.0 : 0.0;
    else if (is_embedding)
        *half_width_out = sqrt(3.0);
    else
        *half_width_out = gain * sqrt(3.0 / (double)tensor->shape[is_conv1d ? 0 : 1]);
}

void test_checkpoint_randomise(struct test_checkpoint *checkpoint, uint64_t seed, double gain)
{
    for (size_t t = 0; t < checkpoint->n_tensors; t++) {
        const struct test_tensor *tensor = &checkpoint->tensors[t];
        double centre, half_width;
        random_range(tensor, gain, &centre, &half_width);
        float *values = (float *)tensor->values;
        for (size_t i = 0; i < element_count(tensor); i++)
            values[i] = (float)(centre + half_width * (2.0 * hs_random_uniform(seed, t, i) - 1.0));
    }
}

int test_make_folder(void **state)
{
    *state = test_temporary_folder();
    return 0;
}

int test_remove_folder(void **state)
{
    test_folder_remove(*state);
    free(*state);
    return 0;
}
