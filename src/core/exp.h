/* exp in single precision, for loops that the compiler turns into vectors. */
#ifndef WEFT_CORE_EXP_H
#define WEFT_CORE_EXP_H

#include <stdint.h>
#include <string.h>

/* e^x for x up to 88, and 0 below -87: 2^n times a polynomial on [-ln 2 / 2, ln 2 / 2];
 * coefficients of Cephes' expf. To about two units in the last place. */
static inline __attribute__((always_inline)) float weft__exp(float x)
{
    const float log2e = 1.44269504088896341f, ln2_high = 0.693359375f,
                ln2_low = -2.12194440e-4f, rounder = 12582912.0f; /* 1.5 * 2^23 */
    float at = x < -87.0f ? -87.0f : x;
    float n = (at * log2e + rounder) - rounder;
    float r = at - n * ln2_high - n * ln2_low;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    int32_t bits = ((int32_t)n + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return x < -87.0f ? 0.0f : p * scale;
}

#endif
