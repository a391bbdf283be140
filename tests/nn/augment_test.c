/* Each kind of augmentation against what it should do to a picture. */
#include "support.h"

#include <math.h>
#include <unistd.h>

#include "core/mem.h"
#include "nn/augment.h"
#include "weft/picture.h"

/* Two pictures, one of each class, repeated: row i of a batch is picture i % 2. */
enum { ROWS = 400, MOST = 33 * 33 * 3 };

struct fixture {
    weft_dataset *data;
    weft_view view;
    uint32_t order[ROWS];
    uint8_t *scratch;
    weft_augmentation options;
};

static void open_fixture(struct fixture *f, weft_shape shape, const uint8_t *two)
{
    memset(f, 0, sizeof *f);
    const uint16_t labels[] = {0, 1};
    const char *const names[] = {"a", "b"};
    assert_ok(weft_dataset_create(&f->data, shape, 2, two, labels, 2, names));
    f->view = weft_view_all(f->data);
    for (uint32_t i = 0; i < ROWS; i++)
        f->order[i] = i % 2;
    assert_ok(weft__alloc(&f->scratch, 1, weft__augment_scratch(shape), "scratch"));
}

static void close_fixture(struct fixture *f)
{
    weft_dataset_free(f->data);
    free(f->scratch);
}

static const uint8_t *made(
    struct fixture *f, uint64_t epoch, size_t row, weft__target *target)
{
    weft__target unused;
    weft__augmenter a = {&f->options, 7, epoch};
    weft__batch batch = {&f->view, f->order, 0, ROWS};
    return weft__augmented_row(target ? target : &unused, &a, &batch, row, f->scratch);
}

static void noise(uint8_t *values, size_t count)
{
    weft_rng rng = weft_rng_create(3, 0);
    for (size_t i = 0; i < count; i++)
        values[i] = (uint8_t)weft_rng_u32(&rng);
}

static long within(long value, long most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

/* What lies outside of a moved picture. */
enum outside { EDGE, BLACK, MIRROR };

static long mirrored(long value, long most)
{
    return value < 0 ? -value : value > most ? 2 * most - value : value;
}

/* The picture flipped or not and moved. */
static void moved(uint8_t *out, const uint8_t *in, weft_shape s, bool flip, long dx,
    long dy, enum outside kind)
{
    long width = s.width, height = s.height, n = s.channels;
    for (long y = 0; y < height; y++)
        for (long x = 0; x < width; x++)
            for (long c = 0; c < n; c++) {
                long fx = within(x - dx, width - 1), fy = within(y - dy, height - 1);
                bool outside = fx != x - dx || fy != y - dy;
                if (kind == MIRROR) {
                    fx = mirrored(x - dx, width - 1);
                    fy = mirrored(y - dy, height - 1);
                }
                fx = flip ? width - 1 - fx : fx;
                out[(y * width + x) * n + c] =
                    kind == BLACK && outside ? 0 : in[(fy * width + fx) * n + c];
            }
}

static const weft_shape SHAPES[] = {{9, 12, 1}, {9, 12, 3}, {33, 17, 1}};

static void nothing_is_the_picture_itself(void **state)
{
    (void)state;
    uint8_t two[2 * MOST];
    noise(two, sizeof two);
    struct fixture f;
    open_fixture(&f, SHAPES[0], two);
    for (size_t i = 0; i < 4; i++) {
        weft__target t;
        assert_ptr_equal(made(&f, 0, i, &t), weft_view_pixels(&f.view, i % 2));
        assert_int_equal(t.a, i % 2);
        assert_int_equal(t.b, i % 2);
        assert_true(t.share == 1);
    }
    close_fixture(&f);
}

/* Every row is its picture flipped or not and moved by up to `most` each way, and each of
 * these comes up. */
static void check_moves(weft_shape shape, bool flip, size_t most, enum outside kind)
{
    uint8_t two[2 * MOST], expected[MOST];
    size_t bytes = weft_shape_bytes(shape);
    noise(two, 2 * bytes);
    struct fixture f;
    open_fixture(&f, shape, two);
    f.options.flip = flip ? WEFT_FLIP_RANDOM : WEFT_FLIP_NONE;
    *(kind == BLACK ? &f.options.crop_pad : &f.options.shift) = most;
    f.options.border = kind == MIRROR ? WEFT_BORDER_REFLECT : WEFT_BORDER_EDGE;
    long m = (long)most;
    int seen[2][5][5] = {{{0}}}, kinds = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const uint8_t *out = made(&f, 0, i, NULL);
        bool found = false;
        for (int k = 0; !found && k < 2; k++)
            for (long dy = -m; !found && dy <= m; dy++)
                for (long dx = -m; !found && dx <= m; dx++) {
                    moved(expected, two + i % 2 * bytes, shape, k, dx, dy, kind);
                    found = memcmp(out, expected, bytes) == 0;
                    seen[k][dy + m][dx + m] += found;
                }
        assert_true(found);
    }
    for (int k = 0; k < 2 * 25; k++)
        kinds += seen[k / 25][k / 5 % 5][k % 5] > 0;
    assert_int_equal(kinds, (flip ? 2 : 1) * (2 * m + 1) * (2 * m + 1));
    close_fixture(&f);
}

