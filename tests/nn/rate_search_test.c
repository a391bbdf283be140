/* Finding a learning rate. */
#include "nn/training.h"

#include "nn/rate_search.h"

static const char NETWORK[] = "flatten\ndense 64\nrelu\ndense classes\nsoftmax\n";

/* A loss that falls fastest, by the rate's logarithm, where it was made to. */
static void the_steepest_descent_is_suggested(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    weft_rate points[COUNT];
    for (int i = 0; i < COUNT; i++) {
        double x = -6 + 7.0 * i / (COUNT - 1); /* of 10^x; steepest at -3 */
        points[i] = (weft_rate){pow(10, x), 2 - tanh(2 * (x + 3)) + (x > -1 ? x + 1 : 0)};
    }
    double found = weft__search_suggestion(points, COUNT);
    assert_true(fabs(log10(found) + 3) < 0.1);
    for (int i = 0; i < COUNT; i++)
        points[i].loss = i;
    assert_true(isnan(weft__search_suggestion(points, COUNT)));
}

static void the_curve_leads_to_a_rate_that_learns(void **state)
{
    (void)state;
    write_network("n.net", NETWORK);
    weft_context *context;
    assert_ok(weft_context_create(&context, 2));
    weft_dataset *data = bands(400, 4, 1, false);
    weft_view view = weft_view_all(data);
    weft_classifier *c = network_with("n.net", OPTIONS("epochs", "4", "batch", "32"));
    weft_rate_range range = weft_rate_range_defaults();
    weft_rate_curve curve;
    assert_ok(weft_classifier_find_rate(&curve, c, &view, &range, context));
    assert_false(weft_classifier_is_fitted(c));
    assert_in_range(curve.count, 50, range.steps);
    assert_true(fabs(curve.points[0].learning_rate / 1e-6 - 1) < 1e-9);
    for (size_t i = 1; i < curve.count; i++)
        assert_true(curve.points[i].learning_rate > curve.points[i - 1].learning_rate);
    assert_true(curve.suggestion > 1e-4 && curve.suggestion < 0.3);

    char text[32];
    snprintf(text, sizeof text, "%.3g", curve.suggestion);
    assert_ok(weft_classifier_set(c, "learning-rate", text));
    assert_ok(weft_classifier_fit(c, &view, NULL, context));
    size_t count;
    const weft_epoch *e = weft_classifier_history(c, &count);
    assert_int_equal(count, 4);
    assert_true(e[3].accuracy > 0.8);
    weft_rate_curve_clear(&curve);
    weft_classifier_free(c);
    weft_dataset_free(data);
    weft_context_free(context);
}

static void what_has_no_rate_is_refused(void **state)
{
    (void)state;
    weft_context *context;
    assert_ok(weft_context_create(&context, 1));
    weft_dataset *data = bands(40, 4, 1, false);
    weft_view view = weft_view_all(data);
    weft_rate_range range = weft_rate_range_defaults();
    weft_rate_curve curve;
    weft_classifier *c;
    assert_ok(weft_classifier_create(&c, "knn"));
    assert_fails(weft_classifier_find_rate(&curve, c, &view, &range, context),
        WEFT_EUNSUPPORTED, "knn: has no learning rate");
    weft_classifier_free(c);
    assert_ok(weft_classifier_create(&c, "ann"));
    range.lowest = 0;
    assert_fails(weft_classifier_find_rate(&curve, c, &view, &range, context), WEFT_EINVAL,
        "from 0");
    weft_classifier_free(c);
    weft_dataset_free(data);
    weft_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_steepest_descent_is_suggested),
        folder_test(the_curve_leads_to_a_rate_that_learns),
        folder_test(what_has_no_rate_is_refused),
    };
    return cmocka_run_group_tests_name("learning rates", tests, NULL, NULL);
}
