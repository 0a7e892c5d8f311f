/*
 * The results file of layout 1 that is kept in unit/results: written by headsweep before sets were stored by what
 * they add.
 */
#ifndef HEADSWEEP_TESTS_OLD_LAYOUT_H
#define HEADSWEEP_TESTS_OLD_LAYOUT_H

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* Unpacked to `path`; false if that fails. */
static inline bool old_layout_unpack(const char *path)
{
    static char bytes[1 << 20];
    char packed[512];

    snprintf(packed, sizeof packed, "%s/unit/results/layout_1.h5.gz", getenv("HEADSWEEP_TEST_DATA"));
    gzFile from = gzopen(packed, "rb");
    int n = from != NULL ? gzread(from, bytes, sizeof bytes) : -1;
    FILE *to = n > 0 ? fopen(path, "wb") : NULL;
    bool written = to != NULL && fwrite(bytes, 1, (size_t)n, to) == (size_t)n;
    written = to != NULL && fclose(to) == 0 && written;
    if (from != NULL)
        (void)gzclose(from);
    return written;
}

#endif
