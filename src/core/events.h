/* Telling the caller how far a task is. Only rank 0's thread may call these. */
#ifndef WEFT_CORE_EVENTS_H
#define WEFT_CORE_EVENTS_H

#include "weft/context.h"

/* A task under way. */
typedef struct weft__task {
    weft_context *context;
    const char *name, *unit;
    double total, began, told;
} weft__task;

/* Seconds of a clock that never steps. */
double weft__now(void);

weft__task weft__task_begin(
    weft_context *context, const char *name, const char *unit, double total);
/* Sends an event at most every tenth of a second. */
void weft__task_progress(weft__task *task, double done);
void weft__task_end(weft__task *task);

/* An event with every figure NaN, ready to be filled in. */
weft_event weft__event(weft_event_kind kind, const char *task);
void weft__send(weft_context *context, const weft_event *event);
/* A WEFT_EVENT_NOTE. */
void weft__note(weft_context *context, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
