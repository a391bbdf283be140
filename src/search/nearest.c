/* Blocks of queries meet blocks of points in a matrix product of single precision; a scan
 * keeps each query's best in a heap, some more than are wanted. Their products are then
 * taken anew in double precision and sorted by them.
 *
 * That is exact: with u = 2^-24, a sum of n single-precision products of vectors of length
 * 1, in any order, is off by at most n u / (1 - n u) (Higham, Accuracy and Stability of
 * Numerical Algorithms, 2nd ed., 2002, section 3.1); a thousandth is added for lengths that
 * were rounded. Where the last wanted one is farther
 * above the heap's least than that, nothing that was passed over can belong before it;
 * where it is not, the query meets all points again in double precision. */
#include "search/nearest.h"

#include <math.h>
#include <stdlib.h>

#include "classic/gemm.h"
#include "core/mem.h"
#include "core/simd.h"
#include "core/team.h"
#include "search/seen.h"

enum {
    QUERIES = 256, /* of a block, whatever the number of threads */
    POINTS = 512,
    LANES = 64, /* compared at once */
    SPARE = 32, /* kept beyond what is wanted */
    POOL = 10,  /* times k: what diversity chooses from */
    SMALLEST_POOL = 100,
};

struct candidate {
    double product;
    uint32_t position;
};

/* One thread's working memory. */
struct room {
    float *products;        /* QUERIES x POINTS */
    struct candidate *best; /* QUERIES x kept: heaps, the least on top */
    size_t *filled;         /* QUERIES */
    double *near;           /* wanted: the largest product with one that was chosen */
};

struct search {
    const weft__alike_request *request;
    size_t wanted; /* of the best, from which k are chosen */
    size_t kept;   /* heap's size */
    double error;  /* of a product in single precision */
    struct room *rooms;
    weft_alike *alike;
    uint32_t *found;
};

/* ---- the heap ---- */

/* Whether a comes after b. */
static bool worse(const struct candidate *a, const struct candidate *b)
{
    return a->product < b->product ||
           (a->product == b->product && a->position > b->position);
}

static void sift_down(struct candidate *heap, size_t count, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && worse(&heap[child + 1], &heap[child]))
            child++;
        if (!worse(&heap[child], &heap[at]))
            return;
        struct candidate t = heap[at];
        heap[at] = heap[child];
        heap[child] = t;
    }
}

/* Takes the candidate where there is room, or it is better than the least. */
static void offer(
    struct candidate *heap, size_t *count, size_t capacity, struct candidate one)
{
    if (*count < capacity) {
        size_t at = (*count)++;
        for (; at > 0 && worse(&one, &heap[(at - 1) / 2]); at = (at - 1) / 2)
            heap[at] = heap[(at - 1) / 2];
        heap[at] = one;
    } else if (worse(&heap[0], &one)) {
        heap[0] = one;
        sift_down(heap, capacity, 0);
    }
}

static int best_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return worse(y, x) ? -1 : worse(x, y);
}

/* ---- one query ---- */

static bool allowed(const weft__alike_request *r, size_t query, size_t position)
{
    return r->items[position] != r->query_items[query];
}

/* `products` are those of points first ... first + count. */
WEFT__SIMD static void scan(const struct search *s, size_t query, const float *products,
    size_t first, size_t count, struct candidate *heap, size_t *filled)
{
    for (size_t j = 0; j < count; j += LANES) {
        size_t lanes = count - j < LANES ? count - j : LANES;
        float limit = *filled < s->kept ? -INFINITY : (float)heap[0].product;
        int passing = 0;
        for (size_t l = 0; l < lanes; l++)
            passing |= products[j + l] > limit;
        for (size_t l = 0; passing && l < lanes; l++)
            if (products[j + l] > limit && allowed(s->request, query, first + j + l)) {
                offer(heap, filled, s->kept,
                    (struct candidate){(double)products[j + l], (uint32_t)(first + j + l)});
                limit = *filled < s->kept ? -INFINITY : (float)heap[0].product;
            }
    }
}

static double exact_product(const weft__alike_request *r, size_t query, size_t position)
{
    return weft__seen_product(
        r->queries + query * r->dims, r->points + position * r->dims, r->dims);
}

/* Sorts the query's best by exact products; returns how many there are, `wanted` at most.
 */
static size_t settle(
    const struct search *s, size_t query, struct candidate *best, size_t filled)
{
    const weft__alike_request *r = s->request;
    bool full = filled == s->kept; /* others may have been passed over */
    double passed_over = full ? best[0].product + s->error : 0;
    for (size_t i = 0; i < filled; i++)
        best[i].product = exact_product(r, query, best[i].position);
    qsort(best, filled, sizeof *best, best_first);
    size_t count = filled < s->wanted ? filled : s->wanted;
    if (full && best[count - 1].product <= passed_over) {
        count = 0;
        for (size_t j = 0; j < r->count; j++)
            if (allowed(r, query, j))
                offer(best, &count, s->wanted,
                    (struct candidate){exact_product(r, query, j), (uint32_t)j});
        qsort(best, count, sizeof *best, best_first);
    }
    return count;
}

