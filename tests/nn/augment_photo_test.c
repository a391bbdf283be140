/* Photos of things on black: what they keep and what they change. */
#include "support.h"

#include "nn/augment.h"
#include "nn/augment_photo.h"

enum { SIDE = 28, BYTES = SIDE * SIDE };

/* A block of 20 x 10 in the middle, darker to the left. */
static void paint(uint8_t *picture)
{
    memset(picture, 0, BYTES);
    for (int y = 4; y < 24; y++)
        for (int x = 9; x < 19; x++)
            picture[y * SIDE + x] = (uint8_t)(100 + 8 * (x - 9));
}

static const weft_shape SHAPE = {SIDE, SIDE, 1};

static void photos_differ_and_are_drawn_alike(void **state)
{
    (void)state;
    uint8_t in[BYTES], first[BYTES], again[BYTES], other[BYTES];
    paint(in);
    weft_rng a = weft_rng_create(1, 0), b = a;
    weft__photograph(first, in, SHAPE, &a);
    weft__photograph(again, in, SHAPE, &b);
    weft__photograph(other, in, SHAPE, &a);
    assert_memory_equal(first, again, BYTES);
    assert_memory_not_equal(first, other, BYTES);
    assert_memory_not_equal(first, in, BYTES);
}

/* The thing stays a thing on black of a thing's size, and reaches an edge or nearly. */
static void things_stay_large_on_black(void **state)
{
    (void)state;
    enum { SHOTS = 300 };
    uint8_t in[BYTES], out[BYTES];
    size_t large = 0, black = 0;
    paint(in);
    weft_rng rng = weft_rng_create(2, 0);
    for (int shot = 0; shot < SHOTS; shot++) {
        size_t bright = 0;
        int top = SIDE, bottom = 0, left = SIDE, right = 0;
        weft__photograph(out, in, SHAPE, &rng);
        for (int i = 0; i < BYTES; i++)
            if (out[i]) {
                bright++;
                top = i / SIDE < top ? i / SIDE : top;
                bottom = i / SIDE;
                left = i % SIDE < left ? i % SIDE : left;
                right = i % SIDE > right ? i % SIDE : right;
            }
        assert_true(bright > BYTES / 20);
        large += bottom - top >= SIDE - 4 || right - left >= SIDE - 4;
        black += bright < BYTES * 3 / 4;
    }
    assert_true(large > SHOTS * 9 / 10);
    assert_true(black > SHOTS * 9 / 10);
}

static void nothing_stays_nothing(void **state)
{
    (void)state;
    uint8_t in[BYTES] = {0}, out[BYTES];
    weft_rng rng = weft_rng_create(3, 0);
    weft__photograph(out, in, SHAPE, &rng);
    assert_memory_equal(in, out, BYTES);
}

static void colours_and_odd_shapes_are_taken(void **state)
{
    (void)state;
    const weft_shape shapes[] = {{1, 1, 1}, {1, 9, 3}, {40, 7, 3}, {33, 33, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        uint8_t in[4096], out[4096 + 1];
        size_t bytes = weft_shape_bytes(shapes[i]);
        memset(in, 90, bytes);
        out[bytes] = 7;
        weft_rng rng = weft_rng_create(4, i);
        for (int shot = 0; shot < 50; shot++)
            weft__photograph(out, in, shapes[i], &rng);
        assert_int_equal(out[bytes], 7);
    }
}

/* The option's share of rows are photos; what a row gets depends on its place alone. */
static void the_option_is_a_share(void **state)
{
    (void)state;
    enum { ROWS = 400 };
    uint8_t in[BYTES], kept[BYTES];
    uint32_t order[ROWS] = {0};
    const char *const names[] = {"a"};
    const uint16_t label = 0;
    weft_dataset *data;
    weft__target target;
    paint(in);
    assert_ok(weft_dataset_create(&data, SHAPE, 1, in, &label, 1, names));
    weft_view view = weft_view_all(data);
    uint8_t *scratch = malloc(weft__augment_scratch(SHAPE));
    assert_non_null(scratch);
    for (int share = 0; share <= 10; share += 5) {
        weft_augmentation o = {.photo = share / 10.0};
        weft__augmenter a = {&o, 7, 3};
        weft__batch all = {&view, order, 0, ROWS}, late = {&view, order, 200, ROWS - 200};
        int photos = 0;
        for (size_t row = 0; row < ROWS; row++) {
            const uint8_t *made = weft__augmented_row(&target, &a, &all, row, scratch);
            photos += memcmp(made, in, BYTES) != 0;
            memcpy(kept, made, BYTES);
            if (row >= 200)
                assert_memory_equal(
                    weft__augmented_row(&target, &a, &late, row - 200, scratch), kept,
                    BYTES);
        }
        assert_in_range(photos, share * ROWS / 10 - 45 * (share == 5),
            share * ROWS / 10 + 45 * (share == 5));
    }
    free(scratch);
    weft_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(photos_differ_and_are_drawn_alike),
        cmocka_unit_test(things_stay_large_on_black),
        cmocka_unit_test(nothing_stays_nothing),
        cmocka_unit_test(colours_and_odd_shapes_are_taken),
        cmocka_unit_test(the_option_is_a_share),
    };
    return cmocka_run_group_tests_name("augment_photo", tests, NULL, NULL);
}
