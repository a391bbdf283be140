#include "nn/layers/dense_gradient.h"

#include <string.h>
#if defined(__x86_64__) && !defined(__clang__) /* which has no pragma for targets */
#include <immintrin.h>
#endif

/* A tile of the gradient is QUAD inputs by WIDE outputs: sixteen registers. */
enum { LANES = 16, QUAD = 4, WIDE = 4 * LANES };

bool weft__dense_gradient_serves(weft__real real)
{
#if defined(__x86_64__) && !defined(__clang__) /* which has no pragma for targets */
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") &&
           (real == WEFT__REAL_F32 || __builtin_cpu_supports("avx512bf16"));
#else
    (void)real;
    return false;
#endif
}

/* What is multiplied at once: a picture in f32, a pair of pictures in bf16. */
static size_t steps_of(const weft__dense_gradient *g)
{
    return g->real == WEFT__REAL_BF16 ? (g->batch + 1) / 2 : g->batch;
}

static size_t padded_width(const weft__dense_gradient *g)
{
    return (g->width + WIDE - 1) / WIDE * WIDE;
}

size_t weft__dense_gradient_words(const weft__dense_gradient *g)
{
    /* The differences, and a block of inputs beside them. */
    return steps_of(g) * (padded_width(g) + WEFT__DENSE_ROWS);
}

/* packed[step][padded width]: f32, or the pair's bf16 with the first picture's below. */
void weft__dense_gradient_pack(
    uint32_t *packed, const weft__dense_gradient *g, const void *diff)
{
    size_t width = g->width, padded = padded_width(g);
    if (g->real == WEFT__REAL_F32) {
        for (size_t b = 0; b < g->batch; b++)
            memcpy(packed + b * padded, (const float *)diff + b * width, width * 4);
        return;
    }
    for (size_t b = 0; b < g->batch; b += 2) {
        const uint16_t *first = (const uint16_t *)diff + b * width, *second = first + width;
        uint32_t *to = packed + b / 2 * padded;
        if (b + 1 < g->batch)
            for (size_t j = 0; j < width; j++)
                to[j] = first[j] | (uint32_t)second[j] << 16;
        else
            for (size_t j = 0; j < width; j++)
                to[j] = first[j];
    }
}

#if defined(__x86_64__) && !defined(__clang__) /* which has no pragma for targets */
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512bf16")
#define INLINE static inline __attribute__((always_inline))

INLINE __m512 multiply_add(__m512 sum, __m512i a, __m512i b, weft__real real)
{
    return real == WEFT__REAL_BF16
               ? _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b)
               : _mm512_fmadd_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b), sum);
}

/* A block of inputs, in[step][WEFT__DENSE_ROWS], packed like the differences. */
INLINE void pack_inputs(uint32_t *to, const weft__dense_gradient *g, const void *in,
    size_t rows, weft__real real)
{
    __mmask16 lanes = (__mmask16)((1u << rows) - 1);
    for (size_t b = 0; b < g->batch; b += real == WEFT__REAL_BF16 ? 2 : 1) {
        __m512i words;
        if (real == WEFT__REAL_F32) {
            words = _mm512_maskz_loadu_epi32(lanes, (const float *)in + b * g->in_stride);
        } else {
            const uint16_t *first = (const uint16_t *)in + b * g->in_stride;
            words = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(lanes, first));
            if (b + 1 < g->batch) {
                __m256i second = _mm256_maskz_loadu_epi16(lanes, first + g->in_stride);
                words = _mm512_or_si512(
                    words, _mm512_slli_epi32(_mm512_cvtepu16_epi32(second), 16));
            }
        }
        _mm512_store_si512(to, words);
        to += WEFT__DENSE_ROWS;
    }
}

/* The outputs that there are of LANES that begin with `first`. */
INLINE __mmask16 lanes_from(size_t width, size_t first)
{
    size_t left = first < width ? width - first : 0;
    return left < LANES ? (__mmask16)((1u << left) - 1) : (__mmask16)0xffff;
}

INLINE void tile(float *gradient, const weft__dense_gradient *g, const uint32_t *diff,
    const uint32_t *inputs, size_t column, size_t rows, weft__real real)
{
    __m512 sum[QUAD][4];
    size_t steps = real == WEFT__REAL_BF16 ? (g->batch + 1) / 2 : g->batch;
    size_t padded = padded_width(g);
#pragma GCC unroll 4
    for (int i = 0; i < QUAD; i++)
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
            sum[i][j] = _mm512_setzero_ps();
    for (size_t b = 0; b < steps; b++, diff += padded, inputs += WEFT__DENSE_ROWS) {
        __m512i d[4];
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++)
            d[j] = _mm512_load_si512(diff + j * LANES);
#pragma GCC unroll 4
        for (int i = 0; i < QUAD; i++) {
            __m512i x = _mm512_set1_epi32((int)inputs[i]);
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++)
                sum[i][j] = multiply_add(sum[i][j], x, d[j], real);
        }
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < QUAD; i++)
#pragma GCC unroll 4
        for (size_t j = 0; j < 4; j++)
            if (i < rows)
                _mm512_mask_storeu_ps(gradient + i * g->width + j * LANES,
                    lanes_from(g->width, column + j * LANES), sum[i][j]);
}

INLINE void rows_any(float *gradient, const weft__dense_gradient *g, uint32_t *packed,
    const void *in, size_t rows, weft__real real)
{
    size_t padded = padded_width(g);
    uint32_t *inputs = packed + steps_of(g) * padded;
    pack_inputs(inputs, g, in, rows, real);
    for (size_t column = 0; column < g->width; column += WIDE)
        for (size_t i = 0; i < rows; i += QUAD)
            tile(gradient + i * g->width + column, g, packed + column, inputs + i, column,
                rows - i, real);
}

static void rows_f32(float *gradient, const weft__dense_gradient *g, uint32_t *packed,
    const void *in, size_t rows)
{
    rows_any(gradient, g, packed, in, rows, WEFT__REAL_F32);
}

static void rows_bf16(float *gradient, const weft__dense_gradient *g, uint32_t *packed,
    const void *in, size_t rows)
{
    rows_any(gradient, g, packed, in, rows, WEFT__REAL_BF16);
}
#pragma GCC pop_options
#endif

void weft__dense_gradient_rows(float *gradient, const weft__dense_gradient *g,
    uint32_t *packed, const void *in, size_t rows)
{
#if defined(__x86_64__) && !defined(__clang__) /* which has no pragma for targets */
    g->real == WEFT__REAL_BF16 ? rows_bf16(gradient, g, packed, in, rows)
                               : rows_f32(gradient, g, packed, in, rows);
#else
    (void)gradient, (void)g, (void)packed, (void)in, (void)rows;
#endif
}
