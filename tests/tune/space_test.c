/* Search spaces, from the command line to trials. */
#include "support.h"

#include "tune/space.h"

static void read_one(weft__space *space, const char *name, const char *text)
{
    assert_ok(weft__space_read(space, &text, 1, name));
}

/* The values of one dimension, joined by spaces. */
static void check_values(const char *name, const char *text, const char *expected)
{
    weft__space space;
    char joined[512] = "";
    read_one(&space, name, text);
    for (size_t i = 0; i < space.dimensions[0].value_count; i++) {
        strcat(joined, i ? " " : "");
        strcat(joined, space.dimensions[0].values[i]);
    }
    assert_string_equal(joined, expected);
    weft__space_clear(&space);
}

static void lists_and_ranges(void **state)
{
    (void)state;
    check_values("knn", "k=3,5,7", "3 5 7");
    check_values("knn", "k=3..6", "3 4 5 6");
    check_values("knn", "k=3..11:5", "3 5 7 9 11");
    check_values("knn", "k=1..64:log:7", "1 2 4 8 16 32 64");
    check_values("knn", "k=1..3:log:10", "1 2 3"); /* those that fall together are one */
    check_values("knn", "weights=uniform,distance", "uniform distance");
    check_values("svm", "c=0.1..100:log:4", "0.1 1 10 100");
    check_values("svm", "c=1..3:3", "1 2 3");
    check_values("svm", "c=1e-1,10", "0.1 10");
    check_values(
        "ann", "learning-rate=1e-4,5e-4,1e-3,5e-3,1e-2", "0.0001 0.0005 0.001 0.005 0.01");
    check_values("ann", "nesterov=true,false", "true false");
    check_values("svm", "c=0.1..100:log", "");
    check_values("tamu-cnn", "filters=16,32,64,128", "16 32 64 128");
    check_values("network", "network=ann,kugler-cnn", "ann kugler-cnn");
}

static void mistakes_are_told_in_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        weft_status status;
        const char *message;
    } cases[] = {
        {"knn", "k", WEFT_EINVAL, "'k': expected OPTION=VALUES, as in k=3..11"},
        {"knn", "k=", WEFT_EINVAL, "expected OPTION=VALUES"},
        {"knn", "=3", WEFT_EINVAL, "expected OPTION=VALUES"},
        {"knn", "kk=3", WEFT_ENOTFOUND, "no option 'kk': did you mean 'k'?"},
        {"knn", "k=3,3", WEFT_EINVAL, "k=3: given twice"},
        {"svm", "c=1e-1,0.1", WEFT_EINVAL, "c=0.1: given twice"},
        {"knn", "k=3,,5", WEFT_EINVAL, "a value is missing"},
        {"knn", "k=0,3", WEFT_EINVAL, "k=0: expected a whole number from 1"},
        {"knn", "k=5..3", WEFT_EINVAL, "LOW below HIGH"},
        {"knn", "k=3..x", WEFT_EINVAL, "k=3..x: expected LOW..HIGH"},
        {"knn", "k=3..5:log:log", WEFT_EINVAL, "expected LOW..HIGH"},
        {"knn", "k=3..5:1", WEFT_EINVAL, "expected LOW..HIGH"},
        {"knn", "k=1..5000:5000", WEFT_EINVAL, "at most 1000 values"},
        {"knn", "k=0..5", WEFT_EINVAL, "k=0"},
        {"svm", "c=0..5:log", WEFT_EINVAL, "c=0..5:log"},
        {"knn", "weights=uniform,near", WEFT_EINVAL, "expected one of uniform|distance"},
        {"tamu-cnn", "filter=3", WEFT_ENOTFOUND, "its sizes are filters=128"},
        {"tamu-cnn", "filters=0", WEFT_EINVAL, "filters=0: expected a whole number"},
        {"network", "network=ann,an", WEFT_ENOTFOUND, "did you mean 'ann'"},
        {"knm", "k=3", WEFT_ENOTFOUND, "did you mean 'knn'"},
    };
    weft__space space;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_fails(weft__space_read(&space, &cases[i].text, 1, cases[i].name),
            cases[i].status, cases[i].message);
    const char *twice[] = {"k=3,5", "k=7"};
    assert_fails(weft__space_read(&space, twice, 2, "knn"), WEFT_EINVAL, "k: given twice");
    assert_fails(weft__space_read(&space, twice, 0, "knn"), WEFT_EINVAL, "0 options");
}

