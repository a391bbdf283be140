/* Rows of scores into rows of probabilities. */
#ifndef WEFT_CLASSIC_SOFTMAX_H
#define WEFT_CLASSIC_SOFTMAX_H

#include <stddef.h>
#include <stdint.h>

/* The largest of count scores, the first of equals. */
size_t weft__likeliest(const float *scores, size_t count);

/* Each of rows x width becomes its softmax over the first `classes`, 0 behind them. Returns
 * the sum of -log(probability of the row's label) where labels are given, else 0. Rows of
 * -INFINITY alone are not allowed. */
double weft__softmax_rows(
    float *scores, size_t rows, size_t classes, size_t width, const uint16_t *labels);

#endif
