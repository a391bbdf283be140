/* Views at prediction, and the ways in which convolutions begin. */
#include "training.h"

#include "nn/augment.h"
#include "nn/network.h"
#include "nn/whiten.h"

static const char text[] = "conv 6\nrelu\nflatten\ndense classes\nsoftmax\n";

enum { COUNT = 30, CLASSES = 4 };

static void logs(
    const weft_classifier *c, const weft_dataset *data, weft_context *context, double *out)
{
    float p[COUNT * CLASSES];
    weft_view view = {data, NULL, COUNT};
    assert_ok(weft_classifier_predict_proba(c, &view, p, context));
    for (size_t i = 0; i < COUNT * CLASSES; i++)
        out[i] = log((double)p[i]);
}

/* The pictures, each moved. */
static weft_dataset *moved(const weft_dataset *data, bool flip, int32_t by)
{
    static uint8_t pixels[COUNT * SIDE * SIDE];
    weft_view view = weft_view_all(data);
    weft_dataset *out;
    for (size_t i = 0; i < COUNT; i++)
        weft__move_picture(pixels + i * SIDE * SIDE, weft_view_pixels(&view, i),
            weft_dataset_shape(data), (weft__move){by, by, flip, false});
    assert_ok(
        weft_dataset_create(&out, weft_dataset_shape(data), COUNT, pixels, NULL, 0, NULL));
    return out;
}

/* Logarithms of probabilities are logits up to a constant for each picture, and so is their
 * mean over views: after softmax both must agree. */
static void views_are_averaged(void **state)
{
    static const struct {
        bool flip;
        int32_t by;
        double two, six;
    } views[] = {{false, 0, 0.5, 0.25}, {true, 0, 0.5, 0.25}, {false, 1, 0, 0.125},
        {true, 1, 0, 0.125}, {false, -1, 0, 0.125}, {true, -1, 0, 0.125}};
    weft_context *context;
    (void)state;
    write_network("views.net", text);
    assert_ok(weft_context_create(&context, 2));
    weft_dataset *data = bands(200, CLASSES, 4, false);
    weft_view view = weft_view_all(data);
    weft_classifier *c = network_with("./views.net", OPTIONS("epochs", "2"));
    assert_ok(weft_classifier_fit(c, &view, NULL, context));
    double two[COUNT * CLASSES] = {0}, six[COUNT * CLASSES] = {0}, one[COUNT * CLASSES];
    for (size_t v = 0; v < sizeof views / sizeof *views; v++) {
        weft_dataset *seen = moved(data, views[v].flip, views[v].by);
        logs(c, seen, context, one);
        for (size_t i = 0; i < COUNT * CLASSES; i++) {
            two[i] += views[v].two * one[i];
            six[i] += views[v].six * one[i];
        }
        weft_dataset_free(seen);
    }
    const char *names[] = {"2", "6"};
    const double *expected[] = {two, six};
    for (int n = 0; n < 2; n++) {
        assert_ok(weft_classifier_set(c, "views", names[n]));
        logs(c, data, context, one);
        for (size_t i = 0; i < COUNT; i++) {
            double sum = 0;
            for (size_t k = 0; k < CLASSES; k++)
                sum += exp(expected[n][i * CLASSES + k]);
            for (size_t k = 0; k < CLASSES; k++)
                assert_float_equal(exp(one[i * CLASSES + k]),
                    exp(expected[n][i * CLASSES + k]) / sum, 2e-5);
        }
    }
    weft_classifier_free(c);
    weft_dataset_free(data);
    weft_context_free(context);
}

static void dirac_repeats_the_input(void **state)
{
    weft__network network;
    (void)state;
    assert_ok(weft__network_parse(
        &network, "conv 3 kernel=1\nconv 5 init=dirac\nflatten\ndense classes\n", "here"));
    assert_ok(weft__network_infer(&network, (weft__dims){6, 6, 1}, 2, "here"));
    float *block = calloc(network.block, sizeof *block);
    weft__network_initialise(&network, block, 1);
    const weft__parameter *p = &network.parameters[2];
    assert_string_equal(p->name, "conv2.weight");
    const float *w = block + p->offset;
    bool others = false;
    for (size_t tap = 0; tap < 9; tap++)
        for (size_t i = 0; i < 3; i++)
            for (size_t o = 0; o < 5; o++) {
                float value = w[(tap * 3 + i) * 5 + o];
                if (o < 3)
                    assert_true(value == (tap == 4 && i == o));
                else
                    others |= value != 0;
            }
    assert_true(others);
    free(block);
    weft__network_clear(&network);
    assert_ok(weft__network_parse(&network, "flatten\ndense classes init=dirac\n", "here"));
    assert_fails(weft__network_infer(&network, (weft__dims){6, 6, 1}, 2, "here"),
        WEFT_EFORMAT, "for convolutions");
    weft__network_clear(&network);
}

/* The whitened patches' covariance is the identity, as far as the small addition lets it.
 */
static void whitening_decorrelates_patches(void **state)
{
    enum { OUTPUTS = 20, SIZE = 9 };
    weft__network network;
    (void)state;
    weft_dataset *data = bands(300, CLASSES, 6, false);
    weft_view view = weft_view_all(data);
    weft__normalisation unit = weft__normalise_unit();
    assert_ok(weft__network_parse(
        &network, "conv 20 init=whiten bias=no\nflatten\ndense classes\n", "here"));
    assert_ok(weft__network_infer(&network, (weft__dims){SIDE, SIDE, 1}, CLASSES, "here"));
    float *block = calloc(network.block, sizeof *block);
    weft__network_initialise(&network, block, 1);
    const float *w = block + network.parameters[0].offset;
    float beyond = w[SIZE * 2];
    assert_ok(weft__whiten(&network, block, &view, &unit));
    assert_true(w[SIZE * 2] == beyond); /* the nineteenth filter stays */
    double covariance[SIZE][SIZE] = {{0}};
    size_t count = 0;
    for (size_t i = 0; i < view.count; i++)
        for (size_t y = 0; y + 3 <= SIDE; y += 2)
            for (size_t x = 0; x + 3 <= SIDE; x += 2, count++) {
                double out[SIZE] = {0};
                const uint8_t *from = weft_view_pixels(&view, i) + y * SIDE + x;
                for (size_t o = 0; o < SIZE; o++)
                    for (size_t k = 0; k < SIZE; k++)
                        out[o] += (double)from[k / 3 * SIDE + k % 3] / 255 *
                                  (double)w[k * OUTPUTS + o];
                for (size_t a = 0; a < SIZE; a++)
                    for (size_t b = 0; b < SIZE; b++)
                        covariance[a][b] += out[a] * out[b];
            }
    for (size_t a = 0; a < SIZE; a++)
        for (size_t b = 0; b < SIZE; b++)
            assert_float_equal(covariance[a][b] / (double)count, a == b, 0.05);
    for (size_t k = 0; k < SIZE; k++)
        for (size_t o = 0; o < SIZE; o++)
            assert_true(w[k * OUTPUTS + o] == -w[k * OUTPUTS + SIZE + o]);
    free(block);
    weft_dataset_free(data);
    weft__network_clear(&network);
    assert_ok(weft__network_parse(
        &network, "conv 2\nconv 20 init=whiten\nflatten\ndense classes\n", "here"));
    assert_fails(weft__network_infer(&network, (weft__dims){6, 6, 1}, 2, "here"),
        WEFT_EFORMAT, "for a first layer");
    weft__network_clear(&network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_are_averaged),
        cmocka_unit_test(dirac_repeats_the_input),
        cmocka_unit_test(whitening_decorrelates_patches),
    };
    return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
