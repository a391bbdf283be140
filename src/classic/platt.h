/* From decision values to probabilities. */
#ifndef WEFT_CLASSIC_PLATT_H
#define WEFT_CLASSIC_PLATT_H

#include <stdbool.h>
#include <stddef.h>

/* 1 / (1 + exp(a decision + b)): how likely the positive class is. */
typedef struct weft__sigmoid {
    double a, b;
} weft__sigmoid;

double weft__sigmoid_at(weft__sigmoid sigmoid, double decision);

/* The likeliest sigmoid, by Newton's method with backtracking (Lin, Lin and Weng: A note on
 * Platt's probabilistic outputs for support vector machines, 2007, algorithm 1). */
weft__sigmoid weft__platt_fit(const double *decisions, const bool *positive, size_t count);

/* Probabilities p of `classes` from those of pairs: pairs[i * classes + j] is that of i
 * against j, 1 less that of j against i, neither 0 nor 1 (Wu, Lin and Weng: Probability
 * estimates for multi-class classification by pairwise coupling, JMLR 2004, algorithm 2).
 * products is room for classes x classes + classes numbers. */
void weft__couple(double *p, const double *pairs, size_t classes, double *products);

#endif
