#include "classic/transpose.h"

#include <string.h>

enum { SIDE = 16 };
typedef uint8_t vector __attribute__((vector_size(SIDE)));

/* Interleaving rows i and i + 8 turns the index of a byte among the 256 left by one bit;
 * four turns exchange row and column. */
static void turn(vector *out, const vector *in)
{
    for (int i = 0; i < SIDE / 2; i++) {
        vector a = in[i], b = in[i + SIDE / 2];
        out[2 * i] = __builtin_shufflevector(
            a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        out[2 * i + 1] = __builtin_shufflevector(
            a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
}

static void transpose_square(
    uint8_t *to, size_t stride, const uint8_t *const *rows, size_t at)
{
    vector a[SIDE], b[SIDE];
    for (int i = 0; i < SIDE; i++)
        memcpy(&a[i], rows[i] + at, SIDE);
    turn(b, a);
    turn(a, b);
    turn(b, a);
    turn(a, b);
    for (size_t i = 0; i < SIDE; i++)
        memcpy(to + (at + i) * stride, &a[i], SIDE);
}

void weft__transpose_bytes(
    uint8_t *to, size_t stride, const uint8_t *const *rows, size_t count, size_t bytes)
{
    size_t i = 0;
    for (; i + SIDE <= count; i += SIDE) {
        size_t f = 0;
        for (; f + SIDE <= bytes; f += SIDE)
            transpose_square(to + i, stride, rows + i, f);
        for (; f < bytes; f++)
            for (size_t j = i; j < i + SIDE; j++)
                to[f * stride + j] = rows[j][f];
    }
    for (size_t f = 0; f < bytes; f++)
        for (size_t j = i; j < count; j++)
            to[f * stride + j] = rows[j][f];
}
