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

static void fits_80_columns(const char *text)
{
    for (const char *line = text; *line;) {
        size_t bytes = strcspn(line, "\n");
        if (bytes > 80)
            fail_msg("%zu columns: %.*s", bytes, (int)bytes, line);
        line += bytes + (line[bytes] == '\n');
    }
}

/* Whether the file that the object names under `key` is in the folder. */
static bool written(const char *folder, json_t *object, const char *key)
{
    const char *file = json_string_value(json_object_get(object, key));
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, file ? file : "(none)");
    return exists(path);
}

static void the_page_works(const char *folder)
{
    char command[1024];
    if (system("command -v chromium >/dev/null && command -v node >/dev/null") != 0 ||
        system("test -d \"$WEFT_TEST_SOURCE/../web/node_modules\"") != 0)
        return;
    snprintf(command, sizeof command,
        "node \"$WEFT_TEST_SOURCE/report/drive_plain.mjs\" %s/explain.html", folder);
    assert_int_equal(system(command), 0);
}

/* What is told of each family beside the map, in the text and in explain.json. */
static void each_family_shows_what_it_has(void **state)
{
    static const struct {
        const char *name, *option, *value, *method, *says;
        bool examples, path, weights;
    } families[] = {
        {"knn", "--k", "3", "contributions", "the nearest training pictures", true, false,
            false},
        {"logreg", "--c", "1", "contributions", "from the pixels", false, false, true},
        {"svm", "--c", "1", "integrated", "support vectors that weigh most", true, false,
            false},
        {"forest", "--trees", "5", "contributions", "the way through tree", false, true,
            true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const char *name = families[i].name;
        char many[32];
        assert_outcome(weft("train", name, families[i].option, families[i].value, "--data",
                           "synth:n=200", "--out", "f.safetensors", "--no-store"),
            0, "");
        const struct outcome *o = weft("explain", "f.safetensors", "--data", "synth:n=60",
            "--split", "train", "--limit", "10", "--out", "ten");
        assert_outcome(o, 0, "");
        fits_80_columns(o->out);
        o = weft("explain", "f.safetensors", "ten/picture-0001.png", "--examples", "2",
            "--out", name);
        assert_outcome(o, 0, "");
        assert_non_null(strstr(o->out, families[i].says));
        assert_non_null(strstr(o->out, families[i].method));
        fits_80_columns(o->out);
        snprintf(many, sizeof many, "%s-many", name);
        o = weft("explain", "f.safetensors", "--data", "synth:n=60", "--split", "train",
            "--pictures", "5", "--out", many);
        assert_outcome(o, 0, "");
        assert_non_null(strstr(o->out, "half in"));
        fits_80_columns(o->out);
        snprintf(many, sizeof many, "%s/explain.json", name);
        json_t *json = json_load_file(many, 0, NULL);
        assert_non_null(json);
        json_t *picture = json_array_get(json_object_get(json, "pictures"), 0);
        json_t *weights = json_object_get(json, "weights");
        assert_int_equal(json_array_size(json_object_get(picture, "examples")),
            families[i].examples ? 2 : 0);
        assert_int_equal(written(name, picture, "strip"), families[i].examples);
        assert_int_equal(
            json_is_object(json_object_get(picture, "path")), families[i].path);
        assert_int_equal(json_array_size(weights) > 0, families[i].weights);
        if (families[i].weights)
            assert_true(written(name, json_array_get(weights, 0), "map"));
        json_decref(json);
        snprintf(many, sizeof many, "%s-many", name);
        the_page_works(many);
        assert_int_equal(system("rm -r ten"), 0);
    }
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
        folder_test(each_family_shows_what_it_has),
        folder_test(what_cannot_be_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
