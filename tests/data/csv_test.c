#include "data/files.h"

#include <zlib.h>

static weft_context *context;
static char folder[64], file[80];

static int setup(void **state)
{
    (void)state;
    scratch_folder(folder);
    snprintf(file, sizeof file, "%s/some.csv", folder);
    return weft_context_create(&context, 2) == WEFT_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    remove_folder(folder);
    weft_context_free(context);
    return 0;
}

static weft_status load_from(weft_data *data, const char *where)
{
    weft_load_options options = weft_load_defaults();
    return weft_data_load(data, where, &options, context);
}

/* Loads the text as some.csv. */
static weft_status load(weft_data *data, const char *text)
{
    put_text(folder, "some.csv", text);
    return load_from(data, file);
}

static void header_line_ends_and_blanks_do_not_matter(void **state)
{
    (void)state;
    const char *const texts[] = {
        "1,0,10,200,255\n0,1,2,3,4\n",
        "label,pixel1,pixel2,pixel3,pixel4\n1,0,10,200,255\n0,1,2,3,4",
        "\xef\xbb\xbf\"label\",\"p1\",\"p2\",\"p3\",\"p4\"\r\n1,0,10,200,255\r\n0,1,2,3,"
        "4\r\n\r\n",
        "\xef\xbb\xbf"
        "1, 0,10 ,200.0,255.\n\n0,01,2,3,4\n\n",
    };
    char digest[65] = "";
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        weft_data data;
        assert_ok(load(&data, texts[i]));
        const uint8_t pixels[8] = {0, 10, 200, 255, 1, 2, 3, 4};
        const uint16_t labels[2] = {1, 0};
        weft_shape shape = weft_dataset_shape(data.train);
        assert_true(shape.height == 2 && shape.width == 2 && shape.channels == 1);
        assert_memory_equal(weft_dataset_pixels(data.train), pixels, sizeof pixels);
        assert_memory_equal(weft_dataset_labels(data.train), labels, sizeof labels);
        if (i)
            assert_string_equal(weft_dataset_digest(data.train), digest);
        snprintf(digest, sizeof digest, "%s", weft_dataset_digest(data.train));
        weft_data_clear(&data);
    }
}

static void shapes_come_from_the_count_or_the_options(void **state)
{
    (void)state;
    weft_data data;
    assert_ok(load(&data, "0,1,2,3\n0,4,5,6\n"));
    assert_int_equal(weft_dataset_shape(data.train).channels, 3);
    weft_data_clear(&data);
    assert_fails(load(&data, "0,1,2\n"), WEFT_EFORMAT, "2 pixels make no square");
    weft_load_options options = weft_load_defaults();
    options.height = 1;
    options.width = 2;
    assert_ok(weft_data_load(&data, file, &options, context));
    assert_int_equal(weft_dataset_shape(data.train).width, 2);
    weft_data_clear(&data);
}

static void wrong_cells_name_line_and_column(void **state)
{
    (void)state;
    weft_data data;
    assert_fails(load(&data, "0,1,2,3,4\n0,1,,3,4\n"), WEFT_EFORMAT,
        "some.csv: line 2, column 3: missing");
    assert_fails(load(&data, "label,a,b,c,d\n0,1,2,3,4\n0,1,2,x7,4\n"), WEFT_EFORMAT,
        "line 3, column 4: 'x7': expected 0 to 255");
    assert_fails(load(&data, "0,1,2,3,256\n"), WEFT_EFORMAT, "column 5: '256'");
    assert_fails(load(&data, "0,1,2,3,-1\n"), WEFT_EFORMAT, "column 5: '-1'");
    assert_fails(load(&data, "0,1,2,3,1.5\n"), WEFT_EFORMAT, "column 5: '1.5'");
    assert_fails(load(&data, "0,1,2,3,4\n65535,1,2,3,4\n"), WEFT_EFORMAT,
        "line 2, column 1: '65535': expected 0 to 65534");
    assert_fails(
        load(&data, "0,1,2,3,4\nbag,1,2,3,4\n"), WEFT_EFORMAT, "line 2, column 1: 'bag'");
    assert_fails(load(&data, "0,1,2,3,4\n0,1,2,3\n"), WEFT_EFORMAT, "line 2: 3 pixels");
    assert_fails(load(&data, "0,1,2,3,4\n\n0,1,2,3,4,5\n"), WEFT_EFORMAT,
        "line 3: more than the 4 pixels");
    assert_fails(load(&data, "0\n"), WEFT_EFORMAT, "a label and no pixels");
    assert_fails(load(&data, ""), WEFT_EFORMAT, "holds no picture");
    assert_fails(load(&data, "label,pixel1\n"), WEFT_EFORMAT, "holds no picture");
    assert_fails(load(&data, "1,1,2,3,4\n"), WEFT_EFORMAT, "no picture of class 0");
}

