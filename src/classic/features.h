/* What a classical family sees of a picture: its pixels, its principal components, its
 * histograms of oriented gradients, a network's embedding.
 *
 *     weft__features *features;
 *     weft__points points;
 *     WEFT_TRY(weft__features_fit(&features, options->features, train, context));
 *     WEFT_TRY(weft__features_apply(features, train, &points, context));
 *     if (points.bytes) ... bytes of 0 to 255 ... else ... points.floats ...
 *     weft__points_clear(&points);
 *
 * The features belong to the fitted model: saved, loaded and freed with it. */
#ifndef WEFT_CLASSIC_FEATURES_H
#define WEFT_CLASSIC_FEATURES_H

#include "model/tensors.h"
#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/param.h"

/* count points of dims coordinates, row by row. */
typedef struct weft__points {
    size_t count, dims;
    const uint8_t *bytes; /* NULL: floats */
    const float *floats;
    void *owned; /* what clear frees; NULL: borrowed from the dataset */
} weft__points;

/* The view's pixels; those of a view without an index are borrowed. */
WEFT_MUST weft_status weft__points_of_pixels(const weft_view *view, weft__points *out);
/* Copies what is borrowed. On failure nothing changes. */
WEFT_MUST weft_status weft__points_own(weft__points *points);
void weft__points_clear(weft__points *points);

/* A family's line in its table of options: `field` is a char *. */
#define WEFT__FEATURES_PARAM(type, field) \
    { \
        "features", WEFT_PARAM_TEXT, offsetof(type, field), "pixels", 0, 0, NULL, \
            "what is seen of a picture: pixels, pca:K (K components, or a share of the " \
            "variance such as 0.95), hog, or model:PATH, a network's embedding" \
    }

typedef struct weft__features weft__features;

/* Learns what there is to learn. `text` is "pixels", "pca:K", "hog", "model:PATH"; NULL is
 * "pixels". WEFT_EINVAL says what is allowed. */
WEFT_MUST weft_status weft__features_fit(
    weft__features **out, const char *text, const weft_view *train, weft_context *context);
void weft__features_free(weft__features *features); /* NULL-safe */

size_t weft__features_dims(const weft__features *features);
bool weft__features_are_bytes(const weft__features *features); /* the pixels themselves */

/* The view's pictures as points. */
WEFT_MUST weft_status weft__features_apply(const weft__features *features,
    const weft_view *view, weft__points *out, weft_context *context);

/* From a number for each feature to one for each of the picture's values: the features'
 * linear map transposed, pixels counting as 0 to 1. A derivative by the features becomes
 * one by the pixels. WEFT_EUNSUPPORTED, saying why, where features are no linear map;
 * `by_value` NULL asks for that alone. */
WEFT_MUST weft_status weft__features_pull_back(
    const weft__features *features, const float *by_feature, float *by_value);
/* WEFT_EUNSUPPORTED, saying what cannot be, unless features are the pixels themselves. */
WEFT_MUST weft_status weft__features_need_pixels(
    const weft__features *features, const char *what);
/* The picture that features stand for: exact for pixels, what is left of it for principal
 * components. False where there is none; `pixels` NULL asks for that alone. */
bool weft__features_restore(
    const weft__features *features, const weft__points *points, size_t at, uint8_t *pixels);

/* Into and out of a model; array names and metadata begin with "features". */
WEFT_MUST weft_status weft__features_save(
    const weft__features *features, weft__tensors *tensors);
WEFT_MUST weft_status weft__features_load(
    weft__features **out, const weft__tensors *tensors, weft_shape shape);

/* One kind of features; one file each, listed once in features.c. */
typedef struct weft__feature_kind {
    const char *name; /* what stands before the colon */
    /* argument: what stands behind the colon, or NULL. */
    weft_status (*fit)(
        void **state, const char *argument, const weft_view *train, weft_context *context);
    size_t (*dims)(const void *state, weft_shape shape);
    /* count x dims floats. */
    weft_status (*apply)(
        const void *state, const weft_view *view, float *floats, weft_context *context);
    /* Linear features: by_value = M^T by_feature for features M x + m. NULL: others. */
    void (*pull_back)(const void *state, const float *by_feature, float *by_value);
    /* The picture of these features, pixels from 0 to 1. NULL: there is none. */
    void (*restore)(const void *state, const float *features, float *values);
    weft_status (*save)(const void *state, weft__tensors *tensors); /* NULL: nothing */
    weft_status (*load)(void **state, const weft__tensors *tensors, weft_shape shape);
    void (*free)(void *state);
} weft__feature_kind;

#endif
