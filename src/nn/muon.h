/* Muon: momentum made orthogonal (Jordan et al. 2024, "Muon: an optimizer for hidden layers
 * in neural networks"). */
#ifndef WEFT_NN_MUON_H
#define WEFT_NN_MUON_H

#include "nn/optimiser.h"

/* Floats of working memory for a matrix. */
size_t weft__muon_work(size_t rows, size_t columns);

/* Updates the matrix of rows x columns that begins at `begin` of the block:
 *     v = momentum v + g;  m = g + momentum v;  w = w / |w| sqrt(columns) - rate O(m)
 * where O makes the singular values of m about 1, and w is brought back to the length that
 * it would have with orthonormal columns, as airbench's training of CIFAR-10 does: the
 * learning rate then is the part of itself by which a weight turns. `work` is
 * weft__muon_work floats. */
WEFT_MUST weft_status weft__muon(
    const weft__update *u, size_t begin, size_t rows, size_t columns, float *work);

#endif
