#include "classic/made.h"

#include <math.h>

#include "core/mem.h"
#include "weft/classifier.h"
#include "weft/knn.h"

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

/* ---- against a search that anyone can check ---------------------------------------- */

static double distance(
    const uint8_t *a, const uint8_t *b, size_t dims, weft_knn_metric metric)
{
    double squares = 0, sum = 0, dot = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < dims; i++) {
        double d = (double)a[i] - b[i];
        squares += d * d;
        sum += fabs(d);
        dot += (double)a[i] * b[i];
        aa += (double)a[i] * a[i];
        bb += (double)b[i] * b[i];
    }
    if (metric == WEFT_KNN_EUCLIDEAN)
        return sqrt(squares);
    if (metric == WEFT_KNN_MANHATTAN)
        return sum;
    return aa > 0 && bb > 0 ? 1 - dot / sqrt(aa * bb) : 1;
}

/* Every candidate that the answer leaves out is farther than the answer's last, or as far
 * and later; the answer is in order. `slack` is the rounding allowed. */
static void check_neighbours(const weft_view *train, const uint8_t *query,
    const uint32_t *positions, const float *distances, size_t k, weft_knn_metric metric)
{
    size_t dims = weft_shape_bytes(weft_dataset_shape(train->data));
    double slack = metric == WEFT_KNN_COSINE ? 1e-12 : 0;
    char *chosen = calloc(train->count, 1);
    double last = -1;
    for (size_t j = 0; j < k; j++) {
        double d = distance(query, weft_view_pixels(train, positions[j]), dims, metric);
        assert_true(fabs(d - (double)distances[j]) <= 1e-6 * d + 1e-7);
        assert_true(d >= last - slack);
        if (j && d == last && slack == 0)
            assert_true(positions[j] > positions[j - 1]);
        assert_false(chosen[positions[j]]);
        chosen[positions[j]] = 1;
        last = d;
    }
    for (size_t i = 0; i < train->count; i++) {
        double d = distance(query, weft_view_pixels(train, i), dims, metric);
        if (!chosen[i] && !(d > last - slack || (d == last && i > positions[k - 1])))
            fail_msg("picture %zu at %g is nearer than the last at %g", i, d, last);
        if (!chosen[i] && slack == 0 && d == last)
            assert_true(i > positions[k - 1]);
    }
    free(chosen);
}

static void neighbours_are_the_nearest(void **state)
{
    (void)state;
    /* Four grey levels and few pixels: ties and duplicates abound. */
    const weft_shape shapes[] = {{2, 3, 1}, {5, 5, 3}, {9, 7, 1}};
    const size_t ks[] = {1, 5, 333};
    for (size_t s = 0; s < 3; s++) {
        weft_dataset *train = made_pictures(333, shapes[s], 3, s ? 255 : 0, 4);
        weft_dataset *query = made_pictures(70, shapes[s], 3, s ? 255 : 0, 5);
        weft_view a = weft_view_all(train), b = weft_view_all(query);
        for (int metric = WEFT_KNN_EUCLIDEAN; metric <= WEFT_KNN_COSINE; metric++)
            for (size_t j = 0; j < 3; j++) {
                size_t k = ks[j];
                uint32_t *positions = malloc(70 * k * sizeof *positions);
                float *distances = malloc(70 * k * sizeof *distances);
                assert_ok(weft_knn_neighbours(
                    positions, distances, &a, &b, k, (weft_knn_metric)metric, context));
                for (size_t i = 0; i < 70; i++)
                    check_neighbours(&a, weft_view_pixels(&b, i), positions + i * k,
                        distances + i * k, k, (weft_knn_metric)metric);
                free(positions);
                free(distances);
            }
        weft_dataset_free(train);
        weft_dataset_free(query);
    }
}

