/* Occlusion: how much the class's probability falls when a patch is covered. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "explain/explain.h"

/* Where patches lie along one side: every stride pixels and at the end. */
struct grid {
    size_t patch, stride, across, down; /* pixels, pixels, patches, patches */
};

static size_t patches(size_t side, size_t patch, size_t stride)
{
    return side <= patch ? 1 : (side - patch + stride - 1) / stride + 1;
}

static size_t start(size_t n, size_t side, size_t patch, size_t stride)
{
    size_t last = side > patch ? side - patch : 0;
    return n * stride < last ? n * stride : last;
}

static struct grid grid_of(const weft__explaining *e)
{
    size_t height = e->shape.height, width = e->shape.width;
    size_t shorter = height < width ? height : width;
    struct grid g = {.patch = e->options->patch, .stride = e->options->stride};
    if (!g.patch)
        g.patch = shorter >= 4 ? shorter / 4 : 1;
    if (!g.stride)
        g.stride = g.patch >= 4 ? g.patch / 4 : 1;
    g.across = patches(width, g.patch, g.stride);
    g.down = patches(height, g.patch, g.stride);
    return g;
}

/* The picture with patch `n` covered. */
static void cover(uint8_t *to, const uint8_t *picture, const weft__explaining *e,
    const struct grid *g, size_t n)
{
    size_t channels = e->shape.channels, row = e->shape.width * channels;
    size_t top = start(n / g->across, e->shape.height, g->patch, g->stride);
    size_t left = start(n % g->across, e->shape.width, g->patch, g->stride);
    size_t wide = e->shape.width - left < g->patch ? e->shape.width - left : g->patch;
    memcpy(to, picture, weft_shape_bytes(e->shape));
    for (size_t y = top; y < e->shape.height && y < top + g->patch; y++)
        memset(to + y * row + left * channels, (int)(e->options->baseline + 0.5),
            wide * channels);
}

/* Every pixel gets the mean fall over the patches that cover it. */
static void spread(float *map, float *times, const float *falls, const weft__explaining *e,
    const struct grid *g)
{
    size_t pixels = (size_t)e->shape.height * e->shape.width;
    memset(map, 0, pixels * sizeof *map);
    memset(times, 0, pixels * sizeof *times);
    for (size_t n = 0; n < g->across * g->down; n++) {
        size_t top = start(n / g->across, e->shape.height, g->patch, g->stride);
        size_t left = start(n % g->across, e->shape.width, g->patch, g->stride);
        for (size_t y = top; y < e->shape.height && y < top + g->patch; y++)
            for (size_t x = left; x < e->shape.width && x < left + g->patch; x++) {
                map[y * e->shape.width + x] += falls[n];
                times[y * e->shape.width + x] += 1;
            }
    }
    for (size_t p = 0; p < pixels; p++)
        map[p] = times[p] > 0 ? map[p] / times[p] : 0;
}

/* What a run of pictures works on: as many covered ones at once as fit. */
struct room {
    size_t most; /* pictures, the uncovered one of each included */
    uint8_t *pixels;
    float *probabilities, *falls, *times;
};

static void clear(struct room *r)
{
    free(r->pixels);
    free(r->probabilities);
    free(r->falls);
    free(r->times);
}

static weft_status make(
    struct room *r, const weft__explaining *e, const struct grid *g, size_t count)
{
    size_t bytes = weft_shape_bytes(e->shape), each = g->across * g->down + 1;
    size_t fitting = WEFT__EXPLAIN_BYTES / bytes / each;
    r->most = fitting < 1 ? 1 : fitting < count ? fitting : count;
    WEFT_TRY(weft__alloc(&r->pixels, r->most * each * bytes, 1, "covered pictures"));
    WEFT_TRY(weft__alloc(&r->probabilities,
        r->most * each * weft_classifier_classes(e->classifier), sizeof(float),
        "probabilities"));
    WEFT_TRY(weft__alloc(&r->falls, each, sizeof(float), "a map"));
    return weft__alloc(
        &r->times, (size_t)e->shape.height * e->shape.width, sizeof(float), "a map");
}

static weft_status some(float *maps, const weft__explaining *e, const struct grid *g,
    struct room *r, const uint8_t *pixels, const uint16_t *classes, size_t count)
{
    size_t bytes = weft_shape_bytes(e->shape), each = g->across * g->down + 1;
    size_t outputs = weft_classifier_classes(e->classifier);
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = r->pixels + i * each * bytes;
        memcpy(at, pixels + i * bytes, bytes);
        for (size_t n = 0; n + 1 < each; n++)
            cover(at + (n + 1) * bytes, pixels + i * bytes, e, g, n);
    }
    WEFT_TRY(weft__explain_predict(r->probabilities, e, r->pixels, count * each));
    for (size_t i = 0; i < count; i++) {
        const float *p = r->probabilities + i * each * outputs + classes[i];
        for (size_t n = 0; n + 1 < each; n++)
            r->falls[n] = p[0] - p[(n + 1) * outputs];
        spread(maps + i * e->shape.height * e->shape.width, r->times, r->falls, e, g);
    }
    return WEFT_OK;
}

weft_status weft__occlusion(const weft__explaining *e, const weft__explain_run *run)
{
    struct grid g = grid_of(e);
    struct room r = {0};
    size_t bytes = weft_shape_bytes(e->shape),
           map = (size_t)e->shape.height * e->shape.width;
    weft_status status = make(&r, e, &g, run->count);
    for (size_t at = 0; status == WEFT_OK && at < run->count; at += r.most)
        status = some(run->maps + at * map, e, &g, &r, run->pixels + at * bytes,
            run->classes + at, run->count - at < r.most ? run->count - at : r.most);
    clear(&r);
    return status;
}
