/* Blocks of queries meet blocks of training points: a matrix product leaves a block of
 * dot products in the second-level cache, and a scan keeps each query's k best. A scan
 * compares 64 scores at once with the k-th best; few ever pass, so what follows may be
 * slow.
 *
 * On bytes, with t' = t - 128 so that it fits a signed byte,
 *     |q - t|^2 = |q|^2 + |t|^2 - 2 q.t = (|t|^2 - 2 q.t') + (|q|^2 - 256 sum(q)),
 * of which only the first bracket differs between a query's candidates. */
#include "classic/knn_search.h"

#include <math.h>
#include <stdlib.h>

#include "classic/gemm.h"
#include "core/mem.h"
#include "core/simd.h"
#include "core/team.h"

enum {
    QUERIES = 1024, /* of a block; what the product packs is used this often */
    POINTS = 128,
    LANES = 64, /* scores compared at once; divides POINTS */
    /* |t|^2 - 2 q.t' stays in int32: (255^2 + 2 * 255 * 128) * dims < 2^31. */
    INTEGER_DIMS = 16384,
    SUM_BLOCK = 1 << 16, /* differences of bytes added in 32 bits */
};

struct query_sums {
    double square; /* |q|^2 */
    double lift;   /* q.t = q.t' + lift: 128 sum(q); 0 for floats */
};

/* One thread's working memory. */
struct scratch {
    int8_t *centred;         /* POINTS x dims */
    int32_t *dots;           /* QUERIES x POINTS */
    float *products;         /* QUERIES x POINTS; of float points */
    double *wide;            /* QUERIES x POINTS; where scores are not int32 */
    struct query_sums *sums; /* QUERIES */
    double *scores;          /* QUERIES x k, ascending */
    uint32_t *ids;           /* QUERIES x k */
};

struct search {
    const weft__knn_request *request;
    bool integers;           /* scores are int32 */
    double *squares;         /* |t|^2 of every training point; NULL for Manhattan */
    struct scratch *scratch; /* one for each thread */
    uint32_t *ids;
    float *distances;
};

/* ---- the k best of a query --------------------------------------------------------- */

static void insert(double *scores, uint32_t *ids, size_t k, double score, uint32_t id)
{
    size_t at = k - 1;
    if (score > scores[at] || (score == scores[at] && id > ids[at]))
        return;
    for (; at > 0 &&
           (score < scores[at - 1] || (score == scores[at - 1] && id < ids[at - 1]));
         at--) {
        scores[at] = scores[at - 1];
        ids[at] = ids[at - 1];
    }
    scores[at] = score;
    ids[at] = id;
}

static uint32_t id_of(const struct search *s, size_t row)
{
    return s->request->id ? s->request->id[row] : (uint32_t)row;
}

/* The scan of one query over POINTS scores, of which `count` are real. */
WEFT__SIMD static void scan_integers(const struct search *s, const int32_t *dots,
    const int32_t *squares, size_t first, size_t count, double *scores, uint32_t *ids)
{
    size_t k = s->request->k;
    int32_t score[LANES];
    for (size_t j = 0; j < count; j += LANES) {
        int32_t limit = scores[k - 1] < INT32_MAX ? (int32_t)scores[k - 1] : INT32_MAX;
        int passing = 0;
        for (size_t l = 0; l < LANES; l++) {
            score[l] = squares[j + l] - 2 * dots[j + l];
            passing |= score[l] <= limit;
        }
        for (size_t l = 0; passing && l < LANES && j + l < count; l++)
            if (score[l] <= limit)
                insert(scores, ids, k, score[l], id_of(s, first + j + l));
    }
}

WEFT__SIMD static void scan_wide(const struct search *s, const double *score, size_t first,
    size_t count, double *scores, uint32_t *ids)
{
    size_t k = s->request->k;
    for (size_t j = 0; j < count; j += LANES) {
        double limit = scores[k - 1];
        int passing = 0;
        for (size_t l = 0; l < LANES; l++)
            passing |= score[j + l] <= limit;
        for (size_t l = 0; passing && l < LANES && j + l < count; l++)
            if (score[j + l] <= limit)
                insert(scores, ids, k, score[j + l], id_of(s, first + j + l));
    }
}

