/* weft runs, and what train, val and compare record. */
#include <jansson.h>

#include "cli/weft.h"

#define DATA "synth:n=300,test=100,seed=3"
#define TRAIN "train", "knn", "--data", DATA

/* The output of a command with --json. */
static json_t *json_of(const struct outcome *o)
{
    assert_int_equal(o->code, 0);
    json_t *json = json_loads(o->out, 0, NULL);
    if (!json)
        fail_msg("no JSON: %s", o->out);
    return json;
}

static const char *text_in(const json_t *json, const char *name)
{
    const char *text = json_string_value(json_object_get(json, name));
    return text ? text : "";
}

static void a_training_is_remembered(void **state)
{
    (void)state;
    assert_outcome(weft("train", "ann", "--data", DATA, "--validation", "0.2", "--test",
                       "--epochs", "2", "--seed", "5"),
        0, "");
    json_t *run = json_of(weft("runs", "show", "1", "--json"));
    assert_string_equal(text_in(run, "status"), "done");
    assert_string_equal(text_in(run, "folder"), "runs/ann");
    assert_string_equal(text_in(run, "command"),
        "weft train ann --data " DATA " --validation 0.2 --seed 5 --test --epochs 2");
    assert_string_equal(text_in(json_object_get(run, "options"), "epochs"), "2");
    assert_string_equal(
        text_in(json_object_get(run, "command_options"), "validation"), "0.2");
    assert_int_equal(json_integer_value(json_object_get(run, "seed")), 5);
    assert_int_equal(json_integer_value(json_object_get(run, "train_count")), 240);
    assert_int_equal(json_array_size(json_object_get(run, "history")), 2);
    assert_int_equal(json_array_size(json_object_get(run, "files")), 5);
    assert_int_equal(strlen(text_in(run, "data_digest")), 64);
    const json_t *figures = json_object_get(run, "figures");
    json_t *results = json_load_file("runs/ann/results.json", 0, NULL);
    static const char *const splits[] = {"validation", "test"};
    for (size_t i = 0; i < 2; i++)
        assert_true(
            json_equal(json_object_get(json_object_get(figures, splits[i]), "accuracy"),
                json_object_get(json_object_get(results, splits[i]), "accuracy")));
    json_decref(results);
    json_decref(run);
}

static void openings_of_the_test_split_are_told(void **state)
{
    (void)state;
    assert_outcome(weft(TRAIN), 0, "");
    const struct outcome *o = weft("val", "runs/knn/model.safetensors", "--data", DATA);
    assert_null(strstr(o->out, "test split opened"));
    o = weft("val", "runs/knn/model.safetensors", "--data", DATA);
    assert_non_null(strstr(o->out, "\ntest split opened 2 times for this model\n"));
    o = weft("val", "runs/knn/model.safetensors", "--data", DATA, "--split", "train");
    assert_null(strstr(o->out, "test split opened"));
    o = weft("runs", "show", "3");
    assert_non_null(strstr(o->out, "test split opened 2 times for this model\n"));
    json_t *val =
        json_of(weft("val", "runs/knn/model.safetensors", "--data", DATA, "--json"));
    assert_int_equal(json_integer_value(json_object_get(val, "test_openings")), 3);
    assert_int_equal(json_integer_value(json_object_get(val, "run")), 5);
    json_decref(val);
}

static void a_comparison_has_a_part_for_each(void **state)
{
    (void)state;
    json_t *result =
        json_of(weft("compare", "knn", "ann:epochs=2", "--data", DATA, "--json"));
    assert_int_equal(json_integer_value(json_object_get(result, "run")), 1);
    json_t *parts = json_of(weft("runs", "--of", "1", "--json"));
    assert_int_equal(json_array_size(parts), 2);
    assert_string_equal(text_in(json_array_get(parts, 0), "name"), "ann:epochs=2");
    json_t *ann = json_of(weft("runs", "show", "3", "--json"));
    assert_int_equal(json_array_size(json_object_get(ann, "history")), 2);
    assert_int_equal(json_integer_value(json_object_get(ann, "test_openings")), 1);
    const json_t *entries = json_object_get(result, "classifiers");
    for (size_t i = 0; i < 2; i++) {
        const json_t *entry = json_array_get(entries, i);
        bool is_ann = strcmp(text_in(entry, "name"), "ann:epochs=2") == 0;
        assert_true(
            json_equal(json_object_get(json_object_get(entry, "evaluation"), "accuracy"),
                json_object_get(json_array_get(parts, is_ann ? 0 : 1), "test_accuracy")));
    }
    json_decref(ann);
    json_decref(parts);
    json_decref(result);
}

