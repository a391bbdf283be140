#include "nn/muon.h"

#include <math.h>
#include <string.h>

#include "core/simd.h"
#include "nn/onednn.h"
#include "nn/real.h"

/* The quintic a x + b x^3 + c x^5 whose fifth iterate brings singular values of 0.001 to 1
 * to between 0.7 and 1.2. */
static const float A = 3.4445f, B = -4.775f, C = 2.0315f;
enum { ITERATIONS = 5 };

static size_t smaller(size_t rows, size_t columns)
{
    return rows < columns ? rows : columns;
}

size_t weft__muon_work(size_t rows, size_t columns)
{
    size_t side = smaller(rows, columns);
    return 2 * rows * columns + 4 * side * side;
}

/* The momentum of Nesterov into m; returns its length. */
WEFT__SIMD static double look_ahead(
    float *restrict m, const weft__update *u, size_t begin, size_t count)
{
    float *restrict velocity = u->slots[0] + begin;
    const float keep = u->momentum, scale = u->gradient_scale;
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        float g = 0;
        for (int part = 0; part < u->parts; part++)
            g += u->gradients[part][begin + i];
        g *= scale;
        velocity[i] = keep * velocity[i] + g;
        m[i] = g + keep * velocity[i];
    }
    for (size_t i = 0; i < count; i++)
        sum += (double)m[i] * (double)m[i];
    return sqrt(sum);
}

WEFT__SIMD static void scale_by(float *values, float factor, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] *= factor;
}

/* q += B gram + A I */
WEFT__SIMD static void add_lower_terms(
    float *restrict q, const float *restrict gram, size_t side)
{
    for (size_t i = 0; i < side * side; i++)
        q[i] += B * gram[i];
    for (size_t i = 0; i < side; i++)
        q[i * side + i] += A;
}

/* out = scale a b, all side x side. */
static weft_status multiply(
    float *out, float scale, const float *a, const float *b, size_t side)
{
    return weft__sgemm(
        false, false, side, side, side, scale, a, side, b, side, 0, out, side);
}

/* From the Gram matrix G of x's shorter side, all iterations as one factor of x. An
 * iteration multiplies x by Q = A I + B G + C G G and so makes G into Q G Q: nothing of x's
 * longer side is needed between the first product and the last, and everything here
 * commutes. `rooms` is three more matrices; the factor ends in one of them. */
static weft_status find_factor(const float **out, float *gram, float *rooms, size_t side)
{
    size_t size = side * side;
    float *q = rooms, *factor = q + size, *spare = factor + size;
    for (int i = 0; i < ITERATIONS; i++) {
        WEFT_TRY(multiply(q, C, gram, gram, side));
        add_lower_terms(q, gram, side);
        if (i + 1 < ITERATIONS) {
            WEFT_TRY(multiply(spare, 1, gram, q, side));
            WEFT_TRY(multiply(gram, 1, spare, q, side));
        }
        if (i == 0) {
            memcpy(factor, q, size * sizeof *factor);
            continue;
        }
        WEFT_TRY(multiply(spare, 1, factor, q, side));
        float *swap = factor;
        factor = spare;
        spare = swap;
    }
    *out = factor;
    return WEFT_OK;
}

/* out = O(x): x with singular values of about 1. */
static weft_status orthogonalise(
    float *out, const float *x, float *rooms, size_t rows, size_t columns)
{
    bool tall = rows >= columns;
    size_t side = smaller(rows, columns), longer = tall ? rows : columns;
    float *gram = rooms;
    const float *factor;
    WEFT_TRY(weft__sgemm(
        tall, !tall, side, side, longer, 1, x, columns, x, columns, 0, gram, side));
    WEFT_TRY(find_factor(&factor, gram, gram + side * side, side));
    return tall ? weft__sgemm(false, false, rows, columns, side, 1, x, columns, factor,
                      side, 0, out, columns)
                : weft__sgemm(false, false, rows, columns, side, 1, factor, side, x,
                      columns, 0, out, columns);
}

WEFT__SIMD static void step(
    const weft__update *u, size_t begin, size_t count, const float *direction, float target)
{
    float *values = u->values + begin;
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i] * (double)values[i];
    float shrink = sum > 0 ? target / (float)sqrt(sum) : 1;
    for (size_t i = 0; i < count; i++) {
        values[i] = shrink * values[i] - u->learning_rate * direction[i];
        if (u->mirror)
            u->mirror[begin + i] = weft__to_bf16(values[i]);
    }
}

weft_status weft__muon(
    const weft__update *u, size_t begin, size_t rows, size_t columns, float *work)
{
    size_t count = rows * columns;
    float *x = work, *direction = x + count;
    double length = look_ahead(x, u, begin, count);
    if (length > 0)
        scale_by(x, (float)(1 / length), count);
    WEFT_TRY(orthogonalise(direction, x, direction + count, rows, columns));
    step(u, begin, count, direction, sqrtf((float)columns));
    return WEFT_OK;
}
