#include "core/overall.h"

#include <math.h>

#include "core/context.h"

/* Sends as whoever listens to the whole expects it. */
static void forward(weft__overall *overall, const weft_event *event)
{
    if (overall->on_event)
        overall->on_event(overall->user, event);
}

static void relay(void *user, const weft_event *event)
{
    weft__overall *overall = user;
    bool own = event->task == overall->task.name;
    if (event->kind == WEFT_EVENT_NOTE && overall->silent)
        return;
    if (own || event->kind == WEFT_EVENT_NOTE) {
        forward(overall, event);
        return;
    }
    if (event->kind != WEFT_EVENT_PROGRESS || !(event->total > 0))
        return;
    double share = fmin(event->done / event->total, 1);
    /* A part may have several tasks, each beginning at 0. */
    overall->done =
        fmax(overall->done, overall->from + share * (overall->to - overall->from));
    weft__task_progress(&overall->task, overall->done);
}

void weft__overall_begin(weft__overall *overall, weft_context *context, const char *name,
    const char *unit, double total)
{
    *overall = (weft__overall){.on_event = context->on_event, .user = context->user};
    overall->task = weft__task_begin(context, name, unit, total);
    weft_context_on_event(context, relay, overall);
}

void weft__overall_part(weft__overall *overall, double from, double to)
{
    overall->from = from;
    overall->to = to;
    overall->done = fmax(overall->done, from);
    weft__task_progress(&overall->task, overall->done);
}

void weft__overall_end(weft__overall *overall)
{
    weft_context_on_event(overall->task.context, overall->on_event, overall->user);
    weft__task_end(&overall->task);
}
