#include "support.h"

#include "core/mem.h"
#include "data/dataset.h"

static const uint8_t pixels[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
static const uint16_t labels[3] = {1, 0, 1};
static const char *const names[2] = {"bag", "shirt"};
static const weft_shape shape = {2, 2, 1};

static weft_dataset *make(void)
{
    weft_dataset *d;
    assert_ok(weft_dataset_create(&d, shape, 3, pixels, labels, 2, names));
    return d;
}

static void holds_what_it_was_given(void **state)
{
    (void)state;
    weft_dataset *d = make();
    char text[32];
    assert_int_equal(weft_dataset_count(d), 3);
    assert_int_equal(weft_dataset_classes(d), 2);
    assert_string_equal(weft_dataset_class_name(d, 1), "shirt");
    assert_null(weft_dataset_class_name(d, 2));
    assert_memory_equal(weft_dataset_pixels(d), pixels, sizeof pixels);
    assert_memory_equal(weft_dataset_labels(d), labels, sizeof labels);
    assert_string_equal(weft_dataset_origin(d, 2, text, sizeof text), "picture[2]");
    weft_dataset_free(d);
}

static void digest_tells_every_part(void **state)
{
    (void)state;
    const char *const renamed[2] = {"bags", "hirt"};
    const uint16_t relabelled[3] = {1, 1, 1};
    weft_shape wide = {1, 4, 1};
    weft_dataset *d[5];
    d[0] = make();
    assert_ok(weft_dataset_create(&d[1], shape, 3, pixels, labels, 2, renamed));
    assert_ok(weft_dataset_create(&d[2], shape, 3, pixels, relabelled, 2, names));
    assert_ok(weft_dataset_create(&d[3], wide, 3, pixels, labels, 2, names));
    assert_ok(weft_dataset_create(&d[4], shape, 2, pixels + 1, labels, 2, names));
    weft_dataset *same = make();
    assert_string_equal(weft_dataset_digest(d[0]), weft_dataset_digest(same));
    assert_int_equal(strlen(weft_dataset_digest(same)), 64);
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(weft_dataset_digest(d[i]), weft_dataset_digest(d[j]));
    weft_dataset_free(same);
    for (int i = 0; i < 5; i++)
        weft_dataset_free(d[i]);
}

static void views_index_without_copying(void **state)
{
    (void)state;
    weft_dataset *d = make();
    const uint8_t assignment[3] = {0, 1, 0};
    uint32_t first[3], second[3];
    weft_view all = weft_view_all(d);
    weft_view kept = weft_view_part(&all, assignment, 0, 1, first);
    assert_int_equal(kept.count, 2);
    assert_ptr_equal(weft_view_pixels(&kept, 1), weft_dataset_pixels(d) + 8);
    assert_int_equal(weft_view_label(&kept, 1), 1);
    /* A part of a part still counts in the dataset. */
    const uint8_t again[2] = {0, 1};
    weft_view nested = weft_view_part(&kept, again, 0, 0, second);
    assert_int_equal(nested.count, 1);
    assert_int_equal(weft_view_at(&nested, 0), 2);
    weft_dataset_free(d);
}

static void opening_a_test_is_counted(void **state)
{
    (void)state;
    weft_data data = {0};
    assert_ok(weft__test_create(&data.test, make()));
    assert_int_equal(weft_test_count(data.test), 3);
    assert_int_equal(weft_test_openings(data.test), 0);
    weft_view view = weft_test_open(data.test);
    assert_int_equal(view.count, 3);
    assert_int_equal(weft_test_openings(data.test), 1);
    weft_data_clear(&data);
    weft_data_clear(&data);
    assert_null(data.test);
}

static void wrong_arguments_are_named(void **state)
{
    (void)state;
    weft_dataset *d;
    const uint16_t high[3] = {0, 2, 1};
    assert_fails(
        weft_dataset_create(&d, (weft_shape){0, 2, 1}, 3, pixels, labels, 2, names),
        WEFT_EINVAL, "0 x 2");
    assert_fails(
        weft_dataset_create(&d, (weft_shape){2, 5000, 1}, 3, pixels, labels, 2, names),
        WEFT_EINVAL, "1 to 4096");
    assert_fails(
        weft_dataset_create(&d, (weft_shape){2, 2, 2}, 3, pixels, labels, 2, names),
        WEFT_EINVAL, "2 channels");
    assert_fails(weft_dataset_create(&d, shape, 3, pixels, high, 2, names), WEFT_EINVAL,
        "picture 1 has label 2");
    assert_fails(
        weft_dataset_create(&d, shape, 3, pixels, NULL, 2, names), WEFT_EINVAL, "missing");
    assert_fails(weft_dataset_create(&d, shape, 3, pixels, labels, 0, names), WEFT_EINVAL,
        "0 classes");
    assert_fails(weft_dataset_create(&d, shape, 3, pixels, labels, 65536, names),
        WEFT_EINVAL, "65536 classes");
}

static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    weft_status status = WEFT_ENOMEM;
    long n = 1;
    for (; status != WEFT_OK; n++) {
        weft_dataset *d;
        weft__alloc_fail_at(n);
        status = weft_dataset_create(&d, shape, 3, pixels, labels, 2, names);
        weft__alloc_fail_at(0);
        if (status == WEFT_OK)
            weft_dataset_free(d);
        else
            assert_int_equal(status, WEFT_ENOMEM);
    }
    assert_true(n > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_what_it_was_given),
        cmocka_unit_test(digest_tells_every_part),
        cmocka_unit_test(views_index_without_copying),
        cmocka_unit_test(opening_a_test_is_counted),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests_name("dataset", tests, NULL, NULL);
}