static void flips_mirror_and_shifts_move(void **state)
{
    (void)state;
    for (int s = 0; s < 3; s++) {
        check_moves(SHAPES[s], true, 0, EDGE);
        check_moves(SHAPES[s], false, 2, EDGE);
        check_moves(SHAPES[s], true, 2, EDGE);
        check_moves(SHAPES[s], false, 2, BLACK);
        check_moves(SHAPES[s], false, 2, MIRROR);
        check_moves(SHAPES[s], true, 2, MIRROR);
    }
}

static void alternate_flips_each_picture_every_other_epoch(void **state)
{
    (void)state;
    enum { SIDE = 4, BYTES = SIDE * SIDE };
    uint8_t pixels[ROWS * BYTES], mirror[BYTES];
    uint16_t labels[ROWS] = {0};
    noise(pixels, sizeof pixels);
    struct fixture f;
    open_fixture(&f, (weft_shape){SIDE, SIDE, 1}, pixels);
    weft_dataset_free(f.data);
    assert_ok(weft_dataset_create(&f.data, (weft_shape){SIDE, SIDE, 1}, ROWS, pixels,
        labels, 1, (const char *const[]){"a"}));
    f.view = weft_view_all(f.data);
    f.options.flip = WEFT_FLIP_ALTERNATE;
    int flipped = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        const uint8_t *own = pixels + i * BYTES;
        moved(mirror, own, (weft_shape){SIDE, SIDE, 1}, true, 0, 0, false);
        f.order[i] = i;
        bool first = memcmp(made(&f, 0, i, NULL), mirror, BYTES) == 0;
        assert_memory_equal(made(&f, 1, i, NULL), first ? own : mirror, BYTES);
        assert_memory_equal(made(&f, 2, i, NULL), first ? mirror : own, BYTES);
        /* Wherever the picture stands in the epoch's order. */
        f.order[ROWS - 1 - i] = i;
        assert_memory_equal(made(&f, 3, ROWS - 1 - i, NULL), first ? own : mirror, BYTES);
        flipped += first;
    }
    assert_in_range(flipped, ROWS * 4 / 10, ROWS * 6 / 10);
    close_fixture(&f);
}

