/* The weight gradient of a dense layer, in' out over the batch, a few rows at a time: so
 * that the optimiser can take each while it is in the first-level cache, and a gradient as
 * large as the weights is neither written nor read again.
 *
 * Kernels for AVX-512, in bf16 with its dot products of pairs. */
#ifndef WEFT_NN_LAYERS_DENSE_GRADIENT_H
#define WEFT_NN_LAYERS_DENSE_GRADIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nn/onednn.h"

/* Rows of the gradient that are made at once. */
enum { WEFT__DENSE_ROWS = 16 };

typedef struct weft__dense_gradient {
    size_t batch, width; /* width: outputs */
    size_t in_stride;    /* inputs of a whole row, of which a band is used */
    weft__real real;
} weft__dense_gradient;

/* Whether this processor has the kernels. */
bool weft__dense_gradient_serves(weft__real real);
/* 32-bit words of `packed` for a batch and width. */
size_t weft__dense_gradient_words(const weft__dense_gradient *g);
/* Brings diff, [batch][width], into the order in which the rows want it. */
void weft__dense_gradient_pack(
    uint32_t *packed, const weft__dense_gradient *g, const void *diff);
/* gradient[rows][width] from `rows`, at most WEFT__DENSE_ROWS, inputs that begin at `in`;
 * works in `packed`. */
void weft__dense_gradient_rows(float *gradient, const weft__dense_gradient *g,
    uint32_t *packed, const void *in, size_t rows);

#endif
