#include "classic/knn_explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/knn_search.h"
#include "core/mem.h"

/* ---- the nearest of each class --------------------------------------------------------
 */

struct nearest {
    uint32_t *own, *other; /* pictures: positions; NONE: the class has none */
    float *own_distance, *other_distance;
};

enum { NONE = UINT32_MAX };

static void clear(struct nearest *n)
{
    free(n->own);
    free(n->other);
    free(n->own_distance);
    free(n->other_distance);
}

static weft_status make(struct nearest *n, size_t count)
{
    const char *what = "neighbours";
    WEFT_TRY(weft__alloc(&n->own, count, sizeof *n->own, what));
    WEFT_TRY(weft__alloc(&n->other, count, sizeof *n->other, what));
    WEFT_TRY(weft__alloc(&n->own_distance, count, sizeof(float), what));
    WEFT_TRY(weft__alloc(&n->other_distance, count, sizeof(float), what));
    for (size_t i = 0; i < count; i++) {
        n->own[i] = n->other[i] = NONE;
        n->other_distance[i] = INFINITY;
    }
    return WEFT_OK;
}

/* The points of one class, gathered, and where they come from. */
struct part {
    weft__points points;
    uint32_t *id;
};

static void clear_part(struct part *p)
{
    weft__points_clear(&p->points);
    free(p->id);
}

static weft_status gather(struct part *p, const weft__neighbours *n, size_t class)
{
    size_t size = n->points.bytes ? 1 : sizeof(float), row = n->points.dims * size;
    const uint8_t *from =
        n->points.bytes ? n->points.bytes : (const uint8_t *)(const void *)n->points.floats;
    size_t count = 0;
    for (size_t i = 0; i < n->points.count; i++)
        count += n->labels[i] == class;
    *p = (struct part){.points = {.count = count, .dims = n->points.dims}};
    if (!count)
        return WEFT_OK;
    WEFT_TRY(weft__alloc(&p->id, count, sizeof *p->id, "neighbours"));
    WEFT_TRY(weft__alloc(&p->points.owned, count, row, "neighbours"));
    uint8_t *to = p->points.owned;
    for (size_t i = 0, at = 0; i < n->points.count; i++)
        if (n->labels[i] == class) {
            p->id[at] = (uint32_t)i;
            memcpy(to + at++ * row, from + i * row, row);
        }
    if (n->points.bytes)
        p->points.bytes = to;
    else
        p->points.floats = (const float *)p->points.owned;
    return WEFT_OK;
}

static weft_status search_class(struct nearest *found, const weft__neighbours *n,
    const weft__points *query, const uint16_t *classes, size_t class, uint32_t *ids,
    float *distances, weft_context *context)
{
    struct part part = {0};
    weft_status status = gather(&part, n, class);
    weft__knn_request request = {
        .metric = n->metric, .train = part.points, .query = *query, .id = part.id, .k = 1};
    if (status == WEFT_OK && part.points.count)
        status = weft__knn_search(&request, ids, distances, context);
    for (size_t i = 0; status == WEFT_OK && part.points.count && i < query->count; i++) {
        if (classes[i] == class) {
            found->own[i] = ids[i];
            found->own_distance[i] = distances[i];
        } else if (distances[i] < found->other_distance[i]) {
            found->other[i] = ids[i];
            found->other_distance[i] = distances[i];
        }
    }
    clear_part(&part);
    return status;
}

static weft_status search(struct nearest *found, const weft__neighbours *n,
    const weft__points *query, const uint16_t *classes, weft_context *context)
{
    uint32_t *ids = NULL;
    float *distances = NULL;
    weft_status status = make(found, query->count);
    if (status == WEFT_OK)
        status = weft__alloc(&ids, query->count, sizeof *ids, "neighbours");
    if (status == WEFT_OK)
        status = weft__alloc(&distances, query->count, sizeof *distances, "neighbours");
    for (size_t c = 0; status == WEFT_OK && c < n->classes; c++)
        status = search_class(found, n, query, classes, c, ids, distances, context);
    free(ids);
    free(distances);
    return status;
}

/* ---- what the pixels add to the two distances -------------------------------------------
 */

static double value_at(const weft__points *points, size_t i, size_t d)
{
    size_t at = i * points->dims + d;
    return points->bytes ? points->bytes[at] / 255.0 : (double)points->floats[at];
}

static double length_of(const weft__points *points, size_t i)
{
    double sum = 0;
    for (size_t d = 0; d < points->dims; d++)
        sum += value_at(points, i, d) * value_at(points, i, d);
    return sqrt(sum);
}

/* What the sums are made in. */
struct room {
    float *by_feature, *by_value; /* features; a picture's values */
    size_t values;
};

/* Adds `sign` times each value's part of the distance between a query and a point, and
 * *sum their sum. The differences of linear features are pulled back to pixels, whose
 * squares sum to the same where the map's rows are orthonormal, as components are. */
