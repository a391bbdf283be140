/* Training and answering by networks, through the public interface.
 *
 *     nn_bench train NETWORK DATA THREADS SECONDS [OPTION=VALUE]...
 *     nn_bench latency NETWORK DATA THREADS REPEATS FOLDER
 *
 * train prints pictures per second of whole training steps, loading the pictures included,
 * over about so many seconds. latency trains NETWORK on a few pictures, then prints the
 * median microseconds from one picture's bytes to its probabilities, and pictures per
 * second over all test pictures; it leaves model.safetensors and picture.png in FOLDER. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "weft/weft.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static weft_status set_count(weft_classifier *model, const char *option, size_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%zu", value);
    return weft_classifier_set(model, option, text);
}

static weft_status set_options(weft_classifier *model, char **options)
{
    for (; *options; options++) {
        char *value = strchr(*options, '=');
        if (!value)
            return weft_fail(WEFT_EINVAL, "'%s': expected option=value", *options);
        *value = 0;
        weft_status status = weft_classifier_set(model, *options, value + 1);
        *value = '=';
        WEFT_TRY(status);
    }
    return WEFT_OK;
}

/* Pictures per second of `epochs` passes over the first `count` pictures. */
static weft_status rate_of(double *rate, weft_classifier *model, const weft_dataset *data,
    size_t count, size_t epochs, weft_context *context)
{
    weft_view view = weft_view_all(data);
    size_t rows;
    view.count = count < view.count ? count : view.count;
    WEFT_TRY(set_count(model, "epochs", epochs));
    WEFT_TRY(weft_classifier_fit(model, &view, NULL, context));
    const weft_epoch *history = weft_classifier_history(model, &rows);
    double seconds = 0;
    for (size_t i = 0; i < rows; i++)
        seconds += history[i].seconds;
    *rate = (double)(view.count * rows) / seconds;
    return WEFT_OK;
}

/* A short run finds how many pictures fill the time. */
static weft_status train(char **words, const weft_dataset *data, weft_context *context)
{
    enum { TRIAL = 1024, WHOLE_BATCHES = 1024 };
    weft_classifier *model;
    double seconds = strtod(words[3], NULL), rate = 0;
    WEFT_TRY(weft_classifier_create(&model, words[0]));
    weft_status status = set_options(model, words + 4);
    if (status == WEFT_OK)
        status = rate_of(&rate, model, data, TRIAL, 1, context);
    if (status == WEFT_OK) {
        size_t wanted = (size_t)(rate * seconds) / WHOLE_BATCHES * WHOLE_BATCHES;
        size_t most = weft_dataset_count(data) / WHOLE_BATCHES * WHOLE_BATCHES;
        wanted = wanted < WHOLE_BATCHES ? WHOLE_BATCHES : wanted;
        most = most < WHOLE_BATCHES ? weft_dataset_count(data) : most;
        size_t count = wanted < most ? wanted : most;
        status = rate_of(&rate, model, data, count, (wanted + count - 1) / count, context);
    }
    weft_classifier_free(model);
    if (status == WEFT_OK)
        printf("%.1f\n", rate);
    return status;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One picture after another, each a dataset of its own made from the bytes. */
static weft_status time_single(double *median, const weft_classifier *model,
    const weft_view *test, size_t repeats, float *probabilities, weft_context *context)
{
    double *times = malloc(repeats * sizeof *times);
    if (!times)
        return weft_fail(WEFT_ENOMEM, "no memory for %zu times", repeats);
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < repeats; i++) {
        weft_dataset *one;
        double began = now();
        status = weft_dataset_create(&one, weft_dataset_shape(test->data), 1,
            weft_view_pixels(test, i % test->count), NULL, 0, NULL);
        if (status != WEFT_OK)
            break;
        weft_view view = weft_view_all(one);
        status = weft_classifier_predict_proba(model, &view, probabilities, context);
        times[i] = now() - began;
        weft_dataset_free(one);
    }
    qsort(times, repeats, sizeof *times, by_size);
    *median = times[repeats / 2];
    free(times);
    return status;
}

static weft_status time_many(double *rate, const weft_classifier *model,
    const weft_view *test, float *probabilities, weft_context *context)
{
    double best = 0;
    for (int round = 0; round < 7; round++) {
        double began = now();
        WEFT_TRY(weft_classifier_predict_proba(model, test, probabilities, context));
        double seconds = now() - began;
        best = round == 0 || seconds < best ? seconds : best;
    }
    *rate = (double)test->count / best;
    return WEFT_OK;
}

static weft_status leave_files(const weft_classifier *model, const weft_view *test,
    const char *folder, weft_context *context)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    WEFT_TRY(weft_classifier_save(model, path, context));
    snprintf(path, sizeof path, "%s/picture.png", folder);
    return weft_picture_write_png(
        path, weft_view_pixels(test, 0), weft_dataset_shape(test->data));
}

static weft_status time_answers(
    weft_classifier *model, char **words, const weft_data *data, weft_context *context)
{
    enum { TRAINED = 2048 };
    weft_view test = weft_test_open(data->test);
    double rate = 0, median = 0;
    float *probabilities =
        malloc(test.count * weft_dataset_classes(data->train) * sizeof *probabilities);
    if (!probabilities)
        return weft_fail(WEFT_ENOMEM, "no memory for probabilities");
    weft_status status = rate_of(&rate, model, data->train, TRAINED, 1, context);
    if (status == WEFT_OK)
        status = leave_files(model, &test, words[4], context);
    if (status == WEFT_OK)
        status = time_single(
            &median, model, &test, strtoull(words[3], NULL, 10), probabilities, context);
    if (status == WEFT_OK)
        status = time_many(&rate, model, &test, probabilities, context);
    free(probabilities);
    if (status == WEFT_OK)
        printf("%.1f %.1f\n", 1e6 * median, rate);
    return status;
}

static weft_status latency(char **words, const weft_data *data, weft_context *context)
{
    weft_classifier *model;
    if (!data->test)
        return weft_fail(WEFT_EINVAL, "%s holds no test pictures", words[1]);
    WEFT_TRY(weft_classifier_create(&model, words[0]));
    weft_status status = time_answers(model, words, data, context);
    weft_classifier_free(model);
    return status;
}

static weft_status run(char **words, bool answering)
{
    weft_context *context;
    weft_data data = {0};
    weft_load_options load = weft_load_defaults();
    WEFT_TRY(weft_context_create(&context, atoi(words[2])));
    weft_status status = weft_data_load(&data, words[1], &load, context);
    if (status == WEFT_OK)
        status =
            answering ? latency(words, &data, context) : train(words, data.train, context);
    weft_data_clear(&data);
    weft_context_free(context);
    return status;
}

int main(int argc, char **argv)
{
    bool answering = argc == 7 && strcmp(argv[1], "latency") == 0;
    if (!answering && (argc < 6 || strcmp(argv[1], "train") != 0)) {
        fprintf(stderr,
            "usage: nn_bench train NETWORK DATA THREADS SECONDS [OPTION=VALUE]...\n"
            "       nn_bench latency NETWORK DATA THREADS REPEATS FOLDER\n");
        return 2;
    }
    if (run(argv + 2, answering) == WEFT_OK)
        return 0;
    fprintf(stderr, "nn_bench: %s\n", weft_error());
    return 1;
}
