/* Losses of a batch's logits against its labels. */
#ifndef WEFT_NN_LOSS_H
#define WEFT_NN_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "nn/onednn.h"

/* In the order of the `loss` option. */
typedef enum weft__loss { WEFT__CROSS_ENTROPY, WEFT__SQUARED_ERROR } weft__loss;
#define WEFT__LOSS_CHOICES "cross-entropy|mse"

/* What one picture should give: label `a` with share `share`, `b` with the rest. */
typedef struct weft__target {
    uint16_t a, b;
    float share;
} weft__target;

typedef struct weft__loss_options {
    weft__loss kind;
    float smoothing;           /* this share of the target is spread over all classes */
    const float *class_weight; /* classes; NULL: all 1 */
    size_t batch;              /* pictures that the mean is taken over */
    float *each;               /* rows; receives each picture's loss; NULL: not wanted */
} weft__loss_options;

/* Sums over pictures, added to. */
typedef struct weft__loss_sums {
    double loss, weight;
    size_t correct; /* the likeliest class is `a` */
} weft__loss_sums;

/* logits: rows x classes. diff, in `real`, receives the gradient of the batch's mean loss;
 * NULL: not wanted. */
void weft__loss_rows(weft__loss_sums *sums, void *diff, weft__real real,
    const float *logits, const weft__target *targets, size_t rows, size_t classes,
    const weft__loss_options *o);

/* probabilities = softmax(logits), rows x classes; may be the same array. */
void weft__logits_to_probabilities(
    float *probabilities, const float *logits, size_t rows, size_t classes);

#endif
