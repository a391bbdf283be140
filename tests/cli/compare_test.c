/* weft compare. */
#include <jansson.h>

#include "cli/weft.h"

static json_t *load(const char *path)
{
    json_t *json = json_load_file(path, 0, NULL);
    if (!json)
        fail_msg("%s is no JSON", path);
    return json;
}

static void ends_with_table_and_report(void **state)
{
    (void)state;
    const struct outcome *o = weft("compare", "knn", "knn:k=11,weights=distance", "--data",
        "synth:n=200,test=100,size=16", "--seed", "3", "--out", "r");
    assert_int_equal(o->code, 0);
    assert_non_null(strstr(o->out, "100 pictures of 10 classes: the test split"));
    assert_non_null(strstr(o->out, "macro f1"));
    assert_non_null(strstr(o->out, "\nr/report.html\n"));
    assert_true(exists("r/report.html") && exists("r/results.csv") &&
                exists("r/args.json") && exists("r/splits.json") &&
                exists("r/models/knn.safetensors"));

    /* The recorded command makes the same figures again. */
    json_t *results = load("r/results.json");
    const char *command =
        json_string_value(json_object_get(json_object_get(results, "run"), "command"));
    assert_string_equal(command, "weft compare knn knn:k=11,weights=distance --data "
                                 "synth:n=200,test=100,size=16 --seed 3");
    char line[512];
    snprintf(line, sizeof line, "\"$WEFT_PROGRAM\" %s --json > again.json 2> /dev/null",
        command + strlen("weft "));
    assert_int_equal(system(line), 0);
    json_t *again = load("again.json");
    assert_string_equal(
        json_string_value(json_object_get(again, "report")), "runs/compare/report.html");
    assert_true(exists("runs/compare/report.html"));
    for (size_t i = 0; i < 2; i++)
        assert_true(json_equal(
            json_object_get(
                json_array_get(json_object_get(results, "classifiers"), i), "evaluation"),
            json_object_get(
                json_array_get(json_object_get(again, "classifiers"), i), "evaluation")));
    json_decref(results);
    json_decref(again);
    assert_failure(
        weft("compare", "knn", "--data", "synth:n=50", "--out", "r"), "not empty");
}

/* Before any data is read. */
static void wrong_names_and_options_are_usage(void **state)
{
    (void)state;
    assert_outcome(weft("compare", "knm", "--data", "nowhere"), 2, "did you mean 'knn'");
    assert_outcome(weft("compare", "knn:kk=3", "--data", "nowhere"), 2, "kk");
    assert_outcome(weft("compare", "knn:k=0", "--data", "nowhere"), 2, "k");
    assert_outcome(weft("compare", "knn"), 2, "--data");
    assert_outcome(weft("compare", "knn", "--full", "--data", "x"), 2, "--full");
    assert_failure(weft("compare", "knn", "--data", "nowhere"), "nowhere");
    assert_false(exists("runs/compare"));
}

/* The temperature is fitted on pictures held out, never silently on others. */
static void calibrates_on_held_out_pictures(void **state)
{
    (void)state;
    assert_failure(weft("compare", "knn", "logreg:calibrate=temperature", "--data",
                       "synth:n=200,test=100,size=16", "--out", "none"),
        "--validation 0.1");
    assert_false(exists("none/models/knn.safetensors"));
    assert_outcome(weft("cv", "knn", "--calibrate", "temperature", "--folds", "3", "--data",
                       "synth:n=100,test=50,size=16"),
        1, "no pictures of its own");
    assert_int_equal(weft("compare", "forest:trees=10,calibrate=temperature", "knn",
                         "--data", "synth:n=300,test=100,size=16", "--validation", "0.2",
                         "--seeds", "2", "--out", "r")
                         ->code,
        0);
    json_t *results = load("r/results.json"), *entry;
    size_t i;
    json_array_foreach(json_object_get(results, "classifiers"), i, entry)
    {
        bool forest = strcmp(json_string_value(json_object_get(entry, "name")), "knn") != 0;
        assert_int_equal(json_is_real(json_object_get(entry, "temperature")), forest);
        assert_int_equal(json_object_get(entry, "uncalibrated") != NULL, forest);
        assert_int_equal(json_array_size(json_object_get(entry, "seeds")), forest ? 2 : 1);
    }
    json_decref(results);
    assert_true(exists("r/results.tex"));
    assert_int_equal(weft("verify", "r/models/forest-trees-10-calibrate-temperature."
                                    "safetensors")
                         ->code,
        0);
}

static void val_in_four_formats(void **state)
{
    (void)state;
    static const char *const formats[] = {"text", "json", "csv", "latex"};
    static const char *const holds[] = {"Matthews correlation    0.",
        "\"matthews_corrcoef\": 0.", "all,,matthews_corrcoef,0.",
        "  Matthews correlation & 0."};
    assert_int_equal(weft("train", "knn", "--data", "synth:n=300,test=100,size=16", "--out",
                         "m.safetensors")
                         ->code,
        0);
    for (size_t i = 0; i < 4; i++) {
        const struct outcome *o = weft("val", "m.safetensors", "--data",
            "synth:n=300,test=100,size=16", "--format", formats[i]);
        assert_int_equal(o->code, 0);
        if (!strstr(o->out, holds[i]))
            fail_msg("%s: no '%s' in\n%s", formats[i], holds[i], o->out);
    }
}

static bool said(const char *text)
{
    static char err[1 << 16];
    read_back(".err", err, sizeof err);
    return strstr(err, text) != NULL;
}

/* What was fitted before Ctrl-C is scored and reported. */
static void interrupted_reports_what_is_fitted(void **state)
{
    (void)state;
    pid_t child =
        start(&(struct manner){0}, WORDS("compare", "knn", "forest:trees=10000", "--data",
                                       "synth:n=1000,test=50,size=28", "--out", "r"));
    while (!said("fitting forest") && waitpid(child, NULL, WNOHANG) == 0)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    kill(child, SIGINT);
    const struct outcome *o = finish(child);
    assert_int_equal(o->code, 130);
    assert_non_null(strstr(o->out, "forest:trees=10000: cancelled"));
    assert_non_null(strstr(o->out, "r/report.html"));
    json_t *results = load("r/results.json");
    const json_t *first = json_array_get(json_object_get(results, "classifiers"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "knn");
    assert_non_null(json_object_get(first, "evaluation"));
    json_decref(results);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(ends_with_table_and_report),
        folder_test(wrong_names_and_options_are_usage),
        folder_test(calibrates_on_held_out_pictures),
        folder_test(val_in_four_formats),
        folder_test(interrupted_reports_what_is_fitted),
    };
    return cmocka_run_group_tests_name("weft compare", tests, NULL, NULL);
}
