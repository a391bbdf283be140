/* The weight gradient of a convolution in bf16, by a kernel of our own.
 *
 * oneDNN's gets 55 to 80 % of what the processor can do; this one, about 90 %. It takes
 * two pictures at a time: a number of the one beside the same number of the other is the
 * pair that the processor's bf16 product takes, so that a filter's shift over the picture
 * needs no other copy of it. */
#ifndef WEFT_NN_LAYERS_CONV_GRADIENT_H
#define WEFT_NN_LAYERS_CONV_GRADIENT_H

#include <stdint.h>

#include "nn/onednn.h"

/* Whether it can serve: vectors with bf16 products and no matrix tiles (where oneDNN uses
 * those), one group, channels in multiples of 16. */
bool weft__conv_gradient_serves(const weft__conv *conv);

/* Bytes of scratch memory that it wants. */
size_t weft__conv_gradient_scratch(const weft__conv *conv);

/* weights: kernel x kernel x in x out, f32; bias: out, f32, or NULL; both are overwritten.
 * in and diff_out: conv->batch pictures, bf16, channels last. */
void weft__conv_gradient(float *weights, float *bias, const uint16_t *in,
    const uint16_t *diff_out, const weft__conv *conv, void *scratch);

#endif
