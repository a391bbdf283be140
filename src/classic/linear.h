/* Scores that are linear in the features, as explanations see them. */
#ifndef WEFT_CLASSIC_LINEAR_H
#define WEFT_CLASSIC_LINEAR_H

#include "classic/features.h"
#include "model/family.h"

/* The score of class c is weights[c] . x + bias[c], pixels counting as 0 to 1. Borrowed. */
typedef struct weft__linear {
    const weft__features *features;
    size_t dims, classes, values; /* values: of a picture */
    const float *weights;         /* classes x dims */
    const float *bias;            /* classes; -INFINITY: the class had no picture */
} weft__linear;

/* weft__family's contribute: coefficient x (pixel - baseline), through linear features. */
WEFT_MUST weft_status weft__linear_contribute(
    const weft__linear *linear, const weft__contributions *job, weft_context *context);
/* weft__family's weigh: the coefficients of each class. */
WEFT_MUST weft_status weft__linear_weigh(const weft__linear *linear, weft__weights *job);

#endif
