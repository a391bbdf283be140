/* Pictures unlike all others: far from their fifth nearest other along the first principal
 * components (Ramaswamy, Rastogi and Shim 2000, "Efficient algorithms for mining outliers
 * from large data sets"), compared with the pictures of their class. */
#include <math.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "classic/knn_search.h"
#include "core/mem.h"
#include "data/resized.h"
#include "weft/pca.h"

enum {
    SIDE = 24, /* pictures are scaled down to this, so that components are quickly found */
    COMPONENTS = 50,
    NEIGHBOUR = 5,
};
/* In robust standard deviations of the logarithm above the class's median. */
static const double FAR = 4;

static uint32_t scaled(uint32_t side, uint32_t longest)
{
    uint32_t to = longest > SIDE ? (side * SIDE + longest / 2) / longest : side;
    return to ? to : 1;
}

/* Distances to the fifth nearest other, in the order of the pictures. */
static weft_status search(weft_audit *a, const float *places, size_t dims, uint32_t *ids,
    float *distances, weft_context *context)
{
    const weft__points points = {.count = a->train->count, .dims = dims, .floats = places};
    const weft__knn_request request = {.metric = WEFT_KNN_EUCLIDEAN,
        .train = points,
        .query = points,
        .k = NEIGHBOUR + 1}; /* itself or its equal comes first */
    WEFT_TRY(weft__knn_search(&request, ids, distances, context));
    for (size_t i = 0; i < a->train->count; i++)
        a->pictures[i].distance = distances[i * (NEIGHBOUR + 1) + NEIGHBOUR];
    return WEFT_OK;
}

static weft_status measure(weft_audit *a, const weft_view *view, weft_context *context)
{
    static const char what[] = "nearest pictures";
    size_t most = weft_shape_bytes(weft_dataset_shape(view->data)), k = NEIGHBOUR + 1,
           floats;
    most = most < view->count - 1 ? most : view->count - 1;
    weft_pca_options options = {.components = most < COMPONENTS ? most : COMPONENTS};
    weft_pca *pca;
    float *places = NULL, *distances = NULL;
    uint32_t *ids = NULL;
    WEFT_TRY(weft_pca_fit(&pca, view, &options, context));
    if (!weft__mul(&floats, view->count, options.components))
        floats = SIZE_MAX;
    weft_status status = weft__alloc(&places, floats, sizeof *places, what);
    if (status == WEFT_OK)
        status = weft__alloc(&ids, view->count * k, sizeof *ids, what);
    if (status == WEFT_OK)
        status = weft__alloc(&distances, view->count * k, sizeof *distances, what);
    if (status == WEFT_OK)
        status = weft_pca_project(pca, view, places, context);
    if (status == WEFT_OK)
        status = search(a, places, options.components, ids, distances, context);
    weft_pca_free(pca);
    free(places);
    free(ids);
    free(distances);
    return status;
}

static weft_status mark(weft_audit *a, uint16_t class, double *logs)
{
    double median, deviation;
    for (size_t i = 0; i < a->train->count; i++)
        logs[i] = a->train->labels[i] == class ? log((double)a->pictures[i].distance) : NAN;
    WEFT_TRY(weft__robust(&median, &deviation, logs, a->train->count));
    for (size_t i = 0; i < a->train->count; i++)
        if (deviation > 0 && logs[i] > median + FAR * deviation)
            a->pictures[i].suspicions |= 1u << WEFT_SUSPECT_OUTLIER;
    return WEFT_OK;
}

weft_status weft__audit_outliers(weft_audit *a, weft_context *context)
{
    weft_shape shape = a->train->recipe.shape;
    uint32_t longest = shape.height > shape.width ? shape.height : shape.width;
    weft_dataset *small;
    double *logs;
    for (size_t i = 0; i < a->train->count; i++)
        a->pictures[i].distance = NAN;
    if (a->train->count <= NEIGHBOUR + 1)
        return WEFT_OK;
    shape.height = scaled(shape.height, longest);
    shape.width = scaled(shape.width, longest);
    WEFT_TRY(weft__dataset_resized(&small, a->train, shape, context));
    weft_view view = weft_view_all(small);
    weft_status status = measure(a, &view, context);
    weft_dataset_free(small);
    WEFT_TRY(status);
    WEFT_TRY(weft__alloc(&logs, a->train->count, sizeof *logs, "distances"));
    for (size_t c = 0; status == WEFT_OK && c < a->train->classes; c++)
        status = mark(a, (uint16_t)c, logs);
    free(logs);
    return status;
}