/* Black against white, and more pixels than int32 holds the squares of. */
static void large_pictures_do_not_overflow(void **state)
{
    (void)state;
    weft_shape shape = {200, 400, 1};
    size_t dims = weft_shape_bytes(shape);
    uint8_t *pixels = calloc(4, dims);
    memset(pixels + dims, 255, dims);
    memset(pixels + 2 * dims, 255, dims - 1);
    memset(pixels + 3 * dims, 254, dims);
    weft_dataset *data;
    assert_ok(weft_dataset_create(&data, shape, 4, pixels, NULL, 0, NULL));
    weft_view view = weft_view_all(data);
    for (int metric = WEFT_KNN_EUCLIDEAN; metric <= WEFT_KNN_COSINE; metric++) {
        uint32_t positions[16];
        float distances[16];
        assert_ok(weft_knn_neighbours(
            positions, distances, &view, &view, 4, (weft_knn_metric)metric, context));
        for (size_t i = 0; i < 4; i++)
            check_neighbours(&view, pixels + i * dims, positions + 4 * i, distances + 4 * i,
                4, (weft_knn_metric)metric);
    }
    weft_dataset_free(data);
    free(pixels);
}

/* ---- against scikit-learn ---------------------------------------------------------- */

enum { COUNT = 700, QUERIES = 150, CLASSES = 6, K = 7 };

static weft_dataset *training_pictures(void)
{
    const weft_shape shape = {6, 8, 1};
    weft_dataset *plain = made_pictures(COUNT, shape, CLASSES, 400, 1);
    uint8_t *pixels = malloc(COUNT * 48);
    memcpy(pixels, weft_dataset_pixels(plain), COUNT * 48);
    memcpy(pixels + 350 * 48, pixels + 340 * 48, 10 * 48);
    const char *names[CLASSES] = {"a", "b", "c", "d", "e", "f"};
    weft_dataset *data;
    assert_ok(weft_dataset_create(
        &data, shape, COUNT, pixels, weft_dataset_labels(plain), CLASSES, names));
    weft_dataset_free(plain);
    free(pixels);
    return data;
}

static double next_number(FILE *file)
{
    double value;
    assert_int_equal(fscanf(file, "%lf", &value), 1);
    return value;
}

static void same_as_scikit_learn(void **state)
{
    (void)state;
    weft_dataset *train = training_pictures();
    weft_dataset *query = made_pictures(QUERIES, (weft_shape){6, 8, 1}, CLASSES, 400, 2);
    weft_view a = weft_view_all(train), b = weft_view_all(query);
    FILE *file = open_beside("knn_vectors.txt");
    for (int i = 0; i < 6; i++) {
        char metric[32], weights[32];
        assert_int_equal(fscanf(file, "%31s %31s", metric, weights), 2);
        weft_classifier *knn;
        float shares[QUERIES * CLASSES], distances[QUERIES * K];
        uint32_t positions[QUERIES * K];
        assert_ok(weft_classifier_create(&knn, "knn"));
        assert_ok(weft_classifier_set(knn, "k", "7"));
        assert_ok(weft_classifier_set(knn, "metric", metric));
        assert_ok(weft_classifier_set(knn, "weights", weights));
        assert_ok(weft_classifier_fit(knn, &a, NULL, context));
        assert_ok(weft_classifier_predict_proba(knn, &b, shares, context));
        assert_ok(weft_knn_neighbours(
            positions, distances, &a, &b, K, (weft_knn_metric)(i / 2), context));
        for (size_t q = 0; q < QUERIES; q++) {
            for (size_t j = 0; j < K; j++)
                assert_true(fabs(next_number(file) - (double)distances[q * K + j]) < 1e-4);
            for (size_t c = 0; c < CLASSES; c++)
                assert_true(
                    fabs(next_number(file) - (double)shares[q * CLASSES + c]) < 1e-5);
        }
        weft_classifier_free(knn);
    }
    const uint32_t ks[] = {1, 3, 5, 11};
    uint8_t fold[COUNT];
    double accuracy[5][4];
    for (size_t i = 0; i < COUNT; i++)
        fold[i] = (uint8_t)(i * 7 / 3 % 5);
    assert_ok(weft_knn_cross_validate(accuracy[0], &a, fold, 5, ks, 4, NULL, context));
    for (size_t j = 0; j < 4; j++)
        for (size_t f = 0; f < 5; f++)
            assert_true(fabs(next_number(file) - accuracy[f][j]) < 1e-8);
    fclose(file);
    weft_dataset_free(train);
    weft_dataset_free(query);
}

/* ---- every k from one search ------------------------------------------------------- */

