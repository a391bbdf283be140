/* What a convolution needs to fold a batch norm into itself. */
#ifndef WEFT_NN_LAYERS_BATCHNORM_H
#define WEFT_NN_LAYERS_BATCHNORM_H

#include "nn/plan.h"

/* With running statistics the norm is y = scale x + shift in each channel. */
void weft__batchnorm_affine(
    const weft__plan_node *node, size_t channel, float *scale, float *shift);

#endif
