/* Points as bytes, for trees: pixels are bytes already; real features are put into 256
 * bins that hold as many training pictures each as can be. */
#ifndef WEFT_CLASSIC_BINS_H
#define WEFT_CLASSIC_BINS_H

#include "classic/features.h"

typedef struct weft__bins {
    size_t dims;
    float *edges; /* dims x 255, each row ascending: bin b holds values above edge b - 1 and
                   * up to edge b; NULL: the points are bytes; owned */
} weft__bins;

WEFT_MUST weft_status weft__bins_fit(
    weft__bins *out, const weft__points *points, weft_context *context);
void weft__bins_clear(weft__bins *bins);

/* Replaces points by their bytes. */
WEFT_MUST weft_status weft__bins_apply(
    const weft__bins *bins, weft__points *points, weft_context *context);

WEFT_MUST weft_status weft__bins_save(const weft__bins *bins, weft__tensors *tensors);
WEFT_MUST weft_status weft__bins_load(
    weft__bins *out, const weft__features *features, const weft__tensors *tensors);

#endif
