/* Limited-memory BFGS with a preconditioner (Nocedal and Wright, Numerical Optimization,
 * 2nd ed., algorithm 7.4). */
#ifndef WEFT_CLASSIC_LBFGS_H
#define WEFT_CLASSIC_LBFGS_H

#include <stddef.h>

#include "weft/status.h"

typedef struct weft__lbfgs {
    size_t n; /* unknowns */
    size_t max_iterations;
    double tolerance; /* stops when no gradient's element exceeds it */
    void *arg;        /* passed to each of: */
    weft_status (*evaluate)(void *arg, const double *x, double *value, double *gradient);
    /* v = M v for a fixed symmetric positive definite M that resembles the inverse
     * Hessian up to a factor; NULL: the identity. */
    weft_status (*precondition)(void *arg, double *v);
    /* After every iteration; a failure stops. NULL: nobody looks. */
    weft_status (*iterated)(void *arg, size_t iteration, double value);
} weft__lbfgs;

/* Starts at x and leaves the best point found there. Ends well at the tolerance, at
 * max_iterations, or where rounding allows no further descent. */
WEFT_MUST weft_status weft__lbfgs_minimise(const weft__lbfgs *problem, double *x);

#endif