/* More than a block, the first of many faults far behind: it is the one named, each time.
 */
static void the_first_fault_of_many_is_named(void **state)
{
    (void)state;
    enum { LINES = 2000000, LINE = 10 };
    char *text = malloc((size_t)LINES * LINE + 1);
    for (size_t i = 0; i < LINES; i++)
        memcpy(text + i * LINE, "0,1,2,3,4\n", LINE);
    text[(size_t)LINES * LINE] = 0;
    weft_data data;
    assert_ok(load(&data, text));
    assert_int_equal(weft_dataset_count(data.train), LINES);
    assert_int_equal(weft_dataset_pixels(data.train)[4 * LINES - 1], 4);
    weft_data_clear(&data);
    for (size_t i = 1234566; i < LINES; i += 100)
        text[i * LINE + 4] = '?';
    for (int round = 0; round < 3; round++)
        assert_fails(load(&data, text), WEFT_EFORMAT, "line 1234567, column 3: '?'");
    free(text);
}

static void folders_with_the_published_names(void **state)
{
    (void)state;
    weft_data data;
    char path[128];
    put_text(folder, "test.csv", "0,1,2,3,4\n");
    assert_fails(load_from(&data, folder), WEFT_EFORMAT, "train.csv[.gz] is missing");
    snprintf(path, sizeof path, "%s/train.csv.gz", folder);
    gzFile f = gzopen(path, "wb");
    gzputs(f, "label,a,b,c,d\n0,1,2,3,4\n1,2,3,4,5\n");
    gzclose(f);
    put_text(folder, "class-names.txt", "bag\nshirt\n");
    assert_ok(load_from(&data, folder));
    assert_int_equal(weft_dataset_count(data.train), 2);
    assert_int_equal(weft_test_count(data.test), 1);
    assert_string_equal(weft_dataset_class_name(data.train, 1), "shirt");
    weft_data_clear(&data);
    put_text(folder, "test.csv", "0,1,2,3\n");
    assert_fails(load_from(&data, folder), WEFT_EFORMAT, "pictures of 1 x 1 x 3, but");
    assert_int_equal(truncate(path, 30), 0);
    assert_fails(load_from(&data, path), WEFT_EFORMAT, "train.csv.gz: ");
}

static void kaggles_names_are_fashion_mnists(void **state)
{
    (void)state;
    weft_data data;
    char text[256] = "label,pixel1\n";
    for (int i = 0; i < 10; i++)
        sprintf(text + strlen(text), "%d,%d\n", i, i);
    put_text(folder, "fashion-mnist_train.csv", text);
    assert_ok(load_from(&data, folder));
    assert_string_equal(weft_dataset_class_name(data.train, 5), "Sandal");
    weft_data_clear(&data);
}

static void failing_allocations(void **state)
{
    (void)state;
    put_text(folder, "train.csv", "0,1,2,3,4\n1,2,3,4,5\n");
    put_text(folder, "test.csv", "0,1,2,3,4\n");
    put_text(folder, "class-names.txt", "bag\nshirt\n");
    weft_load_options options = weft_load_defaults();
    survive_failing_allocations(folder, &options, context);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(header_line_ends_and_blanks_do_not_matter),
        TEST(shapes_come_from_the_count_or_the_options),
        TEST(wrong_cells_name_line_and_column),
        TEST(the_first_fault_of_many_is_named),
        TEST(folders_with_the_published_names),
        TEST(kaggles_names_are_fashion_mnists),
        TEST(failing_allocations),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
