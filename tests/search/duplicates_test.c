#include "weft/duplicates.h"

#include <math.h>
#include <string.h>

#include "../support.h"
#include "data/dataset.h"
#include "data/resize.h"
#include "weft/rng.h"

enum { TRAIN = 240, PLANTED = 30, SIDE = 40, BYTES = SIDE * SIDE * 3 };

static weft_context *context;
static weft_dataset *originals; /* drawn garments, no two alike */

static int set_up(void **state)
{
    (void)state;
    weft_data data;
    weft_load_options load = weft_load_defaults();
    if (weft_context_create(&context, 2) != WEFT_OK ||
        weft_data_load(&data, "synth:n=240,test=0,size=40,colour", &load, context) !=
            WEFT_OK)
        return -1;
    originals = data.train;
    data.train = NULL;
    weft_data_clear(&data);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    weft_dataset_free(originals);
    weft_context_free(context);
    return 0;
}

/* ---- copying as people do ----------------------------------------------------------- */

/* Turned about the middle by 5 degrees; what comes in at the corners is white. */
static void turn(uint8_t *to, const uint8_t *from)
{
    const double c = cos(5 * M_PI / 180), s = sin(5 * M_PI / 180), m = (SIDE - 1) / 2.0;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            double u = c * (x - m) - s * (y - m) + m, v = s * (x - m) + c * (y - m) + m;
            int i = (int)floor(u), j = (int)floor(v);
            bool inside = i >= 0 && j >= 0 && i < SIDE - 1 && j < SIDE - 1;
            for (int k = 0; k < 3; k++) {
                const uint8_t *p = from + (j * SIDE + i) * 3 + k;
                double fx = u - i, fy = v - j;
                to[(y * SIDE + x) * 3 + k] =
                    inside ? (uint8_t)lrint(
                                 (1 - fy) * ((1 - fx) * p[0] + fx * p[3]) +
                                 fy * ((1 - fx) * p[SIDE * 3] + fx * p[SIDE * 3 + 3]))
                           : 255;
            }
        }
}

/* To three quarters of the size and back. */
static void rescale(uint8_t *to, const uint8_t *from)
{
    uint8_t small[30 * 30 * 3];
    weft_recipe less = {.shape = {30, 30, 3}, .fit = WEFT_FIT_STRETCH};
    weft_recipe same = {.shape = {SIDE, SIDE, 3}, .fit = WEFT_FIT_STRETCH};
    assert_ok(weft__resize(small, &less, from, same.shape));
    assert_ok(weft__resize(to, &same, small, less.shape));
}

/* Coarse levels and noise, as strong compression leaves them. */
static void recompress(uint8_t *to, const uint8_t *from)
{
    weft_rng rng = weft_rng_create(7, 0);
    for (size_t i = 0; i < BYTES; i++) {
        double value = round(from[i] / 12.0) * 12 + 5 * (double)weft_rng_normal(&rng);
        to[i] = (uint8_t)lrint(fmin(255, fmax(0, value)));
    }
}

static void keep(uint8_t *to, const uint8_t *from)
{
    memcpy(to, from, BYTES);
}

/* All of `originals` as train, copies of some of them, every eighth, as test. */
static weft_data plant(void (*copy)(uint8_t *, const uint8_t *), bool relabel)
{
    static uint8_t pixels[PLANTED * BYTES];
    uint16_t labels[PLANTED];
    size_t classes = weft_dataset_classes(originals);
    weft_data data = {0};
    weft_dataset *test;
    assert_ok(weft_dataset_create(&data.train, weft_dataset_shape(originals), TRAIN,
        weft_dataset_pixels(originals), weft_dataset_labels(originals), classes, NULL));
    for (size_t i = 0; i < PLANTED; i++) {
        copy(pixels + i * BYTES, weft_dataset_pixels(originals) + i * 8 * BYTES);
        labels[i] = weft_dataset_labels(originals)[i * 8];
        if (relabel)
            labels[i] = (uint16_t)((labels[i] + 1) % classes);
    }
    assert_ok(weft_dataset_create(
        &test, weft_dataset_shape(originals), PLANTED, pixels, labels, classes, NULL));
    assert_ok(weft__test_create(&data.test, test));
    return data;
}

/* Every planted picture is in one group with its original; *others counts groups without a
 * planted one. */
