/* Histograms of oriented gradients (Dalal and Triggs, Histograms of oriented gradients for
 * human detection, CVPR 2005).
 *
 * The gradient is the difference of a pixel's neighbours; of several channels the steepest
 * counts. Each pixel votes with its gradient's length for the two nearest of 9 unsigned
 * orientations and, bilinearly, for the nearest cells. Blocks of 2 x 2 cells, one at every
 * cell, are normalised to length 1, clipped at 0.2 and normalised again (L2-Hys). */
#ifndef WEFT_CLASSIC_HOG_H
#define WEFT_CLASSIC_HOG_H

#include "weft/context.h"
#include "weft/dataset.h"

enum { WEFT__HOG_BINS = 9, WEFT__HOG_BLOCK = 4 * WEFT__HOG_BINS };

typedef struct weft__hog_layout {
    size_t cell; /* pixels on a side: 4, more where there are over 8 on the short side */
    size_t rows,
        columns; /* of cells; what is left over at the right and bottom votes less */
} weft__hog_layout;

/* WEFT_EINVAL when the picture is smaller than one block. */
WEFT_MUST weft_status weft__hog_plan(weft__hog_layout *out, weft_shape shape);
/* (rows - 1) x (columns - 1) blocks of WEFT__HOG_BLOCK values. */
size_t weft__hog_dims(weft__hog_layout layout);
/* Writes view->count x dims values. */
WEFT_MUST weft_status weft__hog(
    weft__hog_layout layout, const weft_view *view, float *out, weft_context *context);

#endif
