/* Times of the classical families from loaded pictures, as their peers are timed.
 *
 *     classic_bench FOLDER THREADS REPEATS FAMILY[:option=value,...]...
 *
 * Prints one line for each fit: family, seed, seconds to fit, seconds to predict the test
 * pictures, accuracy on them, peak memory; then mean and standard deviation. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "weft/weft.h"

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Of all threads; steadier than the clock where the machine is shared. */
static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double peak_gigabytes(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) ? 0 : (double)usage.ru_maxrss / 1e6;
}

static weft_status set_options(weft_classifier *model, char *options)
{
    for (char *option = strtok(options, ","); option; option = strtok(NULL, ",")) {
        char *value = strchr(option, '=');
        if (!value)
            return weft_fail(WEFT_EINVAL, "'%s': expected option=value", option);
        *value++ = 0;
        WEFT_TRY(weft_classifier_set(model, option, value));
    }
    return WEFT_OK;
}

static double accuracy_of(const weft_view *view, const float *shares, size_t classes)
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

struct figures {
    double fit, fit_cpu, predict, accuracy;
};

static weft_status run_once(struct figures *out, const char *what, uint64_t seed,
    const weft_view *train, const weft_view *test, float *shares, weft_context *context)
{
    char text[256], seed_text[32];
    snprintf(text, sizeof text, "%s", what);
    snprintf(seed_text, sizeof seed_text, "%llu", (unsigned long long)seed);
    char *options = strchr(text, ':');
    if (options)
        *options++ = 0;
    weft_classifier *model;
    WEFT_TRY(weft_classifier_create(&model, text));
    weft_status status = options ? set_options(model, options) : WEFT_OK;
    if (status == WEFT_OK &&
        weft_param_find(weft_classifier_describe(model)->params, "seed"))
        status = weft_classifier_set(model, "seed", seed_text);
    double began = now(), cpu = processor_seconds();
    if (status == WEFT_OK)
        status = weft_classifier_fit(model, train, NULL, context);
    double fitted = now();
    cpu = processor_seconds() - cpu;
    if (status == WEFT_OK)
        status = weft_classifier_predict_proba(model, test, shares, context);
    double predicted = now();
    if (status == WEFT_OK)
        *out = (struct figures){fitted - began, cpu, predicted - fitted,
            accuracy_of(test, shares, weft_classifier_classes(model))};
    weft_classifier_free(model);
    return status;
}

static void print_spread(const char *name, const double *values, int count)
{
    double mean = 0, squares = 0;
    for (int i = 0; i < count; i++)
        mean += values[i] / count;
    for (int i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    printf("  %s %.4f ± %.4f (n=%d)\n", name, mean,
        count > 1 ? sqrt(squares / (count - 1)) : 0, count);
}

enum { MAX_REPEATS = 100 };

static weft_status run(const char *what, int repeats, const weft_view *train,
    const weft_view *test, float *shares, weft_context *context)
{
    double fit[MAX_REPEATS], cpu[MAX_REPEATS], predict[MAX_REPEATS], accuracy[MAX_REPEATS];
    for (int i = 0; i < repeats; i++) {
        struct figures f;
        WEFT_TRY(run_once(&f, what, (uint64_t)i + 1, train, test, shares, context));
        printf("%s seed %d: fit %.2f s (%.2f s of processors), predict %.3f s, accuracy "
               "%.4f, peak %.2f GB\n",
            what, i + 1, f.fit, f.fit_cpu, f.predict, f.accuracy, peak_gigabytes());
        fflush(stdout);
        fit[i] = f.fit;
        cpu[i] = f.fit_cpu;
        predict[i] = f.predict;
        accuracy[i] = f.accuracy;
    }
    print_spread("fit", fit, repeats);
    print_spread("fit, processors", cpu, repeats);
    print_spread("predict", predict, repeats);
    print_spread("accuracy", accuracy, repeats);
    return WEFT_OK;
}

static void print_note(void *user, const weft_event *event)
{
    (void)user;
    if (event->kind == WEFT_EVENT_NOTE)
        fprintf(stderr, "%s\n", event->text);
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(stderr, "usage: %s FOLDER THREADS REPEATS FAMILY[:option=value,...]...\n",
            argv[0]);
        return 2;
    }
    int repeats = atoi(argv[3]);
    repeats = repeats < 1 ? 1 : repeats > MAX_REPEATS ? MAX_REPEATS : repeats;
    weft_context *context = NULL;
    weft_data data = {0};
    float *shares = NULL;
    weft_status status = weft_context_create(&context, atoi(argv[2]));
    if (status == WEFT_OK) {
        weft_load_options options = weft_load_defaults();
        weft_context_on_event(context, print_note, NULL);
        status = weft_data_load(&data, argv[1], &options, context);
    }
    if (status == WEFT_OK && !data.test)
        status = weft_fail(WEFT_EINVAL, "%s has no test pictures", argv[1]);
    if (status == WEFT_OK) {
        weft_view train = weft_view_all(data.train), test = weft_test_open(data.test);
        shares = calloc(test.count * weft_dataset_classes(data.train), sizeof *shares);
        for (int i = 4; status == WEFT_OK && i < argc; i++)
            status = shares ? run(argv[i], repeats, &train, &test, shares, context)
                            : weft_fail(WEFT_ENOMEM, "no memory for probabilities");
    }
    if (status != WEFT_OK)
        fprintf(stderr, "%s\n", weft_error());
    free(shares);
    weft_data_clear(&data);
    weft_context_free(context);
    return status == WEFT_OK ? 0 : 1;
}
