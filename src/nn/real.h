/* f32 and bf16 side by side. bf16 is the upper half of an f32; narrowing rounds to the
 * nearest, ties to even. Kernels are written once over `weft__real` with these, inlined,
 * so that the branch on the type is outside the loop. */
#ifndef WEFT_NN_REAL_H
#define WEFT_NN_REAL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "nn/onednn.h"

static inline float weft__from_bf16(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint16_t weft__to_bf16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    /* A NaN must not be rounded into an infinity. */
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : rounded);
}

static inline __attribute__((always_inline)) float weft__get(
    const void *values, size_t i, weft__real real)
{
    return real == WEFT__REAL_BF16 ? weft__from_bf16(((const uint16_t *)values)[i])
                                   : ((const float *)values)[i];
}

static inline __attribute__((always_inline)) void weft__put(
    void *values, size_t i, float value, weft__real real)
{
    if (real == WEFT__REAL_BF16)
        ((uint16_t *)values)[i] = weft__to_bf16(value);
    else
        ((float *)values)[i] = value;
}

/* From here on the calling thread takes numbers too small to be normal (below 1.2e-38) as
 * 0. Momentum and activations that die out end there and never reach 0 by themselves, and
 * processors take many times as long over them. Returns what weft__round_tiny_as wants
 * back. */
unsigned weft__round_tiny_to_zero(void);
void weft__round_tiny_as(unsigned before);

void weft__narrow(uint16_t *to, const float *from, size_t count);
void weft__widen(float *to, const uint16_t *from, size_t count);
/* to = a + b; to may be a or b. */
void weft__add_reals(void *to, const void *a, const void *b, size_t count, weft__real real);
/* What lies `count` values on. */
static inline void *weft__advance(void *values, size_t count, weft__real real)
{
    return (char *)values + count * weft__real_size(real);
}

#endif
