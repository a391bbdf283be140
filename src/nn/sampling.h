/* Which pictures an epoch shows, and what they count, where classes are uneven. */
#ifndef WEFT_NN_SAMPLING_H
#define WEFT_NN_SAMPLING_H

#include "weft/dataset.h"

/* In the order of the `sampling` option. */
typedef enum weft__sampling {
    WEFT__SAMPLING_UNIFORM,
    WEFT__SAMPLING_BALANCED
} weft__sampling;
#define WEFT__SAMPLING_CHOICES "uniform|balanced"

/* order, view->count long, receives positions in the view. Uniform: each once, shuffled.
 * Balanced: drawn with replacement, the class first, every class there is alike; then one
 * of its pictures. Depends on the seed and the epoch alone. */
WEFT_MUST weft_status weft__epoch_order(uint32_t *order, const weft_view *view,
    size_t classes, weft__sampling sampling, uint64_t seed, uint64_t epoch);

/* weights[c] = pictures / (classes present * pictures of c), as scikit-learn's
 * class_weight="balanced" (after King and Zeng 2001); their mean over the pictures is 1.
 * A class without pictures gets 0. */
WEFT_MUST weft_status weft__balanced_weights(
    float *weights, const weft_view *view, size_t classes);

#endif
