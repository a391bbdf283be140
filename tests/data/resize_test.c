#include "support.h"

#include "core/mem.h"
#include "data/resize.h"

/* Random pictures, each with what Pillow makes of it. */
static const struct {
    weft_shape from, to;
    const uint8_t *in, *expected;
} cases[] = {
#include "data/resize.inc"
};

static void stretching_agrees_with_pillow(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[1024];
        weft_recipe recipe = {cases[i].to, WEFT_FIT_STRETCH, 0};
        assert_ok(weft__resize(out, &recipe, cases[i].in, cases[i].from));
        assert_memory_equal(out, cases[i].expected, weft_shape_bytes(cases[i].to));
    }
}

static void padding_keeps_the_aspect(void **state)
{
    (void)state;
    uint8_t in[8 * 4], out[6 * 6];
    memset(in, 100, sizeof in);
    weft_recipe recipe = {{6, 6, 1}, WEFT_FIT_PAD, 9};
    assert_ok(weft__resize(out, &recipe, in, (weft_shape){8, 4, 1}));
    for (int y = 0; y < 6; y++)
        for (int x = 0; x < 6; x++)
            assert_int_equal(out[6 * y + x], x == 0 || x >= 4 ? 9 : 100);
}

static void cropping_fills_from_the_middle(void **state)
{
    (void)state;
    uint8_t in[4 * 12], out[4];
    for (int i = 0; i < 48; i++)
        in[i] = i % 12 < 4 || i % 12 >= 8 ? 0 : 200;
    weft_recipe recipe = {{2, 2, 1}, WEFT_FIT_CROP, 9};
    assert_ok(weft__resize(out, &recipe, in, (weft_shape){4, 12, 1}));
    for (int i = 0; i < 4; i++)
        assert_true(out[i] > 150); /* the filter reaches a little beyond the border */
}

static void grey_and_colour_change_places(void **state)
{
    (void)state;
    const uint8_t colours[12] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 77, 77, 77};
    uint8_t grey[4], colour[12];
    weft_recipe to_grey = {{2, 2, 1}, WEFT_FIT_PAD, 0},
                to_colour = {{2, 2, 3}, WEFT_FIT_PAD, 0};
    assert_ok(weft__resize(grey, &to_grey, colours, (weft_shape){2, 2, 3}));
    const uint8_t expected[4] = {76, 150, 29, 77}; /* Pillow's convert("L") */
    assert_memory_equal(grey, expected, 4);
    assert_ok(weft__resize(colour, &to_colour, grey, (weft_shape){2, 2, 1}));
    for (int i = 0; i < 12; i++)
        assert_int_equal(colour[i], expected[i / 3]);
    for (unsigned level = 0; level < 256; level++)
        assert_int_equal(weft__grey((uint8_t)level, (uint8_t)level, (uint8_t)level), level);
}

/* One pixel wide and very long, both ways. */
static void extreme_aspects_keep_one_pixel(void **state)
{
    (void)state;
    static uint8_t in[WEFT_MAX_SIDE], out[28 * 28];
    memset(in, 255, sizeof in);
    for (int fit = WEFT_FIT_PAD; fit <= WEFT_FIT_CROP; fit++) {
        weft_recipe recipe = {{28, 28, 1}, (weft_fit)fit, 0};
        assert_ok(weft__resize(out, &recipe, in, (weft_shape){WEFT_MAX_SIDE, 1, 1}));
        assert_int_equal(out[14 * 28 + 13], 255);
        assert_ok(weft__resize(out, &recipe, in, (weft_shape){1, WEFT_MAX_SIDE, 1}));
        assert_int_equal(out[13 * 28 + 14], 255);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stretching_agrees_with_pillow),
        cmocka_unit_test(padding_keeps_the_aspect),
        cmocka_unit_test(cropping_fills_from_the_middle),
        cmocka_unit_test(grey_and_colour_change_places),
        cmocka_unit_test(extreme_aspects_keep_one_pixel),
    };
    return cmocka_run_group_tests_name("resize", tests, NULL, NULL);
}
