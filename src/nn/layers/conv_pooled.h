/* The backward pass of a convolution whose output goes through a max pool of 2 x 2, with
 * or without a ReLU between.
 *
 * Of four positions only the one that won has a gradient, and it has none where the ReLU
 * gave 0, so at most a quarter of a dense backward pass's products are not with zero. The
 * gradients that are not zero are listed, each with its filter and position, and both sums
 * are walked by the lists. All is f32, whatever the activations are stored in. */
#ifndef WEFT_NN_LAYERS_CONV_POOLED_H
#define WEFT_NN_LAYERS_CONV_POOLED_H

#include "nn/plan.h"

typedef struct weft__pooled weft__pooled;

/* Whether `pool`, a layer that alone reads the convolution's output, makes this pay. */
bool weft__pooled_suits(const weft__conv *conv, const weft__plan_node *pool);
/* In `plan`, of the convolution's node: takes over the backward passes of `pool` and, where
 * it is not NULL, of the `relu` before it. */
WEFT_MUST weft_status weft__pooled_create(weft__pooled **out, const weft__conv *conv,
    weft__plan_node *node, weft__plan_node *relu, weft__plan_node *pool);
/* Copies the node's weights into the order in which they are read: each member its part. */
void weft__pooled_prepare(const weft__exec *x, weft__pooled *pooled);
/* The member's gradients of weights and, where it has one, bias, and of the input where
 * that is wanted. */
void weft__pooled_backward(const weft__exec *x, weft__pooled *pooled);
void weft__pooled_free(weft__pooled *pooled); /* NULL-safe */

#endif
