/* What every family of classifiers must do, whichever it is. A family with a large default
 * gets a line in `quick`. */
#include "classic/made.h"

#include <math.h>
#include <unistd.h>

#include "core/mem.h"
#include "model/family.h"

/* Options that keep a family quick on a few pictures; "" ends a family's list. */
static const struct quick {
    const char *name, *option, *value;
} quick[] = {
    {"boost", "rounds", "5"},
    {"forest", "trees", "10"},
    {"extratrees", "trees", "10"},
};

static const weft_shape GREY = {12, 10, 1}, COLOUR = {9, 11, 3};
enum { COUNT = 60, CLASSES = 4 };

static weft_context *context;
static char folder[] = "/tmp/weft-conformance-XXXXXX";

static int setup(void **state)
{
    (void)state;
    return weft_context_create(&context, 2) != WEFT_OK || !mkdtemp(folder);
}

static int teardown(void **state)
{
    (void)state;
    weft_context_free(context);
    return rmdir(folder);
}

/* A failing check names the test; this names the family. */
static const char *family_name;

static weft_classifier *make(const weft__family *family)
{
    weft_classifier *made;
    family_name = family->name;
    assert_ok(weft_classifier_create(&made, family->name));
    for (size_t i = 0; i < sizeof quick / sizeof *quick; i++)
        if (strcmp(quick[i].name, family->name) == 0)
            assert_ok(weft_classifier_set(made, quick[i].option, quick[i].value));
    return made;
}

/* Families with variants are networks: what they are made of has tests of its own, and
 * what they are called comes from their variants. */
static const weft__family *next_family(size_t *i)
{
    while (weft__families[*i] && weft__families[*i]->variant)
        ++*i;
    return weft__families[*i] ? weft__families[(*i)++] : NULL;
}

static float *predict(const weft_classifier *model, const weft_view *view)
{
    size_t classes = weft_classifier_classes(model);
    float *shares = malloc(view->count * classes * sizeof *shares);
    memset(shares, 255, view->count * classes * sizeof *shares);
    assert_ok(weft_classifier_predict_proba(model, view, shares, context));
    for (size_t i = 0; i < view->count; i++) {
        double sum = 0;
        for (size_t c = 0; c < classes; c++) {
            float share = shares[i * classes + c];
            if (!(share >= 0 && share <= 1))
                fail_msg("%s: probability %g", family_name, (double)share);
            sum += (double)share;
        }
        if (!(fabs(sum - 1) < 1e-5))
            fail_msg("%s: probabilities of picture %zu sum to %g", family_name, i, sum);
    }
    return shares;
}

static double accuracy(const float *shares, const weft_view *view, size_t classes)
{
    size_t right = 0;
    for (size_t i = 0; i < view->count; i++) {
        size_t best = 0;
        for (size_t c = 1; c < classes; c++)
            if (shares[i * classes + c] > shares[i * classes + best])
                best = c;
        right += best == weft_view_label(view, i);
    }
    return (double)right / (double)view->count;
}

static void expect_same(const float *a, const float *b, size_t count, const char *what)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&a[i], &b[i], sizeof *a) != 0)
            fail_msg("%s: %s: value %zu is %.9g and %.9g", family_name, what, i,
                (double)a[i], (double)b[i]);
}

/* Fits with `pixels` and `labels` and predicts them. Returns the accuracy. */
static double fit_and_predict(const weft__family *family, weft_shape shape, size_t count,
    const uint8_t *pixels, const uint16_t *labels, size_t classes)
{
    static const char *const names[CLASSES] = {"a", "b", "c", "d"};
    weft_dataset *data;
    assert_ok(weft_dataset_create(&data, shape, count, pixels, labels, classes, names));
    weft_view view = weft_view_all(data);
    weft_classifier *model = make(family);
    weft_status status = weft_classifier_fit(model, &view, NULL, context);
    if (status != WEFT_OK)
        fail_msg("%s: %s", family->name, weft_error());
    float *shares = predict(model, &view);
    double right = accuracy(shares, &view, classes);
    free(shares);
    weft_classifier_free(model);
    weft_dataset_free(data);
    return right;
}

/* ---- fitting and predicting -------------------------------------------------------- */

