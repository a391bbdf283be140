/* From a photo to a picture such as a shop's catalogue, and Fashion-MNIST, has. */
#ifndef WEFT_DATA_PRODUCT_H
#define WEFT_DATA_PRODUCT_H

#include "data/cutout.h"
#include "weft/dataset.h"

/* The steps on the way, for looking at. */
typedef struct weft__product {
    uint8_t *small; /* the photo as it was looked at, cutout's size x 3; owned */
    weft__cutout cutout;
    uint8_t
        *grey; /* cutout's size: negative, light evened out, 0 around the thing; owned */
} weft__product;

/* Longest side at which a photo is looked at; a codec need not decode it larger than twice
 * this. */
enum { WEFT__PRODUCT_SIDE = 112 };

/* `out`, of `shape`, one channel, receives what is on `photo`, of shape `from`: found (see
 * cutout.h), the rest made black, grey and negative, brought to the brightness and contrast
 * that Fashion-MNIST's pictures have, its longest edge as long as the picture's, centred,
 * sharpened: the steps of Xiao, Rasul and Vollgraf, "Fashion-MNIST" (2017), section 2,
 * behind a search for what their pictures were taken of. `steps` may be NULL. */
WEFT_MUST weft_status weft__product_make(uint8_t *out, weft_shape shape,
    const uint8_t *photo, weft_shape from, weft__product *steps);
void weft__product_clear(weft__product *steps); /* NULL-safe members */

#endif
