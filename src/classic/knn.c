/* k nearest neighbours as a classifier: fitting keeps the pictures, predicting searches
 * them all. */
#include "classic/knn.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/features.h"
#include "classic/knn_explain.h"
#include "classic/knn_search.h"
#include "core/mem.h"
#include "model/family.h"

struct options {
    uint64_t k;
    int metric, weights; /* weft_knn_metric, weft_knn_weights */
    char *features;
    int calibrate;
};

static const weft_param params[] = {
    {"k", WEFT_PARAM_COUNT, offsetof(struct options, k), "5", 1, 1000, NULL,
        "neighbours that vote; all pictures where there are fewer"},
    {"metric", WEFT_PARAM_CHOICE, offsetof(struct options, metric), "euclidean", 0, 0,
        "euclidean|manhattan|cosine", "distance between pictures"},
    {"weights", WEFT_PARAM_CHOICE, offsetof(struct options, weights), "uniform", 0, 0,
        "uniform|distance", "a neighbour's vote: 1, or 1 / distance"},
    WEFT__FEATURES_PARAM(struct options, features),
    WEFT__CALIBRATE_PARAM(struct options),
    {0},
};

struct state {
    weft__features *features;
    weft__points points;
    uint16_t *labels; /* points.count */
};

void weft__knn_vote(float *shares, size_t classes, const uint32_t *ids,
    const float *distances, size_t k, const uint16_t *labels, weft_knn_weights weights)
{
    memset(shares, 0, classes * sizeof *shares);
    bool touching = distances[0] <= 0; /* the nearest is first */
    float sum = 0;
    for (size_t j = 0; j < k; j++) {
        float vote = 1;
        if (weights == WEFT_KNN_DISTANCE)
            vote = touching ? (float)(distances[j] <= 0) : distances[0] / distances[j];
        shares[labels[ids[j]]] += vote;
        sum += vote;
    }
    for (size_t c = 0; c < classes; c++)
        shares[c] /= sum;
}

static void state_free(struct state *state)
{
    if (!state)
        return;
    weft__features_free(state->features);
    weft__points_clear(&state->points);
    free(state->labels);
    free(state);
}

static void forget(weft_classifier *self)
{
    state_free(self->state);
    self->state = NULL;
}

static weft_status keep(struct state *state, const struct options *o,
    const weft_view *train, weft_context *context)
{
    WEFT_TRY(weft__features_fit(&state->features, o->features, train, context));
    WEFT_TRY(weft__features_apply(state->features, train, &state->points, context));
    WEFT_TRY(weft__points_own(&state->points));
    WEFT_TRY(weft__alloc(&state->labels, train->count, sizeof *state->labels, "labels"));
    for (size_t i = 0; i < train->count; i++)
        state->labels[i] = weft_view_label(train, i);
    return WEFT_OK;
}

static weft_status fit(weft_classifier *self, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    (void)validation;
    struct state *state;
    WEFT_TRY(weft__calloc(&state, 1, sizeof *state, "a classifier"));
    weft_status status = keep(state, self->options, train, context);
    if (status == WEFT_OK)
        self->state = state;
    else
        state_free(state);
    return status;
}

static weft_status vote_all(const weft_classifier *self, const weft__knn_request *request,
    float *probabilities, weft_context *context)
{
    const struct options *o = self->options;
    const struct state *state = self->state;
    size_t k = request->k, cells = request->query.count * k;
    uint32_t *ids = NULL;
    float *distances = NULL;
    weft_status status = weft__alloc(&ids, cells, sizeof *ids, "neighbours");
    if (status == WEFT_OK)
        status = weft__alloc(&distances, cells, sizeof *distances, "neighbours");
    if (status == WEFT_OK)
        status = weft__knn_search(request, ids, distances, context);
    for (size_t i = 0; status == WEFT_OK && i < request->query.count; i++)
        weft__knn_vote(probabilities + i * self->classes, self->classes, ids + i * k,
            distances + i * k, k, state->labels, (weft_knn_weights)o->weights);
    free(ids);
    free(distances);
    return status;
}