/* Turning by next to nothing goes the long way and gives the same bytes. */
static void rotation_by_nothing_is_identity(void **state)
{
    (void)state;
    uint8_t two[2 * MOST], plain[MOST];
    noise(two, sizeof two);
    for (int s = 0; s < 3; s++) {
        struct fixture f;
        size_t bytes = weft_shape_bytes(SHAPES[s]);
        open_fixture(&f, SHAPES[s], two);
        for (size_t i = 0; i < 100; i++) {
            f.options = (weft_augmentation){.rotate = 1e-7, .zoom = 1e-9};
            assert_memory_equal(made(&f, 0, i, NULL), two + i % 2 * bytes, bytes);
            f.options = (weft_augmentation){.flip = WEFT_FLIP_RANDOM, .shift = 30};
            memcpy(plain, made(&f, 0, i, NULL), bytes);
            f.options.rotate = 1e-7;
            assert_memory_equal(made(&f, 0, i, NULL), plain, bytes);
        }
        close_fixture(&f);
    }
}

enum { RAMP_SIDE = 33, MIDDLE = 16 };

/* A slope along x: turned by t and zoomed by s, v = 128 + b (cos t x + sin t y) / s about
 * the middle. */
static void rotation_and_zoom_turn_a_slope(void **state)
{
    (void)state;
    static const double B = 6;
    uint8_t two[2 * RAMP_SIDE * RAMP_SIDE];
    for (int i = 0; i < 2 * RAMP_SIDE * RAMP_SIDE; i++)
        two[i] = (uint8_t)(128 + B * (i % RAMP_SIDE - MIDDLE));
    struct fixture f;
    open_fixture(&f, (weft_shape){RAMP_SIDE, RAMP_SIDE, 1}, two);
    f.options = (weft_augmentation){.rotate = 30, .zoom = 0.2};
    double least_turn = 9, most_turn = -9, least_zoom = 9, most_zoom = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const uint8_t *out = made(&f, 0, i, NULL);
        const uint8_t *o = out + MIDDLE * RAMP_SIDE + MIDDLE;
        double gx = (o[8] - o[-8]) / 16.0;
        double gy = (o[8 * RAMP_SIDE] - o[-8 * RAMP_SIDE]) / 16.0;
        double turn = atan2(gy, gx) * 57.29577951, zoom = B / sqrt(gx * gx + gy * gy);
        least_turn = fmin(least_turn, turn);
        most_turn = fmax(most_turn, turn);
        least_zoom = fmin(least_zoom, zoom);
        most_zoom = fmax(most_zoom, zoom);
        for (int y = -8; y <= 8; y++)
            for (int x = -8; x <= 8; x++)
                assert_true(fabs(o[y * RAMP_SIDE + x] - (128 + gx * x + gy * y)) < 1.6);
    }
    assert_true(least_turn < -28 && least_turn > -31);
    assert_true(most_turn > 28 && most_turn < 31);
    assert_true(least_zoom < 0.82 && least_zoom > 0.79);
    assert_true(most_zoom > 1.18 && most_zoom < 1.22);
    close_fixture(&f);
}

