/* What every test needs: cmocka in the order it wants, and checks that show the message. */
#ifndef WEFT_TESTS_SUPPORT_H
#define WEFT_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "weft/status.h"

#define assert_ok(expression)                                                            \
    do {                                                                                 \
        weft_status status_ = (expression);                                              \
        if (status_ != WEFT_OK)                                                          \
            fail_msg("%s: status %d: %s", #expression, (int)status_, weft_error());      \
    } while (0)

/* The call fails with this status, and its message holds `text`. */
#define assert_fails(expression, expected, text)                                         \
    do {                                                                                 \
        weft_status status_ = (expression);                                              \
        if (status_ != (expected))                                                       \
            fail_msg("%s: status %d, expected %d: %s", #expression, (int)status_,        \
                (int)(expected), status_ ? weft_error() : "succeeded");                  \
        if (!strstr(weft_error(), (text)))                                               \
            fail_msg("%s: message '%s' lacks '%s'", #expression, weft_error(), (text));  \
    } while (0)

/* The folder with Fashion-MNIST's four files, or NULL when WEFT_DATA names none. Tests
 * that need it call skip() then. */
static inline const char *fashion_mnist(void)
{
    const char *folder = getenv("WEFT_DATA");
    return folder && *folder ? folder : NULL;
}

#endif
