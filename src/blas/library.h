/* library: the BLAS libraries that say, and can be told, how many threads they have of their own. */
#ifndef HEADSWEEP_BLAS_LIBRARY_H
#define HEADSWEEP_BLAS_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

struct hs__blas_library {
    const char *name;
    const char *set_threads; /* functions of the library: void (int), int (void) */
    const char *get_threads;
    bool is_wide;                                  /* of int64_t instead */
    void (*describe)(char *text, size_t capacity); /* name and version; leaves the text where they are not to be had */
    const char *(*core)(void);
    bool (*is_serial)(void); /* whether only one thread may call it at a time */
};

/* NULL: none that is known. */
const struct hs__blas_library *hs__blas_find_library(void);
/* Threads that a product of the library has. */
int hs__blas_ask_threads(const struct hs__blas_library *library);

#endif
