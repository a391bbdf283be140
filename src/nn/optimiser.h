/* Optimisers: one fused pass over a range of the flat block.
 *
 * The pass sums the members' gradients, updates state and master weights, and writes the
 * bf16 mirror where there is one. A kind is one const table, listed in optimiser.c. */
#ifndef WEFT_NN_OPTIMISER_H
#define WEFT_NN_OPTIMISER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

enum { WEFT__MAX_SLOTS = 2, WEFT__OPTIMISERS = 5 };
#define WEFT__OPTIMISER_CHOICES "sgd|sgdw|adam|adamw|muon"

typedef struct weft__update {
    float *values;           /* master weights */
    uint16_t *mirror;        /* NULL: none */
    float *const *gradients; /* `parts` blocks to be summed in order */
    int parts;
    float *slots[WEFT__MAX_SLOTS]; /* the optimiser's state, as long as the block */
    float gradient_scale;          /* by clipping; 1: none */
    float learning_rate, momentum, beta1, beta2, epsilon, weight_decay;
    bool nesterov;
    uint64_t step; /* from 1 */
    /* Adam's 1 / (1 - beta^step), from weft__update_unbias; 0: found anew in every call. */
    float unbias1, unbias2;
} weft__update;

/* For a step of many calls: finds once what depends on the step alone. */
void weft__update_unbias(weft__update *u);

/* `u` for `count` values from `begin` on, of which `gradient` alone is the gradient, and
 * for a parameter of that factor of the learning rate: to be run from 0 to count. */
weft__update weft__update_at(
    const weft__update *u, float rate, bool decayed, size_t begin, float *const *gradient);

typedef struct weft__optimiser {
    const char *name;
    int slots;
    void (*update)(const weft__update *u, size_t begin, size_t end);
    /* In place of `update` for the weights of convolutions, as a matrix of outputs'
     * columns, and the floats of working memory that takes; NULL: none. */
    weft_status (*update_matrix)(
        const weft__update *u, size_t begin, size_t rows, size_t columns, float *work);
    size_t (*matrix_work)(size_t rows, size_t columns);
} weft__optimiser;

/* In the order of the `optimizer` option. */
extern const weft__optimiser weft__optimisers[WEFT__OPTIMISERS];

/* sum = or, unless `first`, += the `parts` blocks of a gradient. */
void weft__gather_gradient(
    float *sum, float *const *gradients, int parts, bool first, size_t begin, size_t end);

/* average = decay average + (1 - decay) values. */
void weft__move_average(
    float *average, const float *values, float decay, size_t begin, size_t end);
/* The decay of step `step` (from 1): min(decay, (1 + step) / (10 + step)), so that the
 * initial weights are soon forgotten, as TensorFlow's ExponentialMovingAverage has it. */
float weft__average_decay(double decay, uint64_t step);

/* slow = values = their mean; the mirror, unless NULL, likewise: a step of Lookahead with
 * its alpha of 1/2 (Zhang et al. 2019, algorithm 1). */
void weft__look_ahead(
    float *slow, float *values, uint16_t *mirror, size_t begin, size_t end);

#endif
