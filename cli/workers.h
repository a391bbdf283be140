/* Processes that work on one search together. */
#ifndef WEFT_CLI_WORKERS_H
#define WEFT_CLI_WORKERS_H

#include "command.h"

/* What the processes share: the pictures were read before they part. */
struct search {
    const weft_tune_options *options;
    const weft_view *train, *validation; /* validation may be NULL */
};

/* Makes `count` processes that run trials with `threads` threads each, tells how far they
 * are by the tuning's store, and waits for them. An interrupt is passed on to them, and
 * they end with this process, however it ends. The store must not be open: *tuning, NULL on
 * entry, is opened once they are made. */
WEFT_MUST weft_status workers_run(weft_tuning **tuning, struct call *call,
    const struct search *search, size_t count, int threads);

#endif
