/* A first convolution under a max pool of 2 x 2, with or without a ReLU between: few
 * channels in, and nobody asks for the picture's gradient.
 *
 * There is too little to sum up for each output for oneDNN's kernels, and the pool would
 * read all that the convolution wrote only to throw three quarters away. Here a picture
 * lies in the first-level cache, the four positions of a window and 32 filters in
 * registers; only the winners are written, and only they have gradients. Sums are f32,
 * whatever the activations are stored in. */
#ifndef WEFT_NN_LAYERS_CONV_SHALLOW_H
#define WEFT_NN_LAYERS_CONV_SHALLOW_H

#include "nn/plan.h"

typedef struct weft__shallow weft__shallow;

/* Whether a convolution that reads the pictures, and `pool`, the only layer that reads its
 * output but for a ReLU between, can be made here. */
bool weft__shallow_suits(const weft__conv *conv, const weft__plan_node *pool);
/* In `plan`, of the convolution's node: takes over `pool` behind it and, where it is not
 * NULL, `relu`. */
WEFT_MUST weft_status weft__shallow_create(weft__shallow **out, const weft__conv *conv,
    weft__plan_node *node, weft__plan_node *relu, weft__plan_node *pool);
/* Takes plain weights, and a bias or NULL, into the order in which they are read. */
void weft__shallow_prepare(weft__shallow *shallow, const float *weights, const float *bias);
void weft__shallow_forward(const weft__exec *x, weft__shallow *shallow);
/* The member's gradients of weights and, where it has one, bias. */
void weft__shallow_backward(const weft__exec *x, weft__shallow *shallow);
void weft__shallow_free(weft__shallow *shallow); /* NULL-safe */

#endif
