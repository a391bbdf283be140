#include "data/files.h"

#include <ftw.h>

#include "data/dataset.h"
#include "weft/picture.h"

static weft_context *context;
static char folder[64], data_folder[80];
static char notes[4096]; /* the texts of all notes */

static void take_note(void *user, const weft_event *event)
{
    (void)user;
    if (event->kind == WEFT_EVENT_NOTE &&
        strlen(notes) + strlen(event->text) + 2 < sizeof notes) {
        strcat(notes, event->text);
        strcat(notes, "\n");
    }
}

static int setup(void **state)
{
    (void)state;
    scratch_folder(folder);
    snprintf(data_folder, sizeof data_folder, "%s/data", folder);
    notes[0] = 0;
    if (weft_context_create(&context, 2) != WEFT_OK)
        return -1;
    weft_context_on_event(context, take_note, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_folder(folder);
    weft_context_free(context);
    return 0;
}

static void put_picture(const char *name, uint8_t level, weft_shape shape)
{
    char path[256];
    uint8_t *pixels = malloc(weft_shape_bytes(shape));
    memset(pixels, level, weft_shape_bytes(shape));
    snprintf(path, sizeof path, "data/%s", name);
    put_text(folder, path, ""); /* makes the folders */
    snprintf(path, sizeof path, "%s/%s", data_folder, name);
    assert_ok(weft_picture_write_png(path, pixels, shape));
    free(pixels);
}

static const weft_shape small = {3, 4, 1}, large = {100, 50, 3};

static weft_status load(weft_data *data)
{
    weft_load_options options = weft_load_defaults();
    return weft_data_load(data, data_folder, &options, context);
}

static void splits_and_their_aliases(void **state)
{
    (void)state;
    put_picture("Train/shirt/1.png", 10, small);
    put_picture("Train/bag/2.png", 20, small);
    put_picture("Train/t-shirt/0.png", 30, small);
    put_picture("valid/shirt/1.png", 40, small);
    put_picture("testing/bag/1.png", 50, small);
    put_picture("testing/bag/2.png", 60, small);
    put_text(folder, "data/.hidden", "");
    put_text(folder, "data/Train/bag/.DS_Store", "");
    put_text(folder, "data/LICENSE", "");
    weft_data data;
    assert_ok(load(&data));
    assert_int_equal(weft_dataset_classes(data.train), 3);
    assert_string_equal(weft_dataset_class_name(data.train, 0), "bag");
    assert_string_equal(weft_dataset_class_name(data.train, 2), "t-shirt");
    assert_string_equal(weft_dataset_class_name(data.validation, 2), "t-shirt");
    /* By their own names, whatever the class. */
    const uint16_t labels[3] = {2, 1, 0};
    assert_memory_equal(weft_dataset_labels(data.train), labels, sizeof labels);
    assert_int_equal(weft_dataset_pixels(data.train)[0], 30);
    assert_int_equal(weft_dataset_labels(data.validation)[0], 1);
    assert_int_equal(weft_test_count(data.test), 2);
    weft_shape shape = weft_dataset_shape(data.train);
    assert_memory_equal(&shape, &small, sizeof shape); /* small pictures stay as they are */
    char origin[256];
    weft_dataset_origin(data.train, 0, origin, sizeof origin);
    assert_non_null(strstr(origin, "/data/Train/t-shirt/0.png"));
    assert_non_null(strstr(notes, "2 hidden files left out"));
    weft_data_clear(&data);
}

static void without_splits_all_is_train(void **state)
{
    (void)state;
    put_picture("a/1.png", 10, small);
    put_picture("b/1.png", 20, large);
    weft_data data;
    assert_ok(load(&data));
    assert_true(!data.validation && !data.test);
    assert_int_equal(weft_dataset_count(data.train), 2);
    weft_shape shape = weft_dataset_shape(data.train), standard = {64, 64, 3};
    assert_memory_equal(&shape, &standard, sizeof shape);
    const uint8_t *second = weft_dataset_pixels(data.train) + weft_shape_bytes(shape);
    assert_int_equal(second[0], 255);                 /* padding */
    assert_int_equal(second[3 * (32 * 64 + 32)], 20); /* the picture */
    weft_data_clear(&data);
}

static void options_choose_the_shape(void **state)
{
    (void)state;
    put_picture("a/1.png", 10, small);
    put_picture("b/1.png", 20, small);
    put_picture("b/2.png", 20, small);
    weft_load_options options = weft_load_defaults();
    options.height = 7;
    options.channels = 3;
    options.limit = 2;
    weft_data data;
    assert_ok(weft_data_load(&data, data_folder, &options, context));
    weft_shape shape = weft_dataset_shape(data.train), expected = {7, 7, 3};
    assert_memory_equal(&shape, &expected, sizeof shape);
    assert_int_equal(weft_dataset_count(data.train), 2);
    weft_data_clear(&data);
}

static void photos_have_a_side_of_their_own(void **state)
{
    (void)state;
    put_picture("a/1.png", 10, small);
    put_picture("b/1.png", 20, small);
    weft_load_options options = weft_load_defaults();
    options.photo_side = 24;
    weft_data data;
    assert_ok(weft_data_load(&data, data_folder, &options, context));
    weft_shape shape = weft_dataset_shape(data.train), expected = {24, 24, 3};
    assert_memory_equal(&shape, &small, sizeof shape); /* no photos: as they are stored */
    weft_data_clear(&data);
    put_picture("b/2.png", 20, large);
    assert_ok(weft_data_load(&data, data_folder, &options, context));
    shape = weft_dataset_shape(data.train);
    assert_memory_equal(&shape, &expected, sizeof shape);
    weft_data_clear(&data);
    options.photo_side = WEFT_MAX_SIDE + 1;
    assert_fails(weft_data_load(&data, data_folder, &options, context), WEFT_EINVAL,
        "photos to 4097 a side");
}

/* The same pictures as IDX files and as PNG files are the same data set. */
static void png_and_idx_have_one_digest(void **state)
{
    (void)state;
    enum { COUNT = 12, BYTES = 6 };
    const char *const class_folders[] = {"T-shirt%2Ftop", "Trouser", "Bag"};
    uint8_t images[16 + COUNT * BYTES] = {
        0, 0, 8, 3, 0, 0, 0, COUNT, 0, 0, 0, 2, 0, 0, 0, 3};
    uint8_t labels[8 + COUNT] = {0, 0, 8, 1, 0, 0, 0, COUNT};
    for (int i = 0; i < COUNT; i++) {
        char path[256];
        const char *class_folder = class_folders[i * 5 % 3];
        labels[8 + i] = (uint8_t)(i * 5 % 3);
        for (int b = 0; b < BYTES; b++)
            images[16 + i * BYTES + b] = (uint8_t)(i * 40 + b * 9);
        snprintf(path, sizeof path, "data/train/%s/%04d.png", class_folder, i);
        put_text(folder, path, "");
        snprintf(path, sizeof path, "%s/train/%s/%04d.png", data_folder, class_folder, i);
        assert_ok(
            weft_picture_write_png(path, images + 16 + i * BYTES, (weft_shape){2, 3, 1}));
    }
    put_file(folder, "idx/train-images-idx3-ubyte", images, sizeof images);
    put_file(folder, "idx/train-labels-idx1-ubyte", labels, sizeof labels);
    put_text(folder, "idx/class-names.txt", "T-shirt/top\nTrouser\nBag\n");
    put_text(folder, "data/class-names.txt", "T-shirt/top\nTrouser\nBag\n");
    weft_data png, idx;
    weft_load_options options = weft_load_defaults();
    char idx_folder[80];
    snprintf(idx_folder, sizeof idx_folder, "%s/idx", folder);
    assert_ok(load(&png));
    assert_ok(weft_data_load(&idx, idx_folder, &options, context));
    assert_string_equal(weft_dataset_digest(png.train), weft_dataset_digest(idx.train));
    weft_data_clear(&png);
    weft_data_clear(&idx);
    put_text(folder, "data/class-names.txt", "T-shirt/top\nTrouser\n");
    assert_fails(load(&png), WEFT_EFORMAT, "2 names for 3 class folders");
    put_text(folder, "data/class-names.txt", "T-shirt/top\nTrouser\nCoat\n");
    assert_fails(load(&png), WEFT_EFORMAT, "line 3: 'Coat' is no folder of train");
    put_text(folder, "data/class-names.txt", "Bag\nTrouser\nBag\n");
    assert_fails(load(&png), WEFT_EFORMAT, "line 3: 'Bag' has come before");
}

static void unreadable_pictures_are_named_and_left_out(void **state)
{
    (void)state;
    put_picture("train/a/1.png", 10, small);
    put_text(folder, "data/train/a/2.png", "");
    put_picture("train/a/3.png", 30, small);
    put_text(folder, "data/train/b/4.jpg", "no picture");
    put_picture("train/b/5.png", 50, small);
    put_picture("train/b/inner/6.png", 60, small);
    for (int round = 0; round < 2; round++) { /* decoded, then from the cache */
        weft_data data;
        notes[0] = 0;
        assert_ok(load(&data));
        assert_int_equal(data.train->mapping != NULL, round);
        assert_int_equal(weft_dataset_count(data.train), 3);
        assert_int_equal(weft_dataset_pixels(data.train)[12], 30);
        assert_int_equal(weft_dataset_pixels(data.train)[24], 50);
        const uint16_t labels[3] = {0, 0, 1};
        assert_memory_equal(weft_dataset_labels(data.train), labels, sizeof labels);
        assert_int_equal(weft_dataset_skipped(data.train), 3);
        assert_string_equal(weft_dataset_skipped_path(data.train, 0), "a/2.png");
        assert_non_null(strstr(weft_dataset_skipped_reason(data.train, 0), "is empty"));
        assert_non_null(strstr(notes, "4.jpg: is no JPEG"));
        assert_non_null(strstr(notes, "b/inner: cannot read: Is a directory"));
        weft_data_clear(&data);
    }
    assert_int_equal(unlink((strcat(data_folder, "/train/b/5.png"))), 0);
    data_folder[strlen(data_folder) - strlen("/train/b/5.png")] = 0;
    weft_data data;
    assert_fails(load(&data), WEFT_EFORMAT, "no picture of class b that can be read");
}

static void folders_that_make_no_sense(void **state)
{
    (void)state;
    weft_data data;
    put_picture("test/a/1.png", 10, small);
    assert_fails(load(&data), WEFT_EFORMAT, "holds test but no train folder");
    put_text(folder, "data/train/readme", "");
    assert_fails(load(&data), WEFT_EFORMAT, "train: holds no class folder");
    put_text(folder, "data/train/a/.keep", "");
    assert_fails(load(&data), WEFT_EFORMAT, "no picture that can be read: its folders are");
    put_text(folder, "data/train/a/1.png", "x");
    assert_fails(load(&data), WEFT_EFORMAT, "1.png: is no JPEG");
    put_picture("train/a/1.png", 10, small);
    put_text(folder, "data/train/b/.keep", "");
    assert_fails(load(&data), WEFT_EFORMAT, "no picture of class b");
    put_picture("train/b/1.png", 10, small);
    assert_ok(load(&data));
    weft_data_clear(&data);
    put_picture("test/c/1.png", 10, small);
    assert_fails(load(&data), WEFT_EFORMAT, "test/c: there is no such class");
    put_picture("val/a/1.png", 10, small);
    put_picture("dev/a/1.png", 10, small);
    assert_fails(load(&data), WEFT_EFORMAT, "expected one validation");
}

/* Calls `damage` on every cache file. */
static int (*damage)(const char *path);

static int damage_one(const char *path, const struct stat *s, int kind, struct FTW *ftw)
{
    (void)s;
    (void)ftw;
    size_t n = strlen(path);
    return kind == FTW_F && n > 7 && !strcmp(path + n - 7, ".pixels") ? damage(path) : 0;
}

static int cut(const char *path)
{
    struct stat found;
    return stat(path, &found) || truncate(path, found.st_size - 1);
}

static int lie(const char *path)
{
    FILE *f = fopen(path, "r+b");
    fseek(f, 12, SEEK_SET);
    fputc(0xff, f);
    return fclose(f);
}

static int spoil_table(const char *path)
{
    FILE *f = fopen(path, "r+b");
    fseek(f, 112, SEEK_SET); /* behind the header: the first record */
    fputc(0xff, f);
    return fclose(f);
}

static void caches_are_not_trusted(void **state)
{
    (void)state;
    put_picture("a/1.png", 10, small);
    put_text(folder, "data/b/1.png", "");
    put_picture("b/2.png", 20, small);
    weft_data data;
    char digest[65];
    assert_ok(load(&data));
    snprintf(digest, sizeof digest, "%s", weft_dataset_digest(data.train));
    weft_data_clear(&data);
    int (*const ways[])(const char *) = {cut, lie, spoil_table};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        damage = ways[i];
        assert_int_equal(nftw(folder, damage_one, 16, FTW_PHYS), 0);
        for (int round = 0; round < 2; round++) {
            assert_ok(load(&data));
            assert_int_equal(data.train->mapping != NULL, round); /* made anew, then used */
            assert_string_equal(weft_dataset_digest(data.train), digest);
            weft_data_clear(&data);
        }
    }
    put_picture("b/2.png", 99, small); /* another time, perhaps another size */
    assert_ok(load(&data));
    assert_null(data.train->mapping);
    assert_int_equal(weft_dataset_pixels(data.train)[12], 99);
    weft_data_clear(&data);
}

