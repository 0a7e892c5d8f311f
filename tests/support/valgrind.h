/*
 * For tests that measure the allocator or the processor, of which valgrind brings its own, and for those that would
 * take it an hour. tests/valgrind.sh sets the variable.
 */
#ifndef HEADSWEEP_TESTS_VALGRIND_H
#define HEADSWEEP_TESTS_VALGRIND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static inline bool is_under_valgrind(void)
{
    return getenv("HEADSWEEP_VALGRIND") != NULL;
}

/* Rounds of a property test: a quarter of them, which shows each kind of access to memory still. */
static inline uint64_t rounds_to_run(uint64_t n_rounds)
{
    return is_under_valgrind() ? (n_rounds + 3) / 4 : n_rounds;
}

static inline void skip_under_valgrind(void)
{
    if (!is_under_valgrind())
        return;
    print_message("SKIPPED: valgrind has an allocator and a processor of its own\n");
    skip();
}

#endif
