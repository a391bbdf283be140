/* Second moments of points, for principal components and preconditioning. */
#ifndef WEFT_CLASSIC_GRAM_H
#define WEFT_CLASSIC_GRAM_H

#include "classic/features.h"

/* gram = sum of x x^T (dims x dims, symmetric), sums = sum of x (dims), over the points in
 * their own units. Exact for bytes. */
WEFT_MUST weft_status weft__gram(
    double *gram, double *sums, const weft__points *points, weft_context *context);

#endif
