#include "classic/hog.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/features.h"
#include "core/mem.h"
#include "core/simd.h"
#include "core/team.h"

enum { CELL = 4, MOST_CELLS = 8, PICTURES = 64 };

static const float CLIP = 0.2f;

weft_status weft__hog_plan(weft__hog_layout *out, weft_shape shape)
{
    size_t side = shape.height < shape.width ? shape.height : shape.width;
    size_t cell = (side + MOST_CELLS - 1) / MOST_CELLS;
    cell = cell < CELL ? CELL : cell;
    if (side < 2 * cell)
        return weft_fail(WEFT_EINVAL,
            "features=hog: pictures of %ux%u pixels, expected %d on a side at least",
            shape.height, shape.width, 2 * CELL);
    *out = (weft__hog_layout){cell, shape.height / cell, shape.width / cell};
    return WEFT_OK;
}

size_t weft__hog_dims(weft__hog_layout layout)
{
    return (layout.rows - 1) * (layout.columns - 1) * WEFT__HOG_BLOCK;
}

/* One thread's working memory: planes of height x width, then sums. */
struct scratch {
    float *length, *angle; /* of the gradient; angle in bins, 0 to WEFT__HOG_BINS */
    float *votes;          /* for one bin */
    float *bands;          /* rows x width: votes summed over the rows of cells */
    float *cells;          /* rows x columns x WEFT__HOG_BINS */
};

struct hog {
    weft__hog_layout layout;
    weft_shape shape;
    const weft_view *view;
    struct scratch *scratch; /* one for each thread */
    float *out;
};

/* atan(t) on 0 to 1 within 1e-5: Abramowitz and Stegun, 4.4.49. */
static inline float arc_tangent(float t)
{
    float s = t * t;
    return t *
           (0.9998660f +
               s * (-0.3302995f + s * (0.1801410f + s * (-0.0851330f + s * 0.0208351f))));
}

/* The gradients of one row of `width` pixels. At the borders the edge's pixel repeats. */
WEFT__SIMD static void gradients(const uint8_t *above, const uint8_t *row,
    const uint8_t *below, size_t width, size_t channels, float *length, float *angle)
{
    const float pi = 3.14159265f;
    for (size_t x = 0; x < width; x++) {
        size_t left = x ? x - 1 : 0, right = x + 1 < width ? x + 1 : x;
        int gx = 0, gy = 0, steepest = -1;
        for (size_t c = 0; c < channels; c++) {
            int dx = row[right * channels + c] - row[left * channels + c];
            int dy = below[x * channels + c] - above[x * channels + c];
            int steep = dx * dx + dy * dy;
            gx = steep > steepest ? dx : gx;
            gy = steep > steepest ? dy : gy;
            steepest = steep > steepest ? steep : steepest;
        }
        float ax = (float)abs(gx), ay = (float)abs(gy);
        float high = ax > ay ? ax : ay, low = ax > ay ? ay : ax;
        float a = arc_tangent(low / (high > 0 ? high : 1));
        a = ay > ax ? pi / 2 - a : a;
        a = gx * gy < 0 ? pi - a : a;
        length[x] = sqrtf((float)steepest);
        angle[x] = a * (WEFT__HOG_BINS / pi);
    }
}

/* The share of each pixel's length that votes for `bin`. */
WEFT__SIMD static void vote(
    float *votes, const float *length, const float *angle, size_t pixels, float bin)
{
    for (size_t i = 0; i < pixels; i++) {
        float away = fabsf(angle[i] - (bin + 0.5f));
        away = away > WEFT__HOG_BINS - away ? WEFT__HOG_BINS - away : away;
        votes[i] = length[i] * (away < 1 ? 1 - away : 0);
    }
}

/* The two cells that a pixel at `at` votes for, and the second's share. */
static float two_cells(size_t at, size_t cell, size_t *first)
{
    float place = ((float)at + 0.5f) / (float)cell + 0.5f; /* cell i's centre is i + 1 */
    *first = (size_t)place;                                /* one more than the cell */
    return place - (float)*first;
}

WEFT__SIMD static void add_scaled(float *to, const float *from, size_t count, float scale)
{
    for (size_t i = 0; i < count; i++)
        to[i] += from[i] * scale;
}

/* Sums one bin's votes into cells. */
static void pool(const struct hog *h, const struct scratch *s, size_t bin)
{
    size_t rows = h->layout.rows, columns = h->layout.columns, width = h->shape.width,
           first;
    memset(s->bands, 0, rows * width * sizeof *s->bands);
    for (size_t y = 0; y < h->shape.height; y++) {
        float share = two_cells(y, h->layout.cell, &first);
        if (first >= 1 && first <= rows)
            add_scaled(
                s->bands + (first - 1) * width, s->votes + y * width, width, 1 - share);
        if (first < rows)
            add_scaled(s->bands + first * width, s->votes + y * width, width, share);
    }
    for (size_t x = 0; x < width; x++) {
        float share = two_cells(x, h->layout.cell, &first);
        for (size_t r = 0; r < rows; r++) {
            float *cells = s->cells + r * columns * WEFT__HOG_BINS + bin;
            float sum = s->bands[r * width + x];
            if (first >= 1 && first <= columns)
                cells[(first - 1) * WEFT__HOG_BINS] += sum * (1 - share);
            if (first < columns)
                cells[first * WEFT__HOG_BINS] += sum * share;
        }
    }
}

