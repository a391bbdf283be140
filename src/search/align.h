/* Laying one picture over another by rotation, scale and shift, and how alike they are
 * then. */
#ifndef WEFT_SEARCH_ALIGN_H
#define WEFT_SEARCH_ALIGN_H

#include "weft/dataset.h"

/* The longest side of pictures that are compared; larger ones are scaled down. */
enum { WEFT__ALIGN_SIDE = 32 };

/* A picture made ready: smoothed a little, 0 to 255. */
typedef struct weft__aligned {
    weft_shape shape; /* sides of at most WEFT__ALIGN_SIDE */
    float pixels[3 * WEFT__ALIGN_SIDE * WEFT__ALIGN_SIDE]; /* a plane a channel */
} weft__aligned;

WEFT_MUST weft_status weft__align_ready(
    weft__aligned *out, const uint8_t *pixels, weft_shape shape);

/* The concordance of the two, of one shape, as they lie best over each other: within an
 * ellipse of four fifths of the frame, so that corners that turning filled do not count.
 * What would have to turn by more than 20 degrees, grow or shrink by more than a quarter or
 * move by more than a quarter of the frame is 0, and so is anything that soon looks
 * hopeless. */
double weft__align_similarity(const weft__aligned *a, const weft__aligned *b);

#endif
