/* Matrix products for the classical families: the only place in src/classic that knows
 * oneDNN.
 *
 * Row-major, the leading dimension being the distance between rows in elements. Called
 * from inside a team they run on the calling thread alone. */
#ifndef WEFT_CLASSIC_GEMM_H
#define WEFT_CLASSIC_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

/* The longest k for which weft__gemm_u8s8 cannot leave int32: 255 * 128 * k < 2^31. */
enum { WEFT__GEMM_MAX_K = 65536 };

/* A matrix operand: `transposed` says that it is stored as the product's transpose. */
typedef struct weft__gemm_shape {
    size_t m, n, k; /* C is m x n, op(A) m x k, op(B) k x n */
    bool a_transposed, b_transposed;
} weft__gemm_shape;

/* C = op(A) op(B), exact on every processor; k <= WEFT__GEMM_MAX_K. */
WEFT_MUST weft_status weft__gemm_u8s8(weft__gemm_shape shape, const uint8_t *a, size_t lda,
    const int8_t *b, size_t ldb, int32_t *c, size_t ldc);
/* The same for processors without 8-bit dot products; exposed for its test. */
WEFT_MUST weft_status weft__gemm_u8s8_portable(weft__gemm_shape shape, const uint8_t *a,
    size_t lda, const int8_t *b, size_t ldb, int32_t *c, size_t ldc);

/* C = alpha op(A) op(B) + beta C. */
WEFT_MUST weft_status weft__gemm_f32(weft__gemm_shape shape, float alpha, const float *a,
    size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc);

/* to[i] = from[i] - 128. */
void weft__bytes_centre(int8_t *to, const uint8_t *from, size_t count);
/* to[i] = from[i] * scale. */
void weft__bytes_scale(float *to, const uint8_t *from, size_t count, float scale);

#endif
