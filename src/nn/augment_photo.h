/* Training pictures as a photo of them would have given them. */
#ifndef WEFT_NN_AUGMENT_PHOTO_H
#define WEFT_NN_AUGMENT_PHOTO_H

#include <stdint.h>

#include "weft/dataset.h"
#include "weft/rng.h"

/* `in` is a thing on black, such as Fashion-MNIST's; `out`, apart from it, receives what
 * WEFT_FIT_PRODUCT (data/product.h) might have made of somebody's photo of the thing: laid
 * down turned, sheared and spread otherwise, sometimes as one of a pair, with light from a
 * side and of another strength, in another contrast; ground that was taken for the thing
 * sticks to it or fills its gaps, parts of it are missing. Its longest edge is the
 * picture's again. All is drawn from `rng`. A picture that is all black stays so. */
void weft__photograph(uint8_t *out, const uint8_t *in, weft_shape s, weft_rng *rng);

#endif
