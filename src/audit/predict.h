/* Out-of-fold probabilities. */
#ifndef WEFT_AUDIT_PREDICT_H
#define WEFT_AUDIT_PREDICT_H

#include <stdint.h>

#include "weft/context.h"
#include "weft/dataset.h"

typedef struct weft__prediction {
    const char
        *names; /* of classifiers with their options, parted by spaces; at least one */
    size_t folds, repeats;
    uint64_t seed;
} weft__prediction;

/* Writes view->count x classes, the mean over classifiers and repeats. */
WEFT_MUST weft_status weft__predict_out_of_fold(float *probabilities,
    const weft__prediction *how, const weft_view *view, weft_context *context);

#endif
