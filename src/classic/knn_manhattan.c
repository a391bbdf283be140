#include "classic/knn_search.h"

#include <math.h>
#include <stdlib.h>

#include "core/simd.h"

enum { SUM_BLOCK = 1 << 16 }; /* differences of bytes added in 32 bits */

WEFT__SIMD static void differ_bytes_portable(
    double *out, const uint8_t *query, const uint8_t *points, size_t n, size_t dims)
{
    for (size_t j = 0; j < n; j++, points += dims) {
        uint64_t all = 0;
        for (size_t d = 0; d < dims; d += SUM_BLOCK) {
            size_t end = dims - d < SUM_BLOCK ? dims : d + SUM_BLOCK;
            uint32_t sum = 0;
            for (size_t i = d; i < end; i++)
                sum += (uint32_t)abs(query[i] - points[i]);
            all += sum;
        }
        out[j] = (double)all;
    }
}

#ifdef __x86_64__
#include <immintrin.h>

/* Compilers add one chain of sums; four points at once keep the adders busy and read the
 * query once. */
__attribute__((target("avx512f,avx512bw"))) static void differ_four(
    double *out, const uint8_t *query, const uint8_t *points, size_t dims)
{
    __m512i sums[4] = {0};
    for (size_t i = 0; i < dims; i += 64) {
        __mmask64 there = dims - i < 64 ? (1ull << (dims - i)) - 1 : ~0ull;
        __m512i q = _mm512_maskz_loadu_epi8(there, query + i);
        for (size_t j = 0; j < 4; j++) {
            __m512i p = _mm512_maskz_loadu_epi8(there, points + j * dims + i);
            sums[j] = _mm512_add_epi64(sums[j], _mm512_sad_epu8(q, p));
        }
    }
    for (size_t j = 0; j < 4; j++)
        out[j] = (double)_mm512_reduce_add_epi64(sums[j]);
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512bw");
}
#else
static bool has_avx512(void)
{
    return false;
}

static void differ_four(
    double *out, const uint8_t *query, const uint8_t *points, size_t dims)
{
    differ_bytes_portable(out, query, points, 4, dims);
}
#endif

void weft__differ_bytes(
    double *out, const uint8_t *query, const uint8_t *points, size_t n, size_t dims)
{
    size_t done = 0;
    for (; has_avx512() && done + 4 <= n; done += 4)
        differ_four(out + done, query, points + done * dims, dims);
    differ_bytes_portable(out + done, query, points + done * dims, n - done, dims);
}

WEFT__SIMD void weft__differ_floats(
    double *out, const float *query, const float *points, size_t n, size_t dims)
{
    for (size_t j = 0; j < n; j++, points += dims) {
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t i = 0; i < dims; i++)
            sum += fabsf(query[i] - points[i]);
        out[j] = (double)sum;
    }
}
