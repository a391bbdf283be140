/* Whether a run's process still lives.
 *
 * Beside the store lies an empty file, STORE-lock. Who begins a run locks the byte at the
 * run's number in it (an open file description lock, fcntl(2)), which the kernel lets go
 * when the process ends, however it ends. No process number can be mistaken for another's,
 * also between containers that share the folder. */
#ifndef WEFT_STORE_ALIVE_H
#define WEFT_STORE_ALIVE_H

#include <stdbool.h>

#include "store/store.h"

/* Holds the run's lock until it is let go or the store is closed. */
WEFT_MUST weft_status weft__alive_hold(weft_store *store, int64_t run);
void weft__alive_let_go(weft_store *store, int64_t run);
/* Whether anybody holds it. */
WEFT_MUST weft_status weft__alive(bool *out, weft_store *store, int64_t run);

#endif