/* ---- sums over one point ----------------------------------------------------------- */

WEFT__SIMD static uint32_t sum_block(const uint8_t *x, size_t count, uint64_t *squares)
{
    uint32_t sum = 0, square = 0; /* 65536 * 255^2 < 2^32 */
    for (size_t i = 0; i < count; i++) {
        sum += x[i];
        square += (uint32_t)x[i] * x[i];
    }
    *squares += square;
    return sum;
}

static double byte_sums(const uint8_t *x, size_t dims, double *squares)
{
    uint64_t sum = 0, square = 0;
    for (size_t i = 0; i < dims; i += SUM_BLOCK)
        sum += sum_block(x + i, dims - i < SUM_BLOCK ? dims - i : SUM_BLOCK, &square);
    *squares = (double)square;
    return (double)sum;
}

static double float_squares(const float *x, size_t dims)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < dims; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

static weft_status sum_points(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    struct search *s = arg;
    const weft__points *t = &s->request->train;
    for (size_t i = begin; i < end; i++)
        if (t->bytes)
            byte_sums(t->bytes + i * t->dims, t->dims, &s->squares[i]);
        else
            s->squares[i] = float_squares(t->floats + i * t->dims, t->dims);
    return WEFT_OK;
}

/* ---- distances outside int32 ------------------------------------------------------- */

static void fill_manhattan(
    const weft__knn_request *r, double *wide, size_t q, size_t m, size_t t, size_t n)
{
    size_t dims = r->train.dims;
    for (size_t i = q; i < q + m; i++, wide += POINTS)
        if (r->train.bytes)
            weft__differ_bytes(
                wide, r->query.bytes + i * dims, r->train.bytes + t * dims, n, dims);
        else
            weft__differ_floats(
                wide, r->query.floats + i * dims, r->train.floats + t * dims, n, dims);
}

/* Adds q.t' of bytes, in parts of the dimensions that int32 can hold. */
static weft_status add_byte_dots(
    const weft__knn_request *r, const struct scratch *scratch, size_t q, size_t m, size_t n)
{
    size_t dims = r->train.dims;
    for (size_t d = 0; d < dims; d += WEFT__GEMM_MAX_K) {
        weft__gemm_shape shape = {.m = m,
            .n = n,
            .k = dims - d < WEFT__GEMM_MAX_K ? dims - d : WEFT__GEMM_MAX_K,
            .b_transposed = true};
        WEFT_TRY(weft__gemm_u8s8(shape, r->query.bytes + q * dims + d, dims,
            scratch->centred + d, dims, scratch->dots, POINTS));
        for (size_t i = 0; i < m * POINTS; i++)
            scratch->wide[i] = (d ? scratch->wide[i] : 0) + scratch->dots[i];
    }
    return WEFT_OK;
}

static weft_status fill_dots(const weft__knn_request *r, const struct scratch *scratch,
    size_t q, size_t m, size_t t, size_t n)
{
    size_t dims = r->train.dims;
    if (r->train.bytes)
        return add_byte_dots(r, scratch, q, m, n);
    weft__gemm_shape shape = {.m = m, .n = n, .k = dims, .b_transposed = true};
    WEFT_TRY(weft__gemm_f32(shape, 1, r->query.floats + q * dims, dims,
        r->train.floats + t * dims, dims, 0, scratch->products, POINTS));
    for (size_t i = 0; i < m * POINTS; i++)
        scratch->wide[i] = (double)scratch->products[i];
    return WEFT_OK;
}

static double inverse_length(double square)
{
    return square > 0 ? 1 / sqrt(square) : 0;
}

