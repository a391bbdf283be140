#include "classic/features.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

struct weft__features {
    const weft__feature_kind *kind; /* NULL: the pixels themselves */
    void *state;                    /* the kind's */
    weft_shape shape;
};

extern const weft__feature_kind weft__features_pca, weft__features_hog,
    weft__features_model;

static const weft__feature_kind *const kinds[] = {
    &weft__features_pca,
    &weft__features_hog,
    &weft__features_model,
    NULL,
};

void weft__points_clear(weft__points *points)
{
    free(points->owned);
    *points = (weft__points){0};
}

weft_status weft__points_own(weft__points *points)
{
    if (points->owned)
        return WEFT_OK;
    size_t size = points->bytes ? 1 : sizeof(float), values;
    if (!weft__mul(&values, points->count, points->dims))
        values = SIZE_MAX;
    WEFT_TRY(weft__alloc(&points->owned, values, size, "pictures"));
    memcpy(points->owned, points->bytes ? (const void *)points->bytes : points->floats,
        values * size);
    if (points->bytes)
        points->bytes = points->owned;
    else
        points->floats = points->owned;
    return WEFT_OK;
}

weft_status weft__points_of_pixels(const weft_view *view, weft__points *out)
{
    size_t dims = weft_shape_bytes(weft_dataset_shape(view->data)), bytes;
    weft__points points = {.count = view->count, .dims = dims};
    if (!view->index) {
        points.bytes = weft_dataset_pixels(view->data);
        *out = points;
        return WEFT_OK;
    }
    uint8_t *to;
    if (!weft__mul(&bytes, view->count, dims))
        bytes = SIZE_MAX;
    WEFT_TRY(weft__alloc(&to, bytes, 1, "pictures"));
    for (size_t i = 0; i < view->count; i++)
        memcpy(to + i * dims, weft_view_pixels(view, i), dims);
    points.bytes = points.owned = to;
    *out = points;
    return WEFT_OK;
}

static weft_status find_kind(
    const weft__feature_kind **out, const char *text, const char **argument)
{
    size_t length = strcspn(text, ":");
    *argument = text[length] ? text + length + 1 : NULL;
    *out = NULL;
    if (length == 6 && memcmp(text, "pixels", 6) == 0 && !*argument)
        return WEFT_OK;
    for (const weft__feature_kind *const *kind = kinds; *kind; kind++)
        if (strlen((*kind)->name) == length && memcmp((*kind)->name, text, length) == 0) {
            *out = *kind;
            return WEFT_OK;
        }
    return weft_fail(
        WEFT_EINVAL, "features=%s: expected pixels, pca:K, hog or model:PATH", text);
}

weft_status weft__features_fit(
    weft__features **out, const char *text, const weft_view *train, weft_context *context)
{
    const weft__feature_kind *kind;
    const char *argument;
    weft__features *features;
    WEFT_TRY(find_kind(&kind, text ? text : "pixels", &argument));
    WEFT_TRY(weft__calloc(&features, 1, sizeof *features, "features"));
    features->kind = kind;
    features->shape = weft_dataset_shape(train->data);
    weft_status status =
        kind ? kind->fit(&features->state, argument, train, context) : WEFT_OK;
    if (status != WEFT_OK) {
        weft__features_free(features);
        return status;
    }
    *out = features;
    return WEFT_OK;
}

void weft__features_free(weft__features *features)
{
    if (!features)
        return;
    if (features->kind)
        features->kind->free(features->state);
    free(features);
}

size_t weft__features_dims(const weft__features *features)
{
    return features->kind ? features->kind->dims(features->state, features->shape)
                          : weft_shape_bytes(features->shape);
}

bool weft__features_are_bytes(const weft__features *features)
{
    return !features->kind;
}

weft_status weft__features_apply(const weft__features *features, const weft_view *view,
    weft__points *out, weft_context *context)
{
    if (!features->kind)
        return weft__points_of_pixels(view, out);
    weft__points points = {.count = view->count, .dims = weft__features_dims(features)};
    size_t values;
    if (!weft__mul(&values, points.count, points.dims))
        values = SIZE_MAX;
    float *floats;
    WEFT_TRY(weft__alloc(&floats, values, sizeof *floats, "features"));
    weft_status status = features->kind->apply(features->state, view, floats, context);
    if (status != WEFT_OK) {
        free(floats);
        return status;
    }
    points.floats = points.owned = floats;
    *out = points;
    return WEFT_OK;
}

weft_status weft__features_pull_back(
    const weft__features *features, const float *by_feature, float *by_value)
{
    const weft__feature_kind *kind = features->kind;
    if (kind && !kind->pull_back)
        return weft_fail(WEFT_EUNSUPPORTED,
            "features=%s are no linear map of the pixels, to which a share could be given",
            kind->name);
    if (!by_value)
        return WEFT_OK;
    if (kind)
        kind->pull_back(features->state, by_feature, by_value);
    else
        memcpy(by_value, by_feature, weft__features_dims(features) * sizeof *by_value);
    return WEFT_OK;
}

weft_status weft__features_need_pixels(const weft__features *features, const char *what)
{
    if (!features->kind)
        return WEFT_OK;
    return weft_fail(WEFT_EUNSUPPORTED, "features=%s: %s", features->kind->name, what);
}

bool weft__features_restore(
    const weft__features *features, const weft__points *points, size_t at, uint8_t *pixels)
{
    const weft__feature_kind *kind = features->kind;
    size_t values = weft_shape_bytes(features->shape);
    if (kind && !kind->restore)
        return false;
    if (!pixels)
        return true;
    if (!kind) {
        memcpy(pixels, points->bytes + at * points->dims, values);
        return true;
    }
    float *restored = malloc(values * sizeof *restored);
    if (!restored)
        return false;
    kind->restore(features->state, points->floats + at * points->dims, restored);
    for (size_t i = 0; i < values; i++)
        pixels[i] = (uint8_t)lrintf(255 * fminf(fmaxf(restored[i], 0), 1));
    free(restored);
    return true;
}

weft_status weft__features_save(const weft__features *features, weft__tensors *tensors)
{
    const weft__feature_kind *kind = features->kind;
    WEFT_TRY(weft__tensors_set(tensors, "features", kind ? kind->name : "pixels"));
    return kind && kind->save ? kind->save(features->state, tensors) : WEFT_OK;
}

weft_status weft__features_load(
    weft__features **out, const weft__tensors *tensors, weft_shape shape)
{
    const char *name = weft__tensors_get(tensors, "features"), *argument;
    const weft__feature_kind *kind;
    weft__features *features;
    WEFT_TRY(find_kind(&kind, name ? name : "pixels", &argument));
    WEFT_TRY(weft__calloc(&features, 1, sizeof *features, "features"));
    features->kind = kind;
    features->shape = shape;
    weft_status status =
        kind && kind->load ? kind->load(&features->state, tensors, shape) : WEFT_OK;
    if (status != WEFT_OK) {
        weft__features_free(features);
        return status;
    }
    *out = features;
    return WEFT_OK;
}
