#include "core/left.h"

#include <math.h>

#include "core/context.h"

static const double EARLY = 1; /* seconds of the whole within which nothing is foretold */

static void relay(void *user, const weft_event *event)
{
    weft__left *left = user;
    weft_event told = *event;
    if (!left->on_event)
        return;
    if (event->total > 0 && event->done >= 0) {
        /* A part may have several tasks, each beginning at 0. */
        double now = left->finished + left->guess * fmin(event->done / event->total, 1);
        left->reached = fmax(left->reached, now);
    }
    double elapsed = weft__now() - left->began;
    if (elapsed > EARLY && left->reached > 0)
        told.left = elapsed / left->reached * fmax(0, left->total - left->reached);
    left->on_event(left->user, &told);
}

void weft__left_begin(weft__left *left, weft_context *context, double total)
{
    *left = (weft__left){.context = context,
        .on_event = context->on_event,
        .user = context->user,
        .began = weft__now(),
        .total = total};
    weft_context_on_event(context, relay, left);
}

void weft__left_part(weft__left *left, double guess)
{
    left->finished += left->guess;
    left->reached = fmax(left->reached, left->finished);
    left->guess = guess;
}

void weft__left_end(weft__left *left)
{
    weft_context_on_event(left->context, left->on_event, left->user);
}
