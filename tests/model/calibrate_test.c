/* Temperature scaling: the number itself, and what becomes of a classifier by it. */
#include "classic/made.h"

#include <jansson.h>
#include <math.h>
#include <unistd.h>

#include "model/calibrate.h"
#include "model/family.h"

enum { MOST = 1000, CLASSES = 4 };

static weft_context *context;

static int setup(void **state)
{
    (void)state;
    return weft_context_create(&context, 2) != WEFT_OK;
}

static int teardown(void **state)
{
    (void)state;
    weft_context_free(context);
    return 0;
}

static double number(const json_t *json, const char *name)
{
    return json_number_value(json_object_get(json, name));
}

static void near(
    const json_t *c, const char *what, double ours, double theirs, double within)
{
    if (!(fabs(ours - theirs) <= within))
        fail_msg("%s: %s is %.15g, expected %.15g",
            json_string_value(json_object_get(c, "name")), what, ours, theirs);
}

static size_t read_case(const json_t *c, float *p, uint16_t *labels)
{
    const json_t *values = json_object_get(c, "probabilities");
    const json_t *truth = json_object_get(c, "labels");
    assert_true(json_array_size(values) <= MOST);
    for (size_t i = 0; i < json_array_size(values); i++)
        p[i] = (float)json_number_value(json_array_get(values, i));
    for (size_t i = 0; i < json_array_size(truth); i++)
        labels[i] = (uint16_t)json_integer_value(json_array_get(truth, i));
    return json_array_size(truth);
}

static void equals_scipy(void **state)
{
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/model/calibrate.json", getenv("WEFT_TEST_SOURCE"));
    json_t *cases = json_load_file(path, 0, NULL), *c;
    size_t i;
    assert_true(json_array_size(cases) >= 5);
    json_array_foreach(cases, i, c)
    {
        float p[MOST];
        uint16_t labels[MOST];
        weft__temperature t;
        size_t count = read_case(c, p, labels), classes = (size_t)number(c, "classes");
        assert_ok(weft__temperature_fit(&t, p, labels, count, classes));
        near(c, "log T", log(t.value), log(number(c, "temperature")), 1e-6);
        near(c, "loss", t.loss, number(c, "loss"), 1e-12);
        near(c, "loss before", t.loss_before, number(c, "before"), 1e-12);
        weft__temperature_apply(t.value, p, count, classes);
        const json_t *scaled = json_object_get(c, "scaled");
        for (size_t j = 0; j < json_array_size(scaled); j++)
            near(c, "probability", (double)p[j],
                json_number_value(json_array_get(scaled, j)), 1e-6);
    }
    json_decref(cases);
}

/* Where the best T is at either limit, or every T is as good. */
static void limits(void **state)
{
    (void)state;
    float right[] = {0.9f, 0.1f, 0.2f, 0.8f}, same[] = {0.5f, 0.5f, 0.5f, 0.5f};
    uint16_t labels[] = {0, 1}, turned[] = {1, 0};
    weft__temperature t;
    assert_ok(weft__temperature_fit(&t, right, labels, 2, 2));
    assert_true(fabs(t.value - WEFT__TEMPERATURE_MIN) < 1e-12);
    assert_ok(weft__temperature_fit(&t, right, turned, 2, 2));
    assert_true(fabs(t.value - WEFT__TEMPERATURE_MAX) < 1e-10);
    assert_ok(weft__temperature_fit(&t, same, labels, 2, 2));
    assert_true(t.value == 1);
}

/* What lies within a rounding of another stays the likeliest. */
static void the_likeliest_stays(void **state)
{
    (void)state;
    float p[] = {0.3f, nextafterf(0.3f, 1), 0.3f, 0.1f};
    weft__temperature_apply(100, p, 1, 4);
    assert_true(p[1] > p[0] && p[1] >= p[2] && p[2] > p[3]);
    float kept[] = {0.3f, 0.3f, 0.4f};
    weft__temperature_apply(1, kept, 1, 3);
    assert_true(kept[0] == 0.3f && kept[2] == 0.4f);
}

static size_t likeliest(const float *row)
{
    size_t best = 0;
    for (size_t k = 1; k < CLASSES; k++)
        best = row[k] > row[best] ? k : best;
    return best;
}

static double log_loss(const float *p, const weft_view *view)
{
    double sum = 0;
    for (size_t i = 0; i < view->count; i++)
        sum -= log(fmax(1e-15, (double)p[i * CLASSES + weft_view_label(view, i)]));
    return sum / (double)view->count;
}

static weft_classifier *fit(
    const char *name, const weft_view *train, const weft_view *validation, bool calibrate)
{
    weft_classifier *model;
    assert_ok(weft_classifier_create(&model, name));
    if (strcmp(name, "mlp") == 0)
        assert_ok(weft_classifier_set(model, "epochs", "3"));
    if (calibrate)
        assert_ok(weft_classifier_set(model, "calibrate", "temperature"));
    assert_ok(weft_classifier_fit(model, train, validation, context));
    return model;
}

