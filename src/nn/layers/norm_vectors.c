#include "nn/layers/norm_vectors.h"

#include <string.h>

#include "nn/real.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define VECTORS __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define VECTORS_INLINE VECTORS static inline __attribute__((always_inline))

/* A line is 64 numbers, four vectors: 64 channels of a pixel or, with fewer channels, as
 * many pixels as it takes; the factors are then repeated along it. */
enum { LANES = 16, COLUMNS = 4, LINE = LANES * COLUMNS, BLOCK = 256 };

struct lines {
    size_t count;  /* of one panel */
    size_t stride; /* numbers from one to the next */
    size_t panels; /* of 64 channels, beside one another */
    size_t pixels; /* that they hold altogether */
};

/* None where channels do not divide 64 nor 64 them, or the processor is another. */
static struct lines lines_of(const weft__norm_rows *r)
{
    bool folded = r->channels < LINE;
    if ((folded ? LINE % r->channels : r->channels % LINE) || !weft__has_bf16())
        return (struct lines){0};
    if (!folded)
        return (struct lines){r->count, r->channels, r->channels / LINE, r->count};
    size_t together = LINE / r->channels, count = r->count / together;
    return (struct lines){count, LINE, 1, count * together};
}

/* Four vectors of a factor from channel c0 on. */
VECTORS_INLINE void take(
    __m512 to[COLUMNS], const float *factor, size_t c0, const weft__norm_rows *r)
{
    float line[LINE];
    for (size_t c = 0; c < LINE; c++)
        line[c] = factor[(c0 + c) % r->channels];
    for (int j = 0; j < COLUMNS; j++)
        to[j] = _mm512_loadu_ps(line + j * LANES);
}

/* Four vectors of sums into those of their channels. */
VECTORS_INLINE void give(
    float *sums, const __m512 from[COLUMNS], size_t c0, const weft__norm_rows *r)
{
    float line[LINE];
    for (int j = 0; j < COLUMNS; j++)
        _mm512_storeu_ps(line + j * LANES, from[j]);
    for (size_t c = 0; c < LINE; c++)
        sums[(c0 + c) % r->channels] += line[c];
}

VECTORS_INLINE __m512 load(const void *values, size_t at, weft__real real)
{
    if (real == WEFT__REAL_F32)
        return _mm512_loadu_ps((const float *)values + at);
    const void *halves = (const uint16_t *)values + at;
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(halves));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

VECTORS_INLINE void store(void *values, size_t at, __m512 v, weft__real real)
{
    if (real == WEFT__REAL_F32)
        _mm512_storeu_ps((float *)values + at, v);
    else
        _mm256_storeu_si256(
            (void *)((uint16_t *)values + at), (__m256i)_mm512_cvtneps_pbh(v));
}

#define EACH_COLUMN _Pragma("GCC unroll 4") for (int j = 0; j < COLUMNS; j++)

VECTORS_INLINE void moments(float *sums, const void *in, const float *centre,
    const struct lines *l, size_t c0, const weft__norm_rows *r, weft__real real)
{
    __m512 middle[COLUMNS];
    take(middle, centre, c0, r);
    for (size_t i0 = 0; i0 < l->count; i0 += BLOCK) {
        size_t end = i0 + BLOCK < l->count ? i0 + BLOCK : l->count;
        __m512 sum[COLUMNS], square[COLUMNS];
        EACH_COLUMN sum[j] = square[j] = _mm512_setzero_ps();
        for (size_t i = i0; i < end; i++)
            EACH_COLUMN
            {
                size_t at = i * l->stride + c0 + (size_t)j * LANES;
                __m512 v = _mm512_sub_ps(load(in, at, real), middle[j]);
                sum[j] = _mm512_add_ps(sum[j], v);
                square[j] = _mm512_fmadd_ps(v, v, square[j]);
            }
        give(sums, sum, c0, r);
        give(sums + r->channels, square, c0, r);
    }
}

VECTORS_INLINE void apply(void *out, const void *in, const weft__norm_factors *f,
    const struct lines *l, size_t c0, const weft__norm_rows *r, weft__real real)
{
    const __m512 floor = _mm512_set1_ps(r->relu ? 0 : -__builtin_inff());
    __m512 scale[COLUMNS], shift[COLUMNS];
    take(scale, f->scale, c0, r);
    take(shift, f->shift, c0, r);
    for (size_t i = 0; i < l->count; i++)
        EACH_COLUMN
        {
            size_t at = i * l->stride + c0 + (size_t)j * LANES;
            __m512 v = _mm512_fmadd_ps(load(in, at, real), scale[j], shift[j]);
            store(out, at, _mm512_max_ps(floor, v), real); /* a NaN stays one */
        }
}

/* dy: diff, or 0 where the ReLU cut. */
VECTORS_INLINE __m512 gradient(__m512 diff, __m512 x, __m512 scale, __m512 shift, bool relu)
{
    if (!relu)
        return diff;
    __m512 y = _mm512_fmadd_ps(x, scale, shift);
    return _mm512_maskz_mov_ps(
        _mm512_cmp_ps_mask(y, _mm512_setzero_ps(), _CMP_GT_OQ), diff);
}

