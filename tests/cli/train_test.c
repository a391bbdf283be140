/* train, val, verify and what they leave behind, also when something goes wrong. */
#include <dirent.h>
#include <jansson.h>

#include "cli/weft.h"
#include "weft/picture.h"
#include "weft/weft.h"

#define DATA "synth:n=300,test=100,seed=3"
#define TRAIN "train", "knn", "--data", DATA

/* How many names the folder holds, but for the test's own two. */
static int names_in(const char *folder)
{
    int count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));)
        count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void a_run_is_kept_and_its_model_answers(void **state)
{
    (void)state;
    const struct outcome *o = weft(TRAIN, "--validation", "0.2", "--test", "--json");
    assert_outcome(o, 0, "");
    json_t *result = json_loads(o->out, 0, NULL), *test;
    assert_non_null(result);
    assert_int_equal(json_integer_value(json_object_get(result, "train_count")), 240);
    assert_string_equal(
        json_string_value(json_object_get(result, "model")), "runs/knn/model.safetensors");
    assert_non_null(json_object_get(result, "validation"));
    assert_non_null(test = json_object_get(result, "test"));
    assert_int_equal(names_in("runs/knn"), 4); /* no epochs: no results.csv */
    assert_outcome(weft("verify", "runs/knn/model.safetensors"), 0, "");

    /* The kept model scores what it scored when it was made. */
    o = weft("val", "runs/knn/model.safetensors", "--data", DATA, "--json");
    assert_outcome(o, 0, "");
    json_t *again = json_loads(o->out, 0, NULL);
    assert_true(
        json_equal(json_object_get(test, "accuracy"), json_object_get(again, "accuracy")));
    json_decref(result);
    json_decref(again);
}

static void the_same_training_is_the_same_model(void **state)
{
    (void)state;
    assert_outcome(weft(TRAIN, "--validation", "0.3", "--out", "a.safetensors"), 0, "");
    assert_outcome(weft(TRAIN, "--validation", "0.3", "--out", "b.safetensors"), 0, "");
    assert_int_equal(system("cmp a.safetensors b.safetensors"), 0);
    assert_outcome(
        weft(TRAIN, "--validation", "0.3", "--seed", "2", "--out", "c.safetensors"), 0, "");
    assert_int_not_equal(system("cmp -s a.safetensors c.safetensors"), 0);
}

static void runs_do_not_overwrite_one_another(void **state)
{
    (void)state;
    assert_outcome(weft(TRAIN), 0, "");
    assert_outcome(weft(TRAIN), 0, "");
    assert_true(exists("runs/knn/model.safetensors"));
    assert_true(exists("runs/knn-2/model.safetensors"));
}

static void damage_to_a_model_is_told(void **state)
{
    (void)state;
    assert_outcome(weft(TRAIN, "--out", "m.safetensors"), 0, "");
    struct stat whole;
    assert_int_equal(stat("m.safetensors", &whole), 0);
    assert_int_equal(system("cp m.safetensors short.safetensors"), 0);
    assert_int_equal(truncate("short.safetensors", whole.st_size / 2), 0);
    assert_failure(weft("verify", "short.safetensors"), "short.safetensors");
    assert_failure(weft("val", "short.safetensors", "--data", DATA), "short.safetensors");
    assert_int_equal(
        system("cp m.safetensors head.safetensors; printf XXXX | dd status=none "
               "of=head.safetensors bs=1 seek=40 conv=notrunc"),
        0);
    assert_failure(weft("verify", "head.safetensors"), "head.safetensors");
    assert_int_equal(system(": >empty.safetensors"), 0);
    assert_failure(weft("verify", "empty.safetensors"), "empty.safetensors");
    assert_failure(weft("verify", "."), ".");
    assert_failure(weft("verify", "none.safetensors"), "none.safetensors");
}

static void what_cannot_be_read_or_written_is_told(void **state)
{
    (void)state;
    assert_failure(weft("train", "knn", "--data", "nowhere"), "nowhere");
    assert_failure(weft("train", "knn", "--data", "."), "holds no data set");
    assert_failure(weft("train", "knn", "--data", "synth:nn=1"), "did you mean");
    assert_int_equal(system(": >file"), 0);
    assert_failure(weft(TRAIN, "--out", "file/run"), "file/run");
    assert_failure(weft(TRAIN, "--out", "file/m.safetensors"), "file/m.safetensors");
    assert_failure(weft(TRAIN, "--out", "/proc/run"), "/proc/run");
    assert_failure(weft(TRAIN, "--out", "."), "not empty");
    assert_int_equal(mkdir("d.safetensors", 0700), 0);
    assert_failure(weft(TRAIN, "--out", "d.safetensors"), "it is a folder");
}

static void a_full_disk_leaves_nothing_behind(void **state)
{
    (void)state;
    struct manner limited = {.file_bytes = 1 << 14};
    assert_failure(weft_as(limited, WORDS(TRAIN, "--no-store", "--out", "m.safetensors")),
        "m.safetensors");
    assert_int_equal(names_in("."), 0);
    assert_failure(
        weft_as(limited, WORDS(TRAIN, "--no-store", "--out", "run")), "model.safetensors");
    assert_int_equal(names_in("."), 0);
}

static void results_that_do_not_arrive_are_a_failure(void **state)
{
    (void)state;
    struct manner full = {.stdout_path = "/dev/full"}, closed = {.stdout_closed = true};
    assert_failure(weft_as(full, WORDS("models")), "No space left on device");
    assert_failure(weft_as(closed, WORDS("models")), "cannot write the results");
    assert_failure(weft_as(full, WORDS(TRAIN, "--quiet", "--out", "m.safetensors")),
        "No space left on device");
    /* A reader that has had enough: no message, but no success either. */
    assert_int_equal(
        system("{ $WEFT_PROGRAM models; echo $? >code; } 2>err | true; sleep 0.1"), 0);
    assert_int_equal(system("test ! -s err"), 0);
}