static void check_model(
    const char *name, const weft_view *train, const weft_view *validation)
{
    static float plain[MOST], scaled[MOST], again[MOST];
    weft_classifier *without = fit(name, train, validation, false);
    weft_classifier *with = fit(name, train, validation, true), *loaded;
    assert_true(weft_classifier_temperature(without) == 1);
    double temperature = weft_classifier_temperature(with);
    assert_true(temperature != 1);
    assert_ok(weft_classifier_predict_proba(without, validation, plain, context));
    assert_ok(weft_classifier_predict_proba(with, validation, scaled, context));
    assert_true(log_loss(scaled, validation) < log_loss(plain, validation));
    for (size_t i = 0; i < validation->count; i++)
        assert_int_equal(likeliest(plain + i * CLASSES), likeliest(scaled + i * CLASSES));

    /* The file keeps it, and its golden pictures are answered as they are. */
    char path[] = "/tmp/weft-calibrate-XXXXXX";
    close(mkstemp(path));
    assert_ok(weft_classifier_save(with, path, context));
    assert_ok(weft_classifier_load(&loaded, path));
    assert_true(weft_classifier_temperature(loaded) == temperature);
    assert_ok(weft_classifier_predict_proba(loaded, validation, again, context));
    assert_memory_equal(again, scaled, validation->count * CLASSES * sizeof *again);
    assert_ok(weft_classifier_verify(loaded, 1e-6, NULL, NULL, context));
    loaded->temperature = temperature > 5 ? 0.5 : 50;
    assert_int_equal(
        weft_classifier_verify(loaded, 1e-6, NULL, NULL, context), WEFT_ENUMERIC);
    unlink(path);

    /* A refit forgets it, and does not go without pictures to fit it on. */
    assert_fails(weft_classifier_fit(with, train, NULL, context), WEFT_EINVAL,
        "needs validation pictures");
    assert_ok(weft_classifier_set(with, "calibrate", "none"));
    assert_ok(weft_classifier_fit(with, train, NULL, context));
    assert_true(weft_classifier_temperature(with) == 1);
    assert_ok(weft_classifier_calibrate(with, validation, context));
    assert_ok(weft_classifier_calibrate(with, validation, context)); /* not of its own */
    assert_true(fabs(weft_classifier_temperature(with) / temperature - 1) < 1e-9);
    weft_classifier_free(without);
    weft_classifier_free(with);
    weft_classifier_free(loaded);
}

static void models(void **state)
{
    (void)state;
    const weft_shape shape = {12, 10, 1};
    weft_dataset *train = made_pictures(120, shape, CLASSES, 900, 1);
    weft_dataset *other = made_pictures(200, shape, CLASSES, 900, 2);
    weft_view view = weft_view_all(train), validation = weft_view_all(other);
    static const char *const names[] = {
        "knn", "logreg", "svm", "forest", "extratrees", "boost", "mlp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        check_model(names[i], &view, &validation);
    weft_dataset_free(train);
    weft_dataset_free(other);
}

static void every_family_has_the_option(void **state)
{
    (void)state;
    for (const weft__family *const *family = weft__families; *family; family++)
        if (!weft_param_find((*family)->params, "calibrate"))
            fail_msg("%s: no option 'calibrate'", (*family)->name);
}

/* A file that says what no fit gives. */
static void refuses_damage(void **state)
{
    (void)state;
    static const char *const values[] = {"{\"temperature\":0}", "{\"temperature\":1e9}",
        "{}", "[1]", "{\"temperature\":\"2\"}"};
    const weft_shape shape = {12, 10, 1};
    weft_dataset *data = made_pictures(40, shape, CLASSES, 300, 1);
    weft_view view = weft_view_all(data);
    weft_classifier *model = fit("knn", &view, NULL, false), *loaded = NULL;
    char path[] = "/tmp/weft-calibrate-XXXXXX";
    close(mkstemp(path));
    assert_ok(weft_classifier_save(model, path, context));
    weft__tensors tensors;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_ok(weft__tensors_read(&tensors, path));
        assert_ok(weft__tensors_set(&tensors, "weft.calibration", values[i]));
        assert_fails(weft__classifier_from_tensors(&loaded, &tensors), WEFT_EFORMAT,
            "weft.calibration");
        weft__tensors_clear(&tensors);
    }
    assert_null(loaded);
    unlink(path);
    weft_classifier_free(model);
    weft_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_scipy),
        cmocka_unit_test(limits),
        cmocka_unit_test(the_likeliest_stays),
        cmocka_unit_test(models),
        cmocka_unit_test(every_family_has_the_option),
        cmocka_unit_test(refuses_damage),
    };
    return cmocka_run_group_tests_name("calibrate", tests, setup, teardown);
}
