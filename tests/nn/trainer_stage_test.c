/* Pictures that grow from epoch to epoch, and layers that stop learning. */
#include "nn/training.h"

#include "model/tensors.h"

static const char POOLED[] = "conv 8 kernel=3 pad=1\nbatchnorm\nrelu\nmaxpool 2\n"
                             "conv 8 kernel=3 pad=1\nrelu\nglobalpool\ndense classes\n";

static weft_status fit(const char *const *options, const char *out)
{
    weft_context *context;
    assert_ok(weft_context_create(&context, 2));
    weft_dataset *data = bands(300, 3, 1, false);
    weft_view view = weft_view_all(data);
    weft_classifier *c = network_with("n.net", options);
    weft_status status = weft_classifier_fit(c, &view, NULL, context);
    if (status == WEFT_OK)
        assert_ok(weft_classifier_save(c, out, context));
    weft_classifier_free(c);
    weft_dataset_free(data);
    weft_context_free(context);
    return status;
}

static bool same_array(const char *a, const char *b, const char *name)
{
    weft__tensors ta = {0}, tb = {0};
    assert_ok(weft__tensors_read(&ta, a));
    assert_ok(weft__tensors_read(&tb, b));
    const weft__tensor *fa = weft__tensors_find(&ta, name);
    const weft__tensor *fb = weft__tensors_find(&tb, name);
    assert_non_null(fa);
    assert_non_null(fb);
    bool same = fa->bytes == fb->bytes && memcmp(fa->data, fb->data, fa->bytes) == 0;
    weft__tensors_clear(&ta);
    weft__tensors_clear(&tb);
    return same;
}

#define USUAL "batch", "64", "learning-rate", "0.01"

static void grown_pictures_change_the_first_epochs(void **state)
{
    (void)state;
    write_network("n.net", POOLED);
    assert_ok(fit(OPTIONS(USUAL, "epochs", "3"), "usual"));
    assert_ok(fit(OPTIONS(USUAL, "epochs", "3", "grow-until", "0.67"), "grown"));
    assert_false(same_array("usual", "grown", "conv1.weight"));
    /* A picture at its full size is the picture. */
    assert_ok(fit(
        OPTIONS(USUAL, "epochs", "3", "grow-until", "0.67", "grow-from", "1"), "grown"));
    assert_true(same_files("usual", "usual"));
    assert_true(same_array("usual", "grown", "conv1.weight"));
    assert_true(same_array("usual", "grown", "dense1.weight"));
}

static void weights_that_need_one_size_are_refused(void **state)
{
    (void)state;
    write_network("n.net", "conv 8 kernel=3\nrelu\nflatten\ndense classes\n");
    assert_int_equal(fit(OPTIONS("epochs", "2", "grow-until", "0.5"), "none"), WEFT_EINVAL);
    assert_non_null(strstr(weft_error(), "grow-until"));
    assert_non_null(strstr(weft_error(), "6 x 6"));
}

/* From half of the epochs on: as after half of them for the frozen, and not for others. */
static void late_layers_stay_as_they_are(void **state)
{
    (void)state;
    write_network("n.net", POOLED);
    assert_ok(fit(OPTIONS(USUAL, "epochs", "2"), "half"));
    assert_ok(fit(OPTIONS(USUAL, "epochs", "4", "freeze-late", "conv1,batchnorm1",
                      "freeze-at", "0.5"),
        "late"));
    static const char *const frozen[] = {"conv1.weight", "conv1.bias", "batchnorm1.mean",
        "batchnorm1.variance", "batchnorm1.gamma"};
    for (size_t i = 0; i < sizeof frozen / sizeof *frozen; i++)
        assert_true(same_array("half", "late", frozen[i]));
    assert_false(same_array("half", "late", "conv2.weight"));
    assert_ok(fit(OPTIONS(USUAL, "epochs", "4"), "free"));
    assert_false(same_array("half", "free", "conv1.weight"));
}

static void what_is_not_there_cannot_be_frozen(void **state)
{
    (void)state;
    write_network("n.net", POOLED);
    assert_int_equal(
        fit(OPTIONS("epochs", "2", "freeze-late", "conv7"), "none"), WEFT_ENOTFOUND);
    assert_non_null(strstr(weft_error(), "freeze-late"));
    assert_int_equal(
        fit(OPTIONS("epochs", "2", "freeze-late", "*", "freeze-at", "0.5"), "none"),
        WEFT_EINVAL);
    assert_int_equal(
        fit(OPTIONS("epochs", "2", "ema", "0.9", "swa", "0.5"), "none"), WEFT_EINVAL);
}

static double work(const char *const *options)
{
    double steps;
    weft_classifier *c = network_with("n.net", options);
    assert_ok(weft_classifier_training_work(&steps, c, 300));
    weft_classifier_free(c);
    return steps;
}

static void work_counts_what_is_shown(void **state)
{
    (void)state;
    weft_classifier *c;
    double steps;
    write_network("n.net", POOLED);
    assert_float_equal(work(OPTIONS(USUAL, "epochs", "4")), 20, 0);
    assert_float_equal(work(OPTIONS(USUAL, "epochs", "4", "accumulate", "2")), 12, 0);
    /* One batch less in the second epoch and the third. */
    assert_float_equal(work(OPTIONS(USUAL, "epochs", "4", "skip-easy", "0.4")), 18, 0);
    /* Half of the sides, then three quarters. */
    assert_float_equal(work(OPTIONS(USUAL, "epochs", "4", "grow-until", "0.5")),
        5 * (0.25 + 0.5625 + 2), 1e-12);
    assert_ok(weft_classifier_create(&c, "knn"));
    assert_fails(weft_classifier_training_work(&steps, c, 300), WEFT_EUNSUPPORTED,
        "knn: does not learn in epochs");
    weft_classifier_free(c);
}

static void a_search_for_the_rate_sees_whole_pictures(void **state)
{
    (void)state;
    write_network("n.net", "conv 8 kernel=3\nrelu\nflatten\ndense classes\n");
    weft_context *context;
    assert_ok(weft_context_create(&context, 2));
    weft_dataset *data = bands(300, 3, 1, false);
    weft_view view = weft_view_all(data);
    const weft_rate_range range = {1e-6, 1e-3, 20};
    weft_rate_curve curve;
    /* Other sizes would not fit these weights. */
    weft_classifier *c = network_with("n.net", OPTIONS("grow-until", "0.5"));
    assert_ok(weft_classifier_find_rate(&curve, c, &view, &range, context));
    weft_rate_curve_clear(&curve);
    weft_classifier_free(c);
    weft_dataset_free(data);
    weft_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(grown_pictures_change_the_first_epochs),
        folder_test(weights_that_need_one_size_are_refused),
        folder_test(work_counts_what_is_shown),
        folder_test(a_search_for_the_rate_sees_whole_pictures),
        folder_test(late_layers_stay_as_they_are),
        folder_test(what_is_not_there_cannot_be_frozen),
    };
    return cmocka_run_group_tests_name("trainer_stage", tests, NULL, NULL);
}
