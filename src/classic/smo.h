/* Solving one two-class support vector machine. */
#ifndef WEFT_CLASSIC_SMO_H
#define WEFT_CLASSIC_SMO_H

#include "classic/kernel.h"
#include "weft/context.h"

/* min 1/2 sum_ij v_i v_j K_ij - sum_i y_i v_i over sum_i v_i = 0, 0 <= y_i v_i <= c: the
 * dual of C-SVC with v_i = alpha_i y_i. y_i is 1 for the first `positive` points, else -1.
 */
typedef struct weft__smo_problem {
    const weft__kernel_set *set;
    size_t positive;
    weft__kernel kernel;
    double c;
    double tolerance;   /* of the largest violation, as libsvm's */
    float *cache;       /* room for kernel rows; borrowed */
    size_t cache_bytes; /* of it */
} weft__smo_problem;

typedef struct weft__smo_answer {
    double rho;       /* the decision is sum_i v_i K(x_i, x) - rho */
    double objective; /* of the dual, as libsvm prints it */
    double violation; /* that was left */
    size_t rounds;    /* working sets solved */
    size_t rows;      /* kernel rows computed */
} weft__smo_answer;

/* v receives set->count values. A context that is cancelled stops it (WEFT_ECANCELLED).
 * Runs on the calling thread. WEFT_ENOMEM when the cache holds fewer than two rows. */
WEFT_MUST weft_status weft__smo_solve(double *v, weft__smo_answer *answer,
    const weft__smo_problem *problem, weft__kernel_room *room, weft_context *context);

#endif
