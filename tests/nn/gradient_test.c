/* Every layer's gradient against central differences of the loss, on one member and on
 * three, with batches that do not divide. */
#include "nn/harness.h"

#include <math.h>

/* Nine elements of each parameter are checked. */
enum { CHECKED = 9, BATCH = 7 };

/* A ReLU's kink or a maximum's change of mind within the step is no fault of the gradient:
 * a smaller step then agrees. f32 losses of order 1 carry about 1e-7 of noise, which
 * over the smallest step is 1e-3. */
static const double STEPS[] = {2e-3, 5e-4, 2e-4, 4e-5}, TOLERANCE = 2e-3;

static double central_difference(struct harness *h, float *value, double step)
{
    float kept = *value;
    *value = kept + (float)step;
    double above = harness_run(h, false);
    *value = kept - (float)step;
    double below = harness_run(h, false);
    *value = kept;
    return (above - below) / (2 * step);
}

static void check_open(struct harness *h, int threads)
{
    /* Running statistics move with every pass; the loss does not read them. */
    (void)harness_run(h, true);
    double largest = 0;
    for (size_t which = 0; which < h->network.parameter_count; which++) {
        const weft__parameter *p = &h->network.parameters[which];
        if (!p->trained)
            continue;
        for (size_t k = 0; k < CHECKED; k++) {
            size_t i = k * p->count / CHECKED;
            (void)harness_run(h, true);
            double gradient = harness_gradient(h, which, i);
            double difference = NAN;
            for (int step = 0; step < 4; step++) {
                difference = central_difference(h, &h->block[p->offset + i], STEPS[step]);
                if (fabs(gradient - difference) <= TOLERANCE * (1 + fabs(difference)))
                    break;
                if (step == 3)
                    fail_msg("%s[%zu], %d threads: gradient %.6g, difference %.6g", p->name,
                        i, threads, gradient, difference);
            }
            largest = fabs(gradient) > largest ? fabs(gradient) : largest;
        }
    }
    assert_true(largest > 1e-3); /* something was learnt from */
    harness_close(h);
}

static void check(
    const char *text, weft__dims input, size_t classes, weft__loss loss, int threads)
{
    struct harness h;
    harness_open(&h, text, input, classes, BATCH, threads, WEFT__REAL_F32, true);
    h.loss.kind = loss;
    h.loss.smoothing = 0.1f;
    check_open(&h, threads);
}

static void check_all(const char *text, weft__dims input)
{
    for (int threads = 1; threads <= 3; threads += 2) {
        check(text, input, 4, WEFT__CROSS_ENTROPY, threads);
        check(text, input, 4, WEFT__SQUARED_ERROR, threads);
    }
}

static const weft__dims GREY = {9, 7, 1}, COLOUR = {8, 8, 3};

static void dense(void **state)
{
    (void)state;
    check_all("flatten\ndense 12\nrelu\ndense 9 bias=no\ndense classes", GREY);
}

static void dense_in_bands(void **state)
{
    (void)state;
    check_all("flatten\ndense 2100\ndense classes", GREY);
    check_all("flatten\ndense 700\nrelu\ndense 200\nrelu\ndense classes\nsoftmax", GREY);
}

static void conv(void **state)
{
    (void)state;
    check_all("conv 5\nrelu\nconv 6 kernel=2 stride=2\nflatten\ndense classes", GREY);
    check_all("conv 6 padding=same\nconv 4 kernel=3 dilation=2 pad=1 bias=no\nflatten\n"
              "dense classes",
        COLOUR);
    check_all("conv 6 padding=same\nconv 12 groups=3 padding=same\nconv 12 groups=12\n"
              "flatten\ndense classes",
        COLOUR);
}

static void pools(void **state)
{
    (void)state;
    check_all("conv 5\nmaxpool 2\nflatten\ndense classes", GREY);
    check_all("conv 5\nmaxpool 3 stride=2 pad=1\nflatten\ndense classes", COLOUR);
    check_all("conv 5\navgpool 3 stride=2 pad=1\nflatten\ndense classes", COLOUR);
    check_all("conv 70\nglobalpool\ndense classes", COLOUR);
}

/* A first convolution makes the max pool behind it too. */
static void first_convolutions_under_pools(void **state)
{
    (void)state;
    check_all("conv 37\nrelu\nmaxpool 2\nflatten\ndense classes", GREY);
    check_all("conv 16 kernel=2 stride=2 pad=1 bias=no\nmaxpool 2\nflatten\ndense classes",
        COLOUR);
    check_all(
        "conv 5 kernel=4 padding=same\nrelu\nmaxpool 2\nconv 4\nflatten\ndense classes",
        COLOUR);
    check_all("conv 33 stride=2 pad=2\nrelu\nmaxpool 2\nflatten\ndense classes", GREY);
}

