#include "classic/linear.h"

#include <math.h>
#include <stdlib.h>

#include "core/mem.h"

static double score_of(
    const weft__linear *l, const weft__points *points, size_t i, size_t c)
{
    const float *w = l->weights + c * l->dims;
    double sum = (double)l->bias[c];
    for (size_t d = 0; d < l->dims; d++)
        sum += (double)w[d] * (points->bytes ? points->bytes[i * l->dims + d] / 255.0
                                             : (double)points->floats[i * l->dims + d]);
    return sum;
}

/* `room` has place for the values of a picture. */
static weft_status contribute_all(const weft__linear *l, const weft__contributions *job,
    const weft__points *points, float *room)
{
    size_t of = SIZE_MAX; /* the class that `room` is of */
    for (size_t i = 0; i < job->view->count; i++) {
        size_t c = job->classes[i];
        const uint8_t *pixels = weft_view_pixels(job->view, i);
        float *values = job->values + i * l->values;
        double sum = 0;
        if (!isfinite(l->bias[c]))
            return weft_fail(
                WEFT_EUNSUPPORTED, "class %zu had no training picture: it has no score", c);
        if (c != of)
            WEFT_TRY(weft__features_pull_back(l->features, l->weights + c * l->dims, room));
        of = c;
        for (size_t p = 0; p < l->values; p++) {
            values[p] = (float)((double)room[p] * (pixels[p] - job->baseline) / 255);
            sum += (double)values[p];
        }
        job->scores[i] = score_of(l, points, i, c);
        job->bases[i] = job->scores[i] - sum;
    }
    return WEFT_OK;
}

weft_status weft__linear_contribute(
    const weft__linear *l, const weft__contributions *job, weft_context *context)
{
    weft__points points;
    float *room = NULL;
    WEFT_TRY(weft__features_pull_back(l->features, NULL, NULL));
    if (!job)
        return WEFT_OK;
    WEFT_TRY(weft__features_apply(l->features, job->view, &points, context));
    weft_status status = weft__alloc(&room, l->values, sizeof *room, "coefficients");
    if (status == WEFT_OK)
        status = contribute_all(l, job, &points, room);
    free(room);
    weft__points_clear(&points);
    return status;
}

weft_status weft__linear_weigh(const weft__linear *l, weft__weights *job)
{
    WEFT_TRY(weft__features_pull_back(l->features, NULL, NULL));
    if (!job)
        return WEFT_OK;
    float *values;
    WEFT_TRY(weft__alloc(&values, l->classes, l->values * sizeof *values, "coefficients"));
    weft_status status = WEFT_OK;
    for (size_t c = 0; status == WEFT_OK && c < l->classes; c++)
        status = weft__features_pull_back(
            l->features, l->weights + c * l->dims, values + c * l->values);
    if (status != WEFT_OK) {
        free(values);
        return status;
    }
    *job = (weft__weights){values, l->classes,
        "coefficients: what a pixel adds to the class's score as it "
        "goes from black to white"};
    return WEFT_OK;
}
