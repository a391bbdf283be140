/* Small pictures that a small network can learn, for tests of training as a whole. */
#ifndef WEFT_TESTS_NN_TRAINING_H
#define WEFT_TESTS_NN_TRAINING_H

#include <math.h>
#include <unistd.h>

#include "support.h"

#include "weft/weft.h"

enum { SIDE = 12 };

/* `count` pictures of noise, each with a bright band whose place is its class, or, where
 * `wrong`, with labels that nothing in the picture tells. */
static inline weft_dataset *bands(size_t count, uint16_t classes, uint64_t seed, bool wrong)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    uint8_t *pixels = calloc(count, SIDE * SIDE);
    uint16_t *labels = calloc(count, sizeof *labels);
    assert_non_null(pixels);
    assert_non_null(labels);
    weft_rng rng = weft_rng_create(seed, 0);
    for (size_t i = 0; i < count; i++) {
        uint8_t *picture = pixels + i * SIDE * SIDE;
        uint32_t class = weft_rng_below(&rng, classes);
        for (size_t k = 0; k < SIDE * SIDE; k++)
            picture[k] = (uint8_t)weft_rng_below(&rng, 160);
        memset(picture + 2 * class * SIDE, 200, SIDE);
        labels[i] = (uint16_t)(wrong ? weft_rng_below(&rng, classes) : class);
    }
    weft_dataset *data;
    weft_shape shape = {SIDE, SIDE, 1};
    assert_ok(weft_dataset_create(&data, shape, count, pixels, labels, classes, names));
    free(pixels);
    free(labels);
    return data;
}

/* A network's text as a file that a classifier can be made from. */
static inline void write_network(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* Options as name, value, ..., NULL. */
static inline weft_classifier *network_with(const char *path, const char *const *options)
{
    weft_classifier *c;
    assert_ok(weft_classifier_create(&c, path));
    for (; options && *options; options += 2)
        assert_ok(weft_classifier_set(c, options[0], options[1]));
    return c;
}
#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline bool same_files(const char *a, const char *b)
{
    char command[256];
    snprintf(command, sizeof command, "cmp -s %s %s", a, b);
    return system(command) == 0;
}

static char test_folder[64];

static inline int enter_folder(void **state)
{
    (void)state;
    strcpy(test_folder, "/tmp/weft-test-XXXXXX");
    return mkdtemp(test_folder) && chdir(test_folder) == 0 ? 0 : -1;
}

static inline int leave_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", test_folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

#define folder_test(function) \
    cmocka_unit_test_setup_teardown(function, enter_folder, leave_folder)

#endif