static void grids_and_draws(void **state)
{
    (void)state;
    const char *texts[] = {"k=3..6", "weights=uniform,distance"};
    static const char *const grid[] = {"3", "uniform", "3", "distance", "4", "uniform", "4",
        "distance", "5", "uniform", "5", "distance", "6", "uniform", "6", "distance"};
    weft__space space;
    char **values, **again;
    size_t trials;
    assert_ok(weft__space_read(&space, texts, 2, "knn"));
    assert_ok(weft__space_trials(&values, &trials, &space, 0, 1));
    assert_int_equal(trials, 8);
    for (size_t i = 0; i < 16; i++)
        assert_string_equal(values[i], grid[i]);
    weft__values_free(values, 16);

    /* Some of them, at random: each at most once, the same by the same seed. */
    assert_ok(weft__space_trials(&values, &trials, &space, 5, 2));
    assert_ok(weft__space_trials(&again, &trials, &space, 5, 2));
    assert_int_equal(trials, 5);
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(strcmp(values[2 * i], values[2 * j]) != 0 ||
                        strcmp(values[2 * i + 1], values[2 * j + 1]) != 0);
    for (size_t i = 0; i < 10; i++)
        assert_string_equal(values[i], again[i]);
    weft__values_free(values, 10);
    weft__values_free(again, 10);
    assert_ok(weft__space_trials(&values, &trials, &space, 100, 2));
    assert_int_equal(trials, 8);
    weft__values_free(values, 16);
    weft__space_clear(&space);
}

static void draws_from_ranges(void **state)
{
    (void)state;
    const char *texts[] = {"c=0.01..100:log", "gamma=0.5..1.5"};
    weft__space space;
    char **values;
    size_t trials, low = 0;
    double sum = 0;
    assert_ok(weft__space_read(&space, texts, 2, "svm"));
    assert_fails(weft__space_trials(&values, &trials, &space, 0, 1), WEFT_EINVAL,
        "c: a grid needs to know how many values");
    assert_ok(weft__space_trials(&values, &trials, &space, 1000, 1));
    for (size_t i = 0; i < 1000; i++) {
        double c = strtod(values[2 * i], NULL), g = strtod(values[2 * i + 1], NULL);
        assert_true(c >= 0.01 && c <= 100 && g >= 0.5 && g <= 1.5);
        low += c < 1; /* half of a logarithmic range */
        sum += g;
        assert_true(strlen(values[2 * i]) <= 8);
    }
    assert_in_range(low, 440, 560);
    assert_true(sum > 970 && sum < 1030);
    weft__values_free(values, 2000);
    weft__space_clear(&space);

    const char *whole = "trees=1..2000";
    size_t counts[4] = {0};
    read_one(&space, "forest", whole);
    assert_ok(weft__space_trials(&values, &trials, &space, 1000, 1));
    for (size_t i = 0; i < 1000; i++)
        counts[(strtoul(values[i], NULL, 10) - 1) / 500]++;
    for (size_t i = 0; i < 4; i++)
        assert_in_range(counts[i], 200, 300);
    weft__values_free(values, 1000);
    weft__space_clear(&space);
}

static void a_trials_classifier(void **state)
{
    (void)state;
    const char *texts[] = {"filters=16,32", "learning-rate=0.1,0.2"};
    const char *fixed[] = {"epochs=3"}, *values[] = {"32", "0.2"};
    static const char *const options[][2] = {{"epochs", "3"}, {"learning-rate", "0.2"},
        {"sizes", "filters=32"}, {"seed", "9"}, {"network", "kugler-cnn"}};
    weft__space space;
    weft_classifier *c;
    char text[64];
    assert_ok(weft__space_read(&space, texts, 2, "kugler-cnn"));
    assert_ok(weft__space_classifier(&c, "kugler-cnn", fixed, 1, &space, values, 9));
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        assert_ok(weft_classifier_get(c, options[i][0], text, sizeof text));
        assert_string_equal(text, options[i][1]);
    }
    weft_classifier_free(c);
    weft__space_clear(&space);

    /* A network brings its own training options. */
    const char *networks = "network=ann,kugler-cnn", *kugler = "kugler-cnn";
    read_one(&space, "network", networks);
    assert_ok(weft__space_classifier(&c, "network", NULL, 0, &space, &kugler, 1));
    assert_ok(weft_classifier_get(c, "optimizer", text, sizeof text));
    assert_string_equal(text, "sgd");
    weft_classifier_free(c);
    weft__space_clear(&space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_and_ranges),
        cmocka_unit_test(mistakes_are_told_in_one_line),
        cmocka_unit_test(grids_and_draws),
        cmocka_unit_test(draws_from_ranges),
        cmocka_unit_test(a_trials_classifier),
    };
    return cmocka_run_group_tests_name("search spaces", tests, NULL, NULL);
}