static void normalise(float *block)
{
    /* Flat blocks stay near 0: their noise is a few grey levels over a cell. */
    const float floor = 1;
    float square = floor, again = 1e-12f;
    for (size_t i = 0; i < WEFT__HOG_BLOCK; i++)
        square += block[i] * block[i];
    float scale = 1 / sqrtf(square);
    for (size_t i = 0; i < WEFT__HOG_BLOCK; i++) {
        float value = block[i] * scale;
        block[i] = value < CLIP ? value : CLIP;
        again += block[i] * block[i];
    }
    scale = 1 / sqrtf(again);
    for (size_t i = 0; i < WEFT__HOG_BLOCK; i++)
        block[i] *= scale;
}

static void describe(
    const struct hog *h, const struct scratch *s, const uint8_t *pixels, float *out)
{
    size_t height = h->shape.height, width = h->shape.width, channels = h->shape.channels;
    size_t stride = width * channels, columns = h->layout.columns;
    for (size_t y = 0; y < height; y++)
        gradients(pixels + (y ? y - 1 : 0) * stride, pixels + y * stride,
            pixels + (y + 1 < height ? y + 1 : y) * stride, width, channels,
            s->length + y * width, s->angle + y * width);
    memset(s->cells, 0, h->layout.rows * columns * WEFT__HOG_BINS * sizeof *s->cells);
    for (size_t bin = 0; bin < WEFT__HOG_BINS; bin++) {
        vote(s->votes, s->length, s->angle, height * width, (float)bin);
        pool(h, s, bin);
    }
    size_t half = 2 * WEFT__HOG_BINS; /* two neighbouring cells */
    for (size_t r = 0; r + 1 < h->layout.rows; r++)
        for (size_t c = 0; c + 1 < columns; c++, out += WEFT__HOG_BLOCK) {
            const float *cell = s->cells + (r * columns + c) * WEFT__HOG_BINS;
            memcpy(out, cell, half * sizeof *out);
            memcpy(out + half, cell + columns * WEFT__HOG_BINS, half * sizeof *out);
            normalise(out);
        }
}

static weft_status describe_some(size_t begin, size_t end, int rank, void *arg)
{
    const struct hog *h = arg;
    size_t dims = weft__hog_dims(h->layout);
    for (size_t i = begin; i < end; i++)
        describe(h, &h->scratch[rank], weft_view_pixels(h->view, i), h->out + i * dims);
    return WEFT_OK;
}

static weft_status scratch_create(const struct hog *h, struct scratch *s)
{
    static const char what[] = "gradients";
    size_t pixels = (size_t)h->shape.height * h->shape.width;
    size_t rows = h->layout.rows, columns = h->layout.columns;
    WEFT_TRY(weft__alloc(&s->length, pixels, sizeof(float), what));
    WEFT_TRY(weft__alloc(&s->angle, pixels, sizeof(float), what));
    WEFT_TRY(weft__alloc(&s->votes, pixels, sizeof(float), what));
    WEFT_TRY(weft__alloc(&s->bands, rows * h->shape.width, sizeof(float), what));
    return weft__alloc(&s->cells, rows * columns * WEFT__HOG_BINS, sizeof(float), what);
}

weft_status weft__hog(
    weft__hog_layout layout, const weft_view *view, float *out, weft_context *context)
{
    struct hog h = {.layout = layout,
        .shape = weft_dataset_shape(view->data),
        .view = view,
        .out = out};
    size_t threads = (size_t)weft_context_threads(context);
    weft_status status = weft__calloc(&h.scratch, threads, sizeof *h.scratch, "gradients");
    for (size_t i = 0; status == WEFT_OK && i < threads; i++)
        status = scratch_create(&h, &h.scratch[i]);
    if (status == WEFT_OK)
        status = weft__parallel(context, view->count, PICTURES, describe_some, &h,
            "describing gradients", "pictures");
    for (size_t i = 0; h.scratch && i < threads; i++) {
        free(h.scratch[i].length);
        free(h.scratch[i].angle);
        free(h.scratch[i].votes);
        free(h.scratch[i].bands);
        free(h.scratch[i].cells);
    }
    free(h.scratch);
    return status;
}

/* ---- as features ------------------------------------------------------------------- */

static weft_status plan(void **state, weft_shape shape)
{
    weft__hog_layout layout, *kept;
    WEFT_TRY(weft__hog_plan(&layout, shape));
    WEFT_TRY(weft__alloc(&kept, 1, sizeof *kept, "features"));
    *kept = layout;
    *state = kept;
    return WEFT_OK;
}

static weft_status fit(
    void **state, const char *argument, const weft_view *train, weft_context *context)
{
    (void)context;
    if (argument)
        return weft_fail(WEFT_EINVAL, "features=hog:%s: expected hog alone", argument);
    return plan(state, weft_dataset_shape(train->data));
}

static weft_status load(void **state, const weft__tensors *tensors, weft_shape shape)
{
    (void)tensors;
    return plan(state, shape);
}

static size_t dims(const void *state, weft_shape shape)
{
    (void)shape;
    return weft__hog_dims(*(const weft__hog_layout *)state);
}

static weft_status apply(
    const void *state, const weft_view *view, float *floats, weft_context *context)
{
    return weft__hog(*(const weft__hog_layout *)state, view, floats, context);
}

const weft__feature_kind weft__features_hog = {
    .name = "hog",
    .fit = fit,
    .dims = dims,
    .apply = apply,
    .load = load,
    .free = free,
};
