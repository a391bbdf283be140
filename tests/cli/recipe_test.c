/* Recipes by name and by file, and trainings planned for a time. */
#include <jansson.h>

#include "cli/weft.h"

#define DATA "synth:n=200,test=60,seed=3"
/* A recipe that takes a moment. */
static const char SMALL[] =
    "title A small recipe\n"
    "train epochs=2 batch=32 optimizer=sgd learning-rate=0.05 schedule=triangular\n"
    "conv 4 stride=2\nrelu\nglobalpool\ndense classes\nsoftmax\n";

static void write_recipe(void)
{
    FILE *file = fopen("small.net", "w");
    assert_non_null(file);
    fputs(SMALL, file);
    assert_int_equal(fclose(file), 0);
}

static void a_recipe_names_the_classifier_and_its_options(void **state)
{
    (void)state;
    write_recipe();
    assert_outcome(
        weft("train", "--recipe", "./small.net", "--data", DATA, "--out", "a.safetensors"),
        0, "");
    assert_outcome(
        weft("train", "./small.net", "--data", DATA, "--out", "b.safetensors"), 0, "");
    assert_int_equal(system("cmp a.safetensors b.safetensors"), 0);
    assert_outcome(weft("train", "--recipe", "./small.net", "--epochs", "1", "--data", DATA,
                       "--out", "c.safetensors"),
        0, "");
    assert_int_not_equal(system("cmp -s a.safetensors c.safetensors"), 0);
    assert_int_equal(system("grep -q 'schedule.*triangular' a.safetensors"), 0);
}

static void the_built_in_recipes_are_there(void **state)
{
    (void)state;
    static const char *const names[] = {"fast", "balanced", "best"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_outcome(weft("summary", names[i]), 0, "");
}

static void what_is_missing_or_too_much_is_told(void **state)
{
    (void)state;
    assert_int_equal(weft("train", "--data", DATA)->code, 2);
    assert_outcome(weft("train", "--recipe", "fats", "--data", DATA), 2, "fast");
    assert_int_equal(weft("train", "knn", "--recipe", "fast", "--data", DATA)->code, 2);
    static const char *const times[] = {"5x", "0s", "s", "-3", "1e9h", "1.2.3s"};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        assert_int_equal(
            weft("train", "fast", "--budget", times[i], "--data", DATA)->code, 2);
    assert_int_equal(weft("train", "knn", "--budget", "5s", "--data", DATA)->code, 2);
}

/* It chooses epochs, tells them, and the same without planning is the same model. */
static void a_plan_can_be_repeated(void **state)
{
    (void)state;
    write_recipe();
    const struct outcome *o = weft("train", "./small.net", "--budget", "1m", "--data", DATA,
        "--test", "--json", "--out", "a.safetensors");
    assert_int_equal(o->code, 0);
    assert_non_null(strstr(o->err, "expected"));
    json_t *result = json_loads(o->out, 0, NULL), *budget;
    assert_non_null(result);
    assert_non_null(budget = json_object_get(result, "budget"));
    /* Twice its own epochs are the most. */
    assert_int_equal(json_integer_value(json_object_get(budget, "epochs")), 4);
    assert_true(json_number_value(json_object_get(budget, "predicted_seconds")) > 0);
    assert_true(json_number_value(json_object_get(budget, "seconds")) > 0);
    const char *precision = json_string_value(json_object_get(budget, "precision"));
    assert_non_null(precision);
    assert_outcome(weft("train", "./small.net", "--epochs", "4", "--precision", precision,
                       "--data", DATA, "--test", "--out", "b.safetensors"),
        0, "");
    assert_int_equal(system("cmp a.safetensors b.safetensors"), 0);
    json_decref(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(a_recipe_names_the_classifier_and_its_options),
        folder_test(the_built_in_recipes_are_there),
        folder_test(what_is_missing_or_too_much_is_told),
        folder_test(a_plan_can_be_repeated),
    };
    return cmocka_run_group_tests_name("recipe", tests, NULL, NULL);
}
