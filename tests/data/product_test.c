/* A thing painted on a ground is found, and becomes a grey picture on black. */
#include "data/files.h"

#include <math.h>

#include "data/cutout.h"
#include "data/product.h"
#include "weft/photo.h"
#include "weft/picture.h"
#include "weft/rng.h"

enum { HEIGHT = 90, WIDTH = 70, TOP = 20, LEFT = 15, BOTTOM = 80, RIGHT = 50, SIDE = 28 };

static const uint8_t BLUE[3] = {40, 60, 150}, WOOD[3] = {190, 150, 110};

/* A blue block on wood, both a little uneven; a hole in it; a shade from side to side. */
static void paint(uint8_t *rgb, int slope)
{
    weft_rng rng = weft_rng_create(1, 0);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++) {
                bool thing = y >= TOP && y < BOTTOM && x >= LEFT && x < RIGHT;
                int level = (thing ? BLUE : WOOD)[c] + slope * (x - WIDTH / 2) / WIDTH +
                            (int)weft_rng_below(&rng, 11) - 5;
                rgb[(y * WIDTH + x) * 3 + c] = (uint8_t)(level < 0     ? 0
                                                         : level > 255 ? 255
                                                                       : level);
            }
}

static void a_thing_is_found_to_the_pixel(void **state)
{
    (void)state;
    static uint8_t rgb[HEIGHT * WIDTH * 3];
    weft__cutout c;
    paint(rgb, 0);
    assert_ok(weft__cutout_find(&c, rgb, HEIGHT, WIDTH));
    assert_true(c.found);
    assert_in_range(c.top, TOP - 1, TOP + 1);
    assert_in_range(c.left, LEFT - 1, LEFT + 1);
    assert_in_range(c.bottom, BOTTOM - 1, BOTTOM + 1);
    assert_in_range(c.right, RIGHT - 1, RIGHT + 1);
    size_t wrong = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            bool thing = y >= TOP && y < BOTTOM && x >= LEFT && x < RIGHT;
            wrong += (c.mask[y * WIDTH + x] == 255) != thing;
        }
    assert_true(wrong < 40);
    weft__cutout_clear(&c);
}

/* Small things at the edge are not the thing; a hole in it is. */
static void litter_goes_and_holes_close(void **state)
{
    (void)state;
    static uint8_t rgb[HEIGHT * WIDTH * 3];
    weft__cutout c;
    paint(rgb, 0);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int k = 0; k < 3; k++) {
                if (y >= 4 && y < 10 && x >= 56 && x < 62)
                    rgb[(y * WIDTH + x) * 3 + k] = BLUE[k];
                if (y >= 45 && y < 50 && x >= 30 && x < 35)
                    rgb[(y * WIDTH + x) * 3 + k] = WOOD[k];
            }
    assert_ok(weft__cutout_find(&c, rgb, HEIGHT, WIDTH));
    assert_int_equal(c.mask[7 * WIDTH + 59], 0);
    assert_int_equal(c.mask[47 * WIDTH + 32], 255);
    assert_in_range(c.top, TOP - 1, TOP + 1);
    weft__cutout_clear(&c);
}

static void where_nothing_stands_out_all_is_taken(void **state)
{
    (void)state;
    static uint8_t rgb[HEIGHT * WIDTH * 3], out[SIDE * SIDE];
    weft__cutout c;
    memset(rgb, 128, sizeof rgb);
    assert_ok(weft__cutout_find(&c, rgb, HEIGHT, WIDTH));
    if (!c.found) {
        assert_int_equal(c.bottom, HEIGHT);
        assert_int_equal(c.right, WIDTH);
        assert_int_equal(c.mask[0], 255);
    }
    weft__cutout_clear(&c);
    const weft_shape tiny = {1, 3, 3};
    assert_ok(weft__product_make(out, (weft_shape){SIDE, SIDE, 1}, rgb, tiny, NULL));
}

static void make(uint8_t *out, const uint8_t *rgb)
{
    const weft_shape from = {HEIGHT, WIDTH, 3};
    assert_ok(weft__product_make(out, (weft_shape){SIDE, SIDE, 1}, rgb, from, NULL));
}

/* 60 x 35 becomes 28 high and about 16 wide, in the middle, on black. */
static void a_product_fills_its_longest_edge(void **state)
{
    (void)state;
    static uint8_t rgb[HEIGHT * WIDTH * 3];
    uint8_t out[SIDE * SIDE];
    paint(rgb, 0);
    make(out, rgb);
    for (int y = 0; y < SIDE; y++) {
        assert_true(out[y * SIDE + SIDE / 2] > 0);
        assert_int_equal(out[y * SIDE], 0);
        assert_int_equal(out[y * SIDE + 4], 0);
        assert_int_equal(out[y * SIDE + SIDE - 5], 0);
        assert_true(out[y * SIDE + 8] > 0);
        assert_true(out[y * SIDE + SIDE - 9] > 0);
    }
}

