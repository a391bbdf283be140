#include "support.h"

#include <math.h>

#include "data/dataset.h"

enum { COUNT = 1013, CLASSES = 4 };

/* Classes of very different sizes, mixed; class 3 has one picture. */
static weft_dataset *uneven(void)
{
    static uint8_t pixels[COUNT];
    static uint16_t labels[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        labels[i] = i == 500 ? 3 : i % 7 == 0 ? 2 : i % 3 == 0;
    weft_dataset *d;
    assert_ok(weft_dataset_create(
        &d, (weft_shape){1, 1, 1}, COUNT, pixels, labels, CLASSES, NULL));
    return d;
}

static void check_sizes(
    const weft_view *view, const uint8_t *assignment, const double *ratios, size_t parts)
{
    double whole[16] = {0}, total = 0;
    for (uint16_t c = 0; c < CLASSES; c++) {
        double counts[16] = {0}, members = 0;
        for (size_t i = 0; i < view->count; i++)
            if (weft_view_label(view, i) == c) {
                assert_true(assignment[i] < parts);
                counts[assignment[i]]++;
                whole[assignment[i]]++;
                members++;
            }
        for (size_t p = 0; p < parts; p++)
            assert_true(fabs(counts[p] - ratios[p] * members) < 1);
        total += members;
    }
    /* Rounding in one class is made good in the next. */
    for (size_t p = 0; p < parts; p++)
        assert_true(fabs(whole[p] - ratios[p] * total) <= 1.5);
}

static void ratios_hold_in_every_class(void **state)
{
    (void)state;
    weft_dataset *d = uneven();
    weft_view view = weft_view_all(d);
    uint8_t assignment[COUNT];
    const double sets[3][3] = {{0.6, 0.2, 0.2}, {0.8, 0.2, 0}, {1.0 / 3, 1.0 / 3, 1.0 / 3}};
    for (int s = 0; s < 3; s++) {
        assert_ok(weft_split_ratios(assignment, &view, sets[s], 3, 11));
        check_sizes(&view, assignment, sets[s], 3);
    }
    weft_dataset_free(d);
}

static void folds_are_equal_and_follow_the_seed(void **state)
{
    (void)state;
    weft_dataset *d = uneven();
    weft_view view = weft_view_all(d);
    uint8_t a[COUNT], b[COUNT];
    double ratios[10];
    for (int i = 0; i < 10; i++)
        ratios[i] = 0.1;
    assert_ok(weft_split_folds(a, &view, 10, 3));
    check_sizes(&view, a, ratios, 10);
    assert_ok(weft_split_folds(b, &view, 10, 3));
    assert_memory_equal(a, b, COUNT);
    assert_ok(weft_split_folds(b, &view, 10, 4));
    assert_memory_not_equal(a, b, COUNT);
    weft_dataset_free(d);
}

/* Exact ratios give exact sizes, whatever 0.6 * 6000 is in binary. */
static void whole_numbers_stay_whole(void **state)
{
    (void)state;
    static uint8_t pixels[100], assignment[100];
    static uint16_t labels[100];
    weft_dataset *d;
    assert_ok(weft_dataset_create(&d, (weft_shape){1, 1, 1}, 100, pixels, labels, 1, NULL));
    weft_view view = weft_view_all(d);
    for (int percent = 0; percent <= 100; percent++) {
        const double ratios[2] = {percent / 100.0, 1 - percent / 100.0};
        assert_ok(weft_split_ratios(assignment, &view, ratios, 2, 0));
        int first = 0;
        for (int i = 0; i < 100; i++)
            first += assignment[i] == 0;
        assert_int_equal(first, percent);
    }
    weft_dataset_free(d);
}

static void a_view_without_labels_splits_too(void **state)
{
    (void)state;
    static uint8_t pixels[20], assignment[20];
    weft_dataset *d;
    assert_ok(weft_dataset_create(&d, (weft_shape){1, 1, 1}, 20, pixels, NULL, 0, NULL));
    weft_view view = weft_view_all(d);
    assert_ok(weft_split_folds(assignment, &view, 4, 0));
    int counts[4] = {0};
    for (int i = 0; i < 20; i++)
        counts[assignment[i]]++;
    for (int f = 0; f < 4; f++)
        assert_int_equal(counts[f], 5);
    weft_dataset_free(d);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    weft_dataset *d = uneven();
    weft_view view = weft_view_all(d);
    uint8_t a[COUNT];
    const double short_sum[2] = {0.5, 0.4}, negative[2] = {1.5, -0.5}, nan[2] = {NAN, 1};
    assert_fails(weft_split_ratios(a, &view, short_sum, 2, 0), WEFT_EINVAL, "sum to 0.9");
    assert_fails(weft_split_ratios(a, &view, negative, 2, 0), WEFT_EINVAL, "-0.5");
    assert_fails(weft_split_ratios(a, &view, nan, 2, 0), WEFT_EINVAL, "nan");
    assert_fails(weft_split_ratios(a, &view, negative, 0, 0), WEFT_EINVAL, "0 parts");
    assert_fails(weft_split_folds(a, &view, 1, 0), WEFT_EINVAL, "1 folds");
    assert_fails(weft_split_folds(a, &view, 256, 0), WEFT_EINVAL, "256 folds");
    weft_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratios_hold_in_every_class),
        cmocka_unit_test(folds_are_equal_and_follow_the_seed),
        cmocka_unit_test(whole_numbers_stay_whole),
        cmocka_unit_test(a_view_without_labels_splits_too),
        cmocka_unit_test(wrong_arguments_are_named),
    };
    return cmocka_run_group_tests_name("split", tests, NULL, NULL);
}
