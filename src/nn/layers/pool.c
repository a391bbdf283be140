/* Maximum and average over windows, and over the whole picture. */
#include <stdint.h>
#include <string.h>

#include "core/simd.h"
#include "nn/layers/layers.h"
#include "nn/plan.h"
#include "nn/real.h"

struct options {
    uint64_t size, stride, pad;
};

enum { CHUNK = 64 }; /* channels held at once */

static const weft_param params[] = {
    {"size", WEFT_PARAM_COUNT, offsetof(struct options, size), "2", 1, 15, NULL,
        "side of the square window"},
    {"stride", WEFT_PARAM_COUNT, offsetof(struct options, stride), "0", 0, 15, NULL,
        "pixels from one window to the next; 0: its size"},
    {"pad", WEFT_PARAM_COUNT, offsetof(struct options, pad), "0", 0, 7, NULL,
        "pixels added on every side; never chosen, not counted"},
    {0},
};

static size_t stride_of(const struct options *o)
{
    return o->stride ? o->stride : o->size;
}

static weft_status infer(weft__network *network, weft__node *node)
{
    (void)network;
    const struct options *o = node->options;
    weft__dims in = node->in[0];
    size_t height = in.height + 2 * o->pad, width = in.width + 2 * o->pad;
    if (height < o->size || width < o->size)
        return weft__misfit(
            node, "a window of %zux%zu does not fit", (size_t)o->size, (size_t)o->size);
    if (2 * o->pad > o->size)
        return weft__misfit(node, "padding of more than half the window");
    node->out = (weft__dims){(height - o->size) / stride_of(o) + 1,
        (width - o->size) / stride_of(o) + 1, in.channels};
    return WEFT_OK;
}

/* One picture's geometry. */
struct geometry {
    weft__dims in, out;
    size_t size, stride, pad;
};

static struct geometry geometry_of(const weft__node *node)
{
    const struct options *o = node->options;
    return (struct geometry){node->in[0], node->out, o->size, stride_of(o), o->pad};
}

/* The part [*begin, *end) of a window's side that lies in the picture. */
static void clip(
    size_t at, size_t size, size_t pad, size_t side, size_t *begin, size_t *end)
{
    *begin = at < pad ? pad - at : 0;
    *end = at + size > side + pad ? side + pad - at : size;
}

/* The windows [*begin, *end) that cover pixel `at` of a side. */
static void covering(
    size_t at, const struct geometry *g, size_t windows, size_t *begin, size_t *end)
{
    size_t padded = at + g->pad;
    *begin = padded < g->size ? 0 : (padded - g->size) / g->stride + 1;
    *end = padded / g->stride + 1;
    *end = *end < windows ? *end : windows;
}

static inline __attribute__((always_inline)) void max_window(void *out, uint8_t *chosen,
    const void *in, const struct geometry *g, size_t oy, size_t ox, weft__real real)
{
    size_t y0, y1, x0, x1, channels = g->in.channels;
    clip(oy * g->stride, g->size, g->pad, g->in.height, &y0, &y1);
    clip(ox * g->stride, g->size, g->pad, g->in.width, &x0, &x1);
    for (size_t c0 = 0; c0 < channels; c0 += CHUNK) {
        size_t width = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        float best[CHUNK];
        uint32_t where[CHUNK];
        for (size_t c = 0; c < width; c++) {
            best[c] = -__builtin_inff();
            where[c] = (uint32_t)(y0 * g->size + x0);
        }
        for (size_t y = y0; y < y1; y++)
            for (size_t x = x0; x < x1; x++) {
                size_t pixel = (oy * g->stride + y - g->pad) * g->in.width +
                               (ox * g->stride + x - g->pad);
                uint32_t here = (uint32_t)(y * g->size + x);
                for (size_t c = 0; c < width; c++) {
                    float v = weft__get(in, pixel * channels + c0 + c, real);
                    bool more = v > best[c];
                    best[c] = more ? v : best[c];
                    where[c] = more ? here : where[c];
                }
            }
        size_t at = (oy * g->out.width + ox) * channels + c0;
        for (size_t c = 0; c < width; c++)
            weft__put(out, at + c, best[c], real);
        if (chosen)
            for (size_t c = 0; c < width; c++)
                chosen[at + c] = (uint8_t)where[c];
    }
}