static double mean_of(const uint8_t *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

static void contrast_keeps_the_mean_and_brightness_scales_it(void **state)
{
    (void)state;
    uint8_t two[2 * MOST];
    noise(two, sizeof two);
    size_t bytes = weft_shape_bytes(SHAPES[1]);
    for (size_t i = 0; i < 2 * bytes; i++)
        two[i] = (uint8_t)(80 + two[i] % 60);
    struct fixture f;
    open_fixture(&f, SHAPES[1], two);
    double least = 9, most = 0;
    for (size_t i = 0; i < ROWS; i++) {
        const uint8_t *own = two + i % 2 * bytes;
        double mean = mean_of(own, bytes);
        f.options = (weft_augmentation){.contrast = 0.5};
        const uint8_t *out = made(&f, 0, i, NULL);
        assert_true(fabs(mean_of(out, bytes) - mean) < 0.3);
        double factor = (out[0] - mean) / (own[0] - mean);
        for (size_t k = 0; k < bytes; k++)
            assert_true(fabs(out[k] - (mean + factor * (own[k] - mean))) < 4);
        f.options = (weft_augmentation){.brightness = 0.5};
        out = made(&f, 0, i, NULL);
        factor = mean_of(out, bytes) / mean;
        for (size_t k = 0; k < bytes; k++)
            assert_true(fabs(out[k] - factor * own[k]) < 1.2);
        least = fmin(least, factor);
        most = fmax(most, factor);
    }
    assert_true(least > 0.49 && least < 0.52 && most > 1.48 && most < 1.51);
    close_fixture(&f);
}

static void tint_moves_each_colour_by_itself_and_leaves_grey(void **state)
{
    (void)state;
    uint8_t two[2 * MOST];
    for (size_t i = 0; i < sizeof two; i++)
        two[i] = (uint8_t)(100 + i % 40);
    int least = 0, most = 0, unlike = 0;
    for (int s = 0; s < 2; s++) {
        struct fixture f;
        open_fixture(&f, SHAPES[s], two);
        f.options.tint = 0.25; /* 63.75 of 255 */
        size_t channels = SHAPES[s].channels;
        for (size_t row = 0; row < ROWS; row++) {
            const uint8_t *own = two + row % 2 * weft_shape_bytes(SHAPES[s]);
            const uint8_t *out = made(&f, 0, row, NULL);
            int moved[3] = {out[0] - own[0], out[1] - own[1], out[2] - own[2]};
            for (size_t i = 0; i < weft_shape_bytes(SHAPES[s]); i++)
                assert_int_equal(out[i] - own[i], channels == 1 ? 0 : moved[i % 3]);
            for (int c = 0; c < 3; c++) {
                least = moved[c] < least ? moved[c] : least;
                most = moved[c] > most ? moved[c] : most;
            }
            unlike += moved[0] != moved[1] && moved[1] != moved[2];
        }
        close_fixture(&f);
    }
    assert_true(least >= -64 && least < -58 && most > 58 && most <= 64);
    assert_true(unlike > ROWS * 9 / 10);
}

static void erasing_blanks_a_square_with_the_mean(void **state)
{
    (void)state;
    enum { SIDE = 20, ERASED = 5 };
    uint8_t two[2 * SIDE * SIDE];
    for (int i = 0; i < 2 * SIDE * SIDE; i++)
        two[i] = i % 2 ? 200 : 0;
    struct fixture f;
    open_fixture(&f, (weft_shape){SIDE, SIDE, 1}, two);
    f.options.erase = 0.25;
    int whole = 0, cut = 0;
    for (size_t row = 0; row < ROWS; row++) {
        const uint8_t *out = made(&f, 0, row, NULL);
        int left = SIDE, right = -1, top = SIDE, bottom = -1, count = 0;
        for (int i = 0; i < SIDE * SIDE; i++)
            if (out[i] == 100) {
                left = i % SIDE < left ? i % SIDE : left;
                right = i % SIDE > right ? i % SIDE : right;
                top = i / SIDE < top ? i / SIDE : top;
                bottom = i / SIDE > bottom ? i / SIDE : bottom;
                count++;
            } else
                assert_int_equal(out[i], two[i]);
        int width = right - left + 1, height = bottom - top + 1;
        assert_int_equal(count, width * height);
        assert_true(width <= ERASED && height <= ERASED && count > 0);
        whole += count == ERASED * ERASED;
        cut += count < ERASED * ERASED;
    }
    assert_true(whole > ROWS / 2 && cut > ROWS / 10);
    close_fixture(&f);
}

/* Black pictures of class 0 and white ones of class 1: the mean is class 1's share. */
static void mixed_targets_are_the_shares_of_the_pixels(void **state)
{
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        uint8_t two[2 * MOST];
        size_t bytes = weft_shape_bytes(SHAPES[1]);
        memset(two, 0, bytes);
        memset(two + bytes, 255, bytes);
        struct fixture f;
        open_fixture(&f, SHAPES[1], two);
        f.options.mixup = kind != 1 ? 1 : 0;
        f.options.cutmix = kind != 0 ? 1 : 0;
        double sum = 0;
        int middling = 0, pasted = 0;
        for (size_t row = 0; row < ROWS; row++) {
            weft__target t;
            const uint8_t *out = made(&f, 0, row, &t);
            assert_true(t.share >= 0.5f && t.share <= 1);
            assert_int_equal(t.a + t.b, 1); /* row i meets row ROWS - 1 - i */
            double one = t.a == 1 ? t.share : 1 - t.share;
            assert_true(fabs(mean_of(out, bytes) / 255 - one) < (kind == 1 ? 1e-6 : 0.003));
            bool edges = false;
            for (size_t i = 1; i < bytes; i++)
                edges |= out[i] != out[0];
            pasted += edges;
            sum += row % 2 ? one : 1 - one;
            middling += one > 0.25 && one < 0.75;
        }
        /* A box is cut at the edges, so that pasting leaves more of the row's own. */
        assert_true(sum / ROWS > 0.45 && sum / ROWS < (kind == 0 ? 0.55 : 0.75));
        assert_true(middling > ROWS / 5);
        assert_true(kind == 0 ? pasted == 0 : pasted > ROWS / 3);
        close_fixture(&f);
    }
}

