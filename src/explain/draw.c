/* Maps as colours. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "weft/explain.h"

/* From dark to bright through blue, red and yellow, rising evenly in lightness, so that it
 * reads without colour too; and for signs, blue through white to red. */
static const float heat[][3] = {{0, 0, 4}, {40, 11, 84}, {101, 21, 110}, {159, 42, 99},
    {212, 72, 66}, {245, 125, 21}, {250, 193, 39}, {252, 255, 164}};
static const float signs[][3] = {{33, 102, 172}, {103, 169, 207}, {209, 229, 240},
    {247, 247, 247}, {253, 219, 199}, {239, 138, 98}, {178, 24, 43}};

static void colour(float *rgb, const float (*table)[3], size_t entries, float share)
{
    float x = share * (float)(entries - 1);
    size_t low = x >= (float)(entries - 1) ? entries - 2 : (size_t)x;
    for (int k = 0; k < 3; k++)
        rgb[k] = table[low][k] + (x - (float)low) * (table[low + 1][k] - table[low][k]);
}

void weft_explain_draw(
    uint8_t *pixels, const float *map, const uint8_t *picture, weft_shape shape)
{
    enum { HEAT = sizeof heat / sizeof *heat, SIGNS = sizeof signs / sizeof *signs };
    static const float OVERLAY = 0.6f;
    size_t count = (size_t)shape.height * shape.width;
    float largest = 0;
    bool negative = false;
    for (size_t p = 0; p < count; p++) {
        largest = fmaxf(largest, fabsf(map[p]));
        negative |= map[p] < 0;
    }
    for (size_t p = 0; p < count; p++) {
        float rgb[3], share = largest > 0 ? map[p] / largest : 0;
        if (negative)
            colour(rgb, signs, SIGNS, 0.5f + share / 2);
        else
            colour(rgb, heat, HEAT, share);
        for (uint32_t k = 0; k < 3; k++) {
            float under = picture ? picture[p * shape.channels + k % shape.channels] : 0;
            float value = picture ? OVERLAY * rgb[k] + (1 - OVERLAY) * under : rgb[k];
            pixels[p * 3 + k] = (uint8_t)(value + 0.5f);
        }
    }
}

enum { GAP = 4 }; /* pixels between the pictures of a panel */

weft_shape weft_explain_panel_shape(weft_shape shape, uint32_t zoom)
{
    return (weft_shape){shape.height * zoom, 3 * shape.width * zoom + 2 * GAP, 3};
}

/* A colour picture enlarged, its left edge at column `left` of the panel. */
static void enlarge(uint8_t *panel, weft_shape whole, uint32_t left, const uint8_t *rgb,
    weft_shape shape, uint32_t zoom)
{
    for (uint32_t y = 0; y < whole.height; y++)
        for (uint32_t x = 0; x < shape.width * zoom; x++)
            memcpy(panel + ((size_t)y * whole.width + left + x) * 3,
                rgb + ((size_t)(y / zoom) * shape.width + x / zoom) * 3, 3);
}

weft_status weft_explain_panel(uint8_t *pixels, const float *map, const uint8_t *picture,
    weft_shape shape, uint32_t zoom)
{
    weft_shape whole = weft_explain_panel_shape(shape, zoom);
    size_t count = (size_t)shape.height * shape.width;
    uint32_t step = shape.width * zoom + GAP;
    uint8_t *rgb;
    WEFT_TRY(weft__alloc(&rgb, count, 3, "a panel"));
    memset(pixels, 255, weft_shape_bytes(whole));
    for (size_t p = 0; p < count * 3; p++)
        rgb[p] = shape.channels == 3 ? picture[p] : picture[p / 3];
    enlarge(pixels, whole, 0, rgb, shape, zoom);
    weft_explain_draw(rgb, map, NULL, shape);
    enlarge(pixels, whole, step, rgb, shape, zoom);
    weft_explain_draw(rgb, map, picture, shape);
    enlarge(pixels, whole, 2 * step, rgb, shape, zoom);
    free(rgb);
    return WEFT_OK;
}
