/* weft/classifier.h: anything that fits a dataset and predicts probabilities.
 *
 *     weft_classifier *model;
 *     WEFT_TRY(weft_classifier_create(&model, "knn"));
 *     WEFT_TRY(weft_classifier_set(model, "k", "5"));
 *     weft_view train = weft_view_all(data.train);
 *     WEFT_TRY(weft_classifier_fit(model, &train, NULL, context));
 *     WEFT_TRY(weft_classifier_save(model, "knn.safetensors", context));
 *
 * Callers never ask which family a classifier is of. */
#ifndef WEFT_CLASSIFIER_H
#define WEFT_CLASSIFIER_H

#include <stddef.h>
#include <stdint.h>

#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/param.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_classifier weft_classifier;

/* What there is to choose from: families such as "knn", and every built-in network
 * such as "kugler-cnn", by name. */
typedef struct weft_classifier_info {
    const char *name;         /* "knn" */
    const char *title;        /* "k nearest neighbours" */
    const char *source;       /* where it comes from: a paper and section, or "" */
    const weft_param *params; /* ends with a NULL name */
} weft_classifier_info;

WEFT_API size_t weft_classifier_catalogue_size(void);
WEFT_API const weft_classifier_info *weft_classifier_catalogue(size_t index);

/* An unfitted classifier with its default options. `name` is one of the catalogue's or
 * the path of a network text (it holds a slash or ends in ".net"). WEFT_ENOTFOUND
 * suggests the nearest name. */
WEFT_API WEFT_MUST weft_status weft_classifier_create(
    weft_classifier **out, const char *name);
WEFT_API void weft_classifier_free(weft_classifier *classifier); /* NULL-safe */

/* How folders of photos are best read for this classifier: changes photo_side and fit of
 * the options where it has a wish (networks whose text has a line `pictures`), and leaves
 * them alone where it has none. WEFT_EFORMAT when that line is wrong. */
WEFT_API WEFT_MUST weft_status weft_classifier_prefer(
    const weft_classifier *classifier, weft_load_options *options);

/* Sets an option from text, or says what is allowed. Takes effect at the next fit. */
WEFT_API WEFT_MUST weft_status weft_classifier_set(
    weft_classifier *classifier, const char *option, const char *value);
/* The option's present value as text in `text`; the nearest name on WEFT_ENOTFOUND. */
WEFT_API WEFT_MUST weft_status weft_classifier_get(
    const weft_classifier *classifier, const char *option, char *text, size_t size);

/* Fits anew, forgetting any earlier fit; on failure the classifier is unfitted. Only on
 * WEFT_ECANCELLED may a family that learns in passes keep what it has learnt so far:
 * weft_classifier_is_fitted tells.
 * `validation` may be NULL; where it is given it is watched (networks: every epoch), and
 * nothing is learnt from it but, with the option calibrate=temperature, one number: see
 * weft_classifier_calibrate. That option without validation pictures is WEFT_EINVAL. The
 * view need not outlive the call. */
WEFT_API WEFT_MUST weft_status weft_classifier_fit(weft_classifier *classifier,
    const weft_view *train, const weft_view *validation, weft_context *context);

/* Has the fits that follow keep a checkpoint at `path`, where the family learns in passes;
 * others ignore it. It is written at the start, after passes and at least every `seconds`
 * seconds (0: after every step), whole or not at all. With `resume`, a fit goes on from
 * the checkpoint at `path`, where there is one, and ends with the same bits as a fit never
 * stopped; it is WEFT_EINVAL when options, data or the number of threads differ from those
 * it was made with. Whoever asked for the checkpoint removes it. NULL: none. */
WEFT_API WEFT_MUST weft_status weft_classifier_checkpoint(
    weft_classifier *classifier, const char *path, double seconds, bool resume);

/* The loss while the learning rate rises exponentially, step by step. */
typedef struct weft_rate_range {
    double lowest, highest;
    size_t steps; /* 10 to 100000 */
} weft_rate_range;

typedef struct weft_rate {
    double learning_rate;
    double loss; /* running mean of the batches' losses */
} weft_rate;

typedef struct weft_rate_curve {
    weft_rate *points; /* owned */
    size_t count;      /* fewer than the range's steps when the loss ran away */
    double suggestion; /* where the loss falls fastest; NaN where it never does */
} weft_rate_curve;