static double mean_of(const uint8_t *out, int left, int right)
{
    double sum = 0;
    for (int y = 4; y < SIDE - 4; y++)
        for (int x = left; x < right; x++)
            sum += out[y * SIDE + x];
    return sum / ((SIDE - 8) * (right - left));
}

/* A slope of light goes; a dark thing and a light one come out near to each other. */
static void light_is_evened_out(void **state)
{
    (void)state;
    static uint8_t rgb[HEIGHT * WIDTH * 3];
    uint8_t flat[SIDE * SIDE], sloping[SIDE * SIDE];
    paint(rgb, 0);
    make(flat, rgb);
    paint(rgb, 80);
    make(sloping, rgb);
    assert_true(fabs(mean_of(sloping, 9, 13) - mean_of(sloping, 15, 19)) < 8);
    assert_true(fabs(mean_of(flat, 9, 19) - 150) < 50);
    assert_true(fabs(mean_of(flat, 9, 19) - mean_of(sloping, 9, 19)) < 20);
}

static void files_and_folders_are_read_so(void **state)
{
    (void)state;
    static uint8_t rgb[HEIGHT * WIDTH * 3];
    char folder[64], path[128];
    uint8_t whole[SIDE * SIDE], read[SIDE * SIDE];
    scratch_folder(folder);
    paint(rgb, 0);
    make(whole, rgb);
    put_file(folder, "thing/a.png", "", 0);
    snprintf(path, sizeof path, "%s/thing/a.png", folder);
    assert_ok(weft_picture_write_png(path, rgb, (weft_shape){HEIGHT, WIDTH, 3}));
    weft_recipe recipe = {{SIDE, SIDE, 1}, WEFT_FIT_PRODUCT, 0};
    assert_ok(weft_picture_read(read, path, &recipe));
    assert_memory_equal(read, whole, sizeof whole);
    recipe.shape.channels = 3;
    assert_fails(weft_picture_read(read, path, &recipe), WEFT_EINVAL, "1 channel");

    weft_context *context;
    weft_load_options options = weft_load_defaults();
    weft_data data;
    options.fit = WEFT_FIT_PRODUCT;
    options.height = options.width = SIDE;
    options.no_cache = true;
    assert_ok(weft_context_create(&context, 2));
    assert_ok(weft_data_load(&data, folder, &options, context));
    assert_int_equal(weft_dataset_shape(data.train).channels, 1);
    weft_view view = weft_view_all(data.train);
    assert_memory_equal(weft_view_pixels(&view, 0), whole, sizeof whole);
    weft_data_clear(&data);
    weft_context_free(context);
    remove_folder(folder);
}

static void steps_are_drawn_of_what_can_be_read(void **state)
{
    (void)state;
    static uint8_t rgb[HEIGHT * WIDTH * 3], drawn[50 * 250 * 3];
    char folder[64], photo[80], text[80], steps[80], first[96], second[96];
    weft_context *context;
    scratch_folder(folder);
    paint(rgb, 0);
    snprintf(photo, sizeof photo, "%s/a.png", folder);
    snprintf(text, sizeof text, "%s/b.png", folder);
    snprintf(steps, sizeof steps, "%s/steps", folder);
    snprintf(first, sizeof first, "%s/1.png", steps);
    snprintf(second, sizeof second, "%s/2.png", steps);
    assert_ok(weft_picture_write_png(photo, rgb, (weft_shape){HEIGHT, WIDTH, 3}));
    put_file(folder, "b.png", "text", 4);
    assert_ok(weft_context_create(&context, 2));
    const char *const paths[] = {photo, text};
    const weft_shape shape = {SIDE, SIDE, 1};
    assert_ok(weft_photo_save_steps(steps, paths, 2, shape, context));
    const weft_recipe recipe = {{50, 250, 3}, WEFT_FIT_STRETCH, 0};
    assert_ok(weft_picture_read(drawn, first, &recipe));
    assert_fails(weft_picture_read(drawn, second, &recipe), WEFT_ENOTFOUND, "2.png");
    assert_fails(weft_photo_save_steps(steps, paths, 1, shape, context), WEFT_EIO, "steps");
    weft_context_free(context);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thing_is_found_to_the_pixel),
        cmocka_unit_test(litter_goes_and_holes_close),
        cmocka_unit_test(where_nothing_stands_out_all_is_taken),
        cmocka_unit_test(a_product_fills_its_longest_edge),
        cmocka_unit_test(light_is_evened_out),
        cmocka_unit_test(files_and_folders_are_read_so),
        cmocka_unit_test(steps_are_drawn_of_what_can_be_read),
    };
    return cmocka_run_group_tests_name("product", tests, NULL, NULL);
}
