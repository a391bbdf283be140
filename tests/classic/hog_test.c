#include "classic/made.h"

#include <math.h>

#include "classic/hog.h"

/* The same descriptor pixel by pixel, as the header words it. */
static void describe(
    weft_shape shape, weft__hog_layout layout, const uint8_t *x, double *out)
{
    const double pi = acos(-1);
    double cells[12][12][9] = {{{0}}};
    int height = (int)shape.height, width = (int)shape.width,
        channels = (int)shape.channels;
    int rows = (int)layout.rows, columns = (int)layout.columns;
    for (int i = 0; i < height; i++)
        for (int j = 0; j < width; j++) {
            double gx = 0, gy = 0, steepest = -1;
            for (int c = 0; c < channels; c++) {
                int up = i > 0 ? i - 1 : i, down = i + 1 < height ? i + 1 : i;
                int left = j > 0 ? j - 1 : j, right = j + 1 < width ? j + 1 : j;
                double dx = x[(i * width + right) * channels + c] -
                            x[(i * width + left) * channels + c];
                double dy = x[(down * width + j) * channels + c] -
                            x[(up * width + j) * channels + c];
                if (hypot(dx, dy) > steepest) {
                    steepest = hypot(dx, dy);
                    gx = dx;
                    gy = dy;
                }
            }
            double angle = fmod(atan2(gy, gx) + 2 * pi, pi) / pi * 9;
            double r = (i + 0.5) / (double)layout.cell - 0.5;
            double s = (j + 0.5) / (double)layout.cell - 0.5;
            for (int a = 0; a < rows; a++)
                for (int b = 0; b < columns; b++)
                    for (int o = 0; o < 9; o++) {
                        double away = fabs(angle - (o + 0.5));
                        away = fmin(away, 9 - away);
                        cells[a][b][o] += steepest * fmax(0, 1 - fabs(r - a)) *
                                          fmax(0, 1 - fabs(s - b)) * fmax(0, 1 - away);
                    }
        }
    for (int a = 0; a + 1 < rows; a++)
        for (int b = 0; b + 1 < columns; b++, out += WEFT__HOG_BLOCK) {
            double square = 1, again = 0;
            for (int k = 0; k < WEFT__HOG_BLOCK; k++) {
                out[k] = cells[a + k / 18][b + k / 9 % 2][k % 9];
                square += out[k] * out[k];
            }
            for (int k = 0; k < WEFT__HOG_BLOCK; k++) {
                out[k] = fmin(0.2, out[k] / sqrt(square));
                again += out[k] * out[k];
            }
            for (int k = 0; k < WEFT__HOG_BLOCK; k++)
                out[k] /= sqrt(again + 1e-12);
        }
}

static void same_as_pixel_by_pixel(void **state)
{
    (void)state;
    const weft_shape shapes[] = {{28, 28, 1}, {13, 30, 1}, {41, 52, 3}, {8, 8, 3}};
    const size_t cells[] = {4, 4, 6, 4};
    weft_context *context;
    assert_ok(weft_context_create(&context, 2));
    for (size_t s = 0; s < 4; s++) {
        enum { COUNT = 5 };
        weft__hog_layout layout;
        assert_ok(weft__hog_plan(&layout, shapes[s]));
        assert_int_equal(layout.cell, cells[s]);
        size_t dims = weft__hog_dims(layout);
        weft_dataset *data = made_pictures(COUNT, shapes[s], 2, 255, 6);
        weft_view view = weft_view_all(data);
        float *found = malloc(COUNT * dims * sizeof *found);
        double *expected = malloc(dims * sizeof *expected);
        assert_ok(weft__hog(layout, &view, found, context));
        for (size_t i = 0; i < COUNT; i++) {
            describe(shapes[s], layout, weft_view_pixels(&view, i), expected);
            for (size_t d = 0; d < dims; d++)
                if (!(fabs(expected[d] - (double)found[i * dims + d]) < 1e-3))
                    fail_msg("shape %zu, picture %zu: value %zu is %g, expected %g", s, i,
                        d, (double)found[i * dims + d], expected[d]);
        }
        free(found);
        free(expected);
        weft_dataset_free(data);
    }
    weft_context_free(context);
}

static void flat_pictures_are_finite_and_tiny_ones_refused(void **state)
{
    (void)state;
    weft_context *context;
    weft__hog_layout layout;
    uint8_t flat[12 * 12];
    float found[4 * WEFT__HOG_BLOCK];
    weft_dataset *data;
    memset(flat, 200, sizeof flat);
    assert_ok(weft_context_create(&context, 1));
    assert_ok(weft_dataset_create(&data, (weft_shape){12, 12, 1}, 1, flat, NULL, 0, NULL));
    weft_view view = weft_view_all(data);
    assert_ok(weft__hog_plan(&layout, (weft_shape){12, 12, 1}));
    assert_int_equal(weft__hog_dims(layout), 4 * WEFT__HOG_BLOCK);
    assert_ok(weft__hog(layout, &view, found, context));
    for (size_t d = 0; d < 4 * WEFT__HOG_BLOCK; d++)
        assert_true(found[d] == 0);
    assert_fails(weft__hog_plan(&layout, (weft_shape){7, 40, 1}), WEFT_EINVAL, "7x40");
    weft_dataset_free(data);
    weft_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_pixel_by_pixel),
        cmocka_unit_test(flat_pictures_are_finite_and_tiny_ones_refused),
    };
    return cmocka_run_group_tests_name("hog", tests, NULL, NULL);
}
