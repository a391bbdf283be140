/* What is unlike training: told apart, kept in the file, at the rate asked for. */
#include <math.h>
#include <unistd.h>

#include "model/family.h"
#include "model/normal.h"
#include "support.h"
#include "weft/weft.h"

static weft_context *context;
static weft_data data;

static int begin(void **state)
{
    (void)state;
    weft_load_options options = weft_load_defaults();
    assert_ok(weft_context_create(&context, 2));
    assert_ok(weft_data_load(&data, "synth:n=1200", &options, context));
    return 0;
}

static int end(void **state)
{
    (void)state;
    weft_data_clear(&data);
    weft_context_free(context);
    return 0;
}

/* Fitted on every second training picture; the others are held out. */
static weft_classifier *fitted(const char *name, double rate)
{
    static uint32_t even[600], odd[600];
    weft_classifier *model;
    size_t half = weft_dataset_count(data.train) / 2;
    half = half < 600 ? half : 600;
    for (uint32_t i = 0; i < half; i++) {
        even[i] = 2 * i;
        odd[i] = 2 * i + 1;
    }
    weft_view train = {data.train, even, half}, held_out = {data.train, odd, half};
    assert_ok(weft_classifier_create(&model, name));
    if (strcmp(name, "ann") == 0)
        assert_ok(weft_classifier_set(model, "epochs", "3"));
    assert_ok(weft_classifier_fit(model, &train, NULL, context));
    assert_true(weft_novelty_rate(model) == 0);
    assert_ok(weft_novelty_fit(model, &train, &held_out, rate, context));
    assert_true(weft_novelty_rate(model) == rate);
    return model;
}

static float *scores_of(const weft_classifier *model, const weft_view *view)
{
    float *probabilities = malloc(view->count * 10 * sizeof *probabilities);
    weft_novelty *found = malloc(view->count * sizeof *found);
    float *scores = malloc(view->count * sizeof *scores);
    assert_ok(weft_classifier_predict_proba(model, view, probabilities, context));
    assert_ok(weft_novelty_score(found, model, view, probabilities, context));
    for (size_t i = 0; i < view->count; i++) {
        scores[i] = found[i].score;
        assert_int_equal(found[i].nearest_count, WEFT_NOVELTY_NEAREST);
        assert_true(found[i].nearest[0] < 10 && found[i].nearest[0] != found[i].nearest[1]);
    }
    free(probabilities);
    free(found);
    return scores;
}

static weft_dataset *noise(size_t count)
{
    weft_dataset *out;
    uint8_t *pixels = malloc(count * 784);
    weft_rng rng = weft_rng_create(7, 0);
    for (size_t i = 0; i < count * 784; i++)
        pixels[i] = (uint8_t)weft_rng_below(&rng, 256);
    assert_ok(
        weft_dataset_create(&out, (weft_shape){28, 28, 1}, count, pixels, NULL, 0, NULL));
    free(pixels);
    return out;
}

static void every_family_tells_noise_from_clothes(void **state)
{
    (void)state;
    static const char *const names[] = {"knn", "logreg", "forest", "ann"};
    weft_dataset *foreign = noise(100);
    weft_view test = weft_test_open(data.test), other = weft_view_all(foreign);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        weft_classifier *model = fitted(names[n], 0.05);
        weft_novelty_figures figures;
        float *known = scores_of(model, &test), *unknown = scores_of(model, &other);
        assert_ok(weft_novelty_measure(&figures, known, test.count, unknown, 100));
        assert_true(figures.auroc > 0.99);
        assert_true(figures.found > 0.99);
        assert_true(figures.false_alarms < 0.15);
        free(known);
        free(unknown);
        weft_classifier_free(model);
    }
    weft_dataset_free(foreign);
}

static void the_file_keeps_it_bit_for_bit(void **state)
{
    (void)state;
    char path[] = "/tmp/weft-novelty-XXXXXX";
    assert_true(close(mkstemp(path)) == 0);
    weft_view test = weft_test_open(data.test);
    weft_classifier *model = fitted("ann", 0.1), *loaded;
    float *before = scores_of(model, &test);
    assert_ok(weft_classifier_save(model, path, context));
    assert_ok(weft_classifier_load(&loaded, path));
    unlink(path);
    assert_true(weft_novelty_rate(loaded) == 0.1);
    assert_ok(weft_classifier_verify(loaded, 1e-5, NULL, NULL, context));
    float *after = scores_of(loaded, &test);
    assert_memory_equal(before, after, test.count * sizeof *before);
    free(before);
    free(after);
    weft_classifier_free(model);
    weft_classifier_free(loaded);
}