WEFT__SIMD static void max_picture(
    void *out, uint8_t *chosen, const void *in, const struct geometry *g, weft__real real)
{
    for (size_t oy = 0; oy < g->out.height; oy++)
        for (size_t ox = 0; ox < g->out.width; ox++)
            if (real == WEFT__REAL_BF16)
                max_window(out, chosen, in, g, oy, ox, WEFT__REAL_BF16);
            else
                max_window(out, chosen, in, g, oy, ox, WEFT__REAL_F32);
}

/* A pixel's gradient is gathered from the windows that cover it. */
static inline __attribute__((always_inline)) void max_pixel(void *diff_in, const void *diff,
    const uint8_t *chosen, const struct geometry *g, size_t iy, size_t ix, weft__real real)
{
    size_t y0, y1, x0, x1, channels = g->in.channels;
    covering(iy, g, g->out.height, &y0, &y1);
    covering(ix, g, g->out.width, &x0, &x1);
    for (size_t c0 = 0; c0 < channels; c0 += CHUNK) {
        size_t width = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        float sum[CHUNK];
        memset(sum, 0, sizeof sum);
        for (size_t oy = y0; oy < y1; oy++)
            for (size_t ox = x0; ox < x1; ox++) {
                size_t at = (oy * g->out.width + ox) * channels + c0;
                uint32_t here = (uint32_t)((iy + g->pad - oy * g->stride) * g->size +
                                           (ix + g->pad - ox * g->stride));
                for (size_t c = 0; c < width; c++)
                    sum[c] += chosen[at + c] == here ? weft__get(diff, at + c, real) : 0;
            }
        size_t at = (iy * g->in.width + ix) * channels + c0;
        for (size_t c = 0; c < width; c++)
            weft__put(diff_in, at + c, sum[c], real);
    }
}

WEFT__SIMD static void max_picture_back(void *diff_in, const void *diff,
    const uint8_t *chosen, const struct geometry *g, weft__real real)
{
    for (size_t iy = 0; iy < g->in.height; iy++)
        for (size_t ix = 0; ix < g->in.width; ix++)
            if (real == WEFT__REAL_BF16)
                max_pixel(diff_in, diff, chosen, g, iy, ix, WEFT__REAL_BF16);
            else
                max_pixel(diff_in, diff, chosen, g, iy, ix, WEFT__REAL_F32);
}

static weft_status max_plan(weft__plan_node *p)
{
    if (p->plan->training)
        p->workspace_row = weft__dims_size(p->node->out);
    return WEFT_OK;
}

static weft_status max_forward(const weft__exec *x, weft__plan_node *p)
{
    weft__plan *plan = p->plan;
    struct geometry g = geometry_of(p->node);
    int m = x->self->rank;
    size_t in = weft__dims_size(g.in), out = weft__dims_size(g.out);
    uint8_t *chosen =
        p->workspace == WEFT__NO_BUFFER ? NULL : weft__rows(plan, m, p->workspace);
    for (size_t i = 0; i < x->rows; i++)
        max_picture(weft__advance(weft__rows(plan, m, p->out), i * out, plan->real),
            chosen ? chosen + i * out : NULL,
            weft__advance(weft__rows(plan, m, p->in[0]), i * in, plan->real), &g,
            plan->real);
    return WEFT_OK;
}

static weft_status max_backward(const weft__exec *x, weft__plan_node *p)
{
    weft__plan *plan = p->plan;
    struct geometry g = geometry_of(p->node);
    int m = x->self->rank;
    size_t in = weft__dims_size(g.in), out = weft__dims_size(g.out);
    if (p->diff_in[0] == WEFT__NO_BUFFER)
        return WEFT_OK;
    const uint8_t *chosen = weft__rows(plan, m, p->workspace);
    for (size_t i = 0; i < x->rows; i++)
        max_picture_back(
            weft__advance(weft__rows(plan, m, p->diff_in[0]), i * in, plan->real),
            weft__advance(weft__rows(plan, m, p->diff_out), i * out, plan->real),
            chosen + i * out, &g, plan->real);
    return WEFT_OK;
}

