/* predict on files, folders and lists, some of which are no pictures. */
#include <jansson.h>

#include "cli/weft.h"
#include "weft/picture.h"
#include "weft/weft.h"

/* Trains m.safetensors and writes the first pictures it learnt from into a folder. */
static void make_model_and_pictures(void)
{
    weft_context *context;
    weft_data data;
    weft_load_options options = weft_load_defaults();
    assert_outcome(
        weft("train", "knn", "--k", "1", "--data", "synth:n=200", "--out", "m.safetensors"),
        0, "");
    assert_ok(weft_context_create(&context, 1));
    assert_ok(weft_data_load(&data, "synth:n=200", &options, context));
    assert_int_equal(mkdir("pictures", 0700), 0);
    assert_int_equal(mkdir("pictures/below", 0700), 0);
    static const char *const paths[] = {"pictures/b.png", "pictures/a, \"quoted\".png",
        "pictures/below/c.png", "pictures/.hidden.png"};
    for (size_t i = 0; i < 4; i++)
        assert_ok(weft_picture_write_png(paths[i],
            weft_dataset_pixels(data.train) +
                i * weft_shape_bytes(weft_dataset_shape(data.train)),
            weft_dataset_shape(data.train)));
    weft_data_clear(&data);
    weft_context_free(context);
}

/* What the picture of that number is, by the library. */
static const char *class_of(size_t picture)
{
    static char name[64];
    weft_context *context;
    weft_data data;
    weft_load_options options = weft_load_defaults();
    assert_ok(weft_context_create(&context, 1));
    assert_ok(weft_data_load(&data, "synth:n=200", &options, context));
    snprintf(name, sizeof name, "%s",
        weft_dataset_class_name(data.train, weft_dataset_labels(data.train)[picture]));
    weft_data_clear(&data);
    weft_context_free(context);
    return name;
}

