#include "classic/made.h"

#include <math.h>

#include "classic/platt.h"
#include "model/tensors.h"
#include "weft/weft.h"

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

static weft_classifier *fitted(const weft_view *train, const char *const *options)
{
    weft_classifier *model;
    assert_ok(weft_classifier_create(&model, "svm"));
    for (; *options; options += 2)
        assert_ok(weft_classifier_set(model, options[0], options[1]));
    assert_ok(weft_classifier_fit(model, train, NULL, context));
    return model;
}

static double next_number(FILE *file)
{
    double value;
    assert_int_equal(fscanf(file, "%lf", &value), 1);
    return value;
}

static size_t likeliest(const float *shares, size_t classes)
{
    size_t best = 0;
    for (size_t c = 1; c < classes; c++)
        best = shares[c] > shares[best] ? c : best;
    return best;
}

/* ---- against libsvm ----------------------------------------------------------------- */

enum { COUNT = 600, QUERIES = 100, CLASSES = 4, PAIRS = 6 };
static const weft_shape shape = {6, 8, 1};

static void same_as_libsvm(void **state)
{
    (void)state;
    weft_dataset *train = made_pictures(COUNT, shape, CLASSES, 1000, 1);
    weft_dataset *query = made_pictures(QUERIES, shape, CLASSES, 1000, 2);
    weft_view a = weft_view_all(train), b = weft_view_all(query);
    FILE *file = open_beside("svm_vectors.txt");
    for (int i = 0; i < 3; i++) {
        char kernel[32];
        assert_int_equal(fscanf(file, "%31s", kernel), 1);
        const char *const options[] = {
            "kernel", kernel, "c", "10", "coef0", "1", "tolerance", "1e-6", NULL};
        weft_classifier *model = fitted(&a, options);
        weft_svm_summary summary;
        assert_ok(weft_svm_summarise(&summary, model));
        assert_int_equal(summary.pairs, PAIRS);
        for (size_t p = 0; p < PAIRS; p++) {
            double theirs = next_number(file);
            if (!(fabs(summary.objectives[p] - theirs) < 1e-6 * fabs(theirs)))
                fail_msg("%s, pair %zu: objective %.9g, theirs %.9g", kernel, p,
                    summary.objectives[p], theirs);
        }
        /* Sums of hundreds of terms, up to 10 for rbf and 200 for the others, in single
         * precision. */
        double decisions[QUERIES * PAIRS], rounding = i == 0 ? 1e-3 : 1e-2;
        float shares[QUERIES * CLASSES];
        assert_ok(weft_svm_decide(model, &b, decisions, context));
        assert_ok(weft_classifier_predict_proba(model, &b, shares, context));
        for (size_t q = 0; q < QUERIES; q++) {
            assert_int_equal(next_number(file), likeliest(shares + q * CLASSES, CLASSES));
            for (size_t p = 0; p < PAIRS; p++)
                assert_true(fabs(next_number(file) - decisions[q * PAIRS + p]) < rounding);
        }
        weft_classifier_free(model);
    }
    fclose(file);
    weft_dataset_free(train);
    weft_dataset_free(query);
}

static void fashion_mnist_as_libsvm(void **state)
{
    (void)state;
    enum { TRAIN = 4000, TEST = 2000 };
    if (!fashion_mnist())
        skip();
    weft_data data;
    weft_load_options options = weft_load_defaults();
    assert_ok(weft_data_load(&data, fashion_mnist(), &options, context));
    weft_view train = weft_view_all(data.train), test = weft_test_open(data.test);
    train.count = TRAIN;
    test.count = TEST;
    const char *const tight[] = {"c", "10", "tolerance", "1e-5", NULL};
    weft_classifier *model = fitted(&train, tight);
    weft_svm_summary summary;
    assert_ok(weft_svm_summarise(&summary, model));
    FILE *file = open_beside("svm_fashion.txt");
    for (size_t p = 0; p < 45; p++) {
        double theirs = next_number(file);
        if (!(fabs(summary.objectives[p] - theirs) < 1e-6 * fabs(theirs)))
            fail_msg(
                "pair %zu: objective %.9g, theirs %.9g", p, summary.objectives[p], theirs);
    }
    char labels[TEST + 1];
    assert_int_equal(fscanf(file, "%2000s", labels), 1);
    float *shares = malloc(TEST * 10 * sizeof *shares);
    assert_ok(weft_classifier_predict_proba(model, &test, shares, context));
    size_t same = 0;
    for (size_t i = 0; i < TEST; i++)
        same += likeliest(shares + 10 * i, 10) == (size_t)(labels[i] - '0');
    if (same < TEST - 2)
        fail_msg("%zu of %d predictions are libsvm's", same, TEST);
    free(shares);
    fclose(file);
    weft_classifier_free(model);
    weft_data_clear(&data);
}

