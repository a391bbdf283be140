/* With descriptions x and y of length 1 and t the tangent of y, at right angles to y,
 *     min over a of |x - (y + a t)|^2 = 2 - 2 x.y - (x.t)^2,
 * so that two matrix products give the distances of a block of pairs. */
#include "search/likeness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/gemm.h"
#include "core/mem.h"
#include "core/simd.h"
#include "core/team.h"

enum { SIDE = WEFT__LIKE_SIDE, DIMS = WEFT__LIKE_DIMS, NEAREST = WEFT__LIKE_NEAREST };
enum { QUERIES = 256, POINTS = 512, LANES = 64 }; /* of a block; compared at once */

/* What copies turned by up to 5 degrees keep to; only the time depends on it. */
static const float FARTHEST = 0.05f;

/* Low frequencies of the two-dimensional cosine transform (type II, orthonormal). */
static void transform(const float *pixels, float *out)
{
    float basis[WEFT__LIKE_FREQUENCIES][SIDE], rows[WEFT__LIKE_FREQUENCIES][SIDE];
    for (int u = 0; u < WEFT__LIKE_FREQUENCIES; u++)
        for (int x = 0; x < SIDE; x++)
            basis[u][x] = sqrtf((u ? 2.0f : 1.0f) / SIDE) *
                          cosf((float)M_PI * ((float)x + 0.5f) * (float)u / SIDE);
    memset(rows, 0, sizeof rows);
    for (int v = 0; v < WEFT__LIKE_FREQUENCIES; v++)
        for (int y = 0; y < SIDE; y++)
            for (int x = 0; x < SIDE; x++)
                rows[v][x] += basis[v][y] * pixels[y * SIDE + x];
    for (int i = 1; i <= DIMS; i++) { /* the first is the brightness */
        const float *row = rows[i / WEFT__LIKE_FREQUENCIES];
        const float *wave = basis[i % WEFT__LIKE_FREQUENCIES];
        out[i - 1] = 0;
        for (int x = 0; x < SIDE; x++)
            out[i - 1] += row[x] * wave[x];
    }
}

/* Makes it of length 1, or 0 when it is as short as rounding errors are. */
static void normalise(float *vector, float shortest)
{
    float square = 0;
    for (int i = 0; i < DIMS; i++)
        square += vector[i] * vector[i];
    float scale = sqrtf(square) > shortest ? 1 / sqrtf(square) : 0;
    for (int i = 0; i < DIMS; i++)
        vector[i] *= scale;
}

/* 1 in the middle and 0 from the ellipse on that touches the frame: corners that turning
 * filled do not count, and what turns about the middle stays what it was. */
static float window(int x, int y)
{
    float u = (2 * (float)x + 1 - SIDE) / SIDE, v = (2 * (float)y + 1 - SIDE) / SIDE;
    float inside = 1 - u * u - v * v;
    return inside > 0 ? inside : 0;
}

void weft__like_describe(const float *pixels, float *description, float *tangent)
{
    float seen[WEFT__LIKE_PIXELS], turned[WEFT__LIKE_PIXELS], sum = 0, weights = 0;
    for (int i = 0; i < WEFT__LIKE_PIXELS; i++) {
        float weight = window(i % SIDE, i / SIDE);
        sum += weight * pixels[i];
        weights += weight;
    }
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            int up = y > 0 ? y - 1 : y, down = y < SIDE - 1 ? y + 1 : y;
            int left = x > 0 ? x - 1 : x, right = x < SIDE - 1 ? x + 1 : x,
                at = y * SIDE + x;
            float dy =
                (pixels[down * SIDE + x] - pixels[up * SIDE + x]) / (float)(down - up);
            float dx = (pixels[y * SIDE + right] - pixels[y * SIDE + left]) /
                       (float)(right - left);
            seen[at] = window(x, y) * (pixels[at] - sum / weights);
            /* d/da of the picture turned by a: x dp/dy - y dp/dx, from the centre. */
            turned[at] = window(x, y) * (((float)x - (SIDE - 1) / 2.0f) * dy -
                                            ((float)y - (SIDE - 1) / 2.0f) * dx);
        }
    transform(seen, description);
    transform(turned, tangent);
    normalise(description, 1e-3f);
    float along = 0;
    for (int i = 0; i < DIMS; i++)
        along += description[i] * tangent[i];
    for (int i = 0; i < DIMS; i++)
        tangent[i] -= along * description[i];
    normalise(tangent, 1e-3f);
}

