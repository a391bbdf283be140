/* Bringing a picture to a recipe's shape. */
#ifndef WEFT_DATA_RESIZE_H
#define WEFT_DATA_RESIZE_H

#include <stdint.h>

#include "weft/context.h"
#include "weft/dataset.h"

/* `in` is shape `from`, channels last; `out` receives recipe->shape. Sizes are changed by
 * a triangle filter that widens as the picture shrinks, in whole numbers, so that every
 * machine gives the same bytes: those of Pillow's Image.resize with BILINEAR. Colour
 * becomes grey by weft__grey, grey becomes colour by repeating it. What WEFT_FIT_PRODUCT
 * asks for is done elsewhere (product.h): here it pads. */
WEFT_MUST weft_status weft__resize(
    uint8_t *out, const weft_recipe *recipe, const uint8_t *in, weft_shape from);

/* Every picture of the view, resized, its values from 0 to 1 in a row of `points`. */
WEFT_MUST weft_status weft__resize_points(
    float *points, const weft_recipe *recipe, const weft_view *view, weft_context *context);

/* ITU-R BT.601 luma in 16 bits: 0.299 R + 0.587 G + 0.114 B, rounded. A grey pixel keeps
 * its level exactly. */
static inline uint8_t weft__grey(uint8_t r, uint8_t g, uint8_t b)
{
    return (uint8_t)((19595u * r + 38470u * g + 7471u * b + 32768u) >> 16);
}

/* The size of what the recipe makes of a height x width picture before it is padded or
 * cut: at least 1 x 1. */
void weft__fitted_size(const weft_recipe *recipe, uint32_t height, uint32_t width,
    uint32_t *fitted_height, uint32_t *fitted_width);

#endif
