/* Folds, groups and pooling. */
#include "support.h"

#include "data/dataset.h"
#include "data/files.h"
#include "data/folds.inc"

enum { COUNT = sizeof fold_labels / sizeof *fold_labels, CLASSES = 4 };

static weft_dataset *pictures(void)
{
    static uint8_t pixels[COUNT];
    weft_dataset *d;
    for (size_t i = 0; i < COUNT; i++)
        pixels[i] = (uint8_t)i;
    assert_ok(weft_dataset_create(
        &d, (weft_shape){1, 1, 1}, COUNT, pixels, fold_labels, CLASSES, NULL));
    return d;
}

static void classes_are_spread_as_stratifiedkfold_does(void **state)
{
    (void)state;
    weft_dataset *d = pictures();
    weft_view view = weft_view_all(d);
    uint8_t fold[COUNT];
    for (uint64_t seed = 0; seed < 20; seed++) {
        size_t counts[7][CLASSES] = {{0}};
        assert_ok(weft_split_folds(fold, &view, 7, seed));
        for (size_t i = 0; i < COUNT; i++)
            counts[fold[i]][fold_labels[i]]++;
        for (size_t f = 0; f < 7; f++)
            for (size_t c = 0; c < CLASSES; c++)
                assert_in_range(
                    counts[f][c] + 1, stratified_counts[f][c], stratified_counts[f][c] + 2);
    }
    weft_dataset_free(d);
}

static void groups_are_dealt_as_stratifiedgroupkfold_does(void **state)
{
    (void)state;
    weft_dataset *d = pictures();
    weft_view view = weft_view_all(d);
    uint8_t fold[COUNT];
    /* No two groups are alike, so the seed decides nothing. */
    for (uint64_t seed = 0; seed < 3; seed++) {
        assert_ok(weft_split_groups(fold, &view, fold_groups, 5, seed));
        assert_memory_equal(fold, group_folds, COUNT);
    }
    weft_dataset_free(d);
}

static void equal_groups_follow_the_seed(void **state)
{
    (void)state;
    weft_dataset *d = pictures();
    weft_view view = weft_view_all(d);
    uint32_t alone[COUNT];
    uint8_t one[COUNT], two[COUNT], again[COUNT];
    for (size_t i = 0; i < COUNT; i++)
        alone[i] = (uint32_t)(COUNT - 1 - i);
    assert_ok(weft_split_groups(one, &view, alone, 5, 1));
    assert_ok(weft_split_groups(again, &view, alone, 5, 1));
    assert_ok(weft_split_groups(two, &view, alone, 5, 2));
    assert_memory_equal(one, again, COUNT);
    assert_memory_not_equal(one, two, COUNT);
    size_t sizes[5] = {0};
    for (size_t i = 0; i < COUNT; i++)
        sizes[one[i]]++;
    for (size_t f = 0; f < 5; f++)
        assert_in_range(sizes[f], COUNT / 5 - CLASSES, COUNT / 5 + CLASSES);
    weft_dataset_free(d);
}

static void bad_groups_are_told(void **state)
{
    (void)state;
    weft_dataset *d = pictures();
    weft_view view = weft_view_all(d);
    uint32_t groups[COUNT] = {0};
    uint8_t fold[COUNT];
    assert_fails(weft_split_groups(fold, &view, groups, 5, 1), WEFT_EINVAL,
        "1 groups cannot be kept together in 5 folds");
    groups[7] = COUNT;
    assert_fails(weft_split_groups(fold, &view, groups, 5, 1), WEFT_EINVAL,
        "picture 7 is of group 503");
    assert_fails(weft_split_groups(fold, &view, groups, 1, 1), WEFT_EINVAL, "2 to 255");
    weft_dataset_free(d);
}

/* Three pictures, "a/x,1.png", "a/y.png" and "b/z.png", read from "photos". */
static weft_dataset *photos(void)
{
    static const char paths[] = "a/x,1.png\0a/y.png\0b/z.png";
    static const size_t at[] = {0, 10, 18};
    static const uint8_t pixels[3];
    static const uint16_t labels[] = {0, 0, 1};
    weft_dataset *d;
    assert_ok(weft_dataset_create(&d, (weft_shape){1, 1, 1}, 3, pixels, labels, 2, NULL));
    d->source = strdup("photos");
    d->paths = malloc(sizeof paths);
    d->path_at = malloc(sizeof at);
    memcpy(d->paths, paths, sizeof paths);
    memcpy(d->path_at, at, sizeof at);
    return d;
}