static weft_status predict_proba(const weft_classifier *self, const weft_view *view,
    float *probabilities, weft_context *context)
{
    const struct options *o = self->options;
    const struct state *state = self->state;
    weft__knn_request request = {.metric = (weft_knn_metric)o->metric,
        .train = state->points,
        .k = o->k < state->points.count ? o->k : state->points.count};
    WEFT_TRY(weft__features_apply(state->features, view, &request.query, context));
    weft_status status = vote_all(self, &request, probabilities, context);
    weft__points_clear(&request.query);
    return status;
}

static weft__neighbours neighbours_of(const weft_classifier *self)
{
    const struct options *o = self->options;
    const struct state *s = self->state;
    return (weft__neighbours){.features = s->features,
        .points = s->points,
        .labels = s->labels,
        .classes = self->classes,
        .k = o->k < s->points.count ? o->k : s->points.count,
        .metric = (weft_knn_metric)o->metric,
        .weights = (weft_knn_weights)o->weights};
}

static weft_status contribute(
    const weft_classifier *self, const weft__contributions *job, weft_context *context)
{
    weft__neighbours neighbours = neighbours_of(self);
    return weft__knn_contribute(&neighbours, job, context);
}

static weft_status find_examples(
    const weft_classifier *self, weft__examples *job, weft_context *context)
{
    weft__neighbours neighbours = neighbours_of(self);
    return weft__knn_find_examples(&neighbours, job, context);
}

static weft_status save(const weft_classifier *self, weft__tensors *tensors)
{
    const struct state *state = self->state;
    const weft__points *points = &state->points;
    WEFT_TRY(weft__features_save(state->features, tensors));
    WEFT_TRY(weft__tensors_add(tensors, "points", points->bytes ? WEFT__U8 : WEFT__F32, 2,
        (const size_t[]){points->count, points->dims}, points->owned));
    return weft__tensors_add(
        tensors, "labels", WEFT__U16, 1, &points->count, state->labels);
}

static weft_status load_points(
    struct state *state, size_t classes, const weft__tensors *tensors)
{
    const weft__tensor *points, *labels;
    bool bytes = weft__features_are_bytes(state->features);
    size_t dims = weft__features_dims(state->features);
    WEFT_TRY(weft__tensors_need(tensors, "points", bytes ? WEFT__U8 : WEFT__F32, 2,
        (const size_t[]){SIZE_MAX, dims}, &points));
    WEFT_TRY(weft__tensors_need(tensors, "labels", WEFT__U16, 1, points->shape, &labels));
    size_t count = points->shape[0];
    if (count == 0 || count > UINT32_MAX)
        return weft_fail(WEFT_EFORMAT, "array 'points' holds %zu pictures", count);
    WEFT_TRY(weft__alloc(&state->labels, count, sizeof *state->labels, "labels"));
    memcpy(state->labels, labels->data, labels->bytes);
    for (size_t i = 0; i < count; i++)
        if (state->labels[i] >= classes)
            return weft_fail(WEFT_EFORMAT, "array 'labels': label %zu is %u of %zu classes",
                i, (unsigned)state->labels[i], classes);
    state->points = (weft__points){.count = count, .dims = dims};
    if (bytes)
        state->points.bytes = points->data;
    else
        state->points.floats = points->data;
    return weft__points_own(&state->points);
}

static weft_status load(weft_classifier *self, const weft__tensors *tensors)
{
    struct state *state;
    WEFT_TRY(weft__calloc(&state, 1, sizeof *state, "a classifier"));
    self->state = state;
    WEFT_TRY(weft__features_load(&state->features, tensors, self->recipe.shape));
    WEFT_TRY(load_points(state, self->classes, tensors));
    for (size_t i = 0; !state->points.bytes && i < state->points.count * state->points.dims;
         i++)
        if (!(fabsf(state->points.floats[i]) < 1e15f)) /* squares stay finite */
            return weft_fail(WEFT_EFORMAT, "array 'points': value %zu is %g", i,
                (double)state->points.floats[i]);
    return WEFT_OK;
}

static const weft__features *features(const weft_classifier *self)
{
    return ((const struct state *)self->state)->features;
}

const weft__family weft__knn = {
    .name = "knn",
    .title = "k nearest neighbours",
    .source = "Cover and Hart, Nearest neighbor pattern classification, 1967",
    .params = params,
    .options_size = sizeof(struct options),
    .fit = fit,
    .predict_proba = predict_proba,
    .contribute = contribute,
    .find_examples = find_examples,
    .features = features,
    .save = save,
    .load = load,
    .forget = forget,
};