static void a_cache_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    put_picture("a/1.png", 10, small);
    put_picture("b/2.png", 20, small);
    put_text(folder, "file", "");
    char file[80];
    snprintf(file, sizeof file, "%s/file", folder); /* no folder can be made below a file */
    setenv("XDG_CACHE_HOME", file, 1);
    weft_data data;
    assert_ok(load(&data));
    weft_data_clear(&data);
    assert_non_null(strstr(notes, "the decoded pictures are not kept"));
    notes[0] = 0;
    weft_load_options options = weft_load_defaults();
    options.no_cache = 1;
    assert_ok(weft_data_load(&data, data_folder, &options, context));
    weft_data_clear(&data);
    assert_string_equal(notes, "");
}

static void cancelling_leaves_nothing(void **state)
{
    (void)state;
    put_picture("a/1.png", 10, small);
    put_picture("b/2.png", 20, small);
    weft_context_cancel(context);
    weft_data data;
    assert_fails(load(&data), WEFT_ECANCELLED, "cancelled while reading");
    assert_null(data.train);
}

static void failing_allocations(void **state)
{
    (void)state;
    put_picture("train/b/1.png", 10, small);
    put_text(folder, "data/train/a/1.png", "");
    put_picture("train/a/2.png", 20, small);
    put_picture("test/a/2.png", 20, small);
    put_text(folder, "data/class-names.txt", "b\na\n");
    weft_load_options options = weft_load_defaults();
    options.no_cache = 1;
    survive_failing_allocations(data_folder, &options, context);
    options.no_cache = 0;
    survive_failing_allocations(data_folder, &options, context);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(splits_and_their_aliases),
        TEST(without_splits_all_is_train),
        TEST(options_choose_the_shape),
        TEST(photos_have_a_side_of_their_own),
        TEST(png_and_idx_have_one_digest),
        TEST(unreadable_pictures_are_named_and_left_out),
        TEST(folders_that_make_no_sense),
        TEST(caches_are_not_trusted),
        TEST(a_cache_that_cannot_be_written_is_told),
        TEST(cancelling_leaves_nothing),
        TEST(failing_allocations),
    };
    return cmocka_run_group_tests_name("folder", tests, NULL, NULL);
}
