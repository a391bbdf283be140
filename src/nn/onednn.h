/* The one door to oneDNN: planned primitives for convolution, matrix product and change
 * of format. Everything is single-threaded on purpose: the members of a team each run
 * their own primitives on their own rows (core/team.h).
 *
 * Written for the 2.x C API; the 3.x API differs in how descriptors are made, which is
 * all in onednn.c. */
#ifndef WEFT_NN_ONEDNN_H
#define WEFT_NN_ONEDNN_H

#include <stdbool.h>
#include <stddef.h>

#include "weft/status.h"

/* How activations and compute weights are stored. */
typedef enum weft__real { WEFT__REAL_F32, WEFT__REAL_BF16 } weft__real;

static inline size_t weft__real_size(weft__real real)
{
    return real == WEFT__REAL_BF16 ? 2 : 4;
}

/* Whether oneDNN has fast bf16 kernels for this processor. */
bool weft__has_bf16(void);
/* Whether those are products of vectors, there being no matrix tiles. */
bool weft__has_bf16_vectors_only(void);
/* "oneDNN 2.6.3, avx512_core_bf16" */
const char *weft__onednn_description(void);

typedef struct weft__primitive weft__primitive;

typedef enum weft__operand {
    WEFT__SRC,
    WEFT__WEIGHTS,
    WEFT__BIAS,
    WEFT__DST,
    WEFT__DIFF_SRC,
    WEFT__DIFF_WEIGHTS,
    WEFT__DIFF_BIAS,
    WEFT__DIFF_DST,
    WEFT__SCRATCH,
    WEFT__OPERANDS
} weft__operand;

/* Pictures are channels-last; plain weights are height x width x (in / groups) x out. */
typedef struct weft__conv {
    size_t batch, in_height, in_width, in_channels;
    size_t out_height, out_width, out_channels;
    size_t kernel, stride, dilation, groups;
    size_t pad_top, pad_left, pad_bottom, pad_right;
} weft__conv;

/* Forward applies bias (f32) and, where asked, ReLU. */
WEFT_MUST weft_status weft__conv_forward(weft__primitive **out, const weft__conv *conv,
    weft__real real, bool bias, bool relu, bool training);
WEFT_MUST weft_status weft__conv_backward_data(
    weft__primitive **out, const weft__conv *conv, weft__real real);
/* Weight and bias gradients are f32. */
WEFT_MUST weft_status weft__conv_backward_weights(
    weft__primitive **out, const weft__conv *conv, weft__real real, bool bias);

/* A matrix in memory: element (i, j) at i * row_stride + j * column_stride. */
typedef struct weft__matrix {
    size_t rows, columns, row_stride, column_stride;
    weft__real real;
} weft__matrix;

/* DST = SRC WEIGHTS, then + BIAS (f32, one for each column) and ReLU where asked. */
WEFT_MUST weft_status weft__matmul(weft__primitive **out, weft__matrix src,
    weft__matrix weights, weft__matrix dst, bool bias, bool relu);

/* C = alpha op(A) op(B) + beta C in f32, row-major: C is m x n, op(A) m x k; a leading
 * dimension is the distance between rows. On the calling thread alone. */
WEFT_MUST weft_status weft__sgemm(bool a_transposed, bool b_transposed, size_t m, size_t n,
    size_t k, float alpha, const float *a, size_t lda, const float *b, size_t ldb,
    float beta, float *c, size_t ldc);

/* Copies SRC to DST, between plain convolution weights and the format that `target` chose
 * for `operand`. */
WEFT_MUST weft_status weft__reorder_to(weft__primitive **out, const weft__conv *conv,
    weft__real plain, const weft__primitive *target, weft__operand operand);
WEFT_MUST weft_status weft__reorder_from(weft__primitive **out, const weft__conv *conv,
    const weft__primitive *source, weft__operand operand);

/* Bytes of an operand in its chosen format; 0 when it has none. */
size_t weft__primitive_bytes(const weft__primitive *primitive, weft__operand operand);
/* Whether the operand's format is the plain one of f32 weights: no reorder needed. */
bool weft__primitive_takes_plain(
    const weft__primitive *primitive, const weft__conv *conv, weft__operand operand);
/* Where an operand lies; must outlive the runs. */
WEFT_MUST weft_status weft__primitive_bind(
    weft__primitive *primitive, weft__operand operand, void *data);
WEFT_MUST weft_status weft__primitive_run(weft__primitive *primitive);
void weft__primitive_free(weft__primitive *primitive); /* NULL-safe */

#endif
