/* The inside of a list of runs; only src/store includes this. */
#ifndef WEFT_STORE_LIST_H
#define WEFT_STORE_LIST_H

#include "store/store.h"

struct weft_run_list {
    weft_run_row *rows; /* count, whose texts are owned */
    size_t count, capacity;
    char *metric, *split; /* the filter's, owned; NULL: none */
};

/* The status that a person sees: "died" where the store says 'running' and nobody runs. */
WEFT_MUST weft_status weft__seen_status(
    const char **out, weft_store *store, int64_t run, const char *status);

/* Those that are not NULL as the name of a run: "train ann", "compare". */
void weft__run_label(char *text, size_t size, const char *kind, const char *name);

#endif
