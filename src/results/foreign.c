/* What a file is that HDF5 cannot open: nobody is told to throw away what may be somebody else's. */
/* memmem() is Linux's. */
#define _GNU_SOURCE
#include "results/file.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BEGINNING_BYTES = 16384, SIGNATURE_BYTES = 8, FIRST_USER_BLOCK = 512 };

static const char hdf5_signature[] = "\x89HDF\r\n\x1a\n";

typedef struct beginning {
    char bytes[BEGINNING_BYTES];
    size_t n;
} beginning;

static const struct {
    const char *magic;
    size_t n;
    const char *what;
} kinds[] = {
    {"CDF", 3, "a netCDF file (classic)"},
    {"PK\x03\x04", 4, "a ZIP archive, as of NumPy or PyTorch"},
    {"\x93NUMPY", 6, "a NumPy array"},
    {"\x1f\x8b", 2, "a gzip file"},
    {"\x28\xb5\x2f\xfd", 4, "a Zstandard file"},
    {"PAR1", 4, "a Parquet file"},
    {"SQLite format 3", 15, "an SQLite database"},
};

static bool starts_with(const beginning *file, size_t at, const char *magic, size_t n)
{
    return file->n >= at + n && memcmp(file->bytes + at, magic, n) == 0;
}

/* At 0, or after a user block of 512, 1024, ... bytes. */
static bool is_hdf5(const beginning *file)
{
    bool found = starts_with(file, 0, hdf5_signature, SIGNATURE_BYTES);
    for (size_t at = FIRST_USER_BLOCK; !found && at < file->n; at *= 2)
        found = starts_with(file, at, hdf5_signature, SIGNATURE_BYTES);
    return found;
}

/* The attribute's name stands in the header of the root group, which is the first thing in a file. */
static bool is_ours(const beginning *file)
{
    return memmem(file->bytes, file->n, HS_LAYOUT_ATTRIBUTE, sizeof HS_LAYOUT_ATTRIBUTE - 1) != NULL;
}

static bool is_text(const beginning *file)
{
    for (size_t i = 0; i < file->n; i++)
        if (file->bytes[i] == '\0' ||
            (iscntrl((unsigned char)file->bytes[i]) && !isspace((unsigned char)file->bytes[i])))
            return false;
    return true;
}

static const char *kind_of(const beginning *file)
{
    if (file->n == 0)
        return "empty";
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (starts_with(file, 0, kinds[i].magic, kinds[i].n))
            return kinds[i].what;
    return is_text(file) ? "a text file" : "not an HDF5 file";
}

/*
 * Looks at the first bytes by itself, since HDF5 says "file signature not found" of a text and of
 * a cut results file alike, and the advice differs.
 */
hs_status hs__results_file_fail_open(const char *path, hs_error *error)
{
    beginning file = {.n = 0};
    hs_error reason = {0};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = descriptor < 0 ? -1 : pread(descriptor, file.bytes, sizeof file.bytes, 0);
    if (descriptor >= 0)
        (void)close(descriptor);
    file.n = n > 0 ? (size_t)n : 0;
    (void)hs__results_hdf5_fail(&reason, HS_ERROR_RESULTS, "%.400s", path);
    const bool cut = strstr(reason.message, "truncated") != NULL || strstr(reason.message, "eof") != NULL;
    if (!is_hdf5(&file))
        return hs_fail(error, HS_ERROR_RESULTS, "%.400s is %s, not a results file of headsweep", path, kind_of(&file));
    if (!is_ours(&file))
        return hs_fail(error, HS_ERROR_RESULTS, "%s; it is %s HDF5 file, and nothing tells that headsweep wrote it",
                       reason.message, cut ? "a cut" : "a damaged");
    return hs_fail(error, HS_ERROR_RESULTS, "%s; this results file is %s", reason.message,
                   cut ? "shorter than it was: copy it again, or move it away to sweep anew"
                       : "damaged: restore a copy, or move it away to sweep anew");
}