/* ---- what may not matter ---------------------------------------------------------------
 */

static void threads_cache_and_files_change_nothing(void **state)
{
    (void)state;
    weft_dataset *train = made_pictures(COUNT, shape, CLASSES, 1000, 1);
    weft_dataset *query = made_pictures(QUERIES, shape, CLASSES, 1000, 2);
    weft_view a = weft_view_all(train), b = weft_view_all(query);
    weft_context *alone, *team = context;
    assert_ok(weft_context_create(&alone, 1));
    const char *path = "svm_test.safetensors";
    const char *const choices[] = {"margins", "platt"};
    for (size_t i = 0; i < 2; i++) {
        const char *const options[] = {"probability", choices[i], NULL};
        float shares[3][QUERIES * CLASSES];
        weft_classifier *model = fitted(&a, options), *other, *back;
        assert_ok(weft_classifier_predict_proba(model, &b, shares[0], context));
        context = alone;
        other = fitted(&a, options);
        context = team;
        assert_ok(weft_classifier_predict_proba(other, &b, shares[1], alone));
        assert_memory_equal(shares[0], shares[1], sizeof shares[0]);
        assert_ok(weft_classifier_save(model, path, context));
        assert_ok(weft_classifier_load(&back, path));
        assert_ok(weft_classifier_predict_proba(back, &b, shares[2], context));
        assert_memory_equal(shares[0], shares[2], sizeof shares[0]);
        weft_classifier_free(model);
        weft_classifier_free(other);
        weft_classifier_free(back);
        remove(path);
    }
    weft_context_free(alone);
    weft_dataset_free(train);
    weft_dataset_free(query);
}

/* A cache of few rows costs time, not the answer. */
static void a_small_cache_suffices(void **state)
{
    (void)state;
    weft_dataset *train = made_pictures(3000, (weft_shape){2, 2, 1}, 2, 600, 1);
    weft_view view = weft_view_all(train);
    const char *const large[] = {"tolerance", "1e-4", NULL};
    const char *const small[] = {"tolerance", "1e-4", "cache-mb", "1", NULL};
    weft_classifier *a = fitted(&view, large), *b = fitted(&view, small);
    weft_svm_summary x, y;
    assert_ok(weft_svm_summarise(&x, a));
    assert_ok(weft_svm_summarise(&y, b));
    assert_true(fabs(x.objectives[0] - y.objectives[0]) < 1e-6 * fabs(x.objectives[0]));
    weft_classifier_free(a);
    weft_classifier_free(b);
    weft_dataset_free(train);
}

static void a_cache_too_small_is_refused(void **state)
{
    (void)state;
    weft_dataset *train = made_pictures(70000, (weft_shape){1, 1, 1}, 2, 600, 1);
    weft_view view = weft_view_all(train);
    weft_classifier *model;
    assert_ok(weft_classifier_create(&model, "svm"));
    assert_ok(weft_classifier_set(model, "cache-mb", "1"));
    assert_fails(weft_classifier_fit(model, &view, NULL, context), WEFT_ENOMEM, "3 rows");
    weft_classifier_free(model);
    weft_dataset_free(train);
}

/* ---- probabilities ---------------------------------------------------------------------
 */

/* Minus the log-likelihood that the sigmoid was fitted to. */
static double loss_at(
    const double *decisions, const bool *positive, size_t count, weft__sigmoid s)
{
    double loss = 0, yes = 0;
    for (size_t i = 0; i < count; i++)
        yes += positive[i];
    for (size_t i = 0; i < count; i++) {
        double target = positive[i] ? (yes + 1) / (yes + 2) : 1 / ((double)count - yes + 2);
        double p = weft__sigmoid_at(s, decisions[i]);
        loss -= target * log(p) + (1 - target) * log(1 - p);
    }
    return loss;
}

static void curves_are_the_likeliest(void **state)
{
    (void)state;
    enum { N = 500 };
    double decisions[N];
    bool positive[N];
    weft_rng rng = weft_rng_create(1, 1);
    for (size_t i = 0; i < N; i++) {
        decisions[i] = 2 * (double)weft_rng_normal(&rng) + 0.5;
        positive[i] =
            (double)weft_rng_uniform(&rng) < 1 / (1 + exp(-1.5 * decisions[i] - 0.4));
    }
    weft__sigmoid s = weft__platt_fit(decisions, positive, N);
    assert_true(fabs(s.a + 1.5) < 0.4 && fabs(s.b + 0.4) < 0.4);
    double least = loss_at(decisions, positive, N, s);
    for (int i = 0; i < 8; i++) {
        weft__sigmoid near = {s.a + 0.01 * cos(i), s.b + 0.01 * sin(i)};
        assert_true(loss_at(decisions, positive, N, near) > least);
    }
}

