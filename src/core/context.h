/* The inside of a context; only src/core includes this. */
#ifndef WEFT_CORE_CONTEXT_H
#define WEFT_CORE_CONTEXT_H

#include <stdatomic.h>

#include "weft/context.h"

struct weft__team;

struct weft_context {
    struct weft__team *team; /* owned */
    weft_event_fn on_event;  /* NULL: nobody listens */
    void *user;
    atomic_bool cancelled;
};

WEFT_MUST weft_status weft__team_create(struct weft__team **out, int count);
void weft__team_free(struct weft__team *team);
int weft__team_count(const struct weft__team *team);

#endif
