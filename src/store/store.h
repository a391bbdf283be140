/* The inside of a store; only src/store includes this. */
#ifndef WEFT_STORE_STORE_H
#define WEFT_STORE_STORE_H

#include "store/database.h"
#include "weft/store.h"

struct weft_store {
    weft__database *db; /* owned */
    char *folder;       /* that the store lies in, as an absolute path; owned */
    int locks;          /* see store/alive.h; -1: not open */
};

/* `path` as it is kept: relative to the store's folder when it lies below it, else
 * absolute; owned by the caller. */
WEFT_MUST weft_status weft__store_place(
    char **out, const weft_store *store, const char *path);
/* The way back, for use from the present folder; owned by the caller. */
WEFT_MUST weft_status weft__store_path_of(
    char **out, const weft_store *store, const char *place);

#endif
