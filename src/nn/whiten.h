/* First convolutions that whiten: filters from the training pictures themselves. */
#ifndef WEFT_NN_WHITEN_H
#define WEFT_NN_WHITEN_H

#include "nn/batch.h"
#include "nn/network.h"

/* Gives every convolution of init=whiten that sees the picture its filters: the
 * eigenvectors of the training patches' covariance, each over the root of its eigenvalue
 * (plus a small one), largest first, then the same negated (Jordan 2024, "94% on CIFAR-10
 * in 3.29 seconds", section 3.2). Outputs beyond twice the patch's size stay as they are.
 * Patches of a few thousand pictures, spread evenly over the view, are taken. Other
 * networks are left alone. */
WEFT_MUST weft_status weft__whiten(const weft__network *network, float *block,
    const weft_view *train, const weft__normalisation *normalisation);

#endif
