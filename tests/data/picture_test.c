#include "data/files.h"

#include "core/file.h"
#include "data/picture.h"

/* Files of many kinds, each with what Pillow decodes. */
static const struct kind {
    const char *name;
    size_t size;
    weft_shape shape;
    int tolerance; /* levels: JPEG's and transparency's rounding is not prescribed */
    const uint8_t *bytes, *expected;
} kinds[] = {
#include "data/pictures.inc"
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static char folder[64];

static int setup(void **state)
{
    (void)state;
    scratch_folder(folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static const struct kind *find(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (!strcmp(kinds[i].name, name))
            return &kinds[i];
    fail_msg("no %s", name);
    return NULL;
}

static weft_status read_bytes(
    const char *name, const void *bytes, size_t size, weft_shape shape, uint8_t *out)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    put_file(folder, name, bytes, size);
    weft_recipe recipe = {shape, WEFT_FIT_PAD, 255};
    return weft_picture_read(out, path, &recipe);
}

static void every_kind_agrees_with_pillow(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        const struct kind *k = &kinds[i];
        uint8_t out[1024];
        assert_ok(read_bytes(k->name, k->bytes, k->size, k->shape, out));
        for (size_t b = 0; b < weft_shape_bytes(k->shape); b++)
            if (abs(out[b] - k->expected[b]) > k->tolerance)
                fail_msg(
                    "%s: byte %zu is %d, expected %d", k->name, b, out[b], k->expected[b]);
        weft_shape shape;
        assert_ok(weft__picture_probe(&shape, k->name, k->bytes, k->size));
        assert_memory_equal(&shape, &k->shape, sizeof shape);
    }
}

/* Every kind, cut off everywhere: never a crash, and no picture unless only what follows
 * the pixels is missing. */
static void truncated_files_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        const struct kind *k = &kinds[i];
        weft_recipe recipe = {k->shape, WEFT_FIT_PAD, 255};
        uint8_t out[1024];
        for (size_t size = 0; size < k->size * 3 / 4; size++) {
            uint8_t *exact = malloc(size ? size : 1); /* so that ASan sees its end */
            memcpy(exact, k->bytes, size);
            weft_status status = weft__picture_decode(out, k->name, exact, size, &recipe);
            free(exact);
            if (status != WEFT_EFORMAT)
                fail_msg("%s cut to %zu of %zu bytes: status %d", k->name, size, k->size,
                    (int)status);
            assert_non_null(strstr(weft_error(), k->name));
        }
    }
}

static void flipped_bytes_never_crash(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        const struct kind *k = &kinds[i];
        weft_recipe recipe = {{8, 8, 3}, WEFT_FIT_CROP, 255};
        uint8_t out[192], *copy = malloc(k->size);
        weft_rng rng = weft_rng_create(i, 0);
        for (int round = 0; round < 100; round++) {
            memcpy(copy, k->bytes, k->size);
            for (int flip = 0; flip < 3; flip++)
                copy[weft_rng_below(&rng, (uint32_t)k->size)] = (uint8_t)weft_rng_u32(&rng);
            weft_status status = weft__picture_decode(out, k->name, copy, k->size, &recipe);
            assert_true(
                status == WEFT_OK || status == WEFT_EFORMAT || status == WEFT_EUNSUPPORTED);
        }
        free(copy);
    }
}

static void what_is_no_picture_is_named(void **state)
{
    (void)state;
    uint8_t out[64];
    weft_shape shape = {8, 8, 1};
    assert_fails(read_bytes("a.jpg", "", 0, shape, out), WEFT_EFORMAT, "a.jpg: is empty");
    assert_fails(read_bytes("b.jpg", "GIF89a", 6, shape, out), WEFT_EFORMAT,
        "b.jpg: is no JPEG, PNG or WebP");
    weft_recipe recipe = {shape, WEFT_FIT_PAD, 0};
    assert_fails(weft_picture_read(out, "/nowhere.png", &recipe), WEFT_ENOTFOUND,
        "/nowhere.png: cannot open");
    recipe.shape.width = 0;
    assert_fails(weft_picture_read(out, "a.jpg", &recipe), WEFT_EINVAL, "8 x 0");
    recipe.shape.width = 8;
    recipe.fit = (weft_fit)7;
    assert_fails(weft_picture_read(out, "a.jpg", &recipe), WEFT_EINVAL, "fit 7");
}

