#include "data/files.h"

#include <zlib.h>

static weft_context *context;
static char folder[64];

static int setup(void **state)
{
    (void)state;
    scratch_folder(folder);
    return weft_context_create(&context, 2) == WEFT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    remove_folder(folder);
    weft_context_free(context);
    return 0;
}

/* Twelve 2 x 2 pictures of classes 0, 1, 2, 0, ...: their bytes count up. */
enum { COUNT = 12, BYTES = 48 };
static uint8_t images[16 + BYTES] = {0, 0, 8, 3, 0, 0, 0, COUNT, 0, 0, 0, 2, 0, 0, 0, 2};
static uint8_t labels[8 + COUNT] = {0, 0, 8, 1, 0, 0, 0, COUNT};

static void put_gz(const char *name, const void *bytes, unsigned size)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    gzFile f = gzopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(gzwrite(f, bytes, size), (int)size);
    assert_int_equal(gzclose(f), Z_OK);
}

static void put_good(void)
{
    for (int i = 0; i < BYTES; i++)
        images[16 + i] = (uint8_t)i;
    for (int i = 0; i < COUNT; i++)
        labels[8 + i] = (uint8_t)(i % 3);
    put_file(folder, "train-images-idx3-ubyte", images, sizeof images);
    put_file(folder, "train-labels-idx1-ubyte", labels, sizeof labels);
}

static weft_status load(weft_data *data)
{
    weft_load_options options = weft_load_defaults();
    return weft_data_load(data, folder, &options, context);
}

static void plain_and_gzipped_are_the_same(void **state)
{
    (void)state;
    put_good();
    put_gz("t10k-images-idx3-ubyte.gz", images, sizeof images);
    put_gz("t10k-labels-idx1-ubyte.gz", labels, sizeof labels);
    weft_data data;
    assert_ok(load(&data));
    assert_null(data.validation);
    weft_view test = weft_test_open(data.test);
    assert_int_equal(test.count, COUNT);
    assert_string_equal(weft_dataset_digest(data.train), weft_dataset_digest(test.data));
    assert_memory_equal(weft_dataset_pixels(data.train), images + 16, BYTES);
    assert_int_equal(weft_view_label(&test, 5), 2);
    assert_string_equal(weft_dataset_class_name(data.train, 2), "2");
    char origin[128];
    weft_dataset_origin(test.data, 3, origin, sizeof origin);
    assert_non_null(strstr(origin, "t10k-images-idx3-ubyte.gz[3]"));
    weft_data_clear(&data);
}

static void names_come_from_the_file_beside(void **state)
{
    (void)state;
    put_good();
    put_text(folder, "class-names.txt", "bag\r\nshirt\nT-shirt/top\n");
    weft_data data;
    assert_ok(load(&data));
    assert_string_equal(weft_dataset_class_name(data.train, 0), "bag");
    assert_string_equal(weft_dataset_class_name(data.train, 2), "T-shirt/top");
    weft_data_clear(&data);
    put_text(folder, "class-names.txt", "bag\nshirt\n");
    assert_fails(load(&data), WEFT_EFORMAT, "picture 2 has label 2: expected below 2");
    put_text(folder, "class-names.txt", "a\nb\nc\nd\n");
    assert_fails(load(&data), WEFT_EFORMAT, "no picture of class 3 (d)");
    put_text(folder, "class-names.txt", "a\n\nc\n");
    assert_fails(load(&data), WEFT_EFORMAT, "line 2 is empty");
}

static void options_choose_size_channels_and_number(void **state)
{
    (void)state;
    put_good();
    weft_data data;
    weft_load_options options = weft_load_defaults();
    options.height = 3;
    options.channels = 3;
    options.limit = 5;
    assert_ok(weft_data_load(&data, folder, &options, context));
    weft_shape shape = weft_dataset_shape(data.train);
    assert_true(shape.height == 3 && shape.width == 2 && shape.channels == 3);
    const uint16_t expected[5] = {0, 1, 2, 0, 1};
    assert_int_equal(weft_dataset_count(data.train), 5);
    assert_memory_equal(weft_dataset_labels(data.train), expected, sizeof expected);
    weft_data_clear(&data);
    options.limit = 2;
    assert_fails(weft_data_load(&data, folder, &options, context), WEFT_EINVAL, "limit 2");
    options.height = 5000;
    assert_fails(weft_data_load(&data, folder, &options, context), WEFT_EINVAL, "5000");
}

static void damage_is_named(void **state)
{
    (void)state;
    weft_data data;
    put_good();
    images[2] = 9;
    put_file(folder, "train-images-idx3-ubyte", images, sizeof images);
    assert_fails(load(&data), WEFT_EFORMAT, "begins with 00 00 09 03");
    images[2] = 8;
    put_file(folder, "train-images-idx3-ubyte", images, sizeof images - 1);
    assert_fails(load(&data), WEFT_EFORMAT, "truncated: 47 bytes of pictures, expected 48");
    put_file(folder, "train-images-idx3-ubyte", images, 10);
    assert_fails(load(&data), WEFT_EFORMAT, "truncated: 6 bytes of header");
    put_file(folder, "train-images-idx3-ubyte", images, 0);
    assert_fails(load(&data), WEFT_EFORMAT, "truncated");
    uint8_t longer[sizeof images + 1] = {0};
    memcpy(longer, images, sizeof images);
    put_file(folder, "train-images-idx3-ubyte", longer, sizeof longer);
    assert_fails(load(&data), WEFT_EFORMAT, "goes on after the 12 pictures");
    put_good();
    labels[7] = COUNT - 1;
    put_file(folder, "train-labels-idx1-ubyte", labels, sizeof labels - 1);
    assert_fails(load(&data), WEFT_EFORMAT, "11 labels for the 12 pictures");
    labels[7] = COUNT;
    for (int i = 0; i < COUNT; i++)
        labels[8 + i] = (uint8_t)(i % 3 * 2);
    put_file(folder, "train-labels-idx1-ubyte", labels, sizeof labels);
    assert_fails(load(&data), WEFT_EFORMAT, "no picture of class 1");
}