static void a_damaged_file_is_refused(void **state)
{
    (void)state;
    weft_classifier *model = fitted("knn", 0.1);
    weft__tensors tensors = {0};
    assert_ok(weft__novelty_save(model, &tensors));
    tensors.path = strdup("m.safetensors");
    weft__novelty *kept = model->novelty;
    model->novelty = NULL;
    float bad[] = {NAN};
    for (size_t i = 0; i < tensors.count; i++)
        if (strcmp(tensors.items[i].name, "novelty.pixels.counts") == 0)
            memcpy(kept->normal[1].counts, bad, sizeof bad);
    assert_fails(weft__novelty_load(model, &tensors), WEFT_EFORMAT, "not finite");
    assert_ok(weft__tensors_set(&tensors, "weft.novelty", "{\"rate\":2}"));
    assert_fails(weft__novelty_load(model, &tensors), WEFT_EFORMAT, "weft.novelty");
    assert_null(model->novelty);
    weft__novelty_free(kept);
    weft__tensors_clear(&tensors);
    weft_classifier_free(model);
}

static void what_cannot_be_is_said(void **state)
{
    (void)state;
    weft_classifier *model = fitted("knn", 0.1);
    weft_view all = weft_view_all(data.train), few = all;
    few.count = 5;
    assert_fails(
        weft_novelty_fit(model, &all, &few, 0.1, context), WEFT_EINVAL, "needs 9 held-out");
    assert_fails(weft_novelty_fit(model, &all, &all, 0, context), WEFT_EINVAL, "rate of 0");
    weft_classifier_free(model);
    assert_ok(weft_classifier_create(&model, "knn"));
    weft_novelty found;
    assert_fails(weft_novelty_score(&found, model, &few, NULL, context), WEFT_EUNSUPPORTED,
        "--unknown");
    weft_classifier_free(model);
}

/* Two dimensions with variances 4 and 1 and correlation 0: distances by hand. */
static void distances_are_mahalanobis(void **state)
{
    (void)state;
    const float points[] = {-2, 0, 2, 0, 0, -1, 0, 1};
    const weft__normal_points all = {points, NULL, 4, 2, 1};
    weft__normal normal;
    assert_ok(weft__normal_fit(&normal, &all, 2));
    const float far[] = {4, 2};
    float surprise[2];
    /* variances 2 and 0.5: (16 / 2 + 4 / 0.5) / 2 dimensions */
    assert_float_equal(weft__normal_distance(&normal, far, 0), 8, 1e-5);
    weft__normal_surprise(&normal, far, 0, surprise);
    assert_float_equal(surprise[0], 8, 1e-4);
    assert_float_equal(surprise[1], 8, 1e-4);
    weft__normal_clear(&normal);
    const float broken[] = {NAN, 0};
    const weft__normal_points bad = {broken, NULL, 1, 2, 1};
    assert_fails(weft__normal_fit(&normal, &bad, 1), WEFT_ENUMERIC, "not finite");
}

static void areas_count_ties_half(void **state)
{
    (void)state;
    const float known[] = {0.5f, 1, 2}, foreign[] = {1, 3};
    weft_novelty_figures f;
    assert_ok(weft_novelty_measure(&f, known, 3, foreign, 2));
    assert_float_equal(f.auroc, (1.5 + 3) / 6, 1e-12);
    assert_float_equal(f.false_alarms, 1.0 / 3, 1e-12);
    assert_float_equal(f.found, 0.5, 1e-12);
    assert_fails(weft_novelty_measure(&f, known, 0, foreign, 2), WEFT_EINVAL, "0 known");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_tells_noise_from_clothes),
        cmocka_unit_test(the_file_keeps_it_bit_for_bit),
        cmocka_unit_test(a_damaged_file_is_refused),
        cmocka_unit_test(what_cannot_be_is_said),
        cmocka_unit_test(distances_are_mahalanobis),
        cmocka_unit_test(areas_count_ties_half),
    };
    return cmocka_run_group_tests_name("novelty", tests, begin, end);
}
