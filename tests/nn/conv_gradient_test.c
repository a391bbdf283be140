/* The kernel for a convolution's weight gradient against the sum written down, in double
 * precision; its products are exact, so only the order of the f32 sums differs. */
#include "support.h"

#include <math.h>

#include "core/mem.h"
#include "nn/layers/conv_gradient.h"
#include "nn/real.h"
#include "weft/rng.h"

static uint16_t *random_numbers(size_t count, uint64_t stream)
{
    uint16_t *numbers;
    weft_rng rng = weft_rng_create(5, stream);
    assert_ok(weft__alloc(&numbers, count, sizeof *numbers, "a test"));
    for (size_t i = 0; i < count; i++)
        numbers[i] = weft__to_bf16(weft_rng_normal(&rng));
    return numbers;
}

/* The gradient of one weight, and in *size the sum of its terms' magnitudes. */
static double by_definition(const weft__conv *c, const uint16_t *in, const uint16_t *diff,
    size_t v, size_t u, size_t i, size_t o, double *size)
{
    double sum = *size = 0;
    for (size_t n = 0; n < c->batch; n++)
        for (size_t y = 0; y < c->out_height; y++)
            for (size_t x = 0; x < c->out_width; x++) {
                size_t row = y * c->stride + v * c->dilation -
                             c->pad_top; /* wraps above the picture */
                size_t column = x * c->stride + u * c->dilation - c->pad_left;
                if (row >= c->in_height || column >= c->in_width)
                    continue;
                size_t from = (n * c->in_height + row) * c->in_width + column;
                size_t to = (n * c->out_height + y) * c->out_width + x;
                double term = (double)weft__from_bf16(in[from * c->in_channels + i]) *
                              (double)weft__from_bf16(diff[to * c->out_channels + o]);
                sum += term;
                *size += fabs(term);
            }
    return sum;
}

static void check_bias(const weft__conv *c, const uint16_t *diff, const float *bias)
{
    for (size_t o = 0; o < c->out_channels; o++) {
        double sum = 0, size = 0;
        for (size_t i = 0; i < c->batch * c->out_height * c->out_width; i++) {
            double term = (double)weft__from_bf16(diff[i * c->out_channels + o]);
            sum += term;
            size += fabs(term);
        }
        assert_true(fabs((double)bias[o] - sum) <= 1e-6 * size);
    }
}

static void check(weft__conv conv)
{
    const weft__conv *c = &conv;
    if (!weft__has_bf16_vectors_only())
        skip();
    size_t window = c->kernel * c->kernel;
    size_t weights = window * c->in_channels * c->out_channels;
    uint16_t *in =
        random_numbers(c->batch * c->in_height * c->in_width * c->in_channels, 1);
    uint16_t *diff =
        random_numbers(c->batch * c->out_height * c->out_width * c->out_channels, 2);
    float *gradient, *again, *bias;
    void *scratch;
    size_t bytes = weft__conv_gradient_scratch(c);
    assert_true(weft__conv_gradient_serves(c));
    assert_ok(weft__calloc(&gradient, weights, sizeof *gradient, "a test"));
    assert_ok(weft__calloc(&again, weights, sizeof *again, "a test"));
    assert_ok(weft__calloc(&bias, c->out_channels, sizeof *bias, "a test"));
    assert_ok(weft__alloc(&scratch, bytes, 1, "a test"));
    memset(scratch, 0x7f, bytes); /* nothing of what was there may matter */
    memset(gradient, 0x7f, weights * sizeof *gradient);
    memset(bias, 0x7f, c->out_channels * sizeof *bias);
    weft__conv_gradient(gradient, bias, in, diff, c, scratch);
    weft__conv_gradient(again, NULL, in, diff, c, scratch);
    assert_memory_equal(gradient, again, weights * sizeof *gradient);
    check_bias(c, diff, bias);
    for (size_t w = 0; w < weights; w += 7) {
        size_t o = w % c->out_channels, i = w / c->out_channels % c->in_channels;
        size_t k = w / c->out_channels / c->in_channels;
        double size;
        double wanted =
            by_definition(c, in, diff, k / c->kernel, k % c->kernel, i, o, &size);
        if (fabs((double)gradient[w] - wanted) > 1e-6 * size)
            fail_msg("weight %zu: %.8g, expected %.8g", w, (double)gradient[w], wanted);
    }
    free(in);
    free(diff);
    free(gradient);
    free(again);
    free(bias);
    free(scratch);
}

static weft__conv square(size_t batch, size_t side, size_t in, size_t out, size_t kernel,
    size_t pad, size_t dilation)
{
    size_t result = side + 2 * pad - (kernel - 1) * dilation;
    return (weft__conv){batch, side, side, in, result, result, out, kernel, 1, dilation, 1,
        pad, pad, pad, pad};
}

/* Each width of tile, batches that do not pair, groups of pairs that do not divide. */
static void widths(void **state)
{
    (void)state;
    check(square(1, 5, 16, 16, 3, 1, 1));
    check(square(9, 20, 16, 48, 3, 1, 1));
    check(square(7, 9, 32, 32, 3, 0, 1));
    check(square(6, 7, 48, 64, 3, 1, 1));
    check(square(33, 14, 16, 32, 2, 0, 1));
}

static void windows(void **state)
{
    (void)state;
    check(square(3, 6, 16, 32, 1, 0, 1));
    check(square(3, 9, 16, 16, 3, 2, 2));
    check((weft__conv){5, 9, 9, 16, 5, 5, 32, 3, 2, 1, 1, 1, 1, 1, 1});
    check((weft__conv){5, 8, 8, 32, 4, 4, 16, 1, 2, 1, 1, 0, 0, 0, 0});
    /* Not square, and padded on two sides alone. */
    check((weft__conv){4, 5, 8, 16, 5, 7, 16, 2, 1, 1, 1, 1, 0, 0, 0});
}

static void not_served(void **state)
{
    (void)state;
    weft__conv c = square(4, 8, 16, 16, 3, 1, 1);
    c.in_channels = 24;
    assert_false(weft__conv_gradient_serves(&c));
    c = square(4, 8, 32, 32, 3, 1, 1);
    c.groups = 2;
    assert_false(weft__conv_gradient_serves(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths),
        cmocka_unit_test(windows),
        cmocka_unit_test(not_served),
    };
    return cmocka_run_group_tests_name("conv_gradient", tests, NULL, NULL);
}
