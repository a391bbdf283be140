/* The whole catalogue is ranked for every query: a block of matrix products, a radix sort
 * of their bits, then one walk down the ranks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/gemm.h"
#include "core/mem.h"
#include "core/team.h"
#include "search/similar.h"

enum { CUTS = WEFT_RETRIEVAL_CUTS };
enum {
    ROWS = 32,     /* queries of a block, whatever the number of threads */
    POINTS = 4096, /* of one product */
    BITS = 11,     /* of a pass: three take all 32 */
    PASSES = 3,
    BUCKETS = 1 << BITS
};
static const uint32_t NO_CLASS = UINT32_MAX;

const size_t weft_retrieval_cuts[CUTS] = {1, 5, 10, 20, 50, 100};

/* What one query found. */
struct outcome {
    uint32_t relevant, shown; /* in the catalogue; among what is shown */
    uint32_t among[CUTS];     /* the first k */
    double average_precision;
};

/* One thread's working memory. */
struct room {
    float *products;              /* ROWS x count */
    uint64_t *keys[2];            /* count: key and position */
    uint32_t (*buckets)[BUCKETS]; /* PASSES */
};

struct job {
    const weft_similar *similar;
    uint32_t *class_of; /* the catalogue's class of each class of the queries */
    struct outcome *outcomes;
    struct room *rooms;
};

/* ---- ranking ---- */

/* A number that is the smaller the larger the product is. */
static uint32_t key_of(float product)
{
    uint32_t bits;
    product += 0.0f; /* -0 becomes 0 */
    memcpy(&bits, &product, sizeof bits);
    return bits & 0x80000000u ? bits : ~bits & 0x7fffffffu;
}

/* Positions by falling product, of equal ones the first; returns where they are. */
static const uint64_t *rank(const struct room *room, const float *products, size_t count)
{
    memset(room->buckets, 0, PASSES * sizeof *room->buckets);
    for (size_t i = 0; i < count; i++) {
        uint32_t key = key_of(products[i]);
        room->keys[0][i] = (uint64_t)key << 32 | i;
        for (int p = 0; p < PASSES; p++)
            room->buckets[p][key >> (p * BITS) & (BUCKETS - 1)]++;
    }
    for (int p = 0; p < PASSES; p++) {
        uint64_t *from = room->keys[p % 2], *to = room->keys[(p + 1) % 2];
        uint32_t *bucket = room->buckets[p], begin = 0;
        for (size_t b = 0; b < BUCKETS; b++) {
            uint32_t filled = bucket[b];
            bucket[b] = begin;
            begin += filled;
        }
        for (size_t i = 0; i < count; i++)
            to[bucket[from[i] >> (32 + p * BITS) & (BUCKETS - 1)]++] = from[i];
    }
    return room->keys[PASSES % 2];
}

static uint32_t class_of_query(const struct job *job, size_t query)
{
    return job->class_of[weft_view_label(&job->similar->queries, query)];
}

/* Walks down the ranks until all that is relevant has been met. */
static void judge(const struct job *job, size_t query, const uint64_t *ranked)
{
    const weft_similar *s = job->similar;
    const uint16_t *labels = weft_dataset_labels(s->index->catalogue);
    struct outcome *o = &job->outcomes[query];
    uint32_t class = class_of_query(job, query), item = s->query_items[query], met = 0;
    *o = (struct outcome){0};
    for (size_t i = 0; i < s->index->count; i++)
        o->relevant += labels[i] == class && s->items[i] != item;
    for (size_t i = 0, seen = 0; i < s->index->count && met < o->relevant; i++) {
        uint32_t position = (uint32_t)ranked[i];
        if (s->items[position] == item)
            continue;
        seen++;
        if (labels[position] != class)
            continue;
        met++;
        o->average_precision += (double)met / (double)seen;
        for (int c = 0; c < CUTS; c++)
            o->among[c] += seen <= weft_retrieval_cuts[c];
    }
    if (o->relevant)
        o->average_precision /= o->relevant;
    for (size_t i = 0; i < s->found[query]; i++)
        o->shown += labels[s->alike[query * s->k + i].position] == class;
}

static weft_status judge_block(size_t begin, size_t end, int rank_of, void *arg)
{
    const struct job *job = arg;
    const weft_index *index = job->similar->index;
    const struct room *room = &job->rooms[rank_of];
    for (size_t first = 0; first < index->count; first += POINTS) {
        size_t count = index->count - first < POINTS ? index->count - first : POINTS;
        weft__gemm_shape shape = {
            .m = end - begin, .n = count, .k = index->dims, .b_transposed = true};
        WEFT_TRY(weft__gemm_f32(shape, 1, job->similar->points + begin * index->dims,
            index->dims, index->points + first * index->dims, index->dims, 0,
            room->products + first, index->count));
    }
    for (size_t i = begin; i < end; i++)
        judge(
            job, i, rank(room, room->products + (i - begin) * index->count, index->count));
    return WEFT_OK;
}

/* ---- figures ---- */

static void add(weft_retrieval_figures *to, const struct outcome *o, const weft_similar *s)
{
    to->queries++;
    for (int c = 0; c < CUTS; c++) {
        to->precision[c] += (double)o->among[c] / (double)weft_retrieval_cuts[c];
        to->recall[c] += (double)o->among[c] / o->relevant;
        to->hit[c] += o->among[c] > 0;
    }
    to->average_precision += o->average_precision;
    to->shown_precision += (double)o->shown / (double)s->k;
}

