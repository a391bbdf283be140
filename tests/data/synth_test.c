#include "support.h"

#include "data/dataset.h"
#include "data/draw.h"

static weft_data load(const char *where, int threads)
{
    weft_context *context;
    weft_data data;
    weft_load_options options = weft_load_defaults();
    assert_ok(weft_context_create(&context, threads));
    assert_ok(weft_data_load(&data, where, &options, context));
    weft_context_free(context);
    return data;
}

static void threads_and_neighbours_change_nothing(void **state)
{
    (void)state;
    const char *const specs[] = {"synth:n=300,test=40,validation=30",
        "synth:n=60,test=10,validation=10,size=64,colour"};
    for (size_t k = 0; k < 2; k++) {
        weft_data one = load(specs[k], 1), three = load(specs[k], 3);
        assert_string_equal(
            weft_dataset_digest(one.train), weft_dataset_digest(three.train));
        assert_string_equal(
            weft_dataset_digest(one.validation), weft_dataset_digest(three.validation));
        assert_string_equal(weft_dataset_digest(weft__test_data(one.test)),
            weft_dataset_digest(weft__test_data(three.test)));
        weft_data_clear(&one);
        weft_data_clear(&three);
    }
    /* A longer set begins with the shorter one's pictures. */
    weft_data few = load("synth:n=50", 2), many = load("synth:n=90", 2);
    assert_memory_equal(
        weft_dataset_pixels(few.train), weft_dataset_pixels(many.train), 50 * 784);
    assert_memory_equal(
        weft_dataset_labels(few.train), weft_dataset_labels(many.train), 100);
    weft_data_clear(&few);
    weft_data_clear(&many);
}

static void seeds_and_splits_differ(void **state)
{
    (void)state;
    weft_data a = load("synth:n=100,test=100", 1),
              b = load("synth:n=100,test=100,seed=2", 1);
    const weft_dataset *test = weft__test_data(a.test);
    const uint8_t *first = weft_dataset_pixels(a.train),
                  *other = weft_dataset_pixels(b.train);
    size_t same = 0;
    for (size_t i = 0; i < 100; i++)
        for (size_t j = 0; j < 100; j++) {
            same += i != j && memcmp(first + i * 784, first + j * 784, 784) == 0;
            same += memcmp(first + i * 784, other + j * 784, 784) == 0;
            same += memcmp(first + i * 784, weft_dataset_pixels(test) + j * 784, 784) == 0;
        }
    assert_int_equal(same, 0);
    weft_data_clear(&a);
    weft_data_clear(&b);
}

static void classes_are_even_in_every_ten(void **state)
{
    (void)state;
    weft_data data = load("synth:n=200,test=0", 2);
    assert_null(data.test);
    assert_null(data.validation);
    const uint16_t *labels = weft_dataset_labels(data.train);
    size_t in_order = 0;
    for (size_t ten = 0; ten < 20; ten++) {
        unsigned seen = 0;
        for (size_t i = 0; i < 10; i++) {
            seen |= 1u << labels[ten * 10 + i];
            in_order += labels[ten * 10 + i] == i;
        }
        assert_int_equal(seen, 1023);
    }
    assert_true(in_order < 60);
    assert_string_equal(weft_dataset_class_name(data.train, 0), "T-shirt/top");
    assert_string_equal(weft_dataset_class_name(data.train, 9), "Ankle boot");
    weft_data_clear(&data);
}

/* Every class has a look: the nearest class mean is right far more often than chance, and
 * no picture is empty. */
static void classes_can_be_told_apart(void **state)
{
    (void)state;
    enum { N = 1000 };
    weft_data data = load("synth:n=1000,test=1000", 2);
    const weft_dataset *test = weft__test_data(data.test);
    const uint8_t *pixels = weft_dataset_pixels(data.train);
    const uint16_t *labels = weft_dataset_labels(data.train);
    static double mean[10][784];
    memset(mean, 0, sizeof mean);
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < 784; k++)
            mean[labels[i]][k] += pixels[i * 784 + k] / (N / 10.0);
    size_t right = 0;
    for (size_t i = 0; i < N; i++) {
        const uint8_t *p = weft_dataset_pixels(test) + i * 784;
        double best = 1e300;
        unsigned found = 0, lit = 0;
        for (unsigned c = 0; c < 10; c++) {
            double distance = 0;
            for (size_t k = 0; k < 784; k++)
                distance += (p[k] - mean[c][k]) * (p[k] - mean[c][k]);
            if (distance < best) {
                best = distance;
                found = c;
            }
        }
        for (size_t k = 0; k < 784; k++)
            lit += p[k] > 10;
        assert_true(lit > 40);
        right += found == weft_dataset_labels(test)[i];
    }
    assert_true(right > 600);
    assert_true(right < 900); /* nor is it a game of ten fixed shapes */
    weft_data_clear(&data);
}

