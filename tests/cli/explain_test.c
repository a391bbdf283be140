/* explain on files and data: what is written, and what is refused. */
#include <jansson.h>

#include "cli/weft.h"

static void make_model(void)
{
    assert_outcome(weft("train", "kugler-cnn", "--epochs", "1", "--data", "synth:n=300",
                       "--out", "m.safetensors", "--no-store"),
        0, "");
}

static void data_is_explained(void **state)
{
    (void)state;
    make_model();
    const struct outcome *o = weft("explain", "m.safetensors", "--data", "synth:n=60",
        "--split", "train", "--check", "--pictures", "7", "--json", "--out", "found");
    assert_outcome(o, 0, "");
    json_t *told = json_loads(o->out, 0, NULL);
    assert_non_null(told);
    assert_string_equal(json_string_value(json_object_get(told, "method")), "grad-cam");
    double area = json_number_value(json_object_get(told, "deletion_area"));
    assert_true(area > 0 && area < 1);
    json_t *json = json_load_file("found/explain.json", 0, NULL);
    assert_non_null(json);
    json_t *pictures = json_object_get(json, "pictures"), *picture;
    size_t i, met = 0;
    assert_int_equal(json_array_size(pictures), 7);
    json_array_foreach(pictures, i, picture)
    {
        char path[128];
        snprintf(path, sizeof path, "found/%s",
            json_string_value(json_object_get(picture, "panel")));
        assert_true(exists(path));
    }
    json_array_foreach(json_object_get(json, "averages"), i, picture) met +=
        (size_t)json_integer_value(json_object_get(picture, "count"));
    assert_in_range(met, 40, json_integer_value(json_object_get(told, "count")));
    assert_true(exists("found/explain.html"));
    json_decref(json);
    json_decref(told);
}

static void a_picture_is_explained_for_a_class(void **state)
{
    (void)state;
    make_model();
    assert_outcome(weft("explain", "m.safetensors", "--data", "synth:n=60", "--split",
                       "train", "--limit", "10", "--out", "first"),
        0, "");
    /* The panel of a picture is a picture file too. */
    const struct outcome *o = weft("explain", "m.safetensors", "first/picture-0001.png",
        "--class", "Bag", "--method", "occlusion", "--out", "second");
    assert_outcome(o, 0, "");
    json_t *json = json_load_file("second/explain.json", 0, NULL);
    assert_non_null(json);
    json_t *picture = json_array_get(json_object_get(json, "pictures"), 0);
    json_int_t explained = json_integer_value(json_object_get(picture, "explained"));
    json_t *classes = json_object_get(json, "classes");
    assert_string_equal(
        json_string_value(json_array_get(classes, (size_t)explained)), "Bag");
    json_decref(json);
}

static void what_cannot_be_is_told(void **state)
{
    (void)state;
    make_model();
    assert_outcome(weft("explain", "m.safetensors"), 2, "give pictures, or --data");
    assert_outcome(
        weft("explain", "m.safetensors", "a.png", "--data", "synth"), 2, "and not both");
    assert_outcome(
        weft("explain", "m.safetensors", "--data", "synth:n=60", "--class", "hat"), 1,
        "--class hat: the model knows no such class");
    assert_outcome(weft("explain", "m.safetensors", "--data", "synth:n=60", "--method",
                       "grad-cam", "--layer", "conv7"),
        1, "no layer 'conv7'");
    assert_outcome(weft("explain", "m.safetensors", "nothing.png"), 1, "nothing.png");
    assert_int_equal(mkdir("full", 0700), 0);
    assert_int_equal(mkdir("full/up", 0700), 0);
    assert_outcome(
        weft("explain", "m.safetensors", "--data", "synth:n=60", "--out", "full"), 1,
        "full");
    assert_false(exists("runs/explain"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(data_is_explained),
        folder_test(a_picture_is_explained_for_a_class),
        folder_test(what_cannot_be_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
