/* Neighbours without a classifier: for whoever wants them, and for choosing k. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/knn.h"
#include "classic/knn_search.h"
#include "classic/softmax.h"
#include "core/mem.h"

static weft_status check_k(size_t k, size_t count)
{
    if (k < 1 || k > count)
        return weft_fail(
            WEFT_EINVAL, "k=%zu: there are %zu pictures to choose from", k, count);
    return WEFT_OK;
}

static bool same_shape(const weft_view *a, const weft_view *b)
{
    weft_shape x = weft_dataset_shape(a->data), y = weft_dataset_shape(b->data);
    return x.height == y.height && x.width == y.width && x.channels == y.channels;
}

weft_status weft_knn_neighbours(uint32_t *positions, float *distances,
    const weft_view *train, const weft_view *queries, size_t k, weft_knn_metric metric,
    weft_context *context)
{
    WEFT_TRY(check_k(k, train->count));
    if (!same_shape(train, queries))
        return weft_fail(WEFT_EINVAL, "the queries' pictures have another shape");
    weft__knn_request request = {.metric = metric, .k = k};
    weft_status status = weft__points_of_pixels(train, &request.train);
    if (status == WEFT_OK)
        status = weft__points_of_pixels(queries, &request.query);
    if (status == WEFT_OK)
        status = weft__knn_search(&request, positions, distances, context);
    weft__points_clear(&request.train);
    weft__points_clear(&request.query);
    return status;
}

/* ---- every k from one search ------------------------------------------------------- */

struct sweep {
    weft_view view;       /* sorted by fold: each fold's pictures follow each other */
    uint32_t *sorted;     /* view.index */
    uint32_t *place;      /* a sorted row's place in the caller's view; ties go by it */
    uint16_t *labels;     /* by place */
    uint32_t *ids;        /* view.count x most */
    float *distances;     /* view.count x most */
    float *shares;        /* classes */
    weft__points points;  /* by sorted row */
    size_t most, classes; /* the largest k */
    weft_knn_options options;
};

static weft_status sort_by_fold(struct sweep *s, const weft_view *view, const uint8_t *fold,
    size_t folds, size_t *starts)
{
    size_t n = view->count;
    WEFT_TRY(weft__alloc(&s->sorted, n, sizeof *s->sorted, "a sweep"));
    WEFT_TRY(weft__alloc(&s->place, n, sizeof *s->place, "a sweep"));
    WEFT_TRY(weft__alloc(&s->labels, n, sizeof *s->labels, "a sweep"));
    size_t row = 0;
    for (size_t f = 0; f < folds; f++) {
        starts[f] = row;
        for (size_t i = 0; i < n; i++)
            if (!fold || fold[i] == f) {
                s->sorted[row] = (uint32_t)weft_view_at(view, i);
                s->place[row++] = (uint32_t)i;
            }
    }
    starts[folds] = row;
    if (row != n)
        return weft_fail(
            WEFT_EINVAL, "%zu pictures belong to no fold below %zu", n - row, folds);
    for (size_t i = 0; i < n; i++)
        s->labels[i] = weft_view_label(view, i);
    s->view = (weft_view){view->data, s->sorted, n};
    return WEFT_OK;
}

/* Drops the picture itself from the k + 1 found for each row, or, where so many copies of
 * it come first that it is not among them, the last. */
static void drop_self(struct sweep *s)
{
    size_t wide = s->most + 1;
    for (size_t row = 0; row < s->view.count; row++) {
        const uint32_t *ids = s->ids + row * wide;
        const float *distances = s->distances + row * wide;
        size_t self = 0;
        while (self < s->most && ids[self] != s->place[row])
            self++;
        for (size_t j = 0; j < s->most; j++) {
            size_t from = j < self ? j : j + 1;
            s->ids[row * s->most + j] = ids[from];
            s->distances[row * s->most + j] = distances[from];
        }
    }
}

static weft_status search_folds(struct sweep *s, const size_t *starts, size_t folds,
    bool one_out, weft_context *context)
{
    size_t wide = s->most + one_out;
    for (size_t f = 0; f < folds; f++) {
        size_t begin = starts[f], end = starts[f + 1];
        if (begin == end)
            continue;
        WEFT_TRY(check_k(s->most, s->view.count - (one_out ? 1 : end - begin)));
        weft__knn_request request = {.metric = s->options.metric,
            .train = s->points,
            .query = {.count = end - begin,
                .dims = s->points.dims,
                .bytes = s->points.bytes + begin * s->points.dims},
            .id = s->place,
            .skip_begin = one_out ? 0 : begin,
            .skip_end = one_out ? 0 : end,
            .k = wide};
        WEFT_TRY(weft__knn_search(
            &request, s->ids + begin * wide, s->distances + begin * wide, context));
    }
    if (one_out)
        drop_self(s);
    return WEFT_OK;
}

static double share_right(const struct sweep *s, size_t begin, size_t end, size_t k)
{
    size_t right = 0;
    for (size_t row = begin; row < end; row++) {
        weft__knn_vote(s->shares, s->classes, s->ids + row * s->most,
            s->distances + row * s->most, k, s->labels, s->options.weights);
        right += weft__likeliest(s->shares, s->classes) == s->labels[s->place[row]];
    }
    return end > begin ? (double)right / (double)(end - begin) : NAN;
}

static weft_status cross_validate(struct sweep *s, double *accuracy, const weft_view *view,
    const uint8_t *fold, size_t folds, const uint32_t *k, size_t k_count,
    weft_context *context)
{
    size_t starts[257], cells; /* folds are bytes */
    WEFT_TRY(sort_by_fold(s, view, fold, folds, starts));
    WEFT_TRY(weft__points_of_pixels(&s->view, &s->points));
    if (!weft__mul(&cells, view->count, s->most + 1))
        cells = SIZE_MAX;
    WEFT_TRY(weft__alloc(&s->ids, cells, sizeof *s->ids, "neighbours"));
    WEFT_TRY(weft__alloc(&s->distances, cells, sizeof *s->distances, "neighbours"));
    WEFT_TRY(weft__alloc(&s->shares, s->classes, sizeof *s->shares, "votes"));
    WEFT_TRY(search_folds(s, starts, folds, !fold, context));
    for (size_t f = 0; f < folds; f++)
        for (size_t j = 0; j < k_count; j++)
            accuracy[f * k_count + j] = share_right(s, starts[f], starts[f + 1], k[j]);
    return WEFT_OK;
}

weft_status weft_knn_cross_validate(double *accuracy, const weft_view *view,
    const uint8_t *fold, size_t folds, const uint32_t *k, size_t k_count,
    const weft_knn_options *options, weft_context *context)
{
    struct sweep s = {.classes = weft_dataset_classes(view->data)};
    if (options)
        s.options = *options;
    if (view->count == 0 || s.classes == 0)
        return weft_fail(WEFT_EINVAL, "no labelled pictures to cross-validate on");
    if (fold && (folds < 2 || folds > 255))
        return weft_fail(WEFT_EINVAL, "%zu folds: expected 2 to 255", folds);
    for (size_t j = 0; j < k_count; j++) {
        WEFT_TRY(check_k(k[j], view->count - 1));
        s.most = k[j] > s.most ? k[j] : s.most;
    }
    weft_status status = WEFT_OK;
    if (k_count)
        status =
            cross_validate(&s, accuracy, view, fold, fold ? folds : 1, k, k_count, context);
    free(s.sorted);
    free(s.place);
    free(s.labels);
    free(s.ids);
    free(s.distances);
    free(s.shares);
    weft__points_clear(&s.points);
    return status;
}
