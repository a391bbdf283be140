/* A classifier under a paper's protocol, on Fashion-MNIST.
 *
 *     protocol_bench CLASSIFIER folds SEEDS [OPTION=VALUE...]   5 folds of all 70,000
 *     protocol_bench CLASSIFIER 60:20:20 SEEDS [OPTION=VALUE...] train, watch, test
 *     protocol_bench CLASSIFIER 80:20 SEEDS [OPTION=VALUE...]    of the published training
 *                            pictures train and watch, the published test pictures at the
 * end protocol_bench CLASSIFIER published SEEDS [OPTION=VALUE...] all 60,000, nothing
 * watched
 *
 * The papers that divide "the dataset" anew pool its 70,000 pictures. Nothing is chosen by
 * any figure printed here: each run ends with its last epoch. Prints a line a run and the
 * mean and standard deviation. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "weft/weft.h"

enum { FOLDS = 5, MOST_RUNS = 1000 };

struct protocol {
    const char *classifier;
    char **options; /* OPTION=VALUE, ended by NULL */
    weft_context *context;
    double accuracy[MOST_RUNS], macro_f1[MOST_RUNS], fit_accuracy[MOST_RUNS];
    size_t runs;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static weft_status set_options(weft_classifier *model, const struct protocol *p, long seed)
{
    char text[32];
    snprintf(text, sizeof text, "%ld", seed);
    if (weft_param_find(weft_classifier_describe(model)->params, "seed"))
        WEFT_TRY(weft_classifier_set(model, "seed", text));
    for (char **option = p->options; *option; option++) {
        char *equals = strchr(*option, '=');
        if (!equals)
            return weft_fail(WEFT_EINVAL, "'%s': expected OPTION=VALUE", *option);
        *equals = 0;
        weft_status status = weft_classifier_set(model, *option, equals + 1);
        *equals = '=';
        WEFT_TRY(status);
    }
    return WEFT_OK;
}

/* The accuracy of the last epoch's training pictures, NaN where there are no epochs. */
static double last_accuracy(const weft_classifier *model)
{
    size_t count;
    const weft_epoch *history = weft_classifier_history(model, &count);
    return count ? history[count - 1].accuracy : NAN;
}

static weft_status fit_and_score(struct protocol *p, weft_classifier *model,
    const weft_view *train, const weft_view *watched, const weft_view *test, long seed)
{
    WEFT_TRY(set_options(model, p, seed));
    double began = now();
    WEFT_TRY(weft_classifier_fit(model, train, watched, p->context));
    double seconds = now() - began;
    weft_evaluation *evaluation;
    WEFT_TRY(weft_evaluate(&evaluation, model, test, NULL, p->context));
    const weft_scores *scores = weft_evaluation_scores(evaluation);
    p->accuracy[p->runs] = scores->accuracy;
    p->macro_f1[p->runs] = scores->macro.f1;
    p->fit_accuracy[p->runs] = last_accuracy(model);
    printf(
        "%s, seed %ld: accuracy %.4f  macro f1 %.4f  (training %.4f)  %zu to fit, %zu to "
        "test, %.1f s\n",
        p->classifier, seed, scores->accuracy, scores->macro.f1, p->fit_accuracy[p->runs],
        train->count, test->count, seconds);
    fflush(stdout);
    p->runs++;
    weft_evaluation_free(evaluation);
    return WEFT_OK;
}

static weft_status run(struct protocol *p, const weft_view *train, const weft_view *watched,
    const weft_view *test, long seed)
{
    weft_classifier *model;
    if (p->runs == MOST_RUNS)
        return weft_fail(WEFT_EINVAL, "more than %d runs", MOST_RUNS);
    WEFT_TRY(weft_classifier_create(&model, p->classifier));
    weft_status status = fit_and_score(p, model, train, watched, test, seed);
    weft_classifier_free(model);
    return status;
}

static weft_status run_folds(
    struct protocol *p, const weft_view *all, uint8_t *part, uint32_t *index, long seed)
{
    WEFT_TRY(weft_split_folds(part, all, FOLDS, (uint64_t)seed));
    for (uint8_t fold = 0; fold < FOLDS; fold++) {
        weft_view test = weft_view_part(all, part, fold, 1, index);
        weft_view train = weft_view_part(all, part, fold, 0, index + all->count);
        WEFT_TRY(run(p, &train, NULL, &test, seed));
    }
    return WEFT_OK;
}

