/* The loops of norm_loops.h in vectors of 512 bits, where the processor and the number of
 * channels allow. Each returns how many of the rows' pixels it did, 0 to all. */
#ifndef WEFT_NN_LAYERS_NORM_VECTORS_H
#define WEFT_NN_LAYERS_NORM_VECTORS_H

#include "nn/layers/norm_loops.h"

WEFT_MUST size_t weft__vector_moments(
    float *sums, const void *in, const float *centre, const weft__norm_rows *rows);
WEFT_MUST size_t weft__vector_apply(
    void *out, const void *in, const weft__norm_factors *f, const weft__norm_rows *rows);
WEFT_MUST size_t weft__vector_gradients(float *sums, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *rows);
WEFT_MUST size_t weft__vector_pull(void *diff_in, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *rows);

#endif
