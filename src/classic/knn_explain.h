/* What k nearest neighbours rest an answer on. */
#ifndef WEFT_CLASSIC_KNN_EXPLAIN_H
#define WEFT_CLASSIC_KNN_EXPLAIN_H

#include "classic/features.h"
#include "model/family.h"
#include "weft/knn.h"

/* A fitted classifier. Borrowed. */
typedef struct weft__neighbours {
    const weft__features *features;
    weft__points points;
    const uint16_t *labels; /* points.count */
    size_t classes, k;      /* k: at most points.count */
    weft_knn_metric metric;
    weft_knn_weights weights;
} weft__neighbours;

/* weft__family's contribute: by how much each pixel brings a picture nearer to the nearest
 * of its class than to the nearest of all others. Their sum is the difference of the two
 * distances, Euclidean ones squared; pixels count as 0 to 1. */
WEFT_MUST weft_status weft__knn_contribute(const weft__neighbours *neighbours,
    const weft__contributions *job, weft_context *context);
/* weft__family's find_examples: the nearest and their votes. */
WEFT_MUST weft_status weft__knn_find_examples(
    const weft__neighbours *neighbours, weft__examples *job, weft_context *context);

#endif