VECTORS_INLINE void gradients(float *sums, const void *diff, const void *in,
    const weft__norm_factors *f, const struct lines *l, size_t c0, const weft__norm_rows *r,
    bool relu, weft__real real)
{
    __m512 scale[COLUMNS], shift[COLUMNS], mean[COLUMNS];
    take(scale, f->scale, c0, r);
    take(shift, f->shift, c0, r);
    take(mean, f->mean, c0, r);
    for (size_t i0 = 0; i0 < l->count; i0 += BLOCK) {
        size_t end = i0 + BLOCK < l->count ? i0 + BLOCK : l->count;
        __m512 sum[COLUMNS], product[COLUMNS];
        EACH_COLUMN sum[j] = product[j] = _mm512_setzero_ps();
        for (size_t i = i0; i < end; i++)
            EACH_COLUMN
            {
                size_t at = i * l->stride + c0 + (size_t)j * LANES;
                __m512 x = load(in, at, real);
                __m512 dy = gradient(load(diff, at, real), x, scale[j], shift[j], relu);
                sum[j] = _mm512_add_ps(sum[j], dy);
                product[j] = _mm512_fmadd_ps(dy, _mm512_sub_ps(x, mean[j]), product[j]);
            }
        give(sums, sum, c0, r);
        give(sums + r->channels, product, c0, r);
    }
}

VECTORS_INLINE void pull(void *diff_in, const void *diff, const void *in,
    const weft__norm_factors *f, const struct lines *l, size_t c0, const weft__norm_rows *r,
    bool relu, weft__real real)
{
    __m512 scale[COLUMNS], shift[COLUMNS], slope[COLUMNS], offset[COLUMNS];
    take(scale, f->scale, c0, r);
    take(shift, f->shift, c0, r);
    take(slope, f->slope, c0, r);
    take(offset, f->offset, c0, r);
    for (size_t i = 0; i < l->count; i++)
        EACH_COLUMN
        {
            size_t at = i * l->stride + c0 + (size_t)j * LANES;
            __m512 x = load(in, at, real);
            __m512 dy = gradient(load(diff, at, real), x, scale[j], shift[j], relu);
            __m512 rest = _mm512_fmadd_ps(slope[j], x, offset[j]);
            store(diff_in, at, _mm512_fmadd_ps(scale[j], dy, rest), real);
        }
}

VECTORS size_t weft__vector_moments(
    float *sums, const void *in, const float *centre, const weft__norm_rows *r)
{
    struct lines l = lines_of(r);
    for (size_t c0 = 0; c0 < l.panels * LINE; c0 += LINE)
        if (r->real == WEFT__REAL_BF16)
            moments(sums, in, centre, &l, c0, r, WEFT__REAL_BF16);
        else
            moments(sums, in, centre, &l, c0, r, WEFT__REAL_F32);
    return l.pixels;
}

VECTORS size_t weft__vector_apply(
    void *out, const void *in, const weft__norm_factors *f, const weft__norm_rows *r)
{
    struct lines l = lines_of(r);
    for (size_t c0 = 0; c0 < l.panels * LINE; c0 += LINE)
        if (r->real == WEFT__REAL_BF16)
            apply(out, in, f, &l, c0, r, WEFT__REAL_BF16);
        else
            apply(out, in, f, &l, c0, r, WEFT__REAL_F32);
    return l.pixels;
}

/* Calls LOOP(..., relu, real) with both as constants. */
#define WITH_CONSTANTS(LOOP, ...) \
    do { \
        if (r->real == WEFT__REAL_BF16 && r->relu) \
            LOOP(__VA_ARGS__, true, WEFT__REAL_BF16); \
        else if (r->real == WEFT__REAL_BF16) \
            LOOP(__VA_ARGS__, false, WEFT__REAL_BF16); \
        else if (r->relu) \
            LOOP(__VA_ARGS__, true, WEFT__REAL_F32); \
        else \
            LOOP(__VA_ARGS__, false, WEFT__REAL_F32); \
    } while (0)

VECTORS size_t weft__vector_gradients(float *sums, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *r)
{
    struct lines l = lines_of(r);
    for (size_t c0 = 0; c0 < l.panels * LINE; c0 += LINE)
        WITH_CONSTANTS(gradients, sums, diff, in, f, &l, c0, r);
    return l.pixels;
}

VECTORS size_t weft__vector_pull(void *diff_in, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *r)
{
    struct lines l = lines_of(r);
    for (size_t c0 = 0; c0 < l.panels * LINE; c0 += LINE)
        WITH_CONSTANTS(pull, diff_in, diff, in, f, &l, c0, r);
    return l.pixels;
}

#else

size_t weft__vector_moments(
    float *sums, const void *in, const float *centre, const weft__norm_rows *rows)
{
    (void)sums, (void)in, (void)centre, (void)rows;
    return 0;
}

size_t weft__vector_apply(
    void *out, const void *in, const weft__norm_factors *f, const weft__norm_rows *rows)
{
    (void)out, (void)in, (void)f, (void)rows;
    return 0;
}

size_t weft__vector_gradients(float *sums, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *rows)
{
    (void)sums, (void)diff, (void)in, (void)f, (void)rows;
    return 0;
}

size_t weft__vector_pull(void *diff_in, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *rows)
{
    (void)diff_in, (void)diff, (void)in, (void)f, (void)rows;
    return 0;
}

#endif