static void coupling_undoes_pairing(void **state)
{
    (void)state;
    const double p[5] = {0.5, 0.25, 0.15, 0.07, 0.03};
    double pairs[25] = {0}, back[5], room[30];
    for (size_t i = 0; i < 5; i++)
        for (size_t j = 0; j < 5; j++)
            pairs[i * 5 + j] = p[i] / (p[i] + p[j]);
    weft__couple(back, pairs, 5, room);
    for (size_t i = 0; i < 5; i++)
        assert_true(fabs(back[i] - p[i]) < 0.01);
}

static void odd_data_are_learnt(void **state)
{
    (void)state;
    /* One picture a class; a class that does not occur; duplicates under two labels;
     * constant pixels. */
    const uint8_t pixels[6 * 4] = {
        0, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0, 9, 9, 0, 0};
    const uint16_t labels[6] = {0, 1, 2, 2, 4, 4};
    const char *const names[5] = {"a", "b", "c", "d", "e"};
    const char *const choices[] = {"margins", "platt"};
    weft_dataset *data;
    assert_ok(
        weft_dataset_create(&data, (weft_shape){2, 2, 1}, 6, pixels, labels, 5, names));
    weft_view view = weft_view_all(data);
    for (size_t i = 0; i < 2; i++) {
        const char *const options[] = {"probability", choices[i], NULL};
        weft_classifier *model = fitted(&view, options);
        float shares[6 * 5];
        assert_ok(weft_classifier_predict_proba(model, &view, shares, context));
        for (size_t p = 0; p < 6; p++) {
            float sum = 0;
            for (size_t c = 0; c < 5; c++) {
                assert_true(shares[p * 5 + c] >= 0);
                sum += shares[p * 5 + c];
            }
            assert_true(fabsf(sum - 1) < 1e-5f);
            assert_true(likeliest(shares + p * 5, 5) != 3 || i == 1);
        }
        weft_classifier_free(model);
    }
    weft_dataset_free(data);
}

/* ---- hostile files ----------------------------------------------------------------------
 */

static void refused(const weft_classifier *model, const char *array, size_t at,
    const void *value, const char *says)
{
    assert_ok(weft_classifier_save(model, "svm_hostile.safetensors", context));
    weft__tensors tensors;
    assert_ok(weft__tensors_read(&tensors, "svm_hostile.safetensors"));
    const weft__tensor *found = weft__tensors_find(&tensors, array);
    assert_non_null(found);
    uint8_t *bytes = tensors.file + ((const uint8_t *)found->data - tensors.file);
    size_t size = weft__dtype_size(found->dtype);
    memcpy(bytes + at * size, value, size);
    assert_ok(weft__tensors_write(&tensors, "svm_hostile2.safetensors"));
    weft__tensors_clear(&tensors);
    weft_classifier *loaded;
    assert_fails(
        weft_classifier_load(&loaded, "svm_hostile2.safetensors"), WEFT_EFORMAT, says);
    remove("svm_hostile.safetensors");
    remove("svm_hostile2.safetensors");
}

static void hostile_files_are_refused(void **state)
{
    (void)state;
    weft_dataset *train = made_pictures(60, (weft_shape){3, 3, 1}, 3, 400, 1);
    weft_view view = weft_view_all(train);
    const char *const none[] = {NULL};
    weft_classifier *model = fitted(&view, none);
    refused(model, "svm.class-end", 0, &(int64_t){-1}, "class 0 ends at -1");
    refused(model, "svm.class-end", 1, &(int64_t){1 << 20}, "class 1 ends at");
    refused(model, "svm.class-end", 2, &(int64_t){1}, "ends at");
    refused(model, "svm.coefficients", 1, &(float){NAN}, "value 1");
    refused(model, "svm.rho", 2, &(double){INFINITY}, "value 2");
    refused(model, "svm.sigmoids", 3, &(double){NAN}, "value 3");
    weft_classifier_free(model);
    weft_dataset_free(train);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_as_libsvm),
        cmocka_unit_test(fashion_mnist_as_libsvm),
        cmocka_unit_test(threads_cache_and_files_change_nothing),
        cmocka_unit_test(a_small_cache_suffices),
        cmocka_unit_test(a_cache_too_small_is_refused),
        cmocka_unit_test(curves_are_the_likeliest),
        cmocka_unit_test(coupling_undoes_pairing),
        cmocka_unit_test(odd_data_are_learnt),
        cmocka_unit_test(hostile_files_are_refused),
    };
    return cmocka_run_group_tests_name("svm", tests, setup, teardown);
}
