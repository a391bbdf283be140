/* Which pictures may be copies of each other: the nearest by tangent distance between
 * descriptions. */
#ifndef WEFT_SEARCH_LIKENESS_H
#define WEFT_SEARCH_LIKENESS_H

#include <stdint.h>

#include "weft/context.h"
#include "weft/status.h"

/* Grey pictures as they are compared, side x side floats each. */
enum { WEFT__LIKE_SIDE = 28, WEFT__LIKE_PIXELS = WEFT__LIKE_SIDE * WEFT__LIKE_SIDE };

enum {
    WEFT__LIKE_FREQUENCIES = 6, /* a side */
    WEFT__LIKE_DIMS = WEFT__LIKE_FREQUENCIES * WEFT__LIKE_FREQUENCIES - 1,
    WEFT__LIKE_NEAREST = 4 /* kept of each picture */
};

/* Writes a grey picture's description, of length 1, and the direction, of length 1 and at
 * right angles to it, in which the description moves when the picture turns. Both are 0 for
 * a picture of one colour. */
void weft__like_describe(const float *pixels, float *description, float *tangent);

/* For each of count pictures (count x DIMS descriptions and tangents) its nearest others,
 * at most NEAREST, by tangent distance: `nearest` receives count x NEAREST positions,
 * UINT32_MAX where there is no other near enough to be a copy. */
WEFT_MUST weft_status weft__like_search(uint32_t *nearest, const float *descriptions,
    const float *tangents, size_t count, weft_context *context);

#endif