/* Turns dot products into squared distances or 1 - cosine. */
static weft_status fill_wide(const struct search *s, const struct scratch *scratch,
    size_t q, size_t m, size_t t, size_t n)
{
    const weft__knn_request *r = s->request;
    if (r->metric == WEFT_KNN_MANHATTAN) {
        fill_manhattan(r, scratch->wide, q, m, t, n);
        return WEFT_OK;
    }
    WEFT_TRY(fill_dots(r, scratch, q, m, t, n));
    bool cosine = r->metric == WEFT_KNN_COSINE;
    double others[POINTS]; /* |t|^2, or 1 / |t| */
    for (size_t j = 0; j < n; j++)
        others[j] = cosine ? inverse_length(s->squares[t + j]) : s->squares[t + j];
    for (size_t i = 0; i < m; i++) {
        struct query_sums sums = scratch->sums[i];
        double *row = scratch->wide + i * POINTS, inverse = inverse_length(sums.square);
        for (size_t j = 0; j < n; j++) {
            double dot = row[j] + sums.lift;
            row[j] = cosine ? 1 - dot * (inverse * others[j])
                            : sums.square + others[j] - 2 * dot;
        }
    }
    return WEFT_OK;
}

/* ---- the search -------------------------------------------------------------------- */

/* Training points t .. t + n, n <= POINTS, against queries q .. q + m. */
static weft_status meet(const struct search *s, const struct scratch *scratch, size_t q,
    size_t m, size_t t, size_t n)
{
    const weft__knn_request *r = s->request;
    size_t dims = r->train.dims;
    if (r->train.bytes && r->metric != WEFT_KNN_MANHATTAN)
        weft__bytes_centre(scratch->centred, r->train.bytes + t * dims, n * dims);
    if (!s->integers) {
        WEFT_TRY(fill_wide(s, scratch, q, m, t, n));
        for (size_t i = 0; i < m; i++)
            scan_wide(s, scratch->wide + i * POINTS, t, n, scratch->scores + i * r->k,
                scratch->ids + i * r->k);
        return WEFT_OK;
    }
    weft__gemm_shape shape = {.m = m, .n = n, .k = dims, .b_transposed = true};
    WEFT_TRY(weft__gemm_u8s8(shape, r->query.bytes + q * dims, dims, scratch->centred, dims,
        scratch->dots, POINTS));
    int32_t squares[POINTS] = {0};
    for (size_t j = 0; j < n; j++)
        squares[j] = (int32_t)s->squares[t + j];
    for (size_t i = 0; i < m; i++)
        scan_integers(s, scratch->dots + i * POINTS, squares, t, n,
            scratch->scores + i * r->k, scratch->ids + i * r->k);
    return WEFT_OK;
}

static void sum_queries(
    const weft__knn_request *r, struct query_sums *sums, size_t q, size_t m)
{
    size_t dims = r->query.dims;
    for (size_t i = 0; i < m; i++) {
        sums[i] = (struct query_sums){0};
        if (r->query.bytes)
            sums[i].lift =
                128 * byte_sums(r->query.bytes + (q + i) * dims, dims, &sums[i].square);
        else
            sums[i].square = float_squares(r->query.floats + (q + i) * dims, dims);
    }
}

static void answer(
    const struct search *s, const struct scratch *scratch, size_t q, size_t m)
{
    const weft__knn_request *r = s->request;
    for (size_t i = 0; i < m; i++) {
        double rest = s->integers ? scratch->sums[i].square - 2 * scratch->sums[i].lift : 0;
        for (size_t j = 0; j < r->k; j++) {
            double distance = fmax(0, scratch->scores[i * r->k + j] + rest);
            if (r->metric == WEFT_KNN_EUCLIDEAN)
                distance = sqrt(distance);
            s->ids[(q + i) * r->k + j] = scratch->ids[i * r->k + j];
            if (s->distances)
                s->distances[(q + i) * r->k + j] = (float)distance;
        }
    }
}

