/* The kernel for a dense layer's weight gradient against the sum written down, in double
 * precision. */
#include "support.h"

#include <math.h>

#include "core/mem.h"
#include "nn/layers/dense_gradient.h"
#include "nn/real.h"
#include "weft/rng.h"

static void *random_numbers(size_t count, uint64_t stream, weft__real real)
{
    void *numbers;
    weft_rng rng = weft_rng_create(5, stream);
    assert_ok(weft__alloc(&numbers, count, weft__real_size(real), "a test"));
    for (size_t i = 0; i < count; i++)
        weft__put(numbers, i, weft_rng_normal(&rng), real);
    return numbers;
}

/* Inputs `from` to `from` + rows of a layer of `inputs`. */
static void check(
    size_t batch, size_t inputs, size_t width, size_t from, size_t rows, weft__real real)
{
    if (!weft__dense_gradient_serves(real))
        skip();
    weft__dense_gradient g = {batch, width, inputs, real};
    void *in = random_numbers(batch * inputs, 1, real);
    void *diff = random_numbers(batch * width, 2, real);
    uint32_t *packed;
    float *gradient;
    size_t size = rows * width;
    assert_ok(
        weft__calloc(&packed, weft__dense_gradient_words(&g), sizeof *packed, "a test"));
    assert_ok(weft__alloc(&gradient, size + 1, sizeof *gradient, "a test"));
    gradient[size] = 7;
    weft__dense_gradient_pack(packed, &g, diff);
    weft__dense_gradient_rows(gradient, &g, packed, weft__advance(in, from, real), rows);
    for (size_t k = 0; k < size; k++) {
        double sum = 0, length = 0;
        for (size_t b = 0; b < batch; b++) {
            double x = (double)weft__get(in, b * inputs + from + k / width, real);
            double term = x * (double)weft__get(diff, b * width + k % width, real);
            sum += term;
            length += fabs(term);
        }
        if (!(fabs((double)gradient[k] - sum) <= 1e-6 * length))
            fail_msg("%zu x %zu: weight %zu: %.8g, expected %.8g", batch, width, k,
                (double)gradient[k], sum);
    }
    assert_true(gradient[size] == 7);
    free(in);
    free(diff);
    free(packed);
    free(gradient);
}

static void check_all(weft__real real)
{
    check(32, 40, 128, 16, 16, real);
    check(7, 33, 100, 32, 1, real); /* a band's last rows, a pair that is none */
    check(1, 16, 16, 3, 13, real);
    check(6, 21, 65, 0, 6, real);
}

static void in_f32(void **state)
{
    (void)state;
    check_all(WEFT__REAL_F32);
}

static void in_bf16(void **state)
{
    (void)state;
    check_all(WEFT__REAL_BF16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_f32),
        cmocka_unit_test(in_bf16),
    };
    return cmocka_run_group_tests_name("dense_gradient", tests, NULL, NULL);
}
