#include "search/similar.h"

#include <assert.h>
#include <stdlib.h>

#include "core/mem.h"
#include "search/items.h"
#include "search/nearest.h"
#include "search/seen.h"

struct alone {
    weft_similar_options options;
};

const weft_param weft_similar_params[] = {
    WEFT_SIMILAR_PARAMS(struct alone, options),
    {0},
};

weft_similar_options weft_similar_defaults(void)
{
    weft_similar_options options;
    weft_status status = weft_param_defaults(weft_similar_params, &options);
    assert(status == WEFT_OK);
    (void)status;
    return options;
}

static weft_status check_options(const weft_similar_options *o)
{
    if (o->k < 1 || o->k > 1000)
        return weft_fail(
            WEFT_EINVAL, "similar: k=%llu: expected 1 to 1000", (unsigned long long)o->k);
    if (!(o->diversity >= 0 && o->diversity <= 1))
        return weft_fail(
            WEFT_EINVAL, "similar: diversity=%g: expected 0 to 1", o->diversity);
    if (o->same < WEFT_SAME_NONE || o->same > WEFT_SAME_NEAR)
        return weft_fail(
            WEFT_EINVAL, "similar: same=%d: expected none, exact or near", o->same);
    return WEFT_OK;
}

/* Queries that are the catalogue's own pictures have its points. */
static weft_status take_points(weft_similar *s, weft_context *context)
{
    const weft_index *index = s->index;
    bool own = s->queries.data == index->catalogue;
    size_t values;
    if (own && !s->queries.index) {
        s->points = index->points;
        return WEFT_OK;
    }
    if (!weft__mul(&values, s->queries.count, index->dims))
        values = SIZE_MAX;
    WEFT_TRY(weft__alloc(&s->made, values, sizeof *s->made, "queries"));
    s->points = s->made;
    if (!own)
        return weft__seen_points(s->made, index->classifier, &s->queries, context);
    for (size_t i = 0; i < s->queries.count; i++)
        for (size_t d = 0; d < index->dims; d++)
            s->made[i * index->dims + d] =
                index->points[weft_view_at(&s->queries, i) * index->dims + d];
    return WEFT_OK;
}

static weft_status take_items(
    weft_similar *s, const weft_similar_options *options, weft_context *context)
{
    const weft_dataset *catalogue = s->index->catalogue, *others = s->queries.data;
    size_t first = weft_dataset_count(catalogue);
    if (others == catalogue) {
        others = NULL;
        first = 0;
    }
    WEFT_TRY(weft__items(&s->items, catalogue, others, options, context));
    WEFT_TRY(weft__alloc(
        &s->query_items, s->queries.count, sizeof *s->query_items, "items of queries"));
    for (size_t i = 0; i < s->queries.count; i++)
        s->query_items[i] = s->items[first + weft_view_at(&s->queries, i)];
    return WEFT_OK;
}

static weft_status search(weft_similar *s, weft_context *context)
{
    size_t places;
    if (!weft__mul(&places, s->queries.count, s->k))
        places = SIZE_MAX;
    WEFT_TRY(weft__alloc(&s->alike, places, sizeof *s->alike, "what is alike"));
    WEFT_TRY(weft__alloc(&s->found, s->queries.count, sizeof *s->found, "what is alike"));
    const weft__alike_request request = {.points = s->index->points,
        .queries = s->points,
        .count = s->index->count,
        .query_count = s->queries.count,
        .dims = s->index->dims,
        .items = s->items,
        .query_items = s->query_items,
        .k = s->k,
        .diversity = s->diversity};
    return weft__most_alike(s->alike, s->found, &request, context);
}

weft_status weft_similar_find(weft_similar **out, const weft_index *index,
    const weft_view *queries, const weft_similar_options *options, weft_context *context)
{
    weft_similar_options o = options ? *options : weft_similar_defaults();
    weft_similar *s;
    WEFT_TRY(check_options(&o));
    WEFT_TRY(weft__calloc(&s, 1, sizeof *s, "what is alike"));
    s->index = index;
    s->queries = queries ? *queries : weft_view_all(index->catalogue);
    s->k = o.k < index->count ? o.k : index->count;
    s->diversity = o.diversity;
    s->same = o.same;
    weft_status status = take_items(s, &o, context);
    if (status == WEFT_OK)
        status = take_points(s, context);
    if (status == WEFT_OK)
        status = search(s, context);
    if (status == WEFT_OK)
        *out = s;
    else
        weft_similar_free(s);
    return status;
}

void weft_similar_free(weft_similar *s)
{
    if (!s)
        return;
    free(s->made);
    free(s->items);
    free(s->query_items);
    free(s->alike);
    free(s->found);
    free(s);
}

size_t weft_similar_count(const weft_similar *s)
{
    return s->queries.count;
}

const weft_alike *weft_similar_of(const weft_similar *s, size_t query, size_t *count)
{
    *count = query < s->queries.count ? s->found[query] : 0;
    return query < s->queries.count ? s->alike + query * s->k : NULL;
}
