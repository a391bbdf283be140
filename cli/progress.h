/* Tells a person how far the work is, on stderr.
 *
 * Nothing is said about the first two seconds. After that a terminal gets one live line
 * and a line for each epoch; anything else gets a plain line every few seconds. */
#ifndef WEFT_CLI_PROGRESS_H
#define WEFT_CLI_PROGRESS_H

#include <stdbool.h>

#include "weft/weft.h"

struct progress {
    bool quiet, live; /* live: stderr is a terminal that can redraw a line */
    bool drawn;       /* a live line stands on the terminal */
    double told;      /* when the last line was printed, by seconds_now */
};

void progress_init(struct progress *progress, bool quiet);
/* A weft_event_fn; `user` is the struct progress. */
void progress_event(void *user, const weft_event *event);
/* Takes the live line away, so that something else can be printed. */
void progress_clear(struct progress *progress);

#endif
