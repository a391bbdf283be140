/* weft cv. */
#include <jansson.h>

#include "cli/weft.h"

static void ends_with_the_folds_and_a_folder(void **state)
{
    (void)state;
    const struct outcome *o = weft("cv", "ann", "--epochs", "2", "--data",
        "synth:n=200,test=50,size=16", "--folds", "4", "--seed", "3");
    assert_outcome(o, 0, "");
    assert_non_null(strstr(o->out, "ann: 4 stratified folds of 200 pictures, seed 3"));
    assert_non_null(strstr(o->out, "\nmean "));
    assert_non_null(strstr(o->out, "\nruns/cv-ann/report.html\n"));
    assert_true(exists("runs/cv-ann/probabilities.safetensors"));

    json_t *json = json_load_file("runs/cv-ann/results.json", 0, NULL);
    const char *command =
        json_string_value(json_object_get(json_object_get(json, "run"), "command"));
    assert_string_equal(command, "weft cv ann --data synth:n=200,test=50,size=16 --folds 4 "
                                 "--seed 3 --epochs 2");
    char line[512];
    snprintf(line, sizeof line, "\"$WEFT_PROGRAM\" %s --json > again.json 2> /dev/null",
        command + strlen("weft "));
    assert_int_equal(system(line), 0);
    json_t *again = json_load_file("again.json", 0, NULL);
    assert_true(json_equal(
        json_object_get(json, "out_of_fold"), json_object_get(again, "out_of_fold")));
    assert_int_equal(system("cmp runs/cv-ann/probabilities.safetensors "
                            "runs/cv-ann-2/probabilities.safetensors"),
        0);
    json_decref(json);
    json_decref(again);
}

static void pools_and_groups(void **state)
{
    (void)state;
    FILE *groups = fopen("groups.csv", "w");
    for (int i = 0; i < 250; i++)
        fprintf(groups, "%d,product %d\n", i, i / 2);
    fclose(groups);
    const struct outcome *o = weft("cv", "knn", "--data", "synth:n=200,test=50,size=16",
        "--pool", "--groups", "groups.csv", "--train-scores", "--k", "1", "--out", "r");
    assert_outcome(o, 0, "");
    assert_non_null(strstr(o->out, "knn: 5 grouped folds of 250 pictures"));
    assert_non_null(strstr(o->out, "mean          0.0000        1.0000"));
    assert_failure(weft("cv", "knn", "--data", "synth:n=200,test=50,size=16", "--groups",
                       "groups.csv", "--out", "s"),
        "groups.csv, line 201: picture 200: expected a number below 200");
    assert_false(exists("s"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(ends_with_the_folds_and_a_folder),
        folder_test(pools_and_groups),
    };
    return cmocka_run_group_tests_name("weft cv", tests, NULL, NULL);
}
