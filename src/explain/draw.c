/* Maps as colours. */
#include <math.h>

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
