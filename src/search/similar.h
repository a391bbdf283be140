/* The inside of what was found. */
#ifndef WEFT_SEARCH_SIMILAR_H
#define WEFT_SEARCH_SIMILAR_H

#include "search/index.h"

struct weft_similar {
    const weft_index *index; /* borrowed */
    weft_view queries;
    size_t k;
    double diversity;
    int same;
    const float *points;   /* queries.count x dims: made, or the index's */
    float *made;           /* owned; NULL: the index's */
    uint32_t *items;       /* of the catalogue's pictures and of others; owned */
    uint32_t *query_items; /* queries.count; owned */
    weft_alike *alike;     /* queries.count x k; owned */
    uint32_t *found;       /* queries.count: how many of k; owned */
};

#endif
