/* weft reproduce. */
#include <jansson.h>

#include "cli/weft.h"

static void write_recipe(const char *text)
{
    FILE *file = fopen("tiny.recipe", "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static const char TINY[] = "title Tiny\n"
                           "data synth:n=300,test=100,size=28,seed=3\n"
                           "protocol published 80:20\n"
                           "experiment near knn:k=3\n"
                           "paper accuracy 0.5 table 1\n"
                           "experiment net ann:epochs=60\n";

static json_t *load(const char *path)
{
    json_t *json = json_load_file(path, 0, NULL);
    if (!json)
        fail_msg("%s is no JSON", path);
    return json;
}

static void prints_the_papers_figure_beside_ours(void **state)
{
    (void)state;
    write_recipe(TINY);
    const struct outcome *o = weft("reproduce", "./tiny.recipe", "--only", "near");
    assert_int_equal(o->code, 0);
    assert_non_null(strstr(o->out, "near  knn:k=3  (published 80:20)\n  accuracy"));
    assert_non_null(strstr(o->out, "one run: "));
    assert_null(strstr(o->out, "net"));
    assert_true(exists("runs/tiny/near.seed-1.json") && exists("runs/tiny/results.md") &&
                exists("runs/tiny/results.csv") && exists("runs/runs.db"));
    json_t *results = load("runs/tiny/results.json");
    const json_t *run = json_array_get(
        json_object_get(json_array_get(json_object_get(results, "experiments"), 0), "runs"),
        0);
    assert_int_equal(json_integer_value(json_object_get(run, "train_count")), 240);
    assert_int_equal(json_integer_value(json_object_get(run, "validation_count")), 60);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(run, "test"), "count")), 100);
    json_decref(results);

    o = weft("reproduce", "./tiny.recipe", "--list");
    assert_non_null(strstr(o->out, "1 of 2 runs have ended"));
    o = weft("reproduce", "./tiny.recipe", "--only", "near", "--markdown");
    assert_non_null(strstr(o->out, "| near | `knn:k=3` | accuracy | 0.5 | table 1 | "));
    o = weft("reproduce", "./tiny.recipe", "--quick");
    assert_non_null(strstr(o->out, "Quick: one seed, a fifth of the epochs."));
    results = load("runs/tiny/net.quick.seed-1.json");
    const json_t *options = json_object_get(results, "options");
    assert_int_equal(json_integer_value(json_object_get(options, "epochs")), 12);
    json_decref(results);
}

static void recipes_are_built_in(void **state)
{
    (void)state;
    static const char *const names[] = {
        "paper-1", "paper-2", "paper-3", "paper-4", "paper-5"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct outcome *o =
            weft("reproduce", names[i], "--list", "--data", "synth:n=50,test=20");
        assert_outcome(o, 0, "");
        assert_non_null(strstr(o->out, "0 of "));
        assert_false(exists("runs"));
    }
    assert_failure(weft("reproduce", "paper-6"), "no recipe 'paper-6': did you mean");
    write_recipe("title Tiny\nexperimnt a knn\n");
    assert_failure(weft("reproduce", "./tiny.recipe"),
        "./tiny.recipe, line 2: no keyword 'experimnt': did you mean 'experiment'?");
}

/* Nothing that was done is done again, and the network ends as if it had not been stopped.
 */
static void goes_on_after_kill(void **state)
{
    (void)state;
    write_recipe(TINY);
    assert_outcome(weft("reproduce", "./tiny.recipe", "--out", "whole"), 0, "");
    pid_t child =
        start(&(struct manner){0}, WORDS("reproduce", "./tiny.recipe", "--out", "r"));
    for (int i = 0; i < 5000 && !exists("r/net.seed-1.json.checkpoint"); i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    kill(child, SIGKILL);
    assert_int_equal(finish(child)->code, -SIGKILL);
    assert_true(exists("r/near.seed-1.json"));
    assert_false(exists("r/net.seed-1.json"));
    struct stat before, after;
    stat("r/near.seed-1.json", &before);

    assert_outcome(
        weft("reproduce", "./tiny.recipe", "--out", "r"), 0, "going on from r/net");
    stat("r/near.seed-1.json", &after);
    assert_true(before.st_ino == after.st_ino);
    assert_false(exists("r/net.seed-1.json.checkpoint"));
    json_t *whole = load("whole/net.seed-1.json"), *resumed = load("r/net.seed-1.json");
    json_t *a = json_object_get(whole, "test"), *b = json_object_get(resumed, "test");
    json_object_del(a, "seconds");
    json_object_del(b, "seconds");
    assert_true(json_equal(a, b));
    json_decref(whole);
    json_decref(resumed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(prints_the_papers_figure_beside_ours),
        folder_test(recipes_are_built_in),
        folder_test(goes_on_after_kill),
    };
    return cmocka_run_group_tests_name("weft reproduce", tests, NULL, NULL);
}
