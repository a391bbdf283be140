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
    return 2 * rows * columns + 2 * side * side;
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

/* to += x a */
WEFT__SIMD static void add(
    float *restrict to, const float *restrict x, float a, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += a * x[i];
}

/* One iteration, x to next: with G the Gram matrix of the shorter side,
 * next = A x + (B G + C G G) x, from whichever side G stands. */
static weft_status iterate(
    float *next, const float *x, float *gram, float *square, size_t rows, size_t columns)
{
    bool tall = rows >= columns;
    size_t side = smaller(rows, columns), longer = tall ? rows : columns;
    WEFT_TRY(tall ? weft__sgemm(true, false, side, side, longer, 1, x, columns, x, columns,
                        0, gram, side)
                  : weft__sgemm(false, true, side, side, longer, 1, x, columns, x, columns,
                        0, gram, side));
    WEFT_TRY(weft__sgemm(
        false, false, side, side, side, C, gram, side, gram, side, 0, square, side));
    add(square, gram, B, side * side);
    memcpy(next, x, rows * columns * sizeof *next);
    return tall ? weft__sgemm(false, false, rows, columns, side, 1, x, columns, square,
                      side, A, next, columns)
                : weft__sgemm(false, false, rows, columns, side, 1, square, side, x,
                      columns, A, next, columns);
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
    size_t count = rows * columns, side = smaller(rows, columns);
    float *x = work, *next = work + count, *gram = next + count;
    double length = look_ahead(x, u, begin, count);
    if (length > 0)
        scale_by(x, (float)(1 / length), count);
    for (int i = 0; i < ITERATIONS; i++) {
        WEFT_TRY(iterate(next, x, gram, gram + side * side, rows, columns));
        float *swap = x;
        x = next;
        next = swap;
    }
    step(u, begin, count, x, sqrtf((float)columns));
    return WEFT_OK;
}