static weft_augmentation everything(void)
{
    return (weft_augmentation){.flip = WEFT_FLIP_RANDOM,
        .shift = 2,
        .crop_pad = 2,
        .rotate = 15,
        .zoom = 0.2,
        .brightness = 0.2,
        .contrast = 0.2,
        .erase = 0.2,
        .mixup = 0.5,
        .cutmix = 0.5};
}

/* What a row becomes does not depend on what the thread did before. */
static void rows_may_be_made_in_any_order(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    uint8_t two[2 * MOST], kept[COUNT][MOST];
    weft__target targets[COUNT], t;
    noise(two, sizeof two);
    for (int only = 0; only < 2; only++) {
        struct fixture f;
        size_t bytes = weft_shape_bytes(SHAPES[1]);
        open_fixture(&f, SHAPES[1], two);
        f.options = only ? (weft_augmentation){.crop_pad = 3, .cutmix = 1} : everything();
        for (size_t i = 0; i < COUNT; i++)
            memcpy(kept[i], made(&f, 5, i, &targets[i]), bytes);
        for (size_t i = COUNT; i-- > 0;) {
            memset(f.scratch, 0xa5, weft__augment_scratch(SHAPES[1]));
            assert_memory_equal(made(&f, 5, i, &t), kept[i], bytes);
            assert_memory_equal(&t, &targets[i], sizeof t);
        }
        int same = 0;
        for (size_t i = 0; i < COUNT; i++)
            same += memcmp(made(&f, 6, i, NULL), kept[i], bytes) == 0;
        assert_int_equal(same, 0); /* another epoch, other changes */
        close_fixture(&f);
    }
}

/* Three equal channels change as one does. */
static void colours_are_changed_together(void **state)
{
    (void)state;
    uint8_t grey[2 * 9 * 12], colour[3 * sizeof grey];
    noise(grey, sizeof grey);
    for (size_t i = 0; i < sizeof colour; i++)
        colour[i] = grey[i / 3];
    struct fixture g, c;
    open_fixture(&g, SHAPES[0], grey);
    open_fixture(&c, SHAPES[1], colour);
    g.options = c.options = everything();
    for (size_t row = 0; row < ROWS; row++) {
        const uint8_t *one = made(&g, 0, row, NULL), *three = made(&c, 0, row, NULL);
        for (size_t i = 0; i < weft_shape_bytes(SHAPES[1]); i++)
            assert_int_equal(three[i], one[i / 3]);
    }
    close_fixture(&g);
    close_fixture(&c);
}

