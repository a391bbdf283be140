#include "eval/compare.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/events.h"
#include "core/file.h"
#include "core/left.h"
#include "core/mem.h"
#include "core/text.h"
#include "eval/guess.h"
#include "model/family.h"

weft_compare_options weft_compare_defaults(void)
{
    return (weft_compare_options){.seed = 1, .test = 0.2, .resamples = 1000, .seeds = 1};
}

/* Which parts the training split is cut into, and where the test pictures come from. The
 * test split itself stays closed. */
static weft_status split(weft_comparison *c)
{
    const weft_data *data = c->data;
    bool cut_test = !data->test && !data->validation;
    bool cut_validation = c->options.validation > 0 && !(data->validation && data->test);
    double test = cut_test ? c->options.test : 0;
    double validation = cut_validation ? c->options.validation : 0;
    if (!(test >= 0 && validation >= 0 && test + validation < 1) || (cut_test && test <= 0))
        return weft_fail(WEFT_EINVAL,
            "shares %g for validation and %g for test: expected above 0, together below 1",
            validation, test);
    weft_view all = weft_view_all(data->train);
    c->train = all;
    c->test_origin = data->test         ? "the test split"
                     : data->validation ? "the validation split, there being no test split"
                                        : "held out from the training split by the seed";
    if (data->test && data->validation)
        c->validation = weft_view_all(data->validation);
    else if (data->validation)
        c->test = weft_view_all(data->validation);
    if (!cut_test && !cut_validation)
        return WEFT_OK;

    double ratios[] = {[WEFT__TRAIN] = 1 - validation - test,
        [WEFT__VALIDATION] = validation,
        [WEFT__TEST] = test};
    WEFT_TRY(weft__alloc(&c->assignment, all.count, 1, "a split"));
    WEFT_TRY(weft__alloc(&c->index, all.count, sizeof *c->index, "a split"));
    WEFT_TRY(weft_split_ratios(c->assignment, &all, ratios, 3, c->options.seed));
    uint32_t *index = c->index;
    c->train = weft_view_part(&all, c->assignment, WEFT__TRAIN, 1, index);
    index += c->train.count;
    if (cut_validation)
        c->validation = weft_view_part(&all, c->assignment, WEFT__VALIDATION, 1, index);
    index += cut_validation ? c->validation.count : 0;
    if (cut_test)
        c->test = weft_view_part(&all, c->assignment, WEFT__TEST, 1, index);
    return WEFT_OK;
}

static weft_status check(const weft_comparison *c)
{
    size_t test = c->data->test ? weft_test_count(c->data->test) : c->test.count;
    if (!weft_dataset_labels(c->data->train))
        return weft_fail(WEFT_EINVAL, "the training pictures have no labels to learn from");
    if (c->train.count == 0 || test == 0)
        return weft_fail(WEFT_EINVAL,
            "%zu pictures to train on and %zu to test on: both are needed", c->train.count,
            test);
    for (size_t i = 0; c->validation.count == 0 && i < c->count; i++) {
        char value[16];
        if (weft_classifier_get(
                c->contenders[i].classifier, "calibrate", value, sizeof value) == WEFT_OK &&
            strcmp(value, "none") != 0)
            return weft_fail(WEFT_EINVAL,
                "%s: no validation pictures to calibrate on: --validation 0.1 holds a "
                "tenth "
                "out of training",
                c->contenders[i].name);
    }
    return WEFT_OK;
}

/* "models/knn-k-11.safetensors", with a number where another has that name already. */
static weft_status model_path(
    char **out, const weft_comparison *c, const weft__contender *contender)
{
    char name[128];
    snprintf(name, sizeof name - 4, "%s", contender->name);
    for (char *p = name; *p; p++)
        if (!isalnum((unsigned char)*p) && !strchr("._", *p))
            *p = '-';
    size_t same = 0;
    for (const weft__contender *other = c->contenders; other < contender; other++)
        same += strcmp(other->name, contender->name) == 0;
    weft__text file = {0};
    weft_status status = weft__text_printf(&file, "%s", name);
    if (status == WEFT_OK && same > 0)
        status = weft__text_printf(&file, "-%zu", same + 1);
    if (status == WEFT_OK)
        status = weft__text_printf(&file, ".safetensors");
    if (status == WEFT_OK)
        status = weft__path_join(out, c->options.models, file.data);
    weft__text_clear(&file);
    return status;
}