static void load_options_go_before_the_text(void **state)
{
    (void)state;
    weft_context *context;
    weft_data data;
    weft_load_options options = {.height = 20, .width = 30, .channels = 3, .limit = 30};
    assert_ok(weft_context_create(&context, 1));
    assert_ok(weft_data_load(&data, "synth:n=100,size=64", &options, context));
    weft_shape shape = weft_dataset_shape(data.train);
    assert_true(shape.height == 20 && shape.width == 30 && shape.channels == 3);
    assert_int_equal(weft_dataset_count(data.train), 30);
    assert_int_equal(weft_test_count(data.test), 30);
    weft_data_clear(&data);
    const struct {
        const char *where, *message;
    } wrong[] = {{"synth:m=3", "no option 'm'"}, {"synth:n=9", "from 10"},
        {"synth:size=8", "from 16 to 512"}, {"synth:n", "whole number"},
        {"synth:n=20,,seed=1", "no option ''"}, {"synth:colour=maybe", "true or false"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        weft_status status = weft_data_load(&data, wrong[i].where, &options, context);
        assert_true(status == WEFT_EINVAL);
        assert_non_null(strstr(weft_error(), wrong[i].message));
        assert_null(data.train);
    }
    weft_context_cancel(context);
    assert_fails(weft_data_load(&data, "synth", &options, context), WEFT_ECANCELLED,
        "drawing garments");
    weft_context_free(context);
}

/* Coverage is exact area: a rectangle between pixel borders, and a turned square. */
static void coverage_is_area(void **state)
{
    (void)state;
    weft__canvas canvas;
    static weft__drawing drawing;
    weft__paint white = {.colour = {1}, .alpha = 1, .period = 1};
    weft__map map = {1, 0, 0, 0, 1, 0};
    assert_ok(weft__canvas_create(&canvas, 16, 16, 1));
    memset(canvas.colour, 0, 256 * sizeof(float));
    weft__draw_reset(&drawing, 16);
    weft__draw_line(&drawing, 2.25f, 3.5f);
    weft__draw_line(&drawing, 5.5f, 3.5f);
    weft__draw_line(&drawing, 5.5f, 6);
    weft__draw_line(&drawing, 2.25f, 6);
    weft__draw_fill(&drawing, &white);
    weft__canvas_draw(&canvas, &drawing, &map);
    const float row[] = {0, 0, 0.75f, 1, 1, 0.5f, 0};
    for (size_t x = 0; x < 7; x++) {
        assert_float_equal(canvas.colour[3 * 16 + x], row[x] * 0.5f, 1e-6f);
        assert_float_equal(canvas.colour[4 * 16 + x], row[x], 1e-6f);
        assert_float_equal(canvas.colour[6 * 16 + x], 0, 1e-6f);
    }
    memset(canvas.colour, 0, 256 * sizeof(float));
    weft__draw_reset(&drawing, 16);
    weft__draw_line(&drawing, -3.3f, 8); /* sticks out on the left */
    weft__draw_line(&drawing, 8, -3.3f);
    weft__draw_line(&drawing, 15.1f, 3.8f);
    weft__draw_line(&drawing, 3.8f, 15.1f);
    weft__draw_fill(&drawing, &white);
    weft__canvas_draw(&canvas, &drawing, &map);
    assert_float_equal(canvas.colour[8 * 16 + 8], 1, 1e-5f);
    assert_float_equal(canvas.colour[0], 0, 1e-5f);
    assert_float_equal(canvas.colour[15 * 16 + 15], 0, 1e-5f);
    for (size_t i = 0; i < 17 * 18; i++)
        assert_true(canvas.cover[i] == 0); /* clean for the next layer */
    weft__canvas_clear(&canvas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_neighbours_change_nothing),
        cmocka_unit_test(seeds_and_splits_differ),
        cmocka_unit_test(classes_are_even_in_every_ten),
        cmocka_unit_test(classes_can_be_told_apart),
        cmocka_unit_test(load_options_go_before_the_text),
        cmocka_unit_test(coverage_is_area),
    };
    return cmocka_run_group_tests_name("synth", tests, NULL, NULL);
}
