/* Finding what a photo is of: one thing, about in the middle, on a ground that reaches the
 * edges. */
#ifndef WEFT_DATA_CUTOUT_H
#define WEFT_DATA_CUTOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "weft/status.h"

typedef struct weft__cutout {
    uint32_t height, width;
    float *likely; /* height x width: how likely a pixel is the thing's, 0 to 1; owned */
    uint8_t *mask; /* height x width: 255 where it is the thing's, else 0; owned */
    /* What the mask covers: rows from top, below bottom. All of the picture, and all of the
     * mask 255, where nothing stands out. */
    uint32_t top, left, bottom, right;
    bool found;
} weft__cutout;

/* `rgb` is height x width x 3, both at least 8. The colours of thing and ground are two
 * mixtures of Gaussians that are fitted to what is taken for either, in turns with what is
 * taken for it, as in Rother, Kolmogorov and Blake, "GrabCut" (2004); in place of the cut
 * of a graph, a random walker's probabilities (Grady 2006) with priors. */
WEFT_MUST weft_status weft__cutout_find(
    weft__cutout *out, const uint8_t *rgb, uint32_t height, uint32_t width);
void weft__cutout_clear(weft__cutout *cutout); /* NULL-safe members */

#endif