static weft_status save_model(
    weft_comparison *c, weft__contender *contender, weft_context *context)
{
    if (!c->options.models)
        return WEFT_OK;
    char *path;
    WEFT_TRY(weft__make_folder(c->options.models));
    WEFT_TRY(model_path(&path, c, contender));
    weft_status status = weft_classifier_save(contender->classifier, path, context);
    struct stat found;
    if (status == WEFT_OK && stat(path, &found) == 0) {
        contender->entry.model_bytes = (size_t)found.st_size;
        contender->entry.model = contender->model = path;
    } else {
        free(path);
    }
    return status;
}

/* Keeps the highest of what was taken beside the data. */
static void note_peak(weft_entry *entry, size_t before)
{
    size_t peak = weft__peak_memory() - before;
    entry->peak_memory = peak > entry->peak_memory ? peak : entry->peak_memory;
}

static weft_status fit_seed(
    weft_comparison *c, weft__contender *contender, size_t i, weft_context *context)
{
    weft__left_part(&c->left, contender->guess);
    size_t before = weft__peak_memory_restart();
    double began = weft__now();
    const weft_view *validation = c->validation.count ? &c->validation : NULL;
    WEFT_TRY(
        weft_classifier_fit(contender->own[i].classifier, &c->train, validation, context));
    contender->fits[i].fit_seconds = weft__now() - began;
    note_peak(&contender->entry, before);
    contender->fitted++;
    return WEFT_OK;
}

/* Every seed; the first one's model is kept. What a cancellation finds fitted counts. */
static weft_status fit(
    weft_comparison *c, weft__contender *contender, weft_context *context)
{
    WEFT_TRY(fit_seed(c, contender, 0, context));
    contender->entry.fit_seconds = contender->fits[0].fit_seconds;
    WEFT_TRY(save_model(c, contender, context));
    for (size_t i = 1; i < contender->wanted; i++) {
        weft__note(context, "fitting %s, seed %zu of %zu", contender->name, i + 1,
            contender->wanted);
        weft_status status = fit_seed(c, contender, i, context);
        if (status == WEFT_ECANCELLED)
            return WEFT_OK;
        WEFT_TRY(status);
    }
    return WEFT_OK;
}

/* Over all fits. */
static weft_status add_spreads(weft__contender *contender)
{
    double *values;
    size_t n = contender->fitted;
    WEFT_TRY(weft__alloc(&values, n, 2 * sizeof *values, "figures of all seeds"));
    for (size_t i = 0; i < n; i++) {
        const weft_scores *s = weft_evaluation_scores(contender->own[i].evaluation);
        values[i] = s->accuracy;
        values[n + i] = s->macro.f1;
    }
    contender->entry.accuracy = weft_spread_of(values, n);
    contender->entry.macro_f1 = weft_spread_of(values + n, n);
    free(values);
    return WEFT_OK;
}

/* The first fit's test as if there were no temperature: what calibrating has changed. */
static weft_status score_uncalibrated(
    weft_comparison *c, weft__contender *contender, weft_context *context)
{
    weft_classifier *classifier = contender->classifier;
    double temperature = weft_classifier_temperature(classifier);
    if (temperature == 1)
        return WEFT_OK;
    classifier->temperature = 1;
    weft_status status =
        weft_evaluate(&contender->uncalibrated, classifier, &c->test, NULL, context);
    classifier->temperature = temperature;
    contender->entry.uncalibrated = contender->uncalibrated;
    return status;
}