const weft__layer_kind weft__layer_maxpool = {
    .name = "maxpool",
    .argument = "size",
    .params = params,
    .options_size = sizeof(struct options),
    .infer = infer,
    .plan = max_plan,
    .forward = max_forward,
    .backward = max_backward,
};

/* Averages: each window's pixels that lie in the picture count alike. */
static inline __attribute__((always_inline)) void mean_window(void *out, const void *in,
    const struct geometry *g, size_t oy, size_t ox, weft__real real)
{
    size_t y0, y1, x0, x1, channels = g->in.channels;
    clip(oy * g->stride, g->size, g->pad, g->in.height, &y0, &y1);
    clip(ox * g->stride, g->size, g->pad, g->in.width, &x0, &x1);
    float share = 1 / (float)((y1 - y0) * (x1 - x0));
    for (size_t c0 = 0; c0 < channels; c0 += CHUNK) {
        size_t width = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        float sum[CHUNK];
        memset(sum, 0, sizeof sum);
        for (size_t y = y0; y < y1; y++)
            for (size_t x = x0; x < x1; x++) {
                size_t pixel = (oy * g->stride + y - g->pad) * g->in.width +
                               (ox * g->stride + x - g->pad);
                for (size_t c = 0; c < width; c++)
                    sum[c] += weft__get(in, pixel * channels + c0 + c, real);
            }
        size_t at = (oy * g->out.width + ox) * channels + c0;
        for (size_t c = 0; c < width; c++)
            weft__put(out, at + c, sum[c] * share, real);
    }
}

WEFT__SIMD static void mean_picture(
    void *out, const void *in, const struct geometry *g, weft__real real)
{
    for (size_t oy = 0; oy < g->out.height; oy++)
        for (size_t ox = 0; ox < g->out.width; ox++)
            if (real == WEFT__REAL_BF16)
                mean_window(out, in, g, oy, ox, WEFT__REAL_BF16);
            else
                mean_window(out, in, g, oy, ox, WEFT__REAL_F32);
}

static inline __attribute__((always_inline)) void mean_pixel(void *diff_in,
    const void *diff, const struct geometry *g, size_t iy, size_t ix, weft__real real)
{
    size_t y0, y1, x0, x1, channels = g->in.channels;
    covering(iy, g, g->out.height, &y0, &y1);
    covering(ix, g, g->out.width, &x0, &x1);
    for (size_t c0 = 0; c0 < channels; c0 += CHUNK) {
        size_t width = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        float sum[CHUNK];
        memset(sum, 0, sizeof sum);
        for (size_t oy = y0; oy < y1; oy++)
            for (size_t ox = x0; ox < x1; ox++) {
                size_t v0, v1, u0, u1, at = (oy * g->out.width + ox) * channels + c0;
                clip(oy * g->stride, g->size, g->pad, g->in.height, &v0, &v1);
                clip(ox * g->stride, g->size, g->pad, g->in.width, &u0, &u1);
                float share = 1 / (float)((v1 - v0) * (u1 - u0));
                for (size_t c = 0; c < width; c++)
                    sum[c] += share * weft__get(diff, at + c, real);
            }
        size_t at = (iy * g->in.width + ix) * channels + c0;
        for (size_t c = 0; c < width; c++)
            weft__put(diff_in, at + c, sum[c], real);
    }
}

WEFT__SIMD static void mean_picture_back(
    void *diff_in, const void *diff, const struct geometry *g, weft__real real)
{
    for (size_t iy = 0; iy < g->in.height; iy++)
        for (size_t ix = 0; ix < g->in.width; ix++)
            if (real == WEFT__REAL_BF16)
                mean_pixel(diff_in, diff, g, iy, ix, WEFT__REAL_BF16);
            else
                mean_pixel(diff_in, diff, g, iy, ix, WEFT__REAL_F32);
}

static void mean_rows(const weft__exec *x, weft__plan_node *p, const struct geometry *g)
{
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    for (size_t i = 0; i < x->rows; i++)
        mean_picture(weft__advance(weft__rows(plan, m, p->out), i * weft__dims_size(g->out),
                         plan->real),
            weft__advance(
                weft__rows(plan, m, p->in[0]), i * weft__dims_size(g->in), plan->real),
            g, plan->real);
}