static size_t lines_in(const char *text)
{
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void a_folder_is_searched_in_order(void **state)
{
    (void)state;
    make_model_and_pictures();
    const struct outcome *o = weft("predict", "m.safetensors", "pictures");
    assert_outcome(o, 0, "");
    assert_string_equal(o->err, "");
    assert_int_equal(lines_in(o->out), 4); /* hidden files stay out */
    const char *a = strstr(o->out, "\"pictures/a, \"\"quoted\"\".png\","),
               *b = strstr(o->out, "\npictures/b.png,"),
               *c = strstr(o->out, "\npictures/below/c.png,");
    assert_true(a && b && c && a < b && b < c);
    char expected[128]; /* one neighbour: itself */
    snprintf(expected, sizeof expected, "\npictures/b.png,%s,1.000000,", class_of(0));
    assert_non_null(strstr(o->out, expected));
}

static void json_lines_hold_every_probability(void **state)
{
    (void)state;
    make_model_and_pictures();
    const struct outcome *o = weft("predict", "m.safetensors", "pictures/b.png", "--json");
    assert_outcome(o, 0, "");
    json_t *line = json_loads(o->out, 0, NULL);
    assert_non_null(line);
    assert_string_equal(json_string_value(json_object_get(line, "class")), class_of(0));
    json_t *all = json_object_get(line, "probabilities"), *p;
    const char *name;
    double sum = 0;
    assert_int_equal(json_object_size(all), 10);
    json_object_foreach(all, name, p) sum += json_number_value(p);
    assert_true(sum > 0.99999 && sum < 1.00001);
    json_decref(line);
}

static void a_list_comes_on_standard_input(void **state)
{
    (void)state;
    make_model_and_pictures();
    assert_int_equal(system("printf 'pictures/b.png\\npictures/below/c.png\\r\\n\\n' | "
                            "\"$WEFT_PROGRAM\" predict m.safetensors - >answers"),
        0);
    assert_int_equal(system("[ $(wc -l <answers) = 3 ]"), 0);
}

static void what_is_no_picture_is_named_and_counted(void **state)
{
    (void)state;
    make_model_and_pictures();
    assert_int_equal(system("echo text >text.jpg; : >empty.png; head -c 60 pictures/b.png "
                            ">short.png"),
        0);
    const struct outcome *o = weft("predict", "m.safetensors", "none.png", "text.jpg",
        "pictures/b.png", "empty.png", "short.png");
    assert_outcome(o, 1, "4 of 5 pictures could not be read");
    assert_non_null(strstr(o->err, "weft: none.png: "));
    assert_non_null(strstr(o->err, "weft: text.jpg: "));
    assert_non_null(strstr(o->err, "weft: empty.png: "));
    assert_non_null(strstr(o->err, "weft: short.png: "));
    assert_int_equal(lines_in(o->err), 5);
    assert_int_equal(lines_in(o->out), 2); /* the one that is good is answered */
    assert_int_equal(mkdir("bare", 0700), 0);
    assert_failure(weft("predict", "m.safetensors", "bare"), "no pictures");
}

/* Stripes are no clothes: the model says so where it has learnt to, unless told not to. */
static void what_is_unlike_training_is_unknown(void **state)
{
    (void)state;
    make_model_and_pictures();
    assert_outcome(weft("train", "knn", "--data", "synth:n=400", "--validation", "0.2",
                       "--unknown", "0.1", "--out", "u.safetensors"),
        0, "");
    uint8_t stripes[28 * 28];
    for (size_t i = 0; i < sizeof stripes; i++)
        stripes[i] = i % 2 ? 255 : 0;
    assert_ok(weft_picture_write_png("stripes.png", stripes, (weft_shape){28, 28, 1}));
    const struct outcome *o = weft("predict", "u.safetensors", "stripes.png", "--json");
    assert_outcome(o, 0, "");
    json_t *line = json_loads(o->out, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(line, "class")), "unknown");
    assert_true(json_real_value(json_object_get(line, "unlike")) > 1);
    assert_int_equal(json_array_size(json_object_get(line, "nearest")), 3);
    json_decref(line);
    o = weft("predict", "u.safetensors", "stripes.png");
    assert_non_null(strstr(o->out, ",unlike,nearest\nstripes.png,unknown,"));
    o = weft("predict", "u.safetensors", "stripes.png", "--known");
    assert_null(strstr(o->out, "unknown"));
    assert_null(strstr(o->out, "unlike"));
    assert_failure(weft("train", "knn", "--data", "synth:n=400", "--unknown", "0.1"),
        "--validation 0.1 holds some out");
    o = weft("val", "u.safetensors", "--data", "synth:n=400", "--foreign", "synth:n=100",
        "--json", "--no-store");
    assert_outcome(o, 0, "");
    assert_non_null(strstr(o->out, "\"auroc\""));
    assert_failure(weft("val", "m.safetensors", "--data", "synth:n=400", "--foreign",
                       "synth:n=100", "--no-store"),
        "train it with --unknown");
}

static void photos_are_cut_out_and_their_steps_drawn(void **state)
{
    (void)state;
    make_model_and_pictures();
    const struct outcome *o = weft("predict", "m.safetensors", "pictures/b.png",
        "pictures/below/c.png", "--photo", "--show-steps", "steps");
    assert_outcome(o, 0, "");
    assert_int_equal(lines_in(o->out), 3);
    assert_int_equal(access("steps/1.png", F_OK), 0);
    assert_int_equal(access("steps/2.png", F_OK), 0);
    o = weft("predict", "m.safetensors", "pictures/b.png", "--show-steps", "more");
    assert_outcome(o, 2, "--photo");
    assert_int_equal(access("more", F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(a_folder_is_searched_in_order),
        folder_test(json_lines_hold_every_probability),
        folder_test(a_list_comes_on_standard_input),
        folder_test(what_is_no_picture_is_named_and_counted),
        folder_test(what_is_unlike_training_is_unknown),
        folder_test(photos_are_cut_out_and_their_steps_drawn),
    };
    return cmocka_run_group_tests_name("predict", tests, NULL, NULL);
}
