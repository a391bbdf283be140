/* Small real classifiers and pictures for tests of what stands on top of any family. It
 * defines weft__families, so the program's own are not linked.
 *
 * "centroid" predicts by the distance to each class's mean picture, learnt in passes so
 * that it has a history; "prior" knows only how frequent the classes are; "broken" fails to
 * fit; "interrupted" cancels its context while it fits. */
#ifndef WEFT_TESTS_EVAL_FAMILIES_H
#define WEFT_TESTS_EVAL_FAMILIES_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "data/dataset.h"
#include "model/family.h"
#include "weft/rng.h"

struct centroid_options {
    uint64_t passes, seed;
    double sharpness, noise;
};

static const weft_param centroid_params[] = {
    {"passes", WEFT_PARAM_COUNT, offsetof(struct centroid_options, passes), "6", 1, 100,
        NULL, "passes over the pictures"},
    {"seed", WEFT_PARAM_COUNT, offsetof(struct centroid_options, seed), "0", 0, 1e9, NULL,
        "of the noise"},
    {"sharpness", WEFT_PARAM_REAL, offsetof(struct centroid_options, sharpness), "8", 0,
        100, NULL, "how fast the probability falls with the distance"},
    {"noise", WEFT_PARAM_REAL, offsetof(struct centroid_options, noise), "0", 0, 10, NULL,
        "added to the means, in grey levels from 0 to 1"},
    {0}};

static size_t picture_bytes(const weft_classifier *self)
{
    return weft_shape_bytes(self->recipe.shape);
}

/* Softmax over -sharpness * mean squared distance. */
static void centroid_row(const weft_classifier *self, const uint8_t *pixels, float *row)
{
    const struct centroid_options *o = self->options;
    const float *means = self->state;
    size_t n = picture_bytes(self);
    double sum = 0, least = INFINITY;
    double distance[64];
    for (size_t k = 0; k < self->classes; k++) {
        distance[k] = 0;
        for (size_t i = 0; i < n; i++) {
            double d = (double)pixels[i] / 255 - (double)means[k * n + i];
            distance[k] += d * d / (double)n;
        }
        least = fmin(least, distance[k]);
    }
    for (size_t k = 0; k < self->classes; k++)
        sum += exp(-10 * o->sharpness * (distance[k] - least));
    for (size_t k = 0; k < self->classes; k++)
        row[k] = (float)(exp(-10 * o->sharpness * (distance[k] - least)) / sum);
}

static weft_status centroid_predict(const weft_classifier *self, const weft_view *view,
    float *probabilities, weft_context *context)
{
    for (size_t i = 0; i < view->count; i++) {
        if (weft_context_cancelled(context))
            return weft_fail(WEFT_ECANCELLED, "cancelled");
        centroid_row(self, weft_view_pixels(view, i), probabilities + i * self->classes);
    }
    return WEFT_OK;
}

static void centroid_score(
    const weft_classifier *self, const weft_view *view, double *loss, double *accuracy)
{
    float row[64];
    *loss = *accuracy = NAN;
    if (!view)
        return;
    *loss = *accuracy = 0;
    for (size_t i = 0; i < view->count; i++) {
        size_t best = 0, label = weft_view_label(view, i);
        centroid_row(self, weft_view_pixels(view, i), row);
        for (size_t k = 1; k < self->classes; k++)
            best = row[k] > row[best] ? k : best;
        *accuracy += (double)(best == label) / (double)view->count;
        *loss -= log(fmax(1e-9, (double)row[label])) / (double)view->count;
    }
}

static weft_status centroid_fit(weft_classifier *self, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    const struct centroid_options *o = self->options;
    size_t n = picture_bytes(self);
    float *means;
    WEFT_TRY(weft__calloc(&means, self->classes * n, sizeof *means, "means"));
    self->state = means;
    for (uint64_t pass = 1; pass <= o->passes; pass++) {
        if (weft_context_cancelled(context))
            return weft_fail(WEFT_ECANCELLED, "cancelled");
        for (size_t i = 0; i < train->count; i++) {
            const uint8_t *pixels = weft_view_pixels(train, i);
            float *mean = means + weft_view_label(train, i) * n;
            for (size_t j = 0; j < n; j++)
                mean[j] += 0.02f * ((float)pixels[j] / 255 - mean[j]);
        }
        weft_epoch epoch = {
            .epoch = (uint32_t)pass, .learning_rate = 0.02, .seconds = 0.01};
        centroid_score(self, train, &epoch.loss, &epoch.accuracy);
        centroid_score(self, validation, &epoch.val_loss, &epoch.val_accuracy);
        WEFT_TRY(weft__classifier_log(self, &epoch));
    }
    weft_rng rng = weft_rng_create(o->seed, 0);
    for (size_t i = 0; i < self->classes * n; i++)
        means[i] += (float)o->noise * weft_rng_normal(&rng);
    return WEFT_OK;
}

static weft_status prior_fit(weft_classifier *self, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    (void)validation, (void)context;
    float *share;
    WEFT_TRY(weft__calloc(&share, self->classes, sizeof *share, "shares"));
    self->state = share;
    for (size_t i = 0; i < train->count; i++)
        share[weft_view_label(train, i)] += 1 / (float)train->count;
    return WEFT_OK;
}

