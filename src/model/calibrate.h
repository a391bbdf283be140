/* Temperature scaling: Guo et al., "On calibration of modern neural networks", ICML 2017,
 * section 4.2. Probabilities p become p^(1/T), scaled to sum 1: for a softmax over logits
 * that is the division of the logits by T, and it needs no logits. The likeliest class
 * stays the same. */
#ifndef WEFT_MODEL_CALIBRATE_H
#define WEFT_MODEL_CALIBRATE_H

#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

/* Where truth and prediction never disagree no T is too small, and where they are strangers
 * none too large. */
#define WEFT__TEMPERATURE_MIN 0.01
#define WEFT__TEMPERATURE_MAX 100.0

/* Mean negative log likelihood before and after. */
typedef struct weft__temperature {
    double value, loss_before, loss;
} weft__temperature;

/* The T within the limits that has the smallest loss on count x classes probabilities with
 * count labels below classes. A probability of 0 counts as 1e-15, as in log_loss. */
WEFT_MUST weft_status weft__temperature_fit(weft__temperature *out,
    const float *probabilities, const uint16_t *labels, size_t count, size_t classes);

/* Scales count x classes probabilities in place. 1 leaves them as they are. */
void weft__temperature_apply(
    double temperature, float *probabilities, size_t count, size_t classes);

#endif
