/* The loops of batch norm over one member's rows: `count` pixels of `channels` numbers.
 * Sums are kept in blocks, so that f32 does not lose the small against the large. */
#ifndef WEFT_NN_LAYERS_NORM_LOOPS_H
#define WEFT_NN_LAYERS_NORM_LOOPS_H

#include <stdbool.h>
#include <stddef.h>

#include "nn/onednn.h"

/* What the loops go over. */
typedef struct weft__norm_rows {
    size_t count, channels;
    weft__real real;
    bool relu; /* after the norm */
} weft__norm_rows;

/* By channel. */
typedef struct weft__norm_factors {
    const float *scale, *shift; /* out = scale in + shift */
    const float *mean;
    const float *slope, *offset; /* of the backward pass: see weft__norm_pull */
} weft__norm_factors;

/* sums[c] += sum of (in - centre); sums[channels + c] += sum of (in - centre)^2 */
void weft__norm_moments(
    float *sums, const void *in, const float *centre, const weft__norm_rows *rows);
/* out = scale in + shift, and not below 0 with the ReLU. */
void weft__norm_apply(
    void *out, const void *in, const weft__norm_factors *f, const weft__norm_rows *rows);
/* sums[c] += sum of dy; sums[channels + c] += sum of dy (in - mean). dy is diff, or 0 where
 * the ReLU cut, which is told from `in`: that is read anyway, the output need not be. */
void weft__norm_gradients(float *sums, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *rows);
/* diff_in = scale dy + slope in + offset */
void weft__norm_pull(void *diff_in, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *rows);

#endif