/* Leaving one out is as many folds as pictures. */
static void leaving_one_out_is_folds_of_one(void **state)
{
    (void)state;
    enum { FEW = 60 };
    weft_dataset *data = made_pictures(FEW, (weft_shape){2, 2, 1}, 3, 200, 9);
    weft_view view = weft_view_all(data);
    uint8_t fold[FEW];
    for (size_t i = 0; i < FEW; i++)
        fold[i] = (uint8_t)(FEW - 1 - i);
    const uint32_t ks[] = {1, 4, 59};
    const weft_knn_options options[] = {
        {WEFT_KNN_EUCLIDEAN, WEFT_KNN_UNIFORM}, {WEFT_KNN_MANHATTAN, WEFT_KNN_DISTANCE}};
    for (size_t o = 0; o < 2; o++) {
        double folds[FEW][3], one[3];
        assert_ok(weft_knn_cross_validate(
            folds[0], &view, fold, FEW, ks, 3, &options[o], context));
        assert_ok(
            weft_knn_cross_validate(one, &view, NULL, 0, ks, 3, &options[o], context));
        for (size_t j = 0; j < 3; j++) {
            double sum = 0;
            for (size_t f = 0; f < FEW; f++)
                sum += folds[f][j];
            assert_true(fabs(sum / FEW - one[j]) < 1e-12);
        }
    }
    weft_dataset_free(data);
}

static void wrong_use_is_refused(void **state)
{
    (void)state;
    weft_dataset *data = made_pictures(10, (weft_shape){2, 2, 1}, 2, 255, 1);
    weft_dataset *other = made_pictures(10, (weft_shape){2, 3, 1}, 2, 255, 1);
    weft_view view = weft_view_all(data), wrong = weft_view_all(other);
    uint32_t positions[200], k = 9, large = 11;
    uint8_t fold[10] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 7};
    double accuracy[2];
    assert_fails(
        weft_knn_neighbours(positions, NULL, &view, &view, 0, WEFT_KNN_COSINE, context),
        WEFT_EINVAL, "k=0");
    assert_fails(
        weft_knn_neighbours(positions, NULL, &view, &view, 11, WEFT_KNN_COSINE, context),
        WEFT_EINVAL, "10 pictures");
    assert_fails(
        weft_knn_neighbours(positions, NULL, &view, &wrong, 1, WEFT_KNN_COSINE, context),
        WEFT_EINVAL, "shape");
    assert_fails(weft_knn_cross_validate(accuracy, &view, fold, 2, &k, 1, NULL, context),
        WEFT_EINVAL, "no fold");
    fold[9] = 1;
    assert_fails(weft_knn_cross_validate(accuracy, &view, fold, 2, &k, 1, NULL, context),
        WEFT_EINVAL, "5 pictures");
    assert_fails(
        weft_knn_cross_validate(accuracy, &view, NULL, 0, &large, 1, NULL, context),
        WEFT_EINVAL, "k=11");
    weft_dataset_free(data);
    weft_dataset_free(other);
}

/* ---- Fashion-MNIST ----------------------------------------------------------------- */

static void fashion_mnist_gives_the_published_accuracy(void **state)
{
    (void)state;
    if (!fashion_mnist())
        skip();
    weft_load_options options = weft_load_defaults();
    weft_data data;
    assert_ok(weft_data_load(&data, fashion_mnist(), &options, context));
    weft_view train = weft_view_all(data.train), test = weft_test_open(data.test);
    weft_classifier *knn;
    float *shares = malloc(test.count * 10 * sizeof *shares);
    assert_ok(weft_classifier_create(&knn, "knn"));
    assert_ok(weft_classifier_fit(knn, &train, NULL, context));
    assert_ok(weft_classifier_predict_proba(knn, &test, shares, context));
    size_t right = 0;
    for (size_t i = 0; i < test.count; i++) {
        size_t best = 0;
        for (size_t c = 1; c < 10; c++)
            if (shares[i * 10 + c] > shares[i * 10 + best])
                best = c;
        right += best == weft_view_label(&test, i);
    }
    assert_int_equal(right, 8554);
    free(shares);
    weft_classifier_free(knn);
    weft_data_clear(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(neighbours_are_the_nearest),
        cmocka_unit_test(large_pictures_do_not_overflow),
        cmocka_unit_test(same_as_scikit_learn),
        cmocka_unit_test(leaving_one_out_is_folds_of_one),
        cmocka_unit_test(wrong_use_is_refused),
        cmocka_unit_test(fashion_mnist_gives_the_published_accuracy),
    };
    return cmocka_run_group_tests_name("knn", tests, setup, teardown);
}