static void divide(weft_retrieval_figures *figures)
{
    double count = figures->queries ? (double)figures->queries : NAN;
    for (int c = 0; c < CUTS; c++) {
        figures->precision[c] /= count;
        figures->recall[c] /= count;
        figures->hit[c] /= count;
    }
    figures->average_precision /= count;
    figures->shown_precision /= count;
}

static weft_status sum_up(weft_retrieval *out, const struct job *job)
{
    const weft_similar *s = job->similar;
    for (size_t i = 0; i < s->queries.count; i++)
        if (job->outcomes[i].relevant) {
            add(&out->all, &job->outcomes[i], s);
            add(&out->classes[weft_view_label(&s->queries, i)], &job->outcomes[i], s);
        }
    divide(&out->all);
    for (size_t c = 0; c < out->class_count; c++)
        divide(&out->classes[c]);
    return out->all.queries ? WEFT_OK
                            : weft_fail(WEFT_EINVAL,
                                  "no query has another item of its class among the %zu "
                                  "pictures",
                                  s->index->count);
}

/* ---- the whole ---- */

static weft_status match_classes(struct job *job, weft_retrieval *out)
{
    const weft_dataset *catalogue = job->similar->index->catalogue;
    const weft_dataset *queries = job->similar->queries.data;
    out->class_count = weft_dataset_classes(queries);
    WEFT_TRY(weft__calloc(
        &out->class_names, out->class_count, sizeof *out->class_names, "class names"));
    WEFT_TRY(weft__calloc(
        &out->classes, out->class_count, sizeof *out->classes, "figures of classes"));
    WEFT_TRY(
        weft__alloc(&job->class_of, out->class_count, sizeof *job->class_of, "classes"));
    for (size_t c = 0; c < out->class_count; c++) {
        const char *name = weft_dataset_class_name(queries, c);
        WEFT_TRY(weft__strdup(&out->class_names[c], name));
        job->class_of[c] = NO_CLASS;
        for (uint32_t k = 0; k < weft_dataset_classes(catalogue); k++)
            if (strcmp(name, weft_dataset_class_name(catalogue, k)) == 0)
                job->class_of[c] = k;
    }
    return WEFT_OK;
}

static weft_status make_rooms(struct job *job, size_t threads)
{
    static const char what[] = "ranking pictures";
    size_t count = job->similar->index->count, cells;
    if (!weft__mul(&cells, ROWS, count))
        cells = SIZE_MAX;
    WEFT_TRY(weft__calloc(&job->rooms, threads, sizeof *job->rooms, what));
    for (size_t i = 0; i < threads; i++) {
        struct room *room = &job->rooms[i];
        WEFT_TRY(weft__alloc(&room->products, cells, sizeof *room->products, what));
        for (int k = 0; k < 2; k++)
            WEFT_TRY(weft__alloc(&room->keys[k], count, sizeof *room->keys[k], what));
        WEFT_TRY(weft__alloc(&room->buckets, PASSES, sizeof *room->buckets, what));
    }
    return WEFT_OK;
}

static void clear_rooms(struct job *job, size_t threads)
{
    for (size_t i = 0; job->rooms && i < threads; i++) {
        free(job->rooms[i].products);
        free(job->rooms[i].keys[0]);
        free(job->rooms[i].keys[1]);
        free(job->rooms[i].buckets);
    }
    free(job->rooms);
}

static weft_status evaluate(weft_retrieval *out, struct job *job, weft_context *context)
{
    const weft_similar *s = job->similar;
    WEFT_TRY(match_classes(job, out));
    WEFT_TRY(weft__calloc(
        &job->outcomes, s->queries.count, sizeof *job->outcomes, "figures of queries"));
    WEFT_TRY(make_rooms(job, (size_t)weft_context_threads(context)));
    WEFT_TRY(weft__parallel(
        context, s->queries.count, ROWS, judge_block, job, "ranking pictures", "queries"));
    return sum_up(out, job);
}

weft_status weft_similar_evaluate(
    weft_retrieval *out, const weft_similar *similar, weft_context *context)
{
    weft_retrieval found = {0};
    struct job job = {.similar = similar};
    if (!weft_dataset_labels(similar->index->catalogue) ||
        !weft_dataset_labels(similar->queries.data))
        return weft_fail(WEFT_EINVAL,
            "%s have no labels, so nothing tells what is relevant",
            weft_dataset_labels(similar->queries.data) ? "the catalogue's pictures"
                                                       : "the queries");
    weft_status status = evaluate(&found, &job, context);
    clear_rooms(&job, (size_t)weft_context_threads(context));
    free(job.class_of);
    free(job.outcomes);
    if (status == WEFT_OK)
        *out = found;
    else
        weft_retrieval_clear(&found);
    return status;
}

void weft_retrieval_clear(weft_retrieval *retrieval)
{
    for (size_t c = 0; retrieval->class_names && c < retrieval->class_count; c++)
        free(retrieval->class_names[c]);
    free(retrieval->class_names);
    free(retrieval->classes);
    *retrieval = (weft_retrieval){0};
}