static void each_further_seed_is_a_part_of_its_entry(void **state)
{
    (void)state;
    assert_outcome(
        weft("compare", "ann:epochs=1", "--seeds", "3", "--seed", "4", "--data", DATA), 0,
        "");
    json_t *entry = json_of(weft("runs", "show", "2", "--json"));
    assert_int_equal(json_array_size(json_object_get(entry, "parts")), 2);
    const json_t *test = json_object_get(json_object_get(entry, "figures"), "test");
    double mean = json_real_value(json_object_get(test, "accuracy")) / 3;
    for (int i = 3; i <= 4; i++) {
        char number[8];
        snprintf(number, sizeof number, "%d", i);
        json_t *seed = json_of(weft("runs", "show", number, "--json"));
        assert_int_equal(json_integer_value(json_object_get(seed, "seed")), 2 + i);
        assert_int_equal(json_array_size(json_object_get(seed, "history")), 1);
        mean +=
            json_real_value(json_object_get(
                json_object_get(json_object_get(seed, "figures"), "test"), "accuracy")) /
            3;
        json_decref(seed);
    }
    assert_float_equal(
        mean, json_real_value(json_object_get(test, "accuracy_mean")), 1e-12);
    json_decref(entry);
}

/* kill -9 in the middle of a training: its epochs until then are there. */
static void a_killed_training_has_died(void **state)
{
    (void)state;
    static const char *const words[] = {
        "train", "ann", "--data", "synth:n=2000", "--epochs", "10000", NULL};
    pid_t child = start(&(struct manner){0}, words);
    size_t epochs = 0;
    for (int i = 0; i < 600 && epochs < 2; i++) {
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        if (!exists("runs/runs.db"))
            continue;
        /* The child's own .out stays as it is: this one has another. */
        assert_int_equal(
            system("\"$WEFT_PROGRAM\" runs show 1 --json > shown 2> told; true"), 0);
        json_t *run = json_load_file("shown", 0, NULL);
        epochs = json_array_size(json_object_get(run, "history"));
        if (epochs)
            assert_string_equal(text_in(run, "status"), "running");
        json_decref(run);
    }
    assert_true(epochs >= 2);
    assert_int_equal(system("\"$WEFT_PROGRAM\" runs delete 1 2> told"), 256);
    kill(child, SIGKILL);
    assert_int_equal(finish(child)->code, -SIGKILL);
    json_t *run = json_of(weft("runs", "show", "1", "--json"));
    assert_string_equal(text_in(run, "status"), "died");
    assert_true(json_array_size(json_object_get(run, "history")) >= epochs);
    json_decref(run);
}

static void failures_and_interrupts_are_remembered(void **state)
{
    (void)state;
    assert_failure(weft("train", "ann", "--data", DATA, "--optimizer", "sgd",
                       "--learning-rate", "10", "--loss", "mse", "--precision", "f32"),
        "not finite");
    json_t *run = json_of(weft("runs", "show", "1", "--json"));
    assert_string_equal(text_in(run, "status"), "failed");
    assert_non_null(strstr(text_in(run, "error"), "not finite"));
    json_decref(run);

    static const char *const words[] = {
        "train", "ann", "--data", "synth:n=2000", "--epochs", "10000", NULL};
    pid_t child = start(&(struct manner){0}, words);
    for (int i = 0; i < 600 && !exists("runs/ann/checkpoint.safetensors"); i++)
        nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    kill(child, SIGINT);
    assert_int_equal(finish(child)->code, 130);
    run = json_of(weft("runs", "show", "2", "--json"));
    assert_string_equal(text_in(run, "status"), "interrupted");
    json_decref(run);
}