static weft_status score(
    weft_comparison *c, weft__contender *contender, weft_context *context)
{
    weft_entry *entry = &contender->entry;
    size_t before = weft__peak_memory_restart();
    for (size_t i = 0; i < contender->fitted; i++) {
        double seconds;
        WEFT_TRY(weft_evaluate(&contender->own[i].evaluation, contender->own[i].classifier,
            &c->test, &seconds, context));
        contender->fits[i].evaluation = contender->own[i].evaluation;
        if (i == 0)
            entry->predict_seconds = seconds;
    }
    note_peak(entry, before);
    WEFT_TRY(score_uncalibrated(c, contender, context));
    entry->rate =
        entry->predict_seconds > 0 ? (double)c->test.count / entry->predict_seconds : 0;
    WEFT_TRY(weft_bootstrap_macro_f1(
        &entry->f1, contender->own[0].evaluation, c->options.resamples, c->options.seed));
    WEFT_TRY(add_spreads(contender));
    entry->fit_count = contender->fitted;
    entry->evaluation = contender->own[0].evaluation;
    c->finished++;
    return WEFT_OK;
}

/* Remembers why the contender did not finish. */
static weft_status give_up(weft__contender *contender, weft_status status, const char *why)
{
    char *copy;
    WEFT_TRY(weft__strdup(&copy, why));
    free(contender->error);
    contender->entry.error = contender->error = copy;
    contender->status = status;
    return WEFT_OK;
}

static void tell(const weft_comparison *c, size_t i, weft_compare_step step)
{
    if (c->options.on_step)
        c->options.on_step(c->options.user, step, c, i);
}

/* Does for every contender that got so far what `begins` tells and the step after it ends.
 * One's failure does not stop the others; a cancellation does. */
static weft_status for_each(weft_comparison *c, weft_context *context,
    weft_compare_step begins, const char *doing,
    weft_status (*step)(weft_comparison *, weft__contender *, weft_context *))
{
    for (size_t i = 0; i < c->count; i++) {
        weft__contender *contender = &c->contenders[i];
        if (contender->error)
            continue;
        if (weft_context_cancelled(context)) {
            WEFT_TRY(give_up(contender, WEFT_ECANCELLED, "cancelled"));
            tell(c, i, WEFT_COMPARE_FAILED);
            continue;
        }
        weft__note(context, "%s %s (%zu of %zu)", doing, contender->name, i + 1, c->count);
        tell(c, i, begins);
        weft_status status = step(c, contender, context);
        if (status != WEFT_OK)
            WEFT_TRY(give_up(
                contender, status, status == WEFT_ECANCELLED ? "cancelled" : weft_error()));
        tell(c, i, status == WEFT_OK ? begins + 1 : WEFT_COMPARE_FAILED);
    }
    return WEFT_OK;
}

static weft_status fit_all(weft_comparison *c, weft_context *context)
{
    double total = 0;
    for (size_t i = 0; i < c->count; i++) {
        weft__contender *contender = &c->contenders[i];
        contender->guess = weft__guess_seconds(contender->classifier, &c->train, context);
        total += contender->guess * (double)contender->wanted;
    }
    weft__left_begin(&c->left, context, total);
    weft_status status = for_each(c, context, WEFT_COMPARE_FITTING, "fitting", fit);
    weft__left_end(&c->left);
    return status;
}

/* A cancelled context cancels everything; what is fitted is scored in another. */
static weft_status score_all(weft_comparison *c, weft_context *context)
{
    if (c->data->test)
        c->test = weft_test_open(c->data->test);
    if (!weft_context_cancelled(context))
        return for_each(c, context, WEFT_COMPARE_SCORING, "scoring", score);
    weft_context *calm;
    WEFT_TRY(weft_context_create(&calm, weft_context_threads(context)));
    weft_status status = for_each(c, calm, WEFT_COMPARE_SCORING, "scoring", score);
    weft_context_free(calm);
    return status;
}

