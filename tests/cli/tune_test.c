/* weft tune. */
#include <jansson.h>

#include "cli/weft.h"
#include "store/database.h"

#define TUNE \
    "tune", "kugler-cnn", "learning-rate=0.01,0.05,0.1", "filters=2,4", "--epochs", "2", \
        "--data", "synth:n=300,test=20,size=16", "--threads", "2"

static void nap(long milliseconds)
{
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

/* The table without its last two columns, the times. */
static void assert_same_tables(const char *a, const char *b)
{
    char line[256];
    snprintf(line, sizeof line,
        "for f in %s %s; do sed 's/,[^,]*,[^,]*$//' $f/results.csv > $f.table; done; "
        "cmp %s.table %s.table",
        a, b, a, b);
    assert_int_equal(system(line), 0);
}

static void ends_with_a_table_and_a_model(void **state)
{
    (void)state;
    const struct outcome *o = weft("tune", "knn", "k=1..4", "weights=uniform,distance",
        "--data", "synth:n=200,test=20,size=16", "--folds", "3", "--fit-best");
    assert_outcome(o, 0, "");
    assert_non_null(
        strstr(o->out, "knn: 8 trials by accuracy on 3 folds of the training pictures"));
    assert_non_null(strstr(o->out, "\n   1  k="));
    assert_non_null(strstr(o->out, "\nruns/tune-knn/model.safetensors\n"));
    assert_outcome(weft("verify", "runs/tune-knn/model.safetensors"), 0, "");
    assert_int_equal(system("head -1 runs/tune-knn/results.csv | grep -q "
                            "'^trial,rank_test_score,param_k,param_weights,mean_test_score,"
                            "std_test_score,split0_test_score,'"),
        0);
}

static void mistakes_are_usage(void **state)
{
    (void)state;
    assert_outcome(weft("tune", "knn", "--data", "synth:n=100"), 2, "'tune' needs");
    assert_outcome(
        weft("tune", "knn", "kk=3", "--data", "synth:n=100"), 2, "did you mean 'k'");
    assert_outcome(weft("tune", "knn", "k=3..x", "--data", "synth:n=100"), 2, "LOW..HIGH");
    assert_outcome(
        weft("tune", "knn", "k=3,5", "--budget", "soon", "--data", "synth:n=100"), 2,
        "--budget=soon: expected a time");
    assert_outcome(
        weft("tune", "knn", "k=3,5", "--k", "7", "--data", "synth:n=100"), 2, "k: is both");
    assert_failure(weft("tune", "knn", "k=3,5", "--resume", "--data", "synth:n=100"),
        "was not begun before");
    assert_false(exists("runs/tune-knn"));
}

/* Trials written down so far; 0 before there is anything. */
static int64_t recorded(void)
{
    weft__database *db;
    int64_t n = 0;
    if (weft__database_open(&db, "runs/runs.db", false) != WEFT_OK)
        return 0;
    if (weft__query_integer(&n, db, "SELECT count(*) FROM trial WHERE status = 'done'",
            WEFT__NONE) != WEFT_OK)
        n = 0;
    weft__database_close(db);
    return n;
}

static void killed_it_goes_on_and_runs_nothing_twice(void **state)
{
    (void)state;
    assert_outcome(
        weft(TUNE, "--workers", "2", "--out", "whole", "--store", "whole.db"), 0, "");
    for (int i = 1; i <= 3; i++) {
        pid_t child = start(&(struct manner){0}, WORDS(TUNE, "--workers", "2"));
        for (int wait = 0; wait < 400 && recorded() < i; wait++)
            nap(5);
        kill(child, SIGKILL);
        (void)finish(child);
    }
    assert_true(recorded() >= 1);
    const struct outcome *o = weft(TUNE, "--workers", "1", "--threads", "1");
    assert_outcome(o, 0, ""); /* another number of workers, the same threads a trial */
    assert_same_tables("runs/tune-kugler-cnn", "whole");
    json_t *json = json_load_file("runs/tune-kugler-cnn/results.json", 0, NULL);
    assert_int_equal(json_array_size(json_object_get(json, "trials")), 6);
    json_decref(json);
    assert_false(exists("runs/tune-kugler-cnn-2"));
}

static void interrupted_it_shows_what_is_done(void **state)
{
    (void)state;
    pid_t child = start(&(struct manner){0},
        WORDS("tune", "kugler-cnn", "learning-rate=0.01..0.1", "--trials", "500",
            "--epochs", "2", "--data", "synth:n=300,test=20,size=16", "--threads", "2",
            "--workers", "2"));
    for (int wait = 0; wait < 1000 && recorded() < 2; wait++)
        nap(5);
    kill(child, SIGINT);
    const struct outcome *o = finish(child);
    assert_outcome(o, 130, "of 500 trials are done: the same command goes on");
    assert_non_null(strstr(o->out, "   1  learning-rate="));
    assert_true(exists("runs/tune-kugler-cnn/results.json"));
}

static void a_budget_ends_it(void **state)
{
    (void)state;
    const struct outcome *o =
        weft("tune", "kugler-cnn", "learning-rate=0.01..0.1", "--trials", "1000",
            "--epochs", "2", "--data", "synth:n=300,test=20,size=16", "--budget", "0.2s");
    assert_outcome(o, 0, "of 1000 trials are done: the same command goes on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(ends_with_a_table_and_a_model),
        folder_test(mistakes_are_usage),
        folder_test(killed_it_goes_on_and_runs_nothing_twice),
        folder_test(interrupted_it_shows_what_is_done),
        folder_test(a_budget_ends_it),
    };
    return cmocka_run_group_tests_name("weft tune", tests, NULL, NULL);
}