static size_t count_found(const weft_duplicates *found, size_t *others)
{
    size_t right = 0;
    *others = 0;
    for (size_t g = 0; g < weft_duplicates_count(found); g++) {
        const weft_duplicate_group *group = weft_duplicates_group(found, g);
        bool planted = false;
        for (size_t i = 0; i < group->count; i++) {
            if (group->pictures[i].split != WEFT_SPLIT_TEST)
                continue;
            planted = true;
            for (size_t k = 0; k < group->count; k++)
                right += group->pictures[k].split == WEFT_SPLIT_TRAIN &&
                         group->pictures[k].index == group->pictures[i].index * 8;
        }
        *others += !planted;
    }
    return right;
}

static void finds_copies(void (*copy)(uint8_t *, const uint8_t *))
{
    weft_data data = plant(copy, false);
    weft_duplicates *found;
    size_t others;
    assert_ok(weft_duplicates_find(&found, &data, NULL, context));
    assert_int_equal(count_found(found, &others), PLANTED);
    assert_int_equal(others, 0);
    assert_int_equal(weft_test_openings(data.test), 0);
    weft_duplicates_free(found);
    weft_data_clear(&data);
}

static void finds_turned_ones(void **state)
{
    (void)state;
    finds_copies(turn);
}

static void finds_rescaled_ones(void **state)
{
    (void)state;
    finds_copies(rescale);
}

static void finds_recompressed_ones(void **state)
{
    (void)state;
    finds_copies(recompress);
}

static void finds_exact_ones(void **state)
{
    (void)state;
    const weft_duplicates_options exact = {.similarity = 1};
    for (int near = 0; near < 2; near++) {
        weft_data data = plant(keep, near);
        weft_duplicates *found;
        size_t others;
        assert_ok(weft_duplicates_find(&found, &data, near ? NULL : &exact, context));
        assert_int_equal(count_found(found, &others), PLANTED);
        for (size_t g = 0; g < weft_duplicates_count(found); g++) {
            const weft_duplicate_group *group = weft_duplicates_group(found, g);
            assert_int_equal(group->count, 2);
            assert_true(group->exact && group->across && group->conflict == near);
            assert_true(group->similarity == 1);
        }
        weft_duplicates_free(found);
        weft_data_clear(&data);
    }
}

/* A threshold of 1 leaves what is not the same alone. */
static void exact_means_exact(void **state)
{
    (void)state;
    const weft_duplicates_options exact = {.similarity = 1};
    weft_data data = plant(recompress, false);
    weft_duplicates *found;
    assert_ok(weft_duplicates_find(&found, &data, &exact, context));
    assert_int_equal(weft_duplicates_count(found), 0);
    weft_duplicates_free(found);
    weft_data_clear(&data);
}

static void groups_are_in_order(void **state)
{
    (void)state;
    weft_data data = plant(turn, false);
    weft_duplicates *found;
    assert_ok(weft_duplicates_find(&found, &data, NULL, context));
    for (size_t g = 0; g < weft_duplicates_count(found); g++) {
        const weft_duplicate_group *group = weft_duplicates_group(found, g);
        assert_true(group->count >= 2 && !group->exact);
        for (size_t i = 0; i < group->count; i++) {
            const weft_duplicate *p = &group->pictures[i];
            assert_true(p->similarity >= weft_duplicates_similarity(found));
            assert_true(p->similarity <= group->similarity);
            assert_true(i == 0 || p[-1].split < p->split ||
                        (p[-1].split == p->split && p[-1].index < p->index));
        }
    }
    assert_null(weft_duplicates_group(found, weft_duplicates_count(found)));
    weft_duplicates_free(found);
    weft_data_clear(&data);
}

static void refuses(void **state)
{
    (void)state;
    weft_data data = plant(keep, false);
    weft_duplicates *found;
    const double wrong[] = {0.3, 1.5, -1, NAN};
    for (size_t i = 0; i < 4; i++) {
        weft_duplicates_options options = {.similarity = wrong[i]};
        assert_fails(weft_duplicates_find(&found, &data, &options, context), WEFT_EINVAL,
            "similarity");
    }
    weft_data_clear(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_turned_ones),
        cmocka_unit_test(finds_rescaled_ones),
        cmocka_unit_test(finds_recompressed_ones),
        cmocka_unit_test(finds_exact_ones),
        cmocka_unit_test(exact_means_exact),
        cmocka_unit_test(groups_are_in_order),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests_name("duplicates", tests, set_up, tear_down);
}