/* 1e-6 to 10 in 200 steps. */
WEFT_API weft_rate_range weft_rate_range_defaults(void);
/* Trains for a short while with every rate of the range in turn (Smith 2017, "Cyclical
 * learning rates for training neural networks", section 3.3), and leaves the classifier
 * unfitted. WEFT_EUNSUPPORTED for families without a learning rate. */
WEFT_API WEFT_MUST weft_status weft_classifier_find_rate(weft_rate_curve *out,
    weft_classifier *classifier, const weft_view *train, const weft_rate_range *range,
    weft_context *context);
/* What a training of so many pictures would cost with the present options, in steps of
 * weft_classifier_find_rate, which show whole pictures: epochs that leave some out, or show
 * them smaller, count less, by their multiply-adds. WEFT_EUNSUPPORTED for families
 * that do not learn in epochs. */
WEFT_API WEFT_MUST weft_status weft_classifier_training_work(
    double *steps, const weft_classifier *classifier, size_t pictures);
WEFT_API void weft_rate_curve_clear(weft_rate_curve *curve);

/* Writes count x classes probabilities, row by row, each row summing to 1. The view's
 * shape must be the fitted one. */
WEFT_API WEFT_MUST weft_status weft_classifier_predict_proba(
    const weft_classifier *classifier, const weft_view *view, float *probabilities,
    weft_context *context);

/* Fits the temperature T by which the probabilities of this and of every later prediction
 * are made as sure as they are right: p becomes p^(1/T), scaled to sum 1 (Guo et al. 2017,
 * section 4.2). T, from 0.01 to 100, minimises the log loss of `view`, labelled pictures
 * that the classifier has not learnt from. The likeliest class stays the same. The model's
 * file keeps T. */
WEFT_API WEFT_MUST weft_status weft_classifier_calibrate(
    weft_classifier *classifier, const weft_view *view, weft_context *context);
/* 1 where the probabilities are as the family gives them. */
WEFT_API double weft_classifier_temperature(const weft_classifier *classifier);

/* How many numbers describe a picture to a network before its last layer decides; 0 for
 * families without such a thing, and before fitting. */
WEFT_API size_t weft_classifier_embedding_size(const weft_classifier *classifier);
/* Writes count x embedding size of them, row by row. WEFT_EUNSUPPORTED where there are
 * none. */
WEFT_API WEFT_MUST weft_status weft_classifier_embed(const weft_classifier *classifier,
    const weft_view *view, float *embeddings, weft_context *context);

/* One safetensors file, written under a temporary name, synced and renamed. */
WEFT_API WEFT_MUST weft_status weft_classifier_save(
    const weft_classifier *classifier, const char *path, weft_context *context);
WEFT_API WEFT_MUST weft_status weft_classifier_load(
    weft_classifier **out, const char *path);
/* Replays the golden pictures kept in the model. WEFT_ENUMERIC, naming the picture and
 * the difference, when a probability is off by more than `tolerance`. *checked, when
 * not NULL, receives how many pictures were replayed. */
WEFT_API WEFT_MUST weft_status weft_classifier_verify(const weft_classifier *classifier,
    double tolerance, size_t *checked, double *largest, weft_context *context);

WEFT_API bool weft_classifier_is_fitted(const weft_classifier *classifier);
WEFT_API const weft_classifier_info *weft_classifier_describe(
    const weft_classifier *classifier);
WEFT_API weft_recipe weft_classifier_recipe(const weft_classifier *classifier);
WEFT_API size_t weft_classifier_classes(const weft_classifier *classifier);
WEFT_API const char *weft_classifier_class_name(
    const weft_classifier *classifier, size_t index);
/* Digest of the data that it was fitted on. */
WEFT_API const char *weft_classifier_data_digest(const weft_classifier *classifier);

/* One row for each pass over the data, for families that learn in passes. */
typedef struct weft_epoch {
    uint32_t epoch;                                /* from 1 */
    double loss, accuracy, val_loss, val_accuracy; /* NaN where not measured */
    double learning_rate, seconds, rate;           /* rate: pictures per second */
} weft_epoch;

WEFT_API const weft_epoch *weft_classifier_history(
    const weft_classifier *classifier, size_t *count);

#ifdef __cplusplus
}
#endif
#endif
