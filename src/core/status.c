#include "weft/status.h"

#include <stdarg.h>
#include <stdio.h>

static _Thread_local char message[1024];

weft_status weft_fail(weft_status status, const char *format, ...)
{
    /* Written aside first: the arguments may point into the last message. */
    char fresh[sizeof message];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fresh, sizeof fresh, format, arguments);
    va_end(arguments);
    size_t i = 0;
    for (; fresh[i]; i++) {
        unsigned char c = (unsigned char)fresh[i];
        message[i] = c < ' ' || c == 0x7f ? ' ' : fresh[i];
    }
    message[i] = 0;
    return status;
}

const char *weft_error(void)
{
    return message;
}