/* Reads what `text` says from a file groups.csv. */
static weft_status load_groups(uint32_t **groups, const weft_dataset *d, const char *text)
{
    char folder[64], path[96];
    put_text(scratch_folder(folder), "groups.csv", text);
    snprintf(path, sizeof path, "%s/groups.csv", folder);
    weft_status status = weft_groups_load(groups, d, path);
    remove_folder(folder);
    return status;
}

static void groups_are_read_by_number_and_path(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "picture,group\r\n0,shoe 4\r\n1,shoe 4\r\n2,hat\r\n",
        "2,hat\n\"photos/a/x,1.png\",\"shoe 4\"\n\na/y.png,shoe 4"};
    weft_dataset *d = photos();
    for (size_t i = 0; i < 2; i++) {
        uint32_t *groups;
        assert_ok(load_groups(&groups, d, texts[i]));
        const uint32_t expected[] = {1, 1, 0};
        assert_memory_equal(groups, expected, sizeof expected);
        free(groups);
    }
    weft_dataset_free(d);
}

static void bad_group_files_are_told(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"0,a\n1,b\n", "groups.csv: no group for picture 2, photos/b/z.png"},
        {"0,a\n0,a\n", "groups.csv, line 2: '0' is given a second time"},
        {"3,a\n", "line 1: picture 3: expected a number below 3"},
        {"a/w.png,a\n", "line 1: 'a/w.png' is none of the 3 pictures"},
        {"0\n", "line 1: expected 'picture,group'"},
        {"\"0,a\n", "line 1: expected 'picture,group'"},
        {"0,\n", "line 1: '0' has no group"},
        {"", "no group for picture 0"},
    };
    weft_dataset *d = photos();
    uint32_t *groups;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_fails(load_groups(&groups, d, texts[i][0]), WEFT_EFORMAT, texts[i][1]);
    assert_fails(weft_groups_load(&groups, d, "none.csv"), WEFT_ENOTFOUND, "none.csv");
    weft_dataset_free(d);
    d = pictures();
    assert_fails(load_groups(&groups, d, "a/x.png,1\n"), WEFT_EFORMAT, "are no files");
    weft_dataset_free(d);
}

static void a_pool_has_every_split(void **state)
{
    (void)state;
    weft_data data = {.train = pictures(), .validation = pictures()};
    assert_ok(weft__test_create(&data.test, pictures()));
    weft_dataset *pooled;
    assert_ok(weft_data_pool(&pooled, &data));
    assert_int_equal(weft_dataset_count(pooled), 3 * COUNT);
    assert_int_equal(weft_test_openings(data.test), 1);
    for (size_t i = 0; i < 3 * COUNT; i++) {
        assert_int_equal(weft_dataset_pixels(pooled)[i], (uint8_t)(i % COUNT));
        assert_int_equal(weft_dataset_labels(pooled)[i], fold_labels[i % COUNT]);
    }
    weft_dataset_free(pooled);

    static const uint8_t pixel;
    static const uint16_t label;
    weft_dataset_free(data.validation);
    assert_ok(weft_dataset_create(
        &data.validation, (weft_shape){1, 1, 1}, 1, &pixel, &label, 1, NULL));
    assert_fails(weft_data_pool(&pooled, &data), WEFT_EINVAL, "1 classes");
    weft_data_clear(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_spread_as_stratifiedkfold_does),
        cmocka_unit_test(groups_are_dealt_as_stratifiedgroupkfold_does),
        cmocka_unit_test(equal_groups_follow_the_seed),
        cmocka_unit_test(bad_groups_are_told),
        cmocka_unit_test(groups_are_read_by_number_and_path),
        cmocka_unit_test(bad_group_files_are_told),
        cmocka_unit_test(a_pool_has_every_split),
    };
    return cmocka_run_group_tests_name("folds", tests, NULL, NULL);
}
