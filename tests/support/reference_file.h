/*
 * Reference results in safetensors files of F64 and I64 tensors. Test code: a file that cannot be read ends the
 * program with a message. Not the model room's reader, which knows the types of weights only and should not check
 * itself.
 */
#ifndef HEADSWEEP_TESTS_REFERENCE_FILE_H
#define HEADSWEEP_TESTS_REFERENCE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reference_file;

struct reference_tensor {
    size_t n_dimensions;
    size_t shape[6];
    size_t n_values;
    const double *reals;     /* of F64, else NULL */
    const int64_t *integers; /* of I64, else NULL */
};

struct reference_file *reference_file_open(const char *path);
void reference_file_close(struct reference_file *file);
/* False if there is no tensor of that name. The name is a printf format. */
bool reference_file_find(const struct reference_file *file, struct reference_tensor *tensor_out,
                         const char *name_format, ...) __attribute__((format(printf, 3, 4)));

#endif