static void learns_what_is_easy(void **state)
{
    (void)state;
    const weft_shape shapes[] = {GREY, COLOUR};
    for (size_t s = 0; s < 2; s++) {
        weft_dataset *train = made_pictures(COUNT * 2, shapes[s], CLASSES, 80, 1);
        weft_dataset *other = made_pictures(COUNT, shapes[s], CLASSES, 80, 2);
        weft_view a = weft_view_all(train), b = weft_view_all(other);
        const weft__family *family;
        for (size_t i = 0; (family = next_family(&i));) {
            weft_classifier *model = make(family);
            assert_ok(weft_classifier_fit(model, &a, NULL, context));
            float *shares = predict(model, &b);
            double right = accuracy(shares, &b, CLASSES);
            if (right < 0.9)
                fail_msg("%s: accuracy %g on easy pictures", family->name, right);
            free(shares);
            weft_classifier_free(model);
        }
        weft_dataset_free(train);
        weft_dataset_free(other);
    }
}

static void unfitted_does_not_predict(void **state)
{
    (void)state;
    weft_dataset *data = made_pictures(8, GREY, 2, 80, 1);
    weft_view view = weft_view_all(data);
    const weft__family *family;
    for (size_t i = 0; (family = next_family(&i));) {
        weft_classifier *model = make(family);
        float shares[16];
        assert_fails(weft_classifier_predict_proba(model, &view, shares, context),
            WEFT_EINVAL, "not fitted");
        assert_fails(
            weft_classifier_save(model, "/tmp/never", context), WEFT_EINVAL, "not fitted");
        weft_classifier_free(model);
    }
    weft_dataset_free(data);
}

static void refitting_forgets(void **state)
{
    (void)state;
    weft_dataset *first = made_pictures(COUNT, GREY, CLASSES, 200, 1);
    weft_dataset *second = made_pictures(COUNT - 7, COLOUR, 3, 200, 2);
    weft_view a = weft_view_all(first), b = weft_view_all(second);
    const weft__family *family;
    for (size_t i = 0; (family = next_family(&i));) {
        weft_classifier *twice = make(family), *once = make(family);
        assert_ok(weft_classifier_fit(twice, &a, NULL, context));
        assert_ok(weft_classifier_fit(twice, &b, NULL, context));
        assert_ok(weft_classifier_fit(once, &b, NULL, context));
        assert_int_equal(weft_classifier_classes(twice), 3);
        float *x = predict(twice, &b), *y = predict(once, &b);
        expect_same(x, y, b.count * 3, "a second fit remembers the first");
        free(x);
        free(y);
        weft_classifier_free(twice);
        weft_classifier_free(once);
    }
    weft_dataset_free(first);
    weft_dataset_free(second);
}

static void save_and_load_agree(void **state)
{
    (void)state;
    weft_dataset *data = made_pictures(COUNT, COLOUR, CLASSES, 300, 1);
    weft_view view = weft_view_all(data);
    const weft__family *family;
    char path[128];
    for (size_t i = 0; (family = next_family(&i));) {
        weft_classifier *model = make(family), *loaded;
        size_t checked = 0;
        snprintf(path, sizeof path, "%s/%s.safetensors", folder, family->name);
        assert_ok(weft_classifier_fit(model, &view, NULL, context));
        assert_ok(weft_classifier_save(model, path, context));
        assert_ok(weft_classifier_load(&loaded, path));
        float *x = predict(model, &view), *y = predict(loaded, &view);
        expect_same(x, y, view.count * CLASSES, "the loaded model differs");
        assert_ok(weft_classifier_verify(loaded, 1e-6, &checked, NULL, context));
        assert_true(checked > 0);
        for (const weft_param *p = family->params; p->name; p++) {
            char before[256], after[256];
            assert_ok(weft_classifier_get(model, p->name, before, sizeof before));
            assert_ok(weft_classifier_get(loaded, p->name, after, sizeof after));
            assert_string_equal(before, after);
        }
        free(x);
        free(y);
        weft_classifier_free(model);
        weft_classifier_free(loaded);
        assert_int_equal(unlink(path), 0);
    }
    weft_dataset_free(data);
}