static weft_status run(weft_comparison *c, weft_context *context)
{
    WEFT_TRY(fit_all(c, context));
    size_t fitted = 0;
    for (size_t i = 0; i < c->count; i++)
        fitted += !c->contenders[i].error;
    if (fitted == 0)
        return WEFT_OK;
    WEFT_TRY(score_all(c, context));
    return weft__comparison_rank(c);
}

/* What the caller must hear though there is a comparison. */
static weft_status verdict(const weft_comparison *c, const weft_context *context)
{
    if (weft_context_cancelled(context))
        return weft_fail(WEFT_ECANCELLED, "cancelled: %zu of %zu classifiers were compared",
            c->finished, c->count);
    for (size_t i = 0; i < c->count; i++)
        if (c->contenders[i].error)
            return weft_fail(c->contenders[i].status, "%s: %s", c->contenders[i].name,
                c->contenders[i].error);
    return WEFT_OK;
}

static weft_status prepare(weft_comparison *c, const char *const *classifiers, size_t count)
{
    WEFT_TRY(weft__strdup(&c->source, c->options.source));
    WEFT_TRY(weft__strdup(&c->command, c->options.command));
    WEFT_TRY(weft__strdup(&c->models, c->options.models));
    c->options.source = c->source;
    c->options.command = c->command;
    c->options.models = c->models;
    WEFT_TRY(weft__calloc(&c->contenders, count, sizeof *c->contenders, "classifiers"));
    for (; c->count < count; c->count++)
        WEFT_TRY(weft__contender_create(&c->contenders[c->count], classifiers[c->count],
            c->options.seed, c->options.seeds));
    WEFT_TRY(split(c));
    return check(c);
}

weft_status weft_compare_check(const char *const *classifiers, size_t count)
{
    if (count == 0)
        return weft_fail(WEFT_EINVAL, "there are no classifiers to compare");
    for (size_t i = 0; i < count; i++) {
        weft__contender contender;
        WEFT_TRY(weft__contender_create(&contender, classifiers[i], 0, 1));
        weft__contender_clear(&contender);
    }
    return WEFT_OK;
}

weft_status weft_compare(weft_comparison **out, const weft_data *data,
    const char *const *classifiers, size_t count, const weft_compare_options *options,
    weft_context *context)
{
    WEFT_TRY(weft_compare_check(classifiers, count));
    weft_comparison *c;
    WEFT_TRY(weft__calloc(&c, 1, sizeof *c, "a comparison"));
    c->data = data;
    c->options = *options;
    c->machine = weft__this_machine();
    c->threads = weft_context_threads(context);
    weft__utc_now(c->began);
    weft_status status = prepare(c, classifiers, count);
    if (status == WEFT_OK)
        status = run(c, context);
    if (status == WEFT_OK)
        status = verdict(c, context);
    if (c->finished > 0 && c->pairs)
        *out = c;
    else
        weft_comparison_free(c);
    return status;
}

void weft_comparison_free(weft_comparison *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        weft__contender_clear(&c->contenders[i]);
    free(c->contenders);
    free(c->pairs);
    free(c->assignment);
    free(c->index);
    free(c->source);
    free(c->command);
    free(c->models);
    free(c);
}

size_t weft_comparison_count(const weft_comparison *c)
{
    return c->count;
}

size_t weft_comparison_finished(const weft_comparison *c)
{
    return c->finished;
}

const weft_entry *weft_comparison_entry(const weft_comparison *c, size_t index)
{
    return index < c->count ? &c->contenders[index].entry : NULL;
}

const weft_pair *weft_comparison_pair(const weft_comparison *c, size_t first, size_t second)
{
    return first < second && second < c->finished ? &c->pairs[first * c->finished + second]
                                                  : NULL;
}

weft_view weft_comparison_train(const weft_comparison *c)
{
    return c->train;
}

weft_view weft_comparison_validation(const weft_comparison *c)
{
    return c->validation;
}

weft_view weft_comparison_test(const weft_comparison *c)
{
    return c->test;
}