static void mean_rows_back(
    const weft__exec *x, weft__plan_node *p, const struct geometry *g)
{
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    if (p->diff_in[0] == WEFT__NO_BUFFER)
        return;
    for (size_t i = 0; i < x->rows; i++)
        mean_picture_back(weft__advance(weft__rows(plan, m, p->diff_in[0]),
                              i * weft__dims_size(g->in), plan->real),
            weft__advance(
                weft__rows(plan, m, p->diff_out), i * weft__dims_size(g->out), plan->real),
            g, plan->real);
}

static weft_status mean_forward(const weft__exec *x, weft__plan_node *p)
{
    struct geometry g = geometry_of(p->node);
    mean_rows(x, p, &g);
    return WEFT_OK;
}

static weft_status mean_backward(const weft__exec *x, weft__plan_node *p)
{
    struct geometry g = geometry_of(p->node);
    mean_rows_back(x, p, &g);
    return WEFT_OK;
}

const weft__layer_kind weft__layer_avgpool = {
    .name = "avgpool",
    .argument = "size",
    .params = params,
    .options_size = sizeof(struct options),
    .infer = infer,
    .forward = mean_forward,
    .backward = mean_backward,
};

/* The whole picture as one window, which need not be square. */
static weft_status global_infer(weft__network *network, weft__node *node)
{
    (void)network;
    node->out = (weft__dims){1, 1, node->in[0].channels};
    return WEFT_OK;
}

static inline __attribute__((always_inline)) void global_any(
    void *out, const void *in, size_t pixels, size_t channels, weft__real real)
{
    for (size_t c0 = 0; c0 < channels; c0 += CHUNK) {
        size_t width = channels - c0 < CHUNK ? channels - c0 : CHUNK;
        float sum[CHUNK];
        memset(sum, 0, sizeof sum);
        for (size_t i = 0; i < pixels; i++)
            for (size_t c = 0; c < width; c++)
                sum[c] += weft__get(in, i * channels + c0 + c, real);
        for (size_t c = 0; c < width; c++)
            weft__put(out, c0 + c, sum[c] / (float)pixels, real);
    }
}

WEFT__SIMD static void global_picture(
    void *out, const void *in, size_t pixels, size_t channels, weft__real real)
{
    if (real == WEFT__REAL_BF16)
        global_any(out, in, pixels, channels, WEFT__REAL_BF16);
    else
        global_any(out, in, pixels, channels, WEFT__REAL_F32);
}

WEFT__SIMD static void global_picture_back(
    void *diff_in, const void *diff, size_t pixels, size_t channels, weft__real real)
{
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < channels; c++)
            weft__put(
                diff_in, i * channels + c, weft__get(diff, c, real) / (float)pixels, real);
}

static weft_status global_forward(const weft__exec *x, weft__plan_node *p)
{
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    weft__dims in = p->node->in[0];
    for (size_t i = 0; i < x->rows; i++)
        global_picture(
            weft__advance(weft__rows(plan, m, p->out), i * in.channels, plan->real),
            weft__advance(
                weft__rows(plan, m, p->in[0]), i * weft__dims_size(in), plan->real),
            in.height * in.width, in.channels, plan->real);
    return WEFT_OK;
}

static weft_status global_backward(const weft__exec *x, weft__plan_node *p)
{
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    weft__dims in = p->node->in[0];
    if (p->diff_in[0] == WEFT__NO_BUFFER)
        return WEFT_OK;
    for (size_t i = 0; i < x->rows; i++)
        global_picture_back(weft__advance(weft__rows(plan, m, p->diff_in[0]),
                                i * weft__dims_size(in), plan->real),
            weft__advance(weft__rows(plan, m, p->diff_out), i * in.channels, plan->real),
            in.height * in.width, in.channels, plan->real);
    return WEFT_OK;
}

const weft__layer_kind weft__layer_globalpool = {
    .name = "globalpool",
    .infer = global_infer,
    .forward = global_forward,
    .backward = global_backward,
};
