/* What the files of this room share of HDF5: error texts, types, property lists, attributes. */
#ifndef HEADSWEEP_RESULTS_HDF5_H
#define HEADSWEEP_RESULTS_HDF5_H

#include "results/layout.h"

#include <hdf5.h>

/*
 * HDF5 prints its error stack by itself; the library prints nothing. Called first by whatever creates or opens a
 * file.
 */
void hs__results_hdf5_quiet(void);
/* hs_fail with ": " and the innermost message of HDF5's error stack, which names the system's reason. */
hs_status hs__results_hdf5_fail(hs_error *error, hs_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Closes an id of any kind; harmless for a negative one. */
void hs__results_hdf5_close(hid_t id);

/* File access through plain POSIX calls, without HDF5's file locks. Negative on failure. */
hid_t hs__results_hdf5_serial_access(void);
/* Fixes the version of the format for whatever writes; negative on failure. */
herr_t hs__results_hdf5_fix_version(hid_t access);
/* The type of an element, in memory as in the file: both are little-endian. `text_bytes` with the terminator. */
hid_t hs__results_hdf5_type(hs_element element, size_t text_bytes);

/* n == 0 is a scalar. Takes over `type`. */
hs_status hs__results_hdf5_write_attribute(hid_t object, const char *name, hid_t type, size_t n, const void *bytes,
                                           hs_error *error);
hs_status hs__results_hdf5_write_text(hid_t object, const char *name, const char *value, hs_error *error);
hs_status hs__results_hdf5_write_u64(hid_t object, const char *name, uint64_t value, hs_error *error);
hs_status hs__results_hdf5_write_i32(hid_t object, const char *name, const int32_t *values, size_t n, hs_error *error);
hs_status hs__results_hdf5_write_f64(hid_t object, const char *name, const double *values, size_t n, hs_error *error);
hs_status hs__results_hdf5_write_texts(hid_t object, const char *name, const char *const *values, size_t n,
                                       hs_error *error);

/*
 * HS_ERROR_RESULTS: absent, of another type, or larger than any that headsweep writes. Texts are new; hs_free() them.
 */
hs_status hs__results_hdf5_read_u64(hid_t object, const char *name, uint64_t *value_out, hs_error *error);
hs_status hs__results_hdf5_read_i32(hid_t object, const char *name, int32_t *values, size_t n, hs_error *error);
hs_status hs__results_hdf5_read_f64(hid_t object, const char *name, double *values, size_t n, hs_error *error);
hs_status hs__results_hdf5_read_text(hid_t object, const char *name, char **value_out, hs_error *error);
/* A list of any length up to `max_n`; the texts and the array of them are one block each: hs_hdf5_texts_clear. */
typedef struct hs_text_rows {
    char **items;
    size_t n;
    char *bytes; /* owned: all texts, zero-terminated */
} hs_text_rows;
hs_status hs__results_hdf5_read_texts(hid_t object, const char *name, size_t max_n, hs_text_rows *texts_out,
                                      hs_error *error);
void hs__results_texts_clear(hs_text_rows *texts);
/* Cuts `bytes` [n, width], which it takes over, into texts. Each row must be terminated and valid UTF-8. */
hs_status hs__results_texts_cut(char *bytes, size_t n, size_t width, const char *what, hs_text_rows *texts_out,
                                hs_error *error);
/* The reverse: [n, width] padded with zeros; hs_free() it. */
hs_status hs__results_texts_pack(const char *const *items, size_t n, char **bytes_out, size_t *width_out,
                                 hs_error *error);

#endif
