#include "weft/fixes.h"

#include <string.h>
#include <unistd.h>

#include "../support.h"
#include "data/dataset.h"

enum { TRAIN = 6, TEST = 2, CLASSES = 2, BYTES = 4 };

/* Of this process alone. */
static char file_name[64];

/* Picture i of train is all i, of test all 100 + i; classes take turns. */
static weft_data made(void)
{
    static const char *const names[] = {"shoe", "a \"hat\", red"};
    uint8_t pixels[TRAIN * BYTES];
    uint16_t labels[TRAIN];
    weft_data data = {0};
    weft_dataset *test;
    for (size_t i = 0; i < TRAIN; i++) {
        memset(pixels + i * BYTES, (int)i, BYTES);
        labels[i] = (uint16_t)(i % CLASSES);
    }
    assert_ok(weft_dataset_create(
        &data.train, (weft_shape){2, 2, 1}, TRAIN, pixels, labels, CLASSES, names));
    for (size_t i = 0; i < TEST * BYTES; i++)
        pixels[i] = (uint8_t)(100 + i / BYTES);
    assert_ok(weft_dataset_create(
        &test, (weft_shape){2, 2, 1}, TEST, pixels, labels, CLASSES, names));
    data.train->source = strdup("/photos/train-images");
    test->source = strdup("/photos/test-images");
    assert_ok(weft__test_create(&data.test, test));
    return data;
}

static void put(const char *text)
{
    FILE *stream = fopen(file_name, "w");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

static void applies(void **state)
{
    (void)state;
    weft_data data = made(), fixed;
    weft_fixes_applied n;
    put("reason,picture,action,to\r\n"
        "\"a, b\",train-images[1],drop,\r\n"
        ",train-images[2],relabel,\"a \"\"hat\"\", red\"\n"
        ",train-images[3],move,validation\n"
        "\n"
        ",train-images[4],keep,whatever\n"
        ",test-images[0],drop,");
    assert_ok(weft_data_fix(&fixed, &n, &data, file_name));
    assert_int_equal(n.dropped, 2);
    assert_int_equal(n.relabelled, 1);
    assert_int_equal(n.moved, 1);
    assert_int_equal(n.kept, 1);
    static const uint8_t left[] = {0, 2, 4, 5};
    static const uint16_t labels[] = {0, 1, 0, 1};
    assert_int_equal(weft_dataset_count(fixed.train), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(weft_dataset_pixels(fixed.train)[i * BYTES], left[i]);
        assert_int_equal(weft_dataset_labels(fixed.train)[i], labels[i]);
    }
    assert_int_equal(weft_dataset_count(fixed.validation), 1);
    assert_int_equal(weft_dataset_pixels(fixed.validation)[0], 3);
    assert_int_equal(weft_test_count(fixed.test), 1);
    assert_int_equal(weft_test_openings(data.test), 0);
    assert_int_equal(weft_dataset_count(data.train), TRAIN); /* left as it was */
    weft_data_clear(&fixed);
    weft_data_clear(&data);
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
        weft_status status;
    } wrong[] = {
        {"picture,action\n", "headings", WEFT_EFORMAT},
        {"", "headings", WEFT_EFORMAT},
        {"picture,action,to\ntrain-images[1],drop\n", "line 2: 2 fields", WEFT_EFORMAT},
        {"picture,action,to\ntrain-images[9],drop,\n", "'train-images[9]'", WEFT_EFORMAT},
        {"picture,action,to\ntrain-images[1],eat,\n", "'eat'", WEFT_EFORMAT},
        {"picture,action,to\ntrain-images[1],relabel,boot\n", "'boot'", WEFT_EFORMAT},
        {"picture,action,to\ntrain-images[1],move,away\n", "'away'", WEFT_EFORMAT},
        {"picture,action,to\n\"train-images[1],drop,\n", "quote", WEFT_EFORMAT},
        {"picture,action,to\ntrain-images[1],drop,\ntrain-images[1],relabel,shoe\n",
            "line 3", WEFT_EFORMAT},
        {"picture,action,to\ntrain-images[0],drop,\ntrain-images[2],drop,\n"
         "train-images[4],drop,\n",
            "class shoe", WEFT_EINVAL},
    };
    weft_data data = made(), fixed;
    weft_fixes_applied n;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put(wrong[i].text);
        assert_fails(
            weft_data_fix(&fixed, &n, &data, file_name), wrong[i].status, wrong[i].says);
    }
    unlink(file_name);
    assert_fails(weft_data_fix(&fixed, &n, &data, file_name), WEFT_ENOTFOUND, file_name);
    weft_data_clear(&data);
}

int main(void)
{
    snprintf(file_name, sizeof file_name, "/tmp/weft-fixes-%ld.csv", (long)getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(applies),
        cmocka_unit_test(refuses),
    };
    return cmocka_run_group_tests_name("fixes", tests, NULL, NULL);
}
