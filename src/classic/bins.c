#include "classic/bins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/team.h"

enum { EDGES = 255, SAMPLE = 50000, ROWS_AT_ONCE = 256 };

struct fit {
    const weft__points *points;
    weft__bins *bins;
    size_t sample, step; /* pictures looked at, and how far apart they are */
};

static int ascending(const void *a, const void *b)
{
    float x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Edges between distinct values only, at the sample's quantiles; repeated at the end. */
static void place_edges(float *edges, const float *sorted, size_t count)
{
    size_t placed = 0;
    for (size_t i = 1; i <= EDGES; i++) {
        size_t at = i * count / (EDGES + 1);
        if (at == 0 || at >= count)
            continue;
        float edge = sorted[at - 1];
        if (edge < sorted[count - 1] && (placed == 0 || edge > edges[placed - 1]))
            edges[placed++] = edge;
    }
    for (size_t i = placed; i < EDGES; i++)
        edges[i] = sorted[count - 1];
}

static weft_status fit_dims(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct fit *fit = arg;
    const weft__points *points = fit->points;
    float *values;
    WEFT_TRY(weft__alloc(&values, fit->sample, sizeof *values, "a sample of features"));
    for (size_t d = begin; d < end; d++) {
        for (size_t i = 0; i < fit->sample; i++)
            values[i] = points->floats[i * fit->step * points->dims + d];
        qsort(values, fit->sample, sizeof *values, ascending);
        place_edges(fit->bins->edges + d * EDGES, values, fit->sample);
    }
    free(values);
    return WEFT_OK;
}

weft_status weft__bins_fit(
    weft__bins *out, const weft__points *points, weft_context *context)
{
    weft__bins bins = {.dims = points->dims};
    if (!points->bytes) {
        struct fit fit = {.points = points, .bins = &bins};
        fit.step = (points->count + SAMPLE - 1) / SAMPLE;
        fit.sample = (points->count + fit.step - 1) / fit.step;
        WEFT_TRY(weft__alloc(&bins.edges, points->dims, EDGES * sizeof(float), "bins"));
        weft_status status =
            weft__parallel(context, points->dims, 4, fit_dims, &fit, "binning", "features");
        if (status != WEFT_OK) {
            weft__bins_clear(&bins);
            return status;
        }
    }
    *out = bins;
    return WEFT_OK;
}

void weft__bins_clear(weft__bins *bins)
{
    free(bins->edges);
    *bins = (weft__bins){0};
}

struct apply {
    const weft__bins *bins;
    const float *from;
    uint8_t *to;
};

/* How many of the 255 edges are below v. */
static uint8_t bin_of(const float *edges, float v)
{
    unsigned bin = 0;
    for (unsigned half = 128; half; half /= 2)
        bin += edges[bin + half - 1] < v ? half : 0;
    return (uint8_t)bin;
}

static weft_status apply_rows(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct apply *apply = arg;
    size_t dims = apply->bins->dims;
    for (size_t i = begin; i < end; i++)
        for (size_t d = 0; d < dims; d++)
            apply->to[i * dims + d] =
                bin_of(apply->bins->edges + d * EDGES, apply->from[i * dims + d]);
    return WEFT_OK;
}

weft_status weft__bins_apply(
    const weft__bins *bins, weft__points *points, weft_context *context)
{
    if (!bins->edges)
        return WEFT_OK;
    uint8_t *bytes;
    WEFT_TRY(weft__alloc(&bytes, points->count, points->dims, "binned features"));
    struct apply apply = {bins, points->floats, bytes};
    weft_status status = weft__parallel(
        context, points->count, ROWS_AT_ONCE, apply_rows, &apply, NULL, NULL);
    if (status != WEFT_OK) {
        free(bytes);
        return status;
    }
    free(points->owned);
    points->floats = NULL;
    points->bytes = points->owned = bytes;
    return WEFT_OK;
}

weft_status weft__bins_save(const weft__bins *bins, weft__tensors *tensors)
{
    if (!bins->edges)
        return WEFT_OK;
    return weft__tensors_add(tensors, "bins.edges", WEFT__F32, 2,
        (const size_t[]){bins->dims, EDGES}, bins->edges);
}

weft_status weft__bins_load(
    weft__bins *out, const weft__features *features, const weft__tensors *tensors)
{
    weft__bins bins = {.dims = weft__features_dims(features)};
    if (!weft__features_are_bytes(features)) {
        const weft__tensor *edges;
        WEFT_TRY(weft__tensors_need(tensors, "bins.edges", WEFT__F32, 2,
            (const size_t[]){bins.dims, EDGES}, &edges));
        const float *edge = edges->data;
        for (size_t i = 0; i < bins.dims * EDGES; i++)
            if (!isfinite(edge[i]) || (i % EDGES && edge[i] < edge[i - 1]))
                return weft_fail(WEFT_EFORMAT,
                    "array 'bins.edges': edge %zu of feature %zu is %g, out of order",
                    i % EDGES, i / EDGES, (double)edge[i]);
        WEFT_TRY(weft__alloc(&bins.edges, edges->bytes, 1, "bins"));
        memcpy(bins.edges, edges->data, edges->bytes);
    }
    *out = bins;
    return WEFT_OK;
}