static weft_status run_parts(struct protocol *p, const weft_view *all, const double *ratios,
    size_t parts, const weft_view *published_test, uint8_t *part, uint32_t *index,
    long seed)
{
    WEFT_TRY(weft_split_ratios(part, all, ratios, parts, (uint64_t)seed));
    weft_view train = weft_view_part(all, part, 0, 1, index);
    weft_view watched = weft_view_part(all, part, 1, 1, index + all->count);
    if (published_test)
        return run(p, &train, &watched, published_test, seed);
    weft_view test = weft_view_part(all, part, 2, 1, index + 2 * all->count);
    return run(p, &train, &watched, &test, seed);
}

static weft_status run_seed(struct protocol *p, const char *protocol, const weft_view *all,
    const weft_view *train, const weft_view *test, long seed)
{
    static const double THREE[] = {0.6, 0.2, 0.2}, TWO[] = {0.8, 0.2};
    uint8_t *part = malloc(all->count);
    uint32_t *index = malloc(3 * all->count * sizeof *index);
    weft_status status;
    if (!part || !index)
        status = weft_fail(WEFT_ENOMEM, "no memory for the split");
    else if (strcmp(protocol, "folds") == 0)
        status = run_folds(p, all, part, index, seed);
    else if (strcmp(protocol, "60:20:20") == 0)
        status = run_parts(p, all, THREE, 3, NULL, part, index, seed);
    else if (strcmp(protocol, "80:20") == 0)
        status = run_parts(p, train, TWO, 2, test, part, index, seed);
    else if (strcmp(protocol, "published") == 0)
        status = run(p, train, NULL, test, seed);
    else
        status = weft_fail(WEFT_EINVAL,
            "protocol '%s': expected folds, 60:20:20, 80:20 or published", protocol);
    free(part);
    free(index);
    return status;
}

static void print_summary(const char *name, const double *values, size_t count)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        mean += values[i] / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    printf("%s: mean %.4f, sd %.4f, n %zu\n", name, mean,
        count > 1 ? sqrt(squares / (double)(count - 1)) : NAN, count);
}

static weft_status run_all(struct protocol *p, const char *protocol, long seeds)
{
    weft_load_options options = weft_load_defaults();
    weft_data data = {0};
    weft_dataset *pooled = NULL;
    weft_status status = weft_data_load(&data, "fashion-mnist", &options, p->context);
    if (status == WEFT_OK)
        status = weft_data_pool(&pooled, &data);
    for (long seed = 1; status == WEFT_OK && seed <= seeds; seed++) {
        weft_view all = weft_view_all(pooled), train = weft_view_all(data.train);
        weft_view test = weft_test_open(data.test);
        status = run_seed(p, protocol, &all, &train, &test, seed);
    }
    weft_dataset_free(pooled);
    weft_data_clear(&data);
    if (status != WEFT_OK)
        return status;
    printf("%s, %s\n", p->classifier, protocol);
    print_summary("  test accuracy", p->accuracy, p->runs);
    print_summary("  macro f1", p->macro_f1, p->runs);
    print_summary("  training accuracy", p->fit_accuracy, p->runs);
    return WEFT_OK;
}

int main(int count, char **arguments)
{
    if (count < 4 || atol(arguments[3]) < 1) {
        fprintf(stderr, "usage: protocol_bench CLASSIFIER folds|60:20:20|80:20|published "
                        "SEEDS [OPTION=VALUE...]\n");
        return 2;
    }
    struct protocol *p = calloc(1, sizeof *p);
    if (!p || weft_context_create(&p->context, 0) != WEFT_OK)
        return 1;
    p->classifier = arguments[1];
    p->options = arguments + 4;
    weft_status status = run_all(p, arguments[2], atol(arguments[3]));
    if (status != WEFT_OK)
        fprintf(stderr, "protocol_bench: %s\n", weft_error());
    weft_context_free(p->context);
    free(p);
    return status == WEFT_OK ? 0 : 1;
}
