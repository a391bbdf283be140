/* Times the exact search and the sweep over k, against the work that they cannot avoid.
 *
 *     knn_bench FOLDER THREADS REPEATS
 *
 * Prints each metric's seconds for the test pictures' 5 nearest neighbours, the products
 * per second that an exhaustive Euclidean search amounts to, and the seconds in which every
 * odd k from 3 to 11 is cross-validated in 5 folds and by leaving one out. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "weft/weft.h"

enum { K = 5, FOLDS = 5 };

static const uint32_t SWEEP[] = {3, 5, 7, 9, 11};
enum { SWEPT = sizeof SWEEP / sizeof *SWEEP };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static weft_status search(const weft_view *train, const weft_view *test,
    weft_knn_metric metric, const char *name, uint32_t *positions, float *distances,
    weft_context *context)
{
    double began = now();
    WEFT_TRY(weft_knn_neighbours(positions, distances, train, test, K, metric, context));
    double seconds = now() - began;
    double operations = 2.0 * (double)train->count * (double)test->count *
                        (double)weft_shape_bytes(weft_dataset_shape(train->data));
    printf("%s: %.3f s, %.0f GOP/s\n", name, seconds, operations / seconds * 1e-9);
    return WEFT_OK;
}

static weft_status sweep(
    const weft_view *train, uint8_t *fold, const char *name, weft_context *context)
{
    double accuracy[FOLDS * SWEPT], began = now();
    WEFT_TRY(
        weft_knn_cross_validate(accuracy, train, fold, FOLDS, SWEEP, SWEPT, NULL, context));
    printf("%s: %.2f s;", name, now() - began);
    for (size_t j = 0; j < SWEPT; j++) {
        double mean = 0;
        for (size_t f = 0; f < (fold ? FOLDS : 1); f++)
            mean += accuracy[f * SWEPT + j] / (fold ? FOLDS : 1);
        printf(" k=%u %.4f", SWEEP[j], mean);
    }
    printf("\n");
    return WEFT_OK;
}

static weft_status run(
    const weft_view *train, const weft_view *test, int repeats, weft_context *context)
{
    static const char *const names[] = {"euclidean", "manhattan", "cosine"};
    uint32_t *positions = calloc(test->count * K, sizeof *positions);
    float *distances = calloc(test->count * K, sizeof *distances);
    uint8_t *fold = calloc(train->count, 1);
    weft_status status = positions && distances && fold
                             ? weft_split_folds(fold, train, FOLDS, 1)
                             : weft_fail(WEFT_ENOMEM, "no memory for neighbours");
    for (int r = 0; status == WEFT_OK && r < repeats; r++) {
        for (int m = WEFT_KNN_EUCLIDEAN; status == WEFT_OK && m <= WEFT_KNN_COSINE; m++)
            status = search(
                train, test, (weft_knn_metric)m, names[m], positions, distances, context);
        if (status == WEFT_OK)
            status = sweep(train, fold, "5 folds", context);
        if (status == WEFT_OK)
            status = sweep(train, NULL, "leave one out", context);
    }
    free(positions);
    free(distances);
    free(fold);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s FOLDER THREADS REPEATS\n", argv[0]);
        return 2;
    }
    weft_context *context = NULL;
    weft_data data = {0};
    weft_load_options options = weft_load_defaults();
    weft_status status = weft_context_create(&context, atoi(argv[2]));
    if (status == WEFT_OK)
        status = weft_data_load(&data, argv[1], &options, context);
    if (status == WEFT_OK && !data.test)
        status = weft_fail(WEFT_EINVAL, "%s has no test pictures", argv[1]);
    if (status == WEFT_OK) {
        weft_view train = weft_view_all(data.train), test = weft_test_open(data.test);
        status = run(&train, &test, atoi(argv[3]), context);
    }
    if (status != WEFT_OK)
        fprintf(stderr, "%s\n", weft_error());
    weft_data_clear(&data);
    weft_context_free(context);
    return status == WEFT_OK ? 0 : 1;
}