static void a_store_that_cannot_be_used_stops_the_work(void **state)
{
    (void)state;
    assert_int_equal(system("echo no store > text.db"), 0);
    assert_failure(weft(TRAIN, "--store", "text.db"), "text.db: is no store");
    assert_failure(weft(TRAIN, "--store", "/proc/x.db"), "/proc/x.db");
    assert_false(exists("runs/knn"));
    assert_outcome(weft(TRAIN, "--store", "text.db", "--no-store"), 0, "");
    assert_false(exists("runs/runs.db"));
    setenv("WEFT_STORE", "text.db", 1);
    assert_failure(weft("runs"), "text.db");
    unsetenv("WEFT_STORE");
}

/* A store that fills up later lets the work end, and says so. */
static void a_store_that_fills_up_fails_the_command_at_its_end(void **state)
{
    (void)state;
    /* Enough for the model and its checkpoint, not for so many epochs in the store's log.
     */
    struct manner limited = {.file_bytes = 1300000};
    const struct outcome *o = weft_as(limited, WORDS("train", "ann", "--data", "synth:n=40",
                                                   "--epochs", "500", "--out", "second"));
    assert_outcome(o, 1, "done, but not recorded: runs/runs.db: cannot write");
    assert_non_null(strstr(o->out, "second/model.safetensors"));
    assert_outcome(weft("verify", "second/model.safetensors"), 0, "");
    json_t *run = json_of(weft("runs", "show", "1", "--json"));
    assert_string_equal(text_in(run, "status"), "died");
    json_decref(run);
}

static void wrong_use_is_told(void **state)
{
    (void)state;
    assert_failure(weft("runs"), "runs/runs.db: no store yet");
    assert_failure(weft("runs", "show", "1"), "no store yet");
    assert_outcome(weft(TRAIN), 0, "");
    assert_failure(weft("runs", "show", "7"), "no run 7");
    assert_failure(weft("runs", "delete", "1", "7"), "no run 7");
    assert_failure(weft("runs", "diff", "1", "7"), "no run 7");
    assert_outcome(weft("runs", "show", "one"), 2, "'one' is no run's number");
    assert_outcome(weft("runs", "show", "-1"), 2, "");
    assert_outcome(weft("runs", "shw", "1"), 2, "did you mean 'runs show'");
    assert_outcome(weft("runs", "--status", "dead"), 2, "did you mean 'died'");
    assert_outcome(weft("runs", "--since", "soon"), 2, "since 'soon'");
    assert_outcome(weft("runs", "--best", "3"), 2, "--split names another");
    assert_outcome(weft("runs", "--classifier", "svm"), 0, "no run is like that");
}

static void deleting_names_what_it_removes(void **state)
{
    (void)state;
    assert_outcome(weft(TRAIN), 0, "");
    assert_outcome(weft(TRAIN), 0, "");
    const struct outcome *o = weft("runs", "delete", "1", "2", "--files");
    assert_int_equal(o->code, 0);
    assert_string_equal(
        o->out, "removed runs/knn\nremoved runs/knn-2\ndeleted run 1\ndeleted run 2\n");
    assert_false(exists("runs/knn") || exists("runs/knn-2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(a_training_is_remembered),
        folder_test(openings_of_the_test_split_are_told),
        folder_test(a_comparison_has_a_part_for_each),
        folder_test(each_further_seed_is_a_part_of_its_entry),
        folder_test(a_killed_training_has_died),
        folder_test(failures_and_interrupts_are_remembered),
        folder_test(a_store_that_cannot_be_used_stops_the_work),
        folder_test(a_store_that_fills_up_fails_the_command_at_its_end),
        folder_test(wrong_use_is_told),
        folder_test(deleting_names_what_it_removes),
    };
    return cmocka_run_group_tests_name("weft runs", tests, NULL, NULL);
}