struct search {
    const float *descriptions, *tangents;
    size_t count;
    float *rooms; /* threads x 2 x QUERIES x POINTS products */
    uint32_t *nearest;
};

/* Keeps the most alike, of equally alike ones the first. */
static void insert(float *likeness, uint32_t *nearest, float value, uint32_t position)
{
    int at = NEAREST - 1;
    for (; at > 0 && value > likeness[at - 1]; at--) {
        likeness[at] = likeness[at - 1];
        nearest[at] = nearest[at - 1];
    }
    likeness[at] = value;
    nearest[at] = position;
}

/* One query against `count` points from `first` on. The likeness is 2 x.y + (x.t)^2. */
WEFT__SIMD static void scan(float *likeness, uint32_t *nearest, const float *along,
    const float *across, size_t first, size_t count, size_t self)
{
    float value[LANES];
    for (size_t j = 0; j < count; j += LANES) {
        size_t lanes = count - j < LANES ? count - j : LANES;
        float limit = likeness[NEAREST - 1];
        int passing = 0;
        for (size_t l = 0; l < lanes; l++) {
            value[l] = 2 * along[j + l] + across[j + l] * across[j + l];
            passing |= value[l] > limit;
        }
        for (size_t l = 0; passing && l < lanes; l++)
            if (value[l] > likeness[NEAREST - 1] && first + j + l != self)
                insert(likeness, nearest, value[l], (uint32_t)(first + j + l));
    }
}

static weft_status search_block(size_t begin, size_t end, int rank, void *arg)
{
    const struct search *s = arg;
    float *along = s->rooms + (size_t)rank * 2 * QUERIES * POINTS;
    float *across = along + QUERIES * POINTS, likeness[QUERIES][NEAREST];
    for (size_t i = 0; i < end - begin; i++)
        for (int k = 0; k < NEAREST; k++) {
            likeness[i][k] = 2 - FARTHEST;
            s->nearest[(begin + i) * NEAREST + (size_t)k] = UINT32_MAX;
        }
    const float *x = s->descriptions + begin * DIMS;
    for (size_t first = 0; first < s->count; first += POINTS) {
        size_t points = s->count - first < POINTS ? s->count - first : POINTS;
        weft__gemm_shape shape = {
            .m = end - begin, .n = points, .k = DIMS, .b_transposed = true};
        WEFT_TRY(weft__gemm_f32(
            shape, 1, x, DIMS, s->descriptions + first * DIMS, DIMS, 0, along, POINTS));
        WEFT_TRY(weft__gemm_f32(
            shape, 1, x, DIMS, s->tangents + first * DIMS, DIMS, 0, across, POINTS));
        for (size_t i = 0; i < end - begin; i++)
            scan(likeness[i], s->nearest + (begin + i) * NEAREST, along + i * POINTS,
                across + i * POINTS, first, points, begin + i);
    }
    return WEFT_OK;
}

weft_status weft__like_search(uint32_t *nearest, const float *descriptions,
    const float *tangents, size_t count, weft_context *context)
{
    struct search s = {descriptions, tangents, count, NULL, nearest};
    size_t threads = (size_t)weft_context_threads(context);
    WEFT_TRY(weft__alloc(
        &s.rooms, threads * 2 * QUERIES * POINTS, sizeof *s.rooms, "comparing pictures"));
    weft_status status = weft__parallel(context, count, QUERIES, search_block, &s,
        "looking for near-duplicates", "pictures");
    free(s.rooms);
    return status;
}
