/* What a training as a whole promises. */
#include "nn/training.h"

static const char NETWORK[] = "flatten\ndense 64\nrelu\ndense classes\nsoftmax\n";

static double log_loss(
    const weft_classifier *c, const weft_view *view, size_t classes, weft_context *context)
{
    float *p = calloc(view->count * classes, sizeof *p);
    assert_ok(weft_classifier_predict_proba(c, view, p, context));
    double sum = 0;
    for (size_t i = 0; i < view->count; i++)
        sum -= log((double)p[i * classes + weft_view_label(view, i)]);
    free(p);
    return sum / (double)view->count;
}

/* Labels that mean nothing: the validation loss soon rises, training stops `patience`
 * epochs after its lowest, and the weights are those of the lowest. */
static void patience_stops_and_restores_the_best(void **state)
{
    (void)state;
    weft_context *context;
    assert_ok(weft_context_create(&context, 2));
    write_network("n.net", NETWORK);
    weft_dataset *data = bands(100, 4, 1, true), *other = bands(200, 4, 2, true);
    weft_view view = weft_view_all(data), validation = weft_view_all(other);
    weft_classifier *c =
        network_with("n.net", OPTIONS("epochs", "100", "learning-rate", "0.005", "patience",
                                  "7", "precision", "f32"));
    assert_ok(weft_classifier_fit(c, &view, &validation, context));
    size_t count, best = 0;
    const weft_epoch *e = weft_classifier_history(c, &count);
    for (size_t i = 1; i < count; i++)
        if (e[i].val_loss < e[best].val_loss)
            best = i;
    assert_int_equal(count, best + 1 + 7);
    double kept = log_loss(c, &validation, 4, context);
    assert_true(e[count - 1].val_loss > e[best].val_loss + 1e-3);
    assert_true(fabs(kept - e[best].val_loss) < 1e-5);
    weft_classifier_free(c);
    weft_dataset_free(data);
    weft_dataset_free(other);
    weft_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(patience_stops_and_restores_the_best),
    };
    return cmocka_run_group_tests_name("trainer", tests, NULL, NULL);
}
