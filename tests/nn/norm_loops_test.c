/* Batch norm's loops against the same in double precision, for numbers of channels that go
 * into vectors and such that do not, and rows that leave some over. */
#include "support.h"

#include <math.h>

#include "core/mem.h"
#include "nn/layers/norm_loops.h"
#include "nn/real.h"
#include "weft/rng.h"

enum { MOST_CHANNELS = 128, MOST_PIXELS = 601, MOST = MOST_CHANNELS * MOST_PIXELS };

/* What the loops read and write, and factors of each channel. */
static struct arrays {
    float in[MOST], diff[MOST], out[MOST]; /* of which bf16 takes the first half */
    float factors[5][MOST_CHANNELS], sums[2 * MOST_CHANNELS];
} a;

static void fill(weft__real real)
{
    weft_rng rng = weft_rng_create(7, 0);
    for (size_t i = 0; i < MOST; i++) {
        weft__put(a.in, i, 3 + weft_rng_normal(&rng), real);
        weft__put(a.diff, i, weft_rng_normal(&rng), real);
    }
    for (size_t f = 0; f < 5; f++)
        for (size_t c = 0; c < MOST_CHANNELS; c++)
            a.factors[f][c] = weft_rng_normal(&rng);
    memset(a.sums, 0, sizeof a.sums);
    memset(a.out, 0x7f, sizeof a.out);
}

static weft__norm_factors factors(void)
{
    return (weft__norm_factors){
        a.factors[0], a.factors[1], a.factors[2], a.factors[3], a.factors[4]};
}

static double affine(const weft__norm_rows *r, size_t i)
{
    size_t c = i % r->channels;
    return (double)weft__get(a.in, i, r->real) * (double)a.factors[0][c] +
           (double)a.factors[1][c];
}

/* What comes through the ReLU; where it cuts to within rounding, either answer is right. */
static double through(const weft__norm_rows *r, size_t i, bool *unsure)
{
    double y = affine(r, i);
    *unsure = r->relu && fabs(y) < 1e-5;
    return r->relu && y <= 0 ? 0 : (double)weft__get(a.diff, i, r->real);
}

static void expect(const weft__norm_rows *r, size_t i, double found, double wanted)
{
    double tolerance = r->real == WEFT__REAL_BF16 ? 0x1p-8 : 1e-6;
    if (fabs(found - wanted) > tolerance * (fabs(wanted) + 1))
        fail_msg(
            "%zu channels, number %zu: %.8g, expected %.8g", r->channels, i, found, wanted);
}

static void expect_sums(
    const weft__norm_rows *r, double (*term)(size_t i, size_t c), size_t which)
{
    for (size_t c = 0; c < r->channels; c++) {
        double sum = 0, size = 0;
        for (size_t i = c; i < r->count * r->channels; i += r->channels) {
            sum += term(i, c);
            size += fabs(term(i, c));
        }
        if (fabs((double)a.sums[which * r->channels + c] - sum) > 1e-5 * (size + 1))
            fail_msg("%zu channels, sum %zu: %.8g, expected %.8g", r->channels, which,
                (double)a.sums[which * r->channels + c], sum);
    }
}

static const weft__norm_rows *current;

static double distance(size_t i, size_t c)
{
    return (double)weft__get(a.in, i, current->real) - (double)a.factors[2][c];
}

static double square(size_t i, size_t c)
{
    return distance(i, c) * distance(i, c);
}

static double gradient(size_t i, size_t c)
{
    bool unsure;
    (void)c;
    return through(current, i, &unsure);
}

static double product(size_t i, size_t c)
{
    return gradient(i, c) * distance(i, c);
}

static void check(const weft__norm_rows *r)
{
    weft__norm_factors f = factors();
    size_t size = r->count * r->channels;
    current = r;
    fill(r->real);
    weft__norm_moments(a.sums, a.in, f.mean, r);
    expect_sums(r, distance, 0);
    expect_sums(r, square, 1);
    weft__norm_apply(a.out, a.in, &f, r);
    for (size_t i = 0; i < size; i++) {
        double y = affine(r, i);
        expect(r, i, (double)weft__get(a.out, i, r->real), r->relu && y < 0 ? 0 : y);
    }
    memset(a.sums, 0, sizeof a.sums);
    weft__norm_gradients(a.sums, a.diff, a.in, &f, r);
    expect_sums(r, gradient, 0);
    expect_sums(r, product, 1);
    weft__norm_pull(a.out, a.diff, a.in, &f, r);
    for (size_t i = 0; i < size; i++) {
        bool unsure;
        size_t c = i % r->channels;
        double x = (double)weft__get(a.in, i, r->real), dy = through(r, i, &unsure);
        double wanted =
            (double)f.scale[c] * dy + (double)f.slope[c] * x + (double)f.offset[c];
        if (!unsure)
            expect(r, i, (double)weft__get(a.out, i, r->real), wanted);
    }
    /* Nothing behind the rows was written. */
    const uint8_t *behind = (const uint8_t *)a.out + size * weft__real_size(r->real);
    for (size_t i = 0; i < 64 && size < MOST; i++)
        assert_int_equal(behind[i], 0x7f);
}

static void check_all(weft__real real)
{
    static const size_t channels[] = {1, 3, 4, 16, 32, 64, 96, 128};
    static const size_t counts[] = {0, 1, 5, 64, 600};
    for (size_t i = 0; i < sizeof channels / sizeof *channels; i++)
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
            for (int relu = 0; relu < 2; relu++)
                check(&(weft__norm_rows){counts[k], channels[i], real, relu});
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(in_f32), cmocka_unit_test(in_bf16)};
    return cmocka_run_group_tests_name("norm_loops", tests, NULL, NULL);
}
