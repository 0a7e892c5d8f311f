/* For tests that measure the allocator or the processor: valgrind brings its own. tests/valgrind.sh sets the variable. */
#ifndef HEADSWEEP_TESTS_VALGRIND_H
#define HEADSWEEP_TESTS_VALGRIND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static inline void skip_under_valgrind(void)
{
    if (getenv("HEADSWEEP_VALGRIND") == NULL)
        return;
    print_message("SKIPPED: valgrind has an allocator and a processor of its own\n");
    skip();
}

#endif