static weft_status search_block(size_t begin, size_t end, int rank, void *arg)
{
    const struct search *s = arg;
    const weft__knn_request *r = s->request;
    const struct scratch *scratch = &s->scratch[rank];
    for (size_t i = 0; i < (end - begin) * r->k; i++) {
        scratch->scores[i] = INFINITY;
        scratch->ids[i] = UINT32_MAX;
    }
    sum_queries(r, scratch->sums, begin, end - begin);
    for (size_t t = 0; t < r->train.count;) {
        if (t >= r->skip_begin && t < r->skip_end) {
            t = r->skip_end;
            continue;
        }
        size_t stop = t < r->skip_begin && r->skip_begin < r->train.count ? r->skip_begin
                                                                          : r->train.count;
        size_t n = stop - t < POINTS ? stop - t : POINTS;
        WEFT_TRY(meet(s, scratch, begin, end - begin, t, n));
        t += n;
    }
    answer(s, scratch, begin, end - begin);
    return WEFT_OK;
}

static weft_status scratch_create(
    const struct search *s, struct scratch *scratch, size_t queries)
{
    const weft__knn_request *r = s->request;
    static const char what[] = "a search";
    size_t cells = queries * POINTS, best;
    if (!weft__mul(&best, queries, r->k))
        best = SIZE_MAX;
    if (r->train.bytes) {
        size_t bytes;
        if (!weft__mul(&bytes, POINTS, r->train.dims))
            bytes = SIZE_MAX;
        WEFT_TRY(weft__alloc(&scratch->centred, bytes, 1, what));
        WEFT_TRY(weft__calloc(&scratch->dots, cells, sizeof *scratch->dots, what));
    } else {
        WEFT_TRY(weft__calloc(&scratch->products, cells, sizeof *scratch->products, what));
    }
    if (!s->integers)
        WEFT_TRY(weft__calloc(&scratch->wide, cells, sizeof *scratch->wide, what));
    WEFT_TRY(weft__alloc(&scratch->sums, queries, sizeof *scratch->sums, what));
    WEFT_TRY(weft__alloc(&scratch->scores, best, sizeof *scratch->scores, what));
    return weft__alloc(&scratch->ids, best, sizeof *scratch->ids, what);
}

static void scratch_clear(struct scratch *scratch)
{
    free(scratch->centred);
    free(scratch->dots);
    free(scratch->products);
    free(scratch->wide);
    free(scratch->sums);
    free(scratch->scores);
    free(scratch->ids);
}

/* Blocks of equal size, as many for each thread, none above QUERIES. */
static size_t block_size(size_t queries, size_t threads)
{
    size_t rounds = (queries + threads * QUERIES - 1) / (threads * QUERIES);
    size_t blocks = rounds ? rounds * threads : 1;
    size_t block = (queries + blocks - 1) / blocks;
    return block ? block : 1;
}

static weft_status search_with(struct search *s, size_t threads, weft_context *context)
{
    const weft__knn_request *r = s->request;
    size_t block = block_size(r->query.count, threads);
    for (size_t i = 0; i < threads; i++)
        WEFT_TRY(scratch_create(s, &s->scratch[i], block));
    if (r->metric != WEFT_KNN_MANHATTAN) {
        WEFT_TRY(weft__alloc(
            &s->squares, r->train.count, sizeof *s->squares, "lengths of pictures"));
        WEFT_TRY(weft__parallel(context, r->train.count, 1024, sum_points, s, NULL, NULL));
    }
    return weft__parallel(context, r->query.count, block, search_block, s,
        "searching neighbours", "pictures");
}

weft_status weft__knn_search(const weft__knn_request *request, uint32_t *ids,
    float *distances, weft_context *context)
{
    struct search s = {.request = request,
        .integers = request->train.bytes && request->metric == WEFT_KNN_EUCLIDEAN &&
                    request->train.dims <= INTEGER_DIMS,
        .ids = ids,
        .distances = distances};
    size_t threads = (size_t)weft_context_threads(context);
    weft_status status = weft__calloc(&s.scratch, threads, sizeof *s.scratch, "a search");
    if (status == WEFT_OK)
        status = search_with(&s, threads, context);
    for (size_t i = 0; s.scratch && i < threads; i++)
        scratch_clear(&s.scratch[i]);
    free(s.scratch);
    free(s.squares);
    return status;
}
