#include "nn/layers/norm_loops.h"

#include <string.h>

#include "core/simd.h"
#include "nn/layers/norm_vectors.h"
#include "nn/real.h"

enum { BLOCK = 256, WIDTH = 64 }; /* pixels and channels summed at once */

#define INLINE static inline __attribute__((always_inline))

INLINE void add_block(
    float *sums, float block[2][WIDTH], size_t c0, size_t width, size_t channels)
{
    for (size_t c = 0; c < width; c++) {
        sums[c0 + c] += block[0][c];
        sums[channels + c0 + c] += block[1][c];
    }
}

INLINE void moments_any(float *sums, const void *in, const float *centre,
    const weft__norm_rows *r, weft__real real)
{
    float block[2][WIDTH];
    for (size_t c0 = 0; c0 < r->channels; c0 += WIDTH) {
        size_t width = r->channels - c0 < WIDTH ? r->channels - c0 : WIDTH;
        for (size_t i0 = 0; i0 < r->count; i0 += BLOCK) {
            size_t end = i0 + BLOCK < r->count ? i0 + BLOCK : r->count;
            memset(block, 0, sizeof block);
            for (size_t i = i0; i < end; i++)
                for (size_t c = 0; c < width; c++) {
                    float v =
                        weft__get(in, i * r->channels + c0 + c, real) - centre[c0 + c];
                    block[0][c] += v;
                    block[1][c] += v * v;
                }
            add_block(sums, block, c0, width, r->channels);
        }
    }
}

WEFT__SIMD static void moments(
    float *sums, const void *in, const float *centre, const weft__norm_rows *r)
{
    if (r->real == WEFT__REAL_BF16)
        moments_any(sums, in, centre, r, WEFT__REAL_BF16);
    else
        moments_any(sums, in, centre, r, WEFT__REAL_F32);
}

INLINE void apply_any(void *out, const void *in, const weft__norm_factors *f,
    const weft__norm_rows *r, weft__real real)
{
    bool relu = r->relu;
    for (size_t i = 0; i < r->count; i++)
        for (size_t c = 0; c < r->channels; c++) {
            size_t at = i * r->channels + c;
            float v = weft__get(in, at, real) * f->scale[c] + f->shift[c];
            weft__put(out, at, relu && v < 0 ? 0 : v, real);
        }
}

WEFT__SIMD static void apply(
    void *out, const void *in, const weft__norm_factors *f, const weft__norm_rows *r)
{
    if (r->real == WEFT__REAL_BF16)
        apply_any(out, in, f, r, WEFT__REAL_BF16);
    else
        apply_any(out, in, f, r, WEFT__REAL_F32);
}

INLINE void gradients_any(float *sums, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *r, bool relu, weft__real real)
{
    float block[2][WIDTH];
    for (size_t c0 = 0; c0 < r->channels; c0 += WIDTH) {
        size_t width = r->channels - c0 < WIDTH ? r->channels - c0 : WIDTH;
        const float *mean = f->mean + c0, *scale = f->scale + c0, *shift = f->shift + c0;
        for (size_t i0 = 0; i0 < r->count; i0 += BLOCK) {
            size_t end = i0 + BLOCK < r->count ? i0 + BLOCK : r->count;
            memset(block, 0, sizeof block);
            for (size_t i = i0; i < end; i++)
                for (size_t c = 0; c < width; c++) {
                    size_t at = i * r->channels + c0 + c;
                    float dy = weft__get(diff, at, real), x = weft__get(in, at, real);
                    if (relu)
                        dy = x * scale[c] + shift[c] > 0 ? dy : 0;
                    block[0][c] += dy;
                    block[1][c] += dy * (x - mean[c]);
                }
            add_block(sums, block, c0, width, r->channels);
        }
    }
}

WEFT__SIMD static void gradients(float *sums, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *r)
{
    if (r->real == WEFT__REAL_BF16)
        r->relu ? gradients_any(sums, diff, in, f, r, true, WEFT__REAL_BF16)
                : gradients_any(sums, diff, in, f, r, false, WEFT__REAL_BF16);
    else
        r->relu ? gradients_any(sums, diff, in, f, r, true, WEFT__REAL_F32)
                : gradients_any(sums, diff, in, f, r, false, WEFT__REAL_F32);
}

INLINE void pull_any(void *diff_in, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *r, bool relu, weft__real real)
{
    for (size_t i = 0; i < r->count; i++)
        for (size_t c = 0; c < r->channels; c++) {
            size_t at = i * r->channels + c;
            float dy = weft__get(diff, at, real), x = weft__get(in, at, real);
            if (relu)
                dy = x * f->scale[c] + f->shift[c] > 0 ? dy : 0;
            weft__put(
                diff_in, at, f->scale[c] * dy + (f->slope[c] * x + f->offset[c]), real);
        }
}

WEFT__SIMD static void pull(void *diff_in, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *r)
{
    if (r->real == WEFT__REAL_BF16)
        r->relu ? pull_any(diff_in, diff, in, f, r, true, WEFT__REAL_BF16)
                : pull_any(diff_in, diff, in, f, r, false, WEFT__REAL_BF16);
    else
        r->relu ? pull_any(diff_in, diff, in, f, r, true, WEFT__REAL_F32)
                : pull_any(diff_in, diff, in, f, r, false, WEFT__REAL_F32);
}

/* What the vectors leave at the end of the rows is done by the loops above. */
static weft__norm_rows rest(const weft__norm_rows *r, size_t done)
{
    weft__norm_rows left = *r;
    left.count -= done;
    return left;
}

static const void *from(const void *values, const weft__norm_rows *r, size_t pixel)
{
    return (const char *)values + pixel * r->channels * weft__real_size(r->real);
}

static void *into(void *values, const weft__norm_rows *r, size_t pixel)
{
    return (char *)values + pixel * r->channels * weft__real_size(r->real);
}

void weft__norm_moments(
    float *sums, const void *in, const float *centre, const weft__norm_rows *rows)
{
    size_t done = weft__vector_moments(sums, in, centre, rows);
    weft__norm_rows r = rest(rows, done);
    moments(sums, from(in, rows, done), centre, &r);
}

void weft__norm_apply(
    void *out, const void *in, const weft__norm_factors *f, const weft__norm_rows *rows)
{
    size_t done = weft__vector_apply(out, in, f, rows);
    weft__norm_rows r = rest(rows, done);
    apply(into(out, rows, done), from(in, rows, done), f, &r);
}

void weft__norm_gradients(float *sums, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *rows)
{
    size_t done = weft__vector_gradients(sums, diff, in, f, rows);
    weft__norm_rows r = rest(rows, done);
    gradients(sums, from(diff, rows, done), from(in, rows, done), f, &r);
}

void weft__norm_pull(void *diff_in, const void *diff, const void *in,
    const weft__norm_factors *f, const weft__norm_rows *rows)
{
    size_t done = weft__vector_pull(diff_in, diff, in, f, rows);
    weft__norm_rows r = rest(rows, done);
    pull(into(diff_in, rows, done), from(diff, rows, done), from(in, rows, done), f, &r);
}
