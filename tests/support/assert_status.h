/*
 * That a call succeeds, and that it fails as it should: the one way to assert either. A failure says call and message.
 */
#ifndef HEADSWEEP_TESTS_ASSERT_STATUS_H
#define HEADSWEEP_TESTS_ASSERT_STATUS_H

#include "headsweep/base.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

/*
 * `call` is a hs_status, `error` the hs_error * that it was given. In tests of several ranks: mpi_assert_ok
 * (mpi_test.h).
 */
#define assert_ok(call, error) assert_ok_at((call), (error), #call, __FILE__, __LINE__)

static inline void assert_ok_at(hs_status status, const hs_error *error, const char *call, const char *file, int line)
{
    if (status == HS_OK)
        return;
    print_error("%s\n  fails: %s\n", call, error->message);
    _fail(file, line);
}

/* The same for a call that uses `&error`, which nobody else looks at. */
#define ASSERT_OK(call)          \
    do {                         \
        hs_error error = {0};    \
        assert_ok(call, &error); \
    } while (0)

/* Such a call fails with this status and a message that contains `text`. */
#define ASSERT_FAILS(call, expected_status, text)                            \
    do {                                                                     \
        hs_error error = {0};                                                \
        assert_int_equal(call, expected_status);                             \
        if (strstr(error.message, text) == NULL)                             \
            fail_msg("\"%s\" does not contain \"%s\"", error.message, text); \
    } while (0)

#endif
