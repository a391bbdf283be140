#include "search/seen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/features.h"
#include "core/mem.h"
#include "core/simd.h"
#include "core/team.h"
#include "data/resize.h"
#include "model/family.h"

/* Pictures of more values are scaled down: finer detail than this tells copies apart, not
 * what is alike. */
enum { MOST_PIXELS = 1728 };
enum { CHUNK = 8192 /* pictures whose features are made at a time */ };

/* NULL: the classifier sees pixels. */
static const weft__features *features_of(const weft_classifier *classifier)
{
    const weft__features *features =
        classifier->family->features ? classifier->family->features(classifier) : NULL;
    return features && !weft__features_are_bytes(features) ? features : NULL;
}

const char *weft__seen_kind(const weft_classifier *classifier)
{
    if (weft_classifier_embedding_size(classifier))
        return "embedding";
    return features_of(classifier) ? "features" : "pixels";
}

static uint32_t scaled(uint32_t side, double factor)
{
    return side * factor < 1 ? 1 : (uint32_t)(side * factor);
}

static weft_recipe pixels_recipe(weft_shape shape)
{
    double factor = sqrt(MOST_PIXELS / (double)weft_shape_bytes(shape));
    if (factor < 1) {
        shape.height = scaled(shape.height, factor);
        shape.width = scaled(shape.width, factor);
    }
    return (weft_recipe){.shape = shape, .fit = WEFT_FIT_STRETCH};
}

size_t weft__seen_dims(const weft_classifier *classifier)
{
    size_t dims = weft_classifier_embedding_size(classifier);
    if (dims)
        return dims;
    const weft__features *features = features_of(classifier);
    return features ? weft__features_dims(features)
                    : weft_shape_bytes(pixels_recipe(classifier->recipe.shape).shape);
}

/* ---- the three kinds ---- */

struct job {
    const weft_view *view;
    weft_recipe recipe; /* of pixels */
    float *points;
    size_t dims;
};

static weft_status take_pixels(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct job *job = arg;
    weft_shape from = weft_dataset_shape(job->view->data);
    uint8_t *bytes;
    WEFT_TRY(weft__alloc(&bytes, job->dims, 1, "a picture"));
    weft_status status = WEFT_OK;
    for (size_t i = begin; status == WEFT_OK && i < end; i++) {
        float *point = job->points + i * job->dims;
        double sum = 0;
        status = weft__resize(bytes, &job->recipe, weft_view_pixels(job->view, i), from);
        for (size_t d = 0; status == WEFT_OK && d < job->dims; d++)
            sum += bytes[d];
        float mean = (float)(sum / (double)job->dims);
        for (size_t d = 0; status == WEFT_OK && d < job->dims; d++)
            point[d] = (float)bytes[d] - mean;
    }
    free(bytes);
    return status;
}

/* A part at a time, since features are made in memory of their own. */
static weft_status take_features(
    const struct job *job, const weft__features *features, weft_context *context)
{
    uint32_t *index;
    WEFT_TRY(weft__alloc(&index, CHUNK, sizeof *index, "pictures"));
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < job->view->count; i += CHUNK) {
        size_t count = job->view->count - i < CHUNK ? job->view->count - i : CHUNK;
        for (size_t n = 0; n < count; n++)
            index[n] = (uint32_t)weft_view_at(job->view, i + n);
        weft_view part = {job->view->data, index, count};
        weft__points points = {0};
        status = weft__features_apply(features, &part, &points, context);
        if (status == WEFT_OK)
            memcpy(job->points + i * job->dims, points.floats,
                count * job->dims * sizeof *job->points);
        weft__points_clear(&points);
    }
    free(index);
    return status;
}

/* ---- length 1 ---- */

WEFT__SIMD double weft__seen_product(const float *a, const float *b, size_t dims)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t d = 0; d < dims; d++)
        sum += (double)a[d] * (double)b[d];
    return sum;
}

static weft_status normalise_some(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct job *job = arg;
    for (size_t i = begin; i < end; i++) {
        float *point = job->points + i * job->dims;
        double square = weft__seen_product(point, point, job->dims);
        if (!isfinite(square)) {
            char origin[512];
            weft_dataset_origin(
                job->view->data, weft_view_at(job->view, i), origin, sizeof origin);
            return weft_fail(WEFT_ENUMERIC,
                "%s: the classifier makes numbers of it that are not finite", origin);
        }
        double scale = square > 0 ? 1 / sqrt(square) : 0;
        for (size_t d = 0; d < job->dims; d++)
            point[d] = (float)(point[d] * scale);
    }
    return WEFT_OK;
}

weft_status weft__seen_points(float *points, const weft_classifier *classifier,
    const weft_view *view, weft_context *context)
{
    weft_shape wants = classifier->recipe.shape, is = weft_dataset_shape(view->data);
    if (wants.height != is.height || wants.width != is.width ||
        wants.channels != is.channels)
        return weft_fail(WEFT_EINVAL, "%s: takes pictures of %ux%ux%u, these are %ux%ux%u",
            classifier->info.name, wants.height, wants.width, wants.channels, is.height,
            is.width, is.channels);
    struct job job = {.view = view,
        .recipe = pixels_recipe(wants),
        .points = points,
        .dims = weft__seen_dims(classifier)};
    const weft__features *features = features_of(classifier);
    if (weft_classifier_embedding_size(classifier))
        WEFT_TRY(weft_classifier_embed(classifier, view, points, context));
    else if (features)
        WEFT_TRY(take_features(&job, features, context));
    else
        WEFT_TRY(weft__parallel(
            context, view->count, 256, take_pixels, &job, "reading pixels", "pictures"));
    return weft__parallel(context, view->count, 1024, normalise_some, &job, NULL, NULL);
}
