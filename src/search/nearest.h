/* Exact nearest neighbours of points of length 1, by inner product. */
#ifndef WEFT_SEARCH_NEAREST_H
#define WEFT_SEARCH_NEAREST_H

#include "weft/context.h"
#include "weft/similar.h"

typedef struct weft__alike_request {
    const float *points, *queries; /* count x dims, query_count x dims */
    size_t count, query_count, dims;
    /* Item numbers of points and queries: those of the query's own are passed over. */
    const uint32_t *items, *query_items;
    size_t k;
    double diversity; /* see weft_similar_find */
} weft__alike_request;

/* Writes each query's nearest, query_count x k, and how many there are of them. In order of
 * the inner products in double precision, then of positions, unless diversity chose. */
WEFT_MUST weft_status weft__most_alike(weft_alike *alike, uint32_t *found,
    const weft__alike_request *request, weft_context *context);

#endif