/* A max pool whose backward pass the convolution before it takes over. */
static void convolutions_under_pools(void **state)
{
    (void)state;
    check_all(
        "conv 20 pad=1\nconv 70 pad=1\nrelu\nmaxpool 2\nflatten\ndense classes", GREY);
    check_all("conv 8\nconv 6 kernel=2\nmaxpool 2 pad=1\nflatten\ndense classes", COLOUR);
    check_all(
        "conv 17 padding=same\nconv 9 kernel=4 padding=same bias=no\nrelu\nmaxpool 2\n"
        "dropout 0.3\nconv 5 kernel=3\nflatten\ndense classes",
        COLOUR);
    check_all("conv 9 pad=2\nconv 5 kernel=5 stride=2 pad=2\nrelu\nmaxpool 2\nflatten\n"
              "dense classes",
        COLOUR);
}

static void batchnorm(void **state)
{
    (void)state;
    check_all("conv 5\nbatchnorm\nconv 4\nflatten\ndense classes", GREY);
    check_all("conv 70 bias=no\nbatchnorm\nrelu\nglobalpool\ndense classes", COLOUR);
    check_all("conv 6\nbatchnorm\nrelu\ndropout 0.3\nflatten\ndense classes", COLOUR);
}

/* Frozen, it scales by what it once measured, and the gradient goes through that. */
static void batchnorm_frozen(void **state)
{
    (void)state;
    static const char *const texts[] = {"conv 5\nbatchnorm\nconv 4\nflatten\ndense classes",
        "conv 20\nbatchnorm\nrelu\nglobalpool\ndense classes"};
    for (int i = 0; i < 4; i++) {
        struct harness h;
        harness_open(&h, texts[i / 2], COLOUR, 4, BATCH, 1 + i % 2, WEFT__REAL_F32, true);
        weft__node *norm = &h.network.nodes[1];
        norm->frozen = true;
        for (size_t k = 0; k < norm->parameter_count; k++) {
            weft__parameter *p = &h.network.parameters[norm->parameters[k]];
            p->trained = false;
            for (size_t c = 0; c < p->count; c++)
                h.block[p->offset + c] = 0.5f + 0.1f * (float)((c + k) % 7);
        }
        check_open(&h, 1 + i % 2);
    }
}

static void activations(void **state)
{
    (void)state;
    check_all("conv 5\nleaky-relu 0.2\nflatten\ndense classes", GREY);
    check_all("conv 5\ngelu\nflatten\ndense classes", GREY);
    check_all("conv 5\nsilu\nflatten\ndense classes", GREY);
}

static void dropout(void **state)
{
    (void)state;
    check_all("flatten\ndense 40\nrelu\ndropout 0.4\ndense classes", GREY);
}

static void residual(void **state)
{
    (void)state;
    check_all("conv 6 padding=same\nrelu\nresidual\nconv 6 padding=same\nend\nrelu\n"
              "flatten\ndense classes",
        COLOUR);
    check_all("conv 6 padding=same\nbatchnorm\nrelu\nresidual\nconv 8 stride=2 "
              "padding=same\nbatchnorm\nrelu\nconv 8 padding=same\nbatchnorm\nshortcut\n"
              "conv 8 kernel=1 stride=2\nbatchnorm\nend\nrelu\nresidual\nrelu\n"
              "conv 8 padding=same\nend\nglobalpool\ndense classes",
        COLOUR);
    /* Blocks in blocks, and a path that begins and ends with what works in place. */
    check_all(
        "conv 6 padding=same\nresidual\nresidual\nrelu\nconv 6 padding=same\n"
        "dropout 0.2\nend\nrelu\nshortcut\nleaky-relu\nend\nglobalpool\ndense classes",
        COLOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dense),
        cmocka_unit_test(dense_in_bands),
        cmocka_unit_test(conv),
        cmocka_unit_test(pools),
        cmocka_unit_test(first_convolutions_under_pools),
        cmocka_unit_test(convolutions_under_pools),
        cmocka_unit_test(batchnorm),
        cmocka_unit_test(batchnorm_frozen),
        cmocka_unit_test(activations),
        cmocka_unit_test(dropout),
        cmocka_unit_test(residual),
    };
    return cmocka_run_group_tests_name("gradient", tests, NULL, NULL);
}
