/* weft/context.h: what a computation runs in: threads, progress, cancellation.
 *
 *     weft_context *context;
 *     if (weft_context_create(&context, 0) != WEFT_OK) ...
 *     weft_context_on_event(context, print_event, NULL);
 *     ...
 *     weft_context_free(context);
 *
 * Results depend on the number of threads only where a function says so, never on
 * their timing. One context serves one computation at a time. */
#ifndef WEFT_CONTEXT_H
#define WEFT_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_context weft_context;

typedef enum weft_event_kind {
    WEFT_EVENT_BEGIN,    /* a task starts */
    WEFT_EVENT_PROGRESS, /* `done` of `total` units are finished */
    WEFT_EVENT_EPOCH,    /* a network finished an epoch; the figures below are set */
    WEFT_EVENT_END,      /* the task ended, well or not */
    WEFT_EVENT_NOTE      /* `text` is a sentence a person should read */
} weft_event_kind;

/* Text is borrowed for the length of the call. Figures that do not apply are NaN. */
typedef struct weft_event {
    weft_event_kind kind;
    const char *task; /* what is being done, such as "reading fashion-mnist" */
    const char *unit; /* what is counted: "pictures", "epochs", "trees" */
    double done, total;
    double seconds; /* since the task began */
    double rate;    /* pictures per second */
    double left;    /* seconds, of all that this task is a part of: a guess */
    double loss, accuracy, val_loss, val_accuracy;
    const char *text;
} weft_event;

/* Called from the thread that called into weft, never from a worker. */
typedef void (*weft_event_fn)(void *user, const weft_event *event);

/* threads: 1 to 256, or 0 for one on every core this process may use. */
WEFT_API WEFT_MUST weft_status weft_context_create(weft_context **out, int threads);
WEFT_API void weft_context_free(weft_context *context); /* NULL-safe */

WEFT_API void weft_context_on_event(weft_context *context, weft_event_fn fn, void *user);
WEFT_API int weft_context_threads(const weft_context *context);

/* Asks the running computation to stop as soon as its state is consistent; it then
 * returns WEFT_ECANCELLED. May be called from another thread or from a signal handler. A
 * handler that can interrupt a thread which computes, whatever it does, wants a stack of
 * its own (sigaltstack, SA_ONSTACK): oneDNN's matrix products keep their data where a
 * handler's frame would be put. */
WEFT_API void weft_context_cancel(weft_context *context);
WEFT_API bool weft_context_cancelled(const weft_context *context);

#ifdef __cplusplus
}
#endif
#endif