static void nap(long milliseconds)
{
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

/* Far more pictures than are drawn before the signal comes. */
static const char *const LONG[] = {
    "train", "knn", "--data", "synth:n=1000000", "--out", "m.safetensors", NULL};

static void an_interrupt_ends_cleanly(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < 2; i++) {
        pid_t child = start(&(struct manner){0}, LONG);
        nap(300);
        kill(child, signals[i]);
        assert_outcome(finish(child), 130, "weft: interrupted");
        assert_int_equal(names_in("."), 0);
    }
}

/* A network keeps what it has learnt until then, as a run that can be used. */
static void an_interrupted_network_is_kept(void **state)
{
    (void)state;
    static const char *const words[] = {
        "train", "ann", "--data", "synth:n=2000", "--epochs", "10000", NULL};
    pid_t child = start(&(struct manner){0}, words);
    /* The first checkpoint is written when training begins. */
    for (int i = 0; i < 600 && !exists("runs/ann/checkpoint.safetensors"); i++)
        nap(100);
    nap(500);
    kill(child, SIGINT);
    const struct outcome *o = finish(child);
    assert_outcome(o, 130, "weft: what was learnt so far is in runs/ann");
    assert_non_null(strstr(o->err, "weft: interrupted"));
    assert_outcome(weft("verify", "runs/ann/model.safetensors"), 0, "");
}

/* Killed at many moments: the model is there whole or not at all. */
static void a_kill_leaves_no_half_model(void **state)
{
    (void)state;
    static const char *const quick[] = {TRAIN, "--out", "m.safetensors", NULL};
    int killed = 0;
    for (long ms = 0; ms < 60; ms += 4) {
        unlink("m.safetensors");
        pid_t child = start(&(struct manner){0}, quick);
        nap(ms);
        kill(child, SIGKILL);
        killed += finish(child)->code == -SIGKILL;
        if (exists("m.safetensors"))
            assert_outcome(weft("verify", "m.safetensors"), 0, "");
    }
    assert_true(killed > 0);
}

static void classes_are_matched_by_name(void **state)
{
    (void)state;
    assert_outcome(weft(TRAIN, "--out", "m.safetensors"), 0, "");
    assert_failure(weft("val", "m.safetensors", "--data", DATA, "--split", "validation"),
        "no validation split");
    assert_outcome(weft("val", "m.safetensors", "--data", DATA, "--split", "train"), 0,
        "fitted on pictures of this split");
}

static void put_photo(const char *path, uint8_t level, weft_shape shape)
{
    uint8_t *pixels = malloc(weft_shape_bytes(shape));
    memset(pixels, level, weft_shape_bytes(shape));
    assert_ok(weft_picture_write_png(path, pixels, shape));
    free(pixels);
}

/* Trains on the photos with this last option, and wants the model to ask for pictures of
 * this side and fit. */
static void wants_pictures(
    const char *option, const char *value, uint32_t side, weft_fit fit)
{
    weft_classifier *model;
    assert_outcome(weft("train", "./n.net", "--data", "photos", "--out", "m.safetensors",
                       option, value),
        0, "");
    assert_ok(weft_classifier_load(&model, "m.safetensors"));
    const weft_recipe recipe = weft_classifier_recipe(model);
    assert_int_equal(recipe.shape.height, side);
    assert_int_equal(recipe.shape.width, side);
    assert_int_equal(recipe.shape.channels, 3);
    assert_int_equal(recipe.fit, fit);
    weft_classifier_free(model);
}

static void a_network_says_how_photos_are_read(void **state)
{
    (void)state;
    assert_int_equal(system("mkdir -p photos/a photos/b && printf "
                            "'train epochs=1\npictures size=20 fit=stretch\n"
                            "flatten\ndense classes\nsoftmax\n' >n.net"),
        0);
    put_photo("photos/a/1.png", 10, (weft_shape){90, 70, 3});
    put_photo("photos/b/1.png", 90, (weft_shape){70, 80, 3});
    wants_pictures("--epochs", "2", 20, WEFT_FIT_STRETCH);
    wants_pictures("--fit", "pad", 20, WEFT_FIT_PAD);
    wants_pictures("--size", "12", 12, WEFT_FIT_STRETCH);

    assert_int_equal(system("sed s/size=20/size=0/ n.net >zero.net; "
                            "sed s/fit=/fitt=/ n.net >word.net; "
                            "sed s/=stretch/=squeeze/ n.net >fit.net"),
        0);
    assert_failure(weft("train", "./zero.net", "--data", "photos"), "./zero.net: pictures");
    assert_failure(weft("train", "./word.net", "--data", "photos"), "did you mean");
    assert_failure(weft("train", "./fit.net", "--data", "photos"), "stretch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(a_run_is_kept_and_its_model_answers),
        folder_test(the_same_training_is_the_same_model),
        folder_test(runs_do_not_overwrite_one_another),
        folder_test(a_network_says_how_photos_are_read),
        folder_test(damage_to_a_model_is_told),
        folder_test(what_cannot_be_read_or_written_is_told),
        folder_test(a_full_disk_leaves_nothing_behind),
        folder_test(results_that_do_not_arrive_are_a_failure),
        folder_test(an_interrupt_ends_cleanly),
        folder_test(an_interrupted_network_is_kept),
        folder_test(a_kill_leaves_no_half_model),
        folder_test(classes_are_matched_by_name),
    };
    return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}
