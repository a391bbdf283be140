/* Votes of neighbours, shared by the classifier and the sweep over k. */
#ifndef WEFT_CLASSIC_KNN_H
#define WEFT_CLASSIC_KNN_H

#include "weft/knn.h"

/* Writes each class's share of the votes of k neighbours to `shares`. */
void weft__knn_vote(float *shares, size_t classes, const uint32_t *ids,
    const float *distances, size_t k, const uint16_t *labels, weft_knn_weights weights);

#endif
