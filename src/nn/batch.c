#include "nn/batch.h"

#include <math.h>

#include "core/simd.h"
#include "nn/real.h"

weft__normalisation weft__normalise_unit(void)
{
    weft__normalisation n = {{0}, {0}};
    for (int c = 0; c < WEFT__MAX_CHANNELS; c++)
        n.scale[c] = 1 / 255.0f;
    return n;
}

weft__normalisation weft__normalise_standard(const weft_view *view)
{
    weft__normalisation n = weft__normalise_unit();
    weft_shape shape = weft_dataset_shape(view->data);
    size_t pixels = (size_t)shape.height * shape.width;
    for (uint32_t c = 0; c < shape.channels; c++) {
        uint64_t sum = 0, squares = 0;
        for (size_t i = 0; i < view->count; i++) {
            const uint8_t *p = weft_view_pixels(view, i);
            for (size_t k = 0; k < pixels; k++) {
                uint64_t v = p[k * shape.channels + c];
                sum += v;
                squares += v * v;
            }
        }
        double count = (double)pixels * (double)view->count;
        double mean = (double)sum / count, variance = (double)squares / count - mean * mean;
        double deviation = variance > 0 ? sqrt(variance) : 1;
        n.scale[c] = (float)(1 / deviation);
        n.shift[c] = (float)(-mean / deviation);
    }
    return n;
}

static inline __attribute__((always_inline)) void convert(void *to, const uint8_t *pixels,
    size_t count, size_t channels, const weft__normalisation *n, weft__real real)
{
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < channels; c++)
            weft__put(to, i * channels + c,
                (float)pixels[i * channels + c] * n->scale[c] + n->shift[c], real);
}

WEFT__SIMD void weft__picture_to_reals(void *to, weft__real real, const uint8_t *pixels,
    weft_shape shape, const weft__normalisation *n)
{
    size_t count = (size_t)shape.height * shape.width;
    if (shape.channels == 1)
        real == WEFT__REAL_BF16 ? convert(to, pixels, count, 1, n, WEFT__REAL_BF16)
                                : convert(to, pixels, count, 1, n, WEFT__REAL_F32);
    else
        real == WEFT__REAL_BF16 ? convert(to, pixels, count, 3, n, WEFT__REAL_BF16)
                                : convert(to, pixels, count, 3, n, WEFT__REAL_F32);
}
