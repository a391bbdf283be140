#include "nn/real.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/simd.h"

unsigned weft__round_tiny_to_zero(void)
{
#if defined(__x86_64__)
    unsigned before = _mm_getcsr();
    _mm_setcsr(before | _MM_FLUSH_ZERO_ON | 0x40 /* operands too */);
    return before;
#else
    return 0;
#endif
}

void weft__round_tiny_as(unsigned before)
{
#if defined(__x86_64__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

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