/* Whatever a family sees of a picture, the model brings it along. */
static void features_travel_with_the_model(void **state)
{
    (void)state;
    static const char *const choices[] = {"pca:3", "pca:0.9", "hog"};
    weft_dataset *data = made_pictures(COUNT, COLOUR, CLASSES, 200, 1);
    weft_view view = weft_view_all(data);
    const weft__family *family;
    char path[128];
    for (size_t i = 0; (family = next_family(&i));)
        for (size_t j = 0; weft_param_find(family->params, "features") && j < 3; j++) {
            weft_classifier *model = make(family), *loaded;
            snprintf(path, sizeof path, "%s/%s.safetensors", folder, family->name);
            assert_ok(weft_classifier_set(model, "features", choices[j]));
            assert_ok(weft_classifier_fit(model, &view, NULL, context));
            assert_ok(weft_classifier_save(model, path, context));
            assert_ok(weft_classifier_load(&loaded, path));
            float *x = predict(model, &view), *y = predict(loaded, &view);
            if (accuracy(x, &view, CLASSES) < 0.7)
                fail_msg("%s: accuracy %g on %s", family->name, accuracy(x, &view, CLASSES),
                    choices[j]);
            expect_same(x, y, view.count * CLASSES, choices[j]);
            free(x);
            free(y);
            weft_classifier_free(loaded);
            assert_ok(weft_classifier_set(model, "features", "wavelets"));
            assert_fails(weft_classifier_fit(model, &view, NULL, context), WEFT_EINVAL,
                "expected pixels, pca:K, hog or model:PATH");
            assert_ok(weft_classifier_set(model, "features", "pca:no"));
            assert_fails(
                weft_classifier_fit(model, &view, NULL, context), WEFT_EINVAL, "pca:no");
            weft_classifier_free(model);
            assert_int_equal(unlink(path), 0);
        }
    weft_dataset_free(data);
}

static void same_seed_same_answer(void **state)
{
    (void)state;
    weft_dataset *data = made_pictures(COUNT, GREY, CLASSES, 400, 1);
    weft_view view = weft_view_all(data);
    const weft__family *family;
    for (size_t i = 0; (family = next_family(&i));) {
        weft_classifier *a = make(family), *b = make(family);
        assert_ok(weft_classifier_fit(a, &view, NULL, context));
        assert_ok(weft_classifier_fit(b, &view, NULL, context));
        float *x = predict(a, &view), *y = predict(b, &view);
        expect_same(x, y, view.count * CLASSES, "two fits differ");
        free(x);
        free(y);
        weft_classifier_free(a);
        weft_classifier_free(b);
    }
    weft_dataset_free(data);
}

/* Sums may be added in another order; the answers stay close. */
static void thread_counts_hardly_matter(void **state)
{
    (void)state;
    weft_dataset *data = made_pictures(COUNT, GREY, CLASSES, 300, 1);
    weft_view view = weft_view_all(data);
    const weft__family *family;
    for (size_t i = 0; (family = next_family(&i));) {
        float *first = NULL;
        for (int threads = 1; threads <= 5; threads += 2) {
            weft_context *own;
            weft_classifier *model = make(family);
            float *shares = malloc(COUNT * CLASSES * sizeof *shares);
            assert_ok(weft_context_create(&own, threads));
            assert_ok(weft_classifier_fit(model, &view, NULL, own));
            assert_ok(weft_classifier_predict_proba(model, &view, shares, own));
            if (first)
                for (size_t j = 0; j < COUNT * CLASSES; j++)
                    if (!(fabsf(shares[j] - first[j]) < 1e-2f))
                        fail_msg("%s: %g on one thread, %g on %d", family->name,
                            (double)first[j], (double)shares[j], threads);
            if (first)
                free(shares);
            else
                first = shares;
            weft_classifier_free(model);
            weft_context_free(own);
        }
        free(first);
    }
    weft_dataset_free(data);
}

/* ---- odd data ---------------------------------------------------------------------- */

static void one_class_is_refused(void **state)
{
    (void)state;
    weft_dataset *data = made_pictures(20, GREY, 2, 80, 1);
    uint32_t evens[10];
    for (uint32_t i = 0; i < 10; i++)
        evens[i] = 2 * i;
    weft_view view = {data, evens, 10}, none = {data, evens, 0};
    const weft__family *family;
    for (size_t i = 0; (family = next_family(&i));) {
        weft_classifier *model = make(family);
        assert_fails(
            weft_classifier_fit(model, &view, NULL, context), WEFT_EINVAL, "one class");
        assert_fails(
            weft_classifier_fit(model, &none, NULL, context), WEFT_EINVAL, "no pictures");
        assert_false(weft_classifier_is_fitted(model));
        weft_classifier_free(model);
    }
    weft_dataset_free(data);
}

