/* Kernels of support vector machines, computed in blocks by matrix products. */
#ifndef WEFT_CLASSIC_KERNEL_H
#define WEFT_CLASSIC_KERNEL_H

#include "classic/features.h"

typedef enum weft__kernel_kind {
    WEFT__KERNEL_RBF,    /* exp(-gamma |x - y|^2) */
    WEFT__KERNEL_LINEAR, /* x y */
    WEFT__KERNEL_POLY    /* (gamma x y + coef0)^degree */
} weft__kernel_kind;

/* Pixels count as byte / 255, other features as they are. */
typedef struct weft__kernel {
    weft__kernel_kind kind;
    double gamma, coef0;
    unsigned degree;
} weft__kernel;

/* Points as the products want them: their own copies. Zero-initialised is empty. */
typedef struct weft__kernel_set {
    size_t count, dims;
    uint8_t *bytes;      /* count x dims, or NULL */
    int8_t *centred;     /* the same less 128 */
    uint32_t *sum;       /* of each point's bytes */
    float *floats;       /* count x dims, or NULL */
    uint32_t *byte_norm; /* squared lengths, modulo 2^32; or NULL */
    float *norm;         /* squared lengths, or NULL */
} weft__kernel_set;

/* Copies the points at `rows`, or all of them when rows is NULL. */
WEFT_MUST weft_status weft__kernel_set_create(
    weft__kernel_set *out, const weft__points *points, const uint32_t *rows, size_t count);
void weft__kernel_set_clear(weft__kernel_set *set);

/* One thread's room for products. Zero-initialised is empty. */
typedef struct weft__kernel_room {
    void *rows;     /* gathered points */
    void *products; /* before they become kernel values */
} weft__kernel_room;

enum { WEFT__KERNEL_ROWS = 256 }; /* at most these at once */

WEFT_MUST weft_status weft__kernel_room_create(weft__kernel_room *out, size_t dims);
void weft__kernel_room_clear(weft__kernel_room *room);

/* out[r][j] = K(a's point rows[r], b's point first + j) for r < count, j < width; out[r] is
 * a place for each row. count <= WEFT__KERNEL_ROWS. */
WEFT_MUST weft_status weft__kernel_block(const weft__kernel *kernel,
    const weft__kernel_set *a, const uint32_t *rows, size_t count,
    const weft__kernel_set *b, size_t first, size_t width, float *const *out,
    weft__kernel_room *room);

/* K(x, x) of a point. */
float weft__kernel_self(const weft__kernel *kernel, const weft__kernel_set *set, size_t i);

/* values[i] = exp(values[i]) for values <= 0, relative error below 2e-7; 0 below -87. */
void weft__exp_of_negative(float *values, size_t count);

#endif
