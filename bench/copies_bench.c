/* How many planted copies weft audit's search for copies finds.
 *
 *     copies_bench WHERE [EVERY [SIZE]]
 *
 * For each way of copying, copies of every EVERY-th training picture (20th), read at SIZE
 * (0: as weft reads them), become the test split, and the search runs over both. A line for
 * each way: how many were planted, how many are in one group with their original, and how
 * many groups there are without a planted one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "data/dataset.h"
#include "data/resize.h"
#include "weft/weft.h"

/* Turned about the middle by `degrees`; what comes in at the corners is the corner's. */
static void turn(uint8_t *to, const uint8_t *from, weft_shape shape, double degrees)
{
    const int h = (int)shape.height, w = (int)shape.width, n = (int)shape.channels;
    const double c = cos(degrees * M_PI / 180), s = sin(degrees * M_PI / 180);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            double px = x - (w - 1) / 2.0, py = y - (h - 1) / 2.0;
            double u = fmin(w - 1.001, fmax(0, c * px - s * py + (w - 1) / 2.0));
            double v = fmin(h - 1.001, fmax(0, s * px + c * py + (h - 1) / 2.0));
            int i = (int)u, j = (int)v;
            double fx = u - i, fy = v - j;
            for (int k = 0; k < n; k++) {
                const uint8_t *p = from + (j * w + i) * n + k;
                to[(y * w + x) * n + k] =
                    (uint8_t)lrint((1 - fy) * ((1 - fx) * p[0] + fx * p[n]) +
                                   fy * ((1 - fx) * p[w * n] + fx * p[w * n + n]));
            }
        }
}

static void exact(uint8_t *to, const uint8_t *from, weft_shape shape)
{
    memcpy(to, from, weft_shape_bytes(shape));
}

static void turned(uint8_t *to, const uint8_t *from, weft_shape shape)
{
    turn(to, from, shape, 5);
}

/* To three quarters of the size and back. */
static void rescaled(uint8_t *to, const uint8_t *from, weft_shape shape)
{
    weft_recipe less = {.shape = shape, .fit = WEFT_FIT_STRETCH}, same = less;
    less.shape.height = shape.height * 3 / 4;
    less.shape.width = shape.width * 3 / 4;
    uint8_t *small = malloc(weft_shape_bytes(less.shape));
    if (!small || weft__resize(small, &less, from, shape) != WEFT_OK ||
        weft__resize(to, &same, small, less.shape) != WEFT_OK)
        abort();
    free(small);
}

/* Through a JPEG file. */
static void recompress(uint8_t *to, const uint8_t *from, weft_shape shape, int quality)
{
    struct jpeg_error_mgr error;
    struct jpeg_compress_struct c = {.err = jpeg_std_error(&error)};
    struct jpeg_decompress_struct d = {.err = jpeg_std_error(&error)};
    unsigned char *file = NULL;
    unsigned long size = 0;
    size_t row = (size_t)shape.width * shape.channels;
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &file, &size);
    c.image_width = shape.width;
    c.image_height = shape.height;
    c.input_components = (int)shape.channels;
    c.in_color_space = shape.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, quality, TRUE);
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < c.image_height) {
        JSAMPROW line = (JSAMPROW)(uintptr_t)(from + c.next_scanline * row);
        jpeg_write_scanlines(&c, &line, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, file, size);
    jpeg_read_header(&d, TRUE);
    jpeg_start_decompress(&d);
    while (d.output_scanline < d.output_height) {
        JSAMPROW line = to + d.output_scanline * row;
        jpeg_read_scanlines(&d, &line, 1);
    }
    jpeg_finish_decompress(&d);
    jpeg_destroy_decompress(&d);
    free(file);
}

static void quality_75(uint8_t *to, const uint8_t *from, weft_shape shape)
{
    recompress(to, from, shape, 75);
}

static void quality_30(uint8_t *to, const uint8_t *from, weft_shape shape)
{
    recompress(to, from, shape, 30);
}

typedef void copy_fn(uint8_t *to, const uint8_t *from, weft_shape shape);

static weft_status plant(
    weft_data *out, const weft_dataset *train, copy_fn *copy, size_t every)
{
    size_t planted = train->count / every, bytes = weft_shape_bytes(train->recipe.shape);
    weft_dataset *test;
    WEFT_TRY(weft__dataset_reserve(&test, &train->recipe, planted, train->classes,
        (const char *const *)train->class_names));
    for (size_t i = 0; i < planted; i++) {
        copy(test->pixels + i * bytes, train->pixels + i * every * bytes,
            train->recipe.shape);
        test->labels[i] = train->labels[i * every];
    }
    out->train = (weft_dataset *)(uintptr_t)train;
    return weft__test_create(&out->test, test);
}

static void tell(
    const char *name, const weft_duplicates *found, size_t planted, size_t every)
{
    size_t right = 0, others = 0;
    for (size_t g = 0; g < weft_duplicates_count(found); g++) {
        const weft_duplicate_group *group = weft_duplicates_group(found, g);
        bool has = false;
        for (size_t i = 0; i < group->count; i++)
            for (size_t k = 0; k < group->count; k++) {
                const weft_duplicate *p = &group->pictures[i], *q = &group->pictures[k];
                if (p->split != WEFT_SPLIT_TEST || q->split != WEFT_SPLIT_TRAIN)
                    continue;
                has = true;
                right += q->index == p->index * every;
            }
        others += !has;
    }
    printf("%-13s planted %6zu, found %6zu (%.4f), other groups %6zu, from %.4f\n", name,
        planted, right, (double)right / (double)planted, others,
        weft_duplicates_similarity(found));
}

static weft_status run(const char *where, size_t every, uint32_t size)
{
    static const struct {
        const char *name;
        copy_fn *copy;
    } ways[] = {{"exact", exact}, {"turned", turned}, {"rescaled", rescaled},
        {"JPEG at 75", quality_75}, {"JPEG at 30", quality_30}};
    weft_context *context;
    weft_data data;
    weft_load_options load = weft_load_defaults();
    load.height = load.width = size;
    load.fit = WEFT_FIT_CROP; /* people copy pictures before padding is put around them */
    WEFT_TRY(weft_context_create(&context, 0));
    WEFT_TRY(weft_data_load(&data, where, &load, context));
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        weft_data copied = {0};
        weft_duplicates *found;
        WEFT_TRY(plant(&copied, data.train, ways[i].copy, every));
        WEFT_TRY(weft_duplicates_find(&found, &copied, NULL, context));
        tell(ways[i].name, found, weft_test_count(copied.test), every);
        weft_duplicates_free(found);
        copied.train = NULL;
        weft_data_clear(&copied);
    }
    weft_data_clear(&data);
    weft_context_free(context);
    return WEFT_OK;
}

int main(int count, char **words)
{
    long every = count > 2 ? atol(words[2]) : 20;
    long size = count > 3 ? atol(words[3]) : 0;
    if (count < 2 || every < 1 || size < 0 || size > WEFT_MAX_SIDE) {
        fprintf(stderr, "usage: copies_bench WHERE [EVERY [SIZE]]\n");
        return 2;
    }
    if (run(words[1], (size_t)every, (uint32_t)size) != WEFT_OK) {
        fprintf(stderr, "copies_bench: %s\n", weft_error());
        return 1;
    }
    return 0;
}