/* A header that promises 65,000 x 65,000 pixels is refused before memory is asked for. */
static void bombs_are_refused(void **state)
{
    (void)state;
    uint8_t copy[2048], out[64];
    weft_recipe recipe = {{8, 8, 1}, WEFT_FIT_PAD, 0};
    const struct kind *jpeg = find("colour.jpg");
    memcpy(copy, jpeg->bytes, jpeg->size);
    for (size_t i = 0; i + 8 < jpeg->size; i++)
        if (copy[i] == 0xff && copy[i + 1] == 0xc0)
            memset(copy + i + 5, 0xfd, 4);
    assert_fails(weft__picture_decode(out, "bomb.jpg", copy, jpeg->size, &recipe),
        WEFT_EFORMAT, "bomb.jpg: 65021 x 65021 pixels");
    /* IHDR of 65,536 x 65,536 with its check sum; what follows does not matter. */
    static const uint8_t png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\0\0\0\1\0\0\10\0\0\0\0"
                                 "\x49\xef\x6f\x3f\0\0\0\1IDAT\0";
    assert_fails(weft__picture_decode(out, "bomb.png", png, sizeof png, &recipe),
        WEFT_EFORMAT, "bomb.png: 65536 x 65536 pixels");
}

static void animations_are_unsupported(void **state)
{
    (void)state;
    uint8_t out[64];
    static const uint8_t webp[] = "RIFF\x2a\0\0\0WEBPVP8X\12\0\0\0\2\0\0\0\7\0\0\7\0\0"
                                  "ANIM\6\0\0\0\0\0\0\0\0\0ANMF\0\0\0\0";
    weft_recipe recipe = {{8, 8, 1}, WEFT_FIT_PAD, 0};
    assert_fails(weft__picture_decode(out, "a.webp", webp, sizeof webp - 1, &recipe),
        WEFT_EUNSUPPORTED, "animated");
}

/* Shrinking on the way in gives what shrinking afterwards does, within a little. */
static void large_jpegs_are_read_small(void **state)
{
    (void)state;
    const struct kind *k = find("colour.jpg");
    uint8_t small[2 * 2 * 3];
    assert_ok(read_bytes("colour.jpg", k->bytes, k->size, (weft_shape){2, 2, 3}, small));
    assert_true(small[0] > 230 || small[3] > small[0]); /* red grows to the right */
    assert_true(small[7] > small[1]);                   /* green grows downwards */
}

static void png_goes_out_and_back(void **state)
{
    (void)state;
    uint8_t pixels[5 * 7 * 3], back[5 * 7 * 3];
    char path[128];
    snprintf(path, sizeof path, "%s/out.png", folder);
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 37);
    for (uint32_t channels = 1; channels <= 3; channels += 2) {
        weft_shape shape = {5, 7, channels};
        weft_recipe recipe = {shape, WEFT_FIT_PAD, 0};
        assert_ok(weft_picture_write_png(path, pixels, shape));
        assert_ok(weft_picture_read(back, path, &recipe));
        assert_memory_equal(pixels, back, weft_shape_bytes(shape));
    }
    assert_fails(weft_picture_write_png("/nowhere/x.png", pixels, (weft_shape){5, 7, 1}),
        WEFT_ENOTFOUND, "/nowhere/x.png");
}

static void files_that_cannot_be_read_are_listed(void **state)
{
    (void)state;
    weft_context *context;
    assert_ok(weft_context_create(&context, 2));
    char good[128], bad[128];
    const struct kind *k = find("grey.png");
    put_file(folder, "good.png", k->bytes, k->size);
    put_text(folder, "bad.png", "no picture");
    snprintf(good, sizeof good, "%s/good.png", folder);
    snprintf(bad, sizeof bad, "%s/bad.png", folder);
    const char *paths[4] = {good, bad, "/nowhere", good};
    weft_recipe recipe = {k->shape, WEFT_FIT_PAD, 0};
    weft_dataset *d;
    assert_ok(weft_dataset_from_files(&d, paths, 4, &recipe, context));
    assert_int_equal(weft_dataset_count(d), 2);
    assert_int_equal(weft_dataset_classes(d), 0);
    assert_memory_equal(weft_dataset_pixels(d) + weft_shape_bytes(k->shape), k->expected,
        weft_shape_bytes(k->shape));
    char text[128];
    assert_string_equal(weft_dataset_origin(d, 1, text, sizeof text), good);
    assert_int_equal(weft_dataset_skipped(d), 2);
    assert_string_equal(weft_dataset_skipped_path(d, 0), bad);
    assert_non_null(strstr(weft_dataset_skipped_reason(d, 1), "/nowhere: cannot open"));
    assert_null(weft_dataset_skipped_path(d, 2));
    weft_dataset_free(d);
    weft_context_free(context);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_kind_agrees_with_pillow),
        TEST(truncated_files_are_refused),
        TEST(flipped_bytes_never_crash),
        TEST(what_is_no_picture_is_named),
        TEST(bombs_are_refused),
        TEST(animations_are_unsupported),
        TEST(large_jpegs_are_read_small),
        TEST(png_goes_out_and_back),
        TEST(files_that_cannot_be_read_are_listed),
    };
    return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
