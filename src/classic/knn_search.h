/* The exhaustive search under k nearest neighbours. */
#ifndef WEFT_CLASSIC_KNN_SEARCH_H
#define WEFT_CLASSIC_KNN_SEARCH_H

#include "classic/features.h"
#include "weft/knn.h"

typedef struct weft__knn_request {
    weft_knn_metric metric;
    weft__points train, query; /* both bytes or both floats; borrowed */
    const uint32_t *id;        /* training points' names for ties and answers; NULL: rows */
    size_t skip_begin, skip_end; /* rows of train that are left out */
    size_t k;                    /* at most as many as there are to choose from */
} weft__knn_request;

/* Writes for each query its k nearest, by distance and then by id: ids and distances
 * (the latter may be NULL), query count x k. Floats are compared in single precision,
 * bytes exactly but for cosine (double). */
WEFT_MUST weft_status weft__knn_search(const weft__knn_request *request, uint32_t *ids,
    float *distances, weft_context *context);

/* Writes the sums of absolute differences of one query and n points of dims coordinates
 * to out[0..n). */
void weft__differ_bytes(
    double *out, const uint8_t *query, const uint8_t *points, size_t n, size_t dims);
void weft__differ_floats(
    double *out, const float *query, const float *points, size_t n, size_t dims);

#endif