static void wrong_shape_is_refused_and_nothing_predicts_nothing(void **state)
{
    (void)state;
    weft_dataset *data = made_pictures(20, GREY, 2, 80, 1);
    weft_dataset *other = made_pictures(20, COLOUR, 2, 80, 1);
    weft_view view = weft_view_all(data), wrong = weft_view_all(other);
    weft_view none = {data, NULL, 0};
    const weft__family *family;
    for (size_t i = 0; (family = next_family(&i));) {
        weft_classifier *model = make(family);
        float shares[40];
        assert_ok(weft_classifier_fit(model, &view, NULL, context));
        assert_fails(weft_classifier_predict_proba(model, &wrong, shares, context),
            WEFT_EINVAL, "9x11x3");
        assert_ok(weft_classifier_predict_proba(model, &none, shares, context));
        weft_classifier_free(model);
    }
    weft_dataset_free(data);
    weft_dataset_free(other);
}

static void one_picture_per_class(void **state)
{
    (void)state;
    weft_dataset *data = made_pictures(CLASSES, GREY, CLASSES, 0, 1);
    const weft__family *family;
    for (size_t i = 0; (family = next_family(&i));)
        fit_and_predict(family, GREY, CLASSES, weft_dataset_pixels(data),
            weft_dataset_labels(data), CLASSES);
    weft_dataset_free(data);
}

static void a_class_may_be_missing(void **state)
{
    (void)state;
    weft_dataset *data = made_pictures(COUNT, GREY, CLASSES, 80, 1);
    uint32_t index[COUNT];
    weft_view some = {data, index, 0};
    for (uint32_t i = 0; i < COUNT; i++)
        if (i % CLASSES != 1)
            index[some.count++] = i;
    const weft__family *family;
    for (size_t i = 0; (family = next_family(&i));) {
        weft_classifier *model = make(family);
        assert_ok(weft_classifier_fit(model, &some, NULL, context));
        float *shares = predict(model, &some);
        for (size_t j = 0; j < some.count; j++)
            if (shares[j * CLASSES + 1] > 0.5f)
                fail_msg("%s: predicts a class that it never saw", family->name);
        if (accuracy(shares, &some, CLASSES) < 0.9)
            fail_msg("%s: a missing class spoils the others", family->name);
        free(shares);
        weft_classifier_free(model);
    }
    weft_dataset_free(data);
}

static void constant_pixels_and_duplicates(void **state)
{
    (void)state;
    const size_t dims = weft_shape_bytes(GREY);
    weft_dataset *data = made_pictures(COUNT, GREY, CLASSES, 80, 1);
    uint8_t *pixels = malloc(COUNT * dims);
    memcpy(pixels, weft_dataset_pixels(data), COUNT * dims);
    for (size_t i = 0; i < COUNT; i++) {
        memset(pixels + i * dims, 0, dims / 4);
        memset(pixels + i * dims + dims / 4, 255, dims / 4);
        if (i % 3 == 0) /* with another label, too */
            memcpy(pixels + i * dims, pixels + i / 2 * dims, dims);
    }
    const weft__family *family;
    for (size_t i = 0; (family = next_family(&i));)
        fit_and_predict(family, GREY, COUNT, pixels, weft_dataset_labels(data), CLASSES);
    memset(pixels, 77, COUNT * dims); /* nothing to see at all */
    for (size_t i = 0; (family = next_family(&i));)
        fit_and_predict(family, GREY, COUNT, pixels, weft_dataset_labels(data), CLASSES);
    free(pixels);
    weft_dataset_free(data);
}

/* ---- being stopped ----------------------------------------------------------------- */

static void cancelling_stops(void **state)
{
    (void)state;
    weft_dataset *data = made_pictures(COUNT, GREY, CLASSES, 80, 1);
    weft_view view = weft_view_all(data);
    const weft__family *family;
    for (size_t i = 0; (family = next_family(&i));) {
        weft_context *own;
        weft_classifier *model = make(family);
        assert_ok(weft_context_create(&own, 2));
        weft_context_cancel(own);
        assert_fails(
            weft_classifier_fit(model, &view, NULL, own), WEFT_ECANCELLED, "cancelled");
        assert_false(weft_classifier_is_fitted(model));
        weft_context_free(own);
        weft_classifier_free(model);
    }
    weft_dataset_free(data);
}

