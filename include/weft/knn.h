/* weft/knn.h: exact nearest neighbours, and every k's accuracy from one search.
 *
 *     const uint32_t k[] = {3, 5, 7, 9, 11};
 *     double accuracy[5][5];
 *     weft_split_folds(fold, &train, 5, seed);
 *     weft_knn_cross_validate(accuracy[0], &train, fold, 5, k, 5, NULL, context);
 *
 * The search is exhaustive and exact: on pixels, Euclidean and Manhattan distances are
 * compared as integers. Of equally distant pictures the one that comes first in the view
 * is nearer, and of equally many votes the lower class wins. */
#ifndef WEFT_KNN_H
#define WEFT_KNN_H

#include <stddef.h>
#include <stdint.h>

#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_knn_metric {
    WEFT_KNN_EUCLIDEAN,
    WEFT_KNN_MANHATTAN,
    WEFT_KNN_COSINE /* 1 - cosine of the angle; 1 to a black picture */
} weft_knn_metric;

typedef enum weft_knn_weights {
    WEFT_KNN_UNIFORM, /* each neighbour has one vote */
    WEFT_KNN_DISTANCE /* 1 / distance; where some are at 0, only those vote */
} weft_knn_weights;

typedef struct weft_knn_options {
    weft_knn_metric metric;
    weft_knn_weights weights;
} weft_knn_options;

/* For each query the k nearest of `train`, nearest first: `positions` in the view
 * `train` and `distances` (may be NULL) on pixels of 0 to 255, each query count x k,
 * owned by the caller. 1 <= k <= train->count, else WEFT_EINVAL. */
WEFT_API WEFT_MUST weft_status weft_knn_neighbours(uint32_t *positions, float *distances,
    const weft_view *train, const weft_view *queries, size_t k, weft_knn_metric metric,
    weft_context *context);

/* Cross-validated accuracy of every k[0..k_count) from one pass over all pairs of
 * different folds. `fold` holds view->count folds below `folds`, as weft_split_folds
 * writes them. `accuracy`, folds x k_count, receives the share of each fold's pictures
 * that the other folds get right; NaN for an empty fold. With fold == NULL every picture
 * is left out in turn, `folds` is ignored and `accuracy` has k_count elements. `options`
 * NULL: Euclidean, uniform. Each k must have that many pictures to choose from, else
 * WEFT_EINVAL. */
WEFT_API WEFT_MUST weft_status weft_knn_cross_validate(double *accuracy,
    const weft_view *view, const uint8_t *fold, size_t folds, const uint32_t *k,
    size_t k_count, const weft_knn_options *options, weft_context *context);

#ifdef __cplusplus
}
#endif
#endif
