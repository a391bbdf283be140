#include "classic/made.h"

#include <math.h>

#include "weft/pca.h"

static weft_context *context;

static int setup(void **state)
{
    (void)state;
    return weft_context_create(&context, 3) != WEFT_OK;
}

static int teardown(void **state)
{
    (void)state;
    weft_context_free(context);
    return 0;
}

static double next_number(FILE *file)
{
    double value;
    assert_int_equal(fscanf(file, "%lf", &value), 1);
    return value;
}

/* More pictures than pixels, and fewer: the same subspace, in the same order. */
static void same_components_as_scikit_learn(void **state)
{
    (void)state;
    enum { DIMS = 48, KEPT = 5 };
    FILE *file = open_beside("pca_vectors.txt");
    for (int round = 0; round < 2; round++) {
        size_t count = (size_t)next_number(file), for_ninety = (size_t)next_number(file);
        weft_dataset *data = made_pictures(count, (weft_shape){6, 8, 1}, 6, 300, 1);
        weft_view view = weft_view_all(data);
        weft_pca *pca, *ninety;
        const weft_pca_options options = {.variance = 0.9};
        assert_ok(weft_pca_fit(&pca, &view, NULL, context));
        assert_ok(weft_pca_fit(&ninety, &view, &options, context));
        assert_int_equal(weft_pca_count(ninety), for_ninety);
        assert_int_equal(weft_pca_count(pca), count - 1 < DIMS ? count - 1 : DIMS);
        for (size_t i = 0; i < KEPT; i++) {
            double dot = 0;
            assert_true(fabs(next_number(file) - weft_pca_explained(pca, i)) < 1e-7);
            for (size_t d = 0; d < DIMS; d++)
                dot += next_number(file) * (double)weft_pca_component(pca, i)[d];
            assert_true(fabs(fabs(dot) - 1) < 1e-5);
        }
        assert_null(weft_pca_component(pca, weft_pca_count(pca)));
        weft_pca_free(pca);
        weft_pca_free(ninety);
        weft_dataset_free(data);
    }
    fclose(file);
}

/* All components together lose nothing; the first few lose what they do not explain. */
static void reconstruction_loses_what_is_unexplained(void **state)
{
    (void)state;
    enum { COUNT = 200, DIMS = 75 };
    weft_dataset *data = made_pictures(COUNT, (weft_shape){5, 5, 3}, 4, 300, 3);
    weft_view view = weft_view_all(data);
    for (size_t kept = 10; kept <= DIMS; kept += DIMS - 10) {
        weft_pca *pca;
        const weft_pca_options options = {.components = kept};
        assert_ok(weft_pca_fit(&pca, &view, &options, context));
        float *projections = malloc(COUNT * kept * sizeof *projections);
        float *pixels = malloc(COUNT * DIMS * sizeof *pixels);
        assert_ok(weft_pca_project(pca, &view, projections, context));
        assert_ok(weft_pca_reconstruct(pca, projections, COUNT, pixels, context));
        double lost = 0, total = 0, explained = 0;
        for (size_t i = 0; i < COUNT; i++)
            for (size_t d = 0; d < DIMS; d++) {
                double x = weft_view_pixels(&view, i)[d] / 255.0;
                double error = x - (double)pixels[i * DIMS + d];
                double spread = x - (double)weft_pca_mean(pca)[d];
                lost += error * error;
                total += spread * spread;
            }
        for (size_t i = 0; i < kept; i++)
            explained += weft_pca_explained(pca, i);
        assert_true(fabs(lost / total - (1 - explained)) < 1e-5);
        free(projections);
        free(pixels);
        weft_pca_free(pca);
    }
    weft_dataset_free(data);
}

static void odd_pictures_and_wrong_options(void **state)
{
    (void)state;
    const weft_shape shape = {4, 4, 1};
    uint8_t flat[10 * 16];
    memset(flat, 9, sizeof flat);
    weft_dataset *data, *other = made_pictures(10, (weft_shape){4, 5, 1}, 2, 80, 1);
    assert_ok(weft_dataset_create(&data, shape, 10, flat, NULL, 0, NULL));
    weft_view view = weft_view_all(data), one = {data, NULL, 1},
              wrong = weft_view_all(other);
    weft_pca *pca;
    weft_pca_options options = {.components = 10};
    assert_fails(weft_pca_fit(&pca, &view, &options, context), WEFT_EINVAL, "have 9");
    assert_fails(weft_pca_fit(&pca, &one, NULL, context), WEFT_EINVAL, "2 at least");
    options = (weft_pca_options){.variance = 1.5};
    assert_fails(weft_pca_fit(&pca, &view, &options, context), WEFT_EINVAL, "0 to 1");
    options.variance = 0.95;
    assert_ok(weft_pca_fit(&pca, &view, &options, context)); /* nothing varies */
    float projections[100];
    assert_ok(weft_pca_project(pca, &view, projections, context));
    for (size_t i = 0; i < 10 * weft_pca_count(pca); i++)
        assert_true(fabsf(projections[i]) < 1e-5f);
    assert_fails(weft_pca_project(pca, &wrong, projections, context), WEFT_EINVAL,
        "20 pixels, expected 16");
    weft_pca_free(pca);
    weft_dataset_free(data);
    weft_dataset_free(other);
}

static void fashion_mnist_gives_the_published_components(void **state)
{
    (void)state;
    if (!fashion_mnist())
        skip();
    weft_load_options load = weft_load_defaults();
    weft_data data;
    weft_pca *pca;
    const weft_pca_options options = {.variance = 0.95};
    assert_ok(weft_data_load(&data, fashion_mnist(), &load, context));
    weft_view train = weft_view_all(data.train);
    assert_ok(weft_pca_fit(&pca, &train, &options, context));
    assert_int_equal(weft_pca_count(pca), 187);
    const double published[] = {0.29039, 0.17755, 0.06019};
    for (size_t i = 0; i < 3; i++)
        assert_true(fabs(weft_pca_explained(pca, i) - published[i]) < 5e-6);
    weft_pca_free(pca);
    weft_data_clear(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_components_as_scikit_learn),
        cmocka_unit_test(reconstruction_loses_what_is_unexplained),
        cmocka_unit_test(odd_pictures_and_wrong_options),
        cmocka_unit_test(fashion_mnist_gives_the_published_components),
    };
    return cmocka_run_group_tests_name("pca", tests, setup, teardown);
}
