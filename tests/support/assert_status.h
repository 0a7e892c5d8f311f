/* That a call succeeds, and that it fails as it should. */
#ifndef HEADSWEEP_TESTS_ASSERT_STATUS_H
#define HEADSWEEP_TESTS_ASSERT_STATUS_H

#include "headsweep/base.h"

#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

/* The call succeeds, or the test fails with its message. */
#define ASSERT_OK(call)                    \
    do {                                   \
        hs_error error = {0};              \
        if ((call) != HS_OK)               \
            fail_msg("%s", error.message); \
    } while (0)

/* The call, which uses `error`, fails with this status and a message that contains `text`. */
#define ASSERT_FAILS(call, expected_status, text)                            \
    do {                                                                     \
        hs_error error = {0};                                                \
        assert_int_equal(call, expected_status);                             \
        if (strstr(error.message, text) == NULL)                             \
            fail_msg("\"%s\" does not contain \"%s\"", error.message, text); \
    } while (0)

#endif
