#include "classic/softmax.h"

#include <math.h>
#include <string.h>

#include "core/simd.h"

size_t weft__likeliest(const float *scores, size_t count)
{
    size_t best = 0;
    for (size_t c = 1; c < count; c++)
        if (scores[c] > scores[best])
            best = c;
    return best;
}

/* exp(x) for x <= 0 to 2 units in the last place, 0 below -87: Cephes' expf without
 * branches, so that compilers make vectors of it. */
static inline float exponential(float x)
{
    float bounded = x < -87.0f ? -87.0f : x;
    float whole = (float)(int32_t)(bounded * 1.44269504f - 0.5f); /* rounded; x <= 0 */
    float r = bounded - whole * 0.693359375f + whole * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits = ((int32_t)whole + 127) * (1 << 23);
    float power;
    memcpy(&power, &bits, sizeof power);
    return x < -87.0f ? 0 : p * power;
}

WEFT__SIMD static void exponentials(float *x, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x[i] = exponential(x[i]);
}

double weft__softmax_rows(
    float *scores, size_t rows, size_t classes, size_t width, const uint16_t *labels)
{
    double loss = 0;
    for (size_t i = 0; i < rows; i++) {
        float *row = scores + i * width, top = row[0];
        for (size_t c = 1; c < classes; c++)
            top = row[c] > top ? row[c] : top;
        for (size_t c = 0; c < classes; c++)
            row[c] -= top;
        for (size_t c = classes; c < width; c++)
            row[c] = -INFINITY;
        if (labels)
            loss -= (double)row[labels[i]];
    }
    exponentials(scores, rows * width);
    for (size_t i = 0; i < rows; i++) {
        float *row = scores + i * width, sum = 0;
        for (size_t c = 0; c < classes; c++)
            sum += row[c];
        if (labels)
            loss += (double)logf(sum);
        float inverse = 1 / sum;
        for (size_t c = 0; c < classes; c++)
            row[c] *= inverse;
    }
    return loss;
}