/* Cancels at the n-th event. */
static void cancel_later(void *user, const weft_event *event)
{
    struct {
        weft_context *context;
        int left;
    } *self = user;
    (void)event;
    if (self->left-- == 0)
        weft_context_cancel(self->context);
}

/* Wherever it is stopped, a classifier either is unfitted or predicts. */
static void cancelling_midway_leaves_no_half(void **state)
{
    (void)state;
    weft_dataset *data = made_pictures(COUNT, GREY, CLASSES, 300, 1);
    weft_view view = weft_view_all(data);
    const weft__family *family;
    for (size_t i = 0; (family = next_family(&i));)
        for (int at = 0; at < 6; at++) {
            struct {
                weft_context *context;
                int left;
            } self = {NULL, at};
            weft_classifier *model = make(family);
            assert_ok(weft_context_create(&self.context, 2));
            weft_context_on_event(self.context, cancel_later, &self);
            weft_status status = weft_classifier_fit(model, &view, NULL, self.context);
            if (status != WEFT_OK && status != WEFT_ECANCELLED)
                fail_msg("%s: status %d: %s", family->name, (int)status, weft_error());
            if (weft_classifier_is_fitted(model))
                free(predict(model, &view));
            weft_context_free(self.context);
            weft_classifier_free(model);
        }
    weft_dataset_free(data);
}

/* Every allocation of a fit, a prediction, a save and a load fails in turn: each time the
 * failure arrives and nothing is left half done. */
static weft_status live(const weft__family *family, const weft_view *view, const char *path)
{
    weft_classifier *model, *loaded;
    float shares[20 * CLASSES];
    WEFT_TRY(weft_classifier_create(&model, family->name));
    weft_status status = WEFT_OK;
    for (size_t i = 0; i < sizeof quick / sizeof *quick; i++)
        if (status == WEFT_OK && strcmp(quick[i].name, family->name) == 0)
            status = weft_classifier_set(model, quick[i].option, quick[i].value);
    if (status == WEFT_OK)
        status = weft_classifier_fit(model, view, NULL, context);
    if (status == WEFT_OK)
        status = weft_classifier_predict_proba(model, view, shares, context);
    if (status == WEFT_OK)
        status = weft_classifier_save(model, path, context);
    if (status == WEFT_OK && (status = weft_classifier_load(&loaded, path)) == WEFT_OK)
        weft_classifier_free(loaded);
    weft_classifier_free(model);
    (void)unlink(path);
    return status;
}

static void failing_memory_is_survived(void **state)
{
    (void)state;
    enum { MOST = 400 }; /* allocations tried one by one; then every seventh */
    weft_dataset *data = made_pictures(20, GREY, CLASSES, 80, 1);
    weft_view view = weft_view_all(data);
    const weft__family *family;
    char path[128];
    for (size_t i = 0; (family = next_family(&i));) {
        snprintf(path, sizeof path, "%s/%s.safetensors", folder, family->name);
        weft_status status = WEFT_ENOMEM;
        size_t failed = 0;
        for (long n = 1; status != WEFT_OK; n += n < MOST ? 1 : 7) {
            weft__alloc_fail_at(n);
            status = live(family, &view, path);
            weft__alloc_fail_at(0);
            if (status != WEFT_OK && status != WEFT_ENOMEM)
                fail_msg("%s: allocation %ld: status %d: %s", family->name, n, (int)status,
                    weft_error());
            failed += status == WEFT_ENOMEM;
        }
        assert_true(failed > 5);
    }
    weft_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns_what_is_easy),
        cmocka_unit_test(unfitted_does_not_predict),
        cmocka_unit_test(refitting_forgets),
        cmocka_unit_test(save_and_load_agree),
        cmocka_unit_test(features_travel_with_the_model),
        cmocka_unit_test(same_seed_same_answer),
        cmocka_unit_test(thread_counts_hardly_matter),
        cmocka_unit_test(one_class_is_refused),
        cmocka_unit_test(wrong_shape_is_refused_and_nothing_predicts_nothing),
        cmocka_unit_test(one_picture_per_class),
        cmocka_unit_test(a_class_may_be_missing),
        cmocka_unit_test(constant_pixels_and_duplicates),
        cmocka_unit_test(cancelling_stops),
        cmocka_unit_test(cancelling_midway_leaves_no_half),
        cmocka_unit_test(failing_memory_is_survived),
    };
    return cmocka_run_group_tests_name("conformance", tests, setup, teardown);
}