/* Brings the k that maximal marginal relevance chooses to the front, in its order. */
static void diversify(
    const weft__alike_request *r, struct candidate *best, size_t count, double *near)
{
    size_t k = r->k < count ? r->k : count;
    for (size_t i = 0; i < count; i++)
        near[i] = 0;
    for (size_t n = 0; n < k; n++) {
        size_t chosen = n;
        double most = -INFINITY;
        for (size_t i = n; i < count; i++) {
            if (n > 0) {
                double product =
                    weft__seen_product(r->points + best[n - 1].position * r->dims,
                        r->points + best[i].position * r->dims, r->dims);
                near[i] = n == 1 || product > near[i] ? product : near[i];
            }
            double worth = (1 - r->diversity) * best[i].product - r->diversity * near[i];
            if (worth > most) {
                most = worth;
                chosen = i;
            }
        }
        struct candidate taken = best[chosen];
        double its = near[chosen];
        for (size_t i = chosen; i > n; i--) { /* the others keep their order */
            best[i] = best[i - 1];
            near[i] = near[i - 1];
        }
        best[n] = taken;
        near[n] = its;
    }
}

static void answer(const struct search *s, size_t query, struct candidate *best,
    size_t filled, double *near)
{
    const weft__alike_request *r = s->request;
    size_t count = settle(s, query, best, filled);
    if (r->diversity > 0)
        diversify(r, best, count, near);
    count = count < r->k ? count : r->k;
    s->found[query] = (uint32_t)count;
    for (size_t i = 0; i < count; i++)
        s->alike[query * r->k + i] = (weft_alike){best[i].position, (float)best[i].product};
}

/* ---- all ---- */

static weft_status search_block(size_t begin, size_t end, int rank, void *arg)
{
    const struct search *s = arg;
    const weft__alike_request *r = s->request;
    const struct room *room = &s->rooms[rank];
    for (size_t i = 0; i < end - begin; i++)
        room->filled[i] = 0;
    for (size_t first = 0; first < r->count; first += POINTS) {
        size_t count = r->count - first < POINTS ? r->count - first : POINTS;
        weft__gemm_shape shape = {
            .m = end - begin, .n = count, .k = r->dims, .b_transposed = true};
        WEFT_TRY(weft__gemm_f32(shape, 1, r->queries + begin * r->dims, r->dims,
            r->points + first * r->dims, r->dims, 0, room->products, POINTS));
        for (size_t i = 0; i < end - begin; i++)
            scan(s, begin + i, room->products + i * POINTS, first, count,
                room->best + i * s->kept, &room->filled[i]);
    }
    for (size_t i = 0; i < end - begin; i++)
        answer(s, begin + i, room->best + i * s->kept, room->filled[i], room->near);
    return WEFT_OK;
}

static weft_status room_create(const struct search *s, struct room *room)
{
    static const char what[] = "looking for what is alike";
    size_t best;
    if (!weft__mul(&best, QUERIES, s->kept))
        best = SIZE_MAX;
    WEFT_TRY(weft__alloc(&room->products, QUERIES * POINTS, sizeof *room->products, what));
    WEFT_TRY(weft__alloc(&room->best, best, sizeof *room->best, what));
    WEFT_TRY(weft__alloc(&room->filled, QUERIES, sizeof *room->filled, what));
    return weft__alloc(&room->near, s->wanted, sizeof *room->near, what);
}

static weft_status search_with(struct search *s, size_t threads, weft_context *context)
{
    for (size_t i = 0; i < threads; i++)
        WEFT_TRY(room_create(s, &s->rooms[i]));
    return weft__parallel(context, s->request->query_count, QUERIES, search_block, s,
        "looking for what is alike", "pictures");
}

weft_status weft__most_alike(weft_alike *alike, uint32_t *found,
    const weft__alike_request *request, weft_context *context)
{
    size_t threads = (size_t)weft_context_threads(context), pool = request->k;
    if (request->diversity > 0) {
        pool *= POOL;
        pool = pool < SMALLEST_POOL ? SMALLEST_POOL : pool;
    }
    double roundings = (double)request->dims * 0x1p-24;
    struct search s = {.request = request,
        .wanted = pool < request->count ? pool : request->count,
        .error = roundings < 0.5 ? 1.001 * roundings / (1 - roundings) : INFINITY,
        .alike = alike,
        .found = found};
    s.kept = s.wanted + SPARE;
    WEFT_TRY(weft__calloc(&s.rooms, threads, sizeof *s.rooms, "rooms of threads"));
    weft_status status = search_with(&s, threads, context);
    for (size_t i = 0; i < threads; i++) {
        free(s.rooms[i].products);
        free(s.rooms[i].best);
        free(s.rooms[i].filled);
        free(s.rooms[i].near);
    }
    free(s.rooms);
    return status;
}
