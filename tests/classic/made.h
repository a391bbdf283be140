/* Pictures that a script and a test can both make: a pattern for each class, and noise.
 * make_vectors.py does the same. */
#ifndef WEFT_TESTS_CLASSIC_MADE_H
#define WEFT_TESTS_CLASSIC_MADE_H

#include "support.h"

#include "weft/dataset.h"

/* Numerical Recipes' linear congruential generator; its high byte. */
static inline uint8_t made_byte(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (uint8_t)(*seed >> 24);
}

/* Picture i is of class i % classes. `spread` is the noise's reach, 0 to 255. */
static inline weft_dataset *made_pictures(
    size_t count, weft_shape shape, size_t classes, uint32_t spread, uint32_t seed)
{
    size_t dims = weft_shape_bytes(shape);
    uint8_t *pattern = malloc(classes * dims), *pixels = malloc(count * dims);
    uint16_t *labels = malloc(count * sizeof *labels);
    uint32_t patterns = 7;
    for (size_t i = 0; i < classes * dims; i++)
        pattern[i] = made_byte(&patterns);
    for (size_t i = 0; i < count; i++) {
        labels[i] = (uint16_t)(i % classes);
        for (size_t d = 0; d < dims; d++) {
            int noise = (int)(made_byte(&seed) * spread / 255) - (int)(spread / 2);
            int value = pattern[labels[i] * dims + d] + noise;
            pixels[i * dims + d] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
        }
    }
    char text[16][8];
    const char *names[16];
    assert_true(classes <= 16);
    for (size_t c = 0; c < classes; c++) {
        snprintf(text[c], sizeof text[c], "c%02zu", c);
        names[c] = text[c];
    }
    weft_dataset *data;
    assert_ok(weft_dataset_create(&data, shape, count, pixels, labels, classes, names));
    free(pattern);
    free(pixels);
    free(labels);
    return data;
}

/* The file beside this test, opened. */
static inline FILE *open_beside(const char *name)
{
    char path[1024];
    const char *folder = getenv("WEFT_TEST_SOURCE");
    snprintf(path, sizeof path, "%s/classic/%s", folder ? folder : "tests", name);
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    return file;
}

#endif
