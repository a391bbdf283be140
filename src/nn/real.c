#include "nn/real.h"

#include "core/simd.h"

WEFT__SIMD void weft__narrow(uint16_t *to, const float *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = weft__to_bf16(from[i]);
}

WEFT__SIMD void weft__widen(float *to, const uint16_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = weft__from_bf16(from[i]);
}

static inline __attribute__((always_inline)) void add(
    void *to, const void *a, const void *b, size_t count, weft__real real)
{
    for (size_t i = 0; i < count; i++)
        weft__put(to, i, weft__get(a, i, real) + weft__get(b, i, real), real);
}

WEFT__SIMD void weft__add_reals(
    void *to, const void *a, const void *b, size_t count, weft__real real)
{
    if (real == WEFT__REAL_BF16)
        add(to, a, b, count, WEFT__REAL_BF16);
    else
        add(to, a, b, count, WEFT__REAL_F32);
}