static weft_status prior_predict(const weft_classifier *self, const weft_view *view,
    float *probabilities, weft_context *context)
{
    (void)context;
    for (size_t i = 0; i < view->count; i++)
        memcpy(
            probabilities + i * self->classes, self->state, self->classes * sizeof(float));
    return WEFT_OK;
}

static weft_status broken_fit(weft_classifier *self, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    (void)self, (void)train, (void)validation, (void)context;
    return weft_fail(WEFT_ENUMERIC, "the loss is nan in epoch 1");
}

static weft_status interrupted_fit(weft_classifier *self, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    (void)self, (void)train, (void)validation;
    weft_context_cancel(context);
    return weft_fail(WEFT_ECANCELLED, "cancelled");
}

static weft_status plain_save(const weft_classifier *self, weft__tensors *tensors)
{
    size_t shape[] = {self->classes};
    return weft__tensors_add(tensors, "state", WEFT__F32, 1, shape, self->state);
}

static weft_status plain_load(weft_classifier *self, const weft__tensors *tensors)
{
    (void)self, (void)tensors;
    return weft_fail(WEFT_EUNSUPPORTED, "only for tests");
}

static void plain_forget(weft_classifier *self)
{
    free(self->state);
}

static const weft_param no_params[] = {{0}};

#define TEST_FAMILY(id, words, fit_fn, predict_fn, table, bytes) \
    { \
        .name = id, .title = words, .source = "", .params = table, .options_size = bytes, \
        .fit = fit_fn, .predict_proba = predict_fn, .save = plain_save, \
        .load = plain_load, .forget = plain_forget \
    }

static const weft__family centroid = TEST_FAMILY("centroid", "nearest mean picture",
    centroid_fit, centroid_predict, centroid_params, sizeof(struct centroid_options));
static const weft__family prior =
    TEST_FAMILY("prior", "class frequencies", prior_fit, prior_predict, no_params, 1);
static const weft__family broken =
    TEST_FAMILY("broken", "fails to fit", broken_fit, prior_predict, no_params, 1);
static const weft__family interrupted = TEST_FAMILY(
    "interrupted", "is cancelled", interrupted_fit, prior_predict, no_params, 1);

/* The last two with options. */
static const weft__family stubborn = TEST_FAMILY("stubborn", "fails to fit", broken_fit,
    prior_predict, centroid_params, sizeof(struct centroid_options));
static const weft__family hasty = TEST_FAMILY("hasty", "is cancelled", interrupted_fit,
    prior_predict, centroid_params, sizeof(struct centroid_options));

const weft__family *const weft__families[] = {
    &centroid, &prior, &broken, &interrupted, &stubborn, &hasty, NULL};

/* Pictures of `classes` shapes that overlap and vary, drawn by the seed. */
static weft_dataset *make_pictures(size_t count, size_t classes, uint32_t side,
    uint32_t channels, uint64_t seed, const char *const *names)
{
    weft_shape shape = {side, side, channels};
    size_t bytes = weft_shape_bytes(shape);
    uint8_t *pixels = calloc(count ? count : 1, bytes);
    uint16_t *labels = calloc(count ? count : 1, sizeof *labels);
    weft_rng rng = weft_rng_create(seed, 0);
    for (size_t i = 0; i < count; i++) {
        labels[i] = (uint16_t)(i % classes);
        float angle =
            6.2832f * ((float)labels[i] + 0.4f * weft_rng_normal(&rng)) / (float)classes;
        float cx = 0.5f + 0.25f * cosf(angle), cy = 0.5f + 0.25f * sinf(angle);
        float radius = 0.16f + 0.03f * weft_rng_normal(&rng);
        for (size_t j = 0; j < bytes; j++) {
            float x = (float)(j / channels % side) / (float)side - cx;
            float y = (float)(j / channels / side) / (float)side - cy;
            float light = expf(-(x * x + y * y) / (radius * radius)) *
                          (1 - 0.3f * (float)(j % channels));
            float level = 255 * light + 20 * weft_rng_uniform(&rng);
            pixels[i * bytes + j] = (uint8_t)(level > 255 ? 255 : level);
        }
    }
    weft_dataset *data = NULL;
    if (weft_dataset_create(&data, shape, count, pixels, labels, classes, names) != WEFT_OK)
        fail_msg("%s", weft_error());
    free(pixels);
    free(labels);
    return data;
}

/* Training and test pictures, and validation ones where `validation` is not 0. */
static inline weft_data make_data(size_t train, size_t validation, size_t test, size_t classes,
    uint32_t side, uint32_t channels, const char *const *names)
{
    weft_data data = {.train = make_pictures(train, classes, side, channels, 1, names)};
    if (validation)
        data.validation = make_pictures(validation, classes, side, channels, 2, names);
    if (test && weft__test_create(&data.test,
                    make_pictures(test, classes, side, channels, 3, names)) != WEFT_OK)
        fail_msg("%s", weft_error());
    return data;
}

#endif