/* A header that promises 4 billion pictures costs no memory. */
static void promises_are_not_believed(void **state)
{
    (void)state;
    weft_data data;
    put_good();
    memset(images + 4, 0xff, 4);
    images[10] = images[14] = 8;
    put_file(folder, "train-images-idx3-ubyte", images, sizeof images);
    assert_fails(load(&data), WEFT_EFORMAT, "cannot hold 4294967295 pictures");
    images[8] = 1;
    put_file(folder, "train-images-idx3-ubyte", images, sizeof images);
    assert_fails(load(&data), WEFT_EFORMAT, "1 to 4096 a side");
    images[4] = images[5] = images[6] = images[8] = images[10] = images[14] = 0;
    images[7] = COUNT;
}

static void a_damaged_gzip_is_named(void **state)
{
    (void)state;
    weft_data data;
    char path[128];
    put_good();
    put_gz("t10k-images-idx3-ubyte.gz", images, sizeof images);
    put_gz("t10k-labels-idx1-ubyte.gz", labels, sizeof labels);
    snprintf(path, sizeof path, "%s/t10k-images-idx3-ubyte.gz", folder);
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(truncate(path, found.st_size - 12), 0);
    assert_fails(load(&data), WEFT_EFORMAT, "t10k-images-idx3-ubyte.gz: ");
    put_gz("t10k-images-idx3-ubyte.gz", images, sizeof images);
    FILE *f = fopen(path, "r+b");
    fseek(f, -8, SEEK_END); /* the check sum */
    fputc('x', f);
    fclose(f);
    assert_fails(load(&data), WEFT_EFORMAT, "cannot unpack");
}

static void missing_halves_are_named(void **state)
{
    (void)state;
    weft_data data;
    put_file(folder, "t10k-images-idx3-ubyte", images, sizeof images);
    assert_fails(load(&data), WEFT_EFORMAT, "t10k-labels-idx1-ubyte[.gz] is missing");
    put_file(folder, "t10k-labels-idx1-ubyte", labels, sizeof labels);
    assert_fails(load(&data), WEFT_EFORMAT, "train-images-idx3-ubyte[.gz] is missing");
    put_good();
    images[11] = 1, images[15] = 4;
    put_file(folder, "t10k-images-idx3-ubyte", images, sizeof images);
    assert_fails(load(&data), WEFT_EFORMAT, "pictures of 1 x 4 x 1, but");
    images[11] = 2, images[15] = 2;
}

static void one_class_may_be_loaded(void **state)
{
    (void)state;
    weft_data data;
    put_good();
    memset(labels + 8, 0, COUNT);
    put_file(folder, "train-labels-idx1-ubyte", labels, sizeof labels);
    assert_ok(load(&data));
    assert_int_equal(weft_dataset_classes(data.train), 1);
    weft_data_clear(&data);
}

static void nothing_there_says_so(void **state)
{
    (void)state;
    weft_data data;
    weft_load_options options = weft_load_defaults();
    assert_fails(load(&data), WEFT_EFORMAT, "holds no data set");
    assert_fails(weft_data_load(&data, "/nowhere", &options, context), WEFT_ENOTFOUND,
        "/nowhere: No such file");
}

static void failing_allocations(void **state)
{
    (void)state;
    put_good();
    put_gz("t10k-images-idx3-ubyte.gz", images, sizeof images);
    put_gz("t10k-labels-idx1-ubyte.gz", labels, sizeof labels);
    put_text(folder, "class-names.txt", "a\nb\nc\n");
    weft_load_options options = weft_load_defaults();
    options.height = 5;
    options.channels = 3;
    options.limit = 9;
    survive_failing_allocations(folder, &options, context);
}

static void fashion_mnist_as_published(void **state)
{
    (void)state;
    if (!fashion_mnist())
        skip();
    weft_data data;
    weft_load_options options = weft_load_defaults();
    assert_ok(weft_data_load(&data, fashion_mnist(), &options, context));
    assert_int_equal(weft_dataset_count(data.train), 60000);
    assert_int_equal(weft_test_count(data.test), 10000);
    assert_string_equal(weft_dataset_class_name(data.train, 9), "Ankle boot");
    const uint8_t *pixels = weft_dataset_pixels(data.train);
    double sum = 0;
    for (size_t i = 0; i < (size_t)60000 * 784; i++)
        sum += pixels[i];
    sum /= 255.0 * 60000 * 784;
    assert_true(sum > 0.28595 && sum < 0.28605); /* the published mean, 0.2860 */
    weft_data_clear(&data);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(plain_and_gzipped_are_the_same),
        TEST(names_come_from_the_file_beside),
        TEST(options_choose_size_channels_and_number),
        TEST(damage_is_named),
        TEST(promises_are_not_believed),
        TEST(a_damaged_gzip_is_named),
        TEST(missing_halves_are_named),
        TEST(one_class_may_be_loaded),
        TEST(nothing_there_says_so),
        TEST(failing_allocations),
        TEST(fashion_mnist_as_published),
    };
    return cmocka_run_group_tests_name("idx", tests, NULL, NULL);
}
