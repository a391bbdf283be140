/* The threads of a context.
 *
 * A team runs one function on all its threads at once ("single program, multiple
 * data"); inside it, threads divide the work by their number and meet at barriers. The
 * division depends only on the number of threads, so results do too. oneDNN and
 * OpenBLAS, called from inside, run on the calling thread alone: the team's threads are
 * the only ones, and nothing is oversubscribed. */
#ifndef WEFT_CORE_TEAM_H
#define WEFT_CORE_TEAM_H

#include <stddef.h>

#include "weft/context.h"
#include "weft/status.h"

enum { WEFT__MAX_THREADS = 256 };

/* One thread's place in the running team. */
typedef struct weft__member {
    weft_context *context;
    int rank, count; /* 0 <= rank < count */
} weft__member;

typedef weft_status (*weft__team_fn)(const weft__member *self, void *arg);

/* Runs fn on every thread of the context, the caller being rank 0, and returns when all
 * are done. The failure of the lowest failing rank is returned, its message forwarded.
 * A function that uses barriers must not leave before its fellows without agreeing with
 * them: see weft__team_agree. Called from inside a team, it runs fn alone (count 1). */
WEFT_MUST weft_status weft__team_run(weft_context *context, weft__team_fn fn, void *arg);

/* Runs fn as a team of one on the calling thread, whatever its context has. */
WEFT_MUST weft_status weft__team_alone(weft_context *context, weft__team_fn fn, void *arg);

/* Waits for all members. Everything written before is seen by all after. */
void weft__team_barrier(const weft__member *self);

/* A barrier at which every member brings its status; all get the same answer: WEFT_OK, or
 * the failure of the lowest failing rank. */
WEFT_MUST weft_status weft__team_agree(const weft__member *self, weft_status mine);

/* The part of 0..total that is this member's: contiguous, sizes differ by one `grain` at
 * most, and all borders but the last are multiples of grain. */
void weft__team_share(
    const weft__member *self, size_t total, size_t grain, size_t *begin, size_t *end);

/* Calls fn for chunks of at most `grain` of 0..total, taken by whichever thread is free:
 * for work whose result does not depend on who does it. Reports progress and honours
 * cancellation when `task` is not NULL. */
typedef weft_status (*weft__chunk_fn)(size_t begin, size_t end, int rank, void *arg);
WEFT_MUST weft_status weft__parallel(weft_context *context, size_t total, size_t grain,
    weft__chunk_fn fn, void *arg, const char *task, const char *unit);

#endif
