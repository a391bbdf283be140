#include "classic/gemm.h"

#include <dnnl.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/simd.h"

static weft_status check(dnnl_status_t status, const char *what)
{
    if (status == dnnl_success)
        return WEFT_OK;
    return weft_fail(status == dnnl_out_of_memory ? WEFT_ENOMEM : WEFT_EUNSUPPORTED,
        "oneDNN's %s failed with status %d", what, (int)status);
}

static char letter(bool transposed)
{
    return transposed ? 'T' : 'N';
}

/* Without VNNI, oneDNN adds pairs of products in 16 bits and saturates. */
static bool dot_products_are_exact(void)
{
    const unsigned vnni = dnnl_cpu_isa_avx512_core_vnni;
    return ((unsigned)dnnl_get_effective_cpu_isa() & vnni) == vnni;
}

weft_status weft__gemm_u8s8(weft__gemm_shape shape, const uint8_t *a, size_t lda,
    const int8_t *b, size_t ldb, int32_t *c, size_t ldc)
{
    if (!dot_products_are_exact())
        return weft__gemm_u8s8_portable(shape, a, lda, b, ldb, c, ldc);
    const int32_t none = 0;
    return check(
        dnnl_gemm_u8s8s32(letter(shape.a_transposed), letter(shape.b_transposed), 'F',
            (dnnl_dim_t)shape.m, (dnnl_dim_t)shape.n, (dnnl_dim_t)shape.k, 1.f, a,
            (dnnl_dim_t)lda, 0, b, (dnnl_dim_t)ldb, 0, 0.f, c, (dnnl_dim_t)ldc, &none),
        "8-bit matrix product");
}

weft_status weft__gemm_f32(weft__gemm_shape shape, float alpha, const float *a, size_t lda,
    const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    return check(dnnl_sgemm(letter(shape.a_transposed), letter(shape.b_transposed),
                     (dnnl_dim_t)shape.m, (dnnl_dim_t)shape.n, (dnnl_dim_t)shape.k, alpha,
                     a, (dnnl_dim_t)lda, b, (dnnl_dim_t)ldb, beta, c, (dnnl_dim_t)ldc),
        "matrix product");
}

/* 255 * 128 * 512 < 2^24: a float holds every partial sum, so sgemm is exact whatever
 * its order. */
enum { EXACT_K = 512 };

static weft_status add_k_block(weft__gemm_shape shape, const uint8_t *a, size_t lda,
    const int8_t *b, size_t ldb, int32_t *c, size_t ldc, float *fa, float *fb, float *fc)
{
    size_t rows_a = shape.a_transposed ? shape.k : shape.m;
    size_t row_a = shape.a_transposed ? shape.m : shape.k;
    size_t rows_b = shape.b_transposed ? shape.n : shape.k;
    size_t row_b = shape.b_transposed ? shape.k : shape.n;
    for (size_t i = 0; i < rows_a; i++)
        for (size_t j = 0; j < row_a; j++)
            fa[i * row_a + j] = a[i * lda + j];
    for (size_t i = 0; i < rows_b; i++)
        for (size_t j = 0; j < row_b; j++)
            fb[i * row_b + j] = b[i * ldb + j];
    WEFT_TRY(weft__gemm_f32(shape, 1, fa, row_a, fb, row_b, 0, fc, shape.n));
    for (size_t i = 0; i < shape.m; i++)
        for (size_t j = 0; j < shape.n; j++)
            c[i * ldc + j] += (int32_t)fc[i * shape.n + j];
    return WEFT_OK;
}

weft_status weft__gemm_u8s8_portable(weft__gemm_shape shape, const uint8_t *a, size_t lda,
    const int8_t *b, size_t ldb, int32_t *c, size_t ldc)
{
    float *fa = NULL, *fb = NULL, *fc = NULL;
    weft_status status = weft__alloc(&fa, shape.m * EXACT_K, sizeof *fa, "a product");
    if (status == WEFT_OK)
        status = weft__alloc(&fb, shape.n * EXACT_K, sizeof *fb, "a product");
    if (status == WEFT_OK)
        status = weft__alloc(&fc, shape.m * shape.n, sizeof *fc, "a product");
    if (status != WEFT_OK)
        goto done;
    for (size_t i = 0; i < shape.m; i++)
        memset(c + i * ldc, 0, shape.n * sizeof *c);
    for (size_t k = 0; k < shape.k && status == WEFT_OK; k += EXACT_K) {
        weft__gemm_shape part = shape;
        part.k = shape.k - k < EXACT_K ? shape.k - k : EXACT_K;
        status = add_k_block(part, a + (shape.a_transposed ? k * lda : k), lda,
            b + (shape.b_transposed ? k : k * ldb), ldb, c, ldc, fa, fb, fc);
    }
done:
    free(fa);
    free(fb);
    free(fc);
    return status;
}

WEFT__SIMD void weft__bytes_centre(int8_t *to, const uint8_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (int8_t)(from[i] ^ 0x80);
}

WEFT__SIMD void weft__bytes_scale(float *to, const uint8_t *from, size_t count, float scale)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (float)from[i] * scale;
}
