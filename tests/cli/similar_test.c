/* similar on files, folders and data: what is found, written, recorded and refused. */
#include <jansson.h>

#include "cli/weft.h"

static void make_model(void)
{
    setenv("XDG_CACHE_HOME", test_folder, 1);
    assert_outcome(weft("train", "ann", "--epochs", "2", "--data", "synth:n=300", "--out",
                       "m.safetensors", "--no-store"),
        0, "");
}

/* photos/CLASS/picture.png of synthetic garments. */
static void make_photos(void)
{
    assert_outcome(
        weft("data", "convert", "synth:n=60,test=0", "photos", "--to", "png"), 0, "");
}

static json_t *told(const struct outcome *o)
{
    json_t *json = json_loads(o->out, 0, NULL);
    if (!json)
        fail_msg("no JSON: %s %s", o->out, o->err);
    return json;
}

static const char *first_picture(const json_t *json)
{
    const json_t *query = json_array_get(json_object_get(json, "similar"), 0);
    const json_t *one = json_array_get(json_object_get(query, "similar"), 0);
    return json_string_value(json_object_get(one, "picture"));
}

/* The path of some picture below photos/, and a copy of it elsewhere. */
static void copy_one(char path[256])
{
    FILE *found = popen("find photos -name '*.png' | sort | head -n 1", "r");
    assert_non_null(fgets(path, 256, found));
    pclose(found);
    path[strcspn(path, "\n")] = 0;
    char command[300];
    snprintf(command, sizeof command, "cp '%s' asked.png", path);
    assert_int_equal(system(command), 0);
}

static void a_picture_is_looked_for(void **state)
{
    (void)state;
    char path[256];
    make_model();
    make_photos();
    copy_one(path);
    json_t *json = told(weft("similar", "m.safetensors", "asked.png", "--in", "photos",
        "--same", "none", "--json"));
    assert_string_equal(first_picture(json), path);
    assert_false(json_is_true(json_object_get(json_object_get(json, "index"), "kept")));
    json_decref(json);
    /* The copy is the same item, and the index is there now. */
    json = told(weft(
        "similar", "m.safetensors", "asked.png", "--in", "photos", "--k", "3", "--json"));
    assert_string_not_equal(first_picture(json), path);
    assert_true(json_is_true(json_object_get(json_object_get(json, "index"), "kept")));
    json_decref(json);
    const struct outcome *o =
        weft("similar", "m.safetensors", "asked.png", "--in", "photos", "--same", "none");
    assert_outcome(o, 0, "embedding");
    assert_non_null(strstr(o->out, "1.0000"));
    assert_non_null(strstr(o->out, path));
}

/* A folder of pictures without classes, several of one item. */
static void a_flat_folder_is_a_catalogue(void **state)
{
    (void)state;
    make_model();
    make_photos();
    assert_int_equal(
        system("mkdir flat; find photos -name '*.png' | { n=0; while read -r f; "
               "do n=$((n + 1)); cp \"$f\" flat/shoe${n}_1.png; cp \"$f\" "
               "flat/shoe${n}_2.png; done; }"),
        0);
    json_t *json = told(weft("similar", "m.safetensors", "flat/shoe1_1.png", "--in", "flat",
        "--same", "none", "--item-ends", "_", "--json", "--no-index"));
    assert_non_null(first_picture(json));
    json_decref(json);
    assert_outcome(weft("similar", "m.safetensors", "--in", "flat", "--same", "none",
                       "--item-ends", "_", "--export", "found"),
        0, "");
    json = json_load_file("found/similar.json", 0, NULL);
    assert_non_null(json);
    const json_t *pictures = json_object_get(json, "pictures"), *picture, *other;
    size_t i, n;
    assert_int_equal(json_array_size(pictures), 120);
    json_array_foreach(pictures, i, picture)
    {
        const char *name = json_string_value(json_object_get(picture, "picture"));
        assert_int_equal(json_array_size(json_object_get(picture, "similar")), 10);
        json_array_foreach(json_object_get(picture, "similar"), n, other)
        {
            const char *found = json_string_value(json_object_get(
                json_array_get(pictures, (size_t)json_integer_value(other)), "picture"));
            assert_int_not_equal(
                strncmp(found, name, (size_t)(strrchr(name, '_') - name) + 1), 0);
        }
    }
    json_decref(json);
    assert_true(exists("found/similar.html"));
}

static void a_catalogue_is_evaluated_and_recorded(void **state)
{
    (void)state;
    make_model();
    const struct outcome *o = weft("similar", "m.safetensors", "--in", "synth:n=200",
        "--data", "synth:n=200", "--evaluate");
    assert_outcome(o, 0, "");
    assert_non_null(strstr(o->out, "P@10"));
    json_t *json = told(weft("similar", "m.safetensors", "--in", "synth:n=200",
        "--evaluate", "--json", "--no-store"));
    const json_t *all = json_object_get(json, "evaluation");
    double precision =
        json_number_value(json_object_get(json_object_get(all, "precision"), "10"));
    assert_true(precision > 0.3 && precision <= 1);
    assert_int_equal(json_integer_value(json_object_get(all, "queries")), 200);
    json_decref(json);
    o = weft("runs", "show", "1", "--json");
    assert_outcome(o, 0, "");
    assert_non_null(strstr(o->out, "mean_average_precision"));
}

static void what_cannot_be_is_told(void **state)
{
    (void)state;
    make_model();
    assert_outcome(weft("similar", "m.safetensors", "a.png"), 2, "give --in WHERE");
    assert_outcome(weft("similar", "m.safetensors", "--in", "synth"), 2, "--export");
    assert_outcome(
        weft("similar", "m.safetensors", "a.png", "--in", "synth", "--data", "synth"), 2,
        "and not both");
    assert_outcome(weft("similar", "m.safetensors", "a.png", "--in", "synth", "--evaluate"),
        2, "needs labels");
    assert_outcome(weft("similar", "m.safetensors", "a.png", "--in", "synth", "--index",
                       "x", "--no-index"),
        2, "and not both");
    assert_outcome(weft("similar", "m.safetensors", "nothing.png", "--in", "synth:n=50"), 1,
        "nothing.png");
    assert_failure(
        weft("similar", "m.safetensors", "--in", "nowhere", "--evaluate"), "nowhere");
    assert_failure(weft("similar", "m.safetensors", "--in", "synth:n=50", "--evaluate",
                       "--no-store", "--index", "m.safetensors"),
        "m.safetensors: no index");
    assert_int_equal(mkdir("full", 0700), 0);
    assert_int_equal(mkdir("full/up", 0700), 0);
    assert_failure(
        weft("similar", "m.safetensors", "--in", "synth:n=50", "--export", "full"), "full");
    assert_outcome(weft("verify", "m.safetensors"), 0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(a_picture_is_looked_for),
        folder_test(a_flat_folder_is_a_catalogue),
        folder_test(a_catalogue_is_evaluated_and_recorded),
        folder_test(what_cannot_be_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
