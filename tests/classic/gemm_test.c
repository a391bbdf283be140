#include "support.h"

#include "classic/gemm.h"

/* Both paths against three loops, with the largest products and every transposition. */
static void products_of_bytes_are_exact(void **state)
{
    (void)state;
    enum { M = 5, N = 19, K = 1300 };
    static uint8_t a[M * K];
    static int8_t b[K * N];
    for (size_t i = 0; i < M * K; i++)
        a[i] = i % 3 ? 255 : (uint8_t)(i * 37);
    for (size_t i = 0; i < K * N; i++)
        b[i] = i % 5 ? (i % 7 ? -128 : 127) : (int8_t)(i * 11);
    for (int transposed = 0; transposed < 4; transposed++) {
        weft__gemm_shape shape = {M, N, K, transposed & 1, transposed >> 1};
        size_t lda = shape.a_transposed ? M : K, ldb = shape.b_transposed ? K : N;
        int32_t fast[M * N], portable[M * N];
        assert_ok(weft__gemm_u8s8(shape, a, lda, b, ldb, fast, N));
        assert_ok(weft__gemm_u8s8_portable(shape, a, lda, b, ldb, portable, N));
        for (size_t i = 0; i < M; i++)
            for (size_t j = 0; j < N; j++) {
                int32_t sum = 0;
                for (size_t k = 0; k < K; k++)
                    sum += a[shape.a_transposed ? k * M + i : i * K + k] *
                           b[shape.b_transposed ? j * K + k : k * N + j];
                assert_int_equal(fast[i * N + j], sum);
                assert_int_equal(portable[i * N + j], sum);
            }
    }
}

static void bytes_become_numbers(void **state)
{
    (void)state;
    uint8_t bytes[256];
    int8_t centred[256];
    float scaled[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (uint8_t)i;
    weft__bytes_centre(centred, bytes, 256);
    weft__bytes_scale(scaled, bytes, 256, 0.5f);
    for (int i = 0; i < 256; i++) {
        assert_int_equal(centred[i], i - 128);
        assert_true(scaled[i] == 0.5f * (float)i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_of_bytes_are_exact),
        cmocka_unit_test(bytes_become_numbers),
    };
    return cmocka_run_group_tests_name("gemm", tests, NULL, NULL);
}