static weft_status add_parts(float *values, double *sum, double sign,
    const struct room *room, const weft__neighbours *n, const weft__points *query, size_t i,
    size_t at)
{
    double scale = 0;
    if (n->metric == WEFT_KNN_COSINE)
        scale = length_of(query, i) * length_of(&n->points, at);
    for (size_t d = 0; n->metric == WEFT_KNN_EUCLIDEAN && d < n->points.dims; d++)
        room->by_feature[d] = (float)(value_at(query, i, d) - value_at(&n->points, at, d));
    if (n->metric == WEFT_KNN_EUCLIDEAN)
        WEFT_TRY(weft__features_pull_back(n->features, room->by_feature, room->by_value));
    for (size_t p = 0; p < room->values; p++) {
        double part;
        if (n->metric == WEFT_KNN_EUCLIDEAN)
            part = (double)room->by_value[p] * (double)room->by_value[p];
        else if (n->metric == WEFT_KNN_MANHATTAN)
            part = fabs(value_at(query, i, p) - value_at(&n->points, at, p));
        else
            part = scale > 0 ? -value_at(query, i, p) * value_at(&n->points, at, p) / scale
                             : 0;
        values[p] += (float)(sign * part);
        *sum += sign * part;
    }
    return WEFT_OK;
}

static weft_status contribute_all(const weft__neighbours *n, const weft__contributions *job,
    const weft__points *query, const struct nearest *found, const struct room *room)
{
    for (size_t i = 0; i < query->count; i++) {
        float *values = job->values + i * room->values;
        if (found->own[i] == NONE || found->other[i] == NONE)
            return weft_fail(WEFT_EUNSUPPORTED,
                "class %u and all others together: one of them had no training picture",
                (unsigned)job->classes[i]);
        memset(values, 0, room->values * sizeof *values);
        job->bases[i] = job->scores[i] = 0;
        WEFT_TRY(add_parts(values, &job->scores[i], 1, room, n, query, i, found->other[i]));
        WEFT_TRY(add_parts(values, &job->scores[i], -1, room, n, query, i, found->own[i]));
    }
    return WEFT_OK;
}

static weft_status check(const weft__neighbours *n)
{
    return n->metric == WEFT_KNN_EUCLIDEAN
               ? weft__features_pull_back(n->features, NULL, NULL)
               : weft__features_need_pixels(
                     n->features, "only Euclidean distances are sums over pixels");
}

weft_status weft__knn_contribute(
    const weft__neighbours *n, const weft__contributions *job, weft_context *context)
{
    weft__points query = {0};
    struct nearest found = {0};
    struct room room = {0};
    WEFT_TRY(check(n));
    if (!job)
        return WEFT_OK;
    room.values = weft_shape_bytes(weft_dataset_shape(job->view->data));
    weft_status status = weft__features_apply(n->features, job->view, &query, context);
    if (status == WEFT_OK)
        status = search(&found, n, &query, job->classes, context);
    if (status == WEFT_OK)
        status = weft__alloc(&room.by_feature, n->points.dims, sizeof(float), "features");
    if (status == WEFT_OK)
        status = weft__alloc(&room.by_value, room.values, sizeof(float), "pixels");
    if (status == WEFT_OK)
        status = contribute_all(n, job, &query, &found, &room);
    free(room.by_feature);
    free(room.by_value);
    clear(&found);
    weft__points_clear(&query);
    return status;
}

/* ---- the nearest of all
 * ------------------------------------------------------------------ */

/* Those among the k that vote weigh their vote's share, for the class or against it. */
static void write_examples(const weft__neighbours *n, weft__examples *job, size_t i,
    const uint32_t *ids, const float *distances, size_t found)
{
    weft_explain_example *to = job->examples + i * job->wanted;
    size_t picture = weft_shape_bytes(weft_dataset_shape(job->view->data));
    bool touching = distances[0] <= 0;
    float sum = 0;
    for (size_t j = 0; j < found; j++) {
        float vote = j < n->k ? 1 : 0;
        if (n->weights == WEFT_KNN_DISTANCE && j < n->k)
            vote = touching ? (float)(distances[j] <= 0) : distances[0] / distances[j];
        sum += vote;
        if (j >= job->found)
            continue;
        to[j] = (weft_explain_example){n->labels[ids[j]], vote, distances[j]};
        weft__features_restore(
            n->features, &n->points, ids[j], job->pixels + (i * job->wanted + j) * picture);
    }
    for (size_t j = 0; j < job->found; j++)
        if (to[j].weight > 0)
            to[j].weight *= (to[j].label == job->classes[i] ? 1 : -1) / sum;
}

weft_status weft__knn_find_examples(
    const weft__neighbours *n, weft__examples *job, weft_context *context)
{
    if (!job)
        return WEFT_OK;
    weft__knn_request request = {.metric = n->metric, .train = n->points};
    uint32_t *ids = NULL;
    float *distances = NULL;
    size_t count = job->view->count;
    job->found = job->wanted < n->points.count ? job->wanted : n->points.count;
    job->pictured = weft__features_restore(n->features, &n->points, 0, NULL);
    job->meaning = "the nearest training pictures, and their shares of the vote";
    request.k = job->found > n->k ? job->found : n->k; /* all that vote */
    WEFT_TRY(weft__features_apply(n->features, job->view, &request.query, context));
    weft_status status = weft__alloc(&ids, count, request.k * sizeof *ids, "neighbours");
    if (status == WEFT_OK)
        status =
            weft__alloc(&distances, count, request.k * sizeof *distances, "neighbours");
    if (status == WEFT_OK)
        status = weft__knn_search(&request, ids, distances, context);
    for (size_t i = 0; status == WEFT_OK && i < count; i++)
        write_examples(
            n, job, i, ids + i * request.k, distances + i * request.k, request.k);
    free(ids);
    free(distances);
    weft__points_clear(&request.query);
    return status;
}
