/* One task made of several: what the parts tell of their progress is told as its own, so
 * that the time left is that of the whole. */
#ifndef WEFT_CORE_OVERALL_H
#define WEFT_CORE_OVERALL_H

#include "core/events.h"

typedef struct weft__overall {
    weft__task task;
    weft_event_fn on_event; /* whom the context told before */
    void *user;
    double from, to, done; /* of the task's units: the part under way, and what is done */
    bool silent;           /* to be set after the beginning: the parts' notes are dropped */
} weft__overall;

/* From here on the context's parts are folded into this task; notes pass through. Must be
 * ended, and stay where it is until then. */
void weft__overall_begin(weft__overall *overall, weft_context *context, const char *name,
    const char *unit, double total);
/* The computation that follows takes the task from `from` to `to` units. */
void weft__overall_part(weft__overall *overall, double from, double to);
void weft__overall_end(weft__overall *overall);

#endif
