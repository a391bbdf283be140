#include "classic/made.h"

#include <math.h>

#include "weft/classifier.h"

static weft_context *context;

static int setup(void **state)
{
    (void)state;
    return weft_context_create(&context, 3) != WEFT_OK;
}

static int teardown(void **state)
{
    (void)state;
    weft_context_free(context);
    return 0;
}

static double next_number(FILE *file)
{
    double value;
    assert_int_equal(fscanf(file, "%lf", &value), 1);
    return value;
}

/* The same objective at its minimum, and the same probabilities there. */
static void same_minimum_as_scikit_learn(void **state)
{
    (void)state;
    enum { QUERIES = 100, CLASSES = 5 };
    const weft_shape shape = {6, 8, 1};
    weft_dataset *train = made_pictures(600, shape, CLASSES, 500, 1);
    weft_dataset *query = made_pictures(QUERIES, shape, CLASSES, 500, 2);
    weft_view a = weft_view_all(train), b = weft_view_all(query);
    FILE *file = open_beside("logreg_vectors.txt");
    for (int i = 0; i < 3; i++) {
        weft_classifier *logreg;
        char c[32];
        float shares[QUERIES * CLASSES];
        size_t iterations;
        assert_ok(weft_classifier_create(&logreg, "logreg"));
        assert_int_equal(fscanf(file, "%31s", c), 1);
        assert_ok(weft_classifier_set(logreg, "c", c));
        assert_ok(weft_classifier_set(logreg, "tolerance", "1e-6"));
        assert_ok(weft_classifier_set(logreg, "max-iterations", "3000"));
        assert_ok(weft_classifier_fit(logreg, &a, NULL, context));
        const weft_epoch *history = weft_classifier_history(logreg, &iterations);
        double objective = next_number(file);
        assert_true(iterations > 0);
        assert_true(fabs(history[iterations - 1].loss - objective) < 1e-4 * objective);
        assert_ok(weft_classifier_predict_proba(logreg, &b, shares, context));
        for (size_t j = 0; j < QUERIES * CLASSES; j++)
            assert_true(fabs(next_number(file) - (double)shares[j]) < 5e-3);
        weft_classifier_free(logreg);
    }
    fclose(file);
    weft_dataset_free(train);
    weft_dataset_free(query);
}

static void every_iteration_descends(void **state)
{
    (void)state;
    weft_dataset *train = made_pictures(500, (weft_shape){5, 5, 3}, 7, 600, 3);
    weft_view view = weft_view_all(train);
    weft_classifier *logreg;
    size_t count;
    assert_ok(weft_classifier_create(&logreg, "logreg"));
    assert_ok(weft_classifier_fit(logreg, &view, NULL, context));
    const weft_epoch *history = weft_classifier_history(logreg, &count);
    assert_true(count > 2);
    for (size_t i = 1; i < count; i++)
        assert_true(history[i].loss <= history[i - 1].loss);
    weft_classifier_free(logreg);
    weft_dataset_free(train);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_minimum_as_scikit_learn),
        cmocka_unit_test(every_iteration_descends),
    };
    return cmocka_run_group_tests_name("logreg", tests, setup, teardown);
}
