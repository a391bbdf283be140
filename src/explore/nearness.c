/* Which classes lie near each other, said twice: by the class of each picture's nearest
 * other, and by the distance of the mean pictures. */
#include <math.h>
#include <stdlib.h>

#include "classic/knn_search.h"
#include "classic/pca.h"
#include "core/mem.h"
#include "data/dataset.h"
#include "explore/exploration.h"

/* Of more pictures than this an even share is asked for its nearest other, which is looked
 * for among all: a share of 10,000 is known to half a percent. */
enum { MOST_ASKED = 10000 };

struct search {
    const weft_dataset *train;
    weft__nearness *nearness;
    float *places;   /* count x components */
    float *queries;  /* asked x components */
    uint32_t *found; /* asked x 2 */
};

static size_t asked_at(const struct search *s, size_t i)
{
    return i * s->train->count / s->nearness->asked;
}

static weft_status find_neighbours(
    struct search *s, const weft__space *space, weft_context *context)
{
    static const char what[] = "nearest pictures";
    weft__nearness *n = s->nearness;
    weft_pca first = *space->pca; /* its first components alone */
    first.count = n->components;
    size_t count = s->train->count, dims = n->components, floats;
    if (!weft__mul(&floats, count, dims))
        floats = SIZE_MAX;
    WEFT_TRY(weft__alloc(&s->places, floats, sizeof(float), what));
    WEFT_TRY(weft__alloc(&s->queries, n->asked * dims, sizeof(float), what));
    WEFT_TRY(weft__alloc(&s->found, n->asked * 2, sizeof *s->found, what));
    weft_view view = weft_view_all(space->scaled ? space->scaled : s->train);
    WEFT_TRY(weft_pca_project(&first, &view, s->places, context));
    for (size_t i = 0; i < n->asked; i++)
        for (size_t k = 0; k < dims; k++)
            s->queries[i * dims + k] = s->places[asked_at(s, i) * dims + k];
    weft__knn_request request = {.metric = WEFT_KNN_EUCLIDEAN,
        .train = {.count = count, .dims = dims, .floats = s->places},
        .query = {.count = n->asked, .dims = dims, .floats = s->queries},
        .k = 2};
    return weft__knn_search(&request, s->found, NULL, context);
}

static weft_status count_neighbours(
    weft__nearness *n, const weft_exploration *e, weft_context *context)
{
    const weft_dataset *train = e->splits[WEFT__TRAIN];
    struct search s = {.train = train, .nearness = n};
    if (!e->space.pca || weft_pca_explained(e->space.pca, 0) == 0)
        return WEFT_OK; /* one picture, or all alike */
    size_t there = weft_pca_count(e->space.pca);
    n->asked = train->count < MOST_ASKED ? train->count : MOST_ASKED;
    n->components = there < WEFT__NEIGHBOUR_COMPONENTS ? there : WEFT__NEIGHBOUR_COMPONENTS;
    weft_status status = find_neighbours(&s, &e->space, context);
    for (size_t i = 0; status == WEFT_OK && i < n->asked; i++) {
        size_t self = asked_at(&s, i);
        uint32_t other = s.found[2 * i] == self ? s.found[2 * i + 1] : s.found[2 * i];
        n->confusion[train->labels[self] * train->classes + train->labels[other]]++;
    }
    free(s.places);
    free(s.queries);
    free(s.found);
    return status;
}

/* |mean a - mean b| over the root of the mean of the two classes' variances, both summed
 * over all places. */
static weft_status measure_distances(weft__nearness *n, const weft_exploration *e)
{
    const weft_dataset *train = e->splits[WEFT__TRAIN];
    size_t classes = train->classes, dims = weft_shape_bytes(train->recipe.shape);
    const double *mean = e->pixels.mean, *spread = e->pixels.spread;
    double *variances;
    WEFT_TRY(weft__calloc(&variances, classes, sizeof *variances, "class distances"));
    for (size_t c = 0; c < classes; c++)
        for (size_t p = 0; p < dims; p++)
            variances[c] += spread[c * dims + p] * spread[c * dims + p];
    for (size_t a = 0; a < classes; a++)
        for (size_t b = 0; b < a; b++) {
            double square = 0, within = (variances[a] + variances[b]) / 2;
            for (size_t p = 0; p < dims; p++) {
                double apart = mean[a * dims + p] - mean[b * dims + p];
                square += apart * apart;
            }
            n->distances[a * classes + b] = n->distances[b * classes + a] =
                within > 0   ? sqrt(square / within)
                : square > 0 ? INFINITY
                             : 0;
        }
    free(variances);
    return WEFT_OK;
}

static int nearest_first(const void *a, const void *b)
{
    const weft__class_pair *x = a, *y = b;
    if (x->confused != y->confused)
        return x->confused > y->confused ? -1 : 1;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return x->a != y->a ? (x->a < y->a ? -1 : 1) : x->b < y->b ? -1 : x->b > y->b;
}

static weft_status rank_pairs(weft__nearness *n, size_t classes)
{
    static const char what[] = "pairs of classes";
    double *totals;
    WEFT_TRY(weft__alloc(&n->pairs, classes * (classes - 1) / 2, sizeof *n->pairs, what));
    WEFT_TRY(weft__calloc(&totals, classes, sizeof *totals, what));
    for (size_t cell = 0; cell < classes * classes; cell++)
        totals[cell / classes] += (double)n->confusion[cell];
    for (size_t a = 0; a < classes; a++)
        for (size_t b = a + 1; b < classes; b++) {
            double ab = (double)n->confusion[a * classes + b] / fmax(totals[a], 1);
            double ba = (double)n->confusion[b * classes + a] / fmax(totals[b], 1);
            n->pairs[n->pair_count++] = (weft__class_pair){
                (uint16_t)a, (uint16_t)b, (ab + ba) / 2, n->distances[a * classes + b]};
        }
    free(totals);
    qsort(n->pairs, n->pair_count, sizeof *n->pairs, nearest_first);
    return WEFT_OK;
}

weft_status weft__explore_nearness(weft_exploration *e, weft_context *context)
{
    static const char what[] = "class distances";
    weft__nearness *n = &e->nearness;
    size_t classes = e->splits[WEFT__TRAIN]->classes, cells = classes * classes;
    WEFT_TRY(weft__calloc(&n->confusion, cells, sizeof *n->confusion, what));
    WEFT_TRY(weft__calloc(&n->distances, cells, sizeof *n->distances, what));
    WEFT_TRY(count_neighbours(n, e, context));
    WEFT_TRY(measure_distances(n, e));
    return rank_pairs(n, classes);
}
