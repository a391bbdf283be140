/* weft/status.h: how every function says that it failed.
 *
 *     if (weft_data_load(&data, "photos", &options, context) != WEFT_OK)
 *         fprintf(stderr, "%s\n", weft_error());
 *
 * The message is one line that names the file, the place in it, what was found and
 * what was expected. It is written once, where the fault is seen, and forwarded
 * unchanged; it belongs to the calling thread until that thread's next failure. */
#ifndef WEFT_STATUS_H
#define WEFT_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_API __attribute__((visibility("default")))
#define WEFT_MUST __attribute__((warn_unused_result))

typedef enum weft_status {
    WEFT_OK = 0,
    WEFT_EINVAL,       /* an argument or option is outside what is allowed */
    WEFT_EFORMAT,      /* a file or text does not hold what it must */
    WEFT_EIO,          /* the system refused to open, read or write */
    WEFT_ENOMEM,       /* memory, or a stated memory bound, is exhausted */
    WEFT_ENOTFOUND,    /* no such file, name, layer, family or class */
    WEFT_EUNSUPPORTED, /* well formed, but not something this build can do */
    WEFT_ENUMERIC,     /* the computation left the finite numbers */
    WEFT_ECANCELLED    /* weft_context_cancel was called */
} weft_status;

/* Records the message for this thread and returns `status`. The text is cut at 1023
 * bytes; control characters in it become spaces, so that it stays one line. */
WEFT_API weft_status weft_fail(weft_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The calling thread's last message; "" before any failure. Borrowed. */
WEFT_API const char *weft_error(void);

/* Forwards a failure to the caller. */
#define WEFT_TRY(expression)                                                             \
    do {                                                                                 \
        weft_status weft_try_ = (expression);                                            \
        if (weft_try_ != WEFT_OK)                                                        \
            return weft_try_;                                                            \
    } while (0)

#ifdef __cplusplus
}
#endif
#endif