static void small_pictures_and_large_options(void **state)
{
    (void)state;
    static const weft_shape shapes[] = {{1, 1, 1}, {1, 1, 3}, {1, 7, 3}, {5, 1, 1}};
    uint8_t two[64];
    noise(two, sizeof two);
    for (int s = 0; s < 4; s++) {
        struct fixture f;
        open_fixture(&f, shapes[s], two);
        f.options = everything();
        f.options.shift = f.options.crop_pad = WEFT_MAX_SIDE;
        f.options.rotate = 180;
        f.options.zoom = 0.5;
        f.options.brightness = f.options.contrast = f.options.erase = f.options.tint = 1;
        for (size_t row = 0; row < ROWS; row++) {
            weft__target t;
            (void)made(&f, row, row, &t);
            assert_true(t.share >= 0.5f && t.share <= 1);
        }
        close_fixture(&f);
    }
}

static void a_sheet_shows_the_picture_and_its_epochs(void **state)
{
    (void)state;
    enum { GAP = 4, FACTOR = 84 / 9, WIDTH = 12 * FACTOR, HEIGHT = 9 * FACTOR };
    uint8_t two[2 * MOST];
    noise(two, sizeof two);
    struct fixture f;
    open_fixture(&f, SHAPES[1], two);
    char path[] = "/tmp/weft-preview-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    const weft_preview_options options = {.pictures = 5, .epochs = 2, .seed = 1};
    f.options.flip = WEFT_FLIP_ALTERNATE;
    assert_ok(weft_preview_save(path, &f.view, &f.options, &options));
    enum { ROW = (3 * (WIDTH + GAP) + GAP) * 3, LINES = 2 * (HEIGHT + GAP) + GAP };
    uint8_t *sheet = malloc((size_t)ROW * LINES);
    const weft_recipe recipe = {{LINES, ROW / 3, 3}, WEFT_FIT_STRETCH, 0};
    assert_non_null(sheet);
    assert_ok(weft_picture_read(sheet, path, &recipe));
    for (int row = 0; row < 2; row++)
        for (int y = 0; y < HEIGHT; y++) {
            const uint8_t *line = sheet + (size_t)(GAP + row * (HEIGHT + GAP) + y) * ROW;
            int changed = 0;
            for (int column = 1; column <= 2; column++)
                changed += memcmp(line + 3 * GAP, line + 3 * (GAP + column * (WIDTH + GAP)),
                               3 * WIDTH) != 0;
            assert_int_equal(changed, 1); /* flipped in one of the two epochs */
        }
    remove(path);
    f.options.zoom = 7;
    assert_fails(
        weft_preview_save(path, &f.view, &f.options, &options), WEFT_EINVAL, "zoom");
    f.options = (weft_augmentation){.rotate = NAN};
    assert_fails(
        weft_preview_save(path, &f.view, &f.options, &options), WEFT_EINVAL, "rotate");
    const weft_preview_options long_one = {.pictures = 1, .epochs = 1000, .seed = 1};
    assert_fails(
        weft_preview_save(path, &f.view, NULL, &long_one), WEFT_EINVAL, "1 x 1 to");
    free(sheet);
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_the_picture_itself),
        cmocka_unit_test(flips_mirror_and_shifts_move),
        cmocka_unit_test(alternate_flips_each_picture_every_other_epoch),
        cmocka_unit_test(rotation_by_nothing_is_identity),
        cmocka_unit_test(rotation_and_zoom_turn_a_slope),
        cmocka_unit_test(contrast_keeps_the_mean_and_brightness_scales_it),
        cmocka_unit_test(tint_moves_each_colour_by_itself_and_leaves_grey),
        cmocka_unit_test(erasing_blanks_a_square_with_the_mean),
        cmocka_unit_test(mixed_targets_are_the_shares_of_the_pixels),
        cmocka_unit_test(rows_may_be_made_in_any_order),
        cmocka_unit_test(colours_are_changed_together),
        cmocka_unit_test(small_pictures_and_large_options),
        cmocka_unit_test(a_sheet_shows_the_picture_and_its_epochs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
