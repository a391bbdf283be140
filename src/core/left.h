/* How long the whole of several tasks will yet take, told with the progress of each. */
#ifndef WEFT_CORE_LEFT_H
#define WEFT_CORE_LEFT_H

#include "core/events.h"

/* Parts are guessed in seconds before they begin; how long the finished ones took beside
 * their guess corrects what is left. */
typedef struct weft__left {
    weft_context *context;
    weft_event_fn on_event; /* whom the context told before */
    void *user;
    double began;
    double guess, total; /* of the part under way, and of all */
    double finished,
        reached; /* guessed seconds of parts done, and with the one under way */
} weft__left;

/* From here on progress carries `left`. Must be ended, and stay where it is until then. */
void weft__left_begin(weft__left *left, weft_context *context, double total);
/* What follows was guessed at so many seconds of the total. */
void weft__left_part(weft__left *left, double guess);
void weft__left_end(weft__left *left);

#endif
